//! Sites at work: their tabs, what the user lets them do, and a client for each that uses the mixnet.
//!
//! | file | concern |
//! |---|---|
//! | `tabs` | the ports of sites: who is there, who hears what |
//! | `requests` | what sites ask |
//! | `consent` | asking the user, and what the answer changes |
//! | `managing` | what pages of the extension ask about sites |
//! | `running` | the clients: from the first use until nobody needs them |
//! | `session`, `inbox` | one client, and the messages that its site has not taken |
//! | `prompts`, `commits` | open questions, and changes on their way to the disk |

mod commits;
mod consent;
mod inbox;
mod managing;
mod prompts;
mod requests;
mod running;
mod session;
mod tabs;

use crate::set::Set;
use litemap::LiteMap;
use std::collections::VecDeque;

use sotto_core::time::Time;

use super::{
    effect::{Effect, PortId, Table},
    pages::Asker,
    sealing::Opened,
};
use crate::{
    limit::Bucket,
    page::{PromptView, SiteView},
    site::{Grant, Origin, Permission, Permissions, SiteEvent, SiteRequest},
};
use commits::Commits;
use prompts::Prompts;
use session::Session;
use tabs::Tabs;

/// The most sites that are connected at once.
const MAX_SESSIONS: usize = 16;

/// All that is known of sites.
#[derive(Default)]
pub(super) struct Sites {
    tabs: Tabs,
    /// How often each site asked.
    buckets: LiteMap<Origin, Bucket>,
    /// What is known of each, as it is on disk.
    grants: LiteMap<Origin, Grant>,
    /// The same as it will be, where it changes.
    planned: LiteMap<Origin, Option<Grant>>,
    prompts: Prompts,
    /// Sites that were refused while nothing could be written.
    refused_while_locked: LiteMap<Origin, Grant>,
    /// The pages that are told of sites.
    viewers: Set<PortId>,
    /// What they were told last.
    told: (Vec<SiteView>, Vec<PromptView>),
    sessions: LiteMap<u32, Session>,
    /// Sites whose records are to be read, as somebody wants their client.
    wanted: Set<Origin>,
    /// Whether records are being read.
    is_loading: bool,
    /// Whether it is to be looked for sites with something left to send.
    look_for_pending: bool,
    /// Whether a client has got an address that somebody may wait for.
    has_new_address: bool,
    /// When it may be tried again to tell the gateways of forgotten sites.
    leave_at: Time,
    waiting: VecDeque<Waiting>,
    commits: Commits,
    /// Clients write their last: nothing goes to the network any more.
    is_ending: bool,
}

/// A request that cannot be answered yet.
struct Waiting {
    until: Time,
    asker: Asker,
    origin: Origin,
    request: SiteRequest,
}

impl Sites {
    /// Takes in what is on disk. Called whenever a client of the user's own starts.
    pub(super) fn load(&mut self, opened: &Opened) {
        let grant = |(key, value): (&[u8], &[u8])| {
            let origin = Origin::parse(std::str::from_utf8(key).ok()?).ok()?;
            Some((origin, Grant::from_record(value)?))
        };
        for (origin, grant) in opened.table(Table::SiteGrant).filter_map(grant) {
            self.grants.insert(origin, grant);
        }
        self.look_for_pending = !self.grants.is_empty();
        self.is_ending = false;
    }

    /// What is planned of a site; else what is on disk.
    fn grant(&self, origin: &Origin) -> Option<&Grant> {
        match self.planned.get(origin) {
            Some(planned) => planned.as_ref(),
            None => self.grants.get(origin),
        }
    }

    /// What a site may do: what it was allowed counts from when it is on disk, and what it was
    /// forbidden counts at once.
    fn permissions(&self, origin: &Origin) -> Permissions {
        let of = |grant: &Grant| grant.permissions;
        let durable = self.grants.get(origin).map(of).unwrap_or_default();
        durable.within(self.grant(origin).map(of).unwrap_or_default())
    }

    fn session(&mut self, origin: &Origin) -> Option<&mut Session> {
        let mut sessions = self.sessions.iter_mut().map(|(_, session)| session);
        sessions.find(|session| session.origin == *origin)
    }

    /// The sites that are to be forgotten and have no client for that.
    fn leaving(&self) -> impl Iterator<Item = &Origin> {
        let has_client = |origin: &Origin| self.sessions.values().any(|one| one.origin == *origin);
        let leaving = self.grants.iter().filter(|(_, grant)| grant.leaving);
        leaving
            .map(|(origin, _)| origin)
            .filter(move |origin| !self.planned.contains_key(origin) && !has_client(origin))
    }

    /// Whether no more sites can be connected.
    fn is_full(&self) -> bool {
        self.sessions.len() >= MAX_SESSIONS
    }

    /// What a site has not taken, as it is told of it; nothing to one that may not receive.
    fn kept(&self, origin: &Origin) -> Vec<SiteEvent> {
        if !self.permissions(origin).has(Permission::Receive) {
            return Vec::new();
        }
        let mut sessions = self.sessions.values();
        let session = sessions.find(|session| session.origin == *origin);
        let kept = session.map(|session| session.inbox.events().cloned());
        kept.into_iter().flatten().collect()
    }

    /// Whether there is a connection, or one is being made.
    pub(super) fn is_connected(&self) -> bool {
        !self.sessions.is_empty()
    }

    /// Whether all that clients had to write is on disk.
    pub(super) fn is_saved(&self) -> bool {
        self.commits.is_empty() && self.sessions.values().all(Session::is_saved)
    }

    /// No client goes on to the network: the vault is to be locked, or the settings change.
    pub(super) fn end(&mut self, effects: &mut VecDeque<Effect>) {
        self.is_ending = true;
        for (_, session) in &mut self.sessions {
            session.hang_up(effects);
        }
    }

    /// The disk refused what had to be written, so the clients go on.
    pub(super) fn go_on(&mut self) {
        self.is_ending = false;
    }

    /// Drops all clients, and all that was known.
    pub(super) fn clear(&mut self, effects: &mut VecDeque<Effect>) {
        self.end(effects);
        self.sessions.clear();
        self.grants.clear();
        self.planned.clear();
        self.wanted.clear();
        drop(self.commits.forget());
        self.is_loading = false;
        self.look_for_pending = false;
        self.is_ending = false;
    }

    /// When a tick is due at the latest.
    pub(super) fn deadline(&self) -> Option<Time> {
        let sessions = self.sessions.values().filter_map(Session::deadline).min();
        let waiting = self.waiting.iter().map(|waiting| waiting.until).min();
        let leave = self.leaving().next().is_some().then_some(self.leave_at);
        [sessions, waiting, self.prompts.deadline(), leave]
            .into_iter()
            .flatten()
            .min()
    }
}
