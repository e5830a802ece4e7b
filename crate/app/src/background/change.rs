//! From one set of settings to the next.

use sotto_core::{client::Store, time::Time};

use super::{
    Background,
    effect::{Change, CommitId, Effect, Table},
    input::Input,
    pages::Asker,
    run::Run,
    start::Phase,
};
use crate::{
    page::{ConnectionView, Event, Reply, RequestError},
    settings::{CheckedSettings, SETTINGS_KEY},
};

/// Settings on their way to the disk.
pub(super) struct SettingsChange {
    asker: Asker,
    settings: CheckedSettings,
    /// Whether the registration belongs to another network than the new settings.
    other_network: bool,
}

impl Background {
    /// Ends the client, and then saves new settings. On another directory the gateway registration
    /// and the last topology are deleted with the same commit, as they belong to the old network;
    /// identity and outbox stay.
    pub(super) fn change_settings(&mut self, asker: Asker, settings: CheckedSettings) {
        let other_network = self
            .current_settings()
            .is_none_or(|old| old.directory != settings.directory);
        let change = SettingsChange {
            asker,
            settings,
            other_network,
        };
        let connection = ConnectionView::starting();
        self.pages
            .publish(&mut self.effects, &Event::Connection { connection });
        match std::mem::replace(&mut self.phase, Phase::Loading) {
            Phase::Running(mut run) => {
                let close = |socket| Effect::CloseSocket { socket };
                self.effects.extend(run.disconnect().into_iter().map(close));
                self.end(run, change);
            }
            _ => self.save(change),
        }
    }

    /// Goes on to the settings once all that the old client has to write is on disk: received
    /// fragments exist nowhere else any more.
    fn end(&mut self, run: Box<Run>, change: SettingsChange) {
        if run.is_saved() {
            self.save(change);
        } else {
            self.phase = Phase::Ending(run, change);
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
            Phase::Ending(mut run, change) => {
                if let Some(input) = run.client_input(input) {
                    run.client.handle(now, input);
                }
                while let Some(output) = run.client.poll() {
                    run.carry_out_last(output, &mut self.pages, &mut self.effects);
                }
                match failed {
                    Some(reason) => self.keep_settings(now, run, &change, reason),
                    None => self.end(run, change),
                }
            }
            phase => self.phase = phase,
        }
    }

    /// The disk fails: the client goes on and connects again, as it holds what could not be
    /// written.
    fn keep_settings(&mut self, now: Time, run: Box<Run>, change: &SettingsChange, reason: String) {
        let error = RequestError::Storage(reason).view();
        self.pages
            .reply(&mut self.effects, change.asker, Reply::Error { error });
        self.phase = Phase::Running(run);
        self.client_input(now, Input::NetworkChanged);
        self.answer_waiting(now);
    }

    fn save(&mut self, change: SettingsChange) {
        let mut changes = vec![Change::Put {
            table: Table::Settings,
            key: SETTINGS_KEY.to_vec(),
            value: change.settings.to_record(),
        }];
        if change.other_network {
            // What was learned of the old network must not be used in the new one.
            let learned = [Store::Registration, Store::Topology];
            changes.extend(learned.map(|store| Change::Clear(Table::Core(store))));
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
