//! What sites ask of the user, until there is an answer.

use sotto_core::time::Time;

use crate::{
    background::pages::Asker,
    limit::PROMPT_PATIENCE,
    page::PromptView,
    site::{Origin, Permissions},
};

/// The most questions that are open at once, each of another site.
const MAX_PROMPTS: usize = 16;

/// A question that waits for its answer.
#[derive(Debug)]
pub(super) struct Prompt {
    pub(super) id: u32,
    pub(super) origin: Origin,
    pub(super) asked: Permissions,
    pub(super) asker: Asker,
    until: Time,
}

/// All questions, the oldest first. At most one of a site.
#[derive(Debug, Default)]
pub(super) struct Prompts {
    open: Vec<Prompt>,
    last: u32,
}

impl Prompts {
    /// Whether a site's question is open.
    pub(super) fn has(&self, origin: &Origin) -> bool {
        self.open.iter().any(|prompt| prompt.origin == *origin)
    }

    pub(super) fn is_full(&self) -> bool {
        self.open.len() >= MAX_PROMPTS
    }

    pub(super) fn add(&mut self, now: Time, origin: Origin, asked: Permissions, asker: Asker) {
        self.last = self.last.wrapping_add(1);
        self.open.push(Prompt {
            id: self.last,
            origin,
            asked,
            asker,
            until: now + PROMPT_PATIENCE,
        });
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &Prompt> {
        self.open.iter()
    }

    pub(super) fn get(&self, id: u32) -> Option<&Prompt> {
        self.open.iter().find(|prompt| prompt.id == id)
    }

    pub(super) fn take(&mut self, id: u32) -> Option<Prompt> {
        let place = self.open.iter().position(|prompt| prompt.id == id)?;
        Some(self.open.remove(place))
    }

    /// Those for which `wanted` holds.
    pub(super) fn take_those(&mut self, mut wanted: impl FnMut(&Prompt) -> bool) -> Vec<Prompt> {
        self.open.extract_if(.., |prompt| wanted(prompt)).collect()
    }

    /// Those that nobody answered in time.
    pub(super) fn take_expired(&mut self, now: Time) -> Vec<Prompt> {
        self.take_those(|prompt| prompt.until <= now)
    }

    pub(super) fn deadline(&self) -> Option<Time> {
        self.open.iter().map(|prompt| prompt.until).min()
    }

    /// For pages. `granted` says what a site may do already.
    pub(super) fn views(&self, granted: impl Fn(&Origin) -> Permissions) -> Vec<PromptView> {
        let view = |prompt: &Prompt| {
            let granted = granted(&prompt.origin);
            let missing = prompt.asked.iter().filter(|one| !granted.has(*one));
            PromptView {
                id: prompt.id,
                origin: prompt.origin.to_string(),
                asked: missing.collect(),
                granted: granted.to_vec(),
            }
        };
        self.open.iter().map(view).collect()
    }
}
