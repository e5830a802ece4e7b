//! A message that rests: nothing of it leaves, nothing of it is lost, nobody else waits for it.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test that panics has failed"
)]

use sotto_core::address::Address;
use sotto_core::client::{Config, DeliveryState, FailReason, MessageId, Pacing, Store};
use sotto_sim::World;
use std::time::Duration;

const PATIENCE: Duration = Duration::from_secs(120);
const DAY: Duration = Duration::from_secs(24 * 3600);

fn body(len: usize) -> Vec<u8> {
    (0..len).map(|i| (i * 31 % 251) as u8).collect()
}

/// Two connected clients.
fn pair(seed: u8, config: Config) -> World {
    let mut world = World::new(seed);
    world.add_host(config);
    world.add_host(Config::default());
    world.run_until_online();
    world.run_for(Duration::from_secs(1));
    world
}

fn slow() -> Config {
    Config {
        pacing: Pacing::Poisson {
            mean: Duration::from_millis(100),
        },
        ..Config::default()
    }
}

fn pause(world: &mut World, id: MessageId) {
    world.act(0, |client, now| client.pause(now, id));
}

fn resume(world: &mut World, id: MessageId) {
    world.act(0, |client, now| client.resume(now, id));
}

fn is_paused(world: &World, id: MessageId) -> bool {
    matches!(world.hosts[0].state(id), Some(DeliveryState::Paused { .. }))
}

fn sent(world: &World) -> u64 {
    world.hosts[0].client().statistics().packets_sent
}

fn acked(world: &World, id: MessageId) -> usize {
    match world.hosts[0].state(id) {
        Some(DeliveryState::Paused { acked, .. } | DeliveryState::Sending { acked, .. }) => *acked,
        _ => 0,
    }
}

/// It arrives, once and whole, and nothing is left of it.
fn arrives(world: &mut World, id: MessageId, text: &[u8]) {
    world.run_until(PATIENCE, |world| {
        world.hosts[0].state(id) == Some(&DeliveryState::AtGateway)
    });
    world.run_for(Duration::from_secs(60));
    let texts = world.hosts[1].received.iter();
    assert_eq!(texts.filter(|received| *received == text).count(), 1);
    assert_eq!(world.hosts[0].count(Store::Outbox), 0);
}

#[test]
fn nothing_of_a_paused_message_leaves_for_days_and_then_the_rest_does() {
    let mut world = pair(71, slow());
    let id = world.send(0, 1, &body(100_000));
    world.run_until(PATIENCE, |world| acked(world, id) > 10);
    pause(&mut world, id);
    let before = sent(&world);
    world.run_for(DAY * 3);
    assert!(is_paused(&world, id));
    assert_eq!(sent(&world), before, "a packet of it has left");
    assert!(world.hosts[1].received.is_empty());
    // The recipient keeps pieces for two days only.
    assert_eq!(world.hosts[1].count(Store::Fragment), 0);
    resume(&mut world, id);
    arrives(&mut world, id, &body(100_000));
}

#[test]
fn a_paused_message_goes_on_where_it_stood() {
    for config in [Config::default(), slow()] {
        let mut world = pair(72, config);
        let id = world.send(0, 1, &body(300_000));
        world.run_until(PATIENCE, |world| acked(world, id) > 10);
        pause(&mut world, id);
        world.run_for(Duration::from_secs(600));
        let (before, acked) = (sent(&world), acked(&world, id));
        assert!(acked > 10 && is_paused(&world, id));
        resume(&mut world, id);
        arrives(&mut world, id, &body(300_000));
        let packets = usize::try_from(sent(&world) - before).unwrap();
        assert!(packets < 200 - acked, "{packets} after {acked} were acked");
    }
}

#[test]
fn acks_that_come_while_it_rests_count_and_the_last_one_finishes_it() {
    let mut world = pair(73, Config::default());
    let id = world.send(0, 1, &body(10_000));
    let is_sent = |world: &World| world.hosts[0].state(id) == Some(&DeliveryState::Sent);
    world.run_until(PATIENCE, is_sent);
    pause(&mut world, id);
    arrives(&mut world, id, &body(10_000));
    // Too late for either.
    pause(&mut world, id);
    resume(&mut world, id);
    world.run_for(PATIENCE);
    let last = world.hosts[0].state(id);
    assert_eq!(last, Some(&DeliveryState::AtGateway));
}

#[test]
fn others_are_sent_while_one_rests() {
    let mut world = pair(74, slow());
    let first = world.send(0, 1, &body(50_000));
    world.run_for(Duration::from_millis(500));
    pause(&mut world, first);
    let second = world.send(0, 1, &body(5000));
    arrives_beside(&mut world, second, &body(5000));
    assert!(is_paused(&world, first));
    resume(&mut world, first);
    arrives(&mut world, first, &body(50_000));
}

fn arrives_beside(world: &mut World, id: MessageId, text: &[u8]) {
    world.run_until(PATIENCE, |world| {
        world.hosts[0].state(id) == Some(&DeliveryState::AtGateway)
    });
    assert!(world.hosts[1].received.contains(&text.to_vec()));
}

#[test]
fn a_worker_killed_at_any_moment_knows_what_rests() {
    let mut rested = 0;
    for step in 0..30 {
        let mut world = pair(75, slow());
        let id = world.send(0, 1, &body(20_000));
        world.run_for(Duration::from_millis(500));
        pause(&mut world, id);
        world.run_for(Duration::from_millis(step));
        let told = is_paused(&world, id);
        let had_arrived = world.hosts[0].state(id) == Some(&DeliveryState::AtGateway);
        world.kill(0);
        world.start(0);
        world.run_for(Duration::from_secs(60));
        if told && !had_arrived {
            let rests = is_paused(&world, id);
            rested += usize::from(rests);
            assert!(
                rests || !world.hosts[1].received.is_empty(),
                "killed after {step} ms"
            );
        }
        resume(&mut world, id);
        if world.hosts[0].count(Store::Outbox) > 0 {
            arrives(&mut world, id, &body(20_000));
        }
        assert!(world.hosts[1].received.len() <= 1, "killed after {step} ms");
    }
    assert!(rested > 10, "only {rested} of them rested");
}

#[test]
fn what_is_paused_before_it_has_its_surbs_waits_for_them() {
    let mut world = World::new(76);
    world.add_host(Config::default());
    world.add_host(Config::default());
    world.run_until(PATIENCE, |world| world.hosts[1].is_online());
    let to = world.hosts[1].client().address().unwrap();
    // Nobody has an address yet from which SURBs could lead back.
    let mut world = World::new(77);
    world.add_host(Config::default());
    let id = anonymous(&mut world, &to);
    pause(&mut world, id);
    world.run_until(PATIENCE, |world| is_paused(world, id));
    world.run_until_online();
    world.run_for(Duration::from_secs(60));
    assert!(is_paused(&world, id));
    assert_eq!(world.hosts[0].client().footprint().unprepared, 1);
    resume(&mut world, id);
    world.run_for(Duration::from_secs(60));
    assert_eq!(world.hosts[0].client().footprint().unprepared, 0);
}

fn anonymous(world: &mut World, to: &Address) -> MessageId {
    let text = b"who am I?".to_vec();
    world.act(0, |client, now| {
        client.send_anonymous(now, to, text, 5).unwrap()
    })
}

#[test]
fn an_answer_at_rest_asks_for_no_surbs_uses_none_and_does_not_fail() {
    let mut world = pair(78, Config::default());
    // Host 1 asks, host 0 answers.
    let to = world.hosts[0].client().address().unwrap();
    world.act(1, |client, now| {
        let text = b"who am I?".to_vec();
        client.send_anonymous(now, &to, text, 40).unwrap()
    });
    world.run_until(PATIENCE, |world| !world.hosts[0].received.is_empty());
    let tag = world.hosts[0].senders[0].unwrap();
    world.run_for(Duration::from_secs(5));
    let id = world.act(0, |client, now| {
        client.reply(now, tag, body(100_000)).unwrap()
    });
    world.run_for(Duration::from_millis(40));
    pause(&mut world, id);
    world.run_for(Duration::from_secs(5));
    let (surbs, packets) = (world.hosts[0].client().surbs(tag), sent(&world));
    world.run_for(Duration::from_secs(3600));
    assert!(is_paused(&world, id));
    assert_eq!(world.hosts[0].client().surbs(tag), surbs);
    assert_eq!(sent(&world), packets);
    resume(&mut world, id);
    world.run_until(PATIENCE, |world| {
        world.hosts[1].received.contains(&body(100_000))
    });
}

#[test]
fn a_message_is_taken_back_on_its_way_and_at_rest() {
    for rests in [false, true] {
        let mut world = pair(79, slow());
        let id = world.send(0, 1, &body(100_000));
        world.run_until(PATIENCE, |world| acked(world, id) > 10);
        if rests {
            pause(&mut world, id);
        }
        world.act(0, |client, now| client.cancel(now, id));
        let before = sent(&world);
        world.run_for(Duration::from_secs(600));
        let cancelled = DeliveryState::Failed(FailReason::Cancelled);
        assert_eq!(world.hosts[0].state(id), Some(&cancelled));
        assert_eq!(sent(&world), before, "a packet of it has left");
        assert!(world.hosts[1].received.is_empty());
        assert_eq!(world.hosts[0].count(Store::Outbox), 0);
        assert_eq!(world.hosts[0].count(Store::Sent), 1);
        let beside = world.send(0, 1, &body(10));
        arrives(&mut world, beside, &body(10));
    }
}
