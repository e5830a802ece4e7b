//! Where the vault stands, as pages show it.

use serde::Serialize;

use super::ErrorView;

/// Where the vault stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "typescript", derive(tsify::Tsify))]
#[serde(tag = "name", rename_all = "camelCase")]
pub enum StageView {
    /// It is being looked at.
    Starting {},
    /// There is none yet: nothing was set up.
    New {},
    /// It waits for its passphrase.
    Locked {},
    /// Its key is damaged beyond repair. A backup helps, or to start anew.
    Lost {
        /// What happened.
        problem: ErrorView,
    },
    /// It is open.
    Open {
        /// What protects it.
        protection: ProtectionView,
    },
}

/// What a vault is protected by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "typescript", derive(tsify::Tsify))]
#[serde(rename_all = "camelCase")]
pub enum ProtectionView {
    /// A key in this browser's profile.
    Device,
    /// A passphrase.
    Passphrase,
}
