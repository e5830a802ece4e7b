//! Where the vault stands, and what may be asked there.

use super::{Background, start::Phase};
use crate::page::{ConnectionView, ErrorView, Event, Fault, RequestError, RequestKind, StageView};

impl Background {
    /// Where the vault stands, for pages.
    pub(super) fn stage(&self) -> StageView {
        match &self.phase {
            Phase::New => StageView::New {},
            Phase::Locked => StageView::Locked {},
            Phase::Lost(problem) => StageView::Lost {
                problem: problem.clone(),
            },
            Phase::Making(making) => making.before.stage(),
            _ => match self.safe.protection() {
                Some(protection) => StageView::Open {
                    protection: protection.into(),
                },
                None => StageView::Starting {},
            },
        }
    }

    /// Tells pages everything as it is now, and before that the stage if it is another one.
    pub(super) fn tell_all(&mut self) {
        let stage = self.stage();
        if stage != self.told_stage {
            self.told_stage = stage.clone();
            self.pages
                .publish(&mut self.effects, &Event::Stage { stage });
        }
        let snapshot = Box::new(self.snapshot());
        self.pages
            .publish(&mut self.effects, &Event::Snapshot { snapshot });
    }

    /// Whether such a request may be asked at this stage.
    ///
    /// # Errors
    /// What has to be done first.
    pub(super) fn check_stage(&self, kind: RequestKind) -> Result<(), RequestError> {
        let is_allowed = match &self.phase {
            Phase::New => is_for_new(kind),
            Phase::Locked => is_for_locked(kind),
            Phase::Lost(_) => is_for_lost(kind),
            Phase::Failed { error, .. } if self.safe.vault.is_none() => {
                // Nothing is known of any vault.
                return match kind {
                    RequestKind::Subscribe | RequestKind::ForgetEverything => Ok(()),
                    _ => Err(error.clone()),
                };
            }
            _ => is_for_open(kind),
        };
        if is_allowed {
            Ok(())
        } else {
            Err(self.closed().unwrap_or(RequestError::VaultOpen))
        }
    }

    /// Why nothing can be asked of the vault; nothing if it is open.
    pub(super) fn closed(&self) -> Option<RequestError> {
        match &self.phase {
            Phase::New => Some(RequestError::VaultNone),
            Phase::Locked => Some(RequestError::VaultLocked),
            Phase::Lost(problem) => Some(RequestError::VaultLost(problem.message.clone())),
            _ => None,
        }
    }

    /// What pages see of the connection while there is no client.
    pub(super) fn no_connection(&self) -> ConnectionView {
        match self.closed() {
            Some(error) => ConnectionView::Offline {
                problem: error.view(),
                retry_at: None,
            },
            None => ConnectionView::starting(),
        }
    }

    /// The identity cannot be read: without it the rest is of little use, and it must not be
    /// replaced silently.
    pub(super) fn identity_lost(&mut self) -> Phase {
        self.safe.lock();
        Phase::Lost(ErrorView {
            code: "vault.identity".to_owned(),
            fault: Fault::Storage,
            message: "Your identity on this computer is damaged. Restore a backup, or start anew."
                .to_owned(),
        })
    }
}

fn is_for_new(kind: RequestKind) -> bool {
    matches!(
        kind,
        RequestKind::Subscribe
            | RequestKind::Begin
            | RequestKind::RestoreBackup
            | RequestKind::UploadPart
            | RequestKind::DropUpload
            | RequestKind::ForgetEverything
    )
}

fn is_for_locked(kind: RequestKind) -> bool {
    matches!(
        kind,
        RequestKind::Subscribe | RequestKind::Unlock | RequestKind::ForgetEverything
    )
}

fn is_for_lost(kind: RequestKind) -> bool {
    is_for_new(kind) && kind != RequestKind::Begin
}

fn is_for_open(kind: RequestKind) -> bool {
    !matches!(
        kind,
        RequestKind::Begin | RequestKind::Unlock | RequestKind::RestoreBackup
    )
}
