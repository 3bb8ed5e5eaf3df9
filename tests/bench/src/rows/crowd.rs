//! Many accounts, connected and idle: what it costs to connect them, to keep them, and how long the end takes.

use std::time::Duration;

use tokio::time::sleep;

use super::{Scale, and_tls, attempt, clients};
use crate::Failure;
use crate::cli::Settings;
use crate::client::Client;
use crate::results::{Bound, Results, Row};
use crate::stand::{Running, Stand};

/// What is left to do after the last registration is done by then.
const SETTLED: Duration = Duration::from_secs(1);

/// What a client costs without an account: subtracted, so that an account's own cost is left.
struct Base {
    cpu: Duration,
    memory_bytes: u64,
}

/// All clients are connected one after the other, then left in peace at the same time: the same time for all.
pub(super) async fn run(settings: &Settings, scale: &Scale, results: &mut Results, tls: bool) -> Result<(), Failure> {
    let stand = Stand::new(settings, tls).await?;
    let scenario = if tls { "crowd-tls" } else { "crowd" };
    let mut crowd = Vec::new();
    for client in clients(&Client::ALL, settings, results.run) {
        let accounts = (scale.crowd)(client);
        eprintln!("  {}: {accounts} accounts", client.name());
        let started = async { Ok::<_, Failure>((base(&stand, client).await?, stand.start(client, accounts).await?)) };
        let Some((base, running)) = attempt(results, scenario, client, started.await) else { continue };
        let cpu = running.connect_cpu.saturating_sub(base.cpu);
        let row = Row::new(format!("CPU to connect an account{}, ms", and_tls(tls)), Bound::TimesFloor(2.0));
        results.add(&row, client, per_account(cpu.as_secs_f64() * 1e3, &running));
        let row = Row::new(format!("accounts connected a second{}", and_tls(tls)), Bound::None);
        results.add(&row, client, accounts as f64 / running.connected_in.as_secs_f64());
        crowd.push((client, base, running));
    }
    sleep(SETTLED).await;
    if let Some(idle) = scale.idle {
        let before = crowd.iter().map(|(_, _, running)| running.child.cpu()).collect::<Result<Vec<_>, _>>()?;
        eprintln!("  idle for {idle:?}");
        sleep(idle).await;
        for ((client, _, running), before) in crowd.iter().zip(before) {
            let cpu = running.child.cpu()?.saturating_sub(before);
            let per_minute = cpu.as_secs_f64() * 1e3 * 60.0 / idle.as_secs_f64();
            let row = Row::new(format!("idle CPU per account-minute{}, ms", and_tls(tls)), Bound::TimesFloor(1.5));
            results.add(&row, *client, per_account(per_minute, running));
        }
    }
    for (client, base, running) in &crowd {
        let memory = running.child.memory_bytes()?.saturating_sub(base.memory_bytes);
        let row = Row::new(format!("memory per idle account{}, KiB", and_tls(tls)), Bound::TimesFloor(1.5));
        results.add(&row, *client, per_account(memory as f64 / 1024.0, running));
        if !tls {
            let row = Row::new("memory without an account, MiB", Bound::None);
            results.add(&row, *client, base.memory_bytes as f64 / 1024.0 / 1024.0);
        }
    }
    for (client, _, running) in crowd {
        let Some(took) = attempt(results, scenario, client, running.child.end().await) else { continue };
        // Others have fewer accounts: only what is comparable stands in one row.
        if Client::RUST.contains(&client) {
            let row = Row::new(format!("closing {} accounts{}, s", (scale.crowd)(client), and_tls(tls)), Bound::AtMost(3.0));
            results.add(&row, client, took.as_secs_f64());
        }
    }
    results.note_faults(scenario, stand.end().await);
    Ok(())
}

async fn base(stand: &Stand<'_>, client: Client) -> Result<Base, Failure> {
    let empty = stand.start(client, 0).await?;
    let base = Base { cpu: empty.connect_cpu, memory_bytes: empty.child.memory_bytes()? };
    empty.child.end().await?;
    Ok(base)
}

fn per_account(figure: f64, running: &Running) -> f64 {
    figure / running.unbs.len() as f64
}
