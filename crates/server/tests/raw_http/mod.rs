//! What a client may do to a connection, byte by byte: never a hang, never a fault of ours.

mod bodies;
mod requests;

use std::future::Future;
use std::io::{Read as _, Write as _};
use std::net::{IpAddr, Shutdown, SocketAddr, TcpStream};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use doorward_engine::time::Lifetime;
use doorward_server::http::{Handler, Limits, Stop, listen, serve};
use doorward_server::settings::Settings;
use http::{Request, Response, StatusCode};
use tokio::runtime::Runtime;
use tokio::sync::Semaphore;
use tokio::task::JoinHandle;

use self::requests::REQUESTS;
use crate::process::PATIENCE;

/// Says what came: method, path, length of the body and who sent it. `/wait` waits for a permit.
struct Echo {
    gate: Semaphore,
    arrived: Semaphore,
    refused: Mutex<Vec<u16>>,
}

impl Handler for Echo {
    async fn answer(&self, request: Request<Bytes>, peer: IpAddr) -> Response<Bytes> {
        self.arrived.add_permits(1);
        if request.uri().path() == "/wait" {
            self.gate.acquire().await.unwrap().forget();
        }
        let (method, path, body) = (request.method(), request.uri().path(), request.body().len());
        Response::new(Bytes::from(format!("{method} {path} {body} {peer}")))
    }

    fn refused(&self, status: StatusCode) {
        self.refused.lock().unwrap().push(status.as_u16());
    }
}

struct Server {
    runtime: Runtime,
    echo: Arc<Echo>,
    address: SocketAddr,
    stop: Stop,
    ended: JoinHandle<bool>,
}

fn server(change: impl FnOnce(&mut Settings)) -> Server {
    server_with_grace(PATIENCE, change)
}

fn server_with_grace(grace: Duration, change: impl FnOnce(&mut Settings)) -> Server {
    let mut settings = Settings { header_limit: 2048, body_limit: 4096, ..Settings::default() };
    change(&mut settings);
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let listeners = runtime.block_on(listen("127.0.0.1", 0)).unwrap();
    let address = listeners[0].local_addr().unwrap();
    let (stop, stopping) = Stop::new();
    let echo = Arc::new(Echo { gate: Semaphore::new(0), arrived: Semaphore::new(0), refused: Mutex::default() });
    let ended = runtime.spawn(serve(listeners, Arc::clone(&echo), Limits::from(&settings), stopping, grace));
    Server { runtime, echo, address, stop, ended }
}

impl Server {
    fn connect(&self) -> TcpStream {
        let stream = TcpStream::connect(self.address).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        stream
    }

    /// Sends bytes and reads until the server closes.
    fn ask(&self, bytes: &[u8]) -> String {
        let mut stream = self.connect();
        // A server that has refused may not take the rest.
        let _ = stream.write_all(bytes);
        rest(stream)
    }

    /// Sends bytes, says that there are no more, and reads until the server closes.
    fn ask_and_end(&self, bytes: &[u8]) -> String {
        let mut stream = self.connect();
        stream.write_all(bytes).unwrap();
        stream.shutdown(Shutdown::Write).unwrap();
        rest(stream)
    }

    fn wait_for_request(&self) {
        self.run(async { self.echo.arrived.acquire().await.unwrap().forget() });
    }

    fn run<T>(&self, future: impl Future<Output = T>) -> T {
        self.runtime.block_on(async { tokio::time::timeout(PATIENCE, future).await.expect("it hangs") })
    }

    /// It still serves, whatever was done to it.
    fn assert_serves(&self) {
        let answer = self.ask(b"GET /x HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n");
        assert!(answer.ends_with("GET /x 0 127.0.0.1"), "{answer}");
    }
}

fn rest(mut stream: TcpStream) -> String {
    let mut bytes = Vec::new();
    stream.read_to_end(&mut bytes).expect("the server closes in time");
    String::from_utf8_lossy(&bytes).into_owned()
}

/// Reads one answer of a connection that stays open: up to and including these words.
fn until(stream: &mut TcpStream, words: &str) -> String {
    let mut bytes = Vec::new();
    let mut byte = [0];
    while !bytes.ends_with(words.as_bytes()) {
        stream.read_exact(&mut byte).expect("the answer comes in time");
        bytes.push(byte[0]);
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

fn statuses(answer: &str) -> Vec<u16> {
    answer.split("HTTP/1.").skip(1).map(|part| part[2..5].parse().unwrap()).collect()
}

#[test]
fn each_request_has_its_statuses() {
    let server = server(|_| {});
    for (name, request, expected) in REQUESTS {
        let answer = server.ask(request.as_bytes());
        assert_eq!(statuses(&answer), *expected, "{name}: {answer}");
    }
    server.assert_serves();
}

#[test]
fn a_client_that_sends_no_more_still_gets_its_answer() {
    let server = server(|_| {});
    assert!(server.ask_and_end(b"GET /a HTTP/1.1\r\nHost: h\r\n\r\n").ends_with("GET /a 0 127.0.0.1"));
    // One that ends within its request was promised nothing, and is told of nothing but its mistake.
    for cut in ["GET /a HT", "GET /a HTTP/1.1\r\nHost", "POST /a HTTP/1.1\r\nHost: h\r\nContent-Length: 9\r\n\r\nhi"] {
        let answer = server.ask_and_end(cut.as_bytes());
        assert!(answer.is_empty() || statuses(&answer) == [400], "{cut}: {answer}");
    }
    server.assert_serves();
}

#[test]
fn bytes_that_are_no_text_reach_nobody_or_the_handler() {
    let server = server(|_| {});
    let value = server.ask(b"GET /a HTTP/1.1\r\nHost: h\r\nX: \xff\xfe\r\nConnection: close\r\n\r\n");
    assert_eq!(statuses(&value), [200], "a header that nobody reads: {value}");
    let name = server.ask(b"GET /a HTTP/1.1\r\nHost: h\r\nX\xff: a\r\n\r\n");
    assert_eq!(statuses(&name), [400], "{name}");
    let path = server.ask(b"GET /\xff\xfe HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n");
    assert_eq!(statuses(&path), [400], "{path}");
    let tls = server.ask(b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03 and so on\r\n\r\n");
    assert_eq!(statuses(&tls), [400], "{tls}");
    let newer = server.ask(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0");
    assert!(statuses(&newer) == [505] && newer.ends_with("HTTP/2 is not spoken here\n"), "{newer}");
    server.assert_serves();
}

#[test]
fn a_head_is_as_long_as_the_limit_and_no_longer() {
    let server = server(|_| {});
    let with = |bytes: usize| {
        let frame = "GET /a HTTP/1.1\r\nHost: h\r\nConnection: close\r\nX: \r\n\r\n";
        frame.replace("X: ", &format!("X: {}", "x".repeat(bytes - frame.len())))
    };
    for (bytes, status) in [(2048, 200), (2049, 431), (16_384, 431), (500_000, 431)] {
        let answer = server.ask(with(bytes).as_bytes());
        assert_eq!(statuses(&answer), [status], "{bytes} bytes: {answer}");
    }
    let many = format!("GET /a HTTP/1.1\r\nHost: h\r\n{}\r\n", "X: y\r\n".repeat(101));
    assert_eq!(statuses(&server.ask(many.as_bytes())), [431]);
    // One that never ends is refused when it is too long, not when it ends.
    let endless = format!("GET /{}", "a".repeat(100_000));
    assert_eq!(statuses(&server.ask(endless.as_bytes())), [431]);
    server.assert_serves();
}

#[test]
fn whoever_waits_for_a_word_before_the_body_gets_it() {
    let server = server(|_| {});
    let mut stream = server.connect();
    let head = "POST /a HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: 2\r\nConnection: close\r\n\r\n";
    stream.write_all(head.as_bytes()).unwrap();
    assert_eq!(until(&mut stream, "\r\n\r\n"), "HTTP/1.1 100 Continue\r\n\r\n");
    stream.write_all(b"hi").unwrap();
    assert!(rest(stream).ends_with("POST /a 2 127.0.0.1"));
}

#[test]
fn a_connection_serves_many_requests() {
    let server = server(|_| {});
    let mut stream = server.connect();
    for count in 0..50 {
        stream.write_all(format!("GET /{count} HTTP/1.1\r\nHost: h\r\n\r\n").as_bytes()).unwrap();
        until(&mut stream, &format!("GET /{count} 0 127.0.0.1"));
    }
}

#[test]
fn a_slow_head_is_refused_and_an_idle_connection_closed() {
    let short = Lifetime::from_millis(50);
    let server = server(|settings| (settings.read_timeout, settings.idle_timeout) = (short, Lifetime::from_secs(3600)));
    for begin in ["G", "GET /a HTTP/1.1\r\nHost: h\r\n"] {
        let answer = server.ask(begin.as_bytes());
        assert_eq!(statuses(&answer), [408], "{answer}");
        assert!(answer.ends_with("The request took too long to arrive\n"), "{answer}");
    }
    // A later request of a connection, too.
    let mut stream = server.connect();
    stream.write_all(b"GET /a HTTP/1.1\r\nHost: h\r\n\r\n").unwrap();
    until(&mut stream, "GET /a 0 127.0.0.1");
    stream.write_all(b"GET /b").unwrap();
    assert_eq!(statuses(&rest(stream)), [408]);
    server.assert_serves();

    let server = self::server(|settings| settings.idle_timeout = short);
    assert_eq!(rest(server.connect()), "", "one that never said a word");
    assert_eq!(statuses(&server.ask(b"GET /a HTTP/1.1\r\nHost: h\r\n\r\n")), [200], "and one that did");
    server.assert_serves();
}

#[test]
fn a_slow_body_is_refused() {
    let server = server(|settings| settings.read_timeout = Lifetime::from_millis(50));
    for request in [
        "POST /a HTTP/1.1\r\nHost: h\r\nContent-Length: 9\r\n\r\nhi",
        "POST /a HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n",
    ] {
        let answer = server.ask(request.as_bytes());
        assert_eq!(statuses(&answer), [408], "{answer}");
    }
    server.assert_serves();
}

#[test]
fn a_drop_at_a_time_does_not_hold_a_connection() {
    let server = server(|settings| settings.read_timeout = Lifetime::from_millis(100));
    let mut stream = server.connect();
    let dripping = stream.try_clone().unwrap();
    let drip = std::thread::spawn(move || {
        let mut dripping = dripping;
        for _ in 0..1_000_000 {
            if dripping.write_all(b"GET /aaaaaaaaaaa"[..1].as_ref()).is_err() {
                return;
            }
            std::thread::sleep(Duration::from_millis(5));
        }
    });
    let mut bytes = Vec::new();
    // The drops that come after the answer may cut it short.
    let _ = stream.read_to_end(&mut bytes);
    assert!(bytes.is_empty() || bytes.starts_with(b"HTTP/1.1 408 "), "{}", String::from_utf8_lossy(&bytes));
    stream.shutdown(Shutdown::Both).ok();
    drip.join().unwrap();
    server.assert_serves();
}

#[test]
fn the_answer_may_take_longer_than_the_request() {
    let short = Lifetime::from_millis(20);
    let server = server(|settings| (settings.read_timeout, settings.idle_timeout) = (short, short));
    let mut stream = server.connect();
    stream.write_all(b"GET /wait HTTP/1.1\r\nHost: h\r\n\r\n").unwrap();
    server.wait_for_request();
    std::thread::sleep(Duration::from_millis(100));
    server.echo.gate.add_permits(1);
    assert!(rest(stream).ends_with("GET /wait 0 127.0.0.1"));
}

#[test]
fn connections_beyond_the_limit_are_turned_away() {
    let server = server(|settings| settings.connection_limit = 2);
    let mut held: Vec<TcpStream> = (0..2).map(|_| server.connect()).collect();
    for stream in &mut held {
        stream.write_all(b"GET /a HTTP/1.1\r\nHost: h\r\n\r\n").unwrap();
        until(stream, "GET /a 0 127.0.0.1");
    }
    let turned_away = server.ask(b"GET /a HTTP/1.1\r\nHost: h\r\n\r\n");
    assert_eq!(statuses(&turned_away), [503], "{turned_away}");
    drop(held);
    // The places come back when the server has seen that they are free.
    while statuses(&server.ask(b"GET /a HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n")) == [503] {}
    server.assert_serves();
}

#[test]
fn a_stop_finishes_what_runs_and_closes_what_is_idle() {
    let server = server(|_| {});
    let mut running = server.connect();
    running.write_all(b"GET /wait HTTP/1.1\r\nHost: h\r\n\r\n").unwrap();
    server.wait_for_request();
    let idle = server.connect();
    let mut used = server.connect();
    used.write_all(b"GET /a HTTP/1.1\r\nHost: h\r\n\r\n").unwrap();
    until(&mut used, "GET /a 0 127.0.0.1");
    server.stop.stop();
    assert_eq!((rest(idle), rest(used)), (String::new(), String::new()));
    while TcpStream::connect(server.address).is_ok() {}
    server.echo.gate.add_permits(1);
    let answer = rest(running);
    assert!(answer.contains("connection: close\r\n") && answer.ends_with("GET /wait 0 127.0.0.1"), "{answer}");
    let Server { runtime, ended, .. } = server;
    assert!(runtime.block_on(ended).unwrap(), "all were finished");
}

#[test]
fn a_stop_does_not_wait_for_ever() {
    let server = server_with_grace(Duration::from_millis(20), |_| {});
    let mut running = server.connect();
    running.write_all(b"GET /wait HTTP/1.1\r\nHost: h\r\n\r\n").unwrap();
    server.wait_for_request();
    server.stop.stop();
    let Server { runtime, ended, .. } = server;
    assert!(!runtime.block_on(ended).unwrap(), "one was cut off");
}

#[test]
fn the_handler_hears_of_what_it_does_not_see() {
    let server = server(|settings| settings.read_timeout = Lifetime::from_millis(50));
    for request in [
        "no HTTP\r\n\r\n".to_owned(),
        format!("GET /{} HTTP/1.1\r\nHost: h\r\n\r\n", "a".repeat(3000)),
        "GET /a HTTP/1.1\r\n\r\n".to_owned(),
        "POST /a HTTP/1.1\r\nHost: h\r\nContent-Length: 9999\r\n\r\n".to_owned(),
        "GET /a".to_owned(),
    ] {
        server.ask(request.as_bytes());
    }
    assert_eq!(*server.echo.refused.lock().unwrap(), [400, 431, 400, 413, 408]);
}
