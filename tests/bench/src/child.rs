//! A client that runs as a process of its own: started, ready, measured from outside, ended.

use std::io::{BufRead, BufReader};
use std::process::{ChildStdin, Command, Stdio};
use std::time::{Duration, Instant};

use tokio::sync::{mpsc, oneshot};
use tokio::time::timeout;

use crate::Failure;
use crate::process::{self, Hold};

/// For thousands of accounts to sign in, also of a slow client on a busy machine.
const READY_LIMIT: Duration = Duration::from_secs(180);
/// For them to say goodbye.
const END_LIMIT: Duration = Duration::from_secs(60);

/// A running client. Dropped before its end, it is killed.
pub(crate) struct Child {
    pid: u32,
    hold: Hold,
    stdin: Option<ChildStdin>,
    lines: mpsc::Receiver<String>,
    ended: oneshot::Receiver<std::io::Result<std::process::ExitStatus>>,
}

impl Child {
    /// Starts a program. What it writes to stderr is seen.
    pub(crate) fn start(command: &mut Command) -> Result<Self, Failure> {
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()?;
        let hold = Hold::of(&child)?;
        let (pid, stdin, stdout) = (child.id(), child.stdin.take(), child.stdout.take());
        let (said, lines) = mpsc::channel(16);
        let (tell_end, ended) = oneshot::channel();
        std::thread::spawn(move || {
            if let Some(stdout) = stdout {
                for line in BufReader::new(stdout).lines().map_while(Result::ok) {
                    // Nobody listens any more once it is ready: it is read all the same, so that it never waits.
                    let _ = said.try_send(line);
                }
            }
            drop(said);
            let _ = tell_end.send(child.wait());
        });
        Ok(Self { pid, hold, stdin, lines, ended })
    }

    /// Waits for the line `ready`.
    pub(crate) async fn ready(&mut self) -> Result<(), Failure> {
        let waiting = async {
            while let Some(line) = self.lines.recv().await {
                if line.trim() == "ready" {
                    return Ok(());
                }
            }
            Err("it ended before it was ready")
        };
        timeout(READY_LIMIT, waiting).await.map_err(|_| format!("it was not ready within {READY_LIMIT:?}"))??;
        Ok(())
    }

    pub(crate) fn cpu(&self) -> Result<Duration, Failure> {
        process::cpu(self.pid)
    }

    pub(crate) fn memory_bytes(&self) -> Result<u64, Failure> {
        process::memory_bytes(self.pid)
    }

    /// Ends its standard input, and waits until it is gone. How long that took.
    pub(crate) async fn end(mut self) -> Result<Duration, Failure> {
        let started = Instant::now();
        self.stdin.take();
        let status = timeout(END_LIMIT, &mut self.ended).await.map_err(|_| format!("it did not end within {END_LIMIT:?}"))???;
        if !status.success() {
            return Err(format!("it ended with {status}").into());
        }
        Ok(started.elapsed())
    }
}

impl Drop for Child {
    fn drop(&mut self) {
        // Does nothing where it has ended.
        self.hold.kill();
    }
}
