//! What the user is asked about sites, and what the answers change.
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
    APPROVAL, FORUM, OTHER_TAB, SHOP, TAB, connect, connect_for, refusal, send_anonymously, text,
};
use common::{Behaviour, Disk, PAGE, World, address, registered};
use serde_json::{Value, json};
use sotto_app::background::{Change, CommitId, Effect, Input, PortId, Table};
use sotto_app::limit::PROMPT_PATIENCE;
use sotto_app::site::Grant;

const PASSPHRASE: &str = "hunter2 hunter2";

fn rejected() -> (i64, String) {
    (4001, "user.rejected".to_owned())
}

fn ok() -> Value {
    json!({"type": "ok"})
}

fn may(permissions: &[&str]) -> Value {
    json!({"type": "permissions", "permissions": permissions})
}

/// A site has asked, and the user has not answered; the number of its request.
fn asked() -> (World, u32) {
    let mut world = World::with_page(registered());
    world.open_site(TAB, SHOP);
    let id = world.site_post(TAB, &connect());
    (world, id)
}

/// The user says no to the question of a site that asks anew.
fn refuse(world: &mut World) {
    let id = world.site_post(TAB, &connect());
    assert_eq!(world.answer(&[]), ok());
    assert_eq!(refusal(&world.site_reply(id).unwrap()), rejected());
}

/// Whether the site may ask the user now. Nobody answers.
fn may_ask(world: &mut World) -> bool {
    let id = world.site_post(TAB, &connect());
    let Some(reply) = world.site_reply(id) else {
        // Another tab in its place withdraws the question.
        world.close(TAB);
        world.open_site(TAB, SHOP);
        return true;
    };
    let refused = (4001, "user.asked-too-soon".to_owned());
    assert_eq!(refusal(&reply), refused);
    false
}

fn grants(disk: &Disk) -> Vec<Grant> {
    let all = disk.all(Table::SiteGrant).into_iter();
    all.map(|(_, record)| Grant::from_record(&record).unwrap())
        .collect()
}

fn set_permissions(permissions: &[&str]) -> Value {
    json!({"type": "setSitePermissions", "origin": SHOP, "permissions": permissions})
}

fn forget() -> Value {
    json!({"type": "forgetSite", "origin": SHOP})
}

fn locked(world: &mut World) {
    let set = json!({"type": "setPassphrase", "old": null, "new": PASSPHRASE});
    assert_eq!(world.ask(set), ok());
    assert_eq!(world.ask(json!({"type": "lock"})), ok());
}

fn unlock(world: &mut World) {
    let unlock = json!({"type": "unlock", "passphrase": PASSPHRASE});
    assert_eq!(world.ask(unlock), ok());
}

#[test]
fn the_user_is_asked_once_and_what_they_allowed_counts_from_then_on() {
    let (mut world, id) = asked();
    assert_eq!(world.approvals, 1);
    assert_eq!(world.site_reply(id), None);
    let prompt = &world.prompts()[0];
    assert_eq!(prompt["origin"], SHOP);
    assert_eq!(prompt["asked"], json!(["send", "receive", "reply"]));
    assert_eq!(prompt["granted"], json!([]));
    assert_eq!(world.answer(&["send", "receive", "reply"]), ok());
    assert_eq!(
        world.site_reply(id),
        Some(may(&["send", "receive", "reply"]))
    );
    assert_eq!(world.prompts(), [] as [Value; 0]);
    world.open_site(OTHER_TAB, SHOP);
    for port in [TAB, OTHER_TAB] {
        let reply = world.site_ask(port, &connect_for(&["send"]));
        assert_eq!(reply, may(&["send", "receive", "reply"]));
    }
    assert_eq!(world.approvals, 1);
}

#[test]
fn a_site_has_one_question_at_a_time_and_another_site_has_its_own() {
    let (mut world, id) = asked();
    world.open_site(OTHER_TAB, SHOP);
    for port in [TAB, OTHER_TAB] {
        let refused = world.site_refused(port, &connect_for(&["send"]));
        assert_eq!(refused, (-32002, "user.being-asked".to_owned()));
    }
    assert_eq!(world.approvals, 1);
    world.open_site(PortId(600), FORUM);
    let other = world.site_post(PortId(600), &connect());
    assert_eq!(world.approvals, 2);
    let prompts = world.prompts();
    let origins: Vec<&Value> = prompts.iter().map(|prompt| &prompt["origin"]).collect();
    assert_eq!(origins, [SHOP, FORUM]);
    let request = json!({
        "type": "answerPrompt", "prompt": prompts[1]["id"], "permissions": ["send"]
    });
    assert_eq!(world.ask(request.clone()), ok());
    assert_eq!(world.site_reply(other), Some(may(&["send"])));
    assert_eq!(world.site_reply(id), None);
    assert_eq!(world.refused(request), "prompt.unknown");
}

#[test]
fn no_second_question_is_put_while_the_first_answer_is_being_written() {
    let (mut world, id) = asked();
    let prompt = world.prompts()[0]["id"].clone();
    world.behaviour = Behaviour::Hangs;
    world.post(
        PAGE,
        &json!({"type": "answerPrompt", "prompt": prompt, "permissions": ["send"]}),
    );
    let refused = world.site_refused(TAB, &connect());
    assert_eq!(refused, (-32002, "user.being-asked".to_owned()));
    assert_eq!(world.approvals, 1);
    world.behaviour = Behaviour::Works;
    world.work();
    assert_eq!(world.site_reply(id), Some(may(&["send"])));
}

#[test]
fn a_site_gets_what_the_user_picked_and_never_more_than_it_asked_for() {
    for (allowed, expected) in [
        (vec!["send"], vec!["send"]),
        (vec!["receive", "send"], vec!["send", "receive"]),
        (vec!["send", "receive", "reply"], vec!["send", "receive"]),
    ] {
        let mut world = World::with_page(registered());
        world.open_site(TAB, SHOP);
        let id = world.site_post(TAB, &connect_for(&["send", "receive"]));
        assert_eq!(world.answer(&allowed), ok());
        assert_eq!(world.site_reply(id), Some(may(&expected)));
    }
}

#[test]
fn a_site_that_asks_for_more_is_asked_about_the_rest_alone() {
    let mut world = World::with_page(registered());
    world.open_site(TAB, SHOP);
    world.site_post(TAB, &connect_for(&["send"]));
    world.answer(&["send"]);
    let id = world.site_post(TAB, &connect());
    let prompt = &world.prompts()[0];
    assert_eq!(prompt["asked"], json!(["receive", "reply"]));
    assert_eq!(prompt["granted"], json!(["send"]));
    world.answer(&["reply"]);
    assert_eq!(world.site_reply(id), Some(may(&["send", "reply"])));
    // A no leaves it what it had.
    let id = world.site_post(TAB, &connect());
    world.answer(&[]);
    assert_eq!(refusal(&world.site_reply(id).unwrap()), rejected());
    let has = world.site_ask(TAB, &json!({"type": "permissions"}));
    assert_eq!(has, may(&["send", "reply"]));
}

#[test]
fn a_site_that_asks_for_nothing_is_refused_without_a_question() {
    let mut world = World::with_page(registered());
    world.open_site(TAB, SHOP);
    let refused = world.site_refused(TAB, &connect_for(&[]));
    assert_eq!(refused, (-32602, "permissions.none".to_owned()));
    assert_eq!(world.approvals, 0);
}

#[test]
fn after_a_refusal_the_user_is_left_in_peace_also_over_a_restart() {
    let (mut world, id) = asked();
    world.answer(&[]);
    assert_eq!(refusal(&world.site_reply(id).unwrap()), rejected());
    assert!(!may_ask(&mut world));
    world.pass(Duration::from_secs(9));
    world.kill_and_restart();
    world.open_site(TAB, SHOP);
    assert!(!may_ask(&mut world));
    world.pass(Duration::from_secs(1));
    refuse(&mut world);
    // For longer after each.
    world.pass(Duration::from_secs(59));
    assert!(!may_ask(&mut world));
    world.pass(Duration::from_secs(1));
    assert!(may_ask(&mut world));
    assert_eq!(grants(&world.disk)[0].refusals, 2);
    world.site_post(TAB, &connect());
    world.answer(&["send"]);
    assert_eq!(grants(&world.disk)[0].refusals, 0);
}

#[test]
fn closing_the_page_with_the_questions_is_a_no_to_all() {
    let (mut world, id) = asked();
    world.open_site(OTHER_TAB, FORUM);
    let other = world.site_post(OTHER_TAB, &connect());
    let shown = world.open_approval();
    assert_eq!(shown["prompts"].as_array().unwrap().len(), 2);
    // A page of settings that shows them is not the page that asks.
    world.prompts();
    assert_eq!(world.site_reply(id), None);
    world.close(APPROVAL);
    for id in [id, other] {
        assert_eq!(refusal(&world.site_reply(id).unwrap()), rejected());
    }
    assert_eq!(grants(&world.disk).len(), 2);
    assert!(!may_ask(&mut world));
}

#[test]
fn closing_one_of_two_pages_with_the_questions_is_no_answer() {
    let (mut world, id) = asked();
    world.open_approval();
    let second = common::sender("chrome-extension://abcdef/approve/approve.html");
    world.open_as(PortId(402), second);
    world.close(APPROVAL);
    assert_eq!(world.site_reply(id), None);
    world.close(PortId(402));
    assert_eq!(refusal(&world.site_reply(id).unwrap()), rejected());
}

#[test]
fn a_tab_that_goes_takes_its_question_along_and_that_is_no_refusal() {
    let (mut world, _) = asked();
    world.open_approval();
    world.events(APPROVAL);
    world.close(TAB);
    let told = world.events(APPROVAL);
    assert_eq!(told.last().unwrap()["prompts"], json!([]));
    assert_eq!(world.site_posts, []);
    assert_eq!(grants(&world.disk), []);
    world.open_site(TAB, SHOP);
    assert!(may_ask(&mut world));
}

#[test]
fn a_question_that_nobody_answers_is_closed_after_some_time() {
    let (mut world, id) = asked();
    assert!(world.app.next_deadline().unwrap() <= world.now + PROMPT_PATIENCE);
    world.pass(PROMPT_PATIENCE - Duration::from_millis(1));
    assert_eq!(world.site_reply(id), None);
    world.pass(Duration::from_millis(1));
    assert_eq!(
        refusal(&world.site_reply(id).unwrap()),
        (4001, "user.unanswered".to_owned())
    );
    assert_eq!(world.prompts(), [] as [Value; 0]);
}

#[test]
fn only_so_many_questions_are_open_at_once() {
    let mut world = World::with_page(registered());
    let site = |number: u32| format!("https://s{number}.example");
    for number in 0..17 {
        world.open_site(PortId(1_000 + number), &site(number));
        let id = world.site_post(PortId(1_000 + number), &connect());
        match world.site_reply(id) {
            None => assert!(number < 16),
            Some(reply) => {
                assert_eq!(number, 16);
                let refused = (-32005, "request.too-frequent".to_owned());
                assert_eq!(refusal(&reply), refused);
            }
        }
    }
    assert_eq!(world.prompts().len(), 16);
}

#[test]
fn a_locked_vault_is_opened_before_a_site_is_answered() {
    let (mut world, id) = asked();
    world.answer(&["send", "receive", "reply"]);
    assert!(world.site_reply(id).is_some());
    locked(&mut world);
    // What the site may do is not known now, and nobody is asked for it.
    assert_eq!(
        world.site_ask(TAB, &json!({"type": "permissions"})),
        may(&[])
    );
    let message = send_anonymously(&address().to_string(), text("hello"), 1);
    let refused = world.site_refused(TAB, &message);
    assert_eq!(refused, (4900, "vault.locked".to_owned()));
    assert_eq!(world.approvals, 1);
    let known = world.site_post(TAB, &connect());
    world.open_site(OTHER_TAB, FORUM);
    let stranger = world.site_post(OTHER_TAB, &connect());
    assert_eq!(world.approvals, 3);
    assert_eq!(world.site_reply(known), None);
    unlock(&mut world);
    let reply = world.site_reply(known);
    assert_eq!(reply, Some(may(&["send", "receive", "reply"])));
    assert_eq!(world.site_reply(stranger), None);
    assert_eq!(world.prompts()[0]["origin"], FORUM);
    world.answer(&["send"]);
    assert_eq!(world.site_reply(stranger), Some(may(&["send"])));
}

#[test]
fn closing_the_page_with_the_questions_of_a_locked_vault_is_a_no_too() {
    let mut world = World::with_page(registered());
    locked(&mut world);
    world.open_site(TAB, SHOP);
    let id = world.site_post(TAB, &connect());
    let approval = common::sender("chrome-extension://abcdef/approve/approve.html");
    world.open_as(APPROVAL, approval);
    world.close(APPROVAL);
    assert_eq!(refusal(&world.site_reply(id).unwrap()), rejected());
    assert!(!may_ask(&mut world));
    assert_eq!(grants(&world.disk), []);
    // It is remembered after the vault was opened as well.
    unlock(&mut world);
    assert!(!may_ask(&mut world));
}

#[test]
fn what_was_allowed_is_on_disk_before_it_is_told() {
    let (mut world, id) = asked();
    let prompt = world.prompts()[0]["id"].clone();
    world.behaviour = Behaviour::Hangs;
    let answer = json!({"type": "answerPrompt", "prompt": prompt, "permissions": ["send"]});
    let page = world.post(PAGE, &answer);
    assert_eq!((world.reply(page), world.site_reply(id)), (None, None));
    assert_eq!(
        world.site_ask(TAB, &json!({"type": "permissions"})),
        may(&[])
    );
    assert_eq!(world.site_badges, []);
    world.behaviour = Behaviour::Fails;
    world.work();
    let error = world.reply(page).unwrap();
    assert_eq!(error["error"]["code"], "storage.failed");
    let refused = refusal(&world.site_reply(id).unwrap());
    assert_eq!(refused, (-32603, "storage.failed".to_owned()));
    assert_eq!(
        world.site_ask(TAB, &json!({"type": "permissions"})),
        may(&[])
    );
    assert_eq!(world.site_badges, []);
    assert_eq!(grants(&world.disk), []);
}

#[test]
fn a_kill_after_any_commit_grants_no_more_than_the_user_said_and_no_less_than_was_told() {
    let (mut world, id) = asked();
    world.answer(&["send"]);
    assert_eq!(world.site_reply(id), Some(may(&["send"])));
    let all = world.history.clone();
    for (number, disk) in all.iter().enumerate() {
        let mut world = World::with_page(disk.clone());
        world.open_site(TAB, SHOP);
        let has = world.site_ask(TAB, &json!({"type": "permissions"}));
        let granted = !grants(disk).is_empty();
        let expected = if granted { may(&["send"]) } else { may(&[]) };
        assert_eq!(has, expected, "after {number} commits");
    }
    assert!(!grants(all.last().unwrap()).is_empty());
}

#[test]
fn a_permission_that_is_taken_back_counts_at_once_and_the_site_is_told() {
    let (mut world, _) = asked();
    world.answer(&["send", "receive", "reply"]);
    world.site_posts.clear();
    let message = send_anonymously(&address().to_string(), text("hello"), 1);
    world.behaviour = Behaviour::Hangs;
    let page = world.post(PAGE, &set_permissions(&["receive"]));
    // It is not even on disk.
    let refused = world.site_refused(TAB, &message);
    assert_eq!(refused, (4100, "site.unauthorised".to_owned()));
    assert_eq!(world.reply(page), None);
    world.behaviour = Behaviour::Works;
    world.work();
    assert_eq!(world.reply(page), Some(ok()));
    let told = json!({"type": "permissions", "permissions": ["receive"]});
    assert_eq!(world.site_events(TAB), [told]);
    assert_eq!(world.ask(set_permissions(&[])), ok());
    assert_eq!(world.site_badges.last(), Some(&(501, false)));
    world.kill_and_restart();
    world.open_site(TAB, SHOP);
    let has = world.site_ask(TAB, &json!({"type": "permissions"}));
    assert_eq!(has, may(&[]));
    assert_eq!(world.sites()[0]["permissions"], json!([]));
}

#[test]
fn what_waits_to_be_sent_is_not_sent_any_more_once_the_site_may_send_nothing() {
    let (mut world, _) = asked();
    world.answer(&["send", "receive"]);
    let message = send_anonymously(&address().to_string(), text("hello"), 1);
    let id = world.site_ask(TAB, &message)["id"].clone();
    world.site_events(TAB);
    assert_eq!(world.ask(set_permissions(&["receive"])), ok());
    let told = world.site_events(TAB);
    let status = json!({
        "type": "status", "id": id, "state": "failed", "reason": "message.cancelled"
    });
    assert!(told.contains(&status), "{told:?}");
}

#[test]
fn a_revocation_that_the_disk_refuses_is_told_as_failed_and_one_after_it_stays_in_force() {
    let (mut world, _) = asked();
    world.answer(&["send"]);
    world.behaviour = Behaviour::Fails;
    assert_eq!(world.refused(set_permissions(&[])), "storage.failed");
    let has = world.site_ask(TAB, &json!({"type": "permissions"}));
    assert_eq!(has, may(&["send"]));
    // Two changes are under way, and the first fails.
    world.behaviour = Behaviour::Hangs;
    world.post(PAGE, &set_permissions(&["send", "receive"]));
    world.post(PAGE, &set_permissions(&[]));
    let commits: Vec<CommitId> = world.commits_under_way();
    world.app.handle(
        world.now,
        Input::SaveFailed(commits[0], "the disk is full".to_owned()),
    );
    let has = world.site_ask(TAB, &json!({"type": "permissions"}));
    assert_eq!(has, may(&[]));
}

#[test]
fn pages_that_show_sites_are_told_of_each_change() {
    let mut world = World::with_page(registered());
    let reply = world.ask(json!({"type": "sites"}));
    assert_eq!(reply, json!({"type": "sites", "sites": [], "prompts": []}));
    world.open_site(TAB, SHOP);
    world.site_post(TAB, &connect_for(&["send"]));
    let told = world.events(PAGE);
    assert_eq!(told.len(), 1, "{told:?}");
    assert_eq!(told[0]["prompts"][0]["origin"], SHOP);
    world.answer(&["send"]);
    let told = world.events(PAGE);
    let last = told.last().unwrap();
    assert_eq!(
        (&last["type"], &last["prompts"]),
        (&json!("sites"), &json!([]))
    );
    let site = &last["sites"][0];
    assert_eq!(site["origin"], SHOP);
    assert_eq!(site["permissions"], json!(["send"]));
    assert_eq!(
        (&site["tabs"], &site["connected"]),
        (&json!(1), &json!(true))
    );
    world.close(TAB);
    let told = world.events(PAGE);
    assert_eq!(told.last().unwrap()["sites"][0]["tabs"], 0);
    world.pass(Duration::from_secs(5));
    let told = world.events(PAGE);
    assert_eq!(told.last().unwrap()["sites"][0]["connected"], false);
}

#[test]
fn what_is_no_site_that_is_known_can_be_neither_changed_nor_forgotten() {
    let mut world = World::with_page(registered());
    for origin in [SHOP, "http://shop.example", "nonsense", ""] {
        for request in [
            json!({"type": "setSitePermissions", "origin": origin, "permissions": ["send"]}),
            json!({"type": "forgetSite", "origin": origin}),
        ] {
            assert_eq!(world.refused(request), "site.unknown");
        }
    }
    assert_eq!(grants(&world.disk), []);
}

#[test]
fn a_forgotten_site_leaves_nothing_and_is_a_stranger_when_it_comes_back() {
    let (mut world, _) = asked();
    world.answer(&["send", "receive", "reply"]);
    let message = send_anonymously(&address().to_string(), text("hello"), 1);
    assert_eq!(world.site_ask(TAB, &message)["type"], "accepted");
    assert!(!world.disk.all(Table::SiteState).is_empty());
    world.site_events(TAB);
    assert_eq!(world.ask(forget()), ok());
    let told = world.site_events(TAB);
    assert!(told.contains(&json!({"type": "permissions", "permissions": []})));
    for table in [Table::SiteGrant, Table::SiteState, Table::SiteInbox] {
        assert!(world.disk.all(table).is_empty(), "{table:?}");
    }
    assert_eq!(world.sites(), [] as [Value; 0]);
    assert_eq!(world.site_badges.last(), Some(&(501, false)));
    assert!(may_ask(&mut world));
}

#[test]
fn a_site_that_is_forgotten_while_it_asks_is_refused() {
    let (mut world, _) = asked();
    world.answer(&["send"]);
    let id = world.site_post(TAB, &connect());
    assert_eq!(world.ask(forget()), ok());
    assert_eq!(refusal(&world.site_reply(id).unwrap()), rejected());
    assert_eq!(world.prompts(), [] as [Value; 0]);
    assert_eq!(grants(&world.disk), []);
}

#[test]
fn a_kill_while_a_site_is_forgotten_leaves_nothing_either() {
    let (mut world, _) = asked();
    world.answer(&["send", "receive", "reply"]);
    let message = send_anonymously(&address().to_string(), text("hello"), 1);
    world.site_ask(TAB, &message);
    let before = world.history.len();
    world.ask(forget());
    let history = world.history.clone();
    assert!(history.len() > before + 1);
    for (number, disk) in history.iter().enumerate().skip(before) {
        let mut world = World::with_page(disk.clone());
        world.pass(Duration::from_secs(61));
        for table in [Table::SiteGrant, Table::SiteState, Table::SiteInbox] {
            assert!(world.disk.all(table).is_empty(), "{table:?} after {number}");
        }
        world.open_site(TAB, SHOP);
        let has = world.site_ask(TAB, &json!({"type": "permissions"}));
        assert_eq!(has, may(&[]));
    }
}

#[test]
fn forgetting_everything_forgets_sites_and_answers_whoever_waits() {
    let (mut world, _) = asked();
    world.answer(&["send", "receive"]);
    world.open_site(OTHER_TAB, FORUM);
    let question = world.site_post(OTHER_TAB, &connect());
    world.behaviour = Behaviour::Hangs;
    let message = send_anonymously(&address().to_string(), text("hello"), 1);
    let sent = world.site_post(TAB, &message);
    let page = world.post(PAGE, &set_permissions(&["send"]));
    let all = world.post(PAGE, &json!({"type": "forgetEverything"}));
    world.behaviour = Behaviour::Works;
    world.work();
    world.pass(Duration::from_secs(5));
    assert_eq!(world.reply(all), Some(ok()));
    let error = world.reply(page).unwrap();
    assert_eq!(error["error"]["code"], "vault.none");
    for id in [question, sent] {
        let refused = refusal(&world.site_reply(id).unwrap());
        assert_eq!(refused, (4900, "vault.none".to_owned()));
    }
    assert!(world.disk == Disk::default());
    assert_eq!(world.site_badges.last(), Some(&(501, false)));
    assert!(!world.app.is_connected());
}

#[test]
fn not_more_refused_sites_are_remembered_than_can_be_kept_and_an_allowed_one_always_is() {
    let mut world = World::with_page(registered());
    let site = |number: u32| format!("https://s{number}.example");
    for number in 0..203 {
        world.pass(Duration::from_secs(1));
        world.open_site(TAB, &site(number));
        world.site_post(TAB, &connect());
        world.answer(&[]);
        world.close(TAB);
    }
    assert!((200..=202).contains(&grants(&world.disk).len()));
    // The oldest that is remembered comes back and is allowed.
    let oldest = world.sites().into_iter().map(|site| site["origin"].clone());
    let number = |origin: &Value| -> u32 {
        let name = origin.as_str().unwrap().strip_prefix("https://s").unwrap();
        name.split('.').next().unwrap().parse().unwrap()
    };
    let oldest = site(oldest.map(|origin| number(&origin)).min().unwrap());
    world.pass(Duration::from_secs(60));
    world.connect_site(TAB, &oldest);
    world.kill_and_restart();
    world.open_site(TAB, &oldest);
    let has = world.site_ask(TAB, &json!({"type": "permissions"}));
    assert_eq!(has, may(&["send", "receive", "reply"]));
}

#[test]
fn records_of_an_identity_that_no_site_has_are_deleted() {
    let (mut world, _) = asked();
    world.answer(&["send"]);
    let kept = world.disk.all(Table::SiteState).len();
    world.disk.put(
        Table::SiteState,
        &[[9; 16].as_slice(), &[0, 1]].concat(),
        b"x",
    );
    world.disk.put(Table::SiteInbox, &[9; 32], b"x");
    world.kill_and_restart();
    assert_eq!(world.disk.all(Table::SiteState).len(), kept);
    assert!(world.disk.all(Table::SiteInbox).is_empty());
}

#[test]
fn a_site_whose_identity_is_damaged_gets_another_one() {
    let (mut world, _) = asked();
    world.answer(&["send"]);
    let state = world.disk.all(Table::SiteState);
    for (key, _) in &state {
        world.disk.put(Table::SiteState, key, b"damaged");
    }
    world.kill_and_restart();
    world.open_site(TAB, SHOP);
    world.site_ask(TAB, &connect_for(&["send"]));
    let message = send_anonymously(&address().to_string(), text("hello"), 1);
    assert_eq!(world.site_ask(TAB, &message)["type"], "accepted");
    let now = world.disk.all(Table::SiteState);
    assert!(now.iter().all(|(_, value)| value != b"damaged"));
}

#[test]
fn a_grant_of_a_damaged_record_is_none() {
    let (mut world, _) = asked();
    world.answer(&["send"]);
    let (key, record) = world.disk.all(Table::SiteGrant).remove(0);
    world.disk.put(Table::SiteGrant, &key, &record[1..]);
    world.kill_and_restart();
    world.open_site(TAB, SHOP);
    let has = world.site_ask(TAB, &json!({"type": "permissions"}));
    assert_eq!(has, may(&[]));
}

#[test]
fn the_order_of_effects_is_disk_then_answer() {
    let (mut world, _) = asked();
    let prompt = world.prompts()[0]["id"].clone();
    let message = json!({"id": 7, "request": {
        "type": "answerPrompt", "prompt": prompt, "permissions": ["send"]
    }});
    let message = Ok(message.to_string());
    world.app.handle(
        world.now,
        Input::PortMessage {
            port: PAGE,
            message,
        },
    );
    let mut effects = Vec::new();
    while let Some(effect) = world.app.poll() {
        effects.push(effect);
    }
    let grants = |changes: &[Change]| changes.iter().any(|one| one.table() == Table::SiteGrant);
    let ids: Vec<CommitId> = effects
        .iter()
        .filter_map(|effect| match effect {
            Effect::Commit { id, changes } if grants(changes) => Some(*id),
            _ => None,
        })
        .collect();
    assert_eq!(ids.len(), 1);
    let answers = |effect: &Effect| matches!(effect, Effect::PostSite { .. });
    assert!(!effects.iter().any(answers), "nobody is told yet");
    world.app.handle(world.now, Input::Saved(ids[0]));
    let mut told = false;
    while let Some(effect) = world.app.poll() {
        told |= answers(&effect);
    }
    assert!(told);
}
