//! The line on standard output that says that all is ready and where it is.

use crate::descriptor::{Descriptor, Role};
use serde::Serialize;
use std::net::SocketAddr;

/// A whole mixnet.
#[derive(Clone, Debug, Serialize)]
pub struct Ready {
    /// Always true.
    pub ready: bool,
    /// The base address of the directory.
    pub directory: String,
    /// The base address of the admin endpoint, on loopback.
    pub admin: Option<String>,
    /// All nodes that run in the process.
    pub nodes: Vec<ReadyNode>,
}

/// One node.
#[derive(Clone, Debug, Serialize)]
pub struct ReadyNode {
    /// The directory's number for it; unknown to a node that runs apart.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<u32>,
    /// `mix` or `gateway`.
    pub role: &'static str,
    /// 1 to 3 for a mix.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub layer: Option<u8>,
    /// Where it takes packets from other nodes.
    pub mix_address: SocketAddr,
    /// Where clients connect to a gateway.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub websocket: Option<String>,
    /// Base58.
    pub identity: String,
}

impl ReadyNode {
    pub(crate) fn new(id: Option<u32>, node: &Descriptor) -> Self {
        Self {
            id,
            role: match node.role {
                Role::Mix { .. } => "mix",
                Role::Gateway { .. } => "gateway",
            },
            layer: node.role.layer(),
            mix_address: node.mix_address,
            websocket: node.websocket(),
            identity: node.identity.to_string(),
        }
    }
}

/// The base address of an HTTP server.
pub(crate) fn base_url(address: SocketAddr) -> String {
    format!("http://{address}/")
}
