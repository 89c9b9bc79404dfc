//! A bare hyper server: the floor of every request.

use std::convert::Infallible;
use std::io::{Read as _, stdin};
use std::net::Ipv4Addr;
use std::process::exit;
use std::thread;

use anyhow::Result;
use http_body_util::{BodyExt as _, Full};
use hyper::body::{Bytes, Incoming};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Method, Request, Response};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::TcpListener;
use tokio::runtime::Builder;

/// Serves until its input ends, which is when the process that started it does.
///
/// GET answers a constant. POST reads a JSON body into values and sends it back.
pub(crate) fn run() -> Result<()> {
    thread::spawn(|| {
        let _ = stdin().read_to_end(&mut Vec::new());
        exit(0);
    });
    Builder::new_multi_thread().enable_all().build()?.block_on(async {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        println!("{}", listener.local_addr()?.port());
        loop {
            let (stream, _) = listener.accept().await?;
            stream.set_nodelay(true)?;
            tokio::spawn(
                http1::Builder::new()
                    .timer(TokioTimer::new())
                    .serve_connection(TokioIo::new(stream), service_fn(answer)),
            );
        }
    })
}

async fn answer(request: Request<Incoming>) -> Result<Response<Full<Bytes>>, Infallible> {
    if request.method() == Method::GET {
        let hello = Response::builder().header("content-type", "text/html;charset=UTF-8");
        return Ok(hello.body(Full::from("Hello\n")).unwrap_or_default());
    }
    let body = request.into_body().collect().await.map(|body| body.to_bytes()).unwrap_or_default();
    let value: serde_json::Value = serde_json::from_slice(&body).unwrap_or_default();
    let echo = Response::builder().header("content-type", "application/json;charset=UTF-8");
    Ok(echo.body(Full::from(value.to_string())).unwrap_or_default())
}
