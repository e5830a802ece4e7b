//! Taking messages out of a timeline.

use std::ops::Range;

use super::{
    About, Conversation, Entry, Last, SEGMENT_ENTRIES, Timeline, received_after, segment_key,
    segment_of, write_segment,
};
use crate::{background::Table, page::Direction};

impl Timeline {
    /// Takes out an entry. `entries` are those of its segment, the entry among them.
    pub fn remove(&mut self, conversation: &str, entry: &Entry, entries: &[Entry]) {
        let Some(one) = self.conversations.get_mut(conversation) else {
            return;
        };
        let segment = segment_of(entry.number);
        one.about.uncount(entry, entries);
        if segment == one.tail_segment() {
            one.tail.retain(|other| other.number != entry.number);
        } else {
            let rest: Vec<Entry> = entries
                .iter()
                .copied()
                .filter(|other| other.number != entry.number)
                .collect();
            self.write_segment(conversation, segment, &rest);
        }
        self.changed.insert(conversation.to_owned());
    }

    /// The message that is the newest now; none if there is no message any more.
    pub fn set_last(&mut self, conversation: &str, last: Option<Last>) {
        if let Some(one) = self.conversations.get_mut(conversation) {
            one.about.last = last;
            self.changed.insert(conversation.to_owned());
        }
    }

    /// Nothing is left of a segment and all before it.
    pub fn begin_after(&mut self, conversation: &str, segment: u32) {
        let Some(one) = self.conversations.get_mut(conversation) else {
            return;
        };
        if segment < one.about.first || segment >= one.tail_segment() {
            return;
        }
        if one.about.purged == one.about.first {
            one.about.purged = segment + 1;
        }
        one.about.first = segment + 1;
        self.changed.insert(conversation.to_owned());
    }

    /// The time of the oldest message that is known to be there.
    pub fn set_oldest(&mut self, conversation: &str, oldest: u64) {
        if let Some(one) = self.conversations.get_mut(conversation) {
            one.about.oldest = oldest;
            self.changed.insert(conversation.to_owned());
        }
    }

    /// Forgets a conversation: all its messages, and what is known of the correspondent. Its
    /// messages are then to be purged. Says whether there was one.
    pub fn forget(&mut self, conversation: &str) -> bool {
        let one = self.conversations.get_mut(conversation);
        let Some(one) = one.filter(|one| one.about.is_shown()) else {
            return false;
        };
        let (segment, tail) = (one.tail_segment(), one.forget());
        self.write_segment(conversation, segment, &tail);
        self.changed.insert(conversation.to_owned());
        true
    }

    fn write_segment(&mut self, conversation: &str, segment: u32, entries: &[Entry]) {
        let key = segment_key(conversation, segment);
        let value = (!entries.is_empty()).then(|| write_segment(entries));
        self.segments.push(((Table::Timeline, key), value));
    }

    /// A conversation of which forgotten segments are still on disk, and some of these.
    #[must_use]
    pub fn to_purge(&self, most: u32) -> Option<(String, Range<u32>)> {
        let mut all = self.conversations.iter();
        all.find_map(|(id, one)| {
            let About { purged, first, .. } = one.about;
            let some = purged..first.min(purged.saturating_add(most));
            (!some.is_empty()).then(|| (id.clone(), some))
        })
    }

    /// The messages of these segments, which come first, are deleted: the segments go too.
    pub fn purged(&mut self, conversation: &str, segments: Range<u32>) {
        let Some(one) = self.conversations.get_mut(conversation) else {
            return;
        };
        one.about.purged = one.about.first.min(segments.end);
        for segment in segments {
            self.write_segment(conversation, segment, &[]);
        }
        self.changed.insert(conversation.to_owned());
    }

    /// The conversations that may have messages from before that time.
    #[must_use]
    pub fn older_than(&self, time: u64) -> Vec<String> {
        let all = self.conversations.iter();
        all.filter(|(_, one)| one.about.messages > 0 && one.about.oldest < time)
            .map(|(id, _)| id.clone())
            .collect()
    }
}

impl About {
    /// A message is taken out: it is not counted any more, and not as unread.
    fn uncount(&mut self, entry: &Entry, entries: &[Entry]) {
        self.messages = self.messages.saturating_sub(1);
        let segment = segment_of(entry.number);
        if let Some(unread) = self.unread.get_mut(&segment)
            && entry.direction == Direction::Received
            && received_after(entries, entry) < *unread
        {
            *unread -= 1;
        }
        self.unread.retain(|_, unread| *unread > 0);
    }
}

impl Conversation {
    /// Forgets everything but the numbers; gives the entries that have no record of their own.
    fn forget(&mut self) -> Vec<Entry> {
        let next = self.about.next.next_multiple_of(SEGMENT_ENTRIES);
        self.about = About {
            next,
            first: segment_of(next),
            purged: self.about.purged,
            ..About::default()
        };
        std::mem::take(&mut self.tail)
    }
}
