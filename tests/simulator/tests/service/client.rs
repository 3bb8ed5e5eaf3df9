//! A client that knows the wire and nothing else.

use std::collections::VecDeque;
use std::time::Duration;

use data_encoding::{BASE64, HEXLOWER};
use futures_util::{SinkExt, StreamExt};
use livekeeper_simulator::{Options, Simulator};
use md5::{Digest, Md5};
use serde_json::{Value, json};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::{Error, Message};

/// Nothing in these tests takes this long unless it is broken.
pub(crate) const LIMIT: Duration = Duration::from_secs(10);
pub(crate) const UNB: &str = "2280551454090";
pub(crate) const APP_KEY: &str = "444e9908a51d1cb236a27862abc769c9";
pub(crate) const TOKEN_API: &str = "mtop.taobao.idlemessage.pc.login.token";

pub(crate) async fn simulator() -> Simulator {
    Simulator::start(Options::default()).await.unwrap()
}

pub(crate) fn now_ms() -> u64 {
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap();
    u64::try_from(now.as_millis()).unwrap()
}

pub(crate) fn device(unb: &str) -> String {
    format!("0A1B2C3D-4E5F-4A6B-8C9D-0E1F2A3B4C5D-{unb}")
}

pub(crate) fn what_was_violated(simulator: &Simulator) -> Vec<String> {
    simulator.violations().into_iter().map(|violation| violation.what).collect()
}

/// An HTTP answer.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) set_cookies: Vec<String>,
    pub(crate) text: String,
}

impl Answer {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap()
    }

    pub(crate) fn ret(&self) -> String {
        self.json()["ret"][0].as_str().unwrap().to_owned()
    }
}

pub(crate) async fn http<S: AsyncRead + AsyncWrite + Unpin>(mut stream: S, request: String) -> Answer {
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut bytes = Vec::new();
    // A TLS server that just closes is an error to rustls and the end of the answer to HTTP.
    let _ = timeout(LIMIT, stream.read_to_end(&mut bytes)).await.unwrap();
    let text = String::from_utf8(bytes).unwrap();
    let (head, body) = text.split_once("\r\n\r\n").unwrap_or((&text, ""));
    let status = head.split(' ').nth(1).map_or(0, |status| status.parse().unwrap());
    let set_cookies = head
        .lines()
        .filter_map(|line| line.split_once(": "))
        .filter(|(name, _)| name.eq_ignore_ascii_case("set-cookie"))
        .map(|(_, value)| value.to_owned())
        .collect();
    Answer { status, set_cookies, text: body.to_owned() }
}

pub(crate) fn encode(text: &str) -> String {
    text.bytes().fold(String::new(), |encoded, byte| encoded + &format!("%{byte:02X}"))
}

/// A call's request text, signed with the cookie's token. `change` may spoil the query.
pub(crate) fn call_text(cookie: &str, api: &str, data: &str, change: impl FnOnce(String) -> String) -> String {
    let token = cookie.split("_m_h5_tk=").nth(1).and_then(|rest| rest.split('_').next()).unwrap_or_default();
    let t = now_ms();
    let sign = HEXLOWER.encode(&Md5::digest(format!("{token}&{t}&34839810&{data}").as_bytes()));
    let query = change(format!(
        "jsv=2.7.2&appKey=34839810&t={t}&sign={sign}&v=1.0&type=originaljson&accountSite=xianyu&dataType=json\
         &timeout=20000&api={api}&sessionOption=AutoLoginOnly"
    ));
    let body = format!("data={}", encode(data));
    format!(
        "POST /h5/{api}/1.0/?{query} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nUser-Agent: Test\r\n\
         Origin: https://www.goofish.com\r\nReferer: https://www.goofish.com/\r\nContent-Type: application/x-www-form-urlencoded\r\nCookie: {cookie}\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    )
}

pub(crate) async fn tcp(simulator: &Simulator) -> TcpStream {
    TcpStream::connect(("127.0.0.1", simulator.port())).await.unwrap()
}

pub(crate) async fn call(simulator: &Simulator, cookie: &str, api: &str, data: &str) -> Answer {
    http(tcp(simulator).await, call_text(cookie, api, data, |query| query)).await
}

pub(crate) fn token_data(unb: &str) -> String {
    json!({"appKey": APP_KEY, "deviceId": device(unb)}).to_string()
}

/// An access token.
pub(crate) async fn token(simulator: &Simulator, unb: &str) -> String {
    let cookie = simulator.cookie(unb);
    let answer = call(simulator, &cookie, TOKEN_API, &token_data(unb)).await;
    answer.json()["data"]["accessToken"].as_str().unwrap().to_owned()
}

pub(crate) struct Client<S = TcpStream> {
    pub(crate) socket: WebSocketStream<S>,
    unb: String,
    next_mid: u64,
    pushes: VecDeque<Value>,
}

impl Client {
    pub(crate) async fn connect(simulator: &Simulator, unb: &str) -> Self {
        let cookie = simulator.cookie(unb);
        Self::connect_with(simulator, unb, &cookie).await.unwrap()
    }

    pub(crate) async fn connect_with(simulator: &Simulator, unb: &str, cookie: &str) -> Result<Self, Error> {
        Self::over(tcp(simulator).await, &simulator.websocket_url(), unb, cookie).await
    }

    /// Connected, registered, synced.
    pub(crate) async fn online(simulator: &Simulator, unb: &str) -> Self {
        let mut client = Self::connect(simulator, unb).await;
        client.go_online(simulator).await;
        client
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> Client<S> {
    pub(crate) async fn over(stream: S, url: &str, unb: &str, cookie: &str) -> Result<Self, Error> {
        let mut request = url.into_client_request().unwrap();
        let headers = request.headers_mut();
        headers.insert("Cookie", cookie.parse().unwrap());
        headers.insert("Origin", "https://www.goofish.com".parse().unwrap());
        headers.insert("User-Agent", "Test".parse().unwrap());
        let (socket, _) = tokio_tungstenite::client_async(request, stream).await?;
        Ok(Self { socket, unb: unb.to_owned(), next_mid: 1, pushes: VecDeque::new() })
    }

    pub(crate) async fn go_online(&mut self, simulator: &Simulator) {
        let token = token(simulator, &self.unb).await;
        assert_eq!(self.register(&token).await["code"], 200);
        let now = now_ms();
        let body = json!([{"pipeline": "sync", "tooLong2Tag": "PNM,1", "channel": "sync", "topic": "sync",
            "highPts": 0, "pts": now * 1000, "seq": 0, "timestamp": now}]);
        assert_eq!(self.request("/r/SyncStatus/ackDiff", body).await["code"], 200);
    }

    fn mid(&mut self) -> String {
        self.next_mid += 1;
        format!("{}{} 0", self.next_mid, now_ms())
    }

    pub(crate) async fn send(&mut self, frame: &Value) {
        self.socket.send(Message::text(frame.to_string())).await.unwrap();
    }

    /// The next frame; `None`: the connection has ended.
    pub(crate) async fn next(&mut self) -> Option<Value> {
        loop {
            match timeout(LIMIT, self.socket.next()).await.unwrap() {
                Some(Ok(Message::Text(text))) => return Some(serde_json::from_str(&text).unwrap()),
                Some(Ok(Message::Close(_)) | Err(_)) | None => return None,
                Some(Ok(_)) => {}
            }
        }
    }

    /// The code of the close frame, `None` if the connection ends without one.
    pub(crate) async fn closed(&mut self) -> Option<u16> {
        loop {
            match timeout(LIMIT, self.socket.next()).await.unwrap() {
                Some(Ok(Message::Close(frame))) => return frame.map(|frame| frame.code.into()),
                Some(Ok(_)) => {}
                Some(Err(_)) | None => return None,
            }
        }
    }

    pub(crate) async fn start_request(&mut self, lwp: &str, body: Value) -> String {
        let mid = self.mid();
        let mut frame = json!({"lwp": lwp, "headers": {"mid": mid}});
        if !body.is_null() {
            frame["body"] = body;
        }
        self.send(&frame).await;
        mid
    }

    pub(crate) async fn answer(&mut self, mid: &str) -> Value {
        loop {
            let frame = self.next().await.unwrap();
            if frame["headers"]["mid"] == mid {
                return frame;
            }
            self.pushes.push_back(frame);
        }
    }

    pub(crate) async fn request(&mut self, lwp: &str, body: Value) -> Value {
        let mid = self.start_request(lwp, body).await;
        self.answer(&mid).await
    }

    pub(crate) async fn register(&mut self, token: &str) -> Value {
        let device = device(&self.unb);
        self.register_as(token, &device).await
    }

    pub(crate) async fn register_as(&mut self, token: &str, device: &str) -> Value {
        let mid = self.mid();
        let frame = json!({"lwp": "/reg", "headers": {
            "cache-header": "app-key token ua wv", "app-key": APP_KEY, "token": token,
            "ua": "Test DingTalk(2.1.5) OS(Windows/10)", "dt": "j", "wv": "im:3,au:3,sy:6", "sync": "0,0;0;0;",
            "did": device, "mid": mid,
        }});
        self.send(&frame).await;
        self.answer(&mid).await
    }

    /// The next push, not acknowledged.
    pub(crate) async fn push(&mut self) -> Value {
        match self.pushes.pop_front() {
            Some(push) => push,
            None => self.next().await.unwrap(),
        }
    }

    pub(crate) async fn ack(&mut self, push: &Value) {
        let headers = &push["headers"];
        let ack = json!({"code": 200, "headers": {
            "mid": headers["mid"], "sid": headers["sid"], "app-key": headers["app-key"], "ua": headers["ua"],
            "dt": headers["dt"],
        }});
        self.send(&ack).await;
    }

    /// The next push's entries, decoded; acknowledged.
    pub(crate) async fn entries(&mut self) -> Vec<Value> {
        let push = self.push().await;
        self.ack(&push).await;
        entries_of(&push)
    }

    pub(crate) async fn say(&mut self, chat_id: &str, peer_id: &str, text: &str) -> Value {
        let body = send_body(&self.unb, chat_id, peer_id, text, &format!("-{}1", now_ms()));
        self.request("/r/MessageSend/sendByReceiverScope", body).await
    }
}

pub(crate) fn send_body(unb: &str, chat_id: &str, peer_id: &str, text: &str, uuid: &str) -> Value {
    let content = json!({"contentType": 1, "text": {"text": text}}).to_string();
    json!([{
        "uuid": uuid, "cid": format!("{chat_id}@goofish"), "conversationType": 1,
        "content": {"contentType": 101, "custom": {"type": 1, "data": BASE64.encode(content.as_bytes())}},
        "redPointPolicy": 0, "extension": {"extJson": "{}"}, "ctx": {"appVersion": "1.0", "platform": "web"},
        "mtags": {}, "msgReadStatusSetting": 1,
    }, {"actualReceivers": [format!("{peer_id}@goofish"), format!("{unb}@goofish")]}])
}

/// A push's entries; `null` where one cannot be read.
pub(crate) fn entries_of(push: &Value) -> Vec<Value> {
    assert!(push["lwp"].as_str().unwrap().starts_with("/s/"), "{push}");
    let entries = push["body"]["syncPushPackage"]["data"].as_array().unwrap();
    entries.iter().map(|entry| decode(entry["data"].as_str().unwrap())).collect()
}

/// An entry's map with digits for keys, as JSON.
pub(crate) fn decode(data: &str) -> Value {
    let padding = "=".repeat((4 - data.len() % 4) % 4);
    let bytes = BASE64.decode(format!("{data}{padding}").as_bytes()).unwrap();
    if let Ok(json) = serde_json::from_slice(&bytes) {
        return json;
    }
    rmpv::decode::read_value(&mut bytes.as_slice()).map_or(Value::Null, |value| to_json(&value))
}

fn to_json(value: &rmpv::Value) -> Value {
    match value {
        rmpv::Value::Map(pairs) => pairs.iter().map(|(key, value)| (key_text(key), to_json(value))).collect(),
        rmpv::Value::Array(values) => values.iter().map(to_json).collect(),
        rmpv::Value::String(text) => text.as_str().map(Value::from).unwrap(),
        rmpv::Value::Integer(number) => number.as_u64().map(Value::from).unwrap(),
        rmpv::Value::Boolean(flag) => Value::from(*flag),
        other => panic!("{other}"),
    }
}

fn key_text(key: &rmpv::Value) -> String {
    key.as_str().map_or_else(|| key.as_u64().unwrap().to_string(), str::to_owned)
}
