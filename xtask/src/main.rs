//! The project's commands: `cargo xtask demo | build | test | torture | endure | sim | lint | bench |
//! fuzz`.

mod bench;
mod bundle;
mod demo;
mod fuzz;
mod lint;
mod package;
mod paths;
mod process;
mod scripts;
mod setup;
mod sim;
mod tally;
mod test;
mod trials;
mod wasm;

use std::{ffi::OsString, process::ExitCode};

use anyhow::Result;
use clap::{Parser, Subcommand};

/// Builds, tests and shows Sotto.
#[derive(Parser)]
#[command(name = "cargo xtask")]
struct Arguments {
    #[command(subcommand)]
    task: Task,
}

#[derive(Subcommand)]
enum Task {
    /// Start a local mixnet and two browsers that can write to each other.
    Demo {
        /// Do the exchange without a window, print each step and save screenshots.
        #[arg(long)]
        headless: bool,
    },
    /// Build the extension into target/extension, and the packages for the stores.
    Build,
    /// Run every test; the last line counts them.
    Test {
        /// Run this part alone.
        #[arg(long)]
        only: Option<test::Part>,
    },
    /// Kill the extension's background at random moments of a conversation, and look for what is lost.
    Torture(trials::Torture),
    /// Leave the extension alone, and see whether it stays connected.
    Endure(trials::Endure),
    /// Simulate whole networks in virtual time, with everything that can go wrong.
    Sim(sim::Arguments),
    /// Check style and types; nothing is changed.
    Lint,
    /// Run a compiled test of the wasm in a browser: what cargo calls for `cargo xtask test`.
    #[command(hide = true, name = test::WASM_RUNNER)]
    RunWasmTest {
        /// As cargo gives them.
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        arguments: Vec<OsString>,
    },
    /// Measure the core, and print the size of the wasm.
    Bench {
        /// Measure the extension in Chromium instead.
        #[arg(long)]
        browser: bool,
    },
    /// Look for bytes that break a promise of the decoders or of a whole client.
    Fuzz {
        /// How long to run each target.
        #[arg(long, default_value_t = 60)]
        seconds: u64,
        /// Run this target alone.
        #[arg(long)]
        target: Option<String>,
    },
}

fn main() -> ExitCode {
    match run(Arguments::parse().task) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(task: Task) -> Result<()> {
    match task {
        Task::Demo { headless } => demo::run(headless),
        Task::Build => bundle::build_extension(),
        Task::Test { only } => test::run(only),
        Task::Torture(arguments) => trials::torture(&arguments),
        Task::Endure(arguments) => trials::endure(&arguments),
        Task::Sim(arguments) => sim::run(&arguments),
        Task::Lint => lint::run(),
        Task::RunWasmTest { arguments } => test::run_wasm_test(arguments),
        Task::Bench { browser } => bench::run(browser),
        Task::Fuzz { seconds, target } => fuzz::run(seconds, target.as_deref()),
    }
}
