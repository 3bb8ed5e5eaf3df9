//! `livekeeper-bench`: what livekeeper costs, beside the floor (tokio and tokio-tungstenite doing the same work with no store, rules
//! or status) and beside Python. `README.md` tells how to read its table.
//!
//! | file | what is in it |
//! | --- | --- |
//! | `cli`, `machine` | what was asked for; what it ran on |
//! | `floor`, `host`, `inside` | the clients: each runs in a process of its own, started from here |
//! | `client`, `child`, `process` | which clients there are; one that runs; what a process costs, seen from outside |
//! | `stand`, `load` | the simulator with clients before it; buyers who write |
//! | `rows` | what is measured, a file for each scenario |
//! | `soak` | memory over a long time |
//! | `results`, `statistics`, `table` | what came of it |
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a program talks to its user")]

mod child;
mod cli;
mod client;
mod floor;
mod host;
mod inside;
mod load;
mod machine;
mod process;
mod results;
mod rows;
mod soak;
mod stand;
mod statistics;
mod table;

use std::error::Error;
use std::process::ExitCode;

/// What went wrong, for whoever reads the terminal.
pub(crate) type Failure = Box<dyn Error + Send + Sync>;

fn main() -> ExitCode {
    let done = cli::parse(std::env::args_os()).map_err(|error| format!("{error}; see --help").into()).and_then(run);
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(problem) => {
            eprintln!("livekeeper-bench: {problem}");
            ExitCode::FAILURE
        }
    }
}

fn run(asked: cli::Asked) -> Result<(), Failure> {
    process::raise_file_limit();
    match asked {
        cli::Asked::Help => {
            print!("{}", cli::HELP);
            Ok(())
        }
        cli::Asked::Bench(settings) => rows::bench(&settings),
        cli::Asked::Soak(settings) => soak::run(&settings),
        cli::Asked::Floor(task) => floor::run(&task),
        cli::Asked::Host(task) => host::run(&task),
        cli::Asked::Inside(what, scratch) => inside::run(&what, &scratch),
    }
}
