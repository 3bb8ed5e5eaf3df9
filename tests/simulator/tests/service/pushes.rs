//! Pushes, their acknowledgement, and what happens without.

use std::time::Duration;

use livekeeper_simulator::{BuyerMessage, Encoding, EndedBy, Entry, Options, OrderIdIn, OrderStatus, PushPath, Simulator};
use serde_json::{Value, json};

use crate::client::{Client, LIMIT, UNB, entries_of, simulator, token, what_was_violated};

fn message() -> BuyerMessage {
    BuyerMessage::new("20997167734", "9687236998962", "还在吗？").named("摸鱼的猫🐟").about_item("526822747770")
}

#[tokio::test]
async fn a_message_arrives_as_the_vectors_have_it_and_is_acknowledged() {
    let simulator = simulator().await;
    let mut client = Client::online(&simulator, UNB).await;
    let message_id = simulator.buyer_says(UNB, &message().at_ms(1_712_795_995_944));
    let push = client.push().await;
    assert_eq!(push["lwp"], "/s/vulcan");
    let entry = &entries_of(&push)[0];
    assert_eq!(entry["1"]["1"]["1"], "9687236998962@goofish");
    assert_eq!(entry["1"]["2"], "20997167734@goofish");
    assert_eq!(entry["1"]["5"], 1_712_795_995_944_u64);
    assert_eq!(entry["1"]["6"]["3"]["4"], 1);
    let content: Value = serde_json::from_str(entry["1"]["6"]["3"]["5"].as_str().unwrap()).unwrap();
    assert_eq!(content["text"]["text"], "还在吗？");
    let details = &entry["1"]["10"];
    assert_eq!(details["reminderTitle"], "摸鱼的猫🐟");
    assert_eq!(details["senderUserId"], "9687236998962");
    assert!(details["reminderUrl"].as_str().unwrap().contains("itemId=526822747770&"));
    assert!(details["bizTag"].as_str().unwrap().contains(&message_id));
    client.ack(&push).await;
    simulator.wait_until(LIMIT, |seen| seen.counters_of(UNB).acks == 1).await.unwrap();
    assert_eq!(what_was_violated(&simulator), [""; 0]);
}

#[tokio::test]
async fn every_encoding_says_the_same() {
    let simulator = simulator().await;
    let mut client = Client::online(&simulator, UNB).await;
    for encoding in [Encoding::IntegerKeys, Encoding::StringKeys, Encoding::PlainJson] {
        let said = message().with_id("a".repeat(32)).at_ms(5).encoded(encoding).unpadded();
        simulator.buyer_says(UNB, &said);
    }
    let mut entries = Vec::new();
    for _ in 0..3 {
        let mut entry = client.entries().await.remove(0);
        entry["1"]["3"] = Value::Null;
        entries.push(entry);
    }
    assert_eq!(entries[0]["1"]["10"]["reminderContent"], "还在吗？");
    assert!(entries.iter().all(|entry| *entry == entries[0]));
}

#[tokio::test]
async fn the_vectors_can_be_pushed_as_they_are() {
    let simulator = simulator().await;
    let mut client = Client::online(&simulator, UNB).await;
    let data = "ggGFpHRlc3Q=";
    simulator.push_by(UNB, PushPath::Sync, vec![Entry::Raw(data.into())]);
    let push = client.push().await;
    assert_eq!(push["lwp"], "/s/sync");
    assert_eq!(push["body"]["syncPushPackage"]["data"][0]["data"], data);
}

#[tokio::test]
async fn several_entries_of_every_kind_come_in_one_push() {
    let simulator = simulator().await;
    let mut client = Client::online(&simulator, UNB).await;
    let status = OrderStatus::AwaitingShipment;
    let ids = simulator.push(
        UNB,
        vec![
            Entry::Message(message()),
            Entry::OwnMessage { chat_id: "20997167734".into(), peer_id: "9687236998962".into(), text: "我亲自回复".into() },
            Entry::Picture { message: message(), url: "https://img.alicdn.com/x.jpg".into(), width: 800, height: 600 },
            Entry::OrderCard { message: message(), order_id: "97".into(), status, id_in: OrderIdIn::Button },
            Entry::CardUpdate { message: message(), status },
            Entry::TradeReminder { buyer_id: "9687236998962".into(), status },
            Entry::Typing { user_id: "9687236998962".into() },
            Entry::SystemTip { text: "你好".into() },
            Entry::Broken,
        ],
    );
    assert_eq!(ids.iter().filter(|id| id.is_some()).count(), 5);
    let entries = client.entries().await;
    assert_eq!(entries.len(), 9);
    assert_eq!(entries[1]["1"]["10"]["senderUserId"], UNB);
    assert!(entries[2]["1"]["6"]["3"]["5"].as_str().unwrap().contains("x.jpg"));
    assert!(entries[3]["1"]["6"]["3"]["5"].as_str().unwrap().contains("orderId=97&"));
    assert_eq!(entries[3]["1"]["10"]["redReminder"], "等待卖家发货");
    assert_eq!(entries[4]["4"]["redReminder"], "等待卖家发货");
    assert_eq!(entries[5]["3"]["redReminder"], "等待卖家发货");
    assert_eq!(entries[6]["1"][0]["1"], "9687236998962@goofish");
    assert_eq!(entries[7]["chatType"], 1);
    assert_eq!(entries[8], Value::Null);
    simulator.wait_until(LIMIT, |seen| seen.counters().acks == 1).await.unwrap();
}

#[tokio::test]
async fn a_push_that_is_not_acknowledged_closes_the_connection() {
    let options = Options { ack_timeout: Duration::from_millis(50), ..Options::default() };
    let simulator = Simulator::start(options).await.unwrap();
    let mut client = Client::online(&simulator, UNB).await;
    simulator.buyer_says(UNB, &message());
    client.push().await;
    assert_eq!(client.closed().await, Some(1008));
    simulator.wait_until(LIMIT, |seen| seen.connections() == 0).await.unwrap();
    assert_eq!(what_was_violated(&simulator), ["push not acked"]);
    assert_eq!(simulator.endings()[0].by, EndedBy::ServerWithFrame(1008));
}

#[tokio::test]
async fn an_acknowledgement_with_a_wrong_sid_is_none() {
    let options = Options { ack_timeout: Duration::from_millis(200), ..Options::default() };
    let simulator = Simulator::start(options).await.unwrap();
    let mut client = Client::online(&simulator, UNB).await;
    simulator.buyer_says(UNB, &message());
    let mut push = client.push().await;
    push["headers"]["sid"] = json!("other");
    client.ack(&push).await;
    assert_eq!(client.closed().await, Some(1008));
    assert_eq!(what_was_violated(&simulator), ["ack with a wrong sid", "push not acked"]);
}

#[tokio::test]
async fn an_acknowledgement_without_the_copied_headers_counts_and_is_a_violation() {
    let simulator = simulator().await;
    let mut client = Client::online(&simulator, UNB).await;
    simulator.buyer_says(UNB, &message());
    let push = client.push().await;
    client.send(&json!({"code": 200, "headers": {"mid": push["headers"]["mid"], "sid": push["headers"]["sid"]}})).await;
    simulator.wait_until(LIMIT, |seen| seen.counters().acks == 1).await.unwrap();
    assert_eq!(what_was_violated(&simulator), ["ack without the push's headers"]);
}

#[tokio::test]
async fn acknowledgements_of_answers_are_nobodys_business() {
    let simulator = simulator().await;
    let mut client = Client::online(&simulator, UNB).await;
    client.send(&json!({"code": 200, "headers": {"mid": "whatever", "sid": ""}})).await;
    simulator.wait_until(LIMIT, |seen| seen.counters().acks_unknown == 1).await.unwrap();
    assert_eq!(what_was_violated(&simulator), [""; 0]);
}

#[tokio::test]
async fn what_was_said_while_the_account_was_away_comes_after_the_sync() {
    let simulator = simulator().await;
    let ids: Vec<_> = (0..12).map(|_| simulator.buyer_says(UNB, &message())).collect();
    let mut client = Client::connect(&simulator, UNB).await;
    let token = token(&simulator, UNB).await;
    client.register(&token).await;
    assert_eq!(simulator.waiting(UNB), 12);
    client.go_online(&simulator).await;
    let first = client.entries().await;
    let second = client.entries().await;
    assert_eq!((first.len(), second.len()), (10, 2), "a backlog comes several entries to a push");
    for (entry, id) in first.iter().chain(&second).zip(&ids) {
        assert!(entry["1"]["10"]["extJson"].as_str().unwrap().contains(id));
    }
}

#[tokio::test]
async fn what_was_not_acknowledged_comes_again_after_a_reconnect() {
    let simulator = simulator().await;
    let mut client = Client::online(&simulator, UNB).await;
    simulator.buyer_says(UNB, &message());
    client.entries().await;
    simulator.wait_until(LIMIT, |seen| seen.counters().acks == 1).await.unwrap();
    let id = simulator.buyer_says(UNB, &message());
    client.push().await;
    drop(client);
    simulator.wait_until(LIMIT, |seen| seen.connections() == 0).await.unwrap();
    let mut client = Client::online(&simulator, UNB).await;
    let entries = client.entries().await;
    assert_eq!(entries.len(), 1);
    assert!(entries[0]["1"]["10"]["extJson"].as_str().unwrap().contains(&id));
    simulator.wait_until(LIMIT, |seen| seen.counters().entries_repeated == 1).await.unwrap();
}

#[tokio::test]
async fn a_replay_is_the_same_entry_in_a_new_push() {
    let simulator = simulator().await;
    let mut client = Client::online(&simulator, UNB).await;
    let id = simulator.buyer_says(UNB, &message());
    let first = client.push().await;
    client.ack(&first).await;
    assert!(simulator.replay(UNB, &id));
    let second = client.push().await;
    client.ack(&second).await;
    assert_ne!(first["headers"]["mid"], second["headers"]["mid"]);
    let data = |push: &Value| push["body"]["syncPushPackage"]["data"][0]["data"].clone();
    assert_eq!(data(&first), data(&second));
    assert!(!simulator.replay(UNB, "unknown"));
}

#[tokio::test]
async fn held_pushes_come_when_they_are_let_go() {
    let simulator = simulator().await;
    let mut client = Client::online(&simulator, UNB).await;
    simulator.hold_pushes(UNB, true);
    let id = simulator.buyer_says(UNB, &message());
    assert_eq!(client.request("/!", Value::Null).await["code"], 200);
    assert_eq!(simulator.waiting(UNB), 1);
    simulator.hold_pushes(UNB, false);
    assert!(client.entries().await[0]["1"]["10"]["extJson"].as_str().unwrap().contains(&id));
}

#[tokio::test]
async fn pushes_follow_the_newest_token_if_asked_to() {
    let options = Options { pushes_follow_newest_token: true, ..Options::default() };
    let simulator = Simulator::start(options).await.unwrap();
    let mut old = Client::online(&simulator, UNB).await;
    let mut new = Client::online(&simulator, UNB).await;
    simulator.buyer_says(UNB, &message());
    assert_eq!(new.entries().await.len(), 1);
    assert_eq!(old.request("/!", Value::Null).await["code"], 200);
    assert_eq!(simulator.counters().pushes, 1);
}

#[tokio::test]
async fn order_ids_stand_where_the_vectors_have_them() {
    let simulator = simulator().await;
    let mut client = Client::online(&simulator, UNB).await;
    let places = [
        (OrderIdIn::Detail, "/dxCard/item/main/targetUrl", "order_detail?id=97&"),
        (OrderIdIn::Button, "/dxCard/item/main/exContent/button/targetUrl", "orderId=97&"),
        (OrderIdIn::BizOrderId, "/dxCard/item/main/exContent/button/targetUrl", "bizOrderId=97"),
        (OrderIdIn::Dynamic, "/dynamicOperation/changeContent/dxCard/item/main/exContent/button/targetUrl", "order_detail?id=97&"),
    ];
    for (id_in, pointer, text) in places {
        let status = OrderStatus::Shipped;
        simulator.push(UNB, vec![Entry::OrderCard { message: message(), order_id: "97".into(), status, id_in }]);
        let entry = client.entries().await.remove(0);
        let card: Value = serde_json::from_str(entry["1"]["6"]["3"]["5"].as_str().unwrap()).unwrap();
        assert!(card.pointer(pointer).unwrap().as_str().unwrap().contains(text), "{card}");
    }
}
