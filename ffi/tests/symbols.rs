//! What the shared library shows to a linker: the functions of the header, all of them, and nothing else.
#![allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]

mod common;

use std::collections::BTreeSet;
use std::process::Command;

use common::{declared_functions, library};

#[test]
fn the_library_exports_the_functions_of_the_header_and_nothing_else() {
    let output = Command::new("nm").args(["--dynamic", "--defined-only", "--format=posix"]).arg(library().shared()).output();
    let output = output.expect("no nm: install binutils (Debian: apt-get install binutils)");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let listing = String::from_utf8(output.stdout).unwrap();
    let exported: BTreeSet<_> = listing.lines().filter_map(|line| line.split(' ').next()).collect();

    let declared = declared_functions();
    let declared: BTreeSet<_> = declared.iter().map(String::as_str).collect();
    assert_eq!(exported, declared);
}
