//! What the answer to a chat's history holds.

use std::borrow::Cow;

use data_encoding::BASE64_NOPAD;

use super::sync::without_domain;
use super::tree::{Node, from_json};

/// One page of a chat's history.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct History {
    /// Whether an older page exists.
    pub has_more: bool,
    /// The cursor that asks for it.
    pub next_cursor: Option<i64>,
    /// The messages, in the service's order. One that cannot be read is left out.
    pub messages: Vec<HistoryMessage>,
}

/// One message of a chat's history.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HistoryMessage {
    /// Who sent it: a user id.
    pub sender_id: String,
    /// The sender's name as people see it; empty if there is none.
    pub sender_name: String,
    /// Its text; empty if it has none.
    pub text: String,
    /// The first picture's URL.
    pub image_url: Option<String>,
    /// Its id, if the answer names one.
    pub message_id: Option<String>,
    /// When it was sent, ms since 1970; 0 if the answer does not say.
    pub created_at_ms: i64,
}

impl History {
    /// `None` if the body holds no list of messages.
    pub(super) fn parse(body: &str) -> Option<Self> {
        let body = from_json(body.as_bytes()).ok()?;
        let models = body.get("userMessageModels");
        if !matches!(models, Node::List(_)) {
            return None;
        }
        let has_more = body.get("hasMore");
        Some(Self {
            has_more: matches!(has_more, Node::Bool(true)) || has_more.whole() == Some(1) || has_more.text() == Some("true"),
            next_cursor: body.get("nextCursor").whole(),
            messages: models.items().iter().filter_map(|model| message(model.get("message"))).collect(),
        })
    }
}

fn message(message: &Node<'_>) -> Option<HistoryMessage> {
    let extension = message.get("extension");
    let sender_id = extension.get("senderUserId").id()?;
    let packed = message.get("content").get("custom").get("data").text().unwrap_or_default();
    let json = BASE64_NOPAD.decode(packed.trim_end_matches('=').as_bytes()).unwrap_or_default();
    let content = from_json(&json).unwrap_or(Node::Other);
    let text = content.get("text").get("text").text().or_else(|| extension.get("reminderContent").text());
    Some(HistoryMessage {
        sender_id: without_domain(&sender_id).to_owned(),
        sender_name: extension.get("reminderTitle").text().unwrap_or_default().to_owned(),
        text: text.unwrap_or_default().to_owned(),
        image_url: content.get("image").get("pics").items().first().and_then(|pic| pic.get("url").text()).map(str::to_owned),
        message_id: message.get("messageId").id().map(Cow::into_owned),
        created_at_ms: message.get("createAt").whole().unwrap_or(0),
    })
}

#[cfg(test)]
mod tests {
    use super::History;

    #[test]
    fn a_page_holds_its_cursor_and_its_messages() {
        let data = data_encoding::BASE64.encode(r#"{"contentType":1,"text":{"text":"在吗"}}"#.as_bytes());
        let body = format!(
            r#"{{"hasMore":1,"nextCursor":"1700000000000","userMessageModels":[
                {{"message":{{"messageId":"m1","createAt":1700000000001,
                  "extension":{{"senderUserId":"7@goofish","reminderTitle":"Ann"}},"content":{{"custom":{{"data":"{data}"}}}}}}}},
                {{"message":{{"extension":{{"senderUserId":8,"reminderContent":"[图片]"}},"content":{{"custom":{{"data":"%%"}}}}}}}},
                {{"message":null}}, 3]}}"#
        );
        let page = History::parse(&body).expect("a page");
        assert!(page.has_more);
        assert_eq!(page.next_cursor, Some(1_700_000_000_000));
        let read: Vec<(&str, &str, &str)> =
            page.messages.iter().map(|m| (m.sender_id.as_str(), m.sender_name.as_str(), m.text.as_str())).collect();
        assert_eq!(read, [("7", "Ann", "在吗"), ("8", "", "[图片]")]);
        assert_eq!((page.messages[0].message_id.as_deref(), page.messages[0].created_at_ms), (Some("m1"), 1_700_000_000_001));
    }

    #[test]
    fn a_body_without_messages_is_no_page() {
        for body in ["{}", "[]", "\"x\"", r#"{"userMessageModels":null}"#, "{"] {
            assert_eq!(History::parse(body), None, "{body}");
        }
    }
}
