//! A node's keys: kept in its folder, selected by the packet's rotation.

use super::replay::ReplayFilter;
use crate::error::MixnetError;
use parking_lot::Mutex;
use rand_core::CryptoRng;
use serde::{Deserialize, Serialize};
use sotto_core::keys::{EncryptionKey, EncryptionSecret, IdentityKey, SigningKey};
use sotto_core::node::{self, NodeError, Unwrapped};
use sotto_core::packet::KeyRotation;
use sotto_core::packet::frame::NodeFrame;
use std::fs;
use std::io::{self, Write};
use std::path::Path;

/// The name of the file with the keys in a node's folder.
const FILE: &str = "keys.json";

/// The keys of one node and what was seen under each.
pub(crate) struct NodeKeys {
    identity: SigningKey,
    current: SphinxKey,
}

/// One Sphinx key with its own replay filter: when the key goes, so do the tags.
struct SphinxKey {
    secret: EncryptionSecret,
    seen: Mutex<ReplayFilter>,
}

/// The stored form. Base58, as everywhere in the network.
#[derive(Serialize, Deserialize)]
struct Stored {
    identity: String,
    sphinx: String,
}

/// Why a packet that arrived is dropped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Refusal {
    /// It cannot be unwrapped.
    Bad(NodeError),
    /// It was here before.
    Replay,
}

impl NodeKeys {
    pub(crate) fn generate(rng: &mut impl CryptoRng) -> Self {
        Self::new(SigningKey::generate(rng), EncryptionSecret::generate(rng))
    }

    fn new(identity: SigningKey, secret: EncryptionSecret) -> Self {
        let current = SphinxKey {
            secret,
            seen: Mutex::default(),
        };
        Self { identity, current }
    }

    /// Reads the keys from `folder`; draws and writes them if there are none.
    pub(crate) fn load_or_create(
        folder: &Path,
        rng: &mut impl CryptoRng,
    ) -> Result<Self, MixnetError> {
        let path = folder.join(FILE);
        let state = |error| MixnetError::State {
            path: path.clone(),
            error,
        };
        match fs::read(&path) {
            Ok(bytes) => Self::from_json(&bytes).ok_or_else(|| MixnetError::File {
                path: path.clone(),
                reason: "it does not hold the two keys of a node".to_owned(),
            }),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                let keys = Self::generate(rng);
                write_private(&path, &keys.to_json()).map_err(state)?;
                Ok(keys)
            }
            Err(error) => Err(state(error)),
        }
    }

    fn to_json(&self) -> String {
        let text = |bytes: &[u8; 32]| bs58::encode(bytes).into_string();
        serde_json::json!(Stored {
            identity: text(&self.identity.to_bytes()),
            sphinx: text(&self.current.secret.to_bytes()),
        })
        .to_string()
    }

    fn from_json(bytes: &[u8]) -> Option<Self> {
        let stored: Stored = serde_json::from_slice(bytes).ok()?;
        let key = |text: &str| bs58::decode(text).into_vec().ok()?.try_into().ok();
        let identity = SigningKey::from_bytes(&key(&stored.identity)?);
        Some(Self::new(
            identity,
            EncryptionSecret::from_bytes(&key(&stored.sphinx)?),
        ))
    }

    /// Signs for the node.
    pub(crate) const fn signing(&self) -> &SigningKey {
        &self.identity
    }

    pub(crate) fn identity(&self) -> IdentityKey {
        self.identity.identity_key()
    }

    /// The Sphinx key that the directory lists for the rotation now.
    pub(crate) fn sphinx(&self) -> EncryptionKey {
        self.current.secret.public_key()
    }

    /// The keys to try for a packet, best first (protocol.md 2.7). The one place that knows which
    /// key belongs to which rotation: there is one key for all of them as yet.
    fn candidates(&self, _rotation: KeyRotation) -> impl Iterator<Item = &SphinxKey> {
        std::iter::once(&self.current)
    }

    /// Takes this node's layer off a packet that was not here before.
    pub(crate) fn unwrap(&self, frame: &NodeFrame) -> Result<Unwrapped, Refusal> {
        let mut refusal = NodeError::WrongKey;
        for key in self.candidates(frame.rotation) {
            match node::unwrap(&frame.packet, &key.secret) {
                Ok(unwrapped) if key.seen.lock().is_new(&unwrapped.replay_tag) => {
                    return Ok(unwrapped);
                }
                Ok(_) => return Err(Refusal::Replay),
                Err(error) => refusal = error,
            }
        }
        Err(Refusal::Bad(refusal))
    }
}

/// Writes a file that only its owner can read, whole or not at all.
fn write_private(path: &Path, text: &str) -> io::Result<()> {
    let folder = path.parent().unwrap_or(Path::new("."));
    fs::create_dir_all(folder)?;
    // Temporary files are readable by their owner only; the rename keeps that.
    let mut file = tempfile::NamedTempFile::new_in(folder)?;
    file.write_all(text.as_bytes())?;
    file.as_file().sync_all()?;
    file.persist(path)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random;

    #[test]
    fn keys_are_the_same_after_a_restart() {
        let folder = tempfile::tempdir().unwrap();
        let mut rng = random::generator().unwrap();
        let first = NodeKeys::load_or_create(folder.path(), &mut rng).unwrap();
        let second = NodeKeys::load_or_create(folder.path(), &mut rng).unwrap();
        assert_eq!(first.identity(), second.identity());
        assert_eq!(first.sphinx(), second.sphinx());
    }

    #[test]
    fn damaged_keys_are_named_and_not_replaced() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(FILE);
        fs::write(&path, "{}").unwrap();
        let mut rng = random::generator().unwrap();
        let error = NodeKeys::load_or_create(folder.path(), &mut rng)
            .err()
            .unwrap();
        assert!(
            error.to_string().contains("keys.json is malformed"),
            "{error}"
        );
        assert_eq!(fs::read_to_string(path).unwrap(), "{}");
    }

    #[cfg(unix)]
    #[test]
    fn keys_are_readable_by_their_owner_only() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().unwrap();
        NodeKeys::load_or_create(folder.path(), &mut random::generator().unwrap()).unwrap();
        let mode = fs::metadata(folder.path().join(FILE))
            .unwrap()
            .permissions()
            .mode();
        assert_eq!(mode & 0o077, 0);
    }
}
