//! What a manager does without a service: each a process of its own, which prints one figure.

use std::fmt::Display;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Instant;

use livekeeper::{Call, CookieManager, TaskState};
use livekeeper_micro::{STEPS, Scratch};

use crate::Failure;
use crate::host::{offline, rules_for};
use crate::statistics::percentile;

const ACCOUNTS: usize = 10_000;
const THREADS: usize = 16;
const CALLS: usize = 200_000;
/// The first tenth of these only warms up.
const MATCHES: usize = 5_000;
const PASSPHRASE: &str = "of the measurement";
const CLOSE_S: f64 = 60.0;

pub(crate) fn run(what: &str, scratch: &Path) -> Result<(), Failure> {
    let scratch = Scratch::new(scratch)?;
    match what {
        "add" => print(add(&scratch)?),
        "bring" => print(bring(&scratch)?),
        "open" => print(open(&scratch)?),
        "status" => print(status()?),
        "match" => print(first_match()?),
        other => return Err(format!("there is nothing to measure that is called {other:?}").into()),
    }
    Ok(())
}

fn print(figure: impl Display) {
    println!("{figure}");
}

/// Durable additions a second, each thread waiting for each of its own.
fn add(scratch: &Scratch) -> Result<f64, Failure> {
    let manager = CookieManager::open(scratch.join("add.db"), offline())?;
    let started = Instant::now();
    thread::scope(|scope| {
        let manager = &manager;
        let threads: Vec<_> = (0..THREADS).map(|number| scope.spawn(move || add_share(manager, number))).collect();
        threads.into_iter().try_for_each(|thread| thread.join().map_err(|_| "a thread panicked")?)
    })?;
    let took = started.elapsed();
    manager.close(CLOSE_S).wait()?;
    Ok(ACCOUNTS as f64 / took.as_secs_f64())
}

fn add_share(manager: &CookieManager, thread: usize) -> Result<(), Failure> {
    for number in (thread..ACCOUNTS).step_by(THREADS) {
        begin_add(manager, number).wait()?;
    }
    Ok(())
}

fn begin_add(manager: &CookieManager, number: usize) -> Call<()> {
    let cookie = format!("unb={}; _m_h5_tk=0123456789abcdef0123456789abcdef_1; cookie2=x", 2_200_000_000_000 + number);
    manager.add_cookie(&format!("shop {number}"), &cookie, None, None)
}

fn filled(scratch: &Scratch, name: &str) -> Result<CookieManager, Failure> {
    let manager = CookieManager::open(scratch.join(name), offline())?;
    let calls: Vec<_> = (0..ACCOUNTS).map(|number| begin_add(&manager, number)).collect();
    calls.into_iter().try_for_each(Call::wait)?;
    Ok(manager)
}

/// Seconds to take 10,000 accounts, their secrets with them, out of a document.
fn bring(scratch: &Scratch) -> Result<f64, Failure> {
    let document = scratch.join("accounts.json");
    let manager = filled(scratch, "from.db")?;
    manager.export_accounts(&document, Some(PASSPHRASE)).wait()?;
    manager.close(CLOSE_S).wait()?;
    let manager = CookieManager::open(scratch.join("to.db"), offline())?;
    let started = Instant::now();
    let report = manager.import_accounts(&document, Some(PASSPHRASE)).wait()?;
    let took = started.elapsed();
    if report.accounts.len() != ACCOUNTS {
        return Err(format!("{} accounts were taken", report.accounts.len()).into());
    }
    manager.close(CLOSE_S).wait()?;
    Ok(took.as_secs_f64())
}

/// Milliseconds from the call of `open` until every account's actor runs.
fn open(scratch: &Scratch) -> Result<f64, Failure> {
    filled(scratch, "accounts.db")?.close(CLOSE_S).wait()?;
    let started = Instant::now();
    let manager = CookieManager::open(scratch.join("accounts.db"), offline())?;
    // One after the other, each looked at until it is there: a look at all of them again and again would be measured too.
    for number in 0..ACCOUNTS {
        while manager.status(&format!("shop {number}"))?.state == TaskState::Created {
            thread::yield_now();
        }
    }
    let took = started.elapsed();
    manager.close(CLOSE_S).wait()?;
    Ok(took.as_secs_f64() * 1e3)
}

/// Nanoseconds of a `status`, the clock's own cost included, while another thread changes the account and waits for it.
fn status() -> Result<u64, Failure> {
    let manager = CookieManager::open(":memory:", offline())?;
    begin_add(&manager, 0).wait()?;
    let is_over = AtomicBool::new(false);
    let mut took_ns = thread::scope(|scope| {
        let writer = scope.spawn(|| {
            while !is_over.load(Ordering::Relaxed) {
                manager.update_keywords("shop 0", rules_for(10)).wait()?;
            }
            Ok::<_, livekeeper::Error>(())
        });
        let took_ns = (0..CALLS).map(|_| {
            let started = Instant::now();
            std::hint::black_box(manager.status(std::hint::black_box("shop 0"))?);
            Ok(u64::try_from(started.elapsed().as_nanos())?)
        });
        let took_ns = took_ns.collect::<Result<Vec<_>, Failure>>();
        is_over.store(true, Ordering::Relaxed);
        writer.join().map_err(|_| "the writer panicked")??;
        took_ns
    })?;
    took_ns.sort_unstable();
    manager.close(CLOSE_S).wait()?;
    Ok(percentile(&took_ns, 0.99).unwrap_or_default())
}

/// Microseconds to find the first of 10,000 keywords that a message of 200 characters has, of which it is the last: the median.
fn first_match() -> Result<f64, Failure> {
    let (_, make) = STEPS.iter().find(|(name, _)| *name == "match 10,000").ok_or("the step has another name")?;
    let find = make();
    let took_ns = (0..MATCHES).map(|_| {
        let started = Instant::now();
        find();
        u64::try_from(started.elapsed().as_nanos())
    });
    let mut took_ns = took_ns.skip(MATCHES / 10).collect::<Result<Vec<_>, _>>()?;
    took_ns.sort_unstable();
    Ok(percentile(&took_ns, 0.5).unwrap_or_default() as f64 / 1e3)
}
