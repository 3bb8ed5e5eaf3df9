//! TCP, and what an I/O error of a connection comes to.

use std::io;

use rustix::io::Errno;
use tokio::net::TcpStream;
use tokio::time::{Duration, timeout};

use super::{proxy, tls};
use crate::states::ReasonCode;

/// Tries the addresses of a name in their order, each for its share of the limit.
pub(super) async fn connect_tcp(host: &str, port: u16, limit: Duration) -> io::Result<TcpStream> {
    let addresses: Vec<_> = tokio::net::lookup_host((host, port)).await?.collect();
    let mut failed = io::Error::new(io::ErrorKind::NotFound, "the name has no address");
    for address in &addresses {
        let share = limit / u32::try_from(addresses.len()).unwrap_or(u32::MAX);
        match timeout(share, TcpStream::connect(address)).await {
            Ok(Ok(stream)) => return Ok(stream),
            Ok(Err(problem)) => failed = problem,
            Err(_) => failed = io::Error::new(io::ErrorKind::TimedOut, format!("no connection within {share:?}")),
        }
    }
    Err(failed)
}

/// The reason that an account shows: TLS's verdict, the proxy's failure, this process's own limit, or the network.
pub(super) fn reason(problem: &io::Error) -> ReasonCode {
    if tls::is_refusal(problem) {
        return ReasonCode::TlsFailed;
    }
    if proxy::is_fault(problem) {
        return ReasonCode::ProxyFailed;
    }
    match Errno::from_io_error(problem) {
        Some(Errno::MFILE | Errno::NFILE) => ReasonCode::OutOfFiles,
        _ => ReasonCode::ConnectFailed,
    }
}

#[cfg(test)]
mod tests {
    use std::io;

    use rustix::io::Errno;

    use super::reason;
    use crate::states::ReasonCode;

    #[test]
    fn an_io_error_is_tls_s_or_the_process_s_or_the_network_s() {
        let of_tls = io::Error::other(rustls::Error::NoCertificatesPresented);
        for (problem, expected) in [
            (of_tls, ReasonCode::TlsFailed),
            (Errno::MFILE.into(), ReasonCode::OutOfFiles),
            (Errno::NFILE.into(), ReasonCode::OutOfFiles),
            (Errno::CONNREFUSED.into(), ReasonCode::ConnectFailed),
            (io::Error::other("no route"), ReasonCode::ConnectFailed),
        ] {
            assert_eq!(reason(&problem), expected, "{problem}");
        }
    }
}
