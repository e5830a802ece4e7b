//! The clients of sites: from the first use until nobody needs them.

use std::time::Duration;

use rand_core::SeedableRng as _;
use sotto_core::{
    ChaCha20Rng,
    client::{self, DeliveryState, MessageId, Output, ReceivedMessage},
    time::Time,
};

use super::{
    commits::{Known, Then},
    inbox,
    session::{Beginning, Session, has_outgoing},
    tabs::post,
};
use crate::{
    background::{
        Background,
        effect::{Change, Effect, PortId},
        input::{Input, StoredRecord},
        pages::Asker,
        start::Phase,
    },
    page::{DeliveryStateName, DeliveryView, Reply, RequestError},
    site::{Grant, Origin, Permission, SiteError, SiteEvent, SiteReply},
};

/// How long after it was tried to tell the gateway of a forgotten site it is tried again.
const LEAVE_EVERY: Duration = Duration::from_secs(60);

impl Background {
    /// A tab uses the mixnet from now on: it hears of what happens, and of what happened before.
    pub(super) fn use_mixnet(&mut self, now: Time, port: PortId, origin: &Origin) {
        if !self.sites.set_uses(port, true, &mut self.effects) {
            return;
        }
        self.note_use(now, origin);
        let Some(session) = self.sites.session(origin) else {
            return self.want(origin.clone());
        };
        let mut events = vec![session.connection_event()];
        events.extend(session.statuses());
        events.extend(self.sites.kept(origin));
        let posts = events.into_iter().map(|event| post(port, event));
        self.effects.extend(posts);
    }

    /// Tells all tabs of a site of what it has not taken.
    pub(super) fn tell_kept(&mut self, origin: &Origin) {
        for event in self.sites.kept(origin) {
            self.sites.tell(origin, &event, &mut self.effects);
        }
    }

    fn note_use(&mut self, now: Time, origin: &Origin) {
        let grant = self.sites.grant(origin).filter(|grant| grant.is_stale(now));
        if let Some(grant) = grant.cloned() {
            self.change_grant(Known {
                origin: origin.clone(),
                grant: Some(grant.allowed(now, crate::site::Permissions::NONE)),
                page: None,
                prompt: None,
            });
        }
    }

    /// Somebody needs a site's client.
    pub(super) fn want(&mut self, origin: Origin) {
        self.sites.wanted.insert(origin);
        self.load_sites();
    }

    fn load_sites(&mut self) {
        if !std::mem::replace(&mut self.sites.is_loading, true) {
            self.effects.push_back(Effect::LoadSites);
        }
    }

    /// The user's own client has started, and with it all that was known of sites is there.
    pub(in crate::background) fn sites_started(&mut self, now: Time) {
        if let Phase::Running(_) = self.phase {
            for origin in self.sites.tabs.sites() {
                self.sites.wanted.insert(origin);
            }
            if self.sites.look_for_pending || !self.sites.wanted.is_empty() {
                self.load_sites();
            }
            self.settle_prompts(now);
        } else if let Some(error) = self.site_closed() {
            self.tell_closed(&error);
        }
        self.answer_waiting_sites(now);
    }

    /// Tells the tabs of sites that nothing works now. Only a locked vault may soon be open, so that
    /// questions stay.
    fn tell_closed(&mut self, error: &SiteError) {
        let stays = matches!(self.phase, Phase::Locked);
        for prompt in self.sites.prompts.take_those(|_| !stays) {
            self.sites.refuse(prompt.asker, error, &mut self.effects);
        }
        let reason = Some(error.to_string());
        for origin in self.sites.tabs.sites() {
            let event = SiteEvent::Connection {
                state: crate::site::SiteConnection::Offline,
                reason: reason.clone(),
            };
            self.sites.tell(&origin, &event, &mut self.effects);
            if matches!(self.phase, Phase::New) {
                self.sites.release(&origin, &mut self.effects);
            }
        }
    }

    /// Everything is being deleted: who waits for something on its way to the disk is told, and all
    /// clients are dropped.
    pub(in crate::background) fn abandon_sites(&mut self) {
        let prompts = self.sites.prompts.take_those(|_| true).into_iter();
        let mut askers: Vec<Asker> = prompts.map(|prompt| prompt.asker).collect();
        for (_, session) in &mut self.sites.sessions {
            let accepting = std::mem::take(&mut session.accepting);
            askers.extend(accepting.into_iter().map(|(_, asker)| asker));
        }
        let error = RequestError::VaultNone;
        for then in self.sites.commits.forget() {
            match then {
                Then::Taken(asker) => askers.push(asker),
                Then::Known(known) => {
                    askers.extend(known.prompt.map(|prompt| prompt.asker));
                    if let Some(page) = known.page {
                        let error = error.view();
                        let reply = Reply::Error { error };
                        self.pages.reply(&mut self.effects, page, reply);
                    }
                }
                Then::Client(..) | Then::Nothing => {}
            }
        }
        let error = SiteError::Closed(error.code(), error.to_string());
        for asker in askers {
            self.sites.refuse(asker, &error, &mut self.effects);
        }
        self.sites.refused_while_locked.clear();
        self.sites.clear(&mut self.effects);
    }

    /// The records of sites were read.
    pub(in crate::background) fn sites_loaded(
        &mut self,
        now: Time,
        result: Result<Vec<StoredRecord>, String>,
    ) {
        if !std::mem::take(&mut self.sites.is_loading) || !matches!(self.phase, Phase::Running(_)) {
            return;
        }
        match result {
            Ok(records) => {
                let records = self.safe.open_all(records);
                self.start_sites(now, &records);
            }
            // They are asked for again by whoever wants something next.
            Err(reason) => self.refuse_waiting(&reason),
        }
        self.answer_waiting_sites(now);
    }

    fn refuse_waiting(&mut self, reason: &str) {
        self.sites.wanted.clear();
        for waiting in std::mem::take(&mut self.sites.waiting) {
            let error = SiteError::Storage(reason.to_owned());
            self.sites.refuse(waiting.asker, &error, &mut self.effects);
        }
    }

    fn start_sites(&mut self, now: Time, records: &[StoredRecord]) {
        self.sweep_sites(records);
        let wanted = std::mem::take(&mut self.sites.wanted);
        let pending = std::mem::take(&mut self.sites.look_for_pending);
        let grants: Vec<(Origin, Grant)> = self.sites.grants.clone().into_iter().collect();
        for (origin, grant) in grants {
            let own = |record: &&StoredRecord| record.key.starts_with(&grant.id);
            let own: Vec<StoredRecord> = records.iter().filter(own).cloned().collect();
            let sends = pending && has_outgoing(&own) && !grant.permissions.is_empty();
            if wanted.contains(&origin) || sends || grant.leaving {
                self.start_site(now, origin, &grant, own);
            }
        }
    }

    fn start_site(&mut self, now: Time, origin: Origin, grant: &Grant, records: Vec<StoredRecord>) {
        let Phase::Running(run) = &self.phase else {
            return;
        };
        if self.sites.is_full() || self.sites.session(&origin).is_some() {
            return;
        }
        self.runs = self.runs.wrapping_add(1);
        let mut beginning = || Beginning {
            number: self.runs,
            now,
            origin: origin.clone(),
            site: grant.id,
            settings: &run.settings,
            avoid: run.client.address().map(|own| own.gateway),
            rng: ChaCha20Rng::from_rng(&mut self.safe.rng),
        };
        let places: Vec<Change> = records.iter().map(deletion).collect();
        let session = Session::start(beginning(), records).or_else(|_| {
            // A site whose identity is damaged gets another one; nothing else hangs on it.
            let (commits, effects) = (&mut self.sites.commits, &mut self.effects);
            commits.begin(effects, places, Then::Nothing);
            Session::start(beginning(), Vec::new())
        });
        if let Ok(mut session) = session {
            if grant.leaving {
                session.leave(now);
            }
            self.sites.sessions.insert(self.runs, session);
            self.tell_kept(&origin);
        }
    }

    /// Deletes records of identities that no site has any more.
    fn sweep_sites(&mut self, records: &[StoredRecord]) {
        let planned = self.sites.planned.values().flatten();
        let known: Vec<_> = self.sites.grants.values().chain(planned).collect();
        let is_known = |record: &&StoredRecord| {
            let mut ids = known.iter().map(|grant| grant.id);
            ids.any(|id| record.key.starts_with(&id))
        };
        let strays = records.iter().filter(|record| !is_known(record));
        let changes: Vec<Change> = strays.map(deletion).collect();
        if !changes.is_empty() {
            let (commits, effects) = (&mut self.sites.commits, &mut self.effects);
            commits.begin(effects, changes, Then::Nothing);
        }
    }

    /// Whether an input is about a site's client.
    pub(in crate::background) fn is_for_site(&self, input: &Input) -> bool {
        let run = match input {
            Input::GatewayOpened(socket)
            | Input::GatewayText(socket, _)
            | Input::GatewayBinary(socket, _)
            | Input::GatewayClosed(socket, _) => socket.run,
            Input::DirectoryFetched(fetch, _) => fetch.run,
            _ => return false,
        };
        self.sites.sessions.contains_key(&run)
    }

    /// Feeds the client that is meant.
    pub(in crate::background) fn site_input(&mut self, now: Time, input: Input) {
        let run = match &input {
            Input::GatewayOpened(socket)
            | Input::GatewayText(socket, _)
            | Input::GatewayBinary(socket, _)
            | Input::GatewayClosed(socket, _) => socket.run,
            Input::DirectoryFetched(fetch, _) => fetch.run,
            _ => return,
        };
        if let Some(session) = self.sites.sessions.get_mut(&run)
            && let Some(input) = session.client_input(input)
        {
            session.client.handle(now, input);
        }
    }

    /// Time has passed, or the network is another one: all clients are told.
    pub(in crate::background) fn all_sites(&mut self, now: Time, input: &client::Input) {
        // Also those that write their last: what the disk refused is tried again in time.
        for (_, session) in &mut self.sites.sessions {
            session.client.handle(now, input.clone());
        }
    }

    /// A commit of a site's is durable.
    pub(in crate::background) fn site_saved(&mut self, now: Time, id: u64) {
        match self.sites.commits.take(id) {
            Some(Then::Client(run, id)) => self.tell_saved(now, run, client::Input::Saved(id)),
            Some(Then::Known(known)) => self.grant_known(now, *known),
            Some(Then::Taken(asker)) => {
                self.sites.reply(asker, SiteReply::Ok, &mut self.effects);
            }
            Some(Then::Nothing) | None => {}
        }
    }

    /// A commit of a site's left no trace.
    pub(in crate::background) fn site_not_saved(&mut self, now: Time, id: u64, reason: String) {
        match self.sites.commits.take(id) {
            Some(Then::Client(run, id)) => {
                self.tell_saved(now, run, client::Input::SaveFailed(id, reason));
            }
            Some(Then::Known(known)) => self.grant_not_known(&known, &reason),
            Some(Then::Taken(asker)) => {
                let error = SiteError::Storage(reason);
                self.sites.refuse(asker, &error, &mut self.effects);
            }
            Some(Then::Nothing) | None => {}
        }
    }

    fn tell_saved(&mut self, now: Time, run: u32, input: client::Input) {
        if let Some(session) = self.sites.sessions.get_mut(&run) {
            session.client.handle(now, input);
        }
    }

    /// Does what follows for sites from whatever happened.
    pub(in crate::background) fn tend_sites(&mut self, now: Time) {
        let expired = self.sites.prompts.take_expired(now);
        self.refuse_prompts(now, expired, &SiteError::Unanswered);
        self.drain_sites(now);
        let late = |waiting: &super::Waiting| waiting.until <= now;
        if std::mem::take(&mut self.sites.has_new_address) || self.sites.waiting.iter().any(late) {
            self.answer_waiting_sites(now);
            self.drain_sites(now);
        }
        self.note_leaving(now);
        self.drain_sites(now);
        self.close_sites(now);
        self.publish_sites();
    }

    /// Sites that are to be forgotten get a client for that, if they have none.
    fn note_leaving(&mut self, now: Time) {
        if !matches!(self.phase, Phase::Running(_)) {
            return;
        }
        for (_, session) in &mut self.sites.sessions {
            let grant = self.sites.grants.get(&session.origin);
            if grant.is_some_and(|grant| grant.leaving) && !session.is_leaving() {
                session.leave(now);
            }
        }
        let absent: Vec<Origin> = self.sites.leaving().cloned().collect();
        if !absent.is_empty() && self.sites.leave_at <= now {
            self.sites.leave_at = now + LEAVE_EVERY;
            absent.into_iter().for_each(|origin| self.want(origin));
        }
    }

    /// Ends the clients that nobody needs, or whose site may do nothing any more.
    fn close_sites(&mut self, now: Time) {
        let used = self.sites.tabs.sites();
        let mut over = Vec::new();
        for (number, session) in &mut self.sites.sessions {
            let allowed = self.sites.grants.get(&session.origin);
            let allowed = allowed.is_some_and(|grant| !grant.permissions.is_empty());
            session.set_used(now, allowed && used.contains(&session.origin));
            if session.is_over(now) || session.has_left(now) {
                over.push(*number);
            }
        }
        let has_room = !over.is_empty() && self.sites.is_full();
        for number in over {
            self.close_site(number);
        }
        if has_room {
            self.want_missing();
        }
    }

    /// There was no room for the clients of some tabs, and now there is.
    fn want_missing(&mut self) {
        for origin in self.sites.tabs.sites() {
            if self.sites.session(&origin).is_none() {
                self.want(origin);
            }
        }
    }

    fn close_site(&mut self, number: u32) {
        let Some(mut session) = self.sites.sessions.remove(&number) else {
            return;
        };
        session.hang_up(&mut self.effects);
        // Of a site that was forgotten before its message was on disk.
        for (_, asker) in std::mem::take(&mut session.accepting) {
            let error = SiteError::Unauthorised;
            self.sites.refuse(asker, &error, &mut self.effects);
        }
        if session.is_leaving() {
            let changes = session.delete_all();
            self.sites
                .commits
                .begin(&mut self.effects, changes, Then::Nothing);
            self.change_grant(Known {
                origin: session.origin,
                grant: None,
                page: None,
                prompt: None,
            });
        }
    }

    /// Turns all that the clients want into effects and events.
    pub(in crate::background) fn drain_sites(&mut self, now: Time) {
        let numbers: Vec<u32> = self.sites.sessions.keys().copied().collect();
        for number in numbers {
            while let Some(output) = self.next_of(number) {
                self.carry_out_for(now, number, output);
            }
        }
    }

    fn next_of(&mut self, number: u32) -> Option<Output> {
        let session = self.sites.sessions.get_mut(&number)?;
        session.client.poll()
    }

    fn carry_out_for(&mut self, now: Time, number: u32, output: Output) {
        let is_ending = self.sites.is_ending;
        let Some(session) = self.sites.sessions.get_mut(&number) else {
            return;
        };
        match output {
            Output::Commit(commit) => {
                let changes = session.changes(commit.changes);
                let then = Then::Client(number, commit.id);
                self.sites.commits.begin(&mut self.effects, changes, then);
            }
            // Somebody may have waited for it.
            Output::Address(_) => self.sites.has_new_address = true,
            Output::Message(message) => self.site_received(number, &message),
            Output::Delivery { id, state } => self.site_delivery(now, number, id, &state),
            Output::Connection(state) => {
                let event = session.connected(now, &state);
                let origin = session.origin.clone();
                self.sites.tell(&origin, &event, &mut self.effects);
            }
            output if !is_ending => self.effects.extend(session.network(output)),
            _ => {}
        }
    }

    /// A message for a site is on disk.
    fn site_received(&mut self, number: u32, message: &ReceivedMessage) {
        let Some(session) = self.sites.sessions.get_mut(&number) else {
            return;
        };
        let origin = session.origin.clone();
        let event = inbox::event(message, &session.own);
        let gone = match &event {
            Some(event) => {
                let size = message.body.len();
                session.inbox.keep(message.id, event.clone(), size)
            }
            None => vec![message.id],
        };
        let changes: Vec<_> = gone
            .into_iter()
            .map(|id| session.delete_message(id))
            .collect();
        if !changes.is_empty() {
            self.sites
                .commits
                .begin(&mut self.effects, changes, Then::Nothing);
        }
        let receives = self.sites.permissions(&origin).has(Permission::Receive);
        if let Some(event) = event.filter(|_| receives) {
            self.sites.tell(&origin, &event, &mut self.effects);
        }
    }

    /// The first state of a new message says that it is on disk: the site is answered.
    fn site_delivery(&mut self, now: Time, number: u32, id: MessageId, state: &DeliveryState) {
        let Some(session) = self.sites.sessions.get_mut(&number) else {
            return;
        };
        let origin = session.origin.clone();
        let accepting = session.accepting.remove(&id);
        let view = DeliveryView::from(state);
        let failed = view.state == DeliveryStateName::Failed;
        let is_final = failed || view.state == DeliveryStateName::AtGateway;
        let is_new = match is_final {
            true => session.queued.remove(&id).is_some(),
            false => true,
        };
        if failed && is_new {
            // Nobody is there to try it again; the site can send it anew.
            session.client.cancel(now, id);
        }
        let event = SiteEvent::Status {
            id: id.to_string(),
            state: view.state,
            reason: view.problem.filter(|_| failed).map(|problem| problem.code),
        };
        if is_new {
            session.note_status(id, event.clone());
        }
        if let Some(asker) = accepting {
            let reply = SiteReply::Accepted { id: id.to_string() };
            self.sites.reply(asker, reply, &mut self.effects);
        }
        if is_new {
            self.sites.tell(&origin, &event, &mut self.effects);
        }
    }
}

/// The change that deletes a record.
fn deletion(record: &StoredRecord) -> Change {
    Change::Delete {
        table: record.table,
        key: record.key.clone(),
    }
}
