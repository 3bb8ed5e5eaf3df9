//! A file descriptor that is readable while something is to be read: for a host's own poll, epoll, kqueue or select.

use std::io;
use std::os::fd::{AsRawFd, OwnedFd, RawFd};

/// Level-triggered: raised is readable, lowered is not. Whoever has it holds a lock around it, so that flag and descriptor never
/// tell two things.
pub(crate) struct Signal {
    read: OwnedFd,
    /// Where it is written; none: the same.
    write: Option<OwnedFd>,
    is_raised: bool,
}

impl Signal {
    pub(crate) fn new() -> io::Result<Self> {
        let (read, write) = pair()?;
        Ok(Self { read, write, is_raised: false })
    }

    /// What the host polls. It is ours to read and to close.
    pub(crate) fn descriptor(&self) -> RawFd {
        self.read.as_raw_fd()
    }

    pub(crate) fn raise(&mut self) {
        if self.is_raised {
            return;
        }
        // There is room for it: nothing is in it.
        self.is_raised = rustix::io::write(self.write.as_ref().unwrap_or(&self.read), &1_u64.to_ne_bytes()).is_ok();
    }

    pub(crate) fn lower(&mut self) {
        if !self.is_raised {
            return;
        }
        // All that `raise` wrote, at once.
        self.is_raised = rustix::io::read(&self.read, &mut [0_u8; 8]).is_err();
    }
}

#[cfg(target_os = "linux")]
fn pair() -> io::Result<(OwnedFd, Option<OwnedFd>)> {
    use rustix::event::{EventfdFlags, eventfd};
    Ok((eventfd(0, EventfdFlags::CLOEXEC | EventfdFlags::NONBLOCK)?, None))
}

#[cfg(not(target_os = "linux"))]
fn pair() -> io::Result<(OwnedFd, Option<OwnedFd>)> {
    let (read, write) = io::pipe()?;
    let (read, write) = (OwnedFd::from(read), OwnedFd::from(write));
    rustix::io::ioctl_fionbio(&read, true)?;
    rustix::io::ioctl_fionbio(&write, true)?;
    Ok((read, Some(write)))
}

#[cfg(test)]
mod tests {
    use std::os::fd::AsFd;

    use rustix::event::{PollFd, PollFlags, Timespec, poll};

    use super::Signal;

    fn is_readable(signal: &Signal) -> bool {
        let mut polled = [PollFd::from_borrowed_fd(signal.read.as_fd(), PollFlags::IN)];
        poll(&mut polled, Some(&Timespec { tv_sec: 0, tv_nsec: 0 })).unwrap() == 1
    }

    #[test]
    fn it_is_readable_from_the_first_raise_until_it_is_lowered() {
        let mut signal = Signal::new().unwrap();
        assert!(!is_readable(&signal));
        signal.lower();
        for _ in 0..3 {
            signal.raise();
            signal.raise();
            assert!(is_readable(&signal) && is_readable(&signal));
            signal.lower();
            assert!(!is_readable(&signal));
        }
    }
}
