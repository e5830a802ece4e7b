//! The keys of answers that may come through SURBs we gave away (protocol.md 6.4).

use crate::message::SenderTag;
use crate::surb::{ReplyKey, Surb};
use crate::time::Time;
use std::collections::HashMap;
use std::time::Duration;

/// How long an answer is waited for.
const MEMORY: Duration = Duration::from_secs(24 * 3600);

/// What is known of a SURB that was given away.
#[derive(Debug)]
struct Given {
    at: Time,
    /// The tag by which whoever has the SURB knows us: it says whose answer comes through it.
    as_tag: SenderTag,
    key: ReplyKey,
}

/// The keys, by the digest that stands in front of an answer.
#[derive(Debug, Default)]
pub(super) struct ReplyKeys {
    keys: HashMap<[u8; 32], Given>,
}

impl ReplyKeys {
    /// Remembers the key of a SURB that is about to be given to whoever knows us by `as_tag`: its
    /// record's name and content (milliseconds, 8 bytes, then tag and key, 16 bytes each).
    pub(super) fn remember(
        &mut self,
        at: Time,
        as_tag: SenderTag,
        surb: &Surb,
    ) -> ([u8; 32], Vec<u8>) {
        let key = surb.reply_key().clone();
        let digest = key.digest();
        let time = at.as_millis().to_be_bytes();
        let record = [time.as_slice(), &as_tag.0, key.as_bytes()].concat();
        self.keys.insert(digest, Given { at, as_tag, key });
        (digest, record)
    }

    /// Takes a record that was read from disk; `false` if it is damaged.
    pub(super) fn restore(&mut self, digest: &[u8], record: &[u8]) -> bool {
        let parts = || {
            let digest = <[u8; 32]>::try_from(digest).ok()?;
            let (time, rest) = record.split_first_chunk()?;
            let (tag, key) = rest.split_first_chunk()?;
            let given = Given {
                at: Time::from_millis(u64::from_be_bytes(*time)),
                as_tag: SenderTag(*tag),
                key: ReplyKey::from_bytes(key.try_into().ok()?),
            };
            Some((digest, given))
        };
        parts()
            .map(|(digest, given)| self.keys.insert(digest, given))
            .is_some()
    }

    /// Keys remembered.
    pub(super) fn len(&self) -> usize {
        self.keys.len()
    }

    /// Takes the key of an answer out, with the tag by which its sender knows us: an answer comes
    /// once.
    pub(super) fn take(&mut self, digest: &[u8; 32]) -> Option<(SenderTag, ReplyKey)> {
        let Given { as_tag, key, .. } = self.keys.remove(digest)?;
        Some((as_tag, key))
    }

    /// Forgets keys that are too old; gives their records' names.
    pub(super) fn sweep(&mut self, now: Time) -> Vec<[u8; 32]> {
        let mut gone = Vec::new();
        self.keys.retain(|digest, given| {
            let old = now.saturating_since(given.at) > MEMORY;
            if old {
                gone.push(*digest);
            }
            !old
        });
        gone
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Time = Time::from_millis(1000);
    const TAG: SenderTag = SenderTag([5; 16]);

    /// A SURB over one hop with that key. It leads nowhere.
    fn surb(key: u8) -> Surb {
        let first_hop = [&[4, 6, 253, 127, 0, 0, 1], [0; 25].as_slice()].concat();
        let parts = [&[2][..], &[key; 16], &[0; 348], &first_hop, &[0; 16]];
        Surb::from_record(&parts.concat()).unwrap()
    }

    fn taken(keys: &mut ReplyKeys, digest: [u8; 32]) -> Option<(SenderTag, [u8; 16])> {
        let (tag, key) = keys.take(&digest)?;
        Some((tag, *key.as_bytes()))
    }

    #[test]
    fn an_answer_finds_its_key_once_even_after_a_restart() {
        let mut keys = ReplyKeys::default();
        let (digest, record) = keys.remember(NOW, TAG, &surb(7));
        assert_eq!(digest, surb(7).reply_key().digest());
        assert_eq!(taken(&mut keys, [0; 32]), None);
        assert_eq!(taken(&mut keys, digest), Some((TAG, [7; 16])));
        assert_eq!(taken(&mut keys, digest), None);
        assert!(keys.restore(&digest, &record));
        assert_eq!(taken(&mut keys, digest), Some((TAG, [7; 16])));
    }

    #[test]
    fn damaged_keys_are_refused() {
        let mut keys = ReplyKeys::default();
        let (digest, record) = ReplyKeys::default().remember(NOW, TAG, &surb(7));
        assert!(!keys.restore(&digest[..31], &record));
        for len in 0..record.len() {
            assert!(!keys.restore(&digest, &record[..len]), "{len} bytes");
        }
        assert_eq!(taken(&mut keys, digest), None);
    }

    #[test]
    fn an_answer_is_waited_for_a_day() {
        let mut keys = ReplyKeys::default();
        let (digest, record) = keys.remember(NOW, TAG, &surb(7));
        let (later, _) = keys.remember(NOW + Duration::from_secs(1), TAG, &surb(8));
        let day = NOW + Duration::from_secs(86_400);
        assert_eq!(keys.sweep(day), [[0; 32]; 0]);
        let past = day + Duration::from_millis(1);
        assert_eq!(keys.sweep(past), [digest]);
        assert_eq!(taken(&mut keys, digest), None);
        assert_eq!(taken(&mut keys, later), Some((TAG, [8; 16])));
        assert!(keys.restore(&digest, &record), "the time is on disk");
        assert_eq!(keys.sweep(past), [digest]);
    }
}
