//! A host that is killed (SIGKILL) at any instant while it changes the key of its store, again and again: the store always opens by
//! itself, with all that is sealed in it.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use livekeeper::{Config, CookieManager, KeySource, ReasonCode};
use livekeeper_tests::{LIMIT_S, Scratch};
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};

const KILLS: u32 = 100;
/// Tells the child where its store is.
const STORE: &str = "LIVEKEEPER_REKEYING_STORE";

/// Nobody listens there: these tests are about the file.
fn offline() -> Config {
    let mut config = Config::default();
    "ws://127.0.0.1:9/".clone_into(&mut config.websocket_url);
    "http://127.0.0.1:9/h5".clone_into(&mut config.api_url);
    config
}

/// What the process that is killed runs. Without the variable it is an ordinary run of the tests, and there is nothing to do.
#[test]
fn the_host_that_is_killed() {
    let Ok(store) = std::env::var(STORE) else { return };
    let manager = CookieManager::open(&store, offline()).unwrap();
    loop {
        manager.rekey(KeySource::File(format!("{store}.key").into())).wait().unwrap();
    }
}

fn start(store: &Path) -> Child {
    Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "the_host_that_is_killed"])
        .env(STORE, store)
        .stdout(Stdio::null())
        .spawn()
        .unwrap()
}

#[test]
fn a_host_that_is_killed_while_it_changes_the_key_has_a_store_that_opens() {
    let scratch = Scratch::new("rekeying");
    let store = scratch.join("shop.db");
    let mut random = StdRng::seed_from_u64(1);
    let manager = CookieManager::open(&store, offline()).unwrap();
    manager.add_cookie("shop", "unb=2280551454090; _m_h5_tk=t_1; cookie2=x", None, None).wait().unwrap();
    manager.close(LIMIT_S).wait().unwrap();
    let key = || std::fs::read_to_string(scratch.join("shop.db.key")).unwrap();
    let mut changes = 0;
    for _ in 0..KILLS {
        let before = key();
        let mut host = start(&store);
        std::thread::park_timeout(Duration::from_micros(random.random_range(0..60_000)));
        host.kill().unwrap();
        host.wait().unwrap();
        let manager = CookieManager::open(&store, offline()).unwrap();
        assert_ne!(manager.status("shop").unwrap().reason.code, ReasonCode::CookieUnusable);
        manager.close(LIMIT_S).wait().unwrap();
        changes += u32::from(key() != before);
    }
    // A loop in which no key was ever changed proves nothing.
    assert!(changes > KILLS / 10, "{changes} changes");
}
