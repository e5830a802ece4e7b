//! What the stores get: for each browser a manifest without the other's keys, and a zip of the
//! same bytes whenever it is made from the same sources.

use std::{
    fs::{self, File},
    io::Write as _,
    path::{Path, PathBuf},
};

use anyhow::{Context, Result};
use serde_json::Value;
use zip::{CompressionMethod, DateTime, ZipWriter, write::SimpleFileOptions};

use crate::{bundle, paths};

/// A store, and the keys of the manifest that are for others, or the permissions that are unknown
/// to it. A key of two names is inside another.
struct Store {
    name: &'static str,
    foreign_keys: &'static [&'static [&'static str]],
    foreign_permissions: &'static [&'static str],
}

const STORES: [Store; 2] = [
    Store {
        name: "chrome",
        foreign_keys: &[
            &["browser_specific_settings"],
            &["background", "scripts"],
            &["sidebar_action"],
        ],
        foreign_permissions: &[],
    },
    Store {
        name: "firefox",
        foreign_keys: &[
            &["minimum_chrome_version"],
            &["background", "service_worker"],
            &["side_panel"],
        ],
        foreign_permissions: &["sidePanel"],
    },
];

/// Makes `target/extension-chrome` and `target/extension-firefox`, and a zip of each beside it.
pub(crate) fn for_stores() -> Result<()> {
    STORES.iter().try_for_each(package)
}

/// The folder for a store.
pub(crate) fn folder(store: &str) -> PathBuf {
    paths::output(&format!("extension-{store}"))
}

fn package(store: &Store) -> Result<()> {
    let folder = folder(store.name);
    bundle::clear(&folder)?;
    bundle::copy(&bundle::folder(), &folder)?;
    let manifest_path = folder.join("manifest.json");
    let mut manifest: Value = serde_json::from_slice(&fs::read(&manifest_path)?)?;
    adapt(&mut manifest, store)?;
    fs::write(
        &manifest_path,
        serde_json::to_string_pretty(&manifest)? + "\n",
    )?;
    zip(&folder, &folder.with_extension("zip"))
}

/// Leaves what the store's browser knows.
fn adapt(manifest: &mut Value, store: &Store) -> Result<()> {
    for key in store.foreign_keys {
        remove(manifest, key).with_context(|| format!("the manifest has no {key:?}"))?;
    }
    let permissions = manifest
        .get_mut("permissions")
        .and_then(Value::as_array_mut)
        .context("the manifest has no permissions")?;
    permissions.retain(|permission| {
        !store
            .foreign_permissions
            .iter()
            .any(|foreign| permission == foreign)
    });
    Ok(())
}

fn remove(value: &mut Value, key: &[&str]) -> Option<Value> {
    let (last, outer) = key.split_last()?;
    let inner = outer
        .iter()
        .try_fold(value, |value, name| value.get_mut(name))?;
    inner.as_object_mut()?.remove(*last)
}

fn zip(folder: &Path, to: &Path) -> Result<()> {
    let mut files = Vec::new();
    list(folder, &mut files)?;
    files.sort();
    let options = SimpleFileOptions::default()
        .compression_method(CompressionMethod::Deflated)
        .last_modified_time(DateTime::default())
        .unix_permissions(0o644);
    let mut archive = ZipWriter::new(File::create(to)?);
    for file in files {
        let name = file
            .strip_prefix(folder)?
            .to_string_lossy()
            .replace('\\', "/");
        archive.start_file(name, options)?;
        archive.write_all(&fs::read(&file)?)?;
    }
    archive.finish()?;
    Ok(())
}

fn list(folder: &Path, files: &mut Vec<PathBuf>) -> Result<()> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            list(&path, files)?;
        } else {
            files.push(path);
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_files_give_the_same_zip_whenever_they_were_written() {
        let scratch = tempfile::tempdir().unwrap();
        let zips = [&["b.txt", "a/c.txt"], &["a/c.txt", "b.txt"]].map(|order| {
            let folder = scratch.path().join(order[0].replace('/', "-"));
            fs::create_dir_all(folder.join("a")).unwrap();
            for name in order {
                fs::write(folder.join(name), name).unwrap();
            }
            let to = folder.with_extension("zip");
            zip(&folder, &to).unwrap();
            fs::read(to).unwrap()
        });
        assert_eq!(zips[0], zips[1]);
    }

    #[test]
    fn each_store_gets_a_manifest_without_the_keys_of_the_other() {
        let manifest = fs::read(paths::root().join("extension/manifest.json")).unwrap();
        for (store, background, panel, foreign_panel, has_permission) in [
            (
                &STORES[0],
                "service_worker",
                "side_panel",
                "sidebar_action",
                true,
            ),
            (&STORES[1], "scripts", "sidebar_action", "side_panel", false),
        ] {
            let mut manifest: Value = serde_json::from_slice(&manifest).unwrap();
            adapt(&mut manifest, store).unwrap();
            let keys: Vec<_> = manifest["background"].as_object().unwrap().keys().collect();
            assert_eq!(keys, [background, "type"]);
            assert!(manifest.get(panel).is_some() && manifest.get(foreign_panel).is_none());
            let permissions = manifest["permissions"].as_array().unwrap();
            assert_eq!(
                permissions.iter().any(|one| one == "sidePanel"),
                has_permission
            );
            assert!(permissions.iter().any(|one| one == "notifications"));
        }
    }

    #[test]
    fn a_key_that_is_not_there_is_an_error_and_not_forgotten() {
        let mut manifest = serde_json::json!({ "permissions": [] });
        assert!(adapt(&mut manifest, &STORES[0]).is_err());
    }
}
