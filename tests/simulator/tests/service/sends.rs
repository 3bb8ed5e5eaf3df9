//! Messages the client sends.

use livekeeper_simulator::{BuyerMessage, Options, SeenKind, SendContent, SendOutcome, Simulator};
use serde_json::{Value, json};

use crate::client::{Client, LIMIT, UNB, now_ms, send_body, simulator, what_was_violated};

const CHAT: &str = "20997167734";
const BUYER: &str = "9687236998962";
const SEND: &str = "/r/MessageSend/sendByReceiverScope";

#[tokio::test]
async fn a_send_is_answered_with_an_id_and_comes_back_as_an_own_message() {
    let simulator = simulator().await;
    let mut client = Client::online(&simulator, UNB).await;
    let asked = simulator.buyer_says(UNB, &BuyerMessage::new(CHAT, BUYER, "还在吗？"));
    client.entries().await;
    let answer = client.say(CHAT, BUYER, "在的").await;
    assert_eq!(answer["code"], 200);
    let message_id = answer["body"]["messageId"].as_str().unwrap();
    let echo = client.entries().await.remove(0);
    assert_eq!(echo["1"]["10"]["senderUserId"], UNB);
    assert_eq!(echo["1"]["10"]["reminderContent"], "在的");
    assert!(echo["1"]["10"]["extJson"].as_str().unwrap().contains(message_id));
    let sends = simulator.wait_sends(UNB, 1, LIMIT).await.unwrap();
    assert_eq!(sends.len(), 1);
    assert_eq!((sends[0].chat_id.as_str(), sends[0].peer_id.as_str(), sends[0].text()), (CHAT, BUYER, "在的"));
    assert_eq!(sends[0].outcome, SendOutcome::Accepted);
    assert_eq!(sends[0].message_id.as_deref(), Some(message_id));
    assert_eq!(sends[0].in_reply_to.as_deref(), Some(asked.as_str()));
    assert!(sends[0].latency_us.unwrap() < 10_000_000);
    assert_eq!(what_was_violated(&simulator), [""; 0]);
}

#[tokio::test]
async fn a_send_answers_the_oldest_message_that_is_open() {
    let simulator = Simulator::start(Options { echo_sends: false, ..Options::default() }).await.unwrap();
    let mut client = Client::online(&simulator, UNB).await;
    let ask = || simulator.buyer_says(UNB, &BuyerMessage::new(CHAT, BUYER, "还在吗？"));
    // Two questions, two answers; what is pushed again is not open again.
    let (first, second) = (ask(), ask());
    assert!(simulator.replay(UNB, &first));
    hear_and_say(&mut client, 3, &["1", "2"]).await;
    // A uuid used again answers nothing, nor does what the seller says unasked.
    hear_and_say(&mut client, 0, &["2", "3"]).await;
    // Two lines are answered at once: the next answer is not about the second of them.
    let (third, _) = (ask(), ask());
    hear_and_say(&mut client, 2, &["4"]).await;
    let fifth = ask();
    hear_and_say(&mut client, 1, &["5"]).await;
    let answered: Vec<_> = simulator.sends(UNB).into_iter().map(|send| (send.latency_us.is_some(), send.in_reply_to)).collect();
    let expected = [Some(first), Some(second), None, None, Some(third), Some(fifth)];
    assert_eq!(answered, expected.map(|message_id| (message_id.is_some(), message_id)));
}

#[tokio::test]
async fn the_log_quotes_what_was_said_without_control_characters() {
    let simulator = simulator().await;
    let mut client = Client::online(&simulator, UNB).await;
    client.say(CHAT, BUYER, "在的\u{1b}[2J\n").await;
    let log = simulator.log(UNB);
    let sent = log.iter().find(|seen| seen.kind == SeenKind::Sent).unwrap();
    assert_eq!(sent.detail, r#"chat 20997167734 peer 9687236998962: Accepted, "在的\u{1b}[2J\n""#);
}

#[tokio::test]
async fn whoever_listens_hears_each_send_also_where_nothing_is_logged() {
    let simulator = Simulator::start(Options { log: false, ..Options::default() }).await.unwrap();
    let mut client = Client::online(&simulator, UNB).await;
    client.say(CHAT, BUYER, "1").await;
    let mut sends = simulator.subscribe_sends();
    client.say(CHAT, BUYER, "2").await;
    let heard = sends.recv().await.unwrap();
    assert_eq!((heard.unb.as_str(), heard.text()), (UNB, "2"));
    assert!(sends.try_recv().is_err());
    assert_eq!((simulator.seen(), simulator.log(UNB)), (Vec::new(), Vec::new()));
    assert_eq!(simulator.counters().sends, 2);
}

#[tokio::test]
async fn a_uuid_is_known_again_as_long_as_the_account_s_entries_are_kept() {
    let simulator = Simulator::start(Options { max_entries_per_account: 1, ..Options::default() }).await.unwrap();
    let mut client = Client::online(&simulator, UNB).await;
    hear_and_say(&mut client, 0, &["1", "1", "2", "1"]).await;
    assert_eq!(simulator.counters().duplicates, 1);
}

async fn hear_and_say(client: &mut Client, pushes: usize, uuids: &[&str]) {
    for _ in 0..pushes {
        client.entries().await;
    }
    for uuid in uuids {
        client.request(SEND, send_body(UNB, CHAT, BUYER, "在的", uuid)).await;
    }
}

#[tokio::test]
async fn the_echo_can_be_turned_off() {
    let simulator = Simulator::start(Options { echo_sends: false, ..Options::default() }).await.unwrap();
    let mut client = Client::online(&simulator, UNB).await;
    assert_eq!(client.say(CHAT, BUYER, "在的").await["code"], 200);
    assert_eq!(client.request("/!", Value::Null).await["code"], 200);
    assert_eq!(simulator.counters().pushes, 0);
}

#[tokio::test]
async fn a_picture_is_taken_apart_to_its_size() {
    let simulator = simulator().await;
    let mut client = Client::online(&simulator, UNB).await;
    let content = json!({"contentType": 2, "image": {"pics": [{"type": 0, "url": "https://x/y.jpg", "width": 8, "height": 6}]}});
    let mut body = send_body(UNB, CHAT, BUYER, "", "-11");
    body[0]["content"]["custom"] = json!({"type": 2, "data": data_encoding::BASE64.encode(content.to_string().as_bytes())});
    assert_eq!(client.request(SEND, body).await["code"], 200);
    let picture = SendContent::Picture { url: "https://x/y.jpg".into(), width: 8, height: 6 };
    assert_eq!(simulator.sends(UNB)[0].content, picture);
}

#[tokio::test]
async fn a_refused_send_says_why_and_the_next_one_goes_through() {
    let simulator = simulator().await;
    let mut client = Client::online(&simulator, UNB).await;
    simulator.refuse_next_send(UNB, "CSI_FORBID", 400, Some("CSI_FORBID||spam"));
    let answer = client.say(CHAT, BUYER, "在的").await;
    assert_eq!((&answer["code"], &answer["body"]["reason"]), (&json!(400), &json!("CSI_FORBID")));
    assert_eq!(answer["body"]["moreInfo"], "CSI_FORBID||spam");
    let body = send_body(UNB, CHAT, BUYER, "在的", "-22");
    assert_eq!(client.request(SEND, body).await["code"], 200);
    let outcomes: Vec<_> = simulator.sends(UNB).into_iter().map(|send| send.outcome).collect();
    assert_eq!(outcomes, [SendOutcome::Refused("CSI_FORBID".into()), SendOutcome::Accepted]);
}

#[tokio::test]
async fn a_swallowed_send_is_said_but_never_answered() {
    let simulator = simulator().await;
    let mut client = Client::online(&simulator, UNB).await;
    simulator.swallow_next_send(UNB);
    let mid = client.start_request(SEND, send_body(UNB, CHAT, BUYER, "在的", "-11")).await;
    assert_eq!(client.entries().await[0]["1"]["10"]["reminderContent"], "在的", "the echo comes all the same");
    let beat = client.request("/!", Value::Null).await;
    assert_ne!(beat["headers"]["mid"], json!(mid));
    assert_eq!(simulator.sends(UNB)[0].outcome, SendOutcome::Swallowed);
}

#[tokio::test]
async fn a_uuid_used_again_is_answered_alike_and_said_once() {
    let simulator = simulator().await;
    let mut client = Client::online(&simulator, UNB).await;
    let uuid = format!("-{}1", now_ms());
    let first = client.request(SEND, send_body(UNB, CHAT, BUYER, "在的", &uuid)).await;
    let second = client.request(SEND, send_body(UNB, CHAT, BUYER, "在的", &uuid)).await;
    assert_eq!(first["body"]["messageId"], second["body"]["messageId"]);
    assert_eq!(what_was_violated(&simulator), ["uuid used again"]);
    assert_eq!(simulator.counters().duplicates, 1);
    assert_eq!(simulator.counters().sends_accepted, 1);
}

#[tokio::test]
async fn the_wrong_peer_for_a_chat_is_refused() {
    let simulator = simulator().await;
    let mut client = Client::online(&simulator, UNB).await;
    simulator.buyer_says(UNB, &BuyerMessage::new(CHAT, BUYER, "还在吗？"));
    client.entries().await;
    assert!(client.say(CHAT, "111", "在的").await["body"]["reason"].is_string());
    assert_eq!(what_was_violated(&simulator), ["wrong peer for the chat"]);
}

#[tokio::test]
async fn every_field_of_a_send_is_looked_at() {
    type Spoil = fn(&mut Value);
    let simulator = simulator().await;
    let mut client = Client::online(&simulator, UNB).await;
    let spoils: [Spoil; 8] = [
        |body| body[0]["uuid"] = json!(""),
        |body| body[0]["cid"] = json!("20997167734"),
        |body| body[0]["conversationType"] = json!(2),
        |body| body[0]["content"]["contentType"] = json!(1),
        |body| body[0]["content"]["custom"]["type"] = json!(2),
        |body| body[0]["content"]["custom"]["data"] = json!("no base64!"),
        |body| body[1]["actualReceivers"] = json!(["9687236998962@goofish"]),
        |body| body[1] = json!({}),
    ];
    for spoil in spoils {
        let mut body = send_body(UNB, CHAT, BUYER, "在的", "-11");
        spoil(&mut body);
        let answer = client.request(SEND, body).await;
        assert_eq!(answer["body"]["reason"], "PARAM_ERROR");
    }
    assert_eq!(what_was_violated(&simulator), ["malformed send"; 8]);
    assert_eq!(simulator.sends(UNB).len(), 0);
}
