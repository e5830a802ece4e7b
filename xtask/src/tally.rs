//! How many tests passed and failed, over all the programs that run some.

use std::{fmt, fs, ops::AddAssign, process::Command};

use anyhow::{Result, bail};
use serde_json::Value;

use crate::{
    paths,
    process::{self, step},
};

/// Passed and failed tests.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Tally {
    passed: u64,
    failed: u64,
}

impl Tally {
    const PASSED: Self = Self {
        passed: 1,
        failed: 0,
    };
    const FAILED: Self = Self {
        passed: 0,
        failed: 1,
    };

    /// An error if any failed.
    pub(crate) fn into_result(self) -> Result<()> {
        if self.failed > 0 {
            bail!("some tests failed");
        }
        Ok(())
    }

    /// A program that ends badly without naming a failed test has failed all the same.
    fn with_success(mut self, success: bool) -> Self {
        if !success && self.failed == 0 {
            self.failed = 1;
        }
        self
    }
}

impl AddAssign for Tally {
    fn add_assign(&mut self, other: Self) {
        self.passed += other.passed;
        self.failed += other.failed;
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} passed, {} failed", self.passed, self.failed)
    }
}

/// A check that is one test: it succeeds or not.
pub(crate) fn check(what: &str, check: impl FnOnce() -> Result<()>) -> Tally {
    step(what);
    match check() {
        Ok(()) => Tally::PASSED,
        Err(error) => {
            eprintln!("error: {error:#}");
            Tally::FAILED
        }
    }
}

/// Runs `cargo test` and counts what its test programs report.
pub(crate) fn cargo_test(what: &str, command: &mut Command) -> Result<Tally> {
    step(what);
    let mut tally = Tally::default();
    let success = process::run_with_lines(command, |line| {
        println!("{line}");
        tally += read_cargo_line(line).unwrap_or_default();
    })?;
    Ok(tally.with_success(success))
}

fn read_cargo_line(line: &str) -> Option<Tally> {
    let counts = line.strip_prefix("test result: ")?.split_once(". ")?.1;
    let count = |name: &str| {
        let part = counts.split("; ").find(|part| part.ends_with(name))?;
        part.split(' ').next()?.parse().ok()
    };
    Some(Tally {
        passed: count(" passed")?,
        failed: count(" failed")?,
    })
}

/// Runs Vitest with the configuration in that file and counts what it reports.
pub(crate) fn vitest(what: &str, config: &str, environment: &[(&str, String)]) -> Result<Tally> {
    step(what);
    let report = paths::output("vitest.json");
    if report.exists() {
        fs::remove_file(&report)?;
    }
    let mut command = process::command(paths::npm_program("vitest"));
    command.args([
        "run",
        "--config",
        config,
        "--reporter=verbose",
        "--reporter=json",
    ]);
    command.arg(format!("--outputFile.json={}", report.display()));
    command.envs(environment.iter().map(|(name, value)| (name, value)));
    let success = process::run(&mut command).is_ok();
    Ok(read_vitest_report(&fs::read(report).unwrap_or_default()).with_success(success))
}

fn read_vitest_report(report: &[u8]) -> Tally {
    let report: Value = serde_json::from_slice(report).unwrap_or_default();
    let count = |name: &str| report.get(name).and_then(Value::as_u64).unwrap_or_default();
    Tally {
        passed: count("numPassedTests"),
        failed: count("numFailedTests"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_lines_of_cargo_test_are_counted_and_others_are_not() {
        let line = "test result: FAILED. 12 passed; 3 failed; 1 ignored; 0 measured; 0 filtered out; \
                    finished in 0.02s";
        assert_eq!(
            read_cargo_line(line),
            Some(Tally {
                passed: 12,
                failed: 3
            })
        );
        assert_eq!(read_cargo_line("test core::it_works ... ok"), None);
        assert_eq!(read_cargo_line("test result: ok"), None);
    }

    #[test]
    fn a_program_that_dies_before_its_first_test_counts_as_failed() {
        assert_eq!(Tally::default().with_success(false), Tally::FAILED);
        assert_eq!(
            Tally {
                passed: 1,
                failed: 2
            }
            .with_success(false)
            .failed,
            2
        );
        assert_eq!(read_vitest_report(b""), Tally::default());
    }

    #[test]
    fn the_last_line_is_plain() {
        assert_eq!(
            Tally {
                passed: 5,
                failed: 0
            }
            .to_string(),
            "5 passed, 0 failed"
        );
    }
}
