//! What a text frame means and what is answered: registration, sync, heartbeats, acknowledgements, and the way to the rest.

use std::sync::Arc;

use serde_json::{Value, json};

use crate::clock::{after, now_ms};
use crate::delivery::Stored;
use crate::history;
use crate::record::SeenKind;
use crate::sending;
use crate::socket::Session;
use crate::state::State;

/// The application's key in `/reg` and in the API call for a token.
pub(crate) const APP_KEY: &str = "444e9908a51d1cb236a27862abc769c9";

/// What is to be done about a frame.
#[derive(Default)]
pub(crate) struct Reaction {
    pub(crate) answers: Vec<String>,
    /// The seller's own message, pushed back after the answer.
    pub(crate) echo: Option<Arc<Stored>>,
    pub(crate) close: Option<(u16, &'static str)>,
}

impl Reaction {
    pub(crate) fn close(code: u16, reason: &'static str) -> Self {
        Self { close: Some((code, reason)), ..Self::default() }
    }

    pub(crate) fn answer(code: u32, mid: &str, body: &Value) -> Self {
        Self { answers: vec![answer_frame(code, mid, body)], ..Self::default() }
    }
}

/// A request's answer. An empty body (`null`) is left out, as the service does.
fn answer_frame(code: u32, mid: &str, body: &Value) -> String {
    let mut frame = json!({"code": code, "headers": {"mid": mid, "dt": "j"}});
    if !body.is_null() {
        frame["body"] = body.clone();
    }
    frame.to_string()
}

/// A string under that name, whatever the case of the name's letters.
pub(crate) fn header<'a>(frame: &'a Value, name: &str) -> Option<&'a str> {
    let headers = frame.get("headers")?.as_object()?;
    headers.iter().find(|(key, _)| key.eq_ignore_ascii_case(name)).and_then(|(_, value)| value.as_str())
}

impl Session {
    pub(crate) fn on_text(&mut self, text: &str) -> Reaction {
        let Ok(frame) = serde_json::from_str::<Value>(text) else {
            self.shared.change(|state| state.violation(&self.unb, "not JSON", format!("{} bytes", text.len())));
            return Reaction::default();
        };
        let Some(lwp) = frame.get("lwp").and_then(Value::as_str) else {
            if frame.get("code").is_some() {
                self.on_ack(&frame);
            } else {
                self.shared.change(|state| state.violation(&self.unb, "frame without lwp or code", ""));
            }
            return Reaction::default();
        };
        let mid = header(&frame, "mid").unwrap_or_default().to_owned();
        if mid.is_empty() {
            self.shared.change(|state| state.violation(&self.unb, "request without mid", lwp));
        }
        if lwp == "/reg" {
            return self.on_register(&frame, &mid);
        }
        if !self.registered {
            self.shared.change(|state| state.violation(&self.unb, "frame before reg", lwp));
            let mut reaction = Reaction::answer(401, &mid, &json!({"reason": "not registered"}));
            reaction.close = Some((1008, "not registered"));
            return reaction;
        }
        match lwp {
            "/!" => {
                self.shared.change(|state| {
                    state.count(&self.unb, |counters| counters.heartbeats += 1);
                    state.see(&self.unb, SeenKind::Heartbeat, "");
                });
                Reaction::answer(200, &mid, &Value::Null)
            }
            "/r/SyncStatus/ackDiff" => self.on_sync(&frame, &mid),
            "/r/MessageSend/sendByReceiverScope" => {
                self.shared.clone().change(|state| sending::on_send(state, &self.unb, &mid, &frame))
            }
            _ => self.shared.clone().change(|state| {
                state.count(&self.unb, |counters| counters.requests += 1);
                state.see(&self.unb, SeenKind::Request, lwp);
                history::on_request(state, &self.unb, lwp, &mid, &frame)
            }),
        }
    }

    fn on_register(&mut self, frame: &Value, mid: &str) -> Reaction {
        let shared = Arc::clone(&self.shared);
        let result = shared.change(|state| {
            let result = check_registration(state, &self.unb, frame);
            match &result {
                Ok(grant) => {
                    state.count(&self.unb, |counters| counters.registers += 1);
                    state.see(&self.unb, SeenKind::Registered, format_args!("connection {}", self.id));
                    if let Some(account) = state.accounts.get_mut(&self.unb) {
                        if let Some(connection) = account.connection(self.id) {
                            connection.registered = true;
                            connection.grant = *grant;
                        }
                        account.max_live_sessions = account.max_live_sessions.max(account.live_sessions());
                    }
                }
                Err(reason) => {
                    state.count(&self.unb, |counters| counters.registers_refused += 1);
                    state.see(&self.unb, SeenKind::RegisterRefused, *reason);
                }
            }
            result
        });
        if let Err(reason) = result {
            self.close_at = Some(after(shared.options.grace_after_refusal));
            return Reaction::answer(401, mid, &json!({"reason": reason}));
        }
        self.registered = true;
        self.close_at = None;
        header(frame, "ua").unwrap_or_default().clone_into(&mut self.ua);
        let headers = json!({
            "mid": mid, "reg-sid": shared.ids.hex(), "reg-uid": format!("{}@goofish", self.unb),
            "real-ip": "127.0.0.1", "dt": "j",
        });
        let body = json!({"timestamp": now_ms(), "unitName": "simulator"});
        let answer = json!({"code": 200, "headers": headers, "body": body}).to_string();
        Reaction { answers: vec![answer], ..Reaction::default() }
    }

    fn on_sync(&mut self, frame: &Value, mid: &str) -> Reaction {
        let body = frame.pointer("/body/0");
        let pts = body.and_then(|body| body.get("pts")).and_then(Value::as_u64);
        self.shared.change(|state| {
            if pts.is_none() {
                state.violation(&self.unb, "ackDiff without pts", "");
            }
            state.see(&self.unb, SeenKind::Synced, format_args!("connection {}", self.id));
            if let Some(account) = state.accounts.get_mut(&self.unb)
                && let Some(connection) = account.connection(self.id)
            {
                connection.synced = true;
            }
            // Queued here, written after this frame's answer.
            state.flush(&self.unb);
        });
        Reaction::answer(200, mid, &Value::Null)
    }

    fn on_ack(&mut self, frame: &Value) {
        let mid = header(frame, "mid").unwrap_or_default();
        let shared = Arc::clone(&self.shared);
        let Some(position) = self.unacked.iter().position(|unacked| unacked.push.mid == mid) else {
            // Public clients acknowledge answers too, and unknown mids are nobody's business.
            shared.change(|state| state.count(&self.unb, |counters| counters.acks_unknown += 1));
            return;
        };
        let push = &self.unacked[position].push;
        let code = frame.get("code").and_then(Value::as_u64);
        let wrong = if header(frame, "sid") != Some(&push.sid) {
            Some(("ack with a wrong sid", "the push stays unacknowledged"))
        } else if code != Some(200) {
            Some(("ack with a wrong code", "the push stays unacknowledged"))
        } else {
            None
        };
        if let Some((what, detail)) = wrong {
            shared.change(|state| state.violation(&self.unb, what, detail));
            return;
        }
        let copied = [("app-key", APP_KEY), ("ua", self.ua.as_str()), ("dt", "j")];
        let missing: Vec<_> =
            copied.iter().filter(|(name, value)| header(frame, name) != Some(value)).map(|(name, _)| *name).collect();
        shared.change(|state| {
            if !missing.is_empty() {
                state.violation(&self.unb, "ack without the push's headers", missing.join(" "));
            }
            state.count(&self.unb, |counters| counters.acks += 1);
            state.see(&self.unb, SeenKind::Acked, format_args!("{} entries", push.entries.len()));
        });
        for entry in &push.entries {
            entry.mark_acked();
        }
        self.unacked.remove(position);
    }
}

/// The number of the token's grant, or why the registration is refused.
fn check_registration(state: &mut State, unb: &str, frame: &Value) -> Result<u64, &'static str> {
    let text = |name| header(frame, name).unwrap_or_default();
    for (name, right) in [
        ("ua", text("ua").contains("DingTalk(")),
        ("dt", text("dt") == "j"),
        ("wv", !text("wv").is_empty()),
        ("sync", !text("sync").is_empty()),
        ("cache-header", !text("cache-header").is_empty()),
    ] {
        if !right {
            state.violation(unb, "reg header", format!("{name} is missing or wrong"));
        }
    }
    if text("app-key") != APP_KEY {
        state.violation(unb, "reg with a wrong app-key", "");
        return Err("app-key is wrong");
    }
    let token = text("token");
    let Some(account) = state.accounts.get(unb) else { return Err("no such account") };
    let (alive, grant) = (account.login.is_alive(), account.login.grant(token));
    let Some(grant) = grant else {
        let owner = state.accounts.iter().find(|(_, account)| account.login.grant(token).is_some());
        if let Some((owner, _)) = owner {
            let detail = format!("the token is {owner}'s");
            state.violation(unb, "reg with another account's token", detail);
            return Err("token of another account");
        }
        return Err("token is unknown");
    };
    if !grant.is_good() || !alive {
        return Err("token is expired");
    }
    let number = grant.number;
    if grant.device_id != text("did") {
        state.violation(unb, "reg with another device", "did is not the device the token was issued for");
        return Err("device is not the token's");
    }
    Ok(number)
}
