//! One fragment and the seven or ten bytes in front of it (protocol.md 4.4).

use super::{FragmentId, MAX_SET, SetId};
use std::fmt;

/// Bytes of the header of a fragment that links to no other set.
pub(super) const UNLINKED_HEADER: usize = 7;

/// Bytes of the header of a fragment that links to another set.
pub(super) const LINKED_HEADER: usize = 10;

/// A piece of a message. Only a decoded or a split-off fragment exists, so its numbers agree.
#[derive(Clone, PartialEq, Eq)]
pub struct Fragment {
    pub(super) id: FragmentId,
    pub(super) total: u8,
    pub(super) link: Option<SetId>,
    pub(super) payload: Vec<u8>,
}

impl fmt::Debug for Fragment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            id,
            total,
            link,
            payload,
        } = self;
        let (number, len) = (id.number, payload.len());
        write!(
            f,
            "Fragment({:?}, {number} of {total}, {link:?}, {len} bytes)",
            id.set
        )
    }
}

/// Why bytes are no fragment. As fragments carry no MAC, a packet that was not meant for us
/// shows itself like this.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FragmentError {
    /// The header is cut short or there is nothing behind it.
    #[error("the fragment is cut short")]
    TooShort,
    /// The set id is zero or its flag is missing.
    #[error("the fragment has an invalid set id")]
    SetId,
    /// The number is zero or above the total.
    #[error("the fragment has number {number} of {total}")]
    Number {
        /// The place that the fragment claims.
        number: u8,
        /// The number of fragments that the set claims to have.
        total: u8,
    },
    /// The link is zero, to the own set, or in a place where no link may be.
    #[error("the fragment has an invalid link")]
    Link,
}

impl Fragment {
    /// The fragment's name.
    pub const fn id(&self) -> FragmentId {
        self.id
    }

    /// Fragments in the whole set.
    pub const fn total(&self) -> u8 {
        self.total
    }

    /// The piece of the padded message.
    pub fn payload(&self) -> &[u8] {
        &self.payload
    }

    /// The set that comes before this fragment's, if this is the first fragment of a later set.
    pub fn previous(&self) -> Option<SetId> {
        self.link.filter(|_| self.id.number == 1)
    }

    /// The set that comes after this fragment's, if this is the last fragment of a full set.
    pub fn next(&self) -> Option<SetId> {
        self.link.filter(|_| self.id.number == MAX_SET)
    }

    /// Writes header and payload.
    pub fn encode(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(LINKED_HEADER + self.payload.len());
        bytes.extend_from_slice(&self.id.set.to_flagged_bytes());
        bytes.extend_from_slice(&[self.total, self.id.number]);
        match self.link {
            None => bytes.push(0),
            Some(link) => bytes.extend_from_slice(&link.to_flagged_bytes()),
        }
        bytes.extend_from_slice(&self.payload);
        bytes
    }

    /// Reads a fragment.
    ///
    /// # Errors
    /// [`FragmentError`] says what is wrong.
    pub fn decode(bytes: &[u8]) -> Result<Self, FragmentError> {
        let (set, rest) = bytes.split_first_chunk().ok_or(FragmentError::TooShort)?;
        let ([total, number], rest) = rest.split_first_chunk().ok_or(FragmentError::TooShort)?;
        let set = SetId::from_flagged_bytes(*set).ok_or(FragmentError::SetId)?;
        let (total, number) = (*total, *number);
        if number == 0 || number > total {
            return Err(FragmentError::Number { number, total });
        }
        let (link, payload) = decode_link(rest)?;
        let fragment = Self {
            id: FragmentId { set, number },
            total,
            link,
            payload: payload.to_vec(),
        };
        fragment.check()
    }

    fn check(self) -> Result<Self, FragmentError> {
        let may_link = self.id.number == 1 || (self.id.number, self.total) == (MAX_SET, MAX_SET);
        if self
            .link
            .is_some_and(|link| link == self.id.set || !may_link)
        {
            return Err(FragmentError::Link);
        }
        if self.payload.is_empty() {
            return Err(FragmentError::TooShort);
        }
        Ok(self)
    }
}

/// Reads the link, one zero byte or four bytes with the top bit set.
fn decode_link(bytes: &[u8]) -> Result<(Option<SetId>, &[u8]), FragmentError> {
    match bytes.split_first() {
        None => Err(FragmentError::TooShort),
        Some((0, payload)) => Ok((None, payload)),
        Some(_) => {
            let (link, payload) = bytes.split_first_chunk().ok_or(FragmentError::TooShort)?;
            let link = SetId::from_flagged_bytes(*link).ok_or(FragmentError::Link)?;
            Ok((Some(link), payload))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn malformed_headers_are_named() {
        let cases: [(&[u8], FragmentError); 10] = [
            (&[], FragmentError::TooShort),
            (&[0x80, 0, 0, 1, 1, 1], FragmentError::TooShort),
            (&[0x80, 0, 0, 1, 1, 1, 0], FragmentError::TooShort),
            (&[0x80, 0, 0, 1, 1, 1, 0x80, 0], FragmentError::TooShort),
            (&[0x00, 0, 0, 1, 1, 1, 0, 9], FragmentError::SetId),
            (&[0x80, 0, 0, 0, 1, 1, 0, 9], FragmentError::SetId),
            (
                &[0x80, 0, 0, 1, 1, 2, 0, 9],
                FragmentError::Number {
                    number: 2,
                    total: 1,
                },
            ),
            (
                &[0x80, 0, 0, 1, 1, 0, 0, 9],
                FragmentError::Number {
                    number: 0,
                    total: 1,
                },
            ),
            (
                &[0x80, 0, 0, 1, 3, 2, 0x80, 0, 0, 2, 9],
                FragmentError::Link,
            ),
            (
                &[0x80, 0, 0, 1, 3, 1, 0x80, 0, 0, 1, 9],
                FragmentError::Link,
            ),
        ];
        for (bytes, error) in cases {
            assert_eq!(Fragment::decode(bytes), Err(error), "{bytes:x?}");
        }
    }

    #[test]
    fn links_belong_to_the_ends_of_a_set() {
        let fragment = |number, total| Fragment {
            id: FragmentId {
                set: SetId::new(1).unwrap(),
                number,
            },
            total,
            link: SetId::new(2),
            payload: vec![1],
        };
        let first = Fragment::decode(&fragment(1, 3).encode()).unwrap();
        assert_eq!((first.previous(), first.next()), (SetId::new(2), None));
        let last = Fragment::decode(&fragment(255, 255).encode()).unwrap();
        assert_eq!((last.previous(), last.next()), (None, SetId::new(2)));
        assert_eq!(
            Fragment::decode(&fragment(254, 254).encode()),
            Err(FragmentError::Link)
        );
    }
}
