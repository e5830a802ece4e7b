//! What pages ask, and the answers.

use sotto_core::{
    address::Address,
    client::{GatewayChoice, MessageId, MoveError, SendError},
    envelope::Content,
    message::SenderTag,
    time::Time,
};
use zeroize::Zeroizing;

use super::{
    Background, Effect, PortId,
    files::FileRequest,
    pages::{Asker, post},
    run::{Draft, Purpose, Run, Wanted},
    start::Phase,
};
use crate::{
    conversation::Correspondent,
    limit::{MAX_ADDRESS_BYTES, MAX_SEARCH_BYTES, MAX_TAG_BYTES},
    page::{
        ConnectionView, Envelope, Event, GatewaysView, PacketCounts, Reply, Request, RequestError,
        Snapshot, parse,
    },
    sender::SenderClass,
    settings::{CheckedSettings, Settings},
    text::sentence,
    timeline::Side,
};

/// What becomes of a request that was accepted.
#[allow(
    clippy::large_enum_variant,
    reason = "it lives for a moment, and there is one"
)]
pub(super) enum Outcome {
    /// It is answered at once.
    Reply(Reply),
    /// The answer comes later.
    Later,
}

impl Background {
    /// Reads a page's message, and answers it or has it wait.
    pub(super) fn page_message(
        &mut self,
        now: Time,
        port: PortId,
        class: &SenderClass,
        message: Result<String, RequestError>,
    ) {
        // Wiped when dropped, as there may be a passphrase in it.
        let message = message.map(Zeroizing::new);
        let envelope = message
            .as_ref()
            .map(|message| message.as_str())
            .map_err(Clone::clone)
            .and_then(Envelope::parse);
        let envelope = match envelope {
            Ok(envelope) => envelope,
            // Without a number to answer to, the answer's number is 0.
            Err(error) => return self.refuse(Asker { port, id: 0 }, &error),
        };
        let asker = Asker {
            port,
            id: envelope.id,
        };
        match parse(&envelope, class).and_then(|request| self.check_limits(now, port, request)) {
            Ok(request) => self.answer(now, asker, request),
            Err(error) => self.refuse(asker, &error),
        }
    }

    fn check_limits(
        &mut self,
        now: Time,
        port: PortId,
        request: Request,
    ) -> Result<Request, RequestError> {
        if !self.pages.is_open(port) {
            return Err(RequestError::TooManyPages);
        }
        if !self.pages.may_ask(now, &request) {
            return Err(RequestError::TooFrequent);
        }
        Ok(request)
    }

    /// Also a port that is one too many hears why.
    fn refuse(&mut self, asker: Asker, error: &RequestError) {
        self.effects.push_back(post(
            asker,
            Reply::Error {
                error: error.view(),
            },
        ));
    }

    /// Answers a request that may be asked.
    pub(super) fn answer(&mut self, now: Time, asker: Asker, request: Request) {
        if self.phase.is_passing() {
            if let Err(error) = self.pages.wait(asker, request) {
                self.refuse(asker, &error);
            }
            return;
        }
        let kind = request.kind();
        let outcome = self
            .check_stage(kind)
            .and_then(|()| self.outcome(now, asker, request));
        if outcome.is_ok() {
            self.touch(now, kind);
        }
        match outcome {
            Ok(Outcome::Reply(reply)) => self.pages.reply(&mut self.effects, asker, reply),
            Ok(Outcome::Later) => {}
            Err(error) => self.refuse(asker, &error),
        }
        self.drain_client();
    }

    fn outcome(
        &mut self,
        now: Time,
        asker: Asker,
        request: Request,
    ) -> Result<Outcome, RequestError> {
        match request {
            Request::Subscribe {} => Ok(self.subscribe(asker)),
            Request::Send {
                to,
                text,
                anonymous,
            } => self.send(now, asker, &to, text, anonymous),
            Request::Reply { to, text } => self.reply(now, asker, &to, text),
            Request::Seen { id } => self.find(asker, Purpose::See, &id),
            Request::Retry { id } => self.retry(now, &id),
            Request::Cancel { id } => self.cancel(now, &id),
            Request::Message { id } => self.read(asker, &id),
            Request::GatewayChoices {} => self.gateway_choices(),
            Request::ChangeGateway { to } => self.change_gateway(now, &to),
            Request::StayAtGateway {} => {
                self.run()?.client.stay(now);
                Ok(Outcome::Reply(Reply::Ok))
            }
            Request::LeaveGateway { gateway } => self.leave_gateway(now, &gateway),
            Request::Diagnostics {} => self.diagnostics(),
            Request::Settings {} => Ok(Outcome::Reply(Reply::Settings {
                settings: self.settings_view(),
            })),
            Request::SetSettings { settings } => self.set_settings(asker, &settings),
            Request::Begin {
                settings,
                passphrase,
            } => self.begin(asker, &settings, passphrase.as_ref()),
            Request::Unlock { passphrase } => self.unlock(now, &passphrase),
            Request::Lock {} => self.lock(asker),
            Request::SetPassphrase { old, new } => {
                self.set_passphrase(asker, old.as_ref(), new.as_ref())
            }
            Request::ForgetEverything {} => Ok(self.forget_everything(now, asker)),
            Request::ExportBackup { passphrase } => self.export_backup(asker, &passphrase),
            Request::RestoreBackup { upload, passphrase } => {
                self.restore_backup(now, asker, upload, &passphrase)
            }
            Request::UploadPart { upload, data } => {
                self.upload_part(asker, upload, &data).map(Outcome::Reply)
            }
            Request::DropUpload { upload } => Ok(Outcome::Reply(self.drop_upload(asker, upload))),
            Request::DownloadPart { download } => {
                self.download_part(now, asker, download).map(Outcome::Reply)
            }
            Request::AddContact { address, name } => self.add_contact(asker, &address, &name),
            Request::Rename { conversation, name } => self.rename(asker, &conversation, &name),
            Request::SafetyNumber { conversation } => self.safety_number(&conversation),
            Request::SetVerified {
                conversation,
                verified,
            } => self.set_verified(asker, &conversation, verified),
            Request::SetPlain {
                conversation,
                plain,
            } => self.set_plain(asker, &conversation, plain),
            Request::SendFile {
                conversation,
                upload,
                name,
                media_type,
                anonymous,
            } => {
                let file = FileRequest {
                    conversation,
                    upload,
                    name,
                    media_type,
                    anonymous,
                };
                self.send_file(now, asker, file)
            }
            Request::OpenFile { id } => self.open_file(asker, &id),
            Request::Probe {} => {
                self.run()?.probe(asker);
                Ok(Outcome::Later)
            }
            Request::Pause { id } => self.pause(now, &id),
            Request::Resume { id } => self.resume(now, &id),
            Request::Messages {
                conversation,
                before,
                after,
            } => self.messages(asker, conversation, before, after),
            Request::Search {
                text,
                conversation,
                cursor,
            } => self.search(asker, &text, conversation, cursor),
            Request::DeleteMessage { id } => self.find(asker, Purpose::Delete, &id),
            Request::Sites {} => Ok(self.show_sites(asker)),
            Request::AnswerPrompt {
                prompt,
                permissions,
            } => self.answer_prompt(now, asker, prompt, permissions),
            Request::SetSitePermissions {
                origin,
                permissions,
            } => self.set_site_permissions(asker, &origin, permissions),
            Request::ForgetSite { origin } => self.forget_site(now, asker, &origin),
            Request::DeleteConversation { conversation } => {
                self.delete_conversation(asker, conversation)
            }
        }
    }

    fn subscribe(&mut self, asker: Asker) -> Outcome {
        self.pages.subscribe(asker.port);
        self.pages.reply(&mut self.effects, asker, Reply::Ok);
        let message = crate::page::BackgroundMessage::Event {
            event: Event::Snapshot {
                snapshot: Box::new(self.snapshot()),
            },
        };
        self.effects.push_back(Effect::Post {
            port: asker.port,
            message,
        });
        Outcome::Later
    }

    /// The client at work, or why there is none.
    pub(super) fn run(&mut self) -> Result<&mut Run, RequestError> {
        match &mut self.phase {
            Phase::Running(run) => Ok(run),
            Phase::Failed { error, .. } => Err(error.clone()),
            _ => Err(RequestError::Starting),
        }
    }

    fn send(
        &mut self,
        now: Time,
        asker: Asker,
        to: &str,
        text: String,
        anonymous: bool,
    ) -> Result<Outcome, RequestError> {
        let to = parse_address(to)?;
        let run = self.run()?;
        let peer = run.peer(Correspondent::Address(to));
        run.meet(peer, &to);
        let content = Content::Text(text);
        self.write(
            now,
            asker,
            Draft {
                to: peer,
                content,
                anonymous,
            },
        )
    }

    fn reply(
        &mut self,
        now: Time,
        asker: Asker,
        to: &str,
        text: String,
    ) -> Result<Outcome, RequestError> {
        let draft = Draft {
            to: Correspondent::Anonymous(parse_tag(to)?),
            content: Content::Text(text),
            anonymous: false,
        };
        self.write(now, asker, draft)
    }

    /// A message that the client took is answered for, and shown, when it is on disk.
    pub(super) fn write(
        &mut self,
        now: Time,
        asker: Asker,
        draft: Draft,
    ) -> Result<Outcome, RequestError> {
        let conversation = draft.to.id();
        let run = self.run()?;
        let (id, view) = run.write(now, draft)?;
        run.note_unsaved(id, view);
        self.pages.start_accepting(id, asker, conversation);
        Ok(Outcome::Later)
    }

    /// Does something with a message, which may have to be looked for on disk.
    fn find(&mut self, asker: Asker, purpose: Purpose, id: &str) -> Result<Outcome, RequestError> {
        let id = message_id(id)?;
        self.run()?;
        if let Phase::Running(run) = &mut self.phase {
            run.find(asker, purpose, id, &self.pages, &mut self.effects);
        }
        Ok(Outcome::Later)
    }

    fn delete_conversation(
        &mut self,
        asker: Asker,
        conversation: String,
    ) -> Result<Outcome, RequestError> {
        self.run()?.forget(asker, conversation)?;
        Ok(Outcome::Later)
    }

    /// Looks for messages that hold a text.
    fn search(
        &mut self,
        asker: Asker,
        text: &str,
        conversation: Option<String>,
        cursor: Option<String>,
    ) -> Result<Outcome, RequestError> {
        if text.len() > MAX_SEARCH_BYTES {
            return Err(RequestError::TooLarge);
        }
        self.run()?;
        let wanted = Wanted {
            text: text.to_lowercase(),
            conversation,
        };
        if wanted.text.is_empty() {
            let (messages, cursor) = (Vec::new(), None);
            return Ok(Outcome::Reply(Reply::Found { messages, cursor }));
        }
        if let Phase::Running(run) = &mut self.phase {
            run.search(asker, wanted, cursor, &self.pages, &mut self.effects);
        }
        Ok(Outcome::Later)
    }

    /// Messages of a conversation, a page of them.
    fn messages(
        &mut self,
        asker: Asker,
        conversation: String,
        before: Option<String>,
        after: Option<String>,
    ) -> Result<Outcome, RequestError> {
        let beside = match (before, after) {
            (Some(id), _) => Some((Side::Older, message_id(&id)?)),
            (None, Some(id)) => Some((Side::Newer, message_id(&id)?)),
            (None, None) => None,
        };
        self.run()?;
        if let Phase::Running(run) = &mut self.phase {
            run.page(asker, conversation, beside, &self.pages, &mut self.effects);
        }
        Ok(Outcome::Later)
    }

    /// The id of a message that is kept in memory. A text that is no id names none.
    fn known(&mut self, id: &str) -> Result<MessageId, RequestError> {
        let shown = self.run()?.holds(id);
        message_id(id)
            .ok()
            .filter(|_| shown)
            .ok_or(RequestError::NoSuchMessage)
    }

    fn retry(&mut self, now: Time, id: &str) -> Result<Outcome, RequestError> {
        let id = self.known(id)?;
        self.run()?.client.retry(now, id);
        Ok(Outcome::Reply(Reply::Ok))
    }

    fn pause(&mut self, now: Time, id: &str) -> Result<Outcome, RequestError> {
        let id = self.known(id)?;
        self.run()?.client.pause(now, id);
        Ok(Outcome::Reply(Reply::Ok))
    }

    fn resume(&mut self, now: Time, id: &str) -> Result<Outcome, RequestError> {
        let id = self.known(id)?;
        self.run()?.client.resume(now, id);
        Ok(Outcome::Reply(Reply::Ok))
    }

    fn cancel(&mut self, now: Time, id: &str) -> Result<Outcome, RequestError> {
        let id = self.known(id)?;
        self.run()?.client.cancel(now, id);
        Ok(Outcome::Reply(Reply::Ok))
    }

    /// Asks for the whole of a message.
    fn read(&mut self, asker: Asker, id: &str) -> Result<Outcome, RequestError> {
        let id = message_id(id)?;
        self.run()?;
        if let Phase::Running(run) = &mut self.phase {
            run.read_message(asker, id, &mut self.effects);
        }
        Ok(Outcome::Later)
    }

    fn diagnostics(&mut self) -> Result<Outcome, RequestError> {
        let mut packets = PacketCounts::from(self.run()?.client.statistics());
        packets.damaged_records += self.safe.damaged + u64::from(self.run()?.timeline.damaged());
        let bandwidth = self.run()?.client.bandwidth();
        Ok(Outcome::Reply(Reply::Diagnostics { packets, bandwidth }))
    }

    fn change_gateway(&mut self, now: Time, to: &str) -> Result<Outcome, RequestError> {
        let choice = parse_gateway(to)?;
        let moving = self.run()?.client.change_gateway(now, choice);
        moving.map_err(move_refused)?;
        Ok(Outcome::Reply(Reply::Ok))
    }

    fn leave_gateway(&mut self, now: Time, gateway: &str) -> Result<Outcome, RequestError> {
        if let GatewayChoice::Named(gateway) = parse_gateway(gateway)? {
            self.run()?.client.leave_gateway(now, &gateway);
        }
        Ok(Outcome::Reply(Reply::Ok))
    }

    fn gateway_choices(&mut self) -> Result<Outcome, RequestError> {
        let gateways = self.run()?.client.gateways_to_choose_from();
        let gateways = gateways.iter().map(ToString::to_string).collect();
        Ok(Outcome::Reply(Reply::GatewayChoices { gateways }))
    }

    fn set_settings(&mut self, asker: Asker, settings: &Settings) -> Result<Outcome, RequestError> {
        let settings = CheckedSettings::from_view(settings).map_err(RequestError::BadDirectory)?;
        if self.current_settings() == Some(&settings) {
            return Ok(Outcome::Reply(Reply::Ok));
        }
        self.check_disk()?;
        self.change_settings(asker, settings);
        Ok(Outcome::Later)
    }

    fn settings_view(&self) -> Settings {
        self.current_settings()
            .map_or_else(|| CheckedSettings::default().view(), CheckedSettings::view)
    }

    /// All that a page shows.
    pub(super) fn snapshot(&self) -> Snapshot {
        match &self.phase {
            Phase::Running(run) => Snapshot {
                stage: self.stage(),
                address: run.address(),
                connection: run.connection.clone(),
                gateways: run.gateways(),
                topology: run.topology,
                storage: run.storage.clone(),
                conversations: run.conversations(),
                messages: run.history.told(),
                settings: run.settings.view(),
            },
            Phase::Failed { error, retry_at } => self.empty_snapshot(ConnectionView::Offline {
                problem: error.view(),
                retry_at: retry_at.map(Time::as_millis),
            }),
            _ => self.empty_snapshot(self.no_connection()),
        }
    }

    fn empty_snapshot(&self, connection: ConnectionView) -> Snapshot {
        Snapshot {
            stage: self.stage(),
            address: None,
            connection,
            gateways: GatewaysView::default(),
            topology: None,
            storage: None,
            conversations: Vec::new(),
            messages: Vec::new(),
            settings: self.settings_view(),
        }
    }
}

pub(super) fn parse_address(text: &str) -> Result<Address, RequestError> {
    let text = text.trim();
    if text.len() > MAX_ADDRESS_BYTES {
        return Err(RequestError::LongAddress);
    }
    text.parse().map_err(RequestError::BadAddress)
}

/// A text that is no name is the name of no gateway that is listed.
fn parse_gateway(text: &str) -> Result<GatewayChoice, RequestError> {
    let short = Some(text.trim()).filter(|text| text.len() <= MAX_ADDRESS_BYTES);
    let choice = short.and_then(|text| text.parse().ok());
    choice.ok_or_else(|| move_refused(MoveError::NotListed))
}

fn move_refused(error: MoveError) -> RequestError {
    RequestError::Refused {
        code: error.code(),
        message: sentence(&error),
    }
}

/// A text that is no tag names nobody, as does a tag that nobody has.
fn parse_tag(text: &str) -> Result<SenderTag, RequestError> {
    let short = Some(text).filter(|text| text.len() <= MAX_TAG_BYTES);
    let tag = short.and_then(|text| text.parse().ok());
    tag.ok_or_else(|| RequestError::refused(SendError::UnknownCorrespondent))
}

pub(super) fn message_id(text: &str) -> Result<MessageId, RequestError> {
    text.parse().map_err(|_| RequestError::NoSuchMessage)
}
