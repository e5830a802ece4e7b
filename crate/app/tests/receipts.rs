//! Receipts from end to end: who is told that a message arrived, who is believed, and what survives
//! a killed background.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a test that panics has failed, which is what a test is for"
)]

mod common;

use std::time::Duration;

use common::pair::{ALICE, BOB, Pair};
use common::{Behaviour, Disk, World, address, registered, settings};
use serde_json::{Value, json};
use sotto_app::background::Table;
use sotto_core::client::{Config, MessageId, SentMessage, Store};
use sotto_core::envelope::{Content, Envelope};

const MINUTE: Duration = Duration::from_secs(60);

/// Two who have written to each other, so that each knows that the other uses Sotto; and their
/// addresses.
fn acquainted() -> (Pair, String, String) {
    let mut pair = Pair::new();
    let (alice, bob) = (pair.address(ALICE), pair.address(BOB));
    pair.write(ALICE, &bob, "hello Bob", false);
    pair.run_until_messages(BOB, &alice, 1);
    let hello = pair.write(BOB, &alice, "hello Alice", false);
    pair.run_until_messages(ALICE, &bob, 2);
    pair.run_until_state(BOB, &hello, "delivered");
    pair.run_for(MINUTE);
    (pair, alice, bob)
}

fn without_receipts() -> Value {
    let mut settings = settings("http://127.0.0.1:17080/");
    settings["receipts"] = json!(false);
    json!({"type": "setSettings", "settings": settings})
}

/// Receipts among the messages that were ever on somebody's disk on their way out.
fn receipts_sent(pair: &Pair, who: usize) -> usize {
    let mut seen = std::collections::BTreeSet::new();
    for disk in &pair.people[who].history {
        for (key, value) in disk.all(Table::Core(Store::Outbox)) {
            let message = SentMessage::from_record(&key, &value).unwrap();
            if message.body.starts_with(b"\xf5Sotto\x01\x03") {
                seen.insert(key);
            }
        }
    }
    seen.len()
}

/// Records of messages on somebody's disk.
fn records(pair: &Pair, who: usize) -> [usize; 3] {
    [Store::Inbox, Store::Outbox, Store::Sent]
        .map(|store| pair.people[who].disk.all(Table::Core(store)).len())
}

#[test]
fn a_message_is_delivered_when_its_recipient_says_so_and_receipts_leave_no_trace() {
    let mut pair = Pair::new();
    let (alice, bob) = (pair.address(ALICE), pair.address(BOB));
    let id = pair.write(ALICE, &bob, "hello", false);
    pair.run_until_state(ALICE, &id, "delivered");
    pair.run_for(MINUTE);
    assert_eq!(pair.state(ALICE, &id), "delivered");
    assert_eq!(pair.conversation(ALICE, &bob)["last"]["state"], "delivered");
    assert_eq!(
        pair.messages(ALICE, &bob)[0]["delivery"]["state"],
        "delivered"
    );
    assert_eq!(pair.texts(ALICE, &bob).len(), 1);
    assert_eq!(pair.texts(BOB, &alice).len(), 1);
    assert_eq!(records(&pair, ALICE), [0, 0, 1]);
    assert_eq!(records(&pair, BOB), [1, 0, 0]);
    assert_eq!(
        pair.people[ALICE].snapshot()["conversations"][0]["unread"],
        0
    );
    pair.kill_and_restart(ALICE);
    assert_eq!(
        pair.messages(ALICE, &bob)[0]["delivery"]["state"],
        "delivered"
    );
}

#[test]
fn a_page_is_told_that_a_message_of_an_earlier_run_was_delivered() {
    let (mut pair, _, bob) = acquainted();
    let id = pair.write(ALICE, &bob, "hello", false);
    pair.run_until_state(ALICE, &id, "atGateway");
    pair.kill_and_restart(ALICE);
    pair.run_until_state(ALICE, &id, "delivered");
    assert_eq!(pair.conversation(ALICE, &bob)["last"]["state"], "delivered");
}

#[test]
fn what_was_confirmed_before_a_kill_is_sent_no_more() {
    let mut world = World::with_page(registered());
    let id = world.send("hello");
    let key: MessageId = id.parse().unwrap();
    let mut disk = world.disk.clone();
    disk.put(Table::Delivered, &key.0, &[]);
    for disk in [disk.clone(), disk] {
        let mut world = World::with_page(disk);
        assert_eq!(world.disk.all(Table::Core(Store::Outbox)), []);
        let shown = world.messages(&address().to_string());
        assert_eq!(shown[0]["delivery"]["state"], "delivered");
        let list = world.snapshot()["conversations"].clone();
        assert_eq!(list[0]["last"]["state"], "delivered");
    }
}

#[test]
fn messages_that_come_together_get_one_receipt() {
    let (mut pair, _, bob) = acquainted();
    let before = receipts_sent(&pair, BOB);
    let ids: Vec<String> = (0..5)
        .map(|number| pair.write(ALICE, &bob, &number.to_string(), false))
        .collect();
    for id in &ids {
        pair.run_until_state(ALICE, id, "delivered");
    }
    assert_eq!(receipts_sent(&pair, BOB), before + 1);
}

#[test]
fn what_was_confirmed_is_not_confirmed_again_by_the_next_run() {
    let (mut pair, ..) = acquainted();
    for who in [ALICE, BOB] {
        pair.kill_and_restart(who);
    }
    pair.run_for(10 * MINUTE);
    for who in [ALICE, BOB] {
        assert_eq!(receipts_sent(&pair, who), 0);
    }
}

#[test]
fn an_anonymous_message_is_confirmed_through_surbs_and_an_answer_by_its_tag() {
    let mut pair = Pair::new();
    let bob = pair.address(BOB);
    let asked = pair.write(ALICE, &bob, "guess who", true);
    pair.run_until_state(ALICE, &asked, "delivered");
    let tag = pair.conversations(BOB).remove(0);
    let answered = pair.write(BOB, &tag, "Alice?", false);
    pair.run_until_state(BOB, &answered, "delivered");
    assert_eq!(pair.conversations(BOB), [tag]);
    assert_eq!(pair.conversations(ALICE), [bob]);
}

#[test]
fn a_receipt_takes_none_of_the_surbs_in_reserve_and_waits_for_more() {
    let mut pair = Pair::new();
    let bob = pair.address(BOB).parse().unwrap();
    let other = pair.network.add_host(Config::default());
    pair.run_until(|pair| pair.network.hosts[other].connection.is_some());
    pair.run_until(|pair| pair.network.hosts[other].is_online());
    let write = |pair: &mut Pair, id: u8| {
        let envelope = Envelope {
            id: MessageId([id; 16]),
            wants_receipt: true,
            content: Content::Text("guess who".into()),
        };
        let body = envelope.write().unwrap();
        pair.network.act(other, |client, now| {
            client.send_anonymous(now, &bob, body, 10).unwrap()
        });
    };
    write(&mut pair, 1);
    pair.run_until(|pair| pair.conversations(BOB).len() == 1);
    pair.run_for(MINUTE);
    let tag = pair.conversations(BOB).remove(0);
    let level =
        |pair: &mut Pair| pair.conversation(BOB, &tag)["peer"]["level"]["available"].clone();
    assert_eq!(level(&mut pair), 10);
    assert_eq!(pair.network.hosts[other].received.len(), 0);
    write(&mut pair, 2);
    pair.run_until(|pair| pair.network.hosts[other].received.len() == 1);
    assert_eq!(level(&mut pair), 19);
    let body = &pair.network.hosts[other].received[0];
    let ids = body.len() - 25;
    assert_eq!(ids, 2 * 16, "both in one");
}

#[test]
fn who_wants_no_receipts_sends_none_and_asks_for_none() {
    let (mut pair, alice, bob) = acquainted();
    let before = receipts_sent(&pair, BOB);
    pair.ask(BOB, &without_receipts());
    let id = pair.write(ALICE, &bob, "did it arrive?", false);
    pair.run_until_messages(BOB, &alice, 3);
    pair.run_for(5 * MINUTE);
    assert_eq!(pair.state(ALICE, &id), "atGateway");
    assert_eq!(receipts_sent(&pair, BOB), before);
    let other = receipts_sent(&pair, ALICE);
    let id = pair.write(BOB, &alice, "you will never know", false);
    pair.run_until_messages(ALICE, &bob, 4);
    pair.run_for(5 * MINUTE);
    assert_eq!(pair.state(BOB, &id), "atGateway");
    assert_eq!(receipts_sent(&pair, ALICE), other);
}

#[test]
fn a_receipt_of_somebody_else_is_not_believed() {
    let mut pair = Pair::new();
    let (alice, bob) = (pair.address(ALICE), pair.address(BOB));
    let other = pair.network.add_host(Config::default());
    pair.run_until(|pair| pair.network.hosts[other].connection.is_some());
    pair.run_until(|pair| pair.network.hosts[other].is_online());
    pair.ask(BOB, &without_receipts());
    let id = pair.write(ALICE, &bob, "hello", false);
    pair.run_until_state(ALICE, &id, "atGateway");
    let to = alice.parse().unwrap();
    let receipt = Envelope {
        id: MessageId([1; 16]),
        wants_receipt: false,
        content: Content::Receipt(vec![id.parse().unwrap()]),
    };
    pair.network.act(other, |client, now| {
        let signed = client.write_signed(&to, &receipt).unwrap();
        client.send(now, &to, signed).unwrap();
        client.send(now, &to, receipt.write().unwrap()).unwrap();
        let body = receipt.write().unwrap();
        client.send_anonymous(now, &to, body, 2).unwrap();
    });
    pair.run_for(5 * MINUTE);
    assert_eq!(pair.state(ALICE, &id), "atGateway");
    assert_eq!(pair.conversations(ALICE), [bob], "nothing of it is shown");
    assert_eq!(records(&pair, ALICE)[0], 0);
}

#[test]
fn a_background_killed_at_any_moment_forgets_no_receipt_and_shows_nothing_twice() {
    let (pair, ..) = acquainted();
    let commits = commits_of_a_delivery(pair);
    assert!(commits >= 3, "{commits}");
    for commit in 0..commits {
        let (mut pair, alice, bob) = acquainted();
        let start = pair.people[BOB].history.len();
        let id = pair.write(ALICE, &bob, "hello", false);
        pair.run_until(|pair| pair.people[BOB].history.len() > start + commit);
        let disk = pair.people[BOB].history[start + commit].clone();
        pair.restart(BOB, disk);
        pair.run_until_state(ALICE, &id, "delivered");
        pair.run_for(MINUTE);
        assert_eq!(pair.texts(BOB, &alice).len(), 3, "{commit}");
        assert_eq!(pair.texts(ALICE, &bob).len(), 3, "{commit}");
    }
}

/// How many commits Bob makes while a message of Alice's comes and its receipt leaves.
fn commits_of_a_delivery(mut pair: Pair) -> usize {
    let bob = pair.address(BOB);
    let start = pair.people[BOB].history.len();
    let id = pair.write(ALICE, &bob, "hello", false);
    pair.run_until_state(ALICE, &id, "delivered");
    pair.run_for(MINUTE / 2);
    pair.people[BOB].history.len() - start
}

#[test]
fn a_receipt_that_comes_late_makes_good_what_had_failed() {
    let (mut pair, alice, bob) = acquainted();
    let other = pair.people[BOB].disk.clone();
    pair.restart(BOB, other);
    let id = pair.write(ALICE, &bob, "hello", false);
    pair.run_until_messages(BOB, &alice, 3);
    pair.ask(ALICE, &json!({"type": "cancel", "id": id}));
    pair.run_until_state(ALICE, &id, "delivered");
    pair.run_for(MINUTE);
    assert_eq!(
        pair.messages(ALICE, &bob)[2]["delivery"]["state"],
        "delivered"
    );
}

/// Bob's background takes what the gateway pushes, and is killed before it is on disk.
fn rob(pair: &mut Pair, id: &str) {
    let disk: Disk = pair.people[BOB].disk.clone();
    pair.people[BOB].behaviour = Behaviour::Hangs;
    pair.run_until_state(ALICE, id, "atGateway");
    pair.run_for(MINUTE);
    pair.restart(BOB, disk);
}

#[test]
fn what_a_killed_background_was_robbed_of_is_sent_again_and_shown_once() {
    let (mut pair, alice, bob) = acquainted();
    let id = pair.write(ALICE, &bob, "do not lose me", false);
    rob(&mut pair, &id);
    pair.run_for(5 * MINUTE);
    assert_eq!(pair.texts(BOB, &alice).len(), 2, "lost");
    assert_eq!(pair.state(ALICE, &id), "atGateway");
    pair.run_until_messages(BOB, &alice, 3);
    pair.run_until_state(ALICE, &id, "delivered");
    pair.run_for(30 * MINUTE);
    assert_eq!(pair.texts(BOB, &alice)[2], "do not lose me");
    assert_eq!(pair.texts(BOB, &alice).len(), 3);
    assert_eq!(pair.texts(ALICE, &bob).len(), 3);
    assert_eq!(records(&pair, ALICE), [1, 0, 2]);
}
