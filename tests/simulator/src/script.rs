//! What a test or a demo makes happen: people who write, and a service that misbehaves.
//!
//! Nothing here waits. Methods that name an account make it if it is not known yet.

use std::sync::Arc;
use std::time::Duration;

use crate::account::{ApiFault, End, HistoryFault, Message, SendFault, Verification};
use crate::delivery::Stored;
use crate::entry::{self, Content, Said};
use crate::message::{BuyerMessage, Encoding, Entry};
use crate::options::PushPath;
use crate::record::SeenKind;
use crate::simulator::Simulator;
use crate::state::{State, signature_lifetime_ms};

/// Scripted faults of one kind kept for an account; further ones are ignored.
const MAX_FAULTS: usize = 10_000;

/// People.
impl Simulator {
    /// A buyer writes to the account. The message's id is returned, also where it waits for the account.
    pub fn buyer_says(&self, unb: &str, message: &BuyerMessage) -> String {
        let ids = self.push(unb, vec![Entry::Message(message.clone())]);
        ids.into_iter().flatten().next().unwrap_or_default()
    }

    /// The seller writes on a phone: the account's connections get it as an own message. Its id is returned.
    pub fn seller_says(&self, unb: &str, chat_id: &str, buyer_id: &str, text: &str) -> String {
        let own = Entry::OwnMessage { chat_id: chat_id.into(), peer_id: buyer_id.into(), text: text.into() };
        self.push(unb, vec![own]).into_iter().flatten().next().unwrap_or_default()
    }

    /// Pushes several entries at once. Returned is each entry's message id, if it has one.
    pub fn push(&self, unb: &str, entries: Vec<Entry>) -> Vec<Option<String>> {
        self.push_by(unb, self.shared().options.push_path, entries)
    }

    /// [`Simulator::push`] under another `lwp`.
    pub fn push_by(&self, unb: &str, path: PushPath, entries: Vec<Entry>) -> Vec<Option<String>> {
        self.shared().change(|state| {
            if state.make_account(unb).is_none() {
                return Vec::new();
            }
            let stored: Vec<_> = entries.into_iter().map(|entry| store(state, unb, entry)).collect();
            let ids = stored.iter().map(|stored| stored.message_id.clone()).collect();
            state.deliver(unb, path, stored);
            ids
        })
    }

    /// Pushes the entry of that message again, in a new push. `false`: there is no such message any more.
    pub fn replay(&self, unb: &str, message_id: &str) -> bool {
        self.shared().change(|state| {
            let path = state.options.push_path;
            let known = state.accounts.get(unb).and_then(|account| account.recent.get(message_id).cloned());
            let Some(stored) = known else { return false };
            state.see(unb, SeenKind::Scripted, "replay");
            state.deliver(unb, path, vec![stored]);
            true
        })
    }
}

/// The login.
impl Simulator {
    /// The account's cookie, a full header string. Makes the account if it is new, and renews its login if that is over.
    pub fn cookie(&self, unb: &str) -> String {
        self.shared().change(|state| {
            let (ids, lifetime_ms) = (Arc::clone(&state.ids), signature_lifetime_ms(&state.options));
            let Some(account) = state.make_account(unb) else { return String::new() };
            if !account.login.is_alive() {
                account.login.renew(&ids, lifetime_ms);
            }
            account.login.header(unb)
        })
    }

    /// A new login for the account: the cookies it had are no good from here. Access tokens stay as they are.
    pub fn renew_cookie(&self, unb: &str) -> String {
        self.shared().change(|state| {
            let (ids, lifetime_ms) = (Arc::clone(&state.ids), signature_lifetime_ms(&state.options));
            let Some(account) = state.make_account(unb) else { return String::new() };
            account.login.renew(&ids, lifetime_ms);
            account.login.header(unb)
        })
    }

    /// The login is over: API calls answer `FAIL_SYS_SESSION_EXPIRED`, `/reg` answers 401, until there is a new cookie.
    /// Connections that are open stay.
    pub fn expire_session(&self, unb: &str) {
        self.script(unb, "session expired", |state, unb| {
            if let Some(account) = state.make_account(unb) {
                account.login.expire();
            }
        });
    }

    /// The next API call answers `FAIL_SYS_TOKEN_EXOIRED` and brings a new `_m_h5_tk`.
    pub fn expire_signature(&self, unb: &str) {
        self.script(unb, "signature expired", |state, unb| {
            if let Some(account) = state.make_account(unb) {
                account.login.expire_signatures();
            }
        });
    }

    /// The access tokens issued so far are no good: `/reg` answers 401. Connections that are open stay.
    pub fn expire_token(&self, unb: &str) {
        self.script(unb, "token expired", |state, unb| {
            if let Some(account) = state.make_account(unb) {
                account.login.expire_grants();
            }
        });
    }

    /// The next API answer has this `Set-Cookie`, such as `cookie2=x; Path=/; HttpOnly`. A `cookie2` or `_m_h5_tk` set
    /// this way is good from here on. Ignored: text no header can hold.
    pub fn set_cookie_on_next_answer(&self, unb: &str, set_cookie: &str) {
        if set_cookie.bytes().any(|byte| byte.is_ascii_control()) {
            return;
        }
        let pair = set_cookie.split(';').next().unwrap_or_default();
        let (name, value) = pair.split_once('=').unwrap_or_default();
        self.script(unb, "a cookie is set", |state, unb| {
            let Some(account) = state.make_account(unb) else { return };
            match name.trim() {
                "cookie2" => account.login.accept_too(value),
                "_m_h5_tk" => account.login.adopt_signature(value),
                _ => {}
            }
            if account.script.set_cookies.len() < MAX_FAULTS {
                account.script.set_cookies.push(set_cookie.to_owned());
            }
        });
    }

    /// API calls answer that a person must verify, at this URL or (`None`) without one, until
    /// [`Simulator::clear_verification`].
    pub fn require_verification(&self, unb: &str, url: Option<&str>) {
        let url = url.map(str::to_owned);
        self.script(unb, "verification required", |state, unb| {
            if let Some(account) = state.make_account(unb) {
                account.script.verification = Some(Verification { url });
            }
        });
    }

    /// A person has verified.
    pub fn clear_verification(&self, unb: &str) {
        self.script(unb, "verified", |state, unb| {
            if let Some(account) = state.make_account(unb) {
                account.script.verification = None;
            }
        });
    }
}

/// Faults.
impl Simulator {
    /// The next send that is not scripted yet is answered with this code, `body.reason` and perhaps `body.moreInfo`.
    pub fn refuse_next_send(&self, unb: &str, reason: &str, code: u32, more_info: Option<&str>) {
        let (reason, more_info) = (reason.to_owned(), more_info.map(str::to_owned));
        self.add_send_fault(unb, SendFault::Refuse { reason, code, more_info });
    }

    /// The next send that is not scripted yet is accepted, said and echoed, but never answered.
    pub fn swallow_next_send(&self, unb: &str) {
        self.add_send_fault(unb, SendFault::Swallow);
    }

    fn add_send_fault(&self, unb: &str, fault: SendFault) {
        self.script(unb, "a send's fate is set", |state, unb| {
            if let Some(account) = state.make_account(unb)
                && account.script.send_faults.len() < MAX_FAULTS
            {
                account.script.send_faults.push_back(fault);
            }
        });
    }

    /// The next `times` API calls are answered like this, before anything about them is checked.
    pub fn api_error(&self, unb: &str, times: usize, fault: &ApiFault) {
        self.script(unb, "api errors are set", |state, unb| {
            if let Some(account) = state.make_account(unb) {
                let room = MAX_FAULTS.saturating_sub(account.script.api_faults.len());
                account.script.api_faults.extend(std::iter::repeat_n(fault.clone(), times.min(room)));
            }
        });
    }

    /// The next confirmation of a shipment is answered with this `ret`, such as `FAIL_BIZ_ORDER_STATUS::订单状态错误`.
    pub fn refuse_next_consign(&self, unb: &str, ret: &str) {
        self.script(unb, "a shipment's fate is set", |state, unb| {
            if let Some(account) = state.make_account(unb)
                && account.script.consign_faults.len() < MAX_FAULTS
            {
                account.script.consign_faults.push_back(ret.to_owned());
            }
        });
    }

    /// The next `times` lists of the newest chats answer `400600001`: called too often.
    pub fn lists_too_often(&self, unb: &str, times: u32) {
        self.script(unb, "lists are refused", |state, unb| {
            if let Some(account) = state.make_account(unb) {
                account.script.lists_too_often = times;
            }
        });
    }

    /// What is to become of the next `times` requests for a chat's history that are not scripted yet.
    pub fn fail_histories(&self, unb: &str, times: usize, fault: HistoryFault) {
        self.script(unb, "histories' fates are set", |state, unb| {
            if let Some(account) = state.make_account(unb) {
                let room = MAX_FAULTS.saturating_sub(account.script.history_faults.len());
                account.script.history_faults.extend(std::iter::repeat_n(fault, times.min(room)));
            }
        });
    }

    /// Pushes are lost: what is said stands in its chat's history and is never pushed, unless it is replayed. What waited
    /// before is not touched.
    pub fn lose_pushes(&self, unb: &str, lost: bool) {
        self.script(unb, if lost { "pushes are lost" } else { "pushes are lost no more" }, |state, unb| {
            if let Some(account) = state.make_account(unb) {
                account.script.pushes_lost = lost;
            }
        });
    }

    /// The account's connections are read and answered nothing, not even heartbeats, and get no pushes. What was said
    /// meanwhile is pushed when it ends; answers that were not given are not made up for. WebSocket pings are
    /// answered all the same. The API is not touched.
    pub fn silence(&self, unb: &str, silent: bool) {
        self.script(unb, if silent { "silent" } else { "no longer silent" }, |state, unb| {
            if let Some(account) = state.make_account(unb) {
                account.script.silent = silent;
            }
            state.flush(unb);
        });
    }

    /// Pushes are held back, and everything else goes on: a connection that lives and hears nothing. What was held
    /// is pushed when it ends.
    pub fn hold_pushes(&self, unb: &str, held: bool) {
        self.script(unb, if held { "pushes held" } else { "pushes flow" }, |state, unb| {
            if let Some(account) = state.make_account(unb) {
                account.script.pushes_held = held;
            }
            state.flush(unb);
        });
    }

    /// API and WebSocket answers come late by this much; zero ends it. Pushes are not delayed.
    pub fn slow_answers(&self, unb: &str, delay: Duration) {
        self.script(unb, "answers are slow", |state, unb| {
            if let Some(account) = state.make_account(unb) {
                account.script.slow = delay;
            }
        });
    }

    /// Closes the account's connections with a close frame.
    pub fn close(&self, unb: &str, code: u16, reason: &str) {
        self.end(unb, &End::WithFrame(code, reason.to_owned()));
    }

    /// Ends the account's TCP connections without a frame. API connections are not touched.
    pub fn drop_connection(&self, unb: &str) {
        self.end(unb, &End::WithoutFrame);
    }

    /// Ends every account's TCP connections at one instant, without a frame. API connections are not touched.
    pub fn drop_all(&self) {
        self.shared().change(|state| {
            for account in state.accounts.values_mut() {
                for connection in &mut account.connections {
                    connection.synced = false;
                    let _ = connection.end.send(End::WithoutFrame);
                }
            }
        });
    }

    fn end(&self, unb: &str, end: &End) {
        self.script(unb, "connections are ended", |state, unb| {
            let Some(account) = state.make_account(unb) else { return };
            for connection in &mut account.connections {
                // What is said from here on waits for the next connection.
                connection.synced = false;
                // A connection that is ending already no longer listens.
                let _ = connection.end.send(end.clone());
            }
        });
    }

    fn script(&self, unb: &str, what: &str, change: impl FnOnce(&mut State, &str)) {
        self.shared().change(|state| {
            change(state, unb);
            state.see(unb, SeenKind::Scripted, what);
        });
    }
}

/// Puts an entry into the account's history and packs it.
fn store(state: &mut State, unb: &str, entry: Entry) -> Arc<Stored> {
    match entry {
        Entry::Message(message) => {
            let content = Content::text(&message.text);
            store_message(state, unb, &message, content, entry::chat_message)
        }
        Entry::Picture { message, url, width, height } => {
            store_message(state, unb, &message, Content::picture(&url, width, height), entry::chat_message)
        }
        Entry::OrderCard { message, order_id, status, id_in } => {
            let content = Content::order_card(&order_id, status, id_in);
            store_message(state, unb, &message, content, entry::chat_message)
        }
        Entry::CardUpdate { message, status } => {
            let content = Content::order_card("0", status, crate::message::OrderIdIn::Button);
            store_message(state, unb, &message, content, entry::card_update)
        }
        Entry::OwnMessage { chat_id, peer_id, text } => state.say_as_seller(unb, &chat_id, &peer_id, &Content::text(&text)).2,
        Entry::TradeReminder { buyer_id, status } => packed(&entry::trade_reminder(&buyer_id, status)),
        Entry::Typing { user_id } => packed(&entry::typing(&user_id)),
        Entry::SystemTip { text } => Stored::new(entry::encode(&entry::system_tip(&text), Encoding::PlainJson, true), None, None),
        Entry::Broken => Stored::new(entry::broken(), None, None),
        Entry::Raw(data) => Stored::new(data, None, None),
    }
}

fn packed(value: &serde_json::Value) -> Arc<Stored> {
    Stored::new(entry::encode(value, Encoding::IntegerKeys, true), None, None)
}

fn store_message(
    state: &mut State,
    unb: &str,
    message: &BuyerMessage,
    content: Content,
    shape: impl FnOnce(&Said<'_>) -> serde_json::Value,
) -> Arc<Stored> {
    let ids = Arc::clone(&state.ids);
    let max_messages = state.options.max_messages_per_chat;
    let message_id = message.message_id.clone().unwrap_or_else(|| ids.hex());
    let next_at_ms = state.accounts.get_mut(unb).map(crate::account::Account::next_at_ms).unwrap_or_default();
    let created_at_ms = message.created_at_ms.unwrap_or(next_at_ms);
    let value = shape(&Said {
        seller_id: unb,
        sender_id: &message.buyer_id,
        sender_name: &message.buyer_name,
        sender_nick: message.buyer_nick.as_deref(),
        chat_id: &message.chat_id,
        peer_id: &message.buyer_id,
        item_id: message.item_id.as_deref(),
        message_id: &message_id,
        pnm: &ids.decimal(),
        created_at_ms,
        content: &content,
        group: message.group,
        bare_sender: message.bare_sender,
        id_in_ext_json_only: message.id_in_ext_json_only,
    });
    let data = entry::encode_for(message, &value);
    let stored = Stored::new(data, Some(message_id.clone()), Some(message.chat_id.clone()));
    let Some(account) = state.accounts.get_mut(unb) else { return stored };
    account.recent.insert(message_id.clone(), Arc::clone(&stored));
    if let Some(chat) = account.chat(&message.chat_id, &message.buyer_id, max_messages) {
        if message.item_id.is_some() {
            chat.item_id.clone_from(&message.item_id);
        }
        chat.messages.push(Message {
            id: message_id,
            sender_id: message.buyer_id.clone(),
            sender_name: message.buyer_nick.clone().unwrap_or_else(|| message.buyer_name.clone()),
            created_at_ms,
            content,
        });
    }
    stored
}
