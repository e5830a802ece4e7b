//! Choosing a gateway, changing it, and being left by it.

#![allow(
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "a test that panics has failed"
)]

use sotto_core::address::Address;
use sotto_core::client::{Client, Config, DeliveryState, GatewayChoice, MoveError, Store};
use sotto_core::keys::IdentityKey;
use sotto_sim::World;
use std::time::Duration;

const PATIENCE: Duration = Duration::from_secs(120);
const HOUR: Duration = Duration::from_secs(3600);
const DAY: Duration = Duration::from_secs(24 * 3600);

fn address(world: &World, host: usize) -> Address {
    world.hosts[host].client().address().unwrap()
}

fn name(world: &World, gateway: usize) -> IdentityKey {
    world.gateways[gateway].identity()
}

/// The place of the gateway that an address names.
fn place(world: &World, address: &Address) -> usize {
    (0..world.gateways.len())
        .find(|place| name(world, *place) == address.gateway)
        .unwrap()
}

/// Two connected clients.
fn pair(seed: u8) -> World {
    let mut world = World::new(seed);
    world.add_host(Config::default());
    world.add_host(Config::default());
    world.run_until_online();
    world.run_for(Duration::from_secs(1));
    world
}

/// Moves the first client: its addresses before and after.
fn moved(world: &mut World, choice: GatewayChoice) -> (Address, Address) {
    let before = address(world, 0);
    world.act(0, |client, now| client.change_gateway(now, choice).unwrap());
    world.run_until(PATIENCE, |world| {
        world.hosts[0].addresses.last().unwrap().gateway != before.gateway
    });
    world.run_until(PATIENCE, |world| world.hosts[0].is_online());
    (before, address(world, 0))
}

#[test]
fn the_gateway_that_was_named_is_taken() {
    for gateway in 0..2 {
        let mut world = World::new(1);
        let config = Config {
            gateway: GatewayChoice::Named(name(&world, gateway)),
            ..Config::default()
        };
        world.add_host(config);
        world.run_until_online();
        assert_eq!(address(&world, 0).gateway, name(&world, gateway));
    }
}

#[test]
fn a_gateway_that_is_to_be_avoided_is_taken_only_if_there_is_no_other() {
    for only_one in [false, true] {
        for seed in 0..4 {
            let mut world = World::new(seed);
            world.gateways[1].set_up(!only_one);
            let avoided = name(&world, 0);
            world.add_host(Config {
                avoid: Some(avoided),
                ..Config::default()
            });
            world.run_until_online();
            assert_eq!(address(&world, 0).gateway == avoided, only_one);
        }
    }
}

#[test]
fn a_named_gateway_that_is_not_there_is_said_and_waited_for() {
    let mut world = World::new(2);
    world.gateways[1].set_up(false);
    let config = Config {
        gateway: GatewayChoice::Named(name(&world, 1)),
        ..Config::default()
    };
    world.add_host(config);
    world.run_until(PATIENCE, |world| {
        world.hosts[0].problem() == Some("gateway.chosen-missing")
    });
    world.gateways[1].set_up(true);
    world.run_until(PATIENCE, |world| {
        world.hosts[0].connection.is_some() && world.hosts[0].is_online()
    });
    assert_eq!(address(&world, 0).gateway, name(&world, 1));
}

#[test]
fn the_fastest_gateway_is_found_by_asking() {
    for fast in 0..2 {
        let mut world = World::new(3);
        world.gateways[1 - fast].slowness = Duration::from_millis(80);
        let config = Config {
            gateway: GatewayChoice::Fastest,
            ..Config::default()
        };
        world.add_host(config);
        world.run_until_online();
        assert_eq!(place(&world, &address(&world, 0)), fast);
    }
}

#[test]
fn gateways_that_say_nothing_are_not_the_fastest_and_do_not_keep_us_waiting() {
    let mut world = World::new(4);
    world.gateways[0].manners = sotto_sim::Manners::Silent;
    let config = Config {
        gateway: GatewayChoice::Fastest,
        ..Config::default()
    };
    world.add_host(config);
    world.run_until(Duration::from_secs(10), |world| {
        world.hosts[0].connection.is_some() && world.hosts[0].is_online()
    });
    assert_eq!(place(&world, &address(&world, 0)), 1);
}

#[test]
fn after_a_move_messages_to_both_addresses_arrive() {
    let mut world = pair(5);
    let (old, new) = moved(&mut world, GatewayChoice::Random);
    assert_ne!(old.gateway, new.gateway);
    assert_eq!(old.identity, new.identity);
    world.send_to(1, &old, b"to the old one");
    world.run_until(PATIENCE, |world| world.hosts[0].received.len() == 1);
    world.send_to(1, &new, b"to the new one");
    world.run_until(PATIENCE, |world| world.hosts[0].received.len() == 2);
    let id = world.send(0, 1, b"from the new one");
    world.run_until(PATIENCE, |world| {
        world.hosts[0].state(id) == Some(&DeliveryState::AtGateway)
    });
    assert!(world.hosts[0].others.former[0].online);
    assert_eq!(world.hosts[0].others.next, None);
}

#[test]
fn a_message_on_its_way_survives_the_move_of_its_sender() {
    let mut world = pair(6);
    let body = vec![7; 200_000];
    let id = world.send(0, 1, &body);
    world.run_for(Duration::from_millis(50));
    moved(&mut world, GatewayChoice::Random);
    world.run_until(PATIENCE, |world| {
        world.hosts[0].state(id) == Some(&DeliveryState::AtGateway)
    });
    assert_eq!(world.hosts[1].received, [body]);
}

#[test]
fn a_move_ends_well_wherever_the_worker_dies() {
    let mut finished = 0;
    for step in 0..60 {
        let mut world = pair(7);
        let old = address(&world, 0);
        world.act(0, |client, now| {
            client.change_gateway(now, GatewayChoice::Random).unwrap();
        });
        // The wish is on disk after one commit (5 ms).
        world.run_for(Duration::from_millis(5 + step));
        finished += usize::from(world.hosts[0].addresses.len() > 1);
        world.kill(0);
        world.start(0);
        world.run_until(PATIENCE, |world| {
            address(world, 0).gateway != old.gateway
                && world.hosts[0].is_online()
                && world.hosts[0].others.former.len() == 1
        });
        assert_eq!(world.hosts[0].count(Store::Registration), 2, "step {step}");
        world.run_until(PATIENCE, |world| world.hosts[0].others.former[0].online);
        for to in [old, address(&world, 0)] {
            world.send_to(1, &to, b"here?");
        }
        world.run_until(PATIENCE, |world| world.hosts[0].received.len() == 2);
    }
    assert!((1..60).contains(&finished), "no run was cut in mid-move");
}

#[test]
fn moving_back_takes_up_the_old_registration() {
    let mut world = pair(8);
    let (old, new) = moved(&mut world, GatewayChoice::Random);
    let (_, back) = moved(&mut world, GatewayChoice::Named(old.gateway));
    assert_eq!(back, old);
    world.run_for(Duration::from_secs(1));
    assert_eq!(world.hosts[0].others.former[0].gateway, new.gateway);
    let id = world.send(0, 1, b"back");
    world.run_until(PATIENCE, |world| {
        world.hosts[0].state(id) == Some(&DeliveryState::AtGateway)
    });
}

#[test]
fn a_move_by_chance_to_a_gateway_that_was_left_goes_back_to_it() {
    let mut world = pair(8);
    let (old, between) = moved(&mut world, GatewayChoice::Random);
    // There are two gateways, so there is no choice.
    let (_, back) = moved(&mut world, GatewayChoice::Random);
    assert_eq!(back, old);
    world.run_for(Duration::from_secs(60));
    let changes = world.hosts[0].connections.len();
    world.send_to(1, &between, b"between");
    world.send_to(1, &back, b"back");
    world.run_until(PATIENCE, |world| world.hosts[0].received.len() == 2);
    world.run_for(HOUR);
    assert_eq!(
        world.hosts[0].connections.len(),
        changes,
        "it goes on and off"
    );
    let former: Vec<_> = world.hosts[0]
        .others
        .former
        .iter()
        .map(|f| f.gateway)
        .collect();
    assert_eq!(former, [between.gateway]);
}

#[test]
fn a_move_that_cannot_be_is_refused_and_one_can_stay() {
    let mut world = pair(9);
    let before = address(&world, 0);
    let (own, other) = (before.gateway, 1 - place(&world, &before));
    let nobody = before.identity;
    let table = [
        (own, MoveError::AlreadyThere),
        (nobody, MoveError::NotListed),
    ];
    for (gateway, error) in table {
        let moving = world.act(0, |client, now| {
            client.change_gateway(now, GatewayChoice::Named(gateway))
        });
        assert_eq!(moving, Err(error));
    }
    world.gateways[other].manners = sotto_sim::Manners::Refuses;
    world.act(0, |client, now| {
        client.change_gateway(now, GatewayChoice::Random).unwrap();
    });
    world.run_for(Duration::from_secs(10));
    let next = world.hosts[0].others.next.clone().unwrap();
    assert!(format!("{:?}", next.state).contains("go away"), "{next:?}");
    assert!(world.hosts[0].is_online(), "the old one serves meanwhile");
    world.act(0, |client, now| client.stay(now));
    world.run_for(Duration::from_secs(10));
    assert_eq!(world.hosts[0].others.next, None);
    world.kill(0);
    world.start(0);
    world.run_for(Duration::from_secs(10));
    assert_eq!(address(&world, 0), before);
    assert_eq!(world.hosts[0].others.next, None);
    assert_eq!(world.hosts[0].count(Store::Registration), 1);
}

#[test]
fn a_gateway_that_was_left_is_kept_as_long_as_messages_come_and_then_asked_to_forget_us() {
    let mut world = pair(10);
    let (old, _) = moved(&mut world, GatewayChoice::Random);
    let left = place(&world, &old);
    world.run_for(13 * DAY);
    world.send_to(1, &old, b"still here?");
    world.run_until(PATIENCE, |world| world.hosts[0].received.len() == 1);
    world.run_for(13 * DAY);
    assert!(world.gateways[left].knows(&old.identity));
    world.run_for(2 * DAY);
    assert!(!world.gateways[left].knows(&old.identity));
    assert!(world.hosts[0].others.former.is_empty());
    assert_eq!(world.hosts[0].count(Store::Registration), 1);
}

#[test]
fn a_gateway_can_be_left_at_once_even_if_it_is_dead() {
    for dead in [false, true] {
        let mut world = pair(11);
        let (old, _) = moved(&mut world, GatewayChoice::Random);
        let left = place(&world, &old);
        if dead {
            world.stop_gateway(left);
        }
        world.act(0, |client, now| client.leave_gateway(now, &old.gateway));
        world.run_for(if dead {
            DAY + HOUR
        } else {
            3 * Duration::from_secs(60)
        });
        assert!(world.hosts[0].others.former.is_empty(), "dead: {dead}");
        assert_eq!(world.hosts[0].count(Store::Registration), 1);
        assert_eq!(world.gateways[left].knows(&old.identity), dead);
    }
}

#[test]
fn every_gateway_that_is_connected_forgets_us_when_it_is_asked() {
    let mut world = pair(14);
    let (old, new) = moved(&mut world, GatewayChoice::Random);
    world.run_for(Duration::from_secs(60));
    assert!(!world.hosts[0].client().is_forgotten());
    world.act(0, Client::ask_to_be_forgotten);
    world.run_until(PATIENCE, |world| world.hosts[0].client().is_forgotten());
    for address in [old, new] {
        let gateway = place(&world, &address);
        assert!(!world.gateways[gateway].knows(&address.identity));
    }
}

#[test]
fn a_client_without_a_connection_has_nobody_to_be_forgotten_by() {
    let mut world = pair(15);
    for gateway in 0..2 {
        world.stop_gateway(gateway);
    }
    world.run_for(Duration::from_secs(60));
    assert!(world.hosts[0].client().is_forgotten());
}

#[test]
fn a_person_is_advised_to_move_when_the_gateway_is_gone_for_good_and_the_move_works() {
    let mut world = World::new(12);
    world.add_host(Config::default());
    world.run_until_online();
    let gone = place(&world, &address(&world, 0));
    let other = GatewayChoice::Named(name(&world, 1 - gone));
    world.add_host(Config {
        gateway: other,
        ..Config::default()
    });
    world.run_until_online();
    world.stop_gateway(gone);
    world.run_for(HOUR);
    assert_ne!(world.hosts[0].problem(), Some("gateway.gone"));
    // Killed workers must not begin to count anew.
    world.kill(0);
    world.start(0);
    world.run_for(HOUR + Duration::from_secs(300));
    assert_eq!(world.hosts[0].problem(), Some("gateway.gone"));
    let (_, new) = moved(&mut world, GatewayChoice::Random);
    assert_eq!(place(&world, &new), 1 - gone);
    world.send_to(1, &new, b"found you");
    world.run_until(PATIENCE, |world| world.hosts[0].received.len() == 1);
}

#[test]
fn there_is_no_advice_to_move_while_the_directory_cannot_be_asked() {
    let mut world = pair(13);
    let own = place(&world, &address(&world, 0));
    world.directory = sotto_sim::Directory::Dead;
    world.stop_gateway(own);
    world.run_for(DAY);
    assert_ne!(world.hosts[0].problem(), Some("gateway.gone"));
}
