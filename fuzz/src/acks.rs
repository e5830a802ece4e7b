//! What comes back from a recipient's gateway.

use crate::source::Source;
use sotto_core::ack::{self, ACK_LEN, Acknowledged};
use sotto_core::crypto::aes_ctr;
use sotto_core::fragment::FragmentId;
use sotto_core::keys::AckKey;

pub(crate) fn run(data: &[u8]) -> bool {
    let key = AckKey::from_bytes([9; 16]);
    let mut source = Source::new(data);
    let iv: [u8; 16] = source.array();
    let identifier: [u8; 5] = source.array();
    let raw = [iv.as_slice(), &identifier].concat();
    let _ = ack::open(&key, &raw.try_into().unwrap());
    let read = ack::open(&key, &sealed(&key, iv, identifier));
    let expected = match identifier {
        [0, 0, 0, 0, 0] => Some(Acknowledged::Cover),
        _ => FragmentId::from_bytes(identifier).map(Acknowledged::Fragment),
    };
    assert_eq!(read, expected);
    if let Some(Acknowledged::Fragment(id)) = read {
        assert_eq!(id.to_bytes(), identifier);
    }
    read.is_some()
}

/// As the owner of the key would have made it, with any identifier.
fn sealed(key: &AckKey, iv: [u8; 16], mut identifier: [u8; 5]) -> [u8; ACK_LEN] {
    aes_ctr(key.as_bytes(), &iv, &mut identifier);
    [iv.as_slice(), &identifier].concat().try_into().unwrap()
}
