//! What the client gives, as effects for the host and events for pages.

use std::collections::VecDeque;
use std::time::Duration;

use sotto_core::{
    client::{ConnectionState, DeliveryState, MessageId, Output, ProbeError, ReceivedMessage},
    topology::{ACTIVE_MIXNODES_PATH, ENTRY_GATEWAYS_PATH, REWARDED_SET_PATH},
};

use super::{
    After, Run,
    reading::{Job, everywhere},
};
use crate::background::{effect::Effect, pages::Pages};
use crate::letter::Letter;
use crate::page::{ConnectionView, DeliveryView, Event, Reply, RequestError};

impl Run {
    /// As [`Run::carry_out`] for a client that ends: it may still write, but not connect any more.
    pub(in crate::background) fn carry_out_last(
        &mut self,
        output: Output,
        pages: &mut Pages,
        effects: &mut VecDeque<Effect>,
    ) {
        if let Output::Commit(_)
        | Output::Message(_)
        | Output::Delivery { .. }
        | Output::Surbs { .. } = output
        {
            self.carry_out(output, pages, effects);
        }
    }

    /// Turns one wish of the client into effects and events.
    pub(in crate::background) fn carry_out(
        &mut self,
        output: Output,
        pages: &mut Pages,
        effects: &mut VecDeque<Effect>,
    ) {
        match output {
            Output::OpenGateway { connection, url } => {
                self.sockets.push(connection);
                effects.push_back(Effect::OpenSocket {
                    socket: self.scoped(connection),
                    url,
                });
            }
            Output::CloseGateway { connection } => {
                self.sockets.retain(|open| *open != connection);
                effects.push_back(Effect::CloseSocket {
                    socket: self.scoped(connection),
                });
            }
            Output::SendText { connection, text } => {
                effects.push_back(Effect::SendText {
                    socket: self.scoped(connection),
                    text,
                });
            }
            Output::SendBinary { connection, bytes } => {
                effects.push_back(Effect::SendBinary {
                    socket: self.scoped(connection),
                    bytes,
                });
            }
            Output::FetchTopology => effects.push_back(self.fetch()),
            Output::Commit(commit) => self.books.set_client(commit),
            Output::Message(message) => self.received(&message, pages, effects),
            Output::Delivery { id, state } => self.delivery(id, &state, pages, effects),
            Output::Connection(state) => self.connection_changed(&state, pages, effects),
            Output::Address(address) => {
                let address = address.to_string();
                pages.publish(effects, &Event::Address { address });
                self.publish_gateways(pages, effects);
            }
            // What became of a commit, the app knows itself.
            Output::Storage(_) => {}
            Output::Surbs { tag, available } => self.surbs(tag, available, pages, effects),
            Output::Topology(news) => {
                let topology = news.into();
                self.topology = Some(topology);
                pages.publish(effects, &Event::Topology { topology });
            }
            // Nobody asks for one yet.
            Output::Probe(result) => self.probed(result, pages, effects),
            Output::OtherGateways(others) => {
                self.others = others;
                self.publish_gateways(pages, effects);
            }
        }
    }

    /// A packet went round, or did not: all who asked are told.
    fn probed(
        &mut self,
        result: Result<Duration, ProbeError>,
        pages: &Pages,
        effects: &mut VecDeque<Effect>,
    ) {
        let reply = match result {
            Ok(time) => Reply::Probe {
                milliseconds: u32::try_from(time.as_millis()).unwrap_or(u32::MAX),
            },
            Err(error) => Reply::Error {
                error: RequestError::from(error).view(),
            },
        };
        for asker in std::mem::take(&mut self.probes) {
            pages.reply(effects, asker, reply.clone());
        }
    }

    fn publish_gateways(&self, pages: &Pages, effects: &mut VecDeque<Effect>) {
        let gateways = self.gateways();
        pages.publish(effects, &Event::Gateways { gateways });
    }

    fn fetch(&mut self) -> Effect {
        self.fetches = self.fetches.wrapping_add(1);
        let urls = [REWARDED_SET_PATH, ACTIVE_MIXNODES_PATH, ENTRY_GATEWAYS_PATH]
            .map(|path| self.settings.directory.join(path));
        Effect::FetchDirectory {
            fetch: self.scoped(self.fetches),
            urls,
        }
    }

    fn received(
        &mut self,
        message: &ReceivedMessage,
        pages: &Pages,
        effects: &mut VecDeque<Effect>,
    ) {
        if self.receipts.take_swallowed(message.id) {
            return self.publish_confirmed(message.id, pages, effects);
        }
        let letter = Letter::received(message, &self.keys);
        let message = self.received_view(message, &letter);
        self.history.put(message.clone());
        self.notify(&message, pages, effects);
        self.publish_message(message, pages, effects);
    }

    /// Tells pages which messages of ours a receipt confirms.
    fn publish_confirmed(
        &mut self,
        receipt: MessageId,
        pages: &Pages,
        effects: &mut VecDeque<Effect>,
    ) {
        for id in self.confirmed(receipt) {
            let delivery = DeliveryView::delivered();
            match self.history.set_delivery(&id.to_string(), delivery) {
                Some(message) => self.publish_message(message, pages, effects),
                // A page may show it all the same.
                None if !pages.is_empty() => self.read(everywhere(id), Job::Show, effects),
                None => {}
            }
        }
    }

    /// The first state of a new message says that it is on disk: now it is shown, and then the page
    /// that sent it is answered.
    fn delivery(
        &mut self,
        id: MessageId,
        state: &DeliveryState,
        pages: &mut Pages,
        effects: &mut VecDeque<Effect>,
    ) {
        if self.receipts.is_service(id) {
            return self.service_told(id, state);
        }
        if let Some(message) = self.unsaved.remove(&id) {
            self.history.put_under_way(message.clone());
            self.history.put(message);
        }
        let delivery = match self.receipts.is_delivered(id) {
            true => DeliveryView::delivered(),
            false => DeliveryView::from(state),
        };
        let told = self
            .history
            .set_delivery(&id.to_string(), delivery)
            .filter(|_| !self.doomed.contains(&id));
        if let Some(message) = told {
            self.publish_message(message, pages, effects);
        }
        if !self.outgoing.contains_key(&id) {
            self.history.arrived(&id.to_string());
        }
        pages.accept(effects, id);
    }

    /// Does what waited for the disk, and has the next changes written.
    pub(in crate::background) fn settle(&mut self, pages: &Pages, effects: &mut VecDeque<Effect>) {
        if self.storage != self.problem {
            self.storage.clone_from(&self.problem);
            let problem = self.problem.clone();
            pages.publish(effects, &Event::Storage { problem });
        }
        if std::mem::take(&mut self.written) {
            self.forget_doomed();
        }
        for after in std::mem::take(&mut self.done) {
            self.after(after, pages, effects);
        }
        self.commit(effects);
    }

    fn after(&mut self, after: After, pages: &Pages, effects: &mut VecDeque<Effect>) {
        match after {
            After::Reply(asker, reply) => pages.reply(effects, asker, reply),
            After::Conversation(id) => self.publish_conversation(&id, pages, effects),
            After::Removed(id, conversation) => {
                self.removed(id, &conversation, pages, effects);
            }
            After::Forgotten(id) => {
                self.history.remove_all(&id);
                self.publish_conversation(&id, pages, effects);
            }
            After::Swept => self.swept(),
            After::Known(asker, id) => {
                self.reply_conversation(asker, &id, pages, effects);
                self.publish_conversation(&id, pages, effects);
            }
        }
    }

    fn connection_changed(
        &mut self,
        state: &ConnectionState,
        pages: &Pages,
        effects: &mut VecDeque<Effect>,
    ) {
        self.connection = ConnectionView::from(state);
        let online = matches!(state, ConnectionState::Online { .. });
        self.receipts.set_online(self.clock, online);
        pages.publish(
            effects,
            &Event::Connection {
                connection: self.connection.clone(),
            },
        );
    }
}
