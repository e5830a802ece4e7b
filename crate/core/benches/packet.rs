//! What one packet costs: made by a client, unwrapped by a node.

#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a bench that panics has failed"
)]

use criterion::{Criterion, criterion_group, criterion_main};
use rand_core::SeedableRng;
use sotto_core::ChaCha20Rng;
use sotto_core::address::{Address, NodeAddress};
use sotto_core::fragment::{Fragment, SetId, Split};
use sotto_core::keys::{ClientKeys, EncryptionSecret, IdentityKey, SigningKey};
use sotto_core::message::NymMessage;
use sotto_core::node;
use sotto_core::packet::PacketSize;
use sotto_core::prepare::{Sender, prepare};
use sotto_core::topology::directory::{
    Metadata, Page, Pagination, Performance, Reply, RewardedSet, Role, SkimmedNode, SupportedRoles,
};
use sotto_core::topology::{DirectoryReplies, Topology};
use std::hint::black_box;
use std::net::Ipv4Addr;
use std::time::Duration;

const DELAY: Duration = Duration::from_millis(15);

/// A mix node in each layer and one gateway, with the secrets by mix port.
struct Network {
    topology: Topology,
    secrets: Vec<EncryptionSecret>,
    gateway: IdentityKey,
}

fn network(rng: &mut ChaCha20Rng) -> Network {
    let secrets: Vec<_> = (0..4).map(|_| EncryptionSecret::generate(rng)).collect();
    let gateway = SigningKey::generate(rng).identity_key();
    let node = |id: u16| described(id, &secrets[usize::from(id)], &gateway);
    let rewarded_set = RewardedSet {
        layer1: vec![0],
        layer2: vec![1],
        layer3: vec![2],
        entry_gateways: vec![3],
        ..RewardedSet::default()
    };
    let replies = DirectoryReplies {
        rewarded_set: serde_json::to_vec(&rewarded_set).unwrap(),
        mixnodes: page((0..3).map(node).collect()),
        entry_gateways: page(vec![node(3)]),
    };
    Network {
        topology: Topology::from_directory(&replies).unwrap(),
        secrets,
        gateway,
    }
}

fn described(id: u16, secret: &EncryptionSecret, identity: &IdentityKey) -> SkimmedNode {
    SkimmedNode {
        node_id: u32::from(id),
        ed25519_identity_pubkey: identity.to_string(),
        ip_addresses: vec![Ipv4Addr::LOCALHOST.into()],
        mix_port: id,
        x25519_sphinx_pubkey: secret.public_key().to_string(),
        role: Role::Inactive,
        supported_roles: SupportedRoles::default(),
        entry: None,
        performance: Performance::percent(100),
    }
}

fn page(data: Vec<SkimmedNode>) -> Vec<u8> {
    let reply = Reply {
        metadata: Metadata {
            status: None,
            absolute_epoch_id: 0,
            rotation_id: 1,
            refreshed_at: String::new(),
        },
        nodes: Page {
            pagination: Pagination::default(),
            data,
        },
    };
    serde_json::to_vec(&reply).unwrap()
}

fn client(rng: &mut ChaCha20Rng, gateway: IdentityKey) -> (ClientKeys, Address) {
    let keys = ClientKeys::generate(rng);
    let address = Address {
        identity: keys.signing.identity_key(),
        encryption: keys.encryption.public_key(),
        gateway,
    };
    (keys, address)
}

fn fragment() -> Fragment {
    let message = NymMessage::encode_plain(b"one packet");
    let set = SetId::new(7).unwrap();
    let split = Split::new(message.len(), PacketSize::Regular, vec![set]).unwrap();
    split.fragment(&message, 0).unwrap()
}

fn packet(c: &mut Criterion) {
    let mut rng = ChaCha20Rng::from_seed([1; 32]);
    let network = network(&mut rng);
    let (keys, address) = client(&mut rng, network.gateway);
    let sender = Sender {
        address: &address,
        ack_key: &keys.ack,
        packet_delay: DELAY,
        ack_delay: DELAY,
    };
    let fragment = fragment();
    let mut make = || {
        let prepared = prepare(&mut rng, &network.topology, sender, &address, &fragment);
        prepared.unwrap().packet
    };
    c.bench_function("one fragment prepared (packet and ack)", |b| {
        b.iter(&mut make);
    });

    let packet = make();
    let NodeAddress(first) = packet.next_hop;
    let secret = &network.secrets[usize::from(first.port())];
    c.bench_function("one packet unwrapped", |b| {
        b.iter(|| node::unwrap(black_box(&packet.packet), secret).unwrap());
    });
}

criterion_group!(benches, packet);
criterion_main!(benches);
