//! The promises, looked at after a run.

use crate::host::Host;
use crate::run::Written;
use crate::scenario::Deed;
use crate::world::World;
use sotto_core::client::{DeliveryState, Outcome, ReceivedMessage, SentMessage, Store};
use sotto_core::delivery::{self, Delivery};
use sotto_core::fragment::SetId;
use sotto_core::keys::ClientKeys;
use sotto_core::surb::ReplyKey;
use std::collections::{BTreeMap, BTreeSet};

/// What became of the messages of a run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Findings {
    /// Messages that clients took.
    pub messages: usize,
    /// Arrived once.
    pub delivered: usize,
    /// Did not arrive, and the sender was told so.
    pub failed: usize,
    /// Were not on disk when the worker died, and nobody was told of them.
    pub unsaved: usize,
    /// Were confirmed to the gateway by a browser whose worker died before they were durable.
    pub robbed: usize,
    /// Arrived more than once.
    pub doubled: usize,
    /// Did not arrive, and the sender believes that they did.
    pub lost: usize,
}

impl std::ops::AddAssign for Findings {
    fn add_assign(&mut self, other: Self) {
        self.messages += other.messages;
        self.delivered += other.delivered;
        self.failed += other.failed;
        self.unsaved += other.unsaved;
        self.robbed += other.robbed;
        self.doubled += other.doubled;
        self.lost += other.lost;
    }
}

/// How each message arrived: exactly once, or reported failed.
pub(crate) fn messages(
    world: &World,
    written: &[Written],
    violations: &mut Vec<String>,
) -> Findings {
    let inboxes: Vec<_> = world.hosts.iter().map(inbox).collect();
    let robbed: Vec<_> = world.hosts.iter().map(robbed).collect();
    let mut findings = Findings::default();
    let mut expected = 0;
    for message in written {
        let arrived = inboxes[message.to].get(&message.body).copied();
        expected += arrived.unwrap_or_default();
        let verdict = judge(world, message, arrived.unwrap_or_default(), &robbed);
        count(&mut findings, verdict);
        if matches!(verdict, Verdict::Doubled | Verdict::Lost | Verdict::Ghost) {
            let Written { id, from, to, body } = message;
            let state = world.hosts[*from].state(*id);
            let len = body.len();
            violations.push(format!(
                "{verdict:?}: message {id} of {len} bytes from host {from} to {to}, told as {state:?}"
            ));
        }
    }
    let all: usize = inboxes.iter().flat_map(BTreeMap::values).sum();
    if all != expected {
        violations.push(format!(
            "{} messages arrived that nobody wrote",
            all - expected
        ));
    }
    findings
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Verdict {
    Delivered,
    Failed,
    Unsaved,
    Robbed,
    Doubled,
    Lost,
    /// It was never on disk, and yet it arrived or was told of.
    Ghost,
}

fn count(findings: &mut Findings, verdict: Verdict) {
    findings.messages += 1;
    let place = match verdict {
        Verdict::Delivered => &mut findings.delivered,
        Verdict::Failed => &mut findings.failed,
        Verdict::Unsaved => &mut findings.unsaved,
        Verdict::Robbed => &mut findings.robbed,
        Verdict::Doubled => &mut findings.doubled,
        Verdict::Lost | Verdict::Ghost => &mut findings.lost,
    };
    *place += 1;
}

fn judge(world: &World, message: &Written, arrived: usize, robbed: &[BTreeSet<SetId>]) -> Verdict {
    let from = &world.hosts[message.from];
    let told = from.state(message.id);
    let accepted = from.disk.accepted.contains(&message.id);
    match arrived {
        0 if !accepted && told.is_none() => Verdict::Unsaved,
        _ if !accepted => Verdict::Ghost,
        1 => Verdict::Delivered,
        0 if matches!(told, Some(DeliveryState::Failed(_))) => Verdict::Failed,
        0 if sets(from, message).is_some_and(|sets| !sets.is_disjoint(&robbed[message.to])) => {
            Verdict::Robbed
        }
        0 => Verdict::Lost,
        _ => Verdict::Doubled,
    }
}

/// The sets that a message travelled in, if its sender believes that it arrived.
fn sets(from: &Host, message: &Written) -> Option<BTreeSet<SetId>> {
    let id = message.id.0;
    let (key, value) = from.disk.of(Store::Sent).find(|(key, _)| **key == id)?;
    let sent = SentMessage::from_record(key, value)?;
    (sent.outcome == Outcome::AtGateway).then(|| sent.sets.into_iter().collect())
}

/// How often each text is in the inbox on disk.
fn inbox(host: &Host) -> BTreeMap<Vec<u8>, usize> {
    let mut inbox = BTreeMap::new();
    for (key, value) in host.disk.of(Store::Inbox) {
        let message = ReceivedMessage::from_record(key, value).unwrap();
        *inbox.entry(message.body).or_default() += 1;
    }
    inbox
}

/// The sets of the fragments that a browser confirmed and that its worker never had on disk.
fn robbed(host: &Host) -> BTreeSet<SetId> {
    let Some(identity) = host.values(Store::Identity).next() else {
        return BTreeSet::new();
    };
    let keys = ClientKeys::from_bytes(identity).unwrap();
    let fragment = |pushed: &Vec<u8>| {
        let opened = delivery::open(&keys, pushed, |digest| {
            let record = host.disk.reply_keys.get(digest.as_slice())?;
            // Behind a time and a tag.
            let (_, key) = record.split_at(8 + 16);
            Some(ReplyKey::from_bytes(key.try_into().unwrap()))
        });
        match opened {
            Delivery::Fragment(fragment) => Some(fragment.id().set),
            _ => None,
        }
    };
    host.frames.robbed.iter().filter_map(fragment).collect()
}

/// What is left of it all in a client and on its disk a week later.
pub(crate) fn leftovers(world: &World, number: usize, violations: &mut Vec<String>) {
    let host = &world.hosts[number];
    let footprint = host.client().footprint();
    let kept = host.count(Store::Outbox);
    // A client that changes its gateway has several addresses, and is known under each.
    let hosts = world.hosts.iter();
    let addresses: BTreeSet<_> = hosts.flat_map(|host| &host.addresses).collect();
    let others = world.hosts.len() * addresses.len();
    let gone = [
        footprint.outgoing,
        footprint.fragments,
        footprint.unprepared,
        footprint.answers,
        footprint.reassembly_bytes,
        footprint.seen,
        footprint.reply_keys,
        footprint.surbs,
        footprint.unsaved,
        footprint.outputs,
    ];
    let stores = [Store::Fragment, Store::Seen, Store::ReplyKey, Store::Surb];
    let on_disk: usize = stores.iter().map(|store| host.count(*store)).sum();
    let clean = gone.iter().all(|count| *count == 0)
        && on_disk == 0
        && footprint.failed == kept
        && footprint.told == kept
        && footprint.correspondents <= others
        && footprint.sender_tags <= others;
    if !clean {
        violations.push(format!(
            "host {number} still holds {footprint:?}, {on_disk} records, {kept} in its outbox"
        ));
    }
}

/// What a deed is called in a trace.
pub(crate) const fn name_of(deed: &Deed) -> &'static str {
    match deed {
        Deed::Write { surbs: None, .. } => "write",
        Deed::Write { surbs: Some(_), .. } => "write anonymously",
        Deed::Reply { .. } => "reply",
        Deed::Cancel { .. } => "cancel",
        Deed::Retry { .. } => "retry",
        Deed::Loss(_) => "loss",
        Deed::Duplication(_) => "duplication",
        Deed::Jitter(_) => "jitter",
        Deed::Stragglers(..) => "stragglers",
        Deed::Mix { up: false, .. } => "mix dies",
        Deed::Mix { up: true, .. } => "mix returns",
        Deed::Gateway { .. } => "gateway",
        Deed::Kill { .. } => "kill",
        Deed::Clock { .. } => "clock",
        Deed::Rotate => "rotate",
        Deed::Epoch => "epoch",
        Deed::Disk { .. } => "disk",
        Deed::Directory(_) => "directory",
        Deed::Sleep { wakes: false, .. } => "fall asleep",
        Deed::Sleep { wakes: true, .. } => "wake",
        Deed::ChangeGateway { .. } => "change gateway",
        Deed::Move { .. } => "move",
    }
}
