//! The program: its options, its loop, and what it prints.

mod command;
mod talk;

use std::error::Error;
use std::ffi::OsString;
use std::io::Write;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use lexopt::prelude::*;
use livekeeper_simulator::{Options, Seen, SeenKind, Simulator};
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::sync::broadcast::error::RecvError;

/// What `--help` prints before the commands.
const HELP: &str = "\
livekeeper-simulator: a stand-in for the Xianyu (Goofish) IM service

Serves the IM WebSocket, the signed HTTP API and the login check on one loopback address, so that a client can be
tried without the real service and without a real account. It checks what the client does and says what is wrong.

USAGE
    livekeeper-simulator [OPTIONS]

OPTIONS
    --listen ADDRESS            where to listen, loopback only            [127.0.0.1:9400]
    --tls                       wss:// and https://, with a CA of its own
    --ca-file PATH              write the CA's certificate (PEM) there; with --tls
    --accounts N                make N accounts and print their cookies   [1]
    --strict                    refuse cookies this program did not print
    --talk MESSAGES_PER_SECOND  buyers write to the accounts that are online [0]
    --ack-timeout-s SECONDS     close a connection that does not acknowledge a push [5]
    --json                      print what happens as JSON lines
    --help, --version

EXAMPLE
    $ livekeeper-simulator --listen 127.0.0.1:9400
    websocket ws://127.0.0.1:9400/
    api       http://127.0.0.1:9400/h5
    account   2200000000001
    cookie    unb=2200000000001; _m_h5_tk=...

  Point a client at the two addresses, give it the cookie, wait for 'registered', and type
    say 2200000000001 90001 3300000000001 is it still there?
  What the client answers is printed as a 'sent' line, with its text.

COMMANDS (one per line on standard input; the program goes on when that ends)
";

/// What `--help` prints.
pub(crate) fn help() -> String {
    let mut help = HELP.to_owned();
    for line in command::COMMANDS.lines() {
        help.extend(["    ", line, "\n"]);
    }
    help
}

/// What the command line asks for.
pub(crate) enum Asked {
    Help,
    Version,
    Run(Box<Settings>),
}

/// The options, checked.
pub(crate) struct Settings {
    options: Options,
    ca_file: Option<PathBuf>,
    accounts: u64,
    messages_per_second: f64,
    json: bool,
}

/// The first account's `unb`; the others count up from it.
const FIRST_ACCOUNT: u64 = 2_200_000_000_001;
/// Accounts `--accounts` may ask for.
const MAX_ACCOUNTS: u64 = 100_000;
/// Messages a second `--talk` may ask for.
const MAX_MESSAGES_PER_SECOND: f64 = 10_000.0;

/// Reads the command line.
pub(crate) fn parse(arguments: impl IntoIterator<Item = OsString>) -> Result<Asked, lexopt::Error> {
    let mut settings = Settings {
        options: Options { listen: SocketAddr::from(([127, 0, 0, 1], 9400)), ..Options::default() },
        ca_file: None,
        accounts: 1,
        messages_per_second: 0.0,
        json: false,
    };
    let mut parser = lexopt::Parser::from_iter(arguments);
    while let Some(argument) = parser.next()? {
        match argument {
            Long("help") | Short('h') => return Ok(Asked::Help),
            Long("version") | Short('V') => return Ok(Asked::Version),
            Long("listen") => settings.options.listen = parser.value()?.parse()?,
            Long("tls") => settings.options.tls = true,
            Long("strict") => settings.options.strict_accounts = true,
            Long("ca-file") => settings.ca_file = Some(parser.value()?.into()),
            Long("accounts") => settings.accounts = parser.value()?.parse()?,
            Long("talk") => settings.messages_per_second = parser.value()?.parse()?,
            Long("ack-timeout-s") => {
                let seconds = parser.value()?.parse()?;
                settings.options.ack_timeout = Duration::try_from_secs_f64(seconds).map_err(|error| error.to_string())?;
            }
            Long("json") => settings.json = true,
            _ => return Err(argument.unexpected()),
        }
    }
    if settings.accounts > MAX_ACCOUNTS {
        return Err(format!("--accounts is at most {MAX_ACCOUNTS}").into());
    }
    if !(0.0..=MAX_MESSAGES_PER_SECOND).contains(&settings.messages_per_second) {
        return Err(format!("--talk is from 0 to {MAX_MESSAGES_PER_SECOND}").into());
    }
    if settings.ca_file.is_some() && !settings.options.tls {
        return Err("--ca-file wants --tls".into());
    }
    Ok(Asked::Run(Box::new(settings)))
}

/// Runs until Ctrl-C, SIGTERM or `quit`.
pub(crate) fn run(settings: &Settings) -> Result<(), Box<dyn Error>> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let result = runtime.block_on(serve(settings));
    // A read of standard input cannot be called off; without this the program would wait for a line.
    runtime.shutdown_background();
    result
}

async fn serve(settings: &Settings) -> Result<(), Box<dyn Error>> {
    let simulator = Simulator::start(settings.options.clone()).await?;
    let mut lines = simulator.subscribe();
    if let (Some(path), Some(pem)) = (&settings.ca_file, simulator.ca_pem()) {
        std::fs::write(path, pem)?;
    }
    let told_to_stop = stop_signals()?;
    greet(&simulator, settings);
    let talking = talk::talk(simulator.clone(), settings.messages_per_second);
    let commands = commands(&simulator, settings.json);
    let printing = async {
        loop {
            match lines.recv().await {
                Ok(seen) => print(&seen, settings.json),
                Err(RecvError::Lagged(missed)) => eprintln!("({missed} lines not printed: too many at once)"),
                Err(RecvError::Closed) => std::future::pending().await,
            }
        }
    };
    tokio::select! {
        () = printing => {}
        () = talking => {}
        () = commands => {}
        stopped = told_to_stop => stopped?,
    }
    simulator.stop().await;
    Ok(())
}

fn greet(simulator: &Simulator, settings: &Settings) {
    let accounts: Vec<_> = (0..settings.accounts)
        .map(|number| {
            let unb = (FIRST_ACCOUNT + number).to_string();
            let cookie = simulator.cookie(&unb);
            (unb, cookie)
        })
        .collect();
    if settings.json {
        let accounts: Vec<_> = accounts.iter().map(|(unb, cookie)| serde_json::json!({"unb": unb, "cookie": cookie})).collect();
        let ready = serde_json::json!({
            "kind": "ready", "websocket": simulator.websocket_url(), "api": simulator.api_url(),
            "login_check": simulator.login_check_url(), "accounts": accounts,
        });
        say(&ready.to_string());
        return;
    }
    say(&format!("websocket {}", simulator.websocket_url()));
    say(&format!("api       {}", simulator.api_url()));
    say(&format!("login     {}", simulator.login_check_url()));
    for (unb, cookie) in accounts {
        say(&format!("account   {unb}"));
        say(&format!("cookie    {cookie}"));
    }
}

/// Carries out commands until `quit`; at the end of standard input it goes on for ever.
async fn commands(simulator: &Simulator, json: bool) {
    let mut lines = BufReader::new(tokio::io::stdin()).lines();
    loop {
        match lines.next_line().await {
            Ok(Some(line)) => match command::run(simulator, &line) {
                command::Said::Text(text) if json => say(&serde_json::json!({"kind": "reply", "text": text}).to_string()),
                command::Said::Text(text) => say(&text),
                command::Said::Quit => return,
            },
            Ok(None) | Err(_) => std::future::pending().await,
        }
    }
}

fn print(seen: &Seen, json: bool) {
    if json {
        match serde_json::to_string(seen) {
            Ok(line) => say(&line),
            Err(error) => eprintln!("{error}"),
        }
    } else if seen.kind != SeenKind::Heartbeat {
        let kind = serde_json::to_value(seen.kind).ok();
        let kind = kind.as_ref().and_then(serde_json::Value::as_str).unwrap_or_default();
        say(&printable(&format!("{} {kind} {}", seen.unb, seen.detail)));
    }
}

/// Takes the signals over at once, so that none is missed between the greeting and the wait for them.
#[cfg(unix)]
fn stop_signals() -> std::io::Result<impl Future<Output = std::io::Result<()>>> {
    use tokio::signal::unix::{SignalKind, signal};
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    Ok(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
        Ok(())
    })
}

#[cfg(not(unix))]
fn stop_signals() -> std::io::Result<impl Future<Output = std::io::Result<()>>> {
    Ok(tokio::signal::ctrl_c())
}

/// The text with its control characters escaped: what a client says does not steer the terminal.
fn printable(text: &str) -> String {
    let mut printable = String::with_capacity(text.len());
    for character in text.chars() {
        if character.is_control() {
            printable.extend(character.escape_default());
        } else {
            printable.push(character);
        }
    }
    printable
}

/// Prints a line. The service goes on when nobody reads any more, where `println!` would panic.
fn say(line: &str) {
    let _ = writeln!(std::io::stdout().lock(), "{line}");
}
