//! A C or C++ program as the host of accounts: what it is told, what it says, how it ends.

use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};
use std::sync::mpsc::{self, Receiver};
use std::time::{Duration, Instant};

use livekeeper_simulator::SimulatorThread;

use super::library;

/// The account's user.
pub(crate) const UNB: &str = "2280551454090";
/// How many answers a program that keeps an account alive is told to expect.
pub(crate) const REPLIES: usize = 5;
/// For what takes milliseconds on an idle machine.
pub(crate) const LIMIT: Duration = Duration::from_secs(60);

/// The program under test; it does not outlive its test.
pub(crate) struct Host {
    child: Option<Child>,
    /// What it writes to standard output, line by line; read by a thread, so that waiting for a line has a limit.
    lines: Receiver<String>,
    read: Vec<String>,
}

impl Host {
    pub(crate) fn start(program: &Path, simulator: &SimulatorThread) -> Self {
        Self::start_with(program, simulator, &[])
    }

    pub(crate) fn start_with(program: &Path, simulator: &SimulatorThread, more: &[(&str, String)]) -> Self {
        Self::spawn(&mut command(program), simulator, more)
    }

    /// In a directory of its own.
    pub(crate) fn start_in(directory: &Path, program: &Path, simulator: &SimulatorThread) -> Self {
        Self::spawn(command(program).current_dir(directory), simulator, &[])
    }

    fn spawn(command: &mut Command, simulator: &SimulatorThread, more: &[(&str, String)]) -> Self {
        command
            .env("LIVEKEEPER_WEBSOCKET_URL", simulator.websocket_url())
            .env("LIVEKEEPER_API_URL", simulator.api_url())
            .env("LIVEKEEPER_COOKIE", simulator.cookie(UNB))
            .env("LIVEKEEPER_EXPECT_REPLIES", REPLIES.to_string())
            .envs(more.iter().map(|(name, value)| (name, value)));
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let (write, lines) = mpsc::channel();
        let out = BufReader::new(child.stdout.take().unwrap());
        std::thread::spawn(move || out.lines().map_while(Result::ok).try_for_each(|line| write.send(line)));
        Self { child: Some(child), lines, read: Vec::new() }
    }

    /// Reads until it says this.
    pub(crate) fn waits_for(&mut self, line: &str) {
        let until = Instant::now() + LIMIT;
        while let Ok(said) = self.lines.recv_timeout(until.saturating_duration_since(Instant::now())) {
            let is_it = said == line;
            self.read.push(said);
            if is_it {
                return;
            }
        }
        panic!("it never said {line:?}; {}", self.cut_off());
    }

    /// Tells it that what it waits for has been seen.
    pub(crate) fn goes_on(&mut self) {
        // A program that has already failed does not read; its exit code says so.
        let _ = self.child.as_mut().unwrap().stdin.as_mut().unwrap().write_all(b"done\n");
    }

    /// The same, and waits for its end.
    pub(crate) fn finish(mut self) -> Output {
        self.goes_on();
        self.end()
    }

    pub(crate) fn cut_off(&mut self) -> String {
        let _ = self.child.as_mut().unwrap().kill();
        said(&self.end())
    }

    fn end(&mut self) -> Output {
        let mut output = self.child.take().unwrap().wait_with_output().unwrap();
        self.read.extend(self.lines.iter());
        output.stdout = self.read.join("\n").into_bytes();
        output
    }
}

impl Drop for Host {
    fn drop(&mut self) {
        if let Some(mut child) = self.child.take() {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

/// The program, finding the shared library where cargo put it. `LIVEKEEPER_RUNNER` is what it is run by, such as
/// `valgrind --error-exitcode=1`.
pub(crate) fn command(program: &Path) -> Command {
    let runner = std::env::var("LIVEKEEPER_RUNNER").unwrap_or_default();
    let mut words = runner.split_whitespace();
    let mut command = match words.next() {
        Some(first) => {
            let mut command = Command::new(first);
            command.args(words).arg(program);
            command
        }
        None => Command::new(program),
    };
    command.env("LD_LIBRARY_PATH", &library().directory);
    command
}

/// How a program ended, and what it wrote.
pub(crate) fn said(output: &Output) -> String {
    let (out, err) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    format!("the program ended with {}\n{out}{err}", output.status)
}
