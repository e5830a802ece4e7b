//! What clients, nodes and people see of the directory.

#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests"
)]

mod common;

use common::{GATEWAY, LIMIT, get, reply, skimmed, small};
use serde_json::{Value, json};
use sotto_core::topology::{
    ACTIVE_MIXNODES_PATH, DirectoryReplies, ENTRY_GATEWAYS_PATH, REWARDED_SET_PATH, Topology,
    WebSocketPolicy,
};
use sotto_mixnet::{
    DirectoryOptions, DirectoryServer, FREE_BANDWIDTH, FaultSettings, GatewayOptions, Loopback,
    Mixnet, NodeOptions, NodeServer, Options,
};
use std::collections::{HashMap, HashSet};
use std::time::Duration;
use tokio::time::timeout;

async fn topology(directory: &str) -> Result<Topology, String> {
    let fetch = |path| async move { get(format!("{directory}{path}")).await.into_bytes() };
    let replies = DirectoryReplies {
        rewarded_set: fetch(REWARDED_SET_PATH).await,
        mixnodes: fetch(ACTIVE_MIXNODES_PATH).await,
        entry_gateways: fetch(ENTRY_GATEWAYS_PATH).await,
    };
    Topology::from_directory(&replies).map_err(|error| error.to_string())
}

async fn json(url: String) -> Value {
    serde_json::from_str(&get(url).await).unwrap()
}

#[tokio::test]
async fn its_answers_make_a_usable_topology_with_agreeing_epochs() {
    let mixnet = Mixnet::start(Options::on_free_ports()).await.unwrap();
    let directory = mixnet.directory_url();
    let topology = topology(directory).await.unwrap();
    for node in mixnet
        .ready()
        .nodes
        .iter()
        .filter(|node| node.role == "gateway")
    {
        let gateway = topology.gateway(&node.identity.parse().unwrap()).unwrap();
        let url = gateway
            .websocket
            .as_ref()
            .unwrap()
            .url(WebSocketPolicy::SecureOrLoopback);
        assert_eq!(url, node.websocket.as_deref());
    }
    let info = json(format!("{directory}v1/epoch/key-rotation-info")).await;
    assert_eq!(info["current_absolute_epoch_id"], json!(topology.epoch()));
    let rotation = info["progress"]["current_key_rotation_id"]
        .as_u64()
        .unwrap();
    assert_eq!(rotation, u64::from(topology.epoch()) / 24);
    assert_ne!(rotation, 0);
    mixnet.shutdown().await;
}

#[tokio::test]
async fn it_serves_the_lists_that_official_nodes_and_tools_ask_for() {
    let options = Options {
        loopback: Loopback::V4,
        ..small()
    };
    let mixnet = Mixnet::start(options).await.unwrap();
    let base = format!("{}v2/unstable/nym-nodes", mixnet.directory_url());
    let cases = [
        ("skimmed?page=0&output=bincode", 4),
        ("skimmed/mixnodes/all", 3),
        ("skimmed/mixnodes/active?page=0", 3),
        ("skimmed/entry-gateways?page=0", 1),
        ("skimmed/exit-gateways", 0),
        ("semi-skimmed?page=0", 4),
    ];
    for (path, total) in cases {
        let reply = json(format!("{base}/{path}")).await;
        assert_eq!(reply["nodes"]["pagination"]["total"], total, "{path}");
        assert_eq!(
            reply["nodes"]["data"].as_array().unwrap().len(),
            total,
            "{path}"
        );
    }
    let semi = json(format!("{base}/semi-skimmed")).await;
    assert_eq!(
        semi["nodes"]["data"][0]["x25519_noise_versioned_key"],
        Value::Null
    );
    let url = format!(
        "{}v1/unstable/nym-nodes/by-addresses",
        mixnet.directory_url()
    );
    let ask = move || {
        let body = json!({"addresses": ["127.0.0.1", "192.0.2.1"]});
        let reply: Value = ureq::post(&url)
            .send_json(body)
            .unwrap()
            .body_mut()
            .read_json()
            .unwrap();
        reply
    };
    let existence = tokio::task::spawn_blocking(ask).await.unwrap();
    assert_eq!(
        existence,
        json!({"existence": {"127.0.0.1": 1, "192.0.2.1": null}})
    );
    mixnet.shutdown().await;
}

#[tokio::test]
async fn any_site_may_read_it() {
    let mixnet = Mixnet::start(small()).await.unwrap();
    let url = format!("{}{REWARDED_SET_PATH}", mixnet.directory_url());
    let fetch = move || {
        let reply = ureq::get(&url)
            .header("Origin", "chrome-extension://x")
            .call()
            .unwrap();
        reply
            .headers()
            .get("access-control-allow-origin")
            .unwrap()
            .to_str()
            .unwrap()
            .to_owned()
    };
    assert_eq!(tokio::task::spawn_blocking(fetch).await.unwrap(), "*");
    mixnet.shutdown().await;
}

#[tokio::test]
async fn a_stopped_node_is_not_offered_and_comes_back_as_it_was() {
    let mixnet = Mixnet::start(small()).await.unwrap();
    let before = skimmed(mixnet.directory_url()).await;
    mixnet.stop_node(2).await.unwrap();
    assert_eq!(
        topology(mixnet.directory_url()).await.unwrap_err(),
        "it lists no usable mix node in layer 2"
    );
    mixnet.start_node(2).await.unwrap();
    assert_eq!(skimmed(mixnet.directory_url()).await, before);
    let error = mixnet.stop_node(99).await.unwrap_err();
    assert_eq!(error.to_string(), "there is no node 99");
    mixnet.shutdown().await;
}

#[tokio::test]
async fn the_status_page_shows_every_node_with_its_counts() {
    let mixnet = Mixnet::start(small()).await.unwrap();
    assert!(
        get(mixnet.directory_url().to_owned())
            .await
            .contains("<title>Sotto local mixnet")
    );
    mixnet.stop_node(GATEWAY).await.unwrap();
    let status = json(format!("{}status.json", mixnet.directory_url())).await;
    let nodes = status["nodes"].as_array().unwrap();
    assert_eq!(nodes.len(), 4);
    assert_eq!(nodes[3]["running"], false);
    assert_eq!(nodes[0]["counts"]["received"], 0);
    mixnet.shutdown().await;
}

#[tokio::test]
async fn identities_survive_a_restart_of_the_whole_mixnet() {
    let folder = tempfile::tempdir().unwrap();
    let options = Options {
        state: Some(folder.path().to_owned()),
        ..small()
    };
    let mut identities = Vec::new();
    for _ in 0..2 {
        let mixnet = Mixnet::start(options.clone()).await.unwrap();
        let nodes = &mixnet.ready().nodes;
        identities.push(
            nodes
                .iter()
                .map(|node| node.identity.clone())
                .collect::<Vec<_>>(),
        );
        mixnet.shutdown().await;
    }
    assert_eq!(identities.first(), identities.last());
}

#[tokio::test]
async fn extra_nodes_are_listed_and_a_bad_file_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("extra.json");
    let key = "8PjpSnJ1Lu3oaFL9Gmqez8H3hzHs6bQjRDVcUQJQJQ5b";
    let mixnet = Mixnet::start(small()).await.unwrap();
    let identity = mixnet.ready().nodes.first().unwrap().identity.clone();
    mixnet.shutdown().await;
    let node = json!({"role": "mix", "layer": 2, "mix_address": "192.0.2.4:1789",
                      "identity": identity, "sphinx": key});
    std::fs::write(&path, json!([node]).to_string()).unwrap();
    let options = Options {
        extra_nodes: Some(path.clone()),
        ..small()
    };
    let mixnet = Mixnet::start(options.clone()).await.unwrap();
    let extra = skimmed(mixnet.directory_url()).await.pop().unwrap();
    assert_eq!((extra.node_id, extra.mix_port), (5, 1789));
    mixnet.shutdown().await;
    std::fs::write(&path, "[{}]").unwrap();
    let error = Mixnet::start(options).await.err().unwrap().to_string();
    assert!(error.contains("extra.json is malformed"), "{error}");
}

#[tokio::test]
async fn a_node_that_runs_apart_learns_when_to_change_its_keys() {
    let options = DirectoryOptions {
        epoch: Duration::from_secs(1),
        rotation_epochs: 2,
        ..DirectoryOptions::default()
    };
    let directory = DirectoryServer::start(options).await.unwrap();
    let url = directory.ready().directory.clone();
    let folder = tempfile::tempdir().unwrap();
    let node = NodeOptions {
        directory: url.clone(),
        mix_address: ([127, 0, 0, 1], 0).into(),
        state: folder.path().to_owned(),
        faults: FaultSettings::default(),
    };
    let node = NodeServer::start_mix(node, None).await.unwrap();
    let mut keys = HashMap::new();
    let three_rotations = async {
        while keys.len() < 3 {
            let reply = reply(&url).await;
            if let Some(node) = reply.nodes.data.first() {
                let key = node.x25519_sphinx_pubkey.clone();
                let before = keys.insert(reply.metadata.rotation_id, key.clone());
                assert!(
                    before.is_none_or(|before| before == key),
                    "one key a rotation"
                );
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    timeout(LIMIT, three_rotations).await.unwrap();
    assert_eq!(keys.values().collect::<HashSet<_>>().len(), 3);
    node.shutdown().await;
    directory.shutdown().await;
}

#[tokio::test]
async fn parts_that_run_apart_find_each_other_and_leave_in_order() {
    let any = ([127, 0, 0, 1], 0).into();
    let directory = DirectoryServer::start(DirectoryOptions::default())
        .await
        .unwrap();
    let url = directory.ready().directory.clone();
    let folder = tempfile::tempdir().unwrap();
    let options = |name: &str| NodeOptions {
        directory: url.clone(),
        mix_address: any,
        state: folder.path().join(name),
        faults: FaultSettings::default(),
    };
    let mut nodes = Vec::new();
    for name in ["a", "b", "c"] {
        nodes.push(NodeServer::start_mix(options(name), None).await.unwrap());
    }
    let gateway = GatewayOptions {
        websocket: any,
        hostname: Some("gateway.example".into()),
        tls_port: Some(443),
        free_bandwidth: FREE_BANDWIDTH,
    };
    let gateway = NodeServer::start_gateway(options("gateway"), gateway)
        .await
        .unwrap();
    let complete = async {
        while topology(&url).await.is_err() {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    timeout(LIMIT, complete).await.unwrap();
    let listed = skimmed(&url).await;
    let entry = listed.iter().find_map(|node| node.entry.clone()).unwrap();
    assert_eq!(
        (entry.hostname.as_deref(), entry.wss_port),
        (Some("gateway.example"), Some(443))
    );
    gateway.shutdown().await;
    assert_eq!(skimmed(&url).await.len(), 3, "it said goodbye");
    for node in nodes {
        node.shutdown().await;
    }
    directory.shutdown().await;
}
