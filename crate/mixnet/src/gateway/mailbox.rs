//! What waits for one connected client, and who is connected.

use super::store::ClientId;
use parking_lot::Mutex;
use sotto_core::address::NodeAddress;
use sotto_core::packet::KeyRotation;
use std::collections::{HashMap, VecDeque};
use std::sync::Arc;
use tokio::sync::{Notify, oneshot};
use tokio_util::sync::CancellationToken;

/// Bytes that wait in memory for one client. More goes to the inbox.
const MAX_WAITING: usize = 4 << 20;

/// The ack that a gateway launches when a message is safe.
#[derive(Debug)]
pub(crate) struct Ack {
    pub(crate) first_hop: NodeAddress,
    pub(crate) rotation: KeyRotation,
    pub(crate) packet: Vec<u8>,
}

/// A message that arrived for a client.
#[derive(Debug)]
pub(crate) struct Delivery {
    pub(crate) body: Vec<u8>,
    /// Launched only when the client has the message, or the inbox does.
    pub(crate) ack: Option<Ack>,
}

/// Between the packets that arrive for a client and the session that pushes them.
#[derive(Default)]
pub(crate) struct Mailbox {
    state: Mutex<State>,
    changed: Notify,
    kicked: CancellationToken,
    ended: CancellationToken,
}

#[derive(Default)]
struct State {
    waiting: VecDeque<Delivery>,
    bytes: usize,
    closed: bool,
    /// The inbox has messages that this session did not see.
    look_again: bool,
    probes: Vec<oneshot::Sender<()>>,
}

/// What a session finds in its mailbox.
#[derive(Default)]
pub(crate) struct Mail {
    pub(crate) deliveries: VecDeque<Delivery>,
    pub(crate) look_again: bool,
    /// Somebody asks whether the client is alive.
    pub(crate) probes: Vec<oneshot::Sender<()>>,
}

impl Mailbox {
    /// Gives a message to the session, or back if it cannot take it.
    fn put(&self, delivery: Delivery) -> Result<(), Delivery> {
        let mut state = self.state.lock();
        let bytes = state.bytes + delivery.body.len();
        if state.closed || bytes > MAX_WAITING {
            return Err(delivery);
        }
        state.bytes = bytes;
        state.waiting.push_back(delivery);
        self.changed.notify_one();
        Ok(())
    }

    /// Tells the session that the inbox has something new for it.
    fn look_again(&self) {
        self.state.lock().look_again = true;
        self.changed.notify_one();
    }

    /// Resolves when there may be mail.
    pub(crate) async fn changed(&self) {
        self.changed.notified().await;
    }

    /// Takes all that waits.
    pub(crate) fn take(&self) -> Mail {
        let mut state = self.state.lock();
        state.bytes = 0;
        Mail {
            deliveries: std::mem::take(&mut state.waiting),
            look_again: std::mem::take(&mut state.look_again),
            probes: std::mem::take(&mut state.probes),
        }
    }

    /// Takes what waits for the last time: from now on messages go to the inbox.
    pub(crate) fn close(&self) -> VecDeque<Delivery> {
        self.state.lock().closed = true;
        self.take().deliveries
    }

    /// Asks the session to find out whether its client is alive. The receiver fails if the
    /// session ends.
    pub(crate) fn probe(&self) -> oneshot::Receiver<()> {
        let (sender, receiver) = oneshot::channel();
        let mut state = self.state.lock();
        if !state.closed {
            state.probes.push(sender);
            self.changed.notify_one();
        }
        receiver
    }

    /// Ends the session, even one that is stuck.
    pub(crate) fn kick(&self) {
        self.kicked.cancel();
    }

    pub(crate) async fn kicked(&self) {
        self.kicked.cancelled().await;
    }

    /// Says that all of the session's messages are safe.
    pub(crate) fn set_ended(&self) {
        self.ended.cancel();
    }

    pub(crate) async fn ended(&self) {
        self.ended.cancelled().await;
    }
}

/// The connected clients.
#[derive(Default)]
pub(crate) struct Sessions(Mutex<HashMap<ClientId, Arc<Mailbox>>>);

impl Sessions {
    /// Makes a mailbox for a client, or gives that of its other session.
    pub(crate) fn open(&self, client: ClientId) -> Result<Arc<Mailbox>, Arc<Mailbox>> {
        let mut sessions = self.0.lock();
        if let Some(other) = sessions.get(&client) {
            return Err(other.clone());
        }
        let mailbox = Arc::new(Mailbox::default());
        sessions.insert(client, mailbox.clone());
        Ok(mailbox)
    }

    /// Removes the client's mailbox, if it still is this one.
    pub(crate) fn remove(&self, client: &ClientId, mailbox: &Arc<Mailbox>) {
        let mut sessions = self.0.lock();
        if sessions
            .get(client)
            .is_some_and(|current| Arc::ptr_eq(current, mailbox))
        {
            sessions.remove(client);
        }
    }

    /// Gives a message to the client's session, or back if there is none that can take it.
    pub(crate) fn deliver(&self, client: &ClientId, delivery: Delivery) -> Result<(), Delivery> {
        let mailbox = self.0.lock().get(client).cloned();
        match mailbox {
            Some(mailbox) => mailbox.put(delivery),
            None => Err(delivery),
        }
    }

    /// Tells the client's session, if there is one by now, to look into the inbox.
    pub(crate) fn look_again(&self, client: &ClientId) {
        if let Some(mailbox) = self.0.lock().get(client) {
            mailbox.look_again();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CLIENT: ClientId = [1; 32];

    fn delivery(len: usize) -> Delivery {
        Delivery {
            body: vec![0; len],
            ack: None,
        }
    }

    #[test]
    fn a_mailbox_holds_a_bounded_amount() {
        let sessions = Sessions::default();
        let mailbox = sessions
            .open(CLIENT)
            .unwrap_or_else(|_| panic!("nobody is connected"));
        assert!(sessions.deliver(&CLIENT, delivery(MAX_WAITING)).is_ok());
        assert!(sessions.deliver(&CLIENT, delivery(1)).is_err());
        assert_eq!(mailbox.take().deliveries.len(), 1);
        assert!(sessions.deliver(&CLIENT, delivery(1)).is_ok());
    }

    #[test]
    fn a_closed_mailbox_takes_nothing_and_probes_of_it_fail() {
        let sessions = Sessions::default();
        let mailbox = sessions
            .open(CLIENT)
            .unwrap_or_else(|_| panic!("nobody is connected"));
        assert!(sessions.deliver(&CLIENT, delivery(1)).is_ok());
        assert_eq!(mailbox.close().len(), 1);
        assert!(sessions.deliver(&CLIENT, delivery(1)).is_err());
        assert!(mailbox.probe().try_recv().is_err());
    }

    #[test]
    fn a_client_has_one_session() {
        let sessions = Sessions::default();
        let first = sessions
            .open(CLIENT)
            .unwrap_or_else(|_| panic!("nobody is connected"));
        let other = sessions.open(CLIENT).err().unwrap();
        assert!(Arc::ptr_eq(&first, &other));
        sessions.remove(&CLIENT, &first);
        assert!(sessions.open(CLIENT).is_ok());
    }
}
