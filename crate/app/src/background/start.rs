//! Loading the state, and starting the client on it.

use std::time::Duration;

use sotto_core::time::Time;

use super::{Background, change::SettingsChange, effect::Effect, input::Stored, run::Run};
use crate::{
    page::{Event, Reply, RequestError},
    settings::CheckedSettings,
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
        let snapshot = Box::new(self.snapshot());
        self.pages
            .publish(&mut self.effects, &Event::Snapshot { snapshot });
        self.answer_waiting(now);
    }

    /// Answers the requests that waited for a client.
    pub(super) fn answer_waiting(&mut self, now: Time) {
        for (asker, request) in self.pages.take_waiting() {
            self.answer(now, asker, request);
        }
    }

    /// Answers those whose message was on its way to the disk when the client was restarted.
    fn settle_unaccepted(&mut self) {
        for (id, (asker, conversation)) in self.pages.take_unaccepted() {
            let id = id.to_string();
            let reply = match &self.phase {
                Phase::Running(run) if run.history.get(&id).is_some() => {
                    Reply::Accepted { id, conversation }
                }
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

    /// The settings in force; nothing while there are none.
    pub(super) fn current_settings(&self) -> Option<&CheckedSettings> {
        match &self.phase {
            Phase::Running(run) => Some(&run.settings),
            _ => None,
        }
    }
}
