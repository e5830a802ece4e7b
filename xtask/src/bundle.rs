//! The folder that both browsers load: the pages, the background and the wasm.

use std::{
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Context, Result, ensure};

use crate::{
    package, paths,
    process::{self, step},
    setup, wasm,
};

/// Copied as they are.
const STATIC: [&str; 14] = [
    "manifest.json",
    "_locales",
    "icons",
    "popup/popup.html",
    "popup/popup.css",
    "welcome/welcome.html",
    "welcome/welcome.css",
    "settings/settings.html",
    "settings/settings.css",
    "approve/approve.html",
    "approve/approve.css",
    "diagnostics/diagnostics.html",
    "diagnostics/diagnostics.css",
    "style",
];
const PAGES: [&str; 5] = [
    "popup/popup.tsx",
    "welcome/welcome.tsx",
    "settings/settings.tsx",
    "approve/approve.tsx",
    "diagnostics/diagnostics.tsx",
];
const BACKGROUND: &str = "background/sw.ts";
/// What is put into web pages: classic scripts, each of one file.
const CONTENT_SCRIPTS: [&str; 2] = ["content/content.ts", "page/page.ts"];

/// The versions that the manifest asks for.
const BROWSERS: &str = "--target=chrome120,firefox142";

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
    for page in PAGES {
        let script = folder().join(page).with_extension("js");
        let safe = without_html_sink(&fs::read_to_string(&script)?)
            .with_context(|| format!("cannot make {} safe", script.display()))?;
        fs::write(&script, safe)?;
    }
    esbuild(
        &CONTENT_SCRIPTS,
        &[
            "--format=iife",
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

/// Where Preact puts the HTML of `dangerouslySetInnerHTML` into a page.
const HTML_SINK: &str = ".innerHTML = ";

/// A page's script in which Preact can make elements from data in no way: what would have been set
/// as HTML is set as text. No page of ours asks for HTML, and a mistake that did would do no harm.
///
/// An error if there is not exactly the one place that is known.
fn without_html_sink(script: &str) -> Result<String> {
    let places = script.matches(HTML_SINK).count();
    ensure!(places == 1, "it sets HTML in {places} places instead of 1");
    Ok(script.replace(HTML_SINK, ".textContent = "))
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_would_be_set_as_html_is_set_as_text() {
        let script = "old.__html == page.innerHTML || (page.innerHTML = next.__html)";
        let safe = "old.__html == page.innerHTML || (page.textContent = next.__html)";
        assert_eq!(without_html_sink(script).unwrap(), safe);
    }

    #[test]
    fn a_script_with_an_unknown_way_to_set_html_is_refused() {
        let two = "a.innerHTML = b; c.innerHTML = d";
        assert!(without_html_sink(two).is_err());
        assert!(without_html_sink("a.insertAdjacentHTML()").is_err());
    }
}
