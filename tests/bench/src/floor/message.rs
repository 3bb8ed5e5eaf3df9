//! What a frame says, as far as the floor needs it; read in place, with the crates of the field.

use data_encoding::BASE64;
use rmpv::ValueRef;
use serde::{Deserialize, Serialize};

use crate::Failure;

#[derive(Deserialize)]
pub(super) struct Frame<'a> {
    #[serde(default)]
    pub(super) lwp: &'a str,
    #[serde(default)]
    pub(super) code: u32,
    #[serde(borrow)]
    pub(super) headers: Headers<'a>,
    #[serde(borrow, default)]
    body: Body<'a>,
}

#[derive(Deserialize, Serialize)]
pub(super) struct Headers<'a> {
    pub(super) mid: &'a str,
    #[serde(default)]
    sid: &'a str,
    #[serde(rename = "app-key", default)]
    app_key: &'a str,
    #[serde(default)]
    ua: &'a str,
    #[serde(default)]
    dt: &'a str,
}

#[derive(Default, Deserialize)]
struct Body<'a> {
    #[serde(rename = "syncPushPackage", borrow, default)]
    package: Package<'a>,
}

#[derive(Default, Deserialize)]
struct Package<'a> {
    #[serde(borrow)]
    data: Vec<Item<'a>>,
}

#[derive(Deserialize)]
struct Item<'a> {
    data: &'a str,
}

/// A buyer's message.
pub(super) struct Message {
    pub(super) chat_id: String,
    pub(super) sender_id: String,
    pub(super) text: String,
}

impl<'a> Frame<'a> {
    pub(super) fn read(text: &'a str) -> Result<Self, Failure> {
        Ok(serde_json::from_str(text)?)
    }

    pub(super) fn is_push(&self) -> bool {
        self.lwp.starts_with("/s/")
    }

    pub(super) fn ack(&self) -> Result<String, Failure> {
        #[derive(Serialize)]
        struct Ack<'h, 'a> {
            code: u32,
            headers: &'h Headers<'a>,
        }
        Ok(serde_json::to_string(&Ack { code: 200, headers: &self.headers })?)
    }

    /// The messages in a push, the account's own left out.
    pub(super) fn messages(&self, unb: &str) -> Result<Vec<Message>, Failure> {
        let messages = self.body.package.data.iter().map(|item| message(item.data, unb));
        messages.filter_map(Result::transpose).collect()
    }
}

fn message(data: &str, unb: &str) -> Result<Option<Message>, Failure> {
    let bytes = BASE64.decode(data.as_bytes())?;
    let entry = rmpv::decode::read_value_ref(&mut &bytes[..])?;
    Ok(read(&entry).filter(|message| message.sender_id != unb))
}

fn read(entry: &ValueRef<'_>) -> Option<Message> {
    let message = field(entry, |key| is_number(key, 1))?;
    let details = field(message, |key| is_number(key, 10))?;
    let detail = |name: &str| text(field(details, |key| text(key) == Some(name))?).map(str::to_owned);
    let chat_id = text(field(message, |key| is_number(key, 2))?)?.strip_suffix("@goofish")?.to_owned();
    Some(Message { chat_id, sender_id: detail("senderUserId")?, text: detail("reminderContent")? })
}

fn field<'v, 'a>(value: &'v ValueRef<'a>, is_it: impl Fn(&ValueRef<'a>) -> bool) -> Option<&'v ValueRef<'a>> {
    let ValueRef::Map(fields) = value else { return None };
    fields.iter().find(|(key, _)| is_it(key)).map(|(_, value)| value)
}

fn is_number(value: &ValueRef<'_>, number: u64) -> bool {
    matches!(value, ValueRef::Integer(found) if found.as_u64() == Some(number))
}

fn text<'v>(value: &'v ValueRef<'_>) -> Option<&'v str> {
    let ValueRef::String(text) = value else { return None };
    text.as_str()
}

#[cfg(test)]
mod tests {
    use super::Frame;

    const UA: &str = "Mozilla/5.0 DingTalk(2.1.5)";

    fn push(data: &str) -> String {
        format!(
            r#"{{"lwp":"/s/vulcan","headers":{{"mid":"1 0","sid":"s","app-key":"k","ua":"{UA}","dt":"j"}},"body":{{"syncPushPackage":{{"data":[{{"bizType":40,"data":"{data}"}}],"hasMore":0}}}}}}"#
        )
    }

    fn entry(sender: &str) -> String {
        use rmpv::Value;
        let map = |fields: Vec<(Value, Value)>| Value::Map(fields);
        let details = map(vec![("senderUserId".into(), sender.into()), ("reminderContent".into(), "在吗".into())]);
        let message = map(vec![(2.into(), "7@goofish".into()), (10.into(), details)]);
        let mut bytes = Vec::new();
        rmpv::encode::write_value(&mut bytes, &map(vec![(1.into(), message)])).unwrap();
        data_encoding::BASE64.encode(&bytes)
    }

    #[test]
    fn a_push_is_acknowledged_with_its_headers_and_holds_the_buyer_s_message() {
        let text = push(&entry("9"));
        let frame = Frame::read(&text).unwrap();
        assert!(frame.is_push());
        let ack = format!(r#"{{"code":200,"headers":{{"mid":"1 0","sid":"s","app-key":"k","ua":"{UA}","dt":"j"}}}}"#);
        assert_eq!(frame.ack().unwrap(), ack);
        let messages = frame.messages("1").unwrap();
        let [message] = &messages[..] else { panic!("one message") };
        assert_eq!((&*message.chat_id, &*message.sender_id, &*message.text), ("7", "9", "在吗"));
    }

    #[test]
    fn the_account_s_own_message_is_left_out() {
        let text = push(&entry("1"));
        assert!(Frame::read(&text).unwrap().messages("1").unwrap().is_empty());
    }
}
