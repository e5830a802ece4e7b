//! What was pushed to a client and may not have arrived.
//!
//! A websocket push into a dead connection looks like any other. So the gateway pings behind its
//! pushes: the pong proves that the client's side took everything before it. Only then is a live
//! message's ack launched, and a stored message deleted. What is unconfirmed when the session ends
//! goes back to the inbox.

use super::mailbox::Delivery;
use std::collections::VecDeque;

/// Bytes of live messages that may be unconfirmed. More wait in the mailbox, then in the inbox.
const MAX_BYTES: usize = 4 << 20;

/// One pushed message.
#[derive(Debug)]
pub(crate) enum Pushed {
    /// It is nowhere else.
    Live(Delivery),
    /// It is in the inbox under this number.
    Stored(i64),
}

impl Pushed {
    /// The message, if it is nowhere else.
    pub(crate) fn live(self) -> Option<Delivery> {
        match self {
            Self::Live(delivery) => Some(delivery),
            Self::Stored(_) => None,
        }
    }

    /// Its number in the inbox, if it is there.
    pub(crate) fn stored(self) -> Option<i64> {
        match self {
            Self::Live(_) => None,
            Self::Stored(id) => Some(id),
        }
    }
}

/// The pushed messages in order, and the ping behind some of them.
#[derive(Debug, Default)]
pub(crate) struct Unconfirmed {
    pushed: VecDeque<Pushed>,
    /// Messages confirmed so far.
    confirmed: u64,
    /// Messages that the outstanding ping covers, counted like `confirmed`.
    pinged: Option<u64>,
    bytes: usize,
}

impl Unconfirmed {
    pub(crate) fn add(&mut self, pushed: Pushed) {
        if let Pushed::Live(delivery) = &pushed {
            self.bytes += delivery.body.len();
        }
        self.pushed.push_back(pushed);
    }

    /// Whether more may be pushed.
    pub(crate) const fn has_room(&self) -> bool {
        self.bytes < MAX_BYTES
    }

    /// The payload of a ping to send now: if something is unconfirmed and no ping is on its way.
    pub(crate) fn ping(&mut self) -> Option<u64> {
        if self.pushed.is_empty() || self.pinged.is_some() {
            return None;
        }
        self.pinged = Some(self.confirmed + self.pushed.len() as u64);
        self.pinged
    }

    /// Takes a pong: the messages that are confirmed by it. Any but the one expected is ignored.
    pub(crate) fn confirm(&mut self, payload: u64) -> Vec<Pushed> {
        if self.pinged != Some(payload) {
            return Vec::new();
        }
        self.pinged = None;
        let count = usize::try_from(payload - self.confirmed).unwrap_or(usize::MAX);
        self.confirmed = payload;
        let confirmed: Vec<_> = self.pushed.drain(..count.min(self.pushed.len())).collect();
        let live = confirmed.iter().map(|pushed| match pushed {
            Pushed::Live(delivery) => delivery.body.len(),
            Pushed::Stored(_) => 0,
        });
        self.bytes -= live.sum::<usize>();
        confirmed
    }

    /// The live messages that nothing confirms any more.
    pub(crate) fn take_live(&mut self) -> Vec<Delivery> {
        std::mem::take(&mut self.pushed)
            .into_iter()
            .filter_map(Pushed::live)
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn live(len: usize) -> Pushed {
        Pushed::Live(Delivery {
            body: vec![0; len],
            ack: None,
        })
    }

    #[test]
    fn a_pong_confirms_what_was_pushed_before_its_ping() {
        let mut unconfirmed = Unconfirmed::default();
        assert_eq!(unconfirmed.ping(), None, "there is nothing to confirm");
        unconfirmed.add(live(1));
        unconfirmed.add(Pushed::Stored(7));
        assert_eq!(unconfirmed.ping(), Some(2));
        unconfirmed.add(live(3));
        assert_eq!(unconfirmed.ping(), None, "one ping at a time");
        assert!(unconfirmed.confirm(3).is_empty(), "never pinged");
        assert_eq!(unconfirmed.confirm(2).len(), 2);
        assert!(unconfirmed.confirm(2).is_empty(), "answered before");
        assert_eq!(unconfirmed.ping(), Some(3));
        let rest = unconfirmed.take_live();
        assert_eq!(
            rest.iter()
                .map(|delivery| delivery.body.len())
                .collect::<Vec<_>>(),
            [3]
        );
    }

    #[test]
    fn a_client_that_confirms_nothing_gets_no_more() {
        let mut unconfirmed = Unconfirmed::default();
        unconfirmed.add(live(MAX_BYTES));
        assert!(!unconfirmed.has_room());
        let ping = unconfirmed.ping().unwrap();
        unconfirmed.confirm(ping);
        assert!(unconfirmed.has_room());
    }
}
