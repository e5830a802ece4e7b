//! Envelopes: what a client does for them, as only it has the keys and draws the ids.

use super::{Client, MessageId, Recipient};
use crate::address::Address;
use crate::crypto::random_bytes;
use crate::envelope::{Envelope, Opened, ReadError, WriteError};
use crate::keys::PublicKeys;

impl Client {
    /// Draws an id for a message that is to be sent with [`Client::send_with_id`] or one of its
    /// kind, so that the message can name itself.
    pub fn next_message_id(&mut self) -> MessageId {
        MessageId(random_bytes(&mut self.rng))
    }

    /// The public keys of this identity, known before any gateway is.
    pub fn public_keys(&self) -> PublicKeys {
        self.keys.public()
    }

    /// The bytes of an envelope that says, and proves to the owner of `to` alone, that we wrote
    /// it.
    ///
    /// # Errors
    /// [`WriteError`] if the envelope breaks a limit, or we have no address yet.
    pub fn write_signed(&self, to: &Address, envelope: &Envelope) -> Result<Vec<u8>, WriteError> {
        let sender = self.address().ok_or(WriteError::NoAddress)?;
        envelope.write_signed(&sender, &self.keys.signing, &to.keys())
    }

    /// The bytes of an envelope for [`Client::send_to`] with the same `to` and `surbs`: signed if it
    /// goes to an address as ourselves, and else not, as that would say who we are.
    ///
    /// # Errors
    /// As [`Client::write_signed`].
    pub fn write_to(
        &self,
        to: Recipient,
        surbs: Option<u16>,
        envelope: &Envelope,
    ) -> Result<Vec<u8>, WriteError> {
        match (to, surbs) {
            (Recipient::Address(to), None) => self.write_signed(&to, envelope),
            _ => envelope.write(),
        }
    }

    /// Reads the body of a message that came to us; `None` if it is plain.
    pub fn read_envelope(&self, body: &[u8]) -> Option<Result<Opened, ReadError>> {
        Envelope::read(body, &self.public_keys())
    }
}
