//! Child processes in tests: whether this machine lets a helper be guarded at all, and a place where helpers tell what they do.

use std::fs::{self, File, OpenOptions};
use std::io::Read;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command};
use std::time::Instant;

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fs::{CWD, FileType, Mode, OFlags, fcntl_setfl, mknodat};
use rustix::process::{Pid, PidfdFlags, Signal, WaitId, WaitIdOptions, kill_process_group, pidfd_open, pidfd_send_signal, waitid};

use crate::LIMIT;

/// Whether this machine lets a program do what a helper's guard does. Where it does not (some sandboxes), a test of helpers has
/// nothing to look at: it says so and ends.
#[allow(clippy::print_stderr, reason = "said to whoever reads the test's output")]
pub fn can_guard() -> bool {
    let refusal = refusal_to_guard();
    if let Some(what) = &refusal {
        eprintln!("left out: this machine does not let a process {what}");
    }
    refusal.is_none()
}

/// Tries each thing by itself, and not through the code under test.
fn refusal_to_guard() -> Option<String> {
    if fs::read_link("/proc/self").ok()?.to_str() != Some(&std::process::id().to_string()) {
        return Some("see its own processes in /proc".to_owned());
    }
    let mut child = match Command::new("sh").args(["-c", "exec sleep 60"]).process_group(0).spawn() {
        Ok(child) => child,
        Err(problem) => return Some(format!("start another in a group of its own ({problem})")),
    };
    let refusal = try_to_guard(&child);
    // One that is gone already is what is wanted.
    let _ = child.kill();
    match child.wait() {
        Ok(_) => refusal,
        Err(problem) => Some(format!("wait for its child ({problem})")),
    }
}

fn try_to_guard(child: &Child) -> Option<String> {
    let pid = Pid::from_child(child);
    if fs::read(format!("/proc/{}/environ", child.id())).is_err() {
        return Some("read its child's environment".to_owned());
    }
    let pidfd = match pidfd_open(pid, PidfdFlags::empty()) {
        Ok(pidfd) => pidfd,
        Err(problem) => return Some(format!("open a pidfd ({problem})")),
    };
    let look = WaitIdOptions::EXITED | WaitIdOptions::NOHANG | WaitIdOptions::NOWAIT;
    let tries = [
        ("look at its child", waitid(WaitId::Pid(pid), look).map(drop)),
        ("signal its child's group", kill_process_group(pid, Signal::CONT)),
        ("signal through a pidfd", pidfd_send_signal(&pidfd, Signal::KILL)),
    ];
    tries.into_iter().find_map(|(what, tried)| tried.err().map(|problem| format!("{what} ({problem})")))
}

/// Whether this process lives, a zombie not counted.
pub fn lives(pid: i32) -> bool {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    stat.rsplit_once(')').is_some_and(|(_, rest)| !rest.trim_start().starts_with('Z'))
}

/// A FIFO into which a helper writes its pid when it is ready: its stdout is its answer.
pub struct Ear {
    path: PathBuf,
    fifo: File,
}

impl Ear {
    /// `path`: where the FIFO is to be.
    pub fn new(path: PathBuf) -> Self {
        mknodat(CWD, &path, FileType::Fifo, Mode::RUSR | Mode::WUSR, 0).expect("a FIFO can be made in the scratch directory");
        // Opened for both, so that neither side waits for the other, and it has no end.
        let fifo = OpenOptions::new().read(true).write(true).open(&path).expect("it was just made");
        fcntl_setfl(&fifo, OFlags::NONBLOCK).expect("a FIFO can be read without waiting");
        Self { path, fifo }
    }

    /// The FIFO's path.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Waits for the next pid.
    pub fn pid(&mut self) -> i32 {
        let (mut text, until) = (String::new(), Instant::now() + LIMIT);
        while !text.ends_with('\n') {
            let left = until.saturating_duration_since(Instant::now());
            let left = Timespec { tv_sec: i64::try_from(left.as_secs()).unwrap_or(0), tv_nsec: i64::from(left.subsec_nanos()) };
            let ready = poll(&mut [PollFd::new(&self.fifo, PollFlags::IN)], Some(&left)).expect("a FIFO can be polled");
            assert!(ready > 0, "only {text:?} was heard");
            // A byte at a time: what follows the line is another helper's.
            let mut byte = [0];
            self.fifo.read_exact(&mut byte).expect("there is one");
            text.push(char::from(byte[0]));
        }
        text.trim().parse().expect("a helper tells its pid")
    }
}
