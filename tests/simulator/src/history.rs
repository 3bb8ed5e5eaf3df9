//! The requests beside sending: open a chat, read a chat, list the chats. Answered from what was really said.

use data_encoding::BASE64;
use serde_json::{Value, json};

use crate::account::{Account, Chat, HistoryFault, Message};
use crate::entry::{self, Said};
use crate::frames::Reaction;
use crate::sending::user;
use crate::state::State;

/// The most messages or chats in one page.
const MAX_PAGE: usize = 100;
/// The page's length where the request names none.
const DEFAULT_PAGE: usize = 20;

pub(crate) fn on_request(state: &mut State, unb: &str, lwp: &str, mid: &str, frame: &Value) -> Reaction {
    match lwp {
        "/r/SingleChatConversation/create" => create(state, unb, mid, frame),
        "/r/MessageManager/listUserMessages" => list_messages(state, unb, mid, frame),
        "/r/Conversation/listNewestPagination" => list_chats(state, unb, mid, frame),
        _ => Reaction::answer(200, mid, &json!({})),
    }
}

fn malformed(state: &mut State, unb: &str, mid: &str, wrong: &str) -> Reaction {
    state.violation(unb, "malformed request", wrong);
    Reaction::answer(400, mid, &json!({"reason": "PARAM_ERROR", "moreInfo": wrong}))
}

fn create(state: &mut State, unb: &str, mid: &str, frame: &Value) -> Reaction {
    let request = frame.pointer("/body/0");
    let text = |pointer: &str| request.and_then(|request| request.pointer(pointer)).and_then(Value::as_str);
    let pair = [text("/pairFirst").and_then(user), text("/pairSecond").and_then(user)];
    let [Some(first), Some(second)] = pair else {
        return malformed(state, unb, mid, "pairFirst or pairSecond is missing");
    };
    let peer_id = match (first == unb, second == unb) {
        (false, true) => first,
        (true, false) => second,
        _ => return malformed(state, unb, mid, "the pair is not the peer and the account"),
    };
    let item_id = text("/extension/itemId").filter(|item_id| !item_id.is_empty());
    let (ids, max_messages) = (state.ids.clone(), state.options.max_messages_per_chat);
    let Some(account) = state.accounts.get_mut(unb) else { return Reaction::default() };
    // A chat belongs to a buyer and an item: asked for again, it is the same one.
    let known = account.chats.find(|chat| chat.peer_id == peer_id && chat.item_id.as_deref() == item_id);
    let chat_id = known.unwrap_or_else(|| ids.decimal());
    if let Some(chat) = account.chat(&chat_id, peer_id, max_messages) {
        chat.item_id = item_id.map(str::to_owned);
    }
    let conversation = conversation(unb, &chat_id, peer_id, item_id);
    Reaction::answer(200, mid, &json!({"singleChatConversation": conversation}))
}

fn conversation(unb: &str, chat_id: &str, peer_id: &str, item_id: Option<&str>) -> Value {
    json!({
        "cid": format!("{chat_id}@goofish"),
        "pairFirst": format!("{peer_id}@goofish"),
        "pairSecond": format!("{unb}@goofish"),
        "bizType": "1",
        "extension": {"itemId": item_id.unwrap_or_default(), "ownerUserId": unb, "itemSellerId": unb},
    })
}

fn too_often(mid: &str) -> Reaction {
    let body = json!({"code": "400600001", "reason": "too many requests", "developerMessage": "too many requests"});
    Reaction::answer(400, mid, &body)
}

fn list_messages(state: &mut State, unb: &str, mid: &str, frame: &Value) -> Reaction {
    match state.accounts.get_mut(unb).and_then(|account| account.script.history_faults.pop_front()) {
        None => {}
        Some(HistoryFault::TooOften) => return too_often(mid),
        Some(HistoryFault::Code(code)) => return Reaction::answer(code, mid, &Value::Null),
        Some(HistoryFault::Swallow) => return Reaction::default(),
        Some(HistoryFault::NoList) => return Reaction::answer(200, mid, &json!({"hasMore": 0})),
    }
    let cid = frame.pointer("/body/0").and_then(Value::as_str).and_then(user);
    let cursor = frame.pointer("/body/2").and_then(Value::as_u64);
    let (Some(chat_id), Some(cursor)) = (cid, cursor) else {
        return malformed(state, unb, mid, "listUserMessages wants [cid, false, cursor, count, false]");
    };
    let count = page_length(frame.pointer("/body/3"));
    let empty = json!({"hasMore": 0, "nextCursor": 0, "userMessageModels": []});
    let Some(chat) = state.accounts.get(unb).and_then(|account| account.chats.get(chat_id)) else {
        return Reaction::answer(200, mid, &empty);
    };
    let mut older = chat.messages.iter().rev().filter(|message| message.created_at_ms < cursor);
    let page: Vec<&Message> = older.by_ref().take(count).collect();
    let next_cursor = page.last().map_or(0, |message| message.created_at_ms);
    let more = u8::from(older.next().is_some());
    let models: Vec<Value> =
        page.iter().map(|message| json!({"message": message_model(unb, chat_id, chat, message), "readStatus": 2})).collect();
    Reaction::answer(200, mid, &json!({"hasMore": more, "nextCursor": next_cursor, "userMessageModels": models}))
}

fn list_chats(state: &mut State, unb: &str, mid: &str, frame: &Value) -> Reaction {
    let Some(account) = state.accounts.get_mut(unb) else { return Reaction::default() };
    if account.script.lists_too_often > 0 {
        account.script.lists_too_often -= 1;
        return too_often(mid);
    }
    let cursor = frame.pointer("/body/0").and_then(Value::as_u64).unwrap_or(u64::MAX);
    let count = page_length(frame.pointer("/body/1"));
    let (page, more) = newest_chats(account, cursor, count);
    let next_cursor = page.last().map_or(0, |(_, _, message)| message.created_at_ms);
    let chats: Vec<Value> = page
        .iter()
        .map(|(chat_id, chat, message)| {
            let last = json!({"message": message_model(unb, chat_id, chat, message), "readStatus": 2});
            json!({"type": 1, "singleChatUserConversation": {
                "singleChatConversation": conversation(unb, chat_id, &chat.peer_id, chat.item_id.as_deref()),
                "lastMessage": last,
                "modifyTime": message.created_at_ms,
                "redPoint": 0,
                "visible": 1,
            }})
        })
        .collect();
    let body = json!({"hasMore": u8::from(more), "nextCursor": next_cursor, "userConvs": chats});
    Reaction::answer(200, mid, &body)
}

fn newest_chats(account: &Account, cursor: u64, count: usize) -> (Vec<(&String, &Chat, &Message)>, bool) {
    let mut chats: Vec<_> = account
        .chats
        .iter()
        .filter_map(|(chat_id, chat)| chat.messages.iter().next_back().map(|message| (chat_id, chat, message)))
        .filter(|(_, _, message)| message.created_at_ms < cursor)
        .collect();
    chats.sort_by_key(|(_, _, message)| std::cmp::Reverse(message.created_at_ms));
    let more = chats.len() > count;
    chats.truncate(count);
    (chats, more)
}

fn page_length(value: Option<&Value>) -> usize {
    let asked = value.and_then(Value::as_u64).and_then(|count| usize::try_from(count).ok());
    asked.unwrap_or(DEFAULT_PAGE).clamp(1, MAX_PAGE)
}

fn message_model(unb: &str, chat_id: &str, chat: &Chat, message: &Message) -> Value {
    let extension = entry::details(&Said {
        seller_id: unb,
        sender_id: &message.sender_id,
        sender_name: &message.sender_name,
        sender_nick: None,
        chat_id,
        peer_id: &chat.peer_id,
        item_id: chat.item_id.as_deref(),
        message_id: &message.id,
        pnm: "",
        created_at_ms: message.created_at_ms,
        content: &message.content,
        group: false,
        bare_sender: false,
        id_in_ext_json_only: false,
    });
    json!({
        "messageId": message.id,
        "cid": format!("{chat_id}@goofish"),
        "createAt": message.created_at_ms,
        "sender": {"uid": format!("{}@goofish", message.sender_id)},
        "extension": extension,
        "content": {"contentType": 101, "custom": {
            "type": message.content.kind,
            "summary": message.content.shown,
            "data": BASE64.encode(message.content.json.to_string().as_bytes()),
        }},
    })
}
