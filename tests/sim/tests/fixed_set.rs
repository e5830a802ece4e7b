//! Two hundred scenarios in which everything goes wrong, each from a seed.

#![allow(clippy::panic, reason = "a test that panics has failed")]

use sotto_sim::{Fault, MESSAGES, Report, campaign, complaint, try_seed};

#[test]
fn every_message_arrives_once_or_is_reported_failed_whatever_goes_wrong() {
    let complain = |report: &Report| {
        for violation in &report.violations {
            println!("{}", complaint(report.seed, MESSAGES, violation));
        }
    };
    let summary = campaign(0..200, MESSAGES, complain);
    println!("{summary}");
    let found = summary.total.findings;
    assert_eq!(
        (summary.violations.len(), found.lost, found.doubled),
        (0, 0, 0)
    );
    assert!(found.messages >= 20_000, "{found:?}");
    for fault in Fault::ALL {
        assert!(
            summary.by_fault.contains_key(&fault),
            "{fault} never happened"
        );
    }
    // Or the promises are kept because nothing works.
    assert!(found.delivered * 100 >= found.messages * 95, "{found:?}");
}

#[test]
fn a_seed_always_makes_the_same_happen_at_the_same_times() {
    for seed in [0, 3, 5] {
        let [first, second] = [(); 2].map(|()| try_seed(seed, MESSAGES, false));
        assert!(first.notes > 1_000, "{} notes", first.notes);
        assert_eq!(first.notes, second.notes, "seed {seed}");
        assert_eq!(first.trace, second.trace, "seed {seed}");
        assert_eq!(first.findings, second.findings, "seed {seed}");
    }
}
