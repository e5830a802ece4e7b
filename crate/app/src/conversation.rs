//! What messages are grouped by: with whom they were exchanged.

use sotto_core::{
    address::Address,
    client::{ReceivedMessage, Recipient, SURB_RESERVE, SentMessage},
    fragment::fragment_len,
    message::SenderTag,
    packet::PacketSize,
};

use crate::page::{PeerView, SurbLevel};

/// SURBs that go with every anonymous message: the official client's ten, which
/// correspondents keep for asking for more, and as many again, so that an answer of up to 15 kB
/// need not wait until it has asked.
pub const SURBS_A_MESSAGE: u16 = 20;

/// The most that a fragment's own header takes of it, in bytes, with room for the marks of the
/// whole message.
const FRAGMENT_OVERHEAD: usize = 16;

/// The id of the conversation with everybody who did not say who they are, nor how to be answered.
const UNKNOWN: &str = "unknown";

/// The other side of a conversation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Correspondent {
    /// The owner of an address.
    Address(Address),
    /// Somebody who wrote without an address, and can be answered through SURBs.
    Anonymous(SenderTag),
    /// All who said nothing of themselves.
    Unknown,
}

impl Correspondent {
    /// The id of the conversation, for pages: the address, the tag, or `unknown`. No two kinds
    /// share one: an address has an `@`, and a tag is longer than seven characters.
    #[must_use]
    pub fn id(&self) -> String {
        match self {
            Self::Address(address) => address.to_string(),
            Self::Anonymous(tag) => tag.to_string(),
            Self::Unknown => UNKNOWN.to_owned(),
        }
    }

    /// The correspondent of a conversation.
    #[must_use]
    pub fn from_id(id: &str) -> Option<Self> {
        if id == UNKNOWN {
            return Some(Self::Unknown);
        }
        let address = || id.parse().ok().map(Self::Address);
        id.parse().ok().map(Self::Anonymous).or_else(address)
    }

    /// Whether it is the owner of an address, wherever their gateway is.
    pub(crate) fn has_keys_of(&self, address: &Address) -> bool {
        matches!(self, Self::Address(own) if own.keys() == address.keys())
    }

    /// As pages show it, with `surbs` on hand for an answer.
    pub(crate) fn view(&self, surbs: usize) -> PeerView {
        match self {
            Self::Address(address) => PeerView::Address {
                address: address.to_string(),
            },
            Self::Anonymous(tag) => PeerView::Anonymous {
                tag: tag.to_string(),
                level: SurbLevel::of(surbs),
            },
            Self::Unknown => PeerView::Unknown {},
        }
    }
}

impl From<&SentMessage> for Correspondent {
    fn from(message: &SentMessage) -> Self {
        match message.to {
            Recipient::Address(address) => Self::Address(address),
            Recipient::Anonymous(tag) => Self::Anonymous(tag),
        }
    }
}

impl From<&ReceivedMessage> for Correspondent {
    fn from(message: &ReceivedMessage) -> Self {
        match (message.sender_tag, message.answer_from) {
            (Some(tag), _) => Self::Anonymous(tag),
            (None, Some(address)) => Self::Address(address),
            (None, None) => Self::Unknown,
        }
    }
}

impl SurbLevel {
    /// What can be answered with so many SURBs: the last ten only carry requests for more.
    pub(crate) fn of(surbs: usize) -> Self {
        let each = fragment_len(PacketSize::Regular).saturating_sub(FRAGMENT_OVERHEAD);
        Self {
            available: count(surbs),
            bytes: count(surbs.saturating_sub(SURB_RESERVE) * each),
        }
    }
}

fn count(count: usize) -> u32 {
    u32::try_from(count).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_leads_back_to_its_correspondent_and_nothing_else_does() {
        let tag = Correspondent::Anonymous(SenderTag([9; 16]));
        for one in [tag, Correspondent::Unknown] {
            assert_eq!(Correspondent::from_id(&one.id()), Some(one));
        }
        for id in ["", "nobody", "a.b@c", &"1".repeat(10_000)] {
            assert_eq!(Correspondent::from_id(id), None, "{id}");
        }
    }

    #[test]
    fn the_last_ten_surbs_carry_no_answer() {
        let level = |surbs| (SurbLevel::of(surbs).available, SurbLevel::of(surbs).bytes);
        assert_eq!(level(0), (0, 0));
        assert_eq!(level(10), (10, 0));
        assert_eq!(level(11), (11, 1_595));
        assert_eq!(level(20), (20, 15_950));
    }
}
