//! Envelopes between Sotto peers: raw, and signed ones of which something was changed.

use crate::source::{Source, rng};
use sotto_core::address::Address;
use sotto_core::envelope::{Envelope, Opened, Origin};
use sotto_core::keys::ClientKeys;

pub(crate) fn run(data: &[u8]) -> bool {
    let keys = ClientKeys::generate(&mut rng());
    let mut source = Source::new(data);
    if source.byte().is_multiple_of(2) {
        raw(&keys, source.rest())
    } else {
        changed(&keys, source)
    }
}

/// The only person there is, who writes to itself.
pub(crate) fn address(keys: &ClientKeys) -> Address {
    let identity = keys.signing.identity_key();
    Address {
        identity,
        encryption: keys.encryption.public_key(),
        gateway: identity,
    }
}

fn sign(keys: &ClientKeys, sender: &Address, envelope: &Envelope) -> Vec<u8> {
    let signed = envelope.write_signed(sender, &keys.signing, &keys.public());
    signed.unwrap()
}

/// There is one way to write each envelope.
fn raw(keys: &ClientKeys, data: &[u8]) -> bool {
    let Some(Ok(Opened { envelope, origin })) = Envelope::read(data, &keys.public()) else {
        return false;
    };
    let written = match origin {
        Origin::Unsigned => envelope.write().unwrap(),
        Origin::Signed(sender) => {
            assert_eq!(sender.identity, keys.signing.identity_key());
            sign(keys, &sender, &envelope)
        }
    };
    assert_eq!(written, data);
    true
}

/// Any envelope, signed; then bits of it changed.
fn changed(keys: &ClientKeys, mut source: Source<'_>) -> bool {
    let (place, mask) = (usize::from(source.number()), source.byte());
    let Some(Ok(opened)) = Envelope::read(source.rest(), &keys.public()) else {
        return false;
    };
    let sender = address(keys);
    let mut bytes = sign(keys, &sender, &opened.envelope);
    let place = place % bytes.len();
    bytes[place] ^= mask;
    match Envelope::read(&bytes, &keys.public()) {
        Some(Ok(read)) if mask == 0 => {
            assert_eq!(read.envelope, opened.envelope);
            assert_eq!(read.origin, Origin::Signed(sender));
        }
        Some(Ok(read)) => assert_eq!(read.origin, Origin::Unsigned),
        _ => assert_ne!(mask, 0),
    }
    true
}
