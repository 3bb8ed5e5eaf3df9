//! A disk that is full, fails, or loses its process at any single operation on the store: what was acknowledged is there
//! afterwards, what was refused is there whole or not at all, each refusal has its kind, and the store works again.
//!
//! `faulty.c` is the disk; it is preloaded into a host that does its work and says what was acknowledged. `make test` takes every
//! few operations, `make fault-loop` each of them.
#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, clippy::print_stdout, clippy::print_stderr, reason = "a test fails by panicking, and its host talks")]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use livekeeper::{Config, CookieManager, Error};
use livekeeper_tests::{LIMIT_S, Scratch};

/// Tells the host where its store is.
const STORE: &str = "LIVEKEEPER_DISK_STORE";
/// Remarks that are set in each of the host's two openings.
const REMARKS: usize = 3;
/// Operations from one that fails to the next run's, unless `LIVEKEEPER_FAULT_STEP` says otherwise.
const STEP: usize = 5;
/// More than any disk here fails.
const TRIES: usize = 100;
/// Of pages' length, so that a half of it would show.
const REMARK_BYTES: usize = 900;

fn open(path: &Path) -> Result<CookieManager, Error> {
    let mut config = Config::default();
    // Nobody listens there, and no account is on.
    config.websocket_url = String::from("ws://127.0.0.1:9/");
    config.api_url = String::from("http://127.0.0.1:9/h5");
    config.worker_threads = 1;
    CookieManager::open(path, config)
}

fn remark(number: usize) -> String {
    let digit = char::from(b'a' + u8::try_from(number).unwrap());
    std::iter::repeat_n(digit, REMARK_BYTES).collect()
}

/// The host: does its work, tries again what was refused, and says what it has heard. Without the variable there is nothing
/// to do.
#[test]
fn the_host_on_the_disk() {
    let Ok(store) = std::env::var(STORE) else { return };
    let store = PathBuf::from(store);
    for opening in 0..2 {
        let manager = again("open", || open(&store));
        if opening == 0 {
            again("add", || manager.add_cookie("shop", "unb=1; a=b", None, None).wait());
            again("off", || manager.update_cookie_status("shop", false).wait());
        }
        for number in opening * REMARKS..(opening + 1) * REMARKS {
            println!("trying {number}");
            again("remark", || manager.set_remark("shop", &remark(number)).wait());
            println!("acknowledged {number}");
        }
        manager.close(LIMIT_S).wait().unwrap();
    }
    println!("through");
}

/// Tries until the disk works again.
fn again<T>(what: &str, work: impl Fn() -> Result<T, Error>) -> T {
    for _ in 0..TRIES {
        match work() {
            Ok(done) => return done,
            Err(error) => println!("refused {what} {} {error}", error.code()),
        }
    }
    panic!("{what} was refused {TRIES} times");
}

/// The disk, compiled once.
fn faulty() -> &'static Path {
    static FAULTY: OnceLock<PathBuf> = OnceLock::new();
    FAULTY.get_or_init(|| {
        let library = Path::new(env!("CARGO_TARGET_TMPDIR")).join("faulty.so");
        let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("faulty.c");
        let compiler = std::env::var("CC").unwrap_or_else(|_| "cc".to_owned());
        let done = Command::new(compiler)
            .args(["-shared", "-fPIC", "-O1", "-Wall", "-Wextra", "-Werror", "-o"])
            .args([&library, &source])
            .arg("-ldl")
            .status();
        assert!(done.unwrap().success());
        library
    })
}

/// What a host said.
fn run(store: &Path, kind: &str, first: usize, count: usize) -> String {
    let said = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "the_host_on_the_disk", "--nocapture"])
        .env(STORE, store)
        .env("LD_PRELOAD", faulty())
        .env("FAULTY_NAME", "shop.db")
        .env("FAULTY_KIND", kind)
        .env("FAULTY_FIRST", first.to_string())
        .env("FAULTY_COUNT", count.to_string())
        .env("RUST_BACKTRACE", "0")
        .output()
        .unwrap();
    String::from_utf8(said.stdout).unwrap() + &String::from_utf8(said.stderr).unwrap()
}

fn numbers(said: &str, word: &str) -> Option<usize> {
    said.lines().filter_map(|line| line.split_once(&format!("{word} "))?.1.parse().ok()).next_back()
}

/// Opened on a disk that works: what was acknowledged is there, nothing is there by halves, and more can be written.
fn look_afterwards(store: &Path, said: &str, case: &str) {
    let manager = open(store).unwrap_or_else(|error| panic!("{case}: {error}\n{said}"));
    let (acknowledged, tried) = (numbers(said, "acknowledged"), numbers(said, "trying"));
    match manager.get_remark("shop").wait() {
        Ok(found) => {
            let allowed = acknowledged.unwrap_or(0)..=tried.unwrap_or(0);
            let is_one_of_them = allowed.clone().any(|number| found == remark(number));
            assert!(is_one_of_them || (acknowledged.is_none() && found.is_empty()), "{case}: {allowed:?}, {found:?}\n{said}");
        }
        Err(error) => assert!(tried.is_none() && matches!(error, Error::AccountNotFound { .. }), "{case}: {error}\n{said}"),
    }
    manager.add_cookie("another", "unb=2; a=b", None, None).wait().unwrap();
    manager.close(LIMIT_S).wait().unwrap();
}

fn step() -> usize {
    std::env::var("LIVEKEEPER_FAULT_STEP").ok().map_or(STEP, |step| step.parse().unwrap())
}

/// How many operations a host's work takes, and what they are.
fn operations(test: &str) -> Vec<String> {
    let scratch = Scratch::new(&format!("disk-log-{test}"));
    let said = run(&scratch.join("shop.db"), "log", 0, 0);
    assert!(said.contains("through"), "{said}");
    said.lines().filter(|line| line.starts_with("disk ")).map(str::to_owned).collect()
}

/// Each operation, or every few of them, meets the fault in a host of its own.
fn meet(kind: &str, from: usize, look: impl Fn(&str, &str)) {
    let operations = operations(kind);
    assert!(operations.len() > 40, "{operations:?}");
    for first in (from..=operations.len()).step_by(step()) {
        let case = format!("{kind} at operation {first}, {}", operations[first - 1]);
        let scratch = Scratch::new(&format!("disk-{kind}-{first}"));
        let said = run(&scratch.join("shop.db"), kind, first, 1);
        look(&said, &case);
        look_afterwards(&scratch.join("shop.db"), &said, &case);
    }
}

/// A refusal names the disk. One at opening may be about the files beside the store, which SQLite cannot make then.
fn assert_typed(said: &str, case: &str, codes: [&str; 2]) {
    assert!(said.contains("through"), "{case}: the store did not work again\n{said}");
    for line in said.lines().filter_map(|line| line.split_once("refused ")) {
        let code = line.1.split_ascii_whitespace().nth(1).unwrap();
        assert!(codes.contains(&code), "{case}: {}", line.1);
    }
}

#[test]
fn an_i_o_error_at_any_operation_is_told_as_such_and_the_next_try_works() {
    meet("eio", 1, |said, case| {
        assert_typed(said, case, ["21", "21"]);
        assert!(said.matches("refused ").count() <= 1, "{case}: one failure was told more than once\n{said}");
    });
}

#[test]
fn a_full_disk_at_any_operation_is_told_as_such_and_the_next_try_works() {
    // What SQLite does not call full it calls failing.
    meet("enospc", 2, |said, case| assert_typed(said, case, ["20", "21"]));
}

#[test]
fn a_disk_that_fails_for_a_while_is_told_each_time_and_the_store_works_when_it_does() {
    for (kind, codes) in [("eio", ["21", "21"]), ("enospc", ["20", "21"])] {
        let scratch = Scratch::new(&format!("disk-while-{kind}"));
        let said = run(&scratch.join("shop.db"), kind, 60, 60);
        assert_typed(&said, kind, codes);
        assert!(said.matches("refused ").count() > 5, "{said}");
        look_afterwards(&scratch.join("shop.db"), &said, kind);
    }
}

#[test]
fn a_kill_at_any_operation_loses_nothing_that_was_acknowledged() {
    meet("kill", 3, |_, _| ());
}

#[test]
fn a_kill_in_the_middle_of_any_write_loses_nothing_that_was_acknowledged() {
    meet("torn", 4, |_, _| ());
}

#[test]
fn what_is_acknowledged_was_synced_after_its_last_write() {
    let scratch = Scratch::new("disk-sync");
    let said = run(&scratch.join("shop.db"), "log", 0, 0);
    let mut is_synced = false;
    let mut acknowledged = 0;
    for line in said.lines() {
        match line {
            "disk write -wal" => is_synced = false,
            "disk sync -wal" => is_synced = true,
            _ if line.contains("trying ") => is_synced = false,
            _ if line.contains("acknowledged ") => {
                acknowledged += 1;
                assert!(is_synced, "{line} came before its sync:\n{said}");
            }
            _ => {}
        }
    }
    assert_eq!(acknowledged, 2 * REMARKS, "{said}");
}

/// `tests/fixtures` has a store of every schema; one is brought up to date while its process is killed.
#[test]
fn a_kill_while_a_schema_is_brought_up_to_date_leaves_the_old_or_the_newest() {
    let old = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fixtures/schema-3.db");
    let fresh = |name: &str| {
        let scratch = Scratch::new(name);
        fs::copy(&old, scratch.join("shop.db")).unwrap();
        scratch
    };
    let scratch = fresh("disk-migration");
    let said = run(&scratch.join("shop.db"), "log", 0, 0);
    let until_open = said.lines().take_while(|line| !line.contains("trying 0")).filter(|line| line.starts_with("disk ")).count();
    assert!(until_open > 10, "{said}");
    for first in (1..=until_open).step_by(step()) {
        let scratch = fresh(&format!("disk-migration-{first}"));
        let store = scratch.join("shop.db");
        let said = run(&store, "kill", first, 1);
        // Opening it refuses whatever is neither.
        let manager = open(&store).unwrap_or_else(|error| panic!("killed at operation {first}: {error}\n{said}"));
        assert_eq!(manager.list_cookies().unwrap(), ["off", "shop"]);
        assert_eq!(manager.get_keywords("shop").wait().unwrap().len(), 2, "killed at operation {first}");
        manager.close(LIMIT_S).wait().unwrap();
    }
}
