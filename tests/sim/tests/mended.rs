//! Bugs that the simulation found, each with the least that showed it.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a test that panics has failed"
)]

use sotto_core::client::{Config, DeliveryState, FailReason, Pacing};
use sotto_core::message::SenderTag;
use sotto_sim::World;
use std::time::Duration;

const HOUR: i64 = 3_600_000;

fn pair(seed: u8) -> World {
    let mut world = World::new(seed);
    world.add_host(Config::default());
    world.add_host(Config::default());
    world.run_until_online();
    world.run_for(Duration::from_secs(1));
    world
}

#[test]
fn a_push_at_which_a_client_notices_that_its_clock_was_set_back_is_not_dropped() {
    let mut world = pair(1);
    world.hosts[1].set_clock(-HOUR);
    let id = world.send(0, 1, b"what time is it?");
    world.run_for(Duration::from_secs(20));
    assert_eq!(world.hosts[0].state(id), Some(&DeliveryState::AtGateway));
    assert_eq!(world.hosts[1].received, [b"what time is it?"]);
}

/// A pair in which host 1 has an anonymous message with too few SURBs for an answer, and host 0 is
/// gone.
fn asked_by_someone_who_left(seed: u8, asked: Config) -> (World, SenderTag) {
    let mut world = World::new(seed);
    world.add_host(Config::default());
    world.add_host(asked);
    world.run_until_online();
    world.run_for(Duration::from_secs(1));
    let to = world.hosts[1].client().address().unwrap();
    world.act(0, |client, now| {
        let text = b"who am I?".to_vec();
        client.send_anonymous(now, &to, text, 5).unwrap()
    });
    world.run_until(Duration::from_secs(60), |world| {
        !world.hosts[1].received.is_empty()
    });
    world.kill(0);
    let tag = world.hosts[1].senders[0].expect("the sender has a tag");
    (world, tag)
}

#[test]
fn an_answer_that_waits_is_given_up_in_time_though_the_clock_was_hours_ahead() {
    let (mut world, tag) = asked_by_someone_who_left(2, Config::default());
    world.hosts[1].set_clock(6 * HOUR);
    let id = world.act(1, |client, now| {
        client.reply(now, tag, vec![7; 10]).unwrap()
    });
    world.run_for(Duration::from_secs(60));
    world.hosts[1].set_clock(0);
    world.run_for(Duration::from_secs(900));
    let failed = DeliveryState::Failed(FailReason::NoSurbs);
    assert_eq!(world.hosts[1].state(id), Some(&failed));
    let footprint = world.hosts[1].client().footprint();
    assert_eq!(
        footprint.outgoing, 0,
        "requests for SURBs go on: {footprint:?}"
    );
}

#[test]
fn a_paced_client_rests_while_an_answer_waits_for_surbs() {
    let mean = Duration::from_millis(20);
    let pacing = Pacing::Poisson { mean };
    let config = Config {
        pacing,
        ..Config::default()
    };
    let (mut world, tag) = asked_by_someone_who_left(3, config);
    let id = world.act(1, |client, now| {
        client.reply(now, tag, vec![7; 10]).unwrap()
    });
    // Requests for more SURBs take the last of them, and are repeated for a minute.
    world.run_for(Duration::from_secs(120));
    let ticks = world.hosts[1].ticks;
    world.run_for(Duration::from_secs(60));
    assert!(matches!(
        world.hosts[1].state(id),
        Some(DeliveryState::Queued { .. })
    ));
    let ticks = world.hosts[1].ticks - ticks;
    assert!(
        ticks < 60,
        "{ticks} ticks in a minute, and nothing can leave"
    );
}

#[test]
fn a_message_that_reached_the_disk_after_the_clock_was_set_back_is_given_up_in_time() {
    let give_up_after = Duration::from_secs(600);
    let mut world = World::new(4);
    world.add_host(Config {
        give_up_after,
        ..Config::default()
    });
    world.add_host(Config::default());
    world.run_until_online();
    let days_ahead = 10 * 24 * HOUR;
    world.hosts[0].set_clock(days_ahead);
    world.run_for(Duration::from_secs(10));
    world.hosts[0].disk_full = true;
    let id = world.send(0, 1, b"in ten days");
    world.run_for(Duration::from_secs(1));
    world.hosts[0].set_clock(0);
    world.run_for(Duration::from_secs(10));
    world.kill(1);
    world.conditions.loss = 1.0;
    world.hosts[0].disk_full = false;
    world.run_for(give_up_after + Duration::from_secs(120));
    let failed = DeliveryState::Failed(FailReason::Expired);
    assert_eq!(world.hosts[0].state(id), Some(&failed));
}
