//! The same over encrypted connections, by the binary: whom it trusts is the environment's.

use std::fs;
use std::io::{BufRead as _, BufReader, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::sync::Arc;

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, Issuer, KeyPair};
use rustls::pki_types::PrivateKeyDer;
use rustls::{ServerConfig, ServerConnection, StreamOwned};

use crate::process::{Server, doorward, said};
use crate::serve::ask;

/// An authority, and the address of a core that it vouches for. It answers for as long as the tests run.
fn core() -> (String, SocketAddr) {
    let mut params = CertificateParams::new(Vec::new()).unwrap();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let authority = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
    let key = KeyPair::generate().unwrap();
    let issuer: &Issuer<'_, KeyPair> = &authority;
    let certificate = CertificateParams::new(vec!["127.0.0.1".into()]).unwrap().signed_by(&key, issuer).unwrap();
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
    let key = PrivateKeyDer::try_from(key.serialize_der()).unwrap();
    let config = config.with_no_client_auth().with_single_cert(vec![certificate.der().clone()], key).unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let config = Arc::new(config);
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            // A client that trusts nobody hangs up.
            let _ = answer(ServerConnection::new(Arc::clone(&config)).unwrap(), stream.unwrap());
        }
    });
    (authority.pem(), address)
}

fn answer(connection: ServerConnection, stream: TcpStream) -> std::io::Result<()> {
    let mut stream = BufReader::new(StreamOwned::new(connection, stream));
    let mut line = String::new();
    while line != "\r\n" {
        line.clear();
        if stream.read_line(&mut line)? == 0 {
            return Ok(());
        }
    }
    let stream = stream.get_mut();
    stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 3\r\nconnection: close\r\n\r\nyes")?;
    stream.conn.send_close_notify();
    stream.flush()
}

fn environment<'a>(url: &'a str, authorities: &'a Path) -> [(&'a str, &'a str); 3] {
    [("DOORWARD_UPSTREAM_CORE", url), ("SSL_CERT_FILE", authorities.to_str().unwrap()), ("DOORWARD_ADMIN_PORT", "0")]
}

#[test]
fn a_core_is_trusted_that_an_authority_vouches_for() {
    let folder = tempfile::tempdir().unwrap();
    let (authority, address) = core();
    let (trusted, stranger) = (folder.path().join("trusted.pem"), folder.path().join("stranger.pem"));
    fs::write(&trusted, authority).unwrap();
    fs::write(&stranger, core().0).unwrap();
    let url = format!("https://{address}");

    let server = Server::start(folder.path(), &["--memory"], &environment(&url, &trusted));
    assert!(
        server.line.contains(&format!("asks for no API key. Other recipes are at {url}. Metrics")),
        "{}",
        server.line
    );
    let answer = ask(&server, "GET", "/recipe/user", "", "");
    assert!(answer.starts_with("HTTP/1.1 200 ") && answer.ends_with("\r\n\r\nyes"), "{answer}");
    let admin = server.line.split("Metrics are at http://localhost:").nth(1).unwrap();
    let port: u16 = admin.trim_end_matches("/metrics.\n").parse().unwrap();
    let mut stream = TcpStream::connect(("localhost", port)).unwrap();
    stream.write_all(b"GET /metrics HTTP/1.0\r\n\r\n").unwrap();
    let page = std::io::read_to_string(stream).unwrap();
    assert!(page.contains("doorward_requests_total{route=\"upstream\",status=\"200\"} 1"), "{page}");
    server.stop();

    let server = Server::start(folder.path(), &["--memory"], &environment(&url, &stranger));
    let answer = ask(&server, "GET", "/recipe/user", "", "");
    assert!(
        answer.starts_with("HTTP/1.1 502 ") && answer.ends_with("the upstream core can't be reached\n"),
        "{answer}"
    );
    let log = server.stop();
    assert!(log.contains("WARN doorward.upstream.failed") && log.contains("invalid peer certificate"), "{log}");
}

#[test]
fn without_any_authority_it_does_not_start() {
    let folder = tempfile::tempdir().unwrap();
    let nobody = folder.path().join("nobody.pem");
    fs::write(&nobody, "").unwrap();
    let mut command = doorward(["serve", "--memory", "--port", "0"]);
    command.current_dir(folder.path()).envs(environment("https://127.0.0.1:1", &nobody));
    let ended = said(command);
    let line = "doorward: upstream_core: this system has no certificates of authorities; SSL_CERT_FILE may name a file of them\n";
    assert_eq!((ended.code, ended.err.as_str()), (Some(1), line));
}
