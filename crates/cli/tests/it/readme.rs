//! The commands of README that ask the demo's country, run as they stand there but for the ports.

use crate::clients::PACKAGES;
use crate::python::python;
use std::net::TcpListener;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::Command;

const README: &str = include_str!("../../../../README.md");
const SECTION: &str = "## Asking the demo's country\n";

/// Runs them where the repository would be, over a folder's `home` that the demo has made.
pub fn asks_the_country_of_the_demo(folder: &Path) {
    symlink("home", folder.join(".tidegate-demo")).unwrap();
    std::fs::create_dir_all(folder.join("target/debug")).unwrap();
    symlink(env!("CARGO_BIN_EXE_tidegate"), folder.join("target/debug/tidegate")).unwrap();
    let section = README.split(SECTION).nth(1).unwrap().split("\n## ").next().unwrap();
    let blocks: Vec<&str> =
        section.split("```sh\n").skip(1).map(|rest| rest.split("```").next().unwrap()).collect();
    assert_eq!(blocks.len(), 2, "what makes the token, and what asks");

    let listeners = [(); 2].map(|()| TcpListener::bind("127.0.0.1:0").unwrap());
    let [http, postgres] = listeners.each_ref().map(|free| free.local_addr().unwrap().port().to_string());
    drop(listeners);
    let commands = blocks
        .concat()
        .replace("tidegate serve ", "tidegate serve --http 127.0.0.1:8080 ")
        .replace("5433", "POSTGRES")
        .replace("8080", &http)
        .replace("POSTGRES", &postgres);
    // What breaks off leaves no server behind; one that was told to stop is waited for.
    let script = format!("trap 'kill $(jobs -p) 2>/dev/null || true' EXIT\n{commands}\nwait\n");
    let python = python("clients", &PACKAGES.lines().collect::<Vec<_>>());
    let path = std::env::var_os("PATH").unwrap();
    let places = [python.parent().unwrap().to_owned()].into_iter().chain(std::env::split_paths(&path));
    let output = Command::new("bash")
        .current_dir(folder)
        .args(["-euo", "pipefail", "-c", &script])
        .env("PATH", std::env::join_paths(places).unwrap())
        .output()
        .unwrap();
    let (told, errors) = (String::from_utf8(output.stdout).unwrap(), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{told}{errors}");
    for words in [
        "\"rows\":[{\"office_id\":",
        " lane_code | ",
        "[(",
        "Ana through http: risk-analysis",
        "Ana through postgres: risk-analysis",
    ] {
        assert!(told.contains(words), "{words}: {told}{errors}");
    }
}
