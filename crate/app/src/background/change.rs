//! From one run of the client to what comes next: other settings, or a locked vault.

use sotto_core::{client::Store, time::Time};

use super::{
    Background,
    beginning::settings_change,
    effect::{Change, CommitId, Effect, Table},
    input::Input,
    pages::Asker,
    run::Run,
    start::Phase,
};
use crate::{
    page::{ConnectionView, Event, Reply, RequestError},
    settings::CheckedSettings,
};

/// What comes after a run.
pub(super) enum Next {
    /// A run with other settings.
    Settings(SettingsChange),
    /// The vault is locked, because a page asked for it or by itself.
    Lock(Option<Asker>),
}

/// Settings on their way to the disk.
pub(super) struct SettingsChange {
    asker: Asker,
    settings: CheckedSettings,
    /// Whether the registration belongs to another network than the new settings.
    other_network: bool,
}

impl Next {
    fn asker(&self) -> Option<Asker> {
        match self {
            Self::Settings(change) => Some(change.asker),
            Self::Lock(asker) => *asker,
        }
    }

    /// What those are told who wait for the client that ends.
    fn refusal(&self) -> RequestError {
        match self {
            Self::Settings(_) => RequestError::Starting,
            Self::Lock(_) => RequestError::VaultLocked,
        }
    }
}

impl Background {
    /// Ends the client, and then saves new settings. On another directory the gateway registration
    /// and the last topology are deleted with the same commit, as they belong to the old network;
    /// identity and outbox stay.
    pub(super) fn change_settings(&mut self, asker: Asker, settings: CheckedSettings) {
        let other_network = self
            .current_settings()
            .is_none_or(|old| old.directory != settings.directory);
        let connection = ConnectionView::starting();
        self.pages
            .publish(&mut self.effects, &Event::Connection { connection });
        self.stop(Next::Settings(SettingsChange {
            asker,
            settings,
            other_network,
        }));
    }

    /// What the disk did not take yet would be lost with the client.
    pub(super) fn check_disk(&self) -> Result<(), RequestError> {
        if matches!(&self.phase, Phase::Running(run) if run.storage.is_some()) {
            return Err(RequestError::Storage(
                "earlier changes could not be written".to_owned(),
            ));
        }
        Ok(())
    }

    /// Ends the client, if there is one, and then goes on.
    pub(super) fn stop(&mut self, next: Next) {
        match std::mem::replace(&mut self.phase, Phase::Loading) {
            Phase::Running(mut run) => {
                let close = |socket| Effect::CloseSocket { socket };
                self.effects.extend(run.disconnect().into_iter().map(close));
                self.sites.end(&mut self.effects);
                for asker in run.take_askers() {
                    let error = next.refusal().view();
                    self.pages
                        .reply(&mut self.effects, asker, Reply::Error { error });
                }
                self.end(run, next);
            }
            _ => self.go_on(next),
        }
    }

    /// Goes on once all that the old client has to write is on disk: received fragments exist
    /// nowhere else any more.
    fn end(&mut self, run: Box<Run>, next: Next) {
        if run.is_saved() && self.sites.is_saved() {
            self.go_on(next);
        } else {
            self.phase = Phase::Ending(run, next);
        }
    }

    fn go_on(&mut self, next: Next) {
        self.sites.clear(&mut self.effects);
        match next {
            Next::Settings(change) => self.save(change),
            Next::Lock(asker) => self.lock_now(asker),
        }
    }

    /// A commit of a site's is durable. It may be the last that the end waits for.
    pub(super) fn site_commit_saved(&mut self, now: Time, id: u64) {
        self.site_saved(now, id);
        self.drain_sites(now);
        match std::mem::replace(&mut self.phase, Phase::Loading) {
            Phase::Ending(run, next) => self.end(run, next),
            phase => self.phase = phase,
        }
    }

    /// A commit of a site's left no trace: what exists nowhere else must not be lost.
    pub(super) fn site_commit_failed(&mut self, now: Time, id: u64, reason: String) {
        self.site_not_saved(now, id, reason.clone());
        match std::mem::replace(&mut self.phase, Phase::Loading) {
            Phase::Ending(run, next) => self.keep_run(now, run, &next, reason),
            phase => self.phase = phase,
        }
    }

    /// Tells a client that ends what became of its commits, and nothing else.
    pub(super) fn last_input(&mut self, now: Time, input: Input) {
        let failed = match &input {
            Input::Saved(_) => None,
            Input::SaveFailed(_, reason) => Some(reason.clone()),
            _ => return,
        };
        match std::mem::replace(&mut self.phase, Phase::Loading) {
            Phase::Ending(mut run, next) => {
                if let Some(input) = run.client_input(input) {
                    run.client.handle(now, input);
                }
                while let Some(output) = run.client.poll() {
                    run.carry_out_last(output, &mut self.pages, &mut self.effects);
                }
                run.settle(&self.pages, &mut self.effects);
                match failed {
                    Some(reason) => self.keep_run(now, run, &next, reason),
                    None => self.end(run, next),
                }
            }
            phase => self.phase = phase,
        }
    }

    /// The disk fails: the client goes on and connects again, as it holds what could not be
    /// written.
    fn keep_run(&mut self, now: Time, run: Box<Run>, next: &Next, reason: String) {
        if let Some(asker) = next.asker() {
            let error = RequestError::Storage(reason).view();
            self.pages
                .reply(&mut self.effects, asker, Reply::Error { error });
        }
        self.phase = Phase::Running(run);
        self.sites.go_on();
        self.client_input(now, Input::NetworkChanged);
        self.answer_waiting(now);
        self.answer_waiting_sites(now);
    }

    fn save(&mut self, change: SettingsChange) {
        let mut changes = vec![settings_change(&change.settings)];
        if change.other_network {
            // What was learned of the old network must not be used in the new one.
            let learned = [Store::Registration, Store::Topology];
            changes.extend(learned.map(|store| Change::Clear(Table::Core(store))));
            // Identities of sites belong to one network; in the new one each gets another.
            changes.extend(Table::OF_SITES.map(Change::Clear));
        }
        self.effects.push_back(Effect::Commit {
            id: CommitId::Settings,
            changes,
        });
        self.phase = Phase::Saving(change);
    }

    /// The settings are on disk: start on them.
    pub(super) fn settings_saved(&mut self) {
        self.finish_change(Reply::Ok);
    }

    /// The settings are not on disk: go on with the old ones, and say so.
    pub(super) fn settings_failed(&mut self, reason: String) {
        self.finish_change(Reply::Error {
            error: RequestError::Storage(reason).view(),
        });
    }

    fn finish_change(&mut self, reply: Reply) {
        if let Phase::Saving(change) = &self.phase {
            self.pages.reply(&mut self.effects, change.asker, reply);
            self.load_again();
        }
    }
}
