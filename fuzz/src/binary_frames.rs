//! Binary frames between client and gateway, and what stands encrypted in them.

use crate::source::Source;
use sotto_core::gateway::binary::{self, BinaryError, PacketVersion};
use sotto_core::gateway::{NONCE_LEN, SharedKey};
use sotto_core::packet::MixPacket;

pub(crate) fn run(data: &[u8]) -> bool {
    let key = SharedKey::from_bytes([2; 32]);
    // Nobody else has the key: whatever they send is refused.
    assert!(binary::decode_push(&key, data).is_err());
    assert!(binary::decode_request(&key, data).is_err());
    let mut source = Source::new(data);
    let kind = source.byte();
    sealed(&key, kind, source.rest())
}

/// What the other side, which has the key, can say.
fn sealed(key: &SharedKey, kind: u8, content: &[u8]) -> bool {
    let nonce = [3; NONCE_LEN];
    let ciphertext = key.encrypt(&nonce, content);
    let frame = [&[kind, 1], nonce.as_slice(), &ciphertext].concat();
    match binary::decode_push(key, &frame) {
        Ok(delivery) => assert_eq!((kind, delivery.as_slice()), (1, content)),
        Err(error) => assert_eq!(error, BinaryError::Kind(kind)),
    }
    let Ok(packet) = binary::decode_request(key, &frame) else {
        return kind == 1;
    };
    let version = [PacketVersion::V1, PacketVersion::V2][usize::from(kind) - 1];
    let again = binary::encode_request(version, key, nonce, &packet);
    assert_eq!(again, frame);
    in_both_layouts(&packet);
    true
}

/// The second layout loses nothing, the first the rotation alone.
fn in_both_layouts(packet: &MixPacket) {
    assert_eq!(
        MixPacket::decode_v2(&packet.encode_v2()).as_ref(),
        Ok(packet)
    );
    let read = MixPacket::decode_v1(&packet.encode_v1()).unwrap();
    assert_eq!(
        (&read.next_hop, &read.packet),
        (&packet.next_hop, &packet.packet)
    );
}
