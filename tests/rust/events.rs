//! A host that does not read its events, and one that is warned by them.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use livekeeper::{CapacityKind, CapacityLevel, Error, EventKind, News};
use livekeeper_simulator::Options;
use livekeeper_tests::{LIMIT, LIMIT_S, add_online, config, manager, simulator};

#[test]
fn a_host_that_reads_no_events_costs_a_bounded_queue_and_learns_exactly_how_many_it_lost() {
    let simulator = simulator(Options::default());
    let mut config = config(&simulator);
    config.event_queue = 16;
    config.health_interval_s = 300.0;
    let manager = manager(config);
    add_online(&manager, &simulator, "shop", "1001");
    let mut sleeper = manager.events().unwrap();
    let mut watcher = manager.events().unwrap();
    let watching = std::thread::spawn(move || {
        let (mut count, mut restarts) = (0, 0);
        loop {
            match watcher.next_within(LIMIT).unwrap().expect("there is news until the manager is closed") {
                News::Event(event) => {
                    count += 1;
                    restarts += u64::from(matches!(event.kind, EventKind::Stopped { .. }));
                }
                News::Lagged(missed) => count += missed,
                News::Ended => return (count, restarts),
            }
        }
    });
    for _ in 0..50 {
        manager.restart("shop").wait().unwrap();
        let queue = manager.capacity().unwrap().get(CapacityKind::EventQueue).unwrap();
        assert!(queue.used <= 16 && queue.bound == Some(16), "{queue:?}");
    }
    let queue = manager.capacity().unwrap().get(CapacityKind::EventQueue).unwrap();
    assert_eq!((queue.used, queue.level), (16, CapacityLevel::Full));
    manager.close(LIMIT_S).wait().unwrap();
    let (count, restarts) = watching.join().unwrap();
    assert!(count >= 50 * 4 && restarts > 0, "{count} events, {restarts} stops");

    assert_eq!(sleeper.next_within(LIMIT), Ok(Some(News::Lagged(count - 16))));
    for _ in 0..16 {
        assert!(matches!(sleeper.next_within(LIMIT), Ok(Some(News::Event(_)))));
    }
    assert_eq!(sleeper.next_within(LIMIT), Ok(Some(News::Ended)));
}

#[test]
fn a_host_that_reads_no_events_holds_up_no_account() {
    let simulator = simulator(Options::default());
    let mut config = config(&simulator);
    config.event_queue = 16;
    let manager = manager(config);
    let _sleeper = manager.events().unwrap();
    for account in 0..20 {
        add_online(&manager, &simulator, &format!("shop {account}"), &format!("10{account:02}"));
        livekeeper_tests::converse(&simulator, &format!("10{account:02}"));
    }
}

#[test]
fn a_bound_that_comes_near_is_told_before_it_is_reached_and_once() {
    let simulator = simulator(Options::default());
    let mut config = config(&simulator);
    config.max_accounts = 5;
    config.health_interval_s = 0.05;
    let manager = manager(config);
    let mut events = manager.events().unwrap();
    let mut next = || loop {
        let Ok(Some(News::Event(event))) = events.next_within(LIMIT) else { panic!("it is told within the limit") };
        match &event.kind {
            EventKind::CapacityChanged { item } if item.kind == CapacityKind::Accounts => {
                assert!(event.cookie_id.is_empty());
                return (item.used, item.bound, item.level);
            }
            _ => {}
        }
    };
    let add = |name: &str| manager.add_cookie(name, &simulator.cookie("1001"), None, None).wait();
    for name in ["1", "2", "3", "4"] {
        add(name).unwrap();
    }
    assert_eq!(next(), (4, Some(5), CapacityLevel::Near));
    add("5").unwrap();
    assert_eq!(next(), (5, Some(5), CapacityLevel::Full));
    assert!(matches!(add("6"), Err(Error::AtCapacity { .. })));
    for name in ["1", "2", "3"] {
        manager.remove_cookie(name).wait().unwrap();
    }
    // It may have been seen on its way down.
    let mut level = next().2;
    while level != CapacityLevel::Ok {
        level = next().2;
    }
}
