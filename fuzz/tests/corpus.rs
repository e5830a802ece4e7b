//! What the fuzzers have found so far, as plain tests.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test that panics has failed, which is what a test is for"
)]

use sotto_fuzz::{TARGETS, Target, seeds, target};
use std::fs;
use std::path::{Path, PathBuf};

/// The inputs of a target in `corpus` or `regressions`, by name.
fn inputs(kind: &str, target: &str) -> Vec<(PathBuf, Vec<u8>)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join(kind)
        .join(target);
    let Ok(entries) = fs::read_dir(folder) else {
        return Vec::new();
    };
    let mut paths: Vec<_> = entries.map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    let read = |path: PathBuf| (path.clone(), fs::read(path).unwrap());
    paths.into_iter().map(read).collect()
}

/// Runs a target; what it panics about is told with the file that led to it.
fn run(target: Target, path: &Path, bytes: &[u8]) -> bool {
    match std::panic::catch_unwind(|| target(bytes)) {
        Ok(taken) => taken,
        Err(_) => panic!("{} breaks a promise (see above)", path.display()),
    }
}

#[test]
fn every_seed_is_taken_by_its_target() {
    for seed in seeds::all() {
        let taken = target(seed.target).unwrap()(&seed.bytes);
        assert!(taken, "{} of {}", seed.name, seed.target);
    }
}

#[test]
fn the_corpora_keep_every_promise() {
    for (name, target) in TARGETS {
        let inputs = inputs("corpus", name);
        let taken = inputs
            .iter()
            .filter(|(path, bytes)| run(target, path, bytes));
        let (taken, all) = (taken.count(), inputs.len());
        assert!(taken > 0, "{name}: none of {all} inputs is taken");
    }
}

#[test]
fn what_once_broke_a_promise_keeps_it_now() {
    for (name, target) in TARGETS {
        for (path, bytes) in inputs("regressions", name) {
            run(target, &path, &bytes);
        }
    }
}
