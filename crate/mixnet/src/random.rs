//! Randomness from the operating system.

use rand_chacha::ChaCha20Rng;
use rand_core::SeedableRng;

/// A generator seeded by the operating system.
///
/// # Errors
/// [`std::io::Error`] if the operating system has no randomness to give.
pub(crate) fn generator() -> std::io::Result<ChaCha20Rng> {
    let mut seed = [0; 32];
    getrandom::fill(&mut seed).map_err(std::io::Error::other)?;
    Ok(ChaCha20Rng::from_seed(seed))
}
