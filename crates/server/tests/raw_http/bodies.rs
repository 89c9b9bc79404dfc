//! How long bodies may be: each, and all together.

use std::io::Write as _;
use std::net::TcpStream;
use std::sync::mpsc;

use super::{rest, server, statuses};
use crate::process::PATIENCE;

#[test]
fn a_body_is_as_long_as_the_limit_and_no_longer() {
    let server = server(|_| {});
    let head = "POST /a HTTP/1.1\r\nHost: h\r\nConnection: close\r\n";
    for (bytes, status) in [(4096, 200), (4097, 413), (3_000_000, 413)] {
        let body = "x".repeat(bytes);
        let sized = server.ask(format!("{head}Content-Length: {bytes}\r\n\r\n{body}").as_bytes());
        assert_eq!(statuses(&sized), [status], "{bytes}: {sized}");
        let chunk = format!("{head}Transfer-Encoding: chunked\r\n\r\n{bytes:x}\r\n{body}\r\n0\r\n\r\n");
        let chunked = server.ask(chunk.as_bytes());
        assert_eq!(statuses(&chunked), [status], "{bytes} in one chunk: {chunked}");
    }
    let text = server.ask(format!("{head}Content-Length: 5000\r\n\r\n").as_bytes());
    assert!(text.contains("content-type: text/html;charset=UTF-8\r\n"), "{text}");
    assert!(
        text.contains("connection: close\r\n") && text.ends_with("\r\n\r\nThe body of the request is too long\n"),
        "{text}"
    );
    let small: String = (0..100).map(|_| "1\r\nx\r\n").collect();
    let pieces = server.ask(format!("{head}Transfer-Encoding: chunked\r\n\r\n{small}0\r\n\r\n").as_bytes());
    assert!(pieces.ends_with("POST /a 100 127.0.0.1"), "{pieces}");
    server.assert_serves();
}

/// Each within its limit, and together more than a server should keep for people it doesn't know.
#[test]
fn the_bodies_of_all_have_a_limit_together() {
    const LONG: usize = 4 << 20;
    let server = server(|settings| settings.body_limit = LONG);
    let post = |bytes: usize| {
        let head = format!("POST /a HTTP/1.1\r\nHost: h\r\nConnection: close\r\nContent-Length: {bytes}\r\n\r\n");
        [head.into_bytes(), vec![b'x'; bytes]].concat()
    };
    let long = post(LONG);
    let mut slow: Vec<TcpStream> = (0..17).map(|_| server.connect()).collect();
    let (sender, refused) = mpsc::channel();
    let readers = slow.iter().map(|stream| (stream.try_clone().unwrap(), sender.clone()));
    let readers: Vec<_> = readers
        .map(|(stream, sender)| {
            std::thread::spawn(move || {
                let answer = rest(stream);
                sender.send(()).unwrap();
                answer
            })
        })
        .collect();
    for stream in &mut slow {
        stream.write_all(&long[..long.len() - 1]).unwrap();
    }
    refused.recv_timeout(PATIENCE).expect("there is room for 64 MiB");
    assert!(server.ask(&post(16 << 10)).ends_with("POST /a 16384 127.0.0.1"), "small ones need none");
    for stream in &mut slow {
        // One that was refused may be closed by now.
        let _ = stream.write_all(b"x");
    }
    let answers: Vec<String> = readers.into_iter().map(|reader| reader.join().unwrap()).collect();
    let refused = answers.iter().filter(|answer| statuses(answer) == [503]).count();
    let taken = answers.iter().filter(|answer| answer.ends_with(&format!("POST /a {LONG} 127.0.0.1"))).count();
    assert!(refused > 0 && taken > 0 && refused + taken == 17, "{refused} and {taken}: {answers:?}");
    // What was answered has given its place back.
    let mut again: Vec<TcpStream> = (0..15).map(|_| server.connect()).collect();
    for stream in &mut again {
        stream.write_all(&long).unwrap();
    }
    assert!(again.into_iter().all(|stream| statuses(&rest(stream)) == [200]));
}
