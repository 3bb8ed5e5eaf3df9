//! Helpers that are real commands of this machine, well-behaved and not.
#![allow(clippy::print_stderr, reason = "a test that has nothing to look at says so")]

use std::fs::{self, File, OpenOptions};
use std::io::Read;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fs::{CWD, FileType, Mode, OFlags, mknodat};
use rustix::process::{Pid, PidfdFlags, Signal, WaitId, WaitIdOptions, kill_process_group, pidfd_open, pidfd_send_signal, waitid};
use tokio::sync::Semaphore;

use super::family::MARKER;
use super::{HelperFault, HelperProcess, start};
use crate::resources::Resources;
use crate::secret::Secret;

const LONG: Duration = Duration::from_secs(60);
const SHORT: Duration = Duration::from_millis(50);

/// Whether this machine lets a program do what a helper's guard does. Where it does not (some sandboxes), these tests have
/// nothing to look at: they say so and end.
fn can_guard() -> bool {
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

/// A place where helpers tell what they do: a FIFO, since their output is what is tested.
struct Ear {
    path: PathBuf,
    fifo: File,
}

impl Ear {
    fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("livekeeper-helper-{name}-{}", std::process::id()));
        let _ = fs::remove_file(&path);
        mknodat(CWD, &path, FileType::Fifo, Mode::RUSR | Mode::WUSR, 0).unwrap();
        // Opened for both, so that neither side waits for the other, and it has no end.
        let fifo = OpenOptions::new().read(true).write(true).open(&path).unwrap();
        rustix::fs::fcntl_setfl(&fifo, OFlags::NONBLOCK).unwrap();
        Self { path, fifo }
    }

    /// Waits for so many lines, each a pid.
    fn pids(&mut self, count: usize) -> Vec<i32> {
        let (mut text, until) = (String::new(), Instant::now() + LONG);
        while text.lines().count() < count || !text.ends_with('\n') {
            let wait = Timespec::try_from(until.saturating_duration_since(Instant::now())).unwrap();
            let ready = poll(&mut [PollFd::new(&self.fifo, PollFlags::IN)], Some(&wait)).unwrap();
            assert!(ready > 0, "only {text:?} was heard");
            let mut some = [0; 256];
            let length = self.fifo.read(&mut some).unwrap();
            text.push_str(std::str::from_utf8(&some[..length]).unwrap());
        }
        text.lines().map(|line| line.trim().parse().unwrap()).collect()
    }
}

impl Drop for Ear {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.path);
    }
}

fn shell(script: &str, limit: Duration) -> HelperProcess {
    HelperProcess::new(vec!["sh".to_owned(), "-c".to_owned(), script.to_owned()], limit).unwrap()
}

/// Runs a script to its end.
fn run(script: &str, input: &str, limit: Duration) -> Result<String, HelperFault> {
    let (_guard, ended) = start(&shell(script, limit), &Secret::new(input), SHORT)?;
    let ended = ended.blocking_recv().unwrap();
    assert_eq!(ended.left, [""; 0]);
    ended.answer.map(|output| output.expose().to_owned())
}

/// Starts a script, waits until so many of its processes have told their pids, orders it to stop, and waits for its end.
fn stop_after(count: usize, name: &str, script: impl Fn(&Path) -> String) -> (Vec<i32>, Duration) {
    let mut ear = Ear::new(name);
    let (guard, ended) = start(&shell(&script(&ear.path), LONG), &Secret::new(""), SHORT).unwrap();
    let pids = ear.pids(count);
    let ordered = Instant::now();
    guard.stop(Instant::now() + SHORT);
    let ended = ended.blocking_recv().unwrap();
    assert_eq!(ended.answer.map(drop), Err(HelperFault::Stopped));
    assert_eq!(ended.left, [""; 0]);
    (pids, ordered.elapsed())
}

fn lives(pid: i32) -> bool {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    stat.rsplit_once(')').is_some_and(|(_, rest)| !rest.trim_start().starts_with('Z'))
}

#[test]
fn a_helper_gets_its_input_and_answers_with_its_output_and_leaves_no_zombie() {
    if !can_guard() {
        return;
    }
    let large = "店".repeat(100_000);
    assert_eq!(run("cat", &large, LONG).unwrap(), large);
    assert_eq!(run("printf 你好", "not read", LONG).unwrap(), "你好");
    let pid: i32 = run("printf $$", "", LONG).unwrap().parse().unwrap();
    assert!(!Path::new(&format!("/proc/{pid}")).exists(), "{pid} was not reaped");
}

#[test]
fn a_helper_that_brings_nothing_says_why() {
    if !can_guard() {
        return;
    }
    assert_eq!(run("exit 3", "", LONG), Err(HelperFault::Unsuccessful("status 3".to_owned())));
    assert_eq!(run("kill -9 $$", "", LONG), Err(HelperFault::Unsuccessful("signal 9".to_owned())));
    assert_eq!(run("exec sleep 1000", "", SHORT), Err(HelperFault::TimedOut(SHORT)));
    assert_eq!(run("exec yes", "", LONG), Err(HelperFault::TooMuchOutput));
    let missing = HelperProcess::new(vec!["/no/such/program".to_owned()], LONG).unwrap();
    let (_guard, ended) = start(&missing, &Secret::new(""), SHORT).unwrap();
    let fault = ended.blocking_recv().unwrap().answer.map(drop).unwrap_err();
    assert!(fault.to_string().contains("/no/such/program"), "{fault}");
}

#[test]
fn what_a_helper_leaves_running_ends_with_it() {
    if !can_guard() {
        return;
    }
    // The child holds stdout: an end of output must not be waited for.
    let child: i32 = run("sleep 1000 & echo $!", "", LONG).unwrap().trim().parse().unwrap();
    assert!(!lives(child));
}

#[test]
fn a_helper_that_ends_when_asked_is_not_killed() {
    if !can_guard() {
        return;
    }
    let mut ear = Ear::new("asked");
    let script = format!("trap 'echo 1 > {0}; exit 0' TERM; echo $$ > {0}; while :; do sleep 0.01; done", ear.path.display());
    let (guard, ended) = start(&shell(&script, LONG), &Secret::new(""), LONG).unwrap();
    ear.pids(1);
    guard.stop(Instant::now() + LONG);
    assert_eq!(ended.blocking_recv().unwrap().answer.map(drop), Err(HelperFault::Stopped));
    assert_eq!(ear.pids(1), [1]);
}

#[test]
fn a_family_that_ignores_the_request_and_lives_in_sessions_of_its_own_is_gone_and_strangers_are_not() {
    if !can_guard() {
        return;
    }
    // A neighbour, and one that looks like a helper of somebody else.
    let mut strangers: Vec<_> = [("A", "1"), (MARKER, "somebody-else")]
        .map(|(name, value)| Command::new("sleep").arg("1000").env(name, value).stdout(Stdio::null()).spawn().unwrap())
        .into();
    let (pids, _) = stop_after(3, "family", |ear| {
        let deaf = format!("trap \"\" TERM HUP INT; echo \\$\\$ > {}; while :; do sleep 1000; done", ear.display());
        format!(
            "trap '' TERM; setsid sh -c \"{deaf}\" & sh -c \"{deaf}\" & echo $$ > {}; while :; do sleep 1000; done",
            ear.display()
        )
    });
    for pid in pids {
        assert!(!lives(pid), "{pid} of the helper lives");
    }
    for stranger in &mut strangers {
        assert!(stranger.try_wait().unwrap().is_none(), "a stranger was signalled");
        stranger.kill().unwrap();
        stranger.wait().unwrap();
    }
}

#[test]
fn a_descendant_without_the_marker_and_in_a_session_of_its_own_is_found_by_its_ancestors() {
    if !can_guard() {
        return;
    }
    let (pids, _) = stop_after(2, "ancestors", |ear| {
        let bare = format!("echo \\$\\$ > {}; exec sleep 1000", ear.display());
        format!(
            "trap '' TERM; env -i \"PATH=$PATH\" setsid sh -c \"{bare}\" & echo $$ > {}; while :; do sleep 1000; done",
            ear.display()
        )
    });
    for pid in pids {
        assert!(!lives(pid), "{pid} of the helper lives");
    }
}

#[test]
fn a_family_is_asked_before_it_is_killed_also_in_a_session_of_its_own() {
    if !can_guard() {
        return;
    }
    let mut ear = Ear::new("family-asked");
    let child = format!("trap \"echo 1 > {0}; exit 0\" TERM; echo $$ > {0}; while :; do sleep 0.01; done", ear.path.display());
    let (guard, ended) = start(&shell(&format!("setsid sh -c '{child}' & wait"), LONG), &Secret::new(""), LONG).unwrap();
    ear.pids(1);
    guard.stop(Instant::now() + LONG);
    assert_eq!(ended.blocking_recv().unwrap().answer.map(drop), Err(HelperFault::Stopped));
    assert_eq!(ear.pids(1), [1], "the child said goodbye");
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_stops_waiting_for_a_helper_ends_it_and_its_place_is_free_again() {
    if !can_guard() {
        return;
    }
    let mut ear = Ear::new("unwanted");
    let resources = Resources::new(Arc::new(Semaphore::new(1)), Duration::from_secs(1));
    let helper = shell(&format!("echo $$ > {}; exec sleep 1000", ear.path.display()), LONG);
    let waiting = tokio::spawn({
        let resources = resources.clone();
        async move { resources.run(&helper, &Secret::new("")).await.map(drop) }
    });
    let (pids, ear) = tokio::task::spawn_blocking(move || (ear.pids(1), ear)).await.unwrap();
    assert!(resources.holds_processes());
    waiting.abort();
    assert!(waiting.await.unwrap_err().is_cancelled());
    // There is one place: the next helper runs when the first is gone.
    let answer = resources.run(&shell("echo next", LONG), &Secret::new("")).await.unwrap();
    assert_eq!(answer.expose(), "next\n");
    assert!(!lives(pids[0]));
    drop(ear);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stop_ends_the_helpers_of_a_run_within_its_limit_and_no_more_are_started() {
    if !can_guard() {
        return;
    }
    let mut ear = Ear::new("stage");
    let resources = Resources::new(Arc::new(Semaphore::new(2)), Duration::from_secs(1));
    let helper = shell(&format!("trap '' TERM; echo $$ > {}; while :; do sleep 1000; done", ear.path.display()), LONG);
    let waiting = tokio::spawn({
        let resources = resources.clone();
        async move { resources.run(&helper, &Secret::new("")).await.map(drop) }
    });
    let pids = tokio::task::spawn_blocking(move || ear.pids(1)).await.unwrap();
    resources.close();
    resources.stop_processes(tokio::time::Instant::now() + Duration::from_secs(1));
    assert!(tokio::time::timeout(LONG, resources.until_no_processes()).await.is_ok(), "{:?}", resources.left());
    assert!(!lives(pids[0]));
    assert_eq!(waiting.await.unwrap(), Err(HelperFault::Stopped));
    assert_eq!(resources.run(&shell("echo never", LONG), &Secret::new("")).await.map(drop), Err(HelperFault::Stopped));
    assert_eq!(resources.left(), [""; 0]);
}
