//! Signed HTTP calls. The only file that names the HTTP client.

use std::error::Error;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use http::header::{CONTENT_TYPE, COOKIE, HeaderValue, ORIGIN, REFERER, SET_COOKIE, USER_AGENT};
use http::{Request, Response, Uri};
use http_body_util::{BodyExt, Full, Limited};
use hyper::body::Bytes;
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::client::legacy::{Builder, Client};
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use rustls::ClientConfig;
use tokio::net::TcpStream;
use tower_service::Service;

use super::network;
use super::proxy::{self, Proxy};
use crate::secret::Secret;
use crate::states::ReasonCode;
use crate::wire::mtop::{self, ApiAnswer, SignedCall};
use crate::wire::request;
use crate::worker::Failure;

/// One answer's body, at most.
const MAX_ANSWER_BYTES: usize = 1024 * 1024;
/// An idle connection to the API is given up after this; calls of an account are an hour apart.
const IDLE_CONNECTION: Duration = Duration::from_secs(10);

/// The API's client, shared by all accounts: it keeps no cookies, each call brings its account's.
pub(crate) struct Api {
    base: String,
    client: Client<HttpsConnector<HttpConnector>, Full<Bytes>>,
    tls: Arc<ClientConfig>,
    timeout: Duration,
    connect_timeout: Duration,
}

/// Connects an account's calls through its proxy.
#[derive(Clone)]
struct ThroughProxy {
    proxy: Arc<Proxy>,
    limit: Duration,
}

/// What came back of one call.
pub(crate) struct Answered {
    outcome: Result<HttpAnswer, Unanswered>,
    /// `Set-Cookie` header values in their order. Credentials.
    pub(crate) set_cookies: Vec<Secret>,
}

/// Why there is no answer.
struct Unanswered {
    failure: Failure,
    is_surely_unsent: bool,
}

struct HttpAnswer {
    status: u16,
    /// May hold a token.
    body: Secret,
}

impl Api {
    /// `at_once`: accounts that connect at the same time. So many idle connections are kept: what one account's call leaves, the next
    /// one's takes.
    pub(crate) fn new(base: &str, tls: &Arc<ClientConfig>, timeout: Duration, connect_timeout: Duration, at_once: usize) -> Self {
        let mut tcp = HttpConnector::new();
        tcp.enforce_http(false);
        // A call that found no connection was surely not made; one that only took too long may have been.
        tcp.set_connect_timeout(Some(connect_timeout));
        let connector = HttpsConnectorBuilder::new()
            .with_tls_config(ClientConfig::clone(tls))
            .https_or_http()
            .enable_http1()
            .wrap_connector(tcp);
        let client = builder()
            .pool_idle_timeout(IDLE_CONNECTION)
            .pool_max_idle_per_host(at_once)
            .pool_timer(TokioTimer::new())
            .build(connector);
        Self { base: base.trim_end_matches('/').to_owned(), client, tls: Arc::clone(tls), timeout, connect_timeout }
    }

    /// Makes one call, through the account's proxy where it has one, within the limit `api_timeout_s`. Whatever goes wrong on
    /// the way is told by the answer.
    pub(crate) async fn call(&self, call: &SignedCall, cookie: &Secret, proxy: Option<Arc<Proxy>>) -> Answered {
        match tokio::time::timeout(self.timeout, self.exchange(call, cookie, proxy)).await {
            Ok(Ok(answered)) => answered,
            Ok(Err(unanswered)) => Answered { outcome: Err(unanswered), set_cookies: Vec::new() },
            Err(_) => {
                let failure = Failure::new(ReasonCode::ApiFailed, format!("no answer within {:?}", self.timeout));
                Answered { outcome: Err(Unanswered::perhaps_sent(failure)), set_cookies: Vec::new() }
            }
        }
    }

    async fn exchange(&self, call: &SignedCall, cookie: &Secret, proxy: Option<Arc<Proxy>>) -> Result<Answered, Unanswered> {
        let mut cookie = HeaderValue::from_bytes(cookie.expose().as_bytes())
            .map_err(|_| Unanswered::unsent(Failure::new(ReasonCode::ApiFailed, "the cookie cannot be sent as a header")))?;
        cookie.set_sensitive(true);
        let request = Request::post(format!("{}/{}?{}", self.base, call.path, call.query))
            .header(COOKIE, cookie)
            .header(ORIGIN, request::ORIGIN)
            .header(REFERER, format!("{}/", request::ORIGIN))
            .header(USER_AGENT, request::USER_AGENT)
            .header(CONTENT_TYPE, "application/x-www-form-urlencoded")
            .body(Full::from(call.body.clone()))
            .map_err(|problem| Unanswered::unsent(failure(&problem)))?;
        let sent = match proxy {
            None => self.client.request(request).await,
            Some(proxy) => self.client_through(proxy).request(request).await,
        };
        let response = sent.map_err(|problem| Unanswered { failure: failure(&problem), is_surely_unsent: problem.is_connect() })?;
        let set_cookies = set_cookies(&response);
        let status = response.status().as_u16();
        let body = Limited::new(response.into_body(), MAX_ANSWER_BYTES).collect().await;
        let body = body.map_err(|problem| Unanswered::perhaps_sent(failure(&*problem)))?;
        let body = Secret::new(String::from_utf8_lossy(&body.to_bytes()));
        Ok(Answered { outcome: Ok(HttpAnswer { status, body }), set_cookies })
    }
}

impl Api {
    /// A client of its own for each call: connections that accounts share know nothing of proxies, and none is kept for an hour.
    fn client_through(&self, proxy: Arc<Proxy>) -> Client<HttpsConnector<ThroughProxy>, Full<Bytes>> {
        let through = ThroughProxy { proxy, limit: self.connect_timeout.min(self.timeout) };
        builder().pool_max_idle_per_host(0).build(HttpsConnector::from((through, Arc::clone(&self.tls))))
    }
}

fn builder() -> Builder {
    let mut builder = Client::builder(TokioExecutor::new());
    // As browsers write them.
    builder.http1_title_case_headers(true);
    builder
}

impl Service<Uri> for ThroughProxy {
    type Response = TokioIo<TcpStream>;
    type Error = io::Error;
    type Future = Pin<Box<dyn Future<Output = io::Result<Self::Response>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, uri: Uri) -> Self::Future {
        let Self { proxy, limit } = self.clone();
        Box::pin(async move {
            let host = uri.host().unwrap_or_default().trim_start_matches('[').trim_end_matches(']');
            let port = uri.port_u16().unwrap_or(if uri.scheme_str() == Some("https") { 443 } else { 80 });
            proxy::connect(Some(&proxy), host, port, limit).await.map(TokioIo::new)
        })
    }
}

impl Unanswered {
    fn unsent(failure: Failure) -> Self {
        Self { failure, is_surely_unsent: true }
    }

    fn perhaps_sent(failure: Failure) -> Self {
        Self { failure, is_surely_unsent: false }
    }
}

impl Answered {
    /// What the answer means, or why there is none.
    pub(crate) fn answer(&self) -> Result<ApiAnswer<'_>, Failure> {
        let answer = self.outcome.as_ref().map_err(|unanswered| unanswered.failure.clone())?;
        Ok(mtop::classify(answer.status, answer.body.expose()))
    }

    /// Whether nothing of the call has reached the service: there was no connection to it.
    pub(crate) fn is_surely_unsent(&self) -> bool {
        self.outcome.as_ref().is_err_and(|unanswered| unanswered.is_surely_unsent)
    }
}

fn set_cookies<B>(response: &Response<B>) -> Vec<Secret> {
    let values = response.headers().get_all(SET_COOKIE).iter();
    values.filter_map(|value| std::str::from_utf8(value.as_bytes()).ok()).map(Secret::new).collect()
}

/// The client's own message is "client error (Connect)"; what helps a person is the innermost one.
fn failure(problem: &(dyn Error + 'static)) -> Failure {
    let mut cause = problem;
    let mut code = ReasonCode::ApiFailed;
    loop {
        if let Some(io) = cause.downcast_ref::<io::Error>() {
            code = network::reason(io);
        }
        match cause.source() {
            Some(inner) => cause = inner,
            None => return Failure::new(code, cause.to_string()),
        }
    }
}
