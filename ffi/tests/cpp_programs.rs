//! livekeeper.hpp: it compiles as every C++ from 17 on, has every function of the C header, and its programs do what they should.
#![allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]

mod common;

use std::fs;

use common::foreign::foreign_database;
use common::host::{Host, LIMIT, UNB, command, said};
use common::{Compiler, project, scratch, source};
use livekeeper_simulator::{BuyerMessage, EndedBy, Options, SimulatorThread};

/// What of C's has no place of its own in C++: an error's code is what the call has answered, and a text is a `std::string_view`, which
/// knows its length.
const NOT_NEEDED: [&str; 2] = ["lk_last_error_code", "lk_str_of"];

#[test]
fn every_function_of_the_c_header_is_used_by_the_cpp_header() {
    let cpp: String = headers().iter().map(|path| fs::read_to_string(path).unwrap()).collect();
    let words: Vec<_> = cpp.split(|letter: char| !letter.is_alphanumeric() && letter != '_').collect();
    let missing: Vec<_> = common::declared_functions().into_iter().filter(|name| !words.contains(&name.as_str())).collect();
    assert_eq!(missing, NOT_NEEDED);
}

#[test]
fn every_setting_of_the_c_header_is_one_of_the_cpp_header() {
    let header = fs::read_to_string(project().join("include/livekeeper.h")).unwrap();
    let config = fs::read_to_string(project().join("include/livekeeper/config.hpp")).unwrap();
    let macro_text = header.split_once("#define LK_CONFIG_INIT {").unwrap().1.split_once("\n}").unwrap().0;
    let fields = macro_text.lines().filter_map(|line| line.split_once("/* ")?.1.split_once(" */").map(|(name, _)| name));
    let missing: Vec<_> = fields.filter(|name| !config.contains(&format!(".{name}"))).collect();
    assert!(missing.is_empty(), "include/livekeeper/config.hpp does not have {missing:?}");
}

#[test]
fn the_cpp_header_compiles_as_every_cpp_and_each_of_its_parts_by_itself() {
    for standard in ["c++17", "c++20", "c++23"] {
        Compiler::cpp().check(&source("cpp/interface.cpp"), standard);
        Compiler::cpp().check(&source("cpp/keeping.cpp"), standard);
    }
    for header in headers() {
        let name = header.file_name().unwrap().to_str().unwrap();
        let includes = scratch(&format!("includes_{name}.cpp"));
        fs::write(&includes, format!("#include \"{}\"\n", header.display())).unwrap();
        Compiler::cpp().check(&includes, "c++17");
    }
}

#[test]
fn every_verb_of_cpp_gives_what_it_should_and_ends_what_it_holds() {
    let program = scratch("interface_cpp");
    Compiler::cpp().link_shared(&source("cpp/interface.cpp"), "c++17", &program);
    let output = command(&program).output().unwrap();
    assert!(output.status.success(), "{}", said(&output));
}

#[test]
fn keys_imports_exports_copies_and_looks_of_cpp_do_as_those_of_c() {
    let directory = foreign_database("keeping_files");
    let program = scratch("keeping_cpp");
    Compiler::cpp().link_shared(&source("cpp/keeping.cpp"), "c++17", &program);
    let output = command(&program).arg(&directory).output().unwrap();
    assert!(output.status.success(), "{}", said(&output));
}

#[test]
fn functions_of_cpp_answer_at_once_later_and_with_exceptions() {
    let mut simulator = SimulatorThread::start(Options::default()).unwrap();
    let (old, new) = (simulator.cookie(UNB), simulator.renew_cookie(UNB));
    let program = scratch("functions_cpp");
    Compiler::cpp().link_shared(&source("cpp/functions.cpp"), "c++17", &program);
    let mut host = Host::start_with(&program, &simulator, &[("LIVEKEEPER_COOKIE", old), ("LIVEKEEPER_NEW_COOKIE", new)]);
    host.waits_for("> online");
    for word in ["text", "both", "nothing", "throw", "pass"] {
        simulator.buyer_says(UNB, &BuyerMessage::new("40001", "50001", word));
    }
    host.goes_on();
    host.waits_for("> later");
    for word in ["hello", "throw", "fail"] {
        simulator.buyer_says(UNB, &BuyerMessage::new("40001", "50001", word));
    }
    let output = host.finish();
    assert!(output.status.success(), "{}", said(&output));
    simulator.wait_until_blocking(LIMIT, |seen| seen.connections() == 0).unwrap();
    let texts: Vec<_> = simulator.sends(UNB).iter().map(|send| send.text().to_owned()).collect();
    let (a, b) = ("https://img.alicdn.com/a.jpg", "https://img.alicdn.com/b.jpg");
    assert_eq!(texts, ["三天", "见图", a, "default", "default", "later", "default", "default", "已发货", b]);
    assert!(simulator.violations().is_empty(), "{:?}", simulator.violations());
    assert!(matches!(simulator.endings()[..], [ref ending] if matches!(ending.by, EndedBy::ClientWithFrame(_))));
    assert!(simulator.stop());
}

/// The C++ header and its parts.
fn headers() -> Vec<std::path::PathBuf> {
    let include = project().join("include");
    let parts = fs::read_dir(include.join("livekeeper")).unwrap().map(|entry| entry.unwrap().path());
    let mut headers: Vec<_> = parts.collect();
    headers.sort();
    headers.push(include.join("livekeeper.hpp"));
    headers
}
