//! The program `sotto`: one client from the command line.

mod cli;
mod clock;
mod commands;
mod line;
mod reading;
mod serve;

use clap::Parser;
use cli::Cli;
use std::process::ExitCode;
use tracing_subscriber::EnvFilter;

fn main() -> ExitCode {
    let cli = Cli::parse();
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("warn"));
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .init();
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .max_blocking_threads(8)
        .enable_all()
        .build();
    match runtime {
        Ok(runtime) => runtime.block_on(commands::run(cli)),
        Err(error) => {
            eprintln!("the program's runtime failed: {error}");
            ExitCode::FAILURE
        }
    }
}
