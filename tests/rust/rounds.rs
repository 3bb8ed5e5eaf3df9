//! Accounts that come and go, ten thousand times: nothing of them stays.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::net::TcpListener;
use std::sync::mpsc::{Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use livekeeper::{AccountWorker, CapacityKind, Config, CookieManager, KeywordRule, SessionEnd, TaskManager, WorkerTask};
use livekeeper_tests::{LIMIT, LIMIT_S};

const ROUNDS: usize = 10_000;
const AT_ONCE: usize = 100;
/// What allocators keep and give back differs from look to look; a leak of half a kilobyte a round is more than this.
const MEMORY_SLACK: u64 = 4 * 1024 * 1024;

/// Threads, descriptors and memory are the process's: one test at a time.
static ALONE: Mutex<()> = Mutex::new(());

fn config() -> Config {
    let mut config = Config::default();
    config.connect_rate_per_s = 10_000.0;
    config.max_connecting = 1_000;
    config.health_interval_s = 300.0;
    config
}

/// What must be as it was: all that is counted, and the memory.
#[derive(Debug)]
struct Footprint {
    counted: Vec<(CapacityKind, u64)>,
    memory: u64,
}

fn footprint(manager: &CookieManager) -> Footprint {
    use CapacityKind::{
        Accounts, CallQueue, Connecting, Connections, FileDescriptors, Helpers, StoreQueue, Threads, WaitingToConnect,
    };
    let capacity = manager.capacity().unwrap();
    let used = |kind| capacity.get(kind).unwrap().used;
    let counted = [Accounts, Connections, Connecting, WaitingToConnect, FileDescriptors, Threads, CallQueue, StoreQueue, Helpers];
    Footprint { counted: counted.map(|kind| (kind, used(kind))).to_vec(), memory: used(CapacityKind::MemoryBytes) }
}

/// Adds and removes `AT_ONCE` accounts, so many times that it comes to `rounds` of both.
fn rounds(manager: &CookieManager, rounds: usize) {
    for _ in 0..rounds / AT_ONCE {
        let rules = || Some(vec![KeywordRule::new("在吗", "在的")]);
        let adds = (0..AT_ONCE).map(|n| manager.add_cookie(&format!("shop {n}"), &format!("unb={n}; _m_h5_tk=t_1"), rules(), None));
        adds.collect::<Vec<_>>().into_iter().for_each(|call| call.wait().unwrap());
        let removals = (0..AT_ONCE).map(|n| manager.remove_cookie(&format!("shop {n}")));
        removals.collect::<Vec<_>>().into_iter().for_each(|call| call.wait().unwrap());
    }
}

#[test]
fn ten_thousand_rounds_of_adding_and_removing_leave_threads_descriptors_and_memory_as_they_were() {
    let _alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
    // A port where nobody listens: what is tried fails at once, and is tried again.
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let mut config = config();
    config.websocket_url = format!("ws://127.0.0.1:{port}/");
    config.api_url = format!("http://127.0.0.1:{port}/h5");
    config.backoff_initial_s = 0.01;
    let manager = CookieManager::open(":memory:", config).unwrap();
    rounds(&manager, ROUNDS / 10);
    let before = footprint(&manager);
    rounds(&manager, ROUNDS);
    let until = Instant::now() + LIMIT;
    loop {
        let after = footprint(&manager);
        if after.counted == before.counted && after.memory <= before.memory + MEMORY_SLACK {
            break;
        }
        assert!(Instant::now() < until, "{before:?}, and then {after:?}");
        // What has been let go of may still be on its way out: another few come and go.
        rounds(&manager, AT_ONCE);
    }
    assert!(manager.close(LIMIT_S).wait().unwrap().accounts.is_empty());
}

/// Tells how many tasks its runtime has, then lives until it is told to stop.
struct Probe(Option<Sender<usize>>);

impl AccountWorker for Probe {
    async fn run(self: Arc<Self>, mut task: WorkerTask) -> SessionEnd {
        if let Some(tell) = &self.0 {
            tell.send(tokio::runtime::Handle::current().metrics().num_alive_tasks()).unwrap();
        }
        task.connected();
        task.stop_ordered().await;
        SessionEnd::AsAsked
    }
}

#[test]
fn ten_thousand_rounds_of_adding_and_removing_leave_as_many_tasks_as_there_were() {
    let _alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
    let tasks = TaskManager::open(config()).unwrap();
    let (tell, told) = channel();
    tasks.add("probe", Probe(Some(tell))).wait().unwrap();
    let before = told.recv_timeout(LIMIT).unwrap();
    for _ in 0..ROUNDS / AT_ONCE {
        let adds = (0..AT_ONCE).map(|n| tasks.add(&n.to_string(), Probe(None)));
        adds.collect::<Vec<_>>().into_iter().for_each(|call| call.wait().unwrap());
        let removals = (0..AT_ONCE).map(|n| tasks.remove(&n.to_string()));
        removals.collect::<Vec<_>>().into_iter().for_each(|call| call.wait().unwrap());
    }
    let until = Instant::now() + LIMIT;
    loop {
        tasks.restart("probe").wait().unwrap();
        let after = told.recv_timeout(LIMIT).unwrap();
        if after <= before {
            break;
        }
        assert!(Instant::now() < until, "{before} tasks, and then {after}");
    }
    assert_eq!(tasks.metrics().unwrap().accounts, 1);
}
