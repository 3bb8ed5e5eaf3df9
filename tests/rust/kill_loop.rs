//! A host that is killed again and again, at any instant (SIGKILL), while buyers write: nothing that was acknowledged to the
//! service is missing from the store, and no message is answered twice. The service's record is the oracle.
//!
//! `make test` kills 300 times, `make kill-loop N=5000` as often as asked.
#![allow(clippy::unwrap_used, clippy::print_stderr, reason = "a test fails by panicking, and a long one tells where it is")]

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use livekeeper::{Config, CookieManager, DecisionCode, KeywordRule, SendOutcome};
use livekeeper_simulator::{BuyerMessage, Options, SendContent, Simulator};
use livekeeper_tests::{LIMIT, LIMIT_S, ONLINE, Scratch, assert_no_violations, config, simulator, wait};
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};

const KILLS: u32 = 300;
const ACCOUNTS: [&str; 3] = ["1001", "1002", "1003"];
/// Tells the child where its store and its service are.
const STORE: &str = "LIVEKEEPER_KILL_LOOP_STORE";
const WEBSOCKET: &str = "LIVEKEEPER_KILL_LOOP_WEBSOCKET";
const API: &str = "LIVEKEEPER_KILL_LOOP_API";

fn rules() -> Vec<KeywordRule> {
    vec![KeywordRule::new("在吗", "在的")]
}

/// What the process that is killed runs: a manager that opens the store and goes on with whatever is in it. Without the
/// variables it is an ordinary run of the tests, and there is nothing to do.
#[test]
fn the_host_that_is_killed() {
    let Ok(store) = std::env::var(STORE) else { return };
    let mut config = Config::default();
    config.websocket_url = std::env::var(WEBSOCKET).unwrap();
    config.api_url = std::env::var(API).unwrap();
    config.debounce_s = 0.0;
    config.connect_rate_per_s = 1_000.0;
    config.backoff_initial_s = 0.01;
    config.backoff_max_s = 0.1;
    let _manager = CookieManager::open(store, config).unwrap();
    loop {
        std::thread::park();
    }
}

fn start(store: &Path, simulator: &Simulator) -> Child {
    Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "the_host_that_is_killed"])
        .env(STORE, store)
        .env(WEBSOCKET, simulator.websocket_url())
        .env(API, simulator.api_url())
        .stdout(Stdio::null())
        .spawn()
        .unwrap()
}

#[test]
fn a_host_that_is_killed_at_any_instant_loses_no_message_and_answers_none_twice() {
    let kills = std::env::var("LIVEKEEPER_KILLS").ok().map_or(KILLS, |kills| kills.parse().unwrap());
    let scratch = Scratch::new("kill-loop");
    let store = scratch.join("shop.db");
    let simulator = simulator(Options { push_again: true, ..Options::default() });
    let mut random = StdRng::seed_from_u64(1);
    let manager = CookieManager::open(&store, config(&simulator)).unwrap();
    for unb in ACCOUNTS {
        manager.add_cookie(unb, &simulator.cookie(unb), Some(rules()), None).wait().unwrap();
        wait(&manager, unb, ONLINE);
    }
    manager.close(LIMIT_S).wait().unwrap();

    let mut said: BTreeMap<String, (&str, String)> = BTreeMap::new();
    for kill in 0..kills {
        let mut host = start(&store, &simulator);
        // It is killed while it opens, connects, takes in and answers: the instant is drawn, so that it is any of them.
        let lives_for = Duration::from_micros(random.random_range(0..60_000));
        for _ in 0..random.random_range(1..6) {
            let unb = ACCOUNTS[random.random_range(0..ACCOUNTS.len())];
            // A chat for each message: two replies in one are two answers to one message.
            let chat_id = format!("chat {}", said.len());
            let id = simulator.buyer_says(unb, &BuyerMessage::new(&chat_id, "9687236998962", "在吗"));
            said.insert(id, (unb, chat_id));
            std::thread::park_timeout(lives_for / 6);
        }
        host.kill().unwrap();
        host.wait().unwrap();
        if kill % 500 == 499 {
            eprintln!("{} kills, {} messages", kill + 1, said.len());
        }
    }

    // One that lives on takes up what is left.
    let manager = CookieManager::open(&store, config(&simulator)).unwrap();
    simulator.wait_until_blocking(LIMIT, |seen| ACCOUNTS.iter().all(|unb| seen.online(unb))).unwrap();
    let is_settled = || {
        let traces = ACCOUNTS.iter().flat_map(|unb| manager.messages(unb, None, 10_000).wait().unwrap());
        let buyers: Vec<_> = traces.filter(|trace| trace.kind == "chat").collect();
        let is_done = |trace: &livekeeper::MessageTrace| {
            trace.decision.is_some() && trace.reply.as_ref().is_none_or(|sent| sent.outcome.is_some())
        };
        (buyers.len() == said.len() && buyers.iter().all(is_done)).then_some(buyers)
    };
    let until = std::time::Instant::now() + LIMIT;
    let traces = loop {
        if let Some(traces) = is_settled() {
            break traces;
        }
        assert!(std::time::Instant::now() < until, "a message is missing, or waits for ever");
        // There is no event for "everything is decided".
        std::thread::park_timeout(Duration::from_millis(20));
    };
    manager.close(LIMIT_S).wait().unwrap();

    let recorded: BTreeSet<_> = traces.iter().map(|trace| trace.message_id.clone()).collect();
    let all: BTreeSet<_> = said.keys().cloned().collect();
    assert_eq!(recorded, all, "each message that was said is in the store, once");
    let mut sent_in: BTreeMap<String, usize> = BTreeMap::new();
    for send in simulator.all_sends() {
        assert!(matches!(&send.content, SendContent::Text(text) if text == "在的"), "{send:?}");
        *sent_in.entry(send.chat_id).or_default() += 1;
    }
    let (mut answered, mut unknown) = (0, 0);
    for trace in &traces {
        let sends = sent_in.get(&said[&trace.message_id].1).copied().unwrap_or(0);
        assert_eq!(trace.decision, Some(DecisionCode::Reply), "{trace:?}");
        match trace.reply.as_ref().and_then(|sent| sent.outcome.clone()) {
            Some(SendOutcome::Delivered { .. }) => {
                answered += 1;
                assert_eq!(sends, 1, "{trace:?}");
            }
            // Killed between the send's row and the service's answer.
            Some(SendOutcome::Unknown) => {
                unknown += 1;
                assert!(sends <= 1, "answered twice: {trace:?}");
            }
            other => panic!("{other:?}: {trace:?}"),
        }
    }
    // A loop in which nothing gets through proves nothing.
    assert!(answered > said.len() / 10, "{answered} answered, {unknown} unknown");
    assert_no_violations(&simulator);
    eprintln!("{kills} kills, {} messages: {answered} answered, {unknown} of unknown outcome", said.len());
}
