//! A bare hyper server that does, for each request, what the operation can't do without and nothing else: the floor of
//! every operation of the server.

use std::convert::Infallible;
use std::hint::black_box;
use std::io::{Read as _, stdin};
use std::net::Ipv4Addr;
use std::path::Path;
use std::process::exit;
use std::sync::Arc;
use std::thread;

use anyhow::{Context as _, Result, ensure};
use doorward::{Algorithm, SessionHandle, Sqlite, Store as _};
use doorward_crypto::{AwsLc, random};
use doorward_engine::crypto::{Crypto as _, SigningKey};
use doorward_engine::flow::Seen;
use doorward_engine::session::record::{Row, Write};
use http_body_util::{BodyExt as _, Full};
use hyper::body::{Bytes, Incoming};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Method, Request, Response, StatusCode};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::TcpListener;
use tokio::runtime::Builder;

use crate::given::Keys;
use crate::sqlite::rows::rows;

/// What is signed: as long as the first two parts of an access token.
const MESSAGE: [u8; 700] = [b'a'; 700];

/// What is derived from: as long as a stored refresh key.
const PASSWORD: [u8; 262] = [b'a'; 262];

/// How often (`spec/modern-core.md` 7.5).
const ROUNDS: u32 = 100;

/// Serves until its input ends, which is when the process that started it does.
///
/// GET answers a constant. POST reads a JSON body into values and sends it back, and does what its query asks for:
/// `sign`, `verify` (RS256, on the thread that answers), `write` (inserts a row, in group commit), `read` (one by its key),
/// `derive` (the key that seals a refresh token).
pub(crate) fn run(folder: &Path) -> Result<()> {
    thread::spawn(|| {
        let _ = stdin().read_to_end(&mut Vec::new());
        exit(0);
    });
    Builder::new_multi_thread().enable_all().build()?.block_on(async {
        let parts = Arc::new(Parts::make(folder).await?);
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        println!("{}", listener.local_addr()?.port());
        loop {
            let (stream, _) = listener.accept().await?;
            stream.set_nodelay(true)?;
            let parts = Arc::clone(&parts);
            let answer = service_fn(move |request| answer(Arc::clone(&parts), request));
            tokio::spawn(http1::Builder::new().timer(TokioTimer::new()).serve_connection(TokioIo::new(stream), answer));
        }
    })
}

async fn answer(parts: Arc<Parts>, request: Request<Incoming>) -> Result<Response<Full<Bytes>>, Infallible> {
    if request.method() == Method::GET {
        let hello = Response::builder().header("content-type", "text/html;charset=UTF-8");
        return Ok(hello.body(Full::from("Hello\n")).unwrap_or_default());
    }
    let (head, body) = request.into_parts();
    let body = body.collect().await.map(|body| body.to_bytes()).unwrap_or_default();
    let value: serde_json::Value = serde_json::from_slice(&body).unwrap_or_default();
    let status = match parts.act(head.uri.query().unwrap_or_default()).await {
        Ok(()) => StatusCode::OK,
        Err(_) => StatusCode::INTERNAL_SERVER_ERROR,
    };
    let echo = Response::builder().status(status).header("content-type", "application/json;charset=UTF-8");
    Ok(echo.body(Full::from(value.to_string())).unwrap_or_default())
}

/// What the parts of an operation need.
struct Parts {
    key: Arc<dyn SigningKey>,
    signature: Vec<u8>,
    store: Sqlite,
    row: Row,
}

impl Parts {
    async fn make(folder: &Path) -> Result<Self> {
        let key = Keys::make(Algorithm::Rs256)?.key;
        let signature = key.sign(&MESSAGE)?;
        let store = Sqlite::open(folder.join("floor.db")).await?;
        let row = rows(1)?.pop().context("a row")?;
        store.commit(Write::Insert(Box::new(row.clone()))).await?;
        Ok(Self { key, signature, store, row })
    }

    async fn act(&self, query: &str) -> Result<()> {
        for part in query.split('&').filter(|part| !part.is_empty()) {
            match part {
                "sign" => drop(black_box(self.key.sign(black_box(&MESSAGE))?)),
                "verify" => ensure!(self.key.verify(black_box(&MESSAGE), &self.signature), "a signature is wrong"),
                "write" => self.write().await?,
                "derive" => drop(black_box(AwsLc.pbkdf2_sha512(black_box(&PASSWORD), &[0; 12], ROUNDS))),
                "read" => ensure!(self.store.load(&self.row.key).await?.is_some(), "the row is gone"),
                _ => anyhow::bail!("no part is named {part}"),
            }
        }
        Ok(())
    }

    /// Inserts; what an update takes is no less.
    async fn write(&self) -> Result<()> {
        let mut bytes = [0; 10];
        random::fill(&mut bytes)?;
        let mut row = self.row.clone();
        row.key.handle = SessionHandle::make(row.created_at, bytes, &row.key.tenant);
        let seen = self.store.commit(Write::Insert(Box::new(row))).await?;
        ensure!(matches!(seen, Seen::Applied(_)), "a row was there before");
        Ok(())
    }
}
