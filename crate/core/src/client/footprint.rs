//! How much a client holds: what a simulation looks at to see that nothing grows for ever.

use super::Client;

/// Numbers of things that a client holds in memory. They tell nothing of who or what.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Footprint {
    /// Messages on their way out, requests for SURBs and their answers included.
    pub outgoing: usize,
    /// Messages that were given up and are kept for a retry.
    pub failed: usize,
    /// Entries about fragments on their way: turns, repetitions, timers.
    pub fragments: usize,
    /// Anonymous messages that have no SURBs yet.
    pub unprepared: usize,
    /// Fragments of answers that wait with a SURB of their own.
    pub answers: usize,
    /// Messages of which a delivery state was told and may change.
    pub told: usize,
    /// Bytes of messages that have come in part.
    pub reassembly_bytes: usize,
    /// Sets remembered so that repetitions of them are known.
    pub seen: usize,
    /// Keys of answers that may come.
    pub reply_keys: usize,
    /// SURBs on hand.
    pub surbs: usize,
    /// Correspondents of whom SURBs were received.
    pub correspondents: usize,
    /// Those to whom we wrote anonymously.
    pub sender_tags: usize,
    /// Changes that are not on disk, and what waits for them.
    pub unsaved: usize,
    /// Effects that were not polled.
    pub outputs: usize,
}

impl Client {
    /// How much the client holds.
    pub fn footprint(&self) -> Footprint {
        let (outgoing, failed, fragments) = self.outbox.footprint();
        let (correspondents, surbs) = self.surbs.footprint();
        Footprint {
            outgoing,
            failed,
            fragments,
            unprepared: self.unprepared.len(),
            answers: self.answers.len(),
            told: self.told.len(),
            reassembly_bytes: self.reassembly.held_bytes(),
            seen: self.seen.len(),
            reply_keys: self.reply_keys.len(),
            surbs,
            correspondents,
            sender_tags: self.sender_tags.len(),
            unsaved: self.ledger.len(),
            outputs: self.outputs.len(),
        }
    }
}
