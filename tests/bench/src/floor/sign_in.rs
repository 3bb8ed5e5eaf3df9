//! The token, over HTTP.

use std::sync::Arc;

use http::Request;
use http::header::{CONTENT_TYPE, COOKIE, ORIGIN, REFERER, USER_AGENT};
use http_body_util::{BodyExt, Full};
use hyper::body::Bytes;
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use livekeeper::wire::cookie::Cookie;
use livekeeper::wire::mtop::{self, SignedCall, TokenAnswer};
use livekeeper::wire::request;
use rustls::ClientConfig;

use crate::Failure;

pub(super) struct Api {
    base: String,
    client: Client<HttpsConnector<HttpConnector>, Full<Bytes>>,
}

impl Api {
    pub(super) fn new(base: &str, tls: &Arc<ClientConfig>) -> Self {
        let mut tcp = HttpConnector::new();
        tcp.enforce_http(false);
        let connector = HttpsConnectorBuilder::new()
            .with_tls_config(ClientConfig::clone(tls))
            .https_or_http()
            .enable_http1()
            .wrap_connector(tcp);
        let client = Client::builder(TokioExecutor::new()).pool_max_idle_per_host(8).build(connector);
        Self { base: base.to_owned(), client }
    }

    pub(super) async fn token(&self, cookie: &Cookie, device_id: &str, now_ms: i64) -> Result<TokenAnswer, Failure> {
        let data = mtop::token_request_data(device_id);
        let call = SignedCall::new(mtop::TOKEN_API, mtop::API_VERSION, &data, now_ms, cookie);
        let request = Request::post(format!("{}/{}?{}", self.base, call.path, call.query))
            .header(COOKIE, cookie.to_header().expose())
            .header(ORIGIN, request::ORIGIN)
            .header(REFERER, format!("{}/", request::ORIGIN))
            .header(USER_AGENT, request::USER_AGENT)
            .header(CONTENT_TYPE, "application/x-www-form-urlencoded")
            .body(Full::from(call.body))?;
        let answer = self.client.request(request).await?;
        let status = answer.status().as_u16();
        let body = answer.into_body().collect().await?.to_bytes();
        match mtop::classify(status, std::str::from_utf8(&body)?) {
            mtop::ApiAnswer::Ok { data } => Ok(TokenAnswer::parse(data)?),
            other => Err(format!("the token call was answered with {other:?}").into()),
        }
    }
}
