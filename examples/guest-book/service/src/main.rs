//! A guest book on the mixnet. Whoever has its address can write in it; the owner reads and answers in
//! the terminal, and never learns who wrote: all there is of a visitor is the tag that stands for
//! single-use ways back.
//!
//! It shows what a service on Sotto's native client looks like: store first, answer then, and take a
//! message out of the inbox last, so that a kill at any point loses nothing.

mod book;
mod error;
mod protocol;
mod reading;
mod service;
mod terminal;

use clap::Parser;
use sotto::{DEFAULT_DIRECTORY, Host, Options};
use sotto_core::client::Config;
use std::path::PathBuf;
use std::process::ExitCode;

use crate::{book::Book, error::Error, service::Service};

/// A guest book whose owner never learns who wrote in it, and can answer.
#[derive(Parser)]
#[command(version)]
struct Cli {
    /// Base address of the directory
    #[arg(long, default_value = DEFAULT_DIRECTORY, env = "SOTTO_DIRECTORY")]
    directory: String,
    /// Folder for the keys and the book
    #[arg(
        long,
        default_value = "guest-book-state",
        env = "SOTTO_GUEST_BOOK_STATE"
    )]
    state: PathBuf,
    /// File to write {"address": "..."} to, for the page: now and whenever the address changes
    #[arg(long)]
    publish: Option<PathBuf>,
}

#[tokio::main]
async fn main() -> ExitCode {
    tracing_subscriber::fmt()
        .with_env_filter("warn")
        .with_writer(std::io::stderr)
        .init();
    match run(Cli::parse()).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

async fn run(cli: Cli) -> Result<(), Error> {
    let host = Host::start(Options {
        directory: cli.directory,
        state: cli.state.clone(),
        config: Config::default(),
    })
    .await?;
    let book = Book::open(&cli.state.join("guest-book.sqlite"))?;
    let service = Service::new(host.handle(), book, cli.publish).await?;
    let ended = tokio::select! {
        ended = service.serve(terminal::lines()) => ended,
        _ = tokio::signal::ctrl_c() => Ok(()),
    };
    // What was accepted for sending and has not left stays on disk, and leaves with the next start.
    host.shutdown().await;
    ended
}
