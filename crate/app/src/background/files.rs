//! Files in messages.

use sotto_core::{
    envelope::{Attachment, Content, FileName, MAX_FILE_BYTES, MediaType},
    time::Time,
};

use super::{
    Background,
    pages::Asker,
    requests::{Outcome, message_id},
    run::Draft,
    start::Phase,
};
use crate::{
    conversation::Correspondent,
    limit::MAX_ADDRESS_BYTES,
    page::{Reply, RequestError},
};

/// What a page says of a file that it has uploaded.
pub(super) struct FileRequest {
    pub(super) conversation: String,
    pub(super) upload: u32,
    pub(super) name: String,
    pub(super) media_type: String,
    pub(super) anonymous: bool,
}

impl Background {
    /// Sends a file. The upload is over, whatever becomes of it, unless nobody was named.
    pub(super) fn send_file(
        &mut self,
        now: Time,
        asker: Asker,
        file: FileRequest,
    ) -> Result<Outcome, RequestError> {
        let to = self.recipient(&file.conversation)?;
        if self.run()?.is_plain(to) {
            return Err(RequestError::PlainFile);
        }
        let bytes = self.take_upload(asker, file.upload)?;
        if bytes.len() > MAX_FILE_BYTES {
            return Err(RequestError::LargeFile);
        }
        let content = Content::File(Attachment {
            name: FileName::tidy(&file.name),
            media_type: MediaType::tidy(&file.media_type),
            bytes,
        });
        let draft = Draft {
            to,
            content,
            anonymous: file.anonymous,
        };
        self.write(now, asker, draft)
    }

    /// Whom a file is for.
    fn recipient(&mut self, conversation: &str) -> Result<Correspondent, RequestError> {
        let short = Some(conversation).filter(|id| id.len() <= MAX_ADDRESS_BYTES);
        let to = short.and_then(Correspondent::from_id);
        let to = to.ok_or(RequestError::NoSuchConversation)?;
        match self.run()?.peer(to) {
            Correspondent::Unknown => Err(RequestError::NoCorrespondent),
            peer => Ok(peer),
        }
    }

    /// Reads the file of a message, to hand it over to the page.
    pub(super) fn open_file(&mut self, asker: Asker, id: &str) -> Result<Outcome, RequestError> {
        let id = message_id(id)?;
        self.run()?;
        if let Phase::Running(run) = &mut self.phase {
            run.read_file(asker, id, &mut self.effects);
        }
        Ok(Outcome::Later)
    }

    /// Hands over the files that were read.
    pub(super) fn hand_over_files(&mut self, now: Time) {
        let Phase::Running(run) = &mut self.phase else {
            return;
        };
        for (asker, file) in std::mem::take(&mut run.files) {
            let reply = file.and_then(|file| self.offer_file(now, asker, file));
            let reply = reply.unwrap_or_else(|error| Reply::Error {
                error: error.view(),
            });
            self.pages.reply(&mut self.effects, asker, reply);
        }
    }

    fn offer_file(
        &mut self,
        now: Time,
        asker: Asker,
        file: Attachment,
    ) -> Result<Reply, RequestError> {
        let (name, media_type) = (file.name.as_str(), file.media_type.as_str());
        let (name, media_type) = (name.to_owned(), media_type.to_owned());
        self.offer_download(now, asker, name, media_type, file.bytes)
    }
}
