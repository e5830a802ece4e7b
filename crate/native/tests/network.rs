//! Two clients over a real mixnet, and what may happen on the way. Every message arrives once,
//! byte for byte.

#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests"
)]

mod common;

use common::{Peer, World, bytes, next, paced, small};
use sotto::{Event, Letter, Way};
use sotto_core::client::{Config, DeliveryState, Problem};
use sotto_core::envelope::{Content, Envelope, Opened, Origin};
use sotto_mixnet::Options;
use std::time::Duration;

const GATEWAY: u32 = 4;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn messages_of_every_size_arrive_in_both_directions() {
    let world = World::new(Options::on_free_ports()).await;
    let mut alice = world.peer("alice").await;
    let mut bob = world.peer("bob").await;
    for len in [1, 10_000, 1_000_000] {
        alice.send(&bob, bytes(len)).await;
        bob.receive(bytes(len)).await;
    }
    bob.send(&alice, b"hello".to_vec()).await;
    alice.receive(b"hello".to_vec()).await;
    bob.has_exactly(&world, [1, 10_000, 1_000_000].map(bytes))
        .await;
    alice.has_exactly(&world, [b"hello".to_vec()]).await;
    world.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_client_can_write_to_itself() {
    let world = World::new(small()).await;
    let mut alice = world.peer("alice").await;
    let own = alice.address;
    alice
        .host
        .handle()
        .send(&own, b"note".to_vec())
        .await
        .unwrap();
    alice.receive(b"note".to_vec()).await;
    world.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_anonymous_message_is_answered_with_more_than_its_surbs_carry() {
    let world = World::new(small()).await;
    let mut alice = world.peer("alice").await;
    let mut bob = world.peer("bob").await;
    let question = b"who am I?".to_vec();
    let handle = alice.host.handle();
    handle
        .send_anonymous(&bob.address, question, 5)
        .await
        .unwrap();
    let tag = loop {
        if let Event::Message(message) = next(&mut bob.events, "the question").await {
            break message.sender_tag.expect("the sender gave a tag");
        }
    };
    bob.host.handle().reply(tag, bytes(100_000)).await.unwrap();
    alice.receive(bytes(100_000)).await;
    world.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_receipt_names_the_message_in_its_senders_own_words() {
    let world = World::new(small()).await;
    let mut alice = world.peer("alice").await;
    let mut bob = world.peer("bob").await;
    let letter = |way, wants_receipt, content| Letter {
        way,
        wants_receipt,
        content,
    };
    let words = Content::Text("have you got this?".to_owned());
    let question = letter(Way::Signed(bob.address), true, words);
    let id = alice.host.handle().send_letter(question).await.unwrap();
    let opened = opened(&mut bob).await;
    assert_eq!(
        (opened.envelope.id, opened.envelope.wants_receipt),
        (id, true)
    );
    assert_eq!(opened.origin, Origin::Signed(alice.address));

    let receipt = Content::Receipt(vec![opened.envelope.id]);
    let receipt = letter(Way::Signed(alice.address), false, receipt);
    bob.host.handle().send_letter(receipt).await.unwrap();
    let opened = self::opened(&mut alice).await;
    assert_eq!(opened.envelope.content, Content::Receipt(vec![id]));
    assert_eq!(opened.origin, Origin::Signed(bob.address));
    world.end().await;
}

/// The next message, which is an envelope.
async fn opened(peer: &mut Peer) -> Opened {
    let own = peer.host.handle().public_keys().await.unwrap();
    loop {
        if let Event::Message(message) = next(&mut peer.events, "an envelope").await {
            return Envelope::read(&message.body, &own).unwrap().unwrap();
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_recipient_that_is_offline_gets_its_message_when_it_is_back() {
    let world = World::new(small()).await;
    let mut alice = world.peer("alice").await;
    let bob = world.peer("bob").await;
    let address = bob.address;
    bob.host.shutdown().await;
    let id = alice
        .host
        .handle()
        .send(&address, bytes(200_000))
        .await
        .unwrap();
    alice.until_at_gateway(id).await;
    let mut bob = world.peer("bob").await;
    assert_eq!(
        bob.address, address,
        "the identity is the same after a restart"
    );
    bob.receive(bytes(200_000)).await;
    bob.has_exactly(&world, [bytes(200_000)]).await;
    world.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_gateway_restarted_in_mid_message_loses_nothing() {
    let world = World::new(small()).await;
    let mut alice = world.peer_with("alice", paced()).await;
    let mut bob = world.peer("bob").await;
    let id = alice.send(&bob, bytes(300_000)).await;
    alice.until_acked(id, 20).await;
    world.mixnet.stop_node(GATEWAY).await.unwrap();
    world.mixnet.start_node(GATEWAY).await.unwrap();
    bob.receive(bytes(300_000)).await;
    alice.until_at_gateway(id).await;
    bob.has_exactly(&world, [bytes(300_000)]).await;
    world.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_mix_stopped_in_mid_message_is_gone_around() {
    let world = World::new(Options {
        gateways: 1,
        ..Options::on_free_ports()
    })
    .await;
    let config = Config {
        topology_refresh: Duration::from_secs(1),
        ..paced()
    };
    let mut alice = world.peer_with("alice", config).await;
    let mut bob = world.peer("bob").await;
    let id = alice.send(&bob, bytes(300_000)).await;
    alice.until_acked(id, 20).await;
    world.mixnet.stop_node(1).await.unwrap();
    bob.receive(bytes(300_000)).await;
    alice.until_at_gateway(id).await;
    assert!(
        alice
            .host
            .handle()
            .statistics()
            .await
            .unwrap()
            .packets_repeated
            > 0
    );
    bob.has_exactly(&world, [bytes(300_000)]).await;
    world.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn loss_on_every_hop_is_made_good() {
    let world = World::new(small()).await;
    let mut alice = world.peer("alice").await;
    let mut bob = world.peer("bob").await;
    world.mixnet.set_loss(0.05);
    let id = alice.send(&bob, bytes(200_000)).await;
    bob.receive(bytes(200_000)).await;
    alice.until_at_gateway(id).await;
    bob.has_exactly(&world, [bytes(200_000)]).await;
    world.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_sender_killed_in_mid_message_goes_on_where_it_was() {
    let world = World::new(small()).await;
    let mut alice = world.peer_with("alice", paced()).await;
    let mut bob = world.peer("bob").await;
    let id = alice.send(&bob, bytes(300_000)).await;
    alice.until_acked(id, 20).await;
    alice.host.kill().await;
    let mut alice = world.peer("alice").await;
    bob.receive(bytes(300_000)).await;
    alice.until_at_gateway(id).await;
    bob.has_exactly(&world, [bytes(300_000)]).await;
    world.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_sender_killed_at_once_has_kept_the_message() {
    let world = World::new(small()).await;
    let mut bob = world.peer("bob").await;
    let alice = world.peer("alice").await;
    alice
        .host
        .handle()
        .send(&bob.address, bytes(5000))
        .await
        .unwrap();
    alice.host.kill().await;
    let _alice = world.peer("alice").await;
    bob.receive(bytes(5000)).await;
    bob.has_exactly(&world, [bytes(5000)]).await;
    world.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_message_that_was_not_dealt_with_is_told_again_after_a_restart() {
    let world = World::new(small()).await;
    let mut alice = world.peer("alice").await;
    let mut bob = world.peer("bob").await;
    alice.send(&bob, b"one".to_vec()).await;
    let id = bob.receive(b"one".to_vec()).await;
    bob.host.kill().await;
    let mut bob = world.peer("bob").await;
    assert_eq!(bob.receive(b"one".to_vec()).await, id);
    bob.host.handle().take_out(id).await.unwrap();
    bob.has_exactly(&world, []).await;
    world.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_message_to_an_unknown_gateway_waits_and_says_why() {
    let world = World::new(small()).await;
    let elsewhere = World::new(small()).await;
    let stranger: Peer = elsewhere.peer("stranger").await;
    let mut alice = world.peer("alice").await;
    let id = alice.send(&stranger, b"hello?".to_vec()).await;
    alice
        .until_delivery(id, |state| {
            let missing = Some(Problem::RecipientGatewayMissing);
            *state == DeliveryState::Queued { waiting: missing }
        })
        .await;
    assert_eq!(alice.outbox(&world).await, 1);
    world.end().await;
    elsewhere.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_client_out_of_bandwidth_claims_and_goes_on() {
    // Enough for a few packets a claim.
    let world = World::new(Options {
        free_bandwidth: 20_000,
        ..small()
    })
    .await;
    let mut alice = world.peer("alice").await;
    let mut bob = world.peer("bob").await;
    alice.send(&bob, bytes(50_000)).await;
    bob.receive(bytes(50_000)).await;
    world.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_whole_mixnet_restarted_on_other_ports_is_found_again() {
    let folder = tempfile::tempdir().unwrap();
    let state = Some(folder.path().to_owned());
    let world = World::new(Options {
        state: state.clone(),
        ..small()
    })
    .await;
    let mut alice = world.peer("alice").await;
    let mut bob = world.peer("bob").await;
    let world = world.restarted(Options { state, ..small() }, || ()).await;
    alice.send(&bob, bytes(20_000)).await;
    bob.receive(bytes(20_000)).await;
    bob.has_exactly(&world, [bytes(20_000)]).await;
    world.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_gateway_that_forgot_its_clients_takes_them_again_under_the_same_address() {
    let folder = tempfile::tempdir().unwrap();
    let state = Some(folder.path().to_owned());
    let world = World::new(Options {
        state: state.clone(),
        ..small()
    })
    .await;
    let mut alice = world.peer("alice").await;
    let mut bob = world.peer("bob").await;
    let forget = || {
        let gateway = folder.path().join("gateway-1");
        for entry in std::fs::read_dir(gateway).unwrap() {
            let path = entry.unwrap().path();
            if path.file_name().unwrap() != "keys.json" {
                std::fs::remove_file(path).unwrap();
            }
        }
    };
    let world = world.restarted(Options { state, ..small() }, forget).await;
    alice.send(&bob, bytes(20_000)).await;
    bob.receive(bytes(20_000)).await;
    bob.has_exactly(&world, [bytes(20_000)]).await;
    world.end().await;
}
