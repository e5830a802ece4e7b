//! Asking the directory, over http or https.

use sotto_core::topology::{
    ACTIVE_MIXNODES_PATH, DirectoryReplies, ENTRY_GATEWAYS_PATH, REWARDED_SET_PATH,
};
use std::time::Duration;
use ureq::Agent;
use url::Url;

/// For each of the three requests.
const LIMIT: Duration = Duration::from_secs(30);

/// Bytes of an answer that are read at the most.
const MAX_BYTES: u64 = 16 << 20;

/// Why text is no directory address.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("“{0}” is not a web address such as http://127.0.0.1:17080/")]
pub struct NotAnAddress(String);

/// A directory.
#[derive(Clone, Debug)]
pub(crate) struct Directory {
    base: String,
    agent: Agent,
}

impl Directory {
    pub(crate) fn new(address: &str) -> Result<Self, NotAnAddress> {
        let wrong = || NotAnAddress(address.to_owned());
        let url = Url::parse(address).map_err(|_| wrong())?;
        if !matches!(url.scheme(), "http" | "https") {
            return Err(wrong());
        }
        let base = format!("{}/", address.trim_end_matches('/'));
        let config = Agent::config_builder().timeout_global(Some(LIMIT)).build();
        Ok(Self {
            base,
            agent: config.into(),
        })
    }

    /// Asks for the three replies; an error is a reason in words. Does not block.
    pub(crate) async fn fetch(self) -> Result<DirectoryReplies, String> {
        let (rewarded_set, mixnodes, entry_gateways) = tokio::join!(
            self.get(REWARDED_SET_PATH),
            self.get(ACTIVE_MIXNODES_PATH),
            self.get(ENTRY_GATEWAYS_PATH),
        );
        Ok(DirectoryReplies {
            rewarded_set: rewarded_set?,
            mixnodes: mixnodes?,
            entry_gateways: entry_gateways?,
        })
    }

    async fn get(&self, path: &'static str) -> Result<Vec<u8>, String> {
        let this = self.clone();
        let get = move || this.get_blocking(path);
        tokio::task::spawn_blocking(get)
            .await
            .map_err(|error| error.to_string())?
    }

    fn get_blocking(&self, path: &str) -> Result<Vec<u8>, String> {
        let mut reply = self
            .agent
            .get(format!("{}{path}", self.base))
            .call()
            .map_err(|e| words(&e))?;
        reply
            .body_mut()
            .with_config()
            .limit(MAX_BYTES)
            .read_to_vec()
            .map_err(|e| words(&e))
    }
}

fn words(error: &ureq::Error) -> String {
    match error {
        ureq::Error::StatusCode(code) => format!("it answered with status {code}"),
        ureq::Error::Io(error) => error.to_string(),
        ureq::Error::Timeout(_) => "it gave no answer in time".to_owned(),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_web_addresses_are_directories() {
        for good in [
            "http://127.0.0.1:17080",
            "https://validator.nymtech.net/api/",
        ] {
            assert!(Directory::new(good).is_ok(), "{good}");
        }
        for bad in ["", "127.0.0.1:17080", "file:///etc/passwd", "http://"] {
            assert!(Directory::new(bad).is_err(), "{bad}");
        }
    }
}
