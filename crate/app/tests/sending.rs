//! What the user can do while something is on its way.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a test that panics has failed, which is what a test is for"
)]

mod common;

use common::pair::{ALICE, Pair};
use common::{Disk, World};
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
