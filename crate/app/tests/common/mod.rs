//! A host without a browser: a disk in memory, pages whose mail is collected, and a clock that is
//! set by hand.
#![allow(
    dead_code,
    missing_docs,
    unreachable_pub,
    reason = "each test uses a part of it"
)]

pub mod pair;
pub mod sites;

use std::collections::BTreeMap;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::time::Duration;

use rand_core::SeedableRng;
use serde_json::{Value, json};
use sotto_app::background::{
    Background, Change, CommitId, Effect, FetchId, Input, PortId, Session, SocketId, Stored,
    StoredRecord, StoredVault, Table,
};
use sotto_app::conversation::Correspondent;
use sotto_app::page::{Direction, MessageView, RequestKind};
use sotto_app::sender::{ExtensionOrigin, Sender};
use sotto_app::settings::{CheckedSettings, SETTINGS_KEY};
use sotto_app::timeline::Timeline;
use sotto_app::vault::{DeviceKey, Envelope, Secret, Vault};
use sotto_core::ChaCha20Rng;
use sotto_core::address::Address;
use sotto_core::client::{ReceivedMessage, Record, SentMessage, Store};
use sotto_core::keys::{ClientKeys, IdentityKey, PublicKeys};
use sotto_core::time::Time;
use sotto_core::topology::DirectoryReplies;
use unicode_normalization::UnicodeNormalization;

pub const POPUP: &str = "chrome-extension://abcdef/popup/popup.html";
pub const PAGE: PortId = PortId(1);

/// All records, by table and key.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Disk(BTreeMap<(&'static str, Vec<u8>), Entry>);

type Entry = (Table, Vec<u8>);

impl Disk {
    pub fn put(&mut self, table: Table, key: &[u8], value: &[u8]) {
        self.0
            .insert((table.name(), key.to_vec()), (table, value.to_vec()));
    }

    pub fn get(&self, table: Table, key: &[u8]) -> Option<&[u8]> {
        self.0
            .get(&(table.name(), key.to_vec()))
            .map(|(_, value)| value.as_slice())
    }

    pub fn records(&self, stores: &[Store]) -> Vec<Record> {
        let mut records = Vec::new();
        for ((_, key), (table, value)) in &self.0 {
            match *table {
                Table::Core(store) if stores.contains(&store) => {
                    records.push(Record {
                        store,
                        key: key.clone(),
                        value: value.clone(),
                    });
                }
                _ => {}
            }
        }
        records
    }

    /// All records of a table: keys and values.
    pub fn all(&self, table: Table) -> Vec<(Vec<u8>, Vec<u8>)> {
        let own = self.0.iter().filter(|((name, _), _)| *name == table.name());
        own.map(|((_, key), (_, value))| (key.clone(), value.clone()))
            .collect()
    }

    /// The same with conversations, as they are written along with messages.
    #[must_use]
    pub fn with_conversations(mut self) -> Self {
        let own = ClientKeys::generate(&mut ChaCha20Rng::from_seed([9; 32])).public();
        let mut timeline = Timeline::default();
        let mut messages: Vec<_> = self
            .records(&[Store::Inbox, Store::Outbox, Store::Sent])
            .iter()
            .map(|record| view(record, &own))
            .collect();
        messages.sort_by_key(|message| message.at);
        for message in messages {
            timeline.add(message.id.parse().unwrap(), &message);
            let peer = Correspondent::from_id(&message.conversation).unwrap();
            let received = message.direction == Direction::Received;
            timeline.change(peer, |about| about.heard |= received);
        }
        for ((table, key), value) in timeline.take_writes() {
            self.put(table, &key, &value.unwrap());
        }
        self
    }

    /// The same with the registration that [`registered`] has.
    #[must_use]
    pub fn and_registered(mut self) -> Self {
        self.0.extend(registered().0);
        self
    }

    /// Applies changes that were sealed by a vault.
    fn apply(&mut self, vault: &Vault, names: &mut Names, changes: Vec<Change>) {
        for change in changes {
            match change {
                Change::Put { table, key, value } if table == Table::Vault => {
                    self.put(table, &key, &value);
                }
                Change::Put { table, key, value } => {
                    let record = vault.open(table.name(), &key, &value).unwrap();
                    self.put(table, &record.key, &record.value);
                    names.keys.insert((table.name(), key), record.key);
                }
                Change::Delete { table, key: name } => {
                    if let Some(key) = names.key(self, table, &name) {
                        self.0.remove(&(table.name(), key));
                    }
                }
                Change::Clear(table) => self.0.retain(|(name, _), _| *name != table.name()),
            }
        }
    }
}

/// The keys of records, by the names that a vault gives them.
struct Names {
    vault: Vault,
    keys: BTreeMap<(&'static str, Vec<u8>), Vec<u8>>,
    /// For as many records.
    of: usize,
}

impl Names {
    fn key(&mut self, disk: &Disk, table: Table, name: &[u8]) -> Option<Vec<u8>> {
        let known = |names: &Self| names.keys.get(&(table.name(), name.to_vec())).cloned();
        known(self).or_else(|| {
            if self.of != disk.0.len() {
                self.of = disk.0.len();
                self.learn(disk);
            }
            known(self)
        })
    }

    fn learn(&mut self, disk: &Disk) {
        for (table, key) in disk.0.keys() {
            let name = self.vault.name(table, key).as_bytes().to_vec();
            self.keys.insert((*table, name), key.clone());
        }
    }
}

fn view(record: &Record, own: &PublicKeys) -> MessageView {
    let (key, value) = (&record.key, &record.value);
    match record.store {
        Store::Inbox => {
            MessageView::received(&ReceivedMessage::from_record(key, value).unwrap(), own)
        }
        _ => MessageView::sent(&SentMessage::from_record(key, value).unwrap()),
    }
}

/// The vault of the worlds here, which needs no passphrase. Tests see the disk in clear, and the
/// background sees it sealed.
fn vault() -> Vault {
    Vault::create(&mut ChaCha20Rng::seed_from_u64(7))
}

/// What a disk has of that vault, and the usual settings.
fn begun(disk: &mut Disk) {
    let mut rng = ChaCha20Rng::seed_from_u64(8);
    let key = DeviceKey::generate(&mut rng);
    let envelope = Envelope::create(&vault(), Secret::Device(&key), &mut rng).unwrap();
    for copy in envelope.copies().into_iter().chain(key.copies()) {
        disk.put(Table::Vault, copy.name.as_bytes(), &copy.bytes);
    }
    let settings = CheckedSettings::default().to_record();
    disk.put(Table::Settings, SETTINGS_KEY, &settings);
}

/// What the disk does when it is asked.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Behaviour {
    Works,
    /// Jobs wait until the behaviour changes.
    Hangs,
    Fails,
}

pub struct World {
    pub app: Background,
    vault: Vault,
    names: Names,
    pub session: Option<Session>,
    pub now: Time,
    pub disk: Disk,
    pub behaviour: Behaviour,
    /// The disk after each commit, unless that is too much.
    pub history: Vec<Disk>,
    pub keeps_history: bool,
    /// After so many more commits it is killed: the disk has the last one, and nobody hears of it.
    pub commits_left: Option<usize>,
    /// How many places the app had looked at, one by one.
    pub reads: usize,
    /// The records that the app had loaded, and the bytes in them.
    pub loaded: (usize, usize),
    jobs: Vec<Effect>,
    posts: Vec<(PortId, Value)>,
    pub fetches: Vec<(FetchId, [String; 3])>,
    pub opened: Vec<(SocketId, String)>,
    pub closed: Vec<SocketId>,
    pub sent: Vec<(SocketId, String)>,
    /// What the badge was told to show.
    pub badges: Vec<u32>,
    /// Notifications: of which conversation, with which title and body.
    pub notes: Vec<(String, Option<String>, Option<String>)>,
    /// How often the page with the questions of sites was to be shown.
    pub approvals: u32,
    /// Which tabs were marked as using the mixnet, or no more.
    pub site_badges: Vec<(i32, bool)>,
    pub site_posts: Vec<(PortId, Value)>,
    /// What is to be done in the network, if somebody else does that.
    pub wire: Vec<Effect>,
    is_lent: bool,
    /// No two people draw the same.
    pub seed: u64,
    next_id: u32,
}

/// The browser's word about a page that has no tab.
pub fn sender(url: &str) -> Sender {
    Sender {
        url: url.to_owned(),
        ..Sender::default()
    }
}

impl World {
    /// A background that was just started, before it did anything. A disk without settings is that of
    /// a person who has just begun.
    pub fn new(mut disk: Disk) -> Self {
        let settings = disk.get(Table::Settings, SETTINGS_KEY).map(<[u8]>::to_vec);
        if disk.all(Table::Vault).is_empty() {
            begun(&mut disk);
        }
        if let Some(settings) = settings {
            disk.put(Table::Settings, SETTINGS_KEY, &settings);
        }
        Self {
            app: background(),
            vault: vault(),
            names: Names {
                vault: vault(),
                keys: BTreeMap::new(),
                of: 0,
            },
            session: None,
            now: Time::from_millis(1_700_000_000_000),
            history: vec![disk.clone()],
            keeps_history: true,
            commits_left: None,
            reads: 0,
            loaded: (0, 0),
            disk,
            behaviour: Behaviour::Works,
            jobs: Vec::new(),
            posts: Vec::new(),
            fetches: Vec::new(),
            opened: Vec::new(),
            closed: Vec::new(),
            sent: Vec::new(),
            badges: Vec::new(),
            notes: Vec::new(),
            approvals: 0,
            site_badges: Vec::new(),
            site_posts: Vec::new(),
            wire: Vec::new(),
            is_lent: false,
            seed: 0,
            next_id: 0,
        }
    }

    /// A background that has loaded `disk`, with one page that has subscribed and read all its
    /// mail.
    pub fn with_page(disk: Disk) -> Self {
        Self::with_page_at(Self::new(Disk::default()).now, disk)
    }

    /// The same in a network that somebody else plays.
    pub fn lent(seed: u64, now: Time, disk: Disk) -> Self {
        let mut world = Self::new(disk);
        (world.now, world.seed, world.is_lent) = (now, seed, true);
        world.app = background_of(seed);
        world.work();
        world.open(PAGE);
        let subscribed = world.ask(json!({"type": "subscribe"}));
        assert_eq!(subscribed, json!({"type": "ok"}));
        world
    }

    /// The same at a certain time.
    pub fn with_page_at(now: Time, disk: Disk) -> Self {
        let mut world = Self::new(disk);
        world.now = now;
        world.work();
        world.open(PAGE);
        assert_eq!(
            world.ask(json!({"type": "subscribe"})),
            json!({"type": "ok"})
        );
        world.posts.clear();
        world
    }

    pub fn open(&mut self, port: PortId) {
        self.handle(Input::PortOpened(port, sender(POPUP)));
    }

    /// Whether it was killed.
    pub fn is_dead(&self) -> bool {
        self.commits_left == Some(0)
    }

    pub fn handle(&mut self, input: Input) {
        if self.is_dead() {
            return;
        }
        self.app.handle(self.now, input);
        self.work();
    }

    pub fn pass(&mut self, time: Duration) {
        self.now = self.now + time;
        self.handle(Input::Tick);
    }

    /// Carries out effects until there are none.
    pub fn work(&mut self) {
        loop {
            while let Some(effect) = self.app.poll() {
                self.carry_out(effect);
            }
            if self.behaviour == Behaviour::Hangs || self.jobs.is_empty() {
                return;
            }
            let job = self.jobs.remove(0);
            let input = self.do_job(job);
            if self.is_dead() {
                return;
            }
            self.app.handle(self.now, input);
        }
    }

    fn carry_out(&mut self, effect: Effect) {
        match effect {
            Effect::ReadVault
            | Effect::Load
            | Effect::ReadAll
            | Effect::LoadSites
            | Effect::ForgetSession { .. }
            | Effect::Commit { .. }
            | Effect::Read { .. } => self.jobs.push(effect),
            Effect::KeepSession(session) => self.session = Some(session),
            Effect::OpenSocket { .. }
            | Effect::CloseSocket { .. }
            | Effect::SendText { .. }
            | Effect::SendBinary { .. }
            | Effect::FetchDirectory { .. }
                if self.is_lent =>
            {
                self.wire.push(effect);
            }
            Effect::OpenSocket { socket, url } => self.opened.push((socket, url)),
            Effect::CloseSocket { socket } => self.closed.push(socket),
            Effect::SendText { socket, text } => self.sent.push((socket, text)),
            Effect::SendBinary { .. } => {}
            Effect::FetchDirectory { fetch, urls } => self.fetches.push((fetch, urls)),
            Effect::Badge { unread } => self.badges.push(unread),
            Effect::OpenApproval => self.approvals += 1,
            Effect::SiteBadge { tab, active } => self.site_badges.push((tab, active)),
            Effect::PostSite { port, message } => {
                let message = serde_json::to_value(&message).unwrap();
                self.site_posts.push((port, message));
            }
            Effect::Notify {
                conversation,
                title,
                body,
            } => self.notes.push((conversation, title, body)),
            Effect::Post { port, message } => {
                self.posts
                    .push((port, serde_json::to_value(message).unwrap()));
            }
        }
    }

    fn do_job(&mut self, job: Effect) -> Input {
        let fails = self.behaviour == Behaviour::Fails;
        let reason = || "the disk is full".to_owned();
        match job {
            Effect::ReadVault | Effect::Load if fails => Input::LoadFailed(reason()),
            Effect::ReadVault => Input::VaultRead(self.copies()),
            Effect::Load => {
                let stored = self.load();
                let bytes = stored.records.iter().map(|record| record.value.len());
                self.loaded = (stored.records.len(), bytes.sum());
                Input::Loaded(Box::new(stored))
            }
            Effect::LoadSites if fails => Input::SitesLoaded(Err(reason())),
            Effect::LoadSites => {
                Input::SitesLoaded(Ok(self.sealed(|table| Table::OF_SITES.contains(&table))))
            }
            Effect::ReadAll => Input::AllRead(Ok(self.sealed(|table| table != Table::Vault))),
            Effect::ForgetSession { .. } => {
                self.session = None;
                Input::SessionForgotten(Ok(()))
            }
            Effect::Commit { id, .. } if fails => Input::SaveFailed(id, reason()),
            Effect::Commit { id, changes } => self.commit(id, changes),
            Effect::Read { read, .. } if fails => Input::RecordsRead(read, Err(reason())),
            Effect::Read { read, places } => {
                self.reads += places.len();
                let places = places.into_iter();
                let found = places
                    .filter_map(|(table, name)| self.find(table, &name))
                    .collect();
                Input::RecordsRead(read, Ok(found))
            }
            _ => unreachable!("no job"),
        }
    }

    fn commit(&mut self, id: CommitId, changes: Vec<Change>) -> Input {
        self.disk.apply(&self.vault, &mut self.names, changes);
        if self.keeps_history {
            self.history.push(self.disk.clone());
        }
        if let Some(left) = &mut self.commits_left {
            *left -= 1;
        }
        Input::Saved(id)
    }

    /// The record of that name, as the background gets it.
    fn find(&mut self, table: Table, name: &[u8]) -> Option<StoredRecord> {
        let key = self.names.key(&self.disk, table, name)?;
        let value = self.disk.get(table, &key)?;
        let mut rng = ChaCha20Rng::seed_from_u64(9);
        let sealed = self.vault.seal(table.name(), &key, value, &mut rng);
        Some(StoredRecord {
            table,
            key: name.to_vec(),
            value: sealed.bytes,
        })
    }

    /// What the vault's own table holds.
    pub fn copies(&self) -> StoredVault {
        let all = self.disk.all(Table::Vault).into_iter();
        let named = all.map(|(name, bytes)| (String::from_utf8(name).unwrap(), bytes.into()));
        StoredVault {
            copies: named.collect(),
            has_records: self
                .disk
                .0
                .values()
                .any(|(table, _)| *table != Table::Vault),
            session: self.session.clone(),
        }
    }

    /// The records of some tables as the background gets them.
    fn sealed(&self, wanted: impl Fn(Table) -> bool) -> Vec<StoredRecord> {
        let mut rng = ChaCha20Rng::seed_from_u64(9);
        let all = self.disk.0.iter();
        let wanted = all.filter(|(_, (table, _))| wanted(*table));
        wanted
            .map(|((name, key), (table, value))| {
                let sealed = self.vault.seal(name, key, value, &mut rng);
                StoredRecord {
                    table: *table,
                    key: sealed.name.as_bytes().to_vec(),
                    value: sealed.bytes,
                }
            })
            .collect()
    }

    pub fn load(&self) -> Stored {
        Stored {
            records: self.sealed(Table::is_loaded),
            rng: self.rng(),
        }
    }

    /// Another one after each change of the disk: the names of messages must not come again after a
    /// restart.
    fn rng(&self) -> ChaCha20Rng {
        let mut hasher = DefaultHasher::new();
        self.disk.0.keys().for_each(|key| key.hash(&mut hasher));
        self.seed.hash(&mut hasher);
        ChaCha20Rng::seed_from_u64(hasher.finish())
    }

    /// What was posted to a page since the last time.
    pub fn mail(&mut self, port: PortId) -> Vec<Value> {
        let (mail, others) = std::mem::take(&mut self.posts)
            .into_iter()
            .partition(|(to, _)| *to == port);
        self.posts = others;
        let mail: Vec<(PortId, Value)> = mail;
        mail.into_iter().map(|(_, message)| message).collect()
    }

    /// The events a page got since the last time.
    pub fn events(&mut self, port: PortId) -> Vec<Value> {
        self.mail(port)
            .into_iter()
            .filter_map(|mut message| message.get_mut("event").map(Value::take))
            .collect()
    }

    /// Posts a request of the popup; gives its number.
    pub fn post(&mut self, port: PortId, request: &Value) -> u32 {
        self.next_id += 1;
        let message = json!({"id": self.next_id, "request": request}).to_string();
        self.post_text(port, POPUP, message);
        self.next_id
    }

    pub fn post_text(&mut self, port: PortId, url: &str, message: String) {
        // Another address means another page at the end of the port.
        if url != POPUP {
            self.handle(Input::PortClosed(port));
            self.handle(Input::PortOpened(port, sender(url)));
        }
        self.handle(Input::PortMessage {
            port,
            message: Ok(message),
        });
    }

    /// The reply to a request, if there is one already. Events stay.
    pub fn reply(&mut self, id: u32) -> Option<Value> {
        let place = self
            .posts
            .iter()
            .position(|(_, message)| message["id"] == json!(id))?;
        Some(self.posts.remove(place).1["reply"].clone())
    }

    /// Asks as the popup, and gives the reply.
    pub fn ask(&mut self, request: Value) -> Value {
        let id = self.post(PAGE, &request);
        self.reply(id).expect("a reply at once")
    }

    /// Asks, and gives the code of the error.
    pub fn refused(&mut self, request: Value) -> String {
        let reply = self.ask(request);
        assert_eq!(reply["type"], "error", "{reply}");
        reply["error"]["code"].as_str().unwrap().to_owned()
    }

    /// The snapshot that a new page gets.
    pub fn snapshot(&mut self) -> Value {
        let port = PortId(99);
        self.open(port);
        if !self.is_lent {
            self.now = self.now + Duration::from_secs(60);
        }
        self.post(port, &json!({"type": "subscribe"}));
        let snapshot = self
            .events(port)
            .into_iter()
            .find(|event| event["type"] == "snapshot");
        self.handle(Input::PortClosed(port));
        snapshot.expect("a snapshot")["snapshot"].clone()
    }

    /// The newest messages of a conversation.
    pub fn messages(&mut self, conversation: &str) -> Vec<Value> {
        let reply = self.ask(json!({
            "type": "messages", "conversation": conversation, "before": null, "after": null
        }));
        reply["messages"].as_array().expect("messages").clone()
    }

    /// The newest messages of all conversations, oldest first.
    pub fn all_messages(&mut self) -> Vec<Value> {
        let snapshot = self.snapshot();
        let conversations = snapshot["conversations"].as_array().unwrap().iter();
        let mut messages: Vec<Value> = conversations
            .flat_map(|one| self.messages(one["id"].as_str().unwrap()))
            .collect();
        messages.sort_by_key(|message| message["at"].as_u64());
        messages
    }

    /// Sends a message, and gives its id.
    pub fn send(&mut self, text: &str) -> String {
        let reply = self.ask(send_request(&address().to_string(), text));
        assert_eq!(reply["type"], "accepted", "{reply}");
        reply["id"].as_str().unwrap().to_owned()
    }

    /// Answers the latest fetch of the directory.
    pub fn answer_fetch(&mut self, result: Result<DirectoryReplies, String>) {
        let (fetch, _) = *self
            .fetches
            .last()
            .map(|(fetch, urls)| (*fetch, urls))
            .as_ref()
            .unwrap();
        self.handle(Input::DirectoryFetched(fetch, result));
    }
}

/// A background that has done nothing yet.
pub fn background() -> Background {
    background_of(6)
}

/// The same with randomness of its own.
pub fn background_of(seed: u64) -> Background {
    let origin = ExtensionOrigin::from_url(POPUP).unwrap();
    Background::new(origin, ChaCha20Rng::seed_from_u64(seed), |text| {
        text.nfkc().collect()
    })
}

/// A gateway's name.
pub fn gateway() -> IdentityKey {
    address().gateway
}

/// A directory with one mix node in each layer and three gateways, [`gateway`] among them.
pub fn replies() -> DirectoryReplies {
    let node = |seed: u8, entry: Value| {
        let keys = ClientKeys::generate(&mut ChaCha20Rng::from_seed([seed; 32]));
        json!({
            "node_id": seed, "ed25519_identity_pubkey": keys.signing.identity_key().to_string(),
            "ip_addresses": ["127.0.0.1"], "mix_port": 1789, "entry": entry, "role": "Inactive",
            "x25519_sphinx_pubkey": keys.encryption.public_key().to_string(), "performance": "1",
        })
    };
    let page = |nodes: [Value; 3]| {
        json!({
            "metadata": {"status": null, "absolute_epoch_id": 7, "rotation_id": 1, "refreshed_at": ""},
            "nodes": {"pagination": {"total": 3, "page": 0, "size": 3}, "data": nodes},
        })
    };
    let entry = json!({"hostname": null, "ws_port": 9000, "wss_port": null});
    let rewarded = json!({
        "epoch_id": 7, "entry_gateways": [2, 3], "exit_gateways": [], "standby": [],
        "layer1": [11], "layer2": [12], "layer3": [13],
    });
    let mixnodes = page([11, 12, 13].map(|seed| node(seed, Value::Null)));
    let gateways = page([2, 3, 14].map(|seed| node(seed, entry.clone())));
    DirectoryReplies {
        rewarded_set: rewarded.to_string().into_bytes(),
        mixnodes: mixnodes.to_string().into_bytes(),
        entry_gateways: gateways.to_string().into_bytes(),
    }
}

/// A disk with a registration at [`gateway`], in the form of the first version.
pub fn registered() -> Disk {
    let mut disk = Disk::default();
    let key = [5; 32];
    let record = [&[1, 1], gateway().as_bytes().as_slice(), &key, &[0; 8]].concat();
    disk.put(Table::Core(Store::Registration), b"own", &record);
    disk
}

/// Somebody's address.
pub fn address() -> Address {
    let keys = |seed| ClientKeys::generate(&mut ChaCha20Rng::from_seed([seed; 32]));
    Address {
        identity: keys(1).signing.identity_key(),
        encryption: keys(1).encryption.public_key(),
        gateway: keys(2).signing.identity_key(),
    }
}

/// A message to an address, without SURBs.
pub fn send_request(to: &str, text: &str) -> Value {
    json!({"type": "send", "to": to, "text": text, "anonymous": false})
}

/// Settings that differ from the default in the directory only.
#[must_use]
pub fn settings(directory: &str) -> Value {
    json!({
        "directory": directory,
        "traffic": "direct",
        "lockAfterMinutes": null,
        "receipts": true,
        "notifications": "plain",
        "keepDays": null
    })
}

/// One request of each kind. A new kind does not compile until it has one here.
pub fn sample(kind: RequestKind) -> Value {
    match kind {
        RequestKind::Subscribe => json!({"type": "subscribe"}),
        RequestKind::Send => send_request(&address().to_string(), "hello"),
        RequestKind::Reply => json!({"type": "reply", "to": "tag", "text": "hello"}),
        RequestKind::Seen => json!({"type": "seen", "id": "00"}),
        RequestKind::Retry => json!({"type": "retry", "id": "00"}),
        RequestKind::Cancel => json!({"type": "cancel", "id": "00"}),
        RequestKind::Message => json!({"type": "message", "id": "00"}),
        RequestKind::GatewayChoices => json!({"type": "gatewayChoices"}),
        RequestKind::ChangeGateway => json!({"type": "changeGateway", "to": "random"}),
        RequestKind::StayAtGateway => json!({"type": "stayAtGateway"}),
        RequestKind::LeaveGateway => {
            json!({"type": "leaveGateway", "gateway": gateway().to_string()})
        }
        RequestKind::Diagnostics => json!({"type": "diagnostics"}),
        RequestKind::Settings => json!({"type": "settings"}),
        RequestKind::SetSettings => {
            json!({"type": "setSettings", "settings": settings("https://example.org/")})
        }
        RequestKind::Begin => {
            json!({"type": "begin", "settings": settings("https://example.org/"), "passphrase": null})
        }
        RequestKind::Unlock => json!({"type": "unlock", "passphrase": "hunter2 hunter2"}),
        RequestKind::Lock => json!({"type": "lock"}),
        RequestKind::SetPassphrase => {
            json!({"type": "setPassphrase", "old": null, "new": "hunter2 hunter2"})
        }
        RequestKind::ExportBackup => {
            json!({"type": "exportBackup", "passphrase": "hunter2 hunter2"})
        }
        RequestKind::RestoreBackup => {
            json!({"type": "restoreBackup", "upload": 1, "passphrase": "hunter2 hunter2"})
        }
        RequestKind::ForgetEverything => json!({"type": "forgetEverything"}),
        RequestKind::UploadPart => json!({"type": "uploadPart", "upload": 1, "data": "aGVsbG8="}),
        RequestKind::DropUpload => json!({"type": "dropUpload", "upload": 1}),
        RequestKind::DownloadPart => json!({"type": "downloadPart", "download": 1}),
        RequestKind::AddContact => {
            json!({"type": "addContact", "address": address().to_string(), "name": "Ada"})
        }
        RequestKind::Rename => json!({"type": "rename", "conversation": "unknown", "name": "Ada"}),
        RequestKind::SafetyNumber => json!({"type": "safetyNumber", "conversation": "unknown"}),
        RequestKind::SetVerified => {
            json!({"type": "setVerified", "conversation": "unknown", "verified": true})
        }
        RequestKind::SetPlain => {
            json!({"type": "setPlain", "conversation": "unknown", "plain": true})
        }
        RequestKind::SendFile => json!({
            "type": "sendFile",
            "conversation": address().to_string(),
            "upload": 1,
            "name": "cat.png",
            "mediaType": "image/png",
            "anonymous": false
        }),
        RequestKind::OpenFile => json!({"type": "openFile", "id": "00"}),
        RequestKind::Pause => json!({"type": "pause", "id": "00"}),
        RequestKind::Resume => json!({"type": "resume", "id": "00"}),
        RequestKind::Probe => json!({"type": "probe"}),
        RequestKind::Messages => {
            json!({"type": "messages", "conversation": "unknown", "before": null, "after": null})
        }
        RequestKind::Search => {
            json!({"type": "search", "text": "hello", "conversation": null, "cursor": null})
        }
        RequestKind::DeleteMessage => json!({"type": "deleteMessage", "id": "00"}),
        RequestKind::Sites => json!({"type": "sites"}),
        RequestKind::AnswerPrompt => {
            json!({"type": "answerPrompt", "prompt": 1, "permissions": ["send"]})
        }
        RequestKind::SetSitePermissions => {
            json!({"type": "setSitePermissions", "origin": "https://example.org", "permissions": []})
        }
        RequestKind::ForgetSite => json!({"type": "forgetSite", "origin": "https://example.org"}),
        RequestKind::DeleteConversation => {
            json!({"type": "deleteConversation", "conversation": "unknown"})
        }
    }
}
