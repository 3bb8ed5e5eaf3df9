//! What is measured: a file for each scenario, and the order in which they run.

mod answers;
mod crowd;
mod latency;
mod programs;
mod sizes;
mod sweep;

use std::fs;
use std::num::NonZeroUsize;
use std::time::{Duration, Instant};

use serde_json::json;

use crate::Failure;
use crate::cli::Settings;
use crate::client::Client;
use crate::machine::Machine;
use crate::results::Results;
use crate::table;

/// What `--only` may name.
pub(crate) struct Scenario {
    pub(crate) name: &'static str,
    /// Where nothing else is said. What takes longest has fewest.
    runs: usize,
    /// Whether `--quick` has it: it leaves out what takes long, or looks at one thing more.
    is_quick: bool,
}

pub(crate) const SCENARIOS: [Scenario; 12] = [
    Scenario { name: "crowd", runs: 5, is_quick: true },
    Scenario { name: "crowd-tls", runs: 1, is_quick: false },
    Scenario { name: "answers", runs: 5, is_quick: true },
    Scenario { name: "answers-tls", runs: 3, is_quick: false },
    Scenario { name: "latency", runs: 5, is_quick: true },
    Scenario { name: "accounts", runs: 1, is_quick: false },
    Scenario { name: "rules", runs: 1, is_quick: false },
    Scenario { name: "store", runs: 5, is_quick: true },
    Scenario { name: "status", runs: 5, is_quick: true },
    Scenario { name: "match", runs: 5, is_quick: true },
    Scenario { name: "python", runs: 5, is_quick: true },
    Scenario { name: "sizes", runs: 1, is_quick: true },
];

impl Scenario {
    fn is_wanted(&self, settings: &Settings) -> bool {
        match settings.only.is_empty() {
            true => self.is_quick || !settings.quick,
            false => settings.only.iter().any(|only| only == self.name),
        }
    }

    fn runs(&self, settings: &Settings) -> usize {
        settings.runs.map_or(if settings.quick { 1 } else { self.runs }, NonZeroUsize::get)
    }
}

/// How large a scenario is.
pub(crate) struct Scale {
    /// Accounts of each client that are connected and idle. Python's take long to connect.
    pub(crate) crowd: fn(Client) -> usize,
    /// Accounts in the closed and open loops.
    pub(crate) busy: usize,
    pub(crate) warm_up: Duration,
    pub(crate) window: Duration,
    /// `None`: what they cost while they are idle is not measured. It takes 30 s: in these each account beats twice, and livekeeper
    /// looks at the health of each once. In less it might not look at all.
    pub(crate) idle: Option<Duration>,
}

const FULL: Scale = Scale {
    crowd: |client| match client {
        Client::Livekeeper | Client::Floor => 5_000,
        Client::Fastest => 1_000,
        Client::Usual => 500,
    },
    busy: 500,
    warm_up: Duration::from_secs(1),
    window: Duration::from_secs(3),
    idle: Some(Duration::from_secs(30)),
};

const QUICK: Scale = Scale {
    crowd: |client| match client {
        Client::Livekeeper | Client::Floor => 1_000,
        Client::Fastest | Client::Usual => 200,
    },
    busy: 500,
    warm_up: Duration::from_millis(500),
    window: Duration::from_millis(1_500),
    idle: None,
};

/// Measures and prints.
pub(crate) fn bench(settings: &Settings) -> Result<(), Failure> {
    fs::create_dir_all(&settings.scratch)?;
    let machine = Machine::look(settings);
    eprint!("{}", machine.text());
    // The simulator and the buyers on one thread: the other processors are the client's.
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let results = runtime.block_on(measure(settings));
    println!("\n{}\n{}", machine.text(), table::draw(&results));
    if let Some(path) = &settings.json {
        let all = json!({"machine": machine.to_json(), "results": results.to_json()});
        fs::write(path, serde_json::to_string_pretty(&all)?)?;
    }
    Ok(())
}

async fn measure(settings: &Settings) -> Results {
    let scale = if settings.quick { &QUICK } else { &FULL };
    let mut results = Results::default();
    for client in Client::ALL.into_iter().filter(|client| !client.is_there(settings)) {
        results.note(format!("{}: its Python environment or program is not there (make bench makes it)", client.name()));
    }
    for scenario in SCENARIOS.iter().filter(|scenario| scenario.is_wanted(settings)) {
        let (name, runs) = (scenario.name, scenario.runs(settings));
        for run in 0..runs {
            let started = Instant::now();
            results.run = run;
            eprintln!("{name}, run {} of {}", run + 1, runs);
            if let Err(problem) = measure_one(name, settings, scale, &mut results).await {
                results.note(format!("{name}: {problem}"));
            }
            eprintln!("  {:.1} s", started.elapsed().as_secs_f64());
        }
    }
    results
}

async fn measure_one(name: &str, settings: &Settings, scale: &Scale, results: &mut Results) -> Result<(), Failure> {
    match name {
        "crowd" => crowd::run(settings, scale, results, false).await,
        "crowd-tls" => crowd::run(settings, scale, results, true).await,
        "answers" => answers::run(settings, scale, results, false).await,
        "answers-tls" => answers::run(settings, scale, results, true).await,
        "latency" => latency::run(settings, scale, results).await,
        "accounts" => sweep::accounts(settings, scale, results).await,
        "rules" => sweep::rules(settings, scale, results).await,
        "store" => programs::store(settings, results).await,
        "status" => programs::status(settings, results).await,
        "match" => programs::first_match(settings, results).await,
        "python" => programs::import(settings, results).await,
        _ => {
            sizes::run(settings, results);
            Ok(())
        }
    }
}

/// The clients that can be started here, in the run's order.
fn clients(among: &[Client], settings: &Settings, run: usize) -> Vec<Client> {
    in_turn(among.iter().copied().filter(|client| client.is_there(settings)).collect(), run)
}

/// Each two runs another is first, and the second of the two goes the other way round: so none always has the quiet start, and
/// none always follows the same one.
fn in_turn(mut clients: Vec<Client>, run: usize) -> Vec<Client> {
    let turns = run / 2 % clients.len().max(1);
    clients.rotate_left(turns);
    if run % 2 == 1 {
        clients.reverse();
    }
    clients
}

/// A client that could not be measured costs its own figures only.
fn attempt<T>(results: &mut Results, scenario: &str, client: Client, measured: Result<T, Failure>) -> Option<T> {
    measured.map_err(|problem| results.note(format!("{scenario}: {}: {problem}", client.name()))).ok()
}

fn and_tls(tls: bool) -> &'static str {
    if tls { ", TLS" } else { "" }
}

#[cfg(test)]
mod tests {
    use super::in_turn;
    use crate::client::Client;

    #[test]
    fn each_is_first_equally_often() {
        for clients in [&Client::RUST[..], &Client::ALL[..]] {
            let runs = 2 * clients.len();
            let first: Vec<_> = (0..runs).map(|run| in_turn(clients.to_vec(), run)[0]).collect();
            for client in clients {
                assert_eq!(first.iter().filter(|first| *first == client).count(), 2, "{client:?} of {first:?}");
            }
        }
    }

    #[test]
    fn of_two_each_follows_the_other_equally_often() {
        let last = |run| in_turn(Client::RUST.to_vec(), run)[1];
        assert_eq!([0, 1, 2, 3].map(last), [Client::Floor, Client::Livekeeper, Client::Livekeeper, Client::Floor]);
    }
}
