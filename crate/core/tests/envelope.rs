//! Envelopes between Sotto peers: what is written reads back, and nobody speaks in another's name.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that panics has failed"
)]

use proptest::collection::vec;
use proptest::prelude::*;
use rand_core::SeedableRng;
use sotto_core::ChaCha20Rng;
use sotto_core::address::Address;
use sotto_core::client::{Client, Config, MessageId, SendError};
use sotto_core::envelope::{
    Attachment, Content, Envelope, FileName, MAGIC, MAX_FILE_BYTES, MAX_RECEIPTS, MediaType,
    Origin, ReadError, WriteError, safety_number,
};
use sotto_core::keys::{ClientKeys, PublicKeys};
use sotto_core::time::Time;

const ID: MessageId = MessageId([0xa1; 16]);

fn keys(seed: u8) -> ClientKeys {
    ClientKeys::generate(&mut ChaCha20Rng::from_seed([seed; 32]))
}

fn public(seed: u8) -> PublicKeys {
    keys(seed).public()
}

/// The address of that person, at a gateway of its own.
fn address(seed: u8) -> Address {
    let PublicKeys {
        identity,
        encryption,
    } = public(seed);
    let gateway = public(seed + 100).identity;
    Address {
        identity,
        encryption,
        gateway,
    }
}

fn envelope(content: Content) -> Envelope {
    Envelope {
        id: ID,
        wants_receipt: false,
        content,
    }
}

fn text(words: &str) -> Envelope {
    envelope(Content::Text(words.to_owned()))
}

fn file(bytes: &[u8]) -> Envelope {
    envelope(Content::File(Attachment {
        name: FileName::new("cat.png").unwrap(),
        media_type: MediaType::new("image/png").unwrap(),
        bytes: bytes.to_vec(),
    }))
}

fn receipt(count: usize) -> Envelope {
    envelope(Content::Receipt(vec![MessageId([7; 16]); count]))
}

/// Alice writes to Bob, in her own name.
fn signed(envelope: &Envelope) -> Vec<u8> {
    let alice = keys(1).signing;
    let written = envelope.write_signed(&address(1), &alice, &public(2));
    written.unwrap()
}

fn read(bytes: &[u8], reader: u8) -> Option<Result<(Envelope, Origin), ReadError>> {
    let read = Envelope::read(bytes, &public(reader))?;
    Some(read.map(|opened| (opened.envelope, opened.origin)))
}

fn samples() -> Vec<Envelope> {
    let wants = |envelope| Envelope {
        wants_receipt: true,
        ..envelope
    };
    vec![
        text("hello"),
        wants(text("\u{202e}any text 🦊\0")),
        file(b"\x89PNG"),
        wants(file(b"")),
        receipt(1),
        receipt(MAX_RECEIPTS),
        envelope(Content::Json(" {\"a\":[1,null,\"ü\"]}".to_owned())),
        envelope(Content::Json("[".repeat(150) + &"]".repeat(150))),
        wants(envelope(Content::Bytes(vec![0, 0xf5, 0xff]))),
        envelope(Content::Bytes(Vec::new())),
    ]
}

#[test]
fn what_is_written_reads_back_with_or_without_the_sender() {
    for envelope in samples() {
        let unsigned = envelope.write().unwrap();
        let expected = (envelope.clone(), Origin::Unsigned);
        assert_eq!(read(&unsigned, 2), Some(Ok(expected)));
        let expected = (envelope.clone(), Origin::Signed(address(1)));
        assert_eq!(read(&signed(&envelope), 2), Some(Ok(expected)));
    }
}

#[test]
fn a_file_of_the_full_size_reads_back_and_a_larger_one_is_neither_written_nor_read() {
    let full = file(&vec![5; MAX_FILE_BYTES]);
    let mut bytes = full.write().unwrap();
    assert_eq!(read(&bytes, 2), Some(Ok((full, Origin::Unsigned))));
    bytes.push(5);
    assert_eq!(read(&bytes, 2), Some(Err(ReadError::Malformed)));
    let larger = file(&vec![5; MAX_FILE_BYTES + 1]);
    assert_eq!(larger.write(), Err(WriteError::FileTooLarge));
}

#[test]
fn what_is_no_json_is_not_written_as_such() {
    for text in ["", "{", "1 2", "NaN"] {
        let written = envelope(Content::Json(text.to_owned())).write();
        assert_eq!(written, Err(WriteError::NotJson), "{text}");
    }
}

#[test]
fn what_other_clients_send_is_plain() {
    let bodies: [&[u8]; 7] = [
        b"",
        b"hello",
        "ünï".as_bytes(),
        b"{\"json\":true}",
        b"\x89PNG\r\n",
        &MAGIC[..5],
        b"Sotto",
    ];
    for body in bodies {
        assert_eq!(read(body, 2), None, "{body:?}");
    }
    assert!(std::str::from_utf8(&MAGIC[..1]).is_err());
}

#[test]
fn a_message_in_somebodys_name_cut_anywhere_or_with_any_byte_changed_is_refused_or_plain() {
    for envelope in samples() {
        let bytes = signed(&envelope);
        let check = |changed: &[u8], how: String| match read(changed, 2) {
            None | Some(Err(_)) => {}
            // The flag that says that it is signed is gone: it is in nobody's name.
            Some(Ok((_, origin))) => assert_eq!(origin, Origin::Unsigned, "{how}"),
        };
        for len in 0..bytes.len() {
            check(&bytes[..len], format!("{envelope:?} cut to {len}"));
        }
        for place in 0..bytes.len() {
            for bit in 0..8 {
                let mut changed = bytes.clone();
                changed[place] ^= 1 << bit;
                check(&changed, format!("{envelope:?} changed at {place}"));
            }
        }
    }
}

#[test]
fn every_changed_byte_that_is_signed_for_is_noticed_as_forgery() {
    let bytes = signed(&text("hello"));
    // Behind magic, version, kind and flags; in front of the address, which may become none.
    for place in 9..bytes.len() - 160 {
        let mut changed = bytes.clone();
        changed[place] ^= 1;
        assert_eq!(read(&changed, 2), Some(Err(ReadError::Forged)), "{place}");
    }
}

#[test]
fn a_message_passed_on_to_a_third_person_is_a_forgery() {
    let bytes = signed(&text("I love you"));
    assert_eq!(read(&bytes, 3), Some(Err(ReadError::Forged)));
    let half = PublicKeys {
        encryption: public(3).encryption,
        ..public(2)
    };
    let read = Envelope::read(&bytes, &half).unwrap();
    assert_eq!(read.unwrap_err(), ReadError::Forged);
}

#[test]
fn nobody_signs_with_a_key_that_is_not_that_of_the_address() {
    let mallory = keys(3).signing;
    let bytes = text("hello").write_signed(&address(1), &mallory, &public(2));
    assert_eq!(read(&bytes.unwrap(), 2), Some(Err(ReadError::Forged)));
}

#[test]
fn the_recipient_may_have_moved_and_the_sender_tells_where_it_is() {
    let moved = Address {
        gateway: public(9).identity,
        ..address(1)
    };
    let envelope = text("I have moved");
    let bytes = envelope.write_signed(&moved, &keys(1).signing, &address(2).keys());
    let expected = (envelope, Origin::Signed(moved));
    assert_eq!(read(&bytes.unwrap(), 2), Some(Ok(expected)));
}

#[test]
fn what_a_later_version_writes_is_told_as_such() {
    let good = signed(&text("hello"));
    let table = [(6, 0), (6, 2), (6, 255), (7, 0), (7, 6), (8, 4), (8, 0x82)];
    for (place, value) in table {
        let mut later = good.clone();
        later[place] = value;
        let expected = Some(Err(ReadError::LaterVersion));
        assert_eq!(read(&later, 2), expected, "{place} {value}");
    }
}

#[test]
fn what_does_not_keep_the_form_is_refused() {
    let header = |kind: u8, flags: u8| [&MAGIC[..], &[1, kind, flags], &ID.0].concat();
    let with = |kind, flags, content: &[u8]| [&header(kind, flags), content].concat();
    let table = [
        ("magic alone", MAGIC.to_vec()),
        ("no id", [&MAGIC[..], &[1, 1, 0, 5]].concat()),
        ("no words", header(1, 0)),
        ("no UTF-8", with(1, 0, &[0xc3])),
        ("no JSON at all", header(4, 0)),
        ("half of it", with(4, 0, b"{\"a\":")),
        ("two of them", with(4, 0, b"1 2")),
        ("not in UTF-8", with(4, 0, b"\"\xc3\"")),
        ("no name", with(2, 0, b"\0\x03a/b")),
        ("a path", with(2, 0, b"\x02/a\x03a/b")),
        (
            "direction turned",
            with(2, 0, "\x04a\u{202e}\x03a/b".as_bytes()),
        ),
        ("no media type", with(2, 0, b"\x01a\0")),
        ("half a media type", with(2, 0, b"\x01a\x05a/b")),
        ("a parameter", with(2, 0, b"\x01a\x07a/b;c=d")),
        ("a receipt of nothing", header(3, 0)),
        ("half an id", with(3, 0, &[7; 15])),
        ("too many", with(3, 0, &[7; 16 * 65])),
        ("a receipt that wants one", with(3, 1, &[7; 16])),
        ("signed without a signature", with(1, 2, b"hello")),
        ("signed by no key", with(1, 2, &[2; 165])),
    ];
    for (what, bytes) in table {
        assert_eq!(read(&bytes, 2), Some(Err(ReadError::Malformed)), "{what}");
    }
}

#[test]
fn what_breaks_a_limit_is_not_written() {
    assert_eq!(text("").write(), Err(WriteError::Empty));
    for count in [0, MAX_RECEIPTS + 1] {
        assert_eq!(receipt(count).write(), Err(WriteError::Receipts));
    }
    let wishing = Envelope {
        wants_receipt: true,
        ..receipt(1)
    };
    let written = wishing.write().unwrap();
    assert_eq!(written, receipt(1).write().unwrap(), "or they never end");
}

#[test]
fn debug_shows_nothing_of_what_is_said() {
    for envelope in [text("secret"), file(b"secret")] {
        let shown = format!("{envelope:?}");
        assert!(
            !shown.contains("secret") && !shown.contains("cat"),
            "{shown}"
        );
    }
}

#[test]
fn the_bytes_stay_what_they_are() {
    let wishing = Envelope {
        wants_receipt: true,
        ..text("hello")
    };
    assert_eq!(
        hex(&wishing.write().unwrap()),
        "f5536f74746f010101a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a168656c6c6f"
    );
    assert_eq!(
        hex(&file(b"\x89").write().unwrap()),
        "f5536f74746f010200a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1076361742e706e6709696d6167652f706e6789"
    );
    assert_eq!(
        hex(&receipt(1).write().unwrap()),
        "f5536f74746f010300a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a107070707070707070707070707070707"
    );
    assert_eq!(hex(&signed(&text("hello"))), SIGNED_HELLO);
    assert_eq!(hex(&public(2).to_bytes()), BOB);
}

/// Signed with the first key of the seeds 1, for those of the seeds 2. OpenSSL's Ed25519 finds the
/// signature good.
const SIGNED_HELLO: &str = "f5536f74746f010102a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a168656c6c6f4d4b18062f8502598de045ca7b69f067f59f93b16e3af8733a988adc2341f5c8091e876575795f5fced43ff7ce5ae652db21e3453c6b1ec5d3bd23b1ec4106554213b8be22f2dbee66446e8f73e7a91b867dc25f2343e4c60b4e80e379d7c8a41066dcdfdf5d80b4003940262791997536eec7480a4aed7e4ffb8d87d91fbc547f7bef25c7adb85546b708c9176391f8400b18b623542200435e903f84ad2f07";

const BOB: &str = "7d177f1e71b490ad0ce380f9578ab12bb0fc00a98de8f6a555c81d48c2039249363338ec15815643e6829814055f6a8137e3445accc0545d98f7211f224ec857";

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[test]
fn the_safety_number_is_the_same_on_both_sides_and_for_nobody_else() {
    let number = safety_number(&public(1), &public(2));
    assert_eq!(number, safety_number(&public(2), &public(1)));
    assert_eq!(
        number,
        "41505 84186 98358 11791 11191 88362 28758 33606 77568 22325 33011 30220"
    );
    let digits = |group: &str| group.len() == 5 && group.bytes().all(|b| b.is_ascii_digit());
    assert_eq!(number.split(' ').filter(|group| digits(group)).count(), 12);
    assert_eq!(number.len(), 71);
    let other_encryption = PublicKeys {
        encryption: public(3).encryption,
        ..public(2)
    };
    let other_identity = PublicKeys {
        identity: public(3).identity,
        ..public(2)
    };
    for other in [other_encryption, other_identity, public(3), public(1)] {
        assert_ne!(safety_number(&public(1), &other), number);
    }
}

#[test]
fn a_message_is_sent_under_the_id_that_was_drawn_for_it_once() {
    let rng = ChaCha20Rng::from_seed([5; 32]);
    let now = Time::from_millis(1_767_225_600_000);
    let mut client = Client::new(Config::default(), Vec::new(), rng, now).unwrap();
    let (first, second) = (client.next_message_id(), client.next_message_id());
    assert_ne!(first, second);
    let to = address(2);
    let hi = || b"hi".to_vec();
    assert_eq!(client.send_with_id(now, first, &to, hi()), Ok(first));
    let sent = client.send_anonymous_with_id(now, second, &to, hi(), 3);
    assert_eq!(sent, Ok(second));
    for id in [first, second] {
        let taken = Err(SendError::IdTaken);
        assert_eq!(client.send_with_id(now, id, &to, hi()), taken);
        let again = client.send_anonymous_with_id(now, id, &to, hi(), 3);
        assert_eq!(again, taken);
    }
    assert_eq!(
        client.write_signed(&to, &text("hi")),
        Err(WriteError::NoAddress)
    );
}

proptest! {
    #[test]
    fn any_bytes_are_plain_refused_or_written_as_they_were(
        magic: bool,
        head in vec(0_u8..4, 3),
        rest in vec(any::<u8>(), 0..300),
    ) {
        let front = if magic { [&MAGIC, head.as_slice()].concat() } else { head };
        let bytes = [front, rest].concat();
        match Envelope::read(&bytes, &public(2)) {
            None => prop_assert!(!bytes.starts_with(&MAGIC)),
            Some(Err(_)) => {}
            Some(Ok(opened)) => {
                prop_assert_eq!(opened.origin, Origin::Unsigned);
                prop_assert_eq!(opened.envelope.write().unwrap(), bytes);
            }
        }
    }

    #[test]
    fn any_text_and_any_file_read_back(
        words in ".{1,200}",
        name: String,
        media_type: String,
        bytes in vec(any::<u8>(), 0..300),
        wants_receipt: bool,
    ) {
        let name = FileName::tidy(&name);
        let media_type = MediaType::tidy(&media_type);
        let file = Attachment { name, media_type, bytes };
        for content in [Content::Text(words), Content::File(file)] {
            let envelope = Envelope { id: ID, wants_receipt, content };
            let opened = Envelope::read(&signed(&envelope), &public(2)).unwrap().unwrap();
            prop_assert_eq!(opened.envelope, envelope);
            prop_assert_eq!(opened.origin, Origin::Signed(address(1)));
        }
    }
}
