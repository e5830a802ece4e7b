//! Deleting what is too old, and what was forgotten: in steps, each of which is on disk before the
//! next one begins.

use std::collections::VecDeque;
use std::ops::Range;
use std::time::Duration;

use sotto_core::time::Time;

use super::{
    After, Run,
    paging::segments,
    reading::{Found, Job},
};
use crate::{
    background::{effect::Effect, pages::Pages},
    timeline::Entry,
};

/// How often it is looked for messages that are too old.
const AGE_EVERY: Duration = Duration::from_secs(60 * 60);
/// How many segments are purged in one step.
const PURGED_AT_ONCE: u32 = 4;
/// How long after the disk could not be read the next step is tried.
const AGAIN_AFTER: Duration = Duration::from_secs(60);
const DAY_SECONDS: u64 = 24 * 60 * 60;

/// What is left to be swept.
pub(super) struct Sweeping {
    /// When it is looked for messages that are too old.
    due: Time,
    /// Conversations in which it was not looked yet, since then.
    left: Vec<String>,
    /// Whether a step is under way.
    busy: bool,
    /// No step begins earlier, as the disk could not be read.
    not_before: Option<Time>,
}

impl Sweeping {
    /// It is looked for old messages at once.
    pub(super) fn new(now: Time) -> Self {
        Self {
            due: now,
            left: Vec::new(),
            busy: false,
            not_before: None,
        }
    }
}

impl Run {
    /// When [`Self::sweep`] is to be asked again.
    pub(super) fn sweep_deadline(&self) -> Option<Time> {
        let aging = self.settings.keep_days.map(|_| self.sweeping.due);
        aging.into_iter().chain(self.sweeping.not_before).min()
    }

    /// Messages from before then are too old, in milliseconds since the Unix epoch.
    fn too_old(&self) -> u64 {
        let days = self.settings.keep_days.map_or(u64::MAX, u64::from);
        let kept = days.max(1).saturating_mul(DAY_SECONDS * 1_000);
        self.clock.as_millis().saturating_sub(kept)
    }

    /// Takes the next step, if there is something to sweep.
    pub(in crate::background) fn sweep(&mut self, pages: &Pages, effects: &mut VecDeque<Effect>) {
        // The clock may have been set back.
        self.sweeping.due = self.sweeping.due.min(self.clock + AGE_EVERY);
        if self.settings.keep_days.is_some() && self.sweeping.due <= self.clock {
            self.sweeping.due = self.clock + AGE_EVERY;
            self.sweeping.left = self.timeline.older_than(self.too_old());
        }
        let too_early = self.sweeping.not_before.is_some_and(|at| self.clock < at);
        if self.sweeping.busy || too_early {
            return;
        }
        self.sweeping.not_before = None;
        let job = if let Some((id, range)) = self.timeline.to_purge(PURGED_AT_ONCE) {
            Job::Purging(id, range)
        } else if let Some(id) = self.sweeping.left.pop() {
            let first = self.timeline.get(&id).map_or(0, |one| one.about.first);
            Job::Aging(id, first)
        } else {
            return;
        };
        self.sweeping.busy = true;
        self.begin_writing(job, pages, effects);
    }

    /// A step is on disk, or came to nothing.
    pub(super) fn swept(&mut self) {
        self.sweeping.busy = false;
    }

    /// The disk could not be read.
    pub(super) fn sweep_later(&mut self) {
        self.sweeping.busy = false;
        self.sweeping.not_before = Some(self.clock + AGAIN_AFTER);
    }

    /// Deletes the messages of segments that were forgotten.
    pub(super) fn purge(&mut self, conversation: &str, range: Range<u32>, found: &Found) {
        let entries: Vec<Entry> = segments(conversation, found)
            .flat_map(|(_, entries)| entries)
            .collect();
        for entry in entries {
            self.delete_record(entry.id);
        }
        self.timeline.purged(conversation, range);
        self.books.then(After::Swept);
    }

    /// Deletes the messages at the beginning of a conversation that are too old, as far as they are
    /// in its first segment.
    pub(super) fn age(&mut self, conversation: &str, segment: u32, found: &Found) {
        self.books.then(After::Swept);
        let Some(one) = self.timeline.get(conversation) else {
            return;
        };
        let is_tail = segment == one.tail_segment();
        let mut entries = match is_tail {
            true => one.tail().to_vec(),
            false => segments(conversation, found)
                .flat_map(|(_, entries)| entries)
                .collect(),
        };
        let too_old = self.too_old();
        while let Some(entry) = entries.first().copied() {
            if entry.at.as_millis() >= too_old {
                return self.timeline.set_oldest(conversation, entry.at.as_millis());
            }
            self.remove(conversation, &entry, &entries);
            entries.remove(0);
        }
        self.timeline.begin_after(conversation, segment);
        match is_tail {
            true => self.timeline.set_last(conversation, None),
            false => self.sweeping.left.push(conversation.to_owned()),
        }
    }
}
