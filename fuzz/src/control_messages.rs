//! JSON between client and gateway, either way.

use serde::Serialize;
use serde::de::DeserializeOwned;
use sotto_core::gateway::SharedKey;
use sotto_core::gateway::message::{
    ClientMessage, SensitiveRequest, SensitiveResponse, ServerMessage,
};
use std::fmt::Debug;

pub(crate) fn run(data: &[u8]) -> bool {
    let Ok(text) = std::str::from_utf8(data) else {
        return false;
    };
    let client = ClientMessage::from_json(text);
    if let Ok(ClientMessage::AuthenticateV2(request)) = &client {
        // Nobody but the owner of this key can make a request that it verifies.
        assert!(request.verify(&SharedKey::from_bytes([2; 32])).is_err());
    }
    let server = ServerMessage::from_json(text);
    let request = SensitiveRequest::from_json(text);
    let response = SensitiveResponse::from_json(text);
    reads_back(client) | reads_back(server) | reads_back(request) | reads_back(response)
}

fn reads_back<T, E>(read: Result<T, E>) -> bool
where
    T: Serialize + DeserializeOwned + PartialEq + Debug,
{
    let Ok(message) = read else {
        return false;
    };
    let text = serde_json::to_string(&message).unwrap();
    assert_eq!(serde_json::from_str::<T>(&text).unwrap(), message);
    true
}
