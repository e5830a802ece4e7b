//! Whom the user knows: names, safety numbers, and what is remembered of it.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a test that panics has failed, which is what a test is for"
)]

mod common;

use common::pair::{ALICE, BOB, Pair};
use common::{Disk, PAGE, World, address, gateway};
use serde_json::{Value, json};
use sotto_core::address::Address;
use sotto_core::keys::ClientKeys;
use sotto_core::message::SenderTag;

fn add(address: &str, name: &str) -> Value {
    json!({"type": "addContact", "address": address, "name": name})
}

fn rename(conversation: &str, name: &str) -> Value {
    json!({"type": "rename", "conversation": conversation, "name": name})
}

fn verify(conversation: &str, verified: bool) -> Value {
    json!({"type": "setVerified", "conversation": conversation, "verified": verified})
}

fn safety_number(conversation: &str) -> Value {
    json!({"type": "safetyNumber", "conversation": conversation})
}

/// The same person at another gateway.
fn moved() -> String {
    let gateway = ClientKeys::generate(
        &mut <sotto_core::ChaCha20Rng as rand_core::SeedableRng>::from_seed([9; 32]),
    );
    let address = Address {
        gateway: gateway.signing.identity_key(),
        ..address()
    };
    address.to_string()
}

#[test]
fn a_contact_is_in_the_list_without_a_message_and_stays_there() {
    let mut world = World::with_page(Disk::default());
    let ada = address().to_string();
    let added = world.ask(add(&format!(" {ada}\n"), "  Ada "));
    assert_eq!(added["type"], "conversation", "{added}");
    assert_eq!(added["conversation"]["id"], json!(ada));
    assert_eq!(added["conversation"]["name"], "Ada");
    assert_eq!(added["conversation"]["last"], Value::Null);
    let events = world.events(PAGE);
    let told = events.iter().find(|event| event["type"] == "conversation");
    assert_eq!(told.unwrap()["conversation"], added["conversation"]);
    for world in [&mut World::with_page(world.disk.clone()), &mut world] {
        let list = world.snapshot()["conversations"].clone();
        assert_eq!(list, json!([added["conversation"]]));
    }
}

#[test]
fn a_contact_that_is_added_again_keeps_its_name_unless_there_is_a_new_one() {
    let mut world = World::with_page(Disk::default());
    let ada = address().to_string();
    for (address, name, expected) in [
        (&ada, "Ada", "Ada"),
        (&ada, " ", "Ada"),
        (&moved(), "Ada L.", "Ada L."),
    ] {
        let added = world.ask(add(address, name));
        assert_eq!(added["conversation"]["id"], json!(ada));
        assert_eq!(added["conversation"]["name"], expected);
    }
    assert_eq!(
        world.snapshot()["conversations"].as_array().unwrap().len(),
        1
    );
}

#[test]
fn names_change_and_go_and_those_that_deceive_are_refused() {
    let mut world = World::with_page(Disk::default());
    let ada = address().to_string();
    world.ask(add(&ada, "Ada"));
    assert_eq!(
        world.ask(rename(&ada, "Countess"))["conversation"]["name"],
        "Countess"
    );
    let disk = world.disk.clone();
    let long = "a".repeat(101);
    for (name, code) in [
        (long.as_str(), "contact.name-too-long"),
        ("a\u{202e}b", "contact.name-invisible"),
        ("a\nb", "contact.name-invisible"),
    ] {
        assert_eq!(world.refused(rename(&ada, name)), code);
        assert_eq!(world.refused(add(&ada, name)), code);
    }
    assert!(world.disk == disk, "a refused name was stored");
    assert_eq!(
        world.ask(rename(&ada, ""))["conversation"]["name"],
        Value::Null
    );
}

#[test]
fn what_is_asked_of_nobody_is_refused_with_a_code() {
    let mut world = World::with_page(Disk::default());
    let (ada, tag) = (address().to_string(), SenderTag([1; 16]).to_string());
    let long = "1".repeat(1_000_000);
    for id in [ada.as_str(), &tag, "", "nobody", &long] {
        let plain = json!({"type": "setPlain", "conversation": id, "plain": true});
        for request in [
            rename(id, "Ada"),
            safety_number(id),
            verify(id, true),
            plain,
        ] {
            assert_eq!(world.refused(request), "conversation.unknown");
        }
    }
    let plain = json!({"type": "setPlain", "conversation": "unknown", "plain": true});
    for request in [
        rename("unknown", "Ada"),
        safety_number("unknown"),
        verify("unknown", true),
        plain,
    ] {
        assert_eq!(world.refused(request), "conversation.nobody");
    }
    assert_eq!(world.refused(add("x", "Ada")), "address.malformed");
    assert_eq!(
        world.refused(add(&gateway().to_string(), "Ada")),
        "address.malformed"
    );
    assert_eq!(world.refused(add(&long, "Ada")), "address.malformed");
    assert_eq!(world.snapshot()["conversations"], json!([]));
}

#[test]
fn both_sides_see_the_same_safety_number_and_whoever_has_no_address_has_none() {
    let mut pair = Pair::new();
    let (alice, bob) = (pair.address(ALICE), pair.address(BOB));
    pair.write(ALICE, &bob, "it is me", false);
    pair.write(ALICE, &bob, "guess who", true);
    pair.run_until(|pair| pair.conversations(BOB).len() == 2);
    let number = pair.ask(ALICE, &safety_number(&bob));
    assert_eq!(number["type"], "safetyNumber");
    assert_eq!(number["digits"].as_str().unwrap().len(), 71);
    assert_eq!(pair.ask(BOB, &safety_number(&alice)), number);
    let ids = pair.conversations(BOB);
    let tag = ids.iter().find(|id| !id.contains('@')).unwrap();
    assert_eq!(
        pair.refused(BOB, &safety_number(tag)),
        "conversation.no-address"
    );
    assert_eq!(
        pair.refused(BOB, &verify(tag, true)),
        "conversation.no-address"
    );
    assert_eq!(
        pair.ask(BOB, &rename(tag, "A friend?"))["conversation"]["name"],
        "A friend?"
    );
}

#[test]
fn what_was_verified_are_the_keys_so_that_it_stays_over_a_move_and_ends_with_them() {
    let mut pair = Pair::new();
    let (alice, bob) = (pair.address(ALICE), pair.address(BOB));
    pair.write(ALICE, &bob, "it is me", false);
    pair.run_until_messages(BOB, &alice, 1);
    let verified = pair.ask(BOB, &verify(&alice, true));
    assert_eq!(verified["conversation"]["trust"], "verified");
    pair.write(ALICE, &bob, "still me", false);
    pair.run_until_messages(BOB, &alice, 2);
    pair.kill_and_restart(BOB);
    assert_eq!(pair.conversation(BOB, &alice)["trust"], "verified");
    // The same words from other keys are somebody else's.
    let other = pair.network.add_host(sotto_core::client::Config::default());
    pair.run_until(|pair| pair.network.hosts[other].connection.is_some());
    pair.run_until(|pair| pair.network.hosts[other].is_online());
    let to: Address = bob.parse().unwrap();
    pair.network.act(other, |client, now| {
        let envelope = sotto_core::envelope::Envelope {
            id: client.next_message_id(),
            wants_receipt: false,
            content: sotto_core::envelope::Content::Text("it is me".into()),
        };
        let body = client.write_signed(&to, &envelope).unwrap();
        client.send(now, &to, body).unwrap()
    });
    pair.run_until(|pair| pair.conversations(BOB).len() == 2);
    let stranger = pair.network.hosts[other]
        .client()
        .address()
        .unwrap()
        .to_string();
    assert_eq!(pair.conversation(BOB, &stranger)["trust"], "signed");
    let doubted = pair.ask(BOB, &verify(&alice, false));
    assert_eq!(doubted["conversation"]["trust"], "signed");
    assert_eq!(pair.conversation(ALICE, &bob)["trust"], "none");
    pair.ask(ALICE, &verify(&bob, true));
    assert_eq!(
        pair.ask(ALICE, &verify(&bob, false))["conversation"]["trust"],
        "none"
    );
}
