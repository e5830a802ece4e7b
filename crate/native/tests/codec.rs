//! The websocket's requests and responses, byte for byte as protocol.md 11 has them.

#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests"
)]

use proptest::prelude::*;
use sotto::websocket::{ErrorKind, Refusal, Request, Response};
use sotto_core::address::Address;
use sotto_core::message::SenderTag;

const RECIPIENT: &str = "CytBseW6yFXUMzz4SGAKdNLGR7q3sJLLYxyBGvutNEQV.4QXYyEVc5fUDjmmi8PrHN9tdUFV4PCvSJE1278cHyvoe@4sBbL1ngf1vtNqykydQKTFh26sQCw888GpUqvPvyNB4f";
const TAG: SenderTag = SenderTag([8; 16]);
/// The same in base58.
const TAG_TEXT: &str = "zXExeyvPEHUk9rjXTu78T";

fn recipient() -> Address {
    RECIPIENT.parse().unwrap()
}

fn send(connection_id: Option<u64>) -> Request {
    Request::Send {
        recipient: recipient(),
        message: b"hi".to_vec(),
        connection_id,
    }
}

fn anonymous(connection_id: Option<u64>) -> Request {
    Request::SendAnonymous {
        recipient: recipient(),
        message: b"hi".to_vec(),
        reply_surbs: 0x0102_0304,
        connection_id,
    }
}

fn reply(connection_id: Option<u64>) -> Request {
    Request::Reply {
        sender_tag: TAG,
        message: b"hi".to_vec(),
        connection_id,
    }
}

const LEN: [u8; 8] = [0, 0, 0, 0, 0, 0, 0, 2];
const ID: [u8; 8] = [1, 2, 3, 4, 5, 6, 7, 8];
const ID_NUMBER: u64 = 0x0102_0304_0506_0708;

/// Every request in bytes.
fn binary() -> Vec<(Vec<u8>, Request)> {
    let to = recipient().to_bytes();
    let surbs = [1, 2, 3, 4];
    let (id, number, none) = (&ID[..], Some(ID_NUMBER), &[0; 8][..]);
    vec![
        ([&[0], &to[..], id, &LEN, b"hi"].concat(), send(number)),
        ([&[0], &to[..], none, &LEN, b"hi"].concat(), send(None)),
        (
            [&[1], &surbs[..], &to, id, &LEN, b"hi"].concat(),
            anonymous(number),
        ),
        (
            [&[1], &surbs[..], &to, none, &LEN, b"hi"].concat(),
            anonymous(None),
        ),
        ([&[2], &TAG.0[..], id, &LEN, b"hi"].concat(), reply(number)),
        ([&[2], &TAG.0[..], none, &LEN, b"hi"].concat(), reply(None)),
        (vec![3], Request::SelfAddress),
        ([&[4], id].concat(), Request::ClosedConnection(ID_NUMBER)),
        ([&[5], id].concat(), Request::GetLaneQueueLength(ID_NUMBER)),
    ]
}

#[test]
fn every_request_in_bytes_is_read() {
    for (bytes, request) in binary() {
        assert_eq!(Request::from_binary(&bytes), Ok(request), "{bytes:?}");
    }
    let more = [3, 1, 2];
    assert_eq!(Request::from_binary(&more), Ok(Request::SelfAddress));
}

#[test]
fn every_request_in_json_is_read() {
    let json = |text: &str| Request::from_text(&text.replace("RECIPIENT", RECIPIENT));
    let cases = [
        (
            r#"{"type":"send","message":"hi","recipient":"RECIPIENT"}"#,
            send(None),
        ),
        (
            r#"{"recipient":"RECIPIENT","connectionId":72623859790382856,"message":"hi","type":"send"}"#,
            send(Some(ID_NUMBER)),
        ),
        (
            r#"{"type":"send","message":"hi","recipient":"RECIPIENT","connectionId":null,"withReplySurb":true}"#,
            send(None),
        ),
        (
            r#"{"type":"send","message":"hi","recipient":"RECIPIENT","connectionId":0}"#,
            send(Some(0)),
        ),
        (
            r#"{"type":"sendAnonymous","message":"hi","recipient":"RECIPIENT","replySurbs":16909060}"#,
            anonymous(None),
        ),
        (
            r#"{"type":"sendAnonymous","message":"hi","recipient":"RECIPIENT","replySurbs":16909060,"connectionId":7}"#,
            anonymous(Some(7)),
        ),
        (
            r#"{"type":"reply","senderTag":"zXExeyvPEHUk9rjXTu78T","message":"hi"}"#,
            reply(None),
        ),
        (
            r#"{"type":"reply","senderTag":"zXExeyvPEHUk9rjXTu78T","message":"hi","connectionId":7}"#,
            reply(Some(7)),
        ),
        (r#"{"type":"selfAddress"}"#, Request::SelfAddress),
    ];
    for (text, request) in cases {
        assert_eq!(json(text), Ok(request), "{text}");
    }
}

#[test]
fn a_request_in_bytes_that_cannot_be_read_is_refused_by_its_kind() {
    use ErrorKind::{EmptyRequest, MalformedRequest, TooShortRequest, UnknownRequest};
    let kind = |bytes: &[u8]| Request::from_binary(bytes).unwrap_err().kind;
    assert_eq!(kind(&[]), EmptyRequest);
    for tag in 6..=255 {
        assert_eq!(kind(&[tag; 200]), UnknownRequest);
    }
    for (bytes, request) in binary() {
        let (tag, len) = (bytes[0], bytes.len());
        let (head, all) = match tag {
            // The message's length says that two bytes follow.
            0..=2 => (len - 2, MalformedRequest),
            _ => (1, MalformedRequest),
        };
        for cut in 1..len {
            let expected = if cut < head { TooShortRequest } else { all };
            assert_eq!(kind(&bytes[..cut]), expected, "{request:?} cut at {cut}");
        }
        if tag != 3 {
            assert_eq!(kind(&[&bytes[..], &[0]].concat()), MalformedRequest);
        }
    }
    // No point of the curve.
    let mut damaged = binary()[0].0.clone();
    damaged[1..33].copy_from_slice(&[&[2][..], &[0; 31]].concat());
    assert_eq!(kind(&damaged), MalformedRequest);
    assert_eq!(kind(&damaged[..100]), TooShortRequest);
}

#[test]
fn a_request_in_json_that_cannot_be_read_is_malformed() {
    let cases = [
        "",
        "hello",
        "[]",
        "{}",
        r#"{"type":"nonsense"}"#,
        r#"{"type":"closedConnection","connectionId":1}"#,
        r#"{"type":"send","message":"hi"}"#,
        r#"{"type":"send","message":"hi","recipient":"nobody"}"#,
        r#"{"type":"send","message":1,"recipient":"RECIPIENT"}"#,
        r#"{"type":"send","message":"\ud800","recipient":"RECIPIENT"}"#,
        r#"{"type":"send","message":"hi","recipient":"RECIPIENT","connectionId":-1}"#,
        r#"{"type":"sendAnonymous","message":"hi","recipient":"RECIPIENT"}"#,
        r#"{"type":"sendAnonymous","message":"hi","recipient":"RECIPIENT","replySurbs":4294967296}"#,
        r#"{"type":"reply","message":"hi","senderTag":"l0"}"#,
        r#"{"type":"reply","message":"hi","sender_tag":"zXExeyvPEHUk9rjXTu78T"}"#,
    ];
    for text in cases {
        let refusal = Request::from_text(&text.replace("RECIPIENT", RECIPIENT)).unwrap_err();
        assert_eq!(refusal.kind, ErrorKind::MalformedRequest, "{text}");
    }
    let deep = format!(r#"{{"type":{}"#, "[".repeat(100_000));
    assert!(Request::from_text(&deep).is_err());
}

fn received(message: &[u8], sender_tag: Option<SenderTag>) -> Response {
    Response::Received {
        message: message.to_vec(),
        sender_tag,
    }
}

#[test]
fn every_response_has_its_bytes_and_its_json() {
    let address = recipient();
    let lane = Response::LaneQueueLength {
        lane: ID_NUMBER,
        queue_length: 2,
    };
    let refusal = Refusal {
        kind: ErrorKind::Other,
        text: "no".to_owned(),
    };
    let cases = [
        (
            received(b"hi", None),
            [&[1, 0], &LEN[..], b"hi"].concat(),
            r#"{"type":"received","message":"hi","senderTag":null}"#.to_owned(),
        ),
        (
            received(&[0xff, b'"'], Some(TAG)),
            [&[1, 1], &TAG.0[..], &LEN, &[0xff, b'"']].concat(),
            format!(
                r#"{{"type":"received","message":"{}\"","senderTag":"{TAG_TEXT}"}}"#,
                '\u{fffd}'
            ),
        ),
        (
            Response::SelfAddress(address),
            [&[2], &address.to_bytes()[..]].concat(),
            format!(r#"{{"type":"selfAddress","address":"{RECIPIENT}"}}"#),
        ),
        (
            lane,
            [&[3], &ID[..], &LEN].concat(),
            r#"{"type":"laneQueueLength","lane":72623859790382856,"queue_length":2}"#.to_owned(),
        ),
        (
            Response::Error(refusal),
            [&[0, 0xff], &LEN[..], b"no"].concat(),
            r#"{"type":"error","message":"other:no"}"#.to_owned(),
        ),
    ];
    for (response, bytes, text) in cases {
        assert_eq!(response.to_binary(), bytes, "{response:?}");
        assert_eq!(response.to_text(), text, "{response:?}");
    }
}

#[test]
fn every_kind_of_error_has_its_byte() {
    let kinds = [
        (ErrorKind::EmptyRequest, 0x01),
        (ErrorKind::TooShortRequest, 0x02),
        (ErrorKind::UnknownRequest, 0x03),
        (ErrorKind::MalformedRequest, 0x04),
        (ErrorKind::EmptyResponse, 0x80),
        (ErrorKind::TooShortResponse, 0x81),
        (ErrorKind::UnknownResponse, 0x82),
        (ErrorKind::MalformedResponse, 0x83),
        (ErrorKind::Other, 0xff),
    ];
    for (kind, byte) in kinds {
        let response = Response::Error(Refusal::new(kind, ""));
        assert_eq!(response.to_binary(), [&[0, byte][..], &[0; 8]].concat());
    }
}

proptest! {
    #[test]
    fn any_bytes_are_read_or_refused(tag in 0..8u8, rest in proptest::collection::vec(any::<u8>(), 0..200)) {
        let bytes = [&[tag], &rest[..]].concat();
        if let Err(refusal) = Request::from_binary(&bytes) {
            prop_assert!((1..=4).contains(&(refusal.kind as u8)));
        }
    }

    #[test]
    fn any_text_is_read_or_malformed(text in r#"(\{"type":"(send|reply|sendAnonymous|selfAddress)",?)?.{0,80}\}?"#) {
        if let Err(refusal) = Request::from_text(&text) {
            prop_assert_eq!(refusal.kind, ErrorKind::MalformedRequest);
        }
    }

    #[test]
    fn any_message_is_read_as_it_was_written(id in any::<u64>(), message in proptest::collection::vec(any::<u8>(), 0..300)) {
        let len = (message.len() as u64).to_be_bytes();
        let bytes = [&[2], &TAG.0[..], &id.to_be_bytes(), &len, &message].concat();
        let connection_id = (id != 0).then_some(id);
        let expected = Request::Reply { sender_tag: TAG, message, connection_id };
        prop_assert_eq!(Request::from_binary(&bytes), Ok(expected));
    }

    #[test]
    fn any_words_are_read_as_they_were_written(words in ".{0,100}", id in any::<Option<u64>>()) {
        let json = serde_json::json!({
            "type": "send", "message": words, "recipient": RECIPIENT, "connectionId": id,
        });
        let (recipient, message) = (recipient(), words.into_bytes());
        let expected = Request::Send { recipient, message, connection_id: id };
        prop_assert_eq!(Request::from_text(&json.to_string()), Ok(expected));
    }
}
