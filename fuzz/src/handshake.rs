//! The registration handshake, with either side being anybody.

use crate::source::{Source, rng};
use sotto_core::ChaCha20Rng;
use sotto_core::crypto::hkdf_blake3;
use sotto_core::gateway::handshake::{self, ACCEPTED, Initiator, Responder};
use sotto_core::gateway::{NONCE_LEN, SharedKey};
use sotto_core::keys::{EncryptionKey, EncryptionSecret, SigningKey};

/// The keys of an honest client and an honest gateway.
struct Parties {
    rng: ChaCha20Rng,
    client: SigningKey,
    gateway: SigningKey,
}

pub(crate) fn run(data: &[u8]) -> bool {
    let mut rng = rng();
    let [client, gateway] = [(); 2].map(|()| SigningKey::generate(&mut rng));
    let mut parties = Parties {
        rng,
        client,
        gateway,
    };
    let mut source = Source::new(data);
    match source.byte() % 5 {
        0 => parties.any_first(source.rest()),
        1 => parties.changed_second(source.rest()),
        2 => parties.changed_third(source.rest()),
        3 => parties.false_gateway(source),
        _ => parties.raw(source.rest()),
    }
}

/// The message, with the bytes of `changes` added to its own, cut or made longer if they are.
fn changed(message: &[u8], changes: &[u8]) -> Vec<u8> {
    let (len, changes) = changes.split_first().unwrap_or((&0, &[]));
    let mut changed = message.to_vec();
    changed
        .iter_mut()
        .zip(changes)
        .for_each(|(byte, change)| *byte ^= change);
    let beyond = changes.get(message.len()..).unwrap_or_default();
    changed.extend_from_slice(beyond);
    changed.truncate(changed.len() - usize::from(*len).min(changed.len()));
    changed
}

impl Parties {
    /// Anybody can begin; nobody can finish as somebody else.
    fn any_first(&mut self, first: &[u8]) -> bool {
        let Ok((responder, second)) = Responder::receive_first(&mut self.rng, &self.gateway, first)
        else {
            return false;
        };
        assert_eq!((first.len(), second.len()), (80, 124));
        assert!(responder.receive_third(first).is_err());
        true
    }

    /// Nothing between the two can change a bit of the gateway's answer.
    fn changed_second(&mut self, changes: &[u8]) -> bool {
        let identity = self.gateway.identity_key();
        let (initiator, first) = Initiator::new(&mut self.rng, &self.client, identity);
        let (responder, second) =
            Responder::receive_first(&mut self.rng, &self.gateway, &first).unwrap();
        let told = changed(&second, changes);
        let agreed = initiator.receive_second(&mut self.rng, &told);
        assert_eq!(agreed.is_ok(), told == second);
        let Ok(agreed) = agreed else {
            return false;
        };
        let registered = responder.receive_third(&agreed.reply).unwrap();
        assert_eq!(registered.key.as_bytes(), agreed.key.as_bytes());
        true
    }

    /// Nor of the client's.
    fn changed_third(&mut self, changes: &[u8]) -> bool {
        let identity = self.gateway.identity_key();
        let (initiator, first) = Initiator::new(&mut self.rng, &self.client, identity);
        let (responder, second) =
            Responder::receive_first(&mut self.rng, &self.gateway, &first).unwrap();
        let agreed = initiator.receive_second(&mut self.rng, &second).unwrap();
        let told = changed(&agreed.reply, changes);
        let registered = responder.receive_third(&told);
        assert_eq!(registered.is_ok(), told == agreed.reply);
        registered.is_ok()
    }

    /// Someone who agrees on a key properly and then says anything under it is not the gateway.
    fn false_gateway(&mut self, mut source: Source<'_>) -> bool {
        let identity = self.gateway.identity_key();
        let (initiator, first) = Initiator::new(&mut self.rng, &self.client, identity);
        let ephemeral = EncryptionSecret::from_bytes(&source.array());
        let remote: [u8; 32] = first[32..64].try_into().unwrap();
        let shared = ephemeral.diffie_hellman(&EncryptionKey::from_bytes(remote));
        let key = SharedKey::from_bytes(*hkdf_blake3(&first[64..], shared.as_slice()));
        let nonce = [5; NONCE_LEN];
        let sealed = key.encrypt(&nonce, source.rest());
        let second = [
            ephemeral.public_key().as_bytes().as_slice(),
            &sealed,
            &nonce,
        ]
        .concat();
        assert!(initiator.receive_second(&mut self.rng, &second).is_err());
        sealed.len() == 80
    }

    /// Bytes that follow nothing.
    fn raw(&mut self, data: &[u8]) -> bool {
        let identity = self.gateway.identity_key();
        let (initiator, first) = Initiator::new(&mut self.rng, &self.client, identity);
        assert!(initiator.receive_second(&mut self.rng, data).is_err());
        let (responder, _) =
            Responder::receive_first(&mut self.rng, &self.gateway, &first).unwrap();
        assert!(responder.receive_third(data).is_err());
        let accepted = handshake::receive_fourth(data).is_ok();
        assert_eq!(accepted, data == ACCEPTED);
        accepted
    }
}
