//! What can be chosen about a client.

use crate::keys::{IdentityKey, KeyError};
use crate::topology::WebSocketPolicy;
use std::str::FromStr;
use std::time::Duration;

/// When packets leave.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Pacing {
    /// As soon as the gateway takes them. Fast, and an observer sees when something is sent.
    #[default]
    Off,
    /// One at each tick of a Poisson process with this mean interval.
    Poisson {
        /// The mean time between packets.
        mean: Duration,
    },
}

/// Packets to ourselves that nobody can tell from real ones (protocol.md 7).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Cover {
    /// Whether a tick of the paced stream with nothing to send sends cover. Without
    /// [`Pacing::Poisson`] there are no ticks.
    pub fill_ticks: bool,
    /// The mean interval of a second, independent stream of cover; `None` for none.
    pub stream: Option<Duration>,
}

/// How a gateway is found.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum GatewayChoice {
    /// Any of those that the directory measured well enough. Who knows the program learns
    /// nothing of the user from it.
    #[default]
    Random,
    /// Of a few drawn at random the one that answers fastest: likely one that is near.
    Fastest,
    /// The one of that name.
    Named(IdentityKey),
}

impl FromStr for GatewayChoice {
    type Err = KeyError;

    /// Reads `random`, `fastest`, or a gateway's name in base58.
    fn from_str(text: &str) -> Result<Self, KeyError> {
        match text {
            "random" => Ok(Self::Random),
            "fastest" => Ok(Self::Fastest),
            name => name.parse().map(Self::Named),
        }
    }
}

impl GatewayChoice {
    pub(super) fn to_record(self) -> Vec<u8> {
        match self {
            Self::Random => vec![0],
            Self::Fastest => vec![1],
            Self::Named(gateway) => [&[2], gateway.as_bytes().as_slice()].concat(),
        }
    }

    pub(super) fn from_record(value: &[u8]) -> Option<Self> {
        match value.split_first()? {
            (0, []) => Some(Self::Random),
            (1, []) => Some(Self::Fastest),
            (2, key) => {
                let gateway = IdentityKey::from_bytes(key.try_into().ok()?);
                gateway.ok().map(Self::Named)
            }
            _ => None,
        }
    }
}

/// What can be chosen about a client.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Config {
    /// Mean time that a packet waits at each mix node. Default 15 ms.
    pub average_packet_delay: Duration,
    /// Mean time that an ack waits at each mix node. Default 15 ms.
    pub average_ack_delay: Duration,
    /// When packets leave. Default: at once.
    pub pacing: Pacing,
    /// Which cover traffic there is. Default: none.
    pub cover: Cover,
    /// How the first gateway is found. Later ones: [`Client::change_gateway`](super::Client).
    pub gateway: GatewayChoice,
    /// A gateway that the first one is not to be, if there is another: whoever has two identities
    /// does not show both to the same gateway. Default: none.
    pub avoid: Option<IdentityKey>,
    /// Which websockets may be used.
    pub websockets: WebSocketPolicy,
    /// How old a topology may get before it is fetched anew. Default 5 minutes.
    pub topology_refresh: Duration,
    /// How long a message is sent again and again before it counts as failed. Default 24 hours.
    pub give_up_after: Duration,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            average_packet_delay: Duration::from_millis(15),
            average_ack_delay: Duration::from_millis(15),
            pacing: Pacing::Off,
            cover: Cover::default(),
            gateway: GatewayChoice::Random,
            avoid: None,
            websockets: WebSocketPolicy::Any,
            topology_refresh: Duration::from_secs(5 * 60),
            give_up_after: Duration::from_secs(24 * 3600),
        }
    }
}

impl Config {
    /// The official client's default rates: who watches learns nothing of whether, how much or
    /// when something is sent. Costs about 55 packets (130 kB) a second.
    pub fn protected() -> Self {
        Self {
            pacing: Pacing::Poisson {
                mean: Duration::from_millis(20),
            },
            cover: Cover {
                fill_ticks: true,
                stream: Some(Duration::from_millis(200)),
            },
            ..Self::default()
        }
    }

    /// The official client's fast mode: five times the packets for a fifth of the time, and
    /// shorter waits at mix nodes. The second stream all but stops.
    pub fn fast() -> Self {
        Self {
            average_packet_delay: Duration::from_millis(10),
            average_ack_delay: Duration::from_millis(10),
            pacing: Pacing::Poisson {
                mean: Duration::from_millis(4),
            },
            cover: Cover {
                fill_ticks: true,
                stream: Some(Duration::from_secs(2000)),
            },
            ..Self::default()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::keys::ClientKeys;
    use rand_core::SeedableRng;

    #[test]
    fn choices_read_back_and_damage_is_noticed() {
        let keys = ClientKeys::generate(&mut crate::ChaCha20Rng::from_seed([1; 32]));
        let named = GatewayChoice::Named(keys.signing.identity_key());
        for choice in [GatewayChoice::Random, GatewayChoice::Fastest, named] {
            assert_eq!(
                GatewayChoice::from_record(&choice.to_record()),
                Some(choice)
            );
        }
        assert_eq!("fastest".parse(), Ok(GatewayChoice::Fastest));
        assert_eq!(keys.signing.identity_key().to_string().parse(), Ok(named));
        assert!("Fast".parse::<GatewayChoice>().is_err());
        let cut = &named.to_record()[..32];
        for damaged in [&[][..], &[0, 0], &[3], cut] {
            assert_eq!(GatewayChoice::from_record(damaged), None, "{damaged:?}");
        }
    }
}
