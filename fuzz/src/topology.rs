//! The directory's replies.

use crate::seeds;
use crate::source::{Source, rng};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use sotto_core::topology::directory::{KeyRotationInfo, Reply, RewardedSet, SemiSkimmedNode};
use sotto_core::topology::{DirectoryReplies, Topology, WebSocketPolicy};
use std::fmt::Debug;
use std::sync::LazyLock;
use url::Url;

/// What stands between the three replies in one input. JSON never has it.
pub(crate) const BETWEEN: u8 = 0;

/// Begins an input that says what to change of good replies. No JSON begins with it.
pub(crate) const CHANGED: u8 = 1;

static GOOD: LazyLock<Vec<u8>> = LazyLock::new(seeds::directory);

/// Where in the reply about gateways something else may stand.
const PLACES: [&str; 8] = [
    "/nodes/data/0/entry/hostname",
    "/nodes/data/0/ip_addresses",
    "/nodes/data/0/performance",
    "/nodes/data/0/entry/wss_port",
    "/nodes/data/0/entry",
    "/nodes/data/0/role",
    "/nodes/data/0/x25519_sphinx_pubkey",
    "/nodes/data/0/ed25519_identity_pubkey",
];

pub(crate) fn run(data: &[u8]) -> bool {
    match data.split_first() {
        Some((&CHANGED, rest)) => changed(rest),
        _ => raw(data),
    }
}

/// The first seed with one value replaced, by JSON or by text.
fn changed(data: &[u8]) -> bool {
    let mut source = Source::new(data);
    let place = PLACES[usize::from(source.byte()) % PLACES.len()];
    let rest = source.rest();
    let good = GOOD.split(|byte| *byte == BETWEEN).collect::<Vec<_>>();
    let mut gateways: Value = serde_json::from_slice(good[2]).unwrap();
    let value = serde_json::from_slice(rest)
        .unwrap_or_else(|_| Value::from(String::from_utf8_lossy(rest).into_owned()));
    *gateways.pointer_mut(place).unwrap() = value;
    raw(&[good[0], good[1], gateways.to_string().as_bytes()].join(&BETWEEN))
}

fn raw(data: &[u8]) -> bool {
    let mut parts = data.split(|byte| *byte == BETWEEN);
    let mut part = || parts.next().unwrap_or_default();
    let replies = DirectoryReplies {
        rewarded_set: part().to_vec(),
        mixnodes: part().to_vec(),
        entry_gateways: part().to_vec(),
    };
    let served = [
        reads_back::<RewardedSet>(&replies.rewarded_set),
        reads_back::<Reply>(&replies.mixnodes),
        reads_back::<Reply>(&replies.entry_gateways),
        reads_back::<Reply<SemiSkimmedNode>>(&replies.mixnodes),
        reads_back::<KeyRotationInfo>(&replies.rewarded_set),
    ];
    match Topology::from_directory(&replies) {
        Ok(topology) => check(&topology),
        Err(error) => assert!(error.to_string().len() < 2000, "{error}"),
    }
    served.contains(&true)
}

fn reads_back<T: Serialize + DeserializeOwned + PartialEq + Debug>(data: &[u8]) -> bool {
    let Ok(read) = serde_json::from_slice::<T>(data) else {
        return false;
    };
    let text = serde_json::to_string(&read).unwrap();
    assert_eq!(serde_json::from_str::<T>(&text).unwrap(), read);
    true
}

/// Whatever is drawn from it can be used.
fn check(topology: &Topology) {
    let mut rng = rng();
    for policy in [WebSocketPolicy::Any, WebSocketPolicy::SecureOrLoopback] {
        let Some(gateway) = topology.choose_gateway(&mut rng, policy, None) else {
            continue;
        };
        check_url(gateway.url(policy).unwrap(), policy);
        let route = topology.route(&mut rng, &gateway.identity).unwrap();
        assert_eq!(route.len(), 4);
        assert_eq!(route.last(), Some(&gateway.hop));
    }
}

/// A path or a user name in it is nothing that a gateway has to say. What is no address at all, as
/// a number that looks like one, is refused by whoever opens it.
fn check_url(url: &str, policy: WebSocketPolicy) {
    let Ok(read) = Url::parse(url) else {
        let host = url.split('/').nth(2).unwrap_or_default();
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || b".-_:[]".contains(&byte);
        return assert!(host.bytes().all(plain), "{url:?}");
    };
    assert!(matches!(read.scheme(), "ws" | "wss"), "{url:?}");
    assert!(read.has_host() && read.username().is_empty(), "{url:?}");
    assert!(matches!(read.path(), "" | "/"), "{url:?}");
    assert!(
        read.query().is_none() && read.fragment().is_none(),
        "{url:?}"
    );
    if policy == WebSocketPolicy::SecureOrLoopback && read.scheme() == "ws" {
        let host = read.host_str().unwrap_or_default();
        assert!(host.starts_with("127.") || host == "[::1]", "{url:?}");
    }
}
