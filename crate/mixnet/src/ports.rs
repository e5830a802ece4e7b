//! Opening sockets.

use crate::error::MixnetError;
use crate::random;
use rand_core::Rng;
use std::net::{IpAddr, SocketAddr};
use tokio::net::TcpListener;

/// Where free ports are looked for: below those that operating systems hand out to outgoing
/// connections, so that a stopped node finds its port free when it is started again.
const FREE_PORTS: std::ops::Range<u16> = 20_000..32_000;

/// Attempts before the operating system is asked for any port at all.
const ATTEMPTS: usize = 32;

/// Listens on `address`; port 0 takes a free one.
pub(crate) async fn listen(address: SocketAddr) -> Result<TcpListener, MixnetError> {
    if address.port() == 0
        && let Some(listener) = listen_anywhere(address.ip()).await
    {
        return Ok(listener);
    }
    TcpListener::bind(address)
        .await
        .map_err(|error| MixnetError::Listen { address, error })
}

async fn listen_anywhere(ip: IpAddr) -> Option<TcpListener> {
    let mut rng = random::generator().ok()?;
    let count = u32::from(FREE_PORTS.end - FREE_PORTS.start);
    for _ in 0..ATTEMPTS {
        let port = FREE_PORTS.start + u16::try_from(rng.next_u32() % count).ok()?;
        if let Ok(listener) = TcpListener::bind((ip, port)).await {
            return Some(listener);
        }
    }
    None
}

/// The address that a listener got.
pub(crate) fn local_address(listener: &TcpListener) -> Result<SocketAddr, MixnetError> {
    let unspecified = SocketAddr::from(([0, 0, 0, 0], 0));
    listener.local_addr().map_err(|error| MixnetError::Listen {
        address: unspecified,
        error,
    })
}
