//! The programs of `ffi/examples`, as they stand: each keeps an account alive, answers a buyer, and ends with a close frame.
#![allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]
#![allow(clippy::print_stdout, reason = "what was measured, tried or left out is for whoever runs it")]

mod common;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use common::host::{Host, LIMIT, UNB, said};
use common::{Compiler, project, scratch};
use livekeeper_simulator::{BuyerMessage, EndedBy, Options, SimulatorThread};

#[test]
fn the_example_without_a_loop_keeps_an_account_alive() {
    keeps_an_account_alive(&built(&Compiler::c(), "plain.c", "c99"));
}

#[test]
fn the_example_with_epoll_keeps_an_account_alive() {
    keeps_an_account_alive(&built(&Compiler::c(), "epoll.c", "c99"));
}

#[test]
fn the_example_in_cpp17_keeps_an_account_alive() {
    keeps_an_account_alive(&built(&Compiler::cpp(), "cpp17.cpp", "c++17"));
}

#[test]
fn the_example_with_glib_keeps_an_account_alive() {
    let Some(flags) = flags_of_glib() else {
        println!("GLib is not installed, so its example is not tried (Debian: apt-get install libglib2.0-dev)");
        return;
    };
    keeps_an_account_alive(&built(&Compiler::c().with(flags), "glib.c", "c99"));
}

fn flags_of_glib() -> Option<Vec<String>> {
    let output = Command::new("pkg-config").args(["--cflags", "--libs", "glib-2.0"]).output().ok()?;
    let flags = String::from_utf8(output.stdout).ok()?;
    output.status.success().then(|| flags.split_whitespace().map(str::to_owned).collect())
}

fn built(compiler: &Compiler, name: &str, standard: &str) -> PathBuf {
    let program = scratch(&format!("example_{}", name.replace('.', "_")));
    compiler.link_shared(&project().join("ffi/examples").join(name), standard, &program);
    program
}

fn keeps_an_account_alive(program: &Path) {
    let mut simulator = SimulatorThread::start(Options::default()).unwrap();
    // They make shop.db where they run.
    let directory = program.with_extension("run");
    let _ = fs::remove_dir_all(&directory);
    fs::create_dir(&directory).unwrap();
    let mut host = Host::start_in(&directory, program, &simulator);
    if let Err(timeout) = simulator.wait_online_blocking(UNB, LIMIT) {
        panic!("{timeout}; {}", host.cut_off());
    }
    simulator.buyer_says(UNB, &BuyerMessage::new("40001", "50001", "请问包邮吗？"));
    if let Err(timeout) = simulator.wait_sends_blocking(UNB, 1, LIMIT) {
        panic!("{timeout}; {}", host.cut_off());
    }
    let output = host.finish();
    assert!(output.status.success(), "{}", said(&output));
    simulator.wait_until_blocking(LIMIT, |seen| seen.connections() == 0).unwrap();
    assert_eq!(simulator.sends(UNB)[0].text(), "全场包邮");
    assert!(simulator.violations().is_empty(), "{:?}", simulator.violations());
    assert!(matches!(simulator.endings()[..], [ref ending] if matches!(ending.by, EndedBy::ClientWithFrame(_))));
    assert!(simulator.stop());
}
