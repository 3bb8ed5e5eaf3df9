//! A simulator on a thread of its own, for hosts that have no runtime (a Python test, a plain `#[test]`).

use std::ops::Deref;
use std::sync::mpsc;
use std::thread::{Builder, JoinHandle};
use std::time::Duration;

use crate::error::StartError;
use crate::options::Options;
use crate::simulator::Simulator;
use crate::state::raised;

/// Connections have 1 s to end; this is that and a margin for a busy machine.
const STOP_TIMEOUT: Duration = Duration::from_secs(3);

/// A running simulator and its thread. All of [`Simulator`] is there by `Deref`; of the waits, use those that end in
/// `_blocking` outside a runtime. Dropping it stops it, as [`SimulatorThread::stop`] does.
///
/// ```
/// use livekeeper_simulator::{Options, SimulatorThread};
///
/// let mut simulator = SimulatorThread::start(Options::default()).unwrap();
/// assert!(simulator.websocket_url().starts_with("ws://127.0.0.1:"));
/// assert!(simulator.cookie("2280551454090").contains("unb=2280551454090"));
/// assert!(simulator.stop());
/// ```
#[derive(Debug)]
pub struct SimulatorThread {
    simulator: Simulator,
    ended: mpsc::Receiver<()>,
    thread: Option<JoinHandle<()>>,
}

impl SimulatorThread {
    /// Starts a thread, a runtime on it and a simulator in that. Blocks until it listens.
    ///
    /// # Errors
    /// [`StartError`]: as [`Simulator::start`], or the thread or its runtime could not be started.
    pub fn start(options: Options) -> Result<Self, StartError> {
        let (started, starting) = mpsc::sync_channel(1);
        let (ending, ended) = mpsc::sync_channel(1);
        let thread = Builder::new()
            .name("livekeeper-simulator".to_owned())
            .spawn(move || {
                run(options, &started);
                // Whoever stopped it may have given up on it.
                let _ = ending.try_send(());
            })
            .map_err(StartError::Thread)?;
        let simulator = starting.recv().map_err(|error| StartError::Thread(std::io::Error::other(error)))??;
        Ok(Self { simulator, ended, thread: Some(thread) })
    }

    /// A handle to the simulator; it does not keep the thread alive.
    pub fn handle(&self) -> Simulator {
        self.simulator.clone()
    }

    /// Stops the simulator and its thread; blocks for 3 s at the most. `false`: the thread still runs after that.
    /// A second call does nothing.
    pub fn stop(&mut self) -> bool {
        self.simulator.shared().stopping.send_replace(true);
        let Some(thread) = self.thread.take() else { return true };
        match self.ended.recv_timeout(STOP_TIMEOUT) {
            Err(mpsc::RecvTimeoutError::Timeout) => false,
            // A panic of the thread was printed where it happened.
            Ok(()) | Err(mpsc::RecvTimeoutError::Disconnected) => thread.join().is_ok(),
        }
    }
}

fn run(options: Options, started: &mpsc::SyncSender<Result<Simulator, StartError>>) {
    let runtime = match tokio::runtime::Builder::new_current_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            let _ = started.send(Err(StartError::Thread(error)));
            return;
        }
    };
    runtime.block_on(async {
        let simulator = match Simulator::start(options).await {
            Ok(simulator) => simulator,
            Err(error) => {
                let _ = started.send(Err(error));
                return;
            }
        };
        let mut stopped = simulator.shared().stopped.subscribe();
        if started.send(Ok(simulator)).is_ok() {
            // Ends when the simulator has stopped, or when nothing is left of it.
            raised(&mut stopped).await;
        }
    });
}

impl Deref for SimulatorThread {
    type Target = Simulator;

    fn deref(&self) -> &Simulator {
        &self.simulator
    }
}

impl Drop for SimulatorThread {
    fn drop(&mut self) {
        self.stop();
    }
}
