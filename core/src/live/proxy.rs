//! An account's proxy: its URL, and the tunnel through it. The proxy resolves the service's name.

use std::fmt;
use std::io;
use std::sync::Arc;

use data_encoding::BASE64;
use http::Uri;
use percent_encoding::percent_decode_str;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::{Duration, timeout};
use tokio_socks::tcp::Socks5Stream;

use super::network;
use crate::error::Error;
use crate::secret::Secret;
use crate::states::ReasonCode;

/// Of the limit over a connection, what its tunnel may take: so that a proxy which swallows everything is named as the one that did.
const TUNNEL_SHARE: f64 = 0.8;
/// The head of a proxy's answer to CONNECT, at most.
const MAX_HEAD_BYTES: usize = 8 * 1024;
/// A proxy's URL in bytes, at most.
const MAX_URL_BYTES: usize = 2_048;
/// A user name or a password in bytes, at most: SOCKS5 has one byte for the length.
const MAX_CREDENTIAL_BYTES: usize = 255;
const FORM: &str = "allowed is http://host:port or socks5://host:port, with user:password@ before the host where the proxy wants it, \
                    and what is special in those percent-encoded";

/// A proxy that an account's connections go through. It has no `Debug`: its password must not be shown.
#[derive(PartialEq, Eq)]
pub(crate) struct Proxy {
    /// As the host gave it.
    url: Secret,
    kind: Kind,
    host: String,
    port: u16,
    credentials: Option<Credentials>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Http,
    Socks5,
}

#[derive(PartialEq, Eq)]
struct Credentials {
    user: Secret,
    password: Secret,
}

/// How a proxy fails its account; it says which proxy, and never with what password.
#[derive(Debug)]
struct ProxyFault(String);

impl Proxy {
    /// Reads a proxy's URL.
    ///
    /// # Errors
    /// `InvalidArgument` for `proxy`, which never quotes the URL.
    pub(crate) fn parse(url: &str) -> Result<Self, Error> {
        let refused = |problem: &str| Error::invalid("proxy", format!("{problem}; {FORM}"));
        if url.len() > MAX_URL_BYTES {
            return Err(refused("is longer than 2048 bytes"));
        }
        let uri: Uri = url.parse().map_err(|_| refused("is no URL"))?;
        let (Some(scheme), Some(authority)) = (uri.scheme_str(), uri.authority()) else { return Err(refused("is no URL")) };
        let kind = match scheme.to_ascii_lowercase().as_str() {
            "http" => Kind::Http,
            "socks5" => Kind::Socks5,
            _ => return Err(refused("is of another kind")),
        };
        if !matches!(uri.path(), "" | "/") || uri.query().is_some() {
            return Err(refused("has a path"));
        }
        let host = authority.host().trim_start_matches('[').trim_end_matches(']').to_owned();
        let port = authority.port_u16().filter(|port| *port > 0);
        let (Some(port), false) = (port, host.is_empty()) else { return Err(refused("needs a host and a port")) };
        let credentials = authority.as_str().rsplit_once('@').map(|(given, _)| Credentials::parse(given, kind)).transpose();
        let credentials = credentials.map_err(|problem| refused(&problem))?;
        Ok(Self { url: Secret::new(url), kind, host, port, credentials })
    }

    /// What stands in for a URL on record that cannot be read any more: nothing comes through it, and nothing goes past it.
    pub(crate) fn unusable(url: Secret) -> Self {
        Self { url, kind: Kind::Http, host: String::new(), port: 0, credentials: None }
    }

    /// As the host gave it, for the store.
    pub(crate) fn url(&self) -> &Secret {
        &self.url
    }

    /// Opens a tunnel to `host`:`port` of the service.
    async fn open(&self, host: &str, port: u16, limit: Duration) -> io::Result<TcpStream> {
        let limit = limit.mul_f64(TUNNEL_SHARE);
        let tunnel = async {
            let stream = network::connect_tcp(&self.host, self.port, limit).await.map_err(|problem| self.fault_of_io(problem))?;
            match self.kind {
                Kind::Http => self.connect_http(stream, host, port).await,
                Kind::Socks5 => self.connect_socks5(stream, host, port).await,
            }
        };
        timeout(limit, tunnel).await.unwrap_or_else(|_| Err(self.fault(format_args!("opened no tunnel within {limit:?}"))))
    }

    async fn connect_http(&self, mut stream: TcpStream, host: &str, port: u16) -> io::Result<TcpStream> {
        let target = if host.contains(':') { format!("[{host}]:{port}") } else { format!("{host}:{port}") };
        let authorization = self.credentials.as_ref().map_or_else(|| Secret::new(""), Credentials::header);
        let head = format!("CONNECT {target} HTTP/1.1\r\nHost: {target}\r\n{}\r\n", authorization.expose());
        let sent = stream.write_all(Secret::new(head).expose().as_bytes()).await;
        sent.map_err(|problem| self.fault_of_io(problem))?;
        match self.read_status(&mut stream).await? {
            200..=299 => Ok(stream),
            407 => Err(self.fault_of_credentials()),
            status => Err(self.fault(format_args!("answered CONNECT with status {status}"))),
        }
    }

    /// Reads the head of the answer, byte by byte: what comes after it belongs to the service.
    async fn read_status(&self, stream: &mut TcpStream) -> io::Result<u16> {
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            if head.len() == MAX_HEAD_BYTES {
                return Err(self.fault(format_args!("answered CONNECT with more than {MAX_HEAD_BYTES} bytes")));
            }
            head.push(stream.read_u8().await.map_err(|problem| self.fault_of_io(problem))?);
        }
        let line = head.split(|byte| *byte == b'\r').next().unwrap_or_default();
        let mut words = str::from_utf8(line).unwrap_or_default().split(' ');
        let is_http = words.next().is_some_and(|version| version.starts_with("HTTP/1."));
        let status = words.next().and_then(|status| status.parse().ok()).filter(|_| is_http);
        status.ok_or_else(|| self.fault(format_args!("answered CONNECT with something else than HTTP")))
    }

    async fn connect_socks5(&self, stream: TcpStream, host: &str, port: u16) -> io::Result<TcpStream> {
        let target = (host, port);
        let opened = match &self.credentials {
            None => Socks5Stream::connect_with_socket(stream, target).await,
            Some(Credentials { user, password }) => {
                Socks5Stream::connect_with_password_and_socket(stream, target, user.expose(), password.expose()).await
            }
        };
        opened.map(Socks5Stream::into_inner).map_err(|problem| match problem {
            tokio_socks::Error::Io(problem) => self.fault_of_io(problem),
            tokio_socks::Error::PasswordAuthFailure(_)
            | tokio_socks::Error::AuthorizationRequired
            | tokio_socks::Error::NoAcceptableAuthMethods => self.fault_of_credentials(),
            problem => self.fault(format_args!("opened no tunnel: {problem}")),
        })
    }

    fn fault_of_credentials(&self) -> io::Error {
        self.fault(match self.credentials {
            Some(_) => format_args!("refused the user name or the password"),
            None => format_args!("wants a user name and a password"),
        })
    }

    fn fault_of_io(&self, problem: io::Error) -> io::Error {
        // This process's own limit is nobody else's fault.
        if network::reason(&problem) == ReasonCode::OutOfFiles {
            return problem;
        }
        if problem.kind() == io::ErrorKind::UnexpectedEof {
            return self.fault(format_args!("ended the connection instead of opening a tunnel"));
        }
        self.fault(format_args!("cannot be reached: {problem}"))
    }

    fn fault(&self, what: fmt::Arguments<'_>) -> io::Error {
        io::Error::other(ProxyFault(format!("the proxy {self} {what}")))
    }
}

/// Which proxy it is, without its credentials.
impl fmt::Display for Proxy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scheme = match self.kind {
            Kind::Http => "http",
            Kind::Socks5 => "socks5",
        };
        let host = &self.host;
        if host.contains(':') {
            write!(f, "{scheme}://[{host}]:{}", self.port)
        } else {
            write!(f, "{scheme}://{host}:{}", self.port)
        }
    }
}

impl Credentials {
    fn parse(given: &str, kind: Kind) -> Result<Self, String> {
        let (user, password) = given.split_once(':').ok_or("has a user name and no password")?;
        let read = |name: &str, encoded: &str| {
            let decoded = percent_decode_str(encoded).decode_utf8().map_err(|_| format!("has a {name} that is no UTF-8"))?;
            if !(1..=MAX_CREDENTIAL_BYTES).contains(&decoded.len()) {
                return Err(format!("has a {name} of {} bytes, allowed are 1 … {MAX_CREDENTIAL_BYTES}", decoded.len()));
            }
            Ok(Secret::new(decoded))
        };
        let credentials = Self { user: read("user name", user)?, password: read("password", password)? };
        if kind == Kind::Http && credentials.user.expose().contains(':') {
            return Err("has a user name with a colon, which HTTP has no way to say".to_owned());
        }
        Ok(credentials)
    }

    fn header(&self) -> Secret {
        let pair = Secret::new(format!("{}:{}", self.user.expose(), self.password.expose()));
        Secret::new(format!("Proxy-Authorization: Basic {}\r\n", BASE64.encode(pair.expose().as_bytes())))
    }
}

/// Opens a TCP connection to the service: through the account's proxy where it has one, and never past it.
pub(super) async fn connect(proxy: Option<&Arc<Proxy>>, host: &str, port: u16, limit: Duration) -> io::Result<TcpStream> {
    match proxy {
        Some(proxy) => proxy.open(host, port, limit).await,
        None => network::connect_tcp(host, port, limit).await,
    }
}

/// Whether an I/O error is the proxy's and not the service's.
pub(super) fn is_fault(problem: &io::Error) -> bool {
    matches!(problem.get_ref(), Some(inner) if inner.is::<ProxyFault>())
}

impl fmt::Display for ProxyFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for ProxyFault {}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::TcpListener;
    use tokio::time::Duration;

    use super::{Proxy, connect, is_fault};

    #[test]
    fn a_url_is_read_and_shown_without_its_credentials() {
        for (url, shown, credentials) in [
            ("http://127.0.0.1:8080", "http://127.0.0.1:8080", None),
            ("HTTP://proxy.example:3128/", "http://proxy.example:3128", None),
            ("socks5://u:p@[::1]:1080", "socks5://[::1]:1080", Some(("u", "p"))),
            ("socks5://u%3A1:p%40%2F%E5%BA%97@h:1", "socks5://h:1", Some(("u:1", "p@/店"))),
            ("http://u:p:q@h:1", "http://h:1", Some(("u", "p:q"))),
        ] {
            let proxy = Proxy::parse(url).ok().unwrap();
            assert_eq!(proxy.to_string(), shown);
            assert_eq!(proxy.credentials.as_ref().map(|known| (known.user.expose(), known.password.expose())), credentials);
            assert_eq!(proxy.url().expose(), url);
        }
    }

    #[test]
    fn what_is_no_proxy_is_refused_by_its_field_name_and_never_quoted() {
        let long = format!("http://CANARY:{}@h:1", "p".repeat(256));
        for (url, problem) in [
            ("", "is no URL"),
            ("CANARY:1080", "is no URL"),
            ("http://CANARY host:1", "is no URL"),
            ("https://CANARY:secret@h:1", "is of another kind"),
            ("socks4://CANARY:secret@h:1", "is of another kind"),
            ("http://CANARY:secret@h", "needs a host and a port"),
            ("http://CANARY:secret@h:0", "needs a host and a port"),
            ("http://CANARY:secret@h:65536", "needs a host and a port"),
            ("http://CANARY:secret@h:1/path", "has a path"),
            ("http://CANARY:secret@h:1/?q", "has a path"),
            ("http://CANARY@h:1", "has a user name and no password"),
            ("socks5://CANARY:@h:1", "has a password of 0 bytes"),
            ("socks5://CANARY:%FF@h:1", "has a password that is no UTF-8"),
            ("http://CANARY%3A:secret@h:1", "has a user name with a colon"),
            (&long, "has a password of 256 bytes"),
            (&"CANARY".repeat(1_000), "is longer than 2048 bytes"),
        ] {
            let error = Proxy::parse(url).err().unwrap().to_string();
            assert!(error.starts_with(&format!("proxy: {problem}")), "{url}: {error}");
            assert!(!error.contains("CANARY") && !error.contains("secret"), "{error}");
        }
    }

    /// What comes of a proxy that answers like this, whatever it is asked, and then ends.
    async fn answered(scheme: &str, answer: &[u8]) -> Result<Vec<u8>, String> {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let proxy = Proxy::parse(&format!("{scheme}://user:CANARY@{address}")).ok().map(Arc::new);
        let answer = answer.to_owned();
        let serves = tokio::spawn(async move {
            let (mut client, _) = listener.accept().await.unwrap();
            // One that has heard enough may be gone.
            let _ = client.write_all(&answer).await;
            let _ = client.shutdown().await;
            let _ = client.read_to_end(&mut Vec::new()).await;
        });
        let found = match connect(proxy.as_ref(), "::1", 443, Duration::from_secs(30)).await {
            Ok(mut stream) => {
                let mut rest = Vec::new();
                stream.read_to_end(&mut rest).await.unwrap();
                Ok(rest)
            }
            Err(problem) => {
                assert!(is_fault(&problem), "{problem}");
                Err(problem.to_string().replace(&format!("the proxy {scheme}://{address} "), ""))
            }
        };
        serves.await.unwrap();
        found
    }

    /// The proxy's kind, its answer, and what follows: what the service says first, or the fault.
    type Row<'a> = (&'a str, &'a [u8], Result<&'a [u8], &'a str>);

    #[tokio::test]
    async fn whatever_a_proxy_answers_is_a_tunnel_or_a_fault_that_says_so() {
        let endless = vec![b'x'; 20_000];
        let table: [Row; 15] = [
            ("http", b"HTTP/1.1 200 OK\r\nVia: x\r\n\r\nfirst words", Ok(b"first words")),
            ("http", b"HTTP/1.0 200\r\n\r\n", Ok(b"")),
            ("http", b"HTTP/1.1 407 No\r\n\r\n", Err("refused the user name or the password")),
            ("http", b"HTTP/1.1 502 Bad Gateway\r\n\r\n", Err("answered CONNECT with status 502")),
            ("http", b"SSH-2.0-x 200\r\n\r\n", Err("answered CONNECT with something else than HTTP")),
            ("http", b"HTTP/1.1 \xff\r\n\r\n", Err("answered CONNECT with something else than HTTP")),
            ("http", b"HTTP/1.1 200 OK\r\n", Err("ended the connection instead of opening a tunnel")),
            ("http", &endless, Err("answered CONNECT with more than 8192 bytes")),
            ("socks5", b"\x05\x00\x05\x00\x00\x01\x00\x00\x00\x00\x00\x00first words", Ok(b"first words")),
            ("socks5", b"\x05\xff", Err("refused the user name or the password")),
            ("socks5", b"\x05\x02\x01\x01", Err("refused the user name or the password")),
            (
                "socks5",
                b"\x05\x00\x05\x02\x00\x01\x00\x00\x00\x00\x00\x00",
                Err("opened no tunnel: Connection not allowed by ruleset"),
            ),
            ("socks5", b"\x05\x00\x05\x04\x00\x01\x00\x00\x00\x00\x00\x00", Err("opened no tunnel: Host unreachable")),
            ("socks5", b"HTTP/1.1 400 Bad\r\n\r\n", Err("opened no tunnel: Invalid response version")),
            ("socks5", b"", Err("ended the connection instead of opening a tunnel")),
        ];
        for (scheme, answer, expected) in table {
            let expected = expected.map(<[u8]>::to_vec).map_err(str::to_owned);
            assert_eq!(answered(scheme, answer).await, expected, "{scheme}: {}", answer.escape_ascii());
        }
    }

    #[tokio::test]
    async fn nothing_comes_through_what_stands_in_for_a_url_that_cannot_be_read() {
        let proxy = Arc::new(Proxy::unusable(crate::secret::Secret::new("CANARY")));
        let problem = connect(Some(&proxy), "127.0.0.1", 1, Duration::from_secs(30)).await.unwrap_err();
        assert!(is_fault(&problem) && !problem.to_string().contains("CANARY"), "{problem}");
    }
}
