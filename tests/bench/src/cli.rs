//! The command line: of the harness, and of the clients that it starts as processes of their own.

use std::ffi::OsString;
use std::num::NonZeroUsize;
use std::path::PathBuf;

use lexopt::prelude::*;

use crate::rows::SCENARIOS;

/// What `--help` prints.
pub(crate) const HELP: &str = "\
livekeeper-bench: what livekeeper costs, beside the floor and beside Python

USAGE
    livekeeper-bench [OPTIONS]                the table; tests/bench/README.md tells how to read it
    livekeeper-bench soak [--minutes N]       livekeeper's memory while buyers write                [5]

OPTIONS
    --quick             fewer accounts, one run, the main rows: under a minute
    --runs N            runs of each scenario                                                       [1 … 5; quick: 1]
    --only A,B,…        these scenarios: crowd crowd-tls answers answers-tls latency accounts rules
                        store status match python sizes                                             [all]
    --json FILE         every figure of every run, as JSON
    --clients DIR       where the Python clients are                                                [tests/bench/clients]
    --clients-python P  the Python that runs them                                                   [target/bench-venv/bin/python]
    --python P          the Python that has livekeeper                                              [.venv/bin/python]
    --scratch DIR       where stores are made: on the disk that is to be measured                   [target/bench]
    --library DIR       where liblivekeeper.so and the wheel were built                             [target]
    --help

CLIENTS (started by the harness)
    livekeeper-bench floor|livekeeper --websocket-url URL --api-url URL --accounts FILE [--ca FILE]
    livekeeper-bench inside add|bring|open|status|match --scratch DIR
";

/// What the command line asks for.
pub(crate) enum Asked {
    Help,
    Bench(Settings),
    Soak(Settings),
    Floor(Task),
    Host(Task),
    Inside(String, PathBuf),
}

/// The harness's settings.
#[derive(Debug, Clone)]
pub(crate) struct Settings {
    pub(crate) quick: bool,
    /// Of each scenario; `None`: as many as it usually has.
    pub(crate) runs: Option<NonZeroUsize>,
    pub(crate) only: Vec<String>,
    pub(crate) json: Option<PathBuf>,
    pub(crate) clients: PathBuf,
    pub(crate) clients_python: PathBuf,
    pub(crate) python: PathBuf,
    pub(crate) scratch: PathBuf,
    pub(crate) library: PathBuf,
    pub(crate) minutes: u64,
}

/// A client's task.
#[derive(Debug, Default)]
pub(crate) struct Task {
    pub(crate) websocket_url: String,
    pub(crate) api_url: String,
    pub(crate) accounts: PathBuf,
    pub(crate) ca: Option<PathBuf>,
    /// livekeeper's store; in a directory of its own where none is given.
    pub(crate) store: Option<PathBuf>,
    /// Keyword rules of each of its accounts.
    pub(crate) rules: usize,
    /// Only makes the store.
    pub(crate) prepare: bool,
}

/// Rules of an account where nothing else is measured.
pub(crate) const USUAL_RULES: usize = 10;

/// Reads the command line.
pub(crate) fn parse(arguments: impl IntoIterator<Item = OsString>) -> Result<Asked, lexopt::Error> {
    let mut parser = lexopt::Parser::from_iter(arguments);
    let mut settings = Settings {
        quick: false,
        runs: None,
        only: Vec::new(),
        json: None,
        clients: "tests/bench/clients".into(),
        clients_python: "target/bench-venv/bin/python".into(),
        python: ".venv/bin/python".into(),
        scratch: "target/bench".into(),
        library: "target".into(),
        minutes: 5,
    };
    let mut soak = false;
    while let Some(argument) = parser.next()? {
        match argument {
            Long("help") | Short('h') => return Ok(Asked::Help),
            Long("quick") => settings.quick = true,
            Long("runs") => settings.runs = Some(parser.value()?.parse()?),
            Long("only") => settings.only = parser.value()?.string()?.split(',').map(str::to_owned).collect(),
            Long("json") => settings.json = Some(parser.value()?.into()),
            Long("clients") => settings.clients = parser.value()?.into(),
            Long("clients-python") => settings.clients_python = parser.value()?.into(),
            Long("python") => settings.python = parser.value()?.into(),
            Long("scratch") => settings.scratch = parser.value()?.into(),
            Long("library") => settings.library = parser.value()?.into(),
            Long("minutes") if soak => settings.minutes = parser.value()?.parse()?,
            Value(command) if command == "soak" => soak = true,
            Value(command) if command == "floor" => return Ok(Asked::Floor(task(parser)?)),
            Value(command) if command == "livekeeper" => return Ok(Asked::Host(task(parser)?)),
            Value(command) if command == "inside" => return inside(parser),
            other => return Err(other.unexpected()),
        }
    }
    if let Some(unknown) = settings.only.iter().find(|only| !SCENARIOS.iter().any(|scenario| scenario.name == **only)) {
        return Err(format!("there is no scenario {unknown:?}").into());
    }
    Ok(if soak { Asked::Soak(settings) } else { Asked::Bench(settings) })
}

fn task(mut parser: lexopt::Parser) -> Result<Task, lexopt::Error> {
    let mut task = Task { rules: USUAL_RULES, ..Task::default() };
    while let Some(argument) = parser.next()? {
        match argument {
            Long("websocket-url") => task.websocket_url = parser.value()?.string()?,
            Long("api-url") => task.api_url = parser.value()?.string()?,
            Long("accounts") => task.accounts = parser.value()?.into(),
            Long("ca") => task.ca = Some(parser.value()?.into()),
            Long("store") => task.store = Some(parser.value()?.into()),
            Long("rules") => task.rules = parser.value()?.parse()?,
            Long("prepare") => task.prepare = true,
            other => return Err(other.unexpected()),
        }
    }
    Ok(task)
}

fn inside(mut parser: lexopt::Parser) -> Result<Asked, lexopt::Error> {
    let (mut what, mut scratch) = (String::new(), PathBuf::from("target/bench"));
    while let Some(argument) = parser.next()? {
        match argument {
            Long("scratch") => scratch = parser.value()?.into(),
            Value(name) => what = name.string()?,
            other => return Err(other.unexpected()),
        }
    }
    Ok(Asked::Inside(what, scratch))
}
