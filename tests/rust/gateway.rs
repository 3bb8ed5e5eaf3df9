//! A proxy as operators have them, HTTP with CONNECT or SOCKS5, that writes down what it was asked for.

use std::io::{self, Read, Write};
use std::net::{Ipv4Addr, Ipv6Addr, Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;

/// What it speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Speaks {
    /// HTTP, and knows CONNECT.
    Http,
    /// SOCKS5.
    Socks5,
    /// Nothing: it takes connections and whatever comes on them.
    Nothing,
}

/// A proxy on a port of its own. Dropping it ends every tunnel.
pub struct Gateway {
    address: SocketAddr,
    shared: Arc<Shared>,
    listening: Option<JoinHandle<()>>,
}

struct Shared {
    speaks: Speaks,
    /// The user name and password that it wants.
    credentials: Option<(String, String)>,
    is_over: AtomicBool,
    is_down: AtomicBool,
    tunnels: Mutex<Vec<String>>,
    refusals: Mutex<usize>,
    connections: Mutex<Vec<TcpStream>>,
}

impl Gateway {
    /// One that lets in whoever has the credentials; without any, everybody.
    pub fn open(speaks: Speaks, credentials: Option<(&str, &str)>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port is free");
        let address = listener.local_addr().expect("it is bound");
        let shared = Arc::new(Shared {
            speaks,
            credentials: credentials.map(|(user, password)| (user.to_owned(), password.to_owned())),
            is_over: AtomicBool::new(false),
            is_down: AtomicBool::new(false),
            tunnels: Mutex::default(),
            refusals: Mutex::default(),
            connections: Mutex::default(),
        });
        let listens = Arc::clone(&shared);
        let listening = std::thread::spawn(move || {
            for client in listener.incoming() {
                if listens.is_over.load(Ordering::SeqCst) {
                    return;
                }
                if let Ok(client) = client {
                    let shared = Arc::clone(&listens);
                    // One that is cut off in the middle is the client's own matter.
                    std::thread::spawn(move || drop(shared.serve(client)));
                }
            }
        });
        Self { address, shared, listening: Some(listening) }
    }

    /// Its URL, without credentials.
    pub fn url(&self) -> String {
        self.url_for("")
    }

    /// Its URL, with `user:password@`.
    pub fn url_for(&self, credentials: &str) -> String {
        let scheme = if self.shared.speaks == Speaks::Socks5 { "socks5" } else { "http" };
        format!("{scheme}://{credentials}{}", self.address)
    }

    /// What tunnels were opened to, in their order.
    pub fn tunnels(&self) -> Vec<String> {
        lock(&self.shared.tunnels).clone()
    }

    /// Ends every tunnel and opens none any more. Its port stays its own: another test's proxy would be found there.
    pub fn go_down(&self) {
        self.shared.is_down.store(true, Ordering::SeqCst);
        self.shared.end_connections();
    }

    /// How many were not let in.
    pub fn refusals(&self) -> usize {
        *lock(&self.shared.refusals)
    }
}

impl Drop for Gateway {
    fn drop(&mut self) {
        self.shared.is_over.store(true, Ordering::SeqCst);
        self.shared.end_connections();
        // Wakes the listener, which then ends.
        drop(TcpStream::connect(self.address));
        if let Some(listening) = self.listening.take() {
            // A panic in there has failed its test already.
            let _ = listening.join();
        }
    }
}

impl Shared {
    fn end_connections(&self) {
        for connection in lock(&self.connections).drain(..) {
            // One that has ended already cannot be ended.
            let _ = connection.shutdown(Shutdown::Both);
        }
    }

    fn serve(&self, mut client: TcpStream) -> io::Result<()> {
        lock(&self.connections).push(client.try_clone()?);
        if self.is_down.load(Ordering::SeqCst) {
            return client.shutdown(Shutdown::Both);
        }
        let target = match self.speaks {
            Speaks::Http => self.hear_connect(&mut client)?,
            Speaks::Socks5 => self.hear_socks5(&mut client)?,
            Speaks::Nothing => None,
        };
        let Some(target) = target else {
            if self.speaks != Speaks::Nothing {
                *lock(&self.refusals) += 1;
                client.shutdown(Shutdown::Write)?;
            }
            return io::copy(&mut client, &mut io::sink()).map(drop);
        };
        let service = TcpStream::connect(&target)?;
        lock(&self.tunnels).push(target);
        lock(&self.connections).push(service.try_clone()?);
        client.write_all(match self.speaks {
            Speaks::Socks5 => &[5, 0, 0, 1, 0, 0, 0, 0, 0, 0],
            _ => b"HTTP/1.1 200 Connection established\r\nProxy-Agent: test\r\n\r\n",
        })?;
        let (mut from_client, mut to_service) = (client.try_clone()?, service.try_clone()?);
        let there = std::thread::spawn(move || {
            let copied = io::copy(&mut from_client, &mut to_service);
            (copied, to_service.shutdown(Shutdown::Write))
        });
        let (mut service, mut client) = (service, client);
        let _ = (io::copy(&mut service, &mut client), client.shutdown(Shutdown::Write), there.join());
        Ok(())
    }

    /// What CONNECT asks for; `None`: it is refused.
    fn hear_connect(&self, client: &mut TcpStream) -> io::Result<Option<String>> {
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            head.push(read::<1>(client)?[0]);
        }
        let head = String::from_utf8_lossy(&head).into_owned();
        let target = head.strip_prefix("CONNECT ").and_then(|rest| rest.split_once(" HTTP/1.1\r\n")).map(|(target, _)| target);
        let given = head.lines().find_map(|line| line.strip_prefix("Proxy-Authorization: Basic "));
        let wanted = self.credentials.as_ref().map(|(user, password)| base64(&format!("{user}:{password}")));
        if wanted.as_deref() == given {
            return Ok(target.map(str::to_owned));
        }
        client.write_all(b"HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n")?;
        Ok(None)
    }

    /// What a SOCKS5 client asks for (RFC 1928, RFC 1929); `None`: it is refused.
    fn hear_socks5(&self, client: &mut TcpStream) -> io::Result<Option<String>> {
        let [_, count] = read(client)?;
        let methods = read_bytes(client, count.into())?;
        let method = if self.credentials.is_some() { 2 } else { 0 };
        if !methods.contains(&method) {
            client.write_all(&[5, 0xff])?;
            return Ok(None);
        }
        client.write_all(&[5, method])?;
        if let Some((user, password)) = &self.credentials {
            let [_, length] = read(client)?;
            let given_user = read_bytes(client, length.into())?;
            let [length] = read(client)?;
            let is_right = (given_user, read_bytes(client, length.into())?) == (user.clone().into(), password.clone().into());
            client.write_all(&[1, u8::from(!is_right)])?;
            if !is_right {
                return Ok(None);
            }
        }
        let [_, _, _, kind] = read(client)?;
        let host = match kind {
            1 => Ipv4Addr::from(read::<4>(client)?).to_string(),
            4 => format!("[{}]", Ipv6Addr::from(read::<16>(client)?)),
            _ => {
                let [length] = read(client)?;
                String::from_utf8_lossy(&read_bytes(client, length.into())?).into_owned()
            }
        };
        Ok(Some(format!("{host}:{}", u16::from_be_bytes(read(client)?))))
    }
}

fn read<const COUNT: usize>(client: &mut TcpStream) -> io::Result<[u8; COUNT]> {
    let mut bytes = [0; COUNT];
    client.read_exact(&mut bytes)?;
    Ok(bytes)
}

fn read_bytes(client: &mut TcpStream, count: usize) -> io::Result<Vec<u8>> {
    let mut bytes = vec![0; count];
    client.read_exact(&mut bytes)?;
    Ok(bytes)
}

fn base64(text: &str) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let digits = text.as_bytes().chunks(3).flat_map(|chunk| {
        let bits = (0..3).fold(0_u32, |bits, place| bits << 8 | u32::from(*chunk.get(place).unwrap_or(&0)));
        (0..4).map(move |place| if place > chunk.len() { '=' } else { DIGITS[(bits >> (18 - 6 * place) & 63) as usize].into() })
    });
    digits.collect()
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
