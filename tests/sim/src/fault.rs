//! What can go wrong.

use std::fmt;

/// A kind of fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Fault {
    /// Packets vanish between nodes.
    Loss,
    /// Packets take longer than usual.
    Delay,
    /// Packets overtake others.
    Reordering,
    /// Packets come twice.
    Duplication,
    /// A mix node dies and returns.
    MixDeath,
    /// A gateway dies without saving anything, and returns.
    GatewayCrash,
    /// A gateway is stopped in an orderly way, and returns.
    GatewayRestart,
    /// A gateway loses its registrations.
    GatewayAmnesia,
    /// A worker is killed between two effects.
    Kill,
    /// A machine's clock is wrong for a while.
    ClockJump,
    /// The nodes change their keys.
    Rotation,
    /// A disk takes nothing for a while.
    DiskFull,
    /// The directory does not answer for a while.
    DirectoryDown,
    /// A machine changes its network.
    NetworkChange,
    /// A gateway does not notice for a while that a client has left.
    HalfOpen,
    /// A machine sleeps for a while.
    Sleep,
    /// A user changes the gateway.
    GatewayChange,
}

impl Fault {
    /// Every kind.
    pub const ALL: [Self; 17] = [
        Self::Loss,
        Self::Delay,
        Self::Reordering,
        Self::Duplication,
        Self::MixDeath,
        Self::GatewayCrash,
        Self::GatewayRestart,
        Self::GatewayAmnesia,
        Self::Kill,
        Self::ClockJump,
        Self::Rotation,
        Self::DiskFull,
        Self::DirectoryDown,
        Self::NetworkChange,
        Self::HalfOpen,
        Self::Sleep,
        Self::GatewayChange,
    ];

    const fn name(self) -> &'static str {
        match self {
            Self::Loss => "loss",
            Self::Delay => "delay",
            Self::Reordering => "reordering",
            Self::Duplication => "duplication",
            Self::MixDeath => "mix death",
            Self::GatewayCrash => "gateway crash",
            Self::GatewayRestart => "gateway restart",
            Self::GatewayAmnesia => "gateway amnesia",
            Self::Kill => "worker kill",
            Self::ClockJump => "clock jump",
            Self::Rotation => "key rotation",
            Self::DiskFull => "full disk",
            Self::DirectoryDown => "directory down",
            Self::NetworkChange => "network change",
            Self::HalfOpen => "half-open socket",
            Self::Sleep => "sleep",
            Self::GatewayChange => "gateway change",
        }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}
