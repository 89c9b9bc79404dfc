//! One connection, from its first byte to its last.

use std::convert::Infallible;
use std::future::{Future as _, poll_fn};
use std::net::IpAddr;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::Poll;

use bytes::Bytes;
use http::header::{EXPECT, HOST, TRANSFER_ENCODING};
use http::{Request, Response, StatusCode, Version};
use http_body_util::Full;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;

use super::clock::Clock;
use super::pace::{Pace, Phase};
use super::refusal::{Plain, linger};
use super::request_id::RequestId;
use super::watched::Watched;
use super::{Handler, Shared, Stopping, body};
use crate::room::Place;

/// The least that hyper lets a connection keep of what it has read.
const LEAST_BUFFER_BYTES: usize = 8192;

/// How a connection came to its end.
enum End {
    /// As it should, or because its client is gone.
    Done,
    /// Its client sent no HTTP, and was told so with this status.
    Broken(StatusCode),
    /// Its client speaks HTTP/2, and was told nothing.
    Newer,
    /// It has been waiting for too long.
    Overdue(Phase),
}

/// What the requests of a connection share.
struct Client<H> {
    shared: Arc<Shared<H>>,
    pace: Arc<Pace>,
    peer: IpAddr,
}

/// Serves a connection until it ends.
pub(super) async fn serve<H: Handler>(stream: TcpStream, peer: IpAddr, shared: Arc<Shared<H>>, stopping: Stopping) {
    // Without it an answer may wait for the client's acknowledgement of the one before. A socket that can't is dead.
    let _ = stream.set_nodelay(true);
    let pace = Arc::new(Pace::default());
    let (handler, limits) = (Arc::clone(&shared.handler), shared.limits.clone());
    let client = Arc::new(Client { shared, pace: Arc::clone(&pace), peer });
    let io = TokioIo::new(Watched { stream, pace: Arc::clone(&pace) });
    let mut connection = http1::Builder::new()
        // A client may say that it sends no more, and still wait for its answer.
        .half_close(true)
        .header_read_timeout(None)
        .max_header_size(limits.header_bytes)
        .max_buf_size(limits.header_bytes.max(LEAST_BUFFER_BYTES))
        .serve_connection(io, service_fn(move |request| respond(Arc::clone(&client), request)));
    let mut clock = Clock::new(&limits);
    let (mut waiting, mut is_stopping) = (stopping.clone(), false);
    let mut said = pin!(waiting.said());
    let mut is_waiting = false;
    let end = poll_fn(|cx| {
        if !is_waiting {
            // Once is enough to be woken by it; from then on it is looked at, which costs less.
            is_waiting = said.as_mut().poll(cx).is_pending();
        }
        if !is_stopping && stopping.is_said() {
            is_stopping = true;
            Pin::new(&mut connection).graceful_shutdown();
        }
        match Pin::new(&mut connection).poll(cx) {
            Poll::Ready(Err(error)) if error.is_parse_too_large() => {
                Poll::Ready(End::Broken(StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE))
            }
            Poll::Ready(Err(error)) if error.is_parse_version_h2() => Poll::Ready(End::Newer),
            Poll::Ready(Err(error)) if error.is_parse() => Poll::Ready(End::Broken(StatusCode::BAD_REQUEST)),
            Poll::Ready(_) => Poll::Ready(End::Done),
            Poll::Pending => clock.poll(cx, &pace).map(End::Overdue),
        }
    });
    let end = end.await;
    let stream = connection.into_parts().io.into_inner().stream;
    match end {
        End::Overdue(Phase::Head) => {
            handler.refused(Plain::SLOW.status);
            Plain::SLOW.say(stream).await;
        }
        End::Newer => {
            handler.refused(Plain::NEWER.status);
            Plain::NEWER.say(stream).await;
        }
        End::Broken(status) => {
            handler.refused(status);
            linger(stream).await;
        }
        End::Done if pace.is_refused() => linger(stream).await,
        End::Done | End::Overdue(_) => {}
    }
}

/// Answers one request.
async fn respond<H: Handler>(
    client: Arc<Client<H>>,
    request: Request<Incoming>,
) -> Result<Response<Full<Bytes>>, Infallible> {
    client.pace.begin();
    let response = RequestId::next().scope(client.answer(request)).await;
    client.pace.end();
    Ok(response.map(Full::new))
}

impl<H: Handler> Client<H> {
    async fn answer(&self, request: Request<Incoming>) -> Response<Bytes> {
        // Given back when there is an answer.
        let mut place = self.shared.room.place();
        match self.receive(request, &mut place).await {
            Ok(request) => self.shared.handler.answer(request, self.peer).await,
            Err(refusal) => {
                self.shared.handler.refused(refusal.status);
                self.pace.refuse();
                refusal.response()
            }
        }
    }

    async fn receive(&self, request: Request<Incoming>, place: &mut Place) -> Result<Request<Bytes>, Plain> {
        admit(&request)?;
        let (head, body) = request.into_parts();
        let limits = &self.shared.limits;
        let body = body::read(body, limits.body_bytes, limits.read_timeout, place).await?;
        Ok(Request::from_parts(head, body))
    }
}

/// Checks what HTTP/1.1 asks of a head and hyper leaves to others (RFC 9110, 7.2 and 10.1.1).
fn admit<B>(request: &Request<B>) -> Result<(), Plain> {
    let headers = request.headers();
    let hosts = headers.get_all(HOST).iter().take(2).count();
    if hosts > 1 || (hosts == 0 && request.version() >= Version::HTTP_11) {
        return Err(Plain::HOST);
    }
    if headers.get(EXPECT).is_some_and(|value| !value.as_bytes().eq_ignore_ascii_case(b"100-continue")) {
        return Err(Plain::EXPECT);
    }
    // What a proxy in front has made of another one may be another request (RFC 9112, 6.1).
    let mut encodings = headers.get_all(TRANSFER_ENCODING).iter();
    let is_plain = encodings.next().is_none_or(|value| value.as_bytes().trim_ascii().eq_ignore_ascii_case(b"chunked"));
    if !is_plain || encodings.next().is_some() {
        return Err(Plain::ENCODING);
    }
    Ok(())
}
