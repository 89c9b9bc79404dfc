//! What stands in for such a core: it keeps what it was asked, and answers as it is told to.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use bytes::Bytes;
use http::{HeaderMap, Request, Response};
use http_body_util::{BodyExt as _, Full};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpListener;
use tokio::task::{JoinHandle, JoinSet};

/// A request that came.
#[derive(Clone, Debug)]
pub(super) struct Asked {
    /// `METHOD /path?query`.
    pub(super) line: String,
    pub(super) headers: HeaderMap,
    pub(super) body: String,
}

/// How it answers a request.
#[derive(Clone, Copy, Debug)]
pub(super) enum Answers {
    /// As a core does.
    Well,
    /// So if it is asked for a user, and otherwise as a core does.
    Users(u16, &'static str),
    /// With so many bytes if it is asked for a list of users, and otherwise as a core does.
    Long(usize),
    /// Never.
    Never,
    /// With these bytes, which are no answer, and the end of the connection.
    Raw(&'static str),
}

#[derive(Debug)]
pub(super) struct StandIn {
    pub(super) address: SocketAddr,
    asked: Arc<Mutex<Vec<Asked>>>,
    task: JoinHandle<()>,
}

impl Drop for StandIn {
    fn drop(&mut self) {
        self.task.abort();
    }
}

pub(super) const ANSWER: &str = "{\"status\":\"OK\",\"from\":\"upstream\"}\n";

impl StandIn {
    pub(super) async fn start(answers: Answers) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let asked = Arc::<Mutex<Vec<Asked>>>::default();
        let seen = Arc::clone(&asked);
        let task = tokio::spawn(async move {
            // They end with it.
            let mut connections = JoinSet::new();
            loop {
                let (mut stream, _) = listener.accept().await.unwrap();
                if let Answers::Raw(bytes) = answers {
                    stream.write_all(bytes.as_bytes()).await.unwrap();
                    continue;
                }
                let seen = Arc::clone(&seen);
                let service = service_fn(move |request| answer(answers, Arc::clone(&seen), request));
                connections.spawn(http1::Builder::new().serve_connection(TokioIo::new(stream), service));
            }
        });
        Self { address, asked, task }
    }

    /// The options that name it.
    pub(super) fn yaml(&self) -> String {
        format!("upstream_core: http://{}\n", self.address)
    }

    /// What it was asked since this was last called.
    pub(super) fn asked(&self) -> Vec<Asked> {
        std::mem::take(&mut *self.asked.lock().unwrap())
    }

    /// The same, as lines.
    pub(super) fn lines(&self) -> Vec<String> {
        self.asked().into_iter().map(|asked| asked.line).collect()
    }
}

async fn answer(
    answers: Answers,
    seen: Arc<Mutex<Vec<Asked>>>,
    request: Request<Incoming>,
) -> Result<Response<Full<Bytes>>, Infallible> {
    let (head, body) = request.into_parts();
    let body = String::from_utf8(body.collect().await.unwrap().to_bytes().to_vec()).unwrap();
    let status = match answers {
        Answers::Users(status, _) if head.uri.path().ends_with("/user/id") => status,
        _ => 207,
    };
    seen.lock().unwrap().push(Asked { line: format!("{} {}", head.method, head.uri), headers: head.headers, body });
    let body = match answers {
        Answers::Long(bytes) if head.uri.path() == "/users" => Bytes::from(vec![b'x'; bytes]),
        Answers::Users(_, user) if status != 207 => Bytes::from(user),
        Answers::Never => std::future::pending().await,
        Answers::Well | Answers::Users(..) | Answers::Long(_) | Answers::Raw(_) => Bytes::from(ANSWER),
    };
    let response = Response::builder()
        .status(status)
        .header("content-type", "application/json;charset=UTF-8")
        .header("x-one", "1")
        .header("x-one", "2")
        .header("connection", "x-secret-of-the-line")
        .header("x-secret-of-the-line", "y")
        .header("keep-alive", "timeout=20");
    Ok(response.body(Full::new(body)).unwrap())
}
