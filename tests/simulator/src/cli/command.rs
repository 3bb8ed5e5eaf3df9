//! The commands read from standard input.

use std::fmt::Write as _;
use std::time::Duration;

use livekeeper_simulator::{BuyerMessage, Entry, Simulator};

use super::printable;

/// The item that buyers ask about.
pub(super) const ITEM: &str = "526822747770";

/// The commands, as `help` prints them.
pub(crate) const COMMANDS: &str = "\
say UNB CHAT BUYER TEXT...     a buyer writes
several UNB CHAT BUYER TEXT | TEXT...
                               a buyer's texts, several entries in one push
seller UNB CHAT BUYER TEXT...  the seller writes on a phone
replay UNB MESSAGE_ID          the same entry once more
cookie UNB                     the account's cookie (a new one if the session is over)
set-cookie UNB NAME=VALUE...   the next API answer has this Set-Cookie
expire-token UNB               the access token is no good at the next /reg
expire-signature UNB           the next API call answers a stale signature
expire-session UNB             the login is over, until 'cookie UNB'
verify UNB [URL]               a person must verify; 'verified UNB' ends it
refuse UNB REASON              the next send is refused
swallow UNB                    the next send is never answered
close UNB [CODE]               close frame
drop UNB                       TCP gone
silence UNB on|off             answers nothing, not even heartbeats
slow UNB MS                    answers are late
status | violations | help | quit
";

/// What came of a command.
pub(crate) enum Said {
    /// To be printed.
    Text(String),
    /// The program is to end.
    Quit,
}

/// Carries out one line.
pub(crate) fn run(simulator: &Simulator, line: &str) -> Said {
    let words: Vec<&str> = line.split_whitespace().collect();
    let rest = |count: usize| after_words(line, count);
    let text = match words.as_slice() {
        [] => String::new(),
        ["quit"] => return Said::Quit,
        ["help"] => COMMANDS.to_owned(),
        ["status"] => status(simulator),
        ["violations"] => {
            let mut text = String::new();
            for violation in simulator.violations() {
                // Writing to a string does not fail.
                let _ = writeln!(text, "{}", printable(&violation.to_string()));
            }
            text
        }
        ["say", unb, chat, buyer, _, ..] => {
            let message = BuyerMessage::new(*chat, *buyer, rest(4)).about_item(ITEM);
            format!("message {}", simulator.buyer_says(unb, &message))
        }
        ["several", unb, chat, buyer, _, ..] => {
            let texts = rest(4).split('|').map(str::trim).filter(|text| !text.is_empty());
            let entries = texts.map(|text| Entry::Message(BuyerMessage::new(*chat, *buyer, text).about_item(ITEM))).collect();
            let message_ids: Vec<_> = simulator.push(unb, entries).into_iter().flatten().collect();
            format!("messages {}", message_ids.join(" "))
        }
        ["seller", unb, chat, buyer, _, ..] => {
            format!("message {}", simulator.seller_says(unb, chat, buyer, rest(4)))
        }
        ["replay", unb, message_id] => {
            if simulator.replay(unb, message_id) {
                "ok".into()
            } else {
                "no such message".into()
            }
        }
        ["cookie", unb] => simulator.cookie(unb),
        ["set-cookie", unb, pair, ..] if pair.contains('=') && !rest(2).contains(char::is_control) => {
            simulator.set_cookie_on_next_answer(unb, rest(2));
            "ok".to_owned()
        }
        _ if misbehave(simulator, &words) => "ok".to_owned(),
        [other, ..] => format!("'{other}' is not understood like this; see 'help'"),
    };
    Said::Text(text)
}

/// Carries out a command that sets what the service does wrong; `false`: it is none of these.
fn misbehave(simulator: &Simulator, words: &[&str]) -> bool {
    match words {
        ["slow", unb, ms] => match ms.parse() {
            Ok(ms) => simulator.slow_answers(unb, Duration::from_millis(ms)),
            Err(_) => return false,
        },
        ["close", unb, code] => match code.parse() {
            Ok(code @ 1000..=4999) => simulator.close(unb, code, "told to"),
            _ => return false,
        },
        ["close", unb] => simulator.close(unb, 1000, "told to"),
        ["silence", unb, "on"] => simulator.silence(unb, true),
        ["silence", unb, "off"] => simulator.silence(unb, false),
        ["verify", unb] => simulator.require_verification(unb, None),
        ["verify", unb, url] => simulator.require_verification(unb, Some(url)),
        ["verified", unb] => simulator.clear_verification(unb),
        ["refuse", unb, reason] => simulator.refuse_next_send(unb, reason, 200, None),
        ["swallow", unb] => simulator.swallow_next_send(unb),
        ["drop", unb] => simulator.drop_connection(unb),
        ["expire-token", unb] => simulator.expire_token(unb),
        ["expire-signature", unb] => simulator.expire_signature(unb),
        ["expire-session", unb] => simulator.expire_session(unb),
        _ => return false,
    }
    true
}

/// What stands after that many words, with the spaces in it as they are.
fn after_words(line: &str, count: usize) -> &str {
    let mut rest = line.trim();
    for _ in 0..count {
        rest = rest.split_once(char::is_whitespace).map_or("", |(_, rest)| rest).trim_start();
    }
    rest
}

fn status(simulator: &Simulator) -> String {
    let mut text = format!("{} connections\n", simulator.connections());
    for unb in simulator.accounts() {
        let counters = simulator.counters_of(&unb);
        let _ = writeln!(
            text,
            "{} {} sends {} pushes {} acked {} heartbeats {} waiting {} violations {}",
            printable(&unb),
            if simulator.online(&unb) { "online" } else { "offline" },
            counters.sends,
            counters.pushes,
            counters.acks,
            counters.heartbeats,
            simulator.waiting(&unb),
            counters.violations,
        );
    }
    text
}
