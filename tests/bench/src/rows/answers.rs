//! Buyers who write as fast as they are answered: how many answers a second, and what one costs.

use super::{Scale, and_tls, attempt, clients};
use crate::Failure;
use crate::cli::Settings;
use crate::client::Client;
use crate::load::{self, Answers, QUESTION};
use crate::results::{Bound, Results, Row};
use crate::stand::Stand;

pub(super) async fn run(settings: &Settings, scale: &Scale, results: &mut Results, tls: bool) -> Result<(), Failure> {
    let scenario = if tls { "answers-tls" } else { "answers" };
    let among = if tls { &Client::RUST[..] } else { &Client::ALL[..] };
    for client in clients(among, settings, results.run) {
        let measured = measure(settings, scale, client, scale.busy, tls, results).await;
        let Some(answers) = attempt(results, scenario, client, measured) else { continue };
        let row = Row::new(format!("CPU per answered message{}, µs", and_tls(tls)), Bound::TimesFloor(1.3));
        results.add(&row, client, cpu_us(&answers));
        let row = Row::new(format!("replies a second{}", and_tls(tls)), Bound::TimesFloorAtLeast(1.0));
        results.add(&row, client, answers.count as f64 / answers.took.as_secs_f64());
        let row = Row::new(format!("the simulator's own CPU{}, µs", and_tls(tls)), Bound::None);
        results.add(&row, client, answers.simulator_cpu.as_secs_f64() * 1e6 / answers.count as f64);
    }
    Ok(())
}

/// A closed loop with so many accounts.
pub(super) async fn measure(
    settings: &Settings,
    scale: &Scale,
    client: Client,
    accounts: usize,
    tls: bool,
    results: &mut Results,
) -> Result<Answers, Failure> {
    let stand = Stand::new(settings, tls).await?;
    let running = stand.start(client, accounts).await?;
    let answers = load::closed(&stand.simulator, &running.child, &running.unbs, QUESTION, scale.warm_up, scale.window).await?;
    running.child.end().await?;
    results.note_faults(&format!("{accounts} accounts{}: {}", and_tls(tls), client.name()), stand.end().await);
    complete(answers)
}

/// What was asked and never answered, or answered without being asked, makes the rest worthless.
pub(super) fn complete(answers: Answers) -> Result<Answers, Failure> {
    match answers {
        Answers { unanswered: 1.., .. } => Err(format!("{} questions were not answered", answers.unanswered).into()),
        Answers { strays: 1.., .. } => {
            Err(format!("{} sends answered nothing, or what was answered already", answers.strays).into())
        }
        Answers { count: 0, .. } => Err("nothing was answered".into()),
        answers => Ok(answers),
    }
}

pub(super) fn cpu_us(answers: &Answers) -> f64 {
    answers.client_cpu.as_secs_f64() * 1e6 / answers.count as f64
}
