//! Receipts: telling correspondents that their messages arrived, hearing the same from them, and
//! sending again what was lost.
//!
//! Receipts travel like messages, but are shown to nobody and are no part of the history. What is to
//! be done is written down in the conversation's record, in the commit that makes it necessary, so
//! that a killed background forgets none.

use crate::set::Set;
use litemap::LiteMap;
use std::collections::VecDeque;
use std::time::Duration;

use sotto_core::{
    client::{DeliveryState, FailReason, MessageId, Recipient, SURB_RESERVE, SentMessage, Store},
    envelope::{Content, Envelope, MAX_RECEIPTS},
    message::SenderTag,
    time::Time,
};

use super::{
    Run,
    reading::{Found, Job, Place, place},
};
use crate::{
    again::{Decision, decide},
    background::effect::{Effect, Table},
    conversation::Correspondent,
    exchange::Way,
    letter::Letter,
    page::DeliveryStateName,
    timeline::{About, Timeline},
};

/// How long receipts are collected before they leave together.
const COLLECT: Duration = Duration::from_secs(3);
/// When a receipt that could not be sent is tried again.
const TRY_AGAIN: Duration = Duration::from_secs(60);
/// Messages without a receipt are looked at after so long at the latest.
const LONGEST_LOOK: Duration = Duration::from_secs(6 * 60 * 60);

/// What is under way behind the messages.
#[derive(Default)]
pub(super) struct Receipts {
    /// When receipts are to leave.
    leave_at: Option<Time>,
    /// When messages without a receipt are to be looked at.
    look_at: Option<Time>,
    /// Since when we are connected.
    online_since: Option<Time>,
    /// Messages of the client's that no user wrote.
    services: LiteMap<MessageId, Service>,
    /// Received messages that are not to be shown, until the client has told of them.
    swallowed: Set<MessageId>,
    /// What received receipts confirmed, until they are on disk.
    confirmed: LiteMap<MessageId, Vec<MessageId>>,
    /// Messages that were confirmed in this run.
    delivered: Set<MessageId>,
    /// Whether it was looked which messages in the outbox were confirmed in an earlier run.
    looked_back: bool,
    /// Messages that are being read, to be sent again.
    reading: Set<MessageId>,
}

/// What a message is for that no user wrote.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Service {
    /// It tells a correspondent that these messages arrived.
    Receipt(Correspondent, Vec<MessageId>),
    /// It is a message of ours once more.
    Again(Correspondent, MessageId),
    /// It is from an earlier run, and all that it is for is on disk.
    Earlier,
}

impl Receipts {
    /// As it is after a start: what earlier runs owed is sent soon, and some messages in the outbox
    /// are what earlier runs sent by themselves.
    pub(super) fn new(now: Time, timeline: &Timeline, services: &[MessageId]) -> Self {
        let mut exchanges = timeline.exchanges();
        let owed = exchanges.any(|(_, about)| !about.exchange.owed().is_empty());
        let mut receipts = Self {
            leave_at: owed.then(|| now + COLLECT),
            ..Self::default()
        };
        for id in services {
            receipts.services.insert(*id, Service::Earlier);
        }
        receipts
    }

    /// When something is to be done.
    pub(super) fn deadline(&self) -> Option<Time> {
        self.leave_at.into_iter().chain(self.look_at).min()
    }

    /// Whether a message of the client's was not written by the user.
    pub(super) fn is_service(&self, id: MessageId) -> bool {
        self.services.contains_key(&id)
    }

    /// A message that came is not to be kept, nor shown.
    pub(super) fn swallow(&mut self, id: MessageId) {
        self.swallowed.insert(id);
    }

    /// Whether a received message is not to be shown.
    pub(super) fn is_swallowed(&self, id: MessageId) -> bool {
        self.swallowed.contains(&id)
    }

    /// Whether a message was confirmed in this run.
    pub(super) fn is_delivered(&self, id: MessageId) -> bool {
        self.delivered.contains(&id)
    }

    fn leave_by(&mut self, at: Time) {
        self.leave_at = Some(self.leave_at.map_or(at, |earlier| earlier.min(at)));
    }

    pub(super) fn look_by(&mut self, at: Time) {
        self.look_at = Some(self.look_at.map_or(at, |earlier| earlier.min(at)));
    }

    /// What was being read, to be sent again, is not read after all.
    pub(super) fn nothing_is_read(&mut self) {
        self.reading.clear();
    }

    /// We are connected, or no longer.
    pub(super) fn set_online(&mut self, now: Time, online: bool) {
        match (online, self.online_since) {
            (true, None) => {
                self.online_since = Some(now);
                self.look_by(now);
            }
            (true, Some(_)) => {}
            (false, _) => self.online_since = None,
        }
    }

    /// Whether receipts are to leave now. A clock that was set back must not hold them up.
    fn take_leave(&mut self, now: Time) -> bool {
        let due = |at: &mut Time| *at <= now || *at > now + TRY_AGAIN;
        self.leave_at.take_if(due).is_some()
    }

    /// Whether it is time to look at messages without a receipt.
    fn take_look(&mut self, now: Time) -> bool {
        let due = |at: &mut Time| *at <= now || *at > now + LONGEST_LOOK;
        self.look_at.take_if(due).is_some()
    }

    /// A message that was swallowed is told of by the client.
    pub(super) fn take_swallowed(&mut self, id: MessageId) -> bool {
        self.swallowed.remove(&id)
    }

    /// Whether a receipt for this is on its way to the disk already.
    fn is_paying(&self, id: MessageId) -> bool {
        let of = |service: &Service| matches!(service, Service::Receipt(_, of) if of.contains(&id));
        self.services.values().any(of)
    }

    /// Whether a message is on its way again.
    fn is_again(&self, id: MessageId) -> bool {
        let again = |service: &Service| matches!(service, Service::Again(_, of) if *of == id);
        self.reading.contains(&id) || self.services.values().any(again)
    }
}

/// Whether a message in the outbox was not written by the user: it is a receipt, or names itself
/// otherwise than its first copy did.
pub(super) fn is_service(id: MessageId, letter: &Letter) -> bool {
    letter.is_receipt() || letter.id.is_some_and(|own| own != id)
}

/// Receiving.
impl Run {
    /// Whoever wrote a message is to be told that it arrived.
    pub(super) fn owe(&mut self, peer: Correspondent, id: MessageId, way: Option<Way>) {
        if let Some(way) = way {
            self.timeline
                .change(peer, |about| about.exchange.owe(id, way));
            self.receipts.leave_by(self.clock + COLLECT);
        }
    }

    /// A correspondent says that messages of ours arrived. Only what was sent to them counts.
    pub(super) fn receipt_came(
        &mut self,
        from: Correspondent,
        receipt: MessageId,
        of: &[MessageId],
    ) {
        let conversation = from.id();
        if self.timeline.get(&conversation).is_none() {
            return;
        }
        let confirms = |id: &&MessageId| {
            let confirm = |about: &mut About| about.exchange.confirm(**id);
            self.timeline.change(from, confirm)
        };
        let confirmed: Vec<MessageId> = of.iter().filter(confirms).copied().collect();
        for id in &confirmed {
            let record = (Table::Delivered, id.0.to_vec());
            self.books.write([(record, Some(Vec::new()))]);
            let state = DeliveryStateName::Delivered;
            self.timeline.set_state(&conversation, *id, state);
        }
        self.receipts.confirmed.insert(receipt, confirmed);
    }

    /// A receipt is on disk: what it confirmed. Such a message need not be sent any more, also if
    /// its acks were lost.
    pub(super) fn confirmed(&mut self, receipt: MessageId) -> Vec<MessageId> {
        let confirmed = self.receipts.confirmed.remove(&receipt);
        let confirmed = confirmed.unwrap_or_default();
        for id in &confirmed {
            self.receipts.delivered.insert(*id);
            self.client.cancel(self.clock, *id);
        }
        confirmed
    }
}

/// Sending.
impl Run {
    /// Does what is due behind the words.
    pub(in crate::background) fn attend(&mut self, effects: &mut VecDeque<Effect>) {
        let now = self.clock;
        if !std::mem::replace(&mut self.receipts.looked_back, true) {
            self.look_back(effects);
        }
        if self.receipts.take_leave(now) {
            self.send_receipts(now);
        }
        if self.receipts.take_look(now) {
            self.look_for_lost(now, effects);
        }
    }

    /// A run may have ended between a receipt and the end of the message that it confirms.
    fn look_back(&mut self, effects: &mut VecDeque<Effect>) {
        let ids = self.outgoing.keys();
        let places: Vec<Place> = ids.map(|id| (Table::Delivered, id.0.to_vec())).collect();
        if !places.is_empty() {
            self.read(places, Job::LookBack, effects);
        }
    }

    /// These messages in the outbox were confirmed.
    pub(super) fn looked_back(&mut self, found: &Found) {
        let delivered = |id: &MessageId| found.get(&(Table::Delivered, id.0.to_vec())).is_some();
        let outgoing = self.outgoing.iter().filter(|(id, _)| delivered(id));
        let confirmed: Vec<(MessageId, String)> = outgoing
            .map(|(id, conversation)| (*id, conversation.clone()))
            .collect();
        for (id, conversation) in confirmed {
            let state = DeliveryStateName::Delivered;
            self.timeline.set_state(&conversation, id, state);
            self.receipts.delivered.insert(id);
            self.client.cancel(self.clock, id);
        }
    }

    /// SURBs came for answering a correspondent: a receipt may have waited for them.
    pub(super) fn surbs_came(&mut self, tag: SenderTag) {
        let known = self.timeline.get(&Correspondent::Anonymous(tag).id());
        if known.is_some_and(|one| !one.about.exchange.owed().is_empty()) {
            self.receipts.leave_by(self.clock + COLLECT);
        }
    }

    fn send_receipts(&mut self, now: Time) {
        let owing = self.timeline.exchanges();
        let owing = owing.filter(|(_, about)| !about.exchange.owed().is_empty());
        let owing: Vec<Correspondent> = owing.map(|(peer, _)| peer).collect();
        for peer in owing {
            if self.settings.receipts {
                self.send_receipts_to(now, peer);
            } else {
                // The user has changed their mind meanwhile.
                self.timeline
                    .change(peer, |about| about.exchange.owe_nothing());
            }
        }
    }

    fn send_receipts_to(&mut self, now: Time, peer: Correspondent) {
        for way in [Way::Signed, Way::Anonymous] {
            for of in self.owed(peer, way).chunks(MAX_RECEIPTS) {
                match self.send_receipt(now, peer, way, of.to_vec()) {
                    Attempt::Sent(id) => {
                        let service = Service::Receipt(peer, of.to_vec());
                        self.receipts.services.insert(id, service);
                    }
                    Attempt::Later => self.receipts.leave_by(now + TRY_AGAIN),
                    Attempt::WithSurbs => {}
                }
            }
        }
    }

    /// What somebody is to be told of, and is not being told yet.
    fn owed(&self, peer: Correspondent, way: Way) -> Vec<MessageId> {
        let known = self.timeline.get(&peer.id());
        let owed = known.map_or(&[][..], |one| one.about.exchange.owed());
        owed.iter()
            .filter(|owed| owed.way == way && !self.receipts.is_paying(owed.id))
            .map(|owed| owed.id)
            .collect()
    }

    fn send_receipt(
        &mut self,
        now: Time,
        peer: Correspondent,
        way: Way,
        of: Vec<MessageId>,
    ) -> Attempt {
        let Some(to) = self.receipt_to(peer) else {
            return Attempt::WithSurbs;
        };
        let id = self.client.next_message_id();
        let envelope = Envelope {
            id,
            wants_receipt: false,
            content: Content::Receipt(of),
        };
        // The tag says who we are; nobody answers a receipt, so no SURBs go with it.
        let surbs = (way == Way::Anonymous).then_some(0);
        let Ok(body) = self.client.write_to(to, surbs, &envelope) else {
            return Attempt::Later;
        };
        let sent = self.client.send_to(now, id, to, surbs, body);
        sent.map_or(Attempt::Later, Attempt::Sent)
    }

    /// Whom a receipt goes to; nobody while there are too few SURBs: answers of the user come
    /// first.
    fn receipt_to(&self, peer: Correspondent) -> Option<Recipient> {
        match peer {
            Correspondent::Address(address) => {
                Some(Recipient::Address(self.whereabouts(peer, &address)))
            }
            Correspondent::Anonymous(tag) => {
                let enough = self.client.surbs(tag) > SURB_RESERVE;
                enough.then_some(Recipient::Anonymous(tag))
            }
            Correspondent::Unknown => None,
        }
    }

    /// Something that no user wrote is about to be on disk: what it was for is done.
    pub(super) fn service_written(&mut self, id: MessageId) {
        let Some(service) = self.receipts.services.get_mut(&id) else {
            return;
        };
        let now = self.clock;
        match std::mem::replace(service, Service::Earlier) {
            Service::Receipt(peer, of) => {
                self.timeline.change(peer, |about| about.exchange.pay(&of));
            }
            Service::Again(peer, of) => {
                self.timeline
                    .change(peer, |about| about.exchange.resend(of, now));
                self.receipts.look_by(now);
            }
            Service::Earlier => {}
        }
    }

    /// Something that no user wrote got on. What failed is given up: the need for it will show
    /// again.
    pub(super) fn service_told(&mut self, id: MessageId, state: &DeliveryState) {
        match state {
            DeliveryState::AtGateway | DeliveryState::Failed(FailReason::Cancelled) => {
                self.receipts.services.remove(&id);
            }
            DeliveryState::Failed(_) => self.client.cancel(self.clock, id),
            _ => {}
        }
    }
}

/// What became of a receipt that was to leave.
enum Attempt {
    /// The client has taken it, under this name.
    Sent(MessageId),
    /// It is to be tried again.
    Later,
    /// It waits until the correspondent has given more SURBs.
    WithSurbs,
}

/// Sending again.
impl Run {
    /// Looks at every message that is at the recipient's gateway and has no receipt.
    fn look_for_lost(&mut self, now: Time, effects: &mut VecDeque<Effect>) {
        let Some(online_since) = self.receipts.online_since else {
            return;
        };
        for (peer, id, at_gateway, left) in self.unconfirmed() {
            match decide(now, online_since, at_gateway, left) {
                Decision::Wait(until) => self.receipts.look_by(until),
                Decision::Again => self.read_again(peer, id, effects),
                Decision::GiveUp => {
                    self.timeline
                        .change(peer, |about| about.exchange.give_up(id));
                }
            }
        }
    }

    /// Messages that may be sent again: their recipients use Sotto, and are known to send receipts
    /// or may do so.
    fn unconfirmed(&self) -> Vec<(Correspondent, MessageId, Time, u8)> {
        let exchanges = self.timeline.exchanges();
        let open = exchanges
            .filter(|(_, about)| about.speaks_sotto && !about.exchange.is_silent())
            .flat_map(|(peer, about)| about.exchange.awaited().iter().map(move |one| (peer, one)));
        open.filter(|(_, one)| !self.receipts.is_again(one.id))
            .filter_map(|(peer, one)| Some((peer, one.id, one.at_gateway?, one.left?)))
            .collect()
    }

    fn read_again(&mut self, peer: Correspondent, id: MessageId, effects: &mut VecDeque<Effect>) {
        self.receipts.reading.insert(id);
        self.read(vec![place(Store::Sent, id)], Job::Again(peer, id), effects);
    }

    /// A message was to be read, to be sent again, and could not be.
    pub(super) fn not_read_again(&mut self, id: MessageId) {
        self.receipts.reading.remove(&id);
        self.receipts.look_by(self.clock + TRY_AGAIN);
    }

    /// Sends a message once more, as it was: the same envelope, which the recipient shows once.
    pub(super) fn send_again(&mut self, peer: Correspondent, id: MessageId, found: &Found) {
        self.receipts.reading.remove(&id);
        let record = found.get(&place(Store::Sent, id));
        let message = record.and_then(|record| SentMessage::from_record(&id.0, record));
        let (Some(message), Correspondent::Address(address)) = (message, peer) else {
            // It was deleted meanwhile.
            return self
                .timeline
                .change(peer, |about| about.exchange.forget(id));
        };
        let (now, to) = (self.clock, self.whereabouts(peer, &address));
        match self.client.send(now, &to, message.body) {
            Ok(again) => {
                let service = Service::Again(peer, id);
                self.receipts.services.insert(again, service);
            }
            Err(_) => self.receipts.look_by(now + TRY_AGAIN),
        }
    }
}
