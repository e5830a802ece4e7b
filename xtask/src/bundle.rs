//! The folder that both browsers load: the pages, the background and the wasm.

use std::{
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Context, Result};

use crate::{
    package, paths,
    process::{self, step},
    setup, wasm,
};

/// Copied as they are.
const STATIC: [&str; 8] = [
    "manifest.json",
    "_locales",
    "icons",
    "popup/popup.html",
    "popup/popup.css",
    "settings/settings.html",
    "settings/settings.css",
    "style",
];
const PAGES: [&str; 2] = ["popup/popup.tsx", "settings/settings.tsx"];
const BACKGROUND: &str = "background/sw.ts";

/// The versions that the manifest asks for.
const BROWSERS: &str = "--target=chrome120,firefox140";

/// The unpacked extension.
pub(crate) fn folder() -> PathBuf {
    paths::output("extension")
}

/// Sets up and builds everything that users get.
pub(crate) fn build_extension() -> Result<()> {
    setup::tools()?;
    wasm::build()?;
    step("Bundling the extension");
    clear(&folder())?;
    for name in STATIC {
        copy(&source(name), &folder().join(name))?;
    }
    bundle_scripts()?;
    copy(&wasm::module(), &folder().join("wasm/sotto_wasm_bg.wasm"))?;
    package::for_stores()?;
    println!("Load {} unpacked in either browser.", folder().display());
    Ok(())
}

fn source(name: &str) -> PathBuf {
    paths::root().join("extension").join(name)
}

fn bundle_scripts() -> Result<()> {
    esbuild(
        &PAGES,
        &[
            &format!("--outdir={}", folder().display()),
            "--outbase=extension",
        ],
    )?;
    let glue = wasm::folder().join("sotto_wasm.js");
    esbuild(
        &[BACKGROUND],
        &[
            &format!("--outfile={}/sw.js", folder().display()),
            &format!("--alias:sotto-wasm={}", glue.display()),
        ],
    )
}

/// Readable rather than minified: store reviewers and users can check it, and the size is in the wasm.
fn esbuild(entries: &[&str], options: &[&str]) -> Result<()> {
    let mut command = process::command(paths::npm_program("esbuild"));
    command.args([
        "--bundle",
        "--format=esm",
        "--charset=utf8",
        "--log-level=warning",
        BROWSERS,
    ]);
    command.args([
        "--jsx=automatic",
        "--jsx-import-source=preact",
        "--legal-comments=none",
    ]);
    process::run(
        command
            .args(entries.iter().map(|entry| source(entry)))
            .args(options),
    )
}

/// An empty folder.
pub(crate) fn clear(folder: &Path) -> Result<()> {
    if folder.exists() {
        fs::remove_dir_all(folder)?;
    }
    Ok(fs::create_dir_all(folder)?)
}

/// Copies a file, or a folder with all that is in it.
pub(crate) fn copy(from: &Path, to: &Path) -> Result<()> {
    if from.is_dir() {
        for entry in fs::read_dir(from)? {
            let entry = entry?;
            copy(&entry.path(), &to.join(entry.file_name()))?;
        }
        return Ok(());
    }
    if let Some(parent) = to.parent() {
        fs::create_dir_all(parent)?;
    }
    fs::copy(from, to).with_context(|| format!("cannot copy {}", from.display()))?;
    Ok(())
}
