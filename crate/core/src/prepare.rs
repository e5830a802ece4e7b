//! From a fragment to the packet that the gateway is asked to forward (protocol.md 4.5-4.7).

use crate::ack::{self, Acknowledged};
use crate::address::Address;
use crate::cover::{self, Token};
use crate::fragment::{self, Fragment};
use crate::keys::AckKey;
use crate::packet::{self, BuildError, Journey, KeyRotation, MixPacket, PacketSize};
use crate::surb::Surb;
use crate::topology::Topology;
use rand_core::CryptoRng;
use std::time::Duration;

/// Whoever sends: what goes into the acks.
#[derive(Clone, Copy, Debug)]
pub struct Sender<'a> {
    /// Where acks come back to.
    pub address: &'a Address,
    /// What they are encrypted with.
    pub ack_key: &'a AckKey,
    /// Mean time that the packet waits at each mix node.
    pub packet_delay: Duration,
    /// Mean time that the ack waits at each mix node.
    pub ack_delay: Duration,
}

/// A packet ready to leave.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Prepared {
    /// What the gateway is asked to forward.
    pub packet: MixPacket,
    /// How long packet and ack will wait at mix nodes, taken together.
    pub expected_delay: Duration,
}

/// Why no packet could be made.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PrepareError {
    /// The recipient's gateway is not in the topology.
    #[error("the recipient's gateway is not in the topology")]
    RecipientGateway,
    /// The sender's gateway is not in the topology.
    #[error("the sender's gateway is not in the topology")]
    OwnGateway,
    /// Route and content do not fit a packet.
    #[error(transparent)]
    Build(#[from] BuildError),
}

/// Packs a fragment for its recipient: fresh routes, fresh delays, fresh keys and a fresh ack
/// each time, so that two packets of one fragment have nothing in common.
///
/// # Errors
/// [`PrepareError`] says what is missing.
pub fn prepare(
    rng: &mut impl CryptoRng,
    topology: &Topology,
    sender: Sender<'_>,
    to: &Address,
    fragment: &Fragment,
) -> Result<Prepared, PrepareError> {
    let acknowledged = Acknowledged::Fragment(fragment.id());
    pack(rng, topology, sender, to, acknowledged, &fragment.encode())
}

/// Packs a cover packet to the sender itself, made in the same way as any other, so that nobody
/// on its way can tell the difference.
///
/// # Errors
/// [`PrepareError`] says what is missing.
pub fn prepare_cover(
    rng: &mut impl CryptoRng,
    topology: &Topology,
    sender: Sender<'_>,
) -> Result<Prepared, PrepareError> {
    pack_loop(rng, topology, sender, &cover::content(PacketSize::Regular))
}

/// Packs a packet as [`prepare_cover`] does, of the same size and form, that is recognised when
/// it is back.
///
/// # Errors
/// [`PrepareError`] says what is missing.
pub fn prepare_probe(
    rng: &mut impl CryptoRng,
    topology: &Topology,
    sender: Sender<'_>,
    token: &Token,
) -> Result<Prepared, PrepareError> {
    let content = cover::probe(PacketSize::Regular, token);
    pack_loop(rng, topology, sender, &content)
}

fn pack_loop(
    rng: &mut impl CryptoRng,
    topology: &Topology,
    sender: Sender<'_>,
    content: &[u8],
) -> Result<Prepared, PrepareError> {
    let acknowledged = Acknowledged::Cover;
    pack(rng, topology, sender, sender.address, acknowledged, content)
}

/// Packs a fragment of an answer into the packet that a SURB makes. The SURB is used up, and must
/// be gone from disk before the packet leaves.
///
/// # Errors
/// [`PrepareError`] says what is missing.
pub fn prepare_reply(
    rng: &mut impl CryptoRng,
    topology: &Topology,
    sender: Sender<'_>,
    surb: Surb,
    rotation: KeyRotation,
    fragment: &Fragment,
) -> Result<Prepared, PrepareError> {
    let ack_route = topology
        .route(rng, &sender.address.gateway)
        .ok_or(PrepareError::OwnGateway)?;
    let ack_journey = Journey::draw(rng, &ack_route, sender.address.identity, sender.ack_delay);
    let acknowledged = Acknowledged::Fragment(fragment.id());
    let mut plaintext = ack::surb_ack(rng, sender.ack_key, acknowledged, &ack_journey)?;
    plaintext.extend(fragment::seal_reply(surb.reply_key(), &fragment.encode()));
    let packet = surb.seal(rotation, PacketSize::Regular, &plaintext)?;
    // The way that the SURB's maker chose is unknown; three mix nodes at the usual delay.
    let expected_delay = sender.packet_delay * 3 + ack_journey.waiting_time();
    Ok(Prepared {
        packet,
        expected_delay,
    })
}

fn pack(
    rng: &mut impl CryptoRng,
    topology: &Topology,
    sender: Sender<'_>,
    to: &Address,
    acknowledged: Acknowledged,
    content: &[u8],
) -> Result<Prepared, PrepareError> {
    let route = topology
        .route(rng, &to.gateway)
        .ok_or(PrepareError::RecipientGateway)?;
    let ack_route = topology
        .route(rng, &sender.address.gateway)
        .ok_or(PrepareError::OwnGateway)?;
    let journey = Journey::draw(rng, &route, to.identity, sender.packet_delay);
    let ack_journey = Journey::draw(rng, &ack_route, sender.address.identity, sender.ack_delay);
    let next_hop = journey.first_hop().ok_or(PrepareError::RecipientGateway)?;

    let mut plaintext = ack::surb_ack(rng, sender.ack_key, acknowledged, &ack_journey)?;
    plaintext.extend(fragment::seal(rng, &to.encryption, content));
    let packet = packet::build(rng, &journey, PacketSize::Regular, &plaintext)?;
    Ok(Prepared {
        packet: MixPacket {
            rotation: topology.rotation(),
            next_hop,
            packet,
        },
        expected_delay: journey.waiting_time() + ack_journey.waiting_time(),
    })
}
