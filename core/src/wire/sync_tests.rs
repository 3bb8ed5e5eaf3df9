use data_encoding::BASE64;
use serde_json::{Value, json};

use super::{EntryError, MAX_ENTRY_BYTES, PackedError, decode_entry, digits_of, order_id_of_url};
use crate::wire::message::{Entry, OrderStatus};

const SELLER: &str = "22";

fn from_json(tree: &Value) -> Entry {
    decode_entry(&BASE64.encode(tree.to_string().as_bytes()), SELLER).expect("well-formed")
}

/// The same tree as `MessagePack`, with integer keys wherever a key is digits.
fn from_packed(tree: &Value) -> Entry {
    let mut bytes = Vec::new();
    rmpv::encode::write_value(&mut bytes, &packed(tree)).expect("a Vec takes every byte");
    decode_entry(&BASE64.encode(&bytes), SELLER).expect("well-formed")
}

fn packed(tree: &Value) -> rmpv::Value {
    match tree {
        Value::Null => rmpv::Value::Nil,
        Value::Bool(value) => (*value).into(),
        Value::Number(number) => number.as_i64().map_or(rmpv::Value::Nil, Into::into),
        Value::String(text) => text.as_str().into(),
        Value::Array(items) => rmpv::Value::Array(items.iter().map(packed).collect()),
        Value::Object(fields) => rmpv::Value::Map(
            fields
                .iter()
                .map(|(key, value)| (key.parse::<i64>().map_or_else(|_| key.as_str().into(), Into::into), packed(value)))
                .collect(),
        ),
    }
}

/// Both encodings must read alike.
fn read(tree: &Value) -> Entry {
    let entry = from_packed(tree);
    assert_eq!(from_json(tree), entry, "{tree}");
    entry
}

/// A chat entry of `content`, with `details` put over the usual ones.
fn chat(content_type: i64, content: &Value, details: Value) -> Value {
    let mut usual = json!({
        "senderUserId": "11", "reminderTitle": "Ann", "reminderContent": "shown", "sessionType": "1",
        "reminderUrl": "fleamarket://message_chat?itemId=900&sid=47", "bizTag": "{\"messageId\":\"m1\"}",
        "extJson": "{\"messageId\":\"m2\"}",
    });
    let (Value::Object(all), Value::Object(over)) = (&mut usual, details) else { panic!("objects") };
    all.extend(over);
    json!({"1": {"1": {"1": "11@goofish"}, "2": "47@goofish", "3": "8.PNM", "5": 1_700_000_000_123_i64,
        "6": {"1": 101, "3": {"2": "summary", "4": content_type, "5": content.to_string()}}, "10": usual}})
}

fn text(text: &str) -> Value {
    json!({"contentType": 1, "text": {"text": text}})
}

fn card_with(url: &str) -> Value {
    json!({"contentType": 26, "dxCard": {"item": {"main": {"targetUrl": url}}}})
}

#[test]
fn a_chat_message_has_its_fields_in_both_encodings() {
    let Entry::Chat(message) = read(&chat(1, &text("在吗"), json!({}))) else { panic!("a chat") };
    assert_eq!((message.chat_id.as_str(), message.sender_id.as_str()), ("47", "11"));
    assert_eq!((message.sender_name.as_str(), message.text.as_str()), ("Ann", "在吗"));
    assert_eq!((message.item_id.as_deref(), message.message_id.as_str()), (Some("900"), "m1"));
    assert_eq!((message.created_at_ms, message.group, message.content_type), (1_700_000_000_123, false, Some(1)));
}

#[test]
fn each_field_has_its_places_in_their_order() {
    let with = |path: &[&str], value: Value| {
        let mut tree = chat(1, &text("t"), json!({}));
        let mut place = &mut tree;
        for step in path {
            place = &mut place[*step];
        }
        *place = value;
        read(&tree).message().cloned().expect("a message")
    };
    assert_eq!(with(&["1", "1"], json!("12@goofish")).sender_id, "12");
    assert_eq!(with(&["1", "1"], json!(null)).sender_id, "11");
    assert_eq!(with(&["1", "1", "1"], json!(13)).sender_id, "13");
    assert_eq!(with(&["1", "2"], json!(48)).chat_id, "48");
    assert_eq!(with(&["1", "5"], json!("1700000000456")).created_at_ms, 1_700_000_000_456);
    assert_eq!(with(&["1", "5"], json!([])).created_at_ms, 0);
    assert_eq!(with(&["1", "10", "senderNick"], json!("nick")).sender_name, "nick");
    assert_eq!(with(&["1", "10", "senderNick"], json!("")).sender_name, "Ann");
    assert_eq!(with(&["1", "10", "bizTag"], json!("{}")).message_id, "m2");
    assert_eq!(with(&["1", "10", "bizTag"], json!("no JSON")).message_id, "m2");
    assert_eq!(with(&["1", "10", "bizTag"], json!("{\"messageId\":7}")).message_id, "7");
    assert!(with(&["1", "10", "sessionType"], json!("30")).group);
    assert!(with(&["1", "10", "sessionType"], json!(30)).group);
    assert_eq!(with(&["1", "6", "3", "5"], json!("{broken")).text, "shown");
    assert_eq!(with(&["1", "6", "3", "5"], json!(null)).text, "shown");
    assert_eq!(with(&["1", "6"], json!(null)).text, "shown");
    assert_eq!(with(&["1", "10", "reminderUrl"], json!("x://y?a=1&itemId=5x")).item_id.as_deref(), Some("5"));
    assert_eq!(with(&["1", "10", "reminderUrl"], json!("x://y?aitemId=5")).item_id, None);
    let bare = with(&["1", "10"], json!(null));
    assert_eq!((bare.sender_name.as_str(), bare.text.as_str(), bare.item_id, bare.message_id.as_str()), ("", "t", None, "8.PNM"));
}

#[test]
fn a_message_without_any_id_gets_one_that_is_the_same_again() {
    let tree = json!({"1": {"1": "11@goofish", "2": "47@goofish", "5": 7}});
    let (one, two) = (read(&tree), read(&tree));
    assert_eq!(one, two);
    assert_eq!(one.message().map(|message| message.message_id.as_str()), Some("47:7:11"));
}

#[test]
fn a_picture_has_its_url_and_the_words_shown_for_it() {
    let content = json!({"contentType": 2, "image": {"pics": [{"url": "https://a/1.jpg"}, {"url": "https://a/2.jpg"}]}});
    let Entry::Chat(message) = read(&chat(2, &content, json!({"reminderContent": "[图片]"}))) else { panic!("a chat") };
    assert_eq!((message.text.as_str(), message.image_url.as_deref()), ("[图片]", Some("https://a/1.jpg")));
}

#[test]
fn what_the_seller_sent_is_own_whatever_its_content() {
    for content in [text("t"), json!({"contentType": 2, "image": {"pics": []}}), json!({"contentType": 6})] {
        let mut tree = chat(content["contentType"].as_i64().expect("a number"), &content, json!({}));
        tree["1"]["1"]["1"] = json!("22@goofish");
        assert_eq!(read(&tree).kind(), "own", "{content}");
    }
}

#[test]
fn an_order_is_a_card_that_names_an_order_or_its_state() {
    let (paid, waiting) = ("[我已付款，等待你发货]", "等待买家付款");
    let plain_card = json!({"contentType": 26, "dxCard": {"item": {}}});
    let dynamic = json!({"dynamicOperation": {"changeContent": {"dxCard": {"a": [{"targetUrl": "x://y?z=1&bizOrderId=77"}]}}}});
    let order_url = card_with("fleamarket://order_detail?role=seller&id=77");
    let (awaiting_shipment, awaiting_payment) = (Some(OrderStatus::AwaitingShipment), Some(OrderStatus::AwaitingPayment));
    for (why, tree, want) in [
        ("text and id", chat(26, &order_url, json!({"reminderContent": paid})), Some((Some("77"), awaiting_shipment))),
        ("text only", chat(26, &plain_card, json!({"reminderContent": paid})), Some((None, awaiting_shipment))),
        ("reminder only", chat(26, &plain_card, json!({"redReminder": waiting})), Some((None, awaiting_payment))),
        ("id only", chat(26, &order_url, json!({})), Some((Some("77"), None))),
        ("changed card", chat(7, &dynamic, json!({})), Some((Some("77"), None))),
        (
            "text before reminder",
            chat(26, &plain_card, json!({"reminderContent": paid, "redReminder": waiting})),
            Some((None, awaiting_shipment)),
        ),
        (
            "broken content",
            {
                let mut tree = chat(26, &plain_card, json!({"reminderContent": paid}));
                tree["1"]["6"]["3"]["5"] = json!("{");
                tree
            },
            Some((None, awaiting_shipment)),
        ),
        (
            "from the seller",
            {
                let mut tree = chat(26, &order_url, json!({}));
                tree["1"]["1"] = json!("22@goofish");
                tree
            },
            Some((Some("77"), None)),
        ),
        ("no card, both texts", chat(1, &text(paid), json!({"redReminder": waiting})), Some((None, awaiting_payment))),
        ("a card of an item", chat(26, &card_with("fleamarket://item?id=77"), json!({})), None),
        ("typed by the buyer", chat(1, &text(paid), json!({})), None),
        ("asked while an order is open", chat(1, &text("发货了吗"), json!({"redReminder": waiting})), None),
        ("a link typed by the buyer", chat(1, &text("fleamarket://order_detail?id=77"), json!({})), None),
    ] {
        let found = match read(&tree) {
            Entry::Order(notice) => Some((notice.order_id, notice.status)),
            Entry::Chat(_) => None,
            other => panic!("{why}: {other:?}"),
        };
        assert_eq!(found, want.map(|(id, status)| (id.map(str::to_owned), status)), "{why}");
    }
}

#[test]
fn a_cards_later_version_reads_from_its_own_places() {
    let update = |details: Value| json!({"1": "8.PNM", "2": "47@goofish", "3": {"redReminder": "交易关闭"}, "4": details, "5": 1_700_000_000_123_i64});
    let details = json!({"senderUserId": "11", "reminderTitle": "Ann", "reminderContent": "[你已发货]", "extJson": "{\"messageId\":\"m1\"}",
        "reminderUrl": "x://y?itemId=900", "sessionType": "1"});
    let Entry::Order(notice) = read(&update(details.clone())) else { panic!("an order") };
    assert!(notice.message.is_update);
    assert_eq!((notice.order_id, notice.status), (None, Some(OrderStatus::Shipped)));
    let message = notice.message;
    assert_eq!((message.chat_id.as_str(), message.sender_id.as_str(), message.message_id.as_str()), ("47", "11", "m1"));
    assert_eq!((message.item_id.as_deref(), message.created_at_ms), (Some("900"), 1_700_000_000_123));

    let with = |name: &str, value: &str| {
        let mut details = details.clone();
        details[name] = json!(value);
        details
    };
    assert_eq!(read(&update(with("reminderContent", "hello"))).kind(), "chat");
    let mut own = with("reminderContent", "hello");
    own["senderUserId"] = json!("22");
    assert_eq!(read(&update(own)).kind(), "own");
    // Nothing of a message under `4`: then the other rules decide.
    assert_eq!(read(&update(json!({}))).kind(), "trade_reminder");
    assert_eq!(read(&json!({"2": "47@goofish", "4": {"a": 1}})).kind(), "unknown");
}

#[test]
fn what_is_no_message_has_its_own_kinds() {
    let reminder = |user_id: &str, status| Entry::TradeReminder { user_id: user_id.to_owned(), status };
    for (tree, want) in [
        (json!({"1": "11@goofish", "3": {"redReminder": "等待卖家发货"}}), reminder("11", Some(OrderStatus::AwaitingShipment))),
        (json!({"1": "11", "3": {"redReminder": "交易成功"}}), reminder("11", Some(OrderStatus::Completed))),
        (json!({"1": "11@goofish", "3": {"redReminder": "something new"}}), reminder("11", None)),
        (json!({"1": "11@goofish", "3": {}}), Entry::Unknown),
        (json!({"1": [{"1": "11@goofish", "2": 1}]}), Entry::Typing),
        (json!({"1": [{"1": "11@goofish"}, {"1": "12@goofish"}]}), Entry::Typing),
        (json!({"1": []}), Entry::Unknown),
        (json!({"1": [7]}), Entry::Unknown),
        (json!({"chatType": 1, "operation": {}}), Entry::System),
        (json!({"1": {"a": 1}}), Entry::Unknown),
        (json!({"1": {"1": {"1": "11@goofish"}}}), Entry::Unknown),
        (json!({"1": {"2": "47@goofish"}}), Entry::Unknown),
        (json!({"1": {"1": "@goofish", "2": "47@goofish"}}), Entry::Unknown),
        (json!({}), Entry::Unknown),
    ] {
        assert_eq!(read(&tree), want, "{tree}");
    }
}

#[test]
fn bytes_that_are_no_map_are_an_error_that_says_why() {
    let encode = |bytes: &[u8]| BASE64.encode(bytes);
    for (data, want) in [
        (String::new(), EntryError::BadPacked(PackedError::Truncated)),
        ("====".to_owned(), EntryError::NotBase64 { position: 0 }),
        ("%%%".to_owned(), EntryError::NotBase64 { position: 0 }),
        ("gQ_-".to_owned(), EntryError::NotBase64 { position: 2 }),
        ("A".repeat(MAX_ENTRY_BYTES + 1), EntryError::TooLong { bytes: MAX_ENTRY_BYTES + 1 }),
        (encode(b"{\"a\":"), EntryError::BadJson { line: 1, column: 5 }),
        (encode(b"{\"a\":\"\xff\"}"), EntryError::BadJson { line: 1, column: 7 }),
        (encode(b"{} x"), EntryError::BadJson { line: 1, column: 4 }),
        (encode(b"[{}]"), EntryError::NotAMap),
        (encode(b"\x07"), EntryError::NotAMap),
        (encode(b"\xc0"), EntryError::NotAMap),
        (encode(b"\x80\x00"), EntryError::BadPacked(PackedError::Trailing)),
        (encode(b"\x81\x01\xc1"), EntryError::BadPacked(PackedError::Reserved)),
        (encode(b"\x81\x01\xa1\xff"), EntryError::BadPacked(PackedError::NotUtf8)),
        (encode(&[b"\x81\x01".as_slice(), &[0x91; 10_000]].concat()), EntryError::BadPacked(PackedError::TooDeep)),
    ] {
        assert_eq!(decode_entry(&data, SELLER), Err(want), "{}", &data[..data.len().min(40)]);
    }
    let deep = format!("{{\"1\":{}", "[".repeat(10_000));
    assert!(matches!(decode_entry(&encode(deep.as_bytes()), SELLER), Err(EntryError::BadJson { .. })));
}

#[test]
fn padding_may_be_missing_in_part_or_whole() {
    for data in ["gQEC", "gA==", "gA=", "gA", " gA==\n", "eyB9", "IHsgfQ==", "IHsgfQ"] {
        assert_eq!(decode_entry(data, SELLER), Ok(Entry::Unknown), "{data}");
    }
}

#[test]
fn ids_are_the_digits_of_their_parameter_in_any_position() {
    for (url, want) in [
        ("fleamarket://order?orderId=12&role=seller", Some("12")),
        ("fleamarket://x?flutter=true&bizOrderId=34", Some("34")),
        ("fleamarket://order_detail?id=56&role=seller", Some("56")),
        ("https://h5.m.goofish.com/#/order_detail?role=seller&id=56#top", Some("56")),
        ("fleamarket://order_detail?id=1&orderId=2", Some("2")),
        ("fleamarket://x?preorderId=12", None),
        ("fleamarket://item?id=56", None),
        ("fleamarket://order?orderId=", None),
        ("fleamarket://order?orderId=abc", None),
        ("", None),
    ] {
        assert_eq!(order_id_of_url(url), want, "{url}");
    }
    assert_eq!(digits_of("itemId=5&itemId=6", &["itemId"]), Some("5"));
}
