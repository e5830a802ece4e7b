//! How a request of a site is read: see `page/fields.rs` for why all share their fields.

use serde::Deserialize;

use super::{Payload, Permission, SiteRequest, SiteRequestKind};

/// The fields that a request may have.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Fields {
    #[serde(rename = "type")]
    kind: SiteRequestKind,
    permissions: Option<Vec<Permission>>,
    to: Option<String>,
    tag: Option<String>,
    data: Option<Payload>,
    anonymous: Option<bool>,
    surbs: Option<u16>,
    plain: Option<bool>,
    id: Option<String>,
}

/// The fields are not those of the request.
#[derive(Debug, thiserror::Error)]
#[error("not the fields of this request")]
pub(super) struct WrongFields;

impl TryFrom<Fields> for SiteRequest {
    type Error = WrongFields;

    fn try_from(mut fields: Fields) -> Result<Self, WrongFields> {
        let request = fields.take().ok_or(WrongFields)?;
        fields.is_empty().then_some(request).ok_or(WrongFields)
    }
}

impl Fields {
    fn take(&mut self) -> Option<SiteRequest> {
        Some(match self.kind {
            SiteRequestKind::Connect => SiteRequest::Connect {
                permissions: self.permissions.take()?,
            },
            SiteRequestKind::Permissions => SiteRequest::Permissions {},
            SiteRequestKind::Disconnect => SiteRequest::Disconnect {},
            SiteRequestKind::Address => SiteRequest::Address {},
            SiteRequestKind::Send => SiteRequest::Send {
                to: self.to.take()?,
                data: self.data.take()?,
                anonymous: self.anonymous.take()?,
                surbs: self.surbs.take()?,
                plain: self.plain.take()?,
            },
            SiteRequestKind::Reply => SiteRequest::Reply {
                tag: self.tag.take()?,
                data: self.data.take()?,
                plain: self.plain.take()?,
            },
            SiteRequestKind::Cancel => SiteRequest::Cancel {
                id: self.id.take()?,
            },
            SiteRequestKind::Received => SiteRequest::Received {
                id: self.id.take()?,
            },
        })
    }

    fn is_empty(&self) -> bool {
        self.permissions.is_none()
            && self.to.is_none()
            && self.tag.is_none()
            && self.data.is_none()
            && self.anonymous.is_none()
            && self.surbs.is_none()
            && self.plain.is_none()
            && self.id.is_none()
    }
}
