//! A process that has no file descriptor left. Alone in its program: the limit is the process's.
#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::fs::{self, File};

use livekeeper::{CapacityItem, CapacityKind, CapacityLevel, ConnectionState, EventKind, Events, KeywordRule, ReasonCode};
use livekeeper_simulator::Options;
use livekeeper_tests::{
    LIMIT, ONLINE, add_online, assert_no_violations, config, converse, hear, hear_standing, manager, simulator, wait,
};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// Room for what the process may still want, before the rest is taken up.
const ROOM: u64 = 64;

/// The next warning about file descriptors, or that they are over.
fn hear_descriptors(events: &mut Events, wanted: CapacityLevel) -> CapacityItem {
    hear(events, |event| match &event.kind {
        EventKind::CapacityChanged { item } if item.kind == CapacityKind::FileDescriptors && item.level == wanted => Some(*item),
        _ => None,
    })
}

#[test]
fn without_a_descriptor_left_nothing_connects_and_says_why_and_sessions_that_live_go_on_and_the_others_follow_later() {
    let simulator = simulator(Options::default());
    let mut config = config(&simulator);
    config.health_interval_s = 0.05;
    let manager = manager(config);
    add_online(&manager, &simulator, "live", "1001");
    let late = simulator.cookie("1002");
    let mut warnings = manager.events().unwrap();
    let mut events = manager.events().unwrap();

    let open = fs::read_dir("/proc/self/fd").unwrap().count() as u64;
    let maximum = getrlimit(Resource::Nofile).maximum;
    setrlimit(Resource::Nofile, Rlimit { current: Some(open + ROOM), maximum }).unwrap();
    let taken: Vec<_> = std::iter::from_fn(|| File::open("/dev/null").ok()).collect();
    assert!(!taken.is_empty());

    manager.add_cookie("late", &late, Some(vec![KeywordRule::new("在吗", "在的")]), None).wait().unwrap();
    let reason = hear_standing(&mut events, |standing| standing.reason == ReasonCode::OutOfFiles);
    assert!(reason.to_string().contains("ulimit -n"), "{reason}");
    let full = hear_descriptors(&mut warnings, CapacityLevel::Full);
    assert_eq!(full.bound, Some(open + ROOM));
    assert_eq!(manager.capacity().unwrap().get(CapacityKind::FileDescriptors).unwrap().level, CapacityLevel::Full);
    for _ in 0..10 {
        converse(&simulator, "1001");
    }
    let live = manager.status("live").unwrap();
    assert_eq!((live.connection, live.counters.connects, live.counters.failures), (ConnectionState::Connected, 1, 0));
    assert_ne!(manager.status("late").unwrap().connection, ConnectionState::Connected);

    drop(taken);
    wait(&manager, "late", ONLINE);
    simulator.wait_online_blocking("1002", LIMIT).unwrap();
    converse(&simulator, "1002");
    hear_descriptors(&mut warnings, CapacityLevel::Ok);
    assert_eq!(simulator.counters_of("1001").connects, 1);
    assert_no_violations(&simulator);
}
