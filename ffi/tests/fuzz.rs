//! Every function of the header, in any order, with any handles, from several threads: `tests/c/fuzz.c`, for `LIVEKEEPER_FUZZ_SECONDS`
//! (20) with `LIVEKEEPER_FUZZ_SEED` (of the clock). What it calls is made from the header, so that a new function is called as well.
#![allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]
#![allow(clippy::print_stdout, reason = "what was measured, tried or left out is for whoever runs it")]

mod common;

use std::collections::BTreeSet;
use std::env;
use std::fmt::Write;
use std::fs;
use std::time::{SystemTime, UNIX_EPOCH};

use common::host::{command, said};
use common::{Compiler, Function, functions, project, scratch, source};

#[test]
fn functions_in_any_order_with_any_handles_do_no_harm() {
    let header = fs::read_to_string(project().join("include/livekeeper.h")).unwrap();
    let calls = scratch("fuzz").with_extension("d");
    fs::create_dir_all(&calls).unwrap();
    fs::write(calls.join("fuzz_calls.h"), calls_of(&header)).unwrap();
    let program = scratch("fuzz");
    let flags = ["-I".to_owned(), calls.display().to_string(), "-lpthread".to_owned()];
    Compiler::c().with(flags.to_vec()).link_shared(&source("c/fuzz.c"), "gnu99", &program);

    let seconds = env::var("LIVEKEEPER_FUZZ_SECONDS").unwrap_or_else(|_| "20".to_owned());
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_millis();
    let seed = env::var("LIVEKEEPER_FUZZ_SEED").unwrap_or_else(|_| now.to_string());
    let output = command(&program).args([&seconds, &seed, "4"]).output().unwrap();
    assert!(output.status.success(), "seed {seed}: {}", said(&output));
    println!("{}", String::from_utf8_lossy(&output.stdout));
}

/// A C header with a function for each of the header's, which draws its arguments and calls it.
fn calls_of(header: &str) -> String {
    let functions = functions(header);
    let types: BTreeSet<_> = header.lines().filter_map(opaque_type).collect();
    let mut text = String::from("enum {\n    TYPE_none,\n");
    for name in &types {
        writeln!(text, "    TYPE_{name},").unwrap();
    }
    text.push_str("};\n\nstatic void free_of_type(int type, void *handle)\n{\n");
    for name in types.iter().filter(|name| functions.iter().any(|function| function.name == format!("{name}_free"))) {
        writeln!(text, "    if (type == TYPE_{name})\n        {name}_free(handle);").unwrap();
    }
    text.push_str("}\n\n");
    for function in &functions {
        text.push_str(&call_of(function, &types));
    }
    text.push_str("static void (*const calls[])(struct draw *) = {\n");
    for function in &functions {
        writeln!(text, "    call_{},", function.name).unwrap();
    }
    text + "};\n"
}

fn opaque_type(line: &str) -> Option<&str> {
    line.strip_prefix("typedef struct lk_")?.split_once(' ')?.1.strip_suffix(';')
}

fn call_of(function: &Function, types: &BTreeSet<&str>) -> String {
    let (mut before, mut after, mut arguments) = (String::new(), String::new(), Vec::new());
    for (kind, name) in &function.parameters {
        let drawn = drawn(function, kind, name, types);
        before.push_str(&drawn.before);
        after.push_str(&drawn.after);
        arguments.push(drawn.argument);
    }
    let name = &function.name;
    format!(
        "static void call_{name}(struct draw *draw)\n{{\n    (void)draw;\n{before}    (void){name}({});\n{after}}}\n\n",
        arguments.join(", ")
    )
    .replace(&format!("(void){name}("), &format!("{}{name}(", if function.returns == "void" { "" } else { "(void)" }))
}

/// An argument, and what comes before and after the call for it.
#[derive(Default)]
struct Drawn {
    before: String,
    argument: String,
    after: String,
}

fn drawn(function: &Function, kind: &str, name: &str, types: &BTreeSet<&str>) -> Drawn {
    let plain = |argument: &str| Drawn { argument: argument.to_owned(), ..Drawn::default() };
    // A place that may be left out.
    let place = |kind: &str, value: &str, after: String| Drawn {
        before: format!("    {kind} {name} = {value};\n"),
        argument: format!("one_in(draw, 12) ? NULL : &{name}"),
        after,
    };
    let bare = kind.trim_start_matches("const ").trim_end_matches(['*', ' ']);
    match (kind, name) {
        ("lk_str", "cookie_value") => plain("cookie(draw)"),
        ("lk_str", "path") if function.name == "lk_manager_open" => plain("path(draw)"),
        // Where nothing can be: a call that went through would leave files where the tests run.
        ("lk_str", "path" | "key_file") => plain("nowhere(draw)"),
        ("lk_str", "passphrase") => plain("passphrase(draw)"),
        ("lk_str", "proxy") => plain("proxy(draw)"),
        ("lk_str", _) => plain("text(draw)"),
        ("const char *", _) => plain("one_in(draw, 4) ? NULL : \"x\""),
        ("uint32_t", "timeout_ms") => plain("milliseconds(draw)"),
        ("double", _) => plain("seconds(draw)"),
        ("bool", _) => plain("one_in(draw, 2)"),
        ("size_t", "size") => plain("below(draw, sizeof(lk_config) + 1)"),
        ("const uint8_t *", "key") => plain("one_in(draw, 2) ? NULL : key"),
        ("size_t", "key_length") => plain("one_in(draw, 2) ? 0 : sizeof key - some(draw) % 2"),
        ("size_t", _) if name.ends_with("_count") => plain("some(draw)"),
        ("uint32_t" | "int32_t" | "size_t", _) => plain("number(draw)"),
        ("const lk_keyword *" | "const lk_rule *", _) => plain(&format!("{name}(draw)")),
        ("const lk_config *" | "const lk_account_options *" | "const lk_default_reply *", _) => {
            let maker = bare.trim_start_matches("lk_");
            // Without settings it would look for the service.
            let argument = if maker == "config" {
                format!("&{name}_drawn")
            } else {
                format!("sized(draw, &{name}_drawn, &{name}_drawn.size)")
            };
            Drawn { before: format!("    {bare} {name}_drawn = {maker}(draw);\n"), argument, after: String::new() }
        }
        ("lk_cookie_provider", _) => plain("one_in(draw, 3) ? NULL : provide"),
        ("lk_reply_handler", _) => plain("one_in(draw, 3) ? NULL : answer"),
        ("lk_event_callback", _) => plain("one_in(draw, 3) ? NULL : hear_event"),
        ("lk_on_done", _) => plain("one_in(draw, 12) ? NULL : hear_done"),
        ("lk_log_hook", _) => plain("one_in(draw, 3) ? NULL : hear_log"),
        ("void *", "user_data") => plain("token()"),
        ("lk_free_user_data", _) => plain("end_token"),
        ("int *" | "bool *" | "size_t *" | "lk_health *", _) => place(bare, "0", format!("    (void){name};\n")),
        ("lk_str *", _) => place(bare, "{NULL, 0}", format!("    (void){name};\n")),
        _ if kind.ends_with("**") && types.contains(bare) => {
            place(&format!("{bare} *"), "NULL", format!("    keep(draw, TYPE_{bare}, {name}, TYPE_lk_manager);\n"))
        }
        _ if kind.ends_with('*') && types.contains(bare) => plain(&format!("handle(draw, TYPE_{bare})")),
        _ if kind.ends_with('*') && !kind.starts_with("const ") => Drawn {
            before: format!("    {bare} {name} = {}_INIT;\n", bare.to_uppercase()),
            argument: format!("sized(draw, &{name}, &{name}.size)"),
            after: if bare == "lk_event" { format!("    lk_event_free(&{name});\n") } else { String::new() },
        },
        _ => panic!(
            "{} has a parameter `{kind} {name}` that the fuzzer cannot draw: teach it, here and in tests/c/fuzz.c",
            function.name
        ),
    }
}
