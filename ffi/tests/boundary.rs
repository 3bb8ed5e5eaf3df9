//! What the boundary costs: the same call through C and in Rust. `make bench-c` runs it, in release.
#![allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]
#![allow(clippy::print_stdout, reason = "what was measured, tried or left out is for whoever runs it")]

mod common;

use std::hint::black_box;
use std::time::{Duration, Instant};

use common::host::{command, said};
use common::{Compiler, scratch, source};
use livekeeper::{Config, CookieManager, TaskState, Wanted};

const CALLS: u32 = 1_000;
const COOKIE: &str = "unb=2280551454090; _m_h5_tk=0123456789abcdef0123456789abcdef_1; cookie2=x";

#[test]
#[ignore = "a measurement: make bench-c"]
fn a_status_costs_at_most_100_ns_more_through_c() {
    let program = scratch("bench");
    Compiler::c().link_shared(&source("c/bench.c"), "gnu99", &program);
    let output = command(&program).output().unwrap();
    assert!(output.status.success(), "{}", said(&output));
    let measured = String::from_utf8(output.stdout).unwrap();
    let (plain, with_reason) = measured.trim().split_once(' ').unwrap();
    let (plain, with_reason): (f64, f64) = (plain.parse().unwrap(), with_reason.parse().unwrap());
    let rust = in_rust();
    println!("status: {rust:.0} ns in Rust, {plain:.0} ns through C, {with_reason:.0} ns through C with its reason as a text");
    assert!(plain - rust <= 100.0, "the boundary costs {:.0} ns", plain - rust);
}

/// Nanoseconds, the best of a thousand short rounds, which a busy machine does not disturb.
fn in_rust() -> f64 {
    let mut config = Config::default();
    "ws://127.0.0.1:9/".clone_into(&mut config.websocket_url);
    "http://127.0.0.1:9/h5".clone_into(&mut config.api_url);
    let manager = CookieManager::open(":memory:", config).unwrap();
    manager.add_cookie("shop", COOKIE, None, None).wait().unwrap();
    manager.update_cookie_status("shop", false).wait().unwrap();
    manager.wait_for("shop", Wanted { state: Some(TaskState::Stopped), connection: None }, 30.0).wait().unwrap();
    let round = || {
        let before = Instant::now();
        for _ in 0..CALLS {
            black_box(manager.status(black_box("shop")).unwrap());
        }
        before.elapsed()
    };
    let best: Duration = (0..1_000).map(|_| round()).min().unwrap();
    best.as_secs_f64() * 1e9 / f64::from(CALLS)
}
