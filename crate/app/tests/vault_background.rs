//! The vault in the background: its stages, what a kill, damage and a full disk leave, and that
//! nothing leaves the background in clear.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that panics has failed, which is what a test is for"
)]

mod common;

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use base64::{Engine, prelude::BASE64_STANDARD};
use common::{POPUP, address, sample, sender};
use rand_core::SeedableRng;
use serde_json::{Value, json};
use sotto_app::background::{
    Background, Change, Effect, Input, PortId, Session, Stored, StoredRecord, StoredVault, Table,
};
use sotto_app::page::{Request, RequestKind};
use sotto_app::sender::ExtensionOrigin;
use sotto_app::vault::{BackupWriter, Passphrase, Price, Vault};
use sotto_core::ChaCha20Rng;
use sotto_core::client::Store;
use sotto_core::time::Time;
use unicode_normalization::UnicodeNormalization;

const DIRECTORY: &str = "https://directory.example.org/api/";
/// What [`sample`] unlocks with.
const PASSPHRASE: &str = "hunter2 hunter2";
const OTHER: &str = "correct horse battery";
const PAGE: PortId = PortId(1);

type Disk = BTreeMap<(&'static str, Vec<u8>), (Table, Vec<u8>)>;

/// A browser: its disk and its session outlive the background, which may be killed.
#[derive(Clone, Default)]
struct Profile {
    disk: Disk,
    session: Option<Session>,
    /// What pages keep beside it.
    drafts: Vec<&'static str>,
    starts: u64,
}

impl Profile {
    fn records(&self, wanted: impl Fn(Table) -> bool) -> Vec<StoredRecord> {
        let all = self.disk.iter();
        all.filter(|(_, (table, _))| wanted(*table))
            .map(|((_, key), (table, value))| StoredRecord {
                table: *table,
                key: key.clone(),
                value: value.clone(),
            })
            .collect()
    }

    fn count(&self, table: Table) -> usize {
        self.records(|other| other == table).len()
    }

    fn vault(&self) -> StoredVault {
        let copies = self.records(|table| table == Table::Vault).into_iter();
        let named = copies.map(|copy| (String::from_utf8(copy.key).unwrap(), copy.value.into()));
        StoredVault {
            copies: named.collect(),
            has_records: !self.records(|table| table != Table::Vault).is_empty(),
            session: self.session.clone(),
        }
    }

    fn apply(&mut self, changes: Vec<Change>) {
        for change in changes {
            match change {
                Change::Put { table, key, value } => {
                    self.disk.insert((table.name(), key), (table, value));
                }
                Change::Delete { table, key } => drop(self.disk.remove(&(table.name(), key))),
                Change::Clear(table) => self.disk.retain(|(name, _), _| *name != table.name()),
            }
        }
    }

    fn copy(&mut self, name: &str) -> &mut Vec<u8> {
        let key = ("vault", name.as_bytes().to_vec());
        &mut self.disk.get_mut(&key).unwrap().1
    }

    fn remove(&mut self, name: &str) {
        self.disk.remove(&("vault", name.as_bytes().to_vec()));
    }
}

/// A background at work in a browser.
struct Host {
    app: Background,
    now: Time,
    profile: Profile,
    jobs: VecDeque<Effect>,
    /// How many more of its wishes come true before the background is killed.
    fuse: Option<usize>,
    disk_fails: bool,
    posts: Vec<Value>,
    /// Every key and value that was to be written.
    written: Vec<Vec<u8>>,
    /// Fetches and connections.
    network: usize,
    badge: Option<u32>,
    next_id: u32,
}

impl Host {
    /// A background that was just started in that browser, with a page that subscribed.
    fn start(profile: Profile) -> Self {
        Self::start_at(Time::from_millis(1_700_000_000_000), profile)
    }

    fn start_at(now: Time, profile: Profile) -> Self {
        let mut host = Self::asleep(now, profile);
        host.work();
        host.app.handle(now, Input::PortOpened(PAGE, sender(POPUP)));
        host.ask(json!({"type": "subscribe"}));
        host.posts.clear();
        host
    }

    fn asleep(now: Time, mut profile: Profile) -> Self {
        profile.starts += 1;
        let origin = ExtensionOrigin::from_url(POPUP).unwrap();
        let rng = ChaCha20Rng::seed_from_u64(profile.starts);
        Self {
            app: Background::new(origin, rng, |text| text.nfkc().collect()),
            now,
            profile,
            jobs: VecDeque::new(),
            fuse: None,
            disk_fails: false,
            posts: Vec::new(),
            written: Vec::new(),
            network: 0,
            badge: None,
            next_id: 0,
        }
    }

    /// What is left when the background ends, and another one on it.
    fn again(self) -> Self {
        Self::start_at(self.now, self.profile)
    }

    fn handle(&mut self, input: Input) {
        self.app.handle(self.now, input);
        self.work();
    }

    fn pass(&mut self, time: Duration) {
        self.now = self.now + time;
        self.handle(Input::Tick);
    }

    /// Does what the background wants, until there is nothing or it is killed.
    fn work(&mut self) {
        loop {
            while let Some(effect) = self.app.poll() {
                self.jobs.push_back(effect);
            }
            if self.fuse == Some(0) {
                return;
            }
            let Some(job) = self.jobs.pop_front() else {
                return;
            };
            self.fuse = self.fuse.map(|left| left - 1);
            if let Some(input) = self.carry_out(job) {
                self.app.handle(self.now, input);
            }
        }
    }

    fn carry_out(&mut self, effect: Effect) -> Option<Input> {
        let full = || "the disk is full".to_owned();
        Some(match effect {
            Effect::ReadVault if self.disk_fails => Input::LoadFailed(full()),
            Effect::Load if self.disk_fails => Input::LoadFailed(full()),
            Effect::ReadVault => Input::VaultRead(self.profile.vault()),
            Effect::Load => Input::Loaded(Box::new(Stored {
                records: self.profile.records(Table::is_loaded),
                rng: ChaCha20Rng::seed_from_u64(self.profile.starts + 1_000),
            })),
            Effect::ReadAll => {
                Input::AllRead(Ok(self.profile.records(|table| table != Table::Vault)))
            }
            Effect::Commit { id, changes } => {
                self.note(&changes);
                if self.disk_fails {
                    return Some(Input::SaveFailed(id, full()));
                }
                self.profile.apply(changes);
                Input::Saved(id)
            }
            Effect::Read { read, places } => {
                let all = self.profile.records(|_| true);
                let is =
                    |record: &&StoredRecord| places.contains(&(record.table, record.key.clone()));
                Input::RecordsRead(read, Ok(all.iter().filter(is).cloned().collect()))
            }
            Effect::KeepSession(session) => {
                self.profile.session = Some(session);
                return None;
            }
            Effect::ForgetSession { everything } => {
                self.profile.session = None;
                self.profile.drafts.retain(|_| !everything);
                Input::SessionForgotten(Ok(()))
            }
            Effect::Post { message, .. } => {
                self.posts.push(serde_json::to_value(message).unwrap());
                return None;
            }
            Effect::Badge { unread } => {
                self.badge = Some(unread);
                return None;
            }
            Effect::FetchDirectory { .. } | Effect::OpenSocket { .. } => {
                self.network += 1;
                return None;
            }
            _ => return None,
        })
    }

    fn note(&mut self, changes: &[Change]) {
        for change in changes {
            match change {
                Change::Put { key, value, .. } => self.written.extend([key.clone(), value.clone()]),
                Change::Delete { key, .. } => self.written.push(key.clone()),
                Change::Clear(_) => {}
            }
        }
    }

    /// Asks as the popup; gives the answer, if there is one already.
    fn post(&mut self, request: Value) -> Option<Value> {
        self.next_id += 1;
        let message = json!({"id": self.next_id, "request": request}).to_string();
        self.handle(Input::PortMessage {
            port: PAGE,
            message: Ok(message),
        });
        let id = json!(self.next_id);
        let place = self.posts.iter().position(|post| post["id"] == id)?;
        Some(self.posts.remove(place)["reply"].clone())
    }

    fn ask(&mut self, request: Value) -> Value {
        // Far apart, so that the limit of requests is no matter here.
        self.now = self.now + Duration::from_millis(100);
        self.post(request).expect("an answer at once")
    }

    fn done(&mut self, request: Value) {
        let reply = self.ask(request);
        assert_eq!(reply, json!({"type": "ok"}));
    }

    /// Asks, and gives the code of the error.
    fn refused(&mut self, request: Value) -> String {
        let reply = self.ask(request);
        assert_eq!(reply["type"], "error", "{reply}");
        reply["error"]["code"].as_str().unwrap().to_owned()
    }

    /// The names of the events since the last look.
    fn events(&mut self) -> Vec<String> {
        let posts = std::mem::take(&mut self.posts).into_iter();
        posts
            .filter_map(|post| Some(post["event"]["type"].as_str()?.to_owned()))
            .collect()
    }

    fn snapshot(&mut self) -> Value {
        self.done(json!({"type": "subscribe"}));
        let posts = std::mem::take(&mut self.posts);
        let snapshot = posts
            .iter()
            .rfind(|post| post["event"]["type"] == "snapshot");
        snapshot.unwrap()["event"]["snapshot"].clone()
    }

    fn stage(&mut self) -> String {
        self.snapshot()["stage"]["name"]
            .as_str()
            .unwrap()
            .to_owned()
    }

    fn texts(&mut self) -> Vec<String> {
        let snapshot = self.snapshot();
        let conversations = snapshot["conversations"].as_array().unwrap();
        let last = conversations
            .iter()
            .map(|one| one["last"]["text"].as_str().unwrap().to_owned());
        last.collect()
    }

    /// Uploads a file, and wants it restored.
    fn restore(&mut self, file: &[u8], passphrase: &str) -> Option<Value> {
        for part in file.chunks(1 << 20) {
            let data = BASE64_STANDARD.encode(part);
            self.post(json!({"type": "uploadPart", "upload": 3, "data": data}));
        }
        self.post(json!({"type": "restoreBackup", "upload": 3, "passphrase": passphrase}))
    }

    /// A backup, locked with [`OTHER`].
    fn backup(&mut self) -> Vec<u8> {
        let offer = self.ask(json!({"type": "exportBackup", "passphrase": OTHER}));
        assert_eq!(offer["type"], "download", "{offer}");
        let request = json!({"type": "downloadPart", "download": offer["download"]});
        let mut file = Vec::new();
        loop {
            let part = self.ask(request.clone());
            file.extend(
                BASE64_STANDARD
                    .decode(part["data"].as_str().unwrap())
                    .unwrap(),
            );
            if part["last"] == true {
                return file;
            }
        }
    }
}

fn begin(passphrase: Option<&str>) -> Value {
    json!({"type": "begin", "settings": common::settings(DIRECTORY), "passphrase": passphrase})
}

fn unlock(passphrase: &str) -> Value {
    json!({"type": "unlock", "passphrase": passphrase})
}

fn set_passphrase(old: Option<&str>, new: Option<&str>) -> Value {
    json!({"type": "setPassphrase", "old": old, "new": new})
}

fn send(text: &str) -> Value {
    // Anonymous, as nobody here is ever connected: without an address nothing can be signed.
    json!({"type": "send", "to": address().to_string(), "text": text, "anonymous": true})
}

/// A new user who has written a message.
fn written(passphrase: Option<&str>) -> Host {
    let mut host = Host::start(Profile::default());
    host.done(begin(passphrase));
    assert_eq!(host.ask(send("hello"))["type"], "accepted");
    host
}

/// A browser at each stage, with its name.
fn stages() -> Vec<(&'static str, Profile)> {
    let mut locked = written(Some(PASSPHRASE)).profile;
    locked.session = None;
    let mut lost = locked.clone();
    for name in ["envelope-1", "envelope-2"] {
        lost.copy(name)[100] ^= 1;
    }
    vec![
        ("new", Profile::default()),
        ("locked", locked),
        ("lost", lost),
        ("open", written(None).profile),
    ]
}

#[test]
fn before_somebody_begins_nothing_happens_and_nothing_is_connected() {
    let mut host = Host::start(Profile::default());
    assert_eq!(host.stage(), "new");
    assert_eq!(host.app.next_deadline(), None);
    assert!(!host.app.is_connected());
    host.pass(Duration::from_secs(24 * 3_600));
    host.handle(Input::NetworkChanged);
    assert_eq!(host.network, 0);
    assert!(host.profile.disk.is_empty() && host.profile.session.is_none());
    host.done(begin(None));
    assert_eq!(host.stage(), "open");
    assert_eq!(host.network, 1, "the directory is asked");
    assert_eq!(host.snapshot()["settings"]["directory"], DIRECTORY);
    assert_eq!(host.profile.count(Table::Core(Store::Identity)), 1);
    assert!(host.profile.session.is_none(), "a device key needs none");
    assert_eq!(host.again().stage(), "open");
}

#[test]
fn every_request_is_answered_or_refused_as_its_stage_demands() {
    use RequestKind as Kind;
    let everywhere = [Kind::Subscribe, Kind::ForgetEverything];
    let restoring = [Kind::UploadPart, Kind::DropUpload, Kind::RestoreBackup];
    for (stage, profile) in stages() {
        for kind in RequestKind::ALL {
            let allowed = match stage {
                "new" => {
                    everywhere.contains(kind) || restoring.contains(kind) || *kind == Kind::Begin
                }
                "locked" => everywhere.contains(kind) || *kind == Kind::Unlock,
                "lost" => everywhere.contains(kind) || restoring.contains(kind),
                _ => ![Kind::Begin, Kind::Unlock, Kind::RestoreBackup].contains(kind),
            };
            let mut host = Host::start(profile.clone());
            let before = host.profile.disk.clone();
            let code = match stage {
                "new" => "vault.none".to_owned(),
                other => format!("vault.{other}"),
            };
            let reply = host.ask(sample(*kind));
            let was_refused = reply["error"]["code"] == json!(code);
            assert_eq!(was_refused, !allowed, "{kind:?} at {stage}: {reply}");
            if was_refused {
                assert!(host.profile.disk == before, "{kind:?} at {stage}");
                assert_eq!(host.stage(), stage, "{kind:?}");
            }
        }
    }
}

#[test]
fn pages_are_told_of_each_stage_and_then_of_everything_in_it() {
    let mut host = Host::start(Profile::default());
    host.done(begin(Some(PASSPHRASE)));
    assert_eq!(host.events(), ["connection", "stage", "snapshot"]);
    host.done(json!({"type": "lock"}));
    assert_eq!(host.events(), ["stage", "snapshot"]);
    host.done(unlock(PASSPHRASE));
    assert_eq!(host.events(), ["connection", "stage", "snapshot"]);
    host.done(set_passphrase(Some(PASSPHRASE), None));
    assert_eq!(host.events(), ["stage", "snapshot"]);
    host.done(json!({"type": "forgetEverything"}));
    assert_eq!(host.events(), ["stage", "snapshot"]);
    let snapshot = host.snapshot();
    assert_eq!(snapshot["stage"], json!({"name": "new"}));
    assert_eq!(snapshot["connection"]["problem"]["code"], "vault.none");
}

#[test]
fn a_locked_vault_tells_nothing_and_connects_to_nobody() {
    let mut host = written(Some(PASSPHRASE));
    host.profile.drafts.push("Dear Ada, half a");
    host.handle(Input::NetworkChanged);
    host.done(json!({"type": "lock"}));
    assert!(host.profile.drafts.is_empty());
    let before = host.network;
    let snapshot = host.snapshot();
    assert_eq!(snapshot["stage"], json!({"name": "locked"}));
    assert_eq!(snapshot["conversations"], json!([]));
    assert_eq!(snapshot["messages"], json!([]));
    assert_eq!(snapshot["address"], Value::Null);
    assert_ne!(snapshot["settings"]["directory"], DIRECTORY);
    assert_eq!(host.badge, Some(0));
    assert!(host.profile.session.is_none());
    host.pass(Duration::from_secs(3_600));
    host.handle(Input::NetworkChanged);
    assert_eq!(host.network, before);
    assert!(!host.app.is_connected());
    let mut again = host.again();
    assert_eq!((again.stage().as_str(), again.network), ("locked", 0));
    again.done(unlock(PASSPHRASE));
    assert_eq!(again.texts(), ["hello"]);
    assert_eq!(again.network, 1);
}

#[test]
fn what_was_queued_is_on_disk_before_the_vault_is_locked() {
    let mut host = written(Some(PASSPHRASE));
    // The message is on its way to the disk when the vault is to be locked.
    host.now = host.now + Duration::from_secs(1);
    host.fuse = Some(0);
    assert_eq!(host.post(send("one more")), None);
    assert_eq!(host.post(json!({"type": "lock"})), None);
    assert_eq!(host.post(json!({"type": "settings"})), None);
    host.fuse = None;
    host.work();
    let codes: Vec<&Value> = host.posts.iter().map(|post| &post["reply"]).collect();
    assert!(codes.iter().any(|reply| reply["type"] == "accepted"));
    assert!(
        codes
            .iter()
            .any(|reply| reply["error"]["code"] == "vault.locked")
    );
    assert_eq!(host.stage(), "locked");
    host.done(unlock(PASSPHRASE));
    assert_eq!(host.texts(), ["one more"]);
}

#[test]
fn a_vault_whose_passphrase_is_being_removed_is_not_locked_for_ever() {
    let mut host = written(Some(PASSPHRASE));
    host.fuse = Some(0);
    assert_eq!(host.post(set_passphrase(Some(PASSPHRASE), None)), None);
    let lock = json!({"type": "lock"});
    let again = set_passphrase(Some(PASSPHRASE), Some(OTHER));
    assert_eq!([host.post(lock.clone()), host.post(again)], [None, None]);
    host.fuse = None;
    host.work();
    let codes = host
        .posts
        .iter()
        .map(|post| &post["reply"]["error"]["code"]);
    assert_eq!(codes.filter(|code| **code == "vault.busy").count(), 2);
    assert_eq!(host.refused(lock), "vault.no-passphrase");
    assert_eq!(host.texts(), ["hello"]);
}

#[test]
fn a_wrong_passphrase_changes_nothing_and_shuts_nobody_out() {
    let (_, profile) = stages().swap_remove(1);
    let mut host = Host::start(profile);
    let before = host.profile.disk.clone();
    for _ in 0..5 {
        assert_eq!(host.refused(unlock(OTHER)), "vault.wrong-passphrase");
    }
    assert_eq!(host.refused(unlock("")), "passphrase.empty");
    assert_eq!(
        host.refused(unlock(&"x".repeat(1_025))),
        "passphrase.too-long"
    );
    assert!(host.profile.disk == before && host.profile.session.is_none());
    host.done(unlock(PASSPHRASE));
    assert_eq!(host.stage(), "open");
    let wrong = set_passphrase(Some(OTHER), Some("another passphrase"));
    assert_eq!(host.refused(wrong), "vault.wrong-passphrase");
    assert_eq!(
        host.refused(set_passphrase(None, None)),
        "vault.passphrase-needed"
    );
    assert_eq!(host.texts(), ["hello"]);
}

#[test]
fn a_passphrase_is_the_same_however_the_keyboard_writes_it() {
    let mut host = Host::start(Profile::default());
    host.done(begin(Some("Ünïcode pass")));
    host.done(json!({"type": "lock"}));
    let decomposed: String = "Ünïcode pass".nfd().collect();
    assert_ne!(decomposed, "Ünïcode pass");
    host.done(unlock(&decomposed));
}

#[test]
fn a_short_passphrase_is_refused_for_anything_new() {
    let mut host = Host::start(Profile::default());
    assert_eq!(host.refused(begin(Some("short"))), "passphrase.too-short");
    assert_eq!(host.stage(), "new");
    host.done(begin(None));
    assert_eq!(
        host.refused(set_passphrase(None, Some("short"))),
        "passphrase.too-short"
    );
    let export = json!({"type": "exportBackup", "passphrase": "short"});
    assert_eq!(host.refused(export), "passphrase.too-short");
}

#[test]
fn bad_settings_make_no_vault() {
    let mut host = Host::start(Profile::default());
    let mut request = begin(None);
    request["settings"]["directory"] = json!("nonsense");
    assert_eq!(host.refused(request), "directory.malformed");
    assert!(host.profile.disk.is_empty());
}

#[test]
fn without_a_passphrase_there_is_nothing_to_lock() {
    let mut host = written(None);
    assert_eq!(host.refused(json!({"type": "lock"})), "vault.no-passphrase");
    host.done(set_passphrase(None, Some(PASSPHRASE)));
    assert_eq!(
        host.profile.count(Table::Vault),
        2,
        "the device key is gone"
    );
    let mut host = host.again();
    assert_eq!(host.stage(), "open", "the session has the key");
    host.done(json!({"type": "lock"}));
    host.done(unlock(PASSPHRASE));
    host.done(set_passphrase(Some(PASSPHRASE), None));
    assert!(host.profile.session.is_none());
    assert_eq!(host.profile.count(Table::Vault), 4);
    assert_eq!(host.again().stage(), "open");
}

fn lock_after(minutes: u32) -> Value {
    let mut settings = common::settings(DIRECTORY);
    settings["lockAfterMinutes"] = json!(minutes);
    json!({"type": "setSettings", "settings": settings})
}

const MINUTE: Duration = Duration::from_secs(60);

#[test]
fn a_vault_that_nobody_uses_is_locked_by_itself_on_time() {
    let mut host = written(Some(PASSPHRASE));
    host.done(lock_after(5));
    host.pass(4 * MINUTE);
    host.ask(send("still here"));
    host.pass(4 * MINUTE);
    assert_eq!(host.stage(), "open");
    // What pages ask by themselves is no use of it.
    host.ask(json!({"type": "diagnostics"}));
    host.ask(json!({"type": "seen", "id": "00"}));
    let due = host.app.next_deadline().unwrap();
    assert!(due <= host.now + MINUTE);
    host.pass(MINUTE);
    assert_eq!(host.stage(), "locked");
    assert!(host.profile.session.is_none());
}

#[test]
fn a_background_that_comes_back_too_late_locks_before_it_connects() {
    let mut host = written(Some(PASSPHRASE));
    host.done(lock_after(5));
    let mut in_time = Host::start_at(host.now + 3 * MINUTE, host.profile.clone());
    assert_eq!((in_time.stage().as_str(), in_time.network), ("open", 1));
    let mut late = Host::start_at(host.now + 5 * MINUTE, host.profile.clone());
    assert_eq!((late.stage().as_str(), late.network), ("locked", 0));
    assert!(late.profile.session.is_none());
    // A clock that was set back says nothing of how long it was.
    let before = Time::from_millis(host.now.as_millis() - 600_000);
    let mut back = Host::start_at(before, host.profile);
    assert_eq!(back.stage(), "locked");
}

#[test]
fn without_a_passphrase_nothing_is_locked_by_itself() {
    let mut host = written(None);
    host.done(lock_after(1));
    host.pass(60 * MINUTE);
    assert_eq!(host.stage(), "open");
}

/// Runs something with a background that is killed after so and so many of its wishes; gives what
/// each kill left, and at last what there is without a kill.
fn killed(before: &Host, act: impl Fn(&mut Host)) -> Vec<Host> {
    let mut left = Vec::new();
    for wishes in 0.. {
        let mut host = Host::start_at(before.now, before.profile.clone());
        host.fuse = Some(wishes);
        act(&mut host);
        let has_ended = host.fuse != Some(0);
        left.push(Host::start_at(host.now, host.profile));
        if has_ended {
            assert!(wishes > 1, "nothing was killed");
            return left;
        }
    }
    unreachable!("it ends");
}

#[test]
fn a_kill_while_a_vault_is_made_leaves_none_or_a_whole_one() {
    for passphrase in [None, Some(PASSPHRASE)] {
        let before = Host::start(Profile::default());
        let mut seen = Vec::new();
        for mut host in killed(&before, |host| drop(host.post(begin(passphrase)))) {
            let stage = host.stage();
            if stage == "locked" {
                host.done(unlock(PASSPHRASE));
            }
            if stage == "new" {
                assert!(host.profile.disk.is_empty());
                host.done(begin(None));
            }
            assert_eq!(host.snapshot()["settings"]["directory"], DIRECTORY);
            assert_eq!(host.ask(send("works"))["type"], "accepted");
            seen.push(stage);
        }
        assert_eq!(seen[0], "new");
        assert_eq!(seen.last().unwrap(), "open");
    }
}

#[test]
fn a_kill_while_the_passphrase_changes_leaves_the_old_one_or_the_new_one() {
    let before = written(Some(PASSPHRASE));
    let change = set_passphrase(Some(PASSPHRASE), Some(OTHER));
    let mut opened = Vec::new();
    for mut host in killed(&before, |host| drop(host.post(change.clone()))) {
        host.profile.session = None;
        let mut host = host.again();
        let reply = host.ask(unlock(PASSPHRASE));
        let old = reply["type"] == "ok";
        if !old {
            assert_eq!(reply["error"]["code"], "vault.wrong-passphrase");
            host.done(unlock(OTHER));
        }
        assert_eq!(host.texts(), ["hello"]);
        opened.push(old);
    }
    assert!(opened[0] && !opened.last().unwrap());
    assert!(opened.is_sorted_by(|one, next| one >= next));
}

#[test]
fn a_kill_while_a_backup_is_restored_leaves_nothing_or_all_of_it() {
    let file = written(None).backup();
    for (stage, profile) in stages()
        .into_iter()
        .filter(|(name, _)| ["new", "lost"].contains(name))
    {
        let before = Host::start(profile);
        let mut restored = 0;
        for mut host in killed(&before, |host| drop(host.restore(&file, OTHER))) {
            let now = host.stage();
            if now == stage {
                continue;
            }
            restored += 1;
            if now == "locked" {
                host.done(unlock(OTHER));
            }
            assert_eq!(host.texts(), ["hello"]);
        }
        assert!(restored > 0, "{stage}");
    }
}

#[test]
fn a_kill_while_everything_is_forgotten_leaves_all_or_nothing() {
    for before in [written(None), written(Some(PASSPHRASE))] {
        let forget = json!({"type": "forgetEverything"});
        let lefts = killed(&before, |host| drop(host.post(forget.clone())));
        for mut host in lefts {
            if host.stage() == "open" {
                assert_eq!(host.texts(), ["hello"]);
            } else {
                assert_eq!(host.stage(), "new");
                assert!(host.profile.disk.is_empty() && host.profile.session.is_none());
            }
        }
    }
}

#[test]
fn everything_can_be_forgotten_at_every_stage_and_begun_anew() {
    for (stage, profile) in stages() {
        let mut host = Host::start(profile);
        host.done(json!({"type": "forgetEverything"}));
        assert_eq!(host.stage(), "new", "{stage}");
        assert!(
            host.profile.disk.is_empty() && host.profile.session.is_none(),
            "{stage}"
        );
        assert_eq!(host.badge, Some(0));
        host.done(begin(None));
        assert_eq!(host.texts(), [] as [&str; 0]);
    }
}

#[test]
fn a_key_left_in_the_session_opens_no_other_vault_and_is_removed() {
    let old = written(Some(PASSPHRASE)).profile.session;
    let mut other = Host::start(Profile {
        starts: 50,
        ..Profile::default()
    });
    other.done(begin(Some(PASSPHRASE)));
    for disk in [Disk::default(), other.profile.disk] {
        let empty = disk.is_empty();
        let mut host = Host::start(Profile {
            disk,
            drafts: Vec::new(),
            session: old.clone(),
            starts: 0,
        });
        assert_eq!(host.stage(), if empty { "new" } else { "locked" });
        assert!(host.profile.session.is_none());
    }
    let mut damaged = written(Some(PASSPHRASE)).profile;
    damaged.session.as_mut().unwrap().key[40] ^= 1;
    assert_eq!(Host::start(damaged).stage(), "locked");
}

#[test]
fn one_damaged_copy_is_mended_by_the_other_and_harms_nothing() {
    let device = written(None).profile;
    let mut with_passphrase = written(Some(PASSPHRASE)).profile;
    with_passphrase.session = None;
    let cases = [
        (&device, ["envelope-1", "envelope-2"]),
        (&device, ["device-key-1", "device-key-2"]),
        (&with_passphrase, ["envelope-1", "envelope-2"]),
    ];
    for (profile, names) in cases {
        for name in names {
            for damage in 0..3 {
                let mut damaged = profile.clone();
                match damage {
                    0 => damaged.copy(name)[60] ^= 1,
                    1 => damaged.copy(name).truncate(20),
                    _ => damaged.remove(name),
                }
                let mut host = Host::start(damaged);
                assert!(host.profile.disk == profile.disk, "{name} was not mended");
                if host.stage() == "locked" {
                    host.done(unlock(PASSPHRASE));
                }
                assert_eq!(host.texts(), ["hello"]);
            }
        }
    }
}

#[test]
fn two_damaged_copies_are_a_lost_vault_and_nothing_is_overwritten() {
    let (device, locked) = (written(None).profile, stages().swap_remove(1).1);
    let cases = [
        (&device, ["envelope-1", "envelope-2"]),
        (&device, ["device-key-1", "device-key-2"]),
        (&locked, ["envelope-1", "envelope-2"]),
    ];
    for (profile, names) in cases {
        for damage in 0..3 {
            let mut lost = profile.clone();
            for name in names {
                match damage {
                    0 => lost.copy(name)[60] ^= 1,
                    1 => lost.copy(name).clear(),
                    _ => lost.remove(name),
                }
            }
            let mut host = Host::start(lost.clone());
            let code = if damage == 2 {
                "vault.missing"
            } else {
                "vault.damaged"
            };
            let problem = &host.snapshot()["stage"]["problem"];
            assert_eq!(problem["code"], code, "{names:?}");
            assert_eq!(problem["fault"], "storage");
            host.pass(Duration::from_secs(3_600));
            assert!(host.profile.disk == lost.disk);
            assert_eq!(host.network, 0);
        }
    }
}

#[test]
fn a_damaged_record_is_counted_and_takes_no_other_with_it() {
    let whole = written(None).profile;
    let tables: Vec<Table> = Table::all()
        .filter(|table| whole.count(*table) > 0)
        .collect();
    assert!(tables.len() >= 4, "{tables:?}");
    for table in tables.into_iter().filter(|table| *table != Table::Vault) {
        let mut profile = whole.clone();
        let record = profile.disk.values_mut().find(|(own, _)| *own == table);
        record.unwrap().1[50] ^= 1;
        let mut host = Host::start(profile);
        match table {
            Table::Core(Store::Identity) => {
                let problem = &host.snapshot()["stage"]["problem"];
                assert_eq!(problem["code"], "vault.identity");
                assert_eq!(host.network, 0);
            }
            Table::Settings => {
                let problem = &host.snapshot()["connection"]["problem"];
                assert_eq!(problem["code"], "storage.damaged");
                assert_eq!(host.network, 0, "no network is joined unasked");
                let settings = common::settings(DIRECTORY);
                host.done(json!({"type": "setSettings", "settings": settings}));
                assert_eq!(host.texts(), ["hello"]);
            }
            _ => {
                assert_eq!(host.stage(), "open", "{table:?}");
                let counts = host.ask(json!({"type": "diagnostics"}));
                assert_eq!(counts["packets"]["damagedRecords"], 1, "{table:?}");
            }
        }
    }
}

#[test]
fn while_the_disk_is_full_nothing_changes_and_afterwards_it_works() {
    let mut host = Host::start(Profile::default());
    host.disk_fails = true;
    assert_eq!(host.refused(begin(Some(PASSPHRASE))), "storage.failed");
    assert_eq!(host.stage(), "new");
    assert!(host.profile.session.is_none());
    host.disk_fails = false;
    host.done(begin(Some(PASSPHRASE)));
    host.ask(send("hello"));
    host.disk_fails = true;
    let change = set_passphrase(Some(PASSPHRASE), Some(OTHER));
    assert_eq!(host.refused(change.clone()), "storage.failed");
    let before = host.profile.clone();
    host.disk_fails = false;
    host.done(change);
    host.disk_fails = true;
    assert_eq!(
        host.post(json!({"type": "forgetEverything"})).unwrap()["error"]["code"],
        "storage.failed"
    );
    assert_eq!(host.stage(), "starting", "the disk cannot even be read");
    host.disk_fails = false;
    host.pass(MINUTE);
    assert_eq!(host.texts(), ["hello"]);
    let mut with_old = Host::start(Profile {
        session: None,
        ..before
    });
    with_old.done(unlock(PASSPHRASE));
}

#[test]
fn a_vault_is_not_locked_while_the_disk_refuses_what_would_be_lost() {
    let mut host = written(Some(PASSPHRASE));
    host.done(lock_after(5));
    host.disk_fails = true;
    assert_eq!(host.post(send("on its way")), None);
    assert_eq!(host.refused(json!({"type": "lock"})), "storage.failed");
    host.pass(20 * MINUTE);
    assert_eq!(host.stage(), "open");
    assert!(
        host.app.next_deadline().unwrap() > host.now,
        "no busy waiting"
    );
    host.disk_fails = false;
    for _ in 0..3 {
        host.pass(MINUTE);
    }
    assert_eq!(host.stage(), "locked");
    host.done(unlock(PASSPHRASE));
    assert_eq!(host.texts(), ["on its way"]);
}

#[test]
fn a_backup_that_the_disk_refuses_changes_nothing() {
    let file = written(None).backup();
    let (_, lost) = stages().swap_remove(2);
    for (profile, stage) in [(Profile::default(), "new"), (lost, "lost")] {
        let mut host = Host::start(profile.clone());
        host.disk_fails = true;
        let reply = host.restore(&file, OTHER).unwrap();
        assert_eq!(reply["error"]["code"], "storage.failed");
        assert_eq!(host.stage(), stage);
        host.disk_fails = false;
        assert!(host.profile.disk == profile.disk);
        assert_eq!(host.restore(&file, OTHER).unwrap(), json!({"type": "ok"}));
        assert_eq!(host.texts(), ["hello"]);
    }
}

#[test]
fn a_backup_brings_everything_back_under_its_own_passphrase() {
    let mut old = written(Some(PASSPHRASE));
    let identity = clear(&old, Table::Core(Store::Identity));
    let file = old.backup();
    let mut host = Host::start(Profile {
        starts: 9,
        ..Profile::default()
    });
    assert_eq!(host.restore(&file, OTHER).unwrap(), json!({"type": "ok"}));
    assert_eq!(host.texts(), ["hello"]);
    assert_eq!(host.snapshot()["settings"]["directory"], DIRECTORY);
    assert_eq!(clear(&host, Table::Core(Store::Identity)), identity);
    // Another data key: no record is the same, not even in its name.
    for key in host
        .profile
        .disk
        .keys()
        .filter(|(table, _)| *table != "vault")
    {
        assert!(!old.profile.disk.contains_key(key));
    }
    host.done(json!({"type": "lock"}));
    assert_eq!(host.refused(unlock(PASSPHRASE)), "vault.wrong-passphrase");
    host.done(unlock(OTHER));
}

#[test]
fn a_bad_backup_is_refused_as_what_it_is_and_changes_nothing() {
    let file = written(None).backup();
    let mut damaged = file.clone();
    damaged[5_000] ^= 1;
    let cases = [
        (&b"hello, I am a letter"[..], OTHER, "backup.unknown"),
        (&file[..], PASSPHRASE, "backup.wrong-passphrase"),
        (&file[..], "", "passphrase.empty"),
        (&damaged[..], OTHER, "backup.damaged"),
        (&file[..file.len() - 1], OTHER, "backup.truncated"),
        (&file[..100], OTHER, "backup.truncated"),
    ];
    let mut host = Host::start(Profile::default());
    for (file, passphrase, code) in cases {
        let reply = host.restore(file, passphrase).unwrap();
        assert_eq!(reply["error"]["code"], code);
        assert_eq!(host.stage(), "new");
        assert!(host.profile.disk.is_empty());
    }
    let nothing = json!({"type": "restoreBackup", "upload": 77, "passphrase": OTHER});
    assert_eq!(host.refused(nothing), "transfer.unknown");
}

/// A backup of our own making.
fn crafted(records: &[(&str, &[u8], &[u8])]) -> Vec<u8> {
    let passphrase = Passphrase::typed(OTHER, str::to_owned).unwrap();
    let price = Price::new(8, 1, 1).unwrap();
    let mut rng = ChaCha20Rng::seed_from_u64(3);
    let (mut writer, mut file) =
        BackupWriter::start_at(&passphrase, price, Time::from_millis(0), &mut rng).unwrap();
    for (store, key, value) in records {
        file.extend(writer.add(store, key, value).unwrap());
    }
    file.extend(writer.finish());
    file
}

#[test]
fn of_an_old_backup_nothing_comes_back_that_could_be_used_twice() {
    let old = written(None);
    let identity = clear(&old, Table::Core(Store::Identity)).pop().unwrap();
    let settings = clear(&old, Table::Settings).pop().unwrap();
    let registered = common::registered()
        .all(Table::Core(Store::Registration))
        .pop()
        .unwrap();
    let file = crafted(&[
        ("identity", &identity.0, &identity.1),
        ("settings", &settings.0, &settings.1),
        ("registration", &registered.0, &registered.1),
        ("registration", b"wish", &[0]),
        ("registration", b"next", &registered.1),
        ("surb", b"used since", b"x"),
        ("topology", b"own", b"x"),
        ("vault", b"envelope-1", b"x"),
    ]);
    let mut host = Host::start(Profile::default());
    assert_eq!(host.restore(&file, OTHER).unwrap(), json!({"type": "ok"}));
    assert_eq!(clear(&host, Table::Core(Store::Registration)), [registered]);
    assert_eq!(host.profile.count(Table::Core(Store::Surb)), 0);
    assert_eq!(host.profile.count(Table::Core(Store::Topology)), 0);
    assert_eq!(host.profile.count(Table::Vault), 2);
    assert!(host.snapshot()["address"].is_string(), "the address stays");
}

#[test]
fn a_backup_that_no_client_could_start_on_is_refused() {
    let old = written(None);
    let identity = clear(&old, Table::Core(Store::Identity)).pop().unwrap();
    let settings = clear(&old, Table::Settings).pop().unwrap();
    let (own, set) = (
        ("identity", &identity.0[..], &identity.1[..]),
        ("settings", &settings.0[..], &settings.1[..]),
    );
    let cases: [(&[_], &str); 5] = [
        (&[own], "backup.damaged"),
        (&[set], "backup.damaged"),
        (
            &[set, ("identity", &identity.0, b"nonsense")],
            "backup.damaged",
        ),
        (
            &[own, ("settings", &settings.0, b"nonsense")],
            "backup.damaged",
        ),
        (
            &[own, set, ("of a later version", b"x", b"x")],
            "backup.newer",
        ),
    ];
    let mut host = Host::start(Profile::default());
    for (records, code) in cases {
        let reply = host.restore(&crafted(records), OTHER).unwrap();
        assert_eq!(reply["error"]["code"], code);
        assert!(host.profile.disk.is_empty());
    }
    let whole = crafted(&[own, set]);
    assert_eq!(host.restore(&whole, OTHER).unwrap(), json!({"type": "ok"}));
}

/// What a table holds in clear, opened with the key in the session.
fn clear(host: &Host, table: Table) -> Vec<(Vec<u8>, Vec<u8>)> {
    let mut host = Host::start_at(host.now, host.profile.clone());
    if host.profile.session.is_none() {
        host.done(set_passphrase(None, Some(PASSPHRASE)));
    }
    let session = host.profile.session.clone().unwrap();
    let vault = Vault::from_session_bytes(&session.key).unwrap();
    let records = host.profile.records(|own| own == table).into_iter();
    records
        .map(|record| {
            let opened = vault
                .open(table.name(), &record.key, &record.value)
                .unwrap();
            (opened.key, opened.value)
        })
        .collect()
}

#[test]
fn nothing_leaves_for_the_disk_in_clear() {
    let mut host = Host::start(Profile::default());
    host.done(begin(Some(PASSPHRASE)));
    let text = "the treasure lies under the third birch";
    let id = host.ask(send(text))["id"].as_str().unwrap().to_owned();
    host.done(set_passphrase(Some(PASSPHRASE), None));
    host.done(set_passphrase(None, Some(OTHER)));
    host.done(lock_after(5));
    let session = host.profile.session.clone().unwrap();
    let mut secrets: Vec<Vec<u8>> = vec![
        text.into(),
        DIRECTORY.into(),
        PASSPHRASE.into(),
        OTHER.into(),
        address().to_string().into(),
        address().identity.as_bytes().to_vec(),
        address().gateway.as_bytes().to_vec(),
        id.clone().into(),
        u128::from_str_radix(&id, 16)
            .unwrap()
            .to_be_bytes()
            .to_vec(),
        session.key[1..33].to_vec(),
    ];
    for table in Table::all().filter(|table| *table != Table::Vault) {
        for (key, value) in clear(&host, table) {
            secrets.extend([key, value].into_iter().filter(|secret| secret.len() >= 8));
        }
    }
    let identity = clear(&host, Table::Core(Store::Identity)).pop().unwrap().1;
    secrets.extend(
        identity
            .chunks(16)
            .map(<[u8]>::to_vec)
            .filter(|part| part.len() == 16),
    );
    assert!(secrets.len() > 15, "{} secrets", secrets.len());
    assert!(host.written.len() > 20, "{} writes", host.written.len());
    for secret in &secrets {
        let mut windows = host
            .written
            .iter()
            .flat_map(|bytes| bytes.windows(secret.len()));
        let shown = String::from_utf8_lossy(secret);
        assert!(
            windows.all(|window| window != secret),
            "{shown} is on the disk"
        );
    }
}

#[test]
fn the_name_of_a_record_says_nothing_and_is_always_the_same() {
    let mut host = written(None);
    let names = |host: &Host| -> Vec<_> { host.profile.disk.keys().cloned().collect() };
    let before = names(&host);
    assert!(
        before
            .iter()
            .all(|(table, name)| *table == "vault" || name.len() == 32)
    );
    let settings = common::settings(DIRECTORY);
    host.done(json!({"type": "setSettings", "settings": settings}));
    assert_eq!(names(&host), before);
}

#[test]
fn a_passphrase_in_a_request_never_shows() {
    let kinds = [
        RequestKind::Begin,
        RequestKind::Unlock,
        RequestKind::SetPassphrase,
        RequestKind::ExportBackup,
        RequestKind::RestoreBackup,
    ];
    for kind in kinds {
        let mut request = sample(kind);
        if kind == RequestKind::Begin {
            request["passphrase"] = json!(PASSPHRASE);
        }
        if kind == RequestKind::SetPassphrase {
            request["old"] = json!(PASSPHRASE);
        }
        assert!(request.to_string().contains(PASSPHRASE));
        let request: Request = serde_json::from_value(request).unwrap();
        let shown = format!("{request:?} {request:#?}");
        assert!(!shown.contains("hunter2"), "{shown}");
    }
}

#[test]
fn a_disk_that_cannot_be_read_is_told_and_read_again() {
    let profile = written(None).profile;
    let mut host = Host::asleep(Time::from_millis(1_700_000_000_000), profile);
    host.disk_fails = true;
    host.work();
    host.app
        .handle(host.now, Input::PortOpened(PAGE, sender(POPUP)));
    let snapshot = host.snapshot();
    assert_eq!(snapshot["stage"], json!({"name": "starting"}));
    assert_eq!(snapshot["connection"]["problem"]["code"], "storage.failed");
    assert_eq!(host.refused(begin(None)), "storage.failed");
    host.disk_fails = false;
    host.pass(Duration::from_secs(10));
    assert_eq!(host.texts(), ["hello"]);
}
