//! Backups: everything in one file, and back.
//!
//! # What an old backup must not break
//!
//! A backup is a picture of one moment; the identity may have gone on since, or may go on in another
//! browser. So not everything that was kept comes back:
//!
//! | What | Comes back | Why |
//! |---|---|---|
//! | identity, messages, contacts, settings | yes | that is what a backup is for |
//! | registrations at gateways | yes | the address names the gateway: without it friends write in vain. Timestamps for signing in are those of the clock, so they have grown since; a key that the gateway no longer takes is agreed on anew under the same address |
//! | a move to another gateway that was under way | no | nobody would expect it to go on |
//! | SURBs that we were given | no | one that was used since would be used twice, and so be told apart |
//! | keys of the answers to our SURBs, tags by which we are known | yes | nothing is sent with them, and correspondents go on to know us |
//! | messages on their way | yes | their fragments are the same, so recipients know them again for a week; those older than a day are given up by the client and shown as failed |
//! | the map of the network | no | it is fetched at the start |
//!
//! One identity in two browsers at once does not work: a gateway knows one connection for it, so each
//! drives the other out, and each gets a part of the messages. That cannot be prevented here: a backup
//! is for moving, or for when the first one is gone.

use sotto_core::{
    client::{Client, Config, Record, Store},
    time::Time,
};

use super::{
    Background,
    effect::{Change, Effect, Table},
    input::StoredRecord,
    pages::Asker,
    requests::Outcome,
    sealing::core_record,
};
use crate::{
    limit::MAX_UPLOAD_BYTES,
    page::{Reply, RequestError, Typed},
    settings::{CheckedSettings, SETTINGS_KEY},
    vault::{BACKUP_HEADER_LEN, BackupError, BackupHeader, BackupRecord, BackupWriter, Passphrase},
};

/// What a file of ours is called to the browser.
const MEDIA_TYPE: &str = "application/octet-stream";
/// The one registration record that says what is to come instead of what is.
const UNDER_WAY: [&[u8]; 2] = [b"wish", b"next"];

/// A backup that is being made: for whom, and what it is locked with.
pub(super) struct Export {
    asker: Asker,
    passphrase: Passphrase,
}

impl Background {
    /// Reads everything, to make a backup of it.
    pub(super) fn export_backup(
        &mut self,
        asker: Asker,
        passphrase: &Typed,
    ) -> Result<Outcome, RequestError> {
        if self.export.is_some() {
            return Err(RequestError::BackupBusy);
        }
        let passphrase = self.safe.chosen(passphrase)?;
        self.export = Some(Export { asker, passphrase });
        self.push_sealed(Effect::ReadAll);
        Ok(Outcome::Later)
    }

    /// Makes the backup of what was read.
    pub(super) fn all_read(&mut self, now: Time, result: Result<Vec<StoredRecord>, String>) {
        let Some(Export { asker, passphrase }) = self.export.take() else {
            return;
        };
        let file = result
            .map_err(RequestError::Storage)
            .and_then(|records| self.backup(now, records, &passphrase));
        let reply = file.and_then(|file| {
            let name = format!("sotto-{}.backup", date(now));
            self.offer_download(now, asker, name, MEDIA_TYPE.to_owned(), file)
        });
        let reply = reply.unwrap_or_else(|error| Reply::Error {
            error: error.view(),
        });
        self.pages.reply(&mut self.effects, asker, reply);
    }

    fn backup(
        &mut self,
        now: Time,
        records: Vec<StoredRecord>,
        passphrase: &Passphrase,
    ) -> Result<Vec<u8>, RequestError> {
        if let Some(error) = self.closed() {
            // It was locked meanwhile.
            return Err(error);
        }
        let records = self.safe.open_all(records);
        let (mut writer, mut file) = BackupWriter::start(passphrase, now, &mut self.safe.rng)
            .map_err(|error| RequestError::Backup(error.into()))?;
        for record in records.iter().filter(|record| comes_back(record)) {
            let chunks = writer.add(record.table.name(), &record.key, &record.value);
            file.extend(chunks.map_err(|_| RequestError::BackupTooLarge)?);
            if file.len() > MAX_UPLOAD_BYTES {
                return Err(RequestError::BackupTooLarge);
            }
        }
        file.extend(writer.finish());
        // What could not be read back must not be handed out.
        if file.len() > MAX_UPLOAD_BYTES {
            return Err(RequestError::BackupTooLarge);
        }
        Ok(file)
    }

    /// Replaces everything by what a backup holds, once all of it was read and found good. It takes
    /// effect in one transaction, under a new vault with the backup's passphrase.
    pub(super) fn restore_backup(
        &mut self,
        now: Time,
        asker: Asker,
        upload: u32,
        passphrase: &Typed,
    ) -> Result<Outcome, RequestError> {
        let file = self.take_upload(asker, upload)?;
        let passphrase = self.safe.typed(passphrase)?;
        let records = read(&file, &passphrase).map_err(RequestError::Backup)?;
        drop(file);
        let records = self.check(now, records)?;
        let new = self.safe.create(Some(&passphrase))?;
        let changes = records.into_iter().map(|record| Change::Put {
            table: record.table,
            key: record.key,
            value: record.value,
        });
        self.write_vault(asker, new, changes.collect());
        Ok(Outcome::Later)
    }

    /// The records of a backup that come back, if a client can start on them.
    fn check(
        &mut self,
        now: Time,
        records: Vec<BackupRecord>,
    ) -> Result<Vec<StoredRecord>, RequestError> {
        let unknown = RequestError::Backup(BackupError::NewerVersion(0));
        let records: Option<Vec<StoredRecord>> = records.into_iter().map(stored).collect();
        let mut records = records.ok_or(unknown)?;
        records.retain(comes_back);
        let damaged = RequestError::Backup(BackupError::Damaged);
        let settings = records
            .iter()
            .find(|record| record.table == Table::Settings && record.key == SETTINGS_KEY);
        let settings = settings.map(|record| CheckedSettings::from_record(&record.value));
        let core: Vec<Record> = records.iter().cloned().filter_map(core_record).collect();
        let has_identity = core.iter().any(|record| record.store == Store::Identity);
        let rng = self.safe.rng.clone();
        let client = Client::new(Config::default(), core, rng, now);
        match (settings, client) {
            (Some(Ok(_)), Ok(_)) if has_identity => Ok(records),
            _ => Err(damaged),
        }
    }
}

/// Whether a record belongs into a backup, and comes back from one.
fn comes_back(record: &StoredRecord) -> bool {
    match record.table {
        // A site whose identity does not come back gets a new one: nobody waits for the old one's
        // answers, and two browsers with the same would be told apart from nobody.
        Table::SiteState | Table::SiteInbox => false,
        Table::Vault | Table::Core(Store::Topology | Store::Surb) => false,
        Table::Core(Store::Registration) => !UNDER_WAY.contains(&record.key.as_slice()),
        _ => true,
    }
}

fn stored(record: BackupRecord) -> Option<StoredRecord> {
    Some(StoredRecord {
        table: Table::from_name(&record.store)?,
        key: record.key,
        value: record.value,
    })
}

/// All records of a file. Nothing of it counts before its end was read.
fn read(file: &[u8], passphrase: &Passphrase) -> Result<Vec<BackupRecord>, BackupError> {
    let mut reader = BackupHeader::read(file)?.open(passphrase)?;
    let chunks = file.get(BACKUP_HEADER_LEN..).unwrap_or_default();
    let mut records = Vec::new();
    for part in chunks.chunks(1 << 20) {
        records.extend(reader.push(part)?);
    }
    records.extend(reader.finish()?);
    Ok(records)
}

/// The day in UTC, such as 2026-11-22.
fn date(now: Time) -> String {
    // Howard Hinnant's `civil_from_days`: years begin in March, so that the leap day is the last.
    let days = now.as_seconds() / 86_400 + 719_468;
    let (era, day_of_era) = (days / 146_097, days % 146_097);
    let year_of_era =
        (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = (month_from_march + 2) % 12 + 1;
    let year = era * 400 + year_of_era + u64::from(month <= 2);
    format!("{year:04}-{month:02}-{day:02}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_backup_is_named_by_its_day() {
        for (seconds, day) in [
            (0, "1970-01-01"),
            (951_782_399, "2000-02-28"),
            (951_782_400, "2000-02-29"),
            (951_868_800, "2000-03-01"),
            (1_795_305_600, "2026-11-22"),
            (4_107_542_399, "2100-02-28"),
            (4_107_542_400, "2100-03-01"),
        ] {
            assert_eq!(date(Time::from_millis(seconds * 1_000)), day);
        }
    }
}
