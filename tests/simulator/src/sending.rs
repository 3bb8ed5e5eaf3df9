//! A message the client sends: taken apart to the last field, answered, and said in the chat.

use std::sync::Arc;

use data_encoding::BASE64;
use serde_json::{Value, json};

use crate::account::{Message, SendFault};
use crate::clock::now_ms;
use crate::delivery::Stored;
use crate::entry::{self, Content, Said};
use crate::frames::Reaction;
use crate::message::Encoding;
use crate::record::{SeenKind, Send, SendContent, SendOutcome};
use crate::state::State;

/// As much of a text stands in the log, quoted; all of it is in [`Send`].
const MAX_LOGGED_CHARS: usize = 200;

/// What a good send says.
struct Request {
    uuid: String,
    chat_id: String,
    peer_id: String,
    content: SendContent,
    json: Value,
}

pub(crate) fn on_send(state: &mut State, unb: &str, mid: &str, frame: &Value) -> Reaction {
    let request = match read(unb, frame) {
        Ok(request) => request,
        Err(wrong) => {
            state.violation(unb, "malformed send", wrong);
            return Reaction::answer(400, mid, &json!({"reason": "PARAM_ERROR", "moreInfo": wrong}));
        }
    };
    state.count(unb, |counters| counters.sends += 1);
    let max_messages = state.options.max_messages_per_chat;
    let Some(account) = state.accounts.get_mut(unb) else { return Reaction::default() };
    let known = account.uuids.get(&request.uuid).cloned();
    let Some(chat) = account.chat(&request.chat_id, &request.peer_id, max_messages) else { return Reaction::default() };
    let right_peer = chat.peer_id == request.peer_id;
    let is_new = right_peer && known.is_none();
    let answered = if is_new { chat.answer() } else { None };
    let fault = if is_new { account.script.send_faults.pop_front() } else { None };

    let mut echo = None;
    let (outcome, message_id, answer) = if !right_peer {
        let detail = format!("{} is not in chat {}", request.peer_id, request.chat_id);
        state.violation(unb, "wrong peer for the chat", detail);
        let reason = "PEER_NOT_IN_CHAT".to_owned();
        let answer = Reaction::answer(400, mid, &json!({"reason": reason}));
        (SendOutcome::Refused(reason), None, answer)
    } else if let Some(message_id) = known {
        state.count(unb, |counters| counters.duplicates += 1);
        state.violation(unb, "uuid used again", request.uuid.clone());
        let answer = Reaction::answer(200, mid, &json!({"messageId": message_id, "createAt": now_ms()}));
        (SendOutcome::Duplicate, message_id, answer)
    } else if let Some(SendFault::Refuse { reason, code, more_info }) = fault {
        account.uuids.insert(request.uuid.clone(), None);
        let mut body = json!({"reason": reason});
        if let Some(more_info) = more_info {
            body["moreInfo"] = Value::from(more_info);
        }
        (SendOutcome::Refused(reason), None, Reaction::answer(code, mid, &body))
    } else {
        let swallowed = account.script.silent || matches!(fault, Some(SendFault::Swallow));
        let (message_id, created_at_ms, stored) = say(state, unb, &request);
        echo = state.options.echo_sends.then_some(stored);
        state.count(unb, |counters| counters.sends_accepted += 1);
        let answer = Reaction::answer(
            200,
            mid,
            &json!({
                "messageId": message_id, "createAt": created_at_ms, "cid": format!("{}@goofish", request.chat_id),
            }),
        );
        if swallowed {
            (SendOutcome::Swallowed, Some(message_id), Reaction::default())
        } else {
            (SendOutcome::Accepted, Some(message_id), answer)
        }
    };
    let send = Send {
        unb: unb.to_owned(),
        chat_id: request.chat_id,
        peer_id: request.peer_id,
        content: request.content,
        uuid: request.uuid,
        mid: mid.to_owned(),
        message_id,
        outcome,
        at_ms: now_ms(),
        latency_us: answered.as_ref().map(|(_, at)| u64::try_from(at.elapsed().as_micros()).unwrap_or(u64::MAX)),
        in_reply_to: answered.map(|(message_id, _)| message_id),
    };
    if state.options.log {
        let beginning: String = send.text().chars().take(MAX_LOGGED_CHARS).collect();
        let detail = format_args!("chat {} peer {}: {:?}, {beginning:?}", send.chat_id, send.peer_id, send.outcome);
        state.see(unb, SeenKind::Sent, detail);
    }
    state.heard(send);
    Reaction { echo, ..answer }
}

/// Says it in the chat: an id, a place in the history, and an entry for the seller's own connections.
fn say(state: &mut State, unb: &str, request: &Request) -> (String, u64, Arc<Stored>) {
    let content = match &request.content {
        SendContent::Text(text) => Content::text(text),
        SendContent::Picture { .. } => {
            Content { kind: 2, shown: "[图片]".to_owned(), json: request.json.clone(), red_reminder: None }
        }
    };
    let (message_id, at_ms, stored) = state.say_as_seller(unb, &request.chat_id, &request.peer_id, &content);
    if let Some(account) = state.accounts.get_mut(unb) {
        account.uuids.insert(request.uuid.clone(), Some(message_id.clone()));
    }
    (message_id, at_ms, stored)
}

impl State {
    /// Puts a message of the seller's own into the chat's history and makes its entry. Nothing is pushed yet.
    pub(crate) fn say_as_seller(
        &mut self,
        unb: &str,
        chat_id: &str,
        peer_id: &str,
        content: &Content,
    ) -> (String, u64, Arc<Stored>) {
        let (ids, max_messages) = (Arc::clone(&self.ids), self.options.max_messages_per_chat);
        let (message_id, pnm, name) = (ids.hex(), ids.decimal(), format!("seller{unb}"));
        let account = self.accounts.get_mut(unb);
        let mut at_ms = now_ms();
        let mut item_id = None;
        if let Some(account) = account {
            at_ms = account.next_at_ms();
            if let Some(chat) = account.chat(chat_id, peer_id, max_messages) {
                item_id.clone_from(&chat.item_id);
                chat.messages.push(Message {
                    id: message_id.clone(),
                    sender_id: unb.to_owned(),
                    sender_name: name.clone(),
                    created_at_ms: at_ms,
                    content: content.clone(),
                });
            }
        }
        let value = entry::chat_message(&Said {
            seller_id: unb,
            sender_id: unb,
            sender_name: &name,
            sender_nick: None,
            chat_id,
            peer_id,
            item_id: item_id.as_deref(),
            message_id: &message_id,
            pnm: &pnm,
            created_at_ms: at_ms,
            content,
            group: false,
            bare_sender: false,
            id_in_ext_json_only: false,
        });
        let data = entry::encode(&value, Encoding::IntegerKeys, true);
        let stored = Stored::new(data, Some(message_id.clone()), None);
        if let Some(account) = self.accounts.get_mut(unb) {
            account.recent.insert(message_id.clone(), Arc::clone(&stored));
        }
        (message_id, at_ms, stored)
    }
}

/// Takes a send apart; the error says what is wrong with it.
fn read(unb: &str, frame: &Value) -> Result<Request, &'static str> {
    let message = frame.pointer("/body/0").ok_or("body[0] is missing")?;
    let text = |pointer: &str| message.pointer(pointer).and_then(Value::as_str).filter(|text| !text.is_empty());
    let uuid = text("/uuid").ok_or("uuid is missing")?.to_owned();
    let chat_id = text("/cid").and_then(user).ok_or("cid is not {chat}@goofish")?.to_owned();
    if message.get("conversationType").and_then(Value::as_u64) != Some(1) {
        return Err("conversationType is not 1");
    }
    if message.pointer("/content/contentType").and_then(Value::as_u64) != Some(101) {
        return Err("content.contentType is not 101");
    }
    let receivers: Vec<&str> = frame
        .pointer("/body/1/actualReceivers")
        .and_then(Value::as_array)
        .ok_or("actualReceivers is missing")?
        .iter()
        .filter_map(|receiver| receiver.as_str().and_then(user))
        .collect();
    if receivers.len() != 2 || !receivers.contains(&unb) {
        return Err("actualReceivers are not the peer and the account");
    }
    let peer_id = receivers.iter().find(|id| **id != unb).ok_or("actualReceivers holds no peer")?;
    let data = text("/content/custom/data").ok_or("content.custom.data is missing")?;
    let bytes = BASE64.decode(data.as_bytes()).map_err(|_| "content.custom.data is not base64")?;
    let json: Value = serde_json::from_slice(&bytes).map_err(|_| "content.custom.data holds no JSON")?;
    let content = content(message.pointer("/content/custom/type").and_then(Value::as_u64), &json)?;
    Ok(Request { uuid, chat_id, peer_id: (*peer_id).to_owned(), content, json })
}

fn content(custom_type: Option<u64>, json: &Value) -> Result<SendContent, &'static str> {
    let content_type = json.get("contentType").and_then(Value::as_u64);
    if custom_type != content_type {
        return Err("custom.type and the content's contentType differ");
    }
    match content_type {
        Some(1) => {
            let text = json.pointer("/text/text").and_then(Value::as_str).ok_or("text.text is missing")?;
            Ok(SendContent::Text(text.to_owned()))
        }
        Some(2) => {
            let picture = json.pointer("/image/pics/0").ok_or("image.pics[0] is missing")?;
            let number = |name| picture.get(name).and_then(Value::as_u64).ok_or("a picture's size is missing");
            let url = picture.get("url").and_then(Value::as_str).ok_or("a picture's url is missing")?;
            Ok(SendContent::Picture { url: url.to_owned(), width: number("width")?, height: number("height")? })
        }
        _ => Err("contentType is neither 1 nor 2"),
    }
}

/// The part before `@goofish`.
pub(crate) fn user(id: &str) -> Option<&str> {
    id.strip_suffix("@goofish").filter(|id| !id.is_empty())
}
