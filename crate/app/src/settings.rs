//! What the user can set.

use serde::{Deserialize, Serialize};

use crate::directory::{DirectoryUrl, DirectoryUrlError};

/// The key of the one record in the store of settings.
pub const SETTINGS_KEY: &[u8] = b"settings";

/// How packets are sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(tsify::Tsify))]
#[serde(rename_all = "camelCase")]
pub enum Traffic {
    /// At once, and nothing else. The gateway sees when something is sent.
    Direct,
    /// At random intervals that do not depend on what is sent, with cover where there is nothing.
    Protected,
    /// The same with more packets, which wait less on their way.
    Fast,
}

/// The settings as pages and the settings record write them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(tsify::Tsify), tsify(missing_as_null))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Settings {
    /// The directory's base address.
    pub directory: String,
    /// How packets are sent.
    pub traffic: Traffic,
    /// After how many minutes without use the vault is locked; never if there is nothing.
    pub lock_after_minutes: Option<u32>,
    /// Whether correspondents are told that their messages arrived.
    pub receipts: bool,
    /// What the system's notifications tell.
    pub notifications: Notifications,
    /// After how many days messages are deleted; never if there is nothing.
    pub keep_days: Option<u32>,
}

/// What the system's notifications tell of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(tsify::Tsify))]
#[serde(rename_all = "camelCase")]
pub enum Notifications {
    /// There are none.
    Off,
    /// That there is one.
    Plain,
    /// Who wrote, and what.
    Full,
}

/// The settings, checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CheckedSettings {
    /// The directory's base address.
    pub directory: DirectoryUrl,
    /// How packets are sent.
    pub traffic: Traffic,
    /// As in [`Settings`].
    pub lock_after_minutes: Option<u32>,
    /// As in [`Settings`].
    pub receipts: bool,
    /// As in [`Settings`].
    pub notifications: Notifications,
    /// As in [`Settings`].
    pub keep_days: Option<u32>,
}

/// The settings record cannot be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("The stored settings are damaged. Open the settings and save them again.")]
pub struct DamagedSettings;

impl Default for CheckedSettings {
    fn default() -> Self {
        Self {
            directory: DirectoryUrl::local(),
            traffic: Traffic::Direct,
            lock_after_minutes: None,
            receipts: true,
            notifications: Notifications::Plain,
            keep_days: None,
        }
    }
}

impl CheckedSettings {
    /// Checks settings that a page wants.
    ///
    /// # Errors
    /// [`DirectoryUrlError`]
    pub fn from_view(view: &Settings) -> Result<Self, DirectoryUrlError> {
        Ok(Self {
            directory: view.directory.parse()?,
            traffic: view.traffic,
            lock_after_minutes: view.lock_after_minutes,
            receipts: view.receipts,
            notifications: view.notifications,
            keep_days: view.keep_days,
        })
    }

    /// The settings for a page.
    #[must_use]
    pub fn view(&self) -> Settings {
        Settings {
            directory: self.directory.to_string(),
            traffic: self.traffic,
            lock_after_minutes: self.lock_after_minutes,
            receipts: self.receipts,
            notifications: self.notifications,
            keep_days: self.keep_days,
        }
    }

    /// Reads the stored record.
    ///
    /// # Errors
    /// [`DamagedSettings`]: to fall back to the default would join another network unasked.
    pub fn from_record(value: &[u8]) -> Result<Self, DamagedSettings> {
        let view: Settings = serde_json::from_slice(value).map_err(|_| DamagedSettings)?;
        Self::from_view(&view).map_err(|_| DamagedSettings)
    }

    /// The record to store.
    #[must_use]
    pub fn to_record(&self) -> Vec<u8> {
        // Two strings always have a JSON form.
        serde_json::to_vec(&self.view()).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_survive_the_store() {
        let settings = CheckedSettings {
            directory: "https://example.org/api/".parse().unwrap(),
            traffic: Traffic::Protected,
            lock_after_minutes: Some(5),
            keep_days: Some(30),
            ..CheckedSettings::default()
        };
        assert_eq!(
            CheckedSettings::from_record(&settings.to_record()),
            Ok(settings)
        );
    }

    #[test]
    fn the_record_is_json_with_the_names_pages_use() {
        let record = String::from_utf8(CheckedSettings::default().to_record()).unwrap();
        assert_eq!(
            record,
            concat!(
                r#"{"directory":"http://127.0.0.1:17080/","traffic":"direct","#,
                r#""lockAfterMinutes":null,"receipts":true,"notifications":"plain","keepDays":null}"#
            )
        );
    }

    #[test]
    fn a_damaged_record_is_an_error_and_not_another_network() {
        for record in [
            "",
            "{}",
            r#"{"directory":"nonsense","traffic":"direct"}"#,
            "\u{0}",
        ] {
            assert_eq!(
                CheckedSettings::from_record(record.as_bytes()),
                Err(DamagedSettings),
                "{record}"
            );
        }
    }
}
