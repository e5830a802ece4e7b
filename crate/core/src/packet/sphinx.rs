//! Building a Sphinx packet along a route (protocol.md 2.5).

use super::PacketSize;
use crate::address::NodeAddress;
use crate::crypto::{exponential, random_bytes};
use crate::keys::{EncryptionKey, IdentityKey};
use rand_core::CryptoRng;
use sphinx_packet::header::delays::Delay;
use sphinx_packet::route::{Destination, DestinationAddressBytes, Node, NodeAddressBytes};
use sphinx_packet::version::PAYLOAD_KEYS_SEEDS_VERSION;
use sphinx_packet::{SURB, SURBMaterial, SphinxPacketBuilder};
use std::time::Duration;
use x25519_dalek::StaticSecret;

/// One node that a packet passes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Hop {
    /// Where the node listens for other nodes.
    pub address: NodeAddress,
    /// The node's Sphinx key of the current rotation.
    pub key: EncryptionKey,
}

/// A way through the mixnet, with the time that the packet is to wait at each hop.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Journey {
    hops: Vec<(Hop, Duration)>,
    destination: IdentityKey,
}

/// A packet that could not be built: the route or the message does not fit.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the packet could not be built: {0}")]
pub struct BuildError(String);

impl BuildError {
    pub(crate) fn new(error: &impl std::fmt::Display) -> Self {
        Self(error.to_string())
    }
}

impl Journey {
    /// Draws an exponential delay of the given mean for every hop of the route. The last one is
    /// never waited for, but is there on the wire. `destination` is the recipient's identity.
    pub fn draw(
        rng: &mut impl CryptoRng,
        route: &[Hop],
        destination: IdentityKey,
        mean_delay: Duration,
    ) -> Self {
        let hops = route
            .iter()
            .map(|hop| (*hop, exponential(rng, mean_delay)))
            .collect();
        Self { hops, destination }
    }

    /// The first hop, which the gateway forwards the packet to.
    pub fn first_hop(&self) -> Option<NodeAddress> {
        self.hops.first().map(|(hop, _)| hop.address)
    }

    /// The time that the packet waits at mixes: every delay but the last.
    pub fn waiting_time(&self) -> Duration {
        let mixes = self.hops.len().saturating_sub(1);
        self.hops.iter().take(mixes).map(|(_, delay)| *delay).sum()
    }

    /// Nym fills the whole SURB identifier with zeros (protocol.md 1.3).
    fn sphinx_destination(&self) -> Destination {
        let address = DestinationAddressBytes::from_bytes(*self.destination.as_bytes());
        Destination::new(address, [0; 16])
    }

    /// A SURB along this journey without its reply key: header, first hop, a seed for each hop.
    pub(crate) fn surb_bytes(&self, rng: &mut impl CryptoRng) -> Result<Vec<u8>, BuildError> {
        let material = SURBMaterial::new(
            self.nodes(),
            self.delays(),
            self.sphinx_destination(),
            PAYLOAD_KEYS_SEEDS_VERSION,
        );
        SURB::new(StaticSecret::from(random_bytes::<32>(rng)), material)
            .map(|surb| surb.to_bytes())
            .map_err(|error| BuildError::new(&error))
    }

    fn nodes(&self) -> Vec<Node> {
        let node = |(hop, _): &(Hop, Duration)| {
            let address = NodeAddressBytes::from_bytes(hop.address.padded_32());
            Node::new(address, hop.key.to_dalek())
        };
        self.hops.iter().map(node).collect()
    }

    fn delays(&self) -> Vec<Delay> {
        let nanos = |delay: &Duration| u64::try_from(delay.as_nanos()).unwrap_or(u64::MAX);
        self.hops
            .iter()
            .map(|(_, delay)| Delay::new_from_nanos(nanos(delay)))
            .collect()
    }
}

/// Wraps `plaintext` (at most [`PacketSize::plaintext_len`] bytes) into a Sphinx packet of
/// version 259, which nodes of every age accept.
///
/// 68 bytes of header padding come from the operating system's generator inside of
/// `sphinx-packet`; all else follows from `rng` and the arguments.
///
/// # Errors
/// [`BuildError`] if the route has no hop or more than five, or the plaintext is too long.
pub fn build(
    rng: &mut impl CryptoRng,
    journey: &Journey,
    size: PacketSize,
    plaintext: &[u8],
) -> Result<Vec<u8>, BuildError> {
    let secret = StaticSecret::from(random_bytes::<32>(rng));
    SphinxPacketBuilder::new()
        .with_version(PAYLOAD_KEYS_SEEDS_VERSION)
        .with_payload_size(size.payload_len())
        .with_initial_secret(&secret)
        .build_packet(
            plaintext,
            &journey.nodes(),
            &journey.sphinx_destination(),
            &journey.delays(),
        )
        .map(|packet| packet.to_bytes())
        .map_err(|error| BuildError::new(&error))
}
