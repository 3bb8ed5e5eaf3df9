//! The listener: takes connections, gives each a task of its own, and ends them all when it is told to.

use std::sync::{Arc, PoisonError};
use std::time::Duration;

use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};
use tokio_rustls::TlsAcceptor;

use crate::account::End;
use crate::error::StartError;
use crate::http::{self, UpgradeSlot};
use crate::options::Options;
use crate::socket;
use crate::state::{Shared, raised};
use crate::tls;

/// Time a client has for its TLS handshake.
const TLS_TIMEOUT: Duration = Duration::from_secs(10);
/// Time a client has for a request's head; also how long an idle API connection is kept.
const HEADER_TIMEOUT: Duration = Duration::from_secs(60);
/// An HTTP connection's buffer: cookies are long, connections are many.
const MAX_HTTP_BUFFER_BYTES: usize = 64 * 1024;
/// Time connections have to end on their own when the simulator stops.
const STOP_TIMEOUT: Duration = Duration::from_secs(1);
/// Before the listener tries again when it could not take a connection (no file descriptors left).
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// Starts listening; the returned state is shared with the listener's task, which runs until `stopping` is set.
pub(crate) async fn start(options: Options) -> Result<Arc<Shared>, StartError> {
    if !options.listen.ip().is_loopback() {
        return Err(StartError::NotLoopback(options.listen));
    }
    let tls = if options.tls { Some(tls::make()?) } else { None };
    let listener = TcpListener::bind(options.listen).await.map_err(StartError::Listen)?;
    let address = listener.local_addr().map_err(StartError::Listen)?;
    let (acceptor, ca_pem) = tls.map(|tls| (tls.acceptor, tls.ca_pem)).unzip();
    let shared = Arc::new(Shared::new(options, address, ca_pem));
    tokio::spawn(listen(Arc::clone(&shared), listener, acceptor));
    Ok(shared)
}

async fn listen(shared: Arc<Shared>, listener: TcpListener, acceptor: Option<TlsAcceptor>) {
    let mut stopping = shared.stopping.subscribe();
    let mut tasks = JoinSet::new();
    loop {
        tokio::select! {
            biased;
            () = raised(&mut stopping) => break,
            Some(_) = tasks.join_next() => {}
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) if tasks.len() < shared.options.max_connections => {
                    tasks.spawn(connection(Arc::clone(&shared), stream, acceptor.clone()));
                }
                // One too many: dropped, as an overloaded service does.
                Ok(_) => {}
                Err(_) => sleep(ACCEPT_PAUSE).await,
            },
        }
    }
    drop(listener);
    shared.change(|state| {
        for account in state.accounts.values() {
            for connection in &account.connections {
                // A connection that is ending already no longer listens.
                let _ = connection.end.send(End::WithFrame(1001, "the simulator stops".to_owned()));
            }
        }
    });
    let ended = async { while tasks.join_next().await.is_some() {} };
    if timeout(STOP_TIMEOUT, ended).await.is_err() {
        tasks.shutdown().await;
    }
    shared.stopped.send_replace(true);
}

async fn connection(shared: Arc<Shared>, stream: TcpStream, acceptor: Option<TlsAcceptor>) {
    // Without it small frames wait for the other side's acknowledgement; a failure costs only time.
    let _ = stream.set_nodelay(true);
    match acceptor {
        None => serve(shared, stream).await,
        Some(acceptor) => {
            if let Ok(Ok(stream)) = timeout(TLS_TIMEOUT, acceptor.accept(stream)).await {
                serve(shared, stream).await;
            }
        }
    }
}

async fn serve<S>(shared: Arc<Shared>, stream: S)
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let slot = UpgradeSlot::default();
    let mut stopping = shared.stopping.subscribe();
    {
        let service = service_fn(|request| http::on_request(Arc::clone(&shared), Arc::clone(&slot), request));
        let connection = http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(HEADER_TIMEOUT)
            .max_buf_size(MAX_HTTP_BUFFER_BYTES)
            .serve_connection(TokioIo::new(stream), service)
            .with_upgrades();
        // Boxed: a WebSocket connection lives long after HTTP is done with it.
        let connection = Box::pin(connection);
        tokio::select! {
            // How a client leaves an HTTP connection is its own business.
            _ = connection => {}
            () = raised(&mut stopping) => return,
        }
    }
    let upgrade = slot.lock().unwrap_or_else(PoisonError::into_inner).take();
    if let Some(upgrade) = upgrade
        && let Ok(upgraded) = upgrade.on_upgrade.await
    {
        Box::pin(socket::serve(shared, upgrade.unb, upgraded)).await;
    }
}
