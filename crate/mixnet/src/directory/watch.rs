//! Nodes that others run and that do not know of our announcements: official ones. As nym-api does,
//! the directory asks them for their keys, again and again, because they change.

use super::Directory;
use super::registry::Origin;
use crate::descriptor::{RotatingKey, SphinxKeys};
use crate::node::Tasks;
use serde::Deserialize;
use sotto_core::keys::{EncryptionKey, IdentityKey};
use std::time::Duration;

/// Where an official node says who it is, below the base address of its HTTP API.
const PATH: &str = "api/v1/host-information";

/// A node may take so long to answer.
const PATIENCE: Duration = Duration::from_secs(5);

/// How often nodes are asked at the least. They tell of a key one epoch before it is needed.
const SELDOM: Duration = Duration::from_secs(60);

/// A key of a node that does not change keys is said to be of this rotation.
const ALL_ROTATIONS: u32 = u32::MAX;

#[derive(Deserialize)]
struct HostInformation {
    data: Host,
}

#[derive(Deserialize)]
struct Host {
    keys: HostKeys,
}

/// Base58 keys.
#[derive(Deserialize)]
struct HostKeys {
    ed25519_identity: String,
    primary_x25519_sphinx_key: HostKey,
    #[serde(default)]
    pre_announced_x25519_sphinx_key: Option<HostKey>,
}

#[derive(Deserialize)]
struct HostKey {
    rotation_id: u32,
    public_key: String,
}

impl HostKeys {
    /// The Sphinx keys, if they are keys and of the node with that identity.
    fn of(&self, identity: IdentityKey) -> Option<SphinxKeys> {
        let said: IdentityKey = self.ed25519_identity.parse().ok()?;
        let primary = self.primary_x25519_sphinx_key.read()?;
        let next = match &self.pre_announced_x25519_sphinx_key {
            None => None,
            Some(key) => Some(key.read()?),
        };
        let keys = match primary.rotation {
            ALL_ROTATIONS => SphinxKeys::Fixed(primary.key),
            _ => SphinxKeys::Rotating([Some(primary), next].into_iter().flatten().collect()),
        };
        (said == identity).then_some(keys)
    }
}

impl HostKey {
    fn read(&self) -> Option<RotatingKey> {
        let key: EncryptionKey = self.public_key.parse().ok()?;
        let rotation = self.rotation_id;
        Some(RotatingKey { rotation, key })
    }
}

/// Asks the nodes with an HTTP API for their keys until the directory stops.
pub(crate) async fn run(directory: Directory, tasks: Tasks) {
    loop {
        let round = async {
            ask_all(&directory).await;
            let pause = (directory.epochs().length() / 4).min(SELDOM);
            // Or earlier, when a node asks for it.
            let _ = tokio::time::timeout(pause, directory.asked_to_look.notified()).await;
        };
        tokio::select! {
            () = tasks.stopped() => return,
            () = round => {}
        }
    }
}

async fn ask_all(directory: &Directory) {
    for (id, entry) in directory.nodes() {
        let (Origin::Listed, Some(api)) = (&entry.origin, entry.descriptor.api) else {
            continue;
        };
        let url = format!("{}/{PATH}", api.trim_end_matches('/'));
        let answer = tokio::task::spawn_blocking(move || ask(&url)).await;
        match answer {
            Ok(Ok(host)) => match host.data.keys.of(entry.descriptor.identity) {
                Some(keys) => directory.set_sphinx(id, keys),
                None => tracing::warn!(id, api, "a node does not tell its own keys"),
            },
            Ok(Err(error)) => tracing::debug!(id, api, %error, "a node does not tell its keys"),
            Err(_) => {}
        }
    }
}

fn ask(url: &str) -> Result<HostInformation, ureq::Error> {
    let config = ureq::Agent::config_builder()
        .timeout_global(Some(PATIENCE))
        .build();
    let agent: ureq::Agent = config.into();
    agent.get(url).call()?.body_mut().read_json()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::descriptor::tests::descriptor;

    fn keys(rotation_id: u32) -> HostKeys {
        let key = |rotation_id, byte| HostKey {
            rotation_id,
            public_key: EncryptionKey::from_bytes([byte; 32]).to_string(),
        };
        HostKeys {
            ed25519_identity: descriptor(1).identity.to_string(),
            primary_x25519_sphinx_key: key(rotation_id, 1),
            pre_announced_x25519_sphinx_key: Some(key(8, 2)),
        }
    }

    #[test]
    fn both_keys_are_read_and_those_of_another_node_are_not() {
        let key = |byte| Some(EncryptionKey::from_bytes([byte; 32]));
        let own = descriptor(1).identity;
        let read = keys(7).of(own).unwrap();
        assert_eq!((read.of(7), read.of(8), read.of(9)), (key(1), key(2), None));
        let fixed = keys(u32::MAX).of(own).unwrap();
        assert_eq!((fixed.of(7), fixed.of(9)), (key(1), key(1)));
        assert!(keys(7).of(descriptor(2).identity).is_none());
        let damaged = HostKeys {
            pre_announced_x25519_sphinx_key: Some(HostKey {
                rotation_id: 8,
                public_key: "?".into(),
            }),
            ..keys(7)
        };
        assert!(damaged.of(own).is_none());
    }
}
