//! What a client has confirmed a moment ago.
//!
//! A pong proves that the client's side took a push; in a browser that side answers pings in
//! another process than the one the client runs in. A client that is killed between the two loses
//! what it was just given, which no client can help. A gateway that keeps it for a moment more
//! makes up for that, so that whatever is lost all the same is the client's fault.

use super::unconfirmed::Pushed;
use std::collections::VecDeque;
use std::time::Duration;
use tokio::time::Instant;

/// The confirmed messages in order, each with the moment of its pong.
#[derive(Debug)]
pub(crate) struct Lingering {
    period: Duration,
    confirmed: VecDeque<(Instant, Pushed)>,
}

impl Lingering {
    /// Keeps each message for that long; zero, as real gateways do, not at all.
    pub(crate) const fn new(period: Duration) -> Self {
        Self {
            period,
            confirmed: VecDeque::new(),
        }
    }

    pub(crate) fn add(&mut self, now: Instant, pushed: Pushed) {
        self.confirmed.push_back((now, pushed));
    }

    /// Those that were kept for long enough.
    pub(crate) fn take_old(&mut self, now: Instant) -> Vec<Pushed> {
        let old = |(at, _): &(Instant, Pushed)| now.duration_since(*at) >= self.period;
        let count = self.confirmed.partition_point(old);
        self.confirmed
            .drain(..count)
            .map(|(_, pushed)| pushed)
            .collect()
    }

    /// The others, when the session ends.
    pub(crate) fn take_rest(&mut self) -> impl Iterator<Item = Pushed> {
        std::mem::take(&mut self.confirmed)
            .into_iter()
            .map(|(_, pushed)| pushed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_lingers_for_the_period_and_no_longer() {
        let mut lingering = Lingering::new(Duration::from_secs(2));
        let start = Instant::now();
        lingering.add(start, Pushed::Stored(1));
        lingering.add(start + Duration::from_secs(1), Pushed::Stored(2));
        let seconds = |seconds| start + Duration::from_secs(seconds);
        assert!(lingering.take_old(seconds(1)).is_empty());
        assert!(matches!(
            lingering.take_old(seconds(2))[..],
            [Pushed::Stored(1)]
        ));
        let rest: Vec<_> = lingering.take_rest().collect();
        assert!(matches!(rest[..], [Pushed::Stored(2)]));
    }

    #[test]
    fn without_a_period_nothing_lingers() {
        let mut lingering = Lingering::new(Duration::ZERO);
        let now = Instant::now();
        lingering.add(now, Pushed::Stored(1));
        assert_eq!(lingering.take_old(now).len(), 1);
    }
}
