//! What sites may ask, and who may ask it.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test that panics has failed, which is what a test is for"
)]

mod common;

use std::time::Duration;

use common::sites::{
    FORUM, OTHER_TAB, SHOP, TAB, connect, connect_for, page_of, refusal, send, send_anonymously,
    site_sample, text,
};
use common::{Behaviour, Disk, World, address, registered, sample};
use serde_json::{Value, json};
use sotto_app::background::{Input, PortId};
use sotto_app::limit::{
    MAX_SITE_BODY_BYTES, MAX_SITE_PORTS, MAX_SITE_QUEUE, MAX_SITE_QUEUE_BYTES,
    MAX_SITE_REQUEST_BYTES, MAX_SITE_SURBS, MAX_SITES_PORTS, MAX_WAITING_SITE_REQUESTS, SITE_BURST,
};
use sotto_app::page::{RequestError, RequestKind};
use sotto_app::sender::Sender;
use sotto_app::site::{SiteRequest, SiteRequestKind};

/// Pages of the web that are no sites: in a frame, in a sandbox, insecure, without the browser's word.
fn no_sites() -> Vec<Sender> {
    let page = page_of(SHOP, 1);
    let with = |change: &dyn Fn(&mut Sender)| {
        let mut sender = page.clone();
        change(&mut sender);
        sender
    };
    vec![
        with(&|sender| sender.frame = Some(7)),
        with(&|sender| sender.frame = None),
        with(&|sender| sender.origin = Some("null".to_owned())),
        with(&|sender| sender.origin = None),
        with(&|sender| sender.origin = Some(FORUM.to_owned())),
        with(&|sender| sender.origin = Some("chrome-extension://abcdef".to_owned())),
        page_of("http://shop.example", 1),
        with(&|sender| sender.url = "about:srcdoc".to_owned()),
        Sender::default(),
    ]
}

/// All that anybody could notice: what is on disk, what the network and the browser were asked for.
fn noticed(world: &World) -> impl PartialEq + use<> {
    (
        world
            .disk
            .clone()
            .all(sotto_app::background::Table::SiteGrant),
        world.history.len(),
        (world.fetches.len(), world.opened.len(), world.sent.len()),
        (world.approvals, world.site_badges.clone(), world.reads),
    )
}

/// A world in which a site has a tab, and may do everything.
fn shop() -> World {
    let mut world = World::with_page(registered());
    world.connect_site(TAB, SHOP);
    world.site_events(TAB);
    world
}

#[test]
fn no_request_of_the_extensions_pages_is_carried_out_for_a_site() {
    for granted in [false, true] {
        for kind in RequestKind::ALL {
            let mut world = if granted {
                shop()
            } else {
                World::with_page(registered())
            };
            if !granted {
                world.open_site(TAB, SHOP);
            }
            let before = noticed(&world);
            let disk = world.disk.clone();
            let request = sample(*kind);
            // What both may ask is asked as a site: of a message that is none of its.
            let known = serde_json::from_value::<SiteRequest>(request.clone()).is_ok();
            let expected = match (known, granted) {
                (false, _) => (4200, "request.unknown"),
                (true, false) => (4100, "site.unauthorised"),
                (true, true) => (-32602, "message.unknown"),
            };
            let (code, reason) = world.site_refused(TAB, &request);
            assert_eq!((code, reason.as_str()), expected, "{kind:?}");
            assert!(noticed(&world) == before, "{kind:?} had an effect");
            assert!(world.disk == disk, "{kind:?} changed something");
            assert_eq!(world.mail(TAB), [] as [Value; 0], "{kind:?}");
            assert_eq!(world.site_posts, [], "{kind:?}");
        }
    }
}

#[test]
fn no_request_of_a_site_is_carried_out_for_a_page_of_the_extension() {
    for kind in SiteRequestKind::ALL {
        let mut world = shop();
        let request = site_sample(*kind);
        let before = noticed(&world);
        let disk = world.disk.clone();
        let reply = world.ask(request.clone());
        // `cancel` is in both lists; here it is about the user's own messages.
        let expected = match kind {
            SiteRequestKind::Cancel => "message.unknown",
            _ => "request.malformed",
        };
        assert_eq!(reply["error"]["code"], expected, "{kind:?} {reply}");
        assert!(noticed(&world) == before, "{kind:?} had an effect");
        assert!(world.disk == disk, "{kind:?} changed something");
        assert_eq!(world.site_posts, [], "{kind:?}");
    }
}

#[test]
fn nobody_else_is_carried_out_any_request_for() {
    let pages = RequestKind::ALL.iter().map(|kind| (sample(*kind), true));
    let sites = SiteRequestKind::ALL.iter().map(|kind| {
        // `cancel` reads the same in both lists; the others are not even requests of a page.
        (site_sample(*kind), *kind == SiteRequestKind::Cancel)
    });
    let requests: Vec<(Value, bool)> = pages.chain(sites).collect();
    for sender in no_sites() {
        let mut world = shop();
        let (before, disk) = (noticed(&world), world.disk.clone());
        let port = PortId(900);
        world.open_as(port, sender.clone());
        for (request, readable) in &requests {
            let expected = if *readable {
                "request.not-allowed"
            } else {
                "request.malformed"
            };
            world.post(port, request);
            let mail = world.mail(port);
            assert_eq!(mail.len(), 1, "{request}");
            let code = mail[0]["reply"]["error"]["code"].as_str();
            assert_eq!(code, Some(expected), "{request} {sender:?}");
        }
        assert!(noticed(&world) == before, "{sender:?} had an effect");
        assert!(world.disk == disk, "{sender:?} changed something");
        assert_eq!(world.site_posts, []);
    }
}

#[test]
fn every_request_of_a_site_is_answered_once_or_waits() {
    for kind in SiteRequestKind::ALL {
        let mut world = shop();
        let id = world.site_post(TAB, &site_sample(*kind));
        let first = world.site_replies(id);
        world.pass(Duration::from_secs(51));
        let then = world.site_replies(id);
        assert_eq!(first.len() + then.len(), 1, "{kind:?} {first:?} {then:?}");
        let reply = &[first, then].concat()[0];
        let reason = reply["error"]["reason"].as_str().unwrap_or_default();
        assert!(!["request.unknown", "site.unauthorised"].contains(&reason));
    }
}

#[test]
fn without_a_permission_nothing_is_done_that_takes_one() {
    for kind in SiteRequestKind::ALL {
        let mut world = World::with_page(registered());
        world.open_site(TAB, SHOP);
        let (before, disk) = (noticed(&world), world.disk.clone());
        let id = world.site_post(TAB, &site_sample(*kind));
        match kind {
            SiteRequestKind::Connect => {
                assert_eq!(world.approvals, 1);
                assert_eq!(world.site_reply(id), None);
            }
            SiteRequestKind::Permissions => {
                let reply = json!({"type": "permissions", "permissions": []});
                assert_eq!(world.site_reply(id), Some(reply));
                assert!(noticed(&world) == before);
            }
            SiteRequestKind::Disconnect => {
                assert_eq!(world.site_reply(id), Some(json!({"type": "ok"})));
                assert!(noticed(&world) == before);
            }
            _ => {
                let refused = refusal(&world.site_reply(id).unwrap());
                assert_eq!(refused, (4100, "site.unauthorised".to_owned()), "{kind:?}");
                assert!(noticed(&world) == before, "{kind:?}");
            }
        }
        assert!(world.disk == disk);
    }
}

#[test]
fn each_permission_opens_what_needs_it_and_nothing_else() {
    for permission in ["send", "receive", "reply"] {
        let mut world = World::with_page(registered());
        world.open_site(TAB, SHOP);
        world.site_post(TAB, &connect_for(&[permission]));
        world.answer(&[permission]);
        for kind in SiteRequestKind::ALL {
            let Some(needed) = kind.needs() else {
                continue;
            };
            let id = world.site_post(TAB, &site_sample(*kind));
            let reply = world.site_reply(id).unwrap_or_default();
            let refused = reply["error"]["reason"] == "site.unauthorised";
            let has = json!(needed) == json!(permission);
            assert_eq!(refused, !has, "{kind:?} with {permission}: {reply}");
        }
    }
}

#[test]
fn a_request_with_a_field_too_many_or_too_few_is_unknown() {
    for kind in SiteRequestKind::ALL {
        let mut world = shop();
        let whole = site_sample(*kind);
        let mut requests = Vec::new();
        let mut extra = whole.clone();
        extra["origin"] = json!(FORUM);
        requests.push(extra);
        for field in ["permissions", "to", "tag", "data", "id", "surbs"] {
            let mut request = whole.clone();
            match request.get(field) {
                Some(_) => request.as_object_mut().unwrap().remove(field),
                None => request.as_object_mut().unwrap().insert(
                    field.to_owned(),
                    site_sample(SiteRequestKind::Send)
                        .get(field)
                        .cloned()
                        .unwrap_or_else(|| match field {
                            "permissions" => json!(["send"]),
                            _ => json!("00"),
                        }),
                ),
            };
            requests.push(request);
        }
        for request in requests {
            let refused = world.site_refused(TAB, &request);
            assert_eq!(refused, (4200, "request.unknown".to_owned()), "{request}");
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
    let mut world = shop();
    for message in [
        "",
        "null",
        "[]",
        "{}",
        r#"{"id":1}"#,
        r#"{"id":-1,"request":{"type":"permissions"}}"#,
        r#"{"id":1,"request":{"type":"permissions"},"origin":"https://forum.example"}"#,
        r#"{"id":1,"request":{"type":"connect","permissions":["everything"]}}"#,
        r#"{"id":1,"request":{"type":"connect","permissions":"send"}}"#,
        r#"{"id":1,"request":{"type":"__proto__"}}"#,
        deep.as_str(),
    ] {
        world.handle(Input::PortMessage {
            port: TAB,
            message: Ok(message.to_owned()),
        });
        let posts = std::mem::take(&mut world.site_posts);
        let shown = &message[..message.len().min(80)];
        assert_eq!(posts.len(), 1, "{shown}");
        assert_eq!(posts[0].1["reply"]["error"]["code"], 4200, "{shown}");
    }
    let reply = world.site_ask(TAB, &json!({"type": "permissions"}));
    assert_eq!(reply["permissions"], json!(["send", "receive", "reply"]));
}

#[test]
fn a_site_that_asks_too_often_is_refused_until_some_time_has_passed_and_no_other_is() {
    let mut world = World::with_page(registered());
    world.open_site(TAB, SHOP);
    world.open_site(OTHER_TAB, FORUM);
    let permissions = json!({"type": "permissions"});
    for _ in 0..SITE_BURST {
        let reply = world.site_ask(TAB, &permissions);
        assert_eq!(reply["type"], "permissions");
    }
    let refused = world.site_refused(TAB, &permissions);
    assert_eq!(refused, (-32005, "request.too-frequent".to_owned()));
    // Neither a second tab nor a new one is a way around.
    world.open_site(PortId(600), SHOP);
    assert_eq!(world.site_refused(PortId(600), &permissions).0, -32005);
    world.close(TAB);
    world.close(PortId(600));
    world.open_site(TAB, SHOP);
    assert_eq!(world.site_refused(TAB, &permissions).0, -32005);
    let other = world.site_ask(OTHER_TAB, &permissions);
    assert_eq!(other["type"], "permissions");
    world.pass(Duration::from_millis(100));
    assert_eq!(world.site_ask(TAB, &permissions)["type"], "permissions");
    assert_eq!(world.site_refused(TAB, &permissions).0, -32005);
}

#[test]
fn data_surbs_and_messages_beyond_the_limits_are_refused() {
    let mut world = shop();
    let to = address().to_string();
    let of = |bytes: usize| text(&"a".repeat(bytes));
    let refused = world.site_refused(TAB, &send_anonymously(&to, of(MAX_SITE_BODY_BYTES + 1), 5));
    assert_eq!(refused, (-32602, "data.too-large".to_owned()));
    for surbs in [0, MAX_SITE_SURBS + 1] {
        let refused = world.site_refused(TAB, &send_anonymously(&to, of(1), surbs));
        assert_eq!(refused, (-32602, "surbs.too-many".to_owned()), "{surbs}");
    }
    let long = Ok(" ".repeat(MAX_SITE_REQUEST_BYTES + 1));
    for message in [long, Err(RequestError::TooLarge)] {
        world.handle(Input::PortMessage { port: TAB, message });
        let posts = std::mem::take(&mut world.site_posts);
        assert_eq!(posts[0].1["reply"]["error"]["code"], -32602);
        assert_eq!(posts[0].1["reply"]["error"]["reason"], "data.too-large");
    }
    for (data, reason) in [
        (json!({"kind": "json", "content": "{"}), "data.malformed"),
        (json!({"kind": "bytes", "content": "%"}), "data.malformed"),
    ] {
        let refused = world.site_refused(TAB, &send_anonymously(&to, data, 1));
        assert_eq!(refused, (-32602, reason.to_owned()));
    }
    let refused = world.site_refused(TAB, &send_anonymously("nobody", of(1), 1));
    assert_eq!(refused, (-32602, "address.malformed".to_owned()));
    let reply = json!({"type": "reply", "tag": "nobody!", "data": of(1), "plain": false});
    assert_eq!(
        world.site_refused(TAB, &reply),
        (-32602, "tag.malformed".to_owned())
    );
    let longest = send_anonymously(&to, of(MAX_SITE_BODY_BYTES), 1);
    assert_eq!(world.site_ask(TAB, &longest)["type"], "accepted");
}

#[test]
fn not_more_of_a_site_waits_to_be_sent_than_can_be_kept() {
    let to = address().to_string();
    let mut world = shop();
    for _ in 0..MAX_SITE_QUEUE {
        world.now = world.now + Duration::from_secs(1);
        let reply = world.site_ask(TAB, &send_anonymously(&to, text("hello"), 1));
        assert_eq!(reply["type"], "accepted");
    }
    let refused = world.site_refused(TAB, &send_anonymously(&to, text("hello"), 1));
    assert_eq!(refused, (-32005, "queue.full".to_owned()));

    let mut world = shop();
    let large = text(&"a".repeat(MAX_SITE_BODY_BYTES - 100));
    let mut taken = 0;
    while world.site_ask(TAB, &send_anonymously(&to, large.clone(), 1))["type"] == "accepted" {
        taken += MAX_SITE_BODY_BYTES;
    }
    assert_eq!(taken, MAX_SITE_QUEUE_BYTES);
    // Of what is already there it is also known after a restart.
    world.kill_and_restart();
    world.open_site(TAB, SHOP);
    world.site_ask(TAB, &connect());
    let refused = world.site_refused(TAB, &send_anonymously(&to, large, 1));
    assert_eq!(refused, (-32005, "queue.full".to_owned()));
}

#[test]
fn one_tab_too_many_of_a_site_or_of_all_is_told_so() {
    let permissions = json!({"type": "permissions"});
    let mut world = World::with_page(registered());
    let port = |number: usize| PortId(1_000 + u32::try_from(number).unwrap());
    (0..=MAX_SITE_PORTS).for_each(|number| world.open_site(port(number), SHOP));
    let refused = world.site_refused(port(MAX_SITE_PORTS), &permissions);
    assert_eq!(refused, (-32005, "site.too-many-tabs".to_owned()));
    let reply = world.site_ask(port(MAX_SITE_PORTS - 1), &permissions);
    assert_eq!(reply["type"], "permissions");
    for number in MAX_SITE_PORTS + 1..=MAX_SITES_PORTS {
        world.open_site(port(number), &format!("https://s{number}.example"));
    }
    assert_eq!(
        world.site_ask(port(MAX_SITES_PORTS), &permissions)["type"],
        "permissions"
    );
    world.open_site(port(MAX_SITES_PORTS + 1), FORUM);
    let refused = world.site_refused(port(MAX_SITES_PORTS + 1), &permissions);
    assert_eq!(refused, (-32005, "site.too-many-tabs".to_owned()));
    world.close(port(0));
    world.close(port(MAX_SITES_PORTS + 1));
    world.open_site(port(MAX_SITES_PORTS + 1), FORUM);
    let reply = world.site_ask(port(MAX_SITES_PORTS + 1), &permissions);
    assert_eq!(reply["type"], "permissions");
}

#[test]
fn not_more_requests_of_sites_wait_than_can_be_kept_and_each_is_given_up_in_time() {
    let mut world = shop();
    // There is no network, so there is no address.
    let mut waiting = Vec::new();
    for _ in 0..MAX_WAITING_SITE_REQUESTS {
        world.now = world.now + Duration::from_millis(100);
        waiting.push(world.site_post(TAB, &json!({"type": "address"})));
    }
    let refused = world.site_refused(TAB, &json!({"type": "address"}));
    assert_eq!(refused, (-32005, "request.too-frequent".to_owned()));
    world.pass(Duration::from_secs(50));
    for id in waiting {
        let refused = refusal(&world.site_reply(id).unwrap());
        assert_eq!(refused, (4900, "connection.offline".to_owned()));
    }
}

#[test]
fn requests_that_come_while_the_state_is_loaded_are_answered_after_it() {
    let mut world = shop();
    world.kill_and_restart();
    let mut world = World::new(world.disk);
    world.behaviour = Behaviour::Hangs;
    world.work();
    world.open_site(TAB, SHOP);
    let permissions = world.site_post(TAB, &json!({"type": "permissions"}));
    let connects = world.site_post(TAB, &connect());
    assert_eq!(world.site_posts, []);
    world.behaviour = Behaviour::Works;
    world.work();
    for id in [permissions, connects] {
        let reply = world.site_reply(id).unwrap();
        assert_eq!(reply["permissions"], json!(["send", "receive", "reply"]));
    }
    assert_eq!(world.approvals, 0, "it was granted before");
}

#[test]
fn a_site_whose_records_cannot_be_read_is_told_so_and_works_when_they_can() {
    let mut world = shop();
    world.kill_and_restart();
    world.open_site(TAB, SHOP);
    world.behaviour = Behaviour::Fails;
    let to = address().to_string();
    let message = send_anonymously(&to, text("hello"), 1);
    let refused = world.site_refused(TAB, &message);
    assert_eq!(refused, (-32603, "storage.failed".to_owned()));
    world.behaviour = Behaviour::Works;
    assert_eq!(world.site_ask(TAB, &message)["type"], "accepted");
}

#[test]
fn a_tab_is_marked_while_it_uses_the_mixnet() {
    let mut world = World::with_page(registered());
    world.open_site(TAB, SHOP);
    world.site_post(TAB, &connect());
    assert_eq!(world.site_badges, [], "nothing is allowed yet");
    world.answer(&["send"]);
    assert_eq!(world.site_badges, [(501, true)]);
    // Another tab of the same site does not use it because of that.
    world.open_site(OTHER_TAB, SHOP);
    world.site_ask(OTHER_TAB, &json!({"type": "permissions"}));
    assert_eq!(world.site_badges.len(), 1);
    world.site_ask(OTHER_TAB, &connect_for(&["send"]));
    assert_eq!(world.site_badges[1..], [(502, true)]);
    world.site_ask(TAB, &json!({"type": "disconnect"}));
    world.site_ask(TAB, &json!({"type": "disconnect"}));
    assert_eq!(world.site_badges[2..], [(501, false)]);
    world.close(OTHER_TAB);
    assert_eq!(world.site_badges[3..], [(502, false)]);
}

#[test]
fn a_site_hears_nothing_before_it_connects_and_nothing_of_another_site() {
    let mut world = shop();
    world.open_site(PortId(600), SHOP);
    world.connect_site(OTHER_TAB, FORUM);
    world.site_posts.clear();
    let to = address().to_string();
    world.site_ask(TAB, &send_anonymously(&to, text("hello"), 1));
    let events = world.site_events(TAB);
    assert_eq!(events[0]["type"], "status");
    assert_eq!(events[0]["state"], "queued");
    assert_eq!(world.site_posts, []);
}

#[test]
fn a_tab_that_was_away_hears_how_far_the_messages_got_when_it_is_back() {
    let mut world = shop();
    let to = address().to_string();
    let sent = world.site_ask(TAB, &send_anonymously(&to, text("hello"), 1));
    world.site_ask(TAB, &json!({"type": "cancel", "id": sent["id"]}));
    let other = world.site_ask(TAB, &send_anonymously(&to, text("hello again"), 1));
    world.close(TAB);
    world.site_events(TAB);
    world.open_site(TAB, SHOP);
    world.site_ask(TAB, &connect());
    let events = world.site_events(TAB);
    let states = |id: &Value| -> Vec<Value> {
        let told = events.iter().filter(|event| event["id"] == *id);
        told.map(|event| event["state"].clone()).collect()
    };
    assert_eq!(states(&sent["id"]), ["failed"]);
    assert_eq!(states(&other["id"]), ["queued"]);
}

#[test]
fn a_site_that_is_not_set_up_for_is_told_so() {
    let mut world = World::with_page(Disk::default());
    assert_eq!(
        world.ask(json!({"type": "forgetEverything"})),
        json!({"type": "ok"})
    );
    world.open_site(TAB, SHOP);
    for kind in SiteRequestKind::ALL {
        let reply = world.site_ask(TAB, &site_sample(*kind));
        match kind {
            SiteRequestKind::Permissions => assert_eq!(reply["permissions"], json!([])),
            SiteRequestKind::Disconnect => assert_eq!(reply["type"], "ok"),
            _ => assert_eq!(refusal(&reply), (4900, "vault.none".to_owned()), "{kind:?}"),
        }
    }
    assert_eq!(world.approvals, 0);
    assert!(world.disk == Disk::default());
}

#[test]
fn what_a_disk_refuses_to_take_is_not_told_as_sent() {
    let mut world = shop();
    let to = address().to_string();
    world.behaviour = Behaviour::Fails;
    let id = world.site_post(TAB, &send_anonymously(&to, text("hello"), 1));
    let reply = world.site_reply(id);
    assert_ne!(reply.unwrap_or_default()["type"], "accepted");
    let signed = send(&to, text("hello"));
    let id = world.site_post(TAB, &signed);
    assert_eq!(world.site_reply(id), None, "there is no address yet");
}
