//! The topology, and when to ask the directory for a new one.

use super::backoff;
use super::event::TopologyNews;
use super::problem::Problem;
use crate::keys::IdentityKey;
use crate::time::Time;
use crate::topology::{DirectoryReplies, Topology};
use std::time::Duration;

/// How long the host may take to fetch three replies.
const PATIENCE: Duration = Duration::from_secs(100);

/// A topology younger than this is not fetched anew in doubt; twice as old each time that the
/// doubt stays, so that a gateway which is gone for days does not cost the directory much.
const YOUNG: Duration = Duration::from_secs(5);

/// The topology in use, if there is one.
#[derive(Debug, Default)]
pub(super) struct Atlas {
    topology: Option<Topology>,
    fetched_at: Time,
    asked_at: Option<Time>,
    retry_at: Time,
    failures: u32,
    doubted: bool,
    /// Fetches in a row that were made in doubt.
    doubts: u32,
    /// What the disk had at the start, for when the directory does not answer.
    spare: Option<(Time, Topology)>,
    /// Whether the topology in use is from disk.
    stored: bool,
    /// When which epoch was last written to disk.
    written: Option<(Time, u32)>,
}

/// The same epoch is written again so often, for the sake of its age.
const WRITE_EVERY: Duration = Duration::from_secs(3600);

/// A directory says no more than this in earnest; what is longer is not kept on disk.
const MAX_RECORD: usize = 4 << 20;

/// A topology of that age or less tells what the network is like now.
const CURRENT: Duration = Duration::from_secs(30 * 60);

/// Version byte of the record.
const VERSION: u8 = 1;

impl Atlas {
    pub(super) const fn topology(&self) -> Option<&Topology> {
        self.topology.as_ref()
    }

    /// Whether the topology has that gateway.
    pub(super) fn lists(&self, gateway: Option<IdentityKey>) -> bool {
        let found = |topology: &Topology| gateway.and_then(|id| topology.gateway(&id).map(|_| ()));
        self.topology.as_ref().and_then(found).is_some()
    }

    /// When a failed question is asked again.
    pub(super) const fn retry_at(&self) -> Time {
        self.retry_at
    }

    /// Something suggests that the network has changed: ask again soon.
    pub(super) const fn doubt(&mut self) {
        self.doubted = true;
    }

    /// Ask again at once, whatever was asked before.
    pub(super) const fn forget_waits(&mut self) {
        self.doubted = true;
        self.doubts = 0;
        self.fetched_at = Time::from_millis(0);
        self.asked_at = None;
        self.retry_at = Time::from_millis(0);
    }

    /// When [`Self::due`] may become true.
    pub(super) fn deadline(&self, refresh: Duration) -> Time {
        if let Some(asked_at) = self.asked_at {
            return asked_at + PATIENCE;
        }
        let in_doubt = YOUNG.saturating_mul(1 << self.doubts.min(10));
        let wait = if self.doubted {
            in_doubt.min(refresh)
        } else {
            refresh
        };
        let stale = self.fetched_at + wait;
        if self.topology.is_none() {
            self.retry_at
        } else {
            stale.max(self.retry_at)
        }
    }

    /// Whether to ask now; if so, it counts as asked.
    pub(super) fn due(&mut self, now: Time, refresh: Duration) -> bool {
        if self.asked_at.is_some() || now < self.deadline(refresh) {
            return false;
        }
        self.asked_at = Some(now);
        true
    }

    /// Whether the question that was asked has gone without answer for too long.
    pub(super) fn overdue(&self, now: Time) -> bool {
        self.asked_at
            .is_some_and(|asked_at| now >= asked_at + PATIENCE)
    }

    /// The directory answered. An unusable answer leaves the old topology standing.
    pub(super) fn fetched(
        &mut self,
        now: Time,
        replies: &DirectoryReplies,
        share: f64,
    ) -> Result<(), Problem> {
        match Topology::from_directory(replies) {
            Ok(topology) => {
                let doubts = if self.doubted {
                    self.doubts.saturating_add(1)
                } else {
                    0
                };
                *self = Self {
                    topology: Some(topology),
                    fetched_at: now,
                    doubts,
                    written: self.written,
                    ..Self::default()
                };
                Ok(())
            }
            Err(error) => {
                self.failed(now, share);
                Err(error.into())
            }
        }
    }

    /// The record of an answer that was taken just now, if it is time to write one.
    ///
    /// Version, when it was fetched (milliseconds, 8 bytes), then the three bodies, each after
    /// its length (4 bytes).
    pub(super) fn record(&mut self, now: Time, replies: &DirectoryReplies) -> Option<Vec<u8>> {
        let epoch = self.topology.as_ref()?.epoch();
        let fresh = |(at, of): (Time, u32)| of == epoch && now < at + WRITE_EVERY;
        if self.written.is_some_and(fresh) {
            return None;
        }
        let bodies = replies.bodies();
        let mut record = vec![VERSION];
        record.extend_from_slice(&now.as_millis().to_be_bytes());
        for body in bodies {
            record.extend_from_slice(&u32::try_from(body.len()).ok()?.to_be_bytes());
            record.extend_from_slice(body);
        }
        self.written = Some((now, epoch));
        (record.len() <= MAX_RECORD).then_some(record)
    }

    /// Keeps a record in reserve; `false` if it is damaged.
    pub(super) fn restore(&mut self, record: &[u8]) -> bool {
        self.spare = read_record(record);
        if let Some((at, topology)) = &self.spare {
            self.written = Some((*at, topology.epoch()));
        }
        self.spare.is_some()
    }

    /// Without a topology, takes the one from disk into use. `true` if there is one.
    pub(super) fn use_stored(&mut self) -> bool {
        if self.topology.is_some() {
            return false;
        }
        let Some((at, topology)) = self.spare.take() else {
            return false;
        };
        self.topology = Some(topology);
        self.fetched_at = at;
        self.stored = true;
        true
    }

    /// Whether the topology tells what the network is like now.
    pub(super) fn is_current(&self, now: Time) -> bool {
        self.topology.is_some() && now < self.fetched_at + CURRENT
    }

    /// What there is to tell of the topology in use.
    pub(super) fn news(&self) -> Option<TopologyNews> {
        let topology = self.topology.as_ref()?;
        Some(TopologyNews {
            fetched_at: self.fetched_at,
            epoch: topology.epoch(),
            stored: self.stored,
            mix_nodes: topology.mix_nodes(),
            gateways: topology.gateways(),
        })
    }

    /// The directory gave no usable answer.
    pub(super) fn failed(&mut self, now: Time, share: f64) {
        self.asked_at = None;
        self.failures = self.failures.saturating_add(1);
        self.retry_at = now + backoff::delay(self.failures, share);
    }
}

fn read_record(record: &[u8]) -> Option<(Time, Topology)> {
    let ([VERSION], rest) = record.split_first_chunk()? else {
        return None;
    };
    let (time, rest) = rest.split_first_chunk()?;
    let (rewarded_set, rest) = split_body(rest)?;
    let (mixnodes, rest) = split_body(rest)?;
    let (entry_gateways, []) = split_body(rest)? else {
        return None;
    };
    let replies = DirectoryReplies {
        rewarded_set,
        mixnodes,
        entry_gateways,
    };
    let topology = Topology::from_directory(&replies).ok()?;
    Some((Time::from_millis(u64::from_be_bytes(*time)), topology))
}

fn split_body(bytes: &[u8]) -> Option<(Vec<u8>, &[u8])> {
    let (len, rest) = bytes.split_first_chunk()?;
    let len = usize::try_from(u32::from_be_bytes(*len)).ok()?;
    let (body, rest) = rest.split_at_checked(len)?;
    Some((body.to_vec(), rest))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::keys::ClientKeys;
    use rand_core::SeedableRng;
    use serde_json::{Value, json};

    const REFRESH: Duration = Duration::from_secs(300);

    fn at(seconds: u64) -> Time {
        Time::from_millis(1000 * seconds)
    }

    #[test]
    fn a_directory_that_fails_is_asked_again_and_never_twice_at_once() {
        let mut atlas = Atlas::default();
        assert!(atlas.due(at(10), REFRESH));
        assert!(!atlas.due(at(11), REFRESH));
        assert!(!atlas.overdue(at(109)));
        assert!(atlas.overdue(at(110)));
        atlas.failed(at(110), 1.0);
        assert!(!atlas.due(at(110), REFRESH));
        assert!(atlas.due(at(111), REFRESH));
        assert!(
            atlas
                .fetched(at(112), &DirectoryReplies::default(), 1.0)
                .is_err()
        );
        assert_eq!(atlas.deadline(REFRESH), at(114));
        atlas.forget_waits();
        assert!(atlas.due(at(113), REFRESH));
    }

    fn keys(seed: u8) -> ClientKeys {
        ClientKeys::generate(&mut crate::ChaCha20Rng::from_seed([seed; 32]))
    }

    fn gateway() -> IdentityKey {
        keys(4).signing.identity_key()
    }

    fn page(epoch: u32, nodes: &[Value]) -> Vec<u8> {
        let metadata = json!({"absolute_epoch_id": epoch, "rotation_id": 3, "refreshed_at": ""});
        let pagination = json!({"total": 1, "page": 0, "size": 1});
        let nodes = json!({"pagination": pagination, "data": nodes});
        let page = json!({"metadata": metadata, "nodes": nodes});
        page.to_string().into_bytes()
    }

    /// Three mix nodes and a gateway.
    fn good(epoch: u32) -> DirectoryReplies {
        let node = |id: u8| {
            json!({
                "node_id": id, "ip_addresses": ["127.0.0.1"], "mix_port": 1789, "role": "Inactive",
                "entry": null, "performance": "1",
                "ed25519_identity_pubkey": keys(id).signing.identity_key().to_string(),
                "x25519_sphinx_pubkey": keys(id).encryption.public_key().to_string(),
            })
        };
        let rewarded = json!({
            "epoch_id": epoch, "entry_gateways": [4], "exit_gateways": [], "standby": [],
            "layer1": [1], "layer2": [2], "layer3": [3],
        });
        DirectoryReplies {
            rewarded_set: rewarded.to_string().into_bytes(),
            mixnodes: page(epoch, &[node(1), node(2), node(3)]),
            entry_gateways: page(epoch, &[node(4)]),
        }
    }

    fn fetched(atlas: &mut Atlas, seconds: u64) {
        assert_eq!(atlas.fetched(at(seconds), &good(100), 1.0), Ok(()));
    }

    #[test]
    fn a_good_answer_is_used_until_it_is_old() {
        let mut atlas = Atlas::default();
        assert!(!atlas.lists(Some(gateway())));
        assert!(!atlas.is_current(at(0)) && atlas.news().is_none());
        fetched(&mut atlas, 1000);
        assert!(atlas.topology().is_some() && atlas.lists(Some(gateway())));
        assert!(!atlas.lists(None) && !atlas.lists(Some(keys(5).signing.identity_key())));
        assert_eq!(atlas.deadline(REFRESH), at(1300));
        assert!(atlas.is_current(at(1000 + 1799)));
        assert!(!atlas.is_current(at(1000 + 1800)));
        let news = atlas.news().unwrap();
        assert_eq!(
            (news.fetched_at, news.epoch, news.stored),
            (at(1000), 100, false)
        );
        assert_eq!((news.mix_nodes, news.gateways), (3, 1));
    }

    #[test]
    fn doubt_that_stays_waits_twice_as_long_each_time() {
        let mut atlas = Atlas::default();
        fetched(&mut atlas, 1000);
        for (asked_at, next) in [(1005, 1015), (1015, 1035), (1035, 1075)] {
            atlas.doubt();
            assert_eq!(atlas.deadline(REFRESH), at(asked_at));
            fetched(&mut atlas, asked_at);
            atlas.doubt();
            assert_eq!(atlas.deadline(REFRESH), at(next));
        }
        let mut calm = Atlas::default();
        fetched(&mut calm, 1000);
        calm.doubt();
        fetched(&mut calm, 2000);
        fetched(&mut calm, 3000);
        calm.doubt();
        assert_eq!(
            calm.deadline(REFRESH),
            at(3005),
            "doubt that went is forgotten"
        );
    }

    #[test]
    fn an_answer_is_written_down_when_the_epoch_is_another_or_an_hour_has_passed() {
        let mut atlas = Atlas::default();
        assert_eq!(atlas.record(at(1000), &good(100)), None, "not taken");
        fetched(&mut atlas, 1000);
        assert!(atlas.record(at(1000), &good(100)).is_some());
        fetched(&mut atlas, 1300);
        assert_eq!(atlas.record(at(1300), &good(100)), None);
        assert_eq!(atlas.record(at(1000 + 3599), &good(100)), None);
        assert!(atlas.record(at(1000 + 3600), &good(100)).is_some());
        assert_eq!(atlas.fetched(at(5000), &good(101), 1.0), Ok(()));
        assert!(atlas.record(at(5000), &good(101)).is_some());
    }

    #[test]
    fn what_was_written_down_stands_in_for_a_directory_that_is_silent() {
        let mut before = Atlas::default();
        fetched(&mut before, 1000);
        let record = before.record(at(1000), &good(100)).unwrap();
        let mut after = Atlas::default();
        assert!(!after.use_stored(), "there is none");
        assert!(after.restore(&record));
        assert!(after.topology().is_none(), "not before it is needed");
        assert!(after.use_stored());
        assert_eq!(after.topology(), before.topology());
        let news = after.news().unwrap();
        assert_eq!((news.fetched_at, news.stored), (at(1000), true));
        assert_eq!(after.record(at(1001), &good(100)), None, "it is on disk");
        assert!(after.restore(&record));
        assert!(!after.use_stored(), "one is in use");
    }

    #[test]
    fn a_damaged_record_is_refused() {
        let mut atlas = Atlas::default();
        fetched(&mut atlas, 1000);
        let record = atlas.record(at(1000), &good(100)).unwrap();
        for len in 0..record.len() {
            assert!(!Atlas::default().restore(&record[..len]), "{len} bytes");
        }
        assert!(!Atlas::default().restore(&[&record[..], &[0]].concat()));
        assert!(!Atlas::default().restore(&[&[2], &record[1..]].concat()));
    }
}
