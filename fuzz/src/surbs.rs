//! SURBs: alone from disk, and in batches of both versions from strangers.

use crate::source::Source;
use sotto_core::packet::{KeyRotation, MixPacket, PacketSize};
use sotto_core::surb::{Surb, SurbBatch};

pub(crate) fn run(data: &[u8]) -> bool {
    let mut source = Source::new(data);
    let kind = source.byte() % 3;
    let data = source.rest();
    match kind {
        0 => Surb::from_record(data).is_ok_and(|surb| {
            assert_eq!(surb.to_record(), data);
            check(&surb, KeyRotation::Odd);
            true
        }),
        1 => {
            SurbBatch::decode_v2(data).is_ok_and(|(batch, rest)| second_version(data, &batch, rest))
        }
        _ => SurbBatch::decode_v1(data).is_ok_and(|(batch, rest)| {
            assert_eq!(rest, &data[data.len() - rest.len()..]);
            assert!(batch.surbs.iter().all(|surb| surb.encode_v2().is_none()));
            check_some(&batch);
            true
        }),
    }
}

fn second_version(data: &[u8], batch: &SurbBatch, rest: &[u8]) -> bool {
    if !batch.surbs.is_empty() {
        let read = &data[..data.len() - rest.len()];
        assert_eq!(batch.encode_v2(), read);
    }
    check_some(batch);
    true
}

fn check_some(batch: &SurbBatch) {
    for surb in batch.surbs.iter().take(2) {
        check(surb, batch.rotation);
    }
}

/// Survives the disk, and makes a packet of the right length wherever it leads.
pub(crate) fn check(surb: &Surb, rotation: KeyRotation) {
    let record = surb.to_record();
    assert_eq!(Surb::from_record(&record).unwrap().to_record(), record);
    for size in [PacketSize::Ack, PacketSize::Regular] {
        let sealed = |len| surb.clone().seal(rotation, size, &vec![7; len]);
        assert!(sealed(size.plaintext_len() + 1).is_err());
        let packet = sealed(size.plaintext_len()).unwrap();
        assert_eq!(packet.packet.len(), size.packet_len());
        assert_eq!(MixPacket::decode_v2(&packet.encode_v2()), Ok(packet));
    }
}
