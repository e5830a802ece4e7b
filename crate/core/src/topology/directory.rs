//! The directory's JSON (protocol.md 9.2), for those who read it and those who serve it.
//!
//! Keys stay text here: one node with a damaged key must not hide the others.

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::net::IpAddr;

/// Which node has which part this epoch.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RewardedSet {
    /// The running number of the epoch.
    pub epoch_id: u32,
    /// Node ids of the active entry gateways.
    pub entry_gateways: Vec<u32>,
    /// Node ids of the active exit gateways.
    pub exit_gateways: Vec<u32>,
    /// Node ids of the first layer of mix nodes.
    pub layer1: Vec<u32>,
    /// Node ids of the second layer.
    pub layer2: Vec<u32>,
    /// Node ids of the third layer.
    pub layer3: Vec<u32>,
    /// Node ids of nodes that wait for a part.
    pub standby: Vec<u32>,
}

/// A page of nodes, with the epoch it is from.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Reply<Node = SkimmedNode> {
    /// When and for which epoch the page was made.
    pub metadata: Metadata,
    /// The nodes.
    pub nodes: Page<Node>,
}

/// When and for which epoch a reply was made.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Metadata {
    /// Always null here. Official directories may say something, which is not read: it could be
    /// anything, of any size.
    #[serde(default, deserialize_with = "unread")]
    pub status: Option<()>,
    /// The running number of the epoch.
    pub absolute_epoch_id: u32,
    /// The running number of the key rotation.
    pub rotation_id: u32,
    /// `YYYY-MM-DD hh:mm:ss.nnn +00:00:00`.
    pub refreshed_at: String,
}

/// Steps over a value without building it.
fn unread<'de, D: Deserializer<'de>, T>(deserializer: D) -> Result<Option<T>, D::Error> {
    serde::de::IgnoredAny::deserialize(deserializer).map(|_| None)
}

/// One page of a list.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Page<Node = SkimmedNode> {
    /// Where in the list the page stands.
    pub pagination: Pagination,
    /// The page's items.
    pub data: Vec<Node>,
}

/// Where in a list a page stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pagination {
    /// Items in the whole list.
    pub total: usize,
    /// The number of the page, from 0.
    pub page: u32,
    /// Items on the page.
    pub size: usize,
}

/// What clients need to know of a node.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SkimmedNode {
    /// The number by which the rewarded set names the node.
    pub node_id: u32,
    /// The node's name: ed25519, base58.
    pub ed25519_identity_pubkey: String,
    /// Where the node is; the first one is used for mixing.
    pub ip_addresses: Vec<IpAddr>,
    /// Where it listens for other nodes.
    pub mix_port: u16,
    /// The Sphinx key of the reply's rotation: x25519, base58.
    pub x25519_sphinx_pubkey: String,
    /// The node's part this epoch. Routing goes by the rewarded set instead.
    #[serde(alias = "epoch_role")]
    pub role: Role,
    /// What the node is able to be.
    #[serde(default)]
    pub supported_roles: SupportedRoles,
    /// Where clients connect, if the node takes any.
    pub entry: Option<Entry>,
    /// How well the node did when it was measured.
    pub performance: Performance,
}

/// A node's part this epoch.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Role {
    /// None.
    Inactive,
    /// Waiting for one.
    Standby,
    /// Takes clients.
    #[serde(alias = "entry", alias = "gateway")]
    EntryGateway,
    /// Leads out of the mixnet.
    #[serde(alias = "exit")]
    ExitGateway,
    /// Mixes.
    Mixnode {
        /// 1, 2 or 3.
        layer: u8,
    },
}

/// What a node is able to be.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SupportedRoles {
    /// A mix node.
    pub mixnode: bool,
    /// An entry gateway.
    pub entry: bool,
    /// An exit gateway with a network requester.
    pub exit_nr: bool,
    /// An exit gateway with an ip router.
    pub exit_ipr: bool,
}

/// Where clients connect.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// A name to be used in place of the ip address.
    pub hostname: Option<String>,
    /// Port of `ws://`.
    pub ws_port: u16,
    /// Port of `wss://`, which also needs the host name.
    pub wss_port: Option<u16>,
}

/// A share of 1, cut to hundredths as the official client cuts it. On the wire a string such as
/// `"0.98"`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Performance(u8);

impl Performance {
    /// So many per cent, at most 100.
    pub const fn percent(percent: u8) -> Self {
        Self(if percent > 100 { 100 } else { percent })
    }
}

impl Serialize for Performance {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let share = format!("{}.{:02}", self.0 / 100, self.0 % 100);
        serializer.serialize_str(share.trim_end_matches('0').trim_end_matches('.'))
    }
}

impl<'de> Deserialize<'de> for Performance {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let percent = whole_percent(&text);
        percent
            .map(Self)
            .ok_or_else(|| serde::de::Error::custom("a performance is between 0 and 1"))
    }
}

/// Cut, not rounded, and read digit by digit: a binary fraction would make 28 of "0.29", and its
/// tables are larger than all else that reads the directory.
fn whole_percent(text: &str) -> Option<u8> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, "0"));
    let whole: u8 = whole.parse().ok()?;
    let digits: Option<Vec<u32>> = fraction.chars().map(|one| one.to_digit(10)).collect();
    let digits = digits.filter(|digits| !digits.is_empty())?;
    let digit = |place| digits.get(place).copied().unwrap_or(0);
    let percent = u32::from(whole) * 100 + digit(0) * 10 + digit(1);
    let is_more = digits.iter().skip(2).any(|digit| *digit > 0);
    let is_share = percent < 100 || (percent == 100 && !is_more);
    u8::try_from(percent).ok().filter(|_| is_share)
}

/// The state of the key rotation (path `v1/epoch/key-rotation-info`).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeyRotationInfo {
    /// The rule by which rotations follow from epochs.
    pub key_rotation_state: KeyRotationState,
    /// The epoch it is now.
    pub current_absolute_epoch_id: u32,
    /// When it began, RFC 3339.
    pub current_epoch_start: String,
    /// How long epochs last.
    pub epoch_duration: EpochDuration,
    /// Where in its rotation the epoch stands.
    pub progress: RotationProgress,
}

/// The rule by which rotations follow from epochs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeyRotationState {
    /// Epochs that a rotation lasts.
    pub validity_epochs: u32,
    /// The epoch in which the first rotation began.
    pub initial_epoch_id: u32,
}

/// A span of time as nym-api writes it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EpochDuration {
    /// Whole seconds.
    pub secs: u64,
    /// Nanoseconds beyond them.
    pub nanos: u32,
}

/// Where in its rotation an epoch stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RotationProgress {
    /// The running number of the rotation.
    pub current_key_rotation_id: u32,
    /// The epoch in which it began.
    pub current_rotation_starting_epoch: u32,
    /// The last epoch of the rotation.
    pub current_rotation_ending_epoch: u32,
}

/// What nodes need to know of each other: the skimmed entry and a Noise key.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SemiSkimmedNode {
    /// What clients are told as well.
    pub basic: SkimmedNode,
    /// Null where the node does not speak Noise, as every node on loopback must not.
    pub x25519_noise_versioned_key: Option<serde_json::Value>,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn performance(text: &str) -> Option<Performance> {
        serde_json::from_value(text.into()).ok()
    }

    #[test]
    fn a_performance_is_cut_to_whole_per_cents() {
        let table = [
            ("0", 0),
            ("0.009", 0),
            ("0.29", 29),
            ("0.5", 50),
            ("0.989999999999999999", 98),
            ("1", 100),
            ("1.000", 100),
        ];
        for (text, percent) in table {
            assert_eq!(
                performance(text),
                Some(Performance::percent(percent)),
                "{text}"
            );
        }
    }

    #[test]
    fn what_is_no_share_of_1_is_no_performance() {
        for text in [
            "", ".", "-0", "-0.5", "1.001", "1.01", "2", "99", "256", "0.x", "0.5.5", "1e-1", "NaN",
        ] {
            assert_eq!(performance(text), None, "{text}");
        }
    }

    #[test]
    fn a_performance_is_written_as_the_official_directory_writes_it() {
        let table = [(0, "0"), (7, "0.07"), (50, "0.5"), (98, "0.98"), (100, "1")];
        for (percent, text) in table {
            let written = serde_json::to_value(Performance::percent(percent)).unwrap();
            assert_eq!(written, text);
        }
    }
}
