//! A certificate authority of the simulator's own, made at each start: nothing is stored, nothing expires in a repository.

use std::sync::Arc;

use rcgen::{BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair, KeyUsagePurpose};
use rustls::ServerConfig;
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use tokio_rustls::TlsAcceptor;

use crate::error::StartError;

/// What the listener needs to speak TLS, and what a client needs to believe it.
pub(crate) struct Tls {
    pub(crate) acceptor: TlsAcceptor,
    pub(crate) ca_pem: String,
}

/// Makes a CA, and with it a certificate for `localhost`, `127.0.0.1` and `::1`.
pub(crate) fn make() -> Result<Tls, StartError> {
    let wrong = |error: rcgen::Error| StartError::Certificate(error.to_string());

    let ca_key = KeyPair::generate().map_err(wrong)?;
    let mut ca = CertificateParams::default();
    ca.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    ca.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    ca.distinguished_name.push(DnType::CommonName, "livekeeper simulator CA");
    let ca_pem = ca.self_signed(&ca_key).map_err(wrong)?.pem();
    let issuer = Issuer::new(ca, ca_key);

    let names = ["localhost", "127.0.0.1", "::1"].map(String::from).to_vec();
    let leaf_key = KeyPair::generate().map_err(wrong)?;
    let mut leaf = CertificateParams::new(names).map_err(wrong)?;
    leaf.distinguished_name.push(DnType::CommonName, "livekeeper simulator");
    leaf.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    leaf.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    // Python's strict verification refuses a leaf that does not name its issuer's key.
    leaf.use_authority_key_identifier_extension = true;
    let leaf_certificate = leaf.signed_by(&leaf_key, &issuer).map_err(wrong)?;

    let private_key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(leaf_key.serialize_der()));
    let config = ServerConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .with_safe_default_protocol_versions()
        .and_then(|builder| builder.with_no_client_auth().with_single_cert(vec![leaf_certificate.der().clone()], private_key))
        .map_err(|error| StartError::Certificate(error.to_string()))?;
    Ok(Tls { acceptor: TlsAcceptor::from(Arc::new(config)), ca_pem })
}
