//! What a gateway pushes: acks, cover, fragments, answers, noise.

use crate::source::{Source, rng};
use sotto_core::cover;
use sotto_core::delivery::{self, Delivery};
use sotto_core::fragment::{self, Fragment};
use sotto_core::keys::ClientKeys;
use sotto_core::packet::PacketSize;
use sotto_core::surb::ReplyKey;

pub(crate) fn run(data: &[u8]) -> bool {
    let mut rng = rng();
    let keys = ClientKeys::generate(&mut rng);
    let mut source = Source::new(data);
    match source.byte() % 4 {
        0 => delivery::open(&keys, source.rest(), |_| None) != Delivery::Malformed,
        1 => {
            let content = source.rest();
            let sealed = fragment::seal(&mut rng, &keys.encryption.public_key(), content);
            told_apart(&delivery::open(&keys, &sealed, |_| None), content)
        }
        2 => {
            let key = ReplyKey::from_bytes(source.array());
            let content = source.rest();
            let sealed = fragment::seal_reply(&key, content);
            let opened = delivery::open(&keys, &sealed, |digest| {
                (*digest == key.digest()).then(|| key.clone())
            });
            told_apart(&opened, content)
        }
        _ => {
            let content = changed_cover(source.rest());
            let sealed = fragment::seal(&mut rng, &keys.encryption.public_key(), &content);
            told_apart(&delivery::open(&keys, &sealed, |_| None), &content)
        }
    }
}

/// What was encrypted properly is what it is, whoever made it.
fn told_apart(opened: &Delivery, content: &[u8]) -> bool {
    match opened {
        Delivery::Fragment(fragment) => assert_eq!(fragment.encode(), content),
        Delivery::Cover | Delivery::Probe(_) => {
            assert!(Fragment::decode(content).is_err(), "cover is no fragment");
        }
        Delivery::Malformed => assert!(Fragment::decode(content).is_err()),
        Delivery::Ack(_) => panic!("an ack is never encrypted to a client's key"),
    }
    *opened != Delivery::Malformed
}

/// Cover, with a few bytes changed: position (2 bytes) and value each.
fn changed_cover(changes: &[u8]) -> Vec<u8> {
    let mut content = cover::content(PacketSize::Regular);
    let mut source = Source::new(changes);
    while !source.is_empty() {
        let place = usize::from(source.number()) % content.len();
        content[place] = source.byte();
    }
    content
}
