//! The promises of the vault: what is on disk tells nothing, what is damaged is noticed, and the
//! right secret always opens.
#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test that panics has failed"
)]

use proptest::prelude::{ProptestConfig, any, prop_assert, prop_assert_eq, proptest};
use proptest::{collection::vec, sample::Index};
use rand_core::SeedableRng;
use sotto_app::vault::{
    BACKUP_HEADER_LEN, BackupError, BackupHeader, BackupReader, BackupRecord, BackupWriter,
    CHUNK_LEN, CopyState, DamagedSession, DeviceKey, Envelope, Found, Lost, MAX_KEY_LEN,
    MAX_PASSPHRASE_BYTES, MAX_STORE_LEN, MAX_VALUE_LEN, Passphrase, PassphraseError, Price,
    Protection, RecordProblem, Secret, UnlockError, Vault,
};
use sotto_core::ChaCha20Rng;
use sotto_core::time::Time;
use unicode_normalization::UnicodeNormalization;
use zeroize::ZeroizeOnDrop;

const MADE_AT: Time = Time::from_millis(1_700_000_000_000);
const SEALED_CHUNK_LEN: usize = CHUNK_LEN + 16;

fn rng(seed: u64) -> ChaCha20Rng {
    ChaCha20Rng::seed_from_u64(seed)
}

fn nfkc(text: &str) -> String {
    text.nfkc().collect()
}

fn passphrase(text: &str) -> Passphrase {
    Passphrase::typed(text, nfkc).unwrap()
}

/// As little as Argon2id takes, so that tests are quick.
fn cheap() -> Price {
    Price::new(8, 1, 1).unwrap()
}

fn cheap_envelope(vault: &Vault, text: &str) -> Envelope {
    Envelope::create_at(vault, &passphrase(text), cheap(), &mut rng(7)).unwrap()
}

fn device_envelope(vault: &Vault, key: &DeviceKey) -> Envelope {
    Envelope::create(vault, Secret::Device(key), &mut rng(8)).unwrap()
}

fn copy(envelope: &Envelope) -> Vec<u8> {
    envelope.copies()[0].bytes.to_vec()
}

/// Whether both know the same key.
fn are_same(one: &Vault, other: &Vault) -> bool {
    one.to_session_bytes() == other.to_session_bytes()
}

// Passphrases and prices.

#[test]
fn the_same_passphrase_is_the_same_from_every_keyboard() {
    let vault = Vault::create(&mut rng(1));
    // Composed, decomposed, full width, with a no-break space.
    let envelope = cheap_envelope(&vault, "caf\u{e9} pass 1");
    for typed in ["cafe\u{301} pass 1", "ｃａｆ\u{e9}\u{a0}pass １"] {
        let secret = passphrase(typed);
        assert!(
            envelope
                .unlock(Secret::Passphrase(&secret), &mut rng(2))
                .is_ok(),
            "{typed}"
        );
    }
    for typed in ["cafe pass 1", "caf\u{e9} pass 1 ", "Caf\u{e9} pass 1"] {
        let secret = passphrase(typed);
        assert_eq!(
            envelope
                .unlock(Secret::Passphrase(&secret), &mut rng(2))
                .err(),
            Some(UnlockError::WrongPassphrase),
            "{typed}"
        );
    }
}

#[test]
fn a_new_passphrase_must_be_longer_than_one_that_is_only_tried() {
    let long = "x".repeat(MAX_PASSPHRASE_BYTES);
    let too_long = "x".repeat(MAX_PASSPHRASE_BYTES + 1);
    for (text, typed, chosen) in [
        (
            "",
            Some(PassphraseError::Empty),
            Some(PassphraseError::Empty),
        ),
        ("1234567", None, Some(PassphraseError::TooShort)),
        // Characters count, not bytes.
        ("äöüäöüä", None, Some(PassphraseError::TooShort)),
        ("12345678", None, None),
        (&long, None, None),
        (
            &too_long,
            Some(PassphraseError::TooLong),
            Some(PassphraseError::TooLong),
        ),
    ] {
        assert_eq!(Passphrase::typed(text, nfkc).err(), typed, "{text}");
        assert_eq!(Passphrase::chosen(text, nfkc).err(), chosen, "{text}");
    }
}

#[test]
fn a_price_that_no_browser_can_pay_is_refused() {
    for (memory_kib, passes, lanes, is_accepted) in [
        (8, 1, 1, true),
        (7, 1, 1, false),
        (16, 1, 2, true),
        (15, 1, 2, false),
        (256 * 1024, 32, 16, true),
        (256 * 1024 + 1, 1, 1, false),
        (u32::MAX, 1, 1, false),
        (1024, 0, 1, false),
        (1024, 33, 1, false),
        (1024, 1, 0, false),
        (1024, 1, 17, false),
        (1024, 1, u32::MAX, false),
    ] {
        let price = Price::new(memory_kib, passes, lanes);
        assert_eq!(
            price.is_some(),
            is_accepted,
            "{memory_kib} {passes} {lanes}"
        );
    }
}

#[test]
fn only_a_price_below_that_of_today_is_raised() {
    for (memory_kib, passes, lanes, raised) in [
        (19 * 1024, 4, 1, None),
        (64 * 1024, 4, 4, None),
        (8, 1, 1, Some((19 * 1024, 4, 1))),
        (64 * 1024, 1, 1, Some((64 * 1024, 4, 1))),
        (1024, 5, 2, Some((19 * 1024, 5, 2))),
    ] {
        let price = Price::new(memory_kib, passes, lanes).unwrap();
        let expected = raised.map_or(price, |(m, t, p)| Price::new(m, t, p).unwrap());
        assert_eq!(price.raised(), expected);
        assert_eq!(price.needs_raising(), raised.is_some());
    }
}

// Envelopes.

#[test]
fn each_secret_opens_its_own_envelope_and_no_other() {
    let vault = Vault::create(&mut rng(1));
    let (own_key, other_key) = (
        DeviceKey::generate(&mut rng(2)),
        DeviceKey::generate(&mut rng(3)),
    );
    let (own_word, other_word) = (passphrase("right horse"), passphrase("wrong horse"));
    let by_key = device_envelope(&vault, &own_key);
    let by_word = cheap_envelope(&vault, "right horse");
    assert_eq!(by_key.protection(), Protection::Device);
    assert_eq!(by_word.protection(), Protection::Passphrase);
    for (envelope, secret, error) in [
        (&by_key, Secret::Device(&own_key), None),
        (
            &by_key,
            Secret::Device(&other_key),
            Some(UnlockError::WrongDeviceKey),
        ),
        (
            &by_key,
            Secret::Passphrase(&own_word),
            Some(UnlockError::DeviceKeyNeeded),
        ),
        (&by_word, Secret::Passphrase(&own_word), None),
        (
            &by_word,
            Secret::Passphrase(&other_word),
            Some(UnlockError::WrongPassphrase),
        ),
        (
            &by_word,
            Secret::Device(&own_key),
            Some(UnlockError::PassphraseNeeded),
        ),
    ] {
        let result = envelope.unlock(secret, &mut rng(4));
        assert_eq!(result.as_ref().err().copied(), error);
        assert!(result.is_err() || are_same(&result.unwrap().vault, &vault));
    }
}

#[test]
fn an_envelope_made_today_is_not_raised_and_one_of_yesterday_is() {
    let vault = Vault::create(&mut rng(1));
    let word = passphrase("right horse");
    let secret = Secret::Passphrase(&word);
    let old = cheap_envelope(&vault, "right horse");
    let raised = old.unlock(secret, &mut rng(2)).unwrap().raised.unwrap();
    assert_eq!(raised.price(), Some(Price::VAULT));
    let again = raised.unlock(secret, &mut rng(3)).unwrap();
    assert!(are_same(&again.vault, &vault));
    assert_eq!(again.raised, None);
    // If only one copy was written, the higher price counts.
    for (first, second) in [(&raised, &old), (&old, &raised)] {
        let found = Envelope::find(Some(&copy(first)), Some(&copy(second))).unwrap();
        assert_eq!(found.value, raised);
    }
}

#[test]
fn a_passphrase_is_set_changed_and_removed_and_the_records_stay_readable() {
    let vault = Vault::create(&mut rng(1));
    let record = vault.seal("inbox", b"id", b"hello", &mut rng(2));
    let key = DeviceKey::generate(&mut rng(3));
    let (first, second) = (passphrase("first words"), passphrase("second words"));
    let steps = [
        (Secret::Device(&key), Secret::Passphrase(&first)),
        (Secret::Passphrase(&first), Secret::Passphrase(&second)),
        (Secret::Passphrase(&second), Secret::Device(&key)),
    ];
    let mut envelope = device_envelope(&vault, &key);
    for (old, new) in steps {
        let changed = envelope.change_secret(old, new, &mut rng(4)).unwrap();
        assert!(changed.unlock(old, &mut rng(5)).is_err());
        let opened = changed.unlock(new, &mut rng(5)).unwrap().vault;
        let record = opened
            .open("inbox", record.name.as_bytes(), &record.bytes)
            .unwrap();
        assert_eq!(record.value, b"hello");
        envelope = changed;
    }
    assert_eq!(
        envelope.change_secret(
            Secret::Passphrase(&first),
            Secret::Device(&key),
            &mut rng(6)
        ),
        Err(UnlockError::DeviceKeyNeeded)
    );
}

#[test]
fn the_same_passphrase_twice_leaves_nothing_to_compare() {
    let vault = Vault::create(&mut rng(1));
    let word = passphrase("right horse");
    let mut rng = rng(2);
    let mut envelope = || Envelope::create_at(&vault, &word, cheap(), &mut rng).unwrap();
    let (one, other) = (copy(&envelope()), copy(&envelope()));
    assert_eq!(one[..42], other[..42], "magic to price");
    let same = one[42..].iter().zip(&other[42..]).filter(|(a, b)| a == b);
    assert!(same.count() < 12, "salt, nonce, key and checksum differ");
}

#[test]
fn of_two_copies_a_good_one_mends_the_other() {
    let key = DeviceKey::generate(&mut rng(1));
    let vault = Vault::create(&mut rng(2));
    let old = device_envelope(&vault, &key);
    let new = old
        .change_secret(Secret::Device(&key), Secret::Device(&key), &mut rng(3))
        .unwrap();
    let (good, old_copy) = (copy(&new), copy(&old));
    let mut damaged = good.clone();
    damaged[100] ^= 1;
    let (good, old_copy, damaged) = (Some(&good[..]), Some(&old_copy[..]), Some(&damaged[..]));
    use CopyState::{Damaged, Good, Missing, Outdated};
    for (first, second, states) in [
        (good, good, [Good, Good]),
        (good, None, [Good, Missing]),
        (None, good, [Missing, Good]),
        (good, damaged, [Good, Damaged]),
        (damaged, good, [Damaged, Good]),
        (good, old_copy, [Good, Outdated]),
        (old_copy, good, [Outdated, Good]),
        (good, Some(&[][..]), [Good, Damaged]),
    ] {
        let found = Envelope::find(first, second).unwrap();
        assert_eq!(found.needs_mending(), states != [Good, Good]);
        assert_eq!(
            found,
            Found {
                value: new.clone(),
                copies: states
            }
        );
    }
    for (first, second, lost) in [
        (None, None, Lost::Missing),
        (damaged, None, Lost::Damaged),
        (None, damaged, Lost::Damaged),
        (damaged, damaged, Lost::Damaged),
    ] {
        assert_eq!(Envelope::find(first, second), Err(lost));
    }
}

/// The same bytes with a later version and a right checksum.
fn of_later_version(bytes: &[u8]) -> Vec<u8> {
    let mut bytes = bytes[..bytes.len() - 32].to_vec();
    bytes[8] = 2;
    let sum = blake3::hash(&bytes);
    bytes.extend_from_slice(sum.as_bytes());
    bytes
}

#[test]
fn a_later_version_is_not_taken_for_damage_nor_overwritten_by_an_older_copy() {
    let key = DeviceKey::generate(&mut rng(1));
    let good = copy(&device_envelope(&Vault::create(&mut rng(2)), &key));
    let later = of_later_version(&good);
    for (first, second) in [(&later, &good), (&good, &later), (&later, &later)] {
        let found = Envelope::find(Some(first), Some(second));
        assert_eq!(found, Err(Lost::NewerVersion));
    }
    let key = of_later_version(&key.copies()[0].bytes);
    assert_eq!(DeviceKey::find(Some(&key), None), Err(Lost::NewerVersion));
}

#[test]
fn an_envelope_that_asks_too_much_is_damaged_even_if_its_checksum_is_right() {
    let envelope = cheap_envelope(&Vault::create(&mut rng(1)), "right horse");
    for (at, value) in [(30, 0xff), (34, 0xff), (38, 0xff), (9, 2)] {
        let mut bytes = copy(&envelope)[..130].to_vec();
        bytes[at] = value;
        let sum = blake3::hash(&bytes);
        bytes.extend_from_slice(sum.as_bytes());
        assert_eq!(Envelope::find(Some(&bytes), None), Err(Lost::Damaged));
    }
}

#[test]
fn an_envelope_is_bound_to_all_it_says() {
    let vault = Vault::create(&mut rng(1));
    let key = DeviceKey::generate(&mut rng(2));
    let envelope = device_envelope(&vault, &key);
    // Generation and id, with the checksum put right again.
    for at in [10, 13, 14, 29] {
        let mut bytes = copy(&envelope)[..130].to_vec();
        bytes[at] ^= 1;
        let sum = blake3::hash(&bytes);
        bytes.extend_from_slice(sum.as_bytes());
        let forged = Envelope::find(Some(&bytes), None).unwrap().value;
        let result = forged.unlock(Secret::Device(&key), &mut rng(3));
        assert_eq!(result.err(), Some(UnlockError::WrongDeviceKey), "{at}");
    }
}

#[test]
fn the_device_key_survives_the_disk_and_one_lost_copy() {
    let key = DeviceKey::generate(&mut rng(1));
    let [first, second] = key.copies();
    assert_ne!(first.name, second.name);
    assert_eq!(
        DeviceKey::find(Some(&first.bytes), Some(&second.bytes)),
        Ok(Found {
            value: key.clone(),
            copies: [CopyState::Good; 2]
        })
    );
    let found = DeviceKey::find(None, Some(&second.bytes)).unwrap();
    assert!(found.value == key && found.needs_mending());
}

// Records.

#[test]
fn a_record_comes_back_as_it_was() {
    let vault = Vault::create(&mut rng(1));
    for (store, key, value) in [
        ("inbox", &b"key"[..], &b"value"[..]),
        ("", b"", b""),
        ("inbox", b"", &[7; 100_000]),
        ("inbox", &[9; 500], b""),
    ] {
        let sealed = vault.seal(store, key, value, &mut rng(2));
        assert_eq!(sealed.name, vault.name(store, key));
        let opened = vault
            .open(store, sealed.name.as_bytes(), &sealed.bytes)
            .unwrap();
        assert!(opened.key == key && opened.value == value, "{store}");
    }
}

#[test]
fn a_record_tells_neither_its_name_nor_its_content_nor_whether_it_changed() {
    let vault = Vault::create(&mut rng(1));
    let mut rng = rng(2);
    let (key, value) = (b"a telling name!!", b"a telling text!!");
    let one = vault.seal("inbox", key, value, &mut rng);
    let again = vault.seal("inbox", key, value, &mut rng);
    assert_eq!(one.name, again.name);
    assert_ne!(one.bytes, again.bytes);
    for part in [&key[2..9], &value[10..], b"inbox"] {
        let bytes = [&one.bytes[..], one.name.as_bytes()].concat();
        assert!(!bytes.windows(part.len()).any(|window| window == part));
    }
}

#[test]
fn short_records_are_all_of_one_length() {
    let vault = Vault::create(&mut rng(1));
    let len = |value: &[u8]| vault.seal("inbox", b"id", value, &mut rng(2)).bytes.len();
    assert_eq!(len(b""), 169);
    assert_eq!(len(b"yes"), len(&[1; 110]));
    assert_eq!(len(&[1; 1_100]), len(&[1; 1_110]));
    assert!(len(&[1; 111]) > len(&[1; 110]));
}

#[test]
fn two_vaults_name_the_same_record_differently_and_cannot_read_each_other() {
    let (one, other) = (Vault::create(&mut rng(1)), Vault::create(&mut rng(2)));
    let sealed = one.seal("inbox", b"id", b"hello", &mut rng(3));
    assert_ne!(sealed.name, other.name("inbox", b"id"));
    let error = other
        .open("inbox", sealed.name.as_bytes(), &sealed.bytes)
        .unwrap_err();
    assert_eq!(error.problem, RecordProblem::Damaged);
}

#[test]
fn names_of_different_records_differ_also_where_store_and_key_run_together() {
    let vault = Vault::create(&mut rng(1));
    let names = [("ab", "c"), ("a", "bc"), ("abc", ""), ("", "abc")]
        .map(|(store, key)| vault.name(store, key.as_bytes()));
    for (index, name) in names.iter().enumerate() {
        assert!(!names[index + 1..].contains(name));
    }
}

#[test]
fn a_record_put_in_another_place_is_refused_and_the_error_names_the_store() {
    let vault = Vault::create(&mut rng(1));
    let sealed = vault.seal("inbox", b"id", b"hello", &mut rng(2));
    let elsewhere = [
        ("sent", sealed.name),
        ("inbox", vault.name("inbox", b"id2")),
        ("sent", vault.name("sent", b"id")),
    ];
    for (store, name) in elsewhere {
        let error = vault
            .open(store, name.as_bytes(), &sealed.bytes)
            .unwrap_err();
        assert_eq!(error.store, store);
        assert_eq!(error.problem, RecordProblem::Damaged);
        assert!(error.to_string().contains(store));
    }
    // Where name and store run together.
    let name = [sealed.name.as_bytes(), &b"in"[..]].concat();
    assert!(vault.open("box", &name, &sealed.bytes).is_err());
}

#[test]
fn a_record_of_a_later_version_is_told_as_such() {
    let vault = Vault::create(&mut rng(1));
    let mut sealed = vault.seal("inbox", b"id", b"hello", &mut rng(2));
    sealed.bytes[0] = 2;
    let error = vault
        .open("inbox", sealed.name.as_bytes(), &sealed.bytes)
        .unwrap_err();
    assert_eq!(error.problem, RecordProblem::OtherVersion(2));
}

// What is on disk must stay readable: a change of these bytes needs a new version.

#[test]
fn what_this_version_writes_is_pinned() {
    let vault = Vault::create(&mut rng(1));
    let key = DeviceKey::generate(&mut rng(2));
    let word = passphrase("right horse");
    let sealed = vault.seal("inbox", b"id", b"hello", &mut rng(3));
    let (writer, header) = BackupWriter::start_at(&word, cheap(), MADE_AT, &mut rng(4)).unwrap();
    for (what, bytes, pinned) in [
        (
            "device key",
            key.copies()[0].bytes.to_vec(),
            "786431e734f4b0bf",
        ),
        (
            "by device key",
            copy(&device_envelope(&vault, &key)),
            "bdb95d8ce9345987",
        ),
        (
            "by passphrase",
            copy(&cheap_envelope(&vault, "right horse")),
            "5e252535db9f869e",
        ),
        (
            "session",
            vault.to_session_bytes().to_vec(),
            "01ba8e9c11a3bf3a",
        ),
        ("name", sealed.name.as_bytes().to_vec(), "4f7a68938331162d"),
        ("record", sealed.bytes, "cedb0b09e0c0721c"),
        ("backup header", header, "762ff5474d153767"),
        ("backup chunk", writer.finish(), "1e704742e11c227f"),
    ] {
        assert_eq!(&blake3::hash(&bytes).to_hex()[..16], pinned, "{what}");
    }
}

// Sessions and secrets in memory.

#[test]
fn a_restarted_background_goes_on_with_the_session_key() {
    let vault = Vault::create(&mut rng(1));
    let key = DeviceKey::generate(&mut rng(2));
    let sealed = vault.seal("inbox", b"id", b"hello", &mut rng(3));
    let session = vault.to_session_bytes();
    let envelope = device_envelope(&vault, &key);
    vault.lock();
    let again = Vault::from_session_bytes(&session).unwrap();
    assert!(again.fits(&envelope));
    assert!(
        again
            .open("inbox", sealed.name.as_bytes(), &sealed.bytes)
            .is_ok()
    );
}

#[test]
fn a_session_of_another_version_asks_for_the_passphrase() {
    let session = Vault::create(&mut rng(1)).to_session_bytes();
    let mut later = session[..33].to_vec();
    later[0] = 2;
    let sum = blake3::hash(&later);
    later.extend_from_slice(sum.as_bytes());
    assert_eq!(
        Vault::from_session_bytes(&later).err(),
        Some(DamagedSession)
    );
}

#[test]
fn a_session_of_a_forgotten_vault_does_not_fit_the_new_one() {
    let key = DeviceKey::generate(&mut rng(1));
    let envelope = device_envelope(&Vault::create(&mut rng(2)), &key);
    assert!(!Vault::create(&mut rng(3)).fits(&envelope));
}

#[test]
fn no_secret_is_in_any_debug_output() {
    let vault = Vault::create(&mut rng(1));
    let key = DeviceKey::generate(&mut rng(2));
    let word = passphrase("right horse");
    let sealed = vault.seal("inbox", b"right horse", b"right horse", &mut rng(3));
    let opened = vault
        .open("inbox", sealed.name.as_bytes(), &sealed.bytes)
        .unwrap();
    let envelope = cheap_envelope(&vault, "right horse");
    let unlocked = envelope.unlock(Secret::Passphrase(&word), &mut rng(4));
    let (mut writer, header) =
        BackupWriter::start_at(&word, cheap(), MADE_AT, &mut rng(5)).unwrap();
    writer.add("inbox", b"right horse", b"right horse").unwrap();
    let reader = BackupHeader::read(&header).unwrap().open(&word).unwrap();
    let record = BackupRecord {
        store: "inbox".into(),
        key: b"right horse".to_vec(),
        value: b"right horse".to_vec(),
    };
    for (shown, expected) in [
        (format!("{vault:?}"), "Vault(redacted)"),
        (format!("{key:?}"), "DeviceKey(redacted)"),
        (format!("{word:?}"), "Passphrase(redacted)"),
        (format!("{opened:?}"), "OpenedRecord(redacted)"),
        (format!("{:?}", key.copies()[0]), "NamedCopy(redacted)"),
        (format!("{writer:?}"), "BackupWriter(redacted)"),
        (format!("{reader:?}"), "BackupReader(redacted)"),
        (format!("{record:?}"), "BackupRecord(redacted)"),
        (
            format!("{:?}", Secret::Passphrase(&word)),
            "Passphrase(Passphrase(redacted))",
        ),
    ] {
        assert_eq!(shown, expected);
    }
    let shown = format!("{:?}", unlocked.unwrap());
    assert!(shown.starts_with("Unlocked { vault: Vault(redacted), raised: Some("));
}

#[test]
fn secrets_are_wiped_from_memory_when_dropped() {
    // That is a property of the types, which the compiler checks here.
    fn is_wiped<T: ZeroizeOnDrop>() {}
    is_wiped::<Vault>();
    is_wiped::<DeviceKey>();
    is_wiped::<Passphrase>();
    is_wiped::<zeroize::Zeroizing<Vec<u8>>>();
}

// Backups.

type Records = Vec<(String, Vec<u8>, Vec<u8>)>;

fn records(count: usize, value_len: usize) -> Records {
    (0..count)
        .map(|index| {
            let value = vec![u8::try_from(index % 251).unwrap(); value_len];
            (
                format!("store{}", index % 3),
                index.to_string().into(),
                value,
            )
        })
        .collect()
}

fn backup(records: &Records) -> Vec<u8> {
    let word = passphrase("backup words");
    let (mut writer, mut file) =
        BackupWriter::start_at(&word, cheap(), MADE_AT, &mut rng(1)).unwrap();
    for (store, key, value) in records {
        file.extend(writer.add(store, key, value).unwrap());
    }
    file.extend(writer.finish());
    file
}

fn reader(file: &[u8]) -> Result<BackupReader, BackupError> {
    BackupHeader::read(file)?.open(&passphrase("backup words"))
}

/// Reads a whole file in pieces.
fn restore(file: &[u8], piece: usize) -> Result<Records, BackupError> {
    let mut reader = reader(file)?;
    let mut records = Vec::new();
    for piece in file[BACKUP_HEADER_LEN..].chunks(piece) {
        records.extend(reader.push(piece)?);
    }
    records.extend(reader.finish()?);
    Ok(records
        .into_iter()
        .map(|record| (record.store, record.key, record.value))
        .collect())
}

#[test]
fn a_backup_gives_back_every_record_in_order_in_whatever_pieces_it_is_read() {
    for records in [
        records(0, 0),
        records(1, 0),
        records(1_000, 100),
        records(3, 200_000),
        // Chunks that end with a record, or one byte before or after that.
        records(1, CHUNK_LEN - 8 - 17),
        records(1, CHUNK_LEN - 8 - 18),
        records(1, CHUNK_LEN - 8 - 16),
    ] {
        let file = backup(&records);
        assert_eq!((file.len() - BACKUP_HEADER_LEN) % SEALED_CHUNK_LEN, 0);
        for piece in [1_000, SEALED_CHUNK_LEN, SEALED_CHUNK_LEN + 1, usize::MAX] {
            assert!(restore(&file, piece).as_ref() == Ok(&records), "{piece}");
        }
    }
}

#[test]
fn a_backup_says_when_it_was_made() {
    let file = backup(&records(1_000, 100));
    let mut reader = reader(&file).unwrap();
    assert_eq!(reader.made_at(), None);
    reader.push(&file[BACKUP_HEADER_LEN..]).unwrap();
    assert_eq!(reader.made_at(), Some(MADE_AT));
}

#[test]
fn a_wrong_passphrase_is_known_before_any_chunk_is_read() {
    let header = BackupHeader::read(&backup(&records(1, 1))).unwrap();
    assert_eq!(
        header.open(&passphrase("other words")).err(),
        Some(BackupError::WrongPassphrase)
    );
}

#[test]
fn a_backup_is_made_at_the_price_of_backups() {
    let word = passphrase("backup words");
    let (writer, mut file) = BackupWriter::start(&word, MADE_AT, &mut rng(1)).unwrap();
    file.extend(writer.finish());
    let price = [19 * 1024, 12, 1].map(u32::to_be_bytes).concat();
    assert_eq!(file[9..21], price);
    assert_eq!(restore(&file, usize::MAX), Ok(Vec::new()));
}

#[test]
fn what_is_no_backup_is_told_apart_from_a_damaged_one() {
    let file = backup(&records(1, 1));
    let mut damaged = file.clone();
    damaged[60] ^= 1;
    let later = [
        of_later_version(&file[..BACKUP_HEADER_LEN]),
        file[BACKUP_HEADER_LEN..].to_vec(),
    ]
    .concat();
    for (file, error) in [
        (&b""[..], BackupError::NotABackup),
        (
            b"{\"json\": \"of something else\"}",
            BackupError::NotABackup,
        ),
        (&file[..8], BackupError::Truncated),
        (&file[..BACKUP_HEADER_LEN - 1], BackupError::Truncated),
        (&damaged, BackupError::Damaged),
        (&later, BackupError::NewerVersion(2)),
    ] {
        assert_eq!(BackupHeader::read(file).err(), Some(error));
    }
}

#[test]
fn a_backup_that_was_cut_is_refused_wherever_it_was_cut() {
    let file = backup(&records(3, 100_000));
    assert_eq!(
        file.len(),
        BACKUP_HEADER_LEN + 5 * SEALED_CHUNK_LEN,
        "five chunks"
    );
    for chunks in 0..5 {
        let boundary = BACKUP_HEADER_LEN + chunks * SEALED_CHUNK_LEN;
        assert_eq!(
            restore(&file[..boundary], usize::MAX),
            Err(BackupError::Truncated),
            "{chunks}"
        );
        for cut in [boundary + 1, boundary + SEALED_CHUNK_LEN - 1] {
            // A part of a chunk can be told from a damaged one only by its length.
            let error = restore(&file[..cut], usize::MAX).unwrap_err();
            assert_eq!(error, BackupError::Truncated, "{cut}");
        }
    }
}

#[test]
fn chunks_that_are_swapped_doubled_left_out_or_appended_are_refused() {
    let file = backup(&records(3, 100_000));
    let (header, body) = file.split_at(BACKUP_HEADER_LEN);
    let chunks: Vec<_> = body.chunks(SEALED_CHUNK_LEN).collect();
    for order in [
        &[1, 0, 2, 3, 4][..],
        &[0, 1, 3, 2, 4],
        &[0, 0, 1, 2, 3, 4],
        &[0, 1, 2, 4],
        &[1, 2, 3, 4],
        &[4],
        &[0, 1, 2, 3, 4, 4],
        &[0, 1, 2, 3, 4, 0],
        &[4, 0, 1, 2, 3],
    ] {
        let body = order.iter().flat_map(|index| chunks[*index].to_vec());
        let changed: Vec<u8> = header.iter().copied().chain(body).collect();
        let result = restore(&changed, usize::MAX);
        assert_eq!(result, Err(BackupError::Damaged), "{order:?}");
    }
    let longer = [&file[..], &[0]].concat();
    assert_eq!(restore(&longer, usize::MAX), Err(BackupError::Damaged));
}

#[test]
fn a_chunk_of_another_backup_of_the_same_passphrase_is_refused() {
    let word = passphrase("backup words");
    let mut rng = rng(1);
    let mut empty = || {
        let (writer, header) = BackupWriter::start_at(&word, cheap(), MADE_AT, &mut rng).unwrap();
        (header, writer.finish())
    };
    let ((header, _), (_, body)) = (empty(), empty());
    let mixed = [header, body].concat();
    assert_eq!(restore(&mixed, usize::MAX), Err(BackupError::Damaged));
}

#[test]
fn a_record_too_large_for_a_backup_is_left_out_and_the_backup_goes_on() {
    let word = passphrase("backup words");
    let (mut writer, mut file) =
        BackupWriter::start_at(&word, cheap(), MADE_AT, &mut rng(1)).unwrap();
    let long_store = "s".repeat(MAX_STORE_LEN + 1);
    assert!(writer.add(&long_store, b"", b"").is_err());
    assert!(writer.add("s", &vec![0; MAX_KEY_LEN + 1], b"").is_err());
    assert!(writer.add("s", b"", &vec![0; MAX_VALUE_LEN + 1]).is_err());
    file.extend(writer.add("s", &[1; MAX_KEY_LEN], b"v").unwrap());
    file.extend(writer.finish());
    let restored = restore(&file, usize::MAX).unwrap();
    assert!(restored == [("s".to_owned(), vec![1; MAX_KEY_LEN], b"v".to_vec())]);
}

// Damage anywhere.

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn damage_to_any_byte_of_one_copy_of_the_envelope_is_seen_and_mended_by_the_other(
        at in any::<Index>(), flip in 1..=255_u8, cut in any::<bool>(),
    ) {
        let key = DeviceKey::generate(&mut rng(1));
        let envelope = device_envelope(&Vault::create(&mut rng(2)), &key);
        let good = copy(&envelope);
        let damaged = damage(&good, at, flip, cut);
        prop_assert_eq!(Envelope::find(Some(&damaged), None), Err(Lost::Damaged));
        let found = Envelope::find(Some(&damaged), Some(&good)).unwrap();
        prop_assert_eq!(found.copies, [CopyState::Damaged, CopyState::Good]);
        prop_assert_eq!(&found.value, &envelope);
        let key_copy = &key.copies()[0].bytes;
        let damaged_key = damage(key_copy, at, flip, cut);
        prop_assert_eq!(DeviceKey::find(Some(&damaged_key), None), Err(Lost::Damaged));
    }

    #[test]
    fn damage_to_any_byte_of_a_record_its_name_or_a_session_is_an_error(
        at in any::<Index>(), flip in 1..=255_u8, cut in any::<bool>(), value in vec(any::<u8>(), 0..400),
    ) {
        let vault = Vault::create(&mut rng(1));
        let sealed = vault.seal("inbox", b"id", &value, &mut rng(2));
        let name = sealed.name.as_bytes();
        let damaged = damage(&sealed.bytes, at, flip, cut);
        prop_assert!(vault.open("inbox", name, &damaged).is_err());
        prop_assert!(vault.open("inbox", &damage(name, at, flip, cut), &sealed.bytes).is_err());
        let session = damage(&vault.to_session_bytes(), at, flip, cut);
        prop_assert_eq!(Vault::from_session_bytes(&session).err(), Some(DamagedSession));
    }

    #[test]
    fn any_bytes_pass_every_reader(bytes in vec(any::<u8>(), 0..300)) {
        let vault = Vault::create(&mut rng(1));
        prop_assert!(vault.open("inbox", &bytes, &bytes).is_err());
        prop_assert!(Vault::from_session_bytes(&bytes).is_err());
        prop_assert!(Envelope::find(Some(&bytes), Some(&bytes)).is_err());
        prop_assert!(DeviceKey::find(Some(&bytes), None).is_err());
        prop_assert!(BackupHeader::read(&bytes).is_err());
    }

    #[test]
    fn any_record_comes_back(store in "[a-z]{0,9}", key in vec(any::<u8>(), 0..70), value in vec(any::<u8>(), 0..3_000)) {
        let vault = Vault::create(&mut rng(1));
        let sealed = vault.seal(&store, &key, &value, &mut rng(2));
        let opened = vault.open(&store, sealed.name.as_bytes(), &sealed.bytes).unwrap();
        prop_assert!(opened.key == key && opened.value == value);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn damage_to_any_byte_of_a_backup_is_an_error(
        at in any::<Index>(), flip in 1..=255_u8, cut in any::<bool>(), in_header in any::<bool>(),
    ) {
        let file = backup(&records(2, 40_000));
        let damaged = if in_header {
            let (header, body) = file.split_at(BACKUP_HEADER_LEN);
            [damage(header, at, flip, cut), body.to_vec()].concat()
        } else {
            damage(&file, at, flip, cut)
        };
        prop_assert!(restore(&damaged, 10_000).is_err());
    }
}

/// Changes one byte, or cuts the bytes before it.
fn damage(bytes: &[u8], at: Index, flip: u8, cut: bool) -> Vec<u8> {
    let at = at.index(bytes.len());
    if cut {
        return bytes[..at].to_vec();
    }
    let mut damaged = bytes.to_vec();
    damaged[at] ^= flip;
    damaged
}
