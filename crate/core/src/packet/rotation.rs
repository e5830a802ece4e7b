//! Which of the nodes' rotating Sphinx keys a packet was made for (protocol.md 2.7).

/// The parity of a key rotation, as packets carry it. One byte on the wire.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum KeyRotation {
    /// Not said: nodes try their primary key, then the secondary.
    #[default]
    Unknown,
    /// An odd rotation id.
    Odd,
    /// An even rotation id.
    Even,
}

impl KeyRotation {
    /// The parity of a rotation id of the directory. The ids 0 and `u32::MAX` are `Unknown`.
    pub const fn from_id(id: u32) -> Self {
        match id {
            0 | u32::MAX => Self::Unknown,
            _ if id % 2 == 1 => Self::Odd,
            _ => Self::Even,
        }
    }

    /// The wire byte.
    pub const fn to_byte(self) -> u8 {
        match self {
            Self::Unknown => 0,
            Self::Odd => 1,
            Self::Even => 2,
        }
    }

    /// Reads the wire byte; `None` if it is not 0, 1 or 2.
    pub const fn from_byte(byte: u8) -> Option<Self> {
        match byte {
            0 => Some(Self::Unknown),
            1 => Some(Self::Odd),
            2 => Some(Self::Even),
            _ => None,
        }
    }
}
