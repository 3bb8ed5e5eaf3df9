//! The processes that a helper has started, found by looking through `/proc`: by the marker in their environment, by process
//! group and session, and by their ancestors.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::os::fd::OwnedFd;

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::process::{Pid, PidfdFlags, Signal, pidfd_open, pidfd_send_signal};

/// The variable that marks a helper and all that inherits its environment.
pub(super) const MARKER: &str = "LIVEKEEPER_HELPER";

/// A process of the family, held by a pidfd: it stays that process, whatever becomes of its number.
pub(super) struct Relative {
    pub(super) pid: Pid,
    fd: OwnedFd,
}

/// One line of `/proc/PID/stat`.
struct Stat {
    parent: i32,
    group: i32,
    session: i32,
    /// Ticks since boot: with the number, it names a process for ever.
    started: u64,
}

impl Relative {
    pub(super) fn signal(&self, signal: Signal) {
        // An error says that it is gone.
        let _ = pidfd_send_signal(&self.fd, signal);
    }

    pub(super) fn pidfd(&self) -> &OwnedFd {
        &self.fd
    }

    /// Whether it lives after at most `wait`.
    pub(super) fn lives(&self, wait: Timespec) -> bool {
        let mut fds = [PollFd::new(&self.fd, PollFlags::IN)];
        // A pidfd can be read once its process is gone.
        poll(&mut fds, Some(&wait)).is_ok_and(|ready| ready == 0)
    }
}

/// All living relatives, the leader itself left out. `marker` is the value of [`MARKER`] that it was started with; `leader` is
/// its number for as long as that is surely its own.
pub(super) fn find(leader: Option<Pid>, marker: &str) -> Vec<Relative> {
    let leader = leader.map(|pid| pid.as_raw_nonzero().get());
    let mark = format!("{MARKER}={marker}");
    let (mut living, mut family) = (BTreeMap::new(), BTreeSet::from_iter(leader));
    // Each is looked at once and for all: what is born meanwhile has a higher number, and comes later in the list, or is found
    // by the next look.
    for pid in pids() {
        let Some(stat) = stat(pid) else { continue };
        if leader.is_some_and(|leader| stat.group == leader || stat.session == leader) || is_marked(pid, &mark) {
            family.insert(pid);
        }
        living.insert(pid, stat);
    }
    // Children of relatives are relatives; a generation a turn.
    loop {
        let more: Vec<_> = living.iter().filter(|(pid, stat)| !family.contains(pid) && family.contains(&stat.parent)).collect();
        if more.is_empty() {
            break;
        }
        family.extend(more.into_iter().map(|(pid, _)| *pid));
    }
    leader.map(|leader| family.remove(&leader));
    family.remove(&std::process::id().cast_signed());
    family.into_iter().filter_map(|pid| hold(pid, living.get(&pid)?.started)).collect()
}

fn is_marked(pid: i32, mark: &str) -> bool {
    // What belongs to another user cannot be read, and is none of ours.
    let environment = fs::read(format!("/proc/{pid}/environ")).unwrap_or_default();
    environment.split(|byte| *byte == 0).any(|variable| variable == mark.as_bytes())
}

/// Takes hold of a process, unless its number has come to be another's since.
fn hold(pid: i32, started: u64) -> Option<Relative> {
    let number = Pid::from_raw(pid)?;
    let fd = pidfd_open(number, PidfdFlags::empty()).ok()?;
    // Looked at only once it is held: the same beginning means the same process.
    (stat(pid)?.started == started).then_some(Relative { pid: number, fd })
}

fn pids() -> impl Iterator<Item = i32> {
    let entries = fs::read_dir("/proc").into_iter().flatten().flatten();
    entries.filter_map(|entry| entry.file_name().to_str()?.parse().ok())
}

/// A living process; one that is gone, or only waits to be reaped, has none.
fn stat(pid: i32) -> Option<Stat> {
    let line = fs::read(format!("/proc/{pid}/stat")).ok()?;
    // The name stands in brackets and may hold anything, also half a character where it was cut.
    let after_name = line.iter().rposition(|byte| *byte == b')')? + 1;
    let mut fields = std::str::from_utf8(line.get(after_name..)?).ok()?.split_ascii_whitespace();
    let state = fields.next()?;
    if matches!(state, "Z" | "X") {
        return None;
    }
    let mut number = || fields.next()?.parse::<i32>().ok();
    let (parent, group, session) = (number()?, number()?, number()?);
    // Field 22 of the line; the sixth was the session. Source: proc_pid_stat(5).
    let started = fields.nth(15)?.parse().ok()?;
    Some(Stat { parent, group, session, started })
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;
    use std::process::Command;

    #[test]
    fn a_process_is_seen_whose_name_was_cut_inside_a_character() {
        // The system keeps 15 bytes of a name; these are 16.
        let scratch = std::env::temp_dir().join(format!("livekeeper-family-{}", std::process::id()));
        std::fs::create_dir_all(&scratch).unwrap();
        let name = scratch.join("x五五五五五");
        symlink("/bin/sleep", &name).unwrap();
        let mut child = Command::new(&name).arg("60").spawn().unwrap();
        let seen = super::stat(child.id().cast_signed()).map(|stat| stat.parent);
        child.kill().unwrap();
        child.wait().unwrap();
        std::fs::remove_dir_all(&scratch).unwrap();
        assert_eq!(seen, Some(std::process::id().cast_signed()));
    }
}
