//! The extension's brain: inputs in, effects out.

mod backup;
mod beginning;
mod change;
mod contacts;
mod effect;
mod files;
mod forgetting;
mod input;
mod locking;
mod pages;
mod requests;
mod run;
mod safe;
mod sealing;
mod sites;
mod stage;
mod start;
mod transfer;

use crate::set::Set;
use litemap::LiteMap;
use std::collections::VecDeque;

use sotto_core::{ChaCha20Rng, client, time::Time};

pub use effect::{
    Change, CommitId, Effect, FetchId, PortId, ReadId, Scoped, Session, SocketId, Table,
};
pub use input::{Input, Stored, StoredRecord, StoredVault};
pub use safe::Normalise;

use crate::{
    page::{RequestError, StageView},
    sender::{ExtensionOrigin, Sender, SenderClass},
};
use backup::Export;
use beginning::SecretChange;
use pages::Pages;
use safe::Safe;
use sites::Sites;
use start::Phase;
use transfer::Transfers;

/// The extension's background, from start to end.
///
/// The contract with the host is that of the core: after every [`Background::handle`], carry out
/// all of [`Background::poll`], then set one timer for [`Background::next_deadline`].
pub struct Background {
    origin: ExtensionOrigin,
    phase: Phase,
    safe: Safe,
    /// Another passphrase on its way to the disk.
    secret: Option<SecretChange>,
    /// A backup that is being made.
    export: Option<Export>,
    /// When the vault is to be locked by itself, or that is to be tried again.
    lock_at: Option<Time>,
    /// Who is at the other end of each port.
    senders: LiteMap<PortId, SenderClass>,
    /// Those of the page that puts the questions of sites to the user.
    approval_pages: Set<PortId>,
    pages: Pages,
    sites: Sites,
    transfers: Transfers,
    /// The stage that pages were told last.
    told_stage: StageView,
    runs: u32,
    /// What the badge shows; unknown at first, as it outlives the background.
    badge: Option<u32>,
    /// What is to be done, with records in clear.
    effects: VecDeque<Effect>,
    /// What is to be done before that, sealed.
    sealed: VecDeque<Effect>,
}

impl Background {
    /// A background of the extension with these pages. Its first effect looks for the vault. `rng` is
    /// freshly seeded randomness for the vault, `nfkc` gives Unicode normalisation form NFKC.
    #[must_use]
    pub fn new(origin: ExtensionOrigin, rng: ChaCha20Rng, nfkc: Normalise) -> Self {
        Self {
            origin,
            phase: Phase::Looking,
            safe: Safe::new(rng, nfkc),
            secret: None,
            export: None,
            lock_at: None,
            senders: LiteMap::new(),
            approval_pages: Set::default(),
            pages: Pages::new(),
            sites: Sites::default(),
            transfers: Transfers::default(),
            told_stage: StageView::Starting {},
            runs: 0,
            badge: None,
            effects: VecDeque::from([Effect::ReadVault]),
            sealed: VecDeque::new(),
        }
    }

    /// Takes note of something that happened.
    pub fn handle(&mut self, now: Time, input: Input) {
        if let Phase::Running(run) | Phase::Ending(run, _) = &mut self.phase {
            run.set_clock(now);
        }
        match input {
            Input::VaultRead(found) => self.vault_read(now, &found),
            Input::Loaded(stored) => self.loaded(now, *stored),
            Input::LoadFailed(reason) => self.load_failed(now, reason),
            Input::Saved(id) => self.saved(now, id),
            Input::SaveFailed(id, reason) => self.save_failed(now, id, reason),
            Input::SessionForgotten(result) => self.session_forgotten(now, result),
            Input::RecordsRead(read, result) => {
                let records = result.map(|records| self.safe.open_all(records));
                self.records_read(now, read, records);
            }
            Input::AllRead(result) => self.all_read(now, result),
            Input::SitesLoaded(result) => self.sites_loaded(now, result),
            Input::PortOpened(port, sender) => self.port_opened(port, &sender),
            Input::PortMessage { port, message } => self.port_message(now, port, message),
            Input::PortClosed(port) => self.port_closed(now, port),
            Input::Tick if self.is_load_due(now) => self.load_again(),
            other => self.client_input(now, other),
        }
        self.transfers.sweep(now);
        self.lock_if_idle(now);
        self.tend_sites(now);
        self.update_badge();
    }

    fn port_opened(&mut self, port: PortId, sender: &Sender) {
        let class = self.origin.classify(sender);
        match &class {
            SenderClass::ExtensionPage => self.pages.open(port),
            SenderClass::Site(origin) => self.sites.open(port, origin.clone(), sender.tab),
            SenderClass::Other => {}
        }
        if self.origin.is_approval_page(sender) {
            self.approval_pages.insert(port);
        }
        self.senders.insert(port, class);
    }

    fn port_message(&mut self, now: Time, port: PortId, message: Result<String, RequestError>) {
        let class = self.senders.get(&port).cloned();
        match class.unwrap_or(SenderClass::Other) {
            SenderClass::Site(origin) => self.site_message(now, port, &origin, message),
            class => self.page_message(now, port, &class, message),
        }
    }

    fn port_closed(&mut self, now: Time, port: PortId) {
        self.senders.remove(&port);
        let asked = self.approval_pages.remove(&port);
        self.pages.close(port);
        self.transfers.close(port);
        self.sites.close(now, port, &mut self.effects);
        self.viewer_closed(now, port, asked);
    }

    fn saved(&mut self, now: Time, id: CommitId) {
        match id {
            CommitId::Run(_) => self.client_input(now, Input::Saved(id)),
            CommitId::Site(id) => self.site_commit_saved(now, id),
            CommitId::Settings => self.settings_saved(),
            CommitId::NewVault => self.vault_written(now),
            CommitId::Secret => self.secret_written(now),
            CommitId::Nothing => self.erased(now),
            CommitId::Mending => {}
        }
    }

    fn save_failed(&mut self, now: Time, id: CommitId, reason: String) {
        match id {
            CommitId::Run(_) => self.client_input(now, Input::SaveFailed(id, reason)),
            CommitId::Site(id) => self.site_commit_failed(now, id, reason),
            CommitId::Settings => self.settings_failed(reason),
            CommitId::NewVault => self.vault_not_written(now, reason),
            CommitId::Secret => self.secret_not_written(reason),
            CommitId::Nothing => self.not_erased(reason),
            // What could not be mended is as good as before.
            CommitId::Mending => {}
        }
    }

    fn update_badge(&mut self) {
        let unread = match &self.phase {
            Phase::Running(run) => run.unread(),
            Phase::New | Phase::Locked | Phase::Lost(_) => 0,
            _ => return,
        };
        if self.badge != Some(unread) {
            self.badge = Some(unread);
            self.effects.push_back(Effect::Badge { unread });
        }
    }

    /// The next thing to do, if any. Records in it are sealed.
    pub fn poll(&mut self) -> Option<Effect> {
        self.seal_effects();
        self.sealed.pop_front()
    }

    /// When [`Input::Tick`] must be given at the latest.
    #[must_use]
    pub fn next_deadline(&self) -> Option<Time> {
        let work = match &self.phase {
            Phase::Running(run) => run.next_deadline(),
            Phase::Failed { retry_at, .. } => *retry_at,
            Phase::Forgetting(forgetting) => Some(forgetting.until),
            _ => None,
        };
        let others = [
            self.transfers.deadline(),
            self.lock_at,
            self.sites.deadline(),
        ];
        work.into_iter().chain(others.into_iter().flatten()).min()
    }

    /// Whether there is a connection, or one is being made: while this holds the background should
    /// be kept alive.
    #[must_use]
    pub fn is_connected(&self) -> bool {
        match &self.phase {
            Phase::Running(run) => run.is_connected() || self.sites.is_connected(),
            Phase::Forgetting(_) => true,
            _ => false,
        }
    }

    /// Feeds the client, if it is the one that is meant, and carries on with what it gives.
    fn client_input(&mut self, now: Time, input: Input) {
        if self.is_for_site(&input) {
            return self.site_input(now, input);
        }
        match input {
            Input::Tick => self.all_sites(now, &client::Input::Tick),
            Input::NetworkChanged => self.all_sites(now, &client::Input::NetworkChanged),
            _ => {}
        }
        let run = match &mut self.phase {
            Phase::Running(run) => run,
            Phase::Ending(..) => return self.last_input(now, input),
            Phase::Forgetting(_) => return self.forgetting_input(now, input),
            _ => return,
        };
        if let Some(input) = run.client_input(input) {
            run.client.handle(now, input);
        }
        self.drain_client();
    }

    /// Turns all that the client wants into effects and events.
    fn drain_client(&mut self) {
        let Phase::Running(run) = &mut self.phase else {
            return;
        };
        run.attend(&mut self.effects);
        while let Some(output) = run.client.poll() {
            run.carry_out(output, &mut self.pages, &mut self.effects);
        }
        run.settle(&self.pages, &mut self.effects);
        run.sweep(&self.pages, &mut self.effects);
    }

    fn records_read(&mut self, now: Time, read: ReadId, result: Result<Vec<StoredRecord>, String>) {
        if let Phase::Running(run) = &mut self.phase {
            run.records_read(read, result, &self.pages, &mut self.effects);
        }
        self.hand_over_files(now);
        self.drain_client();
    }
}
