//! `cargo xtask fuzz`: looks for bytes that break a promise of the decoders or of a whole client.

use std::{fs, process::Command};

use anyhow::{Context, Result, bail};

use crate::{
    paths,
    process::{self, step},
    setup,
};

/// The programs of libFuzzer, a workspace of its own.
const FOLDER: &str = "fuzz/libfuzzer";

/// The longest input in bytes: three regular packets, or a whole small directory.
const MOST_BYTES: usize = 8192;

/// Runs every target, or one, for so many seconds each. What it finds is left in
/// `fuzz/regressions`, where `cargo xtask test` runs it from then on.
pub(crate) fn run(seconds: u64, only: Option<&str>) -> Result<()> {
    let targets = chosen(targets()?, only)?;
    setup::cargo_fuzz()?;
    step("Building the fuzzers");
    process::run(&mut cargo_fuzz("build")).context(
        "libFuzzer is C++: it takes a compiler such as g++ (on Debian: apt-get install g++)",
    )?;
    let broken: Vec<_> = targets
        .iter()
        .filter(|target| fuzz(target, seconds).is_err())
        .map(String::as_str)
        .collect();
    if !broken.is_empty() {
        bail!("see fuzz/regressions for what breaks {}", broken.join(", "));
    }
    println!("\nevery promise was kept by {}", targets.join(", "));
    Ok(())
}

/// Every target by its name.
fn targets() -> Result<Vec<String>> {
    let mut names = Vec::new();
    for entry in fs::read_dir(paths::root().join(FOLDER).join("fuzz_targets"))? {
        let path = entry?.path();
        names.extend(
            path.file_stem()
                .map(|name| name.to_string_lossy().into_owned()),
        );
    }
    names.sort();
    Ok(names)
}

fn chosen(all: Vec<String>, only: Option<&str>) -> Result<Vec<String>> {
    match only {
        None => Ok(all),
        Some(name) if all.iter().any(|known| known == name) => Ok(vec![name.to_owned()]),
        Some(name) => bail!("there is no target {name}; there are {}", all.join(", ")),
    }
}

/// Sanitizers look for errors that safe Rust cannot make, and take nightly Rust. Without them
/// stable Rust does, and more inputs are tried.
fn cargo_fuzz(what: &str) -> Command {
    let mut command = process::cargo();
    command.args([
        "fuzz",
        what,
        "--fuzz-dir",
        FOLDER,
        "--release",
        "--sanitizer",
        "none",
    ]);
    command.env("CARGO_TARGET_DIR", paths::cargo_target().join("fuzz"));
    command
}

fn fuzz(target: &str, seconds: u64) -> Result<()> {
    step(&format!("Fuzzing {target} for {seconds} s"));
    // New inputs go to the first folder; the committed ones are read alone.
    let found = paths::output("fuzz-corpus").join(target);
    let known = paths::root().join("fuzz/corpus").join(target);
    let broken = paths::root().join("fuzz/regressions").join(target);
    for folder in [&found, &broken] {
        fs::create_dir_all(folder)?;
    }
    let mut command = cargo_fuzz("run");
    command.arg(target).arg(found).arg(known).arg("--");
    command.args([
        format!("-max_total_time={seconds}"),
        format!("-max_len={MOST_BYTES}"),
        format!("-artifact_prefix={}/", broken.display()),
        "-rss_limit_mb=2048".to_owned(),
        "-timeout=25".to_owned(),
        "-print_final_stats=1".to_owned(),
    ]);
    process::run(&mut command)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_is_a_corpus_for_every_target_and_no_target_is_unknown() {
        let all = targets().unwrap();
        for target in &all {
            let corpus = paths::root().join("fuzz/corpus").join(target);
            assert!(fs::read_dir(&corpus).unwrap().next().is_some(), "{target}");
        }
        assert_eq!(chosen(all.clone(), None).unwrap(), all);
        assert_eq!(chosen(all.clone(), Some("acks")).unwrap(), ["acks"]);
        assert!(chosen(all, Some("nothing")).is_err());
    }
}
