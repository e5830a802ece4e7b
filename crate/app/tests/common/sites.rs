//! Pages of web sites, at the other end of ports of their own.

use serde_json::{Value, json};
use sotto_app::background::{CommitId, Effect, Input, PortId};
use sotto_app::sender::Sender;
use sotto_app::site::SiteRequestKind;

use super::pair::Pair;
use super::{PAGE, World, address, sender};

/// Two sites.
pub const SHOP: &str = "https://shop.example";
pub const FORUM: &str = "https://forum.example";
/// Where a tab of the first is, and one of the other.
pub const TAB: PortId = PortId(501);
pub const OTHER_TAB: PortId = PortId(502);
/// The page of the extension that puts the questions to the user.
pub const APPROVAL: PortId = PortId(401);
const APPROVAL_URL: &str = "chrome-extension://abcdef/approve/approve.html";

/// The browser's word about a page of its own.
pub fn page_of(origin: &str, tab: i32) -> Sender {
    Sender {
        url: format!("{origin}/index.html"),
        origin: Some(origin.to_owned()),
        frame: Some(0),
        tab: Some(tab),
    }
}

/// Asks for everything.
pub fn connect() -> Value {
    connect_for(&["send", "receive", "reply"])
}

pub fn connect_for(permissions: &[&str]) -> Value {
    json!({"type": "connect", "permissions": permissions})
}

pub fn text(content: &str) -> Value {
    json!({"kind": "text", "content": content})
}

/// A message to an address.
pub fn send(to: &str, data: Value) -> Value {
    json!({
        "type": "send", "to": to, "data": data, "anonymous": false, "surbs": 0, "plain": false
    })
}

/// The same without a name, and so many ways back.
pub fn send_anonymously(to: &str, data: Value, surbs: u16) -> Value {
    json!({
        "type": "send", "to": to, "data": data, "anonymous": true, "surbs": surbs, "plain": false
    })
}

/// One request of each kind. A new kind does not compile until it has one here.
pub fn site_sample(kind: SiteRequestKind) -> Value {
    match kind {
        SiteRequestKind::Connect => connect(),
        SiteRequestKind::Permissions => json!({"type": "permissions"}),
        SiteRequestKind::Disconnect => json!({"type": "disconnect"}),
        SiteRequestKind::Address => json!({"type": "address"}),
        SiteRequestKind::Send => send_anonymously(&address().to_string(), text("hello"), 5),
        SiteRequestKind::Reply => json!({
            "type": "reply", "tag": "8qxJzPBVCnBS8qxJzPBVCn", "data": text("hello"), "plain": false
        }),
        SiteRequestKind::Cancel => json!({"type": "cancel", "id": "00"}),
        SiteRequestKind::Received => json!({"type": "received", "id": "00"}),
    }
}

impl World {
    /// A page of a site is there.
    pub fn open_site(&mut self, port: PortId, origin: &str) {
        let tab = i32::try_from(port.0).unwrap();
        self.open_as(port, page_of(origin, tab));
    }

    pub fn open_as(&mut self, port: PortId, sender: Sender) {
        self.handle(Input::PortOpened(port, sender));
    }

    pub fn close(&mut self, port: PortId) {
        self.handle(Input::PortClosed(port));
    }

    /// Posts a request of a site; gives its number.
    pub fn site_post(&mut self, port: PortId, request: &Value) -> u32 {
        self.next_id += 1;
        let message = json!({"id": self.next_id, "request": request}).to_string();
        self.handle(Input::PortMessage {
            port,
            message: Ok(message),
        });
        self.next_id
    }

    /// The answers to a site's request so far. Events stay.
    pub fn site_replies(&mut self, id: u32) -> Vec<Value> {
        let posts = std::mem::take(&mut self.site_posts).into_iter();
        let (replies, others) = posts.partition(|(_, message)| message["id"] == json!(id));
        self.site_posts = others;
        let replies: Vec<(PortId, Value)> = replies;
        let reply = |(_, message): (PortId, Value)| message["reply"].clone();
        replies.into_iter().map(reply).collect()
    }

    /// The answer to a site's request, if there is one already.
    pub fn site_reply(&mut self, id: u32) -> Option<Value> {
        let mut replies = self.site_replies(id);
        assert!(replies.len() < 2, "answered twice: {replies:?}");
        replies.pop()
    }

    /// Asks as a site, and gives the answer.
    pub fn site_ask(&mut self, port: PortId, request: &Value) -> Value {
        let id = self.site_post(port, request);
        let reply = self.site_reply(id);
        assert!(reply.is_some(), "no answer to {request}");
        reply.unwrap_or_default()
    }

    /// Asks, and gives number and reason of the refusal.
    pub fn site_refused(&mut self, port: PortId, request: &Value) -> (i64, String) {
        refusal(&self.site_ask(port, request))
    }

    /// What a site was told since the last time.
    pub fn site_events(&mut self, port: PortId) -> Vec<Value> {
        let posts = std::mem::take(&mut self.site_posts).into_iter();
        let (events, others) =
            posts.partition(|(to, message)| *to == port && message.get("event").is_some());
        self.site_posts = others;
        let events: Vec<(PortId, Value)> = events;
        let event = |(_, message): (PortId, Value)| message["event"].clone();
        events.into_iter().map(event).collect()
    }

    /// The page with the questions is open, and shows them.
    pub fn open_approval(&mut self) -> Value {
        self.open_as(APPROVAL, sender(APPROVAL_URL));
        let id = self.post(APPROVAL, &json!({"type": "sites"}));
        self.reply(id).expect("the questions")
    }

    /// The open questions.
    pub fn prompts(&mut self) -> Vec<Value> {
        self.listed("prompts")
    }

    /// The sites that the user is shown.
    pub fn sites(&mut self) -> Vec<Value> {
        self.listed("sites")
    }

    fn listed(&mut self, what: &str) -> Vec<Value> {
        // A page that is there for a moment only.
        let port = PortId(98);
        self.open(port);
        let id = self.post(port, &json!({"type": "sites"}));
        let reply = self.reply(id).expect("a list");
        self.close(port);
        reply[what].as_array().expect("a list").clone()
    }

    /// The user answers the only question.
    pub fn answer(&mut self, permissions: &[&str]) -> Value {
        let prompts = self.prompts();
        assert_eq!(prompts.len(), 1, "{prompts:?}");
        let prompt = &prompts[0]["id"];
        self.ask(json!({"type": "answerPrompt", "prompt": prompt, "permissions": permissions}))
    }

    /// A site connects in a new tab, and the user allows all of it.
    pub fn connect_site(&mut self, port: PortId, origin: &str) {
        self.open_site(port, origin);
        let id = self.site_post(port, &connect());
        assert_eq!(
            self.answer(&["send", "receive", "reply"]),
            json!({"type": "ok"})
        );
        let reply = self.site_reply(id).expect("an answer");
        assert_eq!(reply["type"], "permissions", "{reply}");
    }

    /// The commits that the disk has not done.
    pub fn commits_under_way(&self) -> Vec<CommitId> {
        let id = |job: &Effect| match job {
            Effect::Commit { id, .. } => Some(*id),
            _ => None,
        };
        self.jobs.iter().filter_map(id).collect()
    }

    /// The background is killed, and starts again on what is on disk.
    pub fn kill_and_restart(&mut self) {
        self.seed += 1;
        self.app = super::background_of(self.seed);
        self.jobs.clear();
        self.posts.clear();
        self.site_posts.clear();
        self.work();
        self.open(PAGE);
    }
}

impl Pair {
    /// Asks as a site, and gives the answer.
    pub fn site_ask(&mut self, who: usize, port: PortId, request: &Value) -> Value {
        let id = self.people[who].site_post(port, request);
        let mut reply = None;
        self.run_until(|pair| {
            reply = pair.people[who].site_reply(id);
            reply.is_some()
        });
        reply.unwrap()
    }

    /// A site connects in a new tab, and the user allows all of it; gives its address.
    pub fn connect_site(&mut self, who: usize, port: PortId, origin: &str) -> String {
        self.people[who].connect_site(port, origin);
        self.site_address(who, port)
    }

    /// A site comes back in a new tab.
    pub fn return_to(&mut self, who: usize, port: PortId, origin: &str) {
        self.people[who].open_site(port, origin);
        let reply = self.site_ask(who, port, &connect());
        assert_eq!(reply["type"], "permissions", "{reply}");
    }

    pub fn site_address(&mut self, who: usize, port: PortId) -> String {
        let reply = self.site_ask(who, port, &json!({"type": "address"}));
        assert_eq!(reply["type"], "address", "{reply}");
        reply["address"].as_str().unwrap().to_owned()
    }

    /// A site gives a message to be sent; its id.
    pub fn site_send(&mut self, who: usize, port: PortId, request: &Value) -> String {
        let reply = self.site_ask(who, port, request);
        assert_eq!(reply["type"], "accepted", "{reply}");
        reply["id"].as_str().unwrap().to_owned()
    }

    /// Lets time pass until a site was told of something; gives that.
    pub fn until_told(
        &mut self,
        who: usize,
        port: PortId,
        is_it: impl Fn(&Value) -> bool,
    ) -> Value {
        let mut found = None;
        self.run_until(|pair| {
            let told = pair.people[who].site_events(port);
            found = told.into_iter().find(|event| is_it(event));
            found.is_some()
        });
        found.unwrap()
    }

    /// Lets time pass until a site gets a message.
    pub fn site_message(&mut self, who: usize, port: PortId) -> Value {
        self.until_told(who, port, |event| event["type"] == "message")
    }

    /// Lets time pass until a site's message got so far.
    pub fn until_status(&mut self, who: usize, port: PortId, id: &str, state: &str) {
        self.until_told(who, port, |event| {
            event["type"] == "status" && event["id"] == id && event["state"] == state
        });
    }

    /// Whether the user is shown that a site is connected.
    pub fn is_connected(&mut self, who: usize, origin: &str) -> bool {
        let sites = self.people[who].sites();
        let site = sites.iter().find(|site| site["origin"] == origin);
        site.is_some_and(|site| site["connected"] == true)
    }
}

/// Number and reason of a refusal.
pub fn refusal(reply: &Value) -> (i64, String) {
    assert_eq!(reply["type"], "error", "{reply}");
    let error = &reply["error"];
    let message = error["message"].as_str().unwrap();
    assert!(message.ends_with('.'), "{message}");
    let reason = error["reason"].as_str().unwrap().to_owned();
    (error["code"].as_i64().unwrap(), reason)
}
