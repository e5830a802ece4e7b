//! What two Sotto peers tell each other behind the words: which messages came already, of which the
//! other side is still to be told, and which of ours it has not confirmed.

use std::collections::VecDeque;

use base64::{Engine, prelude::BASE64_STANDARD_NO_PAD};
use serde::{Deserialize, Serialize};
use sotto_core::{client::MessageId, time::Time};

/// So many messages of a correspondent are remembered, to be shown once however often they come.
const HEARD: usize = 256;
/// So much of an envelope's id is remembered. It is random, and who makes two that begin alike
/// loses a message of their own.
const HEARD_BYTES: usize = 8;
/// So many receipts can wait to be sent to one correspondent.
const OWED: usize = 256;
/// For so many messages of ours receipts are awaited from one correspondent.
const AWAITED: usize = 128;

/// Version byte in front.
const VERSION: u8 = 1;

/// What is kept of one correspondent. In the record it is one word of base64.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(into = "String", from = "String")]
pub struct Exchange {
    /// The beginnings of the ids of the newest envelopes that came.
    heard: VecDeque<[u8; HEARD_BYTES]>,
    /// Envelopes that came, and whose senders want to know.
    owed: Vec<Owed>,
    /// Messages of ours without a receipt, the oldest first.
    awaited: Vec<Awaited>,
    /// Whether sending again was in vain until now: they may tell nobody what arrived.
    silent: bool,
}

/// A receipt that is to be sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Owed {
    /// The envelope's.
    pub id: MessageId,
    /// As whom.
    pub way: Way,
}

/// As whom an owner of an address is told that a message arrived.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Way {
    /// As ourselves: they wrote to our address.
    Signed,
    /// As the anonymous correspondent that they answered.
    Anonymous,
}

/// A message of ours that was not confirmed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Awaited {
    /// The message.
    pub id: MessageId,
    /// When all of it was last at the recipient's gateway.
    pub at_gateway: Option<Time>,
    /// How often it may be sent again; nothing if there is no sense in that.
    pub left: Option<u8>,
}

impl Exchange {
    /// Takes note of an envelope that came; whether it is a new one.
    pub fn hear(&mut self, id: MessageId) -> bool {
        let Some(begin) = id.0.first_chunk().copied() else {
            return true;
        };
        if self.heard.contains(&begin) {
            return false;
        }
        self.heard.push_back(begin);
        while self.heard.len() > HEARD {
            self.heard.pop_front();
        }
        true
    }

    /// The sender of an envelope is to be told that it arrived.
    pub fn owe(&mut self, id: MessageId, way: Way) {
        if self.owed.iter().all(|owed| owed.id != id) && self.owed.len() < OWED {
            self.owed.push(Owed { id, way });
        }
    }

    /// Receipts that are to be sent.
    #[must_use]
    pub fn owed(&self) -> &[Owed] {
        &self.owed
    }

    /// Receipts for these are on their way.
    pub fn pay(&mut self, ids: &[MessageId]) {
        self.owed.retain(|owed| !ids.contains(&owed.id));
    }

    /// No receipts are sent.
    pub fn owe_nothing(&mut self) {
        self.owed.clear();
    }

    /// A receipt is hoped for. Without one the message may be sent again so often.
    pub fn expect(&mut self, id: MessageId, again: Option<u8>) {
        if self.awaited.iter().any(|awaited| awaited.id == id) {
            return;
        }
        self.awaited.push(Awaited {
            id,
            at_gateway: None,
            left: again,
        });
        if self.awaited.len() > AWAITED {
            self.awaited.remove(0);
        }
    }

    /// Messages of ours without a receipt.
    #[must_use]
    pub fn awaited(&self) -> &[Awaited] {
        &self.awaited
    }

    /// All of a message is at the recipient's gateway; whether that is new.
    pub fn reach(&mut self, id: MessageId, now: Time) -> bool {
        let one = self.find(id).filter(|one| one.at_gateway.is_none());
        one.map(|one| one.at_gateway = Some(now)).is_some()
    }

    /// The correspondent has a message of ours; whether we waited for that.
    pub fn confirm(&mut self, id: MessageId) -> bool {
        let before = self.awaited.len();
        self.awaited.retain(|awaited| awaited.id != id);
        let confirmed = self.awaited.len() < before;
        self.silent &= !confirmed;
        confirmed
    }

    /// A message is on its way again.
    pub fn resend(&mut self, id: MessageId, now: Time) {
        if let Some(one) = self.find(id) {
            one.at_gateway = Some(now);
            one.left = one.left.map(|left| left.saturating_sub(1));
        }
    }

    /// A message was sent often enough; until a receipt comes, none is sent again.
    pub fn give_up(&mut self, id: MessageId) {
        if let Some(one) = self.find(id) {
            one.left = None;
            self.silent = true;
        }
    }

    /// A message of ours is gone: nobody waits for its receipt.
    pub fn forget(&mut self, id: MessageId) {
        self.awaited.retain(|awaited| awaited.id != id);
    }

    /// Whether the correspondent never confirmed what was sent again and again.
    #[must_use]
    pub fn is_silent(&self) -> bool {
        self.silent
    }

    fn find(&mut self, id: MessageId) -> Option<&mut Awaited> {
        self.awaited.iter_mut().find(|awaited| awaited.id == id)
    }

    fn write(&self) -> Vec<u8> {
        let mut bytes = vec![VERSION, u8::from(self.silent)];
        for count in [self.heard.len(), self.owed.len(), self.awaited.len()] {
            // Each is less than a thousand.
            bytes.extend(u16::try_from(count).unwrap_or(u16::MAX).to_be_bytes());
        }
        bytes.extend(self.heard.iter().flatten());
        for owed in &self.owed {
            bytes.extend(owed.id.0);
            bytes.push(u8::from(owed.way == Way::Anonymous));
        }
        for awaited in &self.awaited {
            let at_gateway = awaited.at_gateway.map_or(0, Time::as_millis);
            bytes.extend(awaited.id.0);
            bytes.extend(at_gateway.to_be_bytes());
            bytes.push(awaited.left.unwrap_or(u8::MAX));
        }
        bytes
    }

    fn read(bytes: &[u8]) -> Option<Self> {
        let ([VERSION, silent], rest) = bytes.split_first_chunk()? else {
            return None;
        };
        let (counts, rest) = rest.split_first_chunk::<6>()?;
        let (counts, _) = counts.as_chunks::<2>();
        let &[heard, owed, awaited] = counts else {
            return None;
        };
        let (heard, rest) = items::<HEARD_BYTES>(heard, rest)?;
        let (owed, rest) = items::<17>(owed, rest)?;
        let (awaited, rest) = items::<25>(awaited, rest)?;
        rest.is_empty().then_some(())?;
        Some(Self {
            heard: heard.iter().copied().collect(),
            owed: owed.iter().map(read_owed).collect::<Option<_>>()?,
            awaited: awaited.iter().map(read_awaited).collect::<Option<_>>()?,
            silent: *silent == 1,
        })
    }
}

/// So many items of `N` bytes, and what follows them.
fn items<const N: usize>(count: [u8; 2], bytes: &[u8]) -> Option<(&[[u8; N]], &[u8])> {
    let count = usize::from(u16::from_be_bytes(count));
    let (items, rest) = bytes.split_at_checked(count * N)?;
    Some((items.as_chunks().0, rest))
}

fn read_owed(bytes: &[u8; 17]) -> Option<Owed> {
    let (id, [anonymous]) = bytes.split_first_chunk()? else {
        return None;
    };
    let way = match anonymous {
        0 => Way::Signed,
        _ => Way::Anonymous,
    };
    Some(Owed {
        id: MessageId(*id),
        way,
    })
}

fn read_awaited(bytes: &[u8; 25]) -> Option<Awaited> {
    let (id, rest) = bytes.split_first_chunk()?;
    let (at_gateway, [left]) = rest.split_first_chunk()? else {
        return None;
    };
    let at_gateway = u64::from_be_bytes(*at_gateway);
    Some(Awaited {
        id: MessageId(*id),
        at_gateway: (at_gateway > 0).then(|| Time::from_millis(at_gateway)),
        left: (*left != u8::MAX).then_some(*left),
    })
}

impl From<Exchange> for String {
    fn from(exchange: Exchange) -> Self {
        BASE64_STANDARD_NO_PAD.encode(exchange.write())
    }
}

impl From<String> for Exchange {
    /// What cannot be read is as good as nothing: the conversation itself must not be lost with it.
    fn from(text: String) -> Self {
        let bytes = BASE64_STANDARD_NO_PAD.decode(text).ok();
        bytes
            .and_then(|bytes| Self::read(&bytes))
            .unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Time = Time::from_millis(1_000);

    fn id(number: u16) -> MessageId {
        let mut id = [7; 16];
        id[..2].copy_from_slice(&number.to_be_bytes());
        MessageId(id)
    }

    fn full() -> Exchange {
        let mut exchange = Exchange::default();
        for number in 0..1_000 {
            exchange.hear(id(number));
            let way = [Way::Signed, Way::Anonymous][usize::from(number) % 2];
            exchange.owe(id(number), way);
            exchange.expect(id(number), (number % 3 == 0).then_some(3));
        }
        assert!(exchange.reach(id(999), NOW));
        exchange.resend(id(999), NOW);
        exchange.give_up(id(996));
        exchange
    }

    #[test]
    fn it_is_bounded_and_survives_the_store() {
        for exchange in [Exchange::default(), full()] {
            let text = String::from(exchange.clone());
            assert!(text.len() < 15_000, "{}", text.len());
            assert_eq!(Exchange::from(text), exchange);
        }
        let full = full();
        let counts = (full.heard.len(), full.owed.len(), full.awaited.len());
        assert_eq!(counts, (HEARD, OWED, AWAITED));
    }

    #[test]
    fn what_cannot_be_read_is_nothing() {
        let good = full().write();
        let later = [&[2], &good[1..]].concat();
        let long = [good.as_slice(), &[0]].concat();
        for bad in [&good[..good.len() - 1], &good[..7], &[], &later, &long] {
            let text = BASE64_STANDARD_NO_PAD.encode(bad);
            assert_eq!(Exchange::from(text), Exchange::default());
        }
        assert_eq!(Exchange::from("?".to_owned()), Exchange::default());
    }

    #[test]
    fn an_envelope_is_heard_once_and_the_newest_are_remembered() {
        let mut exchange = Exchange::default();
        assert!(exchange.hear(id(1)));
        assert!(!exchange.hear(id(1)));
        let others = 2..2 + u16::try_from(HEARD).unwrap();
        assert!(others.clone().all(|other| exchange.hear(id(other))));
        assert!(!others.into_iter().any(|other| exchange.hear(id(other))));
        assert!(exchange.hear(id(1)), "forgotten by now");
    }

    #[test]
    fn a_receipt_is_owed_once_until_it_is_on_its_way() {
        let mut exchange = Exchange::default();
        exchange.owe(id(1), Way::Signed);
        exchange.owe(id(1), Way::Signed);
        exchange.owe(id(2), Way::Anonymous);
        assert_eq!(exchange.owed().len(), 2);
        exchange.pay(&[id(1), id(3)]);
        let left = Owed {
            id: id(2),
            way: Way::Anonymous,
        };
        assert_eq!(exchange.owed(), [left]);
        exchange.owe_nothing();
        assert_eq!(exchange.owed(), []);
    }

    #[test]
    fn only_what_is_awaited_can_be_confirmed_and_only_once() {
        let mut exchange = Exchange::default();
        exchange.expect(id(1), Some(3));
        exchange.expect(id(1), Some(3));
        assert!(!exchange.confirm(id(2)));
        assert!(exchange.confirm(id(1)));
        assert!(!exchange.confirm(id(1)));
    }

    #[test]
    fn who_never_confirmed_is_silent_until_a_receipt_comes() {
        let mut exchange = Exchange::default();
        exchange.expect(id(1), Some(3));
        exchange.expect(id(2), Some(3));
        exchange.give_up(id(1));
        assert!(exchange.is_silent());
        assert_eq!(exchange.awaited()[0].left, None);
        assert!(!exchange.confirm(id(3)));
        assert!(exchange.is_silent());
        assert!(exchange.confirm(id(1)), "better late than never");
        assert!(!exchange.is_silent());
    }

    #[test]
    fn it_is_known_when_a_message_was_last_at_the_gateway_and_how_often_it_may_be_sent_again() {
        let mut exchange = Exchange::default();
        exchange.expect(id(1), Some(3));
        assert!(exchange.reach(id(1), NOW));
        let later = Time::from_millis(9_000);
        assert!(!exchange.reach(id(1), later));
        assert!(!exchange.reach(id(2), later));
        assert_eq!(exchange.awaited()[0].at_gateway, Some(NOW));
        exchange.resend(id(1), later);
        let expected = Awaited {
            id: id(1),
            at_gateway: Some(later),
            left: Some(2),
        };
        assert_eq!(exchange.awaited(), [expected]);
    }
}
