//! From what is on disk to a running client.

use super::atlas::Atlas;
use super::ledger::Ledger;
use super::outbox::{Outbox, Purpose};
use super::record::{Outcome, Recipient, Registration, Standing};
use super::reply_keys::ReplyKeys;
use super::sending::Schedule;
use super::session::{Role, Session};
use super::sessions::Sessions;
use super::surbs::{RotationNow, Surbs};
use super::{
    Client, Config, GatewayChoice, OtherGateways, Record, SWEEP_EVERY, SentMessage, Statistics,
    StorageError, Store,
};
use crate::ChaCha20Rng;
use crate::address::Address;
use crate::fragment::{Fragment, Reassembly, Seen, SetId};
use crate::keys::ClientKeys;
use crate::message::SenderTag;
use crate::time::Time;
use std::collections::{HashMap, VecDeque};
use zeroize::Zeroize;

/// The name of the identity's only record.
const IDENTITY_KEY: &[u8] = b"own";

impl Client {
    pub(super) fn restore(
        config: Config,
        stored: Vec<Record>,
        mut rng: ChaCha20Rng,
        now: Time,
    ) -> Result<Self, StorageError> {
        let mut ledger = Ledger::default();
        let keys = match stored.iter().find(|record| record.store == Store::Identity) {
            Some(record) => {
                ClientKeys::from_bytes(&record.value).map_err(StorageError::Identity)?
            }
            None => {
                let keys = ClientKeys::generate(&mut rng);
                ledger.put(Store::Identity, IDENTITY_KEY, keys.to_bytes().to_vec());
                keys
            }
        };
        let mut client = Self {
            sessions: Sessions::new(config.gateway, config.avoid),
            config,
            rng,
            keys,
            connections: 0,
            atlas: Atlas::default(),
            outbox: Outbox::default(),
            schedule: Schedule::default(),
            unprepared: Vec::new(),
            sender_tags: HashMap::new(),
            reply_keys: ReplyKeys::default(),
            surbs: Surbs::default(),
            rotation: RotationNow::default(),
            answers: VecDeque::new(),
            probe: None,
            told: HashMap::new(),
            told_connection: None,
            told_others: OtherGateways::default(),
            reassembly: Reassembly::default(),
            seen: Seen::default(),
            ledger,
            outputs: VecDeque::new(),
            sweep_at: now + SWEEP_EVERY,
            clock: now,
            statistics: Statistics::default(),
        };
        client.restore_records(stored);
        Ok(client)
    }

    fn restore_records(&mut self, stored: Vec<Record>) {
        for mut record in stored {
            let good = match record.store {
                Store::Registration => self.restore_registration(&record),
                Store::Outbox => self.restore_outgoing(&record),
                Store::Fragment => self.restore_fragment(&record.value),
                Store::Seen => self.restore_seen(&record),
                Store::SenderTag => self.restore_sender_tag(&record),
                Store::ReplyKey => self.reply_keys.restore(&record.key, &record.value),
                Store::Surb => self.restore_surb(&record.key, &record.value),
                Store::Topology => self.atlas.restore(&record.value),
                Store::Identity | Store::Sent | Store::Inbox => true,
            };
            if record.store == Store::Identity {
                record.value.zeroize();
            }
            if !good {
                self.statistics.damaged_records += 1;
                self.ledger.delete(record.store, record.key);
            }
        }
        self.seen.sort();
        let (sessions, mut tools) = self.lend(self.clock);
        sessions.finish_move(&mut tools);
        self.tell_address();
    }

    /// A pending registration is worth nothing, and is replaced by the next one.
    fn restore_registration(&mut self, record: &Record) -> bool {
        if record.key == Registration::WISH {
            return self.restore_wish(&record.value);
        }
        let Some(registration) = Registration::from_record(&record.value) else {
            return false;
        };
        if registration.standing == Standing::Pending {
            return true;
        }
        let sessions = &mut self.sessions;
        match record.key.as_slice() {
            Registration::OWN => sessions.own = Session::known(Role::Own, registration),
            Registration::NEXT => {
                sessions.next = Some(Session::known(Role::Next, registration));
            }
            _ => sessions
                .former
                .push(Session::known(Role::Former, registration)),
        }
        true
    }

    /// A move was wanted. The record of the gateway that has taken us already counts more.
    fn restore_wish(&mut self, value: &[u8]) -> bool {
        let choice = GatewayChoice::from_record(value);
        if let (Some(choice), None) = (choice, &self.sessions.next) {
            self.sessions.next = Some(Session::new(Role::Next, choice, None));
        }
        choice.is_some()
    }

    fn restore_outgoing(&mut self, record: &Record) -> bool {
        SentMessage::from_record(&record.key, &record.value)
            .filter(|message| message.outcome != Outcome::AtGateway)
            .is_some_and(|message| self.take_back_in(message.no_later_than(self.clock)))
    }

    fn take_back_in(&mut self, message: SentMessage) -> bool {
        if let (Recipient::Anonymous(tag), true) = (message.to, message.outcome.is_moving()) {
            self.surbs.waits_from(self.clock, tag);
        }
        if message.is_prepared() {
            return self.outbox.insert(message, Purpose::Message);
        }
        self.unprepared.push(message);
        true
    }

    fn restore_sender_tag(&mut self, record: &Record) -> bool {
        let address = Address::from_bytes(&record.key).ok();
        let tag = <[u8; 16]>::try_from(record.value.as_slice()).ok();
        let both = address.zip(tag);
        both.map(|(address, tag)| self.sender_tags.insert(address, SenderTag(tag)))
            .is_some()
    }

    /// A fragment's record: when it came (milliseconds, 8 bytes), then the fragment.
    fn restore_fragment(&mut self, value: &[u8]) -> bool {
        let Some((time, fragment)) = value.split_first_chunk() else {
            return false;
        };
        let time = Time::from_millis(u64::from_be_bytes(*time));
        let Ok(fragment) = Fragment::decode(fragment) else {
            return false;
        };
        self.take_fragment(time, fragment, None);
        true
    }

    fn restore_seen(&mut self, record: &Record) -> bool {
        <[u8; 4]>::try_from(record.key.as_slice())
            .ok()
            .and_then(|set| SetId::new(u32::from_be_bytes(set)))
            .is_some_and(|set| self.seen.insert(set, &record.value))
    }
}
