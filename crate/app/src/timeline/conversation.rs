//! All that is known of a conversation without looking at its messages.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use sotto_core::{client::MessageId, time::Time};

use super::entry::{Entry, SEGMENT_ENTRIES, read_entries, segment_of, write_entries};
use crate::{
    conversation::Correspondent,
    exchange::Exchange,
    page::{DeliveryStateName, Direction, LastMessage, MessageView, Trust},
};

/// Version byte in front of the record of a conversation.
const VERSION: u8 = 1;

/// A conversation: its record on disk, which is all that is read of it at the start.
#[derive(Debug, Clone, PartialEq)]
pub struct Conversation {
    /// With whom.
    pub peer: Correspondent,
    /// What is known of it.
    pub about: About,
    /// The entries of the newest segment, which has no record of its own yet.
    pub(super) tail: Vec<Entry>,
}

/// What the record of a conversation says, but for the newest entries. A field that an older
/// version did not write has its default.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct About {
    /// How the user calls the correspondent.
    pub name: Option<String>,
    /// Whether the user wants the correspondent in the list also without messages.
    pub is_contact: bool,
    /// What is known of who they are.
    pub trust: Trust,
    /// Whether the user wants messages to them to be plain text; nothing if that depends on
    /// `speaks_sotto`.
    pub plain: Option<bool>,
    /// Whether they are known to use Sotto.
    pub speaks_sotto: bool,
    /// Whether anything ever came from them.
    pub heard: bool,
    /// Whether anything that came was signed.
    pub signed: bool,
    /// Where they receive now, if they have moved to another gateway since the conversation began.
    pub address: Option<String>,
    /// What was told behind the words.
    pub exchange: Exchange,
    /// Whether our last message was anonymous; nothing if we sent none.
    pub anonymous: Option<bool>,
    /// The newest message.
    pub last: Option<Last>,
    /// When something last happened, in milliseconds since the Unix epoch.
    pub active_at: u64,
    /// How many messages there are.
    pub messages: u32,
    /// When the oldest of them was written or received, in milliseconds since the Unix epoch; it
    /// may be deleted already.
    pub oldest: u64,
    /// How many received messages of a segment the user has not seen: the last ones of it. A
    /// segment that is not named has none.
    pub unread: BTreeMap<u32, u32>,
    /// The number of the next entry.
    pub next: u32,
    /// The first segment that is there. All before it are deleted, or about to be.
    pub first: u32,
    /// The first segment whose messages may still be on disk; up to `first` they are deleted.
    pub purged: u32,
}

/// The newest message of a conversation, in one line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Last {
    /// Of the message.
    pub id: String,
    /// As in [`LastMessage`].
    pub direction: Direction,
    /// As in [`LastMessage`].
    pub text: String,
    /// As in [`LastMessage`].
    pub at: u64,
    /// As in [`LastMessage`], as far as the disk knows.
    pub state: Option<DeliveryStateName>,
}

impl About {
    /// Whether pages show the conversation.
    #[must_use]
    pub fn is_shown(&self) -> bool {
        self.messages > 0 || self.is_contact
    }

    /// How many received messages the user has not seen.
    #[must_use]
    pub fn unread_count(&self) -> u32 {
        self.unread.values().copied().fold(0, u32::saturating_add)
    }

    /// Whether messages to the correspondent are plain text: as the user wants, and else if they
    /// only ever wrote plain text themselves.
    #[must_use]
    pub fn is_plain(&self) -> bool {
        self.plain.unwrap_or(self.heard && !self.speaks_sotto)
    }

    /// The user has seen everything but the last received messages of a segment, and what is in
    /// later ones. Says whether that changes anything.
    pub(super) fn see(&mut self, segment: u32, unseen: u32) -> bool {
        let before = self.unread.clone();
        self.unread.retain(|of, _| *of >= segment);
        if let Some(count) = self.unread.get_mut(&segment) {
            *count = unseen.min(*count);
        }
        self.unread.retain(|_, count| *count > 0);
        self.unread != before
    }
}

impl From<&MessageView> for Last {
    fn from(message: &MessageView) -> Self {
        let line = LastMessage::from(message);
        Self {
            id: message.id.clone(),
            direction: line.direction,
            text: line.text,
            at: line.at,
            state: line.state,
        }
    }
}

impl From<&Last> for LastMessage {
    fn from(last: &Last) -> Self {
        Self {
            direction: last.direction,
            text: last.text.clone(),
            at: last.at,
            state: last.state,
        }
    }
}

impl Conversation {
    /// One without messages.
    pub(super) fn new(peer: Correspondent) -> Self {
        Self {
            peer,
            about: About::default(),
            tail: Vec::new(),
        }
    }

    /// The entries of the newest segment.
    #[must_use]
    pub fn tail(&self) -> &[Entry] {
        &self.tail
    }

    /// The number of the newest segment, whose entries are in [`Self::tail`].
    #[must_use]
    pub fn tail_segment(&self) -> u32 {
        segment_of(self.about.next)
    }

    /// Whether there is anything to remember.
    pub(super) fn is_needed(&self) -> bool {
        self.about.is_shown() || self.about.purged < self.about.first
    }

    /// Adds a message at the end. A segment that is full now and needs a record of its own is
    /// given back.
    pub(super) fn add(
        &mut self,
        message: &MessageView,
        id: MessageId,
    ) -> Option<(u32, Vec<Entry>)> {
        let number = self.about.next;
        self.tail.push(Entry {
            number,
            id,
            at: Time::from_millis(message.at),
            size: message.size,
            direction: message.direction,
        });
        match message.direction {
            Direction::Received => *self.about.unread.entry(segment_of(number)).or_insert(0) += 1,
            Direction::Sent => self.about.anonymous = Some(message.anonymous),
        }
        if self.about.messages == 0 {
            self.about.oldest = message.at;
        }
        self.about.messages = self.about.messages.saturating_add(1);
        self.about.active_at = self.about.active_at.max(message.at);
        self.about.last = Some(Last::from(message));
        self.about.next = number.saturating_add(1);
        let full = self.about.next.is_multiple_of(SEGMENT_ENTRIES);
        full.then(|| (segment_of(number), std::mem::take(&mut self.tail)))
    }

    /// The record.
    pub(super) fn to_record(&self) -> Vec<u8> {
        // A structure of strings and numbers always has a JSON form.
        let about = serde_json::to_vec(&self.about).unwrap_or_default();
        let length = u32::try_from(about.len()).unwrap_or(u32::MAX);
        let mut record = vec![VERSION];
        record.extend(length.to_be_bytes());
        record.extend(about);
        record.extend(write_entries(&self.tail));
        record
    }

    /// Reads a record; nothing if it is damaged.
    pub(super) fn from_record(key: &[u8], value: &[u8]) -> Option<Self> {
        let peer = Correspondent::from_id(std::str::from_utf8(key).ok()?)?;
        let (version, rest) = value.split_first()?;
        let (length, rest) = rest.split_first_chunk()?;
        let length = usize::try_from(u32::from_be_bytes(*length)).ok()?;
        let (about, tail) = rest.split_at_checked(length)?;
        let one = Self {
            peer,
            about: serde_json::from_slice(about).ok()?,
            tail: read_entries(tail)?,
        };
        (*version == VERSION && one.is_sound()).then_some(one)
    }

    /// Whether the numbers fit together, so that nothing is written over another thing.
    fn is_sound(&self) -> bool {
        let About {
            next,
            first,
            purged,
            ..
        } = self.about;
        let own =
            |entry: &Entry| entry.number < next && segment_of(entry.number) == self.tail_segment();
        purged <= first && first <= self.tail_segment() && self.tail.iter().all(own)
    }
}
