//! Changing keys in time (protocol.md 2.7).

use super::{NodeCore, NodeKeys, Shared};
use crate::clock;
use crate::error::MixnetError;
use std::sync::Arc;
use std::time::Duration;

/// How often the clock is looked at, at the least: a computer that slept has missed the end of
/// an epoch without a timer telling.
const LOOK: Duration = Duration::from_secs(2);

/// Before a node whose keys could not be written tries again.
const PAUSE: Duration = Duration::from_millis(500);

impl Shared {
    /// Brings a node's keys up to date, if it is known what the date is. Whether they changed.
    pub(crate) async fn turn(&self, keys: &Arc<NodeKeys>) -> Result<bool, MixnetError> {
        let Some(epochs) = self.calendar.epochs() else {
            return Ok(false);
        };
        let keys = keys.clone();
        let turned = self.cpu.run(move || keys.turn(epochs.now())).await;
        turned.unwrap_or(Ok(false))
    }

    /// Until keys may have to change.
    fn until_next_epoch(&self) -> Duration {
        let now = clock::now();
        let left = self
            .calendar
            .epochs()
            .map(|epochs| epochs.at(now).left(now));
        left.map_or(LOOK, |left| left.min(LOOK))
    }
}

/// Keeps the keys of a node up to date until it stops.
pub(super) async fn run(core: Arc<NodeCore>) {
    let mut wait = core.shared.until_next_epoch();
    loop {
        tokio::select! {
            () = core.tasks.stopped() => return,
            () = tokio::time::sleep(wait) => {}
        }
        wait = match core.shared.turn(&core.keys).await {
            Ok(_) => core.shared.until_next_epoch(),
            Err(error) => {
                tracing::error!(%error, "cannot change keys");
                PAUSE
            }
        };
    }
}
