//! A TCP proxy between a manager and the simulator: it passes everything on until it is told to lose it.

use std::io::{Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;

/// A proxy on a port of its own. Dropping it ends every connection.
pub struct Proxy {
    address: SocketAddr,
    shared: Arc<Shared>,
    listening: Option<JoinHandle<()>>,
    held: Receiver<()>,
}

struct Shared {
    target: SocketAddr,
    is_over: AtomicBool,
    /// Connections that are made lose everything from their first byte.
    loses_new: AtomicBool,
    /// How many pieces may still pass before a connection is held.
    pieces: AtomicUsize,
    held: Mutex<Sender<()>>,
    connections: Mutex<Vec<Arc<Connection>>>,
}

struct Connection {
    client: TcpStream,
    service: TcpStream,
    /// Bytes vanish, in both directions, and so does the news that one side has ended: a half-open connection.
    is_lost: AtomicBool,
    /// Bytes vanish, but not the news that one side has ended.
    is_held: AtomicBool,
}

impl Proxy {
    /// Passes on to 127.0.0.1:`port`.
    pub fn to(port: u16) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port is free");
        let address = listener.local_addr().expect("it is bound");
        let (held, hears_held) = channel();
        let shared = Arc::new(Shared {
            target: SocketAddr::from(([127, 0, 0, 1], port)),
            is_over: AtomicBool::new(false),
            loses_new: AtomicBool::new(false),
            pieces: AtomicUsize::new(usize::MAX),
            held: Mutex::new(held),
            connections: Mutex::default(),
        });
        let listens = Arc::clone(&shared);
        let listening = std::thread::spawn(move || {
            for client in listener.incoming() {
                if listens.is_over.load(Ordering::SeqCst) {
                    return;
                }
                if let Ok(client) = client {
                    listens.take(client);
                }
            }
        });
        Self { address, shared, listening: Some(listening), held: hears_held }
    }

    /// The port.
    pub fn port(&self) -> u16 {
        self.address.port()
    }

    /// From here on, whatever is sent on the connections that stand vanishes, for good: neither side hears anything of the
    /// other again, not even that it has ended.
    pub fn lose(&self) {
        for connection in &*lock(&self.shared.connections) {
            connection.is_lost.store(true, Ordering::SeqCst);
        }
    }

    /// [`Self::lose`], also for connections that are still to be made, until this is called with `false`.
    pub fn blackhole(&self, on: bool) {
        self.shared.loses_new.store(on, Ordering::SeqCst);
        if on {
            self.lose();
        }
    }

    /// Lets `pieces` more pieces pass, over all connections. The connection that would bring the next one is held: nothing
    /// passes on it any more but its end. Connections after it are not touched. [`Self::is_held`] tells.
    pub fn hold_after(&self, pieces: usize) {
        self.shared.pieces.store(pieces, Ordering::SeqCst);
    }

    /// Lets every piece pass again; a connection that is held stays so.
    pub fn pass_all(&self) {
        self.shared.pieces.store(usize::MAX, Ordering::SeqCst);
        while self.is_held() {}
    }

    /// Whether a connection has been held since this was asked last. Does not wait.
    pub fn is_held(&self) -> bool {
        self.held.try_recv().is_ok()
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.shared.is_over.store(true, Ordering::SeqCst);
        for connection in lock(&self.shared.connections).drain(..) {
            connection.end();
        }
        // Wakes the listener, which then ends.
        drop(TcpStream::connect(self.address));
        if let Some(listening) = self.listening.take() {
            // A panic in there has failed its test already.
            let _ = listening.join();
        }
    }
}

impl Shared {
    fn take(self: &Arc<Self>, client: TcpStream) {
        let Ok(service) = TcpStream::connect(self.target) else { return };
        // Pieces are to arrive as they were sent.
        let _ = (client.set_nodelay(true), service.set_nodelay(true));
        let is_lost = AtomicBool::new(self.loses_new.load(Ordering::SeqCst));
        let connection = Arc::new(Connection { client, service, is_lost, is_held: AtomicBool::new(false) });
        lock(&self.connections).push(Arc::clone(&connection));
        for is_from_client in [true, false] {
            let (shared, connection) = (Arc::clone(self), Arc::clone(&connection));
            std::thread::spawn(move || shared.pass(&connection, is_from_client));
        }
    }

    fn pass(&self, connection: &Connection, is_from_client: bool) {
        let (mut from, mut to) =
            if is_from_client { (&connection.client, &connection.service) } else { (&connection.service, &connection.client) };
        let mut piece = vec![0; 64 * 1024];
        loop {
            let length = match from.read(&mut piece) {
                Ok(0) | Err(_) => break,
                Ok(length) => length,
            };
            if connection.is_lost.load(Ordering::SeqCst) || connection.is_held.load(Ordering::SeqCst) {
                continue;
            }
            if self.holds_the_next() {
                connection.is_held.store(true, Ordering::SeqCst);
                // Nobody may listen any more.
                let _ = lock(&self.held).send(());
                continue;
            }
            if to.write_all(&piece[..length]).is_err() {
                break;
            }
        }
        if !connection.is_lost.load(Ordering::SeqCst) {
            connection.end();
        }
    }

    /// Counts a piece. Only one piece is ever the first that may not pass.
    fn holds_the_next(&self) -> bool {
        let count = |left: usize| match left {
            usize::MAX => None,
            0 => Some(usize::MAX),
            more => Some(more - 1),
        };
        self.pieces.fetch_update(Ordering::SeqCst, Ordering::SeqCst, count) == Ok(0)
    }
}

impl Connection {
    fn end(&self) {
        // One that has ended already cannot be ended.
        let _ = (self.client.shutdown(Shutdown::Both), self.service.shutdown(Shutdown::Both));
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
