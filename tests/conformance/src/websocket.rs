//! What programs and the native client say to each other (protocol.md 11; pitfall 34).

use crate::fixture::{Network, Party, body};
use nym_client_websocket_requests::error::{Error as TheirError, ErrorKind as TheirKind};
use nym_client_websocket_requests::requests::ClientRequest;
use nym_client_websocket_requests::responses::ServerResponse;
use nym_sphinx::receiver::ReconstructedMessage;
use proptest::prelude::*;
use sotto::websocket::{ErrorKind, Refusal, Request, Response};
use sotto_core::address::Address;
use sotto_core::message::SenderTag;

const TAG: [u8; 16] = [8; 16];

fn party() -> Party {
    let network = Network::new();
    let gateway = network.gateways().next().unwrap().identity();
    Party::new(3, gateway)
}

/// Their request as ours.
fn ours(request: ClientRequest) -> Request {
    let address = |bytes: [u8; 96]| Address::from_bytes(&bytes).unwrap();
    match request {
        ClientRequest::Send {
            recipient,
            message,
            connection_id,
        } => Request::Send {
            recipient: address(recipient.to_bytes()),
            message,
            connection_id,
        },
        ClientRequest::SendAnonymous {
            recipient,
            message,
            reply_surbs,
            connection_id,
        } => Request::SendAnonymous {
            recipient: address(recipient.to_bytes()),
            message,
            reply_surbs,
            connection_id,
        },
        ClientRequest::Reply {
            sender_tag,
            message,
            connection_id,
        } => Request::Reply {
            sender_tag: SenderTag(sender_tag.to_bytes()),
            message,
            connection_id,
        },
        ClientRequest::SelfAddress => Request::SelfAddress,
        ClientRequest::ClosedConnection(id) => Request::ClosedConnection(id),
        ClientRequest::GetLaneQueueLength(id) => Request::GetLaneQueueLength(id),
    }
}

const KINDS: [(TheirKind, ErrorKind); 9] = [
    (TheirKind::EmptyRequest, ErrorKind::EmptyRequest),
    (TheirKind::TooShortRequest, ErrorKind::TooShortRequest),
    (TheirKind::UnknownRequest, ErrorKind::UnknownRequest),
    (TheirKind::MalformedRequest, ErrorKind::MalformedRequest),
    (TheirKind::EmptyResponse, ErrorKind::EmptyResponse),
    (TheirKind::TooShortResponse, ErrorKind::TooShortResponse),
    (TheirKind::UnknownResponse, ErrorKind::UnknownResponse),
    (TheirKind::MalformedResponse, ErrorKind::MalformedResponse),
    (TheirKind::Other, ErrorKind::Other),
];

fn kind(theirs: &TheirKind) -> ErrorKind {
    let same = KINDS.iter().find(|(kind, _)| kind == theirs);
    same.unwrap().1
}

/// What either makes of a request: the same request, or the same kind of error.
fn agree(
    theirs: Result<ClientRequest, TheirError>,
    read: Result<Request, Refusal>,
) -> Result<(), TestCaseError> {
    let theirs = theirs.map(ours).map_err(|error| kind(&error.kind));
    prop_assert_eq!(read.map_err(|refusal| refusal.kind), theirs);
    Ok(())
}

/// Every request that an official program can write, in bytes.
fn written(id: Option<u64>, message: &[u8], reply_surbs: u32) -> Vec<Vec<u8>> {
    let (recipient, number) = (party().recipient, id.unwrap_or(1));
    let message = message.to_vec();
    let requests = [
        ClientRequest::Send {
            recipient,
            message: message.clone(),
            connection_id: id,
        },
        ClientRequest::SendAnonymous {
            recipient,
            message: message.clone(),
            reply_surbs,
            connection_id: id,
        },
        ClientRequest::Reply {
            sender_tag: TAG.into(),
            message,
            connection_id: id,
        },
        ClientRequest::SelfAddress,
        ClientRequest::ClosedConnection(number),
        ClientRequest::GetLaneQueueLength(number),
    ];
    requests.map(ClientRequest::serialize).to_vec()
}

fn both_read(bytes: &[u8]) -> Result<(), TestCaseError> {
    agree(
        ClientRequest::try_from_binary(bytes),
        Request::from_binary(bytes),
    )
}

fn both_read_text(text: &str) -> Result<(), TestCaseError> {
    agree(
        ClientRequest::try_from_text(text.to_owned()),
        Request::from_text(text),
    )
}

#[test]
fn their_requests_are_read_by_us_also_cut_anywhere() {
    for id in [None, Some(1), Some(u64::MAX)] {
        for bytes in written(id, b"hello", 666) {
            assert!(Request::from_binary(&bytes).is_ok());
            for len in 0..=bytes.len() {
                both_read(&bytes[..len]).unwrap();
            }
            both_read(&[&bytes[..], &[0]].concat()).unwrap();
        }
    }
    for tag in 0..=255 {
        both_read(&[tag]).unwrap();
    }
}

#[test]
fn requests_in_json_mean_the_same_to_both() {
    let to = party().recipient.to_string();
    let tag = SenderTag(TAG).to_string();
    let cases = [
        r#"{"type":"send","message":"hi","recipient":"TO"}"#,
        r#"{"type":"send","message":"hi","recipient":"TO","connectionId":0}"#,
        r#"{"type":"send","message":"hi","recipient":"TO","connectionId":18446744073709551615}"#,
        r#"{"type":"send","message":"hi","recipient":"TO","connectionId":18446744073709551616}"#,
        r#"{"type":"send","message":"hi","recipient":"TO","connectionId":1.0}"#,
        r#"{"type":"send","message":"hi","recipient":"TO","connectionId":null,"more":[1]}"#,
        r#"{"type":"send","message":"hi","message":"ho","recipient":"TO"}"#,
        r#"{"message":"\u0000\"🐢","recipient":"TO","type":"send"}"#,
        r#"{"type":"send","message":"\ud800","recipient":"TO"}"#,
        r#"{"type":"send","message":"hi","recipient":" TO"}"#,
        r#"{"type":"send","message":"hi","recipient":"TO@"}"#,
        r#"{"type":"send","message":"hi","recipient":""}"#,
        r#"{"type":"Send","message":"hi","recipient":"TO"}"#,
        r#"{"type":"sendAnonymous","message":"hi","recipient":"TO","replySurbs":5}"#,
        r#"{"type":"sendAnonymous","message":"hi","recipient":"TO","replySurbs":4294967295}"#,
        r#"{"type":"sendAnonymous","message":"hi","recipient":"TO","reply_surbs":5}"#,
        r#"{"type":"sendAnonymous","message":"hi","recipient":"TO"}"#,
        r#"{"type":"reply","message":"hi","senderTag":"TAG"}"#,
        r#"{"type":"reply","message":"hi","senderTag":"TAG","connectionId":7}"#,
        r#"{"type":"reply","message":"hi","senderTag":"1"}"#,
        r#"{"type":"reply","message":"hi","senderTag":"0"}"#,
        r#"{"type":"selfAddress"}"#,
        r#"{"type":"selfAddress","more":1}"#,
        r#"{"type":"closedConnection","connectionId":1}"#,
        r#"{"type":"getLaneQueueLength","connectionId":1}"#,
        r#"["selfAddress"]"#,
        r#"{"type":"selfAddress"} x"#,
        "",
        "null",
    ];
    for text in cases {
        let text = text.replace("TO", &to).replace("TAG", &tag);
        both_read_text(&text).unwrap_or_else(|error| panic!("{text}: {error}"));
    }
}

#[test]
fn our_responses_are_theirs_byte_for_byte() {
    let Party {
        address, recipient, ..
    } = party();
    let received = |message: Vec<u8>, tag: Option<[u8; 16]>| {
        let theirs = ReconstructedMessage {
            message: message.clone(),
            sender_tag: tag.map(Into::into),
        };
        let sender_tag = tag.map(SenderTag);
        let ours = Response::Received {
            message,
            sender_tag,
        };
        (ServerResponse::Received(theirs), ours)
    };
    let lane = |lane, queue_length: u64| {
        let theirs = ServerResponse::LaneQueueLength {
            lane,
            queue_length: queue_length as usize,
        };
        (theirs, Response::LaneQueueLength { lane, queue_length })
    };
    let errors = KINDS.map(|(theirs, ours)| {
        let text = "what is \"wrong\" 🐢";
        let theirs = ServerResponse::Error(TheirError::new(theirs, text));
        (theirs, Response::Error(Refusal::new(ours, text)))
    });
    let others = [
        received(Vec::new(), None),
        received(b"hi".to_vec(), Some(TAG)),
        received(vec![0xff, 0, b'"', 0xc3], None),
        received(body(3000), Some([0; 16])),
        lane(0, 0),
        lane(u64::MAX, u64::MAX),
        (
            ServerResponse::SelfAddress(Box::new(recipient)),
            Response::SelfAddress(address),
        ),
    ];
    for (theirs, ours) in errors.into_iter().chain(others) {
        let bytes = ours.to_binary();
        let again = ServerResponse::deserialize(&bytes).unwrap();
        assert_eq!(again.into_binary(), bytes);
        let written = ServerResponse::deserialize(&bytes).unwrap().into_text();
        assert_eq!(written, ours.to_text());
        assert_eq!(theirs.into_binary(), bytes);
    }
}

proptest! {
    #[test]
    fn any_request_is_read_alike(
        id in any::<Option<u64>>(),
        message in proptest::collection::vec(any::<u8>(), 0..200),
        surbs in any::<u32>(),
        change in any::<(proptest::sample::Index, u8)>(),
    ) {
        for bytes in written(id, &message, surbs) {
            both_read(&bytes)?;
            let mut changed = bytes;
            let at = change.0.index(changed.len());
            changed[at] = change.1;
            both_read(&changed)?;
        }
    }

    #[test]
    fn any_bytes_are_read_alike(tag in 0..8u8, rest in proptest::collection::vec(any::<u8>(), 0..200)) {
        both_read(&[&[tag], &rest[..]].concat())?;
    }

    #[test]
    fn any_json_is_read_alike(
        kind in "send|sendAnonymous|reply|selfAddress|closedConnection",
        fields in proptest::collection::vec(("message|recipient|replySurbs|connectionId|senderTag", "TO|TAG|null|1|-1|1e3|\\{\\}|\"[a-z]{0,5}\""), 0..5),
    ) {
        let (to, tag) = (party().recipient.to_string(), SenderTag(TAG).to_string());
        let fields = fields.iter().map(|(name, value)| format!(r#","{name}":{value}"#));
        let text = format!(r#"{{"type":"{kind}"{}}}"#, fields.collect::<String>());
        let quoted = |text: &str| format!("\"{text}\"");
        both_read_text(&text.replace("TO", &quoted(&to)).replace("TAG", &quoted(&tag)))?;
    }
}
