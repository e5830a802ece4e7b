//! The tabs of sites that are connected: each has a port.

use litemap::LiteMap;
use std::collections::VecDeque;

use sotto_core::time::Time;

use super::Sites;
use crate::{
    background::{
        effect::{Effect, PortId},
        pages::Asker,
    },
    limit::{MAX_SITE_PORTS, MAX_SITES_PORTS},
    site::{Origin, SiteBackgroundMessage, SiteError, SiteEvent, SiteReply},
};

/// All tabs.
#[derive(Default)]
pub(super) struct Tabs {
    open: LiteMap<PortId, Tab>,
}

struct Tab {
    origin: Origin,
    /// The browser's number of it.
    number: Option<i32>,
    /// Whether it uses the mixnet: it asked to, and may.
    uses: bool,
}

impl Tabs {
    /// Notes a new tab. One too many is not noted, so that its requests are refused.
    fn open(&mut self, port: PortId, origin: Origin, number: Option<i32>) {
        let own = self.open.values().filter(|tab| tab.origin == origin);
        if own.count() < MAX_SITE_PORTS && self.open.len() < MAX_SITES_PORTS {
            self.open.insert(
                port,
                Tab {
                    origin,
                    number,
                    uses: false,
                },
            );
        }
    }

    pub(super) fn is_open(&self, port: PortId) -> bool {
        self.open.contains_key(&port)
    }

    /// The tabs of a site that use the mixnet.
    pub(super) fn using<'a>(&'a self, origin: &'a Origin) -> impl Iterator<Item = PortId> + 'a {
        let uses = |tab: &Tab| tab.uses && tab.origin == *origin;
        let tabs = self.open.iter().filter(move |(_, tab)| uses(tab));
        tabs.map(|(port, _)| *port)
    }

    /// The sites of which a tab uses the mixnet.
    pub(super) fn sites(&self) -> Vec<Origin> {
        let using = self.open.values().filter(|tab| tab.uses);
        let mut sites: Vec<Origin> = using.map(|tab| tab.origin.clone()).collect();
        sites.sort();
        sites.dedup();
        sites
    }

    fn is_marked(&self, number: i32) -> bool {
        let here = |tab: &&Tab| tab.number == Some(number);
        self.open.values().filter(here).any(|tab| tab.uses)
    }

    /// Notes whether a tab uses the mixnet; whether that is new.
    fn set_uses(&mut self, port: PortId, uses: bool) -> bool {
        let tab = self.open.get_mut(&port);
        tab.is_some_and(|tab| std::mem::replace(&mut tab.uses, uses) != uses)
    }
}

impl Sites {
    /// A page of a site connected.
    pub(in crate::background) fn open(&mut self, port: PortId, origin: Origin, tab: Option<i32>) {
        self.tabs.open(port, origin, tab);
    }

    /// A page of a site is gone, and with it what it waits for. A question of its is closed without
    /// being an answer.
    pub(in crate::background) fn close(
        &mut self,
        now: Time,
        port: PortId,
        effects: &mut VecDeque<Effect>,
    ) {
        self.set_uses(port, false, effects);
        self.tabs.open.remove(&port);
        self.waiting.retain(|waiting| waiting.asker.port != port);
        self.prompts.take_those(|prompt| prompt.asker.port == port);
        // A new tab must be no way around the limit.
        let tabs = &self.tabs.open;
        let has_tab = |origin: &Origin| tabs.values().any(|tab| tab.origin == *origin);
        let buckets = self.buckets.iter_mut();
        let idle = buckets.filter_map(|(origin, bucket)| {
            (!has_tab(origin) && bucket.is_full(now)).then(|| origin.clone())
        });
        let idle: Vec<Origin> = idle.collect();
        for origin in idle {
            self.buckets.remove(&origin);
        }
    }

    /// Notes whether a tab uses the mixnet, and marks it; whether that is new.
    pub(super) fn set_uses(
        &mut self,
        port: PortId,
        uses: bool,
        effects: &mut VecDeque<Effect>,
    ) -> bool {
        let is_new = self.tabs.set_uses(port, uses);
        let tab = self.tabs.open.get(&port).and_then(|tab| tab.number);
        if let Some(tab) = tab.filter(|_| is_new) {
            let active = self.tabs.is_marked(tab);
            effects.push_back(Effect::SiteBadge { tab, active });
        }
        is_new
    }

    /// No tab of a site uses the mixnet any more: it may do nothing now.
    pub(super) fn release(&mut self, origin: &Origin, effects: &mut VecDeque<Effect>) {
        for port in self.tabs.using(origin).collect::<Vec<_>>() {
            self.set_uses(port, false, effects);
        }
    }

    /// Tells all tabs of a site that use the mixnet.
    pub(super) fn tell(&self, origin: &Origin, event: &SiteEvent, effects: &mut VecDeque<Effect>) {
        for port in self.tabs.using(origin) {
            effects.push_back(post(port, event.clone()));
        }
    }

    /// Answers a request, if the tab is still there.
    pub(super) fn reply(&self, asker: Asker, reply: SiteReply, effects: &mut VecDeque<Effect>) {
        if self.tabs.is_open(asker.port) {
            effects.push_back(answer(asker, reply));
        }
    }

    pub(super) fn refuse(&self, asker: Asker, error: &SiteError, effects: &mut VecDeque<Effect>) {
        let error = error.view();
        self.reply(asker, SiteReply::Error { error }, effects);
    }
}

/// The effect that tells a tab of something.
pub(super) fn post(port: PortId, event: SiteEvent) -> Effect {
    Effect::PostSite {
        port,
        message: SiteBackgroundMessage::Event { event },
    }
}

/// The effect that answers a request, also to a tab that is one too many.
pub(super) fn answer(asker: Asker, reply: SiteReply) -> Effect {
    Effect::PostSite {
        port: asker.port,
        message: SiteBackgroundMessage::Reply {
            id: asker.id,
            reply,
        },
    }
}
