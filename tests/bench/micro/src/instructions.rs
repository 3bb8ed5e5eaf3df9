//! Counts the instructions of each step under valgrind. `make bench-instructions` runs it, in release.
//!
//! It starts itself twice for each step, to do it a few times and a few times more: what the second takes longer is the step's
//! alone. The figures do not depend on what else the machine does.
#![allow(clippy::print_stdout, reason = "what was counted is for whoever runs it")]

use std::error::Error;
use std::process::Command;

use livekeeper_micro::STEPS;

const FEW: u64 = 10;
const MORE: u64 = 210;

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if let [name, times] = arguments.as_slice() {
        return repeat(name, times.parse()?);
    }
    println!("{:<16} {:>20}", "step", "instructions a call");
    for (name, _) in STEPS {
        let counted = (count(name, MORE)? - count(name, FEW)?) / (MORE - FEW);
        println!("{name:<16} {counted:>20}");
    }
    Ok(())
}

fn repeat(name: &str, times: u64) -> Result<(), Box<dyn Error>> {
    let (_, make) = STEPS.iter().find(|(known, _)| *known == name).ok_or("there is no such step")?;
    let run = make();
    (0..times).for_each(|_| run());
    Ok(())
}

/// The instructions of a whole process that does the step so often.
fn count(name: &str, times: u64) -> Result<u64, Box<dyn Error>> {
    let output = Command::new("valgrind")
        .args(["--tool=callgrind", "--callgrind-out-file=/dev/null"])
        .arg(std::env::current_exe()?)
        .args([name, &times.to_string()])
        .output()
        .map_err(|problem| format!("valgrind cannot be started ({problem}); on Debian or Ubuntu: apt install valgrind"))?;
    let said = String::from_utf8_lossy(&output.stderr);
    let counted = said.lines().find_map(|line| line.split_once("Collected : ")).and_then(|(_, count)| count.trim().parse().ok());
    counted.filter(|_| output.status.success()).ok_or_else(|| format!("valgrind failed:\n{said}").into())
}
