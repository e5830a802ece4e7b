//! Who is written to and answered, known or not, and what of it the user has seen.
//!
//! What two users have on disk after they wrote to each other comes from the simulated network.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a test that panics has failed, which is what a test is for"
)]

mod common;

use std::time::Duration;

use common::{Behaviour, Disk, PAGE, World, address, registered, send_request};
use serde_json::{Value, json};
use sotto_app::background::Table;
use sotto_app::conversation::SURBS_A_MESSAGE;
use sotto_core::client::{
    Config, MAX_MESSAGE_BYTES, MessageId, Outcome, ReceivedMessage, Recipient, SentMessage, Store,
};
use sotto_core::message::SenderTag;
use sotto_core::time::Time;
use sotto_sim::World as Network;

const PATIENCE: Duration = Duration::from_secs(240);

/// Alice (host 0) has written to Bob (host 1) without saying who she is, with so many SURBs.
fn written(surbs: u16) -> Network {
    let mut network = Network::new(7);
    network.add_host(Config::default());
    network.add_host(Config::default());
    network.run_until_online();
    let bob = network.hosts[1].client().address().unwrap();
    network.act(0, |client, now| {
        client
            .send_anonymous(now, &bob, b"guess who".to_vec(), surbs)
            .unwrap()
    });
    network.run_until(PATIENCE, |network| !network.hosts[1].received.is_empty());
    network
}

fn tag(network: &Network) -> SenderTag {
    network.hosts[1].senders[0].unwrap()
}

/// The disk of a user, as the extension would have written it.
fn disk(network: &Network, host: usize) -> Disk {
    let mut disk = Disk::default();
    for store in Store::ALL {
        for (key, value) in network.hosts[host].disk.of(store) {
            disk.put(Table::Core(store), key, value);
        }
    }
    disk.with_conversations()
}

/// Bob's extension after Alice wrote with so many SURBs, and her tag.
fn bob(surbs: u16) -> (World, String) {
    let network = written(surbs);
    let world = World::with_page_at(network.now, disk(&network, 1));
    (world, tag(&network).to_string())
}

fn reply(to: &str, text: &str) -> Value {
    json!({"type": "reply", "to": to, "text": text})
}

/// The states that were told of a message, in order.
fn states(events: &[Value], id: &Value) -> Vec<String> {
    let own = events.iter().filter(|event| event["message"]["id"] == *id);
    own.map(|event| {
        event["message"]["delivery"]["state"]
            .as_str()
            .unwrap()
            .to_owned()
    })
    .collect()
}

fn state(world: &mut World, id: &Value) -> Value {
    let message = world.ask(json!({"type": "message", "id": id}));
    message["message"]["delivery"]["state"].clone()
}

fn inbox(messages: &[ReceivedMessage]) -> Disk {
    let mut disk = Disk::default();
    for message in messages {
        let key = &message.id.0;
        disk.put(Table::Core(Store::Inbox), key, &message.to_record());
    }
    disk.with_conversations()
}

fn received(number: u8, sender_tag: Option<SenderTag>) -> ReceivedMessage {
    ReceivedMessage {
        id: MessageId([number; 16]),
        received_at: Time::from_millis(u64::from(number)),
        sender_tag,
        answer_from: None,
        body: vec![b'a' + number],
    }
}

#[test]
fn an_anonymous_correspondent_is_shown_with_what_can_be_answered() {
    let (mut world, tag) = bob(20);
    let snapshot = world.snapshot();
    assert_eq!(
        snapshot["conversations"],
        json!([{
            "id": tag,
            "peer": {"kind": "anonymous", "tag": tag, "level": {"available": 20, "bytes": 15_950}},
            "name": null,
            "trust": "none",
            "plain": true,
            "unread": 1,
            "anonymous": true,
            "activeAt": snapshot["conversations"][0]["last"]["at"],
            "last": snapshot["conversations"][0]["last"],
        }])
    );
    assert_eq!(world.messages(&tag)[0]["text"], "guess who");
}

#[test]
fn an_answer_is_accepted_and_queued_while_there_is_no_connection() {
    let (mut world, tag) = bob(20);
    let accepted = world.ask(reply(&tag, "Alice?"));
    assert_eq!(accepted["type"], "accepted");
    assert_eq!(accepted["conversation"], json!(tag));
    let events = world.events(PAGE);
    assert_eq!(states(&events, &accepted["id"]), ["queued"]);
    let key: MessageId = accepted["id"].as_str().unwrap().parse().unwrap();
    assert!(world.disk.get(Table::Core(Store::Outbox), &key.0).is_some());
}

#[test]
fn pages_are_told_when_surbs_are_lost_with_the_rotation_they_were_made_for() {
    let mut network = written(20);
    let (mut world, tag) = (
        World::with_page_at(network.now, disk(&network, 1)),
        tag(&network).to_string(),
    );
    network.rotate();
    network.rotate();
    world.answer_fetch(Ok(network.replies().unwrap()));
    let level = json!({"available": 0, "bytes": 0});
    let events = world.events(PAGE);
    let told = json!({"type": "surbs", "conversation": tag, "level": level});
    assert!(events.contains(&told), "{events:?}");
    assert_eq!(world.snapshot()["conversations"][0]["peer"]["level"], level);
}

#[test]
fn an_answer_without_surbs_enough_is_shown_as_waiting_also_after_a_restart() {
    let (mut world, tag) = bob(10);
    let accepted = world.ask(reply(&tag, "Alice?"));
    let id = &accepted["id"];
    let events = world.events(PAGE);
    assert_eq!(
        states(&events, id).last().unwrap(),
        "waitingForReplyBlocks",
        "{events:?}"
    );
    assert_eq!(
        world.snapshot()["conversations"][0]["last"]["state"],
        "waitingForReplyBlocks"
    );
    let mut again = World::with_page_at(world.now, world.disk.clone());
    assert_eq!(state(&mut again, id), "waitingForReplyBlocks");
    assert_eq!(again.snapshot()["conversations"][0]["id"], json!(tag));
}

#[test]
fn an_answer_that_got_no_surbs_has_failed_and_waits_again_when_it_is_tried_again() {
    let (mut world, tag) = bob(10);
    let id = world.ask(reply(&tag, "Alice?"))["id"].clone();
    // A minute for each request that brings nothing, and then five.
    for _ in 0..12 {
        world.pass(Duration::from_secs(60));
    }
    let delivery = &world.messages(&tag)[1]["delivery"];
    assert_eq!(delivery["state"], "failed");
    assert_eq!(delivery["problem"]["code"], "message.no-surbs");
    assert_eq!(delivery["problem"]["canRetry"], true);
    assert_eq!(world.ask(json!({"type": "retry", "id": id}))["type"], "ok");
    assert_eq!(state(&mut world, &id), "waitingForReplyBlocks");
    assert_eq!(world.ask(json!({"type": "cancel", "id": id}))["type"], "ok");
    assert_eq!(state(&mut world, &id), "failed");
}

#[test]
fn whoever_cannot_be_answered_is_refused_with_a_code_and_nothing_is_stored() {
    let (mut world, tag) = bob(20);
    let disk = world.disk.clone();
    let stranger = SenderTag([1; 16]).to_string();
    let long = "1".repeat(1_000_000);
    for to in [
        stranger.as_str(),
        "",
        "unknown",
        &tag[1..],
        &long,
        &address().to_string(),
    ] {
        let code = world.refused(reply(to, "hello"));
        assert_eq!(
            code,
            "reply.unknown-correspondent",
            "{}",
            &to[..to.len().min(80)]
        );
    }
    assert_eq!(world.refused(reply(&tag, "")), "message.empty");
    let too_long = "a".repeat(MAX_MESSAGE_BYTES + 1);
    assert_eq!(world.refused(reply(&tag, &too_long)), "message.too-large");
    assert!(world.disk == disk, "a refused answer was stored");
}

#[test]
fn an_anonymous_message_is_shown_as_such_and_the_next_one_is_meant_to_be_too() {
    let mut world = World::with_page(registered());
    let to = address().to_string();
    let mut anonymous = send_request(&to, "guess who");
    anonymous["anonymous"] = json!(true);
    world.ask(send_request(&to, "it is me"));
    assert_eq!(world.snapshot()["conversations"][0]["anonymous"], false);
    world.now = world.now + Duration::from_secs(1);
    world.ask(anonymous);
    for world in [&mut World::with_page(world.disk.clone()), &mut world] {
        let shown = world.messages(&to);
        let shown: Vec<&Value> = shown.iter().map(|message| &message["anonymous"]).collect();
        assert_eq!(shown, [false, true]);
        let snapshot = world.snapshot();
        assert_eq!(snapshot["conversations"].as_array().unwrap().len(), 1);
        assert_eq!(snapshot["conversations"][0]["anonymous"], true);
    }
    let outbox = world.disk.records(&[Store::Outbox]);
    let sent = outbox
        .iter()
        .map(|r| SentMessage::from_record(&r.key, &r.value).unwrap());
    let surbs: Vec<u16> = sent
        .map(|message| message.surbs)
        .filter(|surbs| *surbs > 0)
        .collect();
    assert_eq!(surbs, [SURBS_A_MESSAGE]);
}

#[test]
fn an_answer_stands_in_the_conversation_with_whoever_was_asked() {
    let mut network = written(20);
    let (to, text) = (tag(&network), b"Alice, of course".to_vec());
    network.act(1, |client, now| client.reply(now, to, text).unwrap());
    network.run_until(PATIENCE, |network| !network.hosts[0].received.is_empty());
    let bob = network.hosts[1].client().address().unwrap().to_string();
    let mut world = World::with_page(disk(&network, 0));
    let messages = world.messages(&bob);
    let snapshot = world.snapshot();
    let shown: Vec<_> = messages
        .iter()
        .map(|m| {
            (
                m["conversation"].as_str().unwrap(),
                m["text"].as_str().unwrap(),
            )
        })
        .collect();
    let expected = [
        (bob.as_str(), "guess who"),
        (bob.as_str(), "Alice, of course"),
    ];
    assert_eq!(shown, expected);
    let conversations = snapshot["conversations"].as_array().unwrap();
    assert_eq!(conversations.len(), 1);
    assert_eq!(
        conversations[0]["peer"],
        json!({"kind": "address", "address": bob})
    );
}

#[test]
fn an_answer_of_ours_that_is_done_stays_with_its_correspondent() {
    let message = SentMessage {
        id: MessageId([5; 16]),
        to: Recipient::Anonymous(SenderTag([9; 16])),
        surbs: 0,
        head: vec![2, 0],
        created_at: Time::from_millis(40),
        outcome: Outcome::AtGateway,
        sets: Vec::new(),
        body: b"done".to_vec(),
    };
    let mut disk = inbox(&[received(1, Some(SenderTag([9; 16])))]);
    disk.put(
        Table::Core(Store::Sent),
        &message.id.0,
        &message.to_record(),
    );
    let mut world = World::with_page(disk.with_conversations());
    let snapshot = world.snapshot();
    let conversations = snapshot["conversations"].as_array().unwrap();
    assert_eq!(conversations.len(), 1);
    // No SURB is left, and that is what is shown.
    let level = json!({"available": 0, "bytes": 0});
    assert_eq!(conversations[0]["peer"]["level"], level);
    let messages = world.messages(&SenderTag([9; 16]).to_string());
    assert_eq!(messages.len(), 2);
    assert_eq!(messages[1]["anonymous"], false);
}

/// Two unread messages of one correspondent, and one of nobody known.
fn unread() -> World {
    let tag = SenderTag([9; 16]);
    World::with_page(inbox(&[
        received(1, Some(tag)),
        received(2, Some(tag)),
        received(3, None),
    ]))
}

fn counts(world: &mut World) -> Vec<u64> {
    let snapshot = world.snapshot();
    let conversations = snapshot["conversations"].as_array().unwrap();
    conversations
        .iter()
        .map(|one| one["unread"].as_u64().unwrap())
        .collect()
}

fn seen(number: u8) -> Value {
    json!({"type": "seen", "id": MessageId([number; 16]).to_string()})
}

#[test]
fn unread_messages_are_counted_and_what_was_seen_stays_seen_over_a_restart() {
    let mut world = unread();
    assert_eq!(counts(&mut world), [1, 2]);
    assert_eq!(world.ask(seen(1)), json!({"type": "ok"}));
    let events = world.events(PAGE);
    assert_eq!(events.len(), 1);
    assert_eq!(events[0]["conversation"]["unread"], 1);
    assert_eq!(world.ask(seen(3)), json!({"type": "ok"}));
    assert_eq!(world.badges, [3, 2, 1]);
    assert_eq!(counts(&mut World::with_page(world.disk.clone())), [0, 1]);
}

#[test]
fn what_is_seen_twice_is_written_once_and_what_is_not_there_is_an_error() {
    let mut world = unread();
    world.ask(seen(2));
    let commits = world.history.len();
    assert_eq!(world.ask(seen(2)), json!({"type": "ok"}));
    assert_eq!(world.ask(seen(1)), json!({"type": "ok"}));
    assert_eq!(world.history.len(), commits);
    assert_eq!(world.refused(seen(4)), "message.unknown");
    assert_eq!(
        world.refused(json!({"type": "seen", "id": "🐢"})),
        "message.unknown"
    );
}

#[test]
fn what_could_not_be_saved_as_seen_is_unread_again_after_a_restart() {
    let mut world = unread();
    world.behaviour = Behaviour::Fails;
    assert_eq!(world.ask(seen(3)), json!({"type": "ok"}));
    assert_eq!(counts(&mut world), [0, 2]);
    assert_eq!(world.snapshot()["storage"]["code"], "storage.failed");
    assert_eq!(counts(&mut World::with_page(world.disk.clone())), [1, 2]);
    world.behaviour = Behaviour::Works;
    world.pass(Duration::from_secs(60));
    assert_eq!(world.snapshot()["storage"], Value::Null);
    assert_eq!(counts(&mut World::with_page(world.disk.clone())), [0, 2]);
}
