//! Whom to trust: the public authorities, and those of `ca_file`. No setting turns the checks off.

use std::io;
use std::path::Path;
use std::sync::Arc;

use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use rustls::{ClientConfig, RootCertStore};

use crate::error::Error;

/// The settings of every TLS connection: rustls with the ring provider, given explicitly.
pub(crate) fn client_config(ca_file: Option<&Path>) -> Result<Arc<ClientConfig>, Error> {
    let mut roots = RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() };
    if let Some(path) = ca_file {
        add_authorities(&mut roots, path)?;
    }
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|problem| Error::Internal { problem: problem.to_string() })?
        .with_root_certificates(roots)
        .with_no_client_auth();
    Ok(Arc::new(config))
}

fn add_authorities(roots: &mut RootCertStore, path: &Path) -> Result<(), Error> {
    let refused = |problem: String| Error::invalid("ca_file", format!("{}: {problem}", path.display()));
    let pem = std::fs::read(path).map_err(|problem| refused(problem.to_string()))?;
    let mut count = 0;
    for certificate in CertificateDer::pem_slice_iter(&pem) {
        let certificate = certificate.map_err(|problem| refused(format!("is no PEM file: {problem}")))?;
        roots.add(certificate).map_err(|problem| refused(format!("holds a certificate that cannot be used: {problem}")))?;
        count += 1;
    }
    if count == 0 {
        return Err(refused("holds no certificate; a PEM file with -----BEGIN CERTIFICATE----- is needed".to_owned()));
    }
    Ok(())
}

/// Whether an I/O error is TLS's own verdict (a certificate that does not fit, say) and not the network's. An `io::Error` leaves
/// the error that it wraps out of its sources, so it is looked into.
pub(crate) fn is_refusal(problem: &io::Error) -> bool {
    let Some(inner) = problem.get_ref() else { return false };
    inner.is::<rustls::Error>() || inner.downcast_ref::<io::Error>().is_some_and(is_refusal)
}

#[cfg(test)]
mod tests {
    use super::client_config;

    #[test]
    fn a_ca_file_that_is_none_is_refused_by_its_field_name() {
        let path = std::env::temp_dir().join(format!("livekeeper-ca-{}.pem", std::process::id()));
        std::fs::write(&path, "no certificate here").unwrap();
        let error = client_config(Some(&path)).unwrap_err();
        std::fs::remove_file(&path).unwrap();
        assert!(error.to_string().starts_with("ca_file: "), "{error}");
        assert!(error.to_string().contains("holds no certificate"), "{error}");
        assert!(client_config(Some(&path)).unwrap_err().to_string().starts_with("ca_file: "));
    }
}
