//! The cookie provider: a function of the host's that brings a new cookie when a login is over.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{self, Receiver, Sender};
use std::sync::{Arc, Mutex, OnceLock};
use std::time::{Duration, Instant};

use livekeeper::{
    Config, CookieManager, CookieProvider, CookieRequest, Error, HostError, ReasonCode, Secret, StageOutcome, StopStage, TaskState,
    Wanted,
};
use livekeeper_simulator::{Options, Simulator};
use livekeeper_tests::processes::can_guard;
use livekeeper_tests::{
    LIMIT, LIMIT_S, ONLINE, PARKED, add_online, assert_no_violations, config, converse, hear_standing, manager, simulator, wait,
};

type Answer = Result<Option<Secret>, HostError>;
type Verb = fn(&CookieManager, &str) -> Result<(), Error>;
/// What a provider does, given the login that is over; why the account is parked then, and what its reason says.
type Failing = (fn(&str) -> Answer, ReasonCode, &'static str);

fn provider(function: impl Fn(&CookieRequest) -> Answer + Send + Sync + 'static) -> Arc<CookieProvider> {
    Arc::new(function)
}

/// The login of an account is over, and this provider is asked for another.
fn parked_with(simulator: &Simulator, unb: &str, config: Config, timeout_s: f64, asked: Arc<CookieProvider>) -> CookieManager {
    let manager = manager(config);
    manager.set_cookie_provider(Some(asked), timeout_s).unwrap();
    let cookie = simulator.cookie(unb);
    simulator.expire_session(unb);
    manager.add_cookie("shop", &cookie, None, None).wait().unwrap();
    manager
}

/// A provider that says that it was called, and returns when it is let go.
struct Held {
    called: Receiver<CookieRequest>,
    let_go: Sender<Answer>,
}

impl Held {
    fn new() -> (Self, Arc<CookieProvider>) {
        let (tell, called) = mpsc::channel();
        let (let_go, answers) = mpsc::channel();
        let answers = Mutex::new(answers);
        let function = move |request: &CookieRequest| {
            tell.send(request.clone()).unwrap();
            answers.lock().unwrap().recv().unwrap_or(Ok(None))
        };
        (Self { called, let_go }, provider(function))
    }

    fn wait_called(&self) -> CookieRequest {
        self.called.recv_timeout(LIMIT).unwrap()
    }
}

#[test]
fn a_login_that_is_over_is_renewed_by_the_provider_before_any_helper_and_the_account_comes_back_by_itself() {
    let simulator = simulator(Options::default());
    let mut config = config(&simulator);
    if cfg!(target_os = "linux") {
        config.cookie_helper = Some(vec!["/no/such/helper".to_owned()]);
    }
    let manager = manager(config);
    let (held, asked) = Held::new();
    manager.set_cookie_provider(Some(asked), 30.0).unwrap();
    add_online(&manager, &simulator, "店 1", "1001");
    let new_cookie = simulator.renew_cookie("1001");
    let mut events = manager.events().unwrap();
    simulator.expire_token("1001");
    simulator.drop_connection("1001");

    let request = held.wait_called();
    assert_eq!((&*request.cookie_id, &*request.unb, request.reason), ("店 1", "1001", ReasonCode::SessionExpired));
    assert!(!request.call.is_over());
    let status = manager.status("店 1").unwrap();
    assert_eq!((status.state, status.reason.code), (TaskState::Running, ReasonCode::RenewingCookie));
    held.let_go.send(Ok(Some(Secret::new(new_cookie)))).unwrap();
    hear_standing(&mut events, |standing| standing.reason == ReasonCode::CookieRenewed);
    simulator.wait_until_blocking(LIMIT, |seen| seen.counters().registers == 2 && seen.online("1001")).unwrap();
    converse(&simulator, "1001");

    // The new cookie is the one on record from here on.
    manager.restart("店 1").wait().unwrap();
    simulator.wait_until_blocking(LIMIT, |seen| seen.counters().registers == 3).unwrap();
    assert!(held.called.try_recv().is_err());
    assert!(manager.close(LIMIT_S).wait().unwrap().is_clean());
    assert_no_violations(&simulator);
}

#[test]
fn a_provider_that_brings_no_good_cookie_leaves_the_account_parked_with_a_reason_that_holds_no_credential() {
    let simulator = simulator(Options::default());
    let table: [Failing; 8] = [
        (|_| Ok(None), ReasonCode::SessionExpired, "the cookie provider brought none"),
        (|_| Ok(Some(Secret::new(" "))), ReasonCode::SessionExpired, "the cookie provider brought none"),
        (|_| Ok(Some(Secret::new("unb=2002; cookie2=CANARY00"))), ReasonCode::CookieUnusable, "another user's cookie"),
        (|_| Ok(Some(Secret::new("cookie2=CANARY00; t=1"))), ReasonCode::SessionExpired, "the cookie provider's answer: "),
        (|_| Err(HostError::new("log in first")), ReasonCode::SessionExpired, "the cookie provider brought none: log in first"),
        (|login| Err(HostError::new(format!("refused {login} twice"))), ReasonCode::SessionExpired, "refused … twice"),
        (|_| panic!("CANARY00, a test's own"), ReasonCode::SessionExpired, "it panicked"),
        // The cookie that is over already: asked once, not for ever.
        (
            |login| Ok(Some(Secret::new(format!("unb=1008; cookie2={login}")))),
            ReasonCode::SessionExpired,
            "provider brought is over, too",
        ),
    ];
    for (number, (answer, code, expected)) in (1..).zip(table) {
        let unb = format!("100{number}");
        let cookie = simulator.cookie(&unb);
        let login = cookie.split("; ").find_map(|pair| pair.strip_prefix("cookie2=")).unwrap().to_owned();
        let calls = Arc::new(AtomicUsize::new(0));
        let (counted, told) = (Arc::clone(&calls), login.clone());
        let asked = provider(move |_| {
            counted.fetch_add(1, Ordering::SeqCst);
            answer(&told)
        });
        let manager = parked_with(&simulator, &unb, config(&simulator), 30.0, asked);
        let status = wait(&manager, "shop", PARKED);
        assert_eq!(status.reason.code, code, "{expected}: {status}");
        assert!(status.reason.detail.contains(expected), "{expected}: {status}");
        let shown = format!("{status:?} {status}");
        assert!(!shown.contains("CANARY00") && !shown.contains(&login[..8]), "{shown}");
        assert!(status.enabled, "no failure writes what the host asked for");
        assert!(manager.close(LIMIT_S).wait().unwrap().is_clean());
        assert_eq!(calls.load(Ordering::SeqCst), 1, "{expected}");
    }
}

#[test]
fn where_the_provider_has_none_the_helper_is_asked() {
    if !can_guard() {
        return;
    }
    let simulator = simulator(Options::default());
    let mut config = config(&simulator);
    let old_cookie = simulator.cookie("1001");
    let answer = format!("echo '{{\"cookie\": \"{}\"}}'", simulator.renew_cookie("1001"));
    config.cookie_helper = Some(["sh", "-c", &answer].map(str::to_owned).to_vec());
    // Each gives its place back before the other wants it.
    config.max_helpers = 1;
    let manager = manager(config);
    manager.set_cookie_provider(Some(provider(|_| Ok(None))), 30.0).unwrap();
    manager.add_cookie("shop", &old_cookie, None, None).wait().unwrap();
    wait(&manager, "shop", ONLINE);
}

#[test]
fn a_provider_that_takes_too_long_parks_the_account_and_keeps_its_place_and_what_it_brings_later_is_of_no_use() {
    let simulator = simulator(Options::default());
    let (held, asked) = Held::new();
    let mut config = config(&simulator);
    config.max_helpers = 1;
    let manager = parked_with(&simulator, "1001", config, 0.1, asked);
    let call = held.wait_called().call;
    let status = wait(&manager, "shop", PARKED);
    assert_eq!(status.reason.code, ReasonCode::SessionExpired);
    assert!(status.reason.detail.contains("it did not answer within 100ms"), "{status}");
    assert!(call.is_over());

    // Another account waits until the first call has returned.
    let other = simulator.cookie("1002");
    simulator.expire_session("1002");
    let mut events = manager.events().unwrap();
    manager.add_cookie("other", &other, None, None).wait().unwrap();
    let reason = hear_standing(&mut events, |standing| standing.reason == ReasonCode::RenewingCookie);
    assert!(reason.detail.contains("max_helpers"), "{reason}");
    held.let_go.send(Ok(Some(Secret::new(simulator.renew_cookie("1001"))))).unwrap();
    assert_eq!(held.wait_called().cookie_id, "other");
    held.let_go.send(Ok(Some(Secret::new(simulator.renew_cookie("1002"))))).unwrap();
    wait(&manager, "other", ONLINE);
    assert_eq!(manager.status("shop").unwrap().state, TaskState::Parked);

    // The account can be tried again.
    manager.restart("shop").wait().unwrap();
    assert_eq!(held.wait_called().cookie_id, "shop");
    held.let_go.send(Ok(Some(Secret::new(simulator.renew_cookie("1001"))))).unwrap();
    wait(&manager, "shop", ONLINE);
}

#[test]
fn a_provider_that_never_returns_is_named_in_the_report_and_neither_a_stop_nor_a_close_waits_for_it_beyond_its_stage() {
    let simulator = simulator(Options::default());
    let (held, asked) = Held::new();
    let mut config = config(&simulator);
    config.stop_thread_s = 0.3;
    let manager = parked_with(&simulator, "1001", config, 3_600.0, asked);
    let call = held.wait_called().call;
    add_online(&manager, &simulator, "other", "1002");
    let started = Instant::now();
    manager.update_cookie_status("shop", false).wait().unwrap();
    assert!(call.is_over(), "it is told at once");
    assert_eq!(manager.status("shop").unwrap().state, TaskState::Stopped);
    manager.update_cookie_status("shop", true).wait().unwrap();
    let second = held.wait_called();
    converse(&simulator, "1002");
    let report = manager.close(LIMIT_S).wait().unwrap();
    assert!(started.elapsed() < LIMIT / 2, "{report:?}");
    assert!(second.call.is_over());
    let shop = report.accounts.iter().find(|account| account.cookie_id == "shop").unwrap();
    assert_eq!(shop.left, ["the work \"the cookie provider\""]);
    let stage = shop.stages.iter().find(|stage| stage.stage == StopStage::Thread).unwrap();
    assert_eq!(stage.outcome, StageOutcome::TimedOut);
}

#[test]
fn every_verb_works_inside_the_provider_or_ends_within_a_stop() {
    let simulator = simulator(Options::default());
    let mut config = config(&simulator);
    config.stop_thread_s = 0.2;
    let renewed = simulator.renew_cookie("1009");
    let table: [(&str, Verb); 16] = [
        ("status", |m, _| m.status("shop").map(drop)),
        ("statuses", |m, _| m.statuses().map(drop)),
        ("list_cookies", |m, _| m.list_cookies().map(drop)),
        ("metrics", |m, _| m.metrics().map(drop)),
        ("add_cookie", |m, cookie| m.add_cookie("another", cookie, None, None).wait()),
        ("update_keywords", |m, _| m.update_keywords("shop", vec![]).wait()),
        ("messages", |m, _| m.messages("shop", None, 1).wait().map(drop)),
        ("pause", |m, _| m.pause("shop").wait()),
        ("resume", |m, _| m.resume("shop").wait()),
        ("set_priority", |m, _| m.set_priority("shop", 1).wait()),
        ("events", |m, _| m.events().and_then(|mut events| events.next_within(Duration::ZERO).map(drop))),
        ("set_cookie_provider", |m, _| m.set_cookie_provider(None, 1.0)),
        ("wait_for", |m, _| {
            match m.wait_for("shop", Wanted { state: Some(TaskState::Stopped), ..Wanted::default() }, 0.05).wait() {
                Err(Error::TimedOut { .. }) => Ok(()),
                other => panic!("{other:?}"),
            }
        }),
        // From here on the account is stopped, which waits for this very call.
        ("update_cookie_status", |m, _| m.update_cookie_status("shop", false).wait()),
        ("remove_cookie", |m, _| m.remove_cookie("shop").wait()),
        ("close", |m, _| m.close(LIMIT_S).wait().map(drop)),
    ];
    for (number, (name, verb)) in (1..).zip(table) {
        let unb = format!("20{number:02}");
        let own: Arc<OnceLock<CookieManager>> = Arc::default();
        let (tell, told) = mpsc::channel();
        let (inside, another) = (Arc::clone(&own), renewed.clone());
        let asked = provider(move |_| {
            tell.send(verb(inside.get().unwrap(), &another)).unwrap();
            Ok(None)
        });
        let manager = own.get_or_init(|| manager(config.clone()));
        manager.set_cookie_provider(Some(asked), 30.0).unwrap();
        let cookie = simulator.cookie(&unb);
        simulator.expire_session(&unb);
        manager.add_cookie("shop", &cookie, None, None).wait().unwrap();
        assert_eq!(told.recv_timeout(LIMIT).unwrap(), Ok(()), "{name}");
        manager.close(LIMIT_S).wait().unwrap();
    }
}

#[test]
fn a_provider_is_dropped_once_it_is_replaced_taken_away_or_its_manager_closed_and_no_call_of_it_runs() {
    struct Dropped(Sender<&'static str>, &'static str);
    impl Drop for Dropped {
        fn drop(&mut self) {
            // Of a manager that is dropped, nobody may listen any more.
            let _ = self.0.send(self.1);
        }
    }
    let simulator = simulator(Options::default());
    let (tell, dropped) = mpsc::channel();
    let named = |name| {
        let mark = Dropped(tell.clone(), name);
        provider(move |_| {
            // The whole of it, else the closure would hold a part only.
            let _held = &mark;
            Ok(None)
        })
    };
    let manager = manager(config(&simulator));
    manager.set_cookie_provider(Some(named("first")), 1.0).unwrap();
    manager.set_cookie_provider(Some(named("second")), 1.0).unwrap();
    assert_eq!(dropped.try_recv(), Ok("first"));
    let error = manager.set_cookie_provider(Some(named("refused")), 0.0).unwrap_err();
    assert_eq!(error.to_string(), "timeout_s: is 0, allowed is 0.05 … 3600");
    assert_eq!(dropped.try_recv(), Ok("refused"));
    manager.set_cookie_provider(None, f64::NAN).unwrap();
    assert_eq!(dropped.try_recv(), Ok("second"));

    let (held, asked) = Held::new();
    let mark = Dropped(tell.clone(), "running");
    let marked = provider(move |request| {
        let _held = &mark;
        asked(request)
    });
    manager.set_cookie_provider(Some(marked), 30.0).unwrap();
    let cookie = simulator.cookie("1001");
    simulator.expire_session("1001");
    manager.add_cookie("shop", &cookie, None, None).wait().unwrap();
    held.wait_called();
    manager.set_cookie_provider(Some(named("last")), 1.0).unwrap();
    assert_eq!(dropped.try_recv(), Err(mpsc::TryRecvError::Empty), "a call of it runs");
    held.let_go.send(Ok(Some(Secret::new(simulator.renew_cookie("1001"))))).unwrap();
    wait(&manager, "shop", ONLINE);
    assert_eq!(dropped.recv_timeout(LIMIT), Ok("running"));
    manager.close(LIMIT_S).wait().unwrap();
    assert_eq!(dropped.try_recv(), Ok("last"));
    assert_eq!(manager.set_cookie_provider(None, 1.0), Err(Error::Closed));
}
