//! What single steps cost in time: `make bench-micro`.
#![allow(missing_docs, reason = "criterion's macros write no documentation")]

use std::hint::black_box;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use livekeeper::internals::Store;
use livekeeper::{Config, CookieManager, TaskState, Wanted};
use livekeeper_micro::Scratch;
use tokio::runtime::{Builder, Runtime};

/// Messages that many accounts hand over at the same time.
const TOGETHER: u64 = 256;

fn every_message(criterion: &mut Criterion) {
    for (name, make) in livekeeper_micro::STEPS {
        criterion.bench_function(name, |bencher| bencher.iter(make()));
    }
}

fn status(criterion: &mut Criterion) {
    let manager = Arc::new(manager());
    criterion.bench_function("status", |bencher| bencher.iter(|| black_box(manager.status(black_box("shop")).is_ok())));
    let is_over = Arc::new(AtomicBool::new(false));
    let writer = {
        let (manager, is_over) = (Arc::clone(&manager), Arc::clone(&is_over));
        thread::spawn(move || {
            for number in 0.. {
                if is_over.load(Ordering::Relaxed) {
                    break;
                }
                manager.set_priority("shop", number % 100).wait().expect("the account is there");
            }
        })
    };
    criterion
        .bench_function("status, busy writer", |bencher| bencher.iter(|| black_box(manager.status(black_box("shop")).is_ok())));
    is_over.store(true, Ordering::Relaxed);
    writer.join().expect("the writer has not panicked");
}

/// A manager with one account that nobody connects.
fn manager() -> CookieManager {
    let mut config = Config::default();
    "ws://127.0.0.1:9/".clone_into(&mut config.websocket_url);
    "http://127.0.0.1:9/h5".clone_into(&mut config.api_url);
    let manager = CookieManager::open(":memory:", config).expect("a store in memory can be opened");
    manager.add_cookie("shop", "unb=2280551454090; _m_h5_tk=0_1; cookie2=x", None, None).wait().expect("the cookie is good");
    manager.update_cookie_status("shop", false).wait().expect("the account is there");
    let stopped = Wanted { state: Some(TaskState::Stopped), connection: None };
    manager.wait_for("shop", stopped, 30.0).wait().expect("it stops");
    manager
}

/// Accounts whose messages come by turns.
const ACCOUNTS: usize = 500;

/// All that an answered message has stored: its row, its decision with the row of its reply, how that ended, its echo; each durable
/// before the next step, but for the third.
fn store(criterion: &mut Criterion) {
    let runtime = Builder::new_current_thread().build().expect("a runtime without I/O can be built");
    let directory = Scratch::new(&std::env::temp_dir()).expect("the temporary directory is writable");
    let store = runtime.block_on(Store::open(&directory.join("shop.db"), ACCOUNTS)).expect("the temporary directory is writable");
    let mut next = 0;
    let mut group = criterion.benchmark_group("store");
    group.sample_size(20).measurement_time(Duration::from_secs(10));
    for together in [1, TOGETHER] {
        group.throughput(Throughput::Elements(together));
        group.bench_function(format!("{together} together"), |bencher| {
            bencher.iter_custom(|times| {
                let begun = Instant::now();
                for _ in 0..times {
                    take_in(&runtime, &store, next, together);
                    next += together;
                }
                begun.elapsed()
            });
        });
    }
    group.finish();
}

fn take_in(runtime: &Runtime, store: &Store, first: u64, together: u64) {
    runtime.block_on(async {
        let mut answering = Vec::new();
        for number in first..first + together {
            answering.push(store.answer(number).await.expect("the store is open"));
        }
        for answering in answering {
            assert!(answering.done().await, "each is new");
        }
        let mut echoing = Vec::new();
        for number in first..first + together {
            echoing.push(store.echo(number).await.expect("the store is open"));
        }
        for echoing in echoing {
            assert!(echoing.done().await, "each is new");
        }
    });
}

criterion_group!(benches, every_message, status, store);
criterion_main!(benches);
