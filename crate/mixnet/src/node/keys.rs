//! A node's keys: kept in its folder, selected by the packet's rotation.

use super::ring::{Ring, SphinxKey};
use crate::descriptor::{RotatingKey, SphinxKeys};
use crate::epoch::Epoch;
use crate::error::MixnetError;
use crate::random;
use parking_lot::{Mutex, RwLock};
use rand_core::CryptoRng;
use serde::{Deserialize, Serialize};
use sotto_core::keys::{EncryptionKey, EncryptionSecret, IdentityKey, SigningKey};
use sotto_core::node::{self, NodeError, Unwrapped};
use sotto_core::packet::frame::NodeFrame;
use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// The name of the file with the keys in a node's folder.
const FILE: &str = "keys.json";

/// The keys of one node and what was seen under each.
pub(crate) struct NodeKeys {
    identity: SigningKey,
    ring: RwLock<Ring>,
    /// Where the keys are kept. Locked while they change.
    file: Mutex<PathBuf>,
}

/// The stored form. Base58, as everywhere in the network.
#[derive(Serialize, Deserialize)]
struct Stored {
    identity: String,
    /// Absent in files of versions whose keys did not rotate.
    #[serde(default)]
    rotations: Vec<StoredKey>,
}

#[derive(Serialize, Deserialize)]
struct StoredKey {
    rotation: u32,
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
    /// Reads the keys from `folder`; draws and writes an identity if there is none. Sphinx keys
    /// come with [`Self::turn`].
    pub(crate) fn load_or_create(
        folder: &Path,
        rng: &mut impl CryptoRng,
    ) -> Result<Self, MixnetError> {
        let path = folder.join(FILE);
        let state = |error| MixnetError::State {
            path: path.clone(),
            error,
        };
        let (identity, ring) = match fs::read(&path) {
            Ok(bytes) => from_json(&bytes).ok_or_else(|| MixnetError::File {
                path: path.clone(),
                reason: "it does not hold the keys of a node".to_owned(),
            })?,
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                let identity = SigningKey::generate(rng);
                write_private(&path, &to_json(&identity, &Ring::default())).map_err(state)?;
                (identity, Ring::default())
            }
            Err(error) => return Err(state(error)),
        };
        Ok(Self {
            identity,
            ring: RwLock::new(ring),
            file: Mutex::new(path),
        })
    }

    /// Brings the Sphinx keys up to date: draws those that the epoch calls for, drops those whose
    /// time is over. Nobody hears of a key that is not on disk. Whether anything changed.
    ///
    /// # Errors
    /// [`MixnetError::State`] if the keys cannot be written; those of before stay.
    pub(crate) fn turn(&self, epoch: Epoch) -> Result<bool, MixnetError> {
        let file = self.file.lock();
        let mut rng = random::generator().map_err(MixnetError::Randomness)?;
        let Some(ring) = self.ring.read().turned(epoch, &mut rng) else {
            return Ok(false);
        };
        write_private(&file, &to_json(&self.identity, &ring)).map_err(|error| {
            let path = file.clone();
            MixnetError::State { path, error }
        })?;
        *self.ring.write() = ring;
        Ok(true)
    }

    /// Signs for the node.
    pub(crate) const fn signing(&self) -> &SigningKey {
        &self.identity
    }

    pub(crate) fn identity(&self) -> IdentityKey {
        self.identity.identity_key()
    }

    /// The Sphinx key for that rotation, if the node holds one.
    pub(crate) fn sphinx(&self, rotation: u32) -> Option<EncryptionKey> {
        self.ring.read().public(rotation)
    }

    /// All Sphinx keys that the node takes packets under.
    pub(crate) fn announced(&self) -> SphinxKeys {
        let public = |key: &Arc<SphinxKey>| RotatingKey {
            rotation: key.rotation,
            key: key.secret.public_key(),
        };
        SphinxKeys::Rotating(self.ring.read().0.iter().map(public).collect())
    }

    /// Takes this node's layer off a packet that was not here before.
    pub(crate) fn unwrap(&self, frame: &NodeFrame) -> Result<Unwrapped, Refusal> {
        let candidates = self.ring.read().candidates(frame.rotation);
        let mut refusal = NodeError::WrongKey;
        for key in candidates {
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

fn to_json(identity: &SigningKey, ring: &Ring) -> String {
    let text = |bytes: &[u8; 32]| bs58::encode(bytes).into_string();
    let key = |key: &Arc<SphinxKey>| StoredKey {
        rotation: key.rotation,
        sphinx: text(&key.secret.to_bytes()),
    };
    serde_json::json!(Stored {
        identity: text(&identity.to_bytes()),
        rotations: ring.0.iter().map(key).collect(),
    })
    .to_string()
}

fn from_json(bytes: &[u8]) -> Option<(SigningKey, Ring)> {
    let stored: Stored = serde_json::from_slice(bytes).ok()?;
    let secret = |text: &str| bs58::decode(text).into_vec().ok()?.try_into().ok();
    let key = |StoredKey { rotation, sphinx }: &StoredKey| {
        let secret = EncryptionSecret::from_bytes(&secret(sphinx)?);
        Some(Arc::new(SphinxKey::new(*rotation, secret)))
    };
    let ring = stored.rotations.iter().map(key).collect::<Option<_>>()?;
    let identity = SigningKey::from_bytes(&secret(&stored.identity)?);
    Some((identity, Ring(ring)))
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
pub(crate) mod tests {
    use super::*;
    use crate::epoch::tests::epoch;
    use sotto_core::address::NodeAddress;
    use sotto_core::packet::{self, Hop, Journey, KeyRotation, PacketSize};
    use std::time::Duration;
    use tempfile::TempDir;

    fn load(folder: &TempDir) -> NodeKeys {
        NodeKeys::load_or_create(folder.path(), &mut random::generator().unwrap()).unwrap()
    }

    /// The keys of a new node in that epoch, and the folder they are in.
    pub(crate) fn keys(id: u32) -> (NodeKeys, TempDir) {
        let folder = tempfile::tempdir().unwrap();
        let keys = load(&folder);
        assert!(keys.turn(epoch(id)).unwrap());
        (keys, folder)
    }

    /// A packet for the node's key of that rotation, which ends there.
    fn frame(keys: &NodeKeys, rotation: u32) -> NodeFrame {
        let mut rng = random::generator().unwrap();
        let address = NodeAddress(([127, 0, 0, 1], 9).into());
        let key = keys.sphinx(rotation).unwrap();
        let route = [Hop { address, key }];
        let journey = Journey::draw(&mut rng, &route, keys.identity(), Duration::ZERO);
        NodeFrame {
            rotation: KeyRotation::from_id(rotation),
            packet: packet::build(&mut rng, &journey, PacketSize::Ack, &[1; 21]).unwrap(),
        }
    }

    const WRONG_KEY: Refusal = Refusal::Bad(NodeError::WrongKey);

    #[test]
    fn a_packet_in_flight_across_a_rotation_arrives_and_an_older_one_is_refused() {
        // Rotations are three epochs long: 10 is 30 to 32.
        let (keys, _folder) = keys(32);
        let frames: Vec<_> = (0..3).map(|_| frame(&keys, 10)).collect();
        let early = frame(&keys, 11);
        assert!(
            keys.unwrap(&early).is_ok(),
            "the announced key works at once"
        );
        for (id, frame) in (32..).zip(&frames) {
            keys.turn(epoch(id)).unwrap();
            let result = keys.unwrap(frame).map(drop);
            let expected = if id < 34 { Ok(()) } else { Err(WRONG_KEY) };
            assert_eq!(result, expected, "epoch {id}");
        }
    }

    #[test]
    fn a_key_of_the_same_parity_two_rotations_later_does_not_open_an_old_packet() {
        let (keys, _folder) = keys(32);
        let old = frame(&keys, 10);
        for id in 33..=35 {
            keys.turn(epoch(id)).unwrap();
        }
        assert!(keys.sphinx(12).is_some());
        assert_eq!(keys.unwrap(&old).map(drop), Err(WRONG_KEY));
    }

    #[test]
    fn a_replay_is_known_as_long_as_its_key_is() {
        let (keys, _folder) = keys(32);
        let frame = frame(&keys, 10);
        assert!(keys.unwrap(&frame).is_ok());
        keys.turn(epoch(33)).unwrap();
        assert_eq!(keys.unwrap(&frame).map(drop), Err(Refusal::Replay));
        keys.turn(epoch(34)).unwrap();
        assert_eq!(keys.ring.read().0.len(), 1, "key and tags are gone");
        assert_eq!(keys.unwrap(&frame).map(drop), Err(WRONG_KEY));
    }

    #[test]
    fn a_packet_that_does_not_tell_its_rotation_is_tried_under_both_keys() {
        let (keys, _folder) = keys(32);
        for rotation in [10, 11] {
            let unknown = NodeFrame {
                rotation: KeyRotation::Unknown,
                ..frame(&keys, rotation)
            };
            assert!(keys.unwrap(&unknown).is_ok(), "{rotation}");
        }
    }

    #[test]
    fn keys_are_the_same_after_a_restart() {
        let (first, folder) = keys(32);
        let second = load(&folder);
        assert_eq!(first.identity(), second.identity());
        for rotation in [10, 11] {
            assert!(first.sphinx(rotation).is_some());
            assert_eq!(first.sphinx(rotation), second.sphinx(rotation));
        }
        assert!(!second.turn(epoch(32)).unwrap());
    }

    #[test]
    fn a_dropped_key_is_gone_from_disk() {
        let (keys, folder) = keys(32);
        let old = bs58::encode(*keys.ring.read().0[0].secret.to_bytes()).into_string();
        let stored = || fs::read_to_string(folder.path().join(FILE)).unwrap();
        assert!(stored().contains(&old));
        keys.turn(epoch(34)).unwrap();
        assert!(!stored().contains(&old));
    }

    #[test]
    fn a_node_from_before_keys_rotated_keeps_its_identity() {
        let folder = tempfile::tempdir().unwrap();
        let identity = SigningKey::generate(&mut random::generator().unwrap());
        let text = bs58::encode(*identity.to_bytes()).into_string();
        let stored = serde_json::json!({"identity": text, "sphinx": text});
        fs::write(folder.path().join(FILE), stored.to_string()).unwrap();
        assert_eq!(load(&folder).identity(), identity.identity_key());
    }

    #[test]
    fn keys_that_cannot_be_saved_are_not_used() {
        let (keys, folder) = keys(31);
        drop(folder);
        fs::write(keys.file.lock().parent().unwrap(), "in the way").unwrap();
        assert!(keys.turn(epoch(32)).is_err());
        assert!(keys.sphinx(10).is_some());
        assert_eq!(keys.sphinx(11), None);
        fs::remove_file(keys.file.lock().parent().unwrap()).unwrap();
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
        let (_, folder) = keys(31);
        let mode = fs::metadata(folder.path().join(FILE))
            .unwrap()
            .permissions()
            .mode();
        assert_eq!(mode & 0o077, 0);
    }
}
