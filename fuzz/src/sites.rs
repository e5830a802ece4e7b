//! The background's router of requests: pages of the extension, pages of sites and others send
//! anything in any order, while the user answers, time passes, and the disk works, hangs or fails.

use crate::source::{Source, rng};
use rand_core::SeedableRng;
use serde_json::{Value, json};
use sotto_app::background::{
    Background, Change, Effect, Input, PortId, Stored, StoredRecord, StoredVault, Table,
};
use sotto_app::limit::{MAX_SITE_QUEUE, MAX_WAITING_SITE_REQUESTS, PROMPT_PATIENCE};
use sotto_app::sender::{ExtensionOrigin, Sender};
use sotto_core::ChaCha20Rng;
use sotto_core::time::Time;
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

const EXTENSION: &str = "chrome-extension://abcdef";
const DIRECTORY: &str = "http://127.0.0.1:17080/";
/// Somebody's address.
const ADDRESS: &str = "6Ciokjck2UiKvBgMkgvu2jq6FA4kN4Wr2PHaF4kYHBBD.cbfp9LVeJEL5gY5yhAWBxwDMjGJqHGLaUA53mTT1Rqv@9RJk5RnmXqN4rMQWK8mXDQgyAgAMbURk7FmPQEJAQ1pU";
const SITES: [&str; 2] = ["https://shop.example", "https://forum.example"];
/// Requests with numbers above this are counted: each is answered once.
const COUNTED: u32 = 1_000_000;
/// Ports that an input can open.
const PORTS: u8 = 8;
/// The page that the user answers on.
const USER: PortId = PortId(100);
/// Questions that may be open, and what else may be on its way to the disk.
const OTHERS: usize = 16 + 16;

pub(crate) fn run(data: &[u8]) -> bool {
    let mut host = Host::start();
    let mut source = Source::new(data);
    while !source.is_empty() {
        host.step(&mut source);
    }
    host.settle();
    host.has_served
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Disk {
    Works,
    Hangs,
    Fails,
}

struct Host {
    app: Background,
    now: Time,
    records: BTreeMap<(Table, Vec<u8>), Vec<u8>>,
    disk: Disk,
    jobs: Vec<Effect>,
    starts: u64,
    /// The ports that are open, and whether a site is there.
    ports: BTreeMap<PortId, bool>,
    last: u32,
    /// Requests of sites that were not answered, by number; and whether only pages may ask them.
    asked: BTreeMap<u32, (PortId, bool)>,
    /// Numbers that were answered: none comes twice.
    answered: BTreeSet<u32>,
    has_served: bool,
}

impl Host {
    /// A background that was set up.
    fn start() -> Self {
        let mut host = Self {
            app: background(0),
            now: Time::from_millis(1_700_000_000_000),
            records: BTreeMap::new(),
            disk: Disk::Works,
            jobs: Vec::new(),
            starts: 0,
            ports: BTreeMap::new(),
            last: COUNTED,
            asked: BTreeMap::new(),
            answered: BTreeSet::new(),
            has_served: false,
        };
        host.work();
        host.begin();
        host
    }

    fn begin(&mut self) {
        self.open(USER, &page("/approve/approve.html"));
        self.ask(USER, &begin(), true);
        self.ask(USER, &json!({"type": "sites"}), true);
    }

    fn step(&mut self, source: &mut Source<'_>) {
        match source.byte() % 8 {
            0 => {
                let port = PortId(u32::from(source.byte() % PORTS));
                self.close(port);
                self.open(port, &sender(source.byte()));
            }
            1 => self.close(PortId(u32::from(source.byte() % PORTS))),
            2 => {
                let port = PortId(u32::from(source.byte() % PORTS));
                let text = String::from_utf8_lossy(source.short_bytes()).into_owned();
                if !is_numbered(&text) {
                    self.post(port, text);
                }
            }
            3 => {
                let port = PortId(u32::from(source.byte() % PORTS));
                self.ask(port, &of_site(source.byte(), source.byte()), false);
            }
            4 => {
                let port = PortId(u32::from(source.byte() % PORTS));
                self.ask(port, &of_page(source.byte(), source.byte()), true);
            }
            5 => {
                let (which, bits) = (source.byte(), source.byte());
                self.ask(USER, &of_page(which, bits), true);
            }
            6 => {
                let millis = u64::from(source.byte()).pow(2);
                self.pass(Duration::from_millis(millis));
            }
            _ => match source.byte() % 4 {
                0 => self.set_disk(Disk::Works),
                1 => self.set_disk(Disk::Hangs),
                2 => self.set_disk(Disk::Fails),
                _ => self.restart(),
            },
        }
        let most = MAX_WAITING_SITE_REQUESTS + SITES.len() * MAX_SITE_QUEUE + OTHERS;
        assert!(self.asked.len() <= most, "too much waits");
    }

    fn open(&mut self, port: PortId, sender: &Sender) {
        let is_site = sender.frame == Some(0) && sender.url.starts_with("https:");
        self.ports.insert(port, is_site);
        self.handle(Input::PortOpened(port, sender.clone()));
    }

    fn close(&mut self, port: PortId) {
        if self.ports.remove(&port).is_some() {
            self.handle(Input::PortClosed(port));
            self.asked.retain(|_, (asker, _)| *asker != port);
        }
    }

    fn ask(&mut self, port: PortId, request: &Value, of_page: bool) {
        self.last += 1;
        if self.ports.get(&port) == Some(&true) {
            self.asked.insert(self.last, (port, of_page));
        }
        self.post(
            port,
            json!({"id": self.last, "request": request}).to_string(),
        );
    }

    fn post(&mut self, port: PortId, message: String) {
        if self.ports.contains_key(&port) {
            let message = Ok(message);
            self.handle(Input::PortMessage { port, message });
        }
    }

    fn pass(&mut self, time: Duration) {
        self.now = self.now + time;
        self.handle(Input::Tick);
    }

    fn set_disk(&mut self, disk: Disk) {
        self.disk = disk;
        self.work();
    }

    /// The background is killed, and all pages with it.
    fn restart(&mut self) {
        self.starts += 1;
        self.app = background(self.starts);
        self.jobs.clear();
        self.ports.clear();
        self.asked.clear();
        self.work();
        self.begin();
    }

    /// Nothing is left open once the disk works and enough time has passed.
    fn settle(&mut self) {
        self.set_disk(Disk::Works);
        for _ in 0..10 {
            self.pass(PROMPT_PATIENCE);
        }
        assert!(self.asked.is_empty(), "without an answer: {:?}", self.asked);
        let tick = self.app.next_deadline();
        assert!(tick.is_none_or(|at| at > self.now), "ticks without end");
    }

    fn handle(&mut self, input: Input) {
        self.app.handle(self.now, input);
        self.work();
    }

    fn work(&mut self) {
        loop {
            while let Some(effect) = self.app.poll() {
                self.carry_out(effect);
            }
            if self.disk == Disk::Hangs || self.jobs.is_empty() {
                return;
            }
            let job = self.jobs.remove(0);
            if let Some(input) = self.job(job) {
                self.app.handle(self.now, input);
            }
        }
    }

    fn carry_out(&mut self, effect: Effect) {
        match effect {
            Effect::Post { port, .. } => {
                assert_ne!(
                    self.ports.get(&port),
                    Some(&true),
                    "a page's mail for a site"
                );
            }
            Effect::PostSite { port, message } => {
                assert_eq!(
                    self.ports.get(&port),
                    Some(&true),
                    "a site's mail for another"
                );
                self.told(&serde_json::to_value(&message).unwrap());
            }
            job => self.jobs.push(job),
        }
    }

    fn told(&mut self, message: &Value) {
        let Some(id) = message["id"].as_u64().filter(|id| *id > u64::from(COUNTED)) else {
            return;
        };
        let id = u32::try_from(id).unwrap();
        assert!(self.answered.insert(id), "answered twice");
        let is_error = message["reply"]["type"] == "error";
        if let Some((_, of_page)) = self.asked.remove(&id) {
            assert!(
                is_error || !of_page,
                "a page's request was served to a site"
            );
            self.has_served |= !is_error;
        }
    }

    fn job(&mut self, job: Effect) -> Option<Input> {
        let fails = self.disk == Disk::Fails;
        let reason = || "the disk is full".to_owned();
        Some(match job {
            Effect::ReadVault | Effect::Load if fails => Input::LoadFailed(reason()),
            Effect::ReadVault => Input::VaultRead(self.vault()),
            Effect::Load => Input::Loaded(Box::new(Stored {
                records: self.read(Table::is_loaded),
                rng: ChaCha20Rng::seed_from_u64(self.starts),
            })),
            Effect::LoadSites if fails => Input::SitesLoaded(Err(reason())),
            Effect::LoadSites => {
                Input::SitesLoaded(Ok(self.read(|table| Table::OF_SITES.contains(&table))))
            }
            Effect::Commit { id, .. } if fails => Input::SaveFailed(id, reason()),
            Effect::Commit { id, changes } => {
                changes.into_iter().for_each(|change| self.change(change));
                Input::Saved(id)
            }
            Effect::Read { read, .. } => Input::RecordsRead(read, Ok(Vec::new())),
            Effect::ForgetSession { .. } => Input::SessionForgotten(Ok(())),
            _ => return None,
        })
    }

    fn vault(&self) -> StoredVault {
        let all = self.records.iter();
        let copies = all.filter(|((table, _), _)| *table == Table::Vault);
        let named = copies.map(|((_, name), bytes)| {
            let name = String::from_utf8(name.clone()).unwrap();
            (name, bytes.clone().into())
        });
        StoredVault {
            copies: named.collect(),
            has_records: !self.records.is_empty(),
            session: None,
        }
    }

    fn read(&self, wanted: impl Fn(Table) -> bool) -> Vec<StoredRecord> {
        let all = self.records.iter();
        let wanted = all.filter(|((table, _), _)| wanted(*table));
        let record = |((table, key), value): (&(Table, Vec<u8>), &Vec<u8>)| StoredRecord {
            table: *table,
            key: key.clone(),
            value: value.clone(),
        };
        wanted.map(record).collect()
    }

    fn change(&mut self, change: Change) {
        match change {
            Change::Put { table, key, value } => _ = self.records.insert((table, key), value),
            Change::Delete { table, key } => _ = self.records.remove(&(table, key)),
            Change::Clear(table) => self.records.retain(|(of, _), _| *of != table),
        }
    }
}

/// Whether a message takes a number of those that are counted.
fn is_numbered(text: &str) -> bool {
    let message: Value = serde_json::from_str(text).unwrap_or_default();
    message["id"]
        .as_u64()
        .is_some_and(|id| id > u64::from(COUNTED))
}

fn background(seed: u64) -> Background {
    let origin = ExtensionOrigin::from_url(EXTENSION).unwrap();
    let rng = if seed == 0 {
        rng()
    } else {
        ChaCha20Rng::seed_from_u64(seed)
    };
    Background::new(origin, rng, str::to_owned)
}

fn page(path: &str) -> Sender {
    Sender {
        url: format!("{EXTENSION}{path}"),
        ..Sender::default()
    }
}

/// One of all classes of senders.
fn sender(which: u8) -> Sender {
    let of = |origin: &str, frame| Sender {
        url: format!("{origin}/"),
        origin: Some(origin.to_owned()),
        frame: Some(frame),
        tab: Some(i32::from(which)),
    };
    match which % 6 {
        0 => page("/popup/popup.html"),
        1 => page("/approve/approve.html"),
        2 | 3 => of(SITES[usize::from(which % 6) - 2], 0),
        4 => of(SITES[0], 1),
        _ => of("http://shop.example", 0),
    }
}

fn permissions(bits: u8) -> Vec<&'static str> {
    let all = ["send", "receive", "reply"];
    let chosen = all.iter().enumerate();
    let chosen = chosen.filter(|(place, _)| bits & (1 << place) != 0);
    chosen.map(|(_, one)| *one).collect()
}

/// What a site may ask.
fn of_site(which: u8, bits: u8) -> Value {
    let data = json!({"kind": "text", "content": "hello"});
    match which % 8 {
        0 => json!({"type": "connect", "permissions": permissions(bits)}),
        1 => json!({"type": "permissions"}),
        2 => json!({"type": "disconnect"}),
        3 => json!({"type": "address"}),
        4 => json!({
            "type": "send", "to": ADDRESS, "data": data, "anonymous": bits & 1 != 0,
            "surbs": bits, "plain": bits & 2 != 0
        }),
        5 => {
            json!({"type": "reply", "tag": "8qxJzPBVCnBS8qxJzPBVCn", "data": data, "plain": false})
        }
        6 => json!({"type": "cancel", "id": "00"}),
        _ => json!({"type": "received", "id": "00"}),
    }
}

/// What a page may ask about sites, and what changes everything.
fn of_page(which: u8, bits: u8) -> Value {
    let origin = SITES[usize::from(bits >> 7)];
    match which % 8 {
        0 | 1 => json!({
            "type": "answerPrompt", "prompt": bits >> 3, "permissions": permissions(bits)
        }),
        2 => json!({"type": "sites"}),
        3 => json!({
            "type": "setSitePermissions", "origin": origin, "permissions": permissions(bits)
        }),
        4 => json!({"type": "forgetSite", "origin": origin}),
        5 => json!({"type": "setSettings", "settings": settings("https://example.org/")}),
        6 => begin(),
        _ => json!({"type": "forgetEverything"}),
    }
}

fn begin() -> Value {
    json!({"type": "begin", "settings": settings(DIRECTORY), "passphrase": null})
}

fn settings(directory: &str) -> Value {
    json!({
        "directory": directory, "traffic": "direct", "lockAfterMinutes": null,
        "receipts": true, "notifications": "plain", "keepDays": null
    })
}

/// Good samples: a site connects, is allowed everything and sends; it is forgotten; the disk fails.
pub(crate) fn seeds() -> Vec<Vec<u8>> {
    let allowed = [0, 1, 2, 3, 1, 0, 7, 5, 0, 0b1111];
    let with = |rest: &[u8]| [allowed.as_slice(), rest].concat();
    vec![
        with(&[3, 1, 4, 5]),
        with(&[3, 1, 3, 0, 6, 255, 1, 1, 6, 200]),
        with(&[3, 1, 4, 5, 5, 4, 0, 3, 1, 0, 7, 6, 9]),
        with(&[7, 2, 3, 1, 4, 5, 5, 3, 0, 7, 0]),
        with(&[7, 1, 3, 1, 4, 5, 5, 7, 0, 7, 0, 6, 255, 5, 6, 0]),
        with(&[3, 1, 4, 5, 7, 3, 0, 1, 2, 3, 1, 0, 7, 4, 1, 4, 0]),
        with(&[5, 5, 0, 0, 2, 3, 3, 2, 0, 1, 0, 0, 4, 3, 0, 1, 0]),
    ]
}
