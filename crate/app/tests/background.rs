//! What pages are shown, and what survives.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a test that panics has failed, which is what a test is for"
)]

mod common;

use std::time::Duration;

use common::{Behaviour, Disk, PAGE, World, address, gateway, registered, sample};
use serde_json::{Value, json};
use sotto_app::background::{Input, Table};
use sotto_app::page::RequestKind;
use sotto_app::settings::SETTINGS_KEY;
use sotto_core::client::{MessageId, Outcome, ReceivedMessage, Recipient, SentMessage, Store};
use sotto_core::time::Time;
use sotto_core::topology::DirectoryReplies;

const LOCAL: &str = "http://127.0.0.1:17080/";
const OTHER: &str = "https://example.org/api/";

fn set(directory: &str, traffic: &str) -> Value {
    let mut settings = common::settings(directory);
    settings["traffic"] = json!(traffic);
    json!({"type": "setSettings", "settings": settings})
}

fn received(number: u8, at: u64, body: &[u8]) -> ReceivedMessage {
    ReceivedMessage {
        id: MessageId([number; 16]),
        received_at: Time::from_millis(at),
        sender_tag: None,
        answer_from: None,
        body: body.to_vec(),
    }
}

fn with_inbox(messages: &[ReceivedMessage]) -> Disk {
    let mut disk = registered();
    for message in messages {
        disk.put(
            Table::Core(Store::Inbox),
            &message.id.0,
            &message.to_record(),
        );
    }
    disk.with_conversations()
}

fn texts(world: &mut World) -> Vec<String> {
    let messages = world.all_messages().into_iter();
    messages
        .map(|message| message["text"].as_str().unwrap().to_owned())
        .collect()
}

#[test]
fn a_new_page_gets_everything_in_the_form_that_was_agreed() {
    let mut world = World::with_page(with_inbox(&[received(1, 50, b"hi")]));
    let id = world.send("hello");
    let to = address().to_string();
    let snapshot = world.snapshot();
    let own_address = snapshot["address"].clone();
    assert!(
        own_address
            .as_str()
            .unwrap()
            .ends_with(&gateway().to_string())
    );
    assert_eq!(
        snapshot,
        json!({
            "address": own_address,
            "connection": {"state": "connecting", "step": "directory"},
            "stage": {"name": "open", "protection": "device"},
            "gateways": {"own": gateway().to_string(), "next": null, "former": []},
            "topology": null,
            "storage": null,
            "conversations": [
                {"id": to, "peer": {"kind": "address", "address": to}, "name": null, "trust": "none",
                 "plain": false, "activeAt": 1_700_000_000_000_u64, "unread": 0, "anonymous": false,
                 "last": {"direction": "sent", "text": "hello", "at": 1_700_000_000_000_u64, "state": "queued"}},
                {"id": "unknown", "peer": {"kind": "unknown"}, "name": null, "trust": "none",
                 "plain": true, "activeAt": 50, "unread": 1, "anonymous": true,
                 "last": {"direction": "received", "text": "hi", "at": 50, "state": null}},
            ],
            "messages": [
                {"id": id, "direction": "sent", "conversation": to, "anonymous": false, "signed": true, "format": "text", "file": null, "text": "hello",
                 "truncated": false, "size": 5, "at": 1_700_000_000_000_u64, "delivery": {"state": "queued"}},
            ],
            "settings": common::settings(LOCAL),
        })
    );
}

#[test]
fn a_page_of_messages_has_the_form_that_was_agreed() {
    let mut world = World::with_page(with_inbox(&[received(1, 50, b"hi")]));
    assert_eq!(
        world.ask(json!({"type": "messages", "conversation": "unknown"})),
        json!({
            "type": "messages",
            "messages": [
                {"id": "01010101010101010101010101010101", "direction": "received", "conversation": "unknown",
                 "anonymous": false, "signed": false, "format": "text", "file": null, "text": "hi", "truncated": false, "size": 2, "at": 50, "delivery": null},
            ],
            "more": false,
        })
    );
}

#[test]
fn a_message_is_accepted_and_shown_when_it_is_on_disk_and_not_before() {
    let mut world = World::with_page(registered());
    world.behaviour = Behaviour::Hangs;
    let request = world.post(PAGE, &sample(RequestKind::Send));
    assert_eq!(world.mail(PAGE), [] as [Value; 0]);
    assert_eq!(world.snapshot()["conversations"], json!([]));
    world.behaviour = Behaviour::Works;
    world.work();
    let id = world.reply(request).unwrap()["id"].clone();
    let key: MessageId = id.as_str().unwrap().parse().unwrap();
    assert!(world.disk.get(Table::Core(Store::Outbox), &key.0).is_some());
    let events = world.events(PAGE);
    assert_eq!(events.len(), 2);
    assert_eq!(
        (&events[0]["type"], &events[0]["message"]["id"]),
        (&json!("message"), &id)
    );
    assert_eq!(events[1]["conversation"]["last"]["text"], "hello");
}

#[test]
fn while_the_disk_fails_nothing_is_accepted_and_pages_are_told_why() {
    let mut world = World::with_page(registered());
    world.behaviour = Behaviour::Fails;
    let request = world.post(PAGE, &sample(RequestKind::Send));
    let events = world.events(PAGE);
    assert_eq!(events.len(), 1);
    assert_eq!(events[0]["problem"]["code"], "storage.failed");
    assert_eq!(world.snapshot()["storage"]["fault"], "storage");
    assert_eq!(world.refused(set(OTHER, "direct")), "storage.failed");
    world.behaviour = Behaviour::Works;
    world.pass(Duration::from_secs(60));
    assert_eq!(world.reply(request).unwrap()["type"], "accepted");
    let events = world.events(PAGE);
    assert!(
        events.contains(&json!({"type": "storage", "problem": null})),
        "{events:?}"
    );
    assert_eq!(world.snapshot()["storage"], Value::Null);
}

#[test]
fn the_newest_messages_are_shown_oldest_first() {
    let inbox: Vec<_> = (1..=250_u64)
        .map(|n| ReceivedMessage {
            id: MessageId(u128::from(n * 7_919 % 251).to_be_bytes()),
            ..received(0, n, n.to_string().as_bytes())
        })
        .collect();
    let mut world = World::with_page(with_inbox(&inbox));
    let expected: Vec<String> = (201..=250).map(|n| n.to_string()).collect();
    assert_eq!(texts(&mut world), expected);
}

#[test]
fn the_whole_of_a_message_is_read_from_disk_on_request() {
    let long = "🐢".repeat(5_000);
    let mut world = World::with_page(with_inbox(&[received(1, 50, long.as_bytes())]));
    let sent = world.send(&long);
    for id in [sent.as_str(), "01010101010101010101010101010101"] {
        let reply = world.ask(json!({"type": "message", "id": id}));
        assert_eq!(reply["text"], json!(long), "{id}");
        assert_eq!(reply["message"]["truncated"], true);
        assert_eq!(
            reply["message"]["text"].as_str().unwrap().chars().count(),
            2_000
        );
    }
}

#[test]
fn a_message_that_was_taken_back_is_still_readable() {
    let mut world = World::with_page(registered());
    let id = world.send("hello");
    assert_eq!(world.ask(json!({"type": "cancel", "id": id}))["type"], "ok");
    let events = world.events(PAGE);
    let mut messages = events.iter().filter(|event| event["type"] == "message");
    let delivery = &messages.next_back().unwrap()["message"]["delivery"];
    assert_eq!(delivery["state"], "failed");
    assert_eq!(delivery["problem"]["code"], "message.cancelled");
    assert_eq!(
        world.ask(json!({"type": "message", "id": id}))["text"],
        "hello"
    );
}

#[test]
fn bytes_that_are_no_text_are_shown_as_such() {
    let mut world = World::with_page(with_inbox(&[received(1, 50, &[0xff, 0xfe])]));
    assert_eq!(texts(&mut world), ["ff fe"]);
}

#[test]
fn a_message_that_is_not_there_is_an_error() {
    let mut world = World::with_page(Disk::default());
    for id in ["", "00", "0123456789abcdef0123456789abcdef", "🐢"] {
        for kind in ["message", "retry", "cancel"] {
            assert_eq!(
                world.refused(json!({"type": kind, "id": id})),
                "message.unknown",
                "{id}"
            );
        }
    }
}

#[test]
fn a_message_that_cannot_be_read_from_disk_is_an_error() {
    let mut world = World::with_page(registered());
    let id = world.send("hello");
    world.behaviour = Behaviour::Fails;
    assert_eq!(
        world.refused(json!({"type": "message", "id": id})),
        "storage.failed"
    );
    world.behaviour = Behaviour::Works;
    world.disk = Disk::default();
    assert_eq!(
        world.refused(json!({"type": "message", "id": id})),
        "message.unknown"
    );
}

#[test]
fn a_directory_that_cannot_be_reached_is_shown_with_its_reason() {
    let mut world = World::with_page(Disk::default());
    world.answer_fetch(Err("it cannot be reached".to_owned()));
    let events = world.events(PAGE);
    let problem = &events.last().unwrap()["connection"]["problem"];
    assert_eq!(problem["code"], "directory.unreachable");
    assert_eq!(problem["fault"], "directory");
    assert!(!world.app.is_connected());
}

#[test]
fn a_directory_that_answers_nonsense_is_shown_as_such() {
    let mut world = World::with_page(Disk::default());
    world.answer_fetch(Ok(DirectoryReplies::default()));
    let events = world.events(PAGE);
    assert_eq!(
        events.last().unwrap()["connection"]["problem"]["code"],
        "directory.nonsense"
    );
}

#[test]
fn another_directory_starts_anew_and_keeps_identity_and_messages() {
    let mut world = World::with_page(registered());
    world.send("hello");
    world.disk.put(
        Table::Core(Store::Registration),
        b"own",
        b"of the old network",
    );
    let topology = (Table::Core(Store::Topology), b"own".as_slice());
    world
        .disk
        .put(topology.0, topology.1, b"of the old network");
    let identity = world.disk.records(&[Store::Identity]);
    world.events(PAGE);
    assert_eq!(
        world.ask(set("https://Example.org/api", "direct")),
        json!({"type": "ok"})
    );
    let learned = [Store::Registration, Store::Topology];
    assert!(world.disk.records(&learned).is_empty());
    assert!(world.disk.records(&[Store::Identity]) == identity && identity.len() == 1);
    let (_, urls) = world.fetches.last().unwrap();
    assert!(urls.iter().all(|url| url.starts_with(OTHER)), "{urls:?}");
    let events = world.events(PAGE);
    let snapshot = &events
        .iter()
        .find(|event| event["type"] == "snapshot")
        .unwrap()["snapshot"];
    assert_eq!(snapshot["settings"]["directory"], OTHER);
    assert_eq!(texts(&mut world), ["hello"]);
}

#[test]
fn what_the_old_client_asked_for_does_not_reach_the_new_one() {
    let mut world = World::with_page(Disk::default());
    let (old, _) = *world
        .fetches
        .last()
        .map(|(fetch, urls)| (*fetch, urls))
        .as_ref()
        .unwrap();
    world.ask(set(OTHER, "direct"));
    world.events(PAGE);
    world.handle(Input::DirectoryFetched(
        old,
        Err("it cannot be reached".to_owned()),
    ));
    assert_eq!(world.events(PAGE), [] as [Value; 0]);
    world.answer_fetch(Err("it cannot be reached".to_owned()));
    assert_eq!(world.events(PAGE).len(), 1);
}

#[test]
fn other_traffic_alone_keeps_the_registration() {
    let mut world = World::with_page(Disk::default());
    world
        .disk
        .put(Table::Core(Store::Registration), b"own", b"a registration");
    let before = world.history.len();
    world.ask(set(LOCAL, "protected"));
    let kept = world.history[before].get(Table::Core(Store::Registration), b"own");
    assert_eq!(kept, Some(b"a registration".as_slice()));
    assert_eq!(world.snapshot()["settings"]["traffic"], "protected");
}

#[test]
fn the_same_settings_again_change_nothing() {
    let mut world = World::with_page(Disk::default());
    let (commits, fetches) = (world.history.len(), world.fetches.len());
    assert_eq!(
        world.ask(set("http://127.0.0.1:17080", "direct")),
        json!({"type": "ok"})
    );
    assert_eq!(
        (world.history.len(), world.fetches.len()),
        (commits, fetches)
    );
}

#[test]
fn settings_that_make_no_sense_are_refused() {
    let mut world = World::with_page(Disk::default());
    for directory in ["", "nonsense", "http://example.org/", "https://a b/"] {
        assert_eq!(
            world.refused(set(directory, "direct")),
            "directory.malformed",
            "{directory}"
        );
    }
    assert_eq!(world.snapshot()["settings"]["directory"], LOCAL);
}

#[test]
fn settings_wait_until_the_old_client_has_written_its_last() {
    let mut world = World::with_page(registered());
    world.behaviour = Behaviour::Hangs;
    let send = world.post(PAGE, &sample(RequestKind::Send));
    let second = world.post(PAGE, &sample(RequestKind::Send));
    let settings = world.post(PAGE, &set(OTHER, "direct"));
    let after = world.post(PAGE, &json!({"type": "settings"}));
    for request in [send, second, settings, after] {
        assert_eq!(world.reply(request), None);
    }
    let events = world.events(PAGE);
    assert_eq!(
        events.len(),
        1,
        "the old connection is gone, and pages are told: {events:?}"
    );
    assert_eq!(events[0]["connection"]["state"], "connecting");
    world.behaviour = Behaviour::Works;
    world.work();
    assert_eq!(world.reply(send).unwrap()["type"], "accepted");
    assert_eq!(world.reply(second).unwrap()["type"], "accepted");
    assert_eq!(world.reply(settings).unwrap()["type"], "ok");
    assert_eq!(world.reply(after).unwrap()["settings"]["directory"], OTHER);
    assert_eq!(texts(&mut world), ["hello", "hello"]);
}

#[test]
fn when_the_old_client_cannot_write_its_last_the_settings_stay() {
    let mut world = World::with_page(registered());
    world.behaviour = Behaviour::Hangs;
    let send = world.post(PAGE, &sample(RequestKind::Send));
    let settings = world.post(PAGE, &set(OTHER, "direct"));
    world.behaviour = Behaviour::Fails;
    world.work();
    assert_eq!(
        world.reply(settings).unwrap()["error"]["code"],
        "storage.failed"
    );
    assert_eq!(world.reply(send), None);
    world.behaviour = Behaviour::Works;
    world.pass(Duration::from_secs(60));
    assert_eq!(world.reply(send).unwrap()["type"], "accepted");
    assert_eq!(world.snapshot()["settings"]["directory"], LOCAL);
}

#[test]
fn settings_that_cannot_be_saved_leave_the_old_ones_in_force() {
    let mut world = World::with_page(Disk::default());
    world.behaviour = Behaviour::Fails;
    assert_eq!(world.refused(set(OTHER, "direct")), "storage.failed");
    world.behaviour = Behaviour::Works;
    world.pass(Duration::from_secs(60));
    assert_eq!(world.snapshot()["settings"]["directory"], LOCAL);
    assert_eq!(world.ask(set(OTHER, "direct")), json!({"type": "ok"}));
}

#[test]
fn a_state_that_cannot_be_loaded_is_told_and_tried_again() {
    let mut world = World::new(Disk::default());
    world.behaviour = Behaviour::Fails;
    world.work();
    world.open(PAGE);
    world.ask(json!({"type": "subscribe"}));
    let snapshot = world.events(PAGE).remove(0)["snapshot"].clone();
    assert_eq!(snapshot["connection"]["problem"]["code"], "storage.failed");
    assert!(snapshot["connection"]["retryAt"].is_u64());
    assert_eq!(world.refused(sample(RequestKind::Send)), "storage.failed");
    world.behaviour = Behaviour::Works;
    world.now = world.app.next_deadline().unwrap();
    world.handle(Input::Tick);
    let snapshot = world
        .events(PAGE)
        .into_iter()
        .find(|event| event["type"] == "snapshot");
    assert_eq!(
        snapshot.unwrap()["snapshot"]["connection"]["state"],
        "connecting"
    );
}

#[test]
fn damaged_settings_are_told_and_mended_by_saving_them_again() {
    let mut disk = Disk::default();
    disk.put(Table::Settings, SETTINGS_KEY, b"damaged");
    let mut world = World::with_page(disk);
    assert_eq!(
        world.snapshot()["connection"]["problem"]["code"],
        "storage.damaged"
    );
    assert_eq!(world.refused(sample(RequestKind::Send)), "storage.damaged");
    assert!(world.fetches.is_empty(), "no network may be joined unasked");
    assert_eq!(world.ask(set(OTHER, "direct")), json!({"type": "ok"}));
    assert_eq!(world.snapshot()["connection"]["state"], "connecting");
}

#[test]
fn a_damaged_identity_is_told_and_never_overwritten() {
    let mut disk = Disk::default();
    disk.put(Table::Core(Store::Identity), b"own", b"damaged");
    let mut world = World::with_page(disk);
    let before = world.disk.clone();
    let stage = &world.snapshot()["stage"];
    assert_eq!(stage["name"], "lost");
    assert_eq!(stage["problem"]["code"], "vault.identity");
    world.pass(Duration::from_secs(3_600));
    assert!(world.disk == before);
}

#[test]
fn a_damaged_message_hides_no_other() {
    let messages = [1, 2, 3].map(|number| received(number, 50, b"hi"));
    let mut disk = with_inbox(&messages);
    disk.put(Table::Core(Store::Inbox), &[2; 16], b"damaged");
    disk.put(Table::Core(Store::Inbox), &[3; 16], b"");
    let mut world = World::with_page(disk);
    assert_eq!(texts(&mut world), ["hi"]);
}

/// What a page would see after a restart on this disk: ids and states.
fn seen_after_restart(disk: &Disk) -> Vec<(String, String)> {
    let messages = World::with_page(disk.clone()).all_messages();
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    messages
        .iter()
        .map(|m| (text(&m["id"]), text(&m["delivery"]["state"])))
        .collect()
}

#[test]
fn a_crash_between_any_two_commits_leaves_a_history_without_gaps_and_doubles() {
    let mut world = World::with_page(with_inbox(&[received(9, 50, b"hi")]));
    let mut shown = vec![(world.history.len(), 1)];
    let ids: Vec<String> = ["one", "two", "three"]
        .map(|text| {
            world.now = world.now + Duration::from_millis(1);
            let id = world.send(text);
            shown.push((world.history.len(), shown.len() + 1));
            id
        })
        .to_vec();
    world.ask(json!({"type": "cancel", "id": ids[1]}));
    world.ask(set(OTHER, "protected"));
    world.ask(json!({"type": "cancel", "id": ids[2]}));
    let history = std::mem::take(&mut world.history);
    assert!(history.len() > 6, "a commit for each step");
    for (commits, disk) in history.iter().enumerate() {
        let seen = seen_after_restart(disk);
        let mut unique: Vec<_> = seen.iter().map(|(id, _)| id).collect();
        unique.sort();
        unique.dedup();
        assert_eq!(
            unique.len(),
            seen.len(),
            "a message twice after {commits} commits"
        );
        let promised = shown
            .iter()
            .filter(|(at, _)| *at <= commits + 1)
            .map(|(_, count)| *count)
            .max();
        assert!(
            seen.len() >= promised.unwrap_or(0),
            "a message lost after {commits} commits"
        );
    }
    let last = seen_after_restart(history.last().unwrap());
    let states: Vec<&str> = last.iter().map(|(_, state)| state.as_str()).collect();
    assert_eq!(states, ["", "queued", "failed", "failed"]);
}

#[test]
fn a_restart_keeps_the_identity_and_what_waits() {
    let mut world = World::with_page(registered());
    let id = world.send("hello");
    let keys = world.disk.records(&[Store::Identity]);
    let mut again = World::with_page(world.disk.clone());
    assert_eq!(again.all_messages()[0]["id"], json!(id));
    assert!(again.disk.records(&[Store::Identity]) == keys);
}

#[test]
fn a_sent_message_is_shown_with_what_became_of_it() {
    let message = SentMessage {
        id: MessageId([5; 16]),
        to: Recipient::Address(address()),
        surbs: 0,
        head: vec![0],
        created_at: Time::from_millis(40),
        outcome: Outcome::AtGateway,
        sets: Vec::new(),
        body: b"done".to_vec(),
    };
    let mut disk = Disk::default();
    disk.put(
        Table::Core(Store::Sent),
        &message.id.0,
        &message.to_record(),
    );
    let mut world = World::with_page(disk.with_conversations());
    let shown = world.messages(&address().to_string());
    assert_eq!(shown[0]["delivery"], json!({"state": "atGateway"}));
    let conversation = &world.snapshot()["conversations"][0];
    assert_eq!(conversation["last"]["state"], "atGateway");
}
