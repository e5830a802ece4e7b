//! Control messages: JSON in text frames (protocol.md 8.5).

use super::authenticate::AuthenticateRequest;
use serde::{Deserialize, Serialize};

/// What a client says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "camelCase")]
pub enum ClientMessage {
    /// Which protocol version do you speak?
    SupportedProtocol {},
    /// One message of the registration handshake.
    #[serde(alias = "registerHandshakeInitRequest")]
    HandshakePayload {
        /// The client's protocol version.
        #[serde(default)]
        protocol_version: u8,
        /// The message.
        data: Vec<u8>,
    },
    /// The client breaks the registration handshake off.
    HandshakeError {
        /// Why.
        message: String,
    },
    /// I am registered, and prove it.
    #[serde(rename = "authenticateV2")]
    AuthenticateV2(AuthenticateRequest),
    /// Give me the day's free bandwidth.
    ClaimFreeTestnetBandwidth {},
    /// A ticket bought with money. Not made by this client.
    EcashCredential {
        /// The encrypted ticket.
        enc_credential: Vec<u8>,
        /// Its nonce.
        #[serde(alias = "nonce")]
        iv: Vec<u8>,
    },
    /// A token that switches metering off. Not made by this client.
    #[serde(rename = "upgradeModeJWT")]
    UpgradeModeJwt {
        /// The token.
        token: String,
    },
    /// A [`SensitiveRequest`] under the shared key.
    EncryptedRequest {
        /// Its ciphertext.
        ciphertext: Vec<u8>,
        /// Its nonce.
        nonce: Vec<u8>,
    },
    /// Obsolete: authentication without signature.
    Authenticate {},
    /// Obsolete.
    BandwidthCredential {},
    /// Obsolete.
    BandwidthCredentialV2 {},
}

/// What stands encrypted in [`ClientMessage::EncryptedRequest`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum SensitiveRequest {
    /// Delete what you know of me.
    ForgetMe {
        /// Messages and registration.
        client: bool,
        /// Statistics.
        stats: bool,
    },
    /// Keep statistics of me.
    RememberMe {
        /// What kind of client I am.
        session_type: SessionType,
    },
}

/// What kind of client asks to be remembered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "the names say it")]
pub enum SessionType {
    Vpn,
    Mixnet,
    Wasm,
    Native,
    Socks5,
    Unknown,
}

/// What a gateway says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "camelCase")]
pub enum ServerMessage {
    /// I speak this protocol version.
    SupportedProtocol {
        /// The version.
        version: u8,
    },
    /// One message of the registration handshake.
    HandshakePayload {
        /// The gateway's protocol version.
        #[serde(default)]
        protocol_version: u8,
        /// The message.
        data: Vec<u8>,
    },
    /// The gateway breaks the registration handshake off.
    HandshakeError {
        /// Why.
        message: String,
    },
    /// You are registered.
    Register {
        /// The version agreed on.
        #[serde(default)]
        protocol_version: u8,
        /// Whether it worked.
        status: bool,
        /// Whether metering is off.
        #[serde(default)]
        upgrade_mode: bool,
    },
    /// You are who you say.
    Authenticate {
        /// The version agreed on.
        #[serde(default)]
        protocol_version: u8,
        /// Whether it worked.
        status: bool,
        /// Bytes that may still be sent.
        bandwidth_remaining: i64,
        /// Whether metering is off.
        #[serde(default)]
        upgrade_mode: bool,
    },
    /// Your bandwidth after a claim.
    Bandwidth {
        /// Bytes that may still be sent.
        available_total: i64,
        /// Whether metering is off.
        #[serde(default)]
        upgrade_mode: bool,
    },
    /// Your packet was taken.
    Send {
        /// Bytes that may still be sent.
        remaining_bandwidth: i64,
        /// Whether metering is off.
        #[serde(default)]
        upgrade_mode: bool,
    },
    /// A [`SensitiveResponse`] under the shared key.
    EncryptedResponse {
        /// Its ciphertext.
        ciphertext: Vec<u8>,
        /// Its nonce.
        nonce: Vec<u8>,
    },
    /// Something went wrong.
    Error {
        /// What.
        message: String,
    },
    /// Something went wrong that a client can act on.
    TypedError {
        /// What.
        error: TypedError,
    },
}

/// Errors that a client can act on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TypedError {
    /// The packet was dropped, as it costs more than is left.
    OutOfBandwidth {
        /// Bytes that the packet costs.
        required: i64,
        /// Bytes that are left.
        available: i64,
    },
    /// The ticket was spent before.
    TicketReplay,
}

/// What stands encrypted in [`ServerMessage::EncryptedResponse`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum SensitiveResponse {
    /// You are forgotten.
    ForgetMeAck {},
    /// You are remembered.
    RememberMeAck {},
}

/// Text that is no control message.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the text is no control message ({0})")]
pub struct MessageError(String);

macro_rules! json {
    ($($name:ident),+) => {$(
        impl $name {
            /// The text to send.
            pub fn to_json(&self) -> String {
                // These types have no map keys and no failing serializer.
                serde_json::to_string(self).unwrap_or_default()
            }

            /// Reads received text. Unknown fields are ignored.
            ///
            /// # Errors
            /// [`MessageError`] if it is not such a message.
            pub fn from_json(text: &str) -> Result<Self, MessageError> {
                // As bytes, as the topology: one parser for both is 20 KB less of wasm.
                serde_json::from_slice(text.as_bytes()).map_err(|error| MessageError(error.to_string()))
            }
        }
    )+};
}

json!(
    ClientMessage,
    ServerMessage,
    SensitiveRequest,
    SensitiveResponse
);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn control_messages_have_the_official_json() {
        let cases = [
            (
                ClientMessage::SupportedProtocol {}.to_json(),
                r#"{"type":"supportedProtocol"}"#,
            ),
            (
                ClientMessage::HandshakePayload {
                    protocol_version: 6,
                    data: vec![1, 2],
                }
                .to_json(),
                r#"{"type":"handshakePayload","protocol_version":6,"data":[1,2]}"#,
            ),
            (
                ServerMessage::Send {
                    remaining_bandwidth: 5,
                    upgrade_mode: false,
                }
                .to_json(),
                r#"{"type":"send","remaining_bandwidth":5,"upgrade_mode":false}"#,
            ),
            (
                ServerMessage::TypedError {
                    error: TypedError::TicketReplay,
                }
                .to_json(),
                r#"{"type":"typedError","error":"ticket_replay"}"#,
            ),
            (
                SensitiveRequest::ForgetMe {
                    client: true,
                    stats: false,
                }
                .to_json(),
                r#"{"ForgetMe":{"client":true,"stats":false}}"#,
            ),
            (
                SensitiveResponse::ForgetMeAck {}.to_json(),
                r#"{"ForgetMeAck":{}}"#,
            ),
        ];
        for (written, expected) in cases {
            assert_eq!(written, expected);
        }
    }

    #[test]
    fn absent_fields_have_their_defaults_and_unknown_messages_are_errors() {
        let register = ServerMessage::from_json(r#"{"type":"register","status":true,"new":1}"#);
        let expected = ServerMessage::Register {
            protocol_version: 0,
            status: true,
            upgrade_mode: false,
        };
        assert_eq!(register, Ok(expected));
        for text in [
            "",
            "{}",
            "[]",
            r#"{"type":"tomorrow"}"#,
            r#"{"type":"send"}"#,
        ] {
            assert!(ServerMessage::from_json(text).is_err(), "{text}");
        }
    }
}
