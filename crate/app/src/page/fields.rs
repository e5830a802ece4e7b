//! How a request is read.
//!
//! Serde reads an enum with a tag inside by keeping everything until the tag is known, with code for
//! each variant twice: more than a tenth of the whole wasm. So the fields of all requests are read as
//! those of one, and each request takes its own. One that is left over was unknown to it.

use serde::Deserialize;

use super::{Request, RequestKind, Typed};
use crate::{settings::Settings, site::Permission};

macro_rules! fields {
    ($($name:ident: $type:ty,)*) => {
        /// The fields that a request may have.
        #[derive(Deserialize)]
        #[serde(rename_all = "camelCase", deny_unknown_fields)]
        pub(super) struct Fields {
            #[serde(rename = "type")]
            kind: RequestKind,
            $($name: Option<$type>,)*
        }

        impl Fields {
            fn is_empty(&self) -> bool {
                true $(&& self.$name.is_none())*
            }
        }
    };
}

fields!(
    to: String,
    text: String,
    anonymous: bool,
    id: String,
    gateway: String,
    settings: Settings,
    passphrase: Typed,
    old: Typed,
    new: Typed,
    upload: u32,
    data: String,
    download: u32,
    address: String,
    name: String,
    conversation: String,
    verified: bool,
    plain: bool,
    media_type: String,
    before: String,
    after: String,
    cursor: String,
    prompt: u32,
    permissions: Vec<Permission>,
    origin: String,
);

/// The fields are not those of the request.
#[derive(Debug, thiserror::Error)]
#[error("not the fields of this request")]
pub(super) struct WrongFields;

impl TryFrom<Fields> for Request {
    type Error = WrongFields;

    fn try_from(mut fields: Fields) -> Result<Self, WrongFields> {
        let request = fields.take().ok_or(WrongFields)?;
        fields.is_empty().then_some(request).ok_or(WrongFields)
    }
}

impl Fields {
    fn take(&mut self) -> Option<Request> {
        Some(match self.kind {
            RequestKind::Subscribe => Request::Subscribe {},
            RequestKind::Send => Request::Send {
                to: self.to.take()?,
                text: self.text.take()?,
                anonymous: self.anonymous.take()?,
            },
            RequestKind::Reply => Request::Reply {
                to: self.to.take()?,
                text: self.text.take()?,
            },
            RequestKind::Seen => Request::Seen {
                id: self.id.take()?,
            },
            RequestKind::Retry => Request::Retry {
                id: self.id.take()?,
            },
            RequestKind::Cancel => Request::Cancel {
                id: self.id.take()?,
            },
            RequestKind::Message => Request::Message {
                id: self.id.take()?,
            },
            RequestKind::GatewayChoices => Request::GatewayChoices {},
            RequestKind::ChangeGateway => Request::ChangeGateway {
                to: self.to.take()?,
            },
            RequestKind::StayAtGateway => Request::StayAtGateway {},
            RequestKind::LeaveGateway => Request::LeaveGateway {
                gateway: self.gateway.take()?,
            },
            RequestKind::Diagnostics => Request::Diagnostics {},
            RequestKind::Settings => Request::Settings {},
            RequestKind::SetSettings => Request::SetSettings {
                settings: self.settings.take()?,
            },
            RequestKind::Begin => Request::Begin {
                settings: self.settings.take()?,
                passphrase: self.passphrase.take(),
            },
            RequestKind::Unlock => Request::Unlock {
                passphrase: self.passphrase.take()?,
            },
            RequestKind::Lock => Request::Lock {},
            RequestKind::SetPassphrase => Request::SetPassphrase {
                old: self.old.take(),
                new: self.new.take(),
            },
            RequestKind::ExportBackup => Request::ExportBackup {
                passphrase: self.passphrase.take()?,
            },
            RequestKind::RestoreBackup => Request::RestoreBackup {
                upload: self.upload.take()?,
                passphrase: self.passphrase.take()?,
            },
            RequestKind::ForgetEverything => Request::ForgetEverything {},
            RequestKind::UploadPart => Request::UploadPart {
                upload: self.upload.take()?,
                data: self.data.take()?,
            },
            RequestKind::DropUpload => Request::DropUpload {
                upload: self.upload.take()?,
            },
            RequestKind::DownloadPart => Request::DownloadPart {
                download: self.download.take()?,
            },
            RequestKind::AddContact => Request::AddContact {
                address: self.address.take()?,
                name: self.name.take()?,
            },
            RequestKind::Rename => Request::Rename {
                conversation: self.conversation.take()?,
                name: self.name.take()?,
            },
            RequestKind::SafetyNumber => Request::SafetyNumber {
                conversation: self.conversation.take()?,
            },
            RequestKind::SetVerified => Request::SetVerified {
                conversation: self.conversation.take()?,
                verified: self.verified.take()?,
            },
            RequestKind::SetPlain => Request::SetPlain {
                conversation: self.conversation.take()?,
                plain: self.plain.take()?,
            },
            RequestKind::SendFile => Request::SendFile {
                conversation: self.conversation.take()?,
                upload: self.upload.take()?,
                name: self.name.take()?,
                media_type: self.media_type.take()?,
                anonymous: self.anonymous.take()?,
            },
            RequestKind::OpenFile => Request::OpenFile {
                id: self.id.take()?,
            },
            RequestKind::Pause => Request::Pause {
                id: self.id.take()?,
            },
            RequestKind::Resume => Request::Resume {
                id: self.id.take()?,
            },
            RequestKind::Probe => Request::Probe {},
            RequestKind::Messages => Request::Messages {
                conversation: self.conversation.take()?,
                before: self.before.take(),
                after: self.after.take(),
            },
            RequestKind::Search => Request::Search {
                text: self.text.take()?,
                conversation: self.conversation.take(),
                cursor: self.cursor.take(),
            },
            RequestKind::DeleteMessage => Request::DeleteMessage {
                id: self.id.take()?,
            },
            RequestKind::DeleteConversation => Request::DeleteConversation {
                conversation: self.conversation.take()?,
            },
            RequestKind::Sites => Request::Sites {},
            RequestKind::AnswerPrompt => Request::AnswerPrompt {
                prompt: self.prompt.take()?,
                permissions: self.permissions.take()?,
            },
            RequestKind::SetSitePermissions => Request::SetSitePermissions {
                origin: self.origin.take()?,
                permissions: self.permissions.take()?,
            },
            RequestKind::ForgetSite => Request::ForgetSite {
                origin: self.origin.take()?,
            },
        })
    }
}
