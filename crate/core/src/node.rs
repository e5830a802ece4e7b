//! The other end of the wire: what a mix node or a final gateway does to a packet
//! (protocol.md 3.3).

use crate::address::{NODE_ADDRESS_MAX, NodeAddress};
use crate::keys::EncryptionSecret;
use crate::packet::PacketSize;
use sphinx_packet::{ProcessedPacketData, SphinxPacket};
use std::time::Duration;

/// No node holds a packet longer than this, whatever its header says.
pub const MAX_DELAY: Duration = Duration::from_secs(10);

/// A packet with one layer taken off.
#[derive(Debug)]
pub struct Unwrapped {
    /// The same for two packets only if one is a replay of the other.
    pub replay_tag: [u8; 32],
    /// What to do with what is left.
    pub hop: Hop,
}

/// What to do with a packet after its layer is off.
#[derive(Debug)]
pub enum Hop {
    /// Wait, then hand on.
    Forward {
        /// The next node.
        next: NodeAddress,
        /// How long to wait, at most [`MAX_DELAY`].
        delay: Duration,
        /// What to hand on.
        packet: Vec<u8>,
    },
    /// This node is the recipient's gateway.
    Final {
        /// The identity key of the client it is for.
        destination: [u8; 32],
        /// What the client is to get, without the ack.
        delivery: Vec<u8>,
        /// The ack to launch once the delivery is safe: its first hop and the packet. An ack
        /// itself carries none.
        ack: Option<(NodeAddress, Vec<u8>)>,
    },
}

/// Why a packet is dropped.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NodeError {
    /// It is not of one of the five lengths, or its payload cannot be recovered.
    #[error("the packet is malformed")]
    Malformed,
    /// The header's MAC does not fit: another key's packet, or a changed one.
    #[error("the packet was not made for this key")]
    WrongKey,
    /// The next hop in the header is no address.
    #[error("the next hop is not an address")]
    NextHop,
    /// The final payload does not begin with an ack that can be launched.
    #[error("the packet carries no ack")]
    Ack,
}

/// Takes this node's layer off a packet.
///
/// # Errors
/// [`NodeError`] says why the packet is to be dropped.
pub fn unwrap(packet: &[u8], secret: &EncryptionSecret) -> Result<Unwrapped, NodeError> {
    let size = PacketSize::from_packet_len(packet.len()).ok_or(NodeError::Malformed)?;
    let sphinx = SphinxPacket::from_bytes(packet).map_err(|_| NodeError::Malformed)?;
    let expanded = sphinx
        .header
        .compute_expanded_shared_secret(secret.as_dalek());
    let replay_tag = *expanded.replay_tag();
    let processed = sphinx
        .process_with_expanded_secret(&expanded)
        .map_err(|_| NodeError::WrongKey)?;
    let hop = match processed.data {
        ProcessedPacketData::ForwardHop {
            next_hop_packet,
            next_hop_address,
            delay,
        } => {
            let (next, _) =
                NodeAddress::decode(next_hop_address.as_bytes()).map_err(|_| NodeError::NextHop)?;
            let delay = delay.to_duration().min(MAX_DELAY);
            Hop::Forward {
                next,
                delay,
                packet: next_hop_packet.to_bytes(),
            }
        }
        ProcessedPacketData::FinalHop {
            destination,
            payload,
            ..
        } => {
            let plaintext = payload
                .recover_plaintext()
                .map_err(|_| NodeError::Malformed)?;
            arrived(size, *destination.as_bytes_ref(), plaintext)?
        }
    };
    Ok(Unwrapped { replay_tag, hop })
}

/// Parts the ack from what the client is to get.
fn arrived(
    size: PacketSize,
    destination: [u8; 32],
    mut plaintext: Vec<u8>,
) -> Result<Hop, NodeError> {
    if size == PacketSize::Ack {
        return Ok(Hop::Final {
            destination,
            delivery: plaintext,
            ack: None,
        });
    }
    let (address, _) = plaintext
        .first_chunk::<NODE_ADDRESS_MAX>()
        .and_then(|bytes| NodeAddress::decode(bytes).ok())
        .ok_or(NodeError::Ack)?;
    let end = NODE_ADDRESS_MAX + PacketSize::Ack.packet_len();
    let ack = plaintext
        .get(NODE_ADDRESS_MAX..end)
        .ok_or(NodeError::Ack)?
        .to_vec();
    plaintext.drain(..end);
    Ok(Hop::Final {
        destination,
        delivery: plaintext,
        ack: Some((address, ack)),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::keys::ClientKeys;
    use crate::packet::{self, Journey};
    use rand_core::SeedableRng;

    #[test]
    fn a_packet_passes_its_route_and_nothing_else_opens_it() {
        let mut rng = crate::ChaCha20Rng::from_seed([3; 32]);
        let nodes: Vec<_> = (0..4)
            .map(|_| EncryptionSecret::generate(&mut rng))
            .collect();
        let route: Vec<_> = (1789..)
            .zip(&nodes)
            .map(|(port, secret)| packet::Hop {
                address: NodeAddress(([127, 0, 0, 1], port).into()),
                key: secret.public_key(),
            })
            .collect();
        let destination = ClientKeys::generate(&mut rng).signing.identity_key();
        let journey = Journey::draw(&mut rng, &route, destination, Duration::from_secs(60));
        let size = PacketSize::Ack;
        let mut packet = packet::build(&mut rng, &journey, size, &[5; 21]).unwrap();
        for (secret, next_hop) in nodes.iter().zip(route.iter().skip(1)) {
            let stranger = EncryptionSecret::generate(&mut rng);
            assert_eq!(unwrap(&packet, &stranger).unwrap_err(), NodeError::WrongKey);
            let Hop::Forward {
                next,
                delay,
                packet: inner,
            } = unwrap(&packet, secret).unwrap().hop
            else {
                panic!("the packet ended early");
            };
            assert_eq!(next, next_hop.address);
            assert!(delay <= MAX_DELAY);
            packet = inner;
        }
        let Hop::Final {
            destination: named,
            delivery,
            ack,
        } = unwrap(&packet, &nodes[3]).unwrap().hop
        else {
            panic!("the packet did not end");
        };
        assert_eq!((named, delivery), (*destination.as_bytes(), vec![5; 21]));
        assert!(ack.is_none());
    }

    /// A packet straight to its last node.
    fn unwrap_last(size: PacketSize, plaintext: &[u8]) -> Result<Hop, NodeError> {
        let mut rng = crate::ChaCha20Rng::from_seed([4; 32]);
        let gateway = EncryptionSecret::generate(&mut rng);
        let destination = ClientKeys::generate(&mut rng).signing.identity_key();
        let address = NodeAddress("127.0.0.1:1789".parse().unwrap());
        let route = [packet::Hop {
            address,
            key: gateway.public_key(),
        }];
        let journey = Journey::draw(&mut rng, &route, destination, Duration::ZERO);
        let packet = packet::build(&mut rng, &journey, size, plaintext).unwrap();
        unwrap(&packet, &gateway).map(|unwrapped| unwrapped.hop)
    }

    #[test]
    fn the_size_of_the_packet_and_not_of_its_content_makes_an_ack() {
        for len in [0, 1, 20, 21] {
            let hop = unwrap_last(PacketSize::Ack, &vec![7; len]).unwrap();
            assert!(matches!(hop, Hop::Final { delivery, ack: None, .. } if delivery.len() == len));
            let error = unwrap_last(PacketSize::Regular, &vec![4; len]).unwrap_err();
            assert_eq!(error, NodeError::Ack, "{len} bytes");
        }
    }
}
