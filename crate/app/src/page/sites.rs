//! Sites, and what they ask of the user, as pages show them.

use serde::Serialize;

use crate::site::Permission;

/// A site that may do something, or did.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "typescript", derive(tsify::Tsify), tsify(missing_as_null))]
#[serde(rename_all = "camelCase")]
pub struct SiteView {
    /// Its origin, as the browser writes it.
    pub origin: String,
    /// What it may do.
    pub permissions: Vec<Permission>,
    /// The address of its own identity, if that is known; only while it is connected.
    pub address: Option<String>,
    /// How many of its tabs use the mixnet now.
    pub tabs: u32,
    /// Whether it is connected: also without a tab, while something waits to be sent.
    pub connected: bool,
    /// When it was last used, in milliseconds since 1970, to the hour.
    #[cfg_attr(feature = "typescript", tsify(type = "number"))]
    pub used_at: u64,
}

/// What a site asks of the user.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "typescript", derive(tsify::Tsify))]
pub struct PromptView {
    /// Names it in `answerPrompt`.
    pub id: u32,
    /// Who asks, as the browser says.
    pub origin: String,
    /// What it asks for and may not do yet.
    pub asked: Vec<Permission>,
    /// What it may do already.
    pub granted: Vec<Permission>,
}
