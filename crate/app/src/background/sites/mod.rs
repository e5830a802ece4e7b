//! The sites at work.

use sotto_core::time::Time;

use super::{Background, pages::Asker, requests::Outcome};
use crate::{
    page::{Reply, RequestError},
    site::{Permission, Permissions},
};

impl Background {
    pub(super) fn show_sites(&mut self, _asker: Asker) -> Outcome {
        Outcome::Reply(Reply::Sites {
            sites: Vec::new(),
            prompts: Vec::new(),
        })
    }

    pub(super) fn answer_prompt(
        &mut self,
        _now: Time,
        _asker: Asker,
        _prompt: u32,
        _permissions: Vec<Permission>,
    ) -> Result<Outcome, RequestError> {
        Err(RequestError::NoSuchPrompt)
    }

    pub(super) fn set_site_permissions(
        &mut self,
        _now: Time,
        _asker: Asker,
        _origin: &str,
        permissions: Vec<Permission>,
    ) -> Result<Outcome, RequestError> {
        let _: Permissions = permissions.into_iter().collect();
        Err(RequestError::NoSuchSite)
    }

    pub(super) fn forget_site(
        &mut self,
        _now: Time,
        _asker: Asker,
        _origin: &str,
    ) -> Result<Outcome, RequestError> {
        Err(RequestError::NoSuchSite)
    }
}
