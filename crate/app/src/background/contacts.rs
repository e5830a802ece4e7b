//! Whom the user knows: names, safety numbers, and how to write to them.

use sotto_core::{address::Address, envelope::safety_number};

use super::{
    Background,
    pages::Asker,
    requests::{Outcome, parse_address},
};
use crate::{
    conversation::Correspondent,
    limit::MAX_ADDRESS_BYTES,
    name,
    page::{Reply, RequestError, Trust},
};

impl Background {
    /// Gives an address a name, and a place in the list.
    pub(super) fn add_contact(
        &mut self,
        asker: Asker,
        address: &str,
        name: &str,
    ) -> Result<Outcome, RequestError> {
        let address = parse_address(address)?;
        let name = name::checked(name).map_err(RequestError::BadName)?;
        let run = self.run()?;
        let peer = run.peer(Correspondent::Address(address));
        run.know(asker, peer, |about| {
            about.is_contact = true;
            about.meet(peer, &address);
            if name.is_some() {
                about.name = name;
            }
        });
        Ok(Outcome::Later)
    }

    /// Calls a correspondent by another name.
    pub(super) fn rename(
        &mut self,
        asker: Asker,
        conversation: &str,
        name: &str,
    ) -> Result<Outcome, RequestError> {
        let name = name::checked(name).map_err(RequestError::BadName)?;
        let peer = self.known_peer(conversation)?;
        self.run()?.know(asker, peer, |about| about.name = name);
        Ok(Outcome::Later)
    }

    /// The number that both sides see the same.
    pub(super) fn safety_number(&mut self, conversation: &str) -> Result<Outcome, RequestError> {
        let address = self.known_address(conversation)?;
        let own = self.run()?.keys;
        let digits = safety_number(&own, &address.keys());
        Ok(Outcome::Reply(Reply::SafetyNumber { digits }))
    }

    /// The user has compared the safety number, or doubts it. What was compared are the keys in the
    /// conversation's id: whoever has others is somebody else.
    pub(super) fn set_verified(
        &mut self,
        asker: Asker,
        conversation: &str,
        verified: bool,
    ) -> Result<Outcome, RequestError> {
        let peer = Correspondent::Address(self.known_address(conversation)?);
        self.run()?.know(asker, peer, |about| {
            about.trust = match (verified, about.signed) {
                (true, _) => Trust::Verified,
                (false, true) => Trust::Signed,
                (false, false) => Trust::None,
            };
        });
        Ok(Outcome::Later)
    }

    /// Whether a correspondent uses a program other than Sotto.
    pub(super) fn set_plain(
        &mut self,
        asker: Asker,
        conversation: &str,
        plain: bool,
    ) -> Result<Outcome, RequestError> {
        let peer = self.known_peer(conversation)?;
        self.run()?
            .know(asker, peer, |about| about.plain = Some(plain));
        Ok(Outcome::Later)
    }

    /// The other side of a conversation that is there.
    fn known_peer(&mut self, conversation: &str) -> Result<Correspondent, RequestError> {
        let short = Some(conversation).filter(|id| id.len() <= MAX_ADDRESS_BYTES);
        let peer = short.and_then(Correspondent::from_id);
        let peer = peer.ok_or(RequestError::NoSuchConversation)?;
        let run = self.run()?;
        match run.peer(peer) {
            Correspondent::Unknown => Err(RequestError::NoCorrespondent),
            peer if run.timeline.get(&peer.id()).is_some() => Ok(peer),
            _ => Err(RequestError::NoSuchConversation),
        }
    }

    /// The address of a conversation that is there.
    fn known_address(&mut self, conversation: &str) -> Result<Address, RequestError> {
        match self.known_peer(conversation)? {
            Correspondent::Address(address) => Ok(address),
            _ => Err(RequestError::NoAddress),
        }
    }
}
