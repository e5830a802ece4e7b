//! What is said with a gateway, from the first word to being signed in and after.

use super::link::Stage;
use super::record::{Registration, Standing};
use super::session::{Reconnect, Role, Session, Tools, quote};
use super::{After, ConnectionId, Problem};
use crate::crypto::random_bytes;
use crate::gateway::SharedKey;
use crate::gateway::authenticate::AuthenticateRequest;
use crate::gateway::binary::{self, BinaryError};
use crate::gateway::handshake::{self, HandshakeError, Initiator};
use crate::gateway::message::{ClientMessage, SensitiveRequest, ServerMessage, TypedError};
use crate::gateway::{OLDEST_PROTOCOL_VERSION, PROTOCOL_VERSION};
use crate::keys::IdentityKey;
use crate::time::Time;

/// After so many refusals in a row the registration is renewed, whatever the gateway's words are.
const RENEW_AFTER: u32 = 3;

/// The longest frame that a gateway has reason to send is a push of the largest packet size, some
/// 32 kB. What is longer than this is not even looked at.
const MAX_FRAME: usize = 64 << 10;

/// Why a push could not be read.
fn binary_problem(error: BinaryError) -> Problem {
    match error {
        BinaryError::NotEncrypted => Problem::GatewayUnencrypted,
        BinaryError::WrongKey => Problem::GatewayImpostor(error.to_string()),
        other => Problem::GatewayGarbage(other.to_string()),
    }
}

/// Whether the text is a message of a type from a later version.
fn is_typed_json(text: &str) -> bool {
    #[derive(serde::Deserialize)]
    struct Typed {
        r#type: String,
    }
    // Serde would take an array for the fields in their order.
    let is_object = text.trim_start().starts_with('{');
    let typed = serde_json::from_slice::<Typed>(text.as_bytes());
    let known = [
        "handshakePayload",
        "register",
        "authenticate",
        "send",
        "bandwidth",
        "error",
    ];
    is_object && typed.is_ok_and(|typed| !known.contains(&typed.r#type.as_str()))
}

/// Why a handshake failed, in words for a person.
fn handshake_problem(error: HandshakeError) -> Problem {
    match error {
        HandshakeError::Signature | HandshakeError::Key => {
            Problem::GatewayImpostor(error.to_string())
        }
        HandshakeError::Refused => Problem::GatewayRefused(error.to_string()),
        HandshakeError::Length | HandshakeError::Identity => {
            Problem::GatewayGarbage(error.to_string())
        }
    }
}

/// What comes over the websocket.
impl Session {
    /// Opens what the gateway pushed; `None` if it is not for us to read.
    pub(super) fn gateway_binary(
        &mut self,
        tools: &mut Tools<'_>,
        connection: ConnectionId,
        bytes: &[u8],
    ) -> Option<Vec<u8>> {
        let link = self.link_of(connection)?;
        link.heard(tools.now);
        if bytes.len() > MAX_FRAME {
            self.frame_too_long(tools, bytes.len());
            return None;
        }
        let Some(key) = &link.key else {
            let problem = Problem::GatewayGarbage("a packet before signing in".to_owned());
            self.back_off(tools, problem);
            return None;
        };
        match binary::decode_push(key, bytes) {
            Ok(delivery) => return Some(delivery),
            Err(error) => self.back_off(tools, binary_problem(error)),
        }
        None
    }

    pub(super) fn read_text(&mut self, tools: &mut Tools<'_>, text: &str) {
        if text.len() > MAX_FRAME {
            return self.frame_too_long(tools, text.len());
        }
        match ServerMessage::from_json(text) {
            Ok(message) => self.heard(tools, message),
            Err(_) if is_typed_json(text) => tools.statistics.unknown_text += 1,
            Err(error) => {
                let problem = Problem::GatewayGarbage(quote(&error.to_string()));
                self.back_off(tools, problem);
            }
        }
    }

    fn frame_too_long(&mut self, tools: &mut Tools<'_>, len: usize) {
        let words = format!("a frame of {len} bytes");
        self.back_off(tools, Problem::GatewayGarbage(words));
    }
}

/// What the gateway says, and what it is answered.
impl Session {
    fn heard(&mut self, tools: &mut Tools<'_>, message: ServerMessage) {
        let Some(link) = &mut self.link else {
            return;
        };
        match (&link.stage, message) {
            (_, ServerMessage::Error { message }) => self.heard_error(tools, &message),
            (_, ServerMessage::TypedError { error }) => self.heard_typed_error(error),
            (_, ServerMessage::HandshakeError { message }) => self.refused(tools, &message),
            (Stage::Probing, ServerMessage::SupportedProtocol { version }) => {
                self.negotiate(tools, version);
            }
            (Stage::AwaitingSecond(_), ServerMessage::HandshakePayload { data, .. }) => {
                self.heard_second(tools, &data);
            }
            (Stage::AwaitingFourth, ServerMessage::HandshakePayload { data, .. }) => {
                self.heard_fourth(tools, &data);
            }
            (Stage::AwaitingRegister, ServerMessage::Register { status: true, .. }) => {
                self.store_registration(tools);
            }
            (
                Stage::Authenticating,
                ServerMessage::Authenticate {
                    status: true,
                    bandwidth_remaining,
                    ..
                },
            ) => self.online(tools, bandwidth_remaining),
            (Stage::AwaitingRegister, ServerMessage::Register { .. })
            | (Stage::Authenticating, ServerMessage::Authenticate { .. }) => {
                self.refused(tools, "no reason given");
            }
            (
                Stage::Online,
                ServerMessage::Send {
                    remaining_bandwidth,
                    ..
                },
            ) => {
                link.answered();
                link.set_bandwidth(remaining_bandwidth);
            }
            (
                Stage::Online,
                ServerMessage::Bandwidth {
                    available_total, ..
                },
            ) => self.claim_granted(tools, available_total),
            (Stage::Online, ServerMessage::EncryptedResponse { .. }) => self.forgotten(),
            (Stage::Online, ServerMessage::SupportedProtocol { .. }) => {}
            _ => {
                let words = format!("an unexpected message while {}", link.step());
                self.back_off(tools, Problem::GatewayGarbage(words));
            }
        }
    }

    /// The gateway's version is known: sign in, or register.
    fn negotiate(&mut self, tools: &mut Tools<'_>, version: u8) {
        if version < OLDEST_PROTOCOL_VERSION {
            return self.back_off(tools, Problem::GatewayTooOld(version));
        }
        if let Some(link) = &mut self.link {
            link.version = version.min(PROTOCOL_VERSION);
        }
        match &self.registration {
            Some(own) if own.is_known() => self.store_timestamp(tools),
            _ => self.begin_handshake(tools),
        }
    }

    fn begin_handshake(&mut self, tools: &mut Tools<'_>) {
        let Some(link) = &mut self.link else {
            return;
        };
        let (initiator, data) = Initiator::new(tools.rng, &tools.keys.signing, link.gateway);
        link.enter(tools.now, Stage::AwaitingSecond(Box::new(initiator)));
        let protocol_version = link.version;
        self.say(
            tools,
            &ClientMessage::HandshakePayload {
                protocol_version,
                data,
            },
        );
    }

    /// The key is agreed on. It goes to disk before it is used.
    fn heard_second(&mut self, tools: &mut Tools<'_>, data: &[u8]) {
        let Some(link) = &mut self.link else {
            return;
        };
        let Stage::AwaitingSecond(initiator) = std::mem::replace(&mut link.stage, Stage::Opening)
        else {
            return;
        };
        let agreed = match initiator.receive_second(tools.rng, data) {
            Ok(agreed) => agreed,
            Err(error) => return self.back_off(tools, handshake_problem(error)),
        };
        link.key = Some(agreed.key.clone());
        link.enter(
            tools.now,
            Stage::StoringKey {
                reply: agreed.reply,
            },
        );
        let standing = match &self.registration {
            Some(own) if own.has_address() => Standing::Renewing,
            _ => Standing::Pending,
        };
        let after = After::SendThird(link.connection);
        let gateway = link.gateway;
        let registration = self.draft(tools.now, gateway, agreed.key, standing);
        registration.save(self.role, tools.ledger);
        tools.ledger.then(after);
    }

    pub(super) fn send_third(&mut self, tools: &mut Tools<'_>, connection: ConnectionId) {
        let Some(link) = self.link_of(connection) else {
            return;
        };
        let protocol_version = link.version;
        if let Stage::StoringKey { reply } = &mut link.stage {
            let data = std::mem::take(reply);
            link.enter(tools.now, Stage::AwaitingFourth);
            self.say(
                tools,
                &ClientMessage::HandshakePayload {
                    protocol_version,
                    data,
                },
            );
        }
    }

    fn heard_fourth(&mut self, tools: &mut Tools<'_>, data: &[u8]) {
        match handshake::receive_fourth(data) {
            Ok(()) => self.enter(tools, Stage::AwaitingRegister),
            Err(error) => self.back_off(tools, handshake_problem(error)),
        }
    }

    /// The gateway has taken us. That goes to disk before anybody is told of the address.
    fn store_registration(&mut self, tools: &mut Tools<'_>) {
        let Some(link) = &mut self.link else {
            return;
        };
        let Some(key) = link.key.clone() else {
            return;
        };
        link.enter(tools.now, Stage::StoringRegistration);
        let (connection, gateway) = (link.connection, link.gateway);
        let registration = self.draft(tools.now, gateway, key, Standing::Confirmed);
        registration.save(self.role, tools.ledger);
        tools
            .ledger
            .then(After::Registered(self.role, connection, registration));
    }

    /// A registration under a new key. If there was one before, its history goes on.
    fn draft(
        &self,
        now: Time,
        gateway: IdentityKey,
        key: SharedKey,
        standing: Standing,
    ) -> Registration {
        let before = self.registration.as_ref();
        Registration {
            gateway,
            key,
            standing,
            last_timestamp: 0,
            heard_at: before.map_or(now, |own| own.heard_at),
            left_at: before.and_then(|own| own.left_at),
            received_at: before.map_or(now, |own| own.received_at),
        }
    }

    /// The registration is on disk: from here on it stands.
    pub(super) fn registered(
        &mut self,
        tools: &mut Tools<'_>,
        connection: ConnectionId,
        registration: Registration,
    ) {
        self.registration = Some(registration);
        if self.link_of(connection).is_some() {
            return self.online(tools, 0);
        }
        // The disk was slow, the connection broke, and by now another one may be registering
        // elsewhere. It comes too late: this registration counts.
        self.save(tools);
        self.network_changed(tools);
    }

    /// Draws the timestamp to sign in with. It must grow, even over a restart within the second,
    /// so it goes to disk before it is used. The gateway allows two minutes of difference.
    fn store_timestamp(&mut self, tools: &mut Tools<'_>) {
        let (Some(link), Some(own)) = (&mut self.link, &mut self.registration) else {
            return;
        };
        let seconds = tools.now.as_seconds();
        let next = own.last_timestamp.saturating_add(1);
        // A clock that was set back would lead too far into the future; then the clock is right.
        own.last_timestamp = if next > seconds + 60 {
            seconds
        } else {
            seconds.max(next)
        };
        link.key = Some(own.key.clone());
        link.enter(tools.now, Stage::StoringTimestamp);
        let after = After::SendAuthenticate(link.connection, own.last_timestamp);
        self.save(tools);
        tools.ledger.then(after);
    }

    pub(super) fn send_authenticate(
        &mut self,
        tools: &mut Tools<'_>,
        connection: ConnectionId,
        seconds: u64,
    ) {
        let nonce = random_bytes(tools.rng);
        let Some(link) = self.link_of(connection) else {
            return;
        };
        let Some(key) = &link.key else {
            return;
        };
        let request =
            AuthenticateRequest::new(link.version, &tools.keys.signing, key, seconds, nonce);
        link.enter(tools.now, Stage::Authenticating);
        self.say(tools, &ClientMessage::AuthenticateV2(request));
    }

    fn online(&mut self, tools: &mut Tools<'_>, bandwidth: i64) {
        self.reconnect = Reconnect::default();
        if let Some(link) = &mut self.link {
            link.enter(tools.now, Stage::Online);
            link.heard(tools.now);
            link.set_bandwidth(bandwidth);
        }
        self.note(tools);
        if self.is_leaving() {
            return self.ask_to_be_forgotten(tools);
        }
        self.claim_bandwidth(tools);
    }

    fn heard_typed_error(&mut self, error: TypedError) {
        let Some(link) = &mut self.link else {
            return;
        };
        link.answered();
        if let TypedError::OutOfBandwidth { available, .. } = error {
            link.bandwidth = available;
        }
    }

    /// A plain error ends the connection, as in the official client; only a refused claim leaves
    /// it standing, for what there is to receive.
    fn heard_error(&mut self, tools: &mut Tools<'_>, message: &str) {
        let Some(link) = &mut self.link else {
            return;
        };
        match link.stage {
            Stage::Online if link.is_claiming() => self.claim_refused(tools, message),
            Stage::Authenticating => self.sign_in_refused(tools, message),
            _ => self.back_off(tools, Problem::GatewayRefused(quote(message))),
        }
    }

    fn claim_granted(&mut self, tools: &mut Tools<'_>, available: i64) {
        let link = self.link.as_mut();
        if link.is_some_and(|link| !link.claim_granted(tools.now, available)) {
            self.claim_refused(tools, "nothing is left");
        }
    }

    pub(super) fn claim_refused(&mut self, tools: &mut Tools<'_>, words: &str) {
        if let Some(link) = &mut self.link {
            link.claim_refused(tools.now);
            self.reconnect.problem = Some(Problem::OutOfBandwidth(quote(words)));
        }
    }

    /// The gateway may have lost us: then it is asked to take us again, under the same address.
    fn sign_in_refused(&mut self, tools: &mut Tools<'_>, message: &str) {
        let refusals = self.reconnect.refusals.saturating_add(1);
        let unknown = message.to_ascii_lowercase().contains("regist") || refusals >= RENEW_AFTER;
        self.back_off(tools, Problem::GatewayRefused(quote(message)));
        self.reconnect.refusals = if unknown { 0 } else { refusals };
        if let Some(own) = self.registration.as_mut().filter(|_| unknown) {
            own.standing = Standing::Renewing;
            self.save(tools);
        }
    }

    /// Asks the gateway to delete what it has of us, if it is there.
    pub(super) fn ask_to_be_forgotten(&mut self, tools: &mut Tools<'_>) {
        let Some(link) = self.link.as_ref().filter(|link| link.is_online()) else {
            return;
        };
        let Some(key) = &link.key else {
            return;
        };
        let request = SensitiveRequest::ForgetMe {
            client: true,
            stats: true,
        };
        let nonce = random_bytes(tools.rng);
        let ciphertext = key.encrypt(&nonce, request.to_json().as_bytes());
        let nonce = nonce.to_vec();
        self.say(
            tools,
            &ClientMessage::EncryptedRequest { ciphertext, nonce },
        );
    }

    /// The gateway answered the only request that we make under the key.
    const fn forgotten(&mut self) {
        self.is_forgotten = true;
    }

    fn refused(&mut self, tools: &mut Tools<'_>, message: &str) {
        self.back_off(tools, Problem::GatewayRefused(quote(message)));
    }

    pub(super) fn claim_bandwidth(&mut self, tools: &mut Tools<'_>) {
        let sends = self.role == Role::Own;
        let Some(link) = self.link.as_mut().filter(|link| sends && link.is_online()) else {
            return;
        };
        if link.wants_bandwidth(tools.now) {
            link.claimed(tools.now);
            self.say(tools, &ClientMessage::ClaimFreeTestnetBandwidth {});
        } else if !link.is_low()
            && matches!(self.reconnect.problem, Some(Problem::OutOfBandwidth(_)))
        {
            self.reconnect.problem = None;
        }
    }
}
