//! Long conversations and many of them: pages of messages, search, deletion, retention, and what
//! survives of them.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test that panics has failed, which is what a test is for"
)]

mod common;

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use common::{Behaviour, Disk, PAGE, World, address, registered, send_request};
use proptest::prelude::*;
use serde_json::{Value, json};
use sotto_app::background::Table;
use sotto_app::timeline::{Timeline, read_segment};
use sotto_core::client::{
    FailReason, MessageId, Outcome, ReceivedMessage, Recipient, SentMessage, Store,
};
use sotto_core::message::SenderTag;
use sotto_core::time::Time;

const NOW: u64 = 1_700_000_000_000;
const DAY: u64 = 24 * 60 * 60 * 1_000;
const STORES: [Store; 3] = [Store::Inbox, Store::Outbox, Store::Sent];

/// An answer of [`address`]'s owner, written so many milliseconds before now.
fn answer(number: usize, age: u64, body: &str) -> ReceivedMessage {
    ReceivedMessage {
        id: MessageId((number as u128 * 7_919 + 1).to_be_bytes()),
        received_at: Time::from_millis(NOW - age),
        sender_tag: None,
        answer_from: Some(address()),
        body: body.as_bytes().to_vec(),
    }
}

fn stranger(number: usize) -> SenderTag {
    SenderTag((number as u128 + 1).to_be_bytes())
}

fn with_messages(messages: impl IntoIterator<Item = ReceivedMessage>) -> Disk {
    let mut disk = Disk::default();
    for message in messages {
        let key = message.id.0;
        disk.put(Table::Core(Store::Inbox), &key, &message.to_record());
    }
    disk.with_conversations()
}

/// So many messages of one conversation, the oldest first.
fn long(count: usize) -> Disk {
    let ages = (0..count).rev();
    let messages = ages.enumerate().map(|(number, age)| {
        let body = format!("number {number}");
        answer(number, age as u64, &body)
    });
    with_messages(messages)
}

fn world(disk: Disk) -> World {
    World::with_page(disk.and_registered())
}

/// A disk of which no copies are kept, as it is large.
fn large(disk: Disk) -> World {
    let mut world = World::new(disk);
    world.keeps_history = false;
    world.work();
    world.open(PAGE);
    world.ask(json!({"type": "subscribe"}));
    world.events(PAGE);
    world
}

/// Asks, after long enough for the limits.
fn ask(world: &mut World, request: Value) -> Value {
    world.now = world.now + Duration::from_millis(100);
    world.ask(request)
}

fn page(world: &mut World, conversation: &str, before: Option<&str>) -> (Vec<Value>, bool) {
    let request = json!({"type": "messages", "conversation": conversation, "before": before});
    let reply = ask(world, request);
    assert_eq!(reply["type"], "messages", "{reply}");
    let messages = reply["messages"].as_array().unwrap().clone();
    (messages, reply["more"].as_bool().unwrap())
}

/// All messages of a conversation, the oldest first.
fn all(world: &mut World, conversation: &str) -> Vec<Value> {
    let (mut messages, mut more) = page(world, conversation, None);
    while more {
        let before = messages[0]["id"].as_str().unwrap().to_owned();
        let (older, any_more) = page(world, conversation, Some(&before));
        assert!(!older.is_empty() || !any_more);
        more = any_more && !older.is_empty();
        messages.splice(0..0, older);
    }
    messages
}

fn texts(messages: &[Value]) -> Vec<&str> {
    messages
        .iter()
        .map(|message| message["text"].as_str().unwrap())
        .collect()
}

fn id(message: &Value) -> String {
    message["id"].as_str().unwrap().to_owned()
}

fn delete(id: &str) -> Value {
    json!({"type": "deleteMessage", "id": id})
}

fn forget(conversation: &str) -> Value {
    json!({"type": "deleteConversation", "conversation": conversation})
}

fn conversation(world: &mut World, id: &str) -> Value {
    let snapshot = world.snapshot();
    let all = snapshot["conversations"].as_array().unwrap().iter();
    all.clone()
        .find(|one| one["id"] == id)
        .cloned()
        .unwrap_or_default()
}

/// How many messages a disk has. Each has a record and one entry; of those that were forgotten
/// some records may be gone already.
fn check(disk: &Disk) -> usize {
    let records: BTreeSet<Vec<u8>> = STORES
        .iter()
        .flat_map(|store| disk.all(Table::Core(*store)))
        .map(|(key, _)| key)
        .collect();
    let loaded = disk.all(Table::Conversation);
    let pairs = loaded.iter().map(|(k, v)| (k.as_slice(), v.as_slice()));
    let timeline = Timeline::load(pairs);
    assert_eq!(timeline.damaged(), 0);
    let mut entries = Vec::new();
    let mut counted = 0;
    for id in timeline.ids() {
        let one = timeline.get(id).unwrap();
        counted += one.about.messages as usize;
        entries.extend(one.tail().to_vec());
    }
    let segments = disk.all(Table::Timeline).into_iter();
    let mut forgotten = BTreeSet::new();
    for (key, value) in segments {
        let (of, number) = key.split_at(key.len() - 4);
        let number = u32::from_be_bytes(number.try_into().unwrap());
        let one = timeline.get(std::str::from_utf8(of).unwrap()).unwrap();
        let own = read_segment(&value).unwrap();
        if number < one.about.first {
            assert!(number >= one.about.purged, "a segment that nobody deletes");
            forgotten.extend(own.iter().map(|entry| entry.id.0.to_vec()));
        }
        entries.extend(own);
    }
    let unique: BTreeSet<Vec<u8>> = entries.iter().map(|entry| entry.id.0.to_vec()).collect();
    assert_eq!(unique.len(), entries.len(), "an entry twice");
    assert!(records.is_subset(&unique), "a record without entry");
    assert!(unique.difference(&records).all(|id| forgotten.contains(id)));
    assert_eq!(counted + forgotten.len(), entries.len(), "a wrong count");
    counted
}

#[test]
fn the_start_reads_what_is_known_of_conversations_and_no_message() {
    let mut messages: Vec<ReceivedMessage> = (0..10_000)
        .map(|n| answer(n, 10_000 - n as u64, "hello"))
        .collect();
    messages.extend((0..1_000).map(|number| ReceivedMessage {
        sender_tag: Some(stranger(number)),
        answer_from: None,
        ..answer(10_000 + number, number as u64, "hi")
    }));
    let mut world = large(with_messages(messages));
    let snapshot = world.snapshot();
    assert_eq!(snapshot["conversations"].as_array().unwrap().len(), 1_001);
    assert_eq!(snapshot["conversations"][0]["last"]["text"], "hi");
    assert_eq!(world.badges, [11_000]);
    assert_eq!(world.reads, 0, "a message or segment was read");
    let (records, bytes) = world.loaded;
    assert_eq!(records, 1_002, "conversations and settings");
    assert!(bytes < 1_000_000, "{bytes} bytes");
    let (newest, more) = page(&mut world, &address().to_string(), None);
    assert!((newest.len(), more) == (50, true) && world.reads < 60);
}

#[test]
fn paging_gives_each_message_once_and_in_order_while_others_come_and_go() {
    let peer = address().to_string();
    let mut world = large(long(1_000));
    let (mut seen, mut more) = page(&mut world, &peer, None);
    let mut deleted = BTreeSet::new();
    while more {
        ask(&mut world, send_request(&peer, "meanwhile"));
        // One that was shown, and one that may still come.
        let shown = seen[seen.len() / 2].clone();
        let hidden = answer(deleted.len() * 20, 0, "").id.to_string();
        for id in [id(&shown), hidden] {
            if deleted.insert(id.clone()) {
                assert_eq!(ask(&mut world, delete(&id)), json!({"type": "ok"}));
            }
        }
        let before = seen
            .iter()
            .map(id)
            .find(|id| !deleted.contains(id))
            .unwrap();
        let (older, any_more) = page(&mut world, &peer, Some(&before));
        seen.retain(|message| !deleted.contains(&id(message)));
        seen.splice(0..0, older);
        more = any_more;
    }
    let ids: Vec<String> = seen.iter().map(id).collect();
    let expected: Vec<String> = (0..1_000)
        .map(|number| answer(number, 0, "").id.to_string())
        .filter(|id| !deleted.contains(id))
        .collect();
    assert_eq!(ids, expected);
    assert!(deleted.len() > 20);
    check(&world.disk);
}

#[test]
fn pages_lead_from_a_found_message_back_to_the_newest() {
    let peer = address().to_string();
    let mut world = large(long(300));
    let mut at = answer(10, 0, "").id.to_string();
    let mut numbers = Vec::new();
    loop {
        let request = json!({"type": "messages", "conversation": peer, "after": at});
        let reply = ask(&mut world, request);
        let messages = reply["messages"].as_array().unwrap();
        numbers.extend(texts(messages).iter().map(|text| (*text).to_owned()));
        if reply["more"] == false {
            break;
        }
        at = id(messages.last().unwrap());
    }
    let expected: Vec<String> = (11..300).map(|number| format!("number {number}")).collect();
    assert_eq!(numbers, expected);
}

#[test]
fn a_page_beside_a_message_that_is_not_there_is_an_error() {
    let peer = address().to_string();
    let mut world = world(long(100));
    for before in ["", "00", "0123456789abcdef0123456789abcdef"] {
        let request = json!({"type": "messages", "conversation": peer, "before": before});
        assert_eq!(world.refused(request), "message.unknown", "{before}");
    }
    for conversation in ["", "unknown", "nobody"] {
        assert_eq!(page(&mut world, conversation, None), (Vec::new(), false));
    }
}

#[test]
fn messages_that_are_large_together_are_read_a_few_at_a_time() {
    let body = "a".repeat(3 << 20);
    let mut world = world(with_messages(
        (0..7).map(|n| answer(n, 10 - n as u64, &body)),
    ));
    let (messages, more) = page(&mut world, &address().to_string(), None);
    assert_eq!((messages.len(), more), (7, false));
    assert!(messages.iter().all(|message| message["truncated"] == true));
}

#[test]
fn what_is_seen_far_back_leaves_what_came_after_it_unread() {
    let peer = address().to_string();
    let mut world = world(long(300));
    assert_eq!(conversation(&mut world, &peer)["unread"], 300);
    for (number, left) in [(100, 199), (50, 199), (127, 172), (128, 171), (299, 0)] {
        let id = answer(number, 0, "").id.to_string();
        let seen = json!({"type": "seen", "id": id});
        assert_eq!(ask(&mut world, seen), json!({"type": "ok"}));
        assert_eq!(conversation(&mut world, &peer)["unread"], left, "{number}");
        let mut again = World::with_page(world.disk.clone());
        assert_eq!(conversation(&mut again, &peer)["unread"], left, "{number}");
    }
    assert_eq!(world.badges, [300, 199, 172, 171, 0]);
}

#[test]
fn an_unread_message_that_is_deleted_is_not_counted_any_more() {
    let peer = address().to_string();
    let mut world = world(long(100));
    let at = |number| answer(number, 0, "").id.to_string();
    ask(&mut world, json!({"type": "seen", "id": at(20)}));
    for (number, left) in [(10, 79), (30, 78), (21, 77), (99, 76), (20, 76)] {
        ask(&mut world, delete(&at(number)));
        assert_eq!(conversation(&mut world, &peer)["unread"], left, "{number}");
    }
    assert_eq!(check(&world.disk), 95);
}

/// All that a search finds, and how many requests that took.
fn search(world: &mut World, text: &str, conversation: Option<&str>) -> (Vec<Value>, usize) {
    let mut cursor = Value::Null;
    let mut found = Vec::new();
    for requests in 1.. {
        let (reads, request) = (
            world.reads,
            json!({"type": "search", "text": text, "conversation": conversation, "cursor": cursor}),
        );
        let reply = ask(world, request);
        assert!(world.reads - reads < 700, "too much in one request");
        found.extend(reply["messages"].as_array().unwrap().clone());
        cursor = reply["cursor"].clone();
        if cursor.is_null() {
            return (found, requests);
        }
    }
    unreachable!("a search ends")
}

/// Three conversations of 900 messages each; every tenth speaks of a turtle.
fn turtles() -> Disk {
    with_messages((0..2_700).map(|number| {
        let text = ["Grüne ŻÓŁW", "nothing"][usize::from(number % 10 != 0)];
        let (tag, from) = match number % 3 {
            0 => (None, Some(address())),
            1 => (Some(stranger(1)), None),
            _ => (None, None),
        };
        ReceivedMessage {
            sender_tag: tag,
            answer_from: from,
            ..answer(number, 3_000 - number as u64, text)
        }
    }))
}

#[test]
fn a_search_finds_all_there_is_once_and_the_newest_first() {
    let mut world = large(turtles());
    for (text, conversation, count) in [
        ("żółw", None, 270),
        ("GRÜNE", None, 270),
        ("żółw", Some(address().to_string()), 90),
        ("turtle", None, 0),
        ("żółw", Some("nobody".to_owned()), 0),
        ("", None, 0),
    ] {
        let (found, requests) = search(&mut world, text, conversation.as_deref());
        let times: Vec<u64> = found
            .iter()
            .map(|one| one["at"].as_u64().unwrap())
            .collect();
        assert_eq!(found.len(), count, "{text} {conversation:?}");
        assert!(times.is_sorted_by(|one, next| one > next), "{text}");
        assert!(requests <= 10, "{requests} requests for {text}");
    }
}

#[test]
fn a_search_goes_on_after_a_restart_and_while_messages_come_and_go() {
    let mut world = large(turtles());
    let mut cursor = Value::Null;
    let mut found = Vec::new();
    loop {
        let request =
            json!({"type": "search", "text": "żółw", "conversation": null, "cursor": cursor});
        let reply = ask(&mut world, request);
        found.extend(reply["messages"].as_array().unwrap().clone());
        cursor = reply["cursor"].clone();
        if cursor.is_null() {
            break;
        }
        ask(
            &mut world,
            send_request(&address().to_string(), "another żółw"),
        );
        let last = found.last().unwrap().clone();
        ask(&mut world, delete(&id(&last)));
        let disk = world.disk.clone();
        world = large(disk);
    }
    let unique: BTreeSet<String> = found.iter().map(id).collect();
    assert_eq!((found.len(), unique.len()), (270, 270));
}

#[test]
fn a_message_that_cannot_be_searched_hides_no_other() {
    let mut disk = turtles();
    for (key, _) in disk.all(Table::Core(Store::Inbox)).iter().take(50) {
        disk.put(Table::Core(Store::Inbox), key, b"damaged");
    }
    let (found, _) = search(&mut large(disk), "żółw", None);
    assert!(found.len() >= 220);
    let mut world = world(turtles());
    let long = "a".repeat(2_000);
    let request = json!({"type": "search", "text": long, "conversation": null, "cursor": null});
    assert_eq!(world.refused(request), "request.too-large");
    let request = json!({"type": "search", "text": "żółw", "conversation": null, "cursor": "🐢"});
    assert_eq!(ask(&mut world, request)["type"], "found");
}

fn sent(number: usize, outcome: Outcome) -> SentMessage {
    SentMessage {
        id: MessageId((number as u128 * 104_729 + 5).to_be_bytes()),
        to: Recipient::Address(address()),
        surbs: 0,
        head: vec![0],
        created_at: Time::from_millis(NOW - 1_000 + number as u64),
        outcome,
        sets: (1..)
            .map_while(sotto_core::fragment::SetId::new)
            .skip(number * 10)
            .take(1)
            .collect(),
        body: b"sent".to_vec(),
    }
}

/// A message of each kind: received, arrived, taken back, failed, on its way.
fn of_each_kind() -> (Disk, Vec<String>) {
    let mut disk = Disk::default();
    let first = answer(1, 5_000, "received");
    disk.put(Table::Core(Store::Inbox), &first.id.0, &first.to_record());
    let mut ids = vec![first.id.to_string()];
    for (number, store, outcome) in [
        (1, Store::Sent, Outcome::AtGateway),
        (2, Store::Sent, Outcome::Failed(FailReason::Cancelled)),
        (3, Store::Outbox, Outcome::Failed(FailReason::Expired)),
        (4, Store::Outbox, Outcome::Pending),
    ] {
        let message = sent(number, outcome);
        disk.put(Table::Core(store), &message.id.0, &message.to_record());
        ids.push(message.id.to_string());
    }
    (disk.with_conversations(), ids)
}

#[test]
fn a_message_of_any_kind_is_gone_from_disk_before_that_is_told_and_stays_away() {
    let (disk, ids) = of_each_kind();
    for id in &ids {
        let mut world = world(disk.clone());
        world.behaviour = Behaviour::Hangs;
        let request = world.post(PAGE, &delete(id));
        assert_eq!(world.reply(request), None, "not on disk yet");
        assert_eq!(world.mail(PAGE), [] as [Value; 0]);
        world.behaviour = Behaviour::Works;
        world.work();
        assert_eq!(world.reply(request), Some(json!({"type": "ok"})));
        let events = world.events(PAGE);
        assert_eq!(events[0], json!({"type": "removed", "id": id}));
        assert_eq!(events[1]["type"], "conversation");
        assert_eq!(check(&world.disk), 4);
        world.pass(Duration::from_secs(100));
        assert_eq!(world.refused(delete(id)), "message.unknown");
        for mut world in [World::with_page(world.disk.clone()), world] {
            let left = all(&mut world, &address().to_string());
            assert_eq!(left.len(), 4);
            assert!(left.iter().all(|message| message["id"] != **id));
            assert_eq!(check(&world.disk), 4);
        }
    }
}

#[test]
fn a_conversation_shows_its_newest_message_also_when_the_newest_were_deleted() {
    let peer = address().to_string();
    let (disk, mut ids) = of_each_kind();
    let mut world = world(disk);
    for state in ["failed", "failed", "atGateway"] {
        ask(&mut world, delete(&ids.pop().unwrap()));
        assert_eq!(conversation(&mut world, &peer)["last"]["state"], state);
    }
    ask(&mut world, delete(&ids.pop().unwrap()));
    assert_eq!(conversation(&mut world, &peer)["last"]["text"], "received");
    ask(&mut world, delete(&ids.pop().unwrap()));
    assert_eq!(conversation(&mut world, &peer), Value::Null);
    let events = world.events(PAGE);
    let removed = json!({"type": "conversationRemoved", "id": peer});
    assert_eq!(events.last(), Some(&removed));
    assert_eq!(world.disk.all(Table::Conversation), []);
}

#[test]
fn a_full_segment_that_is_emptied_leaves_nothing_behind() {
    let mut world = world(long(130));
    for number in (0..130).rev() {
        let id = answer(number, 0, "").id.to_string();
        assert_eq!(ask(&mut world, delete(&id)), json!({"type": "ok"}));
    }
    assert_eq!(check(&world.disk), 0);
    assert_eq!(world.disk.all(Table::Timeline), []);
    ask(&mut world, send_request(&address().to_string(), "anew"));
    assert_eq!(check(&world.disk), 1);
}

#[test]
fn what_the_disk_refuses_is_deleted_when_it_works_again() {
    let (disk, ids) = of_each_kind();
    for id in &ids {
        let mut world = world(disk.clone());
        // What has to be read for it is read before the disk fails.
        all(&mut world, &address().to_string());
        world.behaviour = Behaviour::Hangs;
        let request = world.post(PAGE, &delete(id));
        world.behaviour = Behaviour::Fails;
        world.work();
        let refused = world.reply(request);
        assert_eq!(check(&world.disk), 5);
        world.behaviour = Behaviour::Works;
        world.pass(Duration::from_secs(60));
        match refused {
            // It had to be read, and could not.
            Some(reply) => assert_eq!(reply["error"]["code"], "storage.failed"),
            None => assert_eq!(world.reply(request), Some(json!({"type": "ok"}))),
        }
        if world.disk.all(Table::Core(Store::Inbox)).is_empty() {
            assert_eq!(check(&world.disk), 4);
        }
        ask(&mut world, delete(id));
        assert_eq!(check(&world.disk), 4, "{id}");
    }
}

#[test]
fn a_message_that_is_deleted_while_the_client_writes_it_does_not_come_again() {
    for fails in [false, true] {
        let mut world = world(registered());
        let first = world.send("one");
        world.behaviour = Behaviour::Hangs;
        let cancel = world.post(PAGE, &json!({"type": "cancel", "id": first}));
        let request = world.post(PAGE, &delete(&first));
        if fails {
            world.behaviour = Behaviour::Fails;
            world.work();
        }
        world.behaviour = Behaviour::Works;
        world.pass(Duration::from_secs(60));
        world.pass(Duration::from_secs(60));
        assert_eq!(world.reply(cancel), Some(json!({"type": "ok"})));
        assert_eq!(world.reply(request), Some(json!({"type": "ok"})), "{fails}");
        assert_eq!(check(&world.disk), 0);
    }
}

#[test]
fn messages_of_one_segment_that_are_deleted_at_once_are_all_gone() {
    let peer = address().to_string();
    let mut world = world(long(200));
    world.pass(Duration::from_secs(10));
    world.behaviour = Behaviour::Hangs;
    let at = |number| answer(number, 0, "").id.to_string();
    let mut requests: Vec<u32> = (0..20).map(|n| world.post(PAGE, &delete(&at(n)))).collect();
    let seen = json!({"type": "seen", "id": at(30)});
    requests.push(world.post(PAGE, &seen));
    let again = world.post(PAGE, &delete(&at(3)));
    let send = world.post(PAGE, &send_request(&peer, "meanwhile"));
    world.behaviour = Behaviour::Works;
    world.work();
    for request in requests {
        assert_eq!(world.reply(request), Some(json!({"type": "ok"})));
    }
    assert_eq!(
        world.reply(again).unwrap()["error"]["code"],
        "message.unknown"
    );
    assert_eq!(world.reply(send).unwrap()["type"], "accepted");
    assert_eq!(check(&world.disk), 181);
    assert_eq!(conversation(&mut world, &peer)["unread"], 169);
    assert_eq!(all(&mut world, &peer).len(), 181);
}

#[test]
fn what_a_page_waits_for_is_answered_when_the_settings_change() {
    let peer = address().to_string();
    let mut world = world(long(200));
    world.behaviour = Behaviour::Hangs;
    let requests = [
        json!({"type": "messages", "conversation": peer}),
        json!({"type": "search", "text": "number", "conversation": null, "cursor": null}),
        delete(&answer(0, 0, "").id.to_string()),
        json!({"type": "seen", "id": answer(1, 0, "").id.to_string()}),
    ]
    .map(|request| world.post(PAGE, &request));
    world.post(PAGE, &keep(json!(3)));
    world.behaviour = Behaviour::Works;
    world.work();
    for request in requests {
        let reply = world.reply(request).expect("an answer");
        assert_eq!(reply["error"]["code"], "background.starting");
    }
    assert_eq!(check(&world.disk), 200);
}

/// A conversation with everything in it, beside another one.
fn crowded() -> Disk {
    let (mut disk, _) = of_each_kind();
    for number in 100..400 {
        let message = answer(number, 400_000 - number as u64, "old");
        disk.put(
            Table::Core(Store::Inbox),
            &message.id.0,
            &message.to_record(),
        );
        let other = ReceivedMessage {
            answer_from: None,
            ..answer(1_000 + number, 1_000, "kept")
        };
        disk.put(Table::Core(Store::Inbox), &other.id.0, &other.to_record());
    }
    for key in disk.all(Table::Conversation) {
        disk = without(disk, Table::Conversation, &key.0);
    }
    disk.with_conversations()
}

fn without(disk: Disk, table: Table, key: &[u8]) -> Disk {
    let mut rest = Disk::default();
    for of in Table::all() {
        for (own, value) in disk.all(of) {
            if of != table || own != key {
                rest.put(of, &own, &value);
            }
        }
    }
    rest
}

#[test]
fn a_conversation_that_is_deleted_is_gone_at_once_and_in_steps_from_disk_over_any_kill() {
    let peer = address().to_string();
    let mut world = world(crowded());
    assert_eq!(check(&world.disk), 605);
    world.history.clear();
    assert_eq!(world.ask(forget(&peer)), json!({"type": "ok"}));
    let events = world.events(PAGE);
    assert!(events.contains(&json!({"type": "conversationRemoved", "id": peer})));
    let steps = std::mem::take(&mut world.history);
    assert!(steps.len() >= 3, "{} commits", steps.len());
    for disk in steps {
        check(&disk);
        let mut world = World::with_page(disk);
        assert_eq!(conversation(&mut world, &peer), Value::Null);
        assert_eq!(page(&mut world, &peer, None), (Vec::new(), false));
        assert_eq!(check(&world.disk), 300);
        let inbox = world.disk.all(Table::Core(Store::Inbox));
        assert_eq!(inbox.len(), 300, "what was left is deleted after the start");
        assert_eq!(world.disk.all(Table::Core(Store::Outbox)), []);
        assert_eq!(world.disk.all(Table::Conversation).len(), 1);
        assert_eq!(all(&mut world, "unknown").len(), 300);
    }
    assert_eq!(world.refused(forget(&peer)), "conversation.unknown");
    assert_eq!(world.refused(forget("nobody")), "conversation.unknown");
}

#[test]
fn who_writes_while_their_conversation_is_deleted_has_a_new_one() {
    let peer = address().to_string();
    let mut world = world(crowded());
    world.behaviour = Behaviour::Hangs;
    let forgetting = world.post(PAGE, &forget(&peer));
    let sending = world.post(PAGE, &send_request(&peer, "a new beginning"));
    world.behaviour = Behaviour::Works;
    world.work();
    assert_eq!(world.reply(forgetting), Some(json!({"type": "ok"})));
    assert_eq!(world.reply(sending).unwrap()["type"], "accepted");
    assert_eq!(check(&world.disk), 301);
    for mut world in [World::with_page(world.disk.clone()), world] {
        assert_eq!(texts(&all(&mut world, &peer)), ["a new beginning"]);
    }
}

fn keep(days: Value) -> Value {
    let mut settings = common::settings("http://127.0.0.1:17080/");
    settings["keepDays"] = days;
    json!({"type": "setSettings", "settings": settings})
}

#[test]
fn messages_that_are_too_old_are_deleted_at_the_start_and_then_as_they_age() {
    let peer = address().to_string();
    let hour = 60 * 60 * 1_000;
    // One each hour, 200 hours back.
    let disk = with_messages((0..200).map(|n| answer(n, (200 - n as u64) * hour, "hour")));
    let mut world = world(disk);
    assert_eq!(check(&world.disk), 200);
    assert_eq!(world.ask(keep(json!(3))), json!({"type": "ok"}));
    assert_eq!(check(&world.disk), 72);
    let removed = world.events(PAGE);
    let removed = removed.iter().filter(|event| event["type"] == "removed");
    assert_eq!(removed.count(), 128);
    assert_eq!(conversation(&mut world, &peer)["unread"], 72);
    for left in (0..72).rev() {
        world.pass(Duration::from_secs(61 * 60));
        assert!(check(&world.disk) <= left + 1);
    }
    world.pass(Duration::from_secs(4 * 60 * 60));
    assert_eq!(check(&world.disk), 0);
    assert_eq!(conversation(&mut world, &peer), Value::Null);
    let before = with_messages([answer(1, 400 * DAY, "old"), answer(2, 0, "new")]);
    let mut again = World::with_page(before);
    again.pass(Duration::from_secs(4 * 60 * 60));
    assert_eq!(check(&again.disk), 2, "without the setting all stay");
}

#[test]
fn the_background_asks_to_be_woken_when_messages_age() {
    let mut world = world(long(1));
    world.ask(keep(json!(1)));
    let due = world.app.next_deadline().unwrap();
    assert!(due <= world.now + Duration::from_secs(60 * 60));
    world.now = world.now + Duration::from_millis(2 * DAY);
    world.handle(sotto_app::background::Input::Tick);
    assert_eq!(check(&world.disk), 0);
}

#[test]
fn a_clock_that_was_set_back_does_not_put_off_the_next_look_for_old_messages() {
    let mut world = world(long(3));
    world.ask(keep(json!(1)));
    world.pass(Duration::from_millis(DAY / 2));
    world.now = Time::from_millis(NOW);
    world.handle(sotto_app::background::Input::Tick);
    let due = world.app.next_deadline().unwrap();
    assert!(due <= world.now + Duration::from_secs(60 * 60));
    for _ in 0..25 {
        world.pass(Duration::from_secs(60 * 60));
    }
    assert_eq!(check(&world.disk), 0);
}

#[test]
fn aging_waits_while_the_disk_cannot_be_read_and_goes_on_then() {
    let disk = with_messages((0..200).map(|n| answer(n, 5 * DAY - n as u64, "old")));
    let mut world = world(disk);
    world.ask(keep(json!(30)));
    world.now = world.now + Duration::from_millis(40 * DAY);
    world.behaviour = Behaviour::Fails;
    world.handle(sotto_app::background::Input::Tick);
    assert_eq!(check(&world.disk), 200);
    world.behaviour = Behaviour::Works;
    for _ in 0..3 {
        world.pass(Duration::from_secs(60 * 60));
    }
    assert_eq!(check(&world.disk), 0);
}

#[test]
fn a_kill_after_any_commit_leaves_each_message_with_one_entry() {
    let peer = address().to_string();
    let mut world = world(long(126));
    let mut ids = Vec::new();
    for number in 0..6 {
        ids.push(world.send(&format!("sent {number}")));
        world.now = world.now + Duration::from_millis(100);
    }
    world.ask(json!({"type": "cancel", "id": ids[1]}));
    world.ask(delete(&ids[2]));
    world.ask(delete(&answer(3, 0, "").id.to_string()));
    world.ask(json!({"type": "seen", "id": ids[3]}));
    let history = std::mem::take(&mut world.history);
    assert!(history.len() > 10);
    let mut counts = BTreeMap::new();
    for disk in history {
        let count = check(&disk);
        let mut world = World::with_page(disk);
        assert_eq!(all(&mut world, &peer).len(), count);
        *counts.entry(count).or_insert(0) += 1;
    }
    assert!(
        counts.contains_key(&132) && counts.contains_key(&130),
        "{counts:?}"
    );
}

#[test]
fn a_commit_that_fails_and_comes_again_with_more_enters_no_message_twice() {
    let peer = address().to_string();
    let mut world = world(long(60));
    world.behaviour = Behaviour::Fails;
    let requests: Vec<u32> = (0..10)
        .map(|number| world.post(PAGE, &send_request(&peer, &format!("sent {number}"))))
        .collect();
    for _ in 0..5 {
        world.pass(Duration::from_secs(3));
        let request = json!({"type": "seen", "id": answer(9, 0, "").id.to_string()});
        world.post(PAGE, &request);
    }
    assert_eq!(check(&world.disk), 60);
    assert_eq!(conversation(&mut world, &peer)["last"]["text"], "number 59");
    world.behaviour = Behaviour::Works;
    world.pass(Duration::from_secs(60));
    for request in requests {
        assert_eq!(world.reply(request).unwrap()["type"], "accepted");
    }
    assert_eq!(check(&world.disk), 70);
    assert_eq!(all(&mut world, &peer).len(), 70);
}

#[test]
fn a_damaged_conversation_hides_no_other_and_is_counted() {
    let mut disk = turtles();
    disk.put(Table::Conversation, b"unknown", b"damaged");
    disk.put(Table::Conversation, &[0xff], b"");
    let mut world = large(disk);
    let snapshot = world.snapshot();
    assert_eq!(snapshot["conversations"].as_array().unwrap().len(), 2);
    let packets = ask(&mut world, json!({"type": "diagnostics"}))["packets"].clone();
    assert_eq!(packets["damagedRecords"], 2);
}

#[test]
fn a_damaged_segment_hides_its_messages_and_no_others() {
    let peer = address().to_string();
    let mut disk = long(300);
    let (key, _) = disk.all(Table::Timeline)[1].clone();
    disk.put(Table::Timeline, &key, b"damaged");
    let mut world = large(disk);
    assert_eq!(all(&mut world, &peer).len(), 300 - 64);
}

/// What somebody may do.
#[derive(Debug, Clone)]
enum Act {
    Send(usize),
    Cancel(usize),
    Delete(usize),
    Forget(usize),
    Seen(usize),
    Restart,
    Fail,
    Pass,
}

fn act() -> impl Strategy<Value = Act> {
    prop_oneof![
        8 => (0..2_usize).prop_map(Act::Send),
        2 => (0..1_000_usize).prop_map(Act::Cancel),
        4 => (0..1_000_usize).prop_map(Act::Delete),
        1 => (0..2_usize).prop_map(Act::Forget),
        1 => (0..1_000_usize).prop_map(Act::Seen),
        1 => Just(Act::Restart),
        1 => Just(Act::Fail),
        1 => Just(Act::Pass),
    ]
}

/// Two correspondents, with some messages of theirs at first.
fn beginning() -> (Disk, [String; 2], Vec<(usize, String, bool)>) {
    let messages: Vec<ReceivedMessage> = (0..140)
        .map(|number| {
            let message = answer(number, 1_000 - number as u64, "hi");
            if number % 2 == 0 {
                return message;
            }
            let other = sotto_core::address::Address {
                identity: address().gateway,
                ..address()
            };
            ReceivedMessage {
                answer_from: Some(other),
                ..message
            }
        })
        .collect();
    let model = messages.iter().enumerate();
    let model = model
        .map(|(number, one)| (number % 2, one.id.to_string(), true))
        .collect();
    let peers = [&messages[0], &messages[1]].map(|one| one.answer_from.unwrap().to_string());
    (with_messages(messages), peers, model)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn whatever_is_done_pages_show_what_a_list_would(acts in proptest::collection::vec(act(), 1..60)) {
        let (disk, peers, mut model) = beginning();
        let mut world = World::new(disk.and_registered());
        world.keeps_history = false;
        world.work();
        world.open(PAGE);
        for act in acts {
            world.now = world.now + Duration::from_millis(200);
            match act {
                Act::Send(to) => {
                    let reply = world.ask(send_request(&peers[to], "hello"));
                    model.push((to, reply["id"].as_str().unwrap().to_owned(), false));
                }
                Act::Cancel(which) if !model.is_empty() => {
                    let id = model[which % model.len()].1.clone();
                    world.ask(json!({"type": "cancel", "id": id}));
                }
                Act::Delete(which) if !model.is_empty() => {
                    let (_, id, _) = model.remove(which % model.len());
                    prop_assert_eq!(world.ask(delete(&id)), json!({"type": "ok"}));
                }
                Act::Forget(who) => {
                    let known = model.iter().any(|(of, ..)| *of == who);
                    let reply = world.ask(forget(&peers[who]));
                    prop_assert_eq!(&reply["type"], if known { "ok" } else { "error" });
                    model.retain(|(of, ..)| *of != who);
                }
                Act::Seen(which) if !model.is_empty() => {
                    let place = which % model.len();
                    let (who, id, _) = model[place].clone();
                    world.ask(json!({"type": "seen", "id": id}));
                    for (of, _, unread) in &mut model[..=place] {
                        *unread &= *of != who;
                    }
                }
                Act::Restart => {
                    let (disk, now) = (world.disk.clone(), world.now);
                    world = World::new(disk);
                    world.keeps_history = false;
                    world.now = now;
                    world.work();
                    world.open(PAGE);
                }
                Act::Fail => {
                    world.behaviour = Behaviour::Fails;
                    let request = world.post(PAGE, &send_request(&peers[0], "again"));
                    world.behaviour = Behaviour::Works;
                    world.pass(Duration::from_secs(60));
                    let reply = world.reply(request).unwrap();
                    model.push((0, reply["id"].as_str().unwrap().to_owned(), false));
                }
                Act::Pass => world.pass(Duration::from_secs(600)),
                _ => {}
            }
            prop_assert_eq!(check(&world.disk), model.len());
        }
        for (who, peer) in peers.iter().enumerate() {
            let own: Vec<&(usize, String, bool)> = model.iter().filter(|(of, ..)| *of == who).collect();
            let shown: Vec<String> = all(&mut world, peer).iter().map(id).collect();
            let expected: Vec<String> = own.iter().map(|(_, id, _)| id.clone()).collect();
            prop_assert_eq!(shown, expected);
            let unread = own.iter().filter(|(.., unread)| *unread).count();
            let count = conversation(&mut world, peer)["unread"].as_u64().unwrap_or(0);
            prop_assert_eq!(count, unread as u64);
        }
    }
}
