//! What this process uses, as Linux tells it in `/proc`; elsewhere nothing is known.
//! Source: proc(5), cgroups(7).

use std::fs;

use rustix::io::Errno;
use rustix::process::{Resource, getrlimit};

/// What is used, and the bound.
pub(super) type Used = (u64, Option<u64>);

/// Open file descriptors, and the soft limit.
pub(super) fn file_descriptors() -> Used {
    let bound = getrlimit(Resource::Nofile).current;
    let open = match fs::read_dir("/proc/self/fd") {
        // The listing itself has one open.
        Ok(entries) => entries.count().saturating_sub(1) as u64,
        // Not even one for the listing is left: that is when the figure matters most.
        Err(problem) if Errno::from_io_error(&problem) == Some(Errno::MFILE) => bound.unwrap_or(0),
        Err(_) => 0,
    };
    (open, bound)
}

/// Threads, and what the user may have of processes and threads.
pub(super) fn threads() -> Used {
    let count = fs::read_to_string("/proc/self/status").ok().and_then(|status| field(&status, "Threads:"));
    (count.unwrap_or(0), getrlimit(Resource::Nproc).current)
}

/// Resident memory in bytes, and the machine's or the control group's.
pub(super) fn memory() -> Used {
    let pages = fs::read_to_string("/proc/self/statm").ok().and_then(|statm| statm.split_whitespace().nth(1)?.parse::<u64>().ok());
    let machine = fs::read_to_string("/proc/meminfo").ok().and_then(|meminfo| field(&meminfo, "MemTotal:")).map(|kib| kib * 1024);
    let bound = machine.into_iter().chain(group_limit()).min();
    (pages.unwrap_or(0) * rustix::param::page_size() as u64, bound)
}

/// The limit of this process's control group, version 2; "max" is none.
fn group_limit() -> Option<u64> {
    let groups = fs::read_to_string("/proc/self/cgroup").ok()?;
    let path = groups.lines().find_map(|line| line.strip_prefix("0::"))?;
    fs::read_to_string(format!("/sys/fs/cgroup{path}/memory.max")).ok()?.trim().parse().ok()
}

fn field(text: &str, name: &str) -> Option<u64> {
    text.lines().find_map(|line| line.strip_prefix(name))?.split_whitespace().next()?.parse().ok()
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::{file_descriptors, memory, threads};

    #[test]
    fn what_this_process_uses_lies_between_something_and_its_bound() {
        for (name, (used, bound)) in [("descriptors", file_descriptors()), ("threads", threads()), ("memory", memory())] {
            assert!(used > 0 && bound.is_none_or(|bound| used < bound), "{name}: {used} of {bound:?}");
        }
        assert!(memory().0 > 1024 * 1024);
    }
}
