//! `cargo xtask sim`: plays the scenarios of many seeds and prints a table.

use clap::Parser;
use sotto_sim::{MESSAGES, Report, campaign, complaint, try_seed};
use std::ops::Range;
use std::process::ExitCode;

/// Plays scenarios.
#[derive(Parser)]
struct Arguments {
    /// Messages in each run, on average.
    #[arg(long, default_value_t = MESSAGES)]
    messages: usize,
    /// The seeds, from the first to before the last.
    #[arg(long, default_value = "0..200", value_parser = parse_range)]
    seeds: Range<u64>,
    /// Print everything that happens.
    #[arg(long)]
    trace: bool,
}

fn parse_range(text: &str) -> Result<Range<u64>, String> {
    let range = text.split_once("..").and_then(|(from, to)| {
        let range = from.parse().ok()?..to.parse().ok()?;
        (!range.is_empty()).then_some(range)
    });
    range.ok_or_else(|| "write two numbers like 0..200".to_owned())
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    if arguments.trace {
        return trace(&arguments);
    }
    let messages = arguments.messages;
    let summary = campaign(arguments.seeds, messages, |report| {
        complain(report, messages)
    });
    println!("{summary}");
    if summary.violations.is_empty() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}

/// One seed after the other, aloud.
fn trace(arguments: &Arguments) -> ExitCode {
    let mut good = true;
    for seed in arguments.seeds.clone() {
        let report = try_seed(seed, arguments.messages, true);
        good &= report.violations.is_empty();
        println!("{report:#?}");
    }
    if good {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}

/// Says which promises were broken, and how to see it happen again.
fn complain(report: &Report, messages: usize) {
    for violation in &report.violations {
        println!("{}", complaint(report.seed, messages, violation));
    }
}
