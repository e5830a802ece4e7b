//! Messages from anonymous senders (protocol.md 6.1-6.3).

use super::NymMessage;
use std::fmt;

/// Bytes of a version 1 SURB, with four explicit payload keys.
const SURB_V1_LEN: usize = 1164;

/// Bytes of a version 2 SURB without its key seeds, and of one seed.
const SURB_V2_BASE: usize = 396;
const SURB_V2_SEED: usize = 16;

/// Sixteen random bytes by which an anonymous sender lets itself be recognised.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SenderTag(pub [u8; 16]);

impl fmt::Display for SenderTag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&bs58::encode(self.0).into_string())
    }
}

impl fmt::Debug for SenderTag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// Reads what follows the type byte, versions 1 and 2. The SURBs are stepped over.
pub(super) fn decode(bytes: &[u8]) -> Option<NymMessage> {
    let (tag, rest) = bytes.split_first_chunk()?;
    let (kind, rest) = rest.split_first()?;
    let (surbs_len, rest) = match kind {
        0..=2 => {
            let (count, rest) = rest.split_first_chunk()?;
            (
                usize::try_from(u32::from_be_bytes(*count))
                    .ok()?
                    .checked_mul(SURB_V1_LEN)?,
                rest,
            )
        }
        3..=5 => {
            let ([high, low, hops, _rotation], rest) = rest.split_first_chunk()?;
            let count = usize::from(u16::from_be_bytes([*high, *low]));
            (
                count * (SURB_V2_BASE + SURB_V2_SEED * usize::from(*hops)),
                rest,
            )
        }
        _ => return None,
    };
    let body = rest.get(surbs_len..)?;
    let body = matches!(kind, 0 | 3).then(|| body.to_vec());
    Some(NymMessage::Repliable {
        tag: SenderTag(*tag),
        body,
    })
}
