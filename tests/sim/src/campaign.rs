//! Many scenarios on all cores, and the table of what came of them.

use crate::check::Findings;
use crate::fault::Fault;
use crate::run::{Report, play};
use crate::scenario::Scenario;
use std::any::Any;
use std::collections::BTreeMap;
use std::fmt;
use std::ops::Range;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

/// How many messages a run has on average if nothing else is said.
pub const MESSAGES: usize = 125;

/// What came of many runs.
#[derive(Clone, Debug, Default)]
pub struct Summary {
    /// Of all runs.
    pub total: Row,
    /// Of the runs in which a kind of fault happened, and how often it did.
    pub by_fault: BTreeMap<Fault, (u64, Row)>,
    /// Every broken promise, with its seed.
    pub violations: Vec<(u64, String)>,
    /// How long it took here.
    pub wall_time: Duration,
}

/// Sums over runs.
#[derive(Clone, Copy, Debug, Default)]
pub struct Row {
    /// Runs.
    pub runs: u64,
    /// What became of the messages.
    pub findings: Findings,
    /// Packets that clients sent.
    pub packets: u64,
    /// Packets among them that repeat a fragment.
    pub repeated: u64,
    /// How long it took in the worlds.
    pub virtual_time: Duration,
}

impl Row {
    fn add(&mut self, report: &Report) {
        self.runs += 1;
        self.findings += report.findings;
        self.packets += report.packets;
        self.repeated += report.repeated;
        self.virtual_time += report.virtual_time;
    }
}

impl Summary {
    fn add(&mut self, report: Report) {
        self.total.add(&report);
        for (fault, count) in &report.faults {
            let (times, row) = self.by_fault.entry(*fault).or_default();
            *times += count;
            row.add(&report);
        }
        let seed = report.seed;
        self.violations
            .extend(report.violations.into_iter().map(|what| (seed, what)));
    }
}

/// A broken promise, and the command that shows it again.
pub fn complaint(seed: u64, messages: usize, violation: &str) -> String {
    let next = seed + 1;
    format!(
        "seed {seed}: {violation}\n  \
         cargo xtask sim --messages {messages} --seeds {seed}..{next} --trace"
    )
}

/// Plays the scenario of a seed. A panic counts as a broken promise.
pub fn try_seed(seed: u64, messages: usize, aloud: bool) -> Report {
    let scenario = Scenario::draw(seed, messages);
    if aloud {
        println!("{scenario:#?}");
    }
    let report = catch_unwind(AssertUnwindSafe(|| play(&scenario, aloud)));
    report.unwrap_or_else(|panic| Report {
        seed,
        violations: vec![format!("panic: {}", words(panic.as_ref()))],
        ..Report::default()
    })
}

fn words(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
    text.or_else(|| panic.downcast_ref::<String>().cloned())
        .unwrap_or_default()
}

/// Plays the scenarios of all seeds, as many at a time as there are cores. `see` is shown each
/// report as it comes.
pub fn campaign(seeds: Range<u64>, messages: usize, mut see: impl FnMut(&Report)) -> Summary {
    let began = Instant::now();
    let next = AtomicU64::new(seeds.start);
    let (sender, reports) = mpsc::channel();
    let mut summary = Summary::default();
    thread::scope(|scope| {
        for _ in 0..thread::available_parallelism().map_or(1, usize::from) {
            let (sender, next) = (sender.clone(), &next);
            scope.spawn(move || {
                loop {
                    let seed = next.fetch_add(1, Ordering::Relaxed);
                    if seed >= seeds.end {
                        return;
                    }
                    sender.send(try_seed(seed, messages, false)).unwrap();
                }
            });
        }
        drop(sender);
        for report in reports {
            see(&report);
            summary.add(report);
        }
    });
    summary.violations.sort();
    summary.wall_time = began.elapsed();
    summary
}

impl fmt::Display for Summary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "{:<17}{:>6}{:>10}{:>10}{:>10}{:>8}{:>9}{:>8}{:>9}{:>6}{:>10}{:>10}{:>8}",
            "fault",
            "seeds",
            "happened",
            "messages",
            "delivered",
            "failed",
            "unsaved",
            "robbed",
            "doubled",
            "lost",
            "packets",
            "repeated",
            "hours",
        )?;
        for (fault, (times, row)) in &self.by_fault {
            write_row(f, &fault.to_string(), &times.to_string(), row)?;
        }
        write_row(f, "all", "", &self.total)?;
        write!(f, "{:.1} s", self.wall_time.as_secs_f64())
    }
}

fn write_row(f: &mut fmt::Formatter<'_>, name: &str, times: &str, row: &Row) -> fmt::Result {
    let Findings {
        messages,
        delivered,
        failed,
        unsaved,
        robbed,
        doubled,
        lost,
    } = row.findings;
    let hours = row.virtual_time.as_secs_f64() / 3600.0;
    writeln!(
        f,
        "{name:<17}{:>6}{times:>10}{messages:>10}{delivered:>10}{failed:>8}{unsaved:>9}{robbed:>8}{doubled:>9}{lost:>6}{:>10}{:>10}{hours:>8.1}",
        row.runs, row.packets, row.repeated,
    )
}
