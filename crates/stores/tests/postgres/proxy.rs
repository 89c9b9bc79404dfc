//! A way to the database that breaks at chosen moments.

use std::sync::Arc;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

/// What is cut, once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Cut {
    /// Before the database has the request.
    Before,
    /// When the database has done it, and before its answer is through.
    After,
}

/// Which request is cut.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Request {
    /// One that executes a prepared statement: the first, second, ... of them from now on.
    Statement(u32),
    /// One that ends a transaction.
    Commit,
}

#[derive(Default)]
struct Plan {
    next: Option<(Request, Cut)>,
    /// New connections are closed at once.
    closed: bool,
}

pub(crate) struct Proxy {
    shared: Arc<Shared>,
    task: JoinHandle<()>,
}

struct Shared {
    plan: Mutex<Plan>,
    cuts: AtomicU64,
    target: String,
}

impl Proxy {
    /// Stands before the database of this URI. Returns the URI that leads through it, too.
    pub(crate) async fn before(uri: &str) -> (Self, String) {
        Self::listening(uri, TcpListener::bind("127.0.0.1:0").await.unwrap())
    }

    pub(crate) fn listening(uri: &str, listener: TcpListener) -> (Self, String) {
        let (user, rest) = uri.rsplit_once('@').unwrap();
        let (target, database) = rest.split_once('/').unwrap();
        let address = listener.local_addr().unwrap();
        let through = format!("{user}@{address}/{database}");
        let shared = Arc::new(Shared { plan: Mutex::default(), cuts: AtomicU64::new(0), target: target.to_owned() });
        let task = tokio::spawn(accept(listener, Arc::clone(&shared)));
        (Self { shared, task }, through)
    }

    /// Cuts one connection, at this request.
    pub(crate) fn cut(&self, request: Request, cut: Cut) {
        self.shared.plan.lock().unwrap().next = Some((request, cut));
    }

    /// How many connections it cut.
    pub(crate) fn cuts(&self) -> u64 {
        self.shared.cuts.load(Ordering::SeqCst)
    }

    /// Lets new connections through, or closes them at once.
    pub(crate) fn close(&self, closed: bool) {
        self.shared.plan.lock().unwrap().closed = closed;
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn accept(listener: TcpListener, shared: Arc<Shared>) {
    loop {
        let (client, _) = listener.accept().await.unwrap();
        if !shared.plan.lock().unwrap().closed {
            tokio::spawn(serve(client, Arc::clone(&shared)));
        }
    }
}

async fn serve(client: TcpStream, shared: Arc<Shared>) {
    let Ok(server) = TcpStream::connect(&shared.target).await else { return };
    client.set_nodelay(true).unwrap();
    server.set_nodelay(true).unwrap();
    let (from_client, to_client) = client.into_split();
    let (from_server, to_server) = server.into_split();
    // Whichever direction ends first ends both: the connections close when all halves are dropped.
    let swallow = Arc::new(Mutex::new(false));
    tokio::select! {
        () = requests(from_client, to_server, &shared, &swallow) => {}
        () = answers(from_server, to_client, &swallow) => {}
    }
    if *swallow.lock().unwrap() {
        shared.cuts.fetch_add(1, Ordering::SeqCst);
    }
}

/// Passes requests on, until one is cut before the database has it.
async fn requests(mut from: OwnedReadHalf, mut to: OwnedWriteHalf, shared: &Shared, swallow: &Mutex<bool>) {
    let mut buffer = vec![0; 1 << 16];
    loop {
        let Ok(length @ 1..) = from.read(&mut buffer).await else { return };
        let request = &buffer[..length];
        match shared.plan.lock().unwrap().meets(request) {
            Some(Cut::Before) => {
                *swallow.lock().unwrap() = true;
                return;
            }
            Some(Cut::After) => *swallow.lock().unwrap() = true,
            None => {}
        }
        if to.write_all(request).await.is_err() {
            return;
        }
    }
}

/// Passes answers on, until one is to be cut. The database writes it when it has done what was asked.
async fn answers(mut from: OwnedReadHalf, mut to: OwnedWriteHalf, swallow: &Mutex<bool>) {
    let mut buffer = vec![0; 1 << 16];
    loop {
        let Ok(length @ 1..) = from.read(&mut buffer).await else { return };
        if *swallow.lock().unwrap() || to.write_all(&buffer[..length]).await.is_err() {
            return;
        }
    }
}

impl Plan {
    fn meets(&mut self, request: &[u8]) -> Option<Cut> {
        let (wanted, cut) = self.next?;
        // A message begins with its letter: `B` binds a prepared statement, `Q` is a text.
        match wanted {
            Request::Statement(number) if request.starts_with(b"B") => {
                self.next = (number > 1).then_some((Request::Statement(number - 1), cut));
                (number == 1).then_some(cut)
            }
            Request::Commit if request.starts_with(b"Q") && request.windows(6).any(|six| six == b"COMMIT") => {
                self.next = None;
                Some(cut)
            }
            _ => None,
        }
    }
}
