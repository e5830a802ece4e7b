//! What programs have sent and has not arrived, by stream.

use sotto_core::client::{DeliveryState, MessageId};
use sotto_core::fragment::fragment_len;
use sotto_core::packet::PacketSize;
use std::collections::{HashMap, HashSet};

/// Messages on their way, counted in packets. A lane is what the official client calls the queue
/// of a stream, and exists as long as anything is in it.
#[derive(Debug, Default)]
pub(crate) struct Lanes {
    messages: HashMap<MessageId, OnTheWay>,
    lanes: HashMap<u64, Lane>,
    /// Messages that move, which are all but those that wait for something.
    moving: usize,
}

#[derive(Debug)]
struct OnTheWay {
    lane: Option<u64>,
    /// Packets that are to arrive.
    left: u64,
    moves: bool,
}

#[derive(Debug, Default)]
struct Lane {
    messages: HashSet<MessageId>,
    /// Of all of them.
    left: u64,
}

impl Lanes {
    /// A message of so many bytes is about to be sent.
    pub(crate) fn add(&mut self, id: MessageId, lane: Option<u64>, len: usize) {
        // At least; the client tells how many there are when the first has arrived.
        let left = len.div_ceil(fragment_len(PacketSize::Regular)).max(1) as u64;
        let moves = true;
        if self
            .messages
            .insert(id, OnTheWay { lane, left, moves })
            .is_some()
        {
            return;
        }
        self.moving += 1;
        if let Some(lane) = lane {
            let lane = self.lanes.entry(lane).or_default();
            lane.messages.insert(id);
            lane.left += left;
        }
    }

    /// A message has got on. One that is not of a program is none of ours.
    pub(crate) fn update(&mut self, id: MessageId, state: &DeliveryState) {
        match state {
            DeliveryState::Queued { waiting } => self.moves(id, waiting.is_none()),
            DeliveryState::Paused { .. } => self.moves(id, false),
            DeliveryState::Sending { acked, total } => {
                self.moves(id, true);
                self.left(id, total.saturating_sub(*acked) as u64);
            }
            DeliveryState::Sent | DeliveryState::AtGateway | DeliveryState::Failed(_) => {
                self.remove(id);
            }
        }
    }

    fn moves(&mut self, id: MessageId, moves: bool) {
        if let Some(message) = self.messages.get_mut(&id) {
            self.moving = self.moving + usize::from(moves) - usize::from(message.moves);
            message.moves = moves;
        }
    }

    fn left(&mut self, id: MessageId, left: u64) {
        let Some(message) = self.messages.get_mut(&id) else {
            return;
        };
        if let Some(lane) = message.lane.and_then(|lane| self.lanes.get_mut(&lane)) {
            lane.left = lane.left + left - message.left;
        }
        message.left = left;
    }

    /// A message is no longer in the queue.
    pub(crate) fn remove(&mut self, id: MessageId) {
        self.moves(id, false);
        self.left(id, 0);
        let Some(message) = self.messages.remove(&id) else {
            return;
        };
        if let Some(number) = message.lane
            && let Some(lane) = self.lanes.get_mut(&number)
        {
            lane.messages.remove(&id);
            if lane.messages.is_empty() {
                self.lanes.remove(&number);
            }
        }
    }

    /// Packets of the lane that have not arrived.
    pub(crate) fn length(&self, lane: u64) -> u64 {
        self.lanes.get(&lane).map_or(0, |lane| lane.left)
    }

    /// The messages in the lane.
    pub(crate) fn messages(&self, lane: u64) -> Vec<MessageId> {
        let lane = self.lanes.get(&lane);
        lane.map_or_else(Vec::new, |lane| lane.messages.iter().copied().collect())
    }

    /// Messages that wait for nothing but their turn.
    pub(crate) const fn moving(&self) -> usize {
        self.moving
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use sotto_core::client::{FailReason, Problem};

    fn id(number: u8) -> MessageId {
        MessageId([number; 16])
    }

    fn waiting(problem: Option<Problem>) -> DeliveryState {
        DeliveryState::Queued { waiting: problem }
    }

    #[test]
    fn a_lane_is_as_long_as_its_packets_that_have_not_arrived() {
        let mut lanes = Lanes::default();
        lanes.add(id(1), Some(7), 10);
        lanes.add(id(2), Some(7), 10_000);
        lanes.add(id(3), None, 10);
        let sending = |acked, total| DeliveryState::Sending { acked, total };
        assert!(lanes.length(7) >= 6, "{}", lanes.length(7));
        lanes.update(id(2), &sending(1, 9));
        assert_eq!(lanes.length(7), 1 + 8);
        lanes.update(id(2), &sending(9, 9));
        assert_eq!(lanes.length(7), 1);
        lanes.update(id(1), &DeliveryState::Sent);
        assert_eq!((lanes.length(7), lanes.messages(7)), (0, vec![id(2)]));
        lanes.update(id(2), &DeliveryState::AtGateway);
        lanes.update(id(3), &DeliveryState::Failed(FailReason::Expired));
        assert_eq!(
            (lanes.length(7), lanes.length(8), lanes.moving()),
            (0, 0, 0)
        );
        assert!(lanes.lanes.is_empty() && lanes.messages.is_empty());
    }

    #[test]
    fn what_waits_for_something_does_not_count_as_moving() {
        let mut lanes = Lanes::default();
        lanes.add(id(1), None, 10);
        lanes.add(id(1), None, 10);
        lanes.add(id(2), Some(7), 10);
        lanes.update(id(2), &waiting(Some(Problem::RecipientGatewayMissing)));
        lanes.update(id(9), &waiting(None));
        assert_eq!(lanes.moving(), 1);
        lanes.update(id(2), &waiting(None));
        assert_eq!(lanes.moving(), 2);
        lanes.update(id(2), &DeliveryState::Paused { acked: 0, total: 0 });
        lanes.remove(id(1));
        lanes.remove(id(1));
        assert_eq!((lanes.moving(), lanes.length(7)), (0, 1));
    }
}
