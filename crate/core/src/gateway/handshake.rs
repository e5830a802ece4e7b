//! The registration handshake, both sides (protocol.md 8.3).
//!
//! ```text
//! client                                     gateway
//!   identity, ephemeral, salt         (80)  →
//!   ←  (124)  ephemeral, sealed signature
//!   sealed signature                  (92)  →
//!   ←  (1)    accepted or not
//! ```
//! Each signs its own ephemeral key followed by the other's. Sealed is AES-256-GCM-SIV under the
//! key being agreed on, with the nonce behind the ciphertext.

use super::{NONCE_LEN, Nonce, SharedKey};
use crate::crypto::{hkdf_blake3, random_bytes};
use crate::keys::{EncryptionKey, EncryptionSecret, IdentityKey, SigningKey};
use rand_core::CryptoRng;

/// The last message where the gateway accepts.
pub const ACCEPTED: [u8; 1] = [1];
/// The last message where the gateway refuses.
pub const REFUSED: [u8; 1] = [0];

/// Bytes of a signature, sealed: 64 and the tag of 16.
const SEALED_SIGNATURE: usize = 80;

/// Why a handshake fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum HandshakeError {
    /// A message is not as long as it must be.
    #[error("a handshake message has the wrong length")]
    Length,
    /// The client's identity is no key.
    #[error("the client's identity is not a key")]
    Identity,
    /// The signature cannot be decrypted: the sides did not agree on a key.
    #[error("the sides did not agree on a key")]
    Key,
    /// The signature is not of the one expected: someone else answers.
    #[error("the other side is not who it should be")]
    Signature,
    /// The gateway refused at the end.
    #[error("the gateway refused the registration")]
    Refused,
}

/// `own ‖ remote`: what each side signs.
fn signed_bytes(own: &EncryptionKey, remote: &EncryptionKey) -> [u8; 64] {
    let mut bytes = [0; 64];
    let both = own.as_bytes().iter().chain(remote.as_bytes());
    bytes.iter_mut().zip(both).for_each(|(b, k)| *b = *k);
    bytes
}

fn agree(own: &EncryptionSecret, remote: &EncryptionKey, salt: &[u8; 16]) -> SharedKey {
    SharedKey::from_bytes(*hkdf_blake3(salt, own.diffie_hellman(remote).as_slice()))
}

fn seal(key: &SharedKey, nonce: Nonce, signature: &[u8; 64]) -> Vec<u8> {
    [key.encrypt(&nonce, signature).as_slice(), &nonce].concat()
}

/// Decrypts a signature and checks whose it is.
fn check(
    key: &SharedKey,
    sealed: &[u8],
    signer: &IdentityKey,
    signed: &[u8; 64],
) -> Result<(), HandshakeError> {
    let (ciphertext, nonce) = sealed
        .split_first_chunk::<SEALED_SIGNATURE>()
        .ok_or(HandshakeError::Length)?;
    let nonce: Nonce = nonce.try_into().map_err(|_| HandshakeError::Length)?;
    let signature = key
        .decrypt(&nonce, ciphertext)
        .map_err(|_| HandshakeError::Key)?;
    let signature = signature.try_into().map_err(|_| HandshakeError::Length)?;
    if signer.verify(signed, &signature) {
        Ok(())
    } else {
        Err(HandshakeError::Signature)
    }
}

/// The client's side, after its first message.
#[derive(Debug)]
pub struct Initiator {
    signing: SigningKey,
    gateway: IdentityKey,
    ephemeral: EncryptionSecret,
    salt: [u8; 16],
}

/// The client's side, after it has checked the gateway.
#[derive(Debug)]
pub struct Agreed {
    /// The key agreed on. To be stored before the third message leaves.
    pub key: SharedKey,
    /// The third message.
    pub reply: Vec<u8>,
}

impl Initiator {
    /// Begins: the state to keep and the first message.
    pub fn new(
        rng: &mut impl CryptoRng,
        signing: &SigningKey,
        gateway: IdentityKey,
    ) -> (Self, Vec<u8>) {
        let ephemeral = EncryptionSecret::generate(rng);
        let salt = random_bytes(rng);
        let identity = signing.identity_key();
        let public = ephemeral.public_key();
        let first = [identity.as_bytes().as_slice(), public.as_bytes(), &salt].concat();
        (
            Self {
                signing: signing.clone(),
                gateway,
                ephemeral,
                salt,
            },
            first,
        )
    }

    /// Takes the gateway's answer.
    ///
    /// # Errors
    /// [`HandshakeError`] if it is malformed or not of the gateway expected.
    pub fn receive_second(
        self,
        rng: &mut impl CryptoRng,
        message: &[u8],
    ) -> Result<Agreed, HandshakeError> {
        let (remote, sealed) = message.split_first_chunk().ok_or(HandshakeError::Length)?;
        let remote = EncryptionKey::from_bytes(*remote);
        let own = self.ephemeral.public_key();
        let key = agree(&self.ephemeral, &remote, &self.salt);
        check(&key, sealed, &self.gateway, &signed_bytes(&remote, &own))?;
        let signature = self.signing.sign(&signed_bytes(&own, &remote));
        let reply = seal(&key, random_bytes::<NONCE_LEN>(rng), &signature);
        Ok(Agreed { key, reply })
    }
}

/// Reads the gateway's last message.
///
/// # Errors
/// [`HandshakeError::Refused`] unless the gateway accepted.
pub fn receive_fourth(message: &[u8]) -> Result<(), HandshakeError> {
    if message == ACCEPTED {
        Ok(())
    } else {
        Err(HandshakeError::Refused)
    }
}

/// The gateway's side, after its answer.
#[derive(Debug)]
pub struct Responder {
    client: IdentityKey,
    key: SharedKey,
    signed_by_client: [u8; 64],
}

/// A client that has proven its identity.
#[derive(Debug)]
pub struct Registered {
    /// Who it is.
    pub client: IdentityKey,
    /// The key agreed on.
    pub key: SharedKey,
}

impl Responder {
    /// Takes the client's first message: the state to keep and the second message.
    ///
    /// # Errors
    /// [`HandshakeError`] if the message is malformed.
    pub fn receive_first(
        rng: &mut impl CryptoRng,
        signing: &SigningKey,
        message: &[u8],
    ) -> Result<(Self, Vec<u8>), HandshakeError> {
        let (identity, rest) = message.split_first_chunk().ok_or(HandshakeError::Length)?;
        let (remote, salt) = rest.split_first_chunk().ok_or(HandshakeError::Length)?;
        let salt: [u8; 16] = salt.try_into().map_err(|_| HandshakeError::Length)?;
        let client = IdentityKey::from_bytes(*identity).map_err(|_| HandshakeError::Identity)?;
        let remote = EncryptionKey::from_bytes(*remote);
        let ephemeral = EncryptionSecret::generate(rng);
        let own = ephemeral.public_key();
        let key = agree(&ephemeral, &remote, &salt);
        let signature = signing.sign(&signed_bytes(&own, &remote));
        let sealed = seal(&key, random_bytes::<NONCE_LEN>(rng), &signature);
        let answer = [own.as_bytes().as_slice(), &sealed].concat();
        Ok((
            Self {
                client,
                key,
                signed_by_client: signed_bytes(&remote, &own),
            },
            answer,
        ))
    }

    /// Takes the client's proof. Answer [`ACCEPTED`] or [`REFUSED`] accordingly.
    ///
    /// # Errors
    /// [`HandshakeError`] if it proves nothing.
    pub fn receive_third(self, message: &[u8]) -> Result<Registered, HandshakeError> {
        check(&self.key, message, &self.client, &self.signed_by_client)?;
        Ok(Registered {
            client: self.client,
            key: self.key,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand_core::SeedableRng;

    #[test]
    fn both_sides_agree_on_a_key_and_an_impostor_is_noticed() {
        let mut rng = crate::ChaCha20Rng::from_seed([9; 32]);
        let [client, gateway, impostor] = [(); 3].map(|()| SigningKey::generate(&mut rng));
        let (initiator, first) = Initiator::new(&mut rng, &client, gateway.identity_key());
        let (responder, second) = Responder::receive_first(&mut rng, &gateway, &first).unwrap();
        let agreed = initiator.receive_second(&mut rng, &second).unwrap();
        assert_eq!(
            (first.len(), second.len(), agreed.reply.len()),
            (80, 124, 92)
        );
        let registered = responder.receive_third(&agreed.reply).unwrap();
        assert_eq!(registered.client, client.identity_key());
        assert_eq!(registered.key.as_bytes(), agreed.key.as_bytes());

        let (initiator, first) = Initiator::new(&mut rng, &client, gateway.identity_key());
        let (_, second) = Responder::receive_first(&mut rng, &impostor, &first).unwrap();
        let error = initiator.receive_second(&mut rng, &second).unwrap_err();
        assert_eq!(error, HandshakeError::Signature);
    }

    #[test]
    fn messages_of_any_wrong_length_are_refused() {
        let mut rng = crate::ChaCha20Rng::from_seed([9; 32]);
        let signing = SigningKey::generate(&mut rng);
        for len in (0..200).filter(|len| *len != 80) {
            assert!(Responder::receive_first(&mut rng, &signing, &vec![0; len]).is_err());
            let (initiator, _) = Initiator::new(&mut rng, &signing, signing.identity_key());
            assert!(initiator.receive_second(&mut rng, &vec![0; len]).is_err());
        }
        assert_eq!(receive_fourth(&[0]), Err(HandshakeError::Refused));
        assert_eq!(receive_fourth(&[]), Err(HandshakeError::Refused));
    }
}
