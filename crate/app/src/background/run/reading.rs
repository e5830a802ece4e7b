//! What is read from disk for a page, in as many steps as it takes.

use litemap::LiteMap;
use std::collections::{BTreeMap, VecDeque};
use std::ops::Range;

use sotto_core::client::{MessageId, ReceivedMessage, SentMessage, Store};

use super::{
    Run,
    finding::Finding,
    paging::{Paging, segment_places},
    search::Search,
};
use crate::{
    background::{
        effect::{Effect, ReadId, Table},
        input::StoredRecord,
        pages::{Asker, Pages},
    },
    conversation::Correspondent,
    letter::{Letter, Says},
    page::{DeliveryView, MessageView, Reply, RequestError},
};

/// A record's place on disk.
pub(super) type Place = (Table, Vec<u8>);

/// What goes on when records were read.
pub(super) enum Job {
    /// The whole text of a message.
    Message(Asker),
    /// The content of a file.
    File(Asker),
    /// Messages of a conversation.
    Paging(Box<Paging>),
    /// Messages that hold a text.
    Search(Box<Search>),
    /// Something is done with a message.
    Finding(Box<Finding>),
    /// What is too old is deleted in the conversation that is named.
    Aging(String, u32),
    /// What was forgotten of a conversation is deleted: these segments.
    Purging(String, Range<u32>),
    /// Pages are told of a message that has changed.
    Show,
    /// Messages in the outbox may have been confirmed before the start.
    LookBack,
    /// A message of ours, to be sent again.
    Again(Correspondent, MessageId),
}

/// Reads that are under way.
#[derive(Default)]
pub(super) struct Reads {
    next: u32,
    jobs: LiteMap<ReadId, (Vec<Place>, Job)>,
    /// Whether a job that changes segments is under way. One at a time: what it has read must not
    /// change meanwhile.
    writing: bool,
    /// Those that wait for it.
    waiting: VecDeque<Job>,
}

/// The records that were asked for, as far as they exist.
#[derive(Default)]
pub(super) struct Found(BTreeMap<Place, Option<Vec<u8>>>);

impl Found {
    /// The content of a record.
    pub(super) fn get(&self, place: &Place) -> Option<&[u8]> {
        self.0.get(place)?.as_deref()
    }

    /// Whether nothing was asked for.
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Where something was looked for.
    pub(super) fn asked(&self) -> impl Iterator<Item = &Place> {
        self.0.keys()
    }
}

impl Job {
    fn asker(&self) -> Option<Asker> {
        match self {
            Self::Message(asker) | Self::File(asker) => Some(*asker),
            Self::Paging(paging) => Some(paging.asker),
            Self::Search(search) => Some(search.asker),
            Self::Finding(finding) => Some(finding.asker),
            Self::Aging(..) | Self::Purging(..) | Self::Show | Self::LookBack | Self::Again(..) => {
                None
            }
        }
    }
}

impl Job {
    /// Whether it changes segments.
    fn is_writing(&self) -> bool {
        matches!(self, Self::Finding(_) | Self::Aging(..) | Self::Purging(..))
    }
}

impl Run {
    /// Reads records, and goes on with `job` then.
    pub(super) fn read(&mut self, places: Vec<Place>, job: Job, effects: &mut VecDeque<Effect>) {
        self.reads.next = self.reads.next.wrapping_add(1);
        let read = self.scoped(self.reads.next);
        self.reads.jobs.insert(read, (places.clone(), job));
        effects.push_back(Effect::Read { read, places });
    }

    /// Those who wait for something that was to be read, as there is nobody to go on with it.
    pub(in crate::background) fn take_askers(&mut self) -> Vec<Asker> {
        let jobs = std::mem::take(&mut self.reads.jobs).into_iter();
        let waiting = std::mem::take(&mut self.reads.waiting).into_iter();
        self.reads.writing = false;
        self.swept();
        self.receipts.nothing_is_read();
        let all = jobs.map(|(_, (_, job))| job).chain(waiting);
        let reading = all.filter_map(|job| job.asker());
        reading.chain(std::mem::take(&mut self.probes)).collect()
    }

    /// Begins a job that changes segments, when its turn comes.
    pub(super) fn begin_writing(
        &mut self,
        job: Job,
        pages: &Pages,
        effects: &mut VecDeque<Effect>,
    ) {
        if self.reads.writing {
            self.reads.waiting.push_back(job);
            return;
        }
        self.reads.writing = true;
        self.go_on(job, &Found::default(), pages, effects);
    }

    /// A job that changes segments is done.
    pub(super) fn end_writing(&mut self, pages: &Pages, effects: &mut VecDeque<Effect>) {
        self.reads.writing = false;
        if let Some(job) = self.reads.waiting.pop_front() {
            self.begin_writing(job, pages, effects);
        }
    }

    /// Goes on with what waited for a read.
    pub(in crate::background) fn records_read(
        &mut self,
        read: ReadId,
        result: Result<Vec<StoredRecord>, String>,
        pages: &Pages,
        effects: &mut VecDeque<Effect>,
    ) {
        let Some((places, job)) = self.reads.jobs.remove(&read) else {
            return;
        };
        match result {
            Ok(records) => {
                let found = self.found(places, records);
                self.go_on(job, &found, pages, effects);
            }
            Err(reason) => {
                let error = RequestError::Storage(reason).view();
                match job {
                    Job::Again(_, id) => self.not_read_again(id),
                    _ => job.asker().into_iter().for_each(|asker| {
                        let error = error.clone();
                        pages.reply(effects, asker, Reply::Error { error });
                    }),
                }
                if job.is_writing() {
                    self.sweep_later();
                    self.end_writing(pages, effects);
                }
            }
        }
    }

    /// What was read, under the changes that were not on disk by then.
    fn found(&self, places: Vec<Place>, records: Vec<StoredRecord>) -> Found {
        let mut found: BTreeMap<Place, Option<Vec<u8>>> = BTreeMap::new();
        found.extend(places.into_iter().map(|place| (place, None)));
        for record in records {
            found.insert((record.table, record.key), Some(record.value));
        }
        for (place, value) in &mut found {
            if let Some(pending) = self.books.pending(place.0, &place.1) {
                *value = pending.map(<[u8]>::to_vec);
            }
        }
        Found(found)
    }

    fn go_on(&mut self, job: Job, found: &Found, pages: &Pages, effects: &mut VecDeque<Effect>) {
        match job {
            Job::Message(asker) => {
                let reply = self.whole_message(found);
                pages.reply(effects, asker, reply);
            }
            Job::Again(peer, id) => self.send_again(peer, id, found),
            Job::LookBack => self.looked_back(found),
            Job::Show => self.show(found, pages, effects),
            Job::File(asker) => self.file_read(asker, found),
            Job::Paging(mut paging) => {
                self.page_read(&mut paging, found);
                self.page_on(paging, pages, effects);
            }
            Job::Search(mut search) => {
                self.search_read(&mut search, found);
                self.search_on(search, pages, effects);
            }
            Job::Finding(finding) => self.find_on(finding, found, pages, effects),
            Job::Aging(id, segment) if found.is_empty() => {
                let places = segment_places(&id, segment..segment + 1);
                self.read(places, Job::Aging(id, segment), effects);
            }
            Job::Aging(conversation, segment) => {
                self.age(&conversation, segment, found);
                self.end_writing(pages, effects);
            }
            Job::Purging(id, segments) if found.is_empty() => {
                let places = segment_places(&id, segments.clone());
                self.read(places, Job::Purging(id, segments), effects);
            }
            Job::Purging(conversation, segments) => {
                self.purge(&conversation, segments, found);
                self.end_writing(pages, effects);
            }
        }
    }

    /// Asks for the whole of a message.
    pub(in crate::background) fn read_message(
        &mut self,
        asker: Asker,
        id: MessageId,
        effects: &mut VecDeque<Effect>,
    ) {
        self.read(everywhere(id), Job::Message(asker), effects);
    }

    /// Tells pages of a message that was read.
    fn show(&self, found: &Found, pages: &Pages, effects: &mut VecDeque<Effect>) {
        let mut all = found.0.iter();
        let message = all
            .find_map(|((table, key), value)| self.view((*table, key), value.as_deref()?, found));
        if let Some(message) = message {
            self.publish_message(message, pages, effects);
        }
    }

    /// Asks for the content of a file.
    pub(in crate::background) fn read_file(
        &mut self,
        asker: Asker,
        id: MessageId,
        effects: &mut VecDeque<Effect>,
    ) {
        self.read(everywhere(id), Job::File(asker), effects);
    }

    /// A file was read: it is handed over when the run is done with everything else.
    fn file_read(&mut self, asker: Asker, found: &Found) {
        let mut letters = found
            .0
            .iter()
            .filter_map(|((table, key), value)| self.letter(*table, key, value.as_deref()?));
        let file = match letters.next().map(|letter| letter.says) {
            Some(Says::File(file)) => Ok(file),
            Some(_) => Err(RequestError::NoFile),
            None => Err(RequestError::NoSuchMessage),
        };
        drop(letters);
        self.files.push((asker, file));
    }

    fn whole_message(&self, found: &Found) -> Reply {
        let message = found.0.iter().find_map(|((table, key), value)| {
            let value = value.as_deref()?;
            Some((
                self.view((*table, key), value, found)?,
                self.letter(*table, key, value)?,
            ))
        });
        match message {
            Some((message, letter)) => Reply::Message {
                message,
                text: letter.full_text(),
            },
            None => Reply::Error {
                error: RequestError::NoSuchMessage.view(),
            },
        }
    }

    /// A message as pages show it, from its record. Of one on its way more is known than is on
    /// disk.
    pub(super) fn view(
        &self,
        (table, key): (Table, &[u8]),
        value: &[u8],
        found: &Found,
    ) -> Option<MessageView> {
        let letter = self.letter(table, key, value)?;
        let message = match table {
            Table::Core(Store::Inbox) => {
                self.received_view(&ReceivedMessage::from_record(key, value)?, &letter)
            }
            _ => self.sent_view(&SentMessage::from_record(key, value)?, &letter),
        };
        let kept = self.history.get(&message.id);
        let delivered = found.get(&(Table::Delivered, key.to_vec()));
        let delivered = delivered.map(|_| DeliveryView::delivered());
        let kept = kept.and_then(|kept| kept.delivery.clone());
        Some(MessageView {
            delivery: delivered.or(kept).or(message.delivery),
            ..message
        })
    }

    pub(super) fn letter(&self, table: Table, key: &[u8], value: &[u8]) -> Option<Letter> {
        let own = self.keys;
        match table {
            Table::Core(Store::Inbox) => {
                let message = ReceivedMessage::from_record(key, value)?;
                Some(Letter::received(&message, &own))
            }
            Table::Core(Store::Outbox | Store::Sent) => {
                Some(Letter::sent(&SentMessage::from_record(key, value)?))
            }
            _ => None,
        }
    }
}

/// Where a message may be, and whether it was delivered.
pub(super) fn everywhere(id: MessageId) -> Vec<Place> {
    let stores = [Store::Outbox, Store::Sent, Store::Inbox].map(|store| place(store, id));
    let delivered = (Table::Delivered, id.0.to_vec());
    stores.into_iter().chain([delivered]).collect()
}

/// The place of a message in one of the core's stores.
pub(super) fn place(store: Store, id: MessageId) -> Place {
    (Table::Core(store), id.0.to_vec())
}
