//! Asking the user, and what the answer changes.

use sotto_core::time::Time;

use super::{
    commits::{Known, Then},
    prompts::Prompt,
    requests::Outcome,
};
use crate::{
    background::{
        Background,
        effect::{Change, Effect, PortId, Table},
        pages::Asker,
        start::Phase,
    },
    page::RequestError,
    site::{Grant, Origin, Permission, Permissions, SiteError, SiteEvent, SiteId, SiteRequest},
};
use rand_core::Rng as _;

/// The most sites that are remembered for nothing but that the user said no.
const MAX_REFUSED: usize = 200;

impl Background {
    /// A site wants to use the mixnet: it may, or the user is asked.
    pub(super) fn connect_site(
        &mut self,
        now: Time,
        asker: Asker,
        origin: &Origin,
        permissions: Vec<Permission>,
    ) -> Result<Outcome, SiteError> {
        let asked: Permissions = permissions.iter().copied().collect();
        if asked.is_empty() {
            let message = "Say what for: send, receive, reply.".to_owned();
            return Err(SiteError::BadParameter("permissions.none", message));
        }
        // Only the vault knows what was answered before, so a locked one has to be opened for it.
        if !matches!(self.phase, Phase::Locked) {
            self.site_closed().map_or(Ok(()), Err)?;
        }
        if self.sites.permissions(origin).has_all(asked) {
            self.use_mixnet(now, asker.port, origin);
            return Ok(Outcome::Reply(self.permissions_of(origin)));
        }
        if self.sites.grant(origin).is_some_and(|grant| grant.leaving) {
            // It is asked again once the site is forgotten.
            return Ok(Outcome::Wait(SiteRequest::Connect { permissions }));
        }
        self.prompt(now, asker, origin, asked)?;
        Ok(Outcome::Later)
    }

    fn prompt(
        &mut self,
        now: Time,
        asker: Asker,
        origin: &Origin,
        asked: Permissions,
    ) -> Result<(), SiteError> {
        let sites = &mut self.sites;
        if sites.prompts.has(origin) || sites.commits.is_answering(origin) {
            return Err(SiteError::PromptPending);
        }
        if sites.prompts.is_full() {
            return Err(SiteError::TooFrequent);
        }
        let known = sites
            .grant(origin)
            .or(sites.refused_while_locked.get(origin));
        if known.is_some_and(|grant| !grant.may_ask(now)) {
            return Err(SiteError::AskedTooSoon);
        }
        sites.prompts.add(now, origin.clone(), asked, asker);
        self.effects.push_back(Effect::OpenApproval);
        Ok(())
    }

    /// The vault is open: questions that were answered before need no other answer.
    pub(super) fn settle_prompts(&mut self, now: Time) {
        let sites = &self.sites;
        let mut settled = Vec::new();
        let may: Vec<u32> = {
            let granted = |prompt: &Prompt| sites.permissions(&prompt.origin).has_all(prompt.asked);
            sites
                .prompts
                .iter()
                .filter(|prompt| granted(prompt))
                .map(|prompt| prompt.id)
                .collect()
        };
        for id in may {
            settled.extend(self.sites.prompts.take(id));
        }
        for Prompt { origin, asker, .. } in settled {
            self.use_mixnet(now, asker.port, &origin);
            let reply = self.permissions_of(&origin);
            self.sites.reply(asker, reply, &mut self.effects);
        }
    }

    /// The user answers a question.
    pub(in crate::background) fn answer_prompt(
        &mut self,
        now: Time,
        page: Asker,
        prompt: u32,
        permissions: Vec<Permission>,
    ) -> Result<crate::background::requests::Outcome, RequestError> {
        let asked = self.sites.prompts.get(prompt).map(|prompt| prompt.asked);
        let asked = asked.ok_or(RequestError::NoSuchPrompt)?;
        let allowed: Permissions = permissions.into_iter().collect();
        let allowed = allowed.within(asked);
        let prompt = self.sites.prompts.take(prompt);
        let prompt = prompt.ok_or(RequestError::NoSuchPrompt)?;
        let grant = self.grant_of(now, &prompt.origin);
        let grant = match allowed.is_empty() {
            true => grant.refused(now),
            false => grant.allowed(now, allowed),
        };
        self.change_grant(Known {
            origin: prompt.origin.clone(),
            grant: Some(grant),
            page: Some(page),
            prompt: Some(prompt),
        });
        Ok(crate::background::requests::Outcome::Later)
    }

    /// The page with the questions was closed, or nobody answered in time: that is a no.
    pub(super) fn refuse_prompts(&mut self, now: Time, prompts: Vec<Prompt>, error: &SiteError) {
        for Prompt { origin, asker, .. } in prompts {
            self.sites.refuse(asker, error, &mut self.effects);
            let grant = self.grant_of(now, &origin).refused(now);
            if !matches!(self.phase, Phase::Running(_)) {
                // Nothing can be written now. Until the worker ends it is remembered all the same.
                self.sites.remember_while_locked(origin, grant);
                continue;
            }
            self.change_grant(Known {
                origin,
                grant: Some(grant),
                page: None,
                prompt: None,
            });
        }
    }

    /// Closing the last page with the questions is an answer to all of them, also if it had to wait
    /// for a locked vault and could not show them. `asked` says whether it was such a page.
    pub(in crate::background) fn viewer_closed(&mut self, now: Time, port: PortId, asked: bool) {
        self.sites.viewers.remove(&port);
        if asked && self.approval_pages.is_empty() {
            let prompts = self.sites.prompts.take_those(|_| true);
            self.refuse_prompts(now, prompts, &SiteError::Rejected);
        }
    }

    /// What is known of a site, or is from now on.
    fn grant_of(&mut self, now: Time, origin: &Origin) -> Grant {
        let sites = &self.sites;
        let known = sites
            .grant(origin)
            .or(sites.refused_while_locked.get(origin));
        known.cloned().unwrap_or_else(|| {
            let mut id = SiteId::default();
            self.safe.rng.fill_bytes(&mut id);
            Grant::new(id, now)
        })
    }

    /// Writes down what is known of a site. What it was allowed counts when that is on disk.
    pub(super) fn change_grant(&mut self, known: Known) {
        let sites = &mut self.sites;
        sites.refused_while_locked.remove(&known.origin);
        let mut changes = vec![change(&known.origin, known.grant.as_ref())];
        sites
            .planned
            .insert(known.origin.clone(), known.grant.clone());
        if let Some(oldest) = sites.refused_too_long_ago(&known.origin) {
            changes.push(change(&oldest, None));
            sites.grants.remove(&oldest);
        }
        let then = Then::Known(Box::new(known));
        sites.commits.begin(&mut self.effects, changes, then);
    }

    /// What is known of a site is on disk.
    pub(super) fn grant_known(&mut self, now: Time, known: Known) {
        // What was taken back has not counted since it was planned; the site hears of it now.
        let before = self.sites.grants.get(&known.origin);
        let before = before.map(|grant| grant.permissions).unwrap_or_default();
        self.sites.forget_plan(&known);
        let Known {
            origin,
            grant,
            page,
            prompt,
        } = known;
        match grant {
            Some(grant) => self.sites.grants.insert(origin.clone(), grant),
            None => self.sites.grants.remove(&origin),
        };
        if let Some(page) = page {
            self.pages
                .reply(&mut self.effects, page, crate::page::Reply::Ok);
        }
        let after = self.sites.permissions(&origin);
        if before != after {
            let permissions = after.to_vec();
            self.sites.tell(
                &origin,
                &SiteEvent::Permissions { permissions },
                &mut self.effects,
            );
        }
        self.follow(now, &origin, before, after);
        if let Some(prompt) = prompt {
            self.tell_answer(now, &prompt, before);
        }
        if self.sites.grant(&origin).is_none() {
            // Who asked while it was being forgotten is a stranger now.
            self.answer_waiting_sites(now);
        }
    }

    /// Does what follows from other permissions.
    fn follow(&mut self, now: Time, origin: &Origin, before: Permissions, after: Permissions) {
        let gained = |one| after.has(one) && !before.has(one);
        let sends = after.has(Permission::Send) || after.has(Permission::Reply);
        if gained(Permission::Receive) {
            self.tell_kept(origin);
        }
        if !sends && let Some(session) = self.sites.session(origin) {
            session.cancel_all(now);
        }
        if after.is_empty() {
            self.sites.release(origin, &mut self.effects);
        }
    }

    /// Tells a site what the user said.
    fn tell_answer(&mut self, now: Time, prompt: &Prompt, before: Permissions) {
        let after = self.sites.permissions(&prompt.origin);
        if after.within(prompt.asked).is_empty() || after == before {
            return self
                .sites
                .refuse(prompt.asker, &SiteError::Rejected, &mut self.effects);
        }
        self.use_mixnet(now, prompt.asker.port, &prompt.origin);
        let reply = self.permissions_of(&prompt.origin);
        self.sites.reply(prompt.asker, reply, &mut self.effects);
    }

    /// What is known of a site could not be written: it is as it was.
    pub(super) fn grant_not_known(&mut self, known: &Known, reason: &str) {
        self.sites.forget_plan(known);
        if let Some(page) = known.page {
            let error = RequestError::Storage(reason.to_owned()).view();
            self.pages
                .reply(&mut self.effects, page, crate::page::Reply::Error { error });
        }
        if let Some(prompt) = &known.prompt {
            let error = SiteError::Storage(reason.to_owned());
            self.sites.refuse(prompt.asker, &error, &mut self.effects);
        }
    }
}

impl super::Sites {
    /// What was planned of a site has happened or cannot; what was planned since then stays.
    fn forget_plan(&mut self, known: &Known) {
        if self.planned.get(&known.origin) == Some(&known.grant) {
            self.planned.remove(&known.origin);
        }
    }

    /// Keeps in mind that the user said no, while it cannot be written.
    fn remember_while_locked(&mut self, origin: Origin, grant: Grant) {
        self.refused_while_locked.insert(origin, grant);
        if self.refused_while_locked.len() > MAX_REFUSED {
            let all = self.refused_while_locked.iter();
            let oldest = all.min_by_key(|(_, grant)| grant.refused_at);
            let oldest = oldest.map(|(origin, _)| origin.clone());
            oldest.map(|origin| self.refused_while_locked.remove(&origin));
        }
    }

    /// A site that is remembered for a refusal alone, if there are too many: the oldest but `other`.
    fn refused_too_long_ago(&self, other: &Origin) -> Option<Origin> {
        let only_refused = |origin: &Origin, grant: &Grant| {
            let nothing = grant.permissions.is_empty() && !grant.leaving;
            origin != other && nothing && grant.refusals > 0
        };
        let all = self.grants.iter();
        let refused = all.filter(|(origin, grant)| only_refused(origin, grant));
        if refused.clone().count() <= MAX_REFUSED {
            return None;
        }
        let oldest = refused.min_by_key(|(_, grant)| grant.refused_at);
        oldest.map(|(origin, _)| origin.clone())
    }
}

fn change(origin: &Origin, grant: Option<&Grant>) -> Change {
    let (table, key) = (Table::SiteGrant, origin.as_str().as_bytes().to_vec());
    match grant {
        Some(grant) => Change::Put {
            table,
            key,
            value: grant.to_record(),
        },
        None => Change::Delete { table, key },
    }
}
