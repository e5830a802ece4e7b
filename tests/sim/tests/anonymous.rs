//! Writing without being known, and being answered.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a test that panics has failed, which is what a test is for"
)]

use sotto_core::client::{Config, DeliveryState, FailReason, MessageId, SendError, Store};
use sotto_core::message::SenderTag;
use sotto_sim::World;
use std::time::Duration;

const PATIENCE: Duration = Duration::from_secs(240);

fn body(len: usize) -> Vec<u8> {
    (0..len).map(|i| (i * 31 % 251) as u8).collect()
}

fn pair(seed: u8) -> World {
    let mut world = World::new(seed);
    world.add_host(Config::default());
    world.add_host(Config::default());
    world.run_until_online();
    world.run_for(Duration::from_secs(1));
    world
}

fn send_anonymous(world: &mut World, text: &[u8], surbs: u16) -> MessageId {
    let to = world.hosts[1].client().address().unwrap();
    world.act(0, |client, now| {
        client
            .send_anonymous(now, &to, text.to_vec(), surbs)
            .unwrap()
    })
}

/// A pair in which host 1 has an anonymous message of host 0, and the tag to answer it.
fn asked(seed: u8, surbs: u16) -> (World, SenderTag) {
    let mut world = pair(seed);
    send_anonymous(&mut world, b"who am I?", surbs);
    world.run_until(PATIENCE, |world| !world.hosts[1].received.is_empty());
    let tag = world.hosts[1].senders[0].expect("the sender has a tag");
    // Acks and all.
    world.run_for(Duration::from_secs(5));
    (world, tag)
}

fn reply(world: &mut World, tag: SenderTag, text: &[u8]) -> MessageId {
    world.act(1, |client, now| {
        client.reply(now, tag, text.to_vec()).unwrap()
    })
}

fn is_answered(world: &World, id: MessageId, text: &[u8]) -> bool {
    world.hosts[0]
        .received
        .iter()
        .any(|received| received == text)
        && world.hosts[1].state(id) == Some(&DeliveryState::AtGateway)
}

#[test]
fn an_anonymous_message_is_answered_and_the_sender_keeps_its_tag() {
    let (mut world, tag) = asked(1, 20);
    assert_eq!(world.hosts[1].client().surbs(tag), 20);
    let id = reply(&mut world, tag, b"nobody knows");
    world.run_until(PATIENCE, |world| is_answered(world, id, b"nobody knows"));
    assert_eq!(
        world.hosts[0].senders,
        [None],
        "an answer comes from the one who was asked"
    );
    let asked = world.hosts[1].client().address();
    assert_eq!(world.hosts[0].answers_from, [asked]);
    world.kill(0);
    world.start(0);
    world.run_until_online();
    send_anonymous(&mut world, b"me again", 0);
    world.run_until(PATIENCE, |world| world.hosts[1].received.len() == 2);
    assert_eq!(world.hosts[1].senders[1], Some(tag));
}

#[test]
fn an_answer_longer_than_its_surbs_waits_for_more_and_says_so() {
    let (mut world, tag) = asked(2, 3);
    let id = reply(&mut world, tag, &body(150_000));
    world.run_until(PATIENCE, |world| world.hosts[1].state(id).is_some());
    let waits = |state: &DeliveryState| {
        matches!(state, DeliveryState::Queued { waiting: Some(problem) }
            if problem.code() == "peer.no-surbs")
    };
    world.run_until(PATIENCE, |world| is_answered(world, id, &body(150_000)));
    assert!(world.hosts[1].states.iter().any(|(_, state)| waits(state)));
    world.run_for(Duration::from_secs(300));
    assert_eq!(world.hosts[0].received.len(), 1);
}

#[test]
fn answers_survive_loss_each_repetition_with_a_surb_of_its_own() {
    let (mut world, tag) = asked(3, 40);
    world.conditions.loss = 0.05;
    let id = reply(&mut world, tag, &body(30_000));
    world.run_until(PATIENCE, |world| is_answered(world, id, &body(30_000)));
    assert!(world.hosts[1].client().statistics().packets_repeated > 0);
}

#[test]
fn no_surb_is_used_twice_though_the_worker_dies_at_any_moment() {
    // The world panics if any node sees a packet twice, which a reused SURB would be.
    for step in 0..40 {
        let (mut world, tag) = asked(4, 40);
        let id = reply(&mut world, tag, &body(20_000));
        world.run_for(Duration::from_millis(step * 4));
        let told = world.hosts[1].state(id).is_some();
        world.kill(1);
        world.start(1);
        world.run_for(Duration::from_secs(60));
        let answers = world.hosts[0].received.len();
        assert!(
            answers == 1 || (answers == 0 && !told),
            "{answers} after {} ms",
            step * 4
        );
    }
}

#[test]
fn the_asked_side_may_die_and_still_gets_its_answer_and_gives_more_surbs() {
    for step in 0..20 {
        let (mut world, tag) = asked(5, 12);
        let id = reply(&mut world, tag, &body(40_000));
        world.run_for(Duration::from_millis(step * 20));
        world.kill(0);
        world.run_for(Duration::from_secs(2));
        world.start(0);
        world.run_for(Duration::from_secs(200));
        // What was pushed into the socket of the dying worker is lost for good, see client.rs.
        let delivered = world.hosts[0].received.len();
        assert!(delivered <= 1, "{delivered} after {} ms", step * 20);
        assert!(world.hosts[1].state(id).is_some());
    }
}

#[test]
fn whoever_gave_no_surbs_cannot_be_answered() {
    let mut world = pair(6);
    let unknown = SenderTag([1; 16]);
    let error = world.act(1, |client, now| {
        client.reply(now, unknown, body(1)).unwrap_err()
    });
    assert_eq!(error, SendError::UnknownCorrespondent);
}

#[test]
fn an_answer_that_nobody_helps_fails_with_the_reason() {
    let mut world = pair(7);
    send_anonymous(&mut world, b"who am I?", 5);
    world.run_until(PATIENCE, |world| !world.hosts[1].received.is_empty());
    world.kill(0);
    let tag = world.hosts[1].senders[0].expect("the sender has a tag");
    let id = reply(&mut world, tag, &body(10));
    let failed = DeliveryState::Failed(FailReason::NoSurbs);
    world.run_until(Duration::from_secs(900), |world| {
        world.hosts[1].state(id) == Some(&failed)
    });
}

/// Host 1 with a short answer that failed, as host 0 was gone; host 1 has five SURBs or fewer.
fn given_up(seed: u8) -> (World, MessageId) {
    let mut world = pair(seed);
    send_anonymous(&mut world, b"who am I?", 5);
    world.run_until(PATIENCE, |world| !world.hosts[1].received.is_empty());
    world.kill(0);
    let tag = world.hosts[1].senders[0].expect("the sender has a tag");
    let id = reply(&mut world, tag, b"still there?");
    let failed = DeliveryState::Failed(FailReason::NoSurbs);
    world.run_until(Duration::from_secs(900), |world| {
        world.hosts[1].state(id) == Some(&failed)
    });
    (world, id)
}

fn is_failed(world: &World, id: MessageId) -> bool {
    world.hosts[1].state(id) == Some(&DeliveryState::Failed(FailReason::NoSurbs))
}

#[test]
fn an_answer_that_was_given_up_leaves_when_it_is_tried_again() {
    let (mut world, id) = given_up(10);
    world.start(0);
    world.run_for(Duration::from_secs(60));
    world.act(1, |client, now| client.retry(now, id));
    world.run_until(PATIENCE, |world| is_answered(world, id, b"still there?"));
    assert_eq!(world.hosts[0].received.len(), 1);
}

#[test]
fn an_answer_of_which_no_surb_is_left_is_given_up_in_time_after_a_restart_too() {
    let (mut world, id) = given_up(11);
    world.act(1, |client, now| client.retry(now, id));
    world.run_for(Duration::from_secs(5));
    assert!(!is_failed(&world, id), "it waits anew after a retry");
    world.kill(1);
    world.hosts[1].disk.clear(Store::Surb);
    world.start(1);
    world.run_for(Duration::from_secs(200));
    assert!(!is_failed(&world, id));
    world.run_for(Duration::from_secs(200));
    assert!(is_failed(&world, id));
}

#[test]
fn a_text_that_is_no_tag_is_refused() {
    let tag = SenderTag([7; 16]);
    assert_eq!(tag.to_string().parse(), Ok(tag));
    let long = "1".repeat(1_000);
    for text in ["", "1", "0", "a.b@c", &tag.to_string()[1..], &long] {
        assert!(text.parse::<SenderTag>().is_err(), "{text}");
    }
}

#[test]
fn surbs_of_a_rotation_that_is_over_are_dropped_and_asked_for_anew() {
    let (mut world, tag) = asked(8, 30);
    world.rotate();
    world.run_for(Duration::from_secs(310));
    // Stale, but nodes may still have the keys: as many fresh ones are asked for.
    assert!(world.hosts[1].client().surbs(tag) >= 30);
    world.begin_epoch();
    world.run_for(Duration::from_secs(310));
    let left = world.hosts[1].client().surbs(tag);
    assert!((10..30).contains(&left), "{left} are left");
    assert_eq!(world.hosts[1].count(Store::Surb), left);
    let id = reply(&mut world, tag, &body(3000));
    world.run_until(PATIENCE, |world| is_answered(world, id, &body(3000)));
}

#[test]
fn an_anonymous_message_written_offline_leaves_when_there_is_a_way_back() {
    let mut world = pair(9);
    world.stop_gateway(0);
    world.stop_gateway(1);
    world.run_for(Duration::from_secs(1));
    world.kill(0);
    world.start(0);
    send_anonymous(&mut world, b"later", 5);
    world.run_for(Duration::from_secs(2));
    world.kill(0);
    world.start_gateways();
    world.start(0);
    world.run_until(PATIENCE, |world| !world.hosts[1].received.is_empty());
    world.run_for(Duration::from_secs(60));
    assert_eq!(world.hosts[1].received, [b"later"]);
}
