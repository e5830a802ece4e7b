//! What is done with one message of which only the id is known: first it is looked for.

use std::collections::VecDeque;

use sotto_core::client::{MessageId, Store};

use super::{
    After, Run,
    paging::{message_places, segment_places, segments},
    reading::{Found, Job, Place, place},
};
use crate::{
    background::{
        effect::Effect,
        pages::{Asker, Pages},
    },
    page::{Reply, RequestError},
    timeline::{Entry, Last, Located, Side, Step, Walk, received_after, segment_of},
};

/// What is to be done with a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::background) enum Purpose {
    /// It counts as seen, and all before it.
    See,
    /// It is deleted.
    Delete,
}

/// A message that is looked for.
pub(super) struct Finding {
    pub(super) asker: Asker,
    purpose: Purpose,
    id: MessageId,
    walk: Walk,
    /// The one before it, whose message is being read.
    previous: Option<Entry>,
}

/// How it goes on.
enum Next {
    Read(Vec<Place>),
    /// It is done in memory, and on its way to the disk.
    Done,
    Nowhere,
}

impl Run {
    /// Does something with a message, and answers then.
    pub(in crate::background) fn find(
        &mut self,
        asker: Asker,
        purpose: Purpose,
        id: MessageId,
        pages: &Pages,
        effects: &mut VecDeque<Effect>,
    ) {
        let finding = Finding {
            asker,
            purpose,
            id,
            walk: Walk::new(Side::Older),
            previous: None,
        };
        self.begin_writing(Job::Finding(Box::new(finding)), pages, effects);
    }

    /// Goes on with a message; `found` is what was read for it.
    pub(super) fn find_on(
        &mut self,
        mut finding: Box<Finding>,
        found: &Found,
        pages: &Pages,
        effects: &mut VecDeque<Effect>,
    ) {
        let reply = match self.find_next(&mut finding, found) {
            Next::Read(places) => return self.read(places, Job::Finding(finding), effects),
            Next::Done => Reply::Ok,
            Next::Nowhere => Reply::Error {
                error: RequestError::NoSuchMessage.view(),
            },
        };
        // What could not be saved as seen counts as unread again after a restart.
        match finding.purpose {
            Purpose::See => self.done.push(After::Reply(finding.asker, reply)),
            Purpose::Delete => self.books.then(After::Reply(finding.asker, reply)),
        }
        self.end_writing(pages, effects);
    }

    fn find_next(&mut self, finding: &mut Finding, found: &Found) -> Next {
        let Some(conversation) = self.conversation_of(finding.id, found) else {
            return match found.is_empty() {
                true => Next::Read(places(finding.id)),
                false => Next::Nowhere,
            };
        };
        for (segment, entries) in segments(&conversation, found) {
            finding.walk.give(segment, entries);
        }
        let one = self.timeline.get(&conversation);
        match one.map_or(Located::Nowhere, |one| finding.walk.locate(one, finding.id)) {
            Located::At(entry) => self.act(finding, &conversation, &entry, found),
            Located::Read(range) => {
                let mut places = places(finding.id);
                places.extend(segment_places(&conversation, range));
                Next::Read(places)
            }
            Located::Nowhere => Next::Nowhere,
        }
    }

    /// The conversation of a message: from memory, or from its record.
    fn conversation_of(&self, id: MessageId, found: &Found) -> Option<String> {
        let newest = self.timeline.find(id).map(|(one, _)| one.peer.id());
        let known = newest.or_else(|| self.outgoing.get(&id).cloned());
        known.or_else(|| {
            let message = places(id).into_iter().find_map(|place| {
                let value = found.get(&place)?;
                self.view((place.0, &place.1), value, found)
            });
            message.map(|message| message.conversation)
        })
    }

    fn act(
        &mut self,
        finding: &mut Finding,
        conversation: &str,
        entry: &Entry,
        found: &Found,
    ) -> Next {
        let segment = segment_of(entry.number);
        let one = self.timeline.get(conversation);
        let entries = one.and_then(|one| finding.walk.entries(one, segment));
        let entries = entries.unwrap_or_default().to_vec();
        match finding.purpose {
            Purpose::See => self.see(conversation, segment, received_after(&entries, entry)),
            Purpose::Delete => {
                if self.is_last(conversation, entry) {
                    match self.previous(finding, conversation, entry, found) {
                        Ok(last) => self.timeline.set_last(conversation, last),
                        Err(mut wanted) => {
                            wanted.extend(places(finding.id));
                            return Next::Read(wanted);
                        }
                    }
                }
                self.remove(conversation, entry, &entries);
            }
        }
        Next::Done
    }

    fn is_last(&self, conversation: &str, entry: &Entry) -> bool {
        let one = self.timeline.get(conversation);
        let last = one.and_then(|one| one.about.last.as_ref());
        last.is_some_and(|last| last.id == entry.id.to_string())
    }

    /// The newest message before an entry, or what has to be read for it.
    fn previous(
        &self,
        finding: &mut Finding,
        conversation: &str,
        entry: &Entry,
        found: &Found,
    ) -> Result<Option<Last>, Vec<Place>> {
        match finding.previous.take() {
            Some(previous) => {
                if let Some(message) = self.message(&previous, found) {
                    return Ok(Some(Last::from(&message)));
                }
            }
            None => finding.walk.start_beside(entry.number),
        }
        let Some(one) = self.timeline.get(conversation) else {
            return Ok(None);
        };
        match finding.walk.next(one) {
            Step::Entry(previous) => {
                finding.previous = Some(previous);
                Err(message_places(&previous))
            }
            Step::Read(range) => Err(segment_places(conversation, range)),
            Step::End => Ok(None),
        }
    }
}

/// Where a message is that the client does not hold.
fn places(id: MessageId) -> Vec<Place> {
    [Store::Inbox, Store::Sent]
        .map(|store| place(store, id))
        .to_vec()
}
