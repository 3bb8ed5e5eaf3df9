//! The program, as a process.
#![cfg(all(unix, feature = "cli"))]

use std::io::{BufRead, BufReader, Write};
use std::process::{Child, Command, Stdio};

use serde_json::Value;

fn program(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_livekeeper-simulator"));
    command.args(arguments).stdin(Stdio::piped()).stdout(Stdio::piped());
    command
}

fn lines(child: &mut Child) -> impl Iterator<Item = String> + use<> {
    BufReader::new(child.stdout.take().unwrap()).lines().map(Result::unwrap)
}

#[test]
fn it_prints_where_it_is_obeys_commands_and_quits() {
    let mut child = program(&["--listen", "127.0.0.1:0", "--accounts", "2"]).spawn().unwrap();
    let mut lines = lines(&mut child);
    assert!(lines.next().unwrap().starts_with("websocket ws://127.0.0.1:"));
    assert!(lines.by_ref().any(|line| line.starts_with("cookie    unb=2200000000002;")));
    let mut input = child.stdin.take().unwrap();
    input.write_all(b"say 2200000000001 10 20 still  there?\nnonsense\nstatus\nquit\n").unwrap();
    let rest: Vec<_> = lines.collect();
    assert!(rest.iter().any(|line| line.starts_with("message ")), "{rest:?}");
    assert!(rest.iter().any(|line| line.contains("'nonsense' is not understood")), "{rest:?}");
    assert!(rest.iter().any(|line| line.starts_with("2200000000001 offline") && line.contains("waiting 1")), "{rest:?}");
    assert!(child.wait().unwrap().success());
}

#[test]
fn it_pushes_several_entries_at_once_and_sets_cookies() {
    let mut child = program(&["--listen", "127.0.0.1:0", "--accounts", "0"]).spawn().unwrap();
    let commands =
        "several 7 10 20 still there? | how much?\nset-cookie 7 cookie2=x; Path=/\nset-cookie 7 nonsense\nstatus\nquit\n";
    child.stdin.take().unwrap().write_all(commands.as_bytes()).unwrap();
    let lines: Vec<_> = lines(&mut child).collect();
    let messages = lines.iter().find_map(|line| line.strip_prefix("messages ")).unwrap();
    assert_eq!(messages.split(' ').count(), 2, "{lines:?}");
    assert_eq!(lines.iter().filter(|line| *line == "ok").count(), 1, "{lines:?}");
    assert!(lines.iter().any(|line| line.starts_with("'set-cookie' is not understood")), "{lines:?}");
    assert!(lines.iter().any(|line| line.starts_with("7 offline") && line.contains("waiting 2")), "{lines:?}");
    assert!(child.wait().unwrap().success());
}

#[test]
fn it_serves_on_when_its_input_ends_and_stops_when_told() {
    let mut child = program(&["--listen", "127.0.0.1:0", "--json"]).spawn().unwrap();
    drop(child.stdin.take());
    let ready: Value = serde_json::from_str(&lines(&mut child).next().unwrap()).unwrap();
    let address = ready["websocket"].as_str().unwrap().trim_start_matches("ws://").trim_end_matches('/').to_owned();
    std::net::TcpStream::connect(address).unwrap();
    let killed = Command::new("kill").args(["-TERM", &child.id().to_string()]).status().unwrap();
    assert!(killed.success());
    assert!(child.wait().unwrap().success());
}

#[test]
fn it_teaches_and_refuses_what_it_does_not_know() {
    let help = program(&["--help"]).output().unwrap();
    let help = String::from_utf8(help.stdout).unwrap();
    assert!(help.contains("EXAMPLE") && help.contains("replay UNB MESSAGE_ID"));
    for wrong in [&["--nonsense"][..], &["--ca-file", "x"], &["--talk", "-1"], &["--listen", "nowhere"]] {
        assert_eq!(program(wrong).stderr(Stdio::null()).status().unwrap().code(), Some(2), "{wrong:?}");
    }
    let refused = program(&["--listen", "0.0.0.0:0"]).stderr(Stdio::null()).status().unwrap();
    assert_eq!(refused.code(), Some(1));
}
