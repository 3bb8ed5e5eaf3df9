//! One thread that stands guard over one command: starts it, feeds it, listens to it, ends it, and sees to it that nothing of
//! it is left.

use std::io::{Read, Seek, Write};
use std::os::fd::OwnedFd;
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::process::{Child, ChildStdout, Command, ExitStatus, Stdio};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use rand::RngExt;
use rustix::event::{EventfdFlags, PollFd, PollFlags, Timespec, eventfd, poll};
use rustix::fs::{MemfdFlags, OFlags, fcntl_getfl, fcntl_setfl, memfd_create};
use rustix::io::Errno;
use rustix::process::{Pid, PidfdFlags, Signal, WaitId, WaitIdOptions, kill_process_group, pidfd_open, pidfd_send_signal, waitid};
use tokio::sync::oneshot;

use super::family::{self, MARKER, Relative};
use super::process::{HelperFault, HelperProcess, MAX_OUTPUT_BYTES};
use crate::secret::Secret;

/// For the kernel to take away what was killed. What is still there then is stuck in the kernel.
const SWEEP_LIMIT: Duration = Duration::from_secs(2);
/// Between two looks at what was killed, at most.
const SWEEP_STEP: Timespec = Timespec { tv_sec: 0, tv_nsec: 50_000_000 };
/// So many looks in a row must find nobody: one that is forking may be missed by a look.
const EMPTY_LOOKS: u32 = 3;
/// Between two such looks.
const EMPTY_STEP: Timespec = Timespec { tv_sec: 0, tv_nsec: 5_000_000 };
/// How long those are asked to end whom a command leaves running when it has ended by itself, before they are killed.
const LEFTOVER_GRACE: Duration = Duration::from_secs(1);

/// The answer of a run, and what of it could not be ended.
pub(crate) struct Ended {
    pub(crate) answer: Result<Secret, HelperFault>,
    pub(crate) left: Vec<String>,
}

/// The way to end a run.
#[derive(Clone)]
pub(crate) struct Guard(Arc<Order>);

struct Order {
    /// Until when the command may end by itself once it is asked to.
    kill_at: Mutex<Option<Instant>>,
    /// An eventfd, which the thread polls.
    wake: OwnedFd,
}

impl Guard {
    /// Has the command ended: asked now, killed at `kill_at`. An earlier moment than one given before holds. Does not wait.
    pub(crate) fn stop(&self, kill_at: Instant) {
        let mut known = self.0.kill_at.lock().unwrap_or_else(PoisonError::into_inner);
        *known = Some(known.map_or(kill_at, |known| known.min(kill_at)));
        drop(known);
        // It can only be full of orders, and then the thread wakes too.
        let _ = rustix::io::write(&self.0.wake, &1_u64.to_ne_bytes());
    }
}

impl Order {
    fn kill_at(&self) -> Option<Instant> {
        *self.kill_at.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn hear(&self) {
        // Nothing to read means that nothing was ordered since.
        let _ = rustix::io::read(&self.wake, &mut [0_u8; 8]);
    }
}

/// Starts a run on a thread of its own. `grace`: how long the command is asked to end before it is killed, where its end is not
/// ordered from outside.
pub(crate) fn start(
    helper: &HelperProcess,
    input: &Secret,
    grace: Duration,
) -> Result<(Guard, oneshot::Receiver<Ended>), HelperFault> {
    let not_started = |problem: std::io::Error| not_started(helper, &problem);
    let wake = eventfd(0, EventfdFlags::CLOEXEC | EventfdFlags::NONBLOCK).map_err(|problem| not_started(problem.into()))?;
    let order = Arc::new(Order { kill_at: Mutex::new(None), wake });
    let stdin = whole_input(input).map_err(not_started)?;
    let (answer, ended) = oneshot::channel();
    let (helper, heard) = (helper.clone(), Arc::clone(&order));
    // Nobody may wait for the answer any more.
    let run = move || drop(answer.send(run(&helper, stdin, &heard, grace)));
    std::thread::Builder::new().name("livekeeper-helper".to_owned()).spawn(run).map_err(not_started)?;
    Ok((Guard(order), ended))
}

/// The input as a file in memory: the command may read it or not, and no pipe can break under a host that does not expect it.
fn whole_input(input: &Secret) -> std::io::Result<std::fs::File> {
    let mut file = std::fs::File::from(memfd_create("livekeeper-helper", MemfdFlags::CLOEXEC)?);
    file.write_all(input.expose().as_bytes())?;
    file.rewind()?;
    Ok(file)
}

fn not_started(helper: &HelperProcess, problem: &std::io::Error) -> HelperFault {
    match Errno::from_io_error(problem) {
        Some(Errno::MFILE | Errno::NFILE | Errno::AGAIN | Errno::NOMEM) => HelperFault::NoRoom { problem: problem.to_string() },
        _ => HelperFault::NotStarted { program: helper.command[0].clone(), problem: problem.to_string() },
    }
}

fn run(helper: &HelperProcess, stdin: std::fs::File, order: &Order, grace: Duration) -> Ended {
    let not_started = |problem: &std::io::Error| Ended { answer: Err(not_started(helper, problem)), left: Vec::new() };
    let marker = format!("{:032x}", rand::rng().random::<u128>());
    let mut command = Command::new(&helper.command[0]);
    command.args(&helper.command[1..]).env(MARKER, &marker).process_group(0).stdin(stdin).stdout(Stdio::piped());
    let mut child = match command.spawn() {
        Ok(child) => child,
        Err(problem) => return not_started(&problem),
    };
    // Holds the copy of stdin that must not outlive the run.
    drop(command);
    let (stdout, pid) = (child.stdout.take(), Pid::from_child(&child));
    let held: Result<_, Errno> = stdout.ok_or(Errno::BADF).and_then(|stdout| {
        fcntl_setfl(&stdout, fcntl_getfl(&stdout)? | OFlags::NONBLOCK)?;
        Ok((stdout, pidfd_open(pid, PidfdFlags::empty())?))
    });
    let (stdout, pidfd) = match held {
        Ok(held) => held,
        Err(problem) => {
            // Not reaped yet: the number is the child's.
            let _ = child.kill();
            let _ = child.wait();
            return not_started(&problem.into());
        }
    };
    Run { helper, child, pid, pidfd, stdout: Some(stdout), output: Vec::new(), marker, relatives: Vec::new() }
        .until_nothing_is_left(order, grace)
}

struct Run<'a> {
    helper: &'a HelperProcess,
    child: Child,
    pid: Pid,
    pidfd: OwnedFd,
    /// Absent once it has ended.
    stdout: Option<ChildStdout>,
    output: Vec<u8>,
    marker: String,
    /// Those who were found while their ancestors lived: later they could not be told from strangers.
    relatives: Vec<Relative>,
}

impl Run<'_> {
    fn until_nothing_is_left(mut self, order: &Order, grace: Duration) -> Ended {
        let fault = self.listen(order);
        let grace = if fault.is_some() { grace } else { grace.min(LEFTOVER_GRACE) };
        self.ask(order, Instant::now() + grace);
        let left = self.sweep();
        let status = self.reap();
        // What was written before the end, and nobody has read yet.
        self.read();
        let answer = match fault {
            Some(fault) => Err(fault),
            None if self.output.len() > MAX_OUTPUT_BYTES => Err(HelperFault::TooMuchOutput),
            // A host that reaps every child of its process leaves no status to see: then the output speaks for itself.
            None if status.is_some_and(|status| !status.success()) => Err(HelperFault::Unsuccessful(in_words(status))),
            None => Ok(Secret::new(String::from_utf8_lossy(&self.output))),
        };
        zeroize::Zeroize::zeroize(&mut self.output);
        Ended { answer, left }
    }

    /// Reads what comes until the command has ended by itself; or why it must be ended.
    fn listen(&mut self, order: &Order) -> Option<HelperFault> {
        let until = Instant::now() + self.helper.limit;
        loop {
            let rest = until.saturating_duration_since(Instant::now());
            if rest.is_zero() {
                return Some(HelperFault::TimedOut(self.helper.limit));
            }
            let mut fds = vec![PollFd::new(&self.pidfd, PollFlags::IN), PollFd::new(&order.wake, PollFlags::IN)];
            fds.extend(self.stdout.as_ref().map(|stdout| PollFd::new(stdout, PollFlags::IN)));
            // An interrupted wait is taken up again.
            if poll(&mut fds, Some(&timespec(rest))).is_err() {
                continue;
            }
            let (has_ended, is_stopped) = (!fds[0].revents().is_empty(), !fds[1].revents().is_empty());
            let has_output = fds.get(2).is_some_and(|fd| !fd.revents().is_empty());
            if has_output {
                self.read();
            }
            if self.output.len() > MAX_OUTPUT_BYTES {
                return Some(HelperFault::TooMuchOutput);
            }
            if has_ended {
                return None;
            }
            if is_stopped {
                return Some(HelperFault::Stopped);
            }
        }
    }

    /// Takes what stdout has now.
    fn read(&mut self) {
        let Some(stdout) = &mut self.stdout else { return };
        let room = (MAX_OUTPUT_BYTES + 1).saturating_sub(self.output.len()) as u64;
        match stdout.take(room).read_to_end(&mut self.output) {
            Err(problem) if problem.kind() == std::io::ErrorKind::WouldBlock => {}
            // The end of it, or of what is wanted of it.
            _ => self.stdout = None,
        }
    }

    /// Asks the command and its family to end, and waits for that: until the ordered moment, or until `otherwise`.
    fn ask(&mut self, order: &Order, otherwise: Instant) {
        self.look_for_relatives();
        self.signal_group(Signal::TERM);
        self.relatives.iter().for_each(|relative| relative.signal(Signal::TERM));
        loop {
            order.hear();
            self.relatives.retain(|relative| relative.lives(Timespec::default()));
            let rest = order.kill_at().unwrap_or(otherwise).saturating_duration_since(Instant::now());
            let has_ended = self.has_ended(Timespec::default());
            if rest.is_zero() || (has_ended && self.relatives.is_empty()) {
                return;
            }
            let mut fds = vec![PollFd::new(&order.wake, PollFlags::IN)];
            // What has ended is always ready: it would not let the others be waited for.
            fds.extend((!has_ended).then(|| PollFd::new(&self.pidfd, PollFlags::IN)));
            fds.extend(self.relatives.iter().map(|relative| PollFd::new(relative.pidfd(), PollFlags::IN)));
            // An interrupted wait is taken up again.
            let _ = poll(&mut fds, Some(&timespec(rest)));
        }
    }

    /// Kills whatever is left of the command and its family, and waits until it is gone. What cannot be ended is told.
    fn sweep(&mut self) -> Vec<String> {
        let until = Instant::now() + SWEEP_LIMIT;
        let mut empty_looks = 0;
        loop {
            self.signal_group(Signal::KILL);
            // Where it has no group any more, itself.
            let _ = pidfd_send_signal(&self.pidfd, Signal::KILL);
            self.look_for_relatives();
            empty_looks = if self.relatives.is_empty() { empty_looks + 1 } else { 0 };
            self.relatives.iter().for_each(|relative| relative.signal(Signal::KILL));
            self.relatives.retain(|relative| relative.lives(SWEEP_STEP));
            let has_ended = self.has_ended(SWEEP_STEP);
            if has_ended && empty_looks >= EMPTY_LOOKS {
                return Vec::new();
            }
            if Instant::now() >= until {
                let mut left: Vec<_> = self.relatives.iter().map(|relative| relative.pid).collect();
                left.extend((!has_ended).then_some(self.pid));
                return left.iter().map(|pid| format!("process {} of its helper", pid.as_raw_nonzero())).collect();
            }
            // Nothing is polled: it is the pause between two looks.
            let _ = poll(&mut [], Some(&EMPTY_STEP));
        }
    }

    /// Those who are known stay known: when their ancestors are gone they could not be told from strangers.
    fn look_for_relatives(&mut self) {
        let leader = self.is_unreaped().then_some(self.pid);
        let found = family::find(leader, &self.marker);
        let is_new = |relative: &Relative| self.relatives.iter().all(|known| known.pid != relative.pid);
        let new: Vec<_> = found.into_iter().filter(is_new).collect();
        self.relatives.extend(new);
    }

    fn has_ended(&self, wait: Timespec) -> bool {
        let mut fds = [PollFd::new(&self.pidfd, PollFlags::IN)];
        poll(&mut fds, Some(&wait)).is_ok_and(|ready| ready > 0)
    }

    fn signal_group(&self, signal: Signal) {
        if self.is_unreaped() {
            // An error says that nobody is left in it.
            let _ = kill_process_group(self.pid, signal);
        }
    }

    /// A process keeps its number, and its group, while it is not reaped. A host that reaps every child of its process may have
    /// reaped this one: then the number may be a stranger's.
    fn is_unreaped(&self) -> bool {
        let options = WaitIdOptions::EXITED | WaitIdOptions::NOHANG | WaitIdOptions::NOWAIT;
        waitid(WaitId::Pid(self.pid), options).is_ok()
    }

    /// How it ended; `None` where it has not, or somebody else has reaped it.
    fn reap(&mut self) -> Option<ExitStatus> {
        self.child.try_wait().ok().flatten()
    }
}

fn in_words(status: Option<ExitStatus>) -> String {
    match status {
        None => "an unknown status".to_owned(),
        Some(status) => match (status.code(), status.signal()) {
            (Some(code), _) => format!("status {code}"),
            (None, Some(signal)) => format!("signal {signal}"),
            (None, None) => status.to_string(),
        },
    }
}

fn timespec(span: Duration) -> Timespec {
    Timespec { tv_sec: i64::try_from(span.as_secs()).unwrap_or(i64::MAX), tv_nsec: i64::from(span.subsec_nanos()) }
}
