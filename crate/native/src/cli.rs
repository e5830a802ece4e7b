//! What can be asked on the command line.

use crate::serve::WebOrigin;
use clap::{Args, Parser, Subcommand};
use sotto::DEFAULT_DIRECTORY;
use sotto_core::address::Address;
use sotto_core::client::GatewayChoice;
use std::net::{IpAddr, Ipv4Addr};
use std::path::PathBuf;

/// Messages over the Nym mixnet that nobody can link to you.
///
/// Exit status: 0 done, 1 cannot run, 2 wrong usage, 3 the message was given up, 4 not done in
/// time (a message stays in the outbox and leaves when sotto runs again).
#[derive(Parser)]
#[command(version)]
pub(crate) struct Cli {
    #[command(flatten)]
    pub(crate) common: Common,
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Args)]
pub(crate) struct Common {
    /// Base address of the directory
    #[arg(long, global = true, default_value = DEFAULT_DIRECTORY, env = "SOTTO_DIRECTORY")]
    pub(crate) directory: String,
    /// Folder for keys and messages [default: sotto in the user's state folder]
    #[arg(long, global = true, env = "SOTTO_STATE")]
    pub(crate) state: Option<PathBuf>,
    /// Print one line of JSON for each event
    #[arg(long, global = true)]
    pub(crate) json: bool,
    /// Hide when and whether you send, at the cost of speed and of 130 kB a second
    #[arg(long, global = true)]
    pub(crate) paced: bool,
    /// The gateway to register with at first: random, fastest, or a gateway's name
    #[arg(long, global = true, default_value = "random", env = "SOTTO_GATEWAY")]
    pub(crate) gateway: GatewayChoice,
    /// Seconds after which every command but `listen`, `echo` and `serve` gives up
    #[arg(long, global = true, default_value_t = 120)]
    pub(crate) timeout: u64,
}

#[derive(Subcommand)]
pub(crate) enum Command {
    /// Print the own address, which others write to
    Address,
    /// Send a message and wait until it is at the recipient's gateway
    Send(Send),
    /// Print messages as they arrive, and send the receipts that they ask for
    Listen {
        /// End after so many messages
        #[arg(long)]
        count: Option<u64>,
    },
    /// Print the gateways that can be moved to, the own one first
    Gateways,
    /// Move to another gateway and print the new address; the old one goes on receiving
    Move {
        /// random, fastest, or a gateway's name
        #[arg(default_value = "random")]
        to: GatewayChoice,
    },
    /// Send back every message of an anonymous sender, every one that is signed, and every one
    /// whose first line is the address to answer to
    Echo,
    /// Let programs send and receive over a websocket, like the official native client
    Serve(Serve),
}

#[derive(Args)]
pub(crate) struct Serve {
    /// The address to listen at. Whoever can connect to it can read and send
    #[arg(long, default_value_t = Ipv4Addr::LOCALHOST.into())]
    pub(crate) host: IpAddr,
    /// The port to listen at; 0 takes one that is free
    #[arg(long, default_value_t = 1977)]
    pub(crate) port: u16,
    /// Let web pages of this origin connect, such as https://example.org. All others are refused
    #[arg(long, value_name = "ORIGIN")]
    pub(crate) allow_origin: Vec<WebOrigin>,
    /// Give programs the envelopes of Sotto peers as they are, and send no receipts
    #[arg(long)]
    pub(crate) raw: bool,
}

#[derive(Args)]
pub(crate) struct Send {
    /// The recipient's address
    pub(crate) to: Address,
    /// The message; - reads it from standard input
    #[arg(required_unless_present = "file")]
    pub(crate) message: Option<String>,
    /// Send the content of a file
    #[arg(long, conflicts_with = "message")]
    pub(crate) file: Option<PathBuf>,
    /// Do not tell who you are; the recipient can answer all the same
    #[arg(long)]
    pub(crate) anonymous: bool,
    /// Tell your own address and prove that it is yours, in a form that only Sotto reads
    #[arg(long, conflicts_with = "anonymous")]
    pub(crate) signed: bool,
    /// Packets that an answer to an anonymous message may have before more are asked for
    #[arg(long, default_value_t = 20, requires = "anonymous")]
    pub(crate) surbs: u16,
}

impl Common {
    /// The state folder asked for, or the one usual on this system.
    pub(crate) fn state(&self) -> PathBuf {
        let variable = |name| std::env::var_os(name).map(PathBuf::from);
        self.state
            .clone()
            .or_else(|| Some(variable("XDG_STATE_HOME")?.join("sotto")))
            .or_else(|| Some(variable("LOCALAPPDATA")?.join("sotto")))
            .or_else(|| Some(variable("HOME")?.join(".local/state/sotto")))
            .unwrap_or_else(|| PathBuf::from("sotto-state"))
    }
}
