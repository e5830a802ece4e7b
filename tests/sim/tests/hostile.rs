//! What strangers, gateways and clocks may do to a client without harming it.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that panics has failed"
)]

use proptest::collection::vec;
use proptest::prelude::*;
use sotto_core::address::Address;
use sotto_core::client::{CommitId, Config, ConnectionId, DeliveryState, Input, MessageId, Store};
use sotto_core::fragment::{self, MAX_HELD_BYTES};
use sotto_core::gateway::message::{ServerMessage, TypedError};
use sotto_core::topology::DirectoryReplies;
use sotto_sim::{Gateway, Host, Manners, World};
use std::time::Duration;

const PATIENCE: Duration = Duration::from_secs(120);

fn body(len: usize) -> Vec<u8> {
    (0..len).map(|i| (i * 31 % 251) as u8).collect()
}

fn pair(seed: u8) -> World {
    let mut world = World::new(seed);
    world.add_host(Config::default());
    world.add_host(Config::default());
    world.run_until_online();
    world.run_for(Duration::from_secs(1));
    world
}

fn at_gateway(world: &mut World, from: usize, id: MessageId) {
    world.run_until(PATIENCE, |world| {
        world.hosts[from].state(id) == Some(&DeliveryState::AtGateway)
    });
}

/// Hands a client something as if it had come through the mixnet.
fn deliver(world: &mut World, to: &Address, delivery: Vec<u8>) {
    let gateway = world
        .gateways
        .iter()
        .find(|gateway| gateway.identity() == to.gateway);
    let at = gateway.unwrap().address;
    Gateway::arrived(world, at, *to.identity.as_bytes(), delivery);
}

/// Encrypts properly to a client what may make no sense.
fn sealed(world: &mut World, to: &Address, content: &[u8]) -> Vec<u8> {
    fragment::seal(&mut world.rng, &to.encryption, content)
}

/// An encoded fragment, good or not.
fn raw_fragment(set: u32, total: u8, number: u8, link: Option<u32>, payload: &[u8]) -> Vec<u8> {
    let mut bytes = (set | 0x8000_0000).to_be_bytes().to_vec();
    bytes.extend([total, number]);
    match link {
        None => bytes.push(0),
        Some(link) => bytes.extend((link | 0x8000_0000).to_be_bytes()),
    }
    bytes.extend(payload);
    bytes
}

// --- strangers ----------------------------------------------------------------------------------

#[derive(Clone, Debug)]
enum Nonsense {
    /// Bytes that were never encrypted to anybody.
    Noise(Vec<u8>),
    /// Twenty-one bytes: an ack of who knows what.
    Ack([u8; 21]),
    /// Encrypted, but no fragment.
    Content(Vec<u8>),
    /// A fragment with any header and any payload.
    Fragment {
        set: u32,
        total: u8,
        number: u8,
        link: Option<u32>,
        payload: Vec<u8>,
    },
}

fn nonsense() -> impl Strategy<Value = Nonsense> {
    let few = || {
        prop_oneof![
            Just(1_u8),
            Just(2),
            Just(3),
            Just(254),
            Just(255),
            any::<u8>()
        ]
    };
    let fragment = (
        0..4_u32,
        few(),
        few(),
        proptest::option::of(0..4_u32),
        vec(0..3_u8, 0..30),
    );
    prop_oneof![
        vec(any::<u8>(), 0..100).prop_map(Nonsense::Noise),
        any::<[u8; 21]>().prop_map(Nonsense::Ack),
        vec(any::<u8>(), 0..100).prop_map(Nonsense::Content),
        fragment.prop_map(|(set, total, number, link, payload)| {
            Nonsense::Fragment {
                set,
                total,
                number,
                link,
                payload,
            }
        }),
    ]
}

impl Nonsense {
    fn delivery(self, world: &mut World, to: &Address) -> Vec<u8> {
        match self {
            Self::Noise(bytes) => bytes,
            Self::Ack(bytes) => bytes.to_vec(),
            Self::Content(bytes) => sealed(world, to, &bytes),
            Self::Fragment {
                set,
                total,
                number,
                link,
                payload,
            } => sealed(world, to, &raw_fragment(set, total, number, link, &payload)),
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 40, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_message_arrives_among_any_nonsense_that_strangers_send(
        noise in vec(nonsense(), 0..120), seed in 0..8_u8,
    ) {
        let mut world = pair(seed);
        let to = world.hosts[1].client().address().unwrap();
        let id = world.send(0, 1, &body(20_000));
        for nonsense in noise {
            let delivery = nonsense.delivery(&mut world, &to);
            deliver(&mut world, &to, delivery);
            world.run_for(Duration::from_millis(1));
        }
        at_gateway(&mut world, 0, id);
        world.run_for(Duration::from_secs(5));
        let ours = world.hosts[1].received.iter().filter(|got| **got == body(20_000)).count();
        prop_assert_eq!(ours, 1);
        // What was kept survives a restart.
        world.kill(1);
        world.start(1);
        world.run_until_online();
    }
}

#[test]
fn contradictory_sets_are_dropped_counted_and_leave_nothing() {
    let mut world = pair(1);
    let to = world.hosts[1].client().address().unwrap();
    let give = |world: &mut World, set, total, number, link: Option<u32>| {
        let delivery = sealed(
            world,
            &to,
            &raw_fragment(set, total, number, link, &[7; 20]),
        );
        deliver(world, &to, delivery);
    };
    // A total that changes.
    give(&mut world, 1, 2, 1, None);
    give(&mut world, 1, 3, 2, None);
    // A whole set without an end mark.
    give(&mut world, 2, 2, 1, None);
    give(&mut world, 2, 2, 2, None);
    // Two sets that each come before the other.
    for number in 1..=255 {
        let end = matches!(number, 1 | 255);
        give(&mut world, 3, 255, number, end.then_some(4));
        give(&mut world, 4, 255, number, end.then_some(3));
    }
    world.run_for(Duration::from_secs(1));
    let statistics = world.hosts[1].client().statistics();
    assert_eq!(statistics.malformed, 3, "{statistics:?}");
    assert!(world.hosts[1].received.is_empty());
    world.run_for(Duration::from_secs(49 * 3600));
    assert_eq!(world.hosts[1].count(Store::Fragment), 0);
}

#[test]
fn a_flood_of_sets_that_are_never_finished_keeps_memory_and_disk_bounded() {
    /// What a set with a single byte is charged at the least.
    const CHARGE: usize = 1024;
    let mut world = pair(2);
    let to = world.hosts[1].client().address().unwrap();
    // A stream cipher: zeros encrypted once are the keystream for everything.
    let keystream = sealed(&mut world, &to, &[0; 8]);
    for set in 1..=(MAX_HELD_BYTES / CHARGE * 5 / 4) as u32 {
        let mut delivery = keystream.clone();
        let content = raw_fragment(set, 255, 1, None, &[7]);
        delivery[32..]
            .iter_mut()
            .zip(content)
            .for_each(|(byte, plain)| *byte ^= plain);
        deliver(&mut world, &to, delivery);
        if set % 1000 == 0 {
            world.run_for(Duration::from_millis(100));
        }
    }
    world.run_for(Duration::from_secs(1));
    let kept = world.hosts[1].count(Store::Fragment);
    assert!(
        kept > 0 && kept <= MAX_HELD_BYTES / CHARGE,
        "{kept} fragments are kept"
    );
    let id = world.send(0, 1, &body(5000));
    at_gateway(&mut world, 0, id);
    world.run_for(Duration::from_secs(1));
    assert_eq!(world.hosts[1].received, [body(5000)]);
}

// --- gateways -----------------------------------------------------------------------------------

fn server_message() -> impl Strategy<Value = ServerMessage> {
    let data = || vec(any::<u8>(), 0..130);
    let number = || {
        prop_oneof![
            Just(0_i64),
            Just(-1),
            Just(i64::MAX),
            Just(i64::MIN),
            any::<i64>()
        ]
    };
    let any_error = prop_oneof![
        (number(), number()).prop_map(|(required, available)| TypedError::OutOfBandwidth {
            required,
            available
        }),
        Just(TypedError::TicketReplay),
    ];
    prop_oneof![
        any::<u8>().prop_map(|version| ServerMessage::SupportedProtocol { version }),
        (any::<u8>(), data()).prop_map(|(protocol_version, data)| {
            ServerMessage::HandshakePayload {
                protocol_version,
                data,
            }
        }),
        Just(ServerMessage::HandshakePayload {
            protocol_version: 6,
            data: vec![1]
        }),
        "\\PC{0,300}".prop_map(|message| ServerMessage::HandshakeError { message }),
        "\\PC{0,300}".prop_map(|message| ServerMessage::Error { message }),
        any::<bool>().prop_map(|status| ServerMessage::Register {
            protocol_version: 6,
            status,
            upgrade_mode: false,
        }),
        (any::<bool>(), number()).prop_map(|(status, bandwidth_remaining)| {
            ServerMessage::Authenticate {
                protocol_version: 6,
                status,
                bandwidth_remaining,
                upgrade_mode: true,
            }
        }),
        number().prop_map(|available_total| ServerMessage::Bandwidth {
            available_total,
            upgrade_mode: false,
        }),
        number().prop_map(|remaining_bandwidth| ServerMessage::Send {
            remaining_bandwidth,
            upgrade_mode: false,
        }),
        (data(), data())
            .prop_map(|(ciphertext, nonce)| ServerMessage::EncryptedResponse { ciphertext, nonce }),
        any_error.prop_map(|error| ServerMessage::TypedError { error }),
    ]
}

/// Something that may happen to a client at any moment, sense or not.
fn any_input() -> impl Strategy<Value = Input> {
    let connection = || (0..8_u64).prop_map(ConnectionId);
    let text = prop_oneof![
        4 => server_message().prop_map(|message| message.to_json()),
        1 => "\\PC{0,100}",
        1 => Just(r#"{"type":"tomorrow"}"#.to_owned()),
    ];
    prop_oneof![
        6 => (connection(), text).prop_map(|(connection, text)| {
            Input::GatewayText { connection, text }
        }),
        2 => (connection(), vec(any::<u8>(), 0..60)).prop_map(|(connection, bytes)| {
            Input::GatewayBinary { connection, bytes }
        }),
        1 => connection().prop_map(|connection| Input::GatewayOpened { connection }),
        1 => (connection(), "\\PC{0,300}").prop_map(|(connection, reason)| {
            Input::GatewayClosed { connection, reason }
        }),
        1 => (1000..u64::MAX).prop_map(|id| Input::Saved(CommitId(id))),
        1 => (1000..u64::MAX).prop_map(|id| Input::SaveFailed(CommitId(id), "no".into())),
        1 => Just(Input::TopologyFailed("no".into())),
        1 => Just(Input::TopologyFetched(DirectoryReplies::default())),
        1 => Just(Input::NetworkChanged),
        1 => Just(Input::Tick),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 60, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_client_survives_any_inputs_and_comes_back(
        script in vec((any_input(), 0..2000_u64), 0..60), seed in 0..8_u8, fresh in any::<bool>(),
    ) {
        let mut world = if fresh { World::new(seed) } else { pair(seed) };
        while world.hosts.len() < 2 {
            world.add_host(Config::default());
        }
        for (input, pause) in script {
            world.act(0, |client, now| client.handle(now, input));
            world.run_for(Duration::from_millis(pause));
        }
        world.run_until(Duration::from_secs(600), |world| {
            world.hosts.iter().all(|host| host.connection.is_some() && host.is_online())
        });
        world.run_for(Duration::from_secs(1));
        let id = world.send(0, 1, &body(3000));
        world.run_until(Duration::from_secs(600), |world| {
            world.hosts[0].state(id) == Some(&DeliveryState::AtGateway)
        });
        world.run_for(Duration::from_secs(5));
        prop_assert_eq!(&world.hosts[1].received, &[body(3000)]);
    }
}

#[test]
fn a_gateway_that_never_confirms_packets_counts_as_silent() {
    let mut world = pair(3);
    world
        .gateways
        .iter_mut()
        .for_each(|gateway| gateway.manners = Manners::NeverConfirms);
    let id = world.send(0, 1, &body(200_000));
    world.run_until(PATIENCE, |world| {
        world.hosts[0].problem() == Some("gateway.silent")
    });
    world
        .gateways
        .iter_mut()
        .for_each(|gateway| gateway.manners = Manners::Good);
    at_gateway(&mut world, 0, id);
}

#[test]
fn a_claim_that_is_never_answered_is_made_again() {
    let mut world = pair(4);
    let manners = |world: &mut World, manners| {
        world
            .gateways
            .iter_mut()
            .for_each(|gateway| gateway.manners = manners);
    };
    manners(&mut world, Manners::IgnoresClaims);
    world.reconnect(0);
    let id = world.send(0, 1, &body(100));
    world.run_for(Duration::from_secs(20));
    manners(&mut world, Manners::Good);
    world.run_until(Duration::from_secs(400), |world| {
        world.hosts[0].state(id) == Some(&DeliveryState::AtGateway)
    });
}

#[test]
fn a_gateway_that_gives_little_bandwidth_is_not_asked_all_the_time() {
    let mut world = pair(5);
    for gateway in &mut world.gateways {
        gateway.allowance = 1_000_000;
        gateway.claims = 0;
    }
    world.reconnect(0);
    world.run_for(Duration::from_secs(600));
    let claims: usize = world.gateways.iter().map(|gateway| gateway.claims).sum();
    assert!(
        claims <= 10,
        "{claims} claims in ten minutes, and nothing was sent"
    );
}

/// Hosts until there are two at one gateway and one at the other: their numbers, the lone last.
fn two_and_one(world: &mut World) -> [usize; 3] {
    loop {
        let host = world.add_host(Config::default());
        world.run_until_online();
        world.run_for(Duration::from_secs(1));
        let of = |host: &Host| host.client().address().unwrap().gateway;
        let first = of(&world.hosts[0]);
        let (same, other): (Vec<_>, Vec<_>) =
            (0..=host).partition(|host| of(&world.hosts[*host]) == first);
        if let ([a, b, ..], [c, ..]) = (same.as_slice(), other.as_slice()) {
            return [*a, *b, *c];
        }
        if let ([a, ..], [b, c, ..]) = (same.as_slice(), other.as_slice()) {
            return [*b, *c, *a];
        }
    }
}

#[test]
fn a_long_message_to_a_dead_gateway_does_not_hold_up_the_others() {
    let mut world = World::new(6);
    let [sender, friend, lost] = two_and_one(&mut world);
    let dead = world.hosts[lost].client().address().unwrap().gateway;
    for gateway in &mut world.gateways {
        if gateway.identity() == dead {
            gateway.manners = Manners::Deaf;
        }
    }
    world.send(sender, lost, &body(1_000_000));
    world.run_for(Duration::from_secs(10));
    let id = world.send(sender, friend, &body(5000));
    world.run_until(Duration::from_secs(60), |world| {
        world.hosts[sender].state(id) == Some(&DeliveryState::AtGateway)
    });
}

#[test]
fn a_huge_text_frame_is_refused_unread() {
    let mut world = pair(7);
    let texts = [
        format!(
            r#"{{"type":"tomorrow","data":[{}0]}}"#,
            "0,".repeat(2_000_000)
        ),
        format!(
            r#"{{"type":"send","remaining_bandwidth":1,"x":"{}"}}"#,
            "x".repeat(2_000_000)
        ),
    ];
    for text in texts {
        let before = world.hosts[0].client().statistics();
        for connection in (0..20).map(ConnectionId) {
            let text = text.clone();
            world.act(0, |client, now| {
                client.handle(now, Input::GatewayText { connection, text });
            });
        }
        assert_eq!(world.hosts[0].client().statistics(), before);
        assert_eq!(world.hosts[0].problem(), Some("gateway.garbage"));
        world.run_until_online();
    }
}

// --- the own side -------------------------------------------------------------------------------

#[test]
fn a_message_taken_back_before_it_is_on_disk_never_leaves() {
    let mut world = pair(8);
    let to = world.hosts[1].client().address().unwrap();
    let id = world.act(0, |client, now| {
        let id = client.send(now, &to, body(100)).unwrap();
        client.cancel(now, id);
        id
    });
    world.run_for(Duration::from_secs(30));
    assert!(world.hosts[1].received.is_empty());
    assert!(matches!(
        world.hosts[0].state(id),
        None | Some(DeliveryState::Failed(_))
    ));
    assert_eq!(world.hosts[0].count(Store::Outbox), 0);
}

#[test]
fn a_clock_that_is_set_back_by_a_day_costs_minutes_at_most() {
    let mut world = pair(9);
    world.stop_gateway(0);
    world.stop_gateway(1);
    world.run_for(Duration::from_secs(100));
    assert!(!world.hosts[0].is_online());
    let id = world.send(0, 1, &body(100));
    for host in &mut world.hosts {
        host.set_clock(-86_400_000);
    }
    world.start_gateways();
    world.run_until(Duration::from_secs(300), |world| {
        world.hosts[0].state(id) == Some(&DeliveryState::AtGateway)
    });
}

#[test]
fn debug_output_shows_neither_keys_nor_messages() {
    let mut world = World::new(10);
    world.add_host(Config::default());
    // Before the first commit is durable the identity itself waits in memory.
    let mut shown = format!("{:?}", world.hosts[0].client());
    world.add_host(Config::default());
    world.run_until_online();
    let secret = b"attack at dawn";
    let to = world.hosts[1].client().address().unwrap();
    world.act(0, |client, now| {
        client.send(now, &to, secret.to_vec()).unwrap()
    });
    shown += &format!("{:?}", world.hosts[0].client());
    world.run_for(Duration::from_millis(6));
    shown += &format!("{:?}", world.hosts[0].client());
    let part = raw_fragment(9, 2, 1, None, secret);
    let delivery = sealed(&mut world, &to, &part);
    deliver(&mut world, &to, delivery);
    world.run_for(Duration::from_millis(4));
    shown += &format!("{:?}", world.hosts[1].client());
    let secrets: Vec<Vec<u8>> = world
        .hosts
        .iter()
        .flat_map(|host| {
            host.values(Store::Identity)
                .chain(host.values(Store::Registration))
        })
        .map(|value| value[2..].to_vec())
        .chain([secret.to_vec()])
        .collect();
    for secret in secrets {
        // Eight bytes in a row as a list of numbers is what a derived Debug would show.
        for part in secret.chunks_exact(8) {
            let list = format!("{part:?}");
            let inner = list.trim_matches(['[', ']']);
            assert!(!shown.contains(inner), "{inner} is shown");
        }
    }
}

#[test]
fn an_address_once_told_stays_whatever_happens_while_registering() {
    let mut told_late = 0;
    for millis in 0..120 {
        let mut world = World::new(12 + (millis % 3) as u8);
        world.add_host(Config::default());
        world.run_for(Duration::from_millis(millis / 2));
        told_late += usize::from(world.hosts[0].addresses.is_empty());
        // The disk hangs and the connection breaks: another gateway may be tried meanwhile.
        world.hosts[0].disk_full = true;
        world.run_for(Duration::from_millis(15));
        world.reconnect(0);
        world.run_for(Duration::from_secs(1));
        world.hosts[0].disk_full = false;
        world.run_until_online();
        world.run_for(Duration::from_secs(5));
        world.kill(0);
        world.start(0);
        world.run_until(PATIENCE, |world| {
            world.hosts[0].connection.is_some() && world.hosts[0].is_online()
        });
        let addresses = &world.hosts[0].addresses;
        assert!(
            addresses.iter().all(|address| *address == addresses[0]),
            "broken after {millis} ms: {addresses:?}"
        );
        assert_eq!(world.hosts[0].client().statistics().damaged_records, 0);
    }
    assert!(told_late > 5, "no run was cut while registering");
}
