//! `cargo xtask lint`: everything that a machine can say about style, types and dependencies.

use std::process::Command;

use anyhow::Result;

use crate::{bundle, paths, process, setup, tally, tally::Tally, test};

const DENY_WARNINGS: [&str; 3] = ["--", "--deny", "warnings"];

/// Runs every check, also after one has failed.
pub(crate) fn run() -> Result<()> {
    let mut tally = Tally::default();
    // First, as the types that TypeScript is checked against come from it.
    tally += tally::check("Building the extension", bundle::build_extension);
    for (what, mut command) in commands() {
        tally += tally::check(what, || process::run(&mut command));
    }
    for project in ["extension", "packages/client", "examples", "tests/e2e"] {
        tally += tally::check(&format!("Checking the types of {project}"), || {
            test::check_types(project)
        });
    }
    tally += tally::check("Checking the package for Firefox", test::lint_package);
    tally += tally::check("Checking the dependencies", dependencies);
    println!("\n{tally}");
    tally.into_result()
}

fn commands() -> Vec<(&'static str, Command)> {
    let conformance = "tests/conformance/Cargo.toml";
    vec![
        (
            "Checking the format of Rust",
            cargo(&["fmt", "--all", "--check"]),
        ),
        (
            "Checking the format of the conformance tests",
            cargo(&["fmt", "--check", "--manifest-path", conformance]),
        ),
        (
            "Checking the format of the fuzzers",
            cargo(&[
                "fmt",
                "--check",
                "--manifest-path",
                "fuzz/libfuzzer/Cargo.toml",
            ]),
        ),
        ("Linting Rust", clippy(&["--workspace", "--all-targets"])),
        (
            "Linting the wasm",
            clippy(&[
                "--package",
                "sotto-wasm",
                "--target",
                "wasm32-unknown-unknown",
            ]),
        ),
        ("Checking the format of TypeScript", prettier()),
    ]
}

fn cargo(arguments: &[&str]) -> Command {
    let mut command = process::cargo();
    command.args(arguments);
    command
}

fn clippy(what: &[&str]) -> Command {
    let mut command = cargo(&["clippy", "--locked"]);
    command.args(what).args(DENY_WARNINGS);
    command
}

fn prettier() -> Command {
    let mut command = process::command(paths::npm_program("prettier"));
    command.args([
        "--check",
        "extension",
        "packages",
        "examples",
        "tests/e2e",
        "*.ts",
        "*.json",
    ]);
    command
}

/// Licences, sources and versions of the Rust dependencies, as `deny.toml` allows them. Not the
/// advisories: their list is on GitHub, and a lint must give the same answer without a network.
fn dependencies() -> Result<()> {
    setup::cargo_deny()?;
    process::run(&mut cargo(&[
        "deny",
        "--log-level",
        "error",
        "check",
        "bans",
        "licenses",
        "sources",
    ]))
}
