//! A process seen from outside: what it costs, so that no client measures itself, and its forced end.

use std::fs;
use std::io;
use std::os::fd::OwnedFd;
use std::process::Child;
use std::time::Duration;

use rustix::process::{Pid, PidfdFlags, Resource, Rlimit, Signal, getrlimit, pidfd_open, pidfd_send_signal, setrlimit};

use crate::Failure;

/// A hold of a process by which it can be killed while another thread waits for it: it stays that process, whatever becomes of its
/// number.
pub(crate) struct Hold(OwnedFd);

impl Hold {
    /// Of a child that nobody has waited for yet: so long its number is its own.
    pub(crate) fn of(child: &Child) -> Result<Self, Failure> {
        let pid = Pid::from_raw(child.id().cast_signed()).ok_or("a process has a number")?;
        Ok(Self(pidfd_open(pid, PidfdFlags::empty())?))
    }

    pub(crate) fn kill(&self) {
        // An error says that it is gone.
        let _ = pidfd_send_signal(&self.0, Signal::KILL);
    }
}

/// Raises this process's limit of open files to the most that it may have; children inherit it.
pub(crate) fn raise_file_limit() {
    let limit = getrlimit(Resource::Nofile);
    // Where it cannot be raised, whatever needs more files says so.
    let _ = setrlimit(Resource::Nofile, Rlimit { current: limit.maximum, ..limit });
}

/// The processor time that a process has used, in the kernel too, of all its threads, also of those that have ended.
pub(crate) fn cpu(pid: u32) -> Result<Duration, Failure> {
    let pid = libc::pid_t::try_from(pid)?;
    let mut clock = 0;
    // SAFETY: `clock` lives for the call, which writes one number into it.
    let refused = unsafe { libc::clock_getcpuclockid(pid, &raw mut clock) };
    if refused != 0 {
        return Err(io::Error::from_raw_os_error(refused).into());
    }
    let mut time = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: `time` lives for the call, which writes two numbers into it.
    if unsafe { libc::clock_gettime(clock, &raw mut time) } != 0 {
        return Err(io::Error::last_os_error().into());
    }
    Ok(Duration::new(u64::try_from(time.tv_sec)?, u32::try_from(time.tv_nsec)?))
}

/// The memory that a process has written to and nobody else shares, in bytes. What is mapped from programs and libraries is left out:
/// whose it is depends on who else runs. So are the kernel's buffers of its sockets.
pub(crate) fn memory_bytes(pid: u32) -> Result<u64, Failure> {
    Ok(private_bytes(&fs::read_to_string(format!("/proc/{pid}/smaps_rollup"))?))
}

fn private_bytes(rollup: &str) -> u64 {
    let kib = rollup.lines().find_map(|line| line.strip_prefix("Private_Dirty:")?.trim().strip_suffix(" kB")?.parse::<u64>().ok());
    kib.unwrap_or_default() * 1024
}

#[cfg(test)]
mod tests {
    use std::os::unix::process::ExitStatusExt;
    use std::process::Command;

    use super::{Hold, cpu, memory_bytes, private_bytes};

    #[test]
    fn memory_is_what_is_private_and_written_to() {
        let rollup = "55d7-7fff ---p 0 0 0 [rollup]\nRss: 900 kB\nPrivate_Clean:        44 kB\nPrivate_Dirty:       116 kB\n";
        assert_eq!(private_bytes(rollup), 116 * 1024);
    }

    #[test]
    fn a_process_is_killed_by_its_hold_and_nothing_is_once_it_is_gone() {
        let mut child = Command::new("sleep").arg("60").spawn().unwrap();
        let hold = Hold::of(&child).unwrap();
        hold.kill();
        assert_eq!(child.wait().unwrap().signal(), Some(9));
        hold.kill();
    }

    #[test]
    fn this_process_has_used_time_and_memory() {
        let pid = std::process::id();
        assert!(!cpu(pid).unwrap().is_zero());
        assert!(memory_bytes(pid).unwrap() > 0);
    }
}
