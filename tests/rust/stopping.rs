//! A session that will not stop is ended in stages, each within its limit; what is left is named and can act no more.
#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::path::PathBuf;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};

use livekeeper::{
    AccountStop, AccountWorker, Config, EventKind, Fence, HelperProcess, Secret, SessionEnd, StageOutcome, StopStage, TaskManager,
    WorkerTask,
};
use livekeeper_tests::processes::{Ear, can_guard, lives};
use livekeeper_tests::{LIMIT, LIMIT_S, ONLINE, Scratch, hear};

const HANGING: &str = "a call that hangs";

/// Holds a process that ignores SIGTERM and a blocking call that hangs, and does not stop.
struct Stubborn {
    fifo: PathBuf,
    /// Its right to act, told when it runs.
    fence: Sender<Fence>,
    /// The blocking call hangs until the other end is dropped.
    release: Mutex<Option<Receiver<()>>>,
    /// It holds up its own thread, too, so that it cannot even be cut off.
    blocks_its_thread: Option<Mutex<Receiver<()>>>,
}

impl AccountWorker for Stubborn {
    async fn run(self: Arc<Self>, mut task: WorkerTask) -> SessionEnd {
        let script = format!("trap '' TERM; echo $$ > '{}'; while :; do sleep 60; done", self.fifo.display());
        let helper = HelperProcess::new(vec!["sh".to_owned(), "-c".to_owned(), script], LIMIT).unwrap();
        let (resources, input, release) = (task.resources().clone(), Secret::new(""), self.release.lock().unwrap().take());
        let hanging = resources.blocking(HANGING, move || release.map(|release| release.recv()));
        let running = resources.run(&helper, &input);
        task.connected();
        self.fence.send(task.fence()).unwrap();
        let deaf = async {
            task.stop_ordered().await;
            if let Some(release) = &self.blocks_its_thread {
                let _ = release.lock().unwrap().recv();
            }
            std::future::pending::<()>().await;
        };
        let _ = tokio::join!(hanging, running, deaf);
        SessionEnd::AsAsked
    }
}

/// One account that will not stop, and what is needed to look at it.
struct Scene {
    tasks: TaskManager<Stubborn>,
    fence: Fence,
    child: i32,
    /// Dropped at the end: lets go of what hangs.
    release: Vec<Sender<()>>,
    scratch: Scratch,
}

fn config() -> Config {
    let mut config = Config::default();
    config.stop_socket_s = 0.5;
    config.stop_process_s = 1.0;
    config.stop_thread_s = 0.4;
    config
}

fn scene(name: &str, blocks_its_thread: bool) -> Scene {
    let scratch = Scratch::new(name);
    let mut ear = Ear::new(scratch.join("ear"));
    let (first, release) = channel();
    let (second, release_thread) = channel();
    let (fence, fences) = channel();
    let tasks = TaskManager::open(config()).unwrap();
    let worker = Stubborn {
        fifo: ear.path().to_owned(),
        fence,
        release: Mutex::new(Some(release)),
        blocks_its_thread: blocks_its_thread.then(|| Mutex::new(release_thread)),
    };
    tasks.add("stubborn", worker).wait().unwrap();
    tasks.wait_for("stubborn", ONLINE, LIMIT_S).wait().unwrap();
    let child = ear.pid();
    let fence = fences.recv_timeout(LIMIT).unwrap();
    assert!(fence.is_current() && lives(child));
    Scene { tasks, fence, child, release: vec![first, second], scratch }
}

/// Each stage took its limit: what it waits for does not come. Of the second, a twentieth is kept for killing. How much longer it
/// may have taken is for a machine that is busy with other things.
fn assert_stages(stop: &AccountStop, expected: &[(StopStage, StageOutcome, f64)]) {
    let stages: Vec<_> = stop.stages.iter().map(|stage| (stage.stage, stage.outcome)).collect();
    assert_eq!(stages, expected.iter().map(|(stage, outcome, _)| (*stage, *outcome)).collect::<Vec<_>>(), "{stop:?}");
    for (stage, (_, _, limit_s)) in stop.stages.iter().zip(expected) {
        assert!(stage.took_s >= 0.9 * limit_s && stage.took_s <= 1.1 * limit_s + 5.0, "{stage:?}, its limit is {limit_s} s");
    }
    assert!(stop.took_s >= stop.stages.iter().map(|stage| stage.took_s).sum(), "{stop:?}");
}

const ALL_STAGES: [(StopStage, StageOutcome, f64); 3] = [
    (StopStage::Socket, StageOutcome::TimedOut, 0.5),
    (StopStage::Process, StageOutcome::Done, 1.0),
    (StopStage::Thread, StageOutcome::TimedOut, 0.4),
];

#[test]
fn a_session_with_a_deaf_child_and_a_hanging_call_ends_in_three_stages_each_within_its_limit() {
    if !can_guard() {
        return;
    }
    let Scene { tasks, fence, child, release: _release, scratch: _scratch } = scene("three-stages", false);
    let report = tasks.close(LIMIT_S).wait().unwrap();
    assert!(!report.is_clean());
    assert_stages(&report.accounts[0], &ALL_STAGES);
    assert_eq!(report.accounts[0].left, [format!("the work {HANGING:?}")]);
    assert!(!fence.is_current(), "what is left can act no more");
    assert!(!lives(child));
}

#[test]
fn a_session_that_holds_up_its_own_thread_is_named_as_left_and_can_act_no_more() {
    if !can_guard() {
        return;
    }
    let Scene { tasks, fence, child, release: _release, scratch: _scratch } = scene("own-thread", true);
    let report = tasks.close(LIMIT_S).wait().unwrap();
    assert_stages(&report.accounts[0], &ALL_STAGES);
    assert_eq!(report.accounts[0].left, ["its session's task".to_owned(), format!("the work {HANGING:?}")]);
    assert!(!fence.is_current());
    assert!(!lives(child));
}

#[test]
fn removing_a_session_that_will_not_stop_is_answered_and_told_by_an_event_and_the_id_is_free_again() {
    if !can_guard() {
        return;
    }
    let Scene { tasks, fence, child, release: _release, scratch } = scene("removed", false);
    let mut events = tasks.events().unwrap();
    tasks.remove("stubborn").wait().unwrap();
    let stop = hear(&mut events, |event| match &event.kind {
        EventKind::Stopped { report } => Some(report.clone()),
        _ => None,
    });
    assert_stages(&stop, &ALL_STAGES);
    assert_eq!(stop.left, [format!("the work {HANGING:?}")]);
    assert!(!fence.is_current() && !lives(child));
    assert!(tasks.status("stubborn").is_err());
    let (fence, fences) = channel();
    // What is left of the removed one does not hold up its successor.
    let again = Stubborn { fifo: scratch.join("ear"), fence, release: Mutex::new(None), blocks_its_thread: None };
    tasks.add("stubborn", again).wait().unwrap();
    assert!(fences.recv_timeout(LIMIT).unwrap().is_current());
    let report = tasks.close(LIMIT_S).wait().unwrap();
    assert!(report.is_clean(), "this one had no call that hangs: {report:?}");
}
