//! What pages of the extension ask about sites.

use sotto_core::time::Time;

use super::{Sites, commits::Known, prompts::Prompt};
use crate::{
    background::{Background, effect::Effect, pages::Asker, requests::Outcome},
    page::{BackgroundMessage, Event, PromptView, Reply, RequestError, SiteView},
    site::{Grant, Origin, Permission, SiteError},
};

impl Background {
    /// Shows all sites and questions, now and from now on.
    pub(in crate::background) fn show_sites(&mut self, page: Asker) -> Outcome {
        let views = self.sites.views();
        if self.sites.viewers.is_empty() {
            // Nobody was told anything for some time.
            self.sites.told.clone_from(&views);
        }
        self.sites.viewers.insert(page.port);
        let (sites, prompts) = views;
        Outcome::Reply(Reply::Sites { sites, prompts })
    }

    /// Tells the pages that show sites what is new.
    pub(super) fn publish_sites(&mut self) {
        if self.sites.viewers.is_empty() {
            return;
        }
        let views = self.sites.views();
        if views == self.sites.told {
            return;
        }
        self.sites.told.clone_from(&views);
        let (sites, prompts) = views;
        for port in &self.sites.viewers {
            self.effects.push_back(Effect::Post {
                port: *port,
                message: BackgroundMessage::Event {
                    event: Event::Sites {
                        sites: sites.clone(),
                        prompts: prompts.clone(),
                    },
                },
            });
        }
    }

    /// The user changes what a site may do.
    pub(in crate::background) fn set_site_permissions(
        &mut self,
        page: Asker,
        origin: &str,
        permissions: Vec<Permission>,
    ) -> Result<Outcome, RequestError> {
        let (origin, grant) = self.known_site(origin)?;
        let permissions = permissions.into_iter().collect();
        self.change_grant(Known {
            origin,
            grant: Some(Grant {
                permissions,
                ..grant
            }),
            page: Some(page),
            prompt: None,
        });
        Ok(Outcome::Later)
    }

    /// The user wants a site forgotten. It may do nothing from now on; its gateway is told, and then
    /// all of it is deleted.
    pub(in crate::background) fn forget_site(
        &mut self,
        now: Time,
        page: Asker,
        origin: &str,
    ) -> Result<Outcome, RequestError> {
        let (origin, grant) = self.known_site(origin)?;
        // Whatever it asks at this moment: that is a no.
        let asked = |prompt: &Prompt| prompt.origin == origin;
        for prompt in self.sites.prompts.take_those(asked) {
            let sites = &self.sites;
            sites.refuse(prompt.asker, &SiteError::Rejected, &mut self.effects);
        }
        let gone = Grant {
            leaving: true,
            used_at: now,
            ..Grant::new(grant.id, now)
        };
        self.change_grant(Known {
            origin,
            grant: Some(gone),
            page: Some(page),
            prompt: None,
        });
        Ok(Outcome::Later)
    }

    fn known_site(&self, origin: &str) -> Result<(Origin, Grant), RequestError> {
        let origin = Origin::parse(origin).map_err(|_| RequestError::NoSuchSite)?;
        let grant = self.sites.grant(&origin).filter(|grant| !grant.leaving);
        let grant = grant.ok_or(RequestError::NoSuchSite)?.clone();
        Ok((origin, grant))
    }
}

impl Sites {
    /// What pages are shown.
    fn views(&self) -> (Vec<SiteView>, Vec<PromptView>) {
        let known = self.grants.iter().filter(|(_, grant)| !grant.leaving);
        let sites = known.map(|(origin, grant)| self.view(origin, grant));
        let prompts = self.prompts.views(|origin| self.permissions(origin));
        (sites.collect(), prompts)
    }

    fn view(&self, origin: &Origin, grant: &Grant) -> SiteView {
        let mut sessions = self.sessions.values();
        let session = sessions.find(|session| session.origin == *origin);
        let address = session.and_then(|session| session.client.address());
        SiteView {
            origin: origin.to_string(),
            permissions: self.permissions(origin).to_vec(),
            address: address.map(|address| address.to_string()),
            tabs: u32::try_from(self.tabs.using(origin).count()).unwrap_or(u32::MAX),
            connected: session.is_some(),
            used_at: grant.used_at.as_millis(),
        }
    }
}
