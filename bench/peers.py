"""What the comparisons with other programs have in common: a Python environment with the peers, and our side built."""

import os
import pathlib
import subprocess
import sys
import venv

ROOT = pathlib.Path(__file__).resolve().parent.parent


def enter_environment(work, packages, **variables):
    """Runs the script again in an environment below a folder that has the packages, with variables set."""
    python = work / "venv" / "bin" / "python"
    if pathlib.Path(sys.executable) == python:
        return
    if not python.exists():
        venv.create(work / "venv", with_pip=True)
    subprocess.run([python, "-m", "pip", "install", "--quiet", *packages], check=True)
    os.execve(python, [python, *sys.argv], dict(os.environ, **variables))


def build(profile, *targets):
    """Builds targets, such as `--bin tidegate`, and gives the folder where programs are."""
    subprocess.run(["cargo", "build", "--workspace", "--profile", profile, *targets], cwd=ROOT, check=True)
    return ROOT / "target" / ("debug" if profile == "dev" else profile)
