//! What the answer to a chat's history holds.

use std::borrow::Cow;

use data_encoding::BASE64_NOPAD;

use super::message::Entry;
use super::sync::Fields;
use super::tree::{Node, from_json};

/// One page of a chat's history.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct History {
    /// Whether an older page exists.
    pub has_more: bool,
    /// The cursor that asks for it.
    pub next_cursor: Option<i64>,
    /// The messages, in the service's order, each read as if it had been pushed: the same words are the same message, by the
    /// same id.
    pub messages: Vec<Entry>,
    /// How many were left out: without a sender, or without an id by which they would be known again.
    pub left_out: usize,
}

impl History {
    /// `None` if the body holds no list of messages.
    pub(super) fn parse(body: &str, chat_id: &str, seller_id: &str) -> Option<Self> {
        let body = from_json(body.as_bytes()).ok()?;
        let models = body.get("userMessageModels");
        let Node::List(items) = models else { return None };
        let has_more = body.get("hasMore");
        let messages: Vec<Entry> = items.iter().filter_map(|model| read(model.get("message"), chat_id, seller_id)).collect();
        Some(Self {
            has_more: matches!(has_more, Node::Bool(true)) || has_more.whole() == Some(1) || has_more.text() == Some("true"),
            next_cursor: body.get("nextCursor").whole(),
            left_out: items.len() - messages.len(),
            messages,
        })
    }
}

fn read(message: &Node<'_>, chat_id: &str, seller_id: &str) -> Option<Entry> {
    let packed = message.get("content").get("custom").get("data").text().unwrap_or_default();
    let content = BASE64_NOPAD.decode(packed.trim_end_matches('=').as_bytes()).unwrap_or_default();
    // Whatever chat it names: it is the one that was asked for.
    let chat_id = Node::Text(Cow::Borrowed(chat_id));
    let fields = Fields::of_history(message, &chat_id, &content);
    // Not the id that would be made for a push without one: made of less, it is not the same.
    fields.message_id()?;
    fields.read(seller_id)
}

#[cfg(test)]
mod tests {
    use super::History;
    use crate::wire::message::Entry;

    #[test]
    fn a_page_holds_its_cursor_and_its_messages_with_the_ids_that_pushes_have() {
        let data = data_encoding::BASE64.encode(r#"{"contentType":1,"text":{"text":"在吗"}}"#.as_bytes());
        let body = format!(
            r#"{{"hasMore":1,"nextCursor":"1700000000000","userMessageModels":[
                {{"message":{{"messageId":"1.PNM","createAt":1700000000001,
                  "extension":{{"senderUserId":"7@goofish","reminderTitle":"Ann","bizTag":"{{\"messageId\":\"m1\"}}",
                    "reminderUrl":"fleamarket://message_chat?itemId=920"}},
                  "content":{{"custom":{{"type":1,"data":"{data}"}}}}}}}},
                {{"message":{{"messageId":"2.PNM","extension":{{"senderUserId":8,"reminderContent":"[图片]","sessionType":"30"}},
                  "content":{{"custom":{{"data":"%%"}}}}}}}},
                {{"message":{{"messageId":"3.PNM","extension":{{"senderUserId":"1","reminderContent":"您好",
                  "extJson":"{{\"messageId\":\"m3\"}}"}}}}}},
                {{"message":{{"extension":{{"senderUserId":"7"}}}}}}, {{"message":{{"messageId":"5"}}}}, {{"message":null}}, 3]}}"#
        );
        let page = History::parse(&body, "chat", "1").expect("a page");
        assert!(page.has_more);
        assert_eq!((page.next_cursor, page.left_out), (Some(1_700_000_000_000), 4));
        let read: Vec<_> = page
            .messages
            .iter()
            .map(|entry| {
                let message = entry.message().expect("a message");
                (entry.kind(), &*message.message_id, &*message.sender_id, &*message.text, message.created_at_ms, message.group)
            })
            .collect();
        assert_eq!(
            read,
            [
                ("chat", "m1", "7", "在吗", 1_700_000_000_001, false),
                ("chat", "2.PNM", "8", "[图片]", 0, true),
                ("own", "m3", "1", "您好", 0, false),
            ]
        );
        assert!(page.messages.iter().all(|entry| entry.message().is_some_and(|message| message.chat_id == "chat")));
        assert_eq!(page.messages[0].message().and_then(|message| message.item_id.as_deref()), Some("920"));
    }

    #[test]
    fn an_order_s_card_is_one_also_when_it_is_read_back() {
        let body = r#"{"userMessageModels":[{"message":{"messageId":"1.PNM","createAt":1,"extension":{"senderUserId":"7",
            "reminderContent":"[我已付款，等待你发货]"},"content":{"custom":{"type":26,"data":""}}}}]}"#;
        let page = History::parse(body, "chat", "1").expect("a page");
        assert!(matches!(&page.messages[..], [Entry::Order(notice)] if notice.status.is_some()), "{page:?}");
    }

    #[test]
    fn a_body_without_messages_is_no_page() {
        for body in ["{}", "[]", "\"x\"", r#"{"userMessageModels":null}"#, "{"] {
            assert_eq!(History::parse(body, "chat", "1"), None, "{body}");
        }
    }
}
