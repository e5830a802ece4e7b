//! The gateways that know us: our own, the one that we move to, and those that we have left.
//!
//! An address names its gateway, so a person who changes the gateway changes the address. Those
//! who have the old one still write there. So a gateway that was left is kept as long as messages
//! come that way: its session receives, and does nothing else.

use super::config::GatewayChoice;
use super::event::{FormerGateway, NextGateway, OtherGateways};
use super::problem::MoveError;
use super::record::{Registration, Standing};
use super::session::{Role, Session, Tools};
use super::{After, Client, ConnectionId, Output, Store};
use crate::keys::IdentityKey;
use crate::time::Time;
use std::time::Duration;

/// A gateway that was left is kept until nothing has come that way for so long.
const DRAINED_AFTER: Duration = Duration::from_secs(14 * 24 * 3600);

/// How long a gateway is asked to forget us. Then it has thrown away our messages by itself.
const LEAVE_PATIENCE: Duration = Duration::from_secs(24 * 3600);

/// The most gateways that are kept after they were left.
const MAX_FORMER: usize = 4;

/// All sessions of a client.
#[derive(Debug)]
pub(super) struct Sessions {
    pub(super) own: Session,
    pub(super) next: Option<Session>,
    pub(super) former: Vec<Session>,
}

impl Sessions {
    /// Without any registration as yet.
    pub(super) fn new(choice: GatewayChoice, avoid: Option<IdentityKey>) -> Self {
        Self {
            own: Session::new(Role::Own, choice, avoid),
            next: None,
            former: Vec::new(),
        }
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &Session> {
        [&self.own]
            .into_iter()
            .chain(&self.next)
            .chain(&self.former)
    }

    pub(super) fn iter_mut(&mut self) -> impl Iterator<Item = &mut Session> {
        let Self { own, next, former } = self;
        [own].into_iter().chain(next).chain(former)
    }

    /// The session that a websocket belongs to; late events of earlier ones are nobody's.
    pub(super) fn of(&mut self, connection: ConnectionId) -> Option<&mut Session> {
        self.iter_mut().find(|session| session.owns(connection))
    }

    /// Makes the session with a new gateway our own. The one before goes on receiving.
    fn promote(&mut self, tools: &mut Tools<'_>, session: Session) {
        let mut before = std::mem::replace(&mut self.own, session);
        self.own.role = Role::Own;
        if let Some(registration) = &mut self.own.registration {
            registration.left_at = None;
        }
        before.role = Role::Former;
        if let Some(registration) = before.registration.as_mut().filter(|r| r.has_address()) {
            registration.left_at = Some(tools.now);
            registration.received_at = tools.now;
            self.former.push(before);
        } else {
            before.hang_up(tools);
        }
        self.iter().for_each(|session| session.save(tools));
        forget_wish(tools);
        self.leave_oldest(tools.now);
    }

    /// Takes back in what a worker left that died in the middle of a move.
    pub(super) fn finish_move(&mut self, tools: &mut Tools<'_>) {
        let confirmed = |session: &mut Session| {
            let own = session.registration.as_ref();
            own.is_some_and(|own| own.standing == Standing::Confirmed)
        };
        if let Some(session) = self.next.take_if(confirmed) {
            self.promote(tools, session);
        }
        if let Some(next) = &mut self.next {
            next.avoid(self.own.gateway());
        }
    }

    fn leave_oldest(&mut self, now: Time) {
        let left_at = |session: &&mut Session| session.registration.as_ref().map(|r| r.left_at);
        if self.former.len() > MAX_FORMER
            && let Some(oldest) = self.former.iter_mut().min_by_key(left_at)
        {
            oldest.leave(now);
        }
    }

    /// Leaves the gateways that nothing comes from any more, and puts away those that are left.
    fn sweep(&mut self, tools: &mut Tools<'_>) {
        for session in &mut self.former {
            if session.is_drained(tools.now) {
                session.leave(tools.now);
                session.save(tools);
                session.ask_to_be_forgotten(tools);
            }
        }
        let over = |session: &mut Session| session.is_over(tools.now);
        for mut session in self.former.extract_if(.., over).collect::<Vec<_>>() {
            session.hang_up(tools);
            if let Some(registration) = &session.registration {
                let key = registration.key_for(Role::Former);
                tools.ledger.delete(Store::Registration, key);
            }
        }
    }

    /// What there is to tell of the gateways other than our own.
    fn others(&self, client: &Client) -> OtherGateways {
        let next = self.next.as_ref().map(|session| NextGateway {
            gateway: session.gateway(),
            state: session.connection_state(client.clock, &client.atlas),
        });
        OtherGateways {
            next,
            former: self.former.iter().filter_map(former).collect(),
        }
    }
}

fn former(session: &Session) -> Option<FormerGateway> {
    let registration = session.registration.as_ref()?;
    Some(FormerGateway {
        gateway: registration.gateway,
        left_at: registration.left_at.unwrap_or_default(),
        received_at: registration.received_at,
        online: session.is_online(),
        leaving: session.is_leaving(),
    })
}

fn forget_wish(tools: &mut Tools<'_>) {
    tools
        .ledger
        .delete(Store::Registration, Registration::WISH.to_vec());
    tools
        .ledger
        .delete(Store::Registration, Registration::NEXT.to_vec());
}

/// The life of a session with a gateway that was left.
impl Session {
    pub(super) fn is_leaving(&self) -> bool {
        let registration = self.registration.as_ref();
        registration.is_some_and(|registration| registration.standing == Standing::Leaving)
    }

    /// The gateway is to forget us.
    fn leave(&mut self, now: Time) {
        if let Some(registration) = &mut self.registration {
            registration.standing = Standing::Leaving;
            registration.left_at = Some(now);
        }
    }

    fn is_drained(&self, now: Time) -> bool {
        self.registration.as_ref().is_some_and(|registration| {
            registration.standing != Standing::Leaving
                && now.saturating_since(registration.received_at) >= DRAINED_AFTER
        })
    }

    /// Whether the gateway has forgotten us, or was asked for long enough.
    fn is_over(&self, now: Time) -> bool {
        let Some(registration) = &self.registration else {
            return true;
        };
        let since = registration.left_at.unwrap_or_default();
        registration.standing == Standing::Leaving
            && (self.is_forgotten || now.saturating_since(since) >= LEAVE_PATIENCE)
    }
}

/// Changing the gateway.
impl Client {
    /// Moves to another gateway. The address changes once the new gateway has taken us, which
    /// [`Output::Address`] tells; messages to the old one are received as long as any come.
    /// [`Output::OtherGateways`] tells how far it is. The wish survives a restart.
    ///
    /// # Errors
    /// [`MoveError`] if there is nothing to move to; nothing has changed then.
    pub fn change_gateway(&mut self, now: Time, choice: GatewayChoice) -> Result<(), MoveError> {
        self.check_choice(choice)?;
        let (sessions, mut tools) = self.lend(now);
        if sessions.own.registration.is_none() {
            sessions.own.choose(&mut tools, choice);
        } else if sessions.take_back(&mut tools, choice) {
            self.tell_address();
        } else {
            sessions.wish(&mut tools, choice);
        }
        self.advance(now);
        Ok(())
    }

    fn check_choice(&self, choice: GatewayChoice) -> Result<(), MoveError> {
        let GatewayChoice::Named(gateway) = choice else {
            return Ok(());
        };
        if self.own_gateway() == Some(gateway) {
            return Err(MoveError::AlreadyThere);
        }
        let Some(topology) = self.atlas.topology() else {
            return Ok(());
        };
        let found = topology.gateway(&gateway).ok_or(MoveError::NotListed)?;
        let url = found.url(self.config.websockets);
        url.map(|_| ()).ok_or(MoveError::NotReachable)
    }

    /// Stays with the gateway that we have. Without effect once the new gateway has taken us.
    pub fn stay(&mut self, now: Time) {
        let (sessions, mut tools) = self.lend(now);
        if sessions.next.as_ref().is_some_and(|s| !s.is_settled()) {
            sessions.drop_next(&mut tools);
            forget_wish(&mut tools);
        }
        self.advance(now);
    }

    /// Receives no more through a gateway that was left: it is asked to forget us.
    pub fn leave_gateway(&mut self, now: Time, gateway: &IdentityKey) {
        let (sessions, mut tools) = self.lend(now);
        let at = |session: &&mut Session| session.gateway() == Some(*gateway);
        if let Some(session) = sessions.former.iter_mut().find(at) {
            session.leave(now);
            session.save(&mut tools);
            session.ask_to_be_forgotten(&mut tools);
        }
        self.advance(now);
    }

    /// Asks every gateway that is connected to forget us. For a client that is to be thrown away: it
    /// still believes that its own gateway knows it.
    pub fn ask_to_be_forgotten(&mut self, now: Time) {
        self.each(now, |session, tools| session.ask_to_be_forgotten(tools));
        self.advance(now);
    }

    /// Whether every gateway that is connected has forgotten us; also if none is connected.
    pub fn is_forgotten(&self) -> bool {
        let mut connected = self.sessions.iter().filter(|session| session.is_online());
        connected.all(|session| session.is_forgotten)
    }

    /// The gateways that can be moved to, by their names: those that the directory lists and
    /// measured well enough, and that can be connected to from here.
    pub fn gateways_to_choose_from(&self) -> Vec<IdentityKey> {
        let policy = self.config.websockets;
        let topology = self.atlas.topology();
        topology.map_or_else(Vec::new, |topology| topology.gateways_for(policy))
    }

    /// A gateway has taken us, and that is on disk.
    pub(super) fn registered(
        &mut self,
        now: Time,
        role: Role,
        connection: ConnectionId,
        registration: Registration,
    ) {
        let (sessions, mut tools) = self.lend(now);
        let gateway = registration.gateway;
        match role {
            Role::Own => sessions
                .own
                .registered(&mut tools, connection, registration),
            Role::Next => sessions.arrived(&mut tools, connection, registration),
            Role::Former => {
                if let Some(session) = sessions.former_at(&gateway) {
                    session.registered(&mut tools, connection, registration);
                }
            }
        }
        if role != Role::Former {
            self.tell_address();
        }
    }

    /// Tells our address once everything is on disk: a late confirmation may have been overtaken
    /// by the beginning of another registration, which its record then replaces again.
    pub(super) fn tell_address(&mut self) {
        if let Some(address) = self.address() {
            self.tell_when_saved(Output::Address(address));
        }
    }

    fn tell_when_saved(&mut self, output: Output) {
        if self.ledger.is_idle() {
            self.outputs.push_back(output);
        } else {
            self.ledger.then(After::Tell(output));
        }
    }

    /// Tells of the other gateways what is new, once all that led to it is on disk.
    pub(super) fn tell_other_gateways(&mut self) {
        let others = self.sessions.others(self);
        if others == self.told_others {
            return;
        }
        self.told_others = others.clone();
        self.tell_when_saved(Output::OtherGateways(others));
    }

    /// Keeps sessions from getting in each other's way.
    pub(super) fn part_sessions(&mut self, now: Time) {
        let (sessions, mut tools) = self.lend(now);
        if sessions.meet(&mut tools) {
            self.tell_address();
        }
    }

    pub(super) fn sweep_sessions(&mut self, now: Time) {
        let (sessions, mut tools) = self.lend(now);
        sessions.sweep(&mut tools);
    }
}

impl Sessions {
    fn former_at(&mut self, gateway: &IdentityKey) -> Option<&mut Session> {
        let at = |session: &&mut Session| session.gateway() == Some(*gateway);
        self.former.iter_mut().find(at)
    }

    /// Begins to move.
    fn wish(&mut self, tools: &mut Tools<'_>, choice: GatewayChoice) {
        self.drop_next(tools);
        forget_wish(tools);
        let (key, record) = (Registration::WISH, choice.to_record());
        tools.ledger.put(Store::Registration, key, record);
        let avoid = self.own.gateway();
        self.next = Some(Session::new(Role::Next, choice, avoid));
    }

    fn drop_next(&mut self, tools: &mut Tools<'_>) {
        if let Some(mut next) = self.next.take() {
            next.hang_up(tools);
        }
    }

    /// The gateway that we move to has taken us. From here on it is our own.
    fn arrived(
        &mut self,
        tools: &mut Tools<'_>,
        connection: ConnectionId,
        registration: Registration,
    ) {
        let next = self.next.take();
        let mut session = next.unwrap_or_else(|| Session::known(Role::Next, registration.clone()));
        session.role = Role::Own;
        session.registered(tools, connection, registration);
        self.promote(tools, session);
    }

    /// A move that happens to lead to a gateway that was left goes back to it: two sessions with
    /// one gateway would drive each other out for ever. Whether we are there now.
    fn meet(&mut self, tools: &mut Tools<'_>) -> bool {
        let Some(gateway) = self.next.as_ref().and_then(Session::gateway) else {
            return false;
        };
        if self.take_back(tools, GatewayChoice::Named(gateway)) {
            return true;
        }
        // One that is asked to forget us will not matter once it takes us anew.
        let there = |session: &mut Session| session.gateway() == Some(gateway);
        for mut session in self.former.extract_if(.., there).collect::<Vec<_>>() {
            session.hang_up(tools);
            let key = gateway.as_bytes().to_vec();
            tools.ledger.delete(Store::Registration, key);
        }
        false
    }

    /// Moves back to a gateway that was left: it knows us already. `false` if it was not left.
    fn take_back(&mut self, tools: &mut Tools<'_>, choice: GatewayChoice) -> bool {
        let GatewayChoice::Named(gateway) = choice else {
            return false;
        };
        let at = |session: &Session| session.gateway() == Some(gateway) && !session.is_leaving();
        let Some(place) = self.former.iter().position(at) else {
            return false;
        };
        let session = self.former.remove(place);
        tools
            .ledger
            .delete(Store::Registration, gateway.as_bytes().to_vec());
        self.drop_next(tools);
        self.promote(tools, session);
        true
    }
}
