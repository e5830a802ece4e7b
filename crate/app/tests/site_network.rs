//! Sites with identities of their own, in the simulated network.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test that panics has failed, which is what a test is for"
)]

mod common;

use std::collections::BTreeSet;
use std::time::Duration;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use common::pair::{ALICE, BOB, Pair};
use common::sites::{FORUM, OTHER_TAB, SHOP, TAB, connect, refusal, send, send_anonymously, text};
use common::{PAGE, settings};
use serde_json::{Value, json};
use sotto_app::background::{PortId, Table};
use sotto_app::limit::MAX_SITE_INBOX;
use sotto_app::vault::{BACKUP_HEADER_LEN, BackupHeader, Passphrase};
use sotto_core::address::Address;

const PASSPHRASE: &str = "hunter2 hunter2";

fn ok() -> Value {
    json!({"type": "ok"})
}

/// Both are connected; Alice has a shop open and Bob a forum. Their addresses.
fn shop_and_forum() -> (Pair, String, String) {
    let mut pair = Pair::new();
    let shop = pair.connect_site(ALICE, TAB, SHOP);
    let forum = pair.connect_site(BOB, TAB, FORUM);
    (pair, shop, forum)
}

fn parsed(address: &str) -> Address {
    address.parse().unwrap()
}

/// Whether any gateway knows a client of this address.
fn is_registered(pair: &Pair, address: &str) -> bool {
    let identity = parsed(address).identity;
    let mut gateways = pair.network.gateways.iter();
    gateways.any(|gateway| gateway.knows(&identity))
}

fn json_of(value: &Value) -> Value {
    json!({"kind": "json", "content": value.to_string()})
}

fn received(message: &Value) -> Value {
    json!({"type": "received", "id": message["id"]})
}

#[test]
fn no_two_sites_and_not_the_user_share_an_identity() {
    let mut pair = Pair::new();
    let own = pair.address(ALICE);
    let shop = pair.connect_site(ALICE, TAB, SHOP);
    let forum = pair.connect_site(ALICE, OTHER_TAB, FORUM);
    let bobs = pair.connect_site(BOB, TAB, SHOP);
    let all: Vec<Address> = [&own, &shop, &forum, &bobs]
        .map(|address| parsed(address))
        .to_vec();
    let identities: BTreeSet<_> = all.iter().map(|one| *one.identity.as_bytes()).collect();
    let keys: BTreeSet<_> = all.iter().map(|one| one.encryption.to_string()).collect();
    assert_eq!((identities.len(), keys.len()), (4, 4));
    let gateway = parsed(&own).gateway;
    for site in [&shop, &forum] {
        assert!(parsed(site).gateway != gateway, "not at the user's own");
        assert!(is_registered(&pair, site));
    }
    // And each stays what it was.
    pair.kill_and_restart(ALICE);
    pair.return_to(ALICE, TAB, SHOP);
    pair.return_to(ALICE, OTHER_TAB, FORUM);
    assert_eq!(pair.site_address(ALICE, TAB), shop);
    assert_eq!(pair.site_address(ALICE, OTHER_TAB), forum);
    assert_eq!(pair.address(ALICE), own);
}

#[test]
fn data_arrives_as_what_was_sent_and_signed_by_the_sites_identity() {
    let (mut pair, shop, forum) = shop_and_forum();
    let bytes = json!({"kind": "bytes", "content": STANDARD.encode([0, 255, 10])});
    for data in [
        text("hello, wörld"),
        json_of(&json!({"a": [1, null, "x"], "b": {"c": 1.5}})),
        json_of(&json!(null)),
        bytes,
    ] {
        let id = pair.site_send(ALICE, TAB, &send(&forum, data.clone()));
        let message = pair.site_message(BOB, TAB);
        assert_eq!(message["data"], data);
        assert_eq!(message["from"], shop);
        assert_eq!(message["signed"], true);
        assert_eq!(message["tag"], Value::Null);
        pair.until_status(ALICE, TAB, &id, "atGateway");
    }
    // An empty text is one, in JSON.
    pair.site_send(ALICE, TAB, &send(&forum, text("")));
    let message = pair.site_message(BOB, TAB);
    assert_eq!(message["data"], json_of(&json!("")));
    assert_eq!(message["signed"], true);
}

#[test]
fn what_is_sent_plain_arrives_as_text_or_bytes_and_proves_nothing() {
    let (mut pair, _, forum) = shop_and_forum();
    let bytes = json!({"kind": "bytes", "content": STANDARD.encode([255, 254])});
    for (data, arrives) in [
        (text("hello"), text("hello")),
        (json_of(&json!([1])), text("[1]")),
        (bytes.clone(), bytes),
    ] {
        let mut request = send(&forum, data);
        request["plain"] = json!(true);
        pair.site_send(ALICE, TAB, &request);
        let message = pair.site_message(BOB, TAB);
        assert_eq!(message["data"], arrives);
        assert_eq!(
            (&message["from"], &message["signed"]),
            (&Value::Null, &json!(false))
        );
    }
}

#[test]
fn an_anonymous_message_can_be_answered_and_tells_no_address() {
    let (mut pair, shop, forum) = shop_and_forum();
    pair.site_send(ALICE, TAB, &send_anonymously(&forum, text("who am I?"), 10));
    let message = pair.site_message(BOB, TAB);
    assert_eq!(message["data"], text("who am I?"));
    assert_eq!(
        (&message["from"], &message["signed"]),
        (&Value::Null, &json!(false))
    );
    assert!(
        !message
            .to_string()
            .contains(shop.split('.').next().unwrap())
    );
    let data = json_of(&json!({"you": "a stranger"}));
    let reply = json!({"type": "reply", "tag": message["tag"], "data": data, "plain": false});
    let id = pair.site_send(BOB, TAB, &reply);
    let answer = pair.site_message(ALICE, TAB);
    assert_eq!(answer["data"], data);
    assert_eq!(answer["from"], forum);
    assert_eq!(answer["signed"], false);
    pair.until_status(BOB, TAB, &id, "atGateway");
}

#[test]
fn a_site_is_told_how_far_its_message_got_in_order() {
    let (mut pair, _, forum) = shop_and_forum();
    let id = pair.site_send(ALICE, TAB, &send(&forum, text("hello")));
    let mut states = Vec::new();
    pair.run_until(|pair| {
        let told = pair.people[ALICE].site_events(TAB).into_iter();
        let status = told.filter(|event| event["type"] == "status" && event["id"] == id);
        states.extend(status.map(|event| event["state"].as_str().unwrap().to_owned()));
        states.last().is_some_and(|state| state == "atGateway")
    });
    assert_eq!(states, ["queued", "sent", "atGateway"]);
    pair.run_for(Duration::from_secs(60));
    let told = pair.people[ALICE].site_events(TAB);
    assert!(
        told.iter().all(|event| event["type"] != "status"),
        "{told:?}"
    );
}

#[test]
fn a_message_is_told_again_until_the_site_has_it_also_over_a_restart() {
    let (mut pair, _, forum) = shop_and_forum();
    pair.site_send(ALICE, TAB, &send(&forum, text("hello")));
    let message = pair.site_message(BOB, TAB);
    // To a second tab as well.
    pair.return_to(BOB, OTHER_TAB, FORUM);
    assert_eq!(pair.site_message(BOB, OTHER_TAB), message);
    pair.kill_and_restart(BOB);
    pair.return_to(BOB, TAB, FORUM);
    assert_eq!(pair.site_message(BOB, TAB), message);
    assert_eq!(pair.site_ask(BOB, TAB, &received(&message)), ok());
    let refused = refusal(&pair.site_ask(BOB, TAB, &received(&message)));
    assert_eq!(refused, (-32602, "message.unknown".to_owned()));
    assert!(pair.people[BOB].disk.all(Table::SiteInbox).is_empty());
    pair.kill_and_restart(BOB);
    pair.return_to(BOB, TAB, FORUM);
    pair.run_for(Duration::from_secs(30));
    let told = pair.people[BOB].site_events(TAB);
    assert!(
        told.iter().all(|event| event["type"] != "message"),
        "{told:?}"
    );
}

#[test]
fn a_site_without_the_permission_hears_of_messages_when_it_gets_it() {
    let (mut pair, _, forum) = shop_and_forum();
    let set = |permissions: &[&str]| json!({"type": "setSitePermissions", "origin": FORUM, "permissions": permissions});
    assert_eq!(pair.ask(BOB, &set(&["send"])), ok());
    let id = pair.site_send(ALICE, TAB, &send(&forum, text("hello")));
    pair.until_status(ALICE, TAB, &id, "atGateway");
    pair.run_for(Duration::from_secs(10));
    let told = pair.people[BOB].site_events(TAB);
    assert!(
        told.iter().all(|event| event["type"] != "message"),
        "{told:?}"
    );
    assert_eq!(pair.ask(BOB, &set(&["send", "receive"])), ok());
    assert_eq!(pair.site_message(BOB, TAB)["data"], text("hello"));
}

#[test]
fn not_more_messages_are_kept_for_a_site_than_can_be_and_the_oldest_go() {
    let (mut pair, _, forum) = shop_and_forum();
    pair.people
        .iter_mut()
        .for_each(|one| one.keeps_history = false);
    let mut first = None;
    for number in 0..MAX_SITE_INBOX + 5 {
        let request = send(&forum, text(&number.to_string()));
        pair.site_send(ALICE, TAB, &request);
        let message = pair.site_message(BOB, TAB);
        first.get_or_insert(message);
    }
    assert_eq!(
        pair.people[BOB].disk.all(Table::SiteInbox).len(),
        MAX_SITE_INBOX
    );
    let refused = refusal(&pair.site_ask(BOB, TAB, &received(&first.unwrap())));
    assert_eq!(refused, (-32602, "message.unknown".to_owned()));
}

#[test]
fn a_site_is_connected_for_five_seconds_after_its_last_tab() {
    let (mut pair, _, _) = shop_and_forum();
    pair.return_to(ALICE, OTHER_TAB, SHOP);
    pair.people[ALICE].close(TAB);
    pair.run_for(Duration::from_secs(10));
    assert!(pair.is_connected(ALICE, SHOP), "there is another tab");
    pair.people[ALICE].close(OTHER_TAB);
    pair.run_for(Duration::from_millis(4_900));
    assert!(pair.is_connected(ALICE, SHOP));
    pair.run_for(Duration::from_millis(200));
    assert!(!pair.is_connected(ALICE, SHOP));
    // Somebody who follows a link is back at once.
    pair.return_to(ALICE, TAB, SHOP);
    assert!(pair.is_connected(ALICE, SHOP));
    pair.site_ask(ALICE, TAB, &json!({"type": "disconnect"}));
    pair.run_for(Duration::from_secs(3));
    pair.site_ask(ALICE, TAB, &connect());
    pair.run_for(Duration::from_secs(10));
    assert!(pair.is_connected(ALICE, SHOP));
}

#[test]
fn what_a_site_sent_goes_on_its_way_without_a_tab_and_then_it_disconnects() {
    let (mut pair, _, forum) = shop_and_forum();
    let at = parsed(&forum).gateway;
    let index = pair
        .network
        .gateways
        .iter()
        .position(|one| one.identity() == at);
    pair.network.stop_gateway(index.unwrap());
    pair.site_send(ALICE, TAB, &send(&forum, text("later")));
    pair.people[ALICE].close(TAB);
    pair.run_for(Duration::from_secs(20));
    assert!(pair.is_connected(ALICE, SHOP), "something is pending");
    pair.network.start_gateways();
    assert_eq!(pair.site_message(BOB, TAB)["data"], text("later"));
    pair.run_until(|pair| !pair.is_connected(ALICE, SHOP));
}

#[test]
fn what_a_site_sent_goes_on_its_way_after_a_kill_without_a_tab() {
    let (mut pair, shop, forum) = shop_and_forum();
    pair.site_send(ALICE, TAB, &send(&forum, text("on the way")));
    pair.kill_and_restart(ALICE);
    let message = pair.site_message(BOB, TAB);
    assert_eq!(
        (&message["data"], &message["from"]),
        (&text("on the way"), &json!(shop))
    );
    pair.run_until(|pair| !pair.is_connected(ALICE, SHOP));
    let kept = pair.people[ALICE].disk.all(Table::SiteState);
    assert!(!kept.is_empty(), "its identity stays");
}

#[test]
fn a_message_for_a_closed_site_waits_at_the_gateway_until_it_is_back() {
    let (mut pair, _, forum) = shop_and_forum();
    pair.people[BOB].close(TAB);
    pair.run_until(|pair| !pair.is_connected(BOB, FORUM));
    let id = pair.site_send(ALICE, TAB, &send(&forum, text("are you there?")));
    pair.until_status(ALICE, TAB, &id, "atGateway");
    pair.run_for(Duration::from_secs(60));
    assert!(pair.people[BOB].disk.all(Table::SiteInbox).is_empty());
    pair.return_to(BOB, TAB, FORUM);
    assert_eq!(pair.site_message(BOB, TAB)["data"], text("are you there?"));
}

#[test]
fn a_lock_disconnects_sites_and_an_unlock_brings_those_back_whose_tabs_are_open() {
    let (mut pair, shop, forum) = shop_and_forum();
    let other = pair.connect_site(BOB, OTHER_TAB, SHOP);
    let set = json!({"type": "setPassphrase", "old": null, "new": PASSPHRASE});
    assert_eq!(pair.ask(BOB, &set), ok());
    assert_eq!(pair.ask(BOB, &json!({"type": "lock"})), ok());
    pair.until_told(BOB, TAB, |event| {
        event["type"] == "connection" && event["state"] == "offline"
    });
    assert!(!pair.people[BOB].app.is_connected());
    pair.people[BOB].close(OTHER_TAB);
    for to in [&forum, &other] {
        let id = pair.site_send(ALICE, TAB, &send(to, text("hello")));
        pair.until_status(ALICE, TAB, &id, "atGateway");
    }
    assert!(pair.people[BOB].disk.all(Table::SiteInbox).is_empty());
    let unlock = json!({"type": "unlock", "passphrase": PASSPHRASE});
    assert_eq!(pair.ask(BOB, &unlock), ok());
    let message = pair.site_message(BOB, TAB);
    assert_eq!(
        (&message["data"], &message["from"]),
        (&text("hello"), &json!(shop))
    );
    assert!(!pair.is_connected(BOB, SHOP));
    assert_eq!(pair.site_address(BOB, TAB), forum);
}

#[test]
fn in_another_network_a_site_is_somebody_else_and_in_the_same_it_stays_who_it_is() {
    let (mut pair, shop, _) = shop_and_forum();
    let mut same = settings("http://127.0.0.1:17080/");
    same["receipts"] = json!(false);
    let set = |settings: Value| json!({"type": "setSettings", "settings": settings});
    assert_eq!(pair.ask(ALICE, &set(same)), ok());
    assert_eq!(pair.site_address(ALICE, TAB), shop);
    assert_eq!(
        pair.ask(ALICE, &set(settings("https://example.org/"))),
        ok()
    );
    let other = pair.site_address(ALICE, TAB);
    assert!(parsed(&other).identity != parsed(&shop).identity);
    assert!(parsed(&other).encryption.to_string() != parsed(&shop).encryption.to_string());
}

#[test]
fn a_backup_holds_what_sites_may_do_and_no_identity_of_theirs() {
    let (mut pair, _, forum) = shop_and_forum();
    pair.site_send(ALICE, TAB, &send(&forum, text("hello")));
    let message = pair.site_message(BOB, TAB);
    assert_eq!(message["data"], text("hello"));
    let disk = &pair.people[BOB].disk;
    assert!(!disk.all(Table::SiteState).is_empty() && !disk.all(Table::SiteInbox).is_empty());
    let export = json!({"type": "exportBackup", "passphrase": PASSPHRASE});
    let offer = pair.ask(BOB, &export);
    let part = json!({"type": "downloadPart", "download": offer["download"]});
    let part = pair.ask(BOB, &part);
    assert_eq!(part["last"], true);
    let file = STANDARD.decode(part["data"].as_str().unwrap()).unwrap();
    let passphrase = Passphrase::typed(PASSPHRASE, str::to_owned).unwrap();
    let mut reader = BackupHeader::read(&file)
        .unwrap()
        .open(&passphrase)
        .unwrap();
    let mut records = reader.push(&file[BACKUP_HEADER_LEN..]).unwrap();
    records.extend(reader.finish().unwrap());
    let of = |name: &str| records.iter().filter(|one| one.store == name).count();
    assert_eq!(
        (of("site-state"), of("site-inbox"), of("site-grant")),
        (0, 0, 1)
    );
}

#[test]
fn a_forgotten_site_is_forgotten_by_its_gateway_too_whether_it_is_open_or_not() {
    let (mut pair, shop, _) = shop_and_forum();
    let forum = pair.connect_site(ALICE, OTHER_TAB, FORUM);
    let own = pair.address(ALICE);
    pair.people[ALICE].close(OTHER_TAB);
    pair.run_until(|pair| !pair.is_connected(ALICE, FORUM));
    for (origin, address) in [(SHOP, &shop), (FORUM, &forum)] {
        assert!(is_registered(&pair, address));
        let forget = json!({"type": "forgetSite", "origin": origin});
        assert_eq!(pair.ask(ALICE, &forget), ok());
        pair.run_for(Duration::from_secs(10));
        assert!(!is_registered(&pair, address), "{origin}");
    }
    for table in [Table::SiteGrant, Table::SiteState, Table::SiteInbox] {
        assert!(pair.people[ALICE].disk.all(table).is_empty(), "{table:?}");
    }
    assert!(is_registered(&pair, &own));
    // Who comes back is a stranger with another identity.
    let anew = pair.connect_site(ALICE, PortId(600), SHOP);
    assert!(parsed(&anew).identity != parsed(&shop).identity);
}

#[test]
fn a_site_is_forgotten_in_the_end_also_after_a_kill_in_between() {
    for commits in 1..=3 {
        let (mut pair, shop, _) = shop_and_forum();
        pair.people[ALICE].commits_left = Some(commits);
        let forget = json!({"type": "forgetSite", "origin": SHOP});
        pair.people[ALICE].post(PAGE, &forget);
        pair.run_for(Duration::from_secs(10));
        pair.kill_and_restart(ALICE);
        pair.run_for(Duration::from_secs(120));
        assert!(!is_registered(&pair, &shop), "after {commits}");
        for table in [Table::SiteGrant, Table::SiteState, Table::SiteInbox] {
            let left = pair.people[ALICE].disk.all(table);
            assert!(left.is_empty(), "{table:?} after {commits}");
        }
    }
}

#[test]
fn who_connects_while_the_site_is_forgotten_is_asked_about_once_that_is_done() {
    let (mut pair, shop, _) = shop_and_forum();
    let asked = pair.people[ALICE].approvals;
    pair.people[ALICE].post(PAGE, &json!({"type": "forgetSite", "origin": SHOP}));
    let id = pair.people[ALICE].site_post(TAB, &connect());
    assert_eq!(pair.people[ALICE].approvals, asked, "not yet");
    pair.run_until(|pair| pair.people[ALICE].approvals > asked);
    assert!(!is_registered(&pair, &shop));
    pair.people[ALICE].answer(&["receive"]);
    let reply = pair.people[ALICE].site_reply(id).unwrap();
    assert_eq!(reply["permissions"], json!(["receive"]));
    let anew = pair.site_address(ALICE, TAB);
    assert!(parsed(&anew).identity != parsed(&shop).identity);
}

/// The distinct messages that Bob's forum gets from now on, each taken.
fn take_all(pair: &mut Pair, seen: &mut Vec<(Value, Value)>) {
    let told = pair.people[BOB].site_events(TAB);
    for event in told.iter().filter(|event| event["type"] == "message") {
        let one = (event["id"].clone(), event["data"]["content"].clone());
        if !seen.contains(&one) {
            seen.push(one);
        }
        pair.people[BOB].site_post(TAB, &received(event));
    }
}

/// Alice's shop sends three messages to Bob's forum, and `who` is killed after so many commits. How
/// many there were.
fn exchange_with_a_kill(who: usize, commits: usize) -> usize {
    let (mut pair, _, forum) = shop_and_forum();
    let before = pair.people[who].history.len();
    pair.people[who].commits_left = Some(commits);
    let mut told = Vec::new();
    let mut waiting = Vec::new();
    let mut seen = Vec::new();
    let mut restarted = false;
    for round in 0..60 {
        if let 0 | 5 | 10 = round {
            let words = format!("number {round}");
            let request = match round {
                5 => send_anonymously(&forum, text(&words), 5),
                _ => send(&forum, text(&words)),
            };
            waiting.push((pair.people[ALICE].site_post(TAB, &request), words));
        }
        pair.run_for(Duration::from_secs(1));
        waiting.retain(|(id, words)| {
            let reply = pair.people[ALICE].site_reply(*id);
            if reply.as_ref().is_some_and(|one| one["type"] == "accepted") {
                told.push(json!(words));
            }
            reply.is_none()
        });
        take_all(&mut pair, &mut seen);
        if pair.people[who].is_dead() && !restarted {
            restarted = true;
            pair.kill_and_restart(who);
            let origin = if who == ALICE { SHOP } else { FORUM };
            pair.return_to(who, TAB, origin);
        }
    }
    let words: Vec<&Value> = seen.iter().map(|(_, words)| words).collect();
    for one in &told {
        let count = words.iter().filter(|words| **words == one).count();
        assert_eq!(count, 1, "{one} after {commits} commits: {seen:?}");
    }
    let distinct: BTreeSet<String> = words.iter().map(ToString::to_string).collect();
    assert_eq!(
        distinct.len(),
        words.len(),
        "twice after {commits} commits: {seen:?}"
    );
    pair.people[who].history.len().saturating_sub(before)
}

#[test]
fn a_kill_of_the_senders_background_at_any_commit_loses_and_doubles_nothing() {
    let all = exchange_with_a_kill(ALICE, usize::MAX);
    assert!(all >= 6, "{all}");
    for commits in 1..=all {
        exchange_with_a_kill(ALICE, commits);
    }
}

#[test]
fn a_kill_of_the_recipients_background_at_any_commit_loses_and_doubles_nothing() {
    let all = exchange_with_a_kill(BOB, usize::MAX);
    assert!(all >= 6, "{all}");
    for commits in 1..=all {
        exchange_with_a_kill(BOB, commits);
    }
}
