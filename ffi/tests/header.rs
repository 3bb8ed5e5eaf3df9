//! The committed header: it is what cbindgen makes of the source, it stands alone in every C and C++ it promises, and its example
//! compiles as it stands there.
#![allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]

mod common;

use std::fs;
use std::path::Path;

use common::{Compiler, project, scratch};

const C: &[&str] = &["c99", "c11", "c17"];
const CPP: &[&str] = &["c++11", "c++14", "c++17", "c++20", "c++23"];

#[test]
fn the_committed_header_is_what_cbindgen_makes_of_the_source() {
    let crate_dir = Path::new(env!("CARGO_MANIFEST_DIR"));
    let config = cbindgen::Config::from_file(crate_dir.join("cbindgen.toml")).unwrap();
    // The one source is enough: nothing of another crate is in the header.
    let made = cbindgen::Builder::new().with_config(config).with_src(crate_dir.join("src/lib.rs")).generate().unwrap();
    let mut text = Vec::new();
    made.write(&mut text);
    let text = String::from_utf8(text).unwrap();

    let path = project().join("include/livekeeper.h");
    if std::env::var_os("LIVEKEEPER_BLESS").is_some() {
        // The other tests read it meanwhile: the old one or the new one, never half of it.
        let new = path.with_extension("h.new");
        fs::write(&new, &text).unwrap();
        fs::rename(&new, &path).unwrap();
    }
    let committed = fs::read_to_string(&path).unwrap_or_default().replace("\r\n", "\n");
    let changed = text.lines().zip(committed.lines()).position(|(made, committed)| made != committed);
    let line = 1 + changed.unwrap_or(text.lines().count().min(committed.lines().count()));
    assert!(
        text == committed,
        "include/livekeeper.h is not what the source says, from line {line} on: run `make header`, and commit the header"
    );
}

#[test]
fn the_header_stands_alone_in_each_standard_and_twice() {
    let twice = "#include <livekeeper.h>\n#include <livekeeper.h>\n";
    for (compiler, suffix, standards) in [(Compiler::c(), "c", C), (Compiler::cpp(), "cpp", CPP)] {
        let source = scratch(&format!("alone.{suffix}"));
        fs::write(&source, format!("{twice}int main(void);\nint main(void) {{ return LK_STATUS_OK; }}\n")).unwrap();
        for standard in standards {
            compiler.check(&source, standard);
        }
    }
}

#[test]
fn every_init_macro_fits_its_struct() {
    let header = fs::read_to_string(project().join("include/livekeeper.h")).unwrap();
    let names = header.lines().filter_map(|line| line.strip_prefix("#define LK_")?.split_once("_INIT {")).map(|(name, _)| name);
    let structs: Vec<_> = names.map(|name| format!("lk_{} {name} = LK_{name}_INIT;\n", name.to_lowercase())).collect();
    assert!(structs.len() >= 8, "{structs:?}");
    let text = format!("#include <livekeeper.h>\n{}", structs.concat());
    for (compiler, suffix, standard) in [(Compiler::c(), "c", "c99"), (Compiler::cpp(), "cpp", "c++11")] {
        let source = scratch(&format!("init.{suffix}"));
        fs::write(&source, &text).unwrap();
        compiler.check(&source, standard);
    }
}

#[test]
fn the_example_in_the_header_compiles_as_it_stands_there() {
    let header = fs::read_to_string(project().join("include/livekeeper.h")).unwrap();
    let lines = header.lines().map_while(|line| line.strip_prefix(" *").or(line.strip_prefix("/*")));
    let from = lines.clone().skip_while(|line| !line.trim_start().starts_with("#include"));
    let example: Vec<&str> = from.map_while(|line| line.strip_prefix("     ")).collect();
    assert_eq!(example.last(), Some(&"}"), "the example ends with its main: {example:#?}");

    let source = scratch("example.c");
    fs::write(&source, example.join("\n") + "\n").unwrap();
    Compiler::c().check(&source, "c99");
    let source_of_cpp = scratch("example.cpp");
    fs::copy(&source, &source_of_cpp).unwrap();
    Compiler::cpp().check(&source_of_cpp, "c++11");
}

#[test]
fn every_function_says_on_which_thread_it_may_be_called_whether_it_blocks_and_how_it_fails() {
    let header = fs::read_to_string(project().join("include/livekeeper.h")).unwrap();
    let mut seen = 0;
    for block in header.split("/**").skip(1) {
        let (doc, rest) = block.split_once("*/").unwrap();
        let declaration = rest.split(';').next().unwrap().trim();
        if declaration.starts_with(['#', 'e']) || declaration.starts_with("typedef") || !declaration.contains('(') {
            continue;
        }
        seen += 1;
        assert!(doc.contains("thread"), "which threads? {declaration}");
        assert!(["oes not block", "locks", "Never waits"].iter().any(|word| doc.contains(word)), "does it block? {declaration}");
        let can_fail = declaration.starts_with("lk_status ") && !declaration.contains("lk_last_error_code");
        assert!(!can_fail || doc.contains("rrors"), "how does it fail? {declaration}");
    }
    assert!(seen > 100, "only {seen} functions were found");
}
