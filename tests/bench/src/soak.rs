//! Memory over a long time: buyers write without a pause, and livekeeper's memory is to stay what it is.

use std::time::Duration;

use crate::Failure;
use crate::cli::Settings;
use crate::client::Client;
use crate::load;
use crate::machine::Machine;
use crate::stand::Stand;

const ACCOUNTS: usize = 500;
const MESSAGES_PER_S: u32 = 500;
const LOOK: Duration = Duration::from_secs(60);

pub(crate) fn run(settings: &Settings) -> Result<(), Failure> {
    print!("{}", Machine::look(settings).text());
    println!("{ACCOUNTS} accounts, {MESSAGES_PER_S} messages/s for {} min", settings.minutes);
    tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(soak(settings))
}

async fn soak(settings: &Settings) -> Result<(), Failure> {
    let stand = Stand::new(settings, false).await?;
    let running = stand.start(Client::Livekeeper, ACCOUNTS).await?;
    let mut looks = vec![running.child.memory_bytes()?];
    println!("minute  memory MiB  µs/message  unanswered  strays");
    println!("{:6}  {:10.1}", 0, mib(looks[0]));
    for minute in 1..=settings.minutes {
        let answers = load::open(&stand.simulator, &running.child, &running.unbs, MESSAGES_PER_S, LOOK).await?;
        looks.push(running.child.memory_bytes()?);
        let cpu_us = answers.client_cpu.as_secs_f64() * 1e6 / answers.count.max(1) as f64;
        println!(
            "{minute:6}  {:10.1}  {cpu_us:10.1}  {:10}  {:6}",
            mib(looks[looks.len() - 1]),
            answers.unanswered,
            answers.strays
        );
    }
    let (half, last) = (looks[looks.len() / 2], looks[looks.len() - 1]);
    println!("{:+.1} MiB in the second half", mib(last) - mib(half));
    running.child.end().await?;
    for fault in stand.end().await {
        println!("{fault}");
    }
    Ok(())
}

fn mib(bytes: u64) -> f64 {
    bytes as f64 / 1024.0 / 1024.0
}
