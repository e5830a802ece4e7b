//! Reassembled messages: plain, repliable in both versions, replies.

use crate::surbs;
use sotto_core::message::{Content, NymMessage, Repliable};

pub(crate) fn run(data: &[u8]) -> bool {
    let Ok(message) = NymMessage::decode(data) else {
        return false;
    };
    let written = message.encode();
    let again = NymMessage::decode(&written).unwrap();
    assert_eq!(again.encode(), written);
    match &message {
        NymMessage::Repliable(repliable) => check_repliable(data, repliable, &written),
        NymMessage::Plain(_) | NymMessage::Reply(_) => assert_eq!(written, data),
    }
    true
}

fn check_repliable(data: &[u8], repliable: &Repliable, written: &[u8]) {
    let Repliable { content, surbs, .. } = repliable;
    let second_version = data[17] >= 3;
    // Without SURBs neither their number of hops nor their rotation is kept; control messages
    // have no body.
    let has_all = !surbs.surbs.is_empty() && matches!(content, Content::Data(_));
    if second_version && has_all {
        assert_eq!(written, data);
    }
    // A stranger chooses these: each is used or refused, and takes no more room than it came in.
    assert!(surbs.surbs.len() * 412 <= data.len());
    for surb in surbs.surbs.iter().take(2) {
        surbs::check(surb, surbs.rotation);
    }
}
