//! The scripts of `tests/e2e` that are no tests: the demo, the trials and the measurements.

use anyhow::Result;

use crate::{
    paths,
    process::{self, step},
    setup::Browser,
};

/// What everything in `tests/e2e` wants to know: where the browsers are, and our programs, which
/// are those built with that profile.
pub(crate) fn environment(
    profile: &str,
    browsers: &[Browser],
) -> Result<Vec<(&'static str, String)>> {
    let built = paths::cargo_target().join(profile);
    let program = |name| built.join(name).display().to_string();
    let mut environment = vec![
        ("SOTTO_MIXNET", program("sotto-mixnet")),
        ("SOTTO_PROGRAM", program("sotto")),
        ("SOTTO_GUEST_BOOK", program("sotto-guest-book")),
    ];
    for browser in browsers {
        let program = browser.find_or_install()?;
        environment.push((browser.variable, program.display().to_string()));
    }
    Ok(environment)
}

/// Runs a script in Node, with those browsers and a fast mixnet.
pub(crate) fn run(name: &str, browsers: &[Browser], arguments: &[&str]) -> Result<()> {
    step("Building the local mixnet and the terminal client");
    process::run(process::cargo().args([
        "build",
        "--locked",
        "--release",
        "-p",
        "sotto-mixnet",
        "-p",
        "sotto",
    ]))?;
    let script = paths::output(&format!("e2e/{name}.mjs"));
    process::run(
        process::command(paths::npm_program("esbuild"))
            .args(["--bundle", "--platform=node", "--format=esm"])
            .args(["--packages=external", "--log-level=warning"])
            .arg(format!("tests/e2e/{name}.ts"))
            .arg(format!("--outfile={}", script.display())),
    )?;
    step(&format!("Running tests/e2e/{name}.ts"));
    let environment = environment("release", browsers)?;
    process::run(
        process::command("node")
            .arg(script)
            .args(arguments)
            .envs(environment),
    )
}
