//! The pages that are connected, and what they wait for.

use litemap::LiteMap;
use std::collections::VecDeque;

use sotto_core::{client::MessageId, time::Time};

use super::effect::{Effect, PortId};
use crate::{
    limit::{
        Bucket, MAX_PORTS, MAX_WAITING_REQUESTS, PART_BURST, PART_INTERVAL, REQUEST_BURST,
        REQUEST_INTERVAL,
    },
    page::{BackgroundMessage, Event, Reply, Request, RequestError},
};

/// Who waits for the reply to which request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Asker {
    pub(super) port: PortId,
    pub(super) id: u32,
}

/// All connected pages.
pub(super) struct Pages {
    /// Each port, and whether it subscribed.
    ports: LiteMap<PortId, bool>,
    bucket: Bucket,
    /// The same for parts of files, which come in great numbers.
    parts: Bucket,
    /// Requests that came while the state was being loaded.
    waiting: VecDeque<(Asker, Request)>,
    /// Who sent the messages that are on their way to the disk, and their conversations.
    unaccepted: LiteMap<MessageId, (Asker, String)>,
}

impl Pages {
    pub(super) fn new() -> Self {
        Self {
            ports: LiteMap::new(),
            bucket: Bucket::new(REQUEST_BURST, REQUEST_INTERVAL),
            parts: Bucket::new(PART_BURST, PART_INTERVAL),
            waiting: VecDeque::new(),
            unaccepted: LiteMap::new(),
        }
    }

    /// Notes a new page. One too many is not noted, so that its requests are refused.
    pub(super) fn open(&mut self, port: PortId) {
        if self.ports.len() < MAX_PORTS {
            self.ports.entry(port).or_insert(false);
        }
    }

    /// Forgets a page and what it waits for.
    pub(super) fn close(&mut self, port: PortId) {
        self.ports.remove(&port);
        self.waiting.retain(|(asker, _)| asker.port != port);
        self.unaccepted.retain(|_, (asker, _)| asker.port != port);
    }

    /// Whether no page is connected at all.
    pub(super) fn is_empty(&self) -> bool {
        self.ports.is_empty()
    }

    pub(super) fn is_open(&self, port: PortId) -> bool {
        self.ports.contains_key(&port)
    }

    /// Whether one more request is within the limits.
    pub(super) fn may_ask(&mut self, now: Time, request: &Request) -> bool {
        match request {
            Request::UploadPart { .. } | Request::DownloadPart { .. } => self.parts.take(now),
            _ => self.bucket.take(now),
        }
    }

    pub(super) fn subscribe(&mut self, port: PortId) {
        if let Some(subscribed) = self.ports.get_mut(&port) {
            *subscribed = true;
        }
    }

    /// Keeps a request until the state is loaded.
    pub(super) fn wait(&mut self, asker: Asker, request: Request) -> Result<(), RequestError> {
        if self.waiting.len() >= MAX_WAITING_REQUESTS {
            return Err(RequestError::Starting);
        }
        self.waiting.push_back((asker, request));
        Ok(())
    }

    /// Gives back what waited, in order.
    pub(super) fn take_waiting(&mut self) -> VecDeque<(Asker, Request)> {
        std::mem::take(&mut self.waiting)
    }

    /// Notes who is to hear when a message of a conversation is on disk.
    pub(super) fn start_accepting(&mut self, id: MessageId, asker: Asker, conversation: String) {
        self.unaccepted.insert(id, (asker, conversation));
    }

    /// Tells the page that sent it that a message is on disk.
    pub(super) fn accept(&mut self, effects: &mut VecDeque<Effect>, id: MessageId) {
        if let Some((asker, conversation)) = self.unaccepted.remove(&id) {
            let id = id.to_string();
            self.reply(effects, asker, Reply::Accepted { id, conversation });
        }
    }

    /// Those whose message was still on its way.
    pub(super) fn take_unaccepted(&mut self) -> LiteMap<MessageId, (Asker, String)> {
        std::mem::take(&mut self.unaccepted)
    }

    /// Answers a request, if the page is still there.
    pub(super) fn reply(&self, effects: &mut VecDeque<Effect>, asker: Asker, reply: Reply) {
        if self.is_open(asker.port) {
            effects.push_back(post(asker, reply));
        }
    }

    /// Tells every page that subscribed.
    pub(super) fn publish(&self, effects: &mut VecDeque<Effect>, event: &Event) {
        for (port, _) in self.ports.iter().filter(|(_, subscribed)| **subscribed) {
            let message = BackgroundMessage::Event {
                event: event.clone(),
            };
            effects.push_back(Effect::Post {
                port: *port,
                message,
            });
        }
    }
}

/// The effect that answers a request.
pub(super) fn post(asker: Asker, reply: Reply) -> Effect {
    Effect::Post {
        port: asker.port,
        message: BackgroundMessage::Reply {
            id: asker.id,
            reply,
        },
    }
}
