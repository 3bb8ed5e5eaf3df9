//! Whatever is cancelled, wherever it stands: the next one works.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::future::Future;
use std::pin::pin;
use std::task::{Context, Poll, Waker};
use std::time::{Duration, Instant};

use livekeeper::{Call, Config, CookieManager, Events, KeywordRule, News};
use livekeeper_simulator::{Options, Simulator};
use livekeeper_tests::proxy::Proxy;
use livekeeper_tests::{LIMIT, LIMIT_S, ONLINE, add_online, config, converse, manager, simulator, wait};

/// More polls than any of these futures needs to come to its last wait.
const POLLS: usize = 5;

/// Polls a future so many times at most, and drops it where it stands then. Its output, if it had one by then.
fn poll_and_drop<F: Future>(future: F, times: usize) -> Option<F::Output> {
    let mut future = pin!(future);
    let mut context = Context::from_waker(Waker::noop());
    (0..times).find_map(|_| match future.as_mut().poll(&mut context) {
        Poll::Ready(output) => Some(output),
        Poll::Pending => None,
    })
}

fn drop_after<T>(call: Call<T>, polls: usize) {
    drop(poll_and_drop(call, polls));
}

#[test]
fn a_call_that_is_dropped_at_any_of_its_waits_is_carried_out_and_the_next_one_works() {
    let simulator = simulator(Options::default());
    let manager = manager(config(&simulator));
    let cookie = simulator.cookie("1001");
    let rules = || vec![KeywordRule::new("在吗", "在的")];
    for polls in 0..POLLS {
        drop_after(manager.add_cookie("shop", &cookie, Some(rules()), None), polls);
        drop_after(manager.wait_for("shop", ONLINE, LIMIT_S), polls);
        drop_after(manager.update_keywords("shop", rules()), polls);
        drop_after(manager.get_keywords("shop"), polls);
        drop_after(manager.pause("shop"), polls);
        drop_after(manager.set_priority("shop", 9), polls);
        drop_after(manager.update_cookie_status("shop", false), polls);
        drop_after(manager.update_cookie_status("shop", true), polls);
        drop_after(manager.update_cookie("shop", &cookie), polls);
        drop_after(manager.restart("shop"), polls);
        // Calls to one account go in their order: when this one is answered, all of them are done.
        manager.resume("shop").wait().unwrap();
        assert_eq!(manager.status("shop").unwrap().priority, 9, "{polls} polls");
        wait(&manager, "shop", ONLINE);
        simulator.wait_online_blocking("1001", LIMIT).unwrap();
        converse(&simulator, "1001");
        assert_eq!(simulator.max_live_sessions("1001"), 1);

        let before = simulator.counters().sends;
        drop_after(manager.send_text("shop", "c1", "9", "dropped"), polls);
        manager.send_text("shop", "c1", "9", "waited for").wait().unwrap();
        assert_eq!(simulator.counters().sends, before + 2);

        drop_after(manager.remove_cookie("shop"), polls);
        manager.add_cookie("shop", &cookie, Some(rules()), None).wait().unwrap();
        assert_eq!(manager.status("shop").unwrap().priority, 0);
    }
    drop_after(manager.close(LIMIT_S), 1);
    assert!(manager.close(LIMIT_S).wait().unwrap().is_clean());
}

#[test]
fn a_wait_for_an_event_that_is_dropped_at_any_point_loses_none() {
    let simulator = simulator(Options::default());
    let manager = manager(config(&simulator));
    let (mut dropping, mut steady) = (manager.events().unwrap(), manager.events().unwrap());
    let mut heard = Vec::new();
    add_online(&manager, &simulator, "shop", "1001");
    for polls in 0..20 {
        manager.restart("shop").wait().unwrap();
        heard.extend(poll_and_drop(dropping.next(), polls % POLLS));
    }
    manager.close(LIMIT_S).wait().unwrap();
    let rest = |events: &mut Events| {
        std::iter::from_fn(|| events.next_within(LIMIT).unwrap().filter(|news| *news != News::Ended)).collect::<Vec<_>>()
    };
    heard.extend(rest(&mut dropping));
    assert_eq!(heard, rest(&mut steady));
}

/// Settings through a proxy that may hold any piece of what is said, API calls too. Every session needs a new token, so that each
/// goes all the way.
fn config_through(proxy: &Proxy, simulator: &Simulator) -> Config {
    let mut config = config(simulator);
    config.websocket_url = format!("ws://127.0.0.1:{}/", proxy.port());
    config.api_url = format!("http://127.0.0.1:{}/h5", proxy.port());
    config.heartbeat_interval_s = 300.0;
    config.stop_socket_s = 0.05;
    config
}

fn short_lived_tokens() -> Options {
    Options { access_token_lifetime: Duration::from_secs(30), ..Options::default() }
}

/// Waits until the opening of a session stands still, or has gone through. Whether it stands still.
fn stands_still(proxy: &Proxy, simulator: &Simulator, events: &mut Events, registers: u64) -> bool {
    let until = Instant::now() + LIMIT;
    loop {
        if proxy.is_held() {
            return true;
        }
        if simulator.counters().registers > registers && simulator.online("1001") {
            return false;
        }
        assert!(Instant::now() < until, "neither held nor online");
        // Two things that may come first, and one of them has no event of the manager's.
        let _ = events.next_within(Duration::from_millis(2)).unwrap();
    }
}

#[test]
fn a_session_whose_opening_is_cut_short_at_any_of_its_waits_makes_way_for_the_next() {
    type Cut = fn(&CookieManager, &str);
    let cuts: [(&str, Cut); 5] = [
        ("restart", |manager, _| manager.restart("shop").wait().unwrap()),
        ("update_cookie", |manager, cookie| manager.update_cookie("shop", cookie).wait().unwrap()),
        ("add_cookie", |manager, cookie| manager.add_cookie("shop", cookie, None, None).wait().unwrap()),
        ("off and on", |manager, _| {
            manager.update_cookie_status("shop", false).wait().unwrap();
            manager.update_cookie_status("shop", true).wait().unwrap();
        }),
        ("remove and add", |manager, cookie| {
            drop(manager.remove_cookie("shop"));
            let rules = vec![KeywordRule::new("在吗", "在的")];
            manager.add_cookie("shop", cookie, Some(rules), None).wait().unwrap();
        }),
    ];
    let simulator = simulator(short_lived_tokens());
    let proxy = Proxy::to(simulator.port());
    let manager = manager(config_through(&proxy, &simulator));
    add_online(&manager, &simulator, "shop", "1001");
    let cookie = simulator.cookie("1001");
    for (name, cut) in cuts {
        let mut places = 0;
        loop {
            let mut events = manager.events().unwrap();
            let registers = simulator.counters().registers;
            // What the old session says on leaving passes before the count begins.
            manager.update_cookie_status("shop", false).wait().unwrap();
            proxy.hold_after(places);
            manager.update_cookie_status("shop", true).wait().unwrap();
            let is_held = stands_still(&proxy, &simulator, &mut events, registers);
            proxy.pass_all();
            let registers = simulator.counters().registers;
            cut(&manager, &cookie);
            wait(&manager, "shop", ONLINE);
            simulator.wait_until_blocking(LIMIT, |seen| seen.counters().registers > registers && seen.online("1001")).unwrap();
            converse(&simulator, "1001");
            if !is_held {
                break;
            }
            places += 1;
        }
        assert!(places >= 6, "{name}: a call, its answer, the handshake, its answer, the registration, its answer: {places}");
    }
}

#[test]
fn closing_while_a_session_is_being_opened_is_clean_and_in_time_wherever_it_stands() {
    let simulator = simulator(short_lived_tokens());
    let cookie = simulator.cookie("1001");
    let mut places = 0;
    loop {
        let proxy = Proxy::to(simulator.port());
        let manager = manager(config_through(&proxy, &simulator));
        let mut events = manager.events().unwrap();
        let registers = simulator.counters().registers;
        proxy.hold_after(places);
        manager.add_cookie("shop", &cookie, None, None).wait().unwrap();
        let is_held = stands_still(&proxy, &simulator, &mut events, registers);
        let report = manager.close(LIMIT_S).wait().unwrap();
        assert!(report.is_clean() && report.took_s < 5.0, "{places} pieces: {report:?}");
        drop(proxy);
        simulator.wait_until_blocking(LIMIT, |seen| seen.connections() == 0).unwrap();
        if !is_held {
            break;
        }
        places += 1;
    }
    assert!(places >= 6, "{places}");
}
