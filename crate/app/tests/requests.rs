//! What pages may ask, and what they are answered.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a test that panics has failed, which is what a test is for"
)]

mod common;

use std::time::Duration;

use common::{Behaviour, Disk, PAGE, POPUP, World, address, registered, sample, send_request};
use serde_json::{Value, json};
use sotto_app::background::{Input, PortId, Table};
use sotto_app::limit::{MAX_PORTS, MAX_REQUEST_BYTES, MAX_WAITING_REQUESTS, REQUEST_BURST};
use sotto_app::page::{RequestError, RequestKind};
use sotto_core::client::{MAX_MESSAGE_BYTES, Store};

const OTHERS: [&str; 4] = [
    "https://example.org/",
    "chrome-extension://other/popup.html",
    "moz-extension://abcdef/",
    "",
];

fn error_code(message: &Value) -> &str {
    message["reply"]["error"]["code"]
        .as_str()
        .unwrap_or_default()
}

#[test]
fn every_request_is_answered_to_the_extensions_pages_and_refused_to_anybody_else() {
    for kind in RequestKind::ALL {
        let message = json!({"id": 5, "request": sample(*kind)}).to_string();
        for url in OTHERS {
            let mut world = World::with_page(Disk::default());
            let disk = world.disk.clone();
            world.post_text(PAGE, url, message.clone());
            let mail = world.mail(PAGE);
            assert_eq!(mail.len(), 1, "{kind:?} {url}");
            assert_eq!(
                error_code(&mail[0]),
                "request.not-allowed",
                "{kind:?} {url}"
            );
            assert_eq!(mail[0]["id"], 5);
            assert!(world.disk == disk, "{kind:?} of {url} changed something");
        }
        let mut world = World::with_page(Disk::default());
        world.post_text(PAGE, POPUP, message);
        let mail = world.mail(PAGE);
        let replies: Vec<&Value> = mail.iter().filter(|message| message["id"] == 5).collect();
        assert_eq!(replies.len(), 1, "{kind:?}");
        assert_ne!(error_code(replies[0]), "request.not-allowed", "{kind:?}");
    }
}

#[test]
fn a_request_with_an_unknown_field_is_refused() {
    for kind in RequestKind::ALL {
        let mut world = World::with_page(Disk::default());
        let mut request = sample(*kind);
        request["extra"] = json!(1);
        assert_eq!(world.refused(request), "request.malformed", "{kind:?}");
    }
}

#[test]
fn a_request_with_a_field_of_another_one_is_refused() {
    for kind in RequestKind::ALL {
        for (field, value) in [("cursor", json!("x")), ("verified", json!(true))] {
            let mut request = sample(*kind);
            if request.get(field).is_none() {
                request[field] = value;
                let mut world = World::with_page(Disk::default());
                assert_eq!(world.refused(request), "request.malformed", "{kind:?}");
            }
        }
    }
}

#[test]
fn a_request_without_a_field_that_it_needs_is_refused() {
    for kind in RequestKind::ALL {
        let whole = sample(*kind);
        let fields = whole.as_object().unwrap().iter();
        let optional = [
            "passphrase",
            "old",
            "before",
            "after",
            "conversation",
            "cursor",
        ];
        for (field, value) in fields {
            if value.is_null() || (field == "new" && *kind == RequestKind::SetPassphrase) {
                assert!(
                    optional.contains(&field.as_str()) || field == "new",
                    "{field}"
                );
                continue;
            }
            for absent in [true, false] {
                let mut request = whole.clone();
                if absent {
                    request.as_object_mut().unwrap().remove(field);
                } else {
                    request[field] = json!(null);
                }
                let mut world = World::with_page(Disk::default());
                let code = world.refused(request);
                assert_eq!(code, "request.malformed", "{kind:?} without {field}");
            }
        }
    }
}

#[test]
fn what_is_no_request_is_refused_and_everything_goes_on() {
    let deep = format!(
        r#"{{"id":1,"request":{}{}}}"#,
        "[".repeat(100_000),
        "]".repeat(100_000)
    );
    let mut world = World::with_page(Disk::default());
    for message in [
        "",
        "null",
        "7",
        "[]",
        "{}",
        r#"{"id":1}"#,
        r#"{"id":-1,"request":{"type":"subscribe"}}"#,
        r#"{"id":1,"request":{"type":"subscribe"},"origin":"https://example.org"}"#,
        r#"{"id":1,"request":null}"#,
        r#"{"id":1,"request":{"type":"format"}}"#,
        r#"{"id":1,"request":{"type":"send","to":1,"text":"hello","anonymous":false}}"#,
        r#"{"id":1,"request":{"type":"send","to":"a.b@c","anonymous":false}}"#,
        r#"{"id":1,"request":{"type":"send","to":"a.b@c","text":"hello"}}"#,
        r#"{"id":1,"request":{"type":"send","to":"a.b@c","text":"hello","anonymous":1}}"#,
        r#"{"id":1,"request":{"type":"send","to":"a.b@c","text":"\ud83d","anonymous":false}}"#,
        r#"{"id":1,"request":{"type":"reply","to":"tag"}}"#,
        r#"{"id":1,"request":{"type":"seen"}}"#,
        r#"{"id":1,"request":{"type":"setSettings","settings":{"directory":"https://a.org/","traffic":"slow","lockAfterMinutes":null,"receipts":true,"notifications":"plain","keepDays":null}}}"#,
        deep.as_str(),
    ] {
        world.post_text(PAGE, POPUP, message.to_owned());
        let mail = world.mail(PAGE);
        let shown = &message[..message.len().min(80)];
        assert_eq!(mail.len(), 1, "{shown}");
        assert_eq!(error_code(&mail[0]), "request.malformed", "{shown}");
    }
    assert_eq!(world.ask(json!({"type": "settings"}))["type"], "settings");
}

#[test]
fn a_message_that_has_no_json_form_is_refused() {
    let mut world = World::with_page(Disk::default());
    let message = Err(RequestError::TooLarge);
    world.handle(Input::PortMessage {
        port: PAGE,
        message,
    });
    assert_eq!(error_code(&world.mail(PAGE)[0]), "request.too-large");
}

#[test]
fn each_malformed_address_gives_an_error_that_says_what_is_wrong() {
    let good = address().to_string();
    let (client, gateway) = good.split_once('@').unwrap();
    let (identity, encryption) = client.split_once('.').unwrap();
    let cases = [
        (String::new(), "three parts"),
        ("hello".to_owned(), "three parts"),
        (client.to_owned(), "three parts"),
        (format!("{identity}@{gateway}"), "three parts"),
        (format!("{good}@{gateway}"), "three parts"),
        (
            format!("{identity}.{encryption}.{encryption}@{gateway}"),
            "three parts",
        ),
        (format!("0.{encryption}@{gateway}"), "first part"),
        (format!("{identity}.0@{gateway}"), "second part"),
        (format!("{identity}.{encryption}@0"), "third part"),
        (
            format!("{}.{encryption}@{gateway}", &identity[20..]),
            "first part",
        ),
        (
            format!("{identity}.{}@{gateway}", &encryption[..20]),
            "second part",
        ),
        (format!("{good}{gateway}"), "third part"),
        ("1".repeat(1_000), "too long"),
    ];
    let mut world = World::with_page(Disk::default());
    let disk = world.disk.clone();
    for (to, words) in cases {
        let reply = world.ask(send_request(&to, "hello"));
        let error = &reply["error"];
        assert_eq!(error["code"], "address.malformed", "{to}");
        assert_eq!(error["fault"], "you", "{to}");
        let message = error["message"].as_str().unwrap();
        assert!(message.contains(words), "{to}: {message}");
        assert!(
            message.ends_with('.') && message.starts_with(char::is_uppercase),
            "{message}"
        );
    }
    assert!(world.disk == disk, "a refused message was stored");
    assert_eq!(world.events(PAGE), [] as [Value; 0]);
}

#[test]
fn an_address_may_be_pasted_with_blanks_around_it() {
    let mut world = World::with_page(registered());
    let to = format!(" {}\n", address());
    assert_eq!(world.ask(send_request(&to, "hello"))["type"], "accepted");
}

#[test]
fn an_empty_or_oversize_message_is_refused() {
    let mut world = World::with_page(registered());
    let send = |text: String| send_request(&address().to_string(), &text);
    assert_eq!(world.refused(send(String::new())), "message.empty");
    assert_eq!(
        world.refused(send("a".repeat(MAX_MESSAGE_BYTES + 1))),
        "message.too-large"
    );
    world.post_text(PAGE, POPUP, " ".repeat(MAX_REQUEST_BYTES + 1));
    assert_eq!(error_code(&world.mail(PAGE)[0]), "request.too-large");
    // Around the words there are id, address and signature.
    let longest = "a".repeat(MAX_MESSAGE_BYTES - 185);
    assert_eq!(world.ask(send(longest))["type"], "accepted");
}

#[test]
fn requests_that_come_too_often_are_refused_until_some_time_has_passed() {
    let mut world = World::with_page(Disk::default());
    world.pass(Duration::from_secs(10));
    for _ in 0..REQUEST_BURST {
        assert_eq!(world.ask(json!({"type": "settings"}))["type"], "settings");
    }
    assert_eq!(
        world.refused(json!({"type": "settings"})),
        "request.too-frequent"
    );
    world.pass(Duration::from_secs(1));
    assert_eq!(world.ask(json!({"type": "settings"}))["type"], "settings");
}

#[test]
fn a_new_port_is_no_way_around_the_limit() {
    let mut world = World::with_page(Disk::default());
    let mut refused = 0;
    for number in 0..REQUEST_BURST {
        let port = PortId(1_000 + number);
        world.open(port);
        let id = world.post(port, &json!({"type": "settings"}));
        refused += u32::from(world.reply(id).unwrap()["type"] == "error");
        world.handle(Input::PortClosed(port));
    }
    assert_eq!(
        refused, 1,
        "the subscription of the first page was one of the burst"
    );
}

#[test]
fn one_page_too_many_is_told_so() {
    let mut world = World::new(Disk::default());
    world.work();
    let last = PortId(u32::try_from(MAX_PORTS).unwrap());
    (0..=last.0).for_each(|port| world.open(PortId(port)));
    let id = world.post(last, &json!({"type": "settings"}));
    assert_eq!(
        world.reply(id).unwrap()["error"]["code"],
        "request.too-many-pages"
    );
    world.handle(Input::PortClosed(PortId(0)));
    world.open(last);
    let id = world.post(last, &json!({"type": "settings"}));
    assert_eq!(world.reply(id).unwrap()["type"], "settings");
}

#[test]
fn requests_that_come_while_the_state_is_loaded_are_answered_after_it() {
    let mut world = World::new(Disk::default());
    world.behaviour = Behaviour::Hangs;
    world.work();
    world.open(PAGE);
    let subscribe = world.post(PAGE, &json!({"type": "subscribe"}));
    let settings = world.post(PAGE, &json!({"type": "settings"}));
    assert_eq!(world.mail(PAGE), [] as [Value; 0]);
    world.behaviour = Behaviour::Works;
    world.work();
    assert_eq!(world.reply(subscribe).unwrap()["type"], "ok");
    assert_eq!(world.reply(settings).unwrap()["type"], "settings");
    assert_eq!(world.events(PAGE)[0]["type"], "snapshot");
}

#[test]
fn not_more_requests_wait_than_can_be_kept() {
    let mut world = World::new(Disk::default());
    world.behaviour = Behaviour::Hangs;
    world.open(PAGE);
    for _ in 0..MAX_WAITING_REQUESTS {
        world.now = world.now + Duration::from_secs(1);
        world.post(PAGE, &json!({"type": "settings"}));
    }
    assert_eq!(
        world.refused(json!({"type": "settings"})),
        "background.starting"
    );
}

#[test]
fn a_page_that_is_gone_is_written_to_no_more() {
    let mut world = World::with_page(registered());
    world.behaviour = Behaviour::Hangs;
    world.post(PAGE, &sample(RequestKind::Send));
    world.handle(Input::PortClosed(PAGE));
    world.behaviour = Behaviour::Works;
    world.work();
    assert_eq!(world.mail(PAGE), [] as [Value; 0]);
}

#[test]
fn diagnostics_are_counts_and_nothing_else() {
    let mut world = World::with_page(Disk::default());
    let reply = world.ask(json!({"type": "diagnostics"}));
    assert_eq!(reply["type"], "diagnostics");
    let packets = reply["packets"].as_object().unwrap();
    assert_eq!(packets.len(), 12);
    assert!(packets.values().all(Value::is_u64), "{packets:?}");
    assert!(reply["bandwidth"].is_null(), "there is no connection");
    assert_eq!(reply.as_object().unwrap().len(), 3);
}

#[test]
fn a_record_that_was_damaged_is_counted_in_the_diagnostics() {
    let mut disk = Disk::default();
    disk.put(Table::Core(Store::Outbox), &[1], &[2]);
    let mut world = World::with_page(disk);
    let reply = world.ask(json!({"type": "diagnostics"}));
    assert_eq!(reply["packets"]["damagedRecords"], 1);
}
