//! Opening the vault and locking it.

use std::time::Duration;

use sotto_core::time::Time;

use super::{
    Background,
    change::Next,
    effect::{CommitId, Effect},
    input::StoredVault,
    pages::Asker,
    requests::Outcome,
    safe::Sight,
    start::Phase,
    transfer::Transfers,
};
use crate::{
    page::{Reply, RequestError, RequestKind, Typed},
    settings::CheckedSettings,
    vault::{LockDue, LockSettings, UnlockError, lock_due},
};

/// How much the time of the last use in the session may lag behind.
const KEEP_EVERY: Duration = Duration::from_secs(5);
/// How long after the disk refused what has to be written before it is tried again to lock.
const LOCK_AGAIN_AFTER: Duration = Duration::from_secs(60);

impl Background {
    /// The vault was looked for.
    pub(super) fn vault_read(&mut self, now: Time, found: &StoredVault) {
        if !matches!(self.phase, Phase::Looking) {
            return;
        }
        let (sight, mending) = self.safe.look(now, found);
        if !mending.is_empty() {
            self.push_sealed(Effect::Commit {
                id: CommitId::Mending,
                changes: mending,
            });
        }
        if found.session.is_some() && self.safe.session().is_none() {
            // Left over from a vault that is no more.
            self.push_sealed(Effect::ForgetSession { everything: false });
        }
        match sight {
            Sight::Open => self.load_again(),
            Sight::None => self.stay_closed(now, Phase::New),
            Sight::Locked => self.stay_closed(now, Phase::Locked),
            Sight::Lost(problem) => self.stay_closed(now, Phase::Lost(problem)),
        }
    }

    /// There is no open vault: tells pages so.
    pub(super) fn stay_closed(&mut self, now: Time, phase: Phase) {
        self.phase = phase;
        self.tell_all();
        self.settle_unaccepted();
        self.answer_waiting(now);
        self.sites_started(now);
    }

    /// The vault is open: reads what is in it.
    pub(super) fn opened(&mut self, now: Time) {
        self.safe.last_used = now;
        self.keep_session();
        self.load_again();
    }

    /// Opens the vault with its passphrase.
    pub(super) fn unlock(&mut self, now: Time, text: &Typed) -> Result<Outcome, RequestError> {
        let passphrase = self.safe.typed(text)?;
        let raised = self.safe.unlock(&passphrase)?;
        if !raised.is_empty() {
            // If it cannot be written the old price stays until the next time.
            self.push_sealed(Effect::Commit {
                id: CommitId::Mending,
                changes: raised,
            });
        }
        self.opened(now);
        Ok(Outcome::Reply(Reply::Ok))
    }

    /// Locks the vault, because a person wants it.
    pub(super) fn lock(&mut self, asker: Asker) -> Result<Outcome, RequestError> {
        if !self.safe.has_passphrase() {
            return Err(RequestError::Vault(UnlockError::DeviceKeyNeeded));
        }
        if self.secret.is_some() {
            // Whether there is still a passphrase afterwards is not known yet.
            return Err(RequestError::VaultBusy);
        }
        self.check_disk()?;
        self.stop(Next::Lock(Some(asker)));
        Ok(Outcome::Later)
    }

    /// All that the client had to write is on disk: forgets the keys.
    pub(super) fn lock_now(&mut self, asker: Option<Asker>) {
        self.seal_effects();
        self.safe.lock();
        self.transfers = Transfers::default();
        // Drafts are words of the person as well, and no page may be there to forget them.
        self.push_sealed(Effect::ForgetSession { everything: true });
        self.phase = Phase::Locking(asker);
    }

    /// The session knows nothing of the vault any more; if it does, pages are told so, as a
    /// restarted background would be open.
    pub(super) fn session_forgotten(&mut self, now: Time, result: Result<(), String>) {
        let Phase::Locking(asker) = self.phase else {
            return;
        };
        if let Some(asker) = asker {
            let reply = match result {
                Ok(()) => Reply::Ok,
                Err(reason) => Reply::Error {
                    error: RequestError::Storage(reason).view(),
                },
            };
            self.pages.reply(&mut self.effects, asker, reply);
        }
        self.stay_closed(now, Phase::Locked);
    }

    /// Has the session hold what a restarted background needs.
    pub(super) fn keep_session(&mut self) {
        self.safe.kept = self.safe.last_used;
        let effect = match self.safe.session() {
            Some(session) => Effect::KeepSession(session),
            None => Effect::ForgetSession { everything: false },
        };
        self.push_sealed(effect);
    }

    /// A person did something, as far as a request tells. Pages ask some things by themselves: when
    /// they connect, for their diagnostics, and when a message comes into view.
    pub(super) fn touch(&mut self, now: Time, kind: RequestKind) {
        let by_itself = matches!(
            kind,
            RequestKind::Subscribe | RequestKind::Diagnostics | RequestKind::Seen
        );
        if by_itself || self.safe.session().is_none() {
            return;
        }
        self.safe.last_used = now;
        if now.saturating_since(self.safe.kept) >= KEEP_EVERY || now < self.safe.kept {
            self.keep_session();
        }
    }

    /// When the vault is to be locked by itself.
    fn lock_due(&self, now: Time, settings: &CheckedSettings) -> LockDue {
        if !self.safe.has_passphrase() {
            return LockDue::Never;
        }
        let minute = Duration::from_secs(60);
        let after_idle = settings.lock_after_minutes.map(|minutes| minute * minutes);
        lock_due(LockSettings { after_idle }, self.safe.last_used, now)
    }

    /// Whether the vault must not even be used, as its time has run out while there was no
    /// background.
    pub(super) fn is_idle(&self, now: Time, settings: &CheckedSettings) -> bool {
        self.lock_due(now, settings) == LockDue::Now
    }

    /// Locks the vault if it was not used for long enough. Where the disk fails it is tried again
    /// later, as what is not written yet would be lost.
    pub(super) fn lock_if_idle(&mut self, now: Time) {
        let Phase::Running(run) = &self.phase else {
            self.lock_at = None;
            return;
        };
        match self.lock_due(now, &run.settings) {
            LockDue::Never => self.lock_at = None,
            LockDue::At(at) => self.lock_at = Some(at),
            LockDue::Now if run.storage.is_some() || self.secret.is_some() => {
                let waits = self.lock_at.is_some_and(|at| at > now);
                if !waits {
                    self.lock_at = Some(now + LOCK_AGAIN_AFTER);
                }
            }
            LockDue::Now => {
                self.lock_at = None;
                self.stop(Next::Lock(None));
            }
        }
    }
}
