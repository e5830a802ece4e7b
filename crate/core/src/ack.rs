//! Acknowledgements: the packet that the recipient's gateway sends back for each of ours
//! (protocol.md 4.5, 4.8).

use crate::address::{NODE_ADDRESS_MAX, NodeAddress};
use crate::crypto::{aes_ctr, random_bytes};
use crate::fragment::FragmentId;
use crate::keys::AckKey;
use crate::packet::{self, BuildError, Journey, PacketSize};
use rand_core::CryptoRng;

/// Bytes of a SURB-ack: the first hop and the ack packet.
pub const SURB_ACK_LEN: usize = NODE_ADDRESS_MAX + PacketSize::Ack.packet_len();

/// Bytes of an ack's plaintext: initialisation vector and encrypted fragment identifier.
pub const ACK_LEN: usize = PacketSize::Ack.plaintext_len();

/// Makes the 405 bytes in front of every packet's plaintext, which the last gateway turns into
/// the packet that comes back to us. `journey` ends at our own gateway, addressed to us.
///
/// # Errors
/// [`BuildError`] if the route does not fit.
pub fn surb_ack(
    rng: &mut impl CryptoRng,
    key: &AckKey,
    what: Acknowledged,
    journey: &Journey,
) -> Result<Vec<u8>, BuildError> {
    let plaintext = seal(rng, key, what);
    let packet = packet::build(rng, journey, PacketSize::Ack, &plaintext)?;
    let first_hop = journey.first_hop().map(|hop: NodeAddress| hop.padded_19());
    Ok([first_hop.unwrap_or_default().as_slice(), &packet].concat())
}

/// What an ack acknowledges.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Acknowledged {
    /// A fragment reached its recipient's gateway.
    Fragment(FragmentId),
    /// Cover traffic went round its loop. The identifier is five zero bytes.
    Cover,
}

/// Encrypts an identifier: 21 bytes that only the owner of `key` can tell from noise.
pub fn seal(rng: &mut impl CryptoRng, key: &AckKey, what: Acknowledged) -> [u8; ACK_LEN] {
    let iv: [u8; 16] = random_bytes(rng);
    let mut identifier = match what {
        Acknowledged::Fragment(id) => id.to_bytes(),
        Acknowledged::Cover => [0; 5],
    };
    aes_ctr(key.as_bytes(), &iv, &mut identifier);
    let mut sealed = [0; ACK_LEN];
    sealed
        .iter_mut()
        .zip(iv.iter().chain(&identifier))
        .for_each(|(s, b)| *s = *b);
    sealed
}

/// Reads a received ack; `None` if it is not one of ours.
pub fn open(key: &AckKey, received: &[u8; ACK_LEN]) -> Option<Acknowledged> {
    let (iv, identifier) = received.split_first_chunk::<16>()?;
    let mut identifier: [u8; 5] = identifier.try_into().ok()?;
    aes_ctr(key.as_bytes(), iv, &mut identifier);
    match identifier {
        [0, 0, 0, 0, 0] => Some(Acknowledged::Cover),
        _ => FragmentId::from_bytes(identifier).map(Acknowledged::Fragment),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fragment::SetId;
    use rand_core::SeedableRng;

    #[test]
    fn an_ack_opens_only_under_its_own_key() {
        let mut rng = crate::ChaCha20Rng::from_seed([4; 32]);
        let key = AckKey::generate(&mut rng);
        let id = FragmentId {
            set: SetId::new(77).unwrap(),
            number: 200,
        };
        for what in [Acknowledged::Fragment(id), Acknowledged::Cover] {
            let sealed = seal(&mut rng, &key, what);
            assert_eq!(open(&key, &sealed), Some(what));
            assert_ne!(open(&AckKey::generate(&mut rng), &sealed), Some(what));
        }
    }
}
