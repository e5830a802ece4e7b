//! What other nodes see of a mix node.

#![allow(missing_docs, clippy::unwrap_used, clippy::panic, reason = "tests")]

mod common;

use common::{GATEWAY, Scene, frame, hand_over, hop, rotation_id, small, small_packet, until};
use sotto_core::address::NodeAddress;
use sotto_core::packet::frame::{self as node_frame, Framing, NodeFrame};
use sotto_core::packet::{Hop, KeyRotation};
use sotto_mixnet::Options;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

const MIX: u32 = 1;

/// A node of ours behind the mix.
async fn next_node() -> (TcpListener, Hop) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = NodeAddress(listener.local_addr().unwrap());
    let key = sotto_core::keys::EncryptionKey::from_bytes([9; 32]);
    (listener, Hop { address, key })
}

#[tokio::test]
async fn both_framings_are_read_and_the_rotation_is_handed_on() {
    let scene = Scene::new().await;
    let mix = hop(&scene.mixnet, MIX).await;
    let (listener, next) = next_node().await;
    let to = scene.signing.identity_key();
    let mut stream = None;
    let current = KeyRotation::from_id(rotation_id(scene.mixnet.directory_url()).await);
    for (seed, framing, rotation) in [
        (1, Framing::V7, KeyRotation::Unknown),
        (2, Framing::V8, current),
    ] {
        let packet = small_packet(seed, &[mix, next], to, [0; 21]);
        let frame = NodeFrame { rotation, packet };
        hand_over(&mix, &frame.encode(framing).unwrap()).await;
        if stream.is_none() {
            stream = Some(listener.accept().await.unwrap().0);
        }
        let mut bytes = vec![0; 390];
        stream
            .as_mut()
            .unwrap()
            .read_exact(&mut bytes)
            .await
            .unwrap();
        assert_eq!(
            bytes.first(),
            Some(&8),
            "frames are written in the current form"
        );
        let (read, _) = node_frame::decode(&bytes).unwrap().unwrap();
        assert_eq!(read.rotation, rotation);
    }
    scene.mixnet.shutdown().await;
}

#[tokio::test]
async fn a_replayed_packet_is_refused_by_mixes_and_gateways() {
    let scene = Scene::new().await;
    let to = scene.signing.identity_key();
    let (_listener, next) = next_node().await;
    let gateway = hop(&scene.mixnet, GATEWAY).await;
    let mix = hop(&scene.mixnet, MIX).await;
    for (id, first, route) in [
        (MIX, mix, vec![mix, next]),
        (GATEWAY, gateway, vec![gateway]),
    ] {
        let bytes = frame(small_packet(7, &route, to, [0; 21]), Framing::V8);
        hand_over(&first, &[bytes.clone(), bytes.clone()].concat()).await;
        hand_over(&first, &bytes).await;
        until(&scene.mixnet, id, "replayed", |counts| {
            counts.received == 3 && counts.replayed == 2 && counts.forwarded + counts.stored == 1
        })
        .await;
    }
    scene.mixnet.shutdown().await;
}

#[tokio::test]
async fn a_malformed_frame_ends_its_own_connection_only() {
    let scene = Scene::new().await;
    let mix = hop(&scene.mixnet, MIX).await;
    let (listener, next) = next_node().await;
    let packet = small_packet(1, &[mix, next], scene.signing.identity_key(), [0; 21]);
    let good = frame(packet, Framing::V8);
    let (half, rest) = good.split_at(100);
    let mut bystander = hand_over(&mix, half).await;
    for bytes in [
        &[6u8; 4][..],
        &[9; 4],
        &[8, 6, 0, 0],
        &[8, 1, 2, 0],
        &[8, 1, 0, 3],
    ] {
        let mut stream = hand_over(&mix, bytes).await;
        let mut farewell = [0; 1];
        assert_eq!(
            stream.read(&mut farewell).await.unwrap_or(0),
            0,
            "{bytes:?}"
        );
    }
    bystander.write_all(rest).await.unwrap();
    listener.accept().await.unwrap();
    scene.mixnet.shutdown().await;
}

#[tokio::test]
async fn packets_that_do_not_belong_are_dropped_and_counted() {
    let scene = Scene::new().await;
    let mix = hop(&scene.mixnet, MIX).await;
    let gateway = hop(&scene.mixnet, GATEWAY).await;
    let to = scene.signing.identity_key();
    let other_key = hop(&scene.mixnet, 2).await.key;
    let public = Hop {
        address: NodeAddress(([192, 0, 2, 1], 1789).into()),
        key: other_key,
    };
    let cases = [
        (MIX, vec![mix]),
        (
            MIX,
            vec![
                Hop {
                    key: other_key,
                    ..mix
                },
                gateway,
            ],
        ),
        (MIX, vec![mix, public]),
        (GATEWAY, vec![gateway, mix]),
    ];
    for (count, (id, route)) in [1, 2, 3, 1].into_iter().zip(cases) {
        let first = if id == MIX { mix } else { gateway };
        let packet = small_packet(1, &route, to, [0; 21]);
        hand_over(&first, &frame(packet, Framing::V8)).await;
        until(&scene.mixnet, id, "refused", |counts| {
            counts.refused == count
        })
        .await;
    }
    scene.mixnet.shutdown().await;
}

#[tokio::test]
async fn keys_change_with_the_rotation_and_those_of_long_ago_are_refused() {
    let scene = Scene::with(Options {
        epoch: Duration::from_secs(2),
        rotation_epochs: 2,
        ..small()
    })
    .await;
    let to = scene.signing.identity_key();
    let directory = scene.mixnet.directory_url().to_owned();
    let (_listener, next) = next_node().await;
    let first = rotation_id(&directory).await;
    let old = hop(&scene.mixnet, MIX).await;
    let mut current = old;
    for rotation in first + 1..first + 3 {
        while rotation_id(&directory).await < rotation {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        let key = hop(&scene.mixnet, MIX).await.key;
        assert_ne!(key, current.key, "rotation {rotation}");
        current.key = key;
    }
    let refused = scene.mixnet.counts(MIX).unwrap().refused;
    hand_over(
        &old,
        &frame(small_packet(1, &[old, next], to, [0; 21]), Framing::V8),
    )
    .await;
    until(&scene.mixnet, MIX, "refused", |counts| {
        counts.refused == refused + 1
    })
    .await;
    let packet = small_packet(2, &[current, next], to, [0; 21]);
    hand_over(&current, &frame(packet, Framing::V8)).await;
    until(&scene.mixnet, MIX, "forwarded", |counts| {
        counts.forwarded == 1
    })
    .await;
    scene.mixnet.shutdown().await;
}

#[tokio::test]
async fn loss_is_made_on_request() {
    let scene = Scene::new().await;
    scene.mixnet.set_loss(1.0);
    let mix = hop(&scene.mixnet, MIX).await;
    let (_listener, next) = next_node().await;
    let packet = small_packet(1, &[mix, next], scene.signing.identity_key(), [0; 21]);
    hand_over(&mix, &frame(packet, Framing::V8)).await;
    until(&scene.mixnet, MIX, "lost", |counts| counts.lost == 1).await;
    scene.mixnet.shutdown().await;
}
