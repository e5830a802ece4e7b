use super::*;
use crate::keys::ClientKeys;
use rand_core::SeedableRng;
use serde_json::{Value, json};

fn rng() -> crate::ChaCha20Rng {
    crate::ChaCha20Rng::from_seed([5; 32])
}

fn node(id: u8, role: Value, entry: Value) -> Value {
    let keys = ClientKeys::generate(&mut crate::ChaCha20Rng::from_seed([id; 32]));
    json!({
        "node_id": id, "ed25519_identity_pubkey": keys.signing.identity_key().to_string(),
        "ip_addresses": ["127.0.0.1"], "mix_port": 10_000 + u16::from(id),
        "x25519_sphinx_pubkey": keys.encryption.public_key().to_string(),
        "role": role, "entry": entry, "performance": "0.98",
    })
}

fn reply(nodes: &[Value]) -> Value {
    json!({
        "metadata": {"status": null, "absolute_epoch_id": 100, "rotation_id": 5,
                     "refreshed_at": "2026-05-23 07:41:02.756283766 +00:00:00"},
        "nodes": {"pagination": {"total": nodes.len(), "page": 0, "size": nodes.len()},
                  "data": nodes},
    })
}

struct Fixture {
    rewarded: Value,
    mixnodes: Value,
    gateways: Value,
}

impl Fixture {
    fn new() -> Self {
        let mix = |id| node(id, json!({"Mixnode": {"layer": id}}), Value::Null);
        let entry = json!({"hostname": null, "ws_port": 9000, "wss_port": null});
        let secure = json!({"hostname": "gw.example.org", "ws_port": 9000, "wss_port": 9001});
        Self {
            rewarded: json!({"epoch_id": 100, "entry_gateways": [4], "exit_gateways": [5],
                             "layer1": [1, 77], "layer2": [2], "layer3": [3], "standby": []}),
            mixnodes: reply(&[mix(1), mix(2), mix(3)]),
            gateways: reply(&[
                node(4, json!("EntryGateway"), entry),
                node(5, json!("ExitGateway"), secure),
            ]),
        }
    }

    fn read(&self) -> Result<Topology, TopologyError> {
        Topology::from_directory(&DirectoryReplies {
            rewarded_set: self.rewarded.to_string().into_bytes(),
            mixnodes: self.mixnodes.to_string().into_bytes(),
            entry_gateways: self.gateways.to_string().into_bytes(),
        })
    }
}

fn identity(id: u8) -> IdentityKey {
    ClientKeys::generate(&mut crate::ChaCha20Rng::from_seed([id; 32]))
        .signing
        .identity_key()
}

#[test]
fn a_route_passes_three_layers_and_ends_at_the_gateway() {
    let topology = Fixture::new().read().unwrap();
    let route = topology.route(&mut rng(), &identity(4)).unwrap();
    let ports: Vec<_> = route.iter().map(|hop| hop.address.0.port()).collect();
    assert_eq!(ports, [10_001, 10_002, 10_003, 10_004]);
    assert_eq!(topology.route(&mut rng(), &identity(9)), None);
    assert_eq!(topology.rotation(), KeyRotation::Odd);
}

#[test]
fn a_member_named_twice_is_drawn_as_often_as_the_others() {
    let mut fixture = Fixture::new();
    let mix = |id| node(id, json!({"Mixnode": {"layer": 1}}), Value::Null);
    fixture.mixnodes = reply(&[mix(1), mix(2), mix(3), mix(6)]);
    fixture.rewarded["layer1"] = json!([1, 1, 1, 1, 1, 1, 6]);
    let topology = fixture.read().unwrap();
    let mut rng = rng();
    let first = |_| topology.route(&mut rng, &identity(4)).unwrap()[0].address;
    let ports = (0..200)
        .map(first)
        .filter(|address| address.0.port() == 10_006);
    assert!((70..130).contains(&ports.count()));
}

#[test]
fn what_is_not_read_of_a_reply_may_be_anything() {
    let mut fixture = Fixture::new();
    fixture.mixnodes["metadata"]["status"] = json!({"fresh": [1, 2, {"x": []}]});
    let read: Reply = serde_json::from_value(fixture.mixnodes.clone()).unwrap();
    assert_eq!(read.metadata.status, None);
    assert!(fixture.read().is_ok());
}

#[test]
fn gateways_are_chosen_by_what_they_offer() {
    let mut fixture = Fixture::new();
    let choose = |fixture: &Fixture, policy| {
        let topology = fixture.read().unwrap();
        let chosen = topology.choose_gateway(&mut rng(), policy, None).cloned();
        chosen.and_then(|gateway| gateway.url(policy).map(str::to_owned))
    };
    let data = |fixture: &mut Fixture, node: usize, field: &str, value: Value| {
        fixture.gateways["nodes"]["data"][node][field] = value;
    };
    data(&mut fixture, 0, "performance", json!("0.4"));
    let secure = Some("wss://gw.example.org:9001".to_owned());
    assert_eq!(choose(&fixture, WebSocketPolicy::SecureOrLoopback), secure);
    data(&mut fixture, 0, "performance", json!("0.5"));
    data(&mut fixture, 1, "performance", json!("0.4"));
    let local = Some("ws://127.0.0.1:9000".to_owned());
    assert_eq!(choose(&fixture, WebSocketPolicy::SecureOrLoopback), local);
    data(&mut fixture, 0, "ip_addresses", json!(["192.0.2.1"]));
    assert_eq!(choose(&fixture, WebSocketPolicy::SecureOrLoopback), None);
    let remote = Some("ws://192.0.2.1:9000".to_owned());
    assert_eq!(choose(&fixture, WebSocketPolicy::Any), remote);
    let topology = fixture.read().unwrap();
    assert!(
        topology.gateway(&identity(5)).is_some(),
        "it still takes messages"
    );
}

#[test]
fn a_gateway_whose_name_is_no_host_name_is_not_connected_to() {
    let url = |name: &str| {
        let mut fixture = Fixture::new();
        fixture.gateways["nodes"]["data"][1]["entry"]["hostname"] = json!(name);
        let topology = fixture.read().unwrap();
        let gateway = topology.gateway(&identity(5)).unwrap().clone();
        gateway.url(WebSocketPolicy::Any).map(str::to_owned)
    };
    for name in [
        "", "a/b", "a#b", "user@a", "a:1", "a b", "a\n", "é.org", "[::1]",
    ] {
        assert_eq!(url(name), None, "{name:?}");
    }
    let good = Some("wss://gw_1.Example-2.org:9001".to_owned());
    assert_eq!(url("gw_1.Example-2.org"), good);
}

#[test]
fn unusable_answers_are_named() {
    type Damage = fn(&mut Fixture);
    let cases: [(Damage, TopologyError); 6] = [
        (
            |f| f.rewarded["epoch_id"] = json!(101),
            TopologyError::EpochMismatch,
        ),
        (
            |f| f.mixnodes["metadata"]["rotation_id"] = json!(6),
            TopologyError::EpochMismatch,
        ),
        (
            |f| f.rewarded["layer2"] = json!([]),
            TopologyError::EmptyLayer(2),
        ),
        (
            |f| f.mixnodes["nodes"]["data"][2]["performance"] = json!("0.1"),
            TopologyError::EmptyLayer(3),
        ),
        (
            |f| f.mixnodes["nodes"]["data"][0]["x25519_sphinx_pubkey"] = json!("?"),
            TopologyError::EmptyLayer(1),
        ),
        (
            |f| f.gateways["nodes"]["data"] = json!([]),
            TopologyError::NoGateway,
        ),
    ];
    for (damage, error) in cases {
        let mut fixture = Fixture::new();
        damage(&mut fixture);
        assert_eq!(fixture.read(), Err(error));
    }
    let nonsense = DirectoryReplies {
        rewarded_set: b"<html>".to_vec(),
        ..DirectoryReplies::default()
    };
    let error = Topology::from_directory(&nonsense).unwrap_err();
    assert!(
        matches!(
            error,
            TopologyError::NotJson {
                what: "the rewarded set",
                ..
            }
        ),
        "{error}"
    );
}
