//! What a node tells the directory about itself. Also the form of `--extra-nodes` files.

use serde::{Deserialize, Serialize};
use sotto_core::keys::{EncryptionKey, IdentityKey};
use std::net::SocketAddr;

/// The kind of a node.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "role", rename_all = "lowercase")]
pub enum Role {
    /// Passes packets on.
    Mix {
        /// 1, 2 or 3; without it the directory chooses.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        layer: Option<u8>,
    },
    /// Serves clients and receives for them.
    Gateway {
        /// Port of the websocket without TLS.
        websocket_port: u16,
        /// Name under which the gateway's TLS certificate is valid.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        hostname: Option<String>,
        /// Port of the websocket with TLS.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        tls_port: Option<u16>,
    },
}

impl Role {
    /// The layer of a mix that has one.
    pub const fn layer(&self) -> Option<u8> {
        match self {
            Self::Mix { layer } => *layer,
            Self::Gateway { .. } => None,
        }
    }
}

/// A node as others reach it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Descriptor {
    /// Its kind, and what goes with it.
    #[serde(flatten)]
    pub role: Role,
    /// Where it takes packets from other nodes.
    pub mix_address: SocketAddr,
    /// Its ed25519 identity, base58.
    #[serde(with = "text")]
    pub identity: IdentityKey,
    /// Its x25519 Sphinx keys. May be missing where `api` is given.
    #[serde(default)]
    pub sphinx: SphinxKeys,
    /// Base address of its HTTP API: there an official node tells its Sphinx keys as they change.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub api: Option<String>,
}

/// The Sphinx keys of a node: `"<base58>"`, or `[{"rotation": 7, "key": "<base58>"}, …]`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum SphinxKeys {
    /// One that stays.
    Fixed(#[serde(with = "text")] EncryptionKey),
    /// One for each rotation that the node takes packets of.
    Rotating(Vec<RotatingKey>),
}

/// The Sphinx key of one rotation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RotatingKey {
    /// The running number of the rotation.
    pub rotation: u32,
    /// x25519, base58.
    #[serde(with = "text")]
    pub key: EncryptionKey,
}

impl Default for SphinxKeys {
    fn default() -> Self {
        Self::Rotating(Vec::new())
    }
}

impl SphinxKeys {
    /// The key for that rotation, if the node has one.
    pub fn of(&self, rotation: u32) -> Option<EncryptionKey> {
        match self {
            Self::Fixed(key) => Some(*key),
            Self::Rotating(keys) => {
                let key = keys.iter().find(|key| key.rotation == rotation)?;
                Some(key.key)
            }
        }
    }
}

impl Descriptor {
    /// The address of the websocket for clients on the same network.
    pub fn websocket(&self) -> Option<String> {
        match &self.role {
            Role::Mix { .. } => None,
            Role::Gateway { websocket_port, .. } => {
                let address = SocketAddr::new(self.mix_address.ip(), *websocket_port);
                Some(format!("ws://{address}"))
            }
        }
    }

    /// Whether the values make sense together.
    pub(crate) fn is_valid(&self) -> bool {
        !matches!(
            self.role,
            Role::Mix {
                layer: Some(0 | 4..)
            }
        )
    }
}

/// Keys as base58 text.
mod text {
    use serde::de::{Deserialize, Deserializer, Error};
    use std::fmt::Display;
    use std::str::FromStr;

    pub(super) fn serialize<S: serde::Serializer>(
        key: &impl Display,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        serializer.collect_str(key)
    }

    pub(super) fn deserialize<'de, K: FromStr<Err: Display>, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<K, D::Error> {
        String::deserialize(deserializer)?
            .parse()
            .map_err(D::Error::custom)
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use rand_chacha::ChaCha20Rng;
    use rand_core::SeedableRng;
    use sotto_core::keys::SigningKey;

    /// A mix of layer 1, different for each number.
    pub(crate) fn descriptor(number: u8) -> Descriptor {
        let mut rng = ChaCha20Rng::from_seed([number; 32]);
        Descriptor {
            role: Role::Mix { layer: Some(1) },
            mix_address: ([127, 0, 0, 1], 10_000 + u16::from(number)).into(),
            identity: SigningKey::generate(&mut rng).identity_key(),
            sphinx: SphinxKeys::Fixed(EncryptionKey::from_bytes([number; 32])),
            api: None,
        }
    }

    #[test]
    fn a_descriptor_reads_back_from_json() {
        let gateway = Role::Gateway {
            websocket_port: 9000,
            hostname: Some("a.example".into()),
            tls_port: None,
        };
        for role in [
            gateway,
            Role::Mix { layer: None },
            Role::Mix { layer: Some(2) },
        ] {
            let descriptor = Descriptor {
                role,
                ..descriptor(1)
            };
            let json = serde_json::to_string(&descriptor).unwrap();
            assert_eq!(
                serde_json::from_str::<Descriptor>(&json).unwrap(),
                descriptor,
                "{json}"
            );
        }
    }

    #[test]
    fn a_rotating_key_is_for_its_rotation_and_a_fixed_one_for_all() {
        let key = EncryptionKey::from_bytes([7; 32]);
        let rotating = SphinxKeys::Rotating(vec![RotatingKey { rotation: 5, key }]);
        for (keys, four, five) in [
            (rotating, None, Some(key)),
            (SphinxKeys::Fixed(key), Some(key), Some(key)),
        ] {
            assert_eq!((keys.of(4), keys.of(5)), (four, five));
            let json = serde_json::to_string(&keys).unwrap();
            assert_eq!(
                serde_json::from_str::<SphinxKeys>(&json).unwrap(),
                keys,
                "{json}"
            );
        }
    }
}
