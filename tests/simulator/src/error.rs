//! What can go wrong with the simulator itself, as opposed to what it finds wrong with a client.

use std::fmt;
use std::io;

/// The simulator could not be started.
#[derive(Debug)]
pub enum StartError {
    /// The address to listen on is not a loopback one. A stand-in with made-up logins is nothing for a network.
    NotLoopback(std::net::SocketAddr),
    /// Listening failed.
    Listen(io::Error),
    /// The certificate could not be made.
    Certificate(String),
    /// The thread or its runtime could not be started.
    Thread(io::Error),
}

impl fmt::Display for StartError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotLoopback(address) => write!(f, "the simulator listens on loopback addresses only, not on {address}"),
            Self::Listen(error) => write!(f, "cannot listen: {error}"),
            Self::Certificate(error) => write!(f, "cannot make the certificate: {error}"),
            Self::Thread(error) => write!(f, "cannot start the simulator's thread: {error}"),
        }
    }
}

impl std::error::Error for StartError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Listen(error) | Self::Thread(error) => Some(error),
            Self::NotLoopback(_) | Self::Certificate(_) => None,
        }
    }
}
