//! Buyers who write so many messages a second: how long one waits for its reply.

use std::time::Duration;

use super::answers::complete;
use super::{Scale, attempt, clients};
use crate::Failure;
use crate::cli::Settings;
use crate::client::Client;
use crate::load;
use crate::results::{Bound, Results, Row};
use crate::stand::Stand;
use crate::statistics::percentile;

/// Messages a second, and for how long.
const FULL: [(u32, Duration); 3] =
    [(100, Duration::from_secs(3)), (1_000, Duration::from_secs(2)), (5_000, Duration::from_secs(2))];
const QUICK: [(u32, Duration); 2] = [(100, Duration::from_secs(1)), (1_000, Duration::from_secs(2))];
/// The usual stack of Python does not come to the highest rate.
const MEASURED: [Client; 3] = [Client::Livekeeper, Client::Floor, Client::Fastest];
const PERCENTILES: [(f64, &str); 3] = [(0.5, "p50"), (0.99, "p99"), (0.999, "p99.9")];

pub(super) async fn run(settings: &Settings, scale: &Scale, results: &mut Results) -> Result<(), Failure> {
    let rates = if settings.quick { &QUICK[..] } else { &FULL[..] };
    let among = if settings.quick { &Client::RUST[..] } else { &MEASURED[..] };
    for client in clients(among, settings, results.run) {
        let measured = measure(settings, scale, client, rates, results).await;
        attempt(results, "latency", client, measured);
    }
    Ok(())
}

async fn measure(
    settings: &Settings,
    scale: &Scale,
    client: Client,
    rates: &[(u32, Duration)],
    results: &mut Results,
) -> Result<(), Failure> {
    let stand = Stand::new(settings, false).await?;
    let running = stand.start(client, scale.busy).await?;
    for (rate, window) in rates {
        // What runs for the first time is not what is measured.
        let warm_up = load::open(&stand.simulator, &running.child, &running.unbs, *rate, scale.warm_up).await?;
        complete(warm_up).map_err(|problem| format!("at {rate}/s, warming up: {problem}"))?;
        let answers = load::open(&stand.simulator, &running.child, &running.unbs, *rate, *window).await?;
        let answers = complete(answers).map_err(|problem| format!("at {rate}/s: {problem}"))?;
        for (part, name) in PERCENTILES {
            let bound = if (*rate, name) == (1_000, "p99") { Bound::OverFloor(10.0) } else { Bound::None };
            let row = Row::new(format!("latency at {rate}/s, {name}, ms"), bound);
            let latency_us = percentile(&answers.latencies_us, part).unwrap_or_default();
            results.add(&row, client, latency_us as f64 / 1e3);
        }
        let row = Row::new(format!("CPU per message at {rate}/s, µs"), Bound::None);
        results.add(&row, client, super::answers::cpu_us(&answers));
    }
    running.child.end().await?;
    results.note_faults(&format!("latency: {}", client.name()), stand.end().await);
    Ok(())
}
