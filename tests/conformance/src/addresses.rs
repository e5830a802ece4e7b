//! Client and node addresses (protocol.md 1.2-1.4; pitfalls 4 and 5).

use crate::fixture::{Network, Party};
use nym_sphinx::addressing::clients::Recipient;
use nym_sphinx::addressing::nodes::NymNodeRoutingAddress;
use nym_sphinx::{NODE_ADDRESS_LENGTH, NodeAddressBytes};
use proptest::prelude::*;
use sotto_core::address::{Address, NodeAddress};
use std::net::SocketAddr;

fn party(seed: u8) -> Party {
    let network = Network::new();
    let gateway = network.gateways().next().unwrap().identity();
    Party::new(seed, gateway)
}

#[test]
fn a_client_address_has_the_same_text_and_bytes_in_both() {
    for seed in 0..50 {
        let party = party(seed);
        assert_eq!(party.address.to_string(), party.recipient.to_string());
        assert_eq!(party.address.to_bytes(), party.recipient.to_bytes());
        assert_eq!(party.recipient.to_string().parse(), Ok(party.address));
        let theirs: Recipient = party.address.to_string().parse().unwrap();
        assert!(theirs == party.recipient);
    }
}

#[test]
fn the_sphinx_destination_is_the_identity_key_with_a_zero_identifier() {
    let party = party(3);
    let destination = party.recipient.as_sphinx_destination();
    assert_eq!(
        destination.address.as_bytes_ref(),
        party.address.identity.as_bytes()
    );
    assert_eq!(destination.identifier, [0; 16]);
}

#[test]
fn both_refuse_the_same_malformed_texts() {
    let Address {
        identity,
        encryption,
        gateway,
    } = party(4).address;
    let texts = [
        String::new(),
        "@".into(),
        ".@".into(),
        format!("{identity}.{encryption}"),
        format!("{identity}@{gateway}"),
        format!("{identity}.{encryption}@"),
        format!("{identity}.{encryption}@{gateway}@{gateway}"),
        format!("{identity}.{encryption}.{encryption}@{gateway}"),
        format!("{identity}.{encryption}@{gateway}.{gateway}"),
        format!("{identity}.{encryption}@{gateway} "),
        format!("0{identity}.{encryption}@{gateway}"),
        format!("{identity}1.{encryption}@{gateway}"),
    ];
    for text in texts {
        assert!(
            text.parse::<Recipient>().is_err(),
            "the official code takes {text:?}"
        );
        assert!(text.parse::<Address>().is_err(), "we take {text:?}");
    }
}

proptest! {
    /// Random bytes are about half of the time no curve point: both must agree on which.
    #[test]
    fn both_accept_the_same_96_bytes(bytes in proptest::array::uniform32(any::<u8>()), place in 0..3_usize) {
        let mut whole = party(5).address.to_bytes();
        whole[place * 32..][..32].copy_from_slice(&bytes);
        let theirs = Recipient::try_from_bytes(whole).ok().map(|r| r.to_bytes());
        let ours = Address::from_bytes(&whole).ok().map(|a| a.to_bytes());
        prop_assert_eq!(ours, theirs);
    }

    #[test]
    fn node_addresses_have_the_same_three_forms(address in any::<SocketAddr>()) {
        let ours = NodeAddress(without_scope(address));
        let theirs = NymNodeRoutingAddress::from(ours.0);
        let header: NodeAddressBytes = theirs.try_into().unwrap();
        prop_assert_eq!(ours.unpadded(), theirs.as_bytes());
        prop_assert_eq!(ours.padded_19().to_vec(), theirs.as_zero_padded_bytes(19));
        prop_assert_eq!(&ours.padded_32(), header.as_bytes());
        prop_assert_eq!(ours.padded_32().len(), NODE_ADDRESS_LENGTH);
        for form in [&ours.unpadded()[..], &ours.padded_19(), &ours.padded_32()] {
            prop_assert_eq!(NymNodeRoutingAddress::try_from_bytes(form).unwrap(), theirs);
            prop_assert_eq!(NodeAddress::decode(form), Ok((ours, theirs.bytes_min_len())));
        }
    }

    #[test]
    fn both_read_the_same_node_address_from_any_bytes(
        tag in prop_oneof![Just(4_u8), Just(6), any::<u8>()],
        rest in proptest::collection::vec(any::<u8>(), 0..40),
    ) {
        let bytes: Vec<u8> = std::iter::once(tag).chain(rest).collect();
        let theirs = NymNodeRoutingAddress::try_from_bytes(&bytes).ok().map(SocketAddr::from);
        let ours = NodeAddress::decode(&bytes).ok().map(|(address, _)| address.0);
        prop_assert_eq!(ours, theirs);
    }
}

/// An IPv6 socket address without flow label and scope, which no wire form carries.
fn without_scope(address: SocketAddr) -> SocketAddr {
    SocketAddr::new(address.ip(), address.port())
}
