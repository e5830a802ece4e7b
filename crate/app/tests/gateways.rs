//! Gateways and the network's map, as pages see and change them.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "a test that panics has failed"
)]

mod common;

use common::{Disk, PAGE, World, gateway, registered, replies};
use serde_json::{Value, json};
use sotto_app::background::Table;
use sotto_core::client::Store;

fn change(to: &str) -> Value {
    json!({"type": "changeGateway", "to": to})
}

/// The last event of a kind since the last look.
fn last(world: &mut World, kind: &str) -> Option<Value> {
    let events = world.events(PAGE);
    events.into_iter().rfind(|event| event["type"] == kind)
}

/// A registered client that knows the network.
fn world() -> World {
    let mut world = World::with_page(registered());
    world.answer_fetch(Ok(replies()));
    world
}

#[test]
fn a_page_sees_the_own_gateway_and_how_old_the_map_is() {
    let mut world = world();
    let topology = last(&mut world, "topology").unwrap()["topology"].clone();
    let expected = json!({"fetchedAt": world.now.as_millis(), "epoch": 7, "stored": false,
                          "mixNodes": 3, "gateways": 3});
    assert_eq!(topology, expected);
    let snapshot = world.snapshot();
    assert_eq!(snapshot["topology"], expected);
    assert_eq!(snapshot["gateways"]["own"], json!(gateway().to_string()));
}

#[test]
fn the_map_from_disk_is_used_without_a_directory_and_said_to_be_old() {
    let disk = world().disk;
    let mut world = World::with_page(disk);
    world.answer_fetch(Err("it cannot be reached".to_owned()));
    assert_eq!(
        last(&mut world, "topology").unwrap()["topology"]["stored"],
        true
    );
    assert!(!world.opened.is_empty(), "it connects all the same");
}

#[test]
fn a_wish_to_move_is_shown_once_it_is_on_disk_and_can_be_taken_back() {
    let mut world = world();
    world.events(PAGE);
    let sockets = world.opened.len();
    assert_eq!(world.ask(change("random")), json!({"type": "ok"}));
    let gateways = last(&mut world, "gateways").unwrap()["gateways"].clone();
    assert_eq!(gateways["own"], json!(gateway().to_string()));
    assert_ne!(gateways["next"], Value::Null);
    let wish = |world: &World| {
        let registrations = Table::Core(Store::Registration);
        world.disk.get(registrations, b"wish").map(<[u8]>::to_vec)
    };
    assert_eq!(wish(&world), Some(vec![0]));
    assert_eq!(world.opened.len(), sockets + 1, "the old one stays open");
    world.ask(json!({"type": "stayAtGateway"}));
    let gateways = last(&mut world, "gateways").unwrap()["gateways"].clone();
    assert_eq!(gateways["next"], Value::Null);
    assert_eq!(wish(&world), None);
    assert_eq!(world.closed.len(), 1);
}

#[test]
fn what_cannot_be_moved_to_is_refused_by_name() {
    let mut world = world();
    let own = gateway().to_string();
    let unlisted = common::address().identity.to_string();
    for (to, code) in [
        (own.as_str(), "gateway.already-there"),
        (&unlisted, "gateway.not-listed"),
        ("quickest", "gateway.not-listed"),
        (&"x".repeat(100_000), "gateway.not-listed"),
    ] {
        let disk = world.disk.clone();
        assert_eq!(world.refused(change(to)), code, "{to:.20}");
        assert!(world.disk == disk);
    }
}

#[test]
fn the_gateways_to_choose_from_are_those_of_the_directory() {
    let mut world = World::with_page(Disk::default());
    let ask = json!({"type": "gatewayChoices"});
    assert_eq!(world.ask(ask.clone())["gateways"], json!([]));
    world.answer_fetch(Ok(replies()));
    let gateways = world.ask(ask)["gateways"].clone();
    let gateways = gateways.as_array().unwrap();
    assert_eq!(gateways.len(), 3);
    assert!(gateways.contains(&json!(gateway().to_string())));
}

#[test]
fn neither_gateways_nor_map_of_one_network_are_taken_to_another() {
    let mut world = world();
    let settings = common::settings("https://example.org/");
    world.ask(json!({"type": "setSettings", "settings": settings}));
    let left = world.disk.records(&[Store::Registration, Store::Topology]);
    assert!(left.is_empty());
}
