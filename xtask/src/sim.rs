//! `cargo xtask sim`: whole networks in one process and virtual time, with everything that can go
//! wrong.

use anyhow::Result;
use clap::Args;

use crate::process::{self, step};

/// What is played.
#[derive(Args)]
pub(crate) struct Arguments {
    /// Messages in each run, on average.
    #[arg(long)]
    messages: Option<usize>,
    /// The seeds, from the first to before the last, as in 0..200.
    #[arg(long)]
    seeds: Option<String>,
    /// Print everything that happens.
    #[arg(long)]
    trace: bool,
}

/// Plays the scenarios of the seeds and prints a table; an error if any promise was broken.
pub(crate) fn run(arguments: &Arguments) -> Result<()> {
    step("Building the simulation");
    let mut command = process::cargo();
    command.args(["run", "--quiet", "--release", "--locked"]);
    command.args(["--package", "sotto-sim", "--"]);
    if let Some(messages) = arguments.messages {
        command.args(["--messages", &messages.to_string()]);
    }
    if let Some(seeds) = &arguments.seeds {
        command.args(["--seeds", seeds]);
    }
    if arguments.trace {
        command.arg("--trace");
    }
    process::run(&mut command)
}
