//! Getting connected and staying it: what is said with directory and gateway.

use super::link::{Link, Overdue, Stage};
use super::record::{Registration, Standing};
use super::{After, Client, ConnectionId, ConnectionState, Output, Problem, Step, Store, backoff};
use crate::crypto::random_bytes;
use crate::gateway::authenticate::AuthenticateRequest;
use crate::gateway::binary::{self, BinaryError};
use crate::gateway::handshake::{self, HandshakeError, Initiator};
use crate::gateway::message::{ClientMessage, ServerMessage, TypedError};
use crate::gateway::{OLDEST_PROTOCOL_VERSION, PROTOCOL_VERSION};
use crate::keys::IdentityKey;
use crate::time::Time;
use crate::topology::DirectoryReplies;
use rand_core::Rng;

/// After so many refusals in a row the registration is renewed, whatever the gateway's words are.
const RENEW_AFTER: u32 = 3;

/// After so many failures in a row the gateway's entry in the directory is looked up anew.
const DOUBT_AFTER: u32 = 2;

/// The longest piece of foreign text in an error message, in characters.
const MAX_QUOTE: usize = 200;

/// The longest frame that a gateway has reason to send is a push of the largest packet size, some
/// 32 kB. What is longer than this is not even looked at.
const MAX_FRAME: usize = 64 << 10;

/// When to connect, and why we are not.
#[derive(Debug, Default)]
pub(super) struct Reconnect {
    pub(super) at: Time,
    failures: u32,
    refusals: u32,
    problem: Option<Problem>,
}

/// Foreign words, cut to a length that fits a sentence.
fn quote(words: &str) -> String {
    words
        .chars()
        .filter(|c| !c.is_control())
        .take(MAX_QUOTE)
        .collect()
}

impl Registration {
    /// Whether the address at this gateway was ever confirmed.
    pub(super) fn has_address(&self) -> bool {
        self.standing != Standing::Pending
    }
}

/// The directory.
impl Client {
    pub(super) fn refresh_topology(&mut self, now: Time) {
        if self.atlas.overdue(now) {
            self.topology_failed(now, "no answer in time".to_owned());
        }
        if self.atlas.due(now, self.config.topology_refresh) {
            self.outputs.push_back(Output::FetchTopology);
        }
    }

    pub(super) fn topology_fetched(&mut self, now: Time, replies: &DirectoryReplies) {
        let share = self.draw_share();
        match self.atlas.fetched(now, replies, share) {
            Ok(()) => {
                self.reconnect.topology_is_fresh(now);
                self.look_at_rotation();
            }
            Err(problem) => self.directory_problem(problem),
        }
    }

    pub(super) fn topology_failed(&mut self, now: Time, reason: String) {
        let share = self.draw_share();
        self.atlas.failed(now, share);
        self.directory_problem(Problem::DirectoryUnreachable(quote(&reason)));
    }

    /// Without any topology the directory is what keeps us from connecting.
    fn directory_problem(&mut self, problem: Problem) {
        if self.atlas.topology().is_none() {
            self.reconnect.problem = Some(problem);
        }
    }

    /// A number between 0 and 1 for backing off.
    fn draw_share(&mut self) -> f64 {
        f64::from(self.rng.next_u32()) / f64::from(u32::MAX)
    }
}

impl Reconnect {
    /// What only the directory could mend is worth another try now.
    fn topology_is_fresh(&mut self, now: Time) {
        if self.waits_for_directory() {
            self.problem = None;
        }
        if matches!(
            self.problem,
            Some(Problem::OwnGatewayMissing | Problem::NoGateway)
        ) {
            self.at = now;
        }
    }

    const fn waits_for_directory(&self) -> bool {
        matches!(
            self.problem,
            Some(Problem::DirectoryUnreachable(_) | Problem::DirectoryNonsense(_))
        )
    }
}

/// The websocket.
impl Client {
    /// Opens a websocket if there is none and it is time.
    pub(super) fn connect(&mut self, now: Time) {
        let waits = self.link.is_some() || self.ledger.is_full();
        if waits || now < self.reconnect.at || self.atlas.topology().is_none() {
            return;
        }
        match self.find_gateway() {
            Ok((gateway, url)) => self.open(now, gateway, url),
            Err(problem) => self.back_off(now, problem),
        }
    }

    /// Our own gateway, or a random one if we have none.
    fn find_gateway(&mut self) -> Result<(IdentityKey, String), Problem> {
        let policy = self.config.websockets;
        let topology = self.atlas.topology().ok_or(Problem::NoGateway)?;
        let (gateway, missing) = match &self.registration {
            Some(own) => (topology.gateway(&own.gateway), Problem::OwnGatewayMissing),
            None => (
                topology.choose_gateway(&mut self.rng, policy),
                Problem::NoGateway,
            ),
        };
        let found = gateway.and_then(|gateway| Some((gateway.identity, gateway.url(policy)?)));
        found
            .map(|(identity, url)| (identity, url.to_owned()))
            .ok_or(missing)
    }

    fn open(&mut self, now: Time, gateway: IdentityKey, url: String) {
        self.connections += 1;
        let connection = ConnectionId(self.connections);
        self.link = Some(Link::new(now, connection, gateway));
        self.outputs
            .push_back(Output::OpenGateway { connection, url });
    }

    /// Drops the link, if any, and waits before the next.
    fn back_off(&mut self, now: Time, problem: Problem) {
        if let Some(link) = self.link.take() {
            self.outputs.push_back(Output::CloseGateway {
                connection: link.connection,
            });
        }
        self.reconnect.failures = self.reconnect.failures.saturating_add(1);
        let share = self.draw_share();
        self.reconnect.at = now + backoff::delay(self.reconnect.failures, share);
        self.reconnect.problem = Some(problem);
        if self.reconnect.failures >= DOUBT_AFTER {
            self.atlas.doubt();
        }
    }

    /// The machine slept or moved: start afresh, without waiting.
    pub(super) fn network_changed(&mut self, now: Time) {
        if let Some(link) = self.link.take() {
            self.outputs.push_back(Output::CloseGateway {
                connection: link.connection,
            });
        }
        self.reconnect = Reconnect {
            at: now,
            ..Reconnect::default()
        };
        self.atlas.forget_waits();
    }

    pub(super) fn watch_link(&mut self, now: Time) {
        let Some(link) = &mut self.link else {
            return;
        };
        if self.ledger.is_full() {
            let words = "too much is waiting for the disk".to_owned();
            return self.back_off(now, Problem::StorageFailed(words));
        }
        match link.overdue(now) {
            Some(Overdue::Silent) => self.back_off(now, Problem::GatewaySilent),
            Some(Overdue::Probe) => self.say(&ClientMessage::SupportedProtocol {}),
            None if link.claim_is_late(now) => self.claim_refused(now, "no answer"),
            None => self.claim_bandwidth(now),
        }
    }

    fn claim_bandwidth(&mut self, now: Time) {
        let Some(link) = self.link.as_mut().filter(|link| link.is_online()) else {
            return;
        };
        if link.wants_bandwidth(now) {
            link.claimed(now);
            self.say(&ClientMessage::ClaimFreeTestnetBandwidth {});
        } else if !link.is_low()
            && matches!(self.reconnect.problem, Some(Problem::OutOfBandwidth(_)))
        {
            self.reconnect.problem = None;
        }
    }

    fn say(&mut self, message: &ClientMessage) {
        if let Some(link) = &self.link {
            let connection = link.connection;
            self.outputs.push_back(Output::SendText {
                connection,
                text: message.to_json(),
            });
        }
    }

    /// The link that an event is about; late events of earlier links are nobody's.
    fn link_of(&mut self, connection: ConnectionId) -> Option<&mut Link> {
        self.link
            .as_mut()
            .filter(|link| link.connection == connection)
    }

    fn enter(&mut self, now: Time, stage: Stage) {
        if let Some(link) = &mut self.link {
            link.enter(now, stage);
        }
    }

    pub(super) fn gateway_opened(&mut self, now: Time, connection: ConnectionId) {
        let opening = |link: &&mut Link| matches!(link.stage, Stage::Opening);
        if let Some(link) = self.link_of(connection).filter(opening) {
            link.enter(now, Stage::Probing);
            self.say(&ClientMessage::SupportedProtocol {});
        }
    }

    pub(super) fn gateway_closed(&mut self, now: Time, connection: ConnectionId, reason: String) {
        let Some(link) = self.link_of(connection) else {
            return;
        };
        let reason = quote(&reason);
        let problem = match &link.stage {
            Stage::Opening => Problem::GatewayUnreachable(reason),
            Stage::Online => Problem::ConnectionLost(reason),
            _ => Problem::GatewayClosed {
                step: link.step(),
                reason,
            },
        };
        self.back_off(now, problem);
    }

    pub(super) fn gateway_binary(&mut self, now: Time, connection: ConnectionId, bytes: &[u8]) {
        let Some(link) = self.link_of(connection) else {
            return;
        };
        link.heard(now);
        if bytes.len() > MAX_FRAME {
            return self.frame_too_long(now, bytes.len());
        }
        let Some(key) = &link.key else {
            let problem = Problem::GatewayGarbage("a packet before signing in".to_owned());
            return self.back_off(now, problem);
        };
        match binary::decode_push(key, bytes) {
            Ok(delivery) => self.receive(now, &delivery),
            Err(error) => self.back_off(now, binary_problem(error)),
        }
    }

    pub(super) fn gateway_text(&mut self, now: Time, connection: ConnectionId, text: &str) {
        let Some(link) = self.link_of(connection) else {
            return;
        };
        link.heard(now);
        if text.len() > MAX_FRAME {
            return self.frame_too_long(now, text.len());
        }
        match ServerMessage::from_json(text) {
            Ok(message) => self.heard(now, message),
            Err(_) if is_typed_json(text) => self.statistics.unknown_text += 1,
            Err(error) => {
                self.back_off(now, Problem::GatewayGarbage(quote(&error.to_string())));
            }
        }
    }

    fn frame_too_long(&mut self, now: Time, len: usize) {
        let words = format!("a frame of {len} bytes");
        self.back_off(now, Problem::GatewayGarbage(words));
    }
}

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
    let json = serde_json::from_str::<serde_json::Value>(text).unwrap_or_default();
    let known = [
        "handshakePayload",
        "register",
        "authenticate",
        "send",
        "bandwidth",
        "error",
    ];
    json.get("type")
        .and_then(|kind| kind.as_str())
        .is_some_and(|kind| !known.contains(&kind))
}

/// What the gateway says.
impl Client {
    fn heard(&mut self, now: Time, message: ServerMessage) {
        let Some(link) = &mut self.link else {
            return;
        };
        match (&link.stage, message) {
            (_, ServerMessage::Error { message }) => self.heard_error(now, &message),
            (_, ServerMessage::TypedError { error }) => self.heard_typed_error(error),
            (_, ServerMessage::HandshakeError { message }) => self.refused(now, &message),
            (Stage::Probing, ServerMessage::SupportedProtocol { version }) => {
                self.negotiate(now, version);
            }
            (Stage::AwaitingSecond(_), ServerMessage::HandshakePayload { data, .. }) => {
                self.heard_second(now, &data);
            }
            (Stage::AwaitingFourth, ServerMessage::HandshakePayload { data, .. }) => {
                self.heard_fourth(now, &data);
            }
            (Stage::AwaitingRegister, ServerMessage::Register { status: true, .. }) => {
                self.store_registration(now);
            }
            (
                Stage::Authenticating,
                ServerMessage::Authenticate {
                    status: true,
                    bandwidth_remaining,
                    ..
                },
            ) => self.online(now, bandwidth_remaining),
            (Stage::AwaitingRegister, ServerMessage::Register { .. })
            | (Stage::Authenticating, ServerMessage::Authenticate { .. }) => {
                self.refused(now, "no reason given");
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
            ) => self.claim_granted(now, available_total),
            (
                Stage::Online,
                ServerMessage::SupportedProtocol { .. } | ServerMessage::EncryptedResponse { .. },
            ) => {}
            _ => {
                let words = format!("an unexpected message while {}", link.step());
                self.back_off(now, Problem::GatewayGarbage(words));
            }
        }
    }

    /// The gateway's version is known: sign in, or register.
    fn negotiate(&mut self, now: Time, version: u8) {
        if version < OLDEST_PROTOCOL_VERSION {
            return self.back_off(now, Problem::GatewayTooOld(version));
        }
        if let Some(link) = &mut self.link {
            link.version = version.min(PROTOCOL_VERSION);
        }
        match &self.registration {
            Some(own) if own.standing == Standing::Confirmed => self.store_timestamp(now),
            _ => self.begin_handshake(now),
        }
    }

    fn begin_handshake(&mut self, now: Time) {
        let Some(link) = &mut self.link else {
            return;
        };
        let (initiator, data) = Initiator::new(&mut self.rng, &self.keys.signing, link.gateway);
        link.enter(now, Stage::AwaitingSecond(Box::new(initiator)));
        let protocol_version = link.version;
        self.say(&ClientMessage::HandshakePayload {
            protocol_version,
            data,
        });
    }

    /// The key is agreed on. It goes to disk before it is used.
    fn heard_second(&mut self, now: Time, data: &[u8]) {
        let Some(link) = &mut self.link else {
            return;
        };
        let Stage::AwaitingSecond(initiator) = std::mem::replace(&mut link.stage, Stage::Opening)
        else {
            return;
        };
        let agreed = match initiator.receive_second(&mut self.rng, data) {
            Ok(agreed) => agreed,
            Err(error) => return self.back_off(now, handshake_problem(error)),
        };
        link.key = Some(agreed.key.clone());
        link.enter(
            now,
            Stage::StoringKey {
                reply: agreed.reply,
            },
        );
        let standing = match &self.registration {
            Some(own) if own.has_address() => Standing::Renewing,
            _ => Standing::Pending,
        };
        let registration = Registration {
            gateway: link.gateway,
            key: agreed.key,
            standing,
            last_timestamp: 0,
        };
        let after = After::SendThird(link.connection);
        self.ledger.put(
            Store::Registration,
            Registration::KEY,
            registration.to_record(),
        );
        self.ledger.then(after);
    }

    pub(super) fn send_third(&mut self, now: Time, connection: ConnectionId) {
        let Some(link) = self.link_of(connection) else {
            return;
        };
        let protocol_version = link.version;
        if let Stage::StoringKey { reply } = &mut link.stage {
            let data = std::mem::take(reply);
            link.enter(now, Stage::AwaitingFourth);
            self.say(&ClientMessage::HandshakePayload {
                protocol_version,
                data,
            });
        }
    }

    fn heard_fourth(&mut self, now: Time, data: &[u8]) {
        match handshake::receive_fourth(data) {
            Ok(()) => self.enter(now, Stage::AwaitingRegister),
            Err(error) => self.back_off(now, handshake_problem(error)),
        }
    }

    /// The gateway has taken us. That goes to disk before anybody is told of the address.
    fn store_registration(&mut self, now: Time) {
        let Some(link) = &mut self.link else {
            return;
        };
        let Some(key) = link.key.clone() else {
            return;
        };
        let standing = Standing::Confirmed;
        let registration = Registration {
            gateway: link.gateway,
            key,
            standing,
            last_timestamp: 0,
        };
        link.enter(now, Stage::StoringRegistration);
        let connection = link.connection;
        self.ledger.put(
            Store::Registration,
            Registration::KEY,
            registration.to_record(),
        );
        self.ledger
            .then(After::Registered(connection, registration));
    }

    /// The registration is on disk: from here on the address stands.
    pub(super) fn registered(
        &mut self,
        now: Time,
        connection: ConnectionId,
        registration: Registration,
    ) {
        let record = registration.to_record();
        self.registration = Some(registration);
        if let Some(address) = self.address() {
            self.outputs.push_back(Output::Address(address));
        }
        if self.link_of(connection).is_some() {
            return self.online(now, 0);
        }
        // The disk was slow, the connection broke, and by now another one may be registering
        // elsewhere. It comes too late: the address was told.
        self.ledger
            .put(Store::Registration, Registration::KEY, record);
        self.network_changed(now);
    }

    /// Draws the timestamp to sign in with. It must grow, even over a restart within the second,
    /// so it goes to disk before it is used. The gateway allows two minutes of difference.
    fn store_timestamp(&mut self, now: Time) {
        let (Some(link), Some(own)) = (&mut self.link, &mut self.registration) else {
            return;
        };
        let seconds = now.as_seconds();
        let next = own.last_timestamp.saturating_add(1);
        // A clock that was set back would lead too far into the future; then the clock is right.
        own.last_timestamp = if next > seconds + 60 {
            seconds
        } else {
            seconds.max(next)
        };
        link.key = Some(own.key.clone());
        link.enter(now, Stage::StoringTimestamp);
        let after = After::SendAuthenticate(link.connection, own.last_timestamp);
        self.ledger
            .put(Store::Registration, Registration::KEY, own.to_record());
        self.ledger.then(after);
    }

    pub(super) fn send_authenticate(&mut self, now: Time, connection: ConnectionId, seconds: u64) {
        let nonce = random_bytes(&mut self.rng);
        let Some(link) = self
            .link
            .as_mut()
            .filter(|link| link.connection == connection)
        else {
            return;
        };
        let Some(key) = &link.key else {
            return;
        };
        let request =
            AuthenticateRequest::new(link.version, &self.keys.signing, key, seconds, nonce);
        link.enter(now, Stage::Authenticating);
        self.say(&ClientMessage::AuthenticateV2(request));
    }

    fn online(&mut self, now: Time, bandwidth: i64) {
        self.reconnect = Reconnect::default();
        if let Some(link) = &mut self.link {
            link.enter(now, Stage::Online);
            link.heard(now);
            link.set_bandwidth(bandwidth);
        }
        self.claim_bandwidth(now);
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
    fn heard_error(&mut self, now: Time, message: &str) {
        let Some(link) = &mut self.link else {
            return;
        };
        match link.stage {
            Stage::Online if link.is_claiming() => self.claim_refused(now, message),
            Stage::Authenticating => self.sign_in_refused(now, message),
            _ => self.back_off(now, Problem::GatewayRefused(quote(message))),
        }
    }

    fn claim_granted(&mut self, now: Time, available: i64) {
        let link = self.link.as_mut();
        if link.is_some_and(|link| !link.claim_granted(now, available)) {
            self.claim_refused(now, "nothing is left");
        }
    }

    fn claim_refused(&mut self, now: Time, words: &str) {
        if let Some(link) = &mut self.link {
            link.claim_refused(now);
            self.reconnect.problem = Some(Problem::OutOfBandwidth(quote(words)));
        }
    }

    /// The gateway may have lost us: then it is asked to take us again, under the same address.
    fn sign_in_refused(&mut self, now: Time, message: &str) {
        let refusals = self.reconnect.refusals.saturating_add(1);
        let unknown = message.to_lowercase().contains("regist") || refusals >= RENEW_AFTER;
        self.back_off(now, Problem::GatewayRefused(quote(message)));
        self.reconnect.refusals = if unknown { 0 } else { refusals };
        if let Some(own) = self.registration.as_mut().filter(|_| unknown) {
            own.standing = Standing::Renewing;
            self.ledger
                .put(Store::Registration, Registration::KEY, own.to_record());
        }
    }

    fn refused(&mut self, now: Time, message: &str) {
        self.back_off(now, Problem::GatewayRefused(quote(message)));
    }

    pub(super) fn tell_connection(&mut self) {
        let state = self.connection_state();
        if self.told_connection.as_ref() != Some(&state) {
            self.told_connection = Some(state.clone());
            self.outputs.push_back(Output::Connection(state));
        }
    }

    /// A problem stands until we are online again, so that a person can read it.
    fn connection_state(&self) -> ConnectionState {
        let problem = self.reconnect.problem.clone();
        match (&self.link, problem) {
            (Some(link), problem) if link.is_online() => ConnectionState::Online {
                gateway: link.gateway,
                problem,
            },
            (_, Some(problem)) => {
                let directory = self.reconnect.waits_for_directory();
                let retry_at = if directory {
                    self.atlas.retry_at()
                } else {
                    self.reconnect.at
                };
                ConnectionState::Offline { problem, retry_at }
            }
            (Some(link), None) => ConnectionState::Connecting { step: link.step() },
            (None, None) => ConnectionState::Connecting {
                step: Step::Directory,
            },
        }
    }
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
