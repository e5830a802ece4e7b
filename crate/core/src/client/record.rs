//! What is kept on disk, and in which form.

use super::ledger::Ledger;
use super::progress::{FailReason, MessageId};
use super::session::Role;
use crate::address::Address;
use crate::fragment::SetId;
use crate::gateway::SharedKey;
use crate::keys::IdentityKey;
use crate::message::{NymMessage, SenderTag};
use crate::time::Time;
use std::fmt;
use std::time::Duration;

/// A collection of records.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Store {
    /// One record: the client's keys.
    Identity,
    /// Registrations with our own gateway, and with those that we move to or have left.
    Registration,
    /// Messages on their way out, by message id.
    Outbox,
    /// Messages that left or were given up, by message id. Written and never read back here.
    Sent,
    /// Messages that arrived, by message id. Written and never read back here.
    Inbox,
    /// Fragments of messages that are not whole yet.
    Fragment,
    /// Sets of messages that arrived already.
    Seen,
    /// The tags by which those know us to whom we write anonymously, by their address.
    SenderTag,
    /// The keys of answers to SURBs that we gave away, by what stands in front of the answers.
    ReplyKey,
    /// SURBs that we were given, by sender tag and number.
    Surb,
    /// One record: the directory's last good answer.
    Topology,
}

impl Store {
    /// Every store.
    pub const ALL: [Self; 11] = [
        Self::Identity,
        Self::Registration,
        Self::Outbox,
        Self::Sent,
        Self::Inbox,
        Self::Fragment,
        Self::Seen,
        Self::SenderTag,
        Self::ReplyKey,
        Self::Surb,
        Self::Topology,
    ];

    /// The stores whose records [`Client::new`](super::Client::new) wants.
    pub const LOADED: [Self; 9] = [
        Self::Identity,
        Self::Registration,
        Self::Outbox,
        Self::Fragment,
        Self::Seen,
        Self::SenderTag,
        Self::ReplyKey,
        Self::Surb,
        Self::Topology,
    ];

    /// The name on disk.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Identity => "identity",
            Self::Registration => "registration",
            Self::Outbox => "outbox",
            Self::Sent => "sent",
            Self::Inbox => "inbox",
            Self::Fragment => "fragment",
            Self::Seen => "seen",
            Self::SenderTag => "sender-tag",
            Self::ReplyKey => "reply-key",
            Self::Surb => "surb",
            Self::Topology => "topology",
        }
    }
}

/// A record as it was read from disk.
#[derive(Clone, PartialEq, Eq)]
pub struct Record {
    /// Where it was.
    pub store: Store,
    /// Its name there.
    pub key: Vec<u8>,
    /// Its content.
    pub value: Vec<u8>,
}

impl fmt::Debug for Record {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "Record({}, {} bytes)",
            self.store.name(),
            self.value.len()
        )
    }
}

/// A record to be written, or removed.
#[derive(Clone, PartialEq, Eq)]
pub struct Change {
    /// Where it belongs.
    pub store: Store,
    /// Its name there.
    pub key: Vec<u8>,
    /// The new content; `None` removes the record.
    pub value: Option<Vec<u8>>,
}

impl fmt::Debug for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let what = if self.value.is_some() {
            "put"
        } else {
            "delete"
        };
        write!(f, "Change({what} in {})", self.store.name())
    }
}

/// Numbers commits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CommitId(pub u64);

/// Changes that are to reach the disk all or none. There is never more than one commit under way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Commit {
    /// To be given back when the changes are durable.
    pub id: CommitId,
    /// The changes, at most one for each record.
    pub changes: Vec<Change>,
}

/// Version byte in front of every record here.
const VERSION: u8 = 1;

/// Whom a message is for.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Recipient {
    /// The owner of an address.
    Address(Address),
    /// An anonymous correspondent, reached through SURBs.
    Anonymous(SenderTag),
}

impl fmt::Display for Recipient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Address(address) => address.fmt(f),
            Self::Anonymous(tag) => tag.fmt(f),
        }
    }
}

impl fmt::Debug for Recipient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl Recipient {
    fn to_bytes(self) -> Vec<u8> {
        match self {
            Self::Address(address) => [&[0], address.to_bytes().as_slice()].concat(),
            Self::Anonymous(tag) => [&[1], tag.0.as_slice()].concat(),
        }
    }

    fn decode(bytes: &[u8]) -> Option<(Self, &[u8])> {
        match bytes.split_first()? {
            (0, rest) => {
                let (address, rest) = rest.split_first_chunk::<96>()?;
                Some((Self::Address(Address::from_bytes(address).ok()?), rest))
            }
            (1, rest) => {
                let (tag, rest) = rest.split_first_chunk()?;
                Some((Self::Anonymous(SenderTag(*tag)), rest))
            }
            _ => None,
        }
    }
}

/// A message of ours: on its way, or the memory of it.
#[derive(Clone, PartialEq, Eq)]
pub struct SentMessage {
    /// Names the message.
    pub id: MessageId,
    /// Whom it is for.
    pub to: Recipient,
    /// SURBs that are to go with it; none if it is not anonymous, or they are in `head` already.
    pub surbs: u16,
    /// When it was written.
    pub created_at: Time,
    /// What has become of it, as far as disk knows.
    pub outcome: Outcome,
    /// The sets its fragments are in; the same each time they are sent.
    pub sets: Vec<SetId>,
    /// What travels in front of the body: the message's type, and SURBs. Empty, as the sets are,
    /// until an anonymous message gets its SURBs.
    pub head: Vec<u8>,
    /// What it says.
    pub body: Vec<u8>,
}

impl fmt::Debug for SentMessage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "SentMessage({}, {:?}, {} bytes)",
            self.id,
            self.outcome,
            self.body.len()
        )
    }
}

/// What has become of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It is still on its way.
    Pending,
    /// It is still on its way, and has rested.
    Resumed {
        /// Its patience counts from here: later than it was written, by as long as it rested.
        since: Time,
    },
    /// The user wants it to rest.
    Paused {
        /// How long it had been on its way.
        after: Duration,
    },
    /// It reached the recipient's gateway.
    AtGateway,
    /// It was given up.
    Failed(FailReason),
}

impl Outcome {
    /// A byte, and for those that know a time 8 more: milliseconds.
    fn encode(self, bytes: &mut Vec<u8>) {
        let byte = match self {
            Self::Pending => 0,
            Self::AtGateway => 1,
            Self::Failed(FailReason::Expired) => 2,
            Self::Failed(FailReason::Cancelled) => 3,
            Self::Failed(FailReason::NoSurbs) => 4,
            Self::Resumed { .. } => 5,
            Self::Paused { .. } => 6,
        };
        bytes.push(byte);
        match self {
            Self::Resumed { since } => bytes.extend(since.as_millis().to_be_bytes()),
            Self::Paused { after } => bytes.extend(millis(after).to_be_bytes()),
            _ => {}
        }
    }

    /// Also gives what follows.
    fn decode(bytes: &[u8]) -> Option<(Self, &[u8])> {
        let (byte, rest) = bytes.split_first()?;
        let timed = || {
            let (millis, rest) = rest.split_first_chunk()?;
            Some((u64::from_be_bytes(*millis), rest))
        };
        let outcome = match byte {
            0 => Self::Pending,
            1 => Self::AtGateway,
            2 => Self::Failed(FailReason::Expired),
            3 => Self::Failed(FailReason::Cancelled),
            4 => Self::Failed(FailReason::NoSurbs),
            5 => {
                let (millis, rest) = timed()?;
                let since = Time::from_millis(millis);
                return Some((Self::Resumed { since }, rest));
            }
            6 => {
                let (millis, rest) = timed()?;
                let after = Duration::from_millis(millis);
                return Some((Self::Paused { after }, rest));
            }
            _ => return None,
        };
        Some((outcome, rest))
    }

    /// Whether packets of the message leave, or are to.
    pub(super) const fn is_moving(self) -> bool {
        matches!(self, Self::Pending | Self::Resumed { .. })
    }

    /// Since when the patience counts of a message that was written at `created_at`, if it does.
    pub(super) const fn tried_since(self, created_at: Time) -> Option<Time> {
        match self {
            Self::Pending => Some(created_at),
            Self::Resumed { since } => Some(since),
            Self::Paused { .. } | Self::AtGateway | Self::Failed(_) => None,
        }
    }

    /// The same message at rest, if it was moving.
    pub(super) fn paused(self, now: Time, created_at: Time) -> Option<Self> {
        let since = self.tried_since(created_at)?;
        let after = now.saturating_since(since);
        Some(Self::Paused { after })
    }

    /// The same message on its way again, if it was at rest: as patient as when it was paused.
    pub(super) fn resumed(self, now: Time) -> Option<Self> {
        let Self::Paused { after } = self else {
            return None;
        };
        let since = Time::from_millis(now.as_millis().saturating_sub(millis(after)));
        Some(Self::Resumed { since })
    }

    /// No time in it is later than now.
    pub(super) fn no_later_than(self, now: Time) -> Self {
        match self {
            Self::Resumed { since } => Self::Resumed {
                since: since.min(now),
            },
            other => other,
        }
    }
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

impl SentMessage {
    /// The message, written now at the latest. The clock may have been set back since it was
    /// written; a time that is still to come would keep it for that much longer than meant.
    pub(super) fn no_later_than(mut self, now: Time) -> Self {
        self.created_at = self.created_at.min(now);
        self.outcome = self.outcome.no_later_than(now);
        self
    }

    /// Whether it went, or goes, to an address with SURBs for the answer.
    pub fn is_anonymous(&self) -> bool {
        // A prepared message begins with its type; an anonymous one is prepared later.
        matches!(self.to, Recipient::Address(_)) && !NymMessage::is_plain(&self.head)
    }

    /// Whether everything that travels is known, so that it can leave.
    pub(super) const fn is_prepared(&self) -> bool {
        !self.sets.is_empty()
    }

    /// The content of the message's record in [`Store::Outbox`] or [`Store::Sent`].
    pub fn to_record(&self) -> Vec<u8> {
        let mut bytes = vec![VERSION];
        self.outcome.encode(&mut bytes);
        bytes.extend_from_slice(&self.created_at.as_millis().to_be_bytes());
        bytes.extend_from_slice(&self.surbs.to_be_bytes());
        bytes.extend(self.to.to_bytes());
        bytes.extend_from_slice(&length(self.sets.len()));
        for set in &self.sets {
            bytes.extend_from_slice(&set.get().to_be_bytes());
        }
        bytes.extend_from_slice(&length(self.head.len()));
        bytes.extend_from_slice(&self.head);
        bytes.extend_from_slice(&self.body);
        bytes
    }

    /// Reads a record of [`Store::Outbox`] or [`Store::Sent`]; `None` if it is damaged.
    pub fn from_record(key: &[u8], value: &[u8]) -> Option<Self> {
        let rest = value.strip_prefix(&[VERSION])?;
        let (outcome, rest) = Outcome::decode(rest)?;
        let (created_at, rest) = rest.split_first_chunk()?;
        let (surbs, rest) = rest.split_first_chunk()?;
        let (to, rest) = Recipient::decode(rest)?;
        let (sets, rest) = split_length(rest, 4)?;
        let (head, body) = split_length(rest, 1)?;
        let (sets, _) = sets.as_chunks::<4>();
        Some(Self {
            id: MessageId::from_bytes(key)?,
            to,
            surbs: u16::from_be_bytes(*surbs),
            created_at: Time::from_millis(u64::from_be_bytes(*created_at)),
            outcome,
            sets: sets
                .iter()
                .map(|set| SetId::new(u32::from_be_bytes(*set)))
                .collect::<Option<_>>()?,
            head: head.to_vec(),
            body: body.to_vec(),
        })
    }
}

/// A number of items, in four bytes.
fn length(items: usize) -> [u8; 4] {
    u32::try_from(items).unwrap_or(u32::MAX).to_be_bytes()
}

/// Reads a number of items and that many items of `size` bytes each; also gives the rest.
fn split_length(bytes: &[u8], size: usize) -> Option<(&[u8], &[u8])> {
    let (count, rest) = bytes.split_first_chunk()?;
    let count = usize::try_from(u32::from_be_bytes(*count)).ok()?;
    rest.split_at_checked(count.checked_mul(size)?)
}

/// A message that arrived.
#[derive(Clone, PartialEq, Eq)]
pub struct ReceivedMessage {
    /// Names the message here.
    pub id: MessageId,
    /// When it was whole.
    pub received_at: Time,
    /// Whom an answer through SURBs would go to, if the sender is anonymous.
    pub sender_tag: Option<SenderTag>,
    /// Whose answer it is, if it came through SURBs that we gave to that address.
    pub answer_from: Option<Address>,
    /// What it says.
    pub body: Vec<u8>,
}

impl fmt::Debug for ReceivedMessage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ReceivedMessage({}, {} bytes)", self.id, self.body.len())
    }
}

impl ReceivedMessage {
    /// The content of the message's record in [`Store::Inbox`].
    pub fn to_record(&self) -> Vec<u8> {
        let (kind, from) = match (self.sender_tag, self.answer_from) {
            (Some(tag), _) => (1, tag.0.to_vec()),
            (None, Some(address)) => (2, address.to_bytes().to_vec()),
            (None, None) => (0, Vec::new()),
        };
        let mut bytes = vec![VERSION, kind];
        bytes.extend_from_slice(&self.received_at.as_millis().to_be_bytes());
        bytes.extend(from);
        bytes.extend_from_slice(&self.body);
        bytes
    }

    /// Reads a record of [`Store::Inbox`]; `None` if it is damaged.
    pub fn from_record(key: &[u8], value: &[u8]) -> Option<Self> {
        let ([VERSION, kind], rest) = value.split_first_chunk()? else {
            return None;
        };
        let (received_at, rest) = rest.split_first_chunk()?;
        let (sender_tag, answer_from, body) = match kind {
            0 => (None, None, rest),
            1 => {
                let (tag, rest) = rest.split_first_chunk()?;
                (Some(SenderTag(*tag)), None, rest)
            }
            2 => {
                let (address, rest) = rest.split_first_chunk::<96>()?;
                (None, Some(Address::from_bytes(address).ok()?), rest)
            }
            _ => return None,
        };
        Some(Self {
            id: MessageId::from_bytes(key)?,
            received_at: Time::from_millis(u64::from_be_bytes(*received_at)),
            sender_tag,
            answer_from,
            body: body.to_vec(),
        })
    }
}

/// How sure a stored registration is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Standing {
    /// A first registration that the gateway had not confirmed yet: worth nothing after a
    /// restart.
    Pending,
    /// The gateway confirmed it.
    Confirmed,
    /// The gateway had lost us and is asked to take us again: the address stands, the key not.
    Renewing,
    /// The gateway is to forget us; then the registration goes.
    Leaving,
}

impl Standing {
    const fn to_byte(self) -> u8 {
        match self {
            Self::Pending => 0,
            Self::Confirmed => 1,
            Self::Renewing => 2,
            Self::Leaving => 3,
        }
    }

    const fn from_byte(byte: u8) -> Option<Self> {
        match byte {
            0 => Some(Self::Pending),
            1 => Some(Self::Confirmed),
            2 => Some(Self::Renewing),
            3 => Some(Self::Leaving),
            _ => None,
        }
    }
}

/// A registration with a gateway.
#[derive(Clone, Debug)]
pub(super) struct Registration {
    pub(super) gateway: IdentityKey,
    pub(super) key: SharedKey,
    pub(super) standing: Standing,
    /// The last timestamp (seconds) used to authenticate; the next one must be greater.
    pub(super) last_timestamp: u64,
    /// About when the gateway last gave a sign of life.
    pub(super) heard_at: Time,
    /// When another gateway became our own, if one did.
    pub(super) left_at: Option<Time>,
    /// About when the last message came.
    pub(super) received_at: Time,
}

/// Version byte of a registration; the first version knew no times.
const REGISTRATION_VERSION: u8 = 2;

impl Registration {
    /// The name of the record of our own gateway.
    pub(super) const OWN: &'static [u8] = b"own";
    /// The name of the record of the gateway that we move to.
    pub(super) const NEXT: &'static [u8] = b"next";
    /// The name of the record that says that we want to move.
    pub(super) const WISH: &'static [u8] = b"wish";

    /// The name of the record. Those that we have left are named by their keys.
    pub(super) fn key_for(&self, role: Role) -> Vec<u8> {
        match role {
            Role::Own => Self::OWN.to_vec(),
            Role::Next => Self::NEXT.to_vec(),
            Role::Former => self.gateway.as_bytes().to_vec(),
        }
    }

    pub(super) fn save<After>(&self, role: Role, ledger: &mut Ledger<After>) {
        ledger.put(Store::Registration, self.key_for(role), self.to_record());
    }

    /// Whether the gateway knows us, as far as we know.
    pub(super) fn is_known(&self) -> bool {
        matches!(self.standing, Standing::Confirmed | Standing::Leaving)
    }

    /// Whether the address at this gateway was ever confirmed.
    pub(super) fn has_address(&self) -> bool {
        self.standing != Standing::Pending
    }

    pub(super) fn to_record(&self) -> Vec<u8> {
        let left_at = self.left_at.unwrap_or_default();
        let mut bytes = vec![REGISTRATION_VERSION, self.standing.to_byte()];
        bytes.extend_from_slice(self.gateway.as_bytes());
        bytes.extend_from_slice(self.key.as_bytes());
        bytes.extend_from_slice(&self.last_timestamp.to_be_bytes());
        for time in [self.heard_at, left_at, self.received_at] {
            bytes.extend_from_slice(&time.as_millis().to_be_bytes());
        }
        bytes
    }

    pub(super) fn from_record(value: &[u8]) -> Option<Self> {
        let ([version @ (VERSION | REGISTRATION_VERSION), standing], rest) =
            value.split_first_chunk()?
        else {
            return None;
        };
        let (gateway, rest) = rest.split_first_chunk()?;
        let (key, rest) = rest.split_first_chunk()?;
        let (last_timestamp, times) = rest.split_first_chunk()?;
        let last_timestamp = u64::from_be_bytes(*last_timestamp);
        let signed_in = Time::from_millis(last_timestamp.saturating_mul(1000));
        let [heard_at, left_at, received_at] = match *version {
            VERSION if times.is_empty() => [signed_in, Time::default(), signed_in],
            REGISTRATION_VERSION => decode_times(times)?,
            _ => return None,
        };
        Some(Self {
            gateway: IdentityKey::from_bytes(*gateway).ok()?,
            key: SharedKey::from_bytes(*key),
            standing: Standing::from_byte(*standing)?,
            last_timestamp,
            heard_at,
            left_at: (left_at != Time::default()).then_some(left_at),
            received_at,
        })
    }
}

fn decode_times(bytes: &[u8]) -> Option<[Time; 3]> {
    let (times, []) = bytes.as_chunks::<8>() else {
        return None;
    };
    let times: &[[u8; 8]; 3] = times.try_into().ok()?;
    Some(times.map(|time| Time::from_millis(u64::from_be_bytes(time))))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::keys::ClientKeys;
    use rand_core::SeedableRng;

    fn keys() -> ClientKeys {
        ClientKeys::generate(&mut crate::ChaCha20Rng::from_seed([1; 32]))
    }

    fn identity() -> IdentityKey {
        keys().signing.identity_key()
    }

    fn sent() -> SentMessage {
        let keys = keys();
        let identity = identity();
        let encryption = keys.encryption.public_key();
        SentMessage {
            id: MessageId([3; 16]),
            to: Recipient::Address(Address {
                identity,
                encryption,
                gateway: identity,
            }),
            surbs: 3,
            created_at: Time::from_millis(99),
            outcome: Outcome::Failed(FailReason::Expired),
            sets: vec![SetId::new(5).unwrap(), SetId::new(6).unwrap()],
            head: vec![1, 2],
            body: b"hello".to_vec(),
        }
    }

    #[test]
    fn records_read_back_and_damage_is_noticed() {
        let since = Time::from_millis(6);
        let after = Duration::from_millis(7);
        for outcome in [
            Outcome::Pending,
            Outcome::AtGateway,
            Outcome::Failed(FailReason::Cancelled),
            Outcome::Failed(FailReason::NoSurbs),
            Outcome::Resumed { since },
            Outcome::Paused { after },
        ] {
            let message = SentMessage { outcome, ..sent() };
            let record = message.to_record();
            assert_eq!(SentMessage::from_record(&[3; 16], &record), Some(message));
        }
        let message = sent();
        let record = message.to_record();
        assert_eq!(SentMessage::from_record(&[3; 16], &record), Some(message));
        assert_eq!(SentMessage::from_record(&[3; 15], &record), None);
        for len in 0..127 {
            assert_eq!(
                SentMessage::from_record(&[3; 16], &record[..len]),
                None,
                "{len}"
            );
        }
        let Recipient::Address(somebody) = sent().to else {
            panic!("the sample goes to an address");
        };
        let tag = Some(SenderTag([8; 16]));
        for (sender_tag, answer_from) in [(None, None), (tag, None), (None, Some(somebody))] {
            let received_at = Time::from_millis(7);
            let id = MessageId([4; 16]);
            let message = ReceivedMessage {
                id,
                received_at,
                sender_tag,
                answer_from,
                body: vec![1, 2],
            };
            let record = message.to_record();
            assert_eq!(
                ReceivedMessage::from_record(&[4; 16], &record),
                Some(message)
            );
            assert_eq!(ReceivedMessage::from_record(&[4; 16], &record[..9]), None);
        }
    }

    #[test]
    fn a_pause_stops_the_patience_and_nothing_else() {
        let at = Time::from_millis;
        let paused = |millis| Outcome::Paused {
            after: Duration::from_millis(millis),
        };
        let resumed = |millis| Outcome::Resumed { since: at(millis) };
        let failed = Outcome::Failed(FailReason::Expired);
        let written = at(100);
        let table = [
            // Before, paused at 1000, resumed at 5000, counts from.
            (Outcome::Pending, Some(paused(900)), Some(resumed(4100))),
            (resumed(400), Some(paused(600)), Some(resumed(4400))),
            // The clock was set back since.
            (resumed(2000), Some(paused(0)), Some(resumed(5000))),
            (paused(600), None, None),
            (Outcome::AtGateway, None, None),
            (failed, None, None),
        ];
        for (before, rests, goes_on) in table {
            let after = before.paused(at(1000), written);
            assert_eq!(after, rests, "{before:?}");
            let again = after.and_then(|outcome| outcome.resumed(at(5000)));
            assert_eq!(again, goes_on, "{before:?}");
            assert_eq!(before.is_moving(), rests.is_some(), "{before:?}");
        }
        assert_eq!(paused(600).tried_since(written), None);
        assert_eq!(paused(9000).resumed(at(5000)), Some(resumed(0)));
        assert_eq!(Outcome::Pending.resumed(at(5000)), None);
        assert_eq!(Outcome::Pending.tried_since(written), Some(written));
        assert_eq!(resumed(4100).no_later_than(at(50)), resumed(50));
    }

    #[test]
    fn debug_shows_no_content() {
        let record = Record {
            store: Store::Identity,
            key: vec![77],
            value: vec![77; 81],
        };
        assert_eq!(format!("{record:?}"), "Record(identity, 81 bytes)");
        let change = Change {
            store: Store::Identity,
            key: vec![],
            value: Some(vec![77; 81]),
        };
        assert_eq!(format!("{change:?}"), "Change(put in identity)");
        assert!(!format!("{:?}", sent()).contains("hello"));
        let registration = Registration {
            gateway: identity(),
            key: SharedKey::from_bytes([77; 32]),
            standing: Standing::Confirmed,
            last_timestamp: 5,
            heard_at: Time::default(),
            left_at: None,
            received_at: Time::default(),
        };
        assert!(!format!("{registration:?}").contains("77"));
    }

    #[test]
    fn registrations_read_back_and_those_of_the_first_version_too() {
        let registration = Registration {
            gateway: identity(),
            key: SharedKey::from_bytes([77; 32]),
            standing: Standing::Leaving,
            last_timestamp: 5,
            heard_at: Time::from_millis(6000),
            left_at: Some(Time::from_millis(7)),
            received_at: Time::from_millis(8),
        };
        let record = registration.to_record();
        let read = Registration::from_record(&record).unwrap();
        assert_eq!(read.key.as_bytes(), registration.key.as_bytes());
        assert_eq!(read.to_record(), record);
        for len in 0..record.len() {
            assert!(Registration::from_record(&record[..len]).is_none(), "{len}");
        }
        let first = [&[1, 1], &record[2..74]].concat();
        let read = Registration::from_record(&first).unwrap();
        assert_eq!(read.heard_at, Time::from_millis(5000));
        assert_eq!((read.left_at, read.standing), (None, Standing::Confirmed));
    }
}
