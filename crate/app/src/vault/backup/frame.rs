//! Records one after the other.

use sotto_core::time::Time;
use zeroize::Zeroizing;

use super::super::parse::{take, take_slice, take_u32};

/// The longest name of a store in a backup, in bytes.
pub const MAX_STORE_LEN: usize = 64;
/// The longest key in a backup, in bytes.
pub const MAX_KEY_LEN: usize = 64 * 1024;
/// The longest value in a backup, in bytes: twice the longest message.
pub const MAX_VALUE_LEN: usize = 32 << 20;

const END: u8 = 0;
const RECORD: u8 = 1;

/// One record of a backup, in clear.
#[derive(Clone, PartialEq, Eq)]
pub struct BackupRecord {
    /// The name of its store.
    pub store: String,
    /// Its key.
    pub key: Vec<u8>,
    /// Its value.
    pub value: Vec<u8>,
}

super::super::redacted!(BackupRecord);

/// A record beyond [`MAX_STORE_LEN`], [`MAX_KEY_LEN`] or [`MAX_VALUE_LEN`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("A record in “{0}” is too large for a backup.")]
pub struct RecordTooLarge(pub String);

/// Bytes in clear that are wiped when dropped, also when they had to move for want of space.
#[derive(Default)]
pub(super) struct Clear(Zeroizing<Vec<u8>>);

impl Clear {
    pub(super) fn append(&mut self, bytes: &[u8]) {
        let len = self.0.len() + bytes.len();
        if len > self.0.capacity() {
            let mut larger = Zeroizing::new(Vec::with_capacity(len.next_power_of_two()));
            larger.extend_from_slice(&self.0);
            self.0 = larger;
        }
        self.0.extend_from_slice(bytes);
    }

    pub(super) fn as_slice(&self) -> &[u8] {
        &self.0
    }

    /// Forgets so many bytes at the front.
    pub(super) fn skip(&mut self, count: usize) {
        let count = count.min(self.0.len());
        self.0.drain(..count);
    }

    /// Appends a record.
    pub(super) fn append_record(
        &mut self,
        store: &str,
        key: &[u8],
        value: &[u8],
    ) -> Result<(), RecordTooLarge> {
        let too_large = || RecordTooLarge(store.to_owned());
        if store.len() > MAX_STORE_LEN || key.len() > MAX_KEY_LEN || value.len() > MAX_VALUE_LEN {
            return Err(too_large());
        }
        let store_len = u8::try_from(store.len()).map_err(|_| too_large())?;
        let key_len = u32::try_from(key.len()).map_err(|_| too_large())?;
        let value_len = u32::try_from(value.len()).map_err(|_| too_large())?;
        self.append(&[RECORD, store_len]);
        self.append(&key_len.to_be_bytes());
        self.append(&value_len.to_be_bytes());
        self.append(store.as_bytes());
        self.append(key);
        self.append(value);
        Ok(())
    }

    pub(super) fn append_time(&mut self, time: Time) {
        self.append(&time.as_millis().to_be_bytes());
    }

    /// Appends the end, and fills up to a length.
    pub(super) fn append_end(&mut self, len: usize) {
        self.append(&[END]);
        let missing = len.saturating_sub(self.0.len());
        self.append(&vec![0; missing]);
    }
}

/// The bytes are no sequence of records.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Malformed;

/// Takes records out of bytes that come in pieces.
#[derive(Default)]
pub(super) struct Frames {
    clear: Clear,
    time: Option<Time>,
    ended: bool,
}

/// What stands at the front.
enum Frame {
    Record(BackupRecord),
    End,
    /// Not all of it is there yet.
    Part,
}

impl Frames {
    /// The time of the backup, once it is known.
    pub(super) fn time(&self) -> Option<Time> {
        self.time
    }

    /// Whether the end was seen.
    pub(super) fn has_ended(&self) -> bool {
        self.ended
    }

    /// Adds bytes, and gives the records that are whole now. What follows the end is ignored.
    pub(super) fn push(&mut self, bytes: &[u8]) -> Result<Vec<BackupRecord>, Malformed> {
        self.clear.append(bytes);
        let mut rest = self.clear.as_slice();
        if self.time.is_none() {
            let Some(millis) = take(&mut rest) else {
                return Ok(Vec::new());
            };
            self.time = Some(Time::from_millis(u64::from_be_bytes(millis)));
        }
        let mut records = Vec::new();
        while !self.ended {
            let mut next = rest;
            match frame(&mut next)? {
                Frame::Record(record) => records.push(record),
                Frame::End => self.ended = true,
                Frame::Part => break,
            }
            rest = next;
        }
        let left = if self.ended { 0 } else { rest.len() };
        self.clear.skip(self.clear.as_slice().len() - left);
        Ok(records)
    }
}

fn frame(bytes: &mut &[u8]) -> Result<Frame, Malformed> {
    match take(bytes) {
        Some([END]) => Ok(Frame::End),
        Some([RECORD]) => record(bytes),
        Some(_) => Err(Malformed),
        None => Ok(Frame::Part),
    }
}

fn record(bytes: &mut &[u8]) -> Result<Frame, Malformed> {
    let (Some([store_len]), Some(key_len), Some(value_len)) =
        (take(bytes), take_u32(bytes), take_u32(bytes))
    else {
        return Ok(Frame::Part);
    };
    let store_len = checked(u32::from(store_len), MAX_STORE_LEN)?;
    let key_len = checked(key_len, MAX_KEY_LEN)?;
    let value_len = checked(value_len, MAX_VALUE_LEN)?;
    let (Some(store), Some(key), Some(value)) = (
        take_slice(bytes, store_len),
        take_slice(bytes, key_len),
        take_slice(bytes, value_len),
    ) else {
        return Ok(Frame::Part);
    };
    Ok(Frame::Record(BackupRecord {
        store: String::from_utf8(store.to_vec()).map_err(|_| Malformed)?,
        key: key.to_vec(),
        value: value.to_vec(),
    }))
}

fn checked(len: u32, limit: usize) -> Result<usize, Malformed> {
    usize::try_from(len)
        .ok()
        .filter(|len| *len <= limit)
        .ok_or(Malformed)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The time, and then these bytes.
    fn push(bytes: &[u8]) -> Result<Vec<BackupRecord>, Malformed> {
        Frames::default().push(&[&[0; 8], bytes].concat())
    }

    #[test]
    fn whoever_knows_the_passphrase_can_still_not_make_the_reader_take_too_much() {
        let too_long = u32::MAX.to_be_bytes();
        let none = [0; 4];
        for frame in [
            vec![2],
            vec![255],
            [&[RECORD, 65][..], &none, &none].concat(),
            [&[RECORD, 1][..], &too_long, &none].concat(),
            [&[RECORD, 1][..], &none, &too_long].concat(),
            [&[RECORD, 1][..], &none, &none, &[0xff]].concat(),
        ] {
            assert_eq!(push(&frame), Err(Malformed), "{frame:?}");
        }
    }

    #[test]
    fn records_come_out_the_same_in_whatever_pieces_they_arrive() {
        let mut clear = Clear::default();
        clear.append_time(Time::from_millis(77));
        for (store, key, value) in [
            ("a", &b"k"[..], &b"v"[..]),
            ("", b"", b""),
            ("b", b"", b"x"),
        ] {
            clear.append_record(store, key, value).unwrap();
        }
        clear.append_end(100);
        assert_eq!(clear.as_slice().len(), 100);
        for size in 1..100 {
            let mut frames = Frames::default();
            let records: Vec<_> = clear
                .as_slice()
                .chunks(size)
                .flat_map(|piece| frames.push(piece).unwrap())
                .map(|record| (record.store, record.key, record.value))
                .collect();
            let expected = [("a", "k", "v"), ("", "", ""), ("b", "", "x")]
                .map(|(store, key, value)| (store.into(), key.into(), value.into()));
            assert_eq!(records, expected, "{size}");
            assert_eq!(frames.time(), Some(Time::from_millis(77)));
            assert!(frames.has_ended());
            assert!(frames.clear.as_slice().is_empty());
        }
    }
}
