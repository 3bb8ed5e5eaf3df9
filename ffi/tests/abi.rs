//! What a program that is already compiled relies on: the functions that the shared library shows to a linker, and how structs lie in
//! memory. Both are on record in `ffi/abi`. To write it anew: `LIVEKEEPER_BLESS=1 cargo test -p livekeeper-ffi --test abi`; between two
//! releases of one series, the difference may only add.
#![allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]

mod common;

use std::collections::BTreeSet;
use std::fmt::Write;
use std::fs;
use std::process::Command;

use common::{Compiler, declared_functions, library, project, scratch};

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
    let listing = exported.iter().fold(String::new(), |listing, name| listing + name + "\n");
    is_on_record("symbols.txt", &listing);
}

#[test]
#[cfg(all(target_pointer_width = "64", target_os = "linux"))]
fn structs_lie_in_memory_as_they_are_on_record() {
    let header = fs::read_to_string(project().join("include/livekeeper.h")).unwrap();
    let mut program = String::from("#include <livekeeper.h>\n#include <stddef.h>\n#include <stdio.h>\nint main(void)\n{\n");
    for (name, fields) in structs(&header) {
        writeln!(program, "    printf(\"{name} %zu\\n\", sizeof({name}));").unwrap();
        for field in fields {
            writeln!(program, "    printf(\"{name}.{field} %zu\\n\", offsetof({name}, {field}));").unwrap();
        }
    }
    program.push_str("    return 0;\n}\n");
    let (source, compiled) = (scratch("layout.c"), scratch("layout"));
    fs::write(&source, program).unwrap();
    Compiler::c().link_shared(&source, "c99", &compiled);
    let output = common::host::command(&compiled).output().unwrap();
    is_on_record("layout.txt", std::str::from_utf8(&output.stdout).unwrap());
}

#[test]
fn the_cmake_package_has_the_version_of_the_library() {
    let version = fs::read_to_string(project().join("ffi/cmake/livekeeper-config-version.cmake")).unwrap();
    let expected = format!("set(PACKAGE_VERSION \"{}\")", env!("CARGO_PKG_VERSION"));
    assert!(version.contains(&expected), "ffi/cmake/livekeeper-config-version.cmake does not say {expected}");
}

/// The structs of the header that are not opaque, each with its fields.
fn structs(header: &str) -> Vec<(&str, Vec<&str>)> {
    header
        .split("typedef struct {")
        .skip(1)
        .map(|rest| {
            let (body, rest) = rest.split_once("\n} ").unwrap();
            let declarations = body.lines().map(str::trim).filter(|line| line.ends_with(';') && !line.starts_with('*'));
            let fields = declarations.filter_map(|line| line.trim_end_matches(';').rsplit([' ', '*']).next());
            (rest.split_once(';').unwrap().0, fields.collect())
        })
        .collect()
}

fn is_on_record(file: &str, now: &str) {
    let path = project().join("ffi/abi").join(file);
    if std::env::var_os("LIVEKEEPER_BLESS").is_some() {
        fs::write(&path, now).unwrap();
    }
    let recorded = fs::read_to_string(&path).unwrap_or_default();
    assert!(recorded == now, "{} is not as it was:\n{}", path.display(), differences(&recorded, now));
}

fn differences(before: &str, now: &str) -> String {
    let (before, now): (BTreeSet<_>, BTreeSet<_>) = (before.lines().collect(), now.lines().collect());
    let gone = before.difference(&now).map(|line| format!("- {line}\n"));
    gone.chain(now.difference(&before).map(|line| format!("+ {line}\n"))).collect()
}
