//! Encrypted connections, and whose certificate is taken: against a server of the test's own that decrypts and passes on.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;

use doorward_service::directory::Directory as _;
use doorward_stores::postgres::{OpenError, Options};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, Issuer, KeyPair};
use rustls::ServerConfig;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, copy_bidirectional};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;
use tokio_rustls::TlsAcceptor;

use super::database::{self, Database};

/// An authority, and what it vouches for.
struct Authority(CertifiedIssuer<'static, KeyPair>);

impl Authority {
    fn new() -> Self {
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        Self(CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap())
    }

    fn pem(&self) -> String {
        self.0.pem()
    }

    /// A server's certificate and key.
    fn vouch(&self, host: &str) -> (String, String) {
        let key = KeyPair::generate().unwrap();
        let issuer: &Issuer<'_, KeyPair> = &self.0;
        let certificate = CertificateParams::new(vec![host.to_owned()]).unwrap().signed_by(&key, issuer).unwrap();
        (certificate.pem(), key.serialize_pem())
    }
}

/// A server's own certificate that is its own authority too, as `openssl req -x509` makes them.
fn self_signed(host: &str) -> (String, String) {
    let key = KeyPair::generate().unwrap();
    let mut params = CertificateParams::new(vec![host.to_owned()]).unwrap();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    (params.self_signed(&key).unwrap().pem(), key.serialize_pem())
}

/// A way to the database that asks for TLS, or that knows none.
struct Server {
    address: SocketAddr,
    task: JoinHandle<()>,
}

impl Drop for Server {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Server {
    async fn new(database: &Database, identity: Option<&(String, String)>) -> Self {
        let acceptor = identity.map(|(certificate, key)| {
            let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
            let config = ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
            let chain = vec![CertificateDer::from_pem_slice(certificate.as_bytes()).unwrap()];
            let key = PrivateKeyDer::from_pem_slice(key.as_bytes()).unwrap();
            TlsAcceptor::from(Arc::new(config.with_no_client_auth().with_single_cert(chain, key).unwrap()))
        });
        let (_, place) = database.uri().rsplit_once('@').unwrap();
        let target = place.split_once('/').unwrap().0.to_owned();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let task = tokio::spawn(async move {
            loop {
                let (client, _) = listener.accept().await.unwrap();
                tokio::spawn(serve(client, acceptor.clone(), target.clone()));
            }
        });
        Self { address, task }
    }

    fn options(&self, database: &Database, host: &str, parameters: &str) -> Options {
        let (user, place) = database.uri().rsplit_once('@').unwrap();
        let name = place.split_once('/').unwrap().1;
        let uri = format!("{user}@{host}:{}/{name}?{parameters}", self.address.port());
        database.options().uri(&uri).unwrap()
    }
}

async fn serve(mut client: TcpStream, acceptor: Option<TlsAcceptor>, target: String) {
    let mut database = TcpStream::connect(target).await.unwrap();
    // A request for encryption is 8 bytes, the last four of them a number of its own. Whoever doesn't ask sends another
    // message, and that begins with its length too.
    let mut head = [0; 8];
    if client.read_exact(&mut head).await.is_err() {
        return;
    }
    let asks = head == [0, 0, 0, 8, 4, 210, 22, 47];
    match acceptor {
        Some(acceptor) if asks => {
            client.write_all(b"S").await.unwrap();
            if let Ok(mut client) = acceptor.accept(client).await {
                let _ = copy_bidirectional(&mut client, &mut database).await;
            }
        }
        // A server that insists on encryption.
        Some(_) => {}
        None => {
            if asks {
                client.write_all(b"N").await.unwrap();
            } else {
                database.write_all(&head).await.unwrap();
            }
            let _ = copy_bidirectional(&mut client, &mut database).await;
        }
    }
}

#[test]
fn each_mode_takes_what_libpq_takes() {
    database::with(async |database| {
        let folder = tempfile::tempdir().unwrap();
        let file = |name: &str, text: &str| -> PathBuf {
            let path = folder.path().join(name);
            std::fs::write(&path, text).unwrap();
            path
        };
        let (authority, stranger) = (Authority::new(), Authority::new());
        let ca = file("ca.pem", &authority.pem());
        let own = self_signed("localhost");
        let own_file = file("own.pem", &own.0);

        let vouched = Server::new(&database, Some(&authority.vouch("localhost"))).await;
        let misnamed = Server::new(&database, Some(&authority.vouch("db.example.com"))).await;
        let unknown = Server::new(&database, Some(&stranger.vouch("localhost"))).await;
        let own_authority = Server::new(&database, Some(&own)).await;
        let plain = Server::new(&database, None).await;

        // (mode, root certificates, which of the five servers are taken)
        let (ca, own_file) = (Some(&ca), Some(&own_file));
        let cases = [
            ("disable", None, [false, false, false, false, true]),
            ("prefer", None, [true, true, true, true, true]),
            ("allow", None, [true, true, true, true, true]),
            ("require", None, [true, true, true, true, false]),
            // Root certificates turn it into `verify-ca`.
            ("require", ca, [true, true, false, false, false]),
            ("verify-ca", ca, [true, true, false, false, false]),
            ("verify-full", ca, [true, false, false, false, false]),
            ("verify-ca", own_file, [false, false, false, true, false]),
            ("verify-full", own_file, [false, false, false, true, false]),
            // The system knows none of these.
            ("verify-full", None, [false, false, false, false, false]),
        ];
        let servers = [&vouched, &misnamed, &unknown, &own_authority, &plain];
        for (mode, root, expected) in cases {
            for (number, (server, taken)) in servers.into_iter().zip(expected).enumerate() {
                let root = root.map(|root| format!("&sslrootcert={}", root.display())).unwrap_or_default();
                let opened = server.options(&database, "localhost", &format!("sslmode={mode}{root}")).open().await;
                match opened {
                    Ok(store) => {
                        assert!(taken, "{mode}{root}: server {number} is taken");
                        assert_eq!(store.ping().await, Ok(()));
                    }
                    Err(OpenError::Option(error)) => {
                        // A machine may have no certificates at all.
                        assert!(mode == "verify-full" && root.is_empty(), "{error}");
                    }
                    Err(error) => assert!(!taken, "{mode}{root}: server {number} is refused: {error}"),
                }
            }
        }
        // The name is that of the URI, and may be an address.
        let address = Server::new(&database, Some(&authority.vouch("127.0.0.1"))).await;
        let full = format!("sslmode=verify-full&sslrootcert={}", ca.unwrap().display());
        assert!(address.options(&database, "127.0.0.1", &full).open().await.is_ok());
        assert!(address.options(&database, "localhost", &full).open().await.is_err());
    });
}

#[test]
fn the_system_s_certificates_ask_for_the_name_too() {
    for mode in ["prefer", "require", "verify-ca"] {
        let uri = format!("postgres://u@localhost/d?sslmode={mode}&sslrootcert=system");
        let options = doorward_stores::postgres::Postgres::options().uri(&uri).unwrap();
        let Err(OpenError::Option(error)) = database::block_on(options.open()) else { panic!("{mode}") };
        assert_eq!(error.option(), "sslmode", "{error}");
    }
}

#[test]
fn an_unknown_mode_is_refused() {
    let error = doorward_stores::postgres::Postgres::options().uri("postgres://u@h/d?sslmode=verify").unwrap_err();
    assert!(error.to_string().contains("verify-full"), "{error}");
}
