//! The gateway's side, honest unless told otherwise.

use super::network::NETWORK;
use sotto_core::ChaCha20Rng;
use sotto_core::gateway::SharedKey;
use sotto_core::gateway::authenticate::AuthenticateRequest;
use sotto_core::gateway::handshake::{ACCEPTED, REFUSED, Registered, Responder};
use sotto_core::gateway::message::{
    ClientMessage, SensitiveRequest, SensitiveResponse, ServerMessage,
};
use sotto_core::keys::IdentityKey;
use std::collections::HashMap;

/// What a claim for bandwidth gives, in bytes.
const ALLOWANCE: i64 = 1 << 36;

/// What a gateway keeps.
#[derive(Default)]
pub(super) struct Gateway {
    /// The key and the last timestamp of everybody who is registered.
    pub(super) clients: HashMap<IdentityKey, (SharedKey, u64)>,
    /// What waits for the client to come back.
    pub(super) stored: Vec<Vec<u8>>,
}

/// One websocket, as its gateway sees it.
#[derive(Default)]
pub(super) struct Session {
    /// Which gateway it leads to.
    pub(super) gateway: usize,
    responder: Option<Responder>,
    proven: Option<Registered>,
    /// The client and the key, once it has signed in.
    pub(super) client: Option<(IdentityKey, SharedKey)>,
}

fn handshake(data: Vec<u8>) -> ServerMessage {
    ServerMessage::HandshakePayload {
        protocol_version: 6,
        data,
    }
}

fn error(words: &str) -> Vec<ServerMessage> {
    let message = words.to_owned();
    vec![ServerMessage::Error { message }]
}

impl Session {
    pub(super) fn with(gateway: usize) -> Self {
        Self {
            gateway,
            ..Self::default()
        }
    }

    /// Takes the third message as soon as it leaves the client: the key that is agreed on.
    pub(super) fn hear_third(&mut self, data: &[u8]) -> Option<&SharedKey> {
        self.proven = self.responder.take()?.receive_third(data).ok();
        self.proven.as_ref().map(|proven| &proven.key)
    }

    fn second(&mut self, rng: &mut ChaCha20Rng, first: &[u8]) -> Vec<ServerMessage> {
        let signing = NETWORK.gateway(self.gateway);
        let (responder, second) = Responder::receive_first(rng, signing, first).unwrap();
        self.responder = Some(responder);
        vec![handshake(second)]
    }
}

impl Gateway {
    /// What an honest gateway answers.
    pub(super) fn answer(
        &mut self,
        rng: &mut ChaCha20Rng,
        session: &mut Session,
        message: ClientMessage,
    ) -> Vec<ServerMessage> {
        match message {
            ClientMessage::SupportedProtocol {} => {
                vec![ServerMessage::SupportedProtocol { version: 6 }]
            }
            ClientMessage::HandshakePayload { data, .. } if data.len() == 80 => {
                session.second(rng, &data)
            }
            ClientMessage::HandshakePayload { .. } => self.fourth(session),
            ClientMessage::AuthenticateV2(request) => self.sign_in(session, &request),
            ClientMessage::ClaimFreeTestnetBandwidth {} => vec![ServerMessage::Bandwidth {
                available_total: ALLOWANCE,
                upgrade_mode: false,
            }],
            ClientMessage::EncryptedRequest { ciphertext, nonce } => {
                self.forget(session, &ciphertext, &nonce)
            }
            other => panic!("a client never says {other:?}"),
        }
    }

    fn fourth(&mut self, session: &mut Session) -> Vec<ServerMessage> {
        let Some(Registered { client, key }) = session.proven.take() else {
            return vec![handshake(REFUSED.to_vec())];
        };
        self.clients.insert(client, (key.clone(), 0));
        session.client = Some((client, key));
        let register = ServerMessage::Register {
            protocol_version: 6,
            status: true,
            upgrade_mode: false,
        };
        vec![handshake(ACCEPTED.to_vec()), register]
    }

    fn sign_in(
        &mut self,
        session: &mut Session,
        request: &AuthenticateRequest,
    ) -> Vec<ServerMessage> {
        let Some((key, last)) = self.clients.get_mut(&request.client_identity) else {
            return error("the client is not registered");
        };
        if request.verify(key).is_err() {
            return error("wrong key");
        }
        if request.request_unix_timestamp <= *last {
            return error("the timestamp was used before");
        }
        *last = request.request_unix_timestamp;
        session.client = Some((request.client_identity, key.clone()));
        vec![ServerMessage::Authenticate {
            protocol_version: 6,
            status: true,
            bandwidth_remaining: 0,
            upgrade_mode: false,
        }]
    }

    /// Forgets a client that asks for it, and says so.
    fn forget(&mut self, session: &Session, ciphertext: &[u8], nonce: &[u8]) -> Vec<ServerMessage> {
        let Some((client, key)) = &session.client else {
            return Vec::new();
        };
        let plaintext = key.decrypt(&nonce.try_into().unwrap(), ciphertext).unwrap();
        let text = String::from_utf8(plaintext).unwrap();
        let SensitiveRequest::ForgetMe { .. } = SensitiveRequest::from_json(&text).unwrap() else {
            panic!("a client never says {text}");
        };
        self.clients.remove(client);
        let answer = SensitiveResponse::ForgetMeAck {}.to_json();
        vec![ServerMessage::EncryptedResponse {
            ciphertext: key.encrypt(&[9; 12], answer.as_bytes()),
            nonce: vec![9; 12],
        }]
    }
}
