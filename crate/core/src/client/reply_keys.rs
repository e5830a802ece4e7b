//! The keys of answers that may come through SURBs we gave away (protocol.md 6.4).

use crate::surb::{ReplyKey, Surb};
use crate::time::Time;
use std::collections::HashMap;
use std::time::Duration;

/// How long an answer is waited for.
const MEMORY: Duration = Duration::from_secs(24 * 3600);

/// The keys, by the digest that stands in front of an answer.
#[derive(Debug, Default)]
pub(super) struct ReplyKeys {
    keys: HashMap<[u8; 32], (Time, ReplyKey)>,
}

impl ReplyKeys {
    /// Remembers the key of a SURB that is about to be given away: its record's name and content
    /// (milliseconds, 8 bytes, then the key).
    pub(super) fn remember(&mut self, now: Time, surb: &Surb) -> ([u8; 32], Vec<u8>) {
        let key = surb.reply_key();
        let digest = key.digest();
        let record = [now.as_millis().to_be_bytes().as_slice(), key.as_bytes()].concat();
        self.keys.insert(digest, (now, key.clone()));
        (digest, record)
    }

    /// Takes a record that was read from disk; `false` if it is damaged.
    pub(super) fn restore(&mut self, digest: &[u8], record: &[u8]) -> bool {
        let parts = || {
            let digest = <[u8; 32]>::try_from(digest).ok()?;
            let (time, key) = record.split_first_chunk()?;
            let time = Time::from_millis(u64::from_be_bytes(*time));
            Some((digest, (time, ReplyKey::from_bytes(key.try_into().ok()?))))
        };
        parts()
            .map(|(digest, entry)| self.keys.insert(digest, entry))
            .is_some()
    }

    /// Takes the key of an answer out: an answer comes once.
    pub(super) fn take(&mut self, digest: &[u8; 32]) -> Option<ReplyKey> {
        self.keys.remove(digest).map(|(_, key)| key)
    }

    /// Forgets keys that are too old; gives their records' names.
    pub(super) fn sweep(&mut self, now: Time) -> Vec<[u8; 32]> {
        let mut gone = Vec::new();
        self.keys.retain(|digest, (time, _)| {
            let old = now.saturating_since(*time) > MEMORY;
            if old {
                gone.push(*digest);
            }
            !old
        });
        gone
    }
}
