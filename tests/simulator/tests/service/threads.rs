//! The simulator on a thread of its own.

use std::time::{Duration, Instant};

use livekeeper_simulator::{Options, SimulatorThread, StartError};

use crate::client::{Client, LIMIT, UNB};

#[test]
fn a_host_without_a_runtime_can_wait_for_it_and_stop_it() {
    let mut simulator = SimulatorThread::start(Options::default()).unwrap();
    let handle = simulator.handle();
    let client = std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let mut client = Client::online(&handle, UNB).await;
            client.say("1", "2", "在的").await;
            client.closed().await
        })
    });
    simulator.wait_online_blocking(UNB, LIMIT).unwrap();
    assert_eq!(simulator.wait_sends_blocking(UNB, 1, LIMIT).unwrap().len(), 1);
    assert!(simulator.wait_until_blocking(Duration::from_millis(10), |seen| seen.connections() == 2).is_err());
    let started = Instant::now();
    assert!(simulator.stop());
    assert!(started.elapsed() < Duration::from_secs(3));
    assert_eq!(client.join().unwrap(), Some(1001));
    assert!(simulator.stop(), "a second time is no error");
}

#[test]
fn a_client_that_does_not_answer_the_close_does_not_hold_the_stop_up() {
    let mut simulator = SimulatorThread::start(Options::default()).unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    // Its runtime stands still from here on: nothing is read, nothing answered.
    let _client = runtime.block_on(Client::online(&simulator, UNB));
    let started = Instant::now();
    assert!(simulator.stop());
    assert!(started.elapsed() < Duration::from_secs(2), "{:?}", started.elapsed());
}

#[test]
fn only_loopback_is_listened_on() {
    let options = Options { listen: "0.0.0.0:0".parse().unwrap(), ..Options::default() };
    assert!(matches!(SimulatorThread::start(options).unwrap_err(), StartError::NotLoopback(_)));
}
