//! What an I/O error of a connection comes to.

use std::io;

use rustix::io::Errno;

use super::tls;
use crate::states::ReasonCode;

/// The reason that an account shows: TLS's verdict, this process's own limit, or the network.
pub(super) fn reason(problem: &io::Error) -> ReasonCode {
    if tls::is_refusal(problem) {
        return ReasonCode::TlsFailed;
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
