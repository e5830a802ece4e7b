//! A worker is killed between any two effects: every place is tried, with the commit that was
//! under way on disk and not on disk.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test that panics has failed"
)]

use sotto_core::client::Config;
use sotto_sim::{Deed, Fault, Findings, Fuse, Host, Scenario, Shape, World, play};
use std::collections::BTreeSet;
use std::time::Duration;

const SECOND: Duration = Duration::from_secs(1);

/// Two clients, and what they write.
fn scenario(deeds: Vec<(Duration, Deed)>) -> Scenario {
    Scenario {
        seed: 7,
        shape: Shape {
            width: 1,
            gateways: 2,
        },
        clients: vec![(Config::default(), Duration::from_millis(1)); 2],
        directory_lag: Duration::ZERO,
        faults: BTreeSet::from([Fault::Kill]),
        deeds,
        length: 20 * SECOND,
    }
}

/// Host 0 writes with its name.
fn identified() -> Vec<(Duration, Deed)> {
    let surbs = None;
    vec![(
        SECOND,
        Deed::Write {
            from: 0,
            to: 1,
            len: 12_000,
            surbs,
        },
    )]
}

/// Host 0 writes without a name and host 1 answers, for which it needs more SURBs.
fn anonymous() -> Vec<(Duration, Deed)> {
    let ask = Deed::Write {
        from: 0,
        to: 1,
        len: 100,
        surbs: Some(11),
    };
    let answer = Deed::Reply {
        by: 1,
        pick: 0,
        len: 2_000,
    };
    vec![(SECOND, ask), (5 * SECOND, answer)]
}

/// Kills a host after 0, 1, 2 … effects until it has no more, and plays to the end each time.
fn kill_everywhere(host: usize, deeds: &[(Duration, Deed)]) -> (u64, Findings) {
    let mut findings = Findings::default();
    for place in 0.. {
        let mut killed = 0;
        for reached in [false, true] {
            let kill = Deed::Kill {
                host,
                effects: Some(place),
                reached,
                down_for: SECOND / 2,
            };
            let deeds = [&[(SECOND, kill)], deeds].concat();
            let report = play(&scenario(deeds), false);
            assert_eq!(
                report.violations,
                Vec::<String>::new(),
                "killed after {place} effects, commit on disk: {reached}"
            );
            killed += report.faults.get(&Fault::Kill).copied().unwrap_or_default();
            findings += report.findings;
        }
        if killed == 0 {
            return (place, findings);
        }
    }
    unreachable!("there is a last effect");
}

#[test]
fn a_sender_killed_between_any_two_effects_loses_nothing_and_doubles_nothing() {
    let (places, findings) = kill_everywhere(0, &identified());
    assert!(places >= 10, "{places} places");
    let kept = findings.messages - findings.unsaved;
    assert_eq!(findings.delivered, kept, "{findings:?}");
}

#[test]
fn a_receiver_killed_between_any_two_effects_loses_only_what_its_browser_had_confirmed() {
    let (places, findings) = kill_everywhere(1, &identified());
    assert!(places >= 8, "{places} places");
    assert_eq!(
        findings.delivered + findings.robbed,
        findings.messages,
        "{findings:?}"
    );
    assert!(findings.delivered > findings.messages / 2, "{findings:?}");
}

#[test]
fn an_anonymous_sender_killed_between_any_two_effects_sends_once_and_loses_no_answer_it_can_keep() {
    let (places, findings) = kill_everywhere(0, &anonymous());
    assert!(places >= 15, "{places} places");
    assert_eq!(
        findings.lost + findings.doubled + findings.failed,
        0,
        "{findings:?}"
    );
}

#[test]
fn a_replier_killed_between_any_two_effects_uses_no_surb_twice_and_answers_once() {
    let (places, findings) = kill_everywhere(1, &anonymous());
    assert!(places >= 15, "{places} places");
    assert_eq!(
        findings.lost + findings.doubled + findings.failed,
        0,
        "{findings:?}"
    );
}

#[test]
fn a_client_killed_between_any_two_effects_while_it_registers_keeps_one_address() {
    for place in 0.. {
        let mut killed = 0;
        for reached in [false, true] {
            let mut world = World::new(9);
            world.add_host(Config::default());
            world.hosts[0].set_fuse(Fuse {
                effects: place,
                reached,
                down_for: SECOND,
            });
            world.run_for(5 * SECOND);
            world.run_until(100 * SECOND, |world| world.hosts.iter().all(Host::is_alive));
            world.run_until_online();
            killed += world.faults.get(&Fault::Kill).copied().unwrap_or_default();
            let addresses: BTreeSet<_> = world.hosts[0].addresses.iter().collect();
            assert_eq!(
                addresses.len(),
                1,
                "killed after {place} effects: {addresses:?}"
            );
        }
        if killed == 0 {
            assert!(place > 10, "{place} places");
            return;
        }
    }
}
