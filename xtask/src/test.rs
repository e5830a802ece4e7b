//! `cargo xtask test`: everything that can be tested on one machine.

use std::{ffi::OsString, iter, process::Command};

use anyhow::Result;
use clap::ValueEnum;
use wasm_bindgen_cli::wasm_bindgen_test_runner;

use crate::{
    bundle, package, paths,
    process::{self, step},
    scripts,
    setup::{self, CHROMEDRIVER, CHROMIUM, FIREFOX},
    tally::{self, Tally},
};

/// A part of the tests that can run alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Part {
    /// Unit tests, and clients over a local mixnet in one process.
    Rust,
    /// Our bytes against the official crates.
    Conformance,
    /// The pages' types and tests, and the Firefox store's lint.
    Typescript,
    /// The extension in Chromium and in Firefox.
    Browsers,
}

/// Runs the parts, or one of them. The last line of a run counts all tests.
pub(crate) fn run(only: Option<Part>) -> Result<()> {
    let parts = only.map_or(Part::value_variants().to_vec(), |part| vec![part]);
    // First, as compiling for tests is of no use when a browser cannot be had.
    if parts.contains(&Part::Browsers) {
        CHROMIUM.find_or_install()?;
        CHROMEDRIVER.find_or_install()?;
        FIREFOX.find_or_install()?;
        setup::python()?;
    }
    let mut tally = Tally::default();
    if parts
        .iter()
        .any(|part| matches!(part, Part::Typescript | Part::Browsers))
    {
        tally += tally::check("Building the extension", bundle::build_extension);
    }
    for part in parts {
        tally += part.run()?;
    }
    println!("\n{tally}");
    tally.into_result()
}

impl Part {
    fn run(self) -> Result<Tally> {
        match self {
            Self::Rust => rust(),
            Self::Conformance => conformance(),
            Self::Typescript => typescript(),
            Self::Browsers => browsers(),
        }
    }
}

fn rust() -> Result<Tally> {
    let mut crates = test_crates();
    let mut tally = tally::cargo_test("Testing the Rust crates", crates.arg("--no-fail-fast"))?;
    let mut xtask = process::cargo();
    xtask.args(["test", "--locked", "--package", "xtask"]);
    tally += tally::cargo_test("Testing xtask", &mut xtask)?;
    Ok(tally)
}

/// Without xtask: together they would need its dependencies with other features, built once more.
fn test_crates() -> Command {
    let mut command = process::cargo();
    command.args(["test", "--locked", "--workspace", "--exclude", "xtask"]);
    command
}

/// A workspace of its own, see its Cargo.toml; its target is apart for the same reason.
fn conformance() -> Result<Tally> {
    let mut command = process::cargo();
    command.args([
        "test",
        "--locked",
        "--no-fail-fast",
        "--manifest-path",
        "tests/conformance/Cargo.toml",
    ]);
    command.env(
        "CARGO_TARGET_DIR",
        paths::cargo_target().join("conformance"),
    );
    tally::cargo_test("Testing against the official crates", &mut command)
}

fn typescript() -> Result<Tally> {
    let mut tally = Tally::default();
    for project in ["extension", "packages/client", "examples", "tests/e2e"] {
        tally += tally::check(&format!("Checking the types of {project}"), || {
            check_types(project)
        });
    }
    tally += tally::vitest("Testing the pages", "vitest.config.ts", &[])?;
    tally += tally::check("Checking the package for Firefox", lint_package);
    Ok(tally)
}

/// Strict TypeScript, with the types of the messages as they come from Rust.
pub(crate) fn check_types(project: &str) -> Result<()> {
    process::run(process::command(paths::npm_program("tsc")).args(["--project", project]))
}

/// What Mozilla's store would refuse or warn of.
pub(crate) fn lint_package() -> Result<()> {
    let mut command = process::command(paths::npm_program("web-ext"));
    command.args(["lint", "--no-config-discovery", "--warnings-as-errors"]);
    process::run(command.arg("--source-dir").arg(package::folder("firefox")))
}

/// The name of the task that cargo calls to run a compiled test of the wasm.
pub(crate) const WASM_RUNNER: &str = "run-wasm-test";

/// What is written for browsers in Rust, in Chromium.
fn wasm() -> Result<Tally> {
    setup::wasm_target()?;
    let runner = format!("{} {WASM_RUNNER}", std::env::current_exe()?.display());
    let mut command = process::cargo();
    command.args([
        "test",
        "--locked",
        "--package",
        "sotto-wasm",
        "--no-fail-fast",
    ]);
    command.args(["--lib", "--target", "wasm32-unknown-unknown"]);
    command.env("CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_RUNNER", runner);
    command.env("CHROMEDRIVER", CHROMEDRIVER.find_or_install()?);
    tally::cargo_test("Testing the wasm in Chromium", &mut command)
}

/// Runs a compiled test of the wasm. `arguments` are those that cargo gives to a runner.
pub(crate) fn run_wasm_test(arguments: Vec<OsString>) -> Result<()> {
    let name = OsString::from(WASM_RUNNER);
    wasm_bindgen_test_runner::run_cli_with_args(iter::once(name).chain(arguments))
}

/// With the mixnet as it is built for the tests of Rust, so that it is not built twice.
fn browsers() -> Result<Tally> {
    step("Building the local mixnet");
    process::run(test_crates().arg("--no-run"))?;
    let environment = scripts::environment("debug", &[CHROMIUM, FIREFOX])?;
    let config = "tests/e2e/vitest.config.ts";
    let mut tally = tally::vitest("Testing in Chromium and in Firefox", config, &environment)?;
    tally += wasm()?;
    Ok(tally)
}
