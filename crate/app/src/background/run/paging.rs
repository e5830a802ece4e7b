//! Messages of a conversation, a page at a time.

use std::collections::VecDeque;
use std::ops::Range;

use sotto_core::client::{MessageId, Store};

use super::{
    Run,
    reading::{Found, Job, Place, place},
};
use crate::{
    background::{
        effect::{Effect, Table},
        pages::{Asker, Pages},
    },
    page::{Direction, MessageView, Reply, RequestError},
    timeline::{Conversation, Entry, Located, Side, Step, Walk, read_segment, segment_key},
};

/// How many messages a page has at most.
const PAGE_MESSAGES: usize = 50;
/// How many bytes of messages are read in one step, if there is more than one message in it.
const STEP_BYTES: u64 = 8 << 20;

/// A page that is being put together.
pub(super) struct Paging {
    pub(super) asker: Asker,
    conversation: String,
    side: Side,
    /// The message beside which the page is, until it is found.
    beside: Option<MessageId>,
    walk: Walk,
    /// Entries whose messages are not read yet, the nearest first.
    wanted: VecDeque<Entry>,
    /// Those that are being read.
    reading: Vec<Entry>,
    /// The nearest first.
    messages: Vec<MessageView>,
}

/// What a page needs next.
enum Next {
    Read(Vec<Place>),
    /// The message beside which the page was to be is not there.
    Lost,
    Done,
}

impl Run {
    /// Answers with the newest messages of a conversation, or those beside one.
    pub(in crate::background) fn page(
        &mut self,
        asker: Asker,
        conversation: String,
        beside: Option<(Side, MessageId)>,
        pages: &Pages,
        effects: &mut VecDeque<Effect>,
    ) {
        let side = beside.map_or(Side::Older, |(side, _)| side);
        let paging = Paging {
            asker,
            conversation,
            side,
            beside: beside.map(|(_, id)| id),
            walk: Walk::new(side),
            wanted: VecDeque::new(),
            reading: Vec::new(),
            messages: Vec::new(),
        };
        self.page_on(Box::new(paging), pages, effects);
    }

    /// Takes in what was read for a page.
    pub(super) fn page_read(&self, paging: &mut Paging, found: &Found) {
        for entry in std::mem::take(&mut paging.reading) {
            // A message whose record is gone is left out.
            paging.messages.extend(self.message(&entry, found));
        }
        for (segment, entries) in segments(&paging.conversation, found) {
            paging.walk.give(segment, entries);
        }
    }

    /// The message of an entry, if it was found.
    pub(super) fn message(&self, entry: &Entry, found: &Found) -> Option<MessageView> {
        message_places(entry).into_iter().find_map(|place| {
            let value = found.get(&place)?;
            self.view((place.0, &place.1), value, found)
        })
    }

    /// Goes on with a page, and answers when it is complete.
    pub(super) fn page_on(
        &mut self,
        mut paging: Box<Paging>,
        pages: &Pages,
        effects: &mut VecDeque<Effect>,
    ) {
        let one = self.timeline.get(&paging.conversation);
        let next = one.map_or(Next::Done, |one| paging.next(one));
        let asker = paging.asker;
        let reply = match next {
            Next::Read(places) => return self.read(places, Job::Paging(paging), effects),
            Next::Lost => Reply::Error {
                error: RequestError::NoSuchMessage.view(),
            },
            Next::Done => {
                let more = one.is_some_and(|one| !paging.walk.is_over(one));
                paging.reply(more)
            }
        };
        pages.reply(effects, asker, reply);
    }
}

impl Paging {
    fn next(&mut self, one: &Conversation) -> Next {
        if let Some(id) = self.beside {
            match self.walk.locate(one, id) {
                Located::At(entry) => self.walk.start_beside(entry.number),
                Located::Read(range) => return Next::Read(self.segments(range)),
                Located::Nowhere => return Next::Lost,
            }
            self.beside = None;
        }
        while self.messages.len() + self.wanted.len() < PAGE_MESSAGES {
            match self.walk.next(one) {
                Step::Entry(entry) => self.wanted.push_back(entry),
                Step::Read(range) => return Next::Read(self.segments(range)),
                Step::End => break,
            }
        }
        self.reading = take_step(&mut self.wanted, PAGE_MESSAGES, |entry| entry.size);
        match self.reading.as_slice() {
            [] => Next::Done,
            some => Next::Read(some.iter().flat_map(message_places).collect()),
        }
    }

    fn segments(&self, range: Range<u32>) -> Vec<Place> {
        segment_places(&self.conversation, range)
    }

    fn reply(mut self, more: bool) -> Reply {
        if self.side == Side::Older {
            self.messages.reverse();
        }
        Reply::Messages {
            messages: self.messages,
            more,
        }
    }
}

/// Takes as many as may be read in one step.
pub(super) fn take_step<T>(
    wanted: &mut VecDeque<T>,
    most: usize,
    size: impl Fn(&T) -> u32,
) -> Vec<T> {
    let mut bytes = 0;
    let mut step = Vec::new();
    while let Some(one) = wanted.pop_front_if(|one| {
        bytes += u64::from(size(one));
        step.is_empty() || (step.len() < most && bytes <= STEP_BYTES)
    }) {
        step.push(one);
    }
    step
}

/// Where the message of an entry may be. One of ours moves from one store to the other when it is
/// done, and is in one of them at any time; beside it may stand that it was delivered.
pub(super) fn message_places(entry: &Entry) -> Vec<Place> {
    let stores: &[Store] = match entry.direction {
        Direction::Sent => &[Store::Outbox, Store::Sent],
        Direction::Received => &[Store::Inbox],
    };
    let delivered =
        (entry.direction == Direction::Sent).then(|| (Table::Delivered, entry.id.0.to_vec()));
    let stores = stores.iter().map(|store| place(*store, entry.id));
    stores.chain(delivered).collect()
}

/// Where segments are.
pub(super) fn segment_places(conversation: &str, range: Range<u32>) -> Vec<Place> {
    let key = |segment| (Table::Timeline, segment_key(conversation, segment));
    range.map(key).collect()
}

/// The segments of a conversation that were asked for. One that is not there, or damaged, is
/// empty.
pub(super) fn segments<'a>(
    conversation: &'a str,
    found: &'a Found,
) -> impl Iterator<Item = (u32, Vec<Entry>)> + 'a {
    found.asked().filter_map(move |(table, key)| {
        let number = key.strip_prefix(conversation.as_bytes());
        let number = number.and_then(|number| number.try_into().ok())?;
        let value = found.get(&(*table, key.clone()));
        let entries = value.and_then(read_segment);
        let is_segment = *table == Table::Timeline;
        is_segment.then(|| (u32::from_be_bytes(number), entries.unwrap_or_default()))
    })
}
