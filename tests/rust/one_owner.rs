//! A store has one owner, also among processes and threads that come at the same instant.
#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "a test fails by panicking, and its hosts talk")]

use std::fs::{self, File};
use std::io::{BufRead, BufReader, Read, Write};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Barrier;

use livekeeper::{Config, CookieManager, Error};
use livekeeper_tests::{LIMIT_S, Scratch};

const STORE: &str = "LIVEKEEPER_ONE_OWNER_STORE";
const CARELESS: &str = "LIVEKEEPER_ONE_OWNER_CARELESS";
const PROCESSES: usize = 6;
const ROUNDS: usize = 5;

fn open(path: &Path) -> Result<CookieManager, Error> {
    let mut config = Config::default();
    config.websocket_url = String::from("ws://127.0.0.1:9/");
    config.api_url = String::from("http://127.0.0.1:9/h5");
    config.worker_threads = 1;
    CookieManager::open(path, config)
}

/// One that opens the store, says how that went, and stays until its stdin ends. Without the variable there is nothing to do.
#[test]
fn the_host_that_wants_the_store() {
    let Ok(store) = std::env::var(STORE) else { return };
    let manager = open(Path::new(&store));
    match &manager {
        Ok(_) => println!("\nhas it"),
        Err(Error::AlreadyOpen { pid, .. }) => println!("\nis told {}", pid.unwrap()),
        Err(error) => println!("\nfailed {error}"),
    }
    std::io::stdin().read_to_end(&mut Vec::new()).unwrap();
}

fn start(store: &Path) -> Child {
    Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "the_host_that_wants_the_store", "--nocapture"])
        .env(STORE, store)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap()
}

fn said(host: &mut Child) -> String {
    let lines = BufReader::new(host.stdout.take().unwrap()).lines();
    let is_said = |line: &String| ["has it", "is told ", "failed "].iter().any(|word| line.starts_with(word));
    lines.map(Result::unwrap).find(is_said).unwrap()
}

#[test]
fn of_processes_that_come_at_once_one_gets_the_store_and_the_others_hear_which() {
    let scratch = Scratch::new("one-owner");
    let store = scratch.join("shop.db");
    for round in 0..ROUNDS {
        let mut hosts: Vec<Child> = (0..PROCESSES).map(|_| start(&store)).collect();
        let said: Vec<String> = hosts.iter_mut().map(said).collect();
        let winners: Vec<u32> = hosts.iter().zip(&said).filter(|(_, said)| *said == "has it").map(|(host, _)| host.id()).collect();
        let [winner] = winners[..] else { panic!("round {round}: {said:?}") };
        for line in said.iter().filter(|line| *line != "has it") {
            assert_eq!(*line, format!("is told {winner}"), "round {round}");
        }
        // The next round finds what a kill has left: the lock file with the name of a process that is no more.
        for host in &mut hosts {
            host.kill().unwrap();
            host.wait().unwrap();
        }
        assert!(scratch.join("shop.db.lock").exists());
    }
    let manager = open(&store).unwrap();
    manager.close(LIMIT_S).wait().unwrap();
    assert!(!scratch.join("shop.db.lock").exists(), "an orderly end leaves nothing");
}

#[test]
fn of_threads_that_come_at_once_one_gets_the_store_and_the_next_after_its_close() {
    let scratch = Scratch::new("one-owner-threads");
    let store = scratch.join("shop.db");
    for _ in 0..ROUNDS {
        let barrier = Barrier::new(PROCESSES);
        let opened: Vec<_> = std::thread::scope(|scope| {
            let come = || {
                barrier.wait();
                open(&store)
            };
            let threads: Vec<_> = (0..PROCESSES).map(|_| scope.spawn(come)).collect();
            threads.into_iter().map(|thread| thread.join().unwrap()).collect()
        });
        let (owners, refused): (Vec<_>, Vec<_>) = opened.into_iter().partition(Result::is_ok);
        assert_eq!((owners.len(), refused.len()), (1, PROCESSES - 1));
        for error in refused.into_iter().filter_map(Result::err) {
            assert_eq!((error.code(), error.pid()), (16, Some(std::process::id())), "{error}");
        }
        // Let go of and not waited for: the next round waits for it by itself.
        drop(owners);
    }
}

/// One that opens its own store's files past the library, as Python's sqlite3 would: closing them ends the locks on them. Then it
/// adds an account when it is told to.
#[test]
fn the_host_that_is_careless() {
    let Ok(store) = std::env::var(CARELESS) else { return };
    let manager = open(Path::new(&store)).unwrap();
    let add = |cookie_id| manager.add_cookie(cookie_id, "unb=1; _m_h5_tk=t_1", None, None).wait().unwrap();
    add("before");
    for suffix in ["", "-wal", "-shm"] {
        drop(File::options().read(true).write(true).open(format!("{store}{suffix}")).unwrap());
    }
    println!("\nhas it");
    std::io::stdin().read_line(&mut String::new()).unwrap();
    add("after");
    println!("\nhas added");
    std::io::stdin().read_to_end(&mut Vec::new()).unwrap();
}

#[test]
fn what_is_acknowledged_after_another_program_has_taken_the_log_away_outlasts_a_kill() {
    let scratch = Scratch::new("one-owner-careless");
    let store = scratch.join("shop.db");
    let mut host = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "the_host_that_is_careless", "--nocapture"])
        .env(CARELESS, &store)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(host.stdout.take().unwrap()).lines().map(Result::unwrap);
    assert!(lines.any(|line| line == "has it"));
    // A shell that finds no locks believes that it is the last to close the database. Where there is none, by hand.
    let shell = Command::new("sqlite3").arg(&store).arg("SELECT count(*) FROM accounts").output();
    if shell.is_err() {
        fs::remove_file(scratch.join("shop.db-wal")).unwrap();
    }
    assert!(!scratch.join("shop.db-wal").exists(), "{shell:?}");
    host.stdin.as_mut().unwrap().write_all(b"\n").unwrap();
    assert!(lines.any(|line| line == "has added"));
    host.kill().unwrap();
    host.wait().unwrap();
    let manager = open(&store).unwrap();
    let mut known = manager.list_cookies().unwrap();
    known.sort_unstable();
    assert_eq!(known, ["after", "before"]);
    manager.close(LIMIT_S).wait().unwrap();
}
