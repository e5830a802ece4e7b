//! `cargo xtask demo`: two browsers and a mixnet between them.

use std::env;

use anyhow::{Result, bail};

use crate::{
    bundle, paths,
    process::{self, step},
    setup::CHROMIUM,
    test,
};

/// Builds what is missing and shows an exchange: in two windows, or with `headless` by itself.
pub(crate) fn run(headless: bool) -> Result<()> {
    if !headless && !has_display() {
        bail!("there is no display for browser windows here: try `cargo xtask demo --headless`");
    }
    CHROMIUM.find_or_install()?;
    bundle::build_extension()?;
    run_script("demo", if headless { &["--headless"] } else { &[] })
}

fn has_display() -> bool {
    cfg!(not(target_os = "linux"))
        || ["DISPLAY", "WAYLAND_DISPLAY"]
            .iter()
            .any(|name| env::var_os(name).is_some())
}

/// Runs a script of `tests/e2e` in Node, with the browsers and the mixnet in its environment.
pub(crate) fn run_script(name: &str, arguments: &[&str]) -> Result<()> {
    step("Building the local mixnet");
    process::run(process::cargo().args(["build", "--locked", "--release", "--package", "sotto-mixnet"]))?;
    let environment = test::browser_environment("release")?;
    let script = paths::output(&format!("e2e/{name}.mjs"));
    let mut bundler = process::command(paths::npm_program("esbuild"));
    bundler.args([
        "--bundle",
        "--platform=node",
        "--format=esm",
        "--packages=external",
        "--log-level=warning",
    ]);
    process::run(
        bundler
            .arg(format!("tests/e2e/{name}.ts"))
            .arg(format!("--outfile={}", script.display())),
    )?;
    step(&format!("Running tests/e2e/{name}.ts"));
    process::run(
        process::command("node")
            .arg(script)
            .args(arguments)
            .envs(environment),
    )
}
