//! The gateway's side, honest unless told otherwise.

use super::network::NETWORK;
use sotto_core::ChaCha20Rng;
use sotto_core::gateway::SharedKey;
use sotto_core::gateway::authenticate::AuthenticateRequest;
use sotto_core::gateway::handshake::{ACCEPTED, REFUSED, Registered, Responder};
use sotto_core::gateway::message::{ClientMessage, ServerMessage};
use sotto_core::keys::IdentityKey;
use std::collections::HashMap;

/// What a claim for bandwidth gives, in bytes.
const ALLOWANCE: i64 = 1 << 36;

#[derive(Default)]
pub(super) struct Gateway {
    /// The key and the last timestamp of everybody who is registered.
    clients: HashMap<IdentityKey, (SharedKey, u64)>,
    responder: Option<Responder>,
    proven: Option<Registered>,
    /// The key of the session, once the client has signed in.
    pub(super) session: Option<SharedKey>,
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

impl Gateway {
    /// The websocket is gone, and with it what was under way.
    pub(super) fn hang_up(&mut self) {
        self.responder = None;
        self.proven = None;
        self.session = None;
    }

    pub(super) fn forget_clients(&mut self) {
        self.clients.clear();
    }

    /// Takes the third message as soon as it leaves the client: the key that is agreed on.
    pub(super) fn hear_third(&mut self, data: &[u8]) -> Option<&SharedKey> {
        self.proven = self.responder.take()?.receive_third(data).ok();
        self.proven.as_ref().map(|proven| &proven.key)
    }

    /// What an honest gateway answers.
    pub(super) fn answer(
        &mut self,
        rng: &mut ChaCha20Rng,
        message: ClientMessage,
    ) -> Vec<ServerMessage> {
        match message {
            ClientMessage::SupportedProtocol {} => {
                vec![ServerMessage::SupportedProtocol { version: 6 }]
            }
            ClientMessage::HandshakePayload { data, .. } if data.len() == 80 => {
                self.second(rng, &data)
            }
            ClientMessage::HandshakePayload { .. } => self.fourth(),
            ClientMessage::AuthenticateV2(request) => self.sign_in(&request),
            ClientMessage::ClaimFreeTestnetBandwidth {} => vec![ServerMessage::Bandwidth {
                available_total: ALLOWANCE,
                upgrade_mode: false,
            }],
            other => panic!("a client never says {other:?}"),
        }
    }

    fn second(&mut self, rng: &mut ChaCha20Rng, first: &[u8]) -> Vec<ServerMessage> {
        let (responder, second) = Responder::receive_first(rng, NETWORK.gateway(), first).unwrap();
        self.responder = Some(responder);
        vec![handshake(second)]
    }

    fn fourth(&mut self) -> Vec<ServerMessage> {
        let Some(Registered { client, key }) = self.proven.take() else {
            return vec![handshake(REFUSED.to_vec())];
        };
        self.clients.insert(client, (key.clone(), 0));
        self.session = Some(key);
        let register = ServerMessage::Register {
            protocol_version: 6,
            status: true,
            upgrade_mode: false,
        };
        vec![handshake(ACCEPTED.to_vec()), register]
    }

    fn sign_in(&mut self, request: &AuthenticateRequest) -> Vec<ServerMessage> {
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
        self.session = Some(key.clone());
        vec![ServerMessage::Authenticate {
            protocol_version: 6,
            status: true,
            bandwidth_remaining: 0,
            upgrade_mode: false,
        }]
    }
}
