//! What can be chosen about a client.

use crate::topology::WebSocketPolicy;
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

/// What can be chosen about a client. The defaults are those of the official client.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Config {
    /// Mean time that a packet waits at each mix node. Default 15 ms.
    pub average_packet_delay: Duration,
    /// Mean time that an ack waits at each mix node. Default 15 ms.
    pub average_ack_delay: Duration,
    /// When packets leave. Default: at once.
    pub pacing: Pacing,
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
            websockets: WebSocketPolicy::Any,
            topology_refresh: Duration::from_secs(5 * 60),
            give_up_after: Duration::from_secs(24 * 3600),
        }
    }
}
