//! What stands between the client and whichever program is connected: it outlives connections.

use super::lanes::Lanes;
use super::mailbox::Mailbox;
use crate::line::{Line, Printer};
use crate::reading::Reading;
use parking_lot::Mutex;
use sotto::websocket::{ErrorKind, Refusal, Request, Response};
use sotto::{Event, Handle, HandleError, Note, Queued};
use sotto_core::address::Address;
use sotto_core::client::{
    ConnectionState, DeliveryState, FailReason, MAX_SURBS, MessageId, ReceivedMessage, Recipient,
    SendError,
};
use sotto_core::keys::PublicKeys;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::mpsc::UnboundedReceiver;
use tokio::sync::{Notify, OwnedSemaphorePermit, Semaphore, watch};
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

/// KiB of messages that may be on their way to the disk.
const IN_HAND: usize = 32 << 10;

/// Messages that may move at once. The client looks at all of them whenever something happens, so
/// that more would make it slow.
const MOVING: usize = 1000;

/// How long a program has to wait for room as long as nothing at all gets on.
const PATIENCE: Duration = Duration::from_secs(60);

/// What will be said to a program in answer to its request, if anything.
pub(crate) type Answer = Pin<Box<dyn Future<Output = Option<Response>> + Send>>;

/// What has become of messages that were sent, in numbers that grow.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Progress {
    /// Things heard of any message.
    heard: u64,
    /// Messages that have left the outbox, or wait for nothing any more, or for something.
    left: u64,
}

/// See the [module's page](self).
pub(crate) struct Desk {
    handle: Handle,
    own: PublicKeys,
    printer: Printer,
    /// Whether programs get the envelopes of Sotto peers as they are.
    raw: bool,
    address: watch::Sender<Option<Address>>,
    online: watch::Sender<bool>,
    progress: watch::Sender<Progress>,
    lanes: Mutex<Lanes>,
    mailbox: Mutex<Mailbox>,
    /// A message can be given to the program, or it can be asked whether it has it.
    mail: Notify,
    /// Permits for a KiB each.
    room: Arc<Semaphore>,
}

impl Desk {
    pub(crate) fn new(handle: Handle, own: PublicKeys, printer: Printer, raw: bool) -> Self {
        Self {
            handle,
            own,
            printer,
            raw,
            address: watch::Sender::default(),
            online: watch::Sender::default(),
            progress: watch::Sender::default(),
            lanes: Mutex::default(),
            mailbox: Mutex::default(),
            mail: Notify::new(),
            room: Arc::new(Semaphore::new(IN_HAND)),
        }
    }
}

/// What the client tells.
impl Desk {
    /// Listens to the client until it has been stopped.
    pub(crate) async fn listen(
        &self,
        mut events: UnboundedReceiver<Event>,
    ) -> Result<(), HandleError> {
        loop {
            match events.recv().await.ok_or(HandleError::Stopped)? {
                Event::Message(message) => self.arrived(message).await?,
                Event::Delivery { id, state } => self.got_on(id, state).await?,
                Event::Surbs { .. } | Event::Probe(_) => {}
                event => self.state(&event),
            }
        }
    }

    fn state(&self, event: &Event) {
        match event {
            Event::Address(address) => drop(self.address.send_replace(Some(*address))),
            Event::Connection(state) => {
                let online = matches!(state, ConnectionState::Online { .. });
                self.online.send_replace(online);
            }
            _ => {}
        }
        self.printer.print(&Line::of(event, &self.own));
    }

    async fn arrived(&self, message: Arc<ReceivedMessage>) -> Result<(), HandleError> {
        if !self.raw && !Reading::of(&message, &self.own).is_said() {
            // Programs ask for no receipts, and would not know what to do with one.
            return self.handle.take_out(message.id).await;
        }
        self.mailbox.lock().push(message);
        self.mail.notify_one();
        Ok(())
    }

    async fn got_on(&self, id: MessageId, state: DeliveryState) -> Result<(), HandleError> {
        let before = self.lanes.lock().moving();
        self.lanes.lock().update(id, &state);
        let gone = matches!(state, DeliveryState::AtGateway | DeliveryState::Failed(_));
        let left = gone || self.lanes.lock().moving() != before;
        self.progress.send_modify(|progress| {
            progress.heard += 1;
            progress.left += u64::from(left);
        });
        match state {
            DeliveryState::Failed(reason) if reason != FailReason::Cancelled => {
                let event = Event::Delivery { id, state };
                self.printer.print(&Line::of(&event, &self.own));
                // There is no request that would send it again, so that it is not kept either.
                self.handle.cancel(id).await
            }
            _ => Ok(()),
        }
    }
}

/// What the program is given.
impl Desk {
    /// Waits until there may be something to give or to ask.
    pub(crate) async fn mail(&self) {
        self.mail.notified().await;
    }

    /// The next message for the program, if it has room for one.
    pub(crate) fn give(&self) -> Option<Response> {
        let message = self.mailbox.lock().give()?;
        let body = if self.raw {
            message.body.clone()
        } else {
            Reading::of(&message, &self.own).into_bytes(&message)
        };
        Some(Response::Received {
            message: body,
            sender_tag: message.sender_tag,
        })
    }

    /// The number to ping with, if the program is to say how far it has read.
    pub(crate) fn ask(&self) -> Option<u64> {
        self.mailbox.lock().ask()
    }

    /// The program has answered a ping.
    pub(crate) async fn confirm(self: &Arc<Self>, number: u64) -> Result<(), HandleError> {
        let theirs = self.mailbox.lock().confirm(number);
        // The window has moved.
        self.mail.notify_one();
        if theirs.is_empty() {
            return Ok(());
        }
        let desk = self.clone();
        // By itself, as it is to be finished also if the program goes.
        let done = tokio::spawn(async move { desk.finish(theirs).await });
        done.await.unwrap_or(Err(HandleError::Stopped))
    }

    /// The program has these messages for sure.
    async fn finish(&self, theirs: Vec<Arc<ReceivedMessage>>) -> Result<(), HandleError> {
        for message in theirs.iter().filter(|_| !self.raw) {
            self.confirm_to_sender(message).await;
        }
        // Only after that: if we are killed in between it is given once more, not never.
        let ids = theirs.iter().map(|message| message.id).collect();
        self.handle.take_out_all(ids).await
    }

    /// Sends the receipt that a Sotto peer asks for.
    async fn confirm_to_sender(&self, message: &ReceivedMessage) {
        let receipt = Reading::of(message, &self.own).receipt(message);
        if let Some(receipt) = receipt
            && let Err(error) = self.handle.send_letter(receipt).await
        {
            tracing::warn!(%error, "cannot send a receipt");
        }
    }

    /// The program has gone.
    pub(crate) fn hang_up(&self) {
        self.mailbox.lock().hang_up();
        self.mail.notify_one();
    }
}

/// What the program asks for.
impl Desk {
    /// Begins with a request. Waits as long as too much is under way already; requests that were
    /// begun in one order are sent in that order. `gone` tells that nobody wants the answer any
    /// more; what was to be sent is sent all the same.
    pub(crate) async fn begin(
        self: &Arc<Self>,
        request: Request,
        gone: CancellationToken,
    ) -> Answer {
        let desk = self.clone();
        match request {
            Request::SelfAddress => Box::pin(async move { desk.self_address(gone).await }),
            Request::GetLaneQueueLength(lane) => Box::pin(async move { desk.length(lane) }),
            Request::ClosedConnection(lane) => Box::pin(async move { desk.close(lane).await }),
            Request::Send {
                recipient,
                message,
                connection_id,
            } => {
                let to = Recipient::Address(recipient);
                desk.send(to, None, message, connection_id).await
            }
            Request::SendAnonymous {
                recipient,
                message,
                reply_surbs,
                connection_id,
            } => {
                let surbs = u16::try_from(reply_surbs).unwrap_or(MAX_SURBS);
                let to = Recipient::Address(recipient);
                desk.send(to, Some(surbs), message, connection_id).await
            }
            Request::Reply {
                sender_tag,
                message,
                connection_id,
            } => {
                let to = Recipient::Anonymous(sender_tag);
                desk.send(to, None, message, connection_id).await
            }
        }
    }

    /// Waits until there is an address.
    async fn self_address(&self, gone: CancellationToken) -> Option<Response> {
        let mut address = self.address.subscribe();
        let known = gone
            .run_until_cancelled(address.wait_for(Option::is_some))
            .await;
        Some(Response::SelfAddress((*known?.ok()?)?))
    }

    fn length(&self, lane: u64) -> Option<Response> {
        let queue_length = self.lanes.lock().length(lane);
        Some(Response::LaneQueueLength { lane, queue_length })
    }

    async fn close(&self, lane: u64) -> Option<Response> {
        let messages = self.lanes.lock().messages(lane);
        for id in messages {
            self.handle.cancel(id).await.ok()?;
        }
        None
    }

    async fn send(
        self: Arc<Self>,
        to: Recipient,
        surbs: Option<u16>,
        body: Vec<u8>,
        lane: Option<u64>,
    ) -> Answer {
        let Some(id) = draw_id() else {
            let error = Refusal::new(ErrorKind::Other, "the system gives no randomness");
            return Box::pin(async { Some(Response::Error(error)) });
        };
        let note = Note {
            id,
            to,
            surbs,
            body,
        };
        let permit = self.until_room(note.body.len()).await;
        self.lanes.lock().add(id, lane, note.body.len());
        let room = Room::new(&self.progress);
        let queued = self.handle.hand_in(note.clone()).await;
        Box::pin(async move {
            let sent = self.until_on_disk(note, queued, room).await;
            drop(permit);
            self.answer(sent, id, lane)
        })
    }

    /// Waits until another message of so many bytes can be taken in hand.
    async fn until_room(&self, len: usize) -> Option<OwnedSemaphorePermit> {
        let mut room = Room::new(&self.progress);
        while *self.online.borrow() && self.lanes.lock().moving() >= MOVING {
            if !room.made(PATIENCE).await {
                break;
            }
        }
        let permits = (len >> 10).clamp(1, IN_HAND);
        let permits = u32::try_from(permits).ok()?;
        self.room.clone().acquire_many_owned(permits).await.ok()
    }

    /// Waits until a message is on disk; with a full outbox, as long as anything leaves it.
    async fn until_on_disk(
        &self,
        note: Note,
        mut queued: Result<Queued, HandleError>,
        mut room: Room,
    ) -> Result<(), HandleError> {
        loop {
            let full = match queued?.on_disk().await {
                Err(full @ HandleError::Send(SendError::OutboxFull)) => full,
                done => return done.map(drop),
            };
            if !room.made(PATIENCE).await {
                return Err(full);
            }
            queued = self.handle.hand_in(note.clone()).await;
        }
    }

    fn answer(
        &self,
        sent: Result<(), HandleError>,
        id: MessageId,
        lane: Option<u64>,
    ) -> Option<Response> {
        if let Err(error) = sent {
            self.lanes.lock().remove(id);
            return Some(Response::Error(Refusal::new(ErrorKind::Other, error)));
        }
        self.length(lane?)
    }
}

/// Tells when there may be room again.
struct Room {
    progress: watch::Receiver<Progress>,
    /// How many messages had left at the last look.
    left: u64,
}

impl Room {
    fn new(progress: &watch::Sender<Progress>) -> Self {
        let progress = progress.subscribe();
        let left = progress.borrow().left;
        Self { progress, left }
    }

    /// Waits until a message has left since the last look; `false` if nothing at all happens for
    /// so long.
    async fn made(&mut self, patience: Duration) -> bool {
        loop {
            let left = self.progress.borrow_and_update().left;
            if std::mem::replace(&mut self.left, left) != left {
                return true;
            }
            if !matches!(timeout(patience, self.progress.changed()).await, Ok(Ok(()))) {
                return false;
            }
        }
    }
}

/// A name for a message that nobody can guess.
fn draw_id() -> Option<MessageId> {
    let mut id = [0; 16];
    getrandom::fill(&mut id).ok()?;
    Some(MessageId(id))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn after(heard: u64, left: u64) -> bool {
        let progress = watch::Sender::new(Progress { heard: 3, left: 2 });
        let mut room = Room::new(&progress);
        progress.send_replace(Progress { heard, left });
        drop(progress);
        let runtime = tokio::runtime::Builder::new_current_thread();
        let runtime = { runtime }.enable_time().build().unwrap();
        runtime.block_on(room.made(PATIENCE))
    }

    #[test]
    fn there_is_room_once_a_message_has_left_even_before_anybody_waits() {
        assert!(after(4, 3));
        assert!(!after(4, 2), "an ack alone makes none");
        assert!(!after(3, 2));
    }
}
