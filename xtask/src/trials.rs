//! `cargo xtask torture | endure`: what takes too long for a test, in a browser of choice.

use anyhow::Result;
use clap::{Args, ValueEnum};

use crate::{
    bundle, scripts,
    setup::{Browser, CHROMIUM, FIREFOX},
};

/// The browser to try.
#[derive(Debug, Clone, Copy, ValueEnum)]
enum Subject {
    Chromium,
    Firefox,
}

impl Subject {
    fn browser(self) -> Browser {
        match self {
            Self::Chromium => CHROMIUM,
            Self::Firefox => FIREFOX,
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::Chromium => "chromium",
            Self::Firefox => "firefox",
        }
    }

    /// Builds what is missing and runs a script with this browser.
    fn run(self, script: &str, arguments: &[&str]) -> Result<()> {
        self.browser().find_or_install()?;
        bundle::build_extension()?;
        let arguments = [&["--browser", self.name()], arguments].concat();
        scripts::run(script, &[self.browser()], &arguments)
    }
}

/// How much to kill.
#[derive(Args)]
pub(crate) struct Torture {
    /// Kills of a background, at random moments.
    #[arg(long, default_value_t = 200)]
    kills: u32,
    #[arg(long, value_enum, default_value_t = Subject::Chromium)]
    browser: Subject,
    /// Of the random choices; what the browser makes of the moments is not the same each time.
    #[arg(long, default_value_t = 1)]
    seed: u32,
    /// Milliseconds for which gateways keep what a browser has confirmed; 0 is as real ones do, and
    /// loses what was pushed in the moment of a kill.
    #[arg(long, default_value_t = 5_000)]
    linger: u32,
}

/// Kills backgrounds in mid-conversation; an error if a message was lost or shown twice.
pub(crate) fn torture(torture: &Torture) -> Result<()> {
    let Torture {
        kills,
        seed,
        linger,
        ..
    } = torture;
    let [kills, seed, linger] = [kills, seed, linger].map(ToString::to_string);
    torture.browser.run(
        "torture",
        &["--kills", &kills, "--seed", &seed, "--linger", &linger],
    )
}

/// How packets are sent, as in the settings.
#[derive(Debug, Clone, Copy, ValueEnum)]
enum Traffic {
    Direct,
    Protected,
    Fast,
}

/// How long to leave it alone.
#[derive(Args)]
pub(crate) struct Endure {
    #[arg(long, default_value_t = 60)]
    minutes: u32,
    #[arg(long, value_enum, default_value_t = Subject::Chromium)]
    browser: Subject,
    #[arg(long, value_enum, default_value_t = Traffic::Direct)]
    traffic: Traffic,
    /// Seconds for which the computer sleeps instead, while others write to it.
    #[arg(long, conflicts_with = "minutes")]
    sleep: Option<u32>,
}

/// Leaves the extension alone; an error if it did not stay connected, or after a sleep did not show
/// each message once.
pub(crate) fn endure(endure: &Endure) -> Result<()> {
    let length = endure.sleep.unwrap_or(endure.minutes).to_string();
    let manner = endure.sleep.map_or("--minutes", |_| "--sleep");
    let traffic = match endure.traffic {
        Traffic::Direct => "direct",
        Traffic::Protected => "protected",
        Traffic::Fast => "fast",
    };
    endure
        .browser
        .run("endure", &[manner, &length, "--traffic", traffic])
}
