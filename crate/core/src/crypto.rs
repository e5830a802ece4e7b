//! The symmetric building blocks the protocol names: HKDF over HMAC-BLAKE3, and AES-128-CTR.

use aes::Aes128;
use ctr::cipher::{KeyIvInit, StreamCipher};
use rand_core::CryptoRng;
use zeroize::Zeroizing;

/// HMAC block length of BLAKE3, in bytes.
const HMAC_BLOCK: usize = 64;

/// Bytes of BLAKE3 output, and the most that [`hkdf_blake3`] yields.
const HASH_LEN: usize = 32;

/// HMAC (RFC 2104) with BLAKE3 in plain hashing mode. Not BLAKE3's own keyed mode.
fn hmac_blake3(key: &[u8; HASH_LEN], parts: &[&[u8]]) -> [u8; HASH_LEN] {
    let pad = |byte: u8| {
        let mut block = Zeroizing::new([byte; HMAC_BLOCK]);
        block.iter_mut().zip(key).for_each(|(b, k)| *b ^= k);
        block
    };
    let mut inner = blake3::Hasher::new();
    inner.update(pad(0x36).as_slice());
    for part in parts {
        inner.update(part);
    }
    let mut outer = blake3::Hasher::new();
    outer.update(pad(0x5c).as_slice());
    outer.update(inner.finalize().as_bytes());
    *outer.finalize().as_bytes()
}

/// Derives `N` bytes (at most 32) by HKDF (RFC 5869) over HMAC-BLAKE3 with an empty info string.
///
/// `salt` is zero padded to 32 bytes, which HMAC makes the same as the salt itself; an empty one
/// stands for "no salt". Protocol.md 4.6 (16 bytes) and 8.3 (32 bytes).
pub fn hkdf_blake3<const N: usize>(salt: &[u8], input: &[u8]) -> Zeroizing<[u8; N]> {
    const { assert!(N <= HASH_LEN, "one expand step yields 32 bytes") };
    let mut padded = [0; HASH_LEN];
    padded.iter_mut().zip(salt).for_each(|(p, s)| *p = *s);
    let extracted = Zeroizing::new(hmac_blake3(&padded, &[input]));
    let expanded = Zeroizing::new(hmac_blake3(&extracted, &[&[1]]));
    let mut output = Zeroizing::new([0; N]);
    output
        .iter_mut()
        .zip(expanded.iter())
        .for_each(|(o, e)| *o = *e);
    output
}

/// Applies the AES-128-CTR keystream (big-endian counter starting at `iv`) in place.
/// Encrypting and decrypting are the same.
pub fn aes_ctr(key: &[u8; 16], iv: &[u8; 16], data: &mut [u8]) {
    ctr::Ctr128BE::<Aes128>::new(key.into(), iv.into()).apply_keystream(data);
}

/// The all-zero initialisation vector, used wherever the key is used once (protocol.md 4.6).
pub const ZERO_IV: [u8; 16] = [0; 16];

/// Draws `N` random bytes.
pub fn random_bytes<const N: usize>(rng: &mut impl CryptoRng) -> [u8; N] {
    let mut bytes = [0; N];
    rng.fill_bytes(&mut bytes);
    bytes
}

/// A uniform number in `[0, 1)` with 53 bits of precision.
fn unit_interval(rng: &mut impl CryptoRng) -> f64 {
    #[expect(clippy::cast_precision_loss, reason = "53 bits fit a f64 exactly")]
    let bits = (rng.next_u64() >> 11) as f64;
    bits / 9_007_199_254_740_992.0
}

/// Draws from the exponential distribution with the given mean; zero if the mean is zero.
pub fn exponential(rng: &mut impl CryptoRng, mean: std::time::Duration) -> std::time::Duration {
    mean.mul_f64(-(1.0 - unit_interval(rng)).ln())
}

/// A uniform index below `bound`, or `None` if `bound` is zero.
///
/// Draws 64 bits and rejects the incomplete last stretch, so that no index is favoured.
pub fn random_index(rng: &mut impl CryptoRng, bound: usize) -> Option<usize> {
    let bound = u64::try_from(bound).ok().filter(|b| *b > 0)?;
    let limit = u64::MAX - u64::MAX % bound;
    loop {
        let drawn = rng.next_u64();
        if drawn < limit {
            return usize::try_from(drawn % bound).ok();
        }
    }
}

/// A uniformly drawn member of `items`, or `None` if there are none.
pub fn choose<'a, T>(rng: &mut impl CryptoRng, items: &'a [T]) -> Option<&'a T> {
    random_index(rng, items.len()).and_then(|index| items.get(index))
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand_core::SeedableRng;
    use std::time::Duration;

    #[test]
    fn exponential_draws_have_the_mean_asked_for() {
        let mut rng = crate::ChaCha20Rng::from_seed([7; 32]);
        let mean = Duration::from_millis(15);
        let total: Duration = (0..20_000).map(|_| exponential(&mut rng, mean)).sum();
        let average = total / 20_000;
        assert!(
            (14_500..15_500).contains(&average.as_micros()),
            "{average:?}"
        );
        assert_eq!(exponential(&mut rng, Duration::ZERO), Duration::ZERO);
    }

    #[test]
    fn random_index_reaches_every_index_and_nothing_else() {
        let mut rng = crate::ChaCha20Rng::from_seed([8; 32]);
        let mut seen = [0u32; 5];
        for _ in 0..5000 {
            seen[random_index(&mut rng, 5).unwrap()] += 1;
        }
        assert!(
            seen.iter().all(|count| (800..1200).contains(count)),
            "{seen:?}"
        );
        assert_eq!(random_index(&mut rng, 0), None);
    }
}
