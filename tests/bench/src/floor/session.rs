//! One account's connection.

use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use futures_util::{SinkExt, StreamExt};
use http::header::{COOKIE, HeaderValue, ORIGIN, USER_AGENT};
use livekeeper::wire::cookie::Cookie;
use livekeeper::wire::request::{self, MidSource, Recipient, UuidSource};
use rustls::pki_types::ServerName;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::sync::{mpsc, watch};
use tokio::time::{Instant, sleep_until};
use tokio_rustls::TlsConnector;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;
use tokio_tungstenite::tungstenite::protocol::frame::CloseFrame;
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;

use super::Floor;
use super::message::Frame;
use crate::Failure;
use crate::host::Account;

const READ_BUFFER_BYTES: usize = 2 * 1024;
const MAX_WRITE_BUFFER_BYTES: usize = 1024 * 1024;
const HEARTBEAT: Duration = Duration::from_secs(15);
/// What is answered, and with what.
const QUESTION: &str = "在吗";
const REPLY: &str = "在的";

type Running = std::pin::Pin<Box<dyn Future<Output = Result<(), Failure>> + Send>>;

/// Signs in, connects and registers; what is returned keeps the connection until the end.
pub(super) async fn open(floor: Arc<Floor>, account: Account, registered: mpsc::Sender<()>) -> Result<Running, Failure> {
    let turn = floor.connecting.acquire().await?;
    let cookie = Cookie::parse(&account.cookie)?;
    let device_id = request::device_id(&mut rand::rng(), cookie.unb());
    let token = floor.api.token(&cookie, &device_id, now_ms()).await?;
    let host = floor.websocket_url.host().ok_or("the WebSocket's URL has no host")?.to_owned();
    let port = floor.websocket_url.port_u16().ok_or("the WebSocket's URL has no port")?;
    let stream = TcpStream::connect((&*host, port)).await?;
    stream.set_nodelay(true)?;
    let register = |mid: &str| request::register(mid, &token.access_token, &device_id).expose().to_owned();
    let running: Running = if floor.websocket_url.scheme_str() == Some("wss") {
        let stream = TlsConnector::from(Arc::clone(&floor.tls)).connect(ServerName::try_from(host)?, stream).await?;
        let mut session = Session::handshake(&floor, stream, &cookie).await?;
        session.register(register).await?;
        Box::pin(session.run(floor.over.clone()))
    } else {
        let mut session = Session::handshake(&floor, stream, &cookie).await?;
        session.register(register).await?;
        Box::pin(session.run(floor.over.clone()))
    };
    drop(turn);
    registered.send(()).await?;
    Ok(running)
}

struct Session<S> {
    socket: WebSocketStream<S>,
    unb: String,
    mids: MidSource,
    uuids: UuidSource,
}

impl<S: AsyncRead + AsyncWrite + Unpin> Session<S> {
    async fn handshake(floor: &Floor, stream: S, cookie: &Cookie) -> Result<Self, Failure> {
        let mut request = floor.websocket_url.clone().into_client_request()?;
        let headers = request.headers_mut();
        headers.insert(COOKIE, HeaderValue::from_str(cookie.to_header().expose())?);
        headers.insert(ORIGIN, HeaderValue::from_static(request::ORIGIN));
        headers.insert(USER_AGENT, HeaderValue::from_static(request::USER_AGENT));
        let buffers = WebSocketConfig::default()
            .read_buffer_size(READ_BUFFER_BYTES)
            .write_buffer_size(0)
            .max_write_buffer_size(MAX_WRITE_BUFFER_BYTES);
        let (socket, _) = tokio_tungstenite::client_async_with_config(request, stream, Some(buffers)).await?;
        let mids = MidSource::new(&mut rand::rng());
        Ok(Self { socket, unb: cookie.unb().to_owned(), mids, uuids: UuidSource::default() })
    }

    async fn register(&mut self, frame: impl FnOnce(&str) -> String) -> Result<(), Failure> {
        let mid = self.mids.next_mid(now_ms());
        self.write(frame(&mid)).await?;
        let answer = self.socket.next().await.ok_or("the connection ended before the registration was answered")??;
        let answer = Frame::read(answer.to_text()?)?;
        if answer.code != 200 || answer.headers.mid != mid {
            return Err(format!("the registration was answered with {}", answer.code).into());
        }
        let now_ms = now_ms();
        let mid = self.mids.next_mid(now_ms);
        self.write(request::sync_from_now(&mid, now_ms)).await
    }

    async fn run(mut self, mut over: watch::Receiver<bool>) -> Result<(), Failure> {
        let mut beat_at = Instant::now() + HEARTBEAT;
        loop {
            tokio::select! {
                message = self.socket.next() => match message.ok_or("the service ended the connection")?? {
                    Message::Text(text) => self.on_text(&text).await?,
                    Message::Close(frame) => return Err(format!("the service closed the connection: {frame:?}").into()),
                    _ => {}
                },
                () = sleep_until(beat_at) => {
                    beat_at += HEARTBEAT;
                    let mid = self.mids.next_mid(now_ms());
                    self.write(request::heartbeat(&mid)).await?;
                }
                () = told(&mut over) => break,
            }
        }
        let goodbye = CloseFrame { code: CloseCode::Normal, reason: "".into() };
        self.socket.close(Some(goodbye)).await?;
        while let Some(Ok(_)) = self.socket.next().await {}
        Ok(())
    }

    async fn on_text(&mut self, text: &str) -> Result<(), Failure> {
        let frame = Frame::read(text)?;
        if !frame.is_push() {
            return Ok(());
        }
        self.write(frame.ack()?).await?;
        for message in frame.messages(&self.unb)? {
            if !message.text.contains(QUESTION) {
                continue;
            }
            let now_ms = now_ms();
            let (mid, uuid) = (self.mids.next_mid(now_ms), self.uuids.next_uuid(now_ms));
            let to = Recipient { chat_id: &message.chat_id, peer_id: &message.sender_id, unb: &self.unb };
            let reply = request::send_text(&mid, &uuid, to, REPLY);
            self.write(reply).await?;
        }
        Ok(())
    }

    async fn write(&mut self, text: String) -> Result<(), Failure> {
        Ok(self.socket.send(Message::text(text)).await?)
    }
}

/// Until the flag is raised, or nobody is left who could raise it.
async fn told(over: &mut watch::Receiver<bool>) {
    let _ = over.wait_for(|over| *over).await;
}

fn now_ms() -> i64 {
    let since_epoch = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since_epoch.as_millis()).unwrap_or(i64::MAX)
}
