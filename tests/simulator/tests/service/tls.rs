//! TLS with the simulator's own CA.

use std::sync::Arc;

use livekeeper_simulator::{Options, Simulator};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use tokio_rustls::TlsConnector;

use crate::client::{Client, TOKEN_API, UNB, call_text, http, tcp, token_data};

fn connector(ca_pem: &str) -> TlsConnector {
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_slice(ca_pem.as_bytes()).unwrap()).unwrap();
    let config = ClientConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    TlsConnector::from(Arc::new(config))
}

async fn simulator() -> Simulator {
    Simulator::start(Options { tls: true, ..Options::default() }).await.unwrap()
}

#[tokio::test]
async fn a_client_that_trusts_the_ca_speaks_both_protocols_under_each_name() {
    let simulator = simulator().await;
    assert!(simulator.websocket_url().starts_with("wss://localhost:"));
    assert!(simulator.api_url().starts_with("https://localhost:"));
    let connector = connector(simulator.ca_pem().unwrap());
    for name in ["localhost", "127.0.0.1", "::1"] {
        let name = ServerName::try_from(name).unwrap();
        let stream = connector.connect(name.clone(), tcp(&simulator).await).await.unwrap();
        let cookie = simulator.cookie(UNB);
        let text = call_text(&cookie, TOKEN_API, &token_data(UNB), |query| query);
        let answer = http(stream, text).await.json();
        let stream = connector.connect(name, tcp(&simulator).await).await.unwrap();
        let mut client = Client::over(stream, &simulator.websocket_url(), UNB, &cookie).await.unwrap();
        let token = answer["data"]["accessToken"].as_str().unwrap();
        assert_eq!(client.register(token).await["code"], 200);
    }
}

#[tokio::test]
async fn a_client_that_trusts_another_ca_is_not_fooled() {
    let (simulator, other) = (simulator().await, simulator().await);
    let connector = connector(other.ca_pem().unwrap());
    let name = ServerName::try_from("localhost").unwrap();
    let error = connector.connect(name, tcp(&simulator).await).await.unwrap_err();
    assert!(error.to_string().contains("certificate"), "{error}");
}
