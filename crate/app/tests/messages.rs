//! What Sotto peers and others write to each other, from page to page: signed, anonymous, plain, and
//! what is not to be believed.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a test that panics has failed, which is what a test is for"
)]

mod common;

use common::pair::{ALICE, BOB, Pair};
use serde_json::{Value, json};
use sotto_app::background::Table;
use sotto_core::address::Address;
use sotto_core::client::{
    Config, GatewayChoice, MessageId, ReceivedMessage, Recipient, SentMessage, Store,
};
use sotto_core::envelope::{Content, Envelope};

/// Another client than Sotto in the same network: its place.
fn stranger(pair: &mut Pair) -> usize {
    let host = pair.network.add_host(Config::default());
    pair.run_until(|pair| pair.network.hosts[host].connection.is_some());
    pair.run_until(|pair| pair.network.hosts[host].is_online());
    host
}

fn address_of(pair: &mut Pair, who: usize) -> Address {
    pair.address(who).parse().unwrap()
}

fn text(id: u8, text: &str) -> Envelope {
    Envelope {
        id: MessageId([id; 16]),
        wants_receipt: false,
        content: Content::Text(text.to_owned()),
    }
}

/// What a person has on disk of received messages.
fn inbox(pair: &Pair, who: usize) -> Vec<ReceivedMessage> {
    let all = pair.people[who].disk.all(Table::Core(Store::Inbox));
    all.iter()
        .map(|(key, value)| ReceivedMessage::from_record(key, value).unwrap())
        .collect()
}

/// What a person has on disk of messages on their way.
fn outbox(pair: &Pair, who: usize) -> Vec<SentMessage> {
    let all = pair.people[who].disk.records(&[Store::Outbox, Store::Sent]);
    all.iter()
        .map(|record| SentMessage::from_record(&record.key, &record.value).unwrap())
        .collect()
}

#[test]
fn what_is_written_as_oneself_is_signed_and_stands_with_its_writer() {
    let mut pair = Pair::new();
    let (alice, bob) = (pair.address(ALICE), pair.address(BOB));
    pair.write(ALICE, &bob, "it is me", false);
    pair.run_until_messages(BOB, &alice, 1);
    let shown = pair.messages(BOB, &alice);
    assert_eq!(
        (&shown[0]["text"], &shown[0]["signed"]),
        (&json!("it is me"), &json!(true))
    );
    let own = pair.messages(ALICE, &bob);
    assert_eq!(
        (&own[0]["text"], &own[0]["signed"]),
        (&json!("it is me"), &json!(true))
    );
    let conversation = pair.conversation(BOB, &alice);
    assert_eq!(conversation["trust"], "signed");
    assert_eq!(conversation["plain"], false);
    assert_eq!(conversation["unread"], 1);
    assert_eq!(pair.conversation(ALICE, &bob)["trust"], "none");
    pair.write(BOB, &alice, "hello Alice", false);
    pair.run_until_messages(ALICE, &bob, 2);
    assert_eq!(pair.texts(ALICE, &bob), ["it is me", "hello Alice"]);
    assert_eq!(pair.conversation(ALICE, &bob)["trust"], "signed");
}

#[test]
fn an_anonymous_message_and_its_answer_say_nothing_of_the_writer() {
    let mut pair = Pair::new();
    let (alice, bob) = (address_of(&mut pair, ALICE), pair.address(BOB));
    pair.write(ALICE, &bob, "guess who", true);
    pair.run_until(|pair| pair.conversations(BOB).len() == 1);
    let tag = pair.conversations(BOB).remove(0);
    assert_eq!(pair.texts(BOB, &tag), ["guess who"]);
    let conversation = pair.conversation(BOB, &tag);
    assert_eq!(conversation["peer"]["kind"], "anonymous");
    assert_eq!(
        (&conversation["trust"], &conversation["plain"]),
        (&json!("none"), &json!(false))
    );
    for message in inbox(&pair, BOB) {
        for key in [alice.identity.as_bytes(), alice.encryption.as_bytes()] {
            assert!(!message.body.windows(32).any(|part| part == key));
        }
    }
    pair.write(BOB, &tag, "Alice?", false);
    pair.run_until_messages(ALICE, &bob, 2);
    let shown = pair.messages(ALICE, &bob);
    assert_eq!(
        (&shown[1]["text"], &shown[1]["signed"]),
        (&json!("Alice?"), &json!(false))
    );
    assert_eq!(pair.conversation(ALICE, &bob)["plain"], false);
}

#[test]
fn who_writes_plain_text_is_answered_in_plain_text() {
    let mut pair = Pair::new();
    let bob = address_of(&mut pair, BOB);
    let other = stranger(&mut pair);
    let body = b"{\"hello\":1}".to_vec();
    pair.network.act(other, |client, now| {
        client.send_anonymous(now, &bob, body, 20).unwrap()
    });
    pair.run_until(|pair| pair.conversations(BOB).len() == 1);
    let tag = pair.conversations(BOB).remove(0);
    let shown = pair.messages(BOB, &tag);
    assert_eq!(shown[0]["format"], "json");
    assert_eq!(pair.conversation(BOB, &tag)["plain"], true);
    pair.write(BOB, &tag, "good day", false);
    pair.run_until(|pair| !pair.network.hosts[other].received.is_empty());
    assert_eq!(pair.network.hosts[other].received, [b"good day"]);
}

#[test]
fn what_the_user_says_of_plain_text_counts_more_than_what_was_seen() {
    let mut pair = Pair::new();
    let other = stranger(&mut pair);
    let to = pair.network.hosts[other]
        .client()
        .address()
        .unwrap()
        .to_string();
    let add = json!({"type": "addContact", "address": to, "name": "a program"});
    let added = pair.ask(ALICE, &add);
    assert_eq!(added["conversation"]["plain"], false, "never heard from");
    let plain = |plain| json!({"type": "setPlain", "conversation": to, "plain": plain});
    let set = pair.ask(ALICE, &plain(true));
    assert_eq!(
        (&set["type"], &set["conversation"]["plain"]),
        (&json!("conversation"), &json!(true))
    );
    pair.write(ALICE, &to, "good day", false);
    pair.run_until(|pair| pair.network.hosts[other].received.len() == 1);
    assert_eq!(pair.network.hosts[other].received, [b"good day"]);
    assert_eq!(pair.messages(ALICE, &to)[0]["signed"], false);
    pair.ask(ALICE, &plain(false));
    pair.write(ALICE, &to, "good day", false);
    pair.run_until(|pair| pair.network.hosts[other].received.len() == 2);
    assert!(pair.network.hosts[other].received[1].starts_with(b"\xf5Sotto"));
}

#[test]
fn of_a_forged_message_only_a_note_is_shown_and_not_as_from_its_victim() {
    let mut pair = Pair::new();
    let (alice, bob) = (pair.address(ALICE), address_of(&mut pair, BOB));
    pair.write(ALICE, &bob.to_string(), "it is me", false);
    pair.run_until_messages(BOB, &alice, 1);
    // Bob's message was for Bob; whoever sends it on or changes it lies.
    let mut body = inbox(&pair, BOB)[0].body.clone();
    body[30] ^= 1;
    let other = stranger(&mut pair);
    pair.network.act(other, |client, now| {
        client.send_anonymous(now, &bob, body, 5).unwrap()
    });
    pair.run_until_messages(BOB, "unknown", 1);
    let note = &pair.messages(BOB, "unknown")[0];
    let expected = "This message claims a sender who did not write it to you.";
    assert_eq!(
        (&note["text"], &note["signed"]),
        (&json!(expected), &json!(false))
    );
    let whole = pair.ask(BOB, &json!({"type": "message", "id": note["id"]}));
    assert_eq!(whole["text"], expected);
    assert_eq!(pair.texts(BOB, &alice), ["it is me"]);
    assert_eq!(pair.conversations(BOB).len(), 2);
}

#[test]
fn a_search_finds_of_a_forged_message_the_note_and_never_its_words() {
    let mut pair = Pair::new();
    let (alice, bob) = (pair.address(ALICE), address_of(&mut pair, BOB));
    pair.write(ALICE, &bob.to_string(), "it is me", false);
    pair.run_until_messages(BOB, &alice, 1);
    let words = b"it is me";
    let mut body = inbox(&pair, BOB)[0].body.clone();
    let place = body.windows(words.len()).position(|part| part == words);
    let place = place.expect("the words are in the body");
    body[place..place + words.len()].copy_from_slice(b"it is he");
    let other = stranger(&mut pair);
    pair.network.act(other, |client, now| {
        client.send_anonymous(now, &bob, body, 5).unwrap()
    });
    pair.run_until_messages(BOB, "unknown", 1);
    for (text, conversations) in [
        ("IT IS ME", vec![alice.as_str()]),
        ("it is he", vec![]),
        ("claims a sender", vec!["unknown"]),
    ] {
        let found = pair.ask(BOB, &json!({"type": "search", "text": text}));
        let found = found["messages"].as_array().unwrap();
        let found: Vec<_> = found.iter().map(|hit| &hit["conversation"]).collect();
        assert_eq!(found, conversations, "{text}");
    }
}

#[test]
fn a_message_that_comes_twice_is_shown_once() {
    let mut pair = Pair::new();
    let bob = address_of(&mut pair, BOB);
    let other = stranger(&mut pair);
    for envelope in [text(1, "once"), text(1, "twice"), text(2, "end")] {
        pair.network.act(other, |client, now| {
            let body = client.write_signed(&bob, &envelope).unwrap();
            client.send(now, &bob, body).unwrap()
        });
        pair.run_for(std::time::Duration::from_secs(20));
    }
    let from = pair.network.hosts[other]
        .client()
        .address()
        .unwrap()
        .to_string();
    assert_eq!(pair.texts(BOB, &from), ["once", "end"]);
    assert_eq!(pair.conversation(BOB, &from)["unread"], 2);
    assert_eq!(inbox(&pair, BOB).len(), 2);
    pair.kill_and_restart(BOB);
    pair.network.act(other, |client, now| {
        let body = client.write_signed(&bob, &text(1, "again")).unwrap();
        client.send(now, &bob, body).unwrap()
    });
    pair.run_for(std::time::Duration::from_secs(60));
    assert_eq!(pair.texts(BOB, &from), ["once", "end"]);
}

#[test]
fn whoever_moves_to_another_gateway_stays_the_same_and_is_written_to_there() {
    let mut pair = Pair::new();
    let bob = address_of(&mut pair, BOB);
    let other = stranger(&mut pair);
    let write = |pair: &mut Pair, envelope: Envelope| {
        pair.network.act(other, |client, now| {
            let body = client.write_signed(&bob, &envelope).unwrap();
            client.send(now, &bob, body).unwrap()
        });
    };
    let old = pair.network.hosts[other].client().address().unwrap();
    write(&mut pair, text(1, "old address"));
    pair.run_until_messages(BOB, &old.to_string(), 1);
    pair.network.act(other, |client, now| {
        client.change_gateway(now, GatewayChoice::Random).unwrap();
    });
    pair.run_until(|pair| pair.network.hosts[other].client().address() != Some(old));
    let new = pair.network.hosts[other].client().address().unwrap();
    write(&mut pair, text(2, "new address"));
    pair.run_until_messages(BOB, &old.to_string(), 2);
    assert_eq!(pair.conversations(BOB), [old.to_string()]);
    for _ in 0..2 {
        pair.kill_and_restart(BOB);
        let id = pair.write(BOB, &old.to_string(), "noted", false);
        let sent = outbox(&pair, BOB);
        let sent = sent.iter().find(|message| message.id.to_string() == id);
        assert_eq!(sent.unwrap().to, Recipient::Address(new));
    }
    // Also who types the new address writes into the old conversation.
    pair.write(BOB, &new.to_string(), "noted", false);
    assert_eq!(pair.conversations(BOB), [old.to_string()]);
    assert_eq!(pair.messages(BOB, &old.to_string()).len(), 5);
}

#[test]
fn hostile_envelopes_end_as_notes_and_nothing_else_comes_of_them() {
    let mut pair = Pair::new();
    let (alice, bob) = (pair.address(ALICE), address_of(&mut pair, BOB));
    pair.write(BOB, &alice, "hello", false);
    let other = stranger(&mut pair);
    let good = text(1, "hi").write().unwrap();
    let receipt = Envelope {
        content: Content::Receipt(vec![MessageId([9; 16]); 64]),
        ..text(2, "")
    };
    let mut later = good.clone();
    later[6] = 9;
    let bodies = [
        good[..6].to_vec(),
        good[..24].to_vec(),
        later,
        receipt.write().unwrap(),
        receipt.write().unwrap()[..40].to_vec(),
        [&good[..8], &[2], &good[9..]].concat(),
    ];
    for body in bodies {
        pair.network
            .act(other, |client, now| client.send(now, &bob, body).unwrap());
    }
    pair.run_until_messages(BOB, "unknown", 5);
    let texts = pair.texts(BOB, "unknown");
    let damaged = texts
        .iter()
        .filter(|text| *text == "This message is damaged.");
    assert_eq!(damaged.count(), 4, "{texts:?}");
    assert_eq!(pair.conversations(BOB).len(), 2);
}

#[test]
fn what_cannot_be_sent_is_refused_with_a_code_and_nothing_is_stored() {
    let mut pair = Pair::new();
    let bob = pair.address(BOB);
    let before = pair.people[ALICE].disk.clone();
    let send = |text: &str| json!({"type": "send", "to": bob, "text": text, "anonymous": false});
    assert_eq!(pair.refused(ALICE, &send("")), "message.empty");
    let long = "a".repeat(sotto_core::client::MAX_MESSAGE_BYTES);
    assert_eq!(pair.refused(ALICE, &send(&long)), "message.too-large");
    let table: [(Value, &str); 2] = [
        (
            json!({"type": "reply", "to": "unknown", "text": "hi"}),
            "reply.unknown-correspondent",
        ),
        (
            json!({"type": "send", "to": "x", "text": "hi", "anonymous": true}),
            "address.malformed",
        ),
    ];
    for (request, code) in table {
        assert_eq!(pair.refused(ALICE, &request), code);
    }
    assert!(pair.people[ALICE].disk == before);
}
