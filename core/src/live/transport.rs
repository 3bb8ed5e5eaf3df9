//! WebSocket and TLS behind a small trait. The only file that names tungstenite.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use futures_util::{Sink, SinkExt, Stream, StreamExt};
use http::Uri;
use http::header::{COOKIE, HeaderValue, ORIGIN, USER_AGENT};
use rustls::ClientConfig;
use rustls::pki_types::ServerName;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::time::Duration;
use tokio_rustls::TlsConnector;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::error::ProtocolError;
use tokio_tungstenite::tungstenite::protocol::frame::CloseFrame;
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;
use tokio_tungstenite::tungstenite::protocol::{Role, WebSocketConfig};
use tokio_tungstenite::tungstenite::{self, Bytes, Message, Utf8Bytes};

use super::head::UntilHeadEnds;
use super::network;
use super::proxy::{self, Proxy};
use crate::secret::Secret;
use crate::states::ReasonCode;
use crate::wire::request;

/// What one connection costs at rest; tungstenite's default is 128 KiB.
const READ_BUFFER_BYTES: usize = 2 * 1024;
/// Above this, written frames go out at once; below, they wait for the flush that ends each turn of the session.
const WRITE_BUFFER_BYTES: usize = 16 * 1024;
/// A service that does not read makes writes fail here.
const MAX_WRITE_BUFFER_BYTES: usize = 1024 * 1024;
/// One message of the service, at most: a push with a long backlog has hundreds of KiB.
const MAX_MESSAGE_BYTES: usize = 8 * 1024 * 1024;

/// What comes in.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Incoming {
    /// A text frame.
    Text(Utf8Bytes),
    /// The service says goodbye; the connection ends after it.
    Close {
        /// The close code; 1005 where there was none.
        code: u16,
    },
}

/// What went wrong, as a session end's reason, and in words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct TransportError {
    pub(crate) code: ReasonCode,
    pub(crate) detail: String,
}

/// One open WebSocket. Text goes in; `close` of the sink sends a close frame.
pub(crate) trait Connection:
    Stream<Item = Result<Incoming, TransportError>> + Sink<String, Error = TransportError> + Send + Unpin
{
}

/// Opens connections.
#[derive(Clone)]
pub(crate) struct Connector {
    uri: Uri,
    tls: Arc<ClientConfig>,
}

impl Connector {
    pub(crate) fn new(uri: Uri, tls: Arc<ClientConfig>) -> Self {
        Self { uri, tls }
    }

    /// Connects, through the account's proxy where it has one, and does both handshakes. Its caller sets the limit over all of it; it is told here so that one
    /// address that swallows everything leaves time for the others.
    pub(crate) async fn connect(
        &self,
        cookie: &Secret,
        proxy: Option<&Arc<Proxy>>,
        limit: Duration,
    ) -> Result<Box<dyn Connection>, TransportError> {
        let host = self.uri.host().unwrap_or_default().trim_start_matches('[').trim_end_matches(']');
        let encrypted = self.uri.scheme_str() == Some("wss");
        let port = self.uri.port_u16().unwrap_or(if encrypted { 443 } else { 80 });
        let stream = proxy::connect(proxy, host, port, limit).await;
        let stream = stream.map_err(|problem| TransportError::of_io(&problem, host, port))?;
        // Frames are small and each is waited for: Nagle's algorithm would only delay them. A refusal costs nothing else.
        let _ = stream.set_nodelay(true);
        if !encrypted {
            return self.handshake(stream, cookie).await;
        }
        let name = ServerName::try_from(host.to_owned())
            .map_err(|problem| TransportError::new(ReasonCode::TlsFailed, format!("{host}: {problem}")))?;
        let connecting = TlsConnector::from(Arc::clone(&self.tls)).connect(name, stream);
        let stream = connecting.await.map_err(|problem| TransportError::of_io(&problem, host, port))?;
        self.handshake(stream, cookie).await
    }

    async fn handshake<S>(&self, stream: S, cookie: &Secret) -> Result<Box<dyn Connection>, TransportError>
    where
        S: AsyncRead + AsyncWrite + Send + Unpin + 'static,
    {
        let mut request = self.uri.clone().into_client_request()?;
        let mut cookie = HeaderValue::from_bytes(cookie.expose().as_bytes())
            .map_err(|_| TransportError::new(ReasonCode::ProtocolBroken, "the cookie cannot be sent as a header"))?;
        cookie.set_sensitive(true);
        let headers = request.headers_mut();
        headers.insert(COOKIE, cookie);
        headers.insert(ORIGIN, HeaderValue::from_static(request::ORIGIN));
        headers.insert(USER_AGENT, HeaderValue::from_static(request::USER_AGENT));
        // The buffer of tungstenite's handshake, twice as large as that of a connection, would be kept as long as the connection:
        // so the handshake reads no further than its end, and the connection begins with a buffer of its own.
        let (shaken, _) = tokio_tungstenite::client_async_with_config(request, UntilHeadEnds::new(stream), Some(buffers()))
            .await
            .map_err(TransportError::of_handshake)?;
        let (stream, beyond) = shaken.into_inner().into_parts();
        Ok(Box::new(Socket::new(stream, beyond).await))
    }
}

fn buffers() -> WebSocketConfig {
    WebSocketConfig::default()
        .read_buffer_size(READ_BUFFER_BYTES)
        .write_buffer_size(WRITE_BUFFER_BYTES)
        .max_write_buffer_size(MAX_WRITE_BUFFER_BYTES)
        .max_message_size(Some(MAX_MESSAGE_BYTES))
        .max_frame_size(Some(MAX_MESSAGE_BYTES))
}

struct Socket<S> {
    stream: WebSocketStream<S>,
    said_goodbye: bool,
    /// The last long text, held until tungstenite reads on elsewhere. A text lies in the buffer that it was read into. For a long
    /// one the buffer grows, and once nobody holds a text in it, it is used again as it is: the connection would keep the room of
    /// its longest text for good. While this is held, a full buffer is left for a fresh one; then only this holds the old one, and
    /// it goes. Not so for a text that comes in several frames, as tungstenite puts it together elsewhere: the buffer keeps the room
    /// of its longest frame.
    long: Option<Bytes>,
}

impl<S: AsyncRead + AsyncWrite + Unpin> Socket<S> {
    /// `beyond` is what was read after the handshake.
    async fn new(stream: S, mut beyond: Vec<u8>) -> Self {
        // This becomes the first buffer, and a fresh one later has the room that it has now.
        beyond.reserve_exact(READ_BUFFER_BYTES.saturating_sub(beyond.len()));
        let stream = WebSocketStream::from_partially_read(stream, beyond, Role::Client, Some(buffers())).await;
        Self { stream, said_goodbye: false, long: None }
    }
}

impl<S: AsyncRead + AsyncWrite + Send + Unpin> Connection for Socket<S> {}

impl<S: AsyncRead + AsyncWrite + Unpin> Stream for Socket<S> {
    type Item = Result<Incoming, TransportError>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        loop {
            let polled = self.stream.poll_next_unpin(context);
            self.long.take_if(|long| long.is_unique());
            let Poll::Ready(message) = polled else { return Poll::Pending };
            return Poll::Ready(match message {
                None => None,
                Some(Ok(Message::Text(text))) => {
                    if text.len() > READ_BUFFER_BYTES {
                        self.long = Some(text.clone().into());
                    }
                    Some(Ok(Incoming::Text(text)))
                }
                Some(Ok(Message::Close(frame))) => {
                    Some(Ok(Incoming::Close { code: frame.map_or(1005, |frame| frame.code.into()) }))
                }
                Some(Err(problem)) => Some(Err(problem.into())),
                // Pings are answered by tungstenite; the service sends no binary frames.
                Some(Ok(_)) => continue,
            });
        }
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> Sink<String> for Socket<S> {
    type Error = TransportError;

    fn poll_ready(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        self.stream.poll_ready_unpin(context).map_err(Into::into)
    }

    fn start_send(mut self: Pin<&mut Self>, text: String) -> Result<(), Self::Error> {
        self.stream.start_send_unpin(Message::text(text)).map_err(Into::into)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        self.stream.poll_flush_unpin(context).map_err(Into::into)
    }

    fn poll_close(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        if !self.said_goodbye {
            self.said_goodbye = true;
            let goodbye = CloseFrame { code: CloseCode::Normal, reason: Utf8Bytes::default() };
            match self.stream.start_send_unpin(Message::Close(Some(goodbye))) {
                // The service was faster: its own close frame has been answered already.
                Ok(()) | Err(tungstenite::Error::Protocol(_) | tungstenite::Error::ConnectionClosed) => {}
                Err(problem) => return Poll::Ready(Err(problem.into())),
            }
        }
        self.stream.poll_flush_unpin(context).map_err(Into::into)
    }
}

impl TransportError {
    fn of_io(problem: &io::Error, host: &str, port: u16) -> Self {
        let code = network::reason(problem);
        Self::new(code, format!("{host}:{port}: {problem}"))
    }

    /// Until the handshake is over there is no protocol to be broken: whatever stands at the other end, a service that is
    /// restarting or a gateway before it, says something else or nothing, and that passes.
    fn of_handshake(problem: tungstenite::Error) -> Self {
        let code = match &problem {
            tungstenite::Error::Protocol(ProtocolError::HandshakeIncomplete) => ReasonCode::ConnectionLost,
            _ => ReasonCode::HandshakeRefused,
        };
        match Self::from(problem) {
            broken if broken.code == ReasonCode::ProtocolBroken => Self { code, ..broken },
            other => other,
        }
    }

    fn new(code: ReasonCode, detail: impl Into<String>) -> Self {
        Self { code, detail: detail.into() }
    }
}

impl From<tungstenite::Error> for TransportError {
    fn from(problem: tungstenite::Error) -> Self {
        use tungstenite::Error;
        let code = match &problem {
            Error::ConnectionClosed
            | Error::AlreadyClosed
            | Error::Io(_)
            | Error::Protocol(ProtocolError::ResetWithoutClosingHandshake) => ReasonCode::ConnectionLost,
            Error::WriteBufferFull(_) => ReasonCode::ServiceStalled,
            Error::Http(response) => {
                return Self::new(ReasonCode::HandshakeRefused, format!("HTTP status {}", response.status().as_u16()));
            }
            _ => ReasonCode::ProtocolBroken,
        };
        // WriteBufferFull carries the frame that did not fit: its text stays out of messages.
        let detail = match &problem {
            Error::WriteBufferFull(_) => format!("{MAX_WRITE_BUFFER_BYTES} bytes wait to be sent"),
            _ => problem.to_string(),
        };
        Self::new(code, detail)
    }
}

#[cfg(test)]
mod tests {
    use futures_util::{SinkExt, StreamExt};
    use tokio::io::DuplexStream;
    use tokio_tungstenite::WebSocketStream;
    use tokio_tungstenite::tungstenite::protocol::Role;
    use tokio_tungstenite::tungstenite::{Bytes, Message, Utf8Bytes};

    use super::{Incoming, READ_BUFFER_BYTES, Socket};

    const LONG: usize = 32 * READ_BUFFER_BYTES;
    const SHORT: usize = READ_BUFFER_BYTES / 20;

    async fn say(service: &mut WebSocketStream<DuplexStream>, length: usize) {
        service.send(Message::text("x".repeat(length))).await.unwrap();
    }

    async fn hear(socket: &mut Socket<DuplexStream>, length: usize) -> Utf8Bytes {
        let Some(Ok(Incoming::Text(text))) = socket.next().await else { panic!("no text came") };
        assert_eq!(text.len(), length);
        text
    }

    #[tokio::test]
    async fn the_room_of_long_texts_is_given_back_once_short_ones_have_filled_what_was_left_of_it() {
        for first in [&[LONG][..], &[SHORT, LONG], &[LONG, LONG, LONG], &[LONG, SHORT, LONG]] {
            let (service, client) = tokio::io::duplex(4 * LONG);
            let mut service = WebSocketStream::from_raw_socket(service, Role::Server, None).await;
            let mut socket = Socket::new(client, Vec::new()).await;
            for length in first {
                say(&mut service, *length).await;
            }
            for length in first {
                hear(&mut socket, *length).await;
            }
            // One after the other, as answers to heartbeats come, and none held while the next is read.
            for _ in 0..READ_BUFFER_BYTES / SHORT {
                say(&mut service, SHORT).await;
                drop(hear(&mut socket, SHORT).await);
            }
            say(&mut service, SHORT).await;
            let last = hear(&mut socket, SHORT).await;
            assert!(socket.long.is_none(), "a long text is still held after {first:?}");
            drop(socket);
            // Of a text that nobody else holds, the capacity is the room from its beginning to the end of its buffer.
            let room = Bytes::from(last).try_into_mut().unwrap().capacity();
            assert!((READ_BUFFER_BYTES / 2..=READ_BUFFER_BYTES).contains(&room), "{room} bytes after {first:?}");
        }
    }
}
