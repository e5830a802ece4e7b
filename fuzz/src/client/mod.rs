//! A whole client under any sequence of inputs.
//!
//! The first byte chooses the configuration; after that each byte is a command, followed by what
//! it needs. Some commands are honest (a gateway that answers, a disk that saves), so that inputs
//! get far; others are what strangers, gateways, directories, disks and clocks may do. [`rig`]
//! checks every output. At the end the world turns honest: the client must get online by itself.

mod gateway;
mod network;
mod rig;
mod stranger;

use crate::source::Source;
use network::{GATEWAYS, NETWORK};
use rig::Rig;
use sotto_core::address::Address;
use sotto_core::client::{Config, ConnectionId, Cover, GatewayChoice, Input, Pacing};
use sotto_core::gateway::message::{ServerMessage, TypedError};
use sotto_core::keys::SigningKey;
use sotto_core::time::Time;
use sotto_core::topology::DirectoryReplies;
use std::time::Duration;

/// Commands that one input gives at most.
const MOST_COMMANDS: usize = 400;

/// Steps within which a client in an honest world is online.
const STEPS_TO_RECOVER: usize = 400;

pub(crate) fn run(data: &[u8]) -> bool {
    let mut source = Source::new(data);
    let mut rig = Rig::new(config(source.byte()));
    for _ in 0..MOST_COMMANDS {
        if source.is_empty() || rig.is_over() {
            break;
        }
        command(&mut rig, &mut source);
    }
    let got_somewhere = rig.got_somewhere();
    recover(&mut rig);
    got_somewhere
}

fn config(byte: u8) -> Config {
    let paced = Config {
        pacing: Pacing::Poisson {
            mean: Duration::from_millis(20),
        },
        cover: Cover::default(),
        ..Config::default()
    };
    let config = match byte % 4 {
        0 | 1 => Config::default(),
        2 => paced,
        _ => Config::protected(),
    };
    Config {
        gateway: choice(byte / 4),
        ..config
    }
}

/// A way to find a gateway: at random, by speed, or one of two, or one that is in no directory.
fn choice(byte: u8) -> GatewayChoice {
    let named = |gateway| GatewayChoice::Named(NETWORK.gateway(gateway).identity_key());
    match byte % 8 {
        0..=2 => GatewayChoice::Random,
        3 | 4 => GatewayChoice::Fastest,
        5 => named(0),
        6 => named(1),
        _ => GatewayChoice::Named(SigningKey::from_bytes(&[8; 32]).identity_key()),
    }
}

/// One byte says what happens; what that needs follows.
fn command(rig: &mut Rig, source: &mut Source<'_>) {
    match source.byte() % 32 {
        0 => rig.wait(Duration::from_secs(3600)),
        1 => rig.wait(Duration::from_millis(u64::from(source.number()))),
        2 => honest(rig, usize::from(source.byte() % 32)),
        3 => rig.answer(),
        4 => rig.save(),
        5 => rig.fail_to_save(),
        6 => topology(rig, source),
        7 => changed_topology(rig, source),
        8 => rig.input(Input::TopologyFailed(text(source))),
        9 => rig.open(),
        10 => {
            let text = text(source);
            rig.say_raw(text);
        }
        11 => {
            let message = server_message(source);
            rig.say(&message);
        }
        12 => {
            let bytes = source.short_bytes().to_vec();
            rig.push_raw(bytes);
        }
        13 | 14 => rig.stranger(source),
        15 => {
            let reason = text(source);
            rig.close(&reason);
        }
        16 | 17 => send(rig, source),
        18 => reply(rig, source),
        19 => with_message(rig, source.byte(), |client, now, id| client.cancel(now, id)),
        20 => retry_or(rig, source.byte()),
        21 => rig.input(Input::NetworkChanged),
        22 => clock_set(rig, source),
        23 => rig.restart(),
        24 | 25 => rig.forward(source.byte().is_multiple_of(4)),
        26 => drop(rig.packets.pop_front()),
        27 => rig.gateways[usize::from(source.byte()) % GATEWAYS]
            .clients
            .clear(),
        28 => rig.focus = usize::from(source.byte()),
        29 => drop(rig.ask(|client, now| client.change_gateway(now, choice(source.byte())))),
        30 => leave(rig, source.byte()),
        _ => stale(rig, source.byte()),
    }
}

fn text(source: &mut Source<'_>) -> String {
    String::from_utf8_lossy(source.short_bytes()).into_owned()
}

/// The world behaves for so many steps.
fn honest(rig: &mut Rig, steps: usize) {
    for _ in 0..steps {
        if rig.is_over() {
            return;
        }
        honest_step(rig);
    }
}

fn honest_step(rig: &mut Rig) {
    rig.save();
    if rig.wants_topology {
        let replies = NETWORK.replies(rig.epoch, None);
        fetched(rig, replies);
    } else if rig.find_waiting() {
        rig.serve();
    } else if !rig.packets.is_empty() {
        rig.forward(false);
    } else {
        rig.wait(Duration::from_secs(60));
    }
}

/// Whatever has happened, a world that is honest again brings the client online by itself.
fn recover(rig: &mut Rig) {
    let mut steps = 0;
    while !rig.is_well() && !rig.is_over() {
        steps += 1;
        assert!(
            steps < STEPS_TO_RECOVER,
            "it does not recover: {:?}",
            rig.connection
        );
        honest_step(rig);
    }
}

fn fetched(rig: &mut Rig, replies: DirectoryReplies) {
    rig.wants_topology = false;
    rig.input(Input::TopologyFetched(replies));
}

/// Some epochs later, perhaps in another rotation, perhaps without one of the gateways.
fn topology(rig: &mut Rig, source: &mut Source<'_>) {
    let byte = source.byte();
    rig.epoch = rig.epoch.saturating_add(u32::from(byte / 4));
    let gone = usize::from(byte % 4).checked_sub(GATEWAYS);
    let replies = NETWORK.replies(rig.epoch, gone);
    fetched(rig, replies);
}

/// A directory that answers something else: bytes changed, or one of its answers cut.
fn changed_topology(rig: &mut Rig, source: &mut Source<'_>) {
    let mut replies = NETWORK.replies(rig.epoch, None);
    let DirectoryReplies {
        rewarded_set,
        mixnodes,
        entry_gateways,
    } = &mut replies;
    let changed = match source.byte() % 3 {
        0 => rewarded_set,
        1 => mixnodes,
        _ => entry_gateways,
    };
    for _ in 0..source.byte() % 4 {
        let place = usize::from(source.number()) % changed.len();
        changed[place] = source.byte();
    }
    changed.truncate(changed.len() - usize::from(source.byte() % 8));
    fetched(rig, replies);
}

fn server_message(source: &mut Source<'_>) -> ServerMessage {
    let kind = source.byte() % 10;
    let amount = i64::from_be_bytes(source.array());
    let message = "no".to_owned();
    match kind {
        0 => ServerMessage::SupportedProtocol {
            version: source.byte(),
        },
        1 => ServerMessage::HandshakePayload {
            protocol_version: 6,
            data: source.short_bytes().to_vec(),
        },
        2 => ServerMessage::HandshakeError { message },
        3 => ServerMessage::Register {
            protocol_version: 6,
            status: amount >= 0,
            upgrade_mode: false,
        },
        4 => ServerMessage::Authenticate {
            protocol_version: 6,
            status: source.byte().is_multiple_of(2),
            bandwidth_remaining: amount,
            upgrade_mode: false,
        },
        5 => ServerMessage::Bandwidth {
            available_total: amount,
            upgrade_mode: false,
        },
        6 => ServerMessage::Send {
            remaining_bandwidth: amount,
            upgrade_mode: false,
        },
        7 => ServerMessage::Error { message },
        8 => ServerMessage::EncryptedResponse {
            ciphertext: source.short_bytes().to_vec(),
            nonce: vec![0; 12],
        },
        _ => ServerMessage::TypedError {
            error: TypedError::OutOfBandwidth {
                required: 1,
                available: amount,
            },
        },
    }
}

/// To itself, which has it received as well, or to somebody at a gateway that is not listed.
fn send(rig: &mut Rig, source: &mut Source<'_>) {
    let kind = source.byte();
    let body = vec![kind; usize::from(source.number()) % 5000];
    let Some(own) = rig.address() else {
        return;
    };
    let to = Address {
        gateway: if kind.is_multiple_of(8) {
            own.identity
        } else {
            own.gateway
        },
        ..own
    };
    let surbs = u16::from(kind / 8 % 16);
    let id = rig.ask(|client, now| match kind / 128 {
        0 => client.send(now, &to, body),
        _ => client.send_anonymous(now, &to, body, surbs),
    });
    rig.sent.extend(id);
}

fn reply(rig: &mut Rig, source: &mut Source<'_>) {
    let (which, len) = (source.byte(), source.number());
    let tag = rig.tags.iter().nth(usize::from(which % 4)).copied();
    if let Some(tag) = tag {
        let body = vec![which; usize::from(len) % 5000];
        let id = rig.ask(|client, now| client.reply(now, tag, body));
        rig.sent.extend(id);
    }
}

/// A message is tried again, or something rarer.
fn retry_or(rig: &mut Rig, byte: u8) {
    match byte / 64 {
        0 => with_message(rig, byte, |client, now, id| client.retry(now, id)),
        1 => with_message(rig, byte, |client, now, id| client.pause(now, id)),
        2 => with_message(rig, byte, |client, now, id| client.resume(now, id)),
        _ => rig.ask(sotto_core::client::Client::probe),
    }
}

fn with_message(
    rig: &mut Rig,
    which: u8,
    action: impl FnOnce(&mut sotto_core::client::Client, Time, sotto_core::client::MessageId),
) {
    let count = rig.sent.len().max(1);
    if let Some(id) = rig.sent.get(usize::from(which) % count).copied() {
        rig.ask(|client, now| action(client, now, id));
    }
}

/// Back or forth, by up to a day and a half in units of two seconds.
fn clock_set(rig: &mut Rig, source: &mut Source<'_>) {
    let millis = u64::from(source.number()) * 2000;
    let now = rig.now.as_millis();
    rig.now = Time::from_millis(match source.byte() % 2 {
        0 => now.saturating_sub(millis),
        _ => now.saturating_add(millis),
    });
    rig.input(Input::Tick);
}

/// Thinks better of a move, or leaves a gateway for good.
fn leave(rig: &mut Rig, which: u8) {
    if which.is_multiple_of(4) {
        return rig.ask(|client, now| client.stay(now));
    }
    let gateway = NETWORK
        .gateway(usize::from(which) % GATEWAYS)
        .identity_key();
    rig.ask(|client, now| client.leave_gateway(now, &gateway));
}

/// Events of websockets and commits that are long gone, or never were.
fn stale(rig: &mut Rig, kind: u8) {
    let connection = ConnectionId(u64::from(kind / 8) + 1000);
    rig.input(match kind % 4 {
        0 => Input::GatewayOpened { connection },
        1 => Input::GatewayText {
            connection,
            text: "{}".to_owned(),
        },
        2 => Input::GatewayBinary {
            connection,
            bytes: vec![1; 40],
        },
        _ => Input::Saved(sotto_core::client::CommitId(u64::MAX)),
    });
}
