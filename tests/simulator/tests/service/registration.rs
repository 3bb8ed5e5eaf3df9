//! The WebSocket handshake and `/reg`.

use std::time::Duration;

use livekeeper_simulator::{EndedBy, Options, Simulator};
use serde_json::Value;
use tokio_tungstenite::tungstenite::Error;

use crate::client::{Client, LIMIT, UNB, device, simulator, token, what_was_violated};

#[tokio::test]
async fn a_good_registration_is_answered_with_a_session() {
    let simulator = simulator().await;
    let mut client = Client::connect(&simulator, UNB).await;
    let token = token(&simulator, UNB).await;
    let answer = client.register(&token).await;
    assert_eq!(answer["code"], 200);
    assert_eq!(answer["headers"]["reg-sid"].as_str().unwrap().len(), 32);
    assert!(answer["body"]["timestamp"].is_u64());
    assert!(!simulator.online(UNB), "registered is not yet synced");
    client.go_online(&simulator).await;
    simulator.wait_online(UNB, LIMIT).await.unwrap();
    assert_eq!(what_was_violated(&simulator), [""; 0]);
}

#[tokio::test]
async fn anything_before_the_registration_is_answered_401_and_closed() {
    let simulator = simulator().await;
    let mut client = Client::connect(&simulator, UNB).await;
    assert_eq!(client.request("/!", Value::Null).await["code"], 401);
    assert_eq!(client.closed().await, Some(1008));
    assert_eq!(what_was_violated(&simulator), ["frame before reg"]);
}

#[tokio::test]
async fn a_token_of_another_account_is_refused() {
    let simulator = simulator().await;
    let others = token(&simulator, "123").await;
    let mut client = Client::connect(&simulator, UNB).await;
    let answer = client.register(&others).await;
    assert_eq!((&answer["code"], &answer["body"]["reason"]), (&401.into(), &"token of another account".into()));
    assert_eq!(what_was_violated(&simulator), ["reg with another account's token"]);
}

#[tokio::test]
async fn a_token_of_another_device_is_refused() {
    let simulator = simulator().await;
    let token = token(&simulator, UNB).await;
    let mut client = Client::connect(&simulator, UNB).await;
    let other = device(UNB).replace("0A1B", "FFFF");
    assert_eq!(client.register_as(&token, &other).await["code"], 401);
    assert_eq!(what_was_violated(&simulator), ["reg with another device"]);
}

#[tokio::test]
async fn an_expired_token_is_refused_and_a_new_one_taken_on_the_same_connection() {
    let simulator = simulator().await;
    let old = token(&simulator, UNB).await;
    simulator.expire_token(UNB);
    let mut client = Client::connect(&simulator, UNB).await;
    let answer = client.register(&old).await;
    assert_eq!((&answer["code"], &answer["body"]["reason"]), (&401.into(), &"token is expired".into()));
    let new = token(&simulator, UNB).await;
    assert_eq!(client.register(&new).await["code"], 200);
    assert_eq!(simulator.counters().registers_refused, 1);
    assert_eq!(what_was_violated(&simulator), [""; 0]);
}

#[tokio::test]
async fn a_token_expires_by_itself() {
    let options = Options { access_token_lifetime: Duration::ZERO, ..Options::default() };
    let simulator = Simulator::start(options).await.unwrap();
    let token = token(&simulator, UNB).await;
    assert_eq!(Client::connect(&simulator, UNB).await.register(&token).await["code"], 401);
}

#[tokio::test]
async fn a_refused_connection_is_closed_after_its_grace() {
    let options = Options { grace_after_refusal: Duration::from_millis(20), ..Options::default() };
    let simulator = Simulator::start(options).await.unwrap();
    let mut client = Client::connect(&simulator, UNB).await;
    assert_eq!(client.register("nonsense").await["code"], 401);
    assert_eq!(client.closed().await, Some(1008));
    simulator.wait_until(LIMIT, |seen| seen.connections() == 0).await.unwrap();
    assert_eq!(simulator.endings()[0].by, EndedBy::ServerWithFrame(1008));
}

#[tokio::test]
async fn a_connection_that_says_nothing_is_closed() {
    let options = Options { register_timeout: Duration::from_millis(20), ..Options::default() };
    let simulator = Simulator::start(options).await.unwrap();
    assert_eq!(Client::connect(&simulator, UNB).await.closed().await, Some(1008));
}

#[tokio::test]
async fn a_handshake_without_a_known_account_is_refused() {
    let simulator = Simulator::start(Options { strict_accounts: true, ..Options::default() }).await.unwrap();
    for cookie in ["cna=x", "unb=77; cna=x"] {
        let refused = Client::connect_with(&simulator, "77", cookie).await.err().unwrap();
        assert!(matches!(refused, Error::Http(answer) if answer.status() == 401));
    }
    assert_eq!(simulator.counters().handshakes_refused, 2);
}

#[tokio::test]
async fn a_dead_login_is_refused_at_the_handshake_if_asked_for_and_at_reg_else() {
    for at_handshake in [false, true] {
        let options = Options { refuse_dead_login_at_handshake: at_handshake, ..Options::default() };
        let simulator = Simulator::start(options).await.unwrap();
        let cookie = simulator.cookie(UNB);
        let token = token(&simulator, UNB).await;
        simulator.expire_session(UNB);
        match Client::connect_with(&simulator, UNB, &cookie).await {
            Ok(mut client) => assert_eq!((at_handshake, client.register(&token).await["code"].as_u64()), (false, Some(401))),
            Err(error) => assert!(at_handshake, "{error}"),
        }
    }
}

#[tokio::test]
async fn two_sessions_of_one_account_are_let_in_and_noticed() {
    let simulator = simulator().await;
    let _first = Client::online(&simulator, UNB).await;
    assert_eq!(simulator.max_live_sessions(UNB), 1);
    let _second = Client::online(&simulator, UNB).await;
    assert_eq!(simulator.max_live_sessions(UNB), 2);
    assert_eq!(simulator.connections(), 2);
}

#[tokio::test]
async fn a_heartbeat_is_answered_with_its_own_mid() {
    let simulator = simulator().await;
    let mut client = Client::online(&simulator, UNB).await;
    assert_eq!(client.request("/!", Value::Null).await["code"], 200);
    assert_eq!(simulator.counters_of(UNB).heartbeats, 1);
}
