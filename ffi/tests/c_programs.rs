//! The C and C++ programs under `tests/`, compiled with all warnings as errors and run against the simulator: buyers are
//! answered once each, nothing is wrong with what the simulator saw, and the session ends with a close frame.
#![allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]
#![allow(clippy::print_stdout, reason = "what was measured, tried or left out is for whoever runs it")]

mod common;

use std::path::Path;

use common::foreign::foreign_database;
use common::host::{Host, LIMIT, REPLIES, UNB, command, said};
use common::{Compiler, library, project, scratch, source};
use livekeeper_simulator::{BuyerMessage, EndedBy, Options, SendOutcome, SimulatorThread};

/// The user of a second account.
const OTHER_UNB: &str = "2280551454091";

#[test]
fn the_c_program_keeps_an_account_alive_with_the_shared_library() {
    let program = scratch("keep_alive_c");
    Compiler::c().link_shared(&source("c/keep_alive.c"), "c99", &program);
    keeps_an_account_alive(&program);
}

#[test]
fn the_c_program_keeps_an_account_alive_with_the_static_library() {
    let program = scratch("keep_alive_c_static");
    Compiler::c().link_static(&source("c/keep_alive.c"), "c99", &program);
    keeps_an_account_alive(&program);
}

#[test]
fn the_cpp_program_keeps_an_account_alive() {
    let program = scratch("keep_alive_cpp");
    Compiler::cpp().link_shared(&source("cpp/keep_alive.cpp"), "c++17", &program);
    keeps_an_account_alive(&program);
}

#[test]
fn the_c_program_watches_an_account_and_steers_it() {
    let program = scratch("watch_c");
    Compiler::c().link_shared(&source("c/watch.c"), "c99", &program);
    let mut simulator = SimulatorThread::start(Options::default()).unwrap();
    let mut host = Host::start(&program, &simulator);

    host.waits_for("> paused");
    let acks = simulator.counters_of(UNB).acks;
    simulator.buyer_says(UNB, &BuyerMessage::new("40001", "50001", "请问包邮吗？"));
    // It is acknowledged when it is on record; whether it is answered is decided at the same time.
    if let Err(timeout) = simulator.wait_until_blocking(LIMIT, |seen| seen.counters_of(UNB).acks > acks) {
        panic!("{timeout}; {}", host.cut_off());
    }
    host.goes_on();
    host.waits_for("> resumed");
    simulator.buyer_says(UNB, &BuyerMessage::new("40002", "50002", "包邮"));
    if let Err(timeout) = simulator.wait_sends_blocking(UNB, 1, LIMIT) {
        panic!("{timeout}; {}", host.cut_off());
    }
    let output = host.finish();
    assert!(output.status.success(), "{}", said(&output));

    simulator.wait_until_blocking(LIMIT, |seen| seen.connections() == 0).unwrap();
    let chats: Vec<_> = simulator.sends(UNB).iter().map(|send| send.chat_id.clone()).collect();
    assert_eq!(chats, ["40002"]);
    assert!(simulator.violations().is_empty(), "{:?}", simulator.violations());
    let endings: Vec<_> = simulator.endings().iter().map(|ending| ending.by).collect();
    assert!(matches!(endings[..], [EndedBy::ClientWithFrame(_), EndedBy::ClientWithFrame(_)]), "{endings:?}");
    assert!(simulator.stop());
}

#[test]
fn the_interface_refuses_what_is_wrong_and_says_why() {
    runs_to_its_end("interface");
}

#[test]
fn a_key_of_c_s_seals_a_store_and_another_one_takes_its_place() {
    let (program, store) = (scratch("keys"), scratch("keys.db"));
    for ending in ["", "-wal", "-shm", ".key"] {
        let _ = std::fs::remove_file(format!("{}{ending}", store.display()));
    }
    Compiler::c().link_shared(&source("c/keys.c"), "c99", &program);
    let output = command(&program).arg(&store).output().unwrap();
    assert!(output.status.success(), "{}", said(&output));
}

#[test]
fn a_function_of_c_s_brings_a_new_cookie_and_what_it_was_given_is_ended_once() {
    let simulator = SimulatorThread::start(Options::default()).unwrap();
    let (old, new) = (simulator.cookie(UNB), simulator.renew_cookie(UNB));
    let program = scratch("providing");
    Compiler::c().link_shared(&source("c/providing.c"), "gnu99", &program);
    let mut command = command(&program);
    command
        .env("LIVEKEEPER_WEBSOCKET_URL", simulator.websocket_url())
        .env("LIVEKEEPER_API_URL", simulator.api_url())
        .env("LIVEKEEPER_COOKIE", old)
        .env("LIVEKEEPER_NEW_COOKIE", new);
    let output = command.output().unwrap();
    assert!(output.status.success(), "{}", said(&output));
}

#[test]
fn a_function_of_c_s_answers_buyers_or_leaves_them_to_the_default_reply() {
    let mut simulator = SimulatorThread::start(Options::default()).unwrap();
    let program = scratch("answering");
    Compiler::c().link_shared(&source("c/answering.c"), "gnu99", &program);
    let mut host = Host::start(&program, &simulator);
    host.waits_for("> online");
    for word in ["text", "picture", "both", "nothing", "fail", "unsendable", "pass", "block"] {
        let message = BuyerMessage::new("40001", "50001", word);
        simulator.buyer_says(UNB, &if word == "text" { message.about_item("920001") } else { message });
    }
    let output = host.finish();
    assert!(output.status.success(), "{}", said(&output));
    simulator.wait_until_blocking(LIMIT, |seen| seen.connections() == 0).unwrap();
    let texts: Vec<_> = simulator.sends(UNB).iter().map(|send| send.text().to_owned()).collect();
    let picture = "https://img.alicdn.com/a.jpg";
    assert_eq!(texts, ["三天 {item_id}", picture, "见图", picture, "稍后回复", "稍后回复", "稍后回复"]);
    assert!(simulator.violations().is_empty(), "{:?}", simulator.violations());
    assert!(simulator.stop());
}

#[test]
fn steering_and_watching_refuse_what_is_wrong_and_say_what_happens() {
    runs_to_its_end("interface_watching");
}

#[test]
fn accounts_are_brought_along_exported_and_copied_and_a_store_is_looked_into() {
    let directory = foreign_database("bringing_files");
    let program = scratch("bringing");
    Compiler::c().link_shared(&source("c/bringing.c"), "gnu99", &program);
    let output = command(&program).arg(&directory).output().unwrap();
    assert!(output.status.success(), "{}", said(&output));
}

#[test]
fn a_handle_that_was_freed_or_is_foreign_is_an_error_also_while_others_use_it() {
    runs_to_its_end("handles");
}

#[test]
fn what_happens_is_heard_in_three_ways_and_nothing_is_missed() {
    runs_to_its_end("news");
}

#[test]
fn a_call_that_was_begun_is_told_of_once_whatever_comes() {
    runs_to_its_end("calls");
}

#[test]
fn functions_of_c_s_answer_later_from_threads_of_their_own_and_each_message_once() {
    let mut simulator = SimulatorThread::start(Options::default()).unwrap();
    let (old, new) = (simulator.cookie(UNB), simulator.renew_cookie(UNB));
    let program = scratch("later");
    Compiler::c().link_shared(&source("c/later.c"), "gnu99", &program);
    let mut host = Host::start_with(&program, &simulator, &[("LIVEKEEPER_COOKIE", old), ("LIVEKEEPER_NEW_COOKIE", new)]);
    host.waits_for("> online");
    for word in ["later", "early", "unkept", "never"] {
        simulator.buyer_says(UNB, &BuyerMessage::new("40001", "50001", word));
    }
    let output = host.finish();
    assert!(output.status.success(), "{}", said(&output));
    let texts: Vec<_> = simulator.sends(UNB).iter().map(|send| send.text().to_owned()).collect();
    assert_eq!(texts, ["later", "early", "unkept", "default"]);
    assert!(simulator.stop());
}

#[test]
fn the_same_account_added_by_64_threads_has_one_session_at_a_time() {
    let mut simulator = SimulatorThread::start(Options::default()).unwrap();
    let program = scratch("same_account");
    Compiler::c().link_shared(&source("c/same_account.c"), "gnu99", &program);
    let output = Host::start(&program, &simulator).finish();
    assert!(output.status.success(), "{}", said(&output));
    simulator.wait_until_blocking(LIMIT, |seen| seen.connections() == 0).unwrap();
    let mut sessions: Vec<_> = simulator.endings().into_iter().filter(|ending| ending.registered).collect();
    sessions.sort_by_key(|session| session.at_ms);
    assert!(sessions.len() >= 2, "{sessions:?}");
    // Each begins after the one before it has ended; both moments are rounded.
    let overlap = sessions.windows(2).find(|pair| pair[1].at_ms - pair[1].lived_ms + 2 < pair[0].at_ms);
    assert!(overlap.is_none(), "{overlap:?}");
    assert!(simulator.violations().is_empty(), "{:?}", simulator.violations());
    assert!(simulator.stop());
}

#[test]
fn every_verb_answers_in_a_child_process_and_in_every_function_that_the_library_calls() {
    runs_to_its_end("every_verb");
}

#[test]
fn every_verb_answers_in_a_cookie_provider_and_in_a_reply_handler() {
    let mut simulator = SimulatorThread::start(Options::default()).unwrap();
    let (old, new) = (simulator.cookie(UNB), simulator.renew_cookie(UNB));
    let program = scratch("every_verb_online");
    Compiler::c().link_shared(&source("c/every_verb.c"), "gnu99", &program);
    let mut host = Host::start_with(&program, &simulator, &[("LIVEKEEPER_COOKIE", old), ("LIVEKEEPER_NEW_COOKIE", new)]);
    host.waits_for("> online");
    simulator.buyer_says(UNB, &BuyerMessage::new("40001", "50001", "在吗"));
    let output = host.finish();
    assert!(output.status.success(), "{}", said(&output));
    assert!(simulator.stop());
}

#[test]
fn every_verb_of_the_header_is_among_those_that_are_called_everywhere() {
    let read = |path: &str| std::fs::read_to_string(project().join(path)).unwrap();
    let (header, called) = (read("include/livekeeper.h"), read("tests/c/verbs.h"));
    let verbs = header.split("lk_status lk_manager_").skip(1).filter_map(|rest| rest.split_once('(')).map(|(verb, _)| verb);
    let missing: Vec<_> = verbs
        .filter(|verb| *verb != "open" && !called.contains(&format!("STAYS({verb})")) && !called.contains(&format!("ENDS({verb})")))
        .collect();
    assert!(missing.is_empty(), "tests/c/verbs.h does not call {missing:?}");
}

#[test]
fn a_call_that_panics_answers_so_and_everything_goes_on() {
    runs_to_its_end("panics");
}

#[test]
fn of_two_accounts_one_panics_and_comes_back_and_the_other_lives() {
    let mut simulator = SimulatorThread::start(Options::default()).unwrap();
    let other = simulator.cookie(OTHER_UNB);
    let program = scratch("panics_online");
    Compiler::c().link_shared(&source("c/panics.c"), "gnu99", &program);
    let mut host = Host::start_with(&program, &simulator, &[("LIVEKEEPER_OTHER_COOKIE", other)]);
    host.waits_for("> online");
    simulator.buyer_says(UNB, &BuyerMessage::new("40001", "50001", "在吗"));
    host.waits_for("> back");
    simulator.buyer_says(OTHER_UNB, &BuyerMessage::new("40002", "50002", "在吗"));
    for unb in [UNB, OTHER_UNB] {
        if let Err(timeout) = simulator.wait_sends_blocking(unb, 1, LIMIT) {
            panic!("{timeout}; {}", host.cut_off());
        }
    }
    let output = host.finish();
    assert!(output.status.success(), "{}", said(&output));
    for unb in [UNB, OTHER_UNB] {
        let texts: Vec<_> = simulator.sends(unb).iter().map(|send| send.text().to_owned()).collect();
        assert_eq!(texts, ["在的"], "{unb}");
    }
    assert!(simulator.violations().is_empty(), "{:?}", simulator.violations());
    assert!(simulator.stop());
}

#[test]
fn children_of_a_process_at_work_open_stores_of_their_own() {
    // Its allocator's locks are copied as they are at the fork (gcc 12), and a child waits for one of them now and then.
    if std::env::var("LIVEKEEPER_C_FLAGS").is_ok_and(|flags| flags.contains("-fsanitize=address")) {
        println!("left out: AddressSanitizer does not bear forks of a process whose other threads are at work");
        return;
    }
    let (program, directory) = (scratch("forks"), scratch("forks.d"));
    let _ = std::fs::remove_dir_all(&directory);
    std::fs::create_dir(&directory).unwrap();
    Compiler::c().link_shared(&source("c/forks.c"), "gnu99", &program);
    // In valgrind each of them takes seconds.
    let children = if std::env::var_os("LIVEKEEPER_RUNNER").is_some() { "2" } else { "30" };
    let output = command(&program).arg(&directory).arg(children).output().unwrap();
    assert!(output.status.success(), "{}", said(&output));
}

#[test]
fn a_fork_calls_nothing_of_a_library_that_was_unloaded() {
    let program = scratch("unloaded");
    Compiler::c().link_without(&source("c/unloaded.c"), "gnu99", &program);
    let output = command(&program).arg(library().shared()).output().unwrap();
    // Elsewhere (musl, macOS) a library that is closed may stay loaded.
    if !cfg!(target_env = "gnu") && output.status.code() == Some(8) {
        println!("left out: the library stays loaded here");
        return;
    }
    assert!(output.status.success(), "{}", said(&output));
}

fn runs_to_its_end(name: &str) {
    let program = scratch(name);
    // fork and waitpid are POSIX's, which a plain c99 does not show.
    Compiler::c().link_shared(&source(&format!("c/{name}.c")), "gnu99", &program);
    let output = command(&program).output().unwrap();
    assert!(output.status.success(), "{}", said(&output));
}

fn keeps_an_account_alive(program: &Path) {
    let mut simulator = SimulatorThread::start(Options::default()).unwrap();
    let mut host = Host::start(program, &simulator);

    if let Err(timeout) = simulator.wait_online_blocking(UNB, LIMIT) {
        panic!("{timeout}; {}", host.cut_off());
    }
    for number in 0..REPLIES {
        let message = BuyerMessage::new(format!("4000{number}"), format!("5000{number}"), "请问包邮吗？");
        simulator.buyer_says(UNB, &message);
    }
    // Of something that no rule knows nothing is said.
    simulator.buyer_says(UNB, &BuyerMessage::new("40009", "50009", "你好"));
    if let Err(timeout) = simulator.wait_sends_blocking(UNB, REPLIES as u64, LIMIT) {
        panic!("{timeout}; {}", host.cut_off());
    }

    let output = host.finish();
    assert!(output.status.success(), "{}", said(&output));
    // The close frame was read when the connection is off the list.
    simulator.wait_until_blocking(LIMIT, |seen| seen.connections() == 0).unwrap();
    let mut texts: Vec<_> = simulator.sends(UNB).iter().map(|send| (send.chat_id.clone(), send.text().to_owned())).collect();
    assert_eq!(texts.pop().unwrap(), ("20997167734".to_owned(), "https://img.alicdn.com/parcel.jpg".to_owned()));
    assert_eq!(texts.pop().unwrap(), ("20997167734".to_owned(), "已发货".to_owned()));
    texts.sort();
    let expected: Vec<_> = (0..REPLIES).map(|number| (format!("4000{number}"), "全场包邮".to_owned())).collect();
    assert_eq!(texts, expected);
    assert!(simulator.sends(UNB).iter().all(|send| send.outcome == SendOutcome::Accepted));
    assert!(simulator.violations().is_empty(), "{:?}", simulator.violations());
    let endings: Vec<_> = simulator.endings().iter().map(|ending| ending.by).collect();
    assert!(matches!(endings[..], [EndedBy::ClientWithFrame(_)]), "{endings:?}");
    assert!(simulator.stop());
}
