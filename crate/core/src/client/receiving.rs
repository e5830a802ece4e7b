//! Messages on their way in.

use super::{After, Client, MessageId, Output, ReceivedMessage, Store};
use crate::ack::Acknowledged;
use crate::address::Address;
use crate::crypto::random_bytes;
use crate::delivery::{self, Delivery};
use crate::fragment::{Arrival, Complete, Fragment, FragmentId, Seen, SetId};
use crate::message::{Content, NymMessage, Repliable, Reply, SenderTag};
use crate::time::Time;
use std::time::Duration;

/// How long the pieces of an unfinished message are kept. The official client gives up after 30
/// minutes, but keeps nothing over a restart: our pieces may wait for the rest, which gateways
/// hold for a day.
const FRAGMENT_PATIENCE: Duration = Duration::from_secs(48 * 3600);

impl Client {
    /// Takes in what the gateway pushed.
    pub(super) fn receive(&mut self, now: Time, pushed: &[u8]) {
        let Self {
            keys,
            reply_keys,
            ledger,
            ..
        } = self;
        let mut through = None;
        let delivery = delivery::open(keys, pushed, |digest| {
            let (tag, key) = reply_keys.take(digest)?;
            through = Some(tag);
            ledger.delete(Store::ReplyKey, *digest);
            Some(key)
        });
        match delivery {
            Delivery::Ack(Acknowledged::Fragment(id)) => self.receive_ack(id),
            Delivery::Ack(Acknowledged::Cover) | Delivery::Cover => self.statistics.cover += 1,
            Delivery::Probe(token) => self.probe_returned(now, token),
            Delivery::Malformed => self.statistics.malformed += 1,
            Delivery::Fragment(fragment) => {
                self.statistics.fragments += 1;
                self.receive_fragment(now, fragment, through);
            }
        }
    }

    /// `through` is the tag by which those know us who got the SURB that the fragment came through.
    fn receive_fragment(&mut self, now: Time, fragment: Fragment, through: Option<SenderTag>) {
        if self.seen.contains(&fragment) {
            self.statistics.duplicates += 1;
            return;
        }
        let name = fragment_key(fragment.id());
        let record = [now.as_millis().to_be_bytes().as_slice(), &fragment.encode()].concat();
        if self.take_fragment(now, fragment, through) {
            self.ledger.put(Store::Fragment, name, record);
            let gone = self.reassembly.make_room(now);
            self.delete_fragments(gone);
        }
    }

    /// Gives a fragment to the reassembly; `true` if it is to be kept on disk.
    pub(super) fn take_fragment(
        &mut self,
        now: Time,
        fragment: Fragment,
        through: Option<SenderTag>,
    ) -> bool {
        match self.reassembly.insert(now, fragment) {
            Arrival::Held => return true,
            Arrival::Duplicate => self.statistics.duplicates += 1,
            Arrival::Refused { gone, .. } => {
                self.statistics.malformed += 1;
                self.delete_fragments(gone);
            }
            Arrival::Complete(complete) => self.receive_complete(now, complete, through),
        }
        false
    }

    /// A message is whole: in one commit its pieces go, it comes, and its sets count as seen.
    ///
    /// The SURB of the last piece says whose answer it is: only who made the others knows the
    /// 31 random bits of their set.
    fn receive_complete(&mut self, now: Time, complete: Complete, through: Option<SenderTag>) {
        self.delete_fragments(complete.fragments.iter().map(Fragment::id).collect());
        for (set, record) in Seen::records(now, &complete.fragments) {
            self.seen.insert(set, &record);
            self.ledger.put(Store::Seen, seen_key(set), record);
        }
        match NymMessage::decode(&complete.message) {
            Ok(NymMessage::Plain(body)) => self.receive_message(now, None, None, body),
            Ok(NymMessage::Reply(Reply::Data(body))) => {
                let from = through.and_then(|tag| self.known_as(tag));
                self.receive_message(now, None, from, body);
            }
            Ok(NymMessage::Repliable(Repliable {
                tag,
                content,
                surbs,
            })) => {
                self.receive_surbs(now, tag, surbs);
                if let Content::Data(body) = content {
                    self.receive_message(now, Some(tag), None, body);
                }
            }
            Ok(NymMessage::Reply(Reply::SurbRequest(request))) => {
                self.surbs_requested(now, request);
            }
            Err(_) => self.statistics.unreadable += 1,
        }
    }

    fn receive_message(
        &mut self,
        now: Time,
        sender_tag: Option<SenderTag>,
        answer_from: Option<Address>,
        body: Vec<u8>,
    ) {
        let id = MessageId(random_bytes(&mut self.rng));
        let message = ReceivedMessage {
            id,
            received_at: now,
            sender_tag,
            answer_from,
            body,
        };
        self.ledger.put(Store::Inbox, id.0, message.to_record());
        self.ledger.then(After::Tell(Output::Message(message)));
    }

    /// Forgets pieces that wait for too long, and sets seen long ago.
    pub(super) fn sweep_received(&mut self, now: Time) {
        let gone = self.reassembly.sweep(now, FRAGMENT_PATIENCE);
        self.delete_fragments(gone);
        for digest in self.reply_keys.sweep(now) {
            self.ledger.delete(Store::ReplyKey, digest);
        }
        for set in self.seen.sweep(now) {
            self.ledger.delete(Store::Seen, seen_key(set));
        }
    }

    fn delete_fragments(&mut self, fragments: Vec<FragmentId>) {
        for id in fragments {
            self.ledger.delete(Store::Fragment, fragment_key(id));
        }
    }
}

fn fragment_key(id: FragmentId) -> [u8; 5] {
    id.to_bytes()
}

fn seen_key(set: SetId) -> [u8; 4] {
    set.get().to_be_bytes()
}
