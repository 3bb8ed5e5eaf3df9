//! Packs what was said into the bytes of an entry, the way the vectors in `sync.json` have it.
//!
//! Every entry is built as JSON with digits for keys first; `MessagePack` is written from that, so the encodings
//! cannot drift apart.

use data_encoding::{BASE64, BASE64_NOPAD};
use rmp::encode::ValueWriteError;
use serde_json::{Map, Value, json};

use crate::message::{BuyerMessage, Encoding, OrderIdIn, OrderStatus};

/// What a message in an entry is made of, whoever said it.
pub(crate) struct Said<'a> {
    pub(crate) seller_id: &'a str,
    pub(crate) sender_id: &'a str,
    pub(crate) sender_name: &'a str,
    pub(crate) sender_nick: Option<&'a str>,
    pub(crate) chat_id: &'a str,
    pub(crate) peer_id: &'a str,
    pub(crate) item_id: Option<&'a str>,
    pub(crate) message_id: &'a str,
    pub(crate) pnm: &'a str,
    pub(crate) created_at_ms: u64,
    pub(crate) content: &'a Content,
    pub(crate) group: bool,
    pub(crate) bare_sender: bool,
    pub(crate) id_in_ext_json_only: bool,
}

/// A message's content: the type, the text shown for it, and the JSON of `1.6.3.5`.
#[derive(Debug, Clone)]
pub(crate) struct Content {
    pub(crate) kind: u64,
    pub(crate) shown: String,
    pub(crate) json: Value,
    pub(crate) red_reminder: Option<&'static str>,
}

impl Content {
    pub(crate) fn text(text: &str) -> Self {
        Self { kind: 1, shown: text.to_owned(), json: json!({"contentType": 1, "text": {"text": text}}), red_reminder: None }
    }

    pub(crate) fn picture(url: &str, width: u32, height: u32) -> Self {
        let picture = json!({"type": 0, "url": url, "width": width, "height": height});
        Self {
            kind: 2,
            shown: "[图片]".to_owned(),
            json: json!({"contentType": 2, "image": {"pics": [picture]}}),
            red_reminder: None,
        }
    }

    pub(crate) fn order_card(order_id: &str, status: OrderStatus, id_in: OrderIdIn) -> Self {
        let shown = status.card_text().to_owned();
        let title = shown.trim_matches(['[', ']']).to_owned();
        let detail = format!("fleamarket://order_detail?id={order_id}&role=seller");
        let button = |url: String| json!({"title": title, "button": {"text": "去发货", "targetUrl": url}});
        let main = match id_in {
            OrderIdIn::Detail => json!({"exContent": {"title": title}, "targetUrl": detail}),
            OrderIdIn::Button => {
                json!({"exContent": button(format!("fleamarket://order?orderId={order_id}&role=seller"))})
            }
            OrderIdIn::BizOrderId => {
                json!({"exContent": button(format!("fleamarket://x?flutter=true&bizOrderId={order_id}"))})
            }
            OrderIdIn::Dynamic => json!({"exContent": {"button": {"targetUrl": detail}}}),
        };
        let json = if id_in == OrderIdIn::Dynamic {
            json!({"contentType": 26, "dynamicOperation": {"changeContent": {"dxCard": {"item": {"main": main}}}}})
        } else {
            let template = json!({"name": "idlefish_message_trade_chat_card"});
            json!({"contentType": 26, "dxCard": {"item": {"main": main}, "template": template}})
        };
        Self { kind: 26, shown, json, red_reminder: Some(status.reminder()) }
    }
}

/// The detail fields (`1.10`; under `4` in a card's later version; `extension` in a chat's history).
pub(crate) fn details(said: &Said<'_>) -> Value {
    let mut details = Map::new();
    let mut put = |key: &str, value: &str| details.insert(key.to_owned(), Value::from(value));
    put("senderUserId", said.sender_id);
    put("reminderTitle", said.sender_name);
    put("reminderContent", &said.content.shown);
    put("detailNotice", &said.content.shown);
    put("receiver", if said.sender_id == said.seller_id { said.peer_id } else { said.seller_id });
    put("sessionType", if said.group { "30" } else { "1" });
    put("senderUserType", "0");
    let content_type = said.content.kind.to_string();
    let ext = json!({"quickReply": "1", "messageId": said.message_id, "contentType": content_type});
    put("extJson", &ext.to_string());
    let tag = if said.id_in_ext_json_only {
        json!({"sourceId": "S:1"})
    } else {
        json!({"sourceId": "S:1", "messageId": said.message_id})
    };
    put("bizTag", &tag.to_string());
    if let Some(item_id) = said.item_id {
        put(
            "reminderUrl",
            &format!("fleamarket://message_chat?itemId={item_id}&peerUserId={}&sid={}&adv=no", said.sender_id, said.chat_id),
        );
    }
    if let Some(nick) = said.sender_nick {
        put("senderNick", nick);
    }
    if let Some(reminder) = said.content.red_reminder {
        put("redReminder", reminder);
    }
    Value::Object(details)
}

/// A chat message: text, picture or card.
pub(crate) fn chat_message(said: &Said<'_>) -> Value {
    let sender = format!("{}@goofish", said.sender_id);
    let sender = if said.bare_sender { json!(sender) } else { json!({"1": sender}) };
    let content = json!({
        "1": "", "2": said.content.shown, "3": "", "4": said.content.kind, "5": said.content.json.to_string(),
    });
    let message = json!({
        "1": sender,
        "2": format!("{}@goofish", said.chat_id),
        "3": format!("{}.PNM", said.pnm),
        "4": 0,
        "5": said.created_at_ms,
        "6": {"1": 101, "3": content},
        "7": 1,
        "8": 1,
        "9": 0,
        "10": details(said),
        "12": 1,
    });
    json!({"1": message, "3": {"needPush": "true"}})
}

/// A card's later version.
pub(crate) fn card_update(said: &Said<'_>) -> Value {
    json!({"1": format!("{}.PNM", said.pnm), "2": format!("{}@goofish", said.chat_id), "3": 0, "4": details(said)})
}

/// A trade reminder.
pub(crate) fn trade_reminder(buyer_id: &str, status: OrderStatus) -> Value {
    json!({"1": format!("{buyer_id}@goofish"), "3": {"redReminder": status.reminder(), "needPush": "false"}})
}

/// Somebody types.
pub(crate) fn typing(user_id: &str) -> Value {
    json!({"1": [{"1": format!("{user_id}@goofish"), "2": 1, "3": 0}]})
}

/// The platform's own tip.
pub(crate) fn system_tip(text: &str) -> Value {
    let content = json!({"contentType": 8, "sessionArouse": {"arouseChatScriptInfo": [{"chatScrip": text}]}});
    json!({"chatType": 1, "incrementType": 1, "operation": {"content": content, "sessionInfo": {}}})
}

/// The `data` of a map that says it has two entries and ends.
pub(crate) fn broken() -> String {
    BASE64.encode(&[0x82])
}

/// The `data` of an entry, as the message asks to be written.
pub(crate) fn encode_for(message: &BuyerMessage, value: &Value) -> String {
    encode(value, message.encoding, message.padded)
}

/// The `data` of an entry.
pub(crate) fn encode(value: &Value, encoding: Encoding, padded: bool) -> String {
    let bytes = match encoding {
        Encoding::PlainJson => value.to_string().into_bytes(),
        Encoding::IntegerKeys => pack(value, true),
        Encoding::StringKeys => pack(value, false),
    };
    if padded { BASE64.encode(&bytes) } else { BASE64_NOPAD.encode(&bytes) }
}

fn pack(value: &Value, integer_keys: bool) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(1024);
    write(&mut bytes, value, integer_keys).expect("writing to a vector of bytes does not fail");
    bytes
}

fn write(bytes: &mut Vec<u8>, value: &Value, integer_keys: bool) -> Result<(), ValueWriteError> {
    match value {
        Value::Null => rmp::encode::write_nil(bytes).map_err(ValueWriteError::InvalidMarkerWrite)?,
        Value::Bool(flag) => rmp::encode::write_bool(bytes, *flag).map_err(ValueWriteError::InvalidMarkerWrite)?,
        Value::Number(number) => match (number.as_u64(), number.as_i64()) {
            (Some(number), _) => drop(rmp::encode::write_uint(bytes, number)?),
            (None, Some(number)) => drop(rmp::encode::write_sint(bytes, number)?),
            (None, None) => rmp::encode::write_f64(bytes, number.as_f64().unwrap_or_default())?,
        },
        Value::String(text) => rmp::encode::write_str(bytes, text)?,
        Value::Array(values) => {
            rmp::encode::write_array_len(bytes, length(values.len()))?;
            values.iter().try_for_each(|value| write(bytes, value, integer_keys))?;
        }
        Value::Object(map) => {
            rmp::encode::write_map_len(bytes, length(map.len()))?;
            for (key, value) in map {
                match key.parse::<u64>() {
                    Ok(number) if integer_keys => drop(rmp::encode::write_uint(bytes, number)?),
                    _ => rmp::encode::write_str(bytes, key)?,
                }
                write(bytes, value, integer_keys)?;
            }
        }
    }
    Ok(())
}

fn length(length: usize) -> u32 {
    u32::try_from(length).expect("no message has four billion parts")
}
