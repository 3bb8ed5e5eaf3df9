//! From nothing to a registered connection: token, TCP, TLS, WebSocket, `/reg`, sync from now.

use futures_util::{SinkExt, StreamExt};
use tokio::time::{Duration, timeout};

use super::auth::{self, SignedIn};
use super::transport::{Connection, Incoming, TransportError};
use super::xianyu::XianyuLive;
use crate::account::Fence;
use crate::states::{ConnectionState, ReasonCode};
use crate::wire::frame::{self, Answer};
use crate::wire::request::{self, MidSource};
use crate::worker::Failure;

/// A registration: who the session is, and the mids of its connection. Cookie and token have served.
pub(super) struct Opened {
    pub(super) unb: String,
    pub(super) mids: MidSource,
}

/// Opens and registers a connection, each step within its limit in `Config`. The connection is put into `socket` as soon as
/// there is one, so that its caller can close it whatever comes of the rest.
pub(super) async fn open(
    live: &XianyuLive,
    fence: &Fence,
    connecting: ConnectionState,
    socket: &mut Option<Box<dyn Connection>>,
) -> Result<Opened, Failure> {
    fence.show_connection(connecting, ReasonCode::SigningIn);
    let signed_in = auth::sign_in(live, fence).await?;
    fence.show_connection(connecting, ReasonCode::Opening);
    let limit = live.limit(|c| c.connect_timeout_s);
    let proxy = live.proxy();
    let connect = live.service.connector.connect(&signed_in.cookie, proxy.as_ref(), limit);
    let socket = socket.insert(timeout(limit, connect).await.map_err(|_| too_late("the connection", limit))??);
    let mut mids = MidSource::new(&mut rand::rng());
    let limit = live.limit(|c| c.answer_timeout_s);
    timeout(limit, register(live, &signed_in, &mut mids, &mut **socket))
        .await
        .map_err(|_| too_late("the registration", limit))??;
    Ok(Opened { unb: signed_in.unb, mids })
}

async fn register(
    live: &XianyuLive,
    signed_in: &SignedIn,
    mids: &mut MidSource,
    socket: &mut dyn Connection,
) -> Result<(), Failure> {
    let mid = mids.next_mid(live.service.clock.now_ms());
    let register = request::register(&mid, &signed_in.token, &signed_in.device_id);
    socket.send(register.expose().to_owned()).await?;
    loop {
        let text = match socket.next().await {
            Some(Ok(Incoming::Text(text))) => text,
            Some(Ok(Incoming::Close { code })) => {
                return Err(Failure::new(ReasonCode::ClosedByService, format!("close code {code}")));
            }
            Some(Err(problem)) => return Err(problem.into()),
            None => return Err(Failure::new(ReasonCode::ConnectionLost, "")),
        };
        match frame::decode(&text) {
            Ok(frame::Incoming::Answer(answer)) if answer.mid() == mid => return registered(live, mids, socket, &answer).await,
            // A push before the registration is answered is not acknowledged: the service brings it again.
            Ok(_) => {}
            Err(problem) => {
                tracing::warn!(cookie_id = live.cell.cookie_id(), %problem, "a frame that cannot be read");
                live.cell.counters.broken.add(1);
            }
        }
    }
}

async fn registered(
    live: &XianyuLive,
    mids: &mut MidSource,
    socket: &mut dyn Connection,
    answer: &Answer<'_>,
) -> Result<(), Failure> {
    if !answer.is_ok() {
        let code = answer.code().unwrap_or_default();
        if code >= 500 {
            // The service's own trouble: the token may be as good as ever.
            return Err(Failure::new(ReasonCode::ApiFailed, format!("the registration was answered with code {code}")));
        }
        auth::forget_token(live);
        return Err(Failure::new(ReasonCode::RegistrationRefused, format!("code {code}")));
    }
    let now_ms = live.service.clock.now_ms();
    let mid = mids.next_mid(now_ms);
    Ok(socket.send(request::sync_from_now(&mid, now_ms)).await?)
}

fn too_late(what: &str, limit: Duration) -> Failure {
    Failure::new(ReasonCode::ServiceStalled, format!("{what} was not there within {limit:?}"))
}

impl From<TransportError> for Failure {
    fn from(problem: TransportError) -> Self {
        Self::new(problem.code, problem.detail)
    }
}
