//! What is read from disk, which may be damaged.

use crate::source::{Source, rng};
use sotto_core::client::{Client, Config, Output, ReceivedMessage, Record, SentMessage, Store};
use sotto_core::keys::ClientKeys;
use sotto_core::time::Time;
use std::collections::BTreeMap;

/// By store and name.
type Disk = BTreeMap<(Store, Vec<u8>), Vec<u8>>;

const NOW: Time = Time::from_millis(1_767_225_600_000);

pub(crate) fn run(data: &[u8]) -> bool {
    let mut source = Source::new(data);
    if source.byte().is_multiple_of(2) {
        alone(source.rest())
    } else {
        disk(source)
    }
}

/// One value, taken for each kind.
fn alone(data: &[u8]) -> bool {
    let sent = SentMessage::from_record(&[1; 16], data);
    if let Some(message) = &sent {
        assert_eq!(message.to_record(), data);
    }
    let received = ReceivedMessage::from_record(&[1; 16], data);
    if let Some(message) = &received {
        assert_eq!(message.to_record(), data);
    }
    let keys = ClientKeys::from_bytes(data);
    if let Ok(keys) = &keys {
        assert_eq!(*keys.to_bytes(), data);
    }
    sent.is_some() || received.is_some() || keys.is_ok()
}

/// A client starts from any records. What is damaged is gone after the first commit: the next
/// start finds nothing wrong.
fn disk(mut source: Source<'_>) -> bool {
    let mut disk = Disk::new();
    while !source.is_empty() {
        let store = Store::LOADED[usize::from(source.byte()) % Store::LOADED.len()];
        let key = source.short_bytes().to_vec();
        let len = usize::from(source.number());
        disk.insert((store, key), source.bytes(len).to_vec());
    }
    let records = disk.len();
    let Some(first) = start(&mut disk) else {
        return false;
    };
    let again = start(&mut disk).unwrap();
    assert_eq!(again, 0, "damaged records were not removed");
    usize::try_from(first).unwrap() < records
}

/// Starts a client and carries out its commits; the number of damaged records, or `None` if the
/// identity is.
fn start(disk: &mut Disk) -> Option<u64> {
    let records = disk.iter().map(|((store, key), value)| Record {
        store: *store,
        key: key.clone(),
        value: value.clone(),
    });
    let mut client = Client::new(Config::default(), records.collect(), rng(), NOW).ok()?;
    let mut outputs = 0;
    while let Some(output) = client.poll() {
        outputs += 1;
        assert!(outputs < 10_000, "a start never ends");
        if let Output::Commit(commit) = output {
            for change in commit.changes {
                let key = (change.store, change.key);
                match change.value {
                    Some(value) => disk.insert(key, value),
                    None => disk.remove(&key),
                };
            }
        }
    }
    Some(client.statistics().damaged_records)
}
