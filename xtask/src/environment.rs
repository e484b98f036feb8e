//! What a machine must have besides Rust, and how it comes there.
//!
//! On Debian as root the missing packages are installed; anywhere else the task stops and says what to install.

use std::path::Path;

use crate::command::{TaskError, cargo, output, program, run, succeeds};

/// A program that a task needs.
struct Tool {
    name: &'static str,
    why: &'static str,
    debian_packages: &'static [&'static str],
    present: fn() -> bool,
}

const C_COMPILER: Tool = Tool {
    name: "a C compiler",
    why: "to build SQLite, Zstandard and the TLS library",
    debian_packages: &["gcc", "libc6-dev"],
    present: || succeeds(program("cc", &["--version"])),
};

const CMAKE: Tool = Tool {
    name: "CMake",
    why: "to build a crate that wraps a C library",
    debian_packages: &["cmake", "make"],
    present: || succeeds(program("cmake", &["--version"])),
};

const PYTHON: Tool = Tool {
    name: "Python 3 with venv",
    why: "for the tests that read the lake with readers that are not ours, ask the libraries whose models are imported and sign on",
    debian_packages: &["python3", "python3-venv"],
    present: || succeeds(program("python3", &["-c", "import ensurepip, venv"])),
};

const CURL: Tool = Tool {
    name: "curl",
    why: "for the tests that come through the HTTP door",
    debian_packages: &["curl"],
    present: || succeeds(program("curl", &["--version"])),
};

const PSQL: Tool = Tool {
    name: "psql",
    why: "for the tests that come through the door of PostgreSQL",
    debian_packages: &["postgresql-client"],
    present: || succeeds(program("psql", &["--version"])),
};

const OPENSSL: Tool = Tool {
    name: "openssl",
    why: "for the tests that come through the doors over TLS, to make certificates",
    debian_packages: &["openssl"],
    present: || succeeds(program("openssl", &["version"])),
};

/// Sees to what a build needs.
pub fn prepare_build() -> Result<(), TaskError> {
    let mut tools = vec![C_COMPILER];
    if graph_needs_cmake()? {
        tools.push(CMAKE);
    }
    prepare(&tools)
}

/// Sees to what a build and the tests need.
pub fn prepare_tests() -> Result<(), TaskError> {
    prepare_build()?;
    prepare(&[PYTHON, CURL, PSQL, OPENSSL])
}

fn prepare(tools: &[Tool]) -> Result<(), TaskError> {
    let missing: Vec<&Tool> = tools.iter().filter(|tool| !(tool.present)()).collect();
    if missing.is_empty() {
        return Ok(());
    }
    if is_debian() && is_root()? {
        install(&missing)?;
        let still: Vec<&Tool> = missing.into_iter().filter(|tool| !(tool.present)()).collect();
        return if still.is_empty() { Ok(()) } else { Err(TaskError::Missing(request(&still))) };
    }
    Err(TaskError::Missing(request(&missing)))
}

fn packages(tools: &[&Tool]) -> Vec<&'static str> {
    tools.iter().flat_map(|tool| tool.debian_packages).copied().collect()
}

fn install(missing: &[&Tool]) -> Result<(), TaskError> {
    run(program("apt-get", &["update"]))?;
    let mut command = program("apt-get", &["install", "-y", "--no-install-recommends"]);
    command.args(packages(missing)).env("DEBIAN_FRONTEND", "noninteractive");
    run(command)
}

fn request(missing: &[&Tool]) -> String {
    let needs: Vec<String> =
        missing.iter().map(|tool| format!("{} is missing; it is needed {}", tool.name, tool.why)).collect();
    format!(
        "{}\non Debian or Ubuntu: sudo apt-get install -y --no-install-recommends {}\n\
         elsewhere: install it with the system's package manager, then try again",
        needs.join("\n"),
        packages(missing).join(" ")
    )
}

fn is_debian() -> bool {
    Path::new("/etc/debian_version").exists()
}

fn is_root() -> Result<bool, TaskError> {
    Ok(output(program("id", &["-u"]))?.trim_ascii() == b"0")
}

/// Whether a crate of the graph drives `CMake` while it builds.
fn graph_needs_cmake() -> Result<bool, TaskError> {
    let graph = ["tree", "--workspace", "--edges", "normal,build", "--prefix", "none", "--format", "{p}"];
    if !tree_names(&output(cargo(&graph))?, "cmake") {
        return Ok(false);
    }
    let users = [&graph[..], &["--invert", "cmake", "--depth", "1"]].concat();
    Ok(cmake_is_driven(&String::from_utf8_lossy(&output(cargo(&users))?)))
}

fn tree_names(tree: &[u8], package: &str) -> bool {
    String::from_utf8_lossy(tree).lines().any(|line| line.split(' ').next() == Some(package))
}

/// Reads the crate `cmake` and those that depend on it, one a line. aws-lc-sys names it but builds with the C
/// compiler alone on the systems we build for.
fn cmake_is_driven(users: &str) -> bool {
    const BUILDS_WITHOUT: [&str; 2] = ["cmake", "aws-lc-sys"];
    users
        .lines()
        .filter_map(|line| line.split(' ').next())
        .any(|name| !name.is_empty() && !BUILDS_WITHOUT.contains(&name))
}

#[cfg(test)]
mod tests {
    use super::*;

    const ABSENT: Tool =
        Tool { name: "a thing", why: "to test", debian_packages: &["thing", "thing-dev"], present: || false };

    #[test]
    fn what_is_missing_is_said_with_its_packages() {
        let request = request(&[&ABSENT]);
        assert!(request.starts_with("a thing is missing; it is needed to test\n"), "{request}");
        assert!(
            request.contains("apt-get install -y --no-install-recommends thing thing-dev\n"),
            "{request}"
        );
    }

    #[test]
    fn what_is_present_is_not_asked_for() {
        let present = Tool { present: || true, ..ABSENT };
        prepare(&[present]).unwrap();
    }

    #[test]
    fn cmake_is_needed_by_a_crate_that_drives_it() {
        assert!(!cmake_is_driven("cmake v0.1.58\naws-lc-sys v0.47.0\n"));
        assert!(cmake_is_driven("cmake v0.1.58\naws-lc-sys v0.47.0\nzlib-ng-sys v1.2.0\n"));
        assert!(tree_names(b"tidegate v0.1.0 (here)\ncmake v0.1.58\n", "cmake"));
        assert!(!tree_names(b"cmake-parser v0.1.0\n", "cmake"));
    }

    #[test]
    fn the_graph_is_read() {
        graph_needs_cmake().unwrap();
    }

    #[test]
    fn the_root_of_the_repository_is_where_programs_run() {
        let here = output(program("pwd", &["-P"])).unwrap();
        let here = String::from_utf8(here).unwrap();
        assert_eq!(Path::new(here.trim_end()), crate::command::root().canonicalize().unwrap());
    }
}
