//! How a message is cut and put together (protocol.md 4.2-4.4, 5.3; pitfalls 9 and 10).

use crate::fixture::{body, rng};
use crate::packets::SIZES;
use nym_sphinx::chunking::fragment::Fragment as TheirFragment;
use nym_sphinx::chunking::number_of_required_fragments;
use nym_sphinx::chunking::reconstruction::MessageReconstructor;
use nym_sphinx::message::{NymMessage as TheirMessage, PaddedMessage};
use nym_sphinx::params::PacketSize as TheirPacketSize;
use proptest::prelude::*;
use rand::seq::SliceRandom;
use rand_chacha::ChaCha20Rng;
use sotto_core::fragment::{Arrival, Fragment, Reassembly, SetId, Split, fragment_len};
use sotto_core::message::NymMessage;
use sotto_core::packet::PacketSize;
use sotto_core::time::Time;

const NOW: Time = Time::from_millis(1_767_225_600_000);

/// Everything between one fragment and three sets, as lengths of the padded message, in terms of
/// what an unlinked fragment holds.
fn borders(unlinked: usize) -> Vec<usize> {
    let full = 255 * unlinked;
    let (outer, inner) = (full - 3, full - 6);
    let whole = [
        unlinked,
        2 * unlinked,
        254 * unlinked,
        full,
        2 * outer,
        2 * outer + inner,
    ];
    // A second set whose first, linked fragment is just full, and one that holds one more.
    let linked = [outer + unlinked - 3, outer + 2 * unlinked - 3];
    whole
        .into_iter()
        .chain(linked)
        .flat_map(|len| [len - 1, len, len + 1])
        .collect()
}

/// Lengths of application bodies at every border: type byte and end mark taken off.
fn bodies(size: PacketSize) -> Vec<usize> {
    let unlinked = fragment_len(size) - 7;
    [0, 1, 2]
        .into_iter()
        .chain(borders(unlinked).into_iter().map(|len| len - 2))
        .collect()
}

fn data_sizes() -> impl Iterator<Item = (PacketSize, TheirPacketSize)> {
    SIZES
        .into_iter()
        .filter(|(size, _)| *size != PacketSize::Ack)
}

/// Cut by us: encoded fragments.
fn cut_by_us(rng: &mut ChaCha20Rng, body: &[u8], size: PacketSize) -> Vec<Vec<u8>> {
    let message = NymMessage::encode_plain(body);
    let mut ids = Vec::new();
    for _ in 0..Split::sets_needed(message.len(), size) {
        ids.push(SetId::draw(rng, ids.last().copied()));
    }
    let split = Split::new(message.len(), size, ids).unwrap();
    (0..split.count())
        .map(|i| split.fragment(&message, i).unwrap().encode())
        .collect()
}

/// Cut by the official code: encoded fragments.
fn cut_by_them(rng: &mut ChaCha20Rng, body: &[u8], size: TheirPacketSize) -> Vec<Vec<u8>> {
    let message = TheirMessage::new_plain(body.to_vec());
    let room = message.available_sphinx_plaintext_per_packet(size);
    let padded = message.pad_to_full_packet_lengths(room);
    padded
        .split_into_fragments(rng, room)
        .into_iter()
        .map(TheirFragment::into_bytes)
        .collect()
}

/// Shuffles, and repeats a tenth of the pieces.
fn jumble(rng: &mut ChaCha20Rng, mut pieces: Vec<Vec<u8>>) -> Vec<Vec<u8>> {
    let last = pieces.pop().unwrap();
    let again: Vec<_> = pieces.iter().step_by(10).cloned().collect();
    pieces.extend(again);
    pieces.shuffle(rng);
    pieces.push(last);
    pieces
}

/// Read by the official code.
fn read_by_them(pieces: Vec<Vec<u8>>) -> Vec<u8> {
    let mut reconstructor = MessageReconstructor::new();
    let mut whole = None;
    for piece in pieces {
        assert!(
            whole.is_none(),
            "the message was whole before its last fragment"
        );
        let fragment = TheirFragment::try_from_bytes(&piece).unwrap();
        whole = reconstructor.insert_new_fragment(fragment);
    }
    let (padded, _) = whole.expect("the official code has not put the message together");
    let message = PaddedMessage::new_reconstructed(padded)
        .remove_padding()
        .unwrap();
    let TheirMessage::Plain(body) = message else {
        panic!("not a plain message")
    };
    body
}

/// Read by us.
fn read_by_us(pieces: Vec<Vec<u8>>) -> Vec<u8> {
    let mut reassembly = Reassembly::default();
    let mut whole = None;
    for piece in pieces {
        assert!(
            whole.is_none(),
            "the message was whole before its last fragment"
        );
        match reassembly.insert(NOW, Fragment::decode(&piece).unwrap()) {
            Arrival::Complete(complete) => whole = Some(complete.message),
            Arrival::Refused { why, .. } => panic!("{why:?}"),
            Arrival::Held | Arrival::Duplicate => {}
        }
    }
    assert_eq!(reassembly.held_bytes(), 0);
    let whole = whole.expect("we have not put the message together");
    let NymMessage::Plain(body) = NymMessage::decode(&whole).unwrap() else {
        panic!("not a plain message")
    };
    body
}

#[test]
fn both_cut_a_message_into_the_same_number_of_fragments_at_every_border() {
    for (ours, theirs) in data_sizes() {
        for len in bodies(ours) {
            let message = TheirMessage::new_plain(vec![0; len]);
            let room = message.available_sphinx_plaintext_per_packet(theirs);
            let (count, _) = number_of_required_fragments(len + 2, room);
            let ids = (1..).map_while(SetId::new);
            let ids = ids.take(Split::sets_needed(len + 1, ours)).collect();
            let split = Split::new(len + 1, ours, ids).unwrap();
            assert_eq!(split.count(), count, "{len} bytes in {ours:?}");
        }
    }
}

#[test]
fn the_official_code_reads_what_we_cut_at_every_border_in_any_order() {
    let mut rng = rng(1);
    for (size, _) in data_sizes() {
        for len in bodies(size) {
            let body = body(len);
            let pieces = cut_by_us(&mut rng, &body, size);
            let full = fragment_len(size);
            assert!(
                pieces.iter().all(|piece| piece.len() == full),
                "{len} bytes in {size:?}"
            );
            assert!(
                read_by_them(jumble(&mut rng, pieces)) == body,
                "{len} bytes in {size:?}"
            );
        }
    }
}

#[test]
fn we_read_what_the_official_code_cuts_at_every_border_in_any_order() {
    let mut rng = rng(2);
    for (size, theirs) in data_sizes() {
        for len in bodies(size) {
            let body = body(len);
            let pieces = cut_by_them(&mut rng, &body, theirs);
            assert!(
                read_by_us(jumble(&mut rng, pieces)) == body,
                "{len} bytes in {size:?}"
            );
        }
    }
}

/// Beside the ids, which are random, the cut itself is the same.
#[test]
fn both_put_the_same_bytes_into_the_same_places() {
    for (size, theirs) in data_sizes() {
        for len in bodies(size) {
            let body = body(len);
            let ours = cut_by_us(&mut rng(3), &body, size);
            let theirs = cut_by_them(&mut rng(3), &body, theirs);
            assert_eq!(ours.len(), theirs.len());
            for (ours, theirs) in ours.iter().zip(&theirs) {
                let (ours, theirs) = (
                    Fragment::decode(ours).unwrap(),
                    Fragment::decode(theirs).unwrap(),
                );
                assert_eq!(ours.total(), theirs.total());
                assert_eq!(ours.id().number, theirs.id().number);
                assert_eq!(ours.previous().is_some(), theirs.previous().is_some());
                assert_eq!(ours.next().is_some(), theirs.next().is_some());
                assert!(
                    ours.payload() == theirs.payload(),
                    "{len} bytes in {size:?}"
                );
            }
        }
    }
}

#[test]
fn the_borders_are_those_of_the_fact_sheet() {
    let counts = [
        (409_020, 255),
        (409_021, 256),
        (818_034, 510),
        (818_035, 511),
    ];
    for (padded, count) in counts {
        assert_eq!(
            cut_by_us(&mut rng(4), &body(padded - 2), PacketSize::Regular).len(),
            count
        );
        let theirs = cut_by_them(
            &mut rng(4),
            &body(padded - 2),
            TheirPacketSize::RegularPacket,
        );
        assert_eq!(theirs.len(), count);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn messages_of_any_length_pass_in_both_directions(
        len in 0..60_000_usize, end in proptest::collection::vec(0..3_u8, 0..8), seed in any::<u8>(),
    ) {
        let mut rng = rng(seed);
        // A tail of zeros and ones is what padding looks like.
        let body = [body(len), end].concat();
        let ours = cut_by_us(&mut rng, &body, PacketSize::Regular);
        prop_assert!(read_by_them(jumble(&mut rng, ours)) == body);
        let theirs = cut_by_them(&mut rng, &body, TheirPacketSize::RegularPacket);
        prop_assert!(read_by_us(jumble(&mut rng, theirs)) == body);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(5000))]

    /// Headers near the valid ones: both read the same, or both refuse. We also refuse a
    /// fragment without a single byte of payload, which the official code takes and never makes.
    #[test]
    fn both_take_the_same_bytes_for_a_fragment(
        flag in prop_oneof![9 => Just(0x80_u8), 1 => Just(0)],
        id in 0..3_u8,
        total in prop_oneof![Just(0_u8), Just(1), Just(2), Just(254), Just(255)],
        number in prop_oneof![Just(0_u8), Just(1), Just(2), Just(254), Just(255)],
        link in prop_oneof![
            Just(vec![0_u8]),
            (0..3_u8).prop_map(|id| vec![0x80, 0, 0, id]),
            (0..3_u8).prop_map(|id| vec![1, 0, 0, id]),
        ],
        rest in proptest::collection::vec(any::<u8>(), 0..5),
        cut in 0..12_usize,
    ) {
        let mut bytes = vec![flag, 0, 0, id, total, number];
        bytes.extend(link);
        bytes.extend(rest);
        bytes.truncate(bytes.len().saturating_sub(cut));
        let theirs = TheirFragment::try_from_bytes(&bytes).ok().filter(|f| !f.payload().is_empty());
        let ours = Fragment::decode(&bytes).ok();
        let get = |set: Option<SetId>| set.map(|set| set.get() as i32);
        prop_assert_eq!(
            ours.as_ref().map(|f| (
                get(Some(f.id().set)).unwrap(), f.total(), f.id().number,
                get(f.previous()), get(f.next()), f.payload().to_vec(), f.encode(),
            )),
            theirs.map(|f| (
                f.id(), f.total_fragments(), f.current_fragment(),
                f.previous_fragments_set_id(), f.next_fragments_set_id(), f.payload().to_vec(),
                f.into_bytes(),
            ))
        );
    }
}
