//! What the system's notifications tell, and when.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a test that panics has failed, which is what a test is for"
)]

mod common;

use common::pair::{ALICE, BOB, Pair};
use common::{PAGE, settings};
use serde_json::json;
use sotto_app::background::Input;

type Note = (String, Option<String>, Option<String>);

/// A network in which Bob's settings are so, and his pages are closed.
fn closed(notifications: &str) -> (Pair, String, String) {
    let mut pair = Pair::new();
    let (alice, bob) = (pair.address(ALICE), pair.address(BOB));
    let mut settings = settings("http://127.0.0.1:17080/");
    settings["notifications"] = json!(notifications);
    pair.ask(BOB, &json!({"type": "setSettings", "settings": settings}));
    pair.ask(
        BOB,
        &json!({"type": "addContact", "address": alice, "name": "Alice"}),
    );
    pair.run_until(|pair| pair.is_online(BOB));
    pair.people[BOB].handle(Input::PortClosed(PAGE));
    (pair, alice, bob)
}

/// Alice writes, and what Bob was notified of since the last time.
fn written(pair: &mut Pair, to: &str, text: &str) -> Vec<Note> {
    let id = pair.write(ALICE, to, text, false);
    pair.run_until_state(ALICE, &id, "delivered");
    std::mem::take(&mut pair.people[BOB].notes)
}

#[test]
fn a_message_is_notified_of_without_its_words_unless_the_user_wants_them() {
    let table = [
        ("plain", Some((None, None))),
        ("full", Some((Some("Alice"), Some("hello Bob")))),
        ("off", None),
    ];
    for (notifications, expected) in table {
        let (mut pair, alice, bob) = closed(notifications);
        let notes = written(&mut pair, &bob, "hello\n Bob");
        let own = |text: Option<&str>| text.map(str::to_owned);
        let expected = expected.map(|(title, body)| (alice, own(title), own(body)));
        assert_eq!(notes, Vec::from_iter(expected), "{notifications}");
    }
}

#[test]
fn one_notification_is_enough_until_the_conversation_is_seen() {
    let (mut pair, alice, bob) = closed("plain");
    assert_eq!(written(&mut pair, &bob, "one").len(), 1);
    assert_eq!(written(&mut pair, &bob, "two").len(), 0);
    pair.people[BOB].open(PAGE);
    let last = pair.messages(BOB, &alice).remove(1);
    pair.ask(BOB, &json!({"type": "seen", "id": last["id"]}));
    assert_eq!(
        written(&mut pair, &bob, "three").len(),
        0,
        "a page is there"
    );
    pair.people[BOB].handle(Input::PortClosed(PAGE));
    assert_eq!(written(&mut pair, &bob, "four").len(), 1);
}

#[test]
fn nobody_is_notified_of_what_came_before_the_start() {
    let (mut pair, _, bob) = closed("plain");
    assert_eq!(written(&mut pair, &bob, "one").len(), 1);
    pair.kill_and_restart(BOB);
    pair.people[BOB].handle(Input::PortClosed(PAGE));
    pair.run_for(std::time::Duration::from_secs(60));
    assert_eq!(pair.people[BOB].notes, []);
}
