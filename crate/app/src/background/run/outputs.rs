//! What the client gives, as effects for the host and events for pages.

use std::collections::VecDeque;

use sotto_core::{
    client::{self, ConnectionState, DeliveryState, MessageId, Output, Problem, ReceivedMessage},
    topology::{ACTIVE_MIXNODES_PATH, ENTRY_GATEWAYS_PATH, REWARDED_SET_PATH},
};

use super::{Run, conversations::with_unread};
use crate::background::{
    effect::{CommitId, Effect},
    pages::Pages,
};
use crate::page::{ConnectionView, DeliveryView, ErrorView, Event, MessageView};

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
        | Output::Surbs { .. }
        | Output::Storage(_) = output
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
                self.sockets.insert(connection);
                effects.push_back(Effect::OpenSocket {
                    socket: self.scoped(connection),
                    url,
                });
            }
            Output::CloseGateway { connection } => {
                self.sockets.remove(&connection);
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
            Output::Commit(commit) => effects.push_back(self.commit(commit)),
            Output::Message(message) => self.received(&message, pages, effects),
            Output::Delivery { id, state } => self.delivery(id, &state, pages, effects),
            Output::Connection(state) => self.connection_changed(&state, pages, effects),
            Output::Address(address) => {
                let address = address.to_string();
                pages.publish(effects, &Event::Address { address });
                self.publish_gateways(pages, effects);
            }
            Output::Storage(problem) => self.storage_changed(problem.as_ref(), pages, effects),
            Output::Surbs { tag, available } => self.surbs(tag, available, pages, effects),
            Output::Topology(news) => {
                let topology = news.into();
                self.topology = Some(topology);
                pages.publish(effects, &Event::Topology { topology });
            }
            Output::OtherGateways(others) => {
                self.others = others;
                self.publish_gateways(pages, effects);
            }
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

    fn commit(&mut self, commit: client::Commit) -> Effect {
        self.commit = Some(commit.id);
        Effect::Commit {
            id: CommitId::Client(self.scoped(commit.id)),
            changes: with_unread(commit.changes, &self.client.public_keys()),
        }
    }

    fn received(
        &mut self,
        message: &ReceivedMessage,
        pages: &Pages,
        effects: &mut VecDeque<Effect>,
    ) {
        let view = MessageView::received(message, &self.client.public_keys());
        self.history
            .set_unread(view.id.clone(), view.conversation.clone());
        let news = self.history.put(view);
        self.publish(news, pages, effects);
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
        let view = DeliveryView::from(state);
        let news = match self.unsaved.remove(&id) {
            Some(message) => self.history.put(MessageView {
                delivery: Some(view),
                ..message
            }),
            None => self.history.set_delivery(&id.to_string(), view),
        };
        self.publish(news, pages, effects);
        pages.accept(effects, id);
    }

    fn connection_changed(
        &mut self,
        state: &ConnectionState,
        pages: &Pages,
        effects: &mut VecDeque<Effect>,
    ) {
        self.connection = ConnectionView::from(state);
        pages.publish(
            effects,
            &Event::Connection {
                connection: self.connection.clone(),
            },
        );
    }

    /// While the disk fails, whoever sent a message goes on waiting: the client tries again, and
    /// the message is accepted as soon as it is on disk. Meanwhile pages show why.
    fn storage_changed(
        &mut self,
        problem: Option<&Problem>,
        pages: &mut Pages,
        effects: &mut VecDeque<Effect>,
    ) {
        self.storage = problem.map(ErrorView::from);
        pages.publish(
            effects,
            &Event::Storage {
                problem: self.storage.clone(),
            },
        );
    }
}
