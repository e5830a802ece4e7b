//! Which messages there are, in which order, and with whom: one record a conversation, and one a
//! segment of [`SEGMENT_ENTRIES`] entries. Without I/O, and without the messages themselves.

mod conversation;
mod entry;
mod removal;
mod walk;

use crate::set::Set;
use litemap::LiteMap;
use std::cmp::Reverse;

use sotto_core::{address::Address, client::MessageId};

pub use conversation::{About, Conversation, Last};
pub use entry::{Entry, SEGMENT_ENTRIES, read_segment, received_after, segment_of, write_segment};
pub use walk::{Located, Side, Step, Walk};

use crate::{
    background::Table,
    conversation::Correspondent,
    page::{DeliveryStateName, MessageView},
};

/// A record that is to be written, or deleted.
pub type Write = ((Table, Vec<u8>), Option<Vec<u8>>);

/// What was known of conversations when they were written; nothing of those that were deleted.
pub type Known = Vec<(String, Option<About>)>;

/// All conversations: as they are to be on disk, and as they are known to be.
#[derive(Debug, Default)]
pub struct Timeline {
    conversations: LiteMap<String, Box<Conversation>>,
    /// What is on disk, which is what pages are shown.
    shown: LiteMap<String, Box<About>>,
    /// Those whose records differ from what was last taken.
    changed: Set<String>,
    /// Segments that became full since then, or lost something.
    segments: Vec<Write>,
    damaged: u32,
}

impl Timeline {
    /// Reads the records of [`Table::Conversation`]: keys and values. One that is damaged is
    /// counted, and stays as it is.
    #[must_use]
    pub fn load<'a>(records: impl IntoIterator<Item = (&'a [u8], &'a [u8])>) -> Self {
        let mut timeline = Self::default();
        for (key, value) in records {
            match Conversation::from_record(key, value) {
                Some(one) => timeline.insert(one),
                None => timeline.damaged += 1,
            }
        }
        timeline
    }

    fn insert(&mut self, one: Conversation) {
        let id = one.peer.id();
        self.shown.insert(id.clone(), Box::new(one.about.clone()));
        self.conversations.insert(id, Box::new(one));
    }

    /// Records that could not be read.
    #[must_use]
    pub fn damaged(&self) -> u32 {
        self.damaged
    }

    /// A conversation as it is to be on disk, if there is anything to know of it.
    #[must_use]
    pub fn get(&self, id: &str) -> Option<&Conversation> {
        self.conversations.get(id).map(AsRef::as_ref)
    }

    /// The ids of all conversations.
    pub fn ids(&self) -> impl Iterator<Item = &str> {
        self.conversations.keys().map(String::as_str)
    }

    /// A conversation as it is on disk, if pages show it.
    #[must_use]
    pub fn shown(&self, id: &str) -> Option<&About> {
        let shown = self.shown.get(id).map(AsRef::as_ref);
        shown.filter(|about: &&About| about.is_shown())
    }

    /// The conversations that pages show, the one that was active last first.
    #[must_use]
    pub fn all_shown(&self) -> Vec<(&str, &About)> {
        let all = self.shown.iter().filter(|(_, about)| about.is_shown());
        let mut all: Vec<(&str, &About)> = all
            .map(|(id, about)| (id.as_str(), about.as_ref()))
            .collect();
        all.sort_by_key(|(_, about)| Reverse(about.active_at));
        all
    }

    /// How many received messages the user has not seen.
    #[must_use]
    pub fn unread(&self) -> u32 {
        let counts = self.shown.values().map(|about| about.unread_count());
        counts.fold(0, u32::saturating_add)
    }

    /// Changes what is known of a conversation, which is made if there is none.
    pub fn change<T>(&mut self, peer: Correspondent, change: impl FnOnce(&mut About) -> T) -> T {
        change(&mut self.of(peer).about)
    }

    fn of(&mut self, peer: Correspondent) -> &mut Conversation {
        let id = peer.id();
        self.changed.insert(id.clone());
        let one = self.conversations.entry(id);
        one.or_insert_with(|| Box::new(Conversation::new(peer)))
    }

    /// The other side of the conversation with the owner of an address, if there is one. Whoever
    /// moved to another gateway has kept the keys.
    #[must_use]
    pub fn owner(&self, address: &Address) -> Option<Correspondent> {
        let own = Correspondent::Address(*address);
        let peers = self.conversations.values().map(|one| one.peer);
        let mut same = peers.filter(|peer| peer.has_keys_of(address));
        let first = same.clone().next();
        same.find(|peer| *peer == own).or(first)
    }

    /// The conversations in which something happens behind the words.
    pub(crate) fn exchanges(&self) -> impl Iterator<Item = (Correspondent, &About)> {
        let all = self.conversations.values();
        all.map(|one| (one.peer, &one.about))
    }

    /// Adds a message at the end of its conversation.
    pub fn add(&mut self, id: MessageId, message: &MessageView) {
        let Some(peer) = Correspondent::from_id(&message.conversation) else {
            return;
        };
        if let Some((segment, entries)) = self.of(peer).add(message, id) {
            let key = segment_key(&message.conversation, segment);
            let record = write_segment(&entries);
            self.segments.push(((Table::Timeline, key), Some(record)));
        }
    }

    /// Notes how far a message got, if it is the newest of its conversation.
    pub fn set_state(&mut self, conversation: &str, id: MessageId, state: DeliveryStateName) {
        let Some(one) = self.conversations.get_mut(conversation) else {
            return;
        };
        let last = one.about.last.as_mut();
        if let Some(last) = last.filter(|last| last.id == id.to_string())
            && last.state.replace(state) != Some(state)
        {
            self.changed.insert(conversation.to_owned());
        }
    }

    /// The entry of a message, and its conversation, if it is among the newest.
    #[must_use]
    pub fn find(&self, id: MessageId) -> Option<(&Conversation, Entry)> {
        let mut all = self.conversations.values();
        all.find_map(|one| {
            let entry = one.tail().iter().find(|entry| entry.id == id)?;
            Some((one.as_ref(), *entry))
        })
    }

    /// The user has seen all of a conversation up to an entry, after which so many received
    /// messages of its segment come. Says whether some of them were unread until now.
    pub fn see(&mut self, conversation: &str, segment: u32, after: u32) -> bool {
        if let Some(shown) = self.shown.get_mut(conversation) {
            shown.see(segment, after);
        }
        let one = self.conversations.get_mut(conversation);
        let changed = one.is_some_and(|one| one.about.see(segment, after));
        if changed {
            self.changed.insert(conversation.to_owned());
        }
        changed
    }

    /// What differs from what was taken the last time.
    pub fn take_writes(&mut self) -> Vec<Write> {
        let mut writes = std::mem::take(&mut self.segments);
        for id in std::mem::take(&mut self.changed) {
            writes.push(self.record(id));
        }
        writes
    }

    fn record(&mut self, id: String) -> Write {
        let one = self.conversations.get(&id).filter(|one| one.is_needed());
        let value = one.map(|one| one.to_record());
        if value.is_none() {
            self.conversations.remove(&id);
        }
        ((Table::Conversation, id.into_bytes()), value)
    }

    /// What is known of the conversations whose records are among these.
    #[must_use]
    pub fn known<'a>(&self, places: impl Iterator<Item = &'a (Table, Vec<u8>)>) -> Known {
        let keys = places.filter(|(table, _)| *table == Table::Conversation);
        let ids = keys.map(|(_, key)| String::from_utf8_lossy(key).into_owned());
        let about = |id: &String| self.get(id).map(|one| one.about.clone());
        ids.map(|id| (about(&id), id))
            .map(|(about, id)| (id, about))
            .collect()
    }

    /// That is on disk now.
    pub fn show(&mut self, known: Known) {
        for (id, about) in known {
            match about {
                Some(about) => drop(self.shown.insert(id, Box::new(about))),
                None => drop(self.shown.remove(&id)),
            }
        }
    }
}

/// The key of a segment: the conversation's id and the segment's number.
#[must_use]
pub fn segment_key(conversation: &str, segment: u32) -> Vec<u8> {
    [conversation.as_bytes(), &segment.to_be_bytes()].concat()
}
