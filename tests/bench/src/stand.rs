//! A simulator of this process's own, with clients before it. Each run of a scenario has a new one.

use std::fs::{self, File};
use std::io::{BufWriter, Write};
use std::path::PathBuf;
use std::process::Command;
use std::time::{Duration, Instant};

use livekeeper_micro::Scratch;
use livekeeper_simulator::{Options, Simulator};

use crate::Failure;
use crate::child::Child;
use crate::cli::{Settings, USUAL_RULES};
use crate::client::{Client, this_program};
use crate::host::Account;
use crate::process::{self, Hold};

/// For the last pushes to begin to flow, once a client says that it is ready.
const ONLINE_LIMIT: Duration = Duration::from_secs(10);
/// For a store of thousands of accounts to be made.
const PREPARE_LIMIT: Duration = Duration::from_secs(120);

pub(crate) struct Stand<'a> {
    pub(crate) simulator: Simulator,
    pub(crate) settings: &'a Settings,
    scratch: Scratch,
    ca_file: Option<PathBuf>,
}

/// A client with its accounts, all of them registered.
pub(crate) struct Running {
    pub(crate) child: Child,
    /// The accounts' user ids.
    pub(crate) unbs: Vec<String>,
    /// From its start until all were registered.
    pub(crate) connect_cpu: Duration,
    pub(crate) connected_in: Duration,
}

impl<'a> Stand<'a> {
    pub(crate) async fn new(settings: &'a Settings, tls: bool) -> Result<Self, Failure> {
        // What it keeps of each message is bounded by little, and not written down: it is to be fast, and not to grow.
        let options = Options {
            tls,
            ack_timeout: Duration::from_secs(30),
            max_records: 1_000,
            log: false,
            max_entries_per_account: 64,
            max_messages_per_chat: 16,
            ..Options::default()
        };
        let simulator = Simulator::start(options).await?;
        let scratch = Scratch::new(&settings.scratch)?;
        let ca_file = match simulator.ca_pem() {
            None => None,
            Some(pem) => {
                let path = scratch.join("ca.pem");
                fs::write(&path, pem)?;
                Some(path)
            }
        };
        Ok(Self { simulator, settings, scratch, ca_file })
    }

    /// Starts a client with so many accounts, and waits until all are registered.
    pub(crate) async fn start(&self, client: Client, accounts: usize) -> Result<Running, Failure> {
        self.start_with_rules(client, accounts, USUAL_RULES).await
    }

    /// The same with another number of keyword rules; only livekeeper has any.
    pub(crate) async fn start_with_rules(&self, client: Client, accounts: usize, rules: usize) -> Result<Running, Failure> {
        let (file, unbs) = self.write_accounts(client, accounts)?;
        let arguments = |mut command: Command| {
            command.args(["--websocket-url", &self.simulator.websocket_url(), "--api-url", &self.simulator.api_url()]);
            command.arg("--accounts").arg(&file);
            if let Some(ca_file) = &self.ca_file {
                command.arg("--ca").arg(ca_file);
            }
            if client == Client::Livekeeper {
                let store = self.scratch.join(&format!("{accounts}-{rules}.db"));
                command.arg("--rules").arg(rules.to_string()).arg("--store").arg(store);
            }
            command
        };
        if client == Client::Livekeeper {
            // Its accounts are on record before it starts, as they are for a program that is started again.
            run_to_end(arguments(this_program("livekeeper")?).arg("--prepare")).await?;
        }
        let before = self.simulator.connections();
        let started = Instant::now();
        let mut child = Child::start(&mut arguments(client.command(self.settings)?))?;
        child.ready().await?;
        let (connected_in, connect_cpu) = (started.elapsed(), child.cpu()?);
        self.simulator.wait_until(ONLINE_LIMIT, |seen| seen.connections() >= before + accounts).await?;
        if let Some(last) = unbs.last() {
            self.simulator.wait_online(last, ONLINE_LIMIT).await?;
        }
        Ok(Running { child, unbs, connect_cpu, connected_in })
    }

    fn write_accounts(&self, client: Client, accounts: usize) -> Result<(PathBuf, Vec<String>), Failure> {
        let path = self.scratch.join(&format!("{}-{accounts}.jsonl", client.name()));
        let mut file = BufWriter::new(File::create(&path)?);
        let first = 2_200_000_000_000 + client as u64 * 1_000_000;
        let unbs: Vec<_> = (first..).take(accounts).map(|unb| unb.to_string()).collect();
        for unb in &unbs {
            let account = Account { cookie_id: format!("shop {unb}"), cookie: self.simulator.cookie(unb) };
            writeln!(file, "{}", serde_json::to_string(&account)?)?;
        }
        file.flush()?;
        Ok((path, unbs))
    }

    /// What the simulator itself has used.
    pub(crate) fn own_cpu() -> Result<Duration, Failure> {
        process::cpu(std::process::id())
    }

    /// Ends the simulator. What clients did wrong, a sentence each: a figure of a client that does so is worth nothing.
    pub(crate) async fn end(self) -> Vec<String> {
        let (violations, counters) = (self.simulator.violations(), self.simulator.counters());
        let mut faults = Vec::new();
        if let Some(first) = violations.first() {
            faults.push(format!("{} violations of the protocol, the first: {first}", counters.violations));
        }
        if counters.closes_without_frame > 0 {
            faults.push(format!("{} connections were ended without a close frame", counters.closes_without_frame));
        }
        self.simulator.stop().await;
        faults
    }
}

/// Runs a program that is to end by itself; its output, if it ended well.
pub(crate) async fn run_to_end(command: &mut Command) -> Result<String, Failure> {
    let child = command.stdin(std::process::Stdio::null()).stdout(std::process::Stdio::piped()).spawn()?;
    let hold = Hold::of(&child)?;
    let ending = tokio::task::spawn_blocking(move || child.wait_with_output());
    let Ok(ended) = tokio::time::timeout(PREPARE_LIMIT, ending).await else {
        // The thread that waits for it reaps it.
        hold.kill();
        return Err(format!("it did not end within {PREPARE_LIMIT:?}").into());
    };
    let output = ended??;
    if !output.status.success() {
        return Err(format!("it ended with {}", output.status).into());
    }
    Ok(String::from_utf8(output.stdout)?)
}
