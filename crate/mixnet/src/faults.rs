//! Trouble on request: loss and extra delay, to be tried out while the mixnet runs.

use parking_lot::Mutex;
use rand_chacha::ChaCha20Rng;
use rand_core::Rng;
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// The trouble that a node is asked to make.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct FaultSettings {
    /// Share of arriving packets that each mix node drops, 0 to 1.
    pub loss: f64,
    /// Milliseconds that each mix node holds every packet beyond its own delay.
    pub extra_delay_ms: u32,
}

/// The faults of all nodes of one process.
#[derive(Debug)]
pub(crate) struct Faults(Mutex<State>);

#[derive(Debug)]
struct State {
    settings: FaultSettings,
    rng: ChaCha20Rng,
}

impl Faults {
    pub(crate) fn new(settings: FaultSettings, rng: ChaCha20Rng) -> Self {
        Self(Mutex::new(State { settings, rng }))
    }

    pub(crate) fn settings(&self) -> FaultSettings {
        self.0.lock().settings
    }

    pub(crate) fn set(&self, settings: FaultSettings) {
        let loss = settings.loss.clamp(0.0, 1.0);
        self.0.lock().settings = FaultSettings { loss, ..settings };
    }

    /// Whether the packet at hand is to get lost.
    pub(crate) fn loses(&self) -> bool {
        let mut state = self.0.lock();
        let loss = state.settings.loss;
        loss > 0.0 && f64::from(state.rng.next_u32()) < loss * (f64::from(u32::MAX) + 1.0)
    }

    pub(crate) fn extra_delay(&self) -> Duration {
        Duration::from_millis(self.settings().extra_delay_ms.into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand_core::SeedableRng;

    #[test]
    fn loss_is_the_share_asked_for() {
        let faults = Faults::new(FaultSettings::default(), ChaCha20Rng::from_seed([1; 32]));
        for (loss, expected) in [(0.0, 0..=0), (0.05, 400..=600), (1.0, 10_000..=10_000)] {
            faults.set(FaultSettings {
                loss,
                extra_delay_ms: 0,
            });
            let lost = (0..10_000).filter(|_| faults.loses()).count();
            assert!(expected.contains(&lost), "{loss}: {lost}");
        }
    }
}
