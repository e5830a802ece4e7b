//! The core as WebAssembly, with its JavaScript and its types.

use std::{
    env,
    fs::{self, File},
    io::Write as _,
    path::{Path, PathBuf},
};

use anyhow::{Context, Result, bail};
use flate2::{Compression, write::GzEncoder};
use wasm_bindgen_cli_support::Bindgen;

use crate::{
    paths,
    process::{self, step},
};

const NAME: &str = "sotto_wasm";

/// What `wasm-opt` may use: what all supported browsers have and rustc emits.
const FEATURES: [&str; 8] = [
    "--enable-simd",
    "--enable-bulk-memory",
    "--enable-bulk-memory-opt",
    "--enable-sign-ext",
    "--enable-mutable-globals",
    "--enable-nontrapping-float-to-int",
    "--enable-reference-types",
    "--enable-multivalue",
];

/// A function that is called once stays a function, unless it is tiny: gzip sees more of what it
/// knows in many small functions than in few large ones with hundreds of locals.
///
/// Functions of like names are mostly one generic function for several types. Side by side they are
/// within the 32 KB in which gzip finds what it has seen before.
const OPTIMISATION: [&str; 3] = [
    "-O3",
    "--one-caller-inline-max-function-size=20",
    "--reorder-functions-by-name",
];

/// The folder with `sotto_wasm.js`, its `.d.ts` and `sotto_wasm_bg.wasm`.
pub(crate) fn folder() -> PathBuf {
    paths::output("wasm-bindgen")
}

/// The module that browsers load.
pub(crate) fn module() -> PathBuf {
    folder().join(format!("{NAME}_bg.wasm"))
}

/// Compiles, generates and optimises.
pub(crate) fn build() -> Result<()> {
    check_versions()?;
    step("Compiling the wasm");
    compile()?;
    generate()?;
    optimise()
}

fn compile() -> Result<()> {
    let flags = rust_flags()?;
    let config = format!(
        "target.wasm32-unknown-unknown.rustflags={}",
        serde_json::to_string(&flags)?
    );
    process::run(
        process::cargo()
            .args([
                "build",
                "--locked",
                "--package",
                "sotto-wasm",
                "--profile",
                "wasm",
            ])
            .args(["--target", "wasm32-unknown-unknown", "--config", &config]),
    )
}

/// SIMD, and no path of this computer in the module: the same sources give the same bytes elsewhere.
fn rust_flags() -> Result<Vec<String>> {
    let home = env::var_os("CARGO_HOME").map(PathBuf::from);
    let home = home
        .or_else(|| Some(env::home_dir()?.join(".cargo")))
        .context("no home folder")?;
    Ok(vec![
        "-Ctarget-feature=+simd128".to_owned(),
        format!("--remap-path-prefix={}=/cargo", home.display()),
        format!("--remap-path-prefix={}=/sotto", paths::root().display()),
    ])
}

fn generate() -> Result<()> {
    let compiled = paths::cargo_target().join(format!("wasm32-unknown-unknown/wasm/{NAME}.wasm"));
    Bindgen::new()
        .input_path(compiled)
        .web(true)?
        .typescript(true)
        .omit_default_module_path(true)
        // The optimiser sorts by them, and leaves them out.
        .remove_name_section(!optimiser().exists())
        .remove_producers_section(true)
        .generate(folder())
        .context("wasm-bindgen cannot read what was compiled")
}

/// The generator reads a format that changes with each version of the library. Cargo keeps the two
/// together as long as xtask and the wasm share one lock file; this says so when that breaks.
fn check_versions() -> Result<()> {
    let lock = fs::read_to_string(paths::root().join("Cargo.lock"))?;
    let library = locked_version(&lock, "wasm-bindgen");
    let generator = locked_version(&lock, "wasm-bindgen-cli-support");
    if library != generator {
        bail!(
            "Cargo.lock has wasm-bindgen {} and wasm-bindgen-cli-support {}: set the version in \
             xtask/Cargo.toml to that of wasm-bindgen",
            library.unwrap_or("(none)"),
            generator.unwrap_or("(none)")
        );
    }
    Ok(())
}

fn locked_version<'a>(lock: &'a str, package: &str) -> Option<&'a str> {
    let entry = format!("name = \"{package}\"\nversion = \"");
    lock.split_once(&entry)?.1.split('"').next()
}

fn optimiser() -> PathBuf {
    paths::npm_program("wasm-opt")
}

fn optimise() -> Result<()> {
    let program = optimiser();
    if !program.exists() {
        println!("note: no wasm-opt (npm package binaryen), so the wasm stays some 10 % larger");
        return Ok(());
    }
    let (module, optimised) = (module(), folder().join("optimised.wasm"));
    process::run(
        process::command(program)
            .args(FEATURES)
            .args(OPTIMISATION)
            .arg(&module)
            .arg("-o")
            .arg(&optimised),
    )?;
    Ok(fs::rename(optimised, module)?)
}

/// Sizes of the module in bytes: as it is, and compressed as a store or a web server would.
pub(crate) fn sizes(module: &Path) -> Result<(u64, u64)> {
    let bytes =
        fs::read(module).with_context(|| format!("{} is not built yet", module.display()))?;
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(&bytes)?;
    Ok((
        File::open(module)?.metadata()?.len(),
        u64::try_from(encoder.finish()?.len())?,
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_locked_version_of_a_package_is_not_that_of_one_with_a_longer_name() {
        let lock = "[[package]]\nname = \"wasm-bindgen-futures\"\nversion = \"0.4.1\"\n\n\
                    [[package]]\nname = \"wasm-bindgen\"\nversion = \"0.2.130\"\n";
        assert_eq!(locked_version(lock, "wasm-bindgen"), Some("0.2.130"));
        assert_eq!(locked_version(lock, "wasm"), None);
    }

    #[test]
    fn the_generator_is_the_one_for_the_library() {
        check_versions().unwrap();
    }
}
