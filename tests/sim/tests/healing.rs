//! What goes wrong without anybody's fault heals by itself (protocol.md 8.4, 8.8).

#![allow(
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "a test that panics has failed"
)]

use sotto_core::client::{Config, DeliveryState, Store};
use sotto_sim::{Directory, World};
use std::time::Duration;

const PATIENCE: Duration = Duration::from_secs(120);
const HOUR: Duration = Duration::from_secs(3600);

/// Two connected clients.
fn pair(seed: u8) -> World {
    let mut world = World::new(seed);
    world.add_host(Config::default());
    world.add_host(Config::default());
    world.run_until_online();
    world.run_for(Duration::from_secs(1));
    world
}

fn online_again(world: &mut World) {
    world.run_until(PATIENCE, |world| {
        world.hosts[0].connection.is_some() && world.hosts[0].is_online()
    });
}

/// Both ways still work.
fn talk(world: &mut World) {
    for (from, to) in [(0, 1), (1, 0)] {
        let before = world.hosts[to].received.len();
        let id = world.send(from, to, b"still there?");
        world.run_until(PATIENCE, |world| {
            world.hosts[from].state(id) == Some(&DeliveryState::AtGateway)
                && world.hosts[to].received.len() == before + 1
        });
    }
}

#[test]
fn a_gateway_whose_clock_is_off_is_registered_with_anew_under_the_same_address() {
    for ahead in [HOUR, 24 * HOUR] {
        let mut world = pair(1);
        let address = world.hosts[0].client().address();
        for gateway in &mut world.gateways {
            gateway.clock_ahead = ahead;
        }
        world.reconnect(0);
        world.run_until(PATIENCE, |world| {
            world.hosts[0].problem() == Some("gateway.refused")
        });
        online_again(&mut world);
        assert_eq!(world.hosts[0].client().address(), address);
        talk(&mut world);
    }
}

#[test]
fn a_session_that_the_gateway_still_holds_for_alive_is_taken_over_in_the_end() {
    let mut world = pair(2);
    for gateway in &mut world.gateways {
        let words = "the client is connected already";
        gateway.refusals.extend([words, words]);
    }
    let registrations = world.hosts[0].count(Store::Registration);
    world.reconnect(0);
    online_again(&mut world);
    assert_eq!(world.hosts[0].count(Store::Registration), registrations);
    talk(&mut world);
}

#[test]
fn a_timestamp_that_was_used_in_the_same_second_is_not_used_again() {
    let mut world = pair(3);
    for _ in 0..5 {
        world.reconnect(0);
        online_again(&mut world);
        assert!(world.hosts[0].problem().is_none());
    }
    let gateway = |world: &World| world.gateways.iter().map(|g| g.sign_ins).sum::<usize>();
    assert_eq!(gateway(&world), 5, "none was refused");
}

#[test]
fn bandwidth_that_is_used_up_is_claimed_anew() {
    let mut world = pair(4);
    for gateway in &mut world.gateways {
        gateway.allowance = 30_000;
    }
    world.reconnect(0);
    online_again(&mut world);
    for _ in 0..6 {
        talk(&mut world);
        world.send(0, 1, &vec![1; 20_000]);
        world.run_for(Duration::from_secs(5));
    }
    assert!(world.gateways.iter().map(|g| g.claims).sum::<usize>() > 6);
}

#[test]
fn after_hours_of_sleep_everything_is_fetched_anew_and_what_waited_leaves() {
    // A day after it was written it would be given up.
    for hours in [1, 9, 20] {
        let mut world = pair(5);
        let id = world.send(0, 1, &[7; 50_000]);
        world.run_for(Duration::from_millis(40));
        // The lid is closed: the sockets die, and no timer runs. Only the clock goes on.
        let fetched = world.hosts[0].topologies.len();
        world.sleep(0, hours * HOUR);
        world.run_until(PATIENCE, |world| {
            world.hosts[0].state(id) == Some(&DeliveryState::AtGateway)
        });
        assert_eq!(world.hosts[1].received, [vec![7; 50_000]]);
        assert!(world.hosts[0].topologies.len() > fetched);
        talk(&mut world);
    }
}

#[test]
fn a_change_of_network_costs_no_message() {
    let mut world = pair(6);
    let id = world.send(0, 1, &[7; 200_000]);
    for _ in 0..5 {
        world.run_for(Duration::from_millis(37));
        world.reconnect(0);
    }
    world.run_until(PATIENCE, |world| {
        world.hosts[0].state(id) == Some(&DeliveryState::AtGateway)
    });
    assert_eq!(world.hosts[1].received, [vec![7; 200_000]]);
}

#[test]
fn without_a_directory_at_the_start_the_last_good_topology_is_used_and_its_age_told() {
    for directory in [Directory::Dead, Directory::Nonsense] {
        let mut world = pair(7);
        world.directory = directory;
        let fetched_at = world.hosts[0].topologies.last().unwrap().fetched_at;
        world.kill(0);
        world.run_for(5 * HOUR);
        world.start(0);
        online_again(&mut world);
        let news = *world.hosts[0].topologies.last().unwrap();
        assert!(news.stored);
        assert_eq!(news.fetched_at, fetched_at);
        talk(&mut world);
        world.directory = Directory::Honest;
        world.run_until(PATIENCE, |world| {
            !world.hosts[0].topologies.last().unwrap().stored
        });
        talk(&mut world);
    }
}

#[test]
fn a_stored_topology_that_is_damaged_is_no_worse_than_none() {
    let mut world = pair(8);
    world.kill(0);
    world.hosts[0].damage(Store::Topology);
    world.directory = Directory::Dead;
    world.start(0);
    world.run_until(PATIENCE, |world| {
        world.hosts[0].problem() == Some("directory.unreachable")
    });
    world.directory = Directory::Honest;
    online_again(&mut world);
    talk(&mut world);
}

#[test]
fn the_topology_is_written_when_its_epoch_changes_and_once_an_hour_and_not_each_time() {
    let mut world = pair(9);
    let record = |world: &World| {
        world.hosts[0]
            .values(Store::Topology)
            .next()
            .unwrap()
            .clone()
    };
    let first = record(&world);
    world.run_for(HOUR - Duration::from_secs(60));
    assert!(world.hosts[0].topologies.len() > 10);
    assert!(record(&world) == first, "nothing has changed");
    world.run_for(Duration::from_secs(600));
    let second = record(&world);
    assert!(second != first, "an hour is over");
    world.epoch += 1;
    world.run_for(Duration::from_secs(600));
    assert!(record(&world) != second, "a new epoch");
}
