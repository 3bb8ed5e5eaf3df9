//! A day of a thousand accounts in a moment: paused time, everything seeded, faults of every kind, and an oracle that keeps
//! books of its own and is asked throughout.
//!
//! `make test` runs 20 seeds; `make simulate SEEDS=1000` as many as asked, `make simulate SEED=7` one again.
//!
//! ```text
//! day      runs one seed: the world, the host and the audits, side by side
//! host     adds, removes, switches, pauses, restarts at random, and tells the oracle what was answered
//! world    the sessions, and what befalls them
//! oracle   the books, and the rules that are checked against them
//! planted  for each rule a fault that breaks it: an oracle that cannot fail is worth nothing
//! ```

#![allow(clippy::print_stderr, reason = "a long run tells where it is")]

mod day;
mod host;
mod oracle;
mod planted;
mod world;

use std::sync::atomic::{AtomicU64, Ordering};

use self::day::{Day, Plant};

const SEEDS: u64 = 20;

/// The seeds to run: those asked for, or the first twenty.
fn seeds() -> std::ops::Range<u64> {
    let asked = |name: &str| std::env::var(name).ok().and_then(|text| text.parse::<u64>().ok());
    match asked("LIVEKEEPER_SIMULATION_SEED") {
        Some(seed) => seed..seed + 1,
        None => 0..asked("LIVEKEEPER_SIMULATION_SEEDS").unwrap_or(SEEDS),
    }
}

#[test]
fn a_day_of_a_thousand_accounts_with_faults_of_every_kind_breaks_no_rule() {
    let seeds = seeds();
    let next = AtomicU64::new(seeds.start);
    let threads = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                loop {
                    let seed = next.fetch_add(1, Ordering::Relaxed);
                    if seed >= seeds.end {
                        return;
                    }
                    let day = Day::of_a_thousand(seed, Plant::Nothing).run();
                    assert_eq!(day.violations, [], "seed {seed}: replay it with make simulate SEED={seed}");
                    // A day on which nothing happened proves nothing.
                    let counts = day.counts;
                    assert!(counts.sessions > 10_000 && counts.sends > 20_000, "seed {seed}: {counts:?}");
                    assert!(
                        counts.commands > 3_000 && counts.parked > 50 && counts.leftovers.min(counts.late_work) > 500,
                        "seed {seed}: {counts:?}"
                    );
                    eprintln!("seed {seed}: {counts:?}");
                }
            });
        }
    });
}

#[test]
fn the_same_seed_gives_the_same_day() {
    let day = |seed| Day { accounts: 50, hours: 6, ..Day::of_a_thousand(seed, Plant::Nothing) }.run();
    assert_eq!(day(3).counts, day(3).counts);
    assert_ne!(day(3).counts, day(4).counts);
}
