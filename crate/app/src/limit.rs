//! What a page may ask at most: sizes, and how often.

use std::time::Duration;

use sotto_core::{client::MAX_MESSAGE_BYTES, time::Time};

/// The longest request accepted, in bytes of its JSON text, in which line breaks and quotes take
/// two.
pub const MAX_REQUEST_BYTES: usize = 2 * MAX_MESSAGE_BYTES;
/// The longest recipient accepted before it is even parsed, in bytes; a Nym address has at most
/// 134.
pub const MAX_ADDRESS_BYTES: usize = 256;
/// The longest sender tag accepted before it is even parsed, in bytes; one has at most 22.
pub const MAX_TAG_BYTES: usize = 64;
/// The longest text that can be looked for, in bytes.
pub const MAX_SEARCH_BYTES: usize = 1_024;
/// The longest directory address accepted, in bytes.
pub const MAX_DIRECTORY_BYTES: usize = 2_048;
/// The most pages that may be connected at once.
pub const MAX_PORTS: usize = 64;
/// The most requests that wait for the state to be loaded.
pub const MAX_WAITING_REQUESTS: usize = 64;
/// The most bytes of one part of a file that a page hands over or fetches, before base64.
pub const MAX_PART_BYTES: usize = 1 << 20;
/// The most bytes of one upload: a backup.
pub const MAX_UPLOAD_BYTES: usize = 128 << 20;
/// The most bytes of all uploads together.
pub const MAX_UPLOADS_BYTES: usize = 160 << 20;
/// The most bytes of all downloads together that were not fetched yet.
pub const MAX_DOWNLOAD_BYTES: usize = 160 << 20;
/// The most uploads, and the most downloads, that one page may have at once.
pub const MAX_TRANSFERS_A_PORT: usize = 2;
/// The longest request of a site, in bytes of its JSON text: a body of the longest as base64, or as
/// text in which every character is written as an escape of two.
pub const MAX_SITE_REQUEST_BYTES: usize = 2 * MAX_SITE_BODY_BYTES + 4_096;
/// The longest data of one message of a site, in bytes.
pub const MAX_SITE_BODY_BYTES: usize = 1 << 20;
/// The most SURBs that a site may send along with a message.
pub const MAX_SITE_SURBS: u16 = 50;
/// The most bytes of a site's messages that wait to be sent.
pub const MAX_SITE_QUEUE_BYTES: usize = 4 << 20;
/// The most messages of a site that wait to be sent.
pub const MAX_SITE_QUEUE: usize = 64;
/// The most bytes of messages that are kept for a site until it takes them.
pub const MAX_SITE_INBOX_BYTES: usize = 8 << 20;
/// The most messages that are kept for a site until it takes them.
pub const MAX_SITE_INBOX: usize = 500;
/// The most ports of one site, which are its tabs, and of all sites.
pub const MAX_SITE_PORTS: usize = 16;
/// The most ports of all sites.
pub const MAX_SITES_PORTS: usize = 128;
/// The most requests of sites that wait: for the start, for a client, for an address.
pub const MAX_WAITING_SITE_REQUESTS: usize = 64;
/// How many requests of one site may come at once before they are refused as too frequent.
pub const SITE_BURST: u32 = 40;
/// How often one more request of a site is allowed after the burst is used up.
pub const SITE_INTERVAL: Duration = Duration::from_millis(100);
/// How long a question to the user may stay open.
pub const PROMPT_PATIENCE: Duration = Duration::from_secs(5 * 60);
/// How many requests may come at once before they are refused as too frequent.
pub const REQUEST_BURST: u32 = 60;
/// How often one more request is allowed after the burst is used up.
pub const REQUEST_INTERVAL: Duration = Duration::from_millis(50);

/// How many parts of files may be handed over or fetched at once, apart from other requests.
pub const PART_BURST: u32 = 120;
/// How often one more part is allowed after the burst is used up.
pub const PART_INTERVAL: Duration = Duration::from_millis(10);

/// A token bucket: `burst` requests at once, then one more every `interval`.
#[derive(Debug, Clone)]
pub(crate) struct Bucket {
    burst: u32,
    interval: Duration,
    spent: u32,
    refilled_at: Time,
}

impl Bucket {
    /// A full bucket.
    pub(crate) fn new(burst: u32, interval: Duration) -> Self {
        Self {
            burst,
            interval,
            spent: 0,
            refilled_at: Time::from_millis(0),
        }
    }

    /// Takes one token if there is one.
    pub(crate) fn take(&mut self, now: Time) -> bool {
        self.refill(now);
        if self.spent >= self.burst {
            return false;
        }
        self.spent += 1;
        true
    }

    /// Whether it is as good as new.
    pub(crate) fn is_full(&mut self, now: Time) -> bool {
        self.refill(now);
        self.spent == 0
    }

    /// Gives back whole tokens only, and keeps the remainder of the time for the next one.
    fn refill(&mut self, now: Time) {
        if self.spent == 0 || now < self.refilled_at {
            // Nothing to give back, or the clock was set back: count from now on.
            self.refilled_at = now;
            return;
        }
        let elapsed = now.saturating_since(self.refilled_at).as_millis();
        let tokens = elapsed.checked_div(self.interval.as_millis()).unwrap_or(0);
        let tokens = u32::try_from(tokens).unwrap_or(u32::MAX);
        if tokens >= self.spent {
            self.spent = 0;
            self.refilled_at = now;
        } else {
            self.spent -= tokens;
            self.refilled_at = self.refilled_at + self.interval * tokens;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(millis: u64) -> Time {
        Time::from_millis(millis)
    }

    #[test]
    fn a_burst_is_allowed_and_the_next_request_refused_until_an_interval_has_passed() {
        let mut bucket = Bucket::new(3, Duration::from_millis(50));
        assert!((0..3).all(|_| bucket.take(at(1_000))));
        assert!(!bucket.take(at(1_000)));
        assert!(!bucket.take(at(1_049)));
        assert!(bucket.take(at(1_050)));
        assert!(!bucket.take(at(1_050)));
    }

    #[test]
    fn asking_too_often_does_not_postpone_the_next_token() {
        let mut bucket = Bucket::new(1, Duration::from_millis(50));
        assert!(bucket.take(at(0)));
        for millis in 1..50 {
            assert!(!bucket.take(at(millis)));
        }
        assert!(bucket.take(at(50)));
    }

    #[test]
    fn a_long_rest_gives_back_the_burst_and_no_more() {
        let mut bucket = Bucket::new(2, Duration::from_millis(50));
        assert!(bucket.take(at(0)) && bucket.take(at(0)));
        assert!(bucket.take(at(3_600_000)) && bucket.take(at(3_600_000)));
        assert!(!bucket.take(at(3_600_000)));
    }

    #[test]
    fn a_clock_set_back_neither_blocks_for_ever_nor_opens_the_gate() {
        let mut bucket = Bucket::new(1, Duration::from_millis(50));
        assert!(bucket.take(at(1_000_000)));
        assert!(!bucket.take(at(10)));
        assert!(bucket.take(at(60)));
    }
}
