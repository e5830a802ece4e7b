//! Files from one person to another, from page to page.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a test that panics has failed, which is what a test is for"
)]

mod common;

use base64::{Engine, prelude::BASE64_STANDARD};
use common::pair::{ALICE, BOB, Pair};
use common::{Disk, World, address, registered};
use serde_json::{Value, json};
use sotto_app::limit::MAX_PART_BYTES;
use sotto_core::envelope::MAX_FILE_BYTES;
use sotto_core::message::SenderTag;

fn bytes(count: usize) -> Vec<u8> {
    (0..count).map(|at| (at * 7 % 251) as u8).collect()
}

fn parts(upload: u32, bytes: &[u8]) -> Vec<Value> {
    let chunks = bytes.chunks(MAX_PART_BYTES);
    chunks
        .map(|chunk| {
            let data = BASE64_STANDARD.encode(chunk);
            json!({"type": "uploadPart", "upload": upload, "data": data})
        })
        .collect()
}

fn send(conversation: &str, upload: u32, name: &str) -> Value {
    json!({
        "type": "sendFile", "conversation": conversation, "upload": upload, "name": name,
        "mediaType": "image/png", "anonymous": false,
    })
}

/// Uploads and sends; gives the reply.
fn send_file(pair: &mut Pair, who: usize, request: &Value, content: &[u8]) -> Value {
    for part in parts(1, content) {
        pair.ask(who, &part);
    }
    pair.ask(who, request)
}

/// Opens the file of a message, and fetches all of it.
fn open(pair: &mut Pair, who: usize, id: &Value) -> (Value, Vec<u8>) {
    let download = pair.ask(who, &json!({"type": "openFile", "id": id}));
    assert_eq!(download["type"], "download", "{download}");
    let mut content = Vec::new();
    loop {
        let part = json!({"type": "downloadPart", "download": download["download"]});
        let part = pair.ask(who, &part);
        content.extend(
            BASE64_STANDARD
                .decode(part["data"].as_str().unwrap())
                .unwrap(),
        );
        if part["last"] == true {
            return (download, content);
        }
    }
}

#[test]
fn a_file_comes_out_as_it_went_in_and_its_name_deceives_nobody() {
    let mut pair = Pair::new();
    let (alice, bob) = (pair.address(ALICE), pair.address(BOB));
    let content = bytes(40_000);
    let request = send(&bob, 1, "../photo\u{202e}gpj.exe");
    let sent = send_file(&mut pair, ALICE, &request, &content);
    assert_eq!(sent["type"], "accepted", "{sent}");
    assert_eq!(sent["conversation"], json!(bob));
    pair.run_until_messages(BOB, &alice, 1);
    let shown = pair.messages(BOB, &alice).remove(0);
    let file = json!({"name": ".._photo_gpj.exe", "mediaType": "image/png", "size": 40_000});
    assert_eq!(
        (&shown["file"], &shown["text"], &shown["signed"]),
        (&file, &json!(""), &json!(true))
    );
    assert_eq!(
        pair.conversation(BOB, &alice)["last"]["text"],
        ".._photo_gpj.exe"
    );
    let (download, opened) = open(&mut pair, BOB, &shown["id"]);
    assert_eq!(download["name"], ".._photo_gpj.exe");
    assert_eq!(
        (&download["mediaType"], &download["size"]),
        (&json!("image/png"), &json!(40_000))
    );
    assert!(opened == content);
    // The sender can open it as well.
    let (_, own) = open(&mut pair, ALICE, &sent["id"]);
    assert!(own == content);
    pair.run_until_state(ALICE, sent["id"].as_str().unwrap(), "delivered");
}

#[test]
fn a_file_goes_through_surbs_to_whoever_gave_no_address() {
    let mut pair = Pair::new();
    let bob = pair.address(BOB);
    pair.write(ALICE, &bob, "send me the map", true);
    pair.run_until(|pair| pair.conversations(BOB).len() == 1);
    let tag = pair.conversations(BOB).remove(0);
    let content = bytes(9_000);
    let sent = send_file(&mut pair, BOB, &send(&tag, 1, "map.png"), &content);
    assert_eq!(sent["conversation"], json!(tag));
    pair.run_until_messages(ALICE, &bob, 2);
    let shown = pair.messages(ALICE, &bob).remove(1);
    assert_eq!(
        (&shown["file"]["name"], &shown["signed"]),
        (&json!("map.png"), &json!(false))
    );
    assert!(open(&mut pair, ALICE, &shown["id"]).1 == content);
}

#[test]
fn an_upload_can_be_sent_once_and_only_what_was_uploaded() {
    let mut world = World::with_page(registered());
    let to = address().to_string();
    assert_eq!(world.refused(send(&to, 1, "a")), "transfer.unknown");
    world.ask(parts(1, b"hello").remove(0));
    assert_eq!(world.ask(send(&to, 1, "a"))["type"], "accepted");
    assert_eq!(world.refused(send(&to, 1, "a")), "transfer.unknown");
}

#[test]
fn a_file_may_have_five_megabytes_and_no_byte_more() {
    let mut world = World::with_page(registered());
    let to = address().to_string();
    for (size, expected) in [
        (MAX_FILE_BYTES, None),
        (MAX_FILE_BYTES + 1, Some("file.too-large")),
    ] {
        for part in parts(1, &bytes(size)) {
            assert_eq!(world.ask(part), json!({"type": "ok"}));
        }
        let reply = world.ask(send(&to, 1, "a"));
        assert_eq!(reply["error"]["code"].as_str(), expected, "{reply}");
    }
}

#[test]
fn a_file_for_nobody_or_for_a_plain_correspondent_is_refused_and_can_be_sent_elsewhere() {
    let mut world = World::with_page(registered());
    let ada = address().to_string();
    world.ask(parts(1, b"hello").remove(0));
    for (to, code) in [
        ("unknown", "conversation.nobody"),
        ("", "conversation.unknown"),
    ] {
        assert_eq!(world.refused(send(to, 1, "a")), code);
    }
    world.ask(json!({"type": "addContact", "address": ada, "name": "a program"}));
    world.ask(json!({"type": "setPlain", "conversation": ada, "plain": true}));
    assert_eq!(world.refused(send(&ada, 1, "a")), "file.plain");
    world.ask(json!({"type": "setPlain", "conversation": ada, "plain": false}));
    assert_eq!(world.ask(send(&ada, 1, "a"))["type"], "accepted");
    world.ask(parts(1, b"hello").remove(0));
    let stranger = SenderTag([1; 16]).to_string();
    assert_eq!(
        world.refused(send(&stranger, 1, "a")),
        "reply.unknown-correspondent"
    );
}

#[test]
fn what_is_no_file_cannot_be_opened() {
    let mut world = World::with_page(registered());
    let id = world.send("just words");
    let open = |id: &str| json!({"type": "openFile", "id": id});
    assert_eq!(world.refused(open(&id)), "file.none");
    assert_eq!(world.refused(open("00")), "message.unknown");
    assert_eq!(world.refused(open(&"0".repeat(32))), "message.unknown");
    let mut empty = World::with_page(Disk::default());
    assert_eq!(empty.refused(open(&id)), "message.unknown");
}
