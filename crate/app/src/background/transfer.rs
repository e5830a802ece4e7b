//! Files between pages and the background, in parts: a message on a port is a JSON text, and one
//! of many megabytes would stop everything else.
//!
//! An upload waits until a request takes it. A download is handed out once, part by part. Both are
//! in memory only, belong to one port, and go with it.

use litemap::LiteMap;
use std::time::Duration;

use base64::{Engine, prelude::BASE64_STANDARD};
use sotto_core::time::Time;

use super::{Background, effect::PortId, pages::Asker};
use crate::{
    limit::{
        MAX_DOWNLOAD_BYTES, MAX_PART_BYTES, MAX_TRANSFERS_A_PORT, MAX_UPLOAD_BYTES,
        MAX_UPLOADS_BYTES,
    },
    page::{Reply, RequestError},
};

/// How long a download waits for its next part to be asked for.
const DOWNLOAD_PATIENCE: Duration = Duration::from_secs(10 * 60);

/// All files on their way to or from pages.
#[derive(Default)]
pub(super) struct Transfers {
    uploads: LiteMap<(PortId, u32), Vec<u8>>,
    downloads: LiteMap<u32, Download>,
    next_download: u32,
}

/// A file that is handed out.
struct Download {
    port: PortId,
    bytes: Vec<u8>,
    /// How much of it was handed out.
    done: usize,
    /// When it is dropped unless a part is asked for.
    until: Time,
}

/// A part of a download.
#[derive(Debug, PartialEq, Eq)]
struct Part {
    bytes: Vec<u8>,
    last: bool,
}

impl Transfers {
    /// Adds the next part to an upload; the first one begins it. An upload that grows too large is
    /// dropped.
    fn upload(&mut self, port: PortId, upload: u32, part: &[u8]) -> Result<(), RequestError> {
        let key = (port, upload);
        if part.len() > MAX_PART_BYTES {
            return Err(RequestError::TooLarge);
        }
        if !self.uploads.contains_key(&key) && self.uploads_of(port) >= MAX_TRANSFERS_A_PORT {
            return Err(RequestError::TooManyTransfers);
        }
        let len = self.uploads.get(&key).map_or(0, Vec::len) + part.len();
        let all: usize = self.uploads.values().map(Vec::len).sum();
        if len > MAX_UPLOAD_BYTES || all + part.len() > MAX_UPLOADS_BYTES {
            self.uploads.remove(&key);
            return Err(RequestError::UploadTooLarge);
        }
        self.uploads.entry(key).or_default().extend_from_slice(part);
        Ok(())
    }

    fn uploads_of(&self, port: PortId) -> usize {
        self.uploads.keys().filter(|(of, _)| *of == port).count()
    }

    fn take(&mut self, port: PortId, upload: u32) -> Option<Vec<u8>> {
        self.uploads.remove(&(port, upload))
    }

    /// Makes a file ready to be handed out. A page that asks for too many no longer wants the
    /// oldest.
    fn offer(&mut self, now: Time, port: PortId, bytes: Vec<u8>) -> Result<u32, RequestError> {
        let own = self.downloads.iter().filter(|(_, one)| one.port == port);
        let own: Vec<u32> = own.map(|(id, _)| *id).collect();
        if own.len() >= MAX_TRANSFERS_A_PORT {
            own.first().map(|oldest| self.downloads.remove(oldest));
        }
        let all: usize = self.downloads.values().map(|one| one.bytes.len()).sum();
        if all + bytes.len() > MAX_DOWNLOAD_BYTES {
            return Err(RequestError::TooManyTransfers);
        }
        self.next_download = self.next_download.wrapping_add(1);
        let download = Download {
            port,
            bytes,
            done: 0,
            until: now + DOWNLOAD_PATIENCE,
        };
        self.downloads.insert(self.next_download, download);
        Ok(self.next_download)
    }

    /// The next part of a download, which ends with the last one.
    fn part(&mut self, now: Time, port: PortId, id: u32) -> Option<Part> {
        let own = self.downloads.get_mut(&id);
        let download = own.filter(|download| download.port == port)?;
        let rest = download.bytes.get(download.done..).unwrap_or_default();
        let bytes = rest.get(..MAX_PART_BYTES).unwrap_or(rest).to_vec();
        let last = bytes.len() == rest.len();
        download.done += bytes.len();
        download.until = now + DOWNLOAD_PATIENCE;
        if last {
            self.downloads.remove(&id);
        }
        Some(Part { bytes, last })
    }

    /// Forgets all of a page that is gone.
    pub(super) fn close(&mut self, port: PortId) {
        self.uploads.retain(|(of, _), _| *of != port);
        self.downloads.retain(|_, download| download.port != port);
    }

    /// Drops downloads that nobody fetches.
    pub(super) fn sweep(&mut self, now: Time) {
        self.downloads.retain(|_, download| now < download.until);
    }

    /// When [`Self::sweep`] is due.
    pub(super) fn deadline(&self) -> Option<Time> {
        self.downloads.values().map(|download| download.until).min()
    }
}

impl Background {
    /// Takes a part of an upload in.
    pub(super) fn upload_part(
        &mut self,
        asker: Asker,
        upload: u32,
        data: &str,
    ) -> Result<Reply, RequestError> {
        let part = BASE64_STANDARD.decode(data);
        let part = part.map_err(|_| RequestError::Malformed)?;
        self.transfers.upload(asker.port, upload, &part)?;
        Ok(Reply::Ok)
    }

    /// Forgets an upload, if it is there.
    pub(super) fn drop_upload(&mut self, asker: Asker, upload: u32) -> Reply {
        self.transfers.take(asker.port, upload);
        Reply::Ok
    }

    /// Hands out the next part of a download.
    pub(super) fn download_part(
        &mut self,
        now: Time,
        asker: Asker,
        download: u32,
    ) -> Result<Reply, RequestError> {
        let part = self.transfers.part(now, asker.port, download);
        let part = part.ok_or(RequestError::NoSuchTransfer)?;
        Ok(Reply::Part {
            data: BASE64_STANDARD.encode(&part.bytes),
            last: part.last,
        })
    }

    /// All of an upload, which is over with this.
    ///
    /// # Errors
    /// [`RequestError::NoSuchTransfer`] if that page uploaded nothing under this number.
    pub(super) fn take_upload(
        &mut self,
        asker: Asker,
        upload: u32,
    ) -> Result<Vec<u8>, RequestError> {
        let bytes = self.transfers.take(asker.port, upload);
        bytes.ok_or(RequestError::NoSuchTransfer)
    }

    /// Makes a file ready for the page that asked; gives the reply that tells it.
    ///
    /// # Errors
    /// [`RequestError::TooManyTransfers`] if pages have not fetched what was offered before.
    pub(super) fn offer_download(
        &mut self,
        now: Time,
        asker: Asker,
        name: String,
        media_type: String,
        bytes: Vec<u8>,
    ) -> Result<Reply, RequestError> {
        let size = u32::try_from(bytes.len()).unwrap_or(u32::MAX);
        let download = self.transfers.offer(now, asker.port, bytes)?;
        Ok(Reply::Download {
            download,
            name,
            media_type,
            size,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Time = Time::from_millis(1_000);
    const PAGE: PortId = PortId(1);
    const OTHER: PortId = PortId(2);

    fn many(bytes: usize) -> Vec<u8> {
        (0..bytes).map(|at| (at % 251) as u8).collect()
    }

    /// All parts of a download.
    fn fetch(transfers: &mut Transfers, id: u32) -> Vec<Part> {
        let mut parts = Vec::new();
        while let Some(part) = transfers.part(NOW, PAGE, id) {
            parts.push(part);
        }
        parts
    }

    #[test]
    fn a_download_comes_back_in_parts_and_is_over_with_the_last() {
        for (size, parts) in [
            (0, 1),
            (1, 1),
            (MAX_PART_BYTES, 1),
            (MAX_PART_BYTES + 1, 2),
            (3 * MAX_PART_BYTES, 3),
        ] {
            let mut transfers = Transfers::default();
            let id = transfers.offer(NOW, PAGE, many(size)).unwrap();
            assert_eq!(transfers.part(NOW, OTHER, id), None, "not its own");
            let fetched = fetch(&mut transfers, id);
            assert_eq!(fetched.len(), parts, "{size}");
            assert!(fetched.iter().rev().skip(1).all(|part| !part.last));
            assert!(fetched.last().unwrap().last);
            let bytes: Vec<u8> = fetched.into_iter().flat_map(|part| part.bytes).collect();
            assert_eq!(bytes, many(size));
        }
    }

    #[test]
    fn a_download_that_nobody_fetches_is_dropped_ten_minutes_after_the_last_part() {
        let mut transfers = Transfers::default();
        let id = transfers
            .offer(NOW, PAGE, many(2 * MAX_PART_BYTES))
            .unwrap();
        let later = NOW + Duration::from_secs(500);
        assert!(!transfers.part(later, PAGE, id).unwrap().last);
        let until = later + DOWNLOAD_PATIENCE;
        assert_eq!(transfers.deadline(), Some(until));
        transfers.sweep(later + Duration::from_secs(599));
        assert_eq!(transfers.deadline(), Some(until));
        transfers.sweep(until);
        assert_eq!(transfers.part(until, PAGE, id), None);
        assert_eq!(transfers.deadline(), None);
    }

    #[test]
    fn a_page_that_asks_for_a_third_download_gives_up_the_first() {
        let mut transfers = Transfers::default();
        let of = |port, transfers: &mut Transfers| transfers.offer(NOW, port, many(9)).unwrap();
        let foreign = of(OTHER, &mut transfers);
        let own = [(); 3].map(|()| of(PAGE, &mut transfers));
        let there = own.map(|id| transfers.part(NOW, PAGE, id).is_some());
        assert_eq!(there, [false, true, true]);
        assert!(transfers.part(NOW, OTHER, foreign).is_some());
    }

    #[test]
    fn downloads_are_bounded_in_all() {
        let mut transfers = Transfers::default();
        transfers
            .offer(NOW, PAGE, vec![0; MAX_DOWNLOAD_BYTES])
            .unwrap();
        let refused = transfers.offer(NOW, OTHER, vec![0]);
        assert_eq!(refused, Err(RequestError::TooManyTransfers));
        transfers.close(PAGE);
        assert!(transfers.offer(NOW, OTHER, vec![0]).is_ok());
    }
}
