//! From entry to entry through a conversation, whose older segments are on disk.

use litemap::LiteMap;
use std::ops::Range;

use sotto_core::client::MessageId;

use super::{Conversation, Entry, SEGMENT_ENTRIES, segment_of};

/// How many segments are asked for at once while a message is looked for.
const LOOK_INTO: u32 = 16;

/// On which side of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    /// Before it.
    Older,
    /// After it.
    Newer,
}

/// A walk through one conversation, in one direction.
#[derive(Debug, Clone)]
pub struct Walk {
    side: Side,
    /// The numbers that are not passed yet.
    left: Range<u32>,
    /// Segments that were read. One that is not on disk is empty.
    segments: LiteMap<u32, Vec<Entry>>,
}

/// What comes next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// An entry.
    Entry(Entry),
    /// These segments have to be read first.
    Read(Range<u32>),
    /// Nothing.
    End,
}

/// Where a message is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Located {
    /// Here.
    At(Entry),
    /// These segments have to be read first.
    Read(Range<u32>),
    /// It is not there.
    Nowhere,
}

impl Walk {
    /// From one end of the conversation to the other.
    #[must_use]
    pub fn new(side: Side) -> Self {
        Self {
            side,
            left: 0..u32::MAX,
            segments: LiteMap::new(),
        }
    }

    /// From a certain number on.
    #[must_use]
    pub fn beside(side: Side, number: u32) -> Self {
        let mut walk = Self::new(side);
        walk.start_beside(number);
        walk
    }

    /// Goes to the place beside the entry of that number.
    pub fn start_beside(&mut self, number: u32) {
        match self.side {
            Side::Older => self.left.end = number,
            Side::Newer => self.left.start = number.saturating_add(1),
        }
    }

    /// A segment was read.
    pub fn give(&mut self, segment: u32, entries: Vec<Entry>) {
        self.segments.insert(segment, entries);
    }

    /// Whether nothing can come any more.
    #[must_use]
    pub fn is_over(&self, one: &Conversation) -> bool {
        self.within(one).is_empty()
    }

    fn within(&self, one: &Conversation) -> Range<u32> {
        let start = self.left.start.max(one.about.first * SEGMENT_ENTRIES);
        start..self.left.end.min(one.about.next)
    }

    /// The next entry, and past it.
    pub fn next(&mut self, one: &Conversation) -> Step {
        loop {
            self.left = self.within(one);
            if self.left.is_empty() {
                return Step::End;
            }
            let segment = segment_of(match self.side {
                Side::Older => self.left.end - 1,
                Side::Newer => self.left.start,
            });
            let Some(entries) = self.entries(one, segment) else {
                return Step::Read(segment..segment + 1);
            };
            if let Some(entry) = self.nearest(entries) {
                self.start_beside(entry.number);
                return Step::Entry(entry);
            }
            match self.side {
                Side::Older => self.left.end = segment * SEGMENT_ENTRIES,
                Side::Newer => self.left.start = (segment + 1) * SEGMENT_ENTRIES,
            }
        }
    }

    /// The entries of a segment, as far as they are known.
    #[must_use]
    pub fn entries<'a>(&'a self, one: &'a Conversation, segment: u32) -> Option<&'a [Entry]> {
        if segment == one.tail_segment() {
            return Some(one.tail());
        }
        self.segments.get(&segment).map(Vec::as_slice)
    }

    fn nearest(&self, entries: &[Entry]) -> Option<Entry> {
        let mut inside = entries
            .iter()
            .filter(|entry| self.left.contains(&entry.number));
        match self.side {
            Side::Older => inside.next_back().copied(),
            Side::Newer => inside.next().copied(),
        }
    }

    /// Looks for a message, in the newest segments first.
    #[must_use]
    pub fn locate(&self, one: &Conversation, id: MessageId) -> Located {
        let known = self.segments.values().flatten().chain(one.tail());
        if let Some(entry) = known.copied().find(|entry| entry.id == id) {
            return Located::At(entry);
        }
        let range = one.about.first..one.tail_segment();
        let unknown = range
            .rev()
            .find(|segment| !self.segments.contains_key(segment));
        match unknown {
            Some(last) => {
                let first = (last + 1).saturating_sub(LOOK_INTO).max(one.about.first);
                Located::Read(first..last + 1)
            }
            None => Located::Nowhere,
        }
    }
}
