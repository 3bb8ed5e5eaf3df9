//! Connections that end, or go dead.

use std::time::Duration;

use futures_util::SinkExt;
use livekeeper_simulator::{BuyerMessage, EndedBy};
use serde_json::Value;
use tokio_tungstenite::tungstenite::Message;

use crate::client::{Client, LIMIT, UNB, simulator};

#[tokio::test]
async fn a_client_that_closes_with_a_frame_is_told_from_one_that_does_not() {
    let simulator = simulator().await;
    let mut polite = Client::online(&simulator, UNB).await;
    polite.socket.close(None).await.unwrap();
    polite.closed().await;
    simulator.wait_until(LIMIT, |seen| seen.counters().closes_with_frame == 1).await.unwrap();
    drop(Client::online(&simulator, UNB).await);
    simulator.wait_until(LIMIT, |seen| seen.counters().closes_without_frame == 1).await.unwrap();
    let endings: Vec<_> = simulator.endings().into_iter().map(|ending| ending.by).collect();
    assert_eq!(endings, [EndedBy::ClientWithFrame(1005), EndedBy::ClientWithoutFrame]);
    assert_eq!(simulator.connections(), 0);
}

#[tokio::test]
async fn the_simulator_closes_with_the_code_it_is_told() {
    let simulator = simulator().await;
    let mut client = Client::online(&simulator, UNB).await;
    simulator.close(UNB, 4001, "kicked");
    assert_eq!(client.closed().await, Some(4001));
    simulator.wait_until(LIMIT, |seen| seen.connections() == 0).await.unwrap();
    assert_eq!(simulator.endings()[0].by, EndedBy::ServerWithFrame(4001));
}

#[tokio::test]
async fn a_dropped_connection_ends_without_a_frame() {
    let simulator = simulator().await;
    let mut client = Client::online(&simulator, UNB).await;
    simulator.drop_connection(UNB);
    assert_eq!(client.closed().await, None);
    simulator.wait_until(LIMIT, |seen| seen.counters().closed_by_server == 1).await.unwrap();
    assert_eq!(simulator.endings()[0].by, EndedBy::ServerWithoutFrame);
}

#[tokio::test]
async fn what_is_said_right_after_a_drop_waits_for_the_next_connection() {
    let simulator = simulator().await;
    let _client = Client::online(&simulator, UNB).await;
    simulator.drop_connection(UNB);
    simulator.buyer_says(UNB, &BuyerMessage::new("1", "2", "还在吗？"));
    let mut client = Client::online(&simulator, UNB).await;
    assert_eq!(client.entries().await[0]["1"]["10"]["reminderContent"], "还在吗？");
}

#[tokio::test]
async fn every_connection_drops_at_one_instant() {
    let simulator = simulator().await;
    let mut clients = Vec::new();
    for number in 0..50 {
        clients.push(Client::online(&simulator, &format!("{number}")).await);
    }
    assert_eq!(simulator.connections(), 50);
    simulator.drop_all();
    for client in &mut clients {
        assert_eq!(client.closed().await, None);
    }
    simulator.wait_until(LIMIT, |seen| seen.connections() == 0).await.unwrap();
    assert_eq!(simulator.connect_times_ms().len(), 50);
}

#[tokio::test]
#[ignore = "needs 8,100 file descriptors and some seconds: cargo test -- --ignored thousands"]
async fn thousands_of_connections_drop_and_come_back() {
    let simulator = simulator().await;
    for round in 1..=2 {
        let mut clients = Vec::new();
        for number in 0..4_000 {
            clients.push(Client::online(&simulator, &format!("{number}")).await);
        }
        assert_eq!(simulator.connections(), 4_000);
        for number in 0..4_000 {
            simulator.buyer_says(&number.to_string(), &BuyerMessage::new("1", "2", "还在吗？"));
        }
        for client in &mut clients {
            assert_eq!(client.entries().await.len(), 1);
        }
        simulator.wait_until(LIMIT, |seen| seen.counters().acks == round * 4_000).await.unwrap();
        simulator.drop_all();
        simulator.wait_until(LIMIT, |seen| seen.connections() == 0).await.unwrap();
    }
    assert_eq!(simulator.violations(), []);
}

#[tokio::test]
async fn a_silent_service_hears_and_says_nothing() {
    let simulator = simulator().await;
    let mut client = Client::online(&simulator, UNB).await;
    simulator.silence(UNB, true);
    let unanswered = client.start_request("/!", Value::Null).await;
    simulator.buyer_says(UNB, &BuyerMessage::new("1", "2", "还在吗？"));
    simulator.wait_until(LIMIT, |seen| seen.counters_of(UNB).heartbeats == 1).await.unwrap();
    // The socket still answers on its own level, so the next thing that arrives is what the service says.
    client.socket.send(Message::Ping("x".into())).await.unwrap();
    simulator.silence(UNB, false);
    let first = client.next().await.unwrap();
    assert_eq!(first["lwp"], "/s/vulcan", "the heartbeat {unanswered} stays unanswered, the push comes");
}

#[tokio::test]
async fn slow_answers_keep_their_order() {
    let simulator = simulator().await;
    let mut client = Client::online(&simulator, UNB).await;
    simulator.slow_answers(UNB, Duration::from_millis(60));
    let started = std::time::Instant::now();
    let first = client.start_request("/!", Value::Null).await;
    let second = client.start_request("/!", Value::Null).await;
    assert_eq!(client.next().await.unwrap()["headers"]["mid"], first);
    assert!(started.elapsed() >= Duration::from_millis(60));
    simulator.slow_answers(UNB, Duration::ZERO);
    assert_eq!(client.next().await.unwrap()["headers"]["mid"], second);
}

#[tokio::test]
async fn stopping_closes_every_connection_with_1001_and_refuses_new_ones() {
    let simulator = simulator().await;
    let mut client = Client::online(&simulator, UNB).await;
    let (code, ()) = tokio::join!(client.closed(), simulator.stop());
    assert_eq!(code, Some(1001));
    assert_eq!(simulator.connections(), 0);
    assert!(tokio::net::TcpStream::connect(("127.0.0.1", simulator.port())).await.is_err());
}

#[tokio::test]
async fn dropping_the_last_handle_stops_it() {
    let simulator = simulator().await;
    let mut client = Client::online(&simulator, UNB).await;
    drop(simulator);
    assert_eq!(client.closed().await, Some(1001));
}

#[tokio::test]
async fn a_wait_that_times_out_says_what_it_saw() {
    let simulator = simulator().await;
    let error = simulator.wait_online(UNB, Duration::from_millis(10)).await.unwrap_err();
    assert!(error.to_string().contains("account 2280551454090 online did not come"), "{error}");
    assert!(error.saw.contains("0 connections"), "{error}");
}

#[tokio::test]
async fn the_log_tells_the_story_without_secrets() {
    let simulator = simulator().await;
    let cookie = simulator.cookie(UNB);
    let token = crate::client::token(&simulator, UNB).await;
    let mut client = Client::connect(&simulator, UNB).await;
    client.register(&token).await;
    client.register("wrong").await;
    let story = format!("{:?}{:?}", simulator.log(UNB), simulator.seen());
    assert!(story.contains("RegisterRefused"));
    let secrets = cookie.split("; ").filter_map(|pair| pair.split_once('=')).filter(|(name, _)| *name != "unb");
    for secret in secrets.map(|(_, value)| value).filter(|value| !value.starts_with("seller")).chain([token.as_str()]) {
        assert!(!story.contains(secret));
    }
}
