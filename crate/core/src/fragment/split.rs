//! How a message is cut (protocol.md 4.2-4.4).

use super::header::{Fragment, LINKED_HEADER, UNLINKED_HEADER};
use super::{CIPHER_OVERHEAD, FragmentId, MAX_SET, SetId};
use crate::ack::SURB_ACK_LEN;
use crate::packet::PacketSize;

/// Marks the end of a message within its padding.
const END_MARK: u8 = 1;

/// Bytes of an encoded fragment in a packet of this size: 1,611 in a regular one. Zero for acks,
/// which carry none.
pub const fn fragment_len(size: PacketSize) -> usize {
    size.plaintext_len()
        .saturating_sub(SURB_ACK_LEN + CIPHER_OVERHEAD)
}

/// Set ids that do not fit the message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SplitError {
    /// Acks carry no fragments.
    #[error("packets of the ack size carry no fragments")]
    Size,
    /// The message needs another number of sets.
    #[error("the message needs {needed} sets, {given} were given")]
    Sets {
        /// Sets that the message fills.
        needed: usize,
        /// Ids that were handed in.
        given: usize,
    },
}

/// A plan of how a message is cut: which bytes stand in which fragment. Holds no copy of the
/// message, so that fragments are made when they are sent, and made again when sent again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Split {
    sets: Vec<SetId>,
    message_len: usize,
    count: usize,
    unlinked: usize,
}

/// Bytes that the first or last of several sets holds, and one in between.
const fn set_capacities(unlinked: usize) -> (usize, usize) {
    let gap = LINKED_HEADER - UNLINKED_HEADER;
    let full = MAX_SET as usize * unlinked;
    (full - gap, full - 2 * gap)
}

impl Split {
    /// Sets that a message of `message_len` bytes fills in packets of this size. None in packets
    /// of the ack size, which carry no fragments.
    pub const fn sets_needed(message_len: usize, size: PacketSize) -> usize {
        let unlinked = fragment_len(size).saturating_sub(UNLINKED_HEADER);
        if unlinked == 0 {
            return 0;
        }
        let len = message_len + 1;
        let (outer, inner) = set_capacities(unlinked);
        if len <= MAX_SET as usize * unlinked {
            1
        } else if len <= 2 * outer {
            2
        } else {
            (len - 2 * outer).div_ceil(inner) + 2
        }
    }

    /// Plans a message of `message_len` bytes (type byte included) in the given sets.
    ///
    /// # Errors
    /// [`SplitError`] if the number of sets is not [`Self::sets_needed`].
    pub fn new(message_len: usize, size: PacketSize, sets: Vec<SetId>) -> Result<Self, SplitError> {
        if size == PacketSize::Ack {
            return Err(SplitError::Size);
        }
        let needed = Self::sets_needed(message_len, size);
        if sets.len() != needed {
            return Err(SplitError::Sets {
                needed,
                given: sets.len(),
            });
        }
        let unlinked = fragment_len(size) - UNLINKED_HEADER;
        let mut split = Self {
            sets,
            message_len,
            count: 0,
            unlinked,
        };
        let before_last = split.set_start(needed - 1);
        let rest = message_len + 1 - before_last;
        // A linked first fragment holds three bytes less, which the others make up for.
        let shortfall = if needed > 1 {
            LINKED_HEADER - UNLINKED_HEADER
        } else {
            0
        };
        let in_last = (rest + shortfall).div_ceil(unlinked);
        split.count = (needed - 1) * usize::from(MAX_SET) + in_last;
        Ok(split)
    }

    /// Fragments, and so packets, that the message takes.
    pub const fn count(&self) -> usize {
        self.count
    }

    /// The sets, in order.
    pub fn sets(&self) -> &[SetId] {
        &self.sets
    }

    /// The name of the fragment at `index`, counted from 0 over all sets.
    pub fn id(&self, index: usize) -> Option<FragmentId> {
        let set = *self.sets.get(index / usize::from(MAX_SET))?;
        let number = u8::try_from(index % usize::from(MAX_SET) + 1).ok()?;
        (index < self.count).then_some(FragmentId { set, number })
    }

    /// Makes the fragment at `index` of `message`, the same each time.
    pub fn fragment(&self, message: &[u8], index: usize) -> Option<Fragment> {
        let id = self.id(index)?;
        let set = index / usize::from(MAX_SET);
        let link = self.link(set, id.number);
        let header = if link.is_some() {
            LINKED_HEADER
        } else {
            UNLINKED_HEADER
        };
        let len = self.unlinked + UNLINKED_HEADER - header;
        let payload = self.padded(message, self.start(set, id.number), len);
        Some(Fragment {
            id,
            total: self.set_total(set),
            link,
            payload,
        })
    }

    /// Where the set's bytes begin in the padded message.
    const fn set_start(&self, set: usize) -> usize {
        let (outer, inner) = set_capacities(self.unlinked);
        match set {
            0 => 0,
            later => outer + (later - 1) * inner,
        }
    }

    /// Where the fragment's bytes begin in the padded message.
    fn start(&self, set: usize, number: u8) -> usize {
        let before = usize::from(number) - 1;
        let linked_first = set > 0 && before > 0;
        let shortfall = if linked_first {
            LINKED_HEADER - UNLINKED_HEADER
        } else {
            0
        };
        self.set_start(set) + before * self.unlinked - shortfall
    }

    fn set_total(&self, set: usize) -> u8 {
        let left = self.count - set * usize::from(MAX_SET);
        u8::try_from(left).unwrap_or(MAX_SET)
    }

    fn link(&self, set: usize, number: u8) -> Option<SetId> {
        match number {
            1 => set
                .checked_sub(1)
                .and_then(|previous| self.sets.get(previous)),
            MAX_SET => self.sets.get(set + 1),
            _ => None,
        }
        .copied()
    }

    /// `len` bytes of the padded message: the message, one end mark, zeros.
    fn padded(&self, message: &[u8], start: usize, len: usize) -> Vec<u8> {
        let from_message = message.get(start..).unwrap_or_default();
        let mut bytes: Vec<u8> = from_message.iter().take(len).copied().collect();
        if bytes.len() < len && start + bytes.len() == self.message_len {
            bytes.push(END_MARK);
        }
        bytes.resize(len, 0);
        bytes
    }
}

/// Cuts the padding off; `None` if there is no end mark.
pub(super) fn unpad(mut padded: Vec<u8>) -> Option<Vec<u8>> {
    let end = padded.iter().rposition(|byte| *byte == END_MARK)?;
    padded.truncate(end);
    Some(padded)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn split(len: usize) -> Split {
        let sets = Split::sets_needed(len, PacketSize::Regular);
        let ids = (1..).map_while(SetId::new).take(sets).collect();
        Split::new(len, PacketSize::Regular, ids).unwrap()
    }

    #[test]
    fn counts_are_those_of_the_fact_sheet_at_every_border() {
        assert_eq!(fragment_len(PacketSize::Regular), 1611);
        let table = [
            (0, 1),
            (1603, 1),
            (1604, 2),
            (409_019, 255),
            (409_020, 256),
            (818_033, 510),
            (818_034, 511),
        ];
        for (len, count) in table {
            assert_eq!(split(len).count(), count, "{len} bytes");
        }
    }

    #[test]
    fn packets_of_the_ack_size_hold_no_message() {
        assert_eq!(Split::sets_needed(5, PacketSize::Ack), 0);
        let refused = Split::new(5, PacketSize::Ack, Vec::new());
        assert_eq!(refused, Err(SplitError::Size));
    }

    #[test]
    fn fragments_hold_every_byte_once_and_are_always_full() {
        for len in [
            0, 1, 1603, 1604, 409_019, 409_020, 410_000, 818_034, 1_300_000,
        ] {
            let message: Vec<u8> = (0..len).map(|i| (i % 251) as u8 + 2).collect();
            let split = split(len);
            let mut padded = Vec::new();
            for index in 0..split.count() {
                let fragment = split.fragment(&message, index).unwrap();
                assert_eq!(
                    fragment.encode().len(),
                    1611,
                    "fragment {index} of {len} bytes"
                );
                padded.extend_from_slice(fragment.payload());
            }
            assert_eq!(unpad(padded), Some(message), "{len} bytes");
            assert_eq!(split.fragment(&[], split.count()), None);
        }
    }
}
