//! Listening on a host and a port.

use std::io::{self, ErrorKind};

use tokio::net::{TcpListener, lookup_host};

/// How often another free port is tried, where one is free on the first address of a host only.
const ATTEMPTS: u32 = 8;

/// Why nothing is listened on.
#[derive(Debug, thiserror::Error)]
pub enum ListenError {
    /// Somebody else listens there.
    #[error("port {0} is taken: choose another with --port, or 0 for a free one")]
    Taken(u16),
    /// Ports below 1024 are for privileged programs.
    #[error("port {0} is for privileged programs: choose one from 1024 on with --port")]
    Privileged(u16),
    /// The host is none of this machine's.
    #[error("{host} is no address of this machine: {error}")]
    Host {
        /// The host.
        host: String,
        /// What was said about it.
        error: io::Error,
    },
    /// Something else.
    #[error("can't listen on {host}:{port}: {error}")]
    Other {
        /// The host.
        host: String,
        /// The port.
        port: u16,
        /// What went wrong.
        error: io::Error,
    },
}

/// Listens on every address of a host, on one port: a client may try any of them first. 0 takes a free port.
pub async fn listen(host: &str, port: u16) -> Result<Vec<TcpListener>, ListenError> {
    let mut attempts = if port == 0 { ATTEMPTS } else { 1 };
    loop {
        attempts -= 1;
        match listen_once(host, port).await {
            Err(ListenError::Taken(_)) if attempts > 0 => {}
            done => return done,
        }
    }
}

async fn listen_once(host: &str, port: u16) -> Result<Vec<TcpListener>, ListenError> {
    let no_host = |error| ListenError::Host { host: host.to_owned(), error };
    let mut listeners: Vec<TcpListener> = Vec::new();
    let mut missing = None;
    for address in lookup_host((host, port)).await.map_err(no_host)? {
        let other = |error| ListenError::Other { host: host.to_owned(), port, error };
        let port =
            listeners.first().map_or(Ok(port), |first| first.local_addr().map(|first| first.port())).map_err(other)?;
        match TcpListener::bind((address.ip(), port)).await {
            Ok(listener) => listeners.push(listener),
            Err(error) if error.kind() == ErrorKind::AddrInUse => return Err(ListenError::Taken(port)),
            Err(error) if error.kind() == ErrorKind::PermissionDenied => return Err(ListenError::Privileged(port)),
            // An address family that this machine doesn't have, perhaps.
            Err(error) if error.kind() == ErrorKind::AddrNotAvailable => missing = Some(error),
            Err(error) => return Err(other(error)),
        }
    }
    if listeners.is_empty() {
        return Err(no_host(missing.unwrap_or_else(|| ErrorKind::AddrNotAvailable.into())));
    }
    Ok(listeners)
}
