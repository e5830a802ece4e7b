//! Loading the state, and starting the client on it.

use std::time::Duration;

use sotto_core::time::Time;

use super::{
    Background,
    beginning::Making,
    change::{Next, SettingsChange},
    effect::{Effect, Table},
    forgetting::Forgetting,
    input::Stored,
    pages::Asker,
    run::Run,
    sealing::{IdentityDamaged, Opened},
};
use crate::{
    page::{ErrorView, Reply, RequestError},
    settings::{CheckedSettings, DamagedSettings, SETTINGS_KEY},
};

/// How long after a failure to load the state the next attempt is made.
const LOAD_AGAIN_AFTER: Duration = Duration::from_secs(10);

/// Where the background stands.
pub(super) enum Phase {
    /// The vault is being looked for.
    Looking,
    /// There is none. Nothing happens until a page wants one.
    New,
    /// It waits for its passphrase.
    Locked,
    /// It cannot be opened any more.
    Lost(ErrorView),
    /// A new vault is being written.
    Making(Box<Making>),
    /// The state is being read.
    Loading,
    /// The client works.
    Running(Box<Run>),
    /// The client writes its last.
    Ending(Box<Run>, Next),
    /// The vault is locked, and the session is being told to forget its key.
    Locking(Option<Asker>),
    /// The gateways are being told to forget us.
    Forgetting(Forgetting),
    /// Everything is being deleted.
    Erasing(Asker),
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

impl Phase {
    /// Whether another phase follows soon by itself, so that requests can wait for it.
    pub(super) fn is_passing(&self) -> bool {
        !matches!(
            self,
            Self::New | Self::Locked | Self::Lost(_) | Self::Running(_) | Self::Failed { .. }
        )
    }
}

impl Background {
    /// Starts the client on the loaded state, and answers everybody who waited for it.
    pub(super) fn loaded(&mut self, now: Time, stored: Stored) {
        if !matches!(self.phase, Phase::Loading) {
            return;
        }
        let opened = match self.safe.open_state(stored) {
            Ok(opened) => opened,
            Err(IdentityDamaged) => {
                let lost = self.identity_lost();
                return self.stay_closed(now, lost);
            }
        };
        self.sites.load(&opened);
        let settings = settings(&opened);
        if settings
            .as_ref()
            .is_ok_and(|settings| self.is_idle(now, settings))
        {
            return self.lock_now(None);
        }
        self.phase = self.start_run(now, settings, opened);
        if let Phase::Lost(_) = self.phase {
            self.safe.lock();
        }
        self.started(now);
    }

    fn start_run(
        &mut self,
        now: Time,
        settings: Result<CheckedSettings, DamagedSettings>,
        opened: Opened,
    ) -> Phase {
        let settings = match settings {
            Ok(settings) => settings,
            Err(error) => {
                return Phase::Failed {
                    error: RequestError::Unusable(error.to_string()),
                    retry_at: None,
                };
            }
        };
        self.runs = self.runs.wrapping_add(1);
        // The only thing that a client needs is its identity.
        Run::start(self.runs, now, settings, opened).map_or_else(
            |_| self.identity_lost(),
            |run| Phase::Running(Box::new(run)),
        )
    }

    /// The state could not be read. Waiting requests are told; the next attempt is made by itself.
    pub(super) fn load_failed(&mut self, now: Time, reason: String) {
        if matches!(self.phase, Phase::Looking | Phase::Loading) {
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
        self.tell_all();
        self.answer_waiting(now);
        self.sites_started(now);
    }

    /// Answers the requests that waited for a client.
    pub(super) fn answer_waiting(&mut self, now: Time) {
        for (asker, request) in self.pages.take_waiting() {
            self.answer(now, asker, request);
        }
    }

    /// Answers those whose message was on its way to the disk when the client was restarted.
    pub(super) fn settle_unaccepted(&mut self) {
        for (id, (asker, conversation)) in self.pages.take_unaccepted() {
            let id = id.to_string();
            let reply = match &self.phase {
                Phase::Running(run) if run.holds(&id) => Reply::Accepted { id, conversation },
                _ => Reply::Error {
                    error: self.closed().unwrap_or(RequestError::Starting).view(),
                },
            };
            self.pages.reply(&mut self.effects, asker, reply);
        }
    }

    pub(super) fn is_load_due(&self, now: Time) -> bool {
        matches!(&self.phase, Phase::Failed { retry_at: Some(at), .. } if *at <= now)
    }

    /// Reads the state, or if it was never found, looks for the vault.
    pub(super) fn load_again(&mut self) {
        if self.safe.vault.is_none() {
            return self.look_again();
        }
        self.phase = Phase::Loading;
        self.effects.push_back(Effect::Load);
    }

    pub(super) fn look_again(&mut self) {
        self.phase = Phase::Looking;
        self.effects.push_back(Effect::ReadVault);
    }

    /// The settings in force; nothing while there are none.
    pub(super) fn current_settings(&self) -> Option<&CheckedSettings> {
        match &self.phase {
            Phase::Running(run) => Some(&run.settings),
            _ => None,
        }
    }
}

/// The stored settings. They are written with the vault; without them nobody knows which network
/// was meant.
fn settings(opened: &Opened) -> Result<CheckedSettings, DamagedSettings> {
    let mut records = opened.table(Table::Settings);
    let record = records.find(|(key, _)| *key == SETTINGS_KEY);
    CheckedSettings::from_record(record.ok_or(DamagedSettings)?.1)
}
