//! Opening a chat, reading it, listing the chats.

use livekeeper_simulator::{BuyerMessage, HistoryFault};
use serde_json::{Value, json};

use crate::client::{Client, UNB, simulator, what_was_violated};

const FIRST_CURSOR: u64 = 9_007_199_254_740_991;

fn texts(page: &Value) -> Vec<String> {
    let models = page["body"]["userMessageModels"].as_array().unwrap();
    let text = |model: &Value| {
        let data = model["message"]["content"]["custom"]["data"].as_str().unwrap();
        let content: Value = serde_json::from_slice(&data_encoding::BASE64.decode(data.as_bytes()).unwrap()).unwrap();
        content["text"]["text"].as_str().unwrap().to_owned()
    };
    models.iter().map(text).collect()
}

#[tokio::test]
async fn a_chats_history_is_read_page_by_page_newest_first() {
    let simulator = simulator().await;
    for number in 0..5 {
        simulator.buyer_says(UNB, &BuyerMessage::new("10", "20", format!("text {number}")).named("Ann"));
    }
    simulator.seller_says(UNB, "10", "20", "text 5");
    let mut client = Client::online(&simulator, UNB).await;
    let list = "/r/MessageManager/listUserMessages";
    let first = client.request(list, json!(["10@goofish", false, FIRST_CURSOR, 4, false])).await;
    assert_eq!(texts(&first), ["text 5", "text 4", "text 3", "text 2"]);
    assert_eq!(first["body"]["hasMore"], 1);
    let sender = |page: &Value, at: usize| page["body"]["userMessageModels"][at]["message"]["extension"].clone();
    assert_eq!(sender(&first, 0)["senderUserId"], UNB);
    assert_eq!((&sender(&first, 1)["senderUserId"], &sender(&first, 1)["reminderTitle"]), (&json!("20"), &json!("Ann")));
    let cursor = &first["body"]["nextCursor"];
    let second = client.request(list, json!(["10@goofish", false, cursor, 4, false])).await;
    assert_eq!(texts(&second), ["text 1", "text 0"]);
    assert_eq!(second["body"]["hasMore"], 0);
    assert_eq!(what_was_violated(&simulator), [""; 0]);
}

#[tokio::test]
async fn a_chat_opened_twice_is_the_same_one() {
    let simulator = simulator().await;
    let mut client = Client::online(&simulator, UNB).await;
    let body = json!([{"pairFirst": "20@goofish", "pairSecond": format!("{UNB}@goofish"), "bizType": "1",
        "extension": {"itemId": "30"}, "ctx": {"appVersion": "1.0", "platform": "web"}}]);
    let first = client.request("/r/SingleChatConversation/create", body.clone()).await;
    let second = client.request("/r/SingleChatConversation/create", body).await;
    let cid = first["body"]["singleChatConversation"]["cid"].as_str().unwrap();
    assert_eq!(second["body"]["singleChatConversation"]["cid"], cid);
    let chat_id = cid.strip_suffix("@goofish").unwrap();
    assert_eq!(client.say(chat_id, "20", "你好").await["code"], 200);
    assert_eq!(what_was_violated(&simulator), [""; 0]);
}

#[tokio::test]
async fn the_newest_chats_come_first_and_too_often_is_said() {
    let simulator = simulator().await;
    for chat in ["1", "2", "3"] {
        simulator.buyer_says(UNB, &BuyerMessage::new(chat, format!("9{chat}"), "hi"));
    }
    let mut client = Client::online(&simulator, UNB).await;
    simulator.lists_too_often(UNB, 1);
    let list = "/r/Conversation/listNewestPagination";
    assert_eq!(client.request(list, json!([FIRST_CURSOR, 2])).await["body"]["code"], "400600001");
    let page = client.request(list, json!([FIRST_CURSOR, 2])).await;
    let chat = |at: usize| page["body"]["userConvs"][at]["singleChatUserConversation"]["singleChatConversation"]["cid"].clone();
    assert_eq!((chat(0), chat(1), chat(2)), (json!("3@goofish"), json!("2@goofish"), Value::Null));
    assert_eq!(page["body"]["hasMore"], 1);
}

#[tokio::test]
async fn any_other_request_is_answered_with_nothing_in_it() {
    let simulator = simulator().await;
    let mut client = Client::online(&simulator, UNB).await;
    assert_eq!(client.request("/r/MessageStatus/read", json!([["1"]])).await["code"], 200);
    assert_eq!(simulator.counters().requests, 1);
}

#[tokio::test]
async fn what_was_never_pushed_stands_in_the_history_and_a_history_can_be_refused_or_not_answered() {
    let simulator = simulator().await;
    let mut client = Client::online(&simulator, UNB).await;
    simulator.lose_pushes(UNB, true);
    let never_pushed = simulator.buyer_says(UNB, &BuyerMessage::new("10", "20", "lost"));
    simulator.lose_pushes(UNB, false);
    assert_eq!(simulator.waiting(UNB), 0);
    let (list, body) = ("/r/MessageManager/listUserMessages", json!(["10@goofish", false, FIRST_CURSOR, 20, false]));
    for fault in [HistoryFault::TooOften, HistoryFault::Code(404), HistoryFault::NoList, HistoryFault::Swallow] {
        simulator.fail_histories(UNB, 1, fault);
    }
    assert_eq!(client.request(list, body.clone()).await["body"]["code"], "400600001");
    assert_eq!(client.request(list, body.clone()).await["code"], 404);
    assert_eq!(client.request(list, body.clone()).await["body"]["userMessageModels"], Value::Null);
    client.start_request(list, body.clone()).await;
    let page = client.request(list, body).await;
    assert_eq!(page["body"]["userMessageModels"][0]["message"]["messageId"], never_pushed);
    simulator.buyer_says(UNB, &BuyerMessage::new("10", "20", "pushed"));
    assert_eq!(client.entries().await.len(), 1);
}
