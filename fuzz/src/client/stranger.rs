//! Someone who knows the client's address and sends what they like.

use super::network::NETWORK;
use super::rig::Rig;
use crate::source::Source;
use sotto_core::address::Address;
use sotto_core::fragment::{self, SetId, Split};
use sotto_core::keys::SigningKey;
use sotto_core::message::{Content, NymMessage, Repliable, Reply, SenderTag};
use sotto_core::packet::{Journey, KeyRotation, PacketSize};
use sotto_core::surb::{Surb, SurbBatch, SurbRequest};
use std::time::Duration;

impl Rig {
    /// Bytes that come through the mixnet from anybody.
    pub(super) fn stranger(&mut self, source: &mut Source<'_>) {
        let Some(to) = self.address() else {
            return;
        };
        match source.byte() % 4 {
            0 => {
                let noise = source.short_bytes().to_vec();
                self.deliver(noise);
            }
            1 => {
                let content = source.short_bytes();
                self.strange_surbs = true;
                self.seal_and_push(&to, content);
            }
            _ => {
                let message = self.some_message(&to, source);
                self.send_whole(&to, &message);
            }
        }
    }

    fn seal_and_push(&mut self, to: &Address, content: &[u8]) {
        let sealed = fragment::seal(&mut self.rng, &to.encryption, content);
        self.deliver(sealed);
    }

    /// All fragments of a message, in order.
    fn send_whole(&mut self, to: &Address, message: &[u8]) {
        let count = Split::sets_needed(message.len(), PacketSize::Regular);
        let first = self.random() >> 2;
        let ids = (first + 1..).map_while(SetId::new).take(count).collect();
        let Ok(split) = Split::new(message.len(), PacketSize::Regular, ids) else {
            return;
        };
        for index in 0..split.count() {
            let piece = split.fragment(message, index).unwrap();
            self.seal_and_push(to, &piece.encode());
        }
    }

    fn some_message(&mut self, to: &Address, source: &mut Source<'_>) -> Vec<u8> {
        let tag = SenderTag([source.byte() % 3; 16]);
        match source.byte() % 6 {
            0 => NymMessage::encode_plain(source.short_bytes()),
            1 => {
                self.strange_surbs = true;
                source.short_bytes().to_vec()
            }
            2 => NymMessage::Reply(Reply::Data(source.short_bytes().to_vec())).encode(),
            3 => {
                let amount = u32::from(source.number());
                NymMessage::Reply(Reply::SurbRequest(SurbRequest { to: *to, amount })).encode()
            }
            4 => self.repliable(tag, Content::AdditionalSurbs, source.byte()),
            _ => {
                let content = Content::Data(source.short_bytes().to_vec());
                self.repliable(tag, content, source.byte())
            }
        }
    }

    /// With up to 31 good SURBs, which lead to nobody.
    fn repliable(&mut self, tag: SenderTag, content: Content, many: u8) -> Vec<u8> {
        let rotation = [KeyRotation::Unknown, KeyRotation::Odd, KeyRotation::Even];
        let rotation = rotation[usize::from(many / 32) % 3];
        let surbs = (0..many % 32).map(|_| self.surb()).collect();
        let surbs = SurbBatch { rotation, surbs };
        NymMessage::Repliable(Repliable {
            tag,
            content,
            surbs,
        })
        .encode()
    }

    fn surb(&mut self) -> Surb {
        let nobody = SigningKey::from_bytes(&[8; 32]).identity_key();
        let route = [NETWORK.last_hop()];
        let journey = Journey::draw(&mut self.rng, &route, nobody, Duration::ZERO);
        Surb::make(&mut self.rng, &journey).unwrap()
    }
}
