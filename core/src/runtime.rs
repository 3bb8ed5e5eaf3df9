//! The background tokio runtime, held by one owner thread: it can be shut down from anywhere, also from inside an async
//! function or a callback, because nobody but its owner ever drops it.

use std::cell::Cell;
use std::future::Future;
use std::sync::mpsc;
use std::time::Duration;

use tokio::runtime::{Builder, Handle};

use crate::error::Error;

/// Blocking threads at most (name look-ups, a worker's blocking work). At the bound a look-up waits within its connect's limit.
const MAX_BLOCKING_THREADS: usize = 64;
const STACK_BYTES: usize = 2 * 1024 * 1024;

thread_local! {
    static ON_RUNTIME: Cell<bool> = const { Cell::new(false) };
}

/// Whether this thread is one of a livekeeper runtime. Such a thread must never wait for the library: where it would, each verb answers
/// [`Error::WouldDeadlock`], and whoever waits by other means asks here first. Does not block.
pub fn on_runtime_thread() -> bool {
    ON_RUNTIME.with(Cell::get)
}

/// A handle to the runtime. Dropping it lets the owner thread end by itself, at once and without waiting for it.
pub(crate) struct Runtime {
    handle: Handle,
    owner_pid: u32,
    last_work: mpsc::Sender<LastWork>,
}

/// What the owner thread does with the runtime in the end; it owns it then.
type LastWork = Box<dyn FnOnce(tokio::runtime::Runtime) + Send>;

impl Runtime {
    /// Starts the owner thread and the runtime's workers.
    pub(crate) fn start(worker_threads: usize, thread_limit: Duration) -> Result<Self, Error> {
        let unavailable = |problem: std::io::Error| Error::RuntimeUnavailable { problem: problem.to_string() };
        let runtime = Builder::new_multi_thread()
            .worker_threads(worker_threads)
            .max_blocking_threads(MAX_BLOCKING_THREADS)
            .thread_name("livekeeper")
            .thread_stack_size(STACK_BYTES)
            .on_thread_start(|| ON_RUNTIME.with(|flag| flag.set(true)))
            .enable_io()
            .enable_time()
            .build()
            .map_err(unavailable)?;
        let handle = runtime.handle().clone();
        let (last_work, orders) = mpsc::channel::<LastWork>();
        std::thread::Builder::new()
            .name("livekeeper-owner".to_owned())
            .spawn(move || {
                // What is the host's may be dropped here: were it to wait for this thread, it would wait for ever.
                ON_RUNTIME.with(|flag| flag.set(true));
                match orders.recv() {
                    Ok(work) => work(runtime),
                    Err(_) => runtime.shutdown_timeout(thread_limit),
                }
            })
            .map_err(unavailable)?;
        Ok(Self { handle, owner_pid: std::process::id(), last_work })
    }

    /// Refuses to go on in a fork: the threads of the parent do not exist there.
    pub(crate) fn check(&self) -> Result<(), Error> {
        if std::process::id() == self.owner_pid {
            return Ok(());
        }
        Err(Error::Forked { owner_pid: self.owner_pid })
    }

    pub(crate) fn spawn(&self, work: impl Future<Output = ()> + Send + 'static) {
        self.handle.spawn(work);
    }

    pub(crate) fn handle(&self) -> &Handle {
        &self.handle
    }

    /// Hands the owner thread its last piece of work: to finish what runs, and to shut the runtime down. Only the first such
    /// order counts.
    pub(crate) fn finish_with(&self, work: impl FnOnce(tokio::runtime::Runtime) + Send + 'static) -> Result<(), Error> {
        self.last_work.send(Box::new(work)).map_err(|_| Error::Closed)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::Runtime;

    #[test]
    fn the_runtime_can_be_finished_from_inside_another_runtime() {
        let host = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let (done, finished) = std::sync::mpsc::channel();
        host.block_on(async {
            let runtime = Runtime::start(1, Duration::from_secs(1)).unwrap();
            runtime
                .finish_with(move |runtime| {
                    runtime.shutdown_timeout(Duration::from_secs(1));
                    done.send(()).unwrap();
                })
                .unwrap();
            drop(runtime);
        });
        finished.recv().unwrap();
    }
}
