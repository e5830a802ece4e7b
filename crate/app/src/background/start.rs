//! Loading the state, and starting anew with other settings.

use std::time::Duration;

use sotto_core::{client::Store, time::Time};

use super::{
    Background,
    effect::{Change, CommitId, Effect, Table},
    input::{Input, Stored},
    pages::Asker,
    run::Run,
};
use crate::{
    page::{Event, Reply, RequestError},
    settings::{CheckedSettings, SETTINGS_KEY},
};

/// How long after a failure to load the state the next attempt is made.
const LOAD_AGAIN_AFTER: Duration = Duration::from_secs(10);

/// Where the background stands.
pub(super) enum Phase {
    /// The state is being read.
    Loading,
    /// The client works.
    Running(Box<Run>),
    /// The client writes its last, for new settings.
    Ending(Box<Run>, SettingsChange),
    /// New settings are being saved; the old client is gone, so that it cannot write behind their
    /// back.
    Saving(SettingsChange),
    /// There is no client, for this reason.
    Failed {
        error: RequestError,
        /// When to load again, if that may help.
        retry_at: Option<Time>,
    },
}

/// Settings on their way to the disk.
pub(super) struct SettingsChange {
    asker: Asker,
    settings: CheckedSettings,
    /// Whether the registration belongs to another network than the new settings.
    other_network: bool,
}

impl Background {
    /// Starts the client on the loaded state, and answers everybody who waited for it.
    pub(super) fn loaded(&mut self, now: Time, stored: Stored) {
        if !matches!(self.phase, Phase::Loading) {
            return;
        }
        self.phase = match self.start_run(now, stored) {
            Ok(run) => Phase::Running(Box::new(run)),
            Err(error) => Phase::Failed {
                error,
                retry_at: None,
            },
        };
        self.started(now);
    }

    fn start_run(&mut self, now: Time, stored: Stored) -> Result<Run, RequestError> {
        let settings = match &stored.settings {
            Some(record) => CheckedSettings::from_record(record)
                .map_err(|error| RequestError::Unusable(error.to_string()))?,
            None => CheckedSettings::default(),
        };
        self.runs = self.runs.wrapping_add(1);
        Run::start(self.runs, now, settings, stored)
    }

    /// The state could not be read. Waiting requests are told; the next attempt is made by itself.
    pub(super) fn load_failed(&mut self, now: Time, reason: String) {
        if matches!(self.phase, Phase::Loading) {
            let error = RequestError::Storage(reason);
            self.phase = Phase::Failed {
                error,
                retry_at: Some(now + LOAD_AGAIN_AFTER),
            };
            self.started(now);
        }
    }

    fn started(&mut self, now: Time) {
        self.drain_client();
        self.settle_unaccepted();
        let snapshot = self.snapshot();
        self.pages
            .publish(&mut self.effects, &Event::Snapshot { snapshot });
        self.answer_waiting(now);
    }

    fn answer_waiting(&mut self, now: Time) {
        for (asker, request) in self.pages.take_waiting() {
            self.answer(now, asker, request);
        }
    }

    /// Answers those whose message was on its way to the disk when the client was restarted.
    fn settle_unaccepted(&mut self) {
        for (id, asker) in self.pages.take_unaccepted() {
            let id = id.to_string();
            let reply = match &self.phase {
                Phase::Running(run) if run.history.get(&id).is_some() => Reply::Accepted { id },
                _ => Reply::Error {
                    error: RequestError::Starting.view(),
                },
            };
            self.pages.reply(&mut self.effects, asker, reply);
        }
    }

    pub(super) fn is_load_due(&self, now: Time) -> bool {
        matches!(&self.phase, Phase::Failed { retry_at: Some(at), .. } if *at <= now)
    }

    pub(super) fn load_again(&mut self) {
        self.phase = Phase::Loading;
        self.effects.push_back(Effect::Load);
    }

    /// Ends the client, and then saves new settings. On another directory the gateway registration
    /// is deleted with the same commit, as it belongs to the old network; identity and outbox stay.
    pub(super) fn change_settings(&mut self, asker: Asker, settings: CheckedSettings) {
        let other_network = self
            .current_settings()
            .is_none_or(|old| old.directory != settings.directory);
        let change = SettingsChange {
            asker,
            settings,
            other_network,
        };
        match std::mem::replace(&mut self.phase, Phase::Loading) {
            Phase::Running(mut run) => {
                let close = run
                    .disconnect()
                    .map(|socket| Effect::CloseSocket { socket });
                self.effects.extend(close);
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
            changes.push(Change::Clear(Table::Core(Store::Registration)));
        }
        self.effects.push_back(Effect::Commit {
            id: CommitId::Settings,
            changes,
        });
        self.phase = Phase::Saving(change);
    }

    /// The settings in force; nothing while there are none.
    pub(super) fn current_settings(&self) -> Option<&CheckedSettings> {
        match &self.phase {
            Phase::Running(run) => Some(&run.settings),
            _ => None,
        }
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
