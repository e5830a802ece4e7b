//! A websocket whose client is known (protocol.md 8.5 to 8.7, 10.5).

use super::Gateway;
use super::bandwidth::{Bandwidth, OutOfBandwidth};
use super::connection::{Socket, accepted};
use super::lingering::Lingering;
use super::mailbox::Mailbox;
use super::store::ClientId;
use super::unconfirmed::{Pushed, Unconfirmed};
use crate::clock;
use futures_util::{SinkExt, StreamExt};
use rand_chacha::ChaCha20Rng;
use rand_core::Rng;
use sotto_core::gateway::message::{
    ClientMessage, SensitiveRequest, SensitiveResponse, ServerMessage, TypedError,
};
use sotto_core::gateway::{Nonce, SharedKey, binary};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::oneshot;
use tokio::time::{Instant, sleep_until, timeout};
use tokio_tungstenite::tungstenite::Message;

/// A client that does not take what is written for so long is gone.
const WRITE_LIMIT: Duration = Duration::from_secs(30);
/// A client that does not answer a ping for so long is gone.
const PONG_LIMIT: Duration = Duration::from_secs(10);
/// A client that says nothing for so long is asked whether it lives.
const SILENCE: Duration = Duration::from_secs(60);
/// A farewell may take so long.
const CLOSE_LIMIT: Duration = Duration::from_secs(1);

/// The payload of pings that only ask for a sign of life.
const SIGN_OF_LIFE: u64 = u64::MAX;

/// How a session begins.
#[derive(Clone, Copy)]
pub(crate) enum Greeting {
    /// With the last message of the handshake.
    Registered {
        /// The protocol version agreed on.
        version: u8,
    },
    /// With the answer to a request to authenticate.
    Authenticated {
        /// The protocol version agreed on.
        version: u8,
    },
    /// Not at all.
    Refused(&'static str),
}

/// The connection is of no more use.
struct Ended;

/// One connected client.
pub(crate) struct Session {
    gateway: Arc<Gateway>,
    socket: Socket,
    rng: ChaCha20Rng,
    client: ClientId,
    key: SharedKey,
    mailbox: Arc<Mailbox>,
    greeting: Greeting,
    bandwidth: Bandwidth,
    unconfirmed: Unconfirmed,
    lingering: Lingering,
    probes: Vec<oneshot::Sender<()>>,
    /// The number of the last message that was pushed from the inbox.
    last_stored: i64,
    look_again: bool,
    /// When the client is asked for a sign of life, or taken for gone if it was asked.
    deadline: Instant,
    asked: bool,
    forgotten: bool,
}

impl Session {
    pub(crate) fn new(
        gateway: Arc<Gateway>,
        socket: Socket,
        rng: ChaCha20Rng,
        client: ClientId,
        key: SharedKey,
        mailbox: Arc<Mailbox>,
        greeting: Greeting,
    ) -> Self {
        let lingering = Lingering::new(gateway.terms.linger);
        Self {
            gateway,
            socket,
            rng,
            client,
            key,
            mailbox,
            greeting,
            bandwidth: Bandwidth::new(0, 0),
            unconfirmed: Unconfirmed::default(),
            lingering,
            probes: Vec::new(),
            last_stored: 0,
            look_again: false,
            deadline: Instant::now() + SILENCE,
            asked: false,
            forgotten: false,
        }
    }

    /// Serves the client until it leaves, dies, is replaced or the gateway stops.
    pub(crate) async fn serve(mut self) {
        let (gateway, mailbox) = (self.gateway.clone(), self.mailbox.clone());
        gateway.core.counters.clients.increase();
        gateway.core.counters.sessions.increase();
        // Wherever this is interrupted, what is not confirmed is still in `self`.
        tokio::select! {
            () = gateway.core.tasks.stopped() => {}
            () = mailbox.kicked() => {}
            _ = self.run() => {}
        }
        gateway.core.counters.clients.decrease();
        self.finish().await;
    }

    /// Brings everything that the client may not have got to safety, then says goodbye.
    async fn finish(mut self) {
        self.forget_old().await;
        let waiting = self.mailbox.close();
        // A stored one is still in the inbox.
        let lingering = self.lingering.take_rest().filter_map(Pushed::live);
        let unconfirmed = self.unconfirmed.take_live();
        for delivery in lingering.chain(unconfirmed).chain(waiting) {
            self.gateway.keep(self.client, delivery).await;
        }
        self.save_bandwidth().await;
        self.gateway.sessions.remove(&self.client, &self.mailbox);
        self.mailbox.set_ended();
        let _ = timeout(CLOSE_LIMIT, self.socket.close(None)).await;
    }

    async fn run(&mut self) -> Result<(), Ended> {
        self.greet().await?;
        loop {
            tokio::select! {
                message = self.socket.next() => {
                    let message = message.and_then(Result::ok).ok_or(Ended)?;
                    self.deadline = Instant::now() + SILENCE;
                    self.asked = false;
                    self.receive(message).await?;
                }
                () = self.mailbox.changed(), if self.unconfirmed.has_room() => self.read_mail().await?,
                () = sleep_until(self.deadline) => self.ask_for_sign_of_life().await?,
            }
            if self.look_again {
                self.push_stored().await?;
            }
            self.ping().await?;
        }
    }

    /// Pushes what is stored, then says that the client is in.
    async fn greet(&mut self) -> Result<(), Ended> {
        let saved = self
            .gateway
            .store
            .bandwidth(self.client)
            .await
            .unwrap_or_default();
        self.bandwidth = Bandwidth::new(saved.0, saved.1);
        match self.greeting {
            Greeting::Refused(reason) => {
                self.say(&ServerMessage::Error {
                    message: reason.to_owned(),
                })
                .await?;
                Err(Ended)
            }
            Greeting::Registered {
                version: protocol_version,
            } => {
                self.say(&accepted(protocol_version)).await?;
                self.push_stored().await?;
                let (status, upgrade_mode) = (true, false);
                self.say(&ServerMessage::Register {
                    protocol_version,
                    status,
                    upgrade_mode,
                })
                .await
            }
            Greeting::Authenticated { version } => {
                self.push_stored().await?;
                self.say(&ServerMessage::Authenticate {
                    protocol_version: version,
                    status: true,
                    bandwidth_remaining: self.bandwidth.available(clock::now()),
                    upgrade_mode: false,
                })
                .await
            }
        }
    }

    async fn write(&mut self, message: Message) -> Result<(), Ended> {
        match timeout(WRITE_LIMIT, self.socket.send(message)).await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(_)) | Err(_) => Err(Ended),
        }
    }

    async fn say(&mut self, message: &ServerMessage) -> Result<(), Ended> {
        self.write(Message::text(message.to_json())).await
    }

    async fn error(&mut self, message: impl Into<String>) -> Result<(), Ended> {
        self.say(&ServerMessage::Error {
            message: message.into(),
        })
        .await
    }

    fn nonce(&mut self) -> Nonce {
        let mut nonce = Nonce::default();
        self.rng.fill_bytes(&mut nonce);
        nonce
    }

    // Towards the client.

    /// Takes the mail and pushes it.
    async fn read_mail(&mut self) -> Result<(), Ended> {
        let mail = self.mailbox.take();
        self.look_again |= mail.look_again;
        let bodies: Vec<_> = mail
            .deliveries
            .iter()
            .map(|delivery| delivery.body.clone())
            .collect();
        // Noted before anything is written: this may be interrupted wherever it waits.
        mail.deliveries
            .into_iter()
            .for_each(|mail| self.unconfirmed.add(Pushed::Live(mail)));
        if !mail.probes.is_empty() {
            self.probes.extend(mail.probes);
            self.write(ping(SIGN_OF_LIFE)).await?;
        }
        for body in bodies {
            self.push(&body).await?;
        }
        self.flush().await
    }

    /// Pushes everything in the inbox that this session has not pushed before.
    async fn push_stored(&mut self) -> Result<(), Ended> {
        self.look_again = false;
        loop {
            let chunk = self.gateway.store.chunk(self.client, self.last_stored);
            let chunk = chunk.await.map_err(|_| Ended)?;
            if chunk.is_empty() {
                return self.flush().await;
            }
            for message in chunk {
                self.push(&message.body).await?;
                self.unconfirmed.add(Pushed::Stored(message.id));
                self.last_stored = message.id;
            }
        }
    }

    async fn push(&mut self, body: &[u8]) -> Result<(), Ended> {
        let nonce = self.nonce();
        let frame = binary::encode_push(&self.key, nonce, body);
        self.gateway.core.counters.pushed.increase();
        match timeout(WRITE_LIMIT, self.socket.feed(Message::binary(frame))).await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(_)) | Err(_) => Err(Ended),
        }
    }

    async fn flush(&mut self) -> Result<(), Ended> {
        match timeout(WRITE_LIMIT, self.socket.flush()).await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(_)) | Err(_) => Err(Ended),
        }
    }

    /// Asks for a confirmation of what was pushed, if none is on its way.
    async fn ping(&mut self) -> Result<(), Ended> {
        let Some(number) = self.unconfirmed.ping() else {
            return Ok(());
        };
        self.expect_pong();
        self.write(ping(number)).await
    }

    fn expect_pong(&mut self) {
        self.deadline = Instant::now() + PONG_LIMIT;
        self.asked = true;
    }

    /// The client has been silent for too long: ask, or give up if it was asked.
    async fn ask_for_sign_of_life(&mut self) -> Result<(), Ended> {
        if self.asked {
            return Err(Ended);
        }
        self.expect_pong();
        self.write(ping(SIGN_OF_LIFE)).await
    }

    async fn pong(&mut self, payload: &[u8]) {
        let Ok(number) = payload.try_into().map(u64::from_be_bytes) else {
            return;
        };
        if number == SIGN_OF_LIFE {
            for probe in self.probes.drain(..) {
                // Whoever asked may have given up waiting.
                let _ = probe.send(());
            }
        }
        for mut pushed in self.unconfirmed.confirm(number) {
            if let Pushed::Live(delivery) = &mut pushed {
                self.gateway.launch(delivery.ack.take());
            }
            self.lingering.add(Instant::now(), pushed);
        }
        self.forget_old().await;
    }

    /// Lets go of what the client has had for long enough.
    async fn forget_old(&mut self) {
        let old = self.lingering.take_old(Instant::now()).into_iter();
        let stored: Vec<_> = old.filter_map(Pushed::stored).collect();
        if !stored.is_empty() {
            self.gateway.store.remove(stored).await;
        }
    }

    // From the client.

    async fn receive(&mut self, message: Message) -> Result<(), Ended> {
        match message {
            Message::Binary(frame) => self.forward(&frame).await,
            Message::Text(text) => self.control(text.as_str()).await,
            Message::Pong(payload) => {
                self.pong(&payload).await;
                Ok(())
            }
            Message::Close(_) => Err(Ended),
            // Answered by the websocket itself.
            Message::Ping(_) | Message::Frame(_) => Ok(()),
        }
    }

    /// Forwards a packet. Each gets exactly one answer.
    async fn forward(&mut self, frame: &[u8]) -> Result<(), Ended> {
        let packet = match binary::decode_request(&self.key, frame) {
            Ok(packet) => packet,
            Err(error) => return self.error(error.to_string()).await,
        };
        match self.bandwidth.spend(packet.packet.len(), clock::now()) {
            Err(OutOfBandwidth {
                required,
                available,
            }) => {
                let error = TypedError::OutOfBandwidth {
                    required,
                    available,
                };
                self.say(&ServerMessage::TypedError { error }).await
            }
            Ok(remaining_bandwidth) => {
                let core = &self.gateway.core;
                core.counters.accepted.increase();
                core.forward(packet.next_hop, packet.rotation, packet.packet);
                if self.bandwidth.should_save() {
                    self.save_bandwidth().await;
                }
                let upgrade_mode = false;
                self.say(&ServerMessage::Send {
                    remaining_bandwidth,
                    upgrade_mode,
                })
                .await
            }
        }
    }

    async fn control(&mut self, text: &str) -> Result<(), Ended> {
        let message = match ClientMessage::from_json(text) {
            Ok(message) => message,
            Err(error) => return self.error(error.to_string()).await,
        };
        match message {
            ClientMessage::SupportedProtocol {} => {
                let version = sotto_core::gateway::PROTOCOL_VERSION;
                self.say(&ServerMessage::SupportedProtocol { version })
                    .await
            }
            ClientMessage::ClaimFreeTestnetBandwidth {} => self.claim().await,
            ClientMessage::EncryptedRequest { ciphertext, nonce } => {
                self.sensitive(&ciphertext, &nonce).await
            }
            ClientMessage::EcashCredential { .. } | ClientMessage::UpgradeModeJwt { .. } => {
                self.error("this gateway takes no credentials; claim free bandwidth")
                    .await
            }
            ClientMessage::BandwidthCredential {} | ClientMessage::BandwidthCredentialV2 {} => {
                self.error("this kind of credential is obsolete").await
            }
            ClientMessage::HandshakePayload { .. }
            | ClientMessage::HandshakeError { .. }
            | ClientMessage::Authenticate {}
            | ClientMessage::AuthenticateV2(_) => {
                self.error("the client is authenticated already").await
            }
        }
    }

    async fn claim(&mut self) -> Result<(), Ended> {
        let free = self.gateway.terms.free_bandwidth;
        if free <= 0 {
            return self.error("this gateway gives no free bandwidth").await;
        }
        self.bandwidth = Bandwidth::free(free, clock::now());
        self.save_bandwidth().await;
        let upgrade_mode = false;
        self.say(&ServerMessage::Bandwidth {
            available_total: free,
            upgrade_mode,
        })
        .await
    }

    async fn save_bandwidth(&self) {
        if self.forgotten {
            return;
        }
        let (available, expires_at) = (
            self.bandwidth.available(clock::now()),
            self.bandwidth.expires_at(),
        );
        let saved = self
            .gateway
            .store
            .set_bandwidth(self.client, available, expires_at)
            .await;
        if let Err(error) = saved {
            tracing::error!(%error, "cannot save a client's bandwidth");
        }
    }

    /// A request that only the client itself may make, and nobody on the way may read.
    async fn sensitive(&mut self, ciphertext: &[u8], nonce: &[u8]) -> Result<(), Ended> {
        let request = Nonce::try_from(nonce)
            .ok()
            .and_then(|nonce| self.key.decrypt(&nonce, ciphertext).ok())
            .and_then(|plain| String::from_utf8(plain).ok())
            .and_then(|text| SensitiveRequest::from_json(&text).ok());
        match request {
            None => self.error("the encrypted request cannot be read").await,
            Some(SensitiveRequest::RememberMe { .. }) => {
                self.answer(SensitiveResponse::RememberMeAck {}).await
            }
            Some(SensitiveRequest::ForgetMe { client, .. }) => {
                if client && self.gateway.store.forget(self.client).await.is_err() {
                    return self
                        .error("the gateway cannot delete; try again later")
                        .await;
                }
                self.forgotten |= client;
                self.answer(SensitiveResponse::ForgetMeAck {}).await
            }
        }
    }

    async fn answer(&mut self, response: SensitiveResponse) -> Result<(), Ended> {
        let nonce = self.nonce();
        let ciphertext = self.key.encrypt(&nonce, response.to_json().as_bytes());
        self.say(&ServerMessage::EncryptedResponse {
            ciphertext,
            nonce: nonce.to_vec(),
        })
        .await
    }
}

fn ping(number: u64) -> Message {
    Message::Ping(number.to_be_bytes().to_vec().into())
}
