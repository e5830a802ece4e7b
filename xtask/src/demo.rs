//! `cargo xtask demo`: two browsers and a mixnet between them.

use std::env;

use anyhow::{Result, bail};

use crate::{bundle, scripts, setup::CHROMIUM};

/// Builds what is missing and shows an exchange: in two windows, or with `headless` by itself.
pub(crate) fn run(headless: bool) -> Result<()> {
    if !headless && !has_display() {
        bail!("there is no display for browser windows here: try `cargo xtask demo --headless`");
    }
    CHROMIUM.find_or_install()?;
    bundle::build_extension()?;
    let arguments: &[&str] = if headless { &["--headless"] } else { &[] };
    scripts::run("demo", &[CHROMIUM], arguments)
}

fn has_display() -> bool {
    cfg!(not(target_os = "linux"))
        || ["DISPLAY", "WAYLAND_DISPLAY"]
            .iter()
            .any(|name| env::var_os(name).is_some())
}
