//! HTTP/1.1 over TCP: what a client may send and how long it may take, and a gentle end.
//!
//! Nothing here knows what is served. A request reaches its [`Handler`] whole and within the limits, or is refused.

mod body;
mod clock;
mod connection;
mod listen;
mod pace;
mod refusal;
mod request_id;
mod watched;

use std::future::Future;
use std::io;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use doorward_engine::time::Lifetime;
use http::{Request, Response, StatusCode};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, watch};
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};

pub use self::listen::{ListenError, listen};
pub(crate) use self::request_id::RequestId;
use crate::room::Room;
use crate::settings::Settings;

/// The least room that there is for the bodies of all requests. They come before it is known who sends them.
const LEAST_ROOM_BYTES: usize = 64 << 20;

/// As many of the longest bodies have a place in any case.
const LONGEST_BODIES: usize = 4;

/// A body of so many bytes needs no place: a connection's buffer isn't much smaller.
const SMALL_BODY_BYTES: usize = 16 << 10;

/// How long nothing is accepted after that has failed, as it does when a process has no file left.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// How many connections are told at once that there is no place for them. Others are just closed.
const FAREWELLS: usize = 64;

/// How long the same fault isn't logged again.
const LOG_PAUSE: Duration = Duration::from_secs(10);

/// Answers requests.
pub trait Handler: Send + Sync + 'static {
    /// Answers one request of a peer. The peer is the other end of the socket, whatever headers say.
    fn answer(&self, request: Request<Bytes>, peer: IpAddr) -> impl Future<Output = Response<Bytes>> + Send;

    /// Hears that a request was refused before it got here, and with which status.
    fn refused(&self, _status: StatusCode) {}
}

/// What a client may send, and how long it may take.
#[derive(Clone, Debug)]
pub struct Limits {
    header_bytes: usize,
    body_bytes: usize,
    read_timeout: Duration,
    idle_timeout: Duration,
    connections: usize,
}

impl From<&Settings> for Limits {
    fn from(settings: &Settings) -> Self {
        Self {
            header_bytes: settings.header_limit,
            body_bytes: settings.body_limit,
            read_timeout: duration(settings.read_timeout),
            idle_timeout: duration(settings.idle_timeout),
            connections: settings.connection_limit.min(Semaphore::MAX_PERMITS),
        }
    }
}

pub(crate) fn duration(lifetime: Lifetime) -> Duration {
    Duration::from_millis(lifetime.as_millis())
}

/// Tells servers to stop. Dropping it tells them, too.
#[derive(Debug)]
pub struct Stop(watch::Sender<bool>);

/// Hears of the stop.
#[derive(Clone, Debug)]
pub struct Stopping(watch::Receiver<bool>);

impl Stop {
    /// Makes a stop, and who hears of it.
    pub fn new() -> (Self, Stopping) {
        let (sender, receiver) = watch::channel(false);
        (Self(sender), Stopping(receiver))
    }

    /// Tells them. No connection is accepted from now on, and each ends after the request that it is at.
    pub fn stop(&self) {
        self.0.send_replace(true);
    }
}

impl Stopping {
    /// Whether it was said. One atomic load, for who asks at every turn.
    fn is_said(&self) -> bool {
        // An error means that nobody is left to say it.
        self.0.has_changed().unwrap_or(true)
    }

    /// Waits until it is said.
    pub async fn said(&mut self) {
        // As above.
        let _ = self.0.changed().await;
    }
}

/// What the connections of a server share.
struct Shared<H> {
    handler: Arc<H>,
    limits: Limits,
    room: Room,
}

/// Serves until it is told to stop, and then until every request that was under way is answered, but no longer than
/// `grace`. Returns whether all were.
pub async fn serve<H: Handler>(
    listeners: Vec<TcpListener>,
    handler: Arc<H>,
    limits: Limits,
    stopping: Stopping,
    grace: Duration,
) -> bool {
    let room = limits.body_bytes.saturating_mul(LONGEST_BODIES).max(LEAST_ROOM_BYTES);
    let room = Room::new(room, SMALL_BODY_BYTES);
    let shared = Arc::new(Shared { handler, limits, room });
    // One for each connection: when all are back, all have ended.
    let places = Arc::new(Semaphore::new(shared.limits.connections));
    let mut accepting = JoinSet::new();
    for listener in listeners {
        accepting.spawn(accept(listener, Arc::clone(&shared), Arc::clone(&places), stopping.clone()));
    }
    let mut ours = stopping;
    ours.said().await;
    accepting.join_all().await;
    let all = u32::try_from(shared.limits.connections).unwrap_or(u32::MAX);
    timeout(grace, places.acquire_many(all)).await.is_ok()
}

async fn accept<H: Handler>(
    listener: TcpListener,
    shared: Arc<Shared<H>>,
    places: Arc<Semaphore>,
    mut stopping: Stopping,
) {
    let connections = stopping.clone();
    let farewells = Arc::new(Semaphore::new(FAREWELLS));
    let (mut failed, mut full) = (Seldom::default(), Seldom::default());
    loop {
        let accepted = tokio::select! {
            biased;
            () = stopping.said() => return,
            accepted = listener.accept() => accepted,
        };
        match accepted {
            Ok((stream, peer)) => {
                // An IPv4 peer is one, whichever kind of socket it came through.
                let peer = peer.ip().to_canonical();
                match Arc::clone(&places).try_acquire_owned() {
                    Ok(place) => {
                        let (shared, stopping) = (Arc::clone(&shared), connections.clone());
                        tokio::spawn(async move {
                            connection::serve(stream, peer, shared, stopping).await;
                            drop(place);
                        });
                    }
                    Err(_) => {
                        if full.is_due() {
                            tracing::warn!(name: "doorward.http.full", target: "doorward", "too many connections: some are turned away");
                        }
                        shared.handler.refused(refusal::Plain::FULL.status);
                        turn_away(stream, &farewells);
                    }
                }
            }
            Err(error) if is_of_one_connection(&error) => {}
            Err(error) => {
                if failed.is_due() {
                    tracing::warn!(name: "doorward.http.accept", target: "doorward", "no connection can be accepted: {error}");
                }
                sleep(ACCEPT_PAUSE).await;
            }
        }
    }
}

/// Refuses a connection for which there is no place, and says so to a few of them.
fn turn_away(stream: TcpStream, farewells: &Arc<Semaphore>) {
    if let Ok(farewell) = Arc::clone(farewells).try_acquire_owned() {
        tokio::spawn(async move {
            refusal::Plain::FULL.say(stream).await;
            drop(farewell);
        });
    }
}

/// Keeps what happens over and over from filling the log.
#[derive(Default)]
struct Seldom(Option<Instant>);

impl Seldom {
    fn is_due(&mut self) -> bool {
        let is_due = self.0.is_none_or(|last| last.elapsed() >= LOG_PAUSE);
        if is_due {
            self.0 = Some(Instant::now());
        }
        is_due
    }
}

/// Whether accepting failed for a client that is gone already, and not for us.
fn is_of_one_connection(error: &io::Error) -> bool {
    use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset};
    matches!(error.kind(), ConnectionAborted | ConnectionRefused | ConnectionReset)
}
