//! Single-use reply blocks: a way back that its holder can use once without learning where it
//! leads (protocol.md 6.2-6.5).

use crate::address::{Address, NodeAddress};
use crate::crypto::random_bytes;
use crate::keys::redacted;
use crate::packet::{BuildError, HEADER_LEN, Journey, KeyRotation, MixPacket, PacketSize};
use rand_core::CryptoRng;
use sphinx_packet::payload::Payload;
use std::fmt;
use zeroize::Zeroizing;

/// Bytes of an explicit payload key, as the first version of SURBs carries them.
const PAYLOAD_KEY_LEN: usize = 192;

/// Bytes of a seed from which nodes derive a payload key.
const SEED_LEN: usize = 16;

/// Hops of a first version SURB, which does not say so itself.
const V1_HOPS: usize = 4;

/// The most hops that a Sphinx header has room for.
const MAX_HOPS: usize = 5;

/// Bytes of a SURB before its payload keys: reply key, header, first hop.
const BASE_LEN: usize = 16 + HEADER_LEN + 32;

/// The AES-128 key under which one reply is encrypted. Known to the SURB's maker and its holder.
/// Wiped from memory when dropped.
#[derive(Clone)]
pub struct ReplyKey(Zeroizing<[u8; 16]>);

redacted!(ReplyKey);

impl ReplyKey {
    /// Takes the 16 secret bytes.
    pub fn from_bytes(bytes: [u8; 16]) -> Self {
        Self(Zeroizing::new(bytes))
    }

    /// The 16 secret bytes.
    pub fn as_bytes(&self) -> &[u8; 16] {
        &self.0
    }

    /// What stands in front of a reply, so that the maker finds the key: BLAKE3 of it.
    pub fn digest(&self) -> [u8; 32] {
        *blake3::hash(self.0.as_slice()).as_bytes()
    }
}

/// What encrypts the payload for each hop, in route order.
#[derive(Clone)]
enum PayloadKeys {
    /// Version 2 of SURBs, Sphinx version 259.
    Seeds(Vec<[u8; SEED_LEN]>),
    /// Version 1 of SURBs, Sphinx version 258.
    Explicit(Vec<[u8; PAYLOAD_KEY_LEN]>),
}

/// A way back that can be used once. Using it consumes it.
#[derive(Clone)]
pub struct Surb {
    key: ReplyKey,
    header: Box<[u8; HEADER_LEN]>,
    first_hop: [u8; 32],
    payload_keys: PayloadKeys,
}

impl fmt::Debug for Surb {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Surb(redacted)")
    }
}

/// Bytes that are no SURB, or no batch of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the SURBs are cut short or damaged")]
pub struct SurbError;

impl Surb {
    /// Makes a SURB that leads along `journey` back to its maker.
    ///
    /// # Errors
    /// [`BuildError`] if the route does not fit a packet.
    pub fn make(rng: &mut impl CryptoRng, journey: &Journey) -> Result<Self, BuildError> {
        let key = ReplyKey::from_bytes(random_bytes(rng));
        let bytes = [key.as_bytes().as_slice(), &journey.surb_bytes(rng)?].concat();
        Self::decode_v2(&bytes).map_err(|error| BuildError::new(&error))
    }

    /// The key that the reply will be encrypted under, for the maker to keep.
    pub const fn reply_key(&self) -> &ReplyKey {
        &self.key
    }

    /// Wraps a reply's whole plaintext into the packet that finds the way back.
    ///
    /// # Errors
    /// [`BuildError`] if the plaintext is longer than the packet size holds, or the first hop is
    /// no address.
    pub fn seal(
        self,
        rotation: KeyRotation,
        size: PacketSize,
        plaintext: &[u8],
    ) -> Result<MixPacket, BuildError> {
        let len = size.payload_len();
        let payload = match &self.payload_keys {
            PayloadKeys::Seeds(seeds) => Payload::encapsulate_message(plaintext, seeds, len),
            PayloadKeys::Explicit(keys) => Payload::encapsulate_message(plaintext, keys, len),
        };
        let payload = payload.map_err(|error| BuildError::new(&error))?;
        let (next_hop, _) =
            NodeAddress::decode(&self.first_hop).map_err(|error| BuildError::new(&error))?;
        let packet = [self.header.as_slice(), payload.as_bytes()].concat();
        Ok(MixPacket {
            rotation,
            next_hop,
            packet,
        })
    }

    /// Key, header, first hop and a seed for each hop: `396 + 16 · hops` bytes. A SURB of
    /// version 1, which has no seeds, cannot be passed on; `None`.
    pub fn encode_v2(&self) -> Option<Vec<u8>> {
        match &self.payload_keys {
            PayloadKeys::Seeds(seeds) => Some(self.encode_with(seeds.as_flattened())),
            PayloadKeys::Explicit(_) => None,
        }
    }

    /// Either version, as it is kept on disk: the version, then the bytes.
    pub fn to_record(&self) -> Vec<u8> {
        let (version, keys) = match &self.payload_keys {
            PayloadKeys::Explicit(keys) => (1, keys.as_flattened()),
            PayloadKeys::Seeds(seeds) => (2, seeds.as_flattened()),
        };
        [&[version], self.encode_with(keys).as_slice()].concat()
    }

    /// Reads what [`Self::to_record`] wrote.
    ///
    /// # Errors
    /// [`SurbError`] if the bytes are damaged.
    pub fn from_record(bytes: &[u8]) -> Result<Self, SurbError> {
        match bytes.split_first() {
            Some((1, bytes)) => Self::decode_v1(bytes),
            Some((2, bytes)) => Self::decode_v2(bytes),
            _ => Err(SurbError),
        }
    }

    fn encode_with(&self, payload_keys: &[u8]) -> Vec<u8> {
        [
            self.key.as_bytes(),
            self.header.as_slice(),
            &self.first_hop,
            payload_keys,
        ]
        .concat()
    }

    fn decode_v1(bytes: &[u8]) -> Result<Self, SurbError> {
        Self::decode(bytes, |keys| {
            Some(PayloadKeys::Explicit(exact_chunks(keys)?))
        })
    }

    fn decode_v2(bytes: &[u8]) -> Result<Self, SurbError> {
        Self::decode(bytes, |keys| Some(PayloadKeys::Seeds(exact_chunks(keys)?)))
    }

    fn decode(
        bytes: &[u8],
        payload_keys: impl Fn(&[u8]) -> Option<PayloadKeys>,
    ) -> Result<Self, SurbError> {
        let (key, rest) = bytes.split_first_chunk().ok_or(SurbError)?;
        let (header, rest) = rest.split_first_chunk().ok_or(SurbError)?;
        let (first_hop, rest) = rest.split_first_chunk().ok_or(SurbError)?;
        NodeAddress::decode(first_hop).map_err(|_| SurbError)?;
        Ok(Self {
            key: ReplyKey::from_bytes(*key),
            header: Box::new(*header),
            first_hop: *first_hop,
            payload_keys: payload_keys(rest).ok_or(SurbError)?,
        })
    }
}

/// Cuts bytes into one to five pieces of `N` without remainder.
fn exact_chunks<const N: usize>(bytes: &[u8]) -> Option<Vec<[u8; N]>> {
    let (chunks, rest) = bytes.as_chunks::<N>();
    let fits = rest.is_empty() && (1..=MAX_HOPS).contains(&chunks.len());
    fits.then(|| chunks.to_vec())
}

/// SURBs that were made for the same key rotation.
#[derive(Clone, Debug, Default)]
pub struct SurbBatch {
    /// The rotation of the nodes' keys they were made for.
    pub rotation: KeyRotation,
    /// The SURBs.
    pub surbs: Vec<Surb>,
}

impl SurbBatch {
    /// Version 2: number (2 bytes), hops, rotation, SURBs. All must have the same number of hops;
    /// those that cannot be passed on are left out.
    pub fn encode_v2(&self) -> Vec<u8> {
        let surbs: Vec<_> = self.surbs.iter().filter_map(Surb::encode_v2).collect();
        let Some(first) = surbs.first() else {
            return vec![0; 4];
        };
        let hops = u8::try_from((first.len() - BASE_LEN) / SEED_LEN).unwrap_or_default();
        let count = u16::try_from(surbs.len()).unwrap_or(u16::MAX);
        let [high, low] = count.to_be_bytes();
        let mut bytes = vec![high, low, hops, self.rotation.to_byte()];
        bytes.extend(surbs.into_iter().take(usize::from(count)).flatten());
        bytes
    }

    /// Reads version 2 from the front of `bytes`; also gives what follows.
    ///
    /// # Errors
    /// [`SurbError`] if the bytes are cut short or damaged.
    pub fn decode_v2(bytes: &[u8]) -> Result<(Self, &[u8]), SurbError> {
        let ([high, low, hops, rotation], rest) = bytes.split_first_chunk().ok_or(SurbError)?;
        let rotation = KeyRotation::from_byte(*rotation).ok_or(SurbError)?;
        let count = usize::from(u16::from_be_bytes([*high, *low]));
        let len = BASE_LEN + SEED_LEN * usize::from(*hops);
        Self::decode(rotation, count, len, rest, Surb::decode_v2)
    }

    /// Reads version 1 from the front of `bytes`; also gives what follows.
    ///
    /// # Errors
    /// [`SurbError`] if the bytes are cut short or damaged.
    pub fn decode_v1(bytes: &[u8]) -> Result<(Self, &[u8]), SurbError> {
        let (count, rest) = bytes.split_first_chunk().ok_or(SurbError)?;
        let count = usize::try_from(u32::from_be_bytes(*count)).map_err(|_| SurbError)?;
        let len = BASE_LEN + V1_HOPS * PAYLOAD_KEY_LEN;
        Self::decode(KeyRotation::Unknown, count, len, rest, Surb::decode_v1)
    }

    fn decode(
        rotation: KeyRotation,
        count: usize,
        len: usize,
        bytes: &[u8],
        decode: impl Fn(&[u8]) -> Result<Surb, SurbError>,
    ) -> Result<(Self, &[u8]), SurbError> {
        let end = count.checked_mul(len).ok_or(SurbError)?;
        let (surbs, rest) = bytes.split_at_checked(end).ok_or(SurbError)?;
        let surbs = surbs
            .chunks_exact(len)
            .map(decode)
            .collect::<Result<_, _>>()?;
        Ok((Self { rotation, surbs }, rest))
    }
}

/// A request for more SURBs, as the holder of the last few sends it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SurbRequest {
    /// Where to send them: the holder's own address, which the maker knows.
    pub to: Address,
    /// How many.
    pub amount: u32,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::keys::{EncryptionSecret, SigningKey};
    use crate::node::{self, Hop as NodeHop};
    use crate::packet::Hop;
    use rand_core::SeedableRng;
    use std::time::Duration;

    struct Fixture {
        rng: crate::ChaCha20Rng,
        secrets: Vec<EncryptionSecret>,
        journey: Journey,
    }

    fn fixture() -> Fixture {
        let mut rng = crate::ChaCha20Rng::from_seed([11; 32]);
        let secrets: Vec<_> = (0..4)
            .map(|_| EncryptionSecret::generate(&mut rng))
            .collect();
        let hop = |(port, secret): (u16, &EncryptionSecret)| Hop {
            address: NodeAddress(([127, 0, 0, 1], port).into()),
            key: secret.public_key(),
        };
        let route: Vec<_> = (1789..).zip(&secrets).map(hop).collect();
        let destination = SigningKey::generate(&mut rng).identity_key();
        let journey = Journey::draw(&mut rng, &route, destination, Duration::from_millis(1));
        Fixture {
            rng,
            secrets,
            journey,
        }
    }

    #[test]
    fn a_surb_leads_back_after_a_round_through_bytes_and_disk() {
        let Fixture {
            mut rng,
            secrets,
            journey,
        } = fixture();
        let surb = Surb::make(&mut rng, &journey).unwrap();
        let batch = SurbBatch {
            rotation: KeyRotation::Odd,
            surbs: vec![surb.clone()],
        };
        let bytes = batch.encode_v2();
        assert_eq!(bytes.len(), 4 + 460);
        let (mut read, rest) = SurbBatch::decode_v2(&bytes).unwrap();
        assert!(rest.is_empty());
        let surb = Surb::from_record(&read.surbs.pop().unwrap().to_record()).unwrap();
        let sealed = surb.seal(read.rotation, PacketSize::Ack, &[6; 21]).unwrap();
        assert_eq!(sealed.rotation, KeyRotation::Odd);
        let mut packet = sealed.packet;
        for secret in &secrets {
            match node::unwrap(&packet, secret).unwrap().hop {
                NodeHop::Forward { packet: inner, .. } => packet = inner,
                NodeHop::Final { delivery, .. } => packet = delivery,
            }
        }
        assert_eq!(packet, [6; 21]);
    }

    #[test]
    fn debug_shows_nothing_of_a_surb() {
        let Fixture {
            mut rng, journey, ..
        } = fixture();
        let surb = Surb::make(&mut rng, &journey).unwrap();
        assert_eq!(
            format!("{surb:?} {:?}", surb.reply_key()),
            "Surb(redacted) ReplyKey(redacted)"
        );
    }

    #[test]
    fn damaged_records_are_refused() {
        let Fixture {
            mut rng, journey, ..
        } = fixture();
        let record = Surb::make(&mut rng, &journey).unwrap().to_record();
        for len in (0..record.len()).filter(|len| (*len < 413) || (len - 397) % 16 != 0) {
            assert!(Surb::from_record(&record[..len]).is_err(), "{len} bytes");
        }
        assert!(Surb::from_record(&[&[3], &record[1..]].concat()).is_err());
    }

    /// A SURB of the first version: the same, with four keys of 192 bytes in place of seeds.
    fn first_version() -> Vec<u8> {
        let Fixture {
            mut rng, journey, ..
        } = fixture();
        let second = Surb::make(&mut rng, &journey).unwrap().encode_v2().unwrap();
        [&second[..BASE_LEN], &[6; V1_HOPS * PAYLOAD_KEY_LEN]].concat()
    }

    #[test]
    fn surbs_of_the_first_version_are_used_and_kept_and_not_passed_on() {
        let first = first_version();
        let bytes = [&[0, 0, 0, 2], first.as_slice(), &first, b"rest"].concat();
        let (batch, rest) = SurbBatch::decode_v1(&bytes).unwrap();
        assert_eq!((batch.surbs.len(), rest), (2, &b"rest"[..]));
        assert_eq!(batch.rotation, KeyRotation::Unknown);
        assert_eq!(batch.encode_v2(), [0; 4]);
        let surb = &batch.surbs[0];
        assert!(surb.encode_v2().is_none());
        let record = surb.to_record();
        assert_eq!(record[1..], first);
        let read = Surb::from_record(&record).unwrap();
        assert_eq!(read.to_record(), record);
        let sealed = read
            .seal(batch.rotation, PacketSize::Ack, &[6; 21])
            .unwrap();
        assert_eq!(sealed.packet.len(), PacketSize::Ack.packet_len());
        assert_eq!(sealed.next_hop, NodeAddress(([127, 0, 0, 1], 1789).into()));
    }

    #[test]
    fn a_plaintext_that_does_not_fit_is_refused() {
        let surb = Surb::from_record(&[&[1], &*first_version()].concat()).unwrap();
        let sealed = surb.seal(KeyRotation::Odd, PacketSize::Ack, &[6; 22]);
        assert!(sealed.is_err());
    }

    #[test]
    fn a_reply_key_is_named_by_its_hash() {
        let key = ReplyKey::from_bytes([7; 16]);
        assert_eq!(key.digest(), *blake3::hash(&[7; 16]).as_bytes());
        assert_eq!(key.as_bytes(), &[7; 16]);
    }
}
