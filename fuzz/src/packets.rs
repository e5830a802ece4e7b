//! Sphinx packets, as nodes take them from anybody.

use crate::source::{Source, rng};
use sotto_core::ChaCha20Rng;
use sotto_core::ack::SURB_ACK_LEN;
use sotto_core::address::NodeAddress;
use sotto_core::keys::{EncryptionKey, EncryptionSecret, SigningKey};
use sotto_core::node::{self, MAX_DELAY, NodeError, Unwrapped};
use sotto_core::packet::{self, Hop, Journey, PacketSize};
use std::time::Duration;

pub(crate) fn run(data: &[u8]) -> bool {
    let mut rng = rng();
    let secret = EncryptionSecret::generate(&mut rng);
    let mut source = Source::new(data);
    match source.byte() % 4 {
        0 => node::unwrap(source.rest(), &secret).is_ok(),
        1 => any_content(&mut rng, &secret, source),
        2 => changed(&mut rng, &secret, source),
        _ => any_route(&mut rng, source),
    }
}

fn hop(address: NodeAddress, key: EncryptionKey) -> Hop {
    Hop { address, key }
}

fn journey(rng: &mut ChaCha20Rng, route: &[Hop], mean: Duration) -> Journey {
    let destination = SigningKey::generate(rng).identity_key();
    Journey::draw(rng, route, destination, mean)
}

fn one_hop(rng: &mut ChaCha20Rng, secret: &EncryptionSecret) -> Journey {
    let address = NodeAddress(([127, 0, 0, 1], 1789).into());
    journey(rng, &[hop(address, secret.public_key())], Duration::ZERO)
}

fn some_size(source: &mut Source<'_>) -> PacketSize {
    PacketSize::ALL[usize::from(source.byte()) % 5]
}

/// Anybody can wrap anything for a node properly.
fn any_content(rng: &mut ChaCha20Rng, secret: &EncryptionSecret, mut source: Source<'_>) -> bool {
    let journey = one_hop(rng, secret);
    let size = some_size(&mut source);
    let plaintext = source.rest();
    let Ok(packet) = packet::build(rng, &journey, size, plaintext) else {
        assert!(plaintext.len() > size.plaintext_len());
        return false;
    };
    match node::unwrap(&packet, secret).map(|unwrapped| unwrapped.hop) {
        Ok(node::Hop::Final { delivery, ack, .. }) => match ack {
            None => assert_eq!((size, delivery.as_slice()), (PacketSize::Ack, plaintext)),
            Some((_, ack)) => {
                assert_eq!(delivery, plaintext[SURB_ACK_LEN..]);
                assert_eq!(ack, plaintext[19..SURB_ACK_LEN]);
                return true;
            }
        },
        Ok(forward) => panic!("there is no next hop: {forward:?}"),
        Err(error) => assert_eq!(error, NodeError::Ack),
    }
    size == PacketSize::Ack
}

/// A change is noticed at once in the header, and in the payload by the last node.
fn changed(rng: &mut ChaCha20Rng, secret: &EncryptionSecret, mut source: Source<'_>) -> bool {
    let journey = one_hop(rng, secret);
    let good = packet::build(rng, &journey, PacketSize::Ack, &[1; 21]).unwrap();
    let mut packet = good.clone();
    while !source.is_empty() {
        let place = usize::from(source.number()) % packet.len();
        packet[place] ^= source.byte();
    }
    let unwrapped = node::unwrap(&packet, secret);
    // x25519 does not look at the top bit of a key.
    packet[31] &= 0x7f;
    assert_eq!(unwrapped.is_ok(), packet == good);
    unwrapped.is_ok()
}

/// A route over any nodes: it can be built or not, and each of its nodes waits for a bounded time.
fn any_route(rng: &mut ChaCha20Rng, mut source: Source<'_>) -> bool {
    let hops = usize::from(source.byte()) % 8;
    let mean = Duration::from_secs(u64::from(source.number()));
    let secrets: Vec<_> = (0..hops)
        .map(|_| EncryptionSecret::from_bytes(&source.array()))
        .collect();
    let route: Vec<_> = secrets
        .iter()
        .map(|secret| {
            let address = NodeAddress::decode(&source.array::<19>());
            let address = address.map_or(([0, 0, 0, 0], 0).into(), |(address, _)| address.0);
            hop(NodeAddress(address), secret.public_key())
        })
        .collect();
    let journey = journey(rng, &route, mean);
    let Ok(packet) = packet::build(rng, &journey, PacketSize::Regular, source.rest()) else {
        return false;
    };
    assert!((1..=5).contains(&hops));
    assert_eq!(packet.len(), PacketSize::Regular.packet_len());
    travel(packet, &route, &secrets);
    true
}

fn travel(mut packet: Vec<u8>, route: &[Hop], secrets: &[EncryptionSecret]) {
    for (place, secret) in secrets.iter().enumerate() {
        match node::unwrap(&packet, secret) {
            Ok(Unwrapped {
                hop:
                    node::Hop::Forward {
                        next,
                        delay,
                        packet: inner,
                    },
                ..
            }) => {
                assert_eq!(Some(next), route.get(place + 1).map(|hop| hop.address));
                assert!(delay <= MAX_DELAY);
                packet = inner;
            }
            Ok(_) | Err(NodeError::Ack) => assert_eq!(place + 1, route.len()),
            Err(error) => panic!("hop {place} of {}: {error}", route.len()),
        }
    }
}
