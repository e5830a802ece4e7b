//! What cutting a message into fragments costs, and putting it together again. No cryptography.

#![allow(
    missing_docs,
    clippy::unwrap_used,
    reason = "a bench that panics has failed"
)]

use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};
use sotto_core::fragment::{Arrival, Fragment, Reassembly, SetId, Split};
use sotto_core::message::NymMessage;
use sotto_core::packet::PacketSize;
use sotto_core::time::Time;
use std::hint::black_box;

const MEGABYTE: usize = 1_000_000;
const NOW: Time = Time::from_millis(1_767_225_600_000);

fn split(message: &[u8]) -> Vec<Fragment> {
    let sets = Split::sets_needed(message.len(), PacketSize::Regular);
    let ids = (1..).map_while(SetId::new).take(sets).collect();
    let split = Split::new(message.len(), PacketSize::Regular, ids).unwrap();
    (0..split.count())
        .map(|index| split.fragment(message, index).unwrap())
        .collect()
}

fn reassemble(fragments: Vec<Fragment>) -> Vec<u8> {
    let mut reassembly = Reassembly::default();
    for fragment in fragments {
        if let Arrival::Complete(complete) = reassembly.insert(NOW, fragment) {
            return complete.message;
        }
    }
    Vec::new()
}

fn message(c: &mut Criterion) {
    let message = NymMessage::encode_plain(&vec![7; MEGABYTE]);
    let fragments = split(&message);
    assert!(reassemble(fragments.clone()) == message);

    let mut group = c.benchmark_group("1 MB");
    group.throughput(Throughput::Bytes(MEGABYTE as u64));
    group.bench_function("split", |b| b.iter(|| split(black_box(&message))));
    group.bench_function("reassembled", |b| {
        b.iter_batched(|| fragments.clone(), reassemble, BatchSize::LargeInput);
    });
    group.finish();
}

criterion_group!(benches, message);
criterion_main!(benches);
