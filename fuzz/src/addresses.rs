//! Addresses, keys and names, as text and as bytes.

use sotto_core::address::{Address, NodeAddress};
use sotto_core::client::MessageId;
use sotto_core::keys::{EncryptionKey, IdentityKey};
use std::fmt::{Debug, Display};
use std::str::FromStr;

pub(crate) fn run(data: &[u8]) -> bool {
    let text = std::str::from_utf8(data).is_ok_and(|text| {
        reads_back::<Address>(text)
            | reads_back::<IdentityKey>(text)
            | reads_back::<EncryptionKey>(text)
            | reads_back::<MessageId>(&text.to_lowercase())
    });
    text | client_address(data) | node_address(data)
}

/// There is one way to write each value.
fn reads_back<T: FromStr + Display>(text: &str) -> bool {
    let Ok(read) = text.parse::<T>() else {
        return false;
    };
    assert_eq!(read.to_string(), text);
    true
}

fn client_address(data: &[u8]) -> bool {
    let Ok(address) = Address::from_bytes(data) else {
        return false;
    };
    assert_eq!(address.to_bytes(), data);
    assert_eq!(address.to_string().parse(), Ok(address));
    true
}

fn node_address(data: &[u8]) -> bool {
    let Ok((address, len)) = NodeAddress::decode(data) else {
        return false;
    };
    assert_eq!(address.unpadded(), data[..len]);
    same(NodeAddress::decode(&address.padded_19()), (address, len));
    same(NodeAddress::decode(&address.padded_32()), (address, len));
    true
}

fn same<T: PartialEq + Debug, E: PartialEq + Debug>(read: Result<T, E>, expected: T) {
    assert_eq!(read, Ok(expected));
}
