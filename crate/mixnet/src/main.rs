//! The command line: the whole mixnet or one part of it, until a signal comes.

use clap::{Args, Parser, Subcommand};
use serde::Serialize;
use sotto_mixnet::{
    DEFAULT_DIRECTORY_PORT, DirectoryOptions, DirectoryServer, FREE_BANDWIDTH, FaultSettings,
    GatewayOptions, Loopback, Mixnet, MixnetError, NodeAt, NodeOptions, NodeServer, Options,
    ROTATION_EPOCHS,
};
use std::io::Write;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;
use tracing_subscriber::EnvFilter;

/// A small Nym mixnet. Prints one line of JSON on standard output when it is ready.
#[derive(Parser)]
#[command(version)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Everything in one process, on loopback
    Run(Run),
    /// A directory alone
    Directory(Directory),
    /// A mix node alone
    Node(Node),
    /// A gateway alone
    Gateway(Gateway),
}

#[derive(Args)]
struct Faults {
    /// Share of packets that each mix node drops, 0 to 1
    #[arg(long, default_value_t = 0.0, value_parser = share)]
    loss: f64,
    /// Milliseconds that each mix node holds packets beyond their own delay
    #[arg(long, default_value_t = 0, value_name = "MS")]
    mix_delay_extra: u32,
}

impl Faults {
    const fn settings(&self) -> FaultSettings {
        FaultSettings {
            loss: self.loss,
            extra_delay_ms: self.mix_delay_extra,
        }
    }
}

#[derive(Args)]
struct Epochs {
    /// Seconds that an epoch lasts
    #[arg(long, default_value_t = 3600, value_parser = clap::value_parser!(u64).range(1..))]
    epoch_seconds: u64,
    /// Epochs after which nodes change their Sphinx keys
    #[arg(long, default_value_t = ROTATION_EPOCHS, value_parser = clap::value_parser!(u32).range(2..))]
    rotation_epochs: u32,
}

impl Epochs {
    const fn length(&self) -> Duration {
        Duration::from_secs(self.epoch_seconds)
    }
}

#[derive(Args)]
struct Run {
    /// Port of the directory on 127.0.0.1; 0 takes any free one
    #[arg(long, default_value_t = DEFAULT_DIRECTORY_PORT)]
    directory_port: u16,
    /// Mix nodes in each of the three layers
    #[arg(long, default_value_t = 2)]
    mixes_per_layer: u8,
    /// Gateways
    #[arg(long, default_value_t = 2)]
    gateways: u8,
    /// Folder for keys and databases; without it all is forgotten at the end
    #[arg(long)]
    state: Option<PathBuf>,
    #[command(flatten)]
    epochs: Epochs,
    /// JSON file with an array of nodes that others run
    #[arg(long)]
    extra_nodes: Option<PathBuf>,
    /// Bytes that a client may send a day for free; 0 refuses
    #[arg(long, default_value_t = FREE_BANDWIDTH)]
    free_bandwidth: i64,
    /// Milliseconds for which gateways keep a message that a client's side has confirmed, in case
    /// the client was killed before it could save it
    #[arg(long, default_value_t = 0, value_name = "MS")]
    linger: u64,
    /// Where mix nodes listen: v4 is 127.0.0.1, mixed is [::1] for every other one
    #[arg(long, value_enum, default_value_t = Family::V4)]
    loopback: Family,
    /// Node to stop, and after how many seconds if not at once; may be given several times
    #[arg(long, value_name = "ID[@SECONDS]")]
    stop: Vec<NodeAt>,
    /// Node to restart, in the same form
    #[arg(long, value_name = "ID[@SECONDS]")]
    restart: Vec<NodeAt>,
    #[command(flatten)]
    faults: Faults,
}

#[derive(Clone, Copy, clap::ValueEnum)]
enum Family {
    V4,
    Mixed,
}

impl From<Family> for Loopback {
    fn from(family: Family) -> Self {
        match family {
            Family::V4 => Self::V4,
            Family::Mixed => Self::Mixed,
        }
    }
}

#[derive(Args)]
struct Directory {
    /// Where to listen
    #[arg(long, default_value_t = SocketAddr::from(([127, 0, 0, 1], DEFAULT_DIRECTORY_PORT)))]
    listen: SocketAddr,
    #[command(flatten)]
    epochs: Epochs,
    /// JSON file with an array of nodes that others run
    #[arg(long)]
    extra_nodes: Option<PathBuf>,
}

impl Directory {
    fn options(self) -> DirectoryOptions {
        DirectoryOptions {
            address: self.listen,
            epoch: self.epochs.length(),
            rotation_epochs: self.epochs.rotation_epochs,
            extra_nodes: self.extra_nodes,
        }
    }
}

#[derive(Args)]
struct NodeArgs {
    /// Base address of the directory
    #[arg(long, default_value = "http://127.0.0.1:17080/")]
    directory: String,
    /// Where to listen for other nodes; they must reach it under this address
    #[arg(long, default_value_t = SocketAddr::from(([127, 0, 0, 1], 0)))]
    listen: SocketAddr,
    /// Folder for keys and databases
    #[arg(long)]
    state: PathBuf,
    #[command(flatten)]
    faults: Faults,
}

impl NodeArgs {
    fn options(self) -> NodeOptions {
        NodeOptions {
            directory: self.directory,
            mix_address: self.listen,
            state: self.state,
            faults: self.faults.settings(),
        }
    }
}

#[derive(Args)]
struct Node {
    #[command(flatten)]
    node: NodeArgs,
    /// 1, 2 or 3; without it the directory chooses
    #[arg(long, value_parser = clap::value_parser!(u8).range(1..=3))]
    layer: Option<u8>,
}

#[derive(Args)]
struct Gateway {
    #[command(flatten)]
    node: NodeArgs,
    /// Where to listen for clients
    #[arg(long, default_value_t = SocketAddr::from(([127, 0, 0, 1], 0)))]
    websocket: SocketAddr,
    /// Name of a TLS proxy in front of the websocket
    #[arg(long, requires = "tls_port")]
    hostname: Option<String>,
    /// Port of that proxy
    #[arg(long, requires = "hostname")]
    tls_port: Option<u16>,
    /// Bytes that a client may send a day for free; 0 refuses
    #[arg(long, default_value_t = FREE_BANDWIDTH)]
    free_bandwidth: i64,
}

fn share(text: &str) -> Result<f64, String> {
    let share: f64 = text.parse().map_err(|_| "it is not a number".to_owned())?;
    if (0.0..=1.0).contains(&share) {
        Ok(share)
    } else {
        Err("it is not between 0 and 1".into())
    }
}

fn main() -> ExitCode {
    let cli = Cli::parse();
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("info"));
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .init();
    // Few threads: the mixnet of a developer's machine is idle most of the time.
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .max_blocking_threads(8)
        .enable_all()
        .build();
    let runtime = match runtime {
        Ok(runtime) => runtime,
        Err(error) => return fail(&error),
    };
    match runtime.block_on(run(cli.command)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => fail(&error),
    }
}

fn fail(error: &dyn std::fmt::Display) -> ExitCode {
    tracing::error!("{error}");
    ExitCode::FAILURE
}

async fn run(command: Command) -> Result<(), MixnetError> {
    match command {
        Command::Run(run) => {
            let mixnet = Mixnet::start(options(run)).await?;
            tracing::info!(status_page = mixnet.directory_url(), "the mixnet is ready");
            announce(mixnet.ready());
            signal().await;
            mixnet.shutdown().await;
        }
        Command::Directory(directory) => {
            let server = DirectoryServer::start(directory.options()).await?;
            announce(server.ready());
            signal().await;
            server.shutdown().await;
        }
        Command::Node(Node { node, layer }) => {
            serve(NodeServer::start_mix(node.options(), layer).await?).await;
        }
        Command::Gateway(gateway) => {
            let Gateway {
                node,
                websocket,
                hostname,
                tls_port,
                free_bandwidth,
            } = gateway;
            let gateway = GatewayOptions {
                websocket,
                hostname,
                tls_port,
                free_bandwidth,
            };
            serve(NodeServer::start_gateway(node.options(), gateway).await?).await;
        }
    }
    Ok(())
}

fn options(run: Run) -> Options {
    Options {
        directory_port: run.directory_port,
        mixes_per_layer: run.mixes_per_layer,
        gateways: run.gateways,
        state: run.state,
        loopback: run.loopback.into(),
        faults: run.faults.settings(),
        stop: run.stop,
        restart: run.restart,
        epoch: run.epochs.length(),
        rotation_epochs: run.epochs.rotation_epochs,
        extra_nodes: run.extra_nodes,
        free_bandwidth: run.free_bandwidth,
        linger: Duration::from_millis(run.linger),
    }
}

async fn serve(server: NodeServer) {
    announce(server.ready());
    signal().await;
    server.shutdown().await;
}

/// Says on standard output that all is ready.
fn announce(ready: &impl Serialize) {
    let line = serde_json::to_string(ready).unwrap_or_default();
    let mut out = std::io::stdout().lock();
    // Whoever closed our output is not interested.
    let _ = writeln!(out, "{line}").and_then(|()| out.flush());
}

/// Resolves when the program is asked to end.
async fn signal() {
    let interrupt = tokio::signal::ctrl_c();
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        let Ok(mut terminate) = signal(SignalKind::terminate()) else {
            return drop(interrupt.await);
        };
        tokio::select! {
            _ = interrupt => {}
            _ = terminate.recv() => {}
        }
    }
    #[cfg(not(unix))]
    drop(interrupt.await);
}
