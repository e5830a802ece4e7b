//! What long conversations cost: the start, a message more, a page of messages.

#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a bench that panics has failed"
)]

#[path = "../tests/common/mod.rs"]
mod common;

use std::time::Duration;

use common::{Disk, PAGE, POPUP, World, address, send_request, sender};
use criterion::{BatchSize, Criterion, criterion_group, criterion_main};
use serde_json::json;
use sotto_app::background::{Background, Effect, Input, Stored, Table};
use sotto_core::client::{MessageId, ReceivedMessage, Store};
use sotto_core::message::SenderTag;
use sotto_core::time::Time;

/// So many messages, each correspondent with so many of them.
fn disk(messages: usize, each: usize) -> Disk {
    let mut disk = Disk::default();
    for number in 0..messages {
        let correspondent = u128::try_from(number / each).unwrap();
        let message = ReceivedMessage {
            id: MessageId(u128::try_from(number + 1).unwrap().to_be_bytes()),
            received_at: Time::from_millis(1_600_000_000_000 + number as u64),
            sender_tag: (correspondent > 0).then(|| SenderTag(correspondent.to_be_bytes())),
            answer_from: (correspondent == 0).then(address),
            body: b"Some words, as people write them to one another.".to_vec(),
        };
        disk.put(
            Table::Core(Store::Inbox),
            &message.id.0,
            &message.to_record(),
        );
    }
    disk.with_conversations()
}

/// A background that waits for its state, and the state.
fn waiting(world: &World) -> (Background, Stored) {
    let mut app = common::background();
    assert!(matches!(app.poll(), Some(Effect::ReadVault)));
    app.handle(world.now, Input::VaultRead(world.copies()));
    while app.poll().is_some() {}
    app.handle(world.now, Input::PortOpened(PAGE, sender(POPUP)));
    (app, world.load())
}

/// From the records as they are on disk to what the first page is told.
fn start(c: &mut Criterion) {
    let mut group = c.benchmark_group("start");
    for (name, messages, each) in [
        ("10 messages, 1 conversation", 10, 10),
        ("10,000 messages, 1 conversation", 10_000, 10_000),
        ("10,000 messages, 1,000 conversations", 10_000, 10),
    ] {
        let world = World::new(disk(messages, each));
        group.bench_function(name, |b| {
            b.iter_batched(
                || waiting(&world),
                |(mut app, stored)| {
                    app.handle(world.now, Input::Loaded(Box::new(stored)));
                    while app.poll().is_some() {}
                    app
                },
                BatchSize::PerIteration,
            );
        });
    }
    group.finish();
}

fn open(messages: usize) -> World {
    let mut world = World::new(disk(messages, messages));
    world.keeps_history = false;
    world.work();
    world.open(PAGE);
    world
}

/// A message to a correspondent with whom there are many: from the request to the answer. The disk
/// of the benches takes no time.
fn add(c: &mut Criterion) {
    let mut group = c.benchmark_group("one message more");
    for (name, messages) in [("after 10", 10), ("after 10,000", 10_000)] {
        let mut world = open(messages);
        group.bench_function(name, |b| {
            b.iter(|| {
                world.now = world.now + Duration::from_secs(1);
                let reply = world.ask(send_request(&address().to_string(), "hello"));
                assert_eq!(reply["type"], "accepted");
                let delete = json!({"type": "deleteMessage", "id": reply["id"]});
                assert_eq!(world.ask(delete)["type"], "ok");
            });
        });
    }
    group.finish();
}

/// The newest messages, and those before one far back.
fn page(c: &mut Criterion) {
    let mut group = c.benchmark_group("a page of 10,000 messages");
    let mut world = open(10_000);
    let middle = MessageId(5_000_u128.to_be_bytes()).to_string();
    for (name, before) in [("newest", None), ("middle", Some(middle))] {
        let request = json!({
            "type": "messages", "conversation": address().to_string(), "before": before
        });
        group.bench_function(name, |b| {
            b.iter(|| {
                world.now = world.now + Duration::from_secs(1);
                let reply = world.ask(request.clone());
                assert_eq!(reply["messages"].as_array().map(Vec::len), Some(50));
            });
        });
    }
    group.finish();
}

criterion_group!(benches, start, add, page);
criterion_main!(benches);
