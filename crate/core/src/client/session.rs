//! One session with a gateway: the registration there, the websocket, and when to connect again.

use super::advice::gone;
use super::atlas::Atlas;
use super::config::GatewayChoice;
use super::ledger::Ledger;
use super::link::{Link, Overdue, Stage};
use super::record::Registration;
use super::survey::Survey;
use super::{
    After, Config, ConnectionId, ConnectionState, Output, Problem, Statistics, Step, backoff,
};
use crate::ChaCha20Rng;
use crate::gateway::message::ClientMessage;
use crate::keys::{ClientKeys, IdentityKey};
use crate::time::Time;
use crate::topology::Topology;
use rand_core::Rng;
use std::collections::VecDeque;
use std::time::Duration;

/// After so many failures in a row the gateway's entry in the directory is looked up anew.
const DOUBT_AFTER: u32 = 2;

/// The longest piece of foreign text in an error message, in characters.
const MAX_QUOTE: usize = 200;

/// A gateway's sign of life is written down so often; a worker that is killed forgets no more.
const NOTE_EVERY: Duration = Duration::from_secs(3600);

/// What a session works with, lent by the client for one event.
pub(super) struct Tools<'a> {
    pub(super) now: Time,
    pub(super) config: &'a Config,
    pub(super) keys: &'a ClientKeys,
    pub(super) rng: &'a mut ChaCha20Rng,
    pub(super) atlas: &'a mut Atlas,
    pub(super) ledger: &'a mut Ledger<After>,
    pub(super) outputs: &'a mut VecDeque<Output>,
    pub(super) connections: &'a mut u64,
    pub(super) statistics: &'a mut Statistics,
}

impl Tools<'_> {
    /// A number between 0 and 1 for backing off.
    pub(super) fn share(&mut self) -> f64 {
        f64::from(self.rng.next_u32()) / f64::from(u32::MAX)
    }

    /// Asks for a websocket.
    pub(super) fn open(&mut self, url: String) -> ConnectionId {
        *self.connections += 1;
        let connection = ConnectionId(*self.connections);
        self.outputs
            .push_back(Output::OpenGateway { connection, url });
        connection
    }

    pub(super) fn close(&mut self, connection: ConnectionId) {
        self.outputs.push_back(Output::CloseGateway { connection });
    }

    pub(super) fn say(&mut self, connection: ConnectionId, message: &ClientMessage) {
        let text = message.to_json();
        self.outputs
            .push_back(Output::SendText { connection, text });
    }
}

/// What a session is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Role {
    /// With our own gateway: what we send leaves here, and our address names it.
    Own,
    /// With the gateway that we move to.
    Next,
    /// With a gateway that we have left: it only receives.
    Former,
}

/// When to connect, and why we are not.
#[derive(Debug, Default)]
pub(super) struct Reconnect {
    pub(super) at: Time,
    pub(super) failures: u32,
    pub(super) refusals: u32,
    pub(super) problem: Option<Problem>,
}

impl Reconnect {
    /// What only the directory could mend is worth another try now.
    pub(super) fn topology_is_fresh(&mut self, now: Time) {
        if self.waits_for_directory() {
            self.problem = None;
        }
        if matches!(
            self.problem,
            Some(Problem::OwnGatewayMissing | Problem::ChosenGatewayMissing | Problem::NoGateway)
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

/// Foreign words, cut to a length that fits a sentence.
pub(super) fn quote(words: &str) -> String {
    words
        .chars()
        .filter(|c| !c.is_control())
        .take(MAX_QUOTE)
        .collect()
}

/// One session with a gateway.
#[derive(Debug)]
pub(super) struct Session {
    pub(super) role: Role,
    pub(super) registration: Option<Registration>,
    pub(super) link: Option<Link>,
    pub(super) reconnect: Reconnect,
    /// How to find a gateway as long as there is no registration, and which one not to take.
    choice: GatewayChoice,
    avoid: Option<IdentityKey>,
    survey: Option<Survey>,
    /// When the gateway's last sign of life was written down.
    noted_at: Time,
    /// Whether the gateway said that it has forgotten us.
    pub(super) is_forgotten: bool,
}

impl Session {
    /// A session with a gateway that is still to be found.
    pub(super) fn new(role: Role, choice: GatewayChoice, avoid: Option<IdentityKey>) -> Self {
        Self {
            role,
            registration: None,
            link: None,
            reconnect: Reconnect::default(),
            choice,
            avoid,
            survey: None,
            noted_at: Time::default(),
            is_forgotten: false,
        }
    }

    /// A session with a gateway that knows us.
    pub(super) fn known(role: Role, registration: Registration) -> Self {
        Self {
            noted_at: registration.heard_at,
            registration: Some(registration),
            ..Self::new(role, GatewayChoice::Random, None)
        }
    }

    /// Does not choose that gateway.
    pub(super) const fn avoid(&mut self, gateway: Option<IdentityKey>) {
        self.avoid = gateway;
    }

    /// Whether the websocket is one of this session's.
    pub(super) fn owns(&self, connection: ConnectionId) -> bool {
        let linked = self.link.as_ref().map(|link| link.connection) == Some(connection);
        let surveyed = |survey: &Survey| survey.owns(connection);
        linked || self.survey.as_ref().is_some_and(surveyed)
    }

    pub(super) fn is_online(&self) -> bool {
        self.link.as_ref().is_some_and(Link::is_online)
    }

    /// The gateway of the registration, or the one that is being registered with.
    pub(super) fn gateway(&self) -> Option<IdentityKey> {
        let linked = self.link.as_ref().map(|link| link.gateway);
        self.registration.as_ref().map(|own| own.gateway).or(linked)
    }

    /// Whether the gateway's confirmation is on its way to disk: too late to think better of it.
    pub(super) fn is_settled(&self) -> bool {
        let settled = |link: &Link| matches!(link.stage, Stage::StoringRegistration);
        self.link.as_ref().is_some_and(settled)
    }

    /// Chooses anew, for a session that has no registration.
    pub(super) fn choose(&mut self, tools: &mut Tools<'_>, choice: GatewayChoice) {
        self.hang_up(tools);
        self.choice = choice;
        self.reconnect = Reconnect::default();
    }

    /// Writes the registration down under the name that the role gives it.
    pub(super) fn save(&self, tools: &mut Tools<'_>) {
        if let Some(registration) = &self.registration {
            registration.save(self.role, tools.ledger);
        }
    }

    /// Opens a websocket if there is none and it is time.
    pub(super) fn connect(&mut self, tools: &mut Tools<'_>) {
        self.watch_survey(tools);
        let waits = self.link.is_some() || self.survey.is_some() || tools.ledger.is_full();
        if waits || tools.now < self.reconnect.at || tools.atlas.topology().is_none() {
            return;
        }
        match self.find_gateway(tools) {
            Ok(Some((gateway, url))) => self.open(tools, gateway, url),
            Ok(None) => {}
            Err(problem) => self.back_off(tools, problem),
        }
    }

    /// The gateway to connect to and its websocket's address; `None` while a survey is made.
    fn find_gateway(
        &mut self,
        tools: &mut Tools<'_>,
    ) -> Result<Option<(IdentityKey, String)>, Problem> {
        let policy = tools.config.websockets;
        let topology = tools.atlas.topology().ok_or(Problem::NoGateway)?;
        let known = |identity: &IdentityKey| {
            let gateway = topology.gateway(identity)?;
            Some((gateway.identity, gateway.url(policy)?.to_owned()))
        };
        match (&self.registration, self.choice) {
            (Some(own), _) => known(&own.gateway)
                .ok_or(Problem::OwnGatewayMissing)
                .map(Some),
            (None, GatewayChoice::Named(identity)) => known(&identity)
                .ok_or(Problem::ChosenGatewayMissing)
                .map(Some),
            (None, GatewayChoice::Random) => self.draw_gateway(tools).map(Some),
            (None, GatewayChoice::Fastest) => {
                self.survey = Survey::begin(tools, self.avoid);
                let begun = self.survey.as_ref().map(|_| None);
                begun.ok_or(Problem::NoGateway)
            }
        }
    }

    fn draw_gateway(&self, tools: &mut Tools<'_>) -> Result<(IdentityKey, String), Problem> {
        let policy = tools.config.websockets;
        let topology = tools.atlas.topology().ok_or(Problem::NoGateway)?;
        let mut gateway = topology.choose_gateway(tools.rng, policy, self.avoid);
        if gateway.is_none() && self.role == Role::Own {
            // Rather the one to be avoided than none. A move would lead nowhere like this.
            gateway = topology.choose_gateway(tools.rng, policy, None);
        }
        let found = gateway.and_then(|gateway| Some((gateway.identity, gateway.url(policy)?)));
        found
            .map(|(identity, url)| (identity, url.to_owned()))
            .ok_or(Problem::NoGateway)
    }

    /// Goes to the fastest gateway once the survey is over, or to any if none has answered.
    fn watch_survey(&mut self, tools: &mut Tools<'_>) {
        if !self.survey.as_ref().is_some_and(|s| s.is_over(tools.now)) {
            return;
        }
        let fastest = self.survey.take().and_then(|survey| survey.end(tools));
        let found = match fastest {
            Some(found) => Ok(found),
            None => self.draw_gateway(tools),
        };
        match found {
            Ok((gateway, url)) => self.open(tools, gateway, url),
            Err(problem) => self.back_off(tools, problem),
        }
    }

    fn open(&mut self, tools: &mut Tools<'_>, gateway: IdentityKey, url: String) {
        let connection = tools.open(url);
        self.link = Some(Link::new(tools.now, connection, gateway));
    }

    /// Closes what is open.
    pub(super) fn hang_up(&mut self, tools: &mut Tools<'_>) {
        if let Some(link) = self.link.take() {
            tools.close(link.connection);
            if link.is_online() {
                self.note(tools);
            }
        }
        if let Some(survey) = self.survey.take() {
            survey.end(tools);
        }
    }

    /// Drops the link, if any, and waits before the next.
    pub(super) fn back_off(&mut self, tools: &mut Tools<'_>, problem: Problem) {
        self.hang_up(tools);
        self.reconnect.failures = self.reconnect.failures.saturating_add(1);
        let share = tools.share();
        self.reconnect.at = tools.now + backoff::delay(self.reconnect.failures, share);
        self.reconnect.problem = Some(problem);
        if self.reconnect.failures >= DOUBT_AFTER {
            tools.atlas.doubt();
        }
    }

    /// The machine slept or moved: start afresh, without waiting.
    pub(super) fn network_changed(&mut self, tools: &mut Tools<'_>) {
        self.hang_up(tools);
        self.reconnect = Reconnect {
            at: tools.now,
            ..Reconnect::default()
        };
    }

    pub(super) fn watch_link(&mut self, tools: &mut Tools<'_>) {
        let Some(link) = &mut self.link else {
            return;
        };
        if tools.ledger.is_full() {
            let words = "too much is waiting for the disk".to_owned();
            return self.back_off(tools, Problem::StorageFailed(words));
        }
        match link.overdue(tools.now) {
            Some(Overdue::Silent) => self.back_off(tools, Problem::GatewaySilent),
            Some(Overdue::Probe) => self.say(tools, &ClientMessage::SupportedProtocol {}),
            None if link.claim_is_late(tools.now) => self.claim_refused(tools, "no answer"),
            None if self.is_online() => self.stay_online(tools),
            None => {}
        }
    }

    fn stay_online(&mut self, tools: &mut Tools<'_>) {
        if tools.now.saturating_since(self.noted_at) >= NOTE_EVERY {
            self.note(tools);
        }
        self.claim_bandwidth(tools);
    }

    pub(super) fn say(&self, tools: &mut Tools<'_>, message: &ClientMessage) {
        if let Some(link) = &self.link {
            tools.say(link.connection, message);
        }
    }

    /// The link that an event is about; late events of earlier links are nobody's.
    pub(super) fn link_of(&mut self, connection: ConnectionId) -> Option<&mut Link> {
        self.link
            .as_mut()
            .filter(|link| link.connection == connection)
    }

    pub(super) fn enter(&mut self, tools: &Tools<'_>, stage: Stage) {
        if let Some(link) = &mut self.link {
            link.enter(tools.now, stage);
        }
    }

    pub(super) fn gateway_opened(&mut self, tools: &mut Tools<'_>, connection: ConnectionId) {
        if let Some(survey) = self.survey.as_mut().filter(|s| s.owns(connection)) {
            return survey.opened(tools, connection);
        }
        let opening = |link: &&mut Link| matches!(link.stage, Stage::Opening);
        if let Some(link) = self.link_of(connection).filter(opening) {
            link.enter(tools.now, Stage::Probing);
            self.say(tools, &ClientMessage::SupportedProtocol {});
        }
    }

    pub(super) fn gateway_closed(
        &mut self,
        tools: &mut Tools<'_>,
        connection: ConnectionId,
        reason: &str,
    ) {
        if let Some(survey) = &mut self.survey {
            survey.failed(connection);
        }
        let Some(link) = self.link_of(connection) else {
            return;
        };
        let reason = quote(reason);
        let problem = match &link.stage {
            Stage::Opening => Problem::GatewayUnreachable(reason),
            Stage::Online => Problem::ConnectionLost(reason),
            _ => Problem::GatewayClosed {
                step: link.step(),
                reason,
            },
        };
        self.back_off(tools, problem);
    }

    /// The gateway said something.
    pub(super) fn gateway_text(
        &mut self,
        tools: &mut Tools<'_>,
        connection: ConnectionId,
        text: &str,
    ) {
        if let Some(survey) = self.survey.as_mut().filter(|s| s.owns(connection)) {
            return survey.answered(tools, connection, text);
        }
        if let Some(link) = self.link_of(connection) {
            link.heard(tools.now);
            self.read_text(tools, text);
        }
    }

    /// A packet came this way, which is written down now and then.
    pub(super) fn received(&mut self, tools: &mut Tools<'_>) {
        let Some(registration) = &mut self.registration else {
            return;
        };
        if tools.now.saturating_since(registration.received_at) >= NOTE_EVERY {
            registration.received_at = tools.now;
            self.save(tools);
        }
    }

    /// Writes down that the gateway is there.
    pub(super) fn note(&mut self, tools: &mut Tools<'_>) {
        self.noted_at = tools.now;
        if let Some(registration) = &mut self.registration {
            registration.heard_at = tools.now;
            self.save(tools);
        }
    }

    /// A problem stands until we are online again, so that a person can read it.
    pub(super) fn connection_state(&self, now: Time, atlas: &Atlas) -> ConnectionState {
        let problem = self.reconnect.problem.clone();
        match (&self.link, problem) {
            (Some(link), problem) if link.is_online() => ConnectionState::Online {
                gateway: link.gateway,
                problem,
            },
            (_, Some(problem)) => ConnectionState::Offline {
                problem: self.advice(now, atlas).unwrap_or(problem),
                retry_at: self.retry_at(atlas),
            },
            (Some(link), None) => ConnectionState::Connecting { step: link.step() },
            (None, None) => ConnectionState::Connecting {
                step: self.first_step(),
            },
        }
    }

    const fn first_step(&self) -> Step {
        match self.survey {
            Some(_) => Step::Choosing,
            None => Step::Directory,
        }
    }

    const fn retry_at(&self, atlas: &Atlas) -> Time {
        if self.reconnect.waits_for_directory() {
            atlas.retry_at()
        } else {
            self.reconnect.at
        }
    }

    /// Whether the gateway has been away for so long that a person should choose another.
    fn advice(&self, now: Time, atlas: &Atlas) -> Option<Problem> {
        let own = self.registration.as_ref()?;
        let listed = atlas.lists(Some(own.gateway));
        let known = atlas.is_current(now);
        gone(now, own.heard_at, known, listed).map(|hours| Problem::GatewayGone { hours })
    }

    /// When something is due by itself; `None` while nothing can be done.
    pub(super) fn next_deadline(&self, topology: Option<&Topology>, full: bool) -> Option<Time> {
        if let Some(survey) = &self.survey {
            return Some(survey.deadline());
        }
        match &self.link {
            Some(link) => Some(link.next_deadline()),
            None if topology.is_none() || full => None,
            None => Some(self.reconnect.at),
        }
    }
}
