//! Opening sockets.

use crate::error::MixnetError;
use crate::random;
use rand_core::Rng;
use std::net::{IpAddr, Ipv6Addr, SocketAddr};
use std::time::Duration;
use tokio::net::{TcpListener, TcpStream};

/// Where free ports are looked for: below those that operating systems hand out to outgoing
/// connections, so that a stopped node finds its port free when it is started again.
const FREE_PORTS: std::ops::Range<u16> = 20_000..32_000;

/// Attempts before the operating system is asked for any port at all.
const ATTEMPTS: usize = 32;

/// Between two attempts to accept after a failure.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

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

/// Whether this machine has an IPv6 loopback.
pub(crate) async fn has_ipv6() -> bool {
    TcpListener::bind((Ipv6Addr::LOCALHOST, 0)).await.is_ok()
}

/// The next connection. Errors of one connection are the peer's; when the process is out of
/// sockets a moment's wait lets some be closed.
pub(crate) async fn accept(listener: &TcpListener) -> TcpStream {
    loop {
        match listener.accept().await {
            Ok((stream, _)) => return stream,
            Err(error) => {
                tracing::debug!(%error, "cannot accept a connection");
                tokio::time::sleep(ACCEPT_PAUSE).await;
            }
        }
    }
}

/// The address that a listener got.
pub(crate) fn local_address(listener: &TcpListener) -> Result<SocketAddr, MixnetError> {
    let unspecified = SocketAddr::from(([0, 0, 0, 0], 0));
    listener.local_addr().map_err(|error| MixnetError::Listen {
        address: unspecified,
        error,
    })
}
