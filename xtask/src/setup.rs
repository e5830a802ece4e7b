//! What the other tasks need, installed where it is missing and can be installed.

use std::{
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Context, Result, bail};

use crate::{
    paths,
    process::{self, step},
};

const WASM_TARGET: &str = "wasm32-unknown-unknown";
const OLDEST_NODE: u32 = 20;

/// A browser, or what belongs to one, that tests and the demo drive.
#[derive(Clone, Copy)]
pub(crate) struct Browser {
    /// Names that systems give its program.
    programs: &'static [&'static str],
    /// The environment variable that says where it is, if none of these.
    pub(crate) variable: &'static str,
    debian_package: &'static str,
}

/// Branded Chrome is not among the names: it ignores `--load-extension`.
pub(crate) const CHROMIUM: Browser = Browser {
    programs: &["chromium", "chromium-browser"],
    variable: "SOTTO_CHROMIUM",
    debian_package: "chromium",
};

pub(crate) const FIREFOX: Browser = Browser {
    programs: &["firefox-esr", "firefox", "firefox-developer-edition"],
    variable: "SOTTO_FIREFOX",
    debian_package: "firefox-esr",
};

/// Drives Chromium in the tests of the wasm.
pub(crate) const CHROMEDRIVER: Browser = Browser {
    programs: &["chromedriver"],
    variable: "CHROMEDRIVER",
    debian_package: "chromium-driver",
};

/// The wasm target and the npm packages.
pub(crate) fn tools() -> Result<()> {
    wasm_target()?;
    npm_packages()
}

/// What the wasm is compiled for.
pub(crate) fn wasm_target() -> Result<()> {
    let sysroot = process::output(process::command("rustc").args(["--print", "sysroot"]))?;
    if Path::new(sysroot.trim())
        .join("lib/rustlib")
        .join(WASM_TARGET)
        .is_dir()
    {
        return Ok(());
    }
    step("Installing the Rust target for wasm");
    process::run(process::command("rustup").args(["target", "add", WASM_TARGET])).with_context(|| {
        format!("this Rust cannot build wasm: install its {WASM_TARGET} target, or Rust from https://rustup.rs")
    })
}

fn npm_packages() -> Result<()> {
    node()?;
    let lock = fs::read(paths::root().join("package-lock.json"))?;
    let installed = paths::root().join("node_modules/.installed-from.json");
    if fs::read(&installed).is_ok_and(|known| known == lock) {
        return Ok(());
    }
    step("Installing the npm packages");
    // None of them needs a script of its own to work, so none may run one here.
    process::run(process::command("npm").args([
        "ci",
        "--ignore-scripts",
        "--no-audit",
        "--no-fund",
    ]))?;
    Ok(fs::write(installed, lock)?)
}

/// The program that checks dependencies; some two minutes to build.
pub(crate) fn cargo_deny() -> Result<()> {
    cargo_program("cargo-deny")
}

/// The program that builds and runs fuzzers; less than a minute to build.
pub(crate) fn cargo_fuzz() -> Result<()> {
    cargo_program("cargo-fuzz")
}

fn cargo_program(name: &str) -> Result<()> {
    if paths::find_program(&[name]).is_some() {
        return Ok(());
    }
    step(&format!("Installing {name}"));
    process::run(process::cargo().args(["install", "--locked", name]))
}

/// Python with virtual environments, for the examples that speak to `sotto serve`.
pub(crate) fn python() -> Result<()> {
    let can_make_one = || {
        let check = ["-c", "import ensurepip, venv"];
        process::output(process::command("python3").args(check)).is_ok()
    };
    if !can_make_one() && can_use_apt() {
        step("Installing Python");
        apt_install("python3-venv")?;
    }
    if can_make_one() {
        return Ok(());
    }
    bail!("the tests need Python 3 with its module venv (on Debian: apt-get install python3-venv)")
}

fn node() -> Result<()> {
    let advice =
        || format!("Sotto is built with Node.js {OLDEST_NODE} or newer: https://nodejs.org");
    let version =
        process::output(process::command("node").arg("--version")).with_context(advice)?;
    let major = version
        .trim_start_matches('v')
        .split('.')
        .next()
        .and_then(|major| major.parse().ok());
    if major.is_none_or(|major: u32| major < OLDEST_NODE) {
        bail!("{}. This is {}", advice(), version.trim());
    }
    Ok(())
}

impl Browser {
    /// The browser's program, after installing it if that is possible.
    pub(crate) fn find_or_install(&self) -> Result<PathBuf> {
        if let Some(program) = self.find() {
            return Ok(program);
        }
        if !can_use_apt() {
            bail!(
                "no {0} found. Install it (on Debian: apt-get install {0}), or set {1} to its program",
                self.debian_package,
                self.variable
            );
        }
        step(&format!("Installing {}", self.debian_package));
        apt_install(self.debian_package)?;
        self.find()
            .with_context(|| format!("{} is installed but not on the PATH", self.debian_package))
    }

    fn find(&self) -> Option<PathBuf> {
        let told = std::env::var_os(self.variable).map(PathBuf::from);
        told.or_else(|| paths::find_program(self.programs))
    }
}

fn can_use_apt() -> bool {
    let user = process::output(process::command("id").arg("-u"));
    paths::find_program(&["apt-get"]).is_some() && user.is_ok_and(|id| id.trim() == "0")
}

fn apt_install(package: &str) -> Result<()> {
    let apt = |arguments: &[&str]| {
        process::run(
            process::command("apt-get")
                .env("DEBIAN_FRONTEND", "noninteractive")
                .args(arguments),
        )
    };
    apt(&["update", "-qq"])?;
    apt(&["install", "-y", "-qq", "--no-install-recommends", package])
}
