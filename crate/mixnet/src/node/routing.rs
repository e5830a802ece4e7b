//! To whom a node forwards (protocol.md 10.4).

use parking_lot::RwLock;
use std::collections::HashSet;
use std::net::IpAddr;

/// The addresses of all nodes of the network. A mixnet that forwarded to anybody would be an
/// open relay for traffic of whoever can reach it.
#[derive(Debug, Default)]
pub(crate) struct KnownNodes(RwLock<HashSet<IpAddr>>);

impl KnownNodes {
    pub(crate) fn set(&self, addresses: HashSet<IpAddr>) {
        *self.0.write() = addresses;
    }

    /// Whether packets may go to `ip`: a known node, or an address that the internet does not
    /// route (which is what official nodes in testnet mode accept).
    pub(crate) fn allows(&self, ip: IpAddr) -> bool {
        is_local(ip) || self.0.read().contains(&ip)
    }
}

fn is_local(ip: IpAddr) -> bool {
    match ip.to_canonical() {
        IpAddr::V4(ip) => ip.is_loopback() || ip.is_private() || ip.is_link_local(),
        IpAddr::V6(ip) => ip.is_loopback() || ip.is_unique_local() || ip.is_unicast_link_local(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn packets_go_to_local_and_to_known_nodes_only() {
        let known = KnownNodes::default();
        known.set(HashSet::from(["192.0.2.7".parse().unwrap()]));
        let cases = [
            ("127.0.0.1", true),
            ("10.1.2.3", true),
            ("::1", true),
            ("fd00::1", true),
            ("192.0.2.7", true),
            ("192.0.2.8", false),
            ("2001:db8::1", false),
            ("::ffff:8.8.8.8", false),
        ];
        for (ip, allowed) in cases {
            assert_eq!(known.allows(ip.parse().unwrap()), allowed, "{ip}");
        }
    }
}
