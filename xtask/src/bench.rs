//! `cargo xtask bench`: the figures of docs/performance.md.

use anyhow::Result;

use crate::{
    bundle,
    process::{self, step},
    scripts,
    setup::CHROMIUM,
    wasm,
};

/// Measures the core and the app, or with `browser` the extension in Chromium; either way prints the wasm's size.
pub(crate) fn run(browser: bool) -> Result<()> {
    if browser {
        CHROMIUM.find_or_install()?;
    }
    bundle::build_extension()?;
    if browser {
        step("Measuring in Chromium");
        scripts::run("measure", &[CHROMIUM], &[])?;
    } else {
        let packages = ["--package", "sotto-core", "--package", "sotto-app"];
        process::run(process::cargo().args(["bench", "--locked"]).args(packages))?;
    }
    print_size()
}

fn print_size() -> Result<()> {
    let (raw, compressed) = wasm::sizes(&wasm::module())?;
    println!(
        "wasm: {} KB, {} KB gzip",
        raw.div_ceil(1_000),
        compressed.div_ceil(1_000)
    );
    Ok(())
}
