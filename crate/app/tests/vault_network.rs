//! What a vault means for the network: locking leaves it, and forgetting everything is told to it.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a test that panics has failed, which is what a test is for"
)]

mod common;

use std::time::Duration;

use common::pair::{ALICE, BOB, Pair};
use common::{Disk, PAGE};
use serde_json::json;
use sotto_core::address::Address;

const PASSPHRASE: &str = "hunter2 hunter2";

/// Whether the gateway of an address knows its owner.
fn is_known(pair: &Pair, address: &Address) -> bool {
    let mut gateways = pair.network.gateways.iter();
    let own = gateways.find(|gateway| gateway.identity() == address.gateway);
    own.unwrap().knows(&address.identity)
}

fn address(pair: &mut Pair, who: usize) -> Address {
    pair.address(who).parse().unwrap()
}

#[test]
fn whoever_forgets_everything_is_forgotten_by_the_gateway_too() {
    let mut pair = Pair::new();
    let (alice, bob) = (address(&mut pair, ALICE), address(&mut pair, BOB));
    assert!(is_known(&pair, &alice));
    let began = pair.network.now;
    let reply = pair.ask(ALICE, &json!({"type": "forgetEverything"}));
    assert_eq!(reply, json!({"type": "ok"}));
    assert!(pair.network.now.saturating_since(began) < Duration::from_secs(2));
    assert!(!is_known(&pair, &alice));
    assert!(is_known(&pair, &bob));
    let world = &mut pair.people[ALICE];
    assert_eq!(world.snapshot()["stage"], json!({"name": "new"}));
    assert!(!world.app.is_connected());
    pair.run_for(Duration::from_secs(3_600));
    assert!(!is_known(&pair, &alice), "nobody signs in again");
}

#[test]
fn a_gateway_that_does_not_answer_holds_nobody_up_for_long() {
    let mut pair = Pair::new();
    // Nothing is carried to the network any more.
    let world = &mut pair.people[ALICE];
    let request = world.post(PAGE, &json!({"type": "forgetEverything"}));
    world.pass(Duration::from_millis(4_900));
    assert_eq!(world.reply(request), None);
    assert!(world.app.is_connected(), "the browser must not end it now");
    let due = world.app.next_deadline().unwrap();
    assert!(due <= world.now + Duration::from_millis(100));
    world.pass(Duration::from_millis(100));
    assert_eq!(world.reply(request), Some(json!({"type": "ok"})));
    assert_eq!(world.snapshot()["stage"], json!({"name": "new"}));
    assert!(world.disk == Disk::default());
}

#[test]
fn what_comes_while_the_vault_is_locked_is_there_when_it_is_unlocked() {
    let mut pair = Pair::new();
    let set = json!({"type": "setPassphrase", "old": null, "new": PASSPHRASE});
    assert_eq!(pair.ask(BOB, &set), json!({"type": "ok"}));
    let (alice, bob) = (pair.address(ALICE), pair.address(BOB));
    assert_eq!(
        pair.ask(BOB, &json!({"type": "lock"})),
        json!({"type": "ok"})
    );
    let id = pair.write(ALICE, &bob, "are you there?", false);
    pair.run_until_state(ALICE, &id, "atGateway");
    assert_eq!(pair.people[BOB].snapshot()["conversations"], json!([]));
    assert_eq!(pair.people[BOB].badges.last(), Some(&0));
    let unlock = json!({"type": "unlock", "passphrase": PASSPHRASE});
    assert_eq!(pair.ask(BOB, &unlock), json!({"type": "ok"}));
    pair.run_until(|pair| !pair.conversations(BOB).is_empty());
    let from = pair.conversations(BOB).remove(0);
    assert_eq!(pair.texts(BOB, &from), ["are you there?"]);
    assert_eq!(pair.address(BOB), bob);
    assert_eq!(pair.address(ALICE), alice);
}
