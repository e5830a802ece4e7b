//! Looking for a text, in the newest messages first, a bounded number of records at a time.
//!
//! The conversations are walked through side by side, and of their next messages the newest is
//! always the one that is looked at. Where a search stopped, the next request goes on: from memory,
//! or if that is gone, from the beginning and past what was looked at already.

use crate::set::Set;
use litemap::LiteMap;
use std::collections::VecDeque;

use sotto_core::client::{ReceivedMessage, Store};

use super::{
    Run,
    paging::{message_places, segment_places, segments, take_step},
    reading::{Found, Job, Place},
};
use crate::{
    background::{
        effect::{Effect, Table},
        pages::{Asker, Pages},
    },
    letter::Letter,
    page::{MessageView, Reply},
    timeline::{Entry, Side, Step, Timeline, Walk},
};

/// How many records one request reads at most, give or take one step.
const MOST_RECORDS: usize = 500;
/// How many messages one request finds at most, give or take one step.
const MOST_HITS: usize = 50;
/// How many messages, or segments, are read in one step.
const STEP_RECORDS: usize = 64;
/// How many searches can be gone on with from memory.
const KEPT: usize = 2;

/// Where a message stands among those of all conversations: the newest is the greatest. Times never
/// grow on the way back through a conversation, whatever its messages say.
type Position = (u64, String, u32);

/// A search for a text.
pub(super) struct Search {
    pub(super) asker: Asker,
    wanted: Wanted,
    lanes: LiteMap<String, Lane>,
    /// Those of which the next entry is not known.
    idle: Set<String>,
    /// The next entries of all others.
    heads: LiteMap<Position, Entry>,
    /// What was looked at before: this and all that is newer.
    passed: Option<Position>,
    /// Entries whose messages are to be read.
    queue: VecDeque<(Position, Entry)>,
    /// Those that are being read.
    reading: Vec<(Position, Entry)>,
    hits: Vec<MessageView>,
    records: usize,
}

/// What is looked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::background) struct Wanted {
    /// In small letters.
    pub(in crate::background) text: String,
    pub(in crate::background) conversation: Option<String>,
}

/// The way back through one conversation.
struct Lane {
    walk: Walk,
    time: u64,
}

/// Searches that may be gone on with, the one that stopped last at the end.
#[derive(Default)]
pub(super) struct Searches(VecDeque<(Wanted, String, Box<Search>)>);

impl Searches {
    fn keep(&mut self, cursor: String, search: Box<Search>) {
        if self.0.len() >= KEPT {
            self.0.pop_front();
        }
        self.0.push_back((search.wanted.clone(), cursor, search));
    }

    fn take(&mut self, wanted: &Wanted, cursor: &str) -> Option<Box<Search>> {
        let is = |(of, at, _): &(Wanted, String, _)| of == wanted && at == cursor;
        let place = self.0.iter().position(is)?;
        self.0.remove(place).map(|(_, _, search)| search)
    }
}

impl Run {
    /// Looks for a text, from where an earlier request stopped.
    pub(in crate::background) fn search(
        &mut self,
        asker: Asker,
        wanted: Wanted,
        cursor: Option<String>,
        pages: &Pages,
        effects: &mut VecDeque<Effect>,
    ) {
        let kept = cursor
            .as_ref()
            .and_then(|at| self.searches.take(&wanted, at));
        let search = kept.unwrap_or_else(|| {
            let passed = cursor.as_deref().and_then(position);
            Box::new(Search::new(asker, wanted, passed, &self.timeline))
        });
        let search = Search {
            asker,
            records: 0,
            ..*search
        };
        self.search_on(Box::new(search), pages, effects);
    }

    /// Takes in what was read for a search.
    pub(super) fn search_read(&self, search: &mut Search, found: &Found) {
        for (position, entry) in std::mem::take(&mut search.reading) {
            let hit = message_places(&entry).into_iter().find_map(|place| {
                let value = found.get(&place)?;
                let holds = self.message_holds(&place, value, &search.wanted.text);
                holds.then(|| self.view((place.0, &place.1), value, found))?
            });
            search.hits.extend(hit);
            search.passed = Some(position);
        }
        for (conversation, lane) in &mut search.lanes {
            for (segment, entries) in segments(conversation, found) {
                lane.walk.give(segment, entries);
            }
        }
    }

    /// Whether a message holds a text. Its signature is checked only if it might.
    fn message_holds(&self, (table, key): &Place, value: &[u8], text: &str) -> bool {
        if let Some(message) = received(*table, key, value) {
            let might =
                holds(Letter::claimed(&message.body), text) || holds(Letter::forged(), text);
            if !might {
                return false;
            }
        }
        let letter = self.letter(*table, key, value);
        letter.is_some_and(|letter| holds(letter, text))
    }

    /// Goes on with a search, and answers when enough was found or looked at.
    pub(super) fn search_on(
        &mut self,
        mut search: Box<Search>,
        pages: &Pages,
        effects: &mut VecDeque<Effect>,
    ) {
        if search.is_enough() {
            let cursor = search.passed.as_ref().map(cursor);
            let messages = std::mem::take(&mut search.hits);
            let asker = search.asker;
            if let Some(cursor) = &cursor {
                self.searches.keep(cursor.clone(), search);
            }
            return pages.reply(effects, asker, Reply::Found { messages, cursor });
        }
        let places = search.next(&self.timeline);
        if places.is_empty() {
            let messages = std::mem::take(&mut search.hits);
            let cursor = None;
            return pages.reply(effects, search.asker, Reply::Found { messages, cursor });
        }
        search.records += places.len();
        self.read(places, Job::Search(search), effects);
    }
}

impl Search {
    fn new(asker: Asker, wanted: Wanted, passed: Option<Position>, timeline: &Timeline) -> Self {
        let ids: Vec<String> = match &wanted.conversation {
            Some(one) => vec![one.clone()],
            None => timeline.ids().map(str::to_owned).collect(),
        };
        let mut lanes = LiteMap::new();
        for (id, one) in ids.iter().filter_map(|id| Some((id, timeline.get(id)?))) {
            lanes.insert(id.clone(), Lane::new(id, one.about.next, passed.as_ref()));
        }
        Self {
            asker,
            wanted,
            lanes,
            idle: ids.into_iter().collect(),
            heads: LiteMap::new(),
            passed,
            queue: VecDeque::new(),
            reading: Vec::new(),
            hits: Vec::new(),
            records: 0,
        }
    }

    fn is_enough(&self) -> bool {
        self.records >= MOST_RECORDS || self.hits.len() >= MOST_HITS
    }

    /// What is to be read next; nothing at the end.
    fn next(&mut self, timeline: &Timeline) -> Vec<Place> {
        while self.queue.len() < STEP_RECORDS {
            let mut segments = self.look_ahead(timeline);
            if !segments.is_empty() {
                segments.truncate(STEP_RECORDS);
                return segments;
            }
            let Some((position, entry)) = self.take_newest() else {
                break;
            };
            self.idle.insert(position.1.clone());
            if self.passed.as_ref().is_none_or(|passed| position < *passed) {
                self.queue.push_back((position, entry));
            }
        }
        self.reading = take_step(&mut self.queue, STEP_RECORDS, |(_, entry)| entry.size);
        let entries = self.reading.iter().map(|(_, entry)| entry);
        entries.flat_map(message_places).collect()
    }

    fn take_newest(&mut self) -> Option<(Position, Entry)> {
        let (position, _) = self.heads.last()?;
        let position = position.clone();
        let entry = self.heads.remove(&position)?;
        Some((position, entry))
    }

    /// Finds the next entry of each conversation, or which segments have to be read for it.
    fn look_ahead(&mut self, timeline: &Timeline) -> Vec<Place> {
        let mut places = Vec::new();
        for id in std::mem::take(&mut self.idle) {
            let next = timeline.get(&id).zip(self.lanes.get_mut(&id));
            match next.map_or(Step::End, |(one, lane)| lane.walk.next(one)) {
                Step::Entry(entry) => self.set_head(id, entry),
                Step::End => drop(self.lanes.remove(&id)),
                Step::Read(range) => {
                    places.extend(segment_places(&id, range));
                    self.idle.insert(id);
                }
            }
        }
        places
    }

    fn set_head(&mut self, id: String, entry: Entry) {
        if let Some(lane) = self.lanes.get_mut(&id) {
            lane.time = lane.time.min(entry.at.as_millis());
            self.heads.insert((lane.time, id, entry.number), entry);
        }
    }
}

impl Lane {
    /// From the end of a conversation, or from where the search had come in it.
    fn new(id: &str, next: u32, passed: Option<&Position>) -> Self {
        let (time, number) = match passed {
            Some((time, of, number)) if of == id => (*time, *number),
            _ => (u64::MAX, next),
        };
        Self {
            walk: Walk::beside(Side::Older, number),
            time,
        }
    }
}

fn received(table: Table, key: &[u8], value: &[u8]) -> Option<ReceivedMessage> {
    let is_received = table == Table::Core(Store::Inbox);
    ReceivedMessage::from_record(key, value).filter(|_| is_received)
}

/// Whether a message holds a text, whatever the case; of a file, its name.
fn holds(letter: Letter, text: &str) -> bool {
    let own = match letter.file() {
        Some(file) => file.name,
        None => letter.full_text(),
    };
    own.to_lowercase().contains(text)
}

/// A position as pages keep it.
fn cursor((time, conversation, number): &Position) -> String {
    format!("{time}.{number}.{conversation}")
}

fn position(cursor: &str) -> Option<Position> {
    let (time, rest) = cursor.split_once('.')?;
    let (number, conversation) = rest.split_once('.')?;
    Some((
        time.parse().ok()?,
        conversation.to_owned(),
        number.parse().ok()?,
    ))
}
