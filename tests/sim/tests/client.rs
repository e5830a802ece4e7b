//! The client's promises, kept in a small network in virtual time.

#![allow(clippy::indexing_slicing, reason = "a test that panics has failed")]

use sotto_core::client::{
    Config, DeliveryState, FailReason, MAX_MESSAGE_BYTES, MAX_OUTBOX_BYTES, Pacing, SendError,
    Store,
};
use sotto_sim::{Directory, Gateway, Host, Manners, World};
use std::time::Duration;

const PATIENCE: Duration = Duration::from_secs(120);

fn body(len: usize) -> Vec<u8> {
    (0..len).map(|i| (i * 31 % 251) as u8).collect()
}

/// Two connected clients.
fn pair(seed: u8) -> World {
    let mut world = World::new(seed);
    world.add_host(Config::default());
    world.add_host(Config::default());
    world.run_until_online();
    // Let the claims for bandwidth be answered as well.
    world.run_for(Duration::from_secs(1));
    world
}

fn arrives(world: &mut World, to: usize, expected: &[u8]) {
    world.run_until(PATIENCE, |world| !world.hosts[to].received.is_empty());
    assert!(
        world.hosts[to].received == [expected],
        "it came changed or twice"
    );
}

/// Waits until the sender knows, then longer still: nothing may come twice, nothing may be left.
fn settles(world: &mut World, from: usize, id: sotto_core::client::MessageId) {
    world.run_until(PATIENCE, |world| {
        world.hosts[from].state(id) == Some(&DeliveryState::AtGateway)
    });
    world.run_for(Duration::from_secs(300));
    for host in &world.hosts {
        assert_eq!(
            host.count(Store::Outbox) + host.count(Store::Fragment),
            0,
            "{host:?}"
        );
        assert_eq!(host.received.len(), host.count(Store::Inbox), "{host:?}");
    }
}

#[test]
fn messages_of_any_size_arrive_once_byte_for_byte() {
    for len in [1, 1603, 10_000, 1_000_000] {
        let mut world = pair(1);
        let id = world.send(0, 1, &body(len));
        arrives(&mut world, 1, &body(len));
        settles(&mut world, 0, id);
        assert_eq!(world.hosts[1].received.len(), 1);
    }
}

#[test]
fn delivery_states_come_in_order() {
    let mut world = pair(2);
    let id = world.send(0, 1, &body(10_000));
    settles(&mut world, 0, id);
    let states: Vec<_> = world.hosts[0]
        .states
        .iter()
        .map(|(_, state)| state.clone())
        .collect();
    assert_eq!(
        states.first(),
        Some(&DeliveryState::Queued { waiting: None })
    );
    let sent = states
        .iter()
        .position(|state| *state == DeliveryState::Sent)
        .unwrap();
    let sending = |state: &DeliveryState| matches!(state, DeliveryState::Sending { .. });
    assert!(states[1..sent].iter().all(sending), "{states:?}");
    assert_eq!(states[sent + 1..], [DeliveryState::AtGateway]);
}

#[test]
fn a_recipient_that_was_away_gets_what_was_stored() {
    let mut world = pair(3);
    let away = world.hosts[1].client().address().unwrap();
    world.kill(1);
    let id = world.send_to(0, &away, &body(5000));
    world.run_until(PATIENCE, |world| {
        world.hosts[0].state(id) == Some(&DeliveryState::AtGateway)
    });
    world.start(1);
    arrives(&mut world, 1, &body(5000));
    assert_eq!(
        world.hosts[1].addresses,
        [away, away],
        "the address is the same"
    );
}

#[test]
fn loss_is_made_up_for() {
    let mut world = pair(4);
    world.conditions.loss = 0.05;
    let id = world.send(0, 1, &body(300_000));
    arrives(&mut world, 1, &body(300_000));
    settles(&mut world, 0, id);
    assert!(world.hosts[0].client().statistics().packets_repeated > 0);
}

#[test]
fn a_mix_that_dies_in_mid_message_is_routed_around() {
    let mut world = pair(5);
    let id = world.send(0, 1, &body(300_000));
    world.run_for(Duration::from_millis(60));
    world.stop_mix(1);
    arrives(&mut world, 1, &body(300_000));
    settles(&mut world, 0, id);
    assert!(world.hosts[0].client().statistics().packets_repeated > 0);
}

#[test]
fn gateways_that_restart_in_mid_message_lose_nothing() {
    let mut world = pair(6);
    let id = world.send(0, 1, &body(300_000));
    world.run_for(Duration::from_millis(60));
    world.stop_gateway(0);
    world.stop_gateway(1);
    world.run_for(Duration::from_secs(20));
    assert!(world.hosts[0].problem().is_some());
    world.start_gateways();
    arrives(&mut world, 1, &body(300_000));
    settles(&mut world, 0, id);
}

#[test]
fn a_worker_killed_at_any_moment_loses_nothing_and_doubles_nothing() {
    for step in 0..40 {
        let mut world = pair(7);
        let id = world.send(0, 1, &body(20_000));
        world.run_for(Duration::from_millis(step * 5));
        let told = world.hosts[0].state(id).is_some();
        world.kill(0);
        world.start(0);
        world.run_for(Duration::from_secs(30));
        let expected = if told || !world.hosts[1].received.is_empty() {
            1
        } else {
            0
        };
        if told {
            settles(&mut world, 0, id);
        }
        assert_eq!(
            world.hosts[1].received.len(),
            expected,
            "killed after {} ms",
            step * 5
        );
    }
}

#[test]
fn a_recipient_killed_at_any_moment_shows_each_message_once() {
    let mut interrupted = 0;
    for step in 0..40 {
        let mut world = pair(8);
        let id = world.send(0, 1, &body(20_000));
        world.run_for(Duration::from_millis(step * 5));
        let shown = world.hosts[1].count(Store::Inbox);
        interrupted += usize::from(world.hosts[1].count(Store::Fragment) > 0);
        world.kill(1);
        world.start(1);
        world.run_for(Duration::from_secs(30));
        assert!(world.hosts[0].state(id).is_some());
        // What the gateway pushed into the socket at the moment of death is lost for good: the
        // protocol knows no receipt for it (docs/architecture.md). Never is anything doubled.
        assert!(world.hosts[1].count(Store::Inbox) <= 1);
        assert!(world.hosts[1].count(Store::Inbox) >= shown);
    }
    assert!(interrupted > 0, "no run was cut in mid-message");
}

#[test]
fn the_identity_is_the_same_after_a_restart_and_signs_in_within_the_same_second() {
    let mut world = pair(9);
    let address = world.hosts[0].client().address();
    for _ in 0..3 {
        world.kill(0);
        world.start(0);
        world.run_until_online();
        assert_eq!(world.hosts[0].client().address(), address);
        assert_eq!(world.hosts[0].problem(), None);
    }
    assert_eq!(
        world
            .gateways
            .iter()
            .map(|gateway| gateway.sign_ins)
            .sum::<usize>(),
        3
    );
}

#[test]
fn a_gateway_that_lost_us_takes_us_again_under_the_same_address() {
    let mut world = pair(10);
    let address = world.hosts[0].client().address();
    world.kill(0);
    world.gateways.iter_mut().for_each(Gateway::forget_clients);
    world.start(0);
    world.run_until(PATIENCE, |world| {
        world.hosts[0].connection.is_some() && world.hosts[0].is_online()
    });
    assert_eq!(world.hosts[0].client().address(), address);
}

#[test]
fn every_bad_gateway_gets_a_problem_of_its_own_and_the_message_is_kept() {
    let table = [
        (Manners::Refuses, "gateway.refused"),
        (Manners::Garbage, "gateway.garbage"),
        (Manners::Silent, "gateway.silent"),
        (Manners::Old, "gateway.too-old"),
    ];
    for (manners, code) in table {
        let mut world = pair(11);
        world
            .gateways
            .iter_mut()
            .for_each(|gateway| gateway.manners = manners);
        world.reconnect(0);
        let id = world.send(0, 1, &body(100));
        world.run_until(PATIENCE, |world| world.hosts[0].problem() == Some(code));
        world.run_until(PATIENCE, |world| world.hosts[0].state(id).is_some());
        assert_eq!(world.hosts[0].count(Store::Outbox), 1);
        world
            .gateways
            .iter_mut()
            .for_each(|gateway| gateway.manners = Manners::Good);
        arrives(&mut world, 1, &body(100));
        settles(&mut world, 0, id);
    }
}

#[test]
fn a_handshake_that_fails_says_how() {
    let table = [
        (Manners::ClosesInHandshake, "gateway.closed"),
        (Manners::Impostor, "gateway.impostor"),
    ];
    for (manners, code) in table {
        let mut world = World::new(12);
        world
            .gateways
            .iter_mut()
            .for_each(|gateway| gateway.manners = manners);
        world.add_host(Config::default());
        world.run_until(PATIENCE, |world| world.hosts[0].problem() == Some(code));
        assert_eq!(world.hosts[0].client().address(), None);
        world
            .gateways
            .iter_mut()
            .for_each(|gateway| gateway.manners = Manners::Good);
        world.run_until_online();
    }
}

#[test]
fn tampered_pushes_are_refused_and_the_message_comes_by_a_repetition() {
    let table = [
        (Manners::Unencrypted, "gateway.unencrypted"),
        (Manners::WrongKey, "gateway.impostor"),
    ];
    for (manners, code) in table {
        let mut world = pair(13);
        world
            .gateways
            .iter_mut()
            .for_each(|gateway| gateway.manners = manners);
        world.send(0, 1, &body(100));
        world.run_until(PATIENCE, |world| world.hosts[1].problem() == Some(code));
        assert!(world.hosts[1].received.is_empty());
    }
}

#[test]
fn a_message_of_a_later_version_is_skipped() {
    let mut world = World::new(14);
    world
        .gateways
        .iter_mut()
        .for_each(|gateway| gateway.manners = Manners::Newer);
    world.add_host(Config::default());
    world.run_until_online();
    assert!(world.hosts[0].client().statistics().unknown_text > 0);
}

#[test]
fn a_directory_that_fails_is_named_and_asked_again() {
    let table = [
        (Directory::Dead, "directory.unreachable"),
        (Directory::Nonsense, "directory.nonsense"),
    ];
    for (directory, code) in table {
        let mut world = World::new(15);
        world.directory = directory;
        world.add_host(Config::default());
        world.run_until(PATIENCE, |world| world.hosts[0].problem() == Some(code));
        world.directory = Directory::Honest;
        world.run_until(PATIENCE, |world| world.hosts[0].is_online());
    }
}

#[test]
fn without_free_bandwidth_receiving_works_and_sending_waits() {
    let mut world = pair(16);
    world
        .gateways
        .iter_mut()
        .for_each(|gateway| gateway.manners = Manners::Stingy);
    world.reconnect(0);
    let id = world.send(0, 1, &body(100));
    world.run_until(PATIENCE, |world| {
        world.hosts[0].problem() == Some("gateway.bandwidth")
    });
    assert_eq!(world.hosts[0].client().bandwidth(), Some(0));
    world.send(1, 0, &body(50));
    arrives(&mut world, 0, &body(50));
    world
        .gateways
        .iter_mut()
        .for_each(|gateway| gateway.manners = Manners::Good);
    world.run_until(Duration::from_secs(400), |world| {
        world.hosts[0].state(id) == Some(&DeliveryState::AtGateway)
    });
    assert!(world.hosts[0].client().bandwidth() > Some(0));
}

#[test]
fn bandwidth_that_runs_out_in_mid_message_is_claimed_again() {
    let mut world = pair(17);
    world
        .gateways
        .iter_mut()
        .for_each(|gateway| gateway.allowance = 20_000);
    world.reconnect(0);
    let id = world.send(0, 1, &body(100_000));
    arrives(&mut world, 1, &body(100_000));
    settles(&mut world, 0, id);
}

#[test]
fn an_unknown_recipient_gateway_is_said_and_waited_for() {
    let mut world = pair(18);
    let mut to = world.hosts[1].client().address().unwrap();
    to.gateway = to.identity;
    let id = world.send_to(0, &to, &body(10));
    world.run_for(Duration::from_secs(2));
    let Some(DeliveryState::Queued {
        waiting: Some(problem),
    }) = world.hosts[0].state(id)
    else {
        panic!("{:?}", world.hosts[0].state(id));
    };
    assert_eq!(problem.code(), "peer.gateway-missing");
    world.act(0, |client, now| client.cancel(now, id));
    let good = world.send(0, 1, &body(10));
    settles(&mut world, 0, good);
    assert_eq!(
        world.hosts[0].state(id),
        Some(&DeliveryState::Failed(FailReason::Cancelled))
    );
}

#[test]
fn what_can_never_be_sent_is_refused_at_once() {
    let mut world = pair(19);
    let to = world.hosts[1].client().address().unwrap();
    let limit = MAX_MESSAGE_BYTES;
    world.act(0, |client, now| {
        assert_eq!(client.send(now, &to, vec![]), Err(SendError::Empty));
        let too_large = Err(SendError::TooLarge { limit });
        assert_eq!(client.send(now, &to, vec![0; limit + 1]), too_large);
    });
}

#[test]
fn what_waits_for_the_disk_counts_against_what_may_wait() {
    let mut world = pair(19);
    let to = world.hosts[1].client().address().unwrap();
    world.act(0, |client, now| {
        for _ in 0..MAX_OUTBOX_BYTES / MAX_MESSAGE_BYTES {
            assert!(client.send(now, &to, vec![0; MAX_MESSAGE_BYTES]).is_ok());
        }
        assert_eq!(client.send(now, &to, vec![0]), Err(SendError::OutboxFull));
    });
}

#[test]
fn a_message_nobody_takes_fails_and_a_retry_sends_it() {
    let config = Config {
        give_up_after: Duration::from_secs(600),
        ..Config::default()
    };
    let mut world = World::new(20);
    world.add_host(config);
    world.add_host(Config::default());
    world.run_until_online();
    world.conditions.loss = 1.0;
    let id = world.send(0, 1, &body(10));
    let failed = DeliveryState::Failed(FailReason::Expired);
    world.run_until(Duration::from_secs(700), |world| {
        world.hosts[0].state(id) == Some(&failed)
    });
    world.conditions.loss = 0.0;
    world.kill(0);
    world.start(0);
    world.run_for(Duration::from_secs(60));
    assert!(world.hosts[1].received.is_empty(), "a failed message rests");
    world.act(0, |client, now| client.retry(now, id));
    arrives(&mut world, 1, &body(10));
    settles(&mut world, 0, id);
}

#[test]
fn nothing_is_told_while_the_disk_is_full_and_nothing_is_lost() {
    let mut world = pair(21);
    world.hosts[0].disk_full = true;
    let id = world.send(0, 1, &body(10));
    world.run_for(Duration::from_secs(10));
    assert_eq!(world.hosts[0].state(id), None);
    assert!(world.hosts[0].storage_problems[0].contains("disk full"));
    world.hosts[0].disk_full = false;
    arrives(&mut world, 1, &body(10));
    assert_eq!(world.hosts[0].storage_problems.last().unwrap(), "");
}

#[test]
fn damaged_records_are_put_away_and_the_rest_goes_on() {
    let mut world = pair(22);
    world.conditions.loss = 1.0;
    world.send(0, 1, &body(10));
    world.run_for(Duration::from_secs(1));
    world.kill(0);
    world.hosts[0].damage(Store::Outbox);
    world.hosts[0].damage(Store::Registration);
    world.start(0);
    world.run_until_online();
    assert_eq!(world.hosts[0].client().statistics().damaged_records, 2);
    world.run_for(Duration::from_secs(5));
    assert_eq!(world.hosts[0].count(Store::Outbox), 0);
}

#[test]
fn a_paced_client_sends_no_faster_than_its_pace() {
    let mut world = World::new(23);
    let mean = Duration::from_millis(20);
    world.add_host(Config {
        pacing: Pacing::Poisson { mean },
        ..Config::default()
    });
    world.add_host(Config::default());
    world.run_until_online();
    let before = world.now;
    world.send(0, 1, &body(300_000));
    arrives(&mut world, 1, &body(300_000));
    let packets = world.hosts[0].client().statistics().packets_sent as u32;
    let took = world.now.saturating_since(before);
    assert!(
        took > mean * packets * 3 / 4,
        "{packets} packets in {took:?}"
    );
    assert!(
        took < mean * packets * 5 / 4,
        "{packets} packets in {took:?}"
    );
}

#[test]
fn an_idle_client_is_quiet() {
    let mut world = pair(24);
    world.run_for(Duration::from_secs(3600));
    let statistics = world.hosts[0].client().statistics();
    assert_eq!(statistics.packets_sent, 0);
    assert!(world.hosts.iter().all(Host::is_online));
}
