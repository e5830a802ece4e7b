//! Fragments, and messages put together from them.

use crate::source::Source;
use sotto_core::fragment::{
    Arrival, Complete, Fragment, FragmentId, MAX_HELD_BYTES, Reassembly, Seen, SetId, Split,
};
use sotto_core::packet::PacketSize;
use sotto_core::time::Time;
use std::time::Duration;

/// The most fragments that one input makes.
const MOST: usize = 4096;

pub(crate) fn run(data: &[u8]) -> bool {
    let mut source = Source::new(data);
    match source.byte() % 3 {
        0 => one(source.rest()),
        1 => Receiver::default().many(source),
        _ => whole_message(source),
    }
}

fn one(data: &[u8]) -> bool {
    let id = <[u8; 5]>::try_from(data).map(FragmentId::from_bytes);
    if let Ok(Some(id)) = id {
        assert_eq!(id.to_bytes(), data);
        return true;
    }
    let Ok(fragment) = Fragment::decode(data) else {
        return false;
    };
    assert_eq!(fragment.encode(), data);
    assert!(fragment.id().number <= fragment.total() && !fragment.payload().is_empty());
    true
}

/// An encoded fragment, good or not.
fn encoded(set: u8, total: u8, number: u8, link: u8, payload: &[u8]) -> Vec<u8> {
    let mut bytes = vec![0x80, 0, 0, set, total, number];
    match link {
        0 => bytes.push(0),
        other => bytes.extend([0x80, 0, 0, other]),
    }
    bytes.extend(payload);
    bytes
}

/// What a client keeps of strangers' fragments.
#[derive(Default)]
struct Receiver {
    reassembly: Reassembly,
    seen: Seen,
    now: u64,
    fragments: usize,
    whole: bool,
}

impl Receiver {
    /// Fragments of few sets with any numbers, links and contents, in any order.
    fn many(mut self, mut source: Source<'_>) -> bool {
        while !source.is_empty() && self.fragments < MOST {
            let [command, set, total, number, link] = source.array();
            match command % 4 {
                0 => self.take(&encoded(set % 8, total, number, link % 8, &[command])),
                1 => {
                    let payload = source.short_bytes();
                    self.take(&encoded(set % 8, total, number, link % 8, payload));
                }
                2 => self.take_run(set % 8, total, number, link),
                _ => self.pass_time(u64::from(total) * 1000),
            }
        }
        self.pass_time(100_000_000);
        assert_eq!(self.reassembly.held_bytes(), 0, "nothing stays for ever");
        self.whole
    }

    /// A whole run of numbers, linked where links may be.
    fn take_run(&mut self, set: u8, total: u8, from: u8, links: u8) {
        for number in from..=total {
            let link = match number {
                1 => links % 8,
                255 => links / 8 % 8,
                _ => 0,
            };
            self.take(&encoded(set, total, number, link, &[1]));
        }
    }

    fn time(&self) -> Time {
        Time::from_millis(self.now)
    }

    fn pass_time(&mut self, millis: u64) {
        self.now += millis;
        let now = self.time();
        self.reassembly.sweep(now, Duration::from_secs(60));
        self.seen.sweep(now);
    }

    fn take(&mut self, bytes: &[u8]) {
        self.fragments += 1;
        let Ok(fragment) = Fragment::decode(bytes) else {
            return;
        };
        if self.seen.contains(&fragment) {
            return;
        }
        let before = self.reassembly.held_bytes();
        match self.reassembly.insert(self.time(), fragment) {
            Arrival::Held => assert!(self.reassembly.held_bytes() > before),
            Arrival::Duplicate => assert_eq!(self.reassembly.held_bytes(), before),
            Arrival::Refused { gone, .. } => {
                // At most the fragment that was not held yet is among them.
                assert!(gone.len() <= MOST);
            }
            Arrival::Complete(complete) => self.complete(&complete),
        }
        self.reassembly.make_room(self.time());
        assert!(self.reassembly.held_bytes() <= MAX_HELD_BYTES);
    }

    /// The message is in its fragments, and these are known from now on.
    fn complete(&mut self, complete: &Complete) {
        let pieces: Vec<u8> = complete
            .fragments
            .iter()
            .flat_map(|fragment| fragment.payload().iter().copied())
            .collect();
        let (message, padding) = pieces.split_at(complete.message.len());
        assert_eq!(message, complete.message);
        // What ends a message is the last mark; what follows it is nobody's.
        assert_eq!(padding.first(), Some(&1));
        assert!(!padding[1..].contains(&1));
        for (set, record) in Seen::records(self.time(), &complete.fragments) {
            assert!(self.seen.insert(set, &record));
        }
        assert!(complete.fragments.iter().all(|f| self.seen.contains(f)));
        self.whole = true;
    }
}

/// A message of any length comes out as it went in, in whatever order its pieces come.
fn whole_message(mut source: Source<'_>) -> bool {
    let len = usize::from(source.number()) * usize::from(source.byte() % 16 + 1);
    let size = PacketSize::ALL[usize::from(source.byte()) % 5];
    let message: Vec<u8> = (0..len).map(|i| (i % 251) as u8).collect();
    let ids = (1..)
        .map_while(SetId::new)
        .take(Split::sets_needed(len, size))
        .collect();
    let Ok(split) = Split::new(len, size, ids) else {
        return false;
    };
    let mut pieces: Vec<_> = (0..split.count())
        .map(|index| split.fragment(&message, index).unwrap())
        .collect();
    let count = pieces.len();
    while !source.is_empty() {
        let (a, b) = (source.number(), source.number());
        pieces.swap(usize::from(a) % count, usize::from(b) % count);
    }
    let mut reassembly = Reassembly::default();
    let last = pieces.pop().unwrap();
    for piece in pieces {
        let read = Fragment::decode(&piece.encode()).unwrap();
        assert_eq!(reassembly.insert(Time::default(), read), Arrival::Held);
    }
    let Arrival::Complete(complete) = reassembly.insert(Time::default(), last) else {
        panic!("the message is not whole");
    };
    assert_eq!(complete.message, message);
    true
}
