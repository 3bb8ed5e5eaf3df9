//! `livekeeper-simulator`: the stand-in as a program, to run a client against by hand or from another language.
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a program talks to its user")]

mod cli;

use std::process::ExitCode;

fn main() -> ExitCode {
    match cli::parse(std::env::args_os()) {
        Ok(cli::Asked::Help) => {
            print!("{}", cli::help());
            ExitCode::SUCCESS
        }
        Ok(cli::Asked::Version) => {
            println!("livekeeper-simulator {}", env!("CARGO_PKG_VERSION"));
            ExitCode::SUCCESS
        }
        Ok(cli::Asked::Run(settings)) => match cli::run(&settings) {
            Ok(()) => ExitCode::SUCCESS,
            Err(error) => {
                eprintln!("livekeeper-simulator: {error}");
                ExitCode::FAILURE
            }
        },
        Err(error) => {
            eprintln!("livekeeper-simulator: {error}; see --help");
            ExitCode::from(2)
        }
    }
}
