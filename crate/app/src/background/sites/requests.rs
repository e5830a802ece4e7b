//! What sites ask, and the answers.

use std::time::Duration;

use sotto_core::{
    address::Address,
    client::{MessageId, Recipient},
    envelope::{Content, Envelope as Letter},
    message::SenderTag,
    time::Time,
};

use super::{Waiting, session::Session, tabs::answer};
use crate::{
    background::{Background, PortId, pages::Asker, start::Phase},
    limit::{
        Bucket, MAX_ADDRESS_BYTES, MAX_SITE_BODY_BYTES, MAX_SITE_REQUEST_BYTES, MAX_SITE_SURBS,
        MAX_TAG_BYTES, MAX_WAITING_SITE_REQUESTS, SITE_BURST, SITE_INTERVAL,
    },
    page::{Envelope, RequestError},
    site::{
        self, Origin, Payload, PayloadKind, SiteError, SiteReply, SiteRequest, SiteRequestKind,
    },
    text::sentence,
};

/// How long a request waits for what it needs: an open vault, a client, an address. Less than the
/// page itself waits, so that nothing happens that it was told had failed.
const PATIENCE: Duration = Duration::from_secs(50);

/// What becomes of a request.
pub(super) enum Outcome {
    /// It is answered.
    Reply(SiteReply),
    /// The answer comes later.
    Later,
    /// It is to be asked again when more is there.
    Wait(SiteRequest),
}

impl Background {
    /// Reads a site's message, and answers it or has it wait.
    pub(in crate::background) fn site_message(
        &mut self,
        now: Time,
        port: PortId,
        origin: &Origin,
        message: Result<String, RequestError>,
    ) {
        let envelope = match message.as_deref().map_err(unread) {
            Ok(text) if text.len() <= MAX_SITE_REQUEST_BYTES => {
                Envelope::parse(text).map_err(|error| unread(&error))
            }
            Ok(_) => Err(SiteError::TooLarge),
            Err(error) => Err(error),
        };
        let (asker, request) = match envelope {
            Ok(envelope) => {
                let id = envelope.id;
                (Asker { port, id }, site::parse(&envelope))
            }
            // Without a number to answer to, the answer's number is 0.
            Err(error) => (Asker { port, id: 0 }, Err(error)),
        };
        match request.and_then(|request| self.check_site(now, port, origin, request)) {
            Ok(request) => self.site_request(now, now + PATIENCE, asker, origin, request),
            Err(error) => {
                let error = error.view();
                self.effects
                    .push_back(answer(asker, SiteReply::Error { error }));
            }
        }
    }

    fn check_site(
        &mut self,
        now: Time,
        port: PortId,
        origin: &Origin,
        request: SiteRequest,
    ) -> Result<SiteRequest, SiteError> {
        if !self.sites.tabs.is_open(port) {
            return Err(SiteError::TooManyTabs);
        }
        let bucket = self.sites.buckets.entry(origin.clone());
        let bucket = bucket.or_insert_with(|| Bucket::new(SITE_BURST, SITE_INTERVAL));
        if !bucket.take(now) {
            return Err(SiteError::TooFrequent);
        }
        Ok(request)
    }

    /// Answers a request that may be asked, or keeps it until `until`.
    fn site_request(
        &mut self,
        now: Time,
        until: Time,
        asker: Asker,
        origin: &Origin,
        request: SiteRequest,
    ) {
        let outcome = match self.phase.is_passing() {
            true => Ok(Outcome::Wait(request)),
            false => self.site_outcome(now, asker, origin, request),
        };
        let outcome = outcome.and_then(|outcome| match outcome {
            Outcome::Wait(request) => self.wait_for(until, asker, origin, request),
            other => Ok(other),
        });
        match outcome {
            Ok(Outcome::Reply(reply)) => self.sites.reply(asker, reply, &mut self.effects),
            Ok(_) => {}
            Err(error) => self.sites.refuse(asker, &error, &mut self.effects),
        }
    }

    fn wait_for(
        &mut self,
        until: Time,
        asker: Asker,
        origin: &Origin,
        request: SiteRequest,
    ) -> Result<Outcome, SiteError> {
        if self.sites.waiting.len() >= MAX_WAITING_SITE_REQUESTS {
            return Err(SiteError::TooFrequent);
        }
        self.sites.waiting.push_back(Waiting {
            until,
            asker,
            origin: origin.clone(),
            request,
        });
        Ok(Outcome::Later)
    }

    /// Asks again what waited, as there may be more now; what waited too long is given up.
    pub(in crate::background) fn answer_waiting_sites(&mut self, now: Time) {
        for waiting in std::mem::take(&mut self.sites.waiting) {
            if waiting.until <= now {
                let error = self.why_late(&waiting.origin);
                self.sites.refuse(waiting.asker, &error, &mut self.effects);
            } else {
                let Waiting {
                    until,
                    asker,
                    origin,
                    request,
                } = waiting;
                self.site_request(now, until, asker, &origin, request);
            }
        }
    }

    fn why_late(&mut self, origin: &Origin) -> SiteError {
        let session = self.sites.session(origin);
        let reason = session.and_then(|session| session.connection.1.clone());
        SiteError::Offline(reason.unwrap_or_else(|| "it is still being made.".to_owned()))
    }

    /// Why no site can do anything now.
    pub(super) fn site_closed(&self) -> Option<SiteError> {
        let error = match &self.phase {
            Phase::Running(_) => return None,
            Phase::Failed { error, .. } => error.clone(),
            _ => self.closed().unwrap_or(RequestError::Starting),
        };
        Some(SiteError::Closed(error.code(), error.to_string()))
    }

    fn site_outcome(
        &mut self,
        now: Time,
        asker: Asker,
        origin: &Origin,
        request: SiteRequest,
    ) -> Result<Outcome, SiteError> {
        match request {
            SiteRequest::Permissions {} => Ok(Outcome::Reply(self.permissions_of(origin))),
            SiteRequest::Connect { permissions } => {
                self.connect_site(now, asker, origin, permissions)
            }
            SiteRequest::Disconnect {} => {
                self.sites.set_uses(asker.port, false, &mut self.effects);
                Ok(Outcome::Reply(SiteReply::Ok))
            }
            request => self.with_client(now, asker, origin, request),
        }
    }

    pub(super) fn permissions_of(&self, origin: &Origin) -> SiteReply {
        SiteReply::Permissions {
            permissions: self.sites.permissions(origin).to_vec(),
        }
    }

    /// What takes a permission, and the site's client.
    fn with_client(
        &mut self,
        now: Time,
        asker: Asker,
        origin: &Origin,
        request: SiteRequest,
    ) -> Result<Outcome, SiteError> {
        self.site_closed().map_or(Ok(()), Err)?;
        let kind: SiteRequestKind = request.kind();
        let granted = self.sites.permissions(origin);
        let may = |needed| granted.has(needed);
        if !kind.needs().map_or(!granted.is_empty(), may) {
            return Err(SiteError::Unauthorised);
        }
        self.use_mixnet(now, asker.port, origin);
        let is_full = self.sites.is_full();
        match request {
            SiteRequest::Received { id } => self.taken(asker, origin, &id),
            request => match self.sites.session(origin) {
                Some(session) => session.ask(now, asker, request),
                None if is_full => Err(SiteError::TooManyTabs),
                None => {
                    self.want(origin.clone());
                    Ok(Outcome::Wait(request))
                }
            },
        }
    }

    /// A message is with the site, and is not kept any more.
    fn taken(&mut self, asker: Asker, origin: &Origin, id: &str) -> Result<Outcome, SiteError> {
        let id = message_id(id)?;
        let sites = &mut self.sites;
        let mut sessions = sites.sessions.iter_mut().map(|(_, session)| session);
        let session = sessions.find(|session| session.origin == *origin);
        let taken = session.and_then(|session| {
            let kept = session.inbox.take(id);
            kept.then(|| session.delete_message(id))
        });
        let change = taken.ok_or(SiteError::NoSuchMessage)?;
        let then = super::commits::Then::Taken(asker);
        sites.commits.begin(&mut self.effects, vec![change], then);
        Ok(Outcome::Later)
    }
}

impl Session {
    /// Answers what takes the client.
    fn ask(&mut self, now: Time, asker: Asker, request: SiteRequest) -> Result<Outcome, SiteError> {
        match request {
            SiteRequest::Address {} => Ok(match self.client.address() {
                Some(address) => Outcome::Reply(SiteReply::Address {
                    address: address.to_string(),
                }),
                None => Outcome::Wait(request),
            }),
            SiteRequest::Cancel { id } => {
                let id = message_id(&id)?;
                if !self.queued.contains_key(&id) {
                    return Err(SiteError::NoSuchMessage);
                }
                self.client.cancel(now, id);
                Ok(Outcome::Reply(SiteReply::Ok))
            }
            // Only with an address there is something to sign with.
            SiteRequest::Send {
                anonymous: false,
                plain: false,
                ..
            } if self.client.address().is_none() => Ok(Outcome::Wait(request)),
            SiteRequest::Send {
                to,
                data,
                anonymous,
                surbs,
                plain,
            } => {
                let to = parse_address(&to)?;
                let surbs = check_surbs(surbs, anonymous)?;
                self.send(now, asker, Recipient::Address(to), &data, surbs, plain)
            }
            SiteRequest::Reply { tag, data, plain } => {
                let to = Recipient::Anonymous(parse_tag(&tag)?);
                self.send(now, asker, to, &data, None, plain)
            }
            _ => Err(SiteError::Unknown),
        }
    }

    /// Gives a message to the client. The site is answered when it is on disk.
    fn send(
        &mut self,
        now: Time,
        asker: Asker,
        to: Recipient,
        data: &Payload,
        surbs: Option<u16>,
        plain: bool,
    ) -> Result<Outcome, SiteError> {
        let id = self.client.next_message_id();
        let body = self.body(id, to, surbs, data, plain)?;
        let size = body.len();
        if !self.has_room(size) {
            return Err(SiteError::QueueFull);
        }
        let taken = self.client.send_to(now, id, to, surbs, body);
        taken.map_err(|error| SiteError::Refused {
            code: error.code(),
            message: sentence(&error),
        })?;
        self.queued.insert(id, size);
        self.accepting.insert(id, asker);
        Ok(Outcome::Later)
    }

    /// What travels. What goes to an address without SURBs is signed by the site's identity, unless
    /// nothing is to be put around it.
    fn body(
        &self,
        id: MessageId,
        to: Recipient,
        surbs: Option<u16>,
        data: &Payload,
        plain: bool,
    ) -> Result<Vec<u8>, SiteError> {
        let bytes = data
            .to_bytes()
            .map_err(|error| SiteError::BadParameter("data.malformed", error.to_string()))?;
        if bytes.len() > MAX_SITE_BODY_BYTES {
            return Err(SiteError::TooLarge);
        }
        if plain {
            return Ok(bytes);
        }
        let letter = Letter {
            id,
            wants_receipt: false,
            content: content(data, bytes),
        };
        let body = self.client.write_to(to, surbs, &letter);
        body.map_err(|error| SiteError::Refused {
            code: error.code(),
            message: sentence(&error),
        })
    }
}

fn content(data: &Payload, bytes: Vec<u8>) -> Content {
    match data.kind {
        // Words have at least one letter; a value may be the empty text.
        PayloadKind::Text if data.content.is_empty() => Content::Json("\"\"".to_owned()),
        PayloadKind::Text => Content::Text(data.content.clone()),
        PayloadKind::Json => Content::Json(data.content.clone()),
        PayloadKind::Bytes => Content::Bytes(bytes),
    }
}

/// Why a message could not even be read.
fn unread(error: &RequestError) -> SiteError {
    match error {
        RequestError::TooLarge => SiteError::TooLarge,
        _ => SiteError::Unknown,
    }
}

fn check_surbs(surbs: u16, anonymous: bool) -> Result<Option<u16>, SiteError> {
    match surbs {
        _ if !anonymous => Ok(None),
        1..=MAX_SITE_SURBS => Ok(Some(surbs)),
        _ => Err(SiteError::TooManySurbs),
    }
}

fn parse_address(text: &str) -> Result<Address, SiteError> {
    let short = Some(text.trim()).filter(|text| text.len() <= MAX_ADDRESS_BYTES);
    short.and_then(|text| text.parse().ok()).ok_or_else(|| {
        let message = "This is no Nym address. Copy it again as a whole.".to_owned();
        SiteError::BadParameter("address.malformed", message)
    })
}

fn parse_tag(text: &str) -> Result<SenderTag, SiteError> {
    let short = Some(text).filter(|text| text.len() <= MAX_TAG_BYTES);
    short.and_then(|text| text.parse().ok()).ok_or_else(|| {
        let message = "This is no sender tag. Use that of the message that you answer.".to_owned();
        SiteError::BadParameter("tag.malformed", message)
    })
}

fn message_id(text: &str) -> Result<MessageId, SiteError> {
    text.parse().map_err(|_| SiteError::NoSuchMessage)
}
