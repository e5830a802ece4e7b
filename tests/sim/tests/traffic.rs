//! Who watches a protected client's websocket cannot tell whether it sends.

#![allow(clippy::indexing_slicing, reason = "a test that panics has failed")]

use rand_core::Rng;
use sotto_core::client::{Config, Pacing};
use sotto_core::time::Time;
use sotto_sim::World;
use std::time::Duration;

/// What an observer measures: half a second of traffic.
const WINDOW: Duration = Duration::from_millis(500);

/// Windows observed of each kind, half to learn from and half to be tested on.
const WINDOWS: usize = 200;

/// Number of packets, number of bytes, and mean, variance, least and greatest time between
/// packets.
type Features = [f64; 6];

fn features(packets: &[(Time, usize)]) -> Features {
    let gaps: Vec<f64> = packets
        .windows(2)
        .map(|pair| pair[1].0.saturating_since(pair[0].0).as_secs_f64())
        .collect();
    let count = gaps.len().max(1) as f64;
    let mean = gaps.iter().sum::<f64>() / count;
    let variance = gaps.iter().map(|gap| (gap - mean).powi(2)).sum::<f64>() / count;
    let bytes: usize = packets.iter().map(|(_, len)| len).sum();
    let least = gaps.iter().copied().fold(f64::INFINITY, f64::min);
    let greatest = gaps.iter().copied().fold(0.0, f64::max);
    [
        packets.len() as f64,
        bytes as f64,
        mean,
        variance,
        least,
        greatest,
    ]
}

/// The windows of a client that writes now and then, or never.
fn observe(seed: u8, config: Config, writes: bool) -> Vec<Features> {
    let mut world = World::new(seed);
    world.add_host(config);
    world.add_host(Config::default());
    world.run_until_online();
    world.run_for(Duration::from_secs(2));
    let start = world.now;
    for _ in 0..WINDOWS {
        if writes && world.rng.next_u32().is_multiple_of(2) {
            let len = 1 + world.rng.next_u32() as usize % 20_000;
            world.send(0, 1, &vec![7; len]);
        }
        world.run_for(WINDOW);
    }
    assert_eq!(writes, !world.hosts[1].received.is_empty());
    let observed = &world.hosts[0].observed;
    let window = |index: u32| {
        let (from, to) = (start + WINDOW * index, start + WINDOW * (index + 1));
        let inside: Vec<_> = observed
            .iter()
            .filter(|(at, _)| (from..to).contains(at))
            .copied()
            .collect();
        features(&inside)
    };
    (0..WINDOWS as u32).map(window).collect()
}

/// The best single threshold on a single feature: feature, threshold, and whether more means
/// that the client writes.
fn learn(idle: &[Features], writing: &[Features]) -> (usize, f64, bool) {
    let mut best = (0.0, (0, 0.0, true));
    for feature in 0..6 {
        for candidate in idle.iter().chain(writing) {
            for more in [false, true] {
                let rule = (feature, candidate[feature], more);
                let share = accuracy(rule, idle, writing);
                if share > best.0 {
                    best = (share, rule);
                }
            }
        }
    }
    best.1
}

fn accuracy(rule: (usize, f64, bool), idle: &[Features], writing: &[Features]) -> f64 {
    let (feature, threshold, more) = rule;
    let says_writing = |f: &&Features| (f[feature] > threshold) == more;
    let right = idle.iter().filter(|f| !says_writing(f)).count()
        + writing.iter().filter(says_writing).count();
    right as f64 / (idle.len() + writing.len()) as f64
}

/// How often the learned rule is right about windows that it has not seen.
fn held_out_accuracy(config: &Config) -> f64 {
    let idle = observe(31, config.clone(), false);
    let writing = observe(32, config.clone(), true);
    let half = WINDOWS / 2;
    let rule = learn(&idle[..half], &writing[..half]);
    accuracy(rule, &idle[half..], &writing[half..])
}

/// Half the width of the 99 % confidence interval around one half, for a guess at each held-out
/// window.
fn confidence() -> f64 {
    2.58 * (0.25 / WINDOWS as f64).sqrt()
}

#[test]
fn who_watches_a_protected_client_can_only_guess_whether_it_writes() {
    let accuracy = held_out_accuracy(&Config::protected());
    assert!(
        (accuracy - 0.5).abs() <= confidence(),
        "right in {accuracy} of the windows"
    );
}

#[test]
fn the_same_observer_sees_through_a_client_without_cover() {
    let pacing = Pacing::Poisson {
        mean: Duration::from_millis(20),
    };
    let accuracy = held_out_accuracy(&Config {
        pacing,
        ..Config::default()
    });
    assert!(
        accuracy > 0.5 + 2.0 * confidence(),
        "right in {accuracy} of the windows"
    );
}
