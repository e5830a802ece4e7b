//! What the user can do while something is on its way.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a test that panics has failed, which is what a test is for"
)]

mod common;

use std::time::Duration;

use common::pair::{ALICE, BOB, Pair};
use common::{Disk, World, registered};
use serde_json::{Value, json};

fn probe() -> Value {
    json!({"type": "probe"})
}

#[test]
fn a_probe_goes_round_the_network_and_tells_how_long_it_took() {
    let mut pair = Pair::new();
    let reply = pair.ask(ALICE, &probe());
    assert_eq!(reply["type"], "probe", "{reply}");
    assert!(reply["milliseconds"].as_u64().unwrap() > 0);
}

#[test]
fn a_probe_that_cannot_leave_or_is_lost_is_an_error_with_a_code() {
    let mut world = World::with_page(Disk::default());
    assert_eq!(world.refused(probe()), "probe.disconnected");
    let mut pair = Pair::new();
    pair.network.conditions.loss = 1.0;
    assert_eq!(pair.refused(ALICE, &probe()), "probe.lost");
}

fn of(kind: &str, id: &str) -> Value {
    json!({"type": kind, "id": id})
}

#[test]
fn a_message_rests_while_the_user_wants_it_to_also_over_a_restart_and_then_arrives() {
    let mut pair = Pair::new();
    let (alice, bob) = (pair.address(ALICE), pair.address(BOB));
    let id = pair.write(ALICE, &bob, &"long ".repeat(60_000), false);
    assert_eq!(pair.ask(ALICE, &of("pause", &id)), json!({"type": "ok"}));
    pair.run_until_state(ALICE, &id, "paused");
    for _ in 0..2 {
        pair.run_for(Duration::from_secs(600));
        assert_eq!(pair.messages(BOB, &alice).len(), 0);
        let shown = pair.messages(ALICE, &bob).remove(0);
        assert_eq!(shown["delivery"]["state"], "paused");
        pair.kill_and_restart(ALICE);
        pair.run_until(|pair| pair.is_online(ALICE));
    }
    assert_eq!(pair.ask(ALICE, &of("resume", &id)), json!({"type": "ok"}));
    pair.run_until_state(ALICE, &id, "delivered");
    assert_eq!(pair.messages(BOB, &alice).len(), 1);
}

#[test]
fn what_is_not_on_its_way_cannot_rest_and_nothing_comes_of_it() {
    let mut world = World::with_page(registered());
    for kind in ["pause", "resume"] {
        assert_eq!(world.refused(of(kind, "00")), "message.unknown");
        assert_eq!(world.refused(of(kind, &"0".repeat(32))), "message.unknown");
    }
    let id = world.send("hello");
    assert_eq!(world.ask(of("resume", &id)), json!({"type": "ok"}));
    let state = |world: &mut World| {
        let shown = world.messages(&common::address().to_string());
        shown[0]["delivery"]["state"].clone()
    };
    assert_eq!(state(&mut world), "queued");
    for _ in 0..2 {
        assert_eq!(world.ask(of("pause", &id)), json!({"type": "ok"}));
        assert_eq!(state(&mut world), "paused");
    }
    assert_eq!(world.ask(of("resume", &id)), json!({"type": "ok"}));
    assert_eq!(state(&mut world), "queued");
}
