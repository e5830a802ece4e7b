//! What stands where in a conversation. The messages themselves are in the core's stores.

use sotto_core::{client::MessageId, time::Time};

use crate::page::Direction;

/// How many numbers of entries belong to one segment.
pub const SEGMENT_ENTRIES: u32 = 64;

/// Version byte in front of a segment.
const VERSION: u8 = 1;
/// Number, id, time, size, direction.
const ENTRY_BYTES: usize = 4 + 16 + 8 + 4 + 1;

/// The place of one message in a conversation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Entry {
    /// Grows from each entry of a conversation to the next, and never comes again in it.
    pub number: u32,
    /// The message.
    pub id: MessageId,
    /// When it was written or received.
    pub at: Time,
    /// Its body, in bytes.
    pub size: u32,
    /// Which way it went.
    pub direction: Direction,
}

/// The segment in which the entry of that number is.
#[must_use]
pub const fn segment_of(number: u32) -> u32 {
    number / SEGMENT_ENTRIES
}

/// How many received messages come after an entry among these.
#[must_use]
pub fn received_after(entries: &[Entry], entry: &Entry) -> u32 {
    let after = entries.iter().filter(|other| other.number > entry.number);
    let received = after.filter(|other| other.direction == Direction::Received);
    u32::try_from(received.count()).unwrap_or(u32::MAX)
}

/// The record of a segment.
#[must_use]
pub fn write_segment(entries: &[Entry]) -> Vec<u8> {
    let mut bytes = vec![VERSION];
    bytes.extend(write_entries(entries));
    bytes
}

/// Reads the record of a segment; nothing if it is damaged.
#[must_use]
pub fn read_segment(value: &[u8]) -> Option<Vec<Entry>> {
    let (version, entries) = value.split_first()?;
    (*version == VERSION).then(|| read_entries(entries))?
}

pub(super) fn write_entries(entries: &[Entry]) -> Vec<u8> {
    entries.iter().flat_map(write_entry).collect()
}

/// At most one segment of entries, in the order of their numbers.
pub(super) fn read_entries(bytes: &[u8]) -> Option<Vec<Entry>> {
    let (chunks, rest) = bytes.as_chunks::<ENTRY_BYTES>();
    let entries: Vec<Entry> = chunks.iter().map(read_entry).collect::<Option<_>>()?;
    let in_order = entries.is_sorted_by(|one, next| one.number < next.number);
    let few = entries.len() <= SEGMENT_ENTRIES as usize;
    (rest.is_empty() && in_order && few).then_some(entries)
}

fn write_entry(entry: &Entry) -> Vec<u8> {
    let direction = match entry.direction {
        Direction::Sent => 0,
        Direction::Received => 1,
    };
    let mut bytes = Vec::with_capacity(ENTRY_BYTES);
    bytes.extend(entry.number.to_be_bytes());
    bytes.extend(entry.id.0);
    bytes.extend(entry.at.as_millis().to_be_bytes());
    bytes.extend(entry.size.to_be_bytes());
    bytes.push(direction);
    bytes
}

fn read_entry(bytes: &[u8; ENTRY_BYTES]) -> Option<Entry> {
    let (number, rest) = bytes.split_first_chunk()?;
    let (id, rest) = rest.split_first_chunk()?;
    let (at, rest) = rest.split_first_chunk()?;
    let (size, rest) = rest.split_first_chunk()?;
    let direction = match rest {
        [0] => Direction::Sent,
        [1] => Direction::Received,
        _ => return None,
    };
    Some(Entry {
        number: u32::from_be_bytes(*number),
        id: MessageId(*id),
        at: Time::from_millis(u64::from_be_bytes(*at)),
        size: u32::from_be_bytes(*size),
        direction,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(number: u32) -> Entry {
        Entry {
            number,
            id: MessageId([7; 16]),
            at: Time::from_millis(u64::from(number) << 33),
            size: u32::MAX,
            direction: [Direction::Sent, Direction::Received][number as usize % 2],
        }
    }

    #[test]
    fn a_segment_survives_the_store() {
        let entries: Vec<Entry> = (64..128).map(entry).collect();
        assert_eq!(read_segment(&write_segment(&entries)), Some(entries));
        assert_eq!(read_segment(&write_segment(&[])), Some(Vec::new()));
    }

    #[test]
    fn what_is_no_segment_is_not_read_as_one() {
        let good = write_segment(&[entry(1), entry(2)]);
        let unknown = [&[2], &good[1..]].concat();
        let cut = &good[..good.len() - 1];
        let mut direction = good.clone();
        *direction.last_mut().unwrap() = 2;
        let twice = write_segment(&[entry(1), entry(1)]);
        let backwards = write_segment(&[entry(2), entry(1)]);
        let long = write_segment(&(0..65).map(entry).collect::<Vec<_>>());
        for bad in [
            &[],
            &unknown[..],
            cut,
            &direction,
            &twice,
            &backwards,
            &long,
        ] {
            assert_eq!(read_segment(bad), None);
        }
    }
}
