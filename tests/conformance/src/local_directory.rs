//! Every path of the local mixnet's directory, as it is served, read into the official types.

use nym_api_requests::NymNetworkDetailsV1Response;
use nym_api_requests::models::described::v1::NymNodeDescriptionV1;
use nym_api_requests::models::described::v2::NymNodeDescriptionV2;
use nym_api_requests::models::{
    ApiHealthResponse, BinaryBuildInformationOwned, KeyRotationInfoResponse, NodeRefreshBody,
    RewardedSetResponse,
};
use nym_api_requests::nym_nodes::{
    NodeRole, NodesByAddressesRequestBody, NodesByAddressesResponse,
    PaginatedCachedNodesResponseV2, SemiSkimmedNodeV1, SemiSkimmedNodeV3, SkimmedNodeV1,
};
use nym_api_requests::pagination::PaginatedResponse;
use nym_crypto::asymmetric::{ed25519, x25519};
use nym_node_requests::api::SignedData;
use nym_node_requests::api::v1::node::models::{HostInformation, HostKeys, SphinxKey};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::json;
use sotto_mixnet::{Loopback, Mixnet, Options};
use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

/// Mixes 1 to 3 and gateway 4, in rotations so short that there is always an announced key or
/// the one before.
fn options() -> Options {
    Options {
        mixes_per_layer: 1,
        gateways: 1,
        rotation_epochs: 2,
        loopback: Loopback::V4,
        ..Options::on_free_ports()
    }
}

async fn mixnet() -> Mixnet {
    Mixnet::start(options()).await.unwrap()
}

async fn get<T: DeserializeOwned + Send + 'static>(mixnet: &Mixnet, path: &str) -> T {
    let url = format!("{}{path}", mixnet.directory_url());
    let fetch = move || {
        ureq::get(&url)
            .call()
            .unwrap()
            .body_mut()
            .read_to_vec()
            .unwrap()
    };
    let bytes = tokio::task::spawn_blocking(fetch).await.unwrap();
    let text = String::from_utf8_lossy(&bytes);
    serde_json::from_slice(&bytes).unwrap_or_else(|error| panic!("{path}: {error}: {text}"))
}

async fn post<T: DeserializeOwned + Send + 'static>(
    mixnet: &Mixnet,
    path: &str,
    body: impl Serialize + Send + 'static,
) -> T {
    let url = format!("{}{path}", mixnet.directory_url());
    let ask = move || {
        ureq::post(&url)
            .send_json(body)
            .unwrap()
            .body_mut()
            .read_to_vec()
            .unwrap()
    };
    let bytes = tokio::task::spawn_blocking(ask).await.unwrap();
    serde_json::from_slice(&bytes).unwrap()
}

type Skimmed = PaginatedCachedNodesResponseV2<SkimmedNodeV1>;

#[tokio::test]
async fn lists_of_nodes_are_read_and_agree_with_each_other() {
    let mixnet = mixnet().await;
    let skimmed = "v2/unstable/nym-nodes/skimmed";
    let all: Skimmed = get(&mixnet, &format!("{skimmed}?page=0&output=bincode")).await;
    let mixes: Skimmed = get(&mixnet, &format!("{skimmed}/mixnodes/active?page=0")).await;
    let gateways: Skimmed = get(&mixnet, &format!("{skimmed}/entry-gateways?page=0")).await;
    let semi: PaginatedCachedNodesResponseV2<SemiSkimmedNodeV1> =
        get(&mixnet, "v2/unstable/nym-nodes/semi-skimmed?page=0").await;
    let newer: PaginatedCachedNodesResponseV2<SemiSkimmedNodeV3> =
        get(&mixnet, "v3/unstable/nym-nodes/semi-skimmed").await;
    assert!(all.metadata.consistency_check(&mixes.metadata));
    assert!(all.metadata.consistency_check(&gateways.metadata));
    let value = |node: &SkimmedNodeV1| serde_json::to_value(node).unwrap();
    let parts: Vec<_> = mixes
        .nodes
        .data
        .iter()
        .chain(&gateways.nodes.data)
        .map(value)
        .collect();
    let whole: Vec<_> = all.nodes.data.iter().map(value).collect();
    assert_eq!(whole.len(), 4);
    assert_eq!(parts, whole);
    assert_eq!(
        semi.nodes
            .data
            .iter()
            .map(|node| value(&node.basic))
            .collect::<Vec<_>>(),
        whole
    );
    assert_eq!(
        newer
            .nodes
            .data
            .iter()
            .map(|node| value(&node.basic))
            .collect::<Vec<_>>(),
        whole
    );
    let rewarded: RewardedSetResponse = get(&mixnet, "v1/nym-nodes/rewarded-set").await;
    assert_eq!(rewarded.epoch_id, all.metadata.absolute_epoch_id);
    let info: KeyRotationInfoResponse = get(&mixnet, "v1/epoch/key-rotation-info").await;
    assert_eq!(
        info.details.current_key_rotation_id(),
        all.metadata.rotation_id
    );
    assert!(!info.details.is_epoch_stuck());
    mixnet.shutdown().await;
}

/// From the description of a node an official directory makes its entry: it is the one we serve,
/// in this rotation and, from the announced key, in the next.
#[tokio::test]
async fn the_official_entry_of_a_described_node_is_ours() {
    let mixnet = mixnet().await;
    let mut announced: HashMap<u32, String> = HashMap::new();
    for _ in 0..4 {
        let all: Skimmed = get(&mixnet, "v2/unstable/nym-nodes/skimmed").await;
        let v1: PaginatedResponse<NymNodeDescriptionV1> =
            get(&mixnet, "v1/nym-nodes/described").await;
        let v2: PaginatedResponse<NymNodeDescriptionV2> =
            get(&mixnet, "v2/nym-nodes/described").await;
        assert_eq!((v1.data.len(), v2.data.len()), (4, 4));
        let rotation = all.metadata.rotation_id;
        for ((ours, v1), v2) in all.nodes.data.iter().zip(v1.data).zip(v2.data) {
            let role = || match ours.role {
                NodeRole::Mixnode { layer } => NodeRole::Mixnode { layer },
                _ => NodeRole::EntryGateway,
            };
            let expected = serde_json::to_value(ours).unwrap();
            for theirs in [
                v1.to_skimmed_node(rotation, role(), ours.performance),
                v2.to_skimmed_node(rotation, role(), ours.performance),
            ] {
                let mut theirs = serde_json::to_value(theirs).unwrap();
                if ours.entry.is_none() {
                    theirs["entry"] = serde_json::Value::Null;
                }
                assert_eq!(theirs, expected);
            }
            let key = ours.x25519_sphinx_pubkey.to_base58_string();
            if let Some(promised) = announced.remove(&ours.node_id) {
                assert_eq!(key, promised, "the announced key came into force");
            }
            let keys = &v2.description.host_information.keys;
            if let Some(next) = &keys.pre_announced_x25519_sphinx_key {
                assert_eq!(next.rotation_id, rotation + 1);
                announced.insert(ours.node_id, next.public_key.to_base58_string());
            }
        }
        mixnet.skip_epochs(1).await.unwrap();
    }
    mixnet.shutdown().await;
}

#[tokio::test]
async fn what_official_nodes_post_is_taken_and_answered() {
    let mixnet = mixnet().await;
    let known = "127.0.0.1".parse().unwrap();
    let unknown = "192.0.2.1".parse().unwrap();
    let body = NodesByAddressesRequestBody {
        addresses: vec![known, unknown],
    };
    let reply: NodesByAddressesResponse =
        post(&mixnet, "v1/unstable/nym-nodes/by-addresses", body).await;
    assert!(reply.existence[&known].is_some());
    assert!(reply.existence[&unknown].is_none());
    let key = ed25519::PrivateKey::from_bytes(&[7; 32]).unwrap();
    let refresh = NodeRefreshBody::new(&key);
    post::<()>(&mixnet, "v1/nym-nodes/refresh-described", refresh).await;
    mixnet.shutdown().await;
}

#[tokio::test]
async fn what_the_directory_says_of_itself_is_read() {
    let mixnet = mixnet().await;
    let health: ApiHealthResponse = get(&mixnet, "v1/api-status/health").await;
    assert!(health.status.is_up());
    assert!(Duration::from_secs(health.uptime) < Duration::from_secs(3600));
    let build: BinaryBuildInformationOwned = get(&mixnet, "v1/api-status/build-information").await;
    assert_eq!(build.binary_name, "sotto-mixnet");
    let details: NymNetworkDetailsV1Response = get(&mixnet, "v1/network/details").await;
    let urls = details.network.nym_api_urls.unwrap();
    assert_eq!(urls[0].url, mixnet.directory_url());
    assert_eq!(
        details.network.endpoints[0].api_url.as_deref(),
        Some(mixnet.directory_url())
    );
    mixnet.shutdown().await;
}

/// An HTTP API that tells what it is told to, as that of an official node would.
async fn official_node(says: Arc<Mutex<String>>) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let mut request = [0; 4096];
            let len = stream.read(&mut request).await.unwrap();
            assert!(request[..len].starts_with(b"GET /api/v1/host-information "));
            let body = says.lock().unwrap().clone();
            let head = format!(
                "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\
                 connection: close\r\n\r\n",
                body.len()
            );
            stream.write_all((head + &body).as_bytes()).await.unwrap();
        }
    });
    url
}

fn sphinx_key(rotation_id: u32, byte: u8) -> SphinxKey {
    let secret = x25519::PrivateKey::from_secret([byte; 32]);
    SphinxKey {
        rotation_id,
        public_key: secret.public_key(),
    }
}

#[allow(deprecated, reason = "the official node sends the old field as well")]
fn host_information(
    key: &ed25519::PrivateKey,
    primary: SphinxKey,
    next: Option<SphinxKey>,
) -> String {
    let host = HostInformation {
        ip_address: vec!["127.0.0.1".parse().unwrap()],
        hostname: None,
        keys: HostKeys {
            ed25519_identity: key.public_key(),
            x25519_sphinx: primary.public_key,
            primary_x25519_sphinx_key: primary,
            pre_announced_x25519_sphinx_key: next,
            x25519_versioned_noise: None,
        },
    };
    serde_json::to_string(&SignedData::new(host, key).unwrap()).unwrap()
}

/// An official node that joins by `--extra-nodes` is listed with the keys that it announces, as
/// they change.
#[tokio::test]
async fn an_official_nodes_keys_are_followed() {
    let identity = ed25519::PrivateKey::from_bytes(&[8; 32]).unwrap();
    let says = Arc::new(Mutex::new(String::new()));
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("nodes.json");
    let node = json!([{"role": "mix", "layer": 2, "mix_address": "127.0.0.1:9",
        "identity": identity.public_key().to_base58_string(),
        "api": official_node(says.clone()).await}]);
    std::fs::write(&file, node.to_string()).unwrap();
    let mixnet = Mixnet::start(Options {
        extra_nodes: Some(file),
        ..options()
    })
    .await
    .unwrap();
    let first: KeyRotationInfoResponse = get(&mixnet, "v1/epoch/key-rotation-info").await;
    let rotation = first.details.current_key_rotation_id();
    for (byte, rotation) in (1..).zip(rotation..rotation + 3) {
        let next = sphinx_key(rotation + 1, byte + 1);
        *says.lock().unwrap() = host_information(&identity, sphinx_key(rotation, byte), Some(next));
        let refresh = NodeRefreshBody::new(&identity);
        post::<()>(&mixnet, "v1/nym-nodes/refresh-described", refresh).await;
        let key = sphinx_key(rotation, byte).public_key;
        loop {
            let all: Skimmed = get(&mixnet, "v2/unstable/nym-nodes/skimmed").await;
            let node = all.nodes.data.iter().find(|node| node.node_id == 5);
            if node.is_some_and(|node| node.x25519_sphinx_pubkey == key) {
                assert_eq!(all.metadata.rotation_id, rotation);
                break;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        mixnet.skip_epochs(2).await.unwrap();
    }
    mixnet.shutdown().await;
}
