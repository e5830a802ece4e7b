//! Making a vault, and giving it another passphrase.

use sotto_core::time::Time;

use super::{
    Background,
    effect::{Change, CommitId, Effect, Table},
    pages::Asker,
    requests::Outcome,
    safe::{NewSecret, NewVault},
    start::Phase,
};
use crate::{
    page::{Reply, RequestError, StageView, Typed},
    settings::{CheckedSettings, SETTINGS_KEY, Settings},
};

/// A vault on its way to the disk.
pub(super) struct Making {
    asker: Asker,
    new: NewVault,
    pub(super) before: Before,
}

/// What stays if nothing comes of a new vault.
pub(super) enum Before {
    New,
    Lost(crate::page::ErrorView),
}

impl Before {
    pub(super) fn stage(&self) -> StageView {
        match self {
            Self::New => StageView::New {},
            Self::Lost(problem) => StageView::Lost {
                problem: problem.clone(),
            },
        }
    }

    fn phase(self) -> Phase {
        match self {
            Self::New => Phase::New,
            Self::Lost(problem) => Phase::Lost(problem),
        }
    }
}

impl Background {
    /// Makes a vault with nothing in it but settings. The client makes the identity when it starts.
    pub(super) fn begin(
        &mut self,
        asker: Asker,
        settings: &Settings,
        passphrase: Option<&Typed>,
    ) -> Result<Outcome, RequestError> {
        let settings = CheckedSettings::from_view(settings).map_err(RequestError::BadDirectory)?;
        let passphrase = passphrase.map(|text| self.safe.chosen(text)).transpose()?;
        let new = self.safe.create(passphrase.as_ref())?;
        self.write_vault(asker, new, vec![settings_change(&settings)]);
        Ok(Outcome::Later)
    }

    /// Replaces all that is on disk by a new vault with these records, in one transaction.
    pub(super) fn write_vault(&mut self, asker: Asker, new: NewVault, records: Vec<Change>) {
        let mut changes: Vec<Change> = Table::all().map(Change::Clear).collect();
        changes.extend(new.changes());
        let rng = &mut self.safe.rng;
        let sealed = records
            .into_iter()
            .map(|change| change.sealed(&new.vault, rng));
        changes.extend(sealed);
        self.push_sealed(Effect::Commit {
            id: CommitId::NewVault,
            changes,
        });
        let before = match std::mem::replace(&mut self.phase, Phase::New) {
            Phase::Lost(problem) => Before::Lost(problem),
            _ => Before::New,
        };
        self.phase = Phase::Making(Box::new(Making { asker, new, before }));
    }

    /// The new vault is on disk: start on it.
    pub(super) fn vault_written(&mut self, now: Time) {
        let phase = std::mem::replace(&mut self.phase, Phase::Loading);
        let Phase::Making(making) = phase else {
            self.phase = phase;
            return;
        };
        self.safe.take_in(making.new);
        self.pages.reply(&mut self.effects, making.asker, Reply::Ok);
        self.opened(now);
    }

    /// The new vault left no trace on disk: it is as it was before.
    pub(super) fn vault_not_written(&mut self, now: Time, reason: String) {
        let phase = std::mem::replace(&mut self.phase, Phase::New);
        let Phase::Making(making) = phase else {
            self.phase = phase;
            return;
        };
        self.phase = making.before.phase();
        let error = RequestError::Storage(reason).view();
        self.pages
            .reply(&mut self.effects, making.asker, Reply::Error { error });
        self.answer_waiting(now);
    }

    /// Wraps the vault's key anew. The client goes on meanwhile.
    pub(super) fn set_passphrase(
        &mut self,
        asker: Asker,
        old: Option<&Typed>,
        new: Option<&Typed>,
    ) -> Result<Outcome, RequestError> {
        if self.secret.is_some() {
            return Err(RequestError::VaultBusy);
        }
        let new = new.map(|text| self.safe.chosen(text)).transpose()?;
        let old = old.map(|text| self.safe.typed(text)).transpose()?;
        let secret = self.safe.change_secret(old.as_ref(), new.as_ref())?;
        let changes = secret.changes();
        self.push_sealed(Effect::Commit {
            id: CommitId::Secret,
            changes,
        });
        self.secret = Some((asker, secret));
        Ok(Outcome::Later)
    }

    /// Another passphrase is in force, or none.
    pub(super) fn secret_written(&mut self, now: Time) {
        let Some((asker, secret)) = self.secret.take() else {
            return;
        };
        self.safe.take_secret(secret);
        self.safe.last_used = now;
        self.keep_session();
        self.pages.reply(&mut self.effects, asker, Reply::Ok);
        self.tell_all();
    }

    pub(super) fn secret_not_written(&mut self, reason: String) {
        if let Some((asker, _)) = self.secret.take() {
            let error = RequestError::Storage(reason).view();
            self.pages
                .reply(&mut self.effects, asker, Reply::Error { error });
        }
    }
}

/// A change of the passphrase on its way to the disk, and who wants it.
pub(super) type SecretChange = (Asker, NewSecret);

/// The settings record.
pub(super) fn settings_change(settings: &CheckedSettings) -> Change {
    Change::Put {
        table: Table::Settings,
        key: SETTINGS_KEY.to_vec(),
        value: settings.to_record(),
    }
}
