//! The number that two people compare to know that nobody sits between them.

use crate::keys::PublicKeys;

/// What the number is for, so that it is equal to no other hash of the same keys.
const CONTEXT: &str = "sotto 2026-11-22 safety number 1";

/// How often the keys are hashed. Makes each guess of who looks for keys with the same number as
/// many times dearer: 12 bits.
const ROUNDS: u32 = 4096;

/// Groups of digits.
const GROUPS: usize = 12;

/// A number that is the same on both sides: 12 groups of five digits, with a space between. It
/// depends on the public keys alone, not on the gateways, so that it stays when somebody moves.
pub fn safety_number(own: &PublicKeys, theirs: &PublicKeys) -> String {
    let (first, second) = sorted(own.to_bytes(), theirs.to_bytes());
    let keys = [first, second].concat();
    let mut state = blake3::derive_key(CONTEXT, &keys);
    for _ in 1..ROUNDS {
        state = hash(&state, &keys);
    }
    let mut digits = [0; 5 * GROUPS];
    blake3::Hasher::new_keyed(&state)
        .update(&keys)
        .finalize_xof()
        .fill(&mut digits);
    let (groups, _) = digits.as_chunks::<5>();
    let groups: Vec<_> = groups.iter().map(group).collect();
    groups.join(" ")
}

fn sorted<T: Ord>(one: T, other: T) -> (T, T) {
    if one <= other {
        (one, other)
    } else {
        (other, one)
    }
}

/// One more round.
fn hash(state: &[u8; 32], keys: &[u8]) -> [u8; 32] {
    *blake3::keyed_hash(state, keys).as_bytes()
}

/// Five digits from 40 bits, as Signal does it: none is favoured by more than one in ten million.
fn group(bytes: &[u8; 5]) -> String {
    let number = bytes
        .iter()
        .fold(0, |number, byte| number << 8 | u64::from(*byte));
    format!("{:05}", number % 100_000)
}
