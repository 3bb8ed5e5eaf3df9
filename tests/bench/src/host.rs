//! livekeeper as a client: a host that opens a store on the disk, waits until all accounts are online, and closes when it is told.

use std::collections::HashSet;
use std::fs;
use std::io::{BufRead, BufReader, Read};

use livekeeper::{Config, ConnectionState, CookieManager, KeywordRule, TaskState, Wanted};
use livekeeper_micro::Scratch;
use serde::{Deserialize, Serialize};

use crate::Failure;
use crate::cli::Task;

/// Accounts that connect at the same time; the floor does the same.
pub(crate) const CONNECTING: usize = 64;
/// For an account to come online, and for the end.
const LIMIT_S: f64 = 120.0;
/// Nobody listens there.
const NOWHERE: (&str, &str) = ("ws://127.0.0.1:9/", "http://127.0.0.1:9/h5");

/// A line of the accounts' file.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Account {
    pub(crate) cookie_id: String,
    pub(crate) cookie: String,
}

/// Reads an accounts' file.
pub(crate) fn accounts(task: &Task) -> Result<Vec<Account>, Failure> {
    let lines = BufReader::new(fs::File::open(&task.accounts)?).lines();
    lines.map(|line| Ok(serde_json::from_str(&line?)?)).collect()
}

/// Runs until standard input ends.
pub(crate) fn run(task: &Task) -> Result<(), Failure> {
    let accounts = accounts(task)?;
    // A directory is made only where no store is given, and kept until the manager is closed.
    let (store, _scratch) = match &task.store {
        Some(store) => (store.clone(), None),
        None => {
            let scratch = Scratch::new(&std::env::temp_dir())?;
            (scratch.join("accounts.db"), Some(scratch))
        }
    };
    let manager = CookieManager::open(store, config(task))?;
    add_missing(&manager, &accounts, task.rules)?;
    if !task.prepare {
        wait_until_online(&manager, &accounts)?;
        println!("ready");
        std::io::stdin().read_to_end(&mut Vec::new())?;
    }
    let report = manager.close(LIMIT_S).wait()?;
    if report.is_clean() { Ok(()) } else { Err(format!("it was not closed cleanly: {report:?}").into()) }
}

fn config(task: &Task) -> Config {
    let mut config = offline();
    if !task.prepare {
        config.websocket_url.clone_from(&task.websocket_url);
        config.api_url.clone_from(&task.api_url);
        config.ca_file.clone_from(&task.ca);
        config.connect_rate_per_s = 10_000.0;
        config.max_connecting = CONNECTING;
    }
    config.debounce_s = 0.0;
    config.send_rate_per_s = 10_000.0;
    config.chat_send_rate_per_s = 10_000.0;
    config
}

/// Settings with which hardly an account tries to connect, and none comes far.
pub(crate) fn offline() -> Config {
    let mut config = Config::default();
    (config.websocket_url, config.api_url) = (NOWHERE.0.to_owned(), NOWHERE.1.to_owned());
    config.connect_rate_per_s = 0.1;
    config.max_accounts = 100_000;
    config
}

fn add_missing(manager: &CookieManager, accounts: &[Account], rules: usize) -> Result<(), Failure> {
    let known: HashSet<_> = manager.list_cookies()?.into_iter().collect();
    let missing = accounts.iter().filter(|account| !known.contains(&account.cookie_id));
    let rules = rules_for(rules);
    let calls: Vec<_> =
        missing.map(|account| manager.add_cookie(&account.cookie_id, &account.cookie, Some(rules.clone()), None)).collect();
    calls.into_iter().try_for_each(livekeeper::Call::wait)?;
    Ok(())
}

/// So many rules, of which the last answers what buyers say here.
pub(crate) fn rules_for(count: usize) -> Vec<KeywordRule> {
    let others = (1..count).map(|number| KeywordRule::new(format!("包邮{number}吗"), format!("全场包邮 {number}")));
    others.chain([KeywordRule::new("在吗", "在的")]).collect()
}

fn wait_until_online(manager: &CookieManager, accounts: &[Account]) -> Result<(), Failure> {
    let online = Wanted { state: Some(TaskState::Running), connection: Some(ConnectionState::Connected) };
    for account in accounts {
        if manager.status(&account.cookie_id)?.connection != ConnectionState::Connected {
            manager.wait_for(&account.cookie_id, online, LIMIT_S).wait()?;
        }
    }
    Ok(())
}
