//! What the shared library shows to a linker: the functions of the header, all of them, and nothing else.
#![allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]

mod common;

use std::collections::BTreeSet;
use std::process::Command;

use common::{library, project};

#[test]
fn the_library_exports_the_functions_of_the_header_and_nothing_else() {
    let output = Command::new("nm").args(["--dynamic", "--defined-only", "--format=posix"]).arg(library().shared()).output();
    let output = output.expect("no nm: install binutils (Debian: apt-get install binutils)");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let listing = String::from_utf8(output.stdout).unwrap();
    let exported: BTreeSet<_> = listing.lines().filter_map(|line| line.split(' ').next()).collect();

    let header = std::fs::read_to_string(project().join("include/livekeeper.h")).unwrap();
    let declared: BTreeSet<_> = header.lines().filter_map(declared_function).collect();
    assert_eq!(exported, declared);
}

/// The function that a line of the header begins to declare.
fn declared_function(line: &str) -> Option<&str> {
    if line.starts_with([' ', '/', '#']) {
        return None;
    }
    let name = line.split_once('(')?.0.rsplit([' ', '*']).next()?;
    name.starts_with("lk_").then_some(name)
}
