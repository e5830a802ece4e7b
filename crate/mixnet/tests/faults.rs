//! Trouble on request, by flags and over the admin endpoint.

#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests"
)]

mod common;

use common::{GATEWAY, Scene, get, hop, node, rotation_id, skimmed, small, unix_seconds, until};
use serde_json::{Value, json};
use sotto_core::gateway::message::ServerMessage;
use sotto_mixnet::{Mixnet, MixnetError, NodeAt, Options};
use std::time::Duration;
use tokio::io::AsyncReadExt;
use tokio::net::TcpStream;
use tokio::time::timeout;

fn admin(mixnet: &Mixnet, path: &str) -> String {
    format!("{}{path}", mixnet.ready().admin.as_ref().unwrap())
}

/// Posts to the admin endpoint; the status it answers with.
async fn post(url: String, body: Value) -> u16 {
    let ask = move || match ureq::post(&url).send_json(&body) {
        Ok(reply) => reply.status().as_u16(),
        Err(ureq::Error::StatusCode(status)) => status,
        Err(error) => panic!("{error}"),
    };
    tokio::task::spawn_blocking(ask).await.unwrap()
}

async fn is_running(mixnet: &Mixnet, id: u32) -> bool {
    let status = get(format!("{}status.json", mixnet.directory_url())).await;
    let status: Value = serde_json::from_str(&status).unwrap();
    let nodes = status["nodes"].as_array().unwrap();
    let node = nodes.iter().find(|node| node["id"] == id).unwrap();
    node["running"].as_bool().unwrap()
}

#[tokio::test]
async fn faults_are_for_programs_on_this_machine_only() {
    let mixnet = Mixnet::start(small()).await.unwrap();
    let url = format!("{}faults", mixnet.ready().admin.as_ref().unwrap());
    let ask = move || {
        let body = json!({"loss": 0.25, "extra_delay_ms": 7});
        let reply: Value = ureq::post(&url)
            .send_json(&body)
            .unwrap()
            .body_mut()
            .read_json()
            .unwrap();
        assert_eq!(reply, body);
        for (name, value) in [
            ("Origin", "https://evil.example"),
            ("Host", "evil.example:80"),
        ] {
            let refused = ureq::post(&url).header(name, value).send_json(&body);
            assert!(
                matches!(refused, Err(ureq::Error::StatusCode(403))),
                "{name}"
            );
        }
    };
    tokio::task::spawn_blocking(ask).await.unwrap();
    mixnet.shutdown().await;
}

#[tokio::test]
async fn a_restarted_gateway_has_its_clients_and_their_messages_again() {
    let scene = Scene::new().await;
    let mut peer = scene.registered().await;
    let key = peer.key.take().unwrap();
    peer.socket.close(None).await.unwrap();
    drop(peer);
    until(&scene.mixnet, GATEWAY, "end", |counts| counts.clients == 0).await;
    scene.deliver(5).await;
    until(&scene.mixnet, GATEWAY, "store", |counts| counts.stored == 1).await;
    let before = skimmed(scene.mixnet.directory_url()).await;

    let url = admin(&scene.mixnet, &format!("nodes/{GATEWAY}/restart"));
    assert_eq!(post(url, json!({})).await, 204);

    assert_eq!(skimmed(scene.mixnet.directory_url()).await, before);
    let mut peer = scene.connect().await;
    peer.say(&peer.request(&key, unix_seconds())).await;
    peer.key = Some(key);
    assert_eq!(peer.pushed().await, [5; 21]);
    let answer = peer.hear().await;
    assert!(
        matches!(answer, ServerMessage::Authenticate { status: true, .. }),
        "{answer:?}"
    );
    scene.mixnet.shutdown().await;
}

#[tokio::test]
async fn stopping_what_is_stopped_and_restarting_it_both_work() {
    let mixnet = Mixnet::start(small()).await.unwrap();
    for (path, running) in [
        ("nodes/2/stop", false),
        ("nodes/2/stop", false),
        ("nodes/2/restart", true),
        ("nodes/2/start", true),
    ] {
        assert_eq!(post(admin(&mixnet, path), json!({})).await, 204, "{path}");
        assert_eq!(is_running(&mixnet, 2).await, running, "{path}");
    }
    let unknown = admin(&mixnet, "nodes/99/restart");
    assert_eq!(post(unknown, json!({})).await, 404);
    mixnet.shutdown().await;
}

#[tokio::test]
async fn epochs_are_skipped_on_request_and_all_nodes_change_keys() {
    let options = Options {
        rotation_epochs: 2,
        ..small()
    };
    let mixnet = Mixnet::start(options).await.unwrap();
    let directory = mixnet.directory_url();
    let (first, before) = (rotation_id(directory).await, skimmed(directory).await);
    let url = || admin(&mixnet, "epochs/skip");
    assert_eq!(post(url(), json!({"count": 3})).await, 204);
    assert_eq!(post(url(), json!({})).await, 204);
    assert_eq!(rotation_id(directory).await, first + 2);
    let after = skimmed(directory).await;
    assert_eq!(after.len(), 4);
    for (old, new) in before.iter().zip(&after) {
        assert_eq!(old.ed25519_identity_pubkey, new.ed25519_identity_pubkey);
        assert_ne!(old.x25519_sphinx_pubkey, new.x25519_sphinx_pubkey);
    }
    mixnet.shutdown().await;
}

#[tokio::test]
async fn nodes_are_stopped_and_restarted_as_the_flags_say() {
    let soon = |node| NodeAt {
        node,
        after: Duration::from_secs(3),
    };
    let mixnet = Mixnet::start(Options {
        stop: vec![soon(1)],
        restart: vec![soon(2)],
        ..small()
    })
    .await
    .unwrap();
    let places = [1, 2].map(|id| node(&mixnet, id).mix_address);
    let mut streams = Vec::new();
    for place in places {
        streams.push(TcpStream::connect(place).await.unwrap());
    }
    for (id, comes_back) in [(1, false), (2, true)] {
        let (place, mut stream) = (places[id as usize - 1], streams.remove(0));
        let mut farewell = [0; 1];
        let ended = timeout(common::LIMIT, stream.read(&mut farewell)).await;
        assert_eq!(ended.unwrap().unwrap_or(0), 0, "node {id}");
        let back = async {
            while is_running(&mixnet, id).await != comes_back {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        };
        timeout(common::LIMIT, back).await.unwrap();
        assert_eq!(TcpStream::connect(place).await.is_ok(), comes_back);
    }
    mixnet.shutdown().await;

    let nobody = Options {
        stop: vec![soon(9)],
        ..small()
    };
    let error = Mixnet::start(nobody).await.err().unwrap();
    assert!(matches!(error, MixnetError::NoSuchNode(9)), "{error}");
}

#[tokio::test]
async fn nodes_of_both_kinds_of_addresses_are_in_one_net_where_there_are_both() {
    let mixnet = Mixnet::start(small()).await.unwrap();
    let has_v6 = tokio::net::TcpListener::bind("[::1]:0").await.is_ok();
    let v6 = [1, 2, 3, GATEWAY].map(|id| node(&mixnet, id).mix_address.is_ipv6());
    assert_eq!(v6, [has_v6, false, has_v6, false]);
    for id in 1..=GATEWAY {
        let listed = hop(&mixnet, id).await;
        assert_eq!(listed.address.0, node(&mixnet, id).mix_address);
    }
    let websocket = node(&mixnet, GATEWAY).websocket.clone().unwrap();
    assert!(websocket.starts_with("ws://127.0.0.1:"), "{websocket}");
    mixnet.shutdown().await;
}
