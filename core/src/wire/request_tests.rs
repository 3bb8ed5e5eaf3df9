use std::collections::HashSet;

use rand::SeedableRng;
use rand::rngs::StdRng;
use serde_json::{Value, json};

use super::{
    IM_USER_AGENT, MidSource, NEWEST, Picture, Recipient, USER_AGENT, UuidSource, create_chat, device_id, heartbeat, history,
    newest_chats, register, send_picture, send_text, sync_from_now,
};
use crate::secret::Secret;

const TO: Recipient<'_> = Recipient { chat_id: "47", peer_id: "11", unb: "22" };

fn value(frame: &str) -> Value {
    serde_json::from_str(frame).expect("a frame is JSON")
}

fn inner(frame: &Value) -> Value {
    let data = frame["body"][0]["content"]["custom"]["data"].as_str().expect("base64");
    serde_json::from_slice(&data_encoding::BASE64.decode(data.as_bytes()).expect("base64")).expect("JSON")
}

#[test]
fn every_frame_has_the_keys_of_the_service() {
    let context = json!({"appVersion": "1.0", "platform": "web"});
    let headers = json!({"mid": "M"});
    for (frame, want) in [
        (
            register("M", &Secret::new("TOKEN"), "DEVICE").expose().to_owned(),
            json!({"lwp": "/reg", "headers": {"cache-header": "app-key token ua wv", "app-key": "444e9908a51d1cb236a27862abc769c9",
                "token": "TOKEN", "ua": IM_USER_AGENT, "dt": "j", "wv": "im:3,au:3,sy:6", "sync": "0,0;0;0;", "did": "DEVICE", "mid": "M"}}),
        ),
        (
            sync_from_now("M", 1_700_000_000_123),
            json!({"lwp": "/r/SyncStatus/ackDiff", "headers": headers, "body": [{"pipeline": "sync", "tooLong2Tag": "PNM,1",
                "channel": "sync", "topic": "sync", "highPts": 0, "pts": 1_700_000_000_123_000_i64, "seq": 0, "timestamp": 1_700_000_000_123_i64}]}),
        ),
        (heartbeat("M"), json!({"lwp": "/!", "headers": headers})),
        (
            create_chat("M", "11", "22", "900"),
            json!({"lwp": "/r/SingleChatConversation/create", "headers": headers, "body": [{"pairFirst": "11@goofish",
                "pairSecond": "22@goofish", "bizType": "1", "extension": {"itemId": "900"}, "ctx": context}]}),
        ),
        (
            history("M", "47", NEWEST),
            json!({"lwp": "/r/MessageManager/listUserMessages", "headers": headers, "body": ["47@goofish", false, 9_007_199_254_740_991_i64, 20, false]}),
        ),
        (newest_chats("M", 5, 50), json!({"lwp": "/r/Conversation/listNewestPagination", "headers": headers, "body": [5, 50]})),
    ] {
        assert_eq!(value(&frame), want);
    }
}

#[test]
fn a_message_carries_its_content_as_base64_json() {
    let text = "他说\"在\"\n{x}😀";
    let frame = value(&send_text("M", "-17000000000001", TO, text));
    assert_eq!(inner(&frame), json!({"contentType": 1, "text": {"text": text}}));
    let data = frame["body"][0]["content"]["custom"]["data"].clone();
    assert_eq!(
        frame,
        json!({"lwp": "/r/MessageSend/sendByReceiverScope", "headers": {"mid": "M"}, "body": [{"uuid": "-17000000000001",
            "cid": "47@goofish", "conversationType": 1, "content": {"contentType": 101, "custom": {"type": 1, "data": data}},
            "redPointPolicy": 0, "extension": {"extJson": "{}"}, "ctx": {"appVersion": "1.0", "platform": "web"}, "mtags": {},
            "msgReadStatusSetting": 1}, {"actualReceivers": ["11@goofish", "22@goofish"]}]})
    );

    let frame = value(&send_picture("M", "-1", TO, Picture { url: "https://img/1.jpg", width: 800, height: 600 }));
    assert_eq!(frame["body"][0]["content"]["custom"]["type"], 2);
    assert_eq!(
        inner(&frame),
        json!({"contentType": 2, "image": {"pics": [{"type": 0, "url": "https://img/1.jpg", "width": 800, "height": 600}]}})
    );
}

#[test]
fn the_ua_of_registering_is_the_browsers_with_the_scripts_after_it() {
    let suffix = " DingTalk(2.1.5) OS(Windows/10) Browser(Chrome/133.0.0.0) DingWeb/2.1.5 IMPaaS DingWeb/2.1.5";
    assert_eq!(IM_USER_AGENT, format!("{USER_AGENT}{suffix}"));
}

#[test]
fn no_mid_comes_twice_even_when_the_clock_stands_or_goes_back() {
    let mut mids = MidSource::new(&mut StdRng::seed_from_u64(1));
    let mut seen = HashSet::new();
    for step in 0..5_000_i64 {
        let now_ms = 1_700_000_000_000 - step / 1_500;
        let mid = mids.next_mid(now_ms);
        let (number, rest) = mid.split_at(mid.len() - " 0".len() - 13);
        assert!(number.parse::<u16>().expect("a counter") < 1000 && rest.ends_with(" 0"), "{mid}");
        assert!(seen.insert(mid));
    }
}

#[test]
fn no_uuid_comes_twice_even_when_the_clock_stands_or_goes_back() {
    let mut uuids = UuidSource::default();
    assert_eq!(uuids.next_uuid(1_700_000_000_000), "-17000000000001");
    assert_eq!(uuids.next_uuid(1_700_000_000_000), "-17000000000011");
    assert_eq!(uuids.next_uuid(1_600_000_000_000), "-17000000000021");
    assert_eq!(uuids.next_uuid(1_800_000_000_000), "-18000000000001");
}

#[test]
fn a_device_id_has_the_shape_of_a_version_4_uuid_and_ends_with_the_user() {
    let mut random = StdRng::seed_from_u64(1);
    let (one, two) = (device_id(&mut random, "2280551454090"), device_id(&mut random, "2280551454090"));
    assert_ne!(one, two);
    for id in [one, two] {
        let (uuid, user) = id.split_at(36);
        assert_eq!(user, "-2280551454090");
        for (place, sign) in uuid.char_indices() {
            match place {
                8 | 13 | 18 | 23 => assert_eq!(sign, '-'),
                14 => assert_eq!(sign, '4'),
                19 => assert!("89AB".contains(sign)),
                _ => assert!(sign.is_ascii_digit() || ('A'..='F').contains(&sign)),
            }
        }
    }
}
