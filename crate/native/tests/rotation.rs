//! Nodes change their Sphinx keys while messages are on their way (protocol.md 2.7). Every message
//! arrives once all the same.

#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests"
)]

mod common;

use common::{LIMIT, Peer, World, bytes, next, paced, small};
use sotto::Event;
use sotto_core::client::{Config, Pacing};
use sotto_core::message::SenderTag;
use sotto_core::topology::directory::KeyRotationInfo;
use sotto_mixnet::Options;
use std::time::Duration;
use tokio::sync::mpsc::UnboundedReceiver;
use tokio::time::timeout;

/// Rotations of two epochs of so many seconds.
fn rotating(seconds: u64) -> Options {
    Options {
        epoch: Duration::from_secs(seconds),
        rotation_epochs: 2,
        ..small()
    }
}

async fn rotation(world: &World) -> u32 {
    rotation_info(world).await.progress.current_key_rotation_id
}

async fn rotation_info(world: &World) -> KeyRotationInfo {
    let url = format!("{}v1/epoch/key-rotation-info", world.mixnet.directory_url());
    let fetch = move || {
        ureq::get(&url)
            .call()
            .unwrap()
            .body_mut()
            .read_to_string()
            .unwrap()
    };
    let text = tokio::task::spawn_blocking(fetch).await.unwrap();
    serde_json::from_str(&text).unwrap()
}

async fn until_rotation(world: &World, wanted: u32) {
    while rotation(world).await < wanted {
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn messages_arrive_once_while_keys_change_again_and_again() {
    let world = World::new(rotating(2)).await;
    let config = Config {
        topology_refresh: Duration::from_millis(500),
        // Nearly two hundred packets: the message is in flight for longer than a rotation.
        pacing: Pacing::Poisson {
            mean: Duration::from_millis(30),
        },
        ..paced()
    };
    let mut alice = world.peer_with("alice", config.clone()).await;
    let mut bob = world.peer_with("bob", config).await;
    let first = rotation(&world).await;
    let id = alice.send(&bob, bytes(300_000)).await;
    for later in 0..4 {
        until_rotation(&world, first + later as u32).await;
        bob.send(&alice, bytes(5000 + later)).await;
        alice.receive(bytes(5000 + later)).await;
    }
    bob.receive(bytes(300_000)).await;
    alice.until_at_gateway(id).await;
    assert!(rotation(&world).await >= first + 3);
    bob.has_exactly(&world, [bytes(300_000)]).await;
    alice
        .has_exactly(&world, [5000, 5001, 5002, 5003].map(bytes))
        .await;
    world.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_keys_of_the_last_rotation_are_good_for_one_more_epoch() {
    let world = World::new(rotating(3600)).await;
    let mut alice = world.peer("alice").await;
    let mut bob = world.peer("bob").await;
    // Up to the first epoch of another rotation than the one that the clients know of.
    let known = rotation(&world).await;
    while rotation(&world).await == known {
        world.mixnet.skip_epochs(1).await.unwrap();
    }
    let id = alice.send(&bob, bytes(5000)).await;
    bob.receive(bytes(5000)).await;
    alice.until_at_gateway(id).await;
    for node in 1..=4 {
        assert_eq!(world.mixnet.counts(node).unwrap().refused, 0, "{node}");
    }
    world.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_client_with_the_keys_of_long_ago_finds_out_and_repeats() {
    let world = World::new(rotating(3600)).await;
    let mut alice = world.peer("alice").await;
    let mut bob = world.peer("bob").await;
    world.mixnet.skip_epochs(4).await.unwrap();
    alice.send(&bob, bytes(5000)).await;
    bob.receive(bytes(5000)).await;
    let refused = world.mixnet.counts(1).unwrap().refused;
    assert!(refused > 0, "the first attempt was made with old keys");
    let statistics = alice.host.handle().statistics().await.unwrap();
    assert!(statistics.packets_repeated > 0);
    bob.has_exactly(&world, [bytes(5000)]).await;
    world.end().await;
}

/// Steps over events until there is such a one. Others, such as news of the topology, never end.
async fn until_event(events: &mut UnboundedReceiver<Event>, is: impl Fn(&Event) -> bool) {
    let found = async { while !is(&next(events, "an event").await) {} };
    timeout(LIMIT, found).await.expect("the event comes");
}

/// Bob's next message, and the tag to answer it by.
async fn question(bob: &mut Peer) -> SenderTag {
    loop {
        if let Event::Message(message) = next(&mut bob.events, "the question").await {
            return message.sender_tag.expect("the sender gave a tag");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn surbs_of_the_last_rotation_lead_back_for_one_more_epoch() {
    let world = World::new(rotating(3600)).await;
    let mut alice = world.peer("alice").await;
    let mut bob = world.peer("bob").await;
    let known = rotation(&world).await;
    let handle = alice.host.handle();
    handle
        .send_anonymous(&bob.address, b"who am I?".to_vec(), 10)
        .await
        .unwrap();
    let tag = question(&mut bob).await;
    while rotation(&world).await == known {
        world.mixnet.skip_epochs(1).await.unwrap();
    }
    bob.host.handle().reply(tag, bytes(5000)).await.unwrap();
    alice.receive(bytes(5000)).await;
    for node in 1..=4 {
        assert_eq!(world.mixnet.counts(node).unwrap().refused, 0, "{node}");
    }
    world.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_answer_whose_surbs_are_of_long_ago_leaves_with_the_next_ones() {
    let world = World::new(rotating(3600)).await;
    let aware = Config {
        topology_refresh: Duration::from_millis(300),
        ..Config::default()
    };
    let mut alice = world.peer_with("alice", aware.clone()).await;
    let mut bob = world.peer_with("bob", aware).await;
    let handle = alice.host.handle();
    let to = bob.address;
    let ask = || handle.send_anonymous(&to, b"who am I?".to_vec(), 10);
    ask().await.unwrap();
    let tag = question(&mut bob).await;
    let epoch = rotation_info(&world).await.current_absolute_epoch_id;
    world.mixnet.skip_epochs(4).await.unwrap();
    // Alice makes the next SURBs with the new keys, and Bob has none of the old ones left.
    let (alices, bobs) = (&mut alice.events, &mut bob.events);
    let known = until_event(
        alices,
        |event| matches!(event, Event::Topology(news) if news.epoch >= epoch + 4),
    );
    let gone = until_event(bobs, |event| {
        matches!(event, Event::Surbs { available: 0, .. })
    });
    tokio::join!(known, gone);
    bob.host.handle().reply(tag, bytes(5000)).await.unwrap();
    ask().await.unwrap();
    alice.receive(bytes(5000)).await;
    alice.has_exactly(&world, [bytes(5000)]).await;
    world.end().await;
}
