//! A probe tells how long a packet takes round the loop, or that it does not come back.

#![allow(clippy::indexing_slicing, reason = "a test that panics has failed")]

use sotto_core::client::{Client, Config, Cover, Pacing, ProbeError};
use sotto_sim::World;
use std::time::Duration;

const PATIENCE: Duration = Duration::from_secs(60);

/// A connected client.
fn alone(config: Config) -> World {
    let mut world = World::new(61);
    world.add_host(config);
    world.run_until_online();
    world.run_for(Duration::from_secs(1));
    world
}

fn probe(world: &mut World) {
    world.act(0, Client::probe);
}

/// What became of the only probe, and how long it took to know.
fn result(world: &mut World) -> (Result<Duration, ProbeError>, Duration) {
    let start = world.now;
    world.run_until(PATIENCE, |world| !world.hosts[0].probes.is_empty());
    let took = world.now.saturating_since(start);
    world.run_for(Duration::from_secs(2));
    assert_eq!(world.hosts[0].probes.len(), 1, "told twice");
    (world.hosts[0].probes[0], took)
}

fn paced(mean: Duration, fill_ticks: bool) -> Config {
    Config {
        pacing: Pacing::Poisson { mean },
        cover: Cover {
            fill_ticks,
            stream: None,
        },
        ..Config::default()
    }
}

#[test]
fn a_probe_comes_back_with_every_preset() {
    let resting = paced(Duration::from_millis(20), false);
    for config in [
        Config::default(),
        Config::protected(),
        Config::fast(),
        resting,
    ] {
        let mut world = alone(config.clone());
        probe(&mut world);
        let (came, took) = result(&mut world);
        let came = came.unwrap();
        let sane = Duration::from_millis(5)..Duration::from_secs(2);
        assert!(sane.contains(&came) && came <= took, "{came:?} {config:?}");
        let statistics = world.hosts[0].client().statistics();
        assert!(statistics.cover >= 1 && statistics.packets_sent == 0);
    }
}

#[test]
fn a_probe_keeps_to_the_pace() {
    let slow = Duration::from_secs(5);
    for (config, at_once) in [
        (Config::default(), 1),
        (paced(slow, true), 0),
        (paced(slow, false), 0),
    ] {
        let mut world = alone(config.clone());
        let before = world.hosts[0].observed.len();
        probe(&mut world);
        let after = world.hosts[0].observed.len();
        assert_eq!(after - before, at_once, "{config:?}");
        assert!(result(&mut world).0.is_ok(), "{config:?}");
    }
}

#[test]
fn a_probe_takes_the_place_of_a_cover_packet() {
    let packets = |probing: bool| {
        let mut world = alone(paced(Duration::from_secs(1), true));
        let before = world.hosts[0].packets().0;
        if probing {
            probe(&mut world);
        }
        world.run_for(Duration::from_secs(400));
        let host = &world.hosts[0];
        assert_eq!(host.probes.len(), usize::from(probing));
        host.packets().0 - before
    };
    // Either is Poisson with a mean of 400: an extra packet would not show, one a probe's wait
    // would.
    for count in [packets(false), packets(true)] {
        assert!((320..480).contains(&count), "{count}");
    }
}

#[test]
fn a_lost_probe_is_told_after_thirty_seconds_and_the_next_one_is_free() {
    let mut world = alone(Config::default());
    world.conditions.loss = 1.0;
    probe(&mut world);
    let (told, took) = result(&mut world);
    assert_eq!(told, Err(ProbeError::Lost));
    assert_eq!(took, Duration::from_secs(30));
    world.conditions.loss = 0.0;
    world.hosts[0].probes.clear();
    probe(&mut world);
    assert!(result(&mut world).0.is_ok());
}

#[test]
fn a_probe_that_comes_too_late_is_cover() {
    let mut world = alone(Config::default());
    world.conditions.stragglers = 1.0;
    world.conditions.straggle = Duration::from_secs(600);
    probe(&mut world);
    let (told, _) = result(&mut world);
    assert_eq!(told, Err(ProbeError::Lost));
    world.run_for(Duration::from_secs(3600));
    let host = &world.hosts[0];
    assert!(host.client().statistics().cover >= 1, "{host:?}");
    assert_eq!(host.probes.len(), 1);
}

#[test]
fn without_a_connection_it_is_told_at_once() {
    let mut world = World::new(62);
    world.add_host(Config::default());
    probe(&mut world);
    assert_eq!(world.hosts[0].probes, [Err(ProbeError::Disconnected)]);
}

#[test]
fn a_connection_that_breaks_ends_the_probe() {
    for paced in [Config::default(), paced(Duration::from_secs(5), true)] {
        let mut world = alone(paced);
        probe(&mut world);
        world.reconnect(0);
        assert_eq!(world.hosts[0].probes, [Err(ProbeError::Disconnected)]);
        world.run_until_online();
        world.run_for(PATIENCE);
        assert_eq!(world.hosts[0].probes.len(), 1, "its return is nobody's");
    }
}

#[test]
fn two_who_ask_get_one_answer() {
    let mut world = alone(Config::default());
    probe(&mut world);
    probe(&mut world);
    assert!(result(&mut world).0.is_ok());
}
