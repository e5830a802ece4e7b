//! Files that pages hand over in parts: what is taken, and what is too much.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a test that panics has failed, which is what a test is for"
)]

mod common;

use std::time::Duration;

use base64::{Engine, prelude::BASE64_STANDARD};
use common::{Disk, PAGE, World};
use serde_json::{Value, json};
use sotto_app::background::{Input, PortId};
use sotto_app::limit::{
    MAX_PART_BYTES, MAX_TRANSFERS_A_PORT, MAX_UPLOAD_BYTES, MAX_UPLOADS_BYTES, PART_BURST,
};

fn part(upload: u32, bytes: &[u8]) -> Value {
    json!({"type": "uploadPart", "upload": upload, "data": BASE64_STANDARD.encode(bytes)})
}

fn world() -> World {
    World::with_page(Disk::default())
}

/// Hands over a whole part from a page; gives the code of the error, if it was refused.
fn upload(world: &mut World, port: PortId, upload: u32, bytes: &[u8]) -> Option<String> {
    world.now = world.now + Duration::from_secs(1);
    let id = world.post(port, &part(upload, bytes));
    let reply = world.reply(id).unwrap();
    reply["error"]["code"].as_str().map(str::to_owned)
}

#[test]
fn a_part_is_taken_and_an_upload_can_be_forgotten_however_often() {
    let mut world = world();
    assert_eq!(world.ask(part(7, b"hello")), json!({"type": "ok"}));
    assert_eq!(world.ask(part(7, b"")), json!({"type": "ok"}));
    for _ in 0..2 {
        let drop = json!({"type": "dropUpload", "upload": 7});
        assert_eq!(world.ask(drop), json!({"type": "ok"}));
    }
}

#[test]
fn a_part_that_is_no_base64_or_too_long_is_refused() {
    let mut world = world();
    let whole = vec![1; MAX_PART_BYTES];
    assert_eq!(world.ask(part(1, &whole)), json!({"type": "ok"}));
    let long = vec![1; MAX_PART_BYTES + 1];
    assert_eq!(world.refused(part(1, &long)), "request.too-large");
    for data in ["aGVsbG8", "????", "aGVs bG8="] {
        let bad = json!({"type": "uploadPart", "upload": 1, "data": data});
        assert_eq!(world.refused(bad), "request.malformed", "{data}");
    }
}

#[test]
fn a_page_may_have_few_uploads_and_has_room_again_when_one_is_forgotten() {
    let mut world = world();
    for number in 0..MAX_TRANSFERS_A_PORT as u32 {
        assert_eq!(upload(&mut world, PAGE, number, b"a"), None);
    }
    let refused = upload(&mut world, PAGE, 99, b"a");
    assert_eq!(refused.as_deref(), Some("transfer.too-many"));
    assert_eq!(upload(&mut world, PAGE, 0, b"more of one"), None);
    let other = PortId(2);
    world.open(other);
    assert_eq!(upload(&mut world, other, 99, b"another page"), None);
    world.ask(json!({"type": "dropUpload", "upload": 0}));
    assert_eq!(upload(&mut world, PAGE, 99, b"a"), None);
}

#[test]
fn an_upload_that_grows_too_large_is_refused_and_forgotten() {
    let mut world = world();
    let whole = vec![1; MAX_PART_BYTES];
    for _ in 0..MAX_UPLOAD_BYTES / MAX_PART_BYTES {
        assert_eq!(upload(&mut world, PAGE, 1, &whole), None);
    }
    let refused = upload(&mut world, PAGE, 1, b"one more");
    assert_eq!(refused.as_deref(), Some("transfer.too-large"));
    assert_eq!(upload(&mut world, PAGE, 1, b"anew"), None);
}

#[test]
fn uploads_are_bounded_in_all_and_go_with_their_page() {
    let mut world = world();
    let whole = vec![1; MAX_PART_BYTES];
    let other = PortId(2);
    world.open(other);
    let mut fits = MAX_UPLOADS_BYTES / MAX_PART_BYTES;
    for port in [PAGE, other] {
        for _ in 0..fits.min(MAX_UPLOAD_BYTES / MAX_PART_BYTES) {
            assert_eq!(upload(&mut world, port, 1, &whole), None);
            fits -= 1;
        }
    }
    assert_eq!(fits, 0);
    let refused = upload(&mut world, other, 2, b"one more");
    assert_eq!(refused.as_deref(), Some("transfer.too-large"));
    world.handle(Input::PortClosed(PAGE));
    assert_eq!(upload(&mut world, other, 2, &whole), None);
}

#[test]
fn parts_have_a_limit_of_their_own_so_that_a_file_does_not_silence_a_page() {
    let mut world = world();
    for _ in 0..PART_BURST {
        let reply = world.ask(part(1, b"a"));
        assert_eq!(reply, json!({"type": "ok"}));
    }
    assert_eq!(world.refused(part(1, b"a")), "request.too-frequent");
    assert_eq!(world.ask(json!({"type": "settings"}))["type"], "settings");
    world.now = world.now + Duration::from_secs(1);
    assert_eq!(world.ask(part(1, b"a")), json!({"type": "ok"}));
}

#[test]
fn a_download_that_is_not_there_is_an_error() {
    let request = json!({"type": "downloadPart", "download": 1});
    assert_eq!(world().refused(request), "transfer.unknown");
}
