//! Where a message goes: a client's address, and the ip:port of a hop (protocol.md 1.2-1.4).

use crate::keys::{EncryptionKey, IdentityKey, KeyError, PublicKeys};
use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::str::FromStr;

/// A client's full address, which the official code calls a recipient.
///
/// Text form `identity.encryption@gateway`, each part base58. Binary form: the three keys in that
/// order, 96 bytes.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Address {
    /// Names the client towards its gateway; the Sphinx destination.
    pub identity: IdentityKey,
    /// What fragments for the client are encrypted to.
    pub encryption: EncryptionKey,
    /// The gateway that keeps the client's messages.
    pub gateway: IdentityKey,
}

/// Which of the three parts of an address is meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AddressPart {
    /// Before the dot.
    Identity,
    /// Between the dot and the at sign.
    Encryption,
    /// After the at sign.
    Gateway,
}

impl fmt::Display for AddressPart {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Identity => "the first part (before the dot)",
            Self::Encryption => "the second part (between the dot and the @)",
            Self::Gateway => "the third part (after the @)",
        })
    }
}

/// Why text or bytes are not an address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AddressError {
    /// The text does not have the form `first.second@third`.
    #[error("an address has three parts, like first.second@third; copy it again as a whole")]
    WrongShape,
    /// One part is no key.
    #[error("{part} is damaged: {error}; copy the address again as a whole")]
    BadKey {
        /// The part at fault.
        part: AddressPart,
        /// What is wrong with it.
        error: KeyError,
    },
    /// A binary address is not 96 bytes long.
    #[error("a binary address has 96 bytes")]
    WrongLength,
}

impl AddressError {
    fn in_part(part: AddressPart) -> impl Fn(KeyError) -> Self {
        move |error| Self::BadKey { part, error }
    }
}

impl Address {
    /// The keys of its owner, who keeps them when moving to another gateway.
    pub const fn keys(&self) -> PublicKeys {
        PublicKeys {
            identity: self.identity,
            encryption: self.encryption,
        }
    }

    /// The binary form.
    pub fn to_bytes(&self) -> [u8; 96] {
        let mut bytes = [0; 96];
        let keys = [
            self.identity.as_bytes(),
            self.encryption.as_bytes(),
            self.gateway.as_bytes(),
        ];
        bytes
            .iter_mut()
            .zip(keys.into_iter().flatten())
            .for_each(|(b, k)| *b = *k);
        bytes
    }

    /// Reads the binary form.
    ///
    /// # Errors
    /// [`AddressError`] if the length is wrong or an ed25519 key is no curve point.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, AddressError> {
        let bytes: &[u8; 96] = bytes.try_into().map_err(|_| AddressError::WrongLength)?;
        let (identity, rest) = bytes.split_first_chunk().ok_or(AddressError::WrongLength)?;
        let (encryption, rest) = rest.split_first_chunk().ok_or(AddressError::WrongLength)?;
        let gateway = rest.try_into().map_err(|_| AddressError::WrongLength)?;
        Ok(Self {
            identity: IdentityKey::from_bytes(*identity)
                .map_err(AddressError::in_part(AddressPart::Identity))?,
            encryption: EncryptionKey::from_bytes(*encryption),
            gateway: IdentityKey::from_bytes(gateway)
                .map_err(AddressError::in_part(AddressPart::Gateway))?,
        })
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}@{}", self.identity, self.encryption, self.gateway)
    }
}

impl fmt::Debug for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for Address {
    type Err = AddressError;

    fn from_str(text: &str) -> Result<Self, AddressError> {
        let (client, gateway) = text.split_once('@').ok_or(AddressError::WrongShape)?;
        let (identity, encryption) = client.split_once('.').ok_or(AddressError::WrongShape)?;
        if gateway.contains(['@', '.']) || encryption.contains('.') {
            return Err(AddressError::WrongShape);
        }
        Ok(Self {
            identity: identity
                .parse()
                .map_err(AddressError::in_part(AddressPart::Identity))?,
            encryption: encryption
                .parse()
                .map_err(AddressError::in_part(AddressPart::Encryption))?,
            gateway: gateway
                .parse()
                .map_err(AddressError::in_part(AddressPart::Gateway))?,
        })
    }
}

/// Bytes of the longest unpadded [`NodeAddress`]: tag, port and an IPv6 address.
pub const NODE_ADDRESS_MAX: usize = 19;

/// The ip and mix port of a hop. Three encodings: unpadded (7 or 19 bytes, in a
/// [`MixPacket`](crate::packet::MixPacket)), 19 bytes (before a SURB-ack), 32 bytes (in a Sphinx
/// header).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NodeAddress(pub SocketAddr);

/// Bytes that are no node address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the bytes are not the address of a node")]
pub struct NodeAddressError;

impl NodeAddress {
    /// Tag, port and address: 7 bytes for IPv4, 19 for IPv6.
    pub fn unpadded(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(NODE_ADDRESS_MAX);
        bytes.push(if self.0.is_ipv4() { 4 } else { 6 });
        bytes.extend_from_slice(&self.0.port().to_be_bytes());
        match self.0.ip() {
            IpAddr::V4(ip) => bytes.extend_from_slice(&ip.octets()),
            IpAddr::V6(ip) => bytes.extend_from_slice(&ip.octets()),
        }
        bytes
    }

    /// The form in front of a SURB-ack, zero padded.
    pub fn padded_19(&self) -> [u8; NODE_ADDRESS_MAX] {
        self.padded()
    }

    /// The form inside a Sphinx header, zero padded.
    pub fn padded_32(&self) -> [u8; 32] {
        self.padded()
    }

    fn padded<const N: usize>(&self) -> [u8; N] {
        let mut bytes = [0; N];
        bytes
            .iter_mut()
            .zip(self.unpadded())
            .for_each(|(b, a)| *b = a);
        bytes
    }

    /// Reads an address from the front of `bytes`; also gives the unpadded length it has.
    ///
    /// # Errors
    /// [`NodeAddressError`] if the tag is neither 4 nor 6 or bytes are missing.
    pub fn decode(bytes: &[u8]) -> Result<(Self, usize), NodeAddressError> {
        let ([tag, port @ ..], rest) = bytes.split_first_chunk::<3>().ok_or(NodeAddressError)?;
        let port = u16::from_be_bytes(*port);
        let (ip, len) = match tag {
            4 => (IpAddr::V4(Ipv4Addr::from(*first_chunk::<4>(rest)?)), 7),
            6 => (IpAddr::V6(Ipv6Addr::from(*first_chunk::<16>(rest)?)), 19),
            _ => return Err(NodeAddressError),
        };
        Ok((Self(SocketAddr::new(ip, port)), len))
    }
}

fn first_chunk<const N: usize>(bytes: &[u8]) -> Result<&[u8; N], NodeAddressError> {
    bytes.first_chunk().ok_or(NodeAddressError)
}

impl fmt::Display for NodeAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::keys::ClientKeys;
    use rand_core::SeedableRng;

    fn address() -> Address {
        let keys = |seed| ClientKeys::generate(&mut crate::ChaCha20Rng::from_seed([seed; 32]));
        Address {
            identity: keys(1).signing.identity_key(),
            encryption: keys(1).encryption.public_key(),
            gateway: keys(2).signing.identity_key(),
        }
    }

    #[test]
    fn an_address_reads_back_from_text_and_bytes() {
        let address = address();
        assert_eq!(address.to_string().parse(), Ok(address));
        assert_eq!(Address::from_bytes(&address.to_bytes()), Ok(address));
    }

    #[test]
    fn a_malformed_address_says_which_part_is_wrong() {
        let Address {
            identity,
            encryption,
            gateway,
        } = address();
        let bad = |part| {
            Err(AddressError::BadKey {
                part,
                error: KeyError::NotBase58,
            })
        };
        let cases = [
            (String::new(), Err(AddressError::WrongShape)),
            (
                format!("{identity}@{gateway}"),
                Err(AddressError::WrongShape),
            ),
            (
                format!("{identity}.{encryption}"),
                Err(AddressError::WrongShape),
            ),
            (
                format!("{identity}.{encryption}@{gateway}@{gateway}"),
                Err(AddressError::WrongShape),
            ),
            (
                format!("{identity}.{encryption}.x@{gateway}"),
                Err(AddressError::WrongShape),
            ),
            (
                format!("{identity}.{encryption}@{gateway}.x"),
                Err(AddressError::WrongShape),
            ),
            (
                format!("0.{encryption}@{gateway}"),
                bad(AddressPart::Identity),
            ),
            (
                format!("{identity}.0@{gateway}"),
                bad(AddressPart::Encryption),
            ),
            (
                format!("{identity}.{encryption}@0"),
                bad(AddressPart::Gateway),
            ),
        ];
        for (text, expected) in cases {
            assert_eq!(text.parse::<Address>(), expected, "{text}");
        }
    }

    #[test]
    fn node_addresses_read_back_in_all_three_forms() {
        for text in ["127.0.0.1:10001", "[::1]:1789"] {
            let address = NodeAddress(text.parse().unwrap());
            let unpadded = address.unpadded();
            for bytes in [&unpadded[..], &address.padded_19(), &address.padded_32()] {
                assert_eq!(
                    NodeAddress::decode(bytes),
                    Ok((address, unpadded.len())),
                    "{text}"
                );
            }
            for len in 0..unpadded.len() {
                assert!(
                    NodeAddress::decode(&unpadded[..len]).is_err(),
                    "{text} cut to {len}"
                );
            }
        }
        assert!(NodeAddress::decode(&[5; 32]).is_err());
    }
}
