//! Connection URIs, as libpq and JDBC write them.
//!
//! INVARIANT: no error shows a piece of a URI that may be a password: where a password has an unescaped `@` or `/`, any
//! piece may be.

use std::path::PathBuf;
use std::time::Duration;

use doorward_engine::secret::Secret;
use tokio_postgres::config::ChannelBinding;

/// Whether a connection is encrypted, and whose certificate it takes, in the words of libpq.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum SslMode {
    /// Never encrypted.
    Disable,
    /// Encrypted if the server can, with whatever certificate it shows. Protects from nobody who can change what is sent.
    #[default]
    Prefer,
    /// Always encrypted, with whatever certificate the server shows; where root certificates were named, as
    /// [`SslMode::VerifyCa`].
    Require,
    /// Always encrypted, with a certificate from a trusted authority, for whichever host.
    VerifyCa,
    /// Always encrypted, with a certificate from a trusted authority for the host that was named.
    VerifyFull,
}

impl SslMode {
    /// Reads the word of `sslmode`. `allow` counts as `prefer`, which encrypts more.
    pub fn parse(text: &str) -> Option<Self> {
        match text {
            "disable" => Some(Self::Disable),
            "allow" | "prefer" => Some(Self::Prefer),
            "require" => Some(Self::Require),
            "verify-ca" => Some(Self::VerifyCa),
            "verify-full" => Some(Self::VerifyFull),
            _ => None,
        }
    }
}

/// What says where the database is and who asks; `None` is left to the others, or to the default.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Parts {
    /// Hosts with their ports. A host that begins with `/` is a folder with a socket in it.
    pub(super) hosts: Option<Vec<(String, Option<u16>)>>,
    pub(super) port: Option<u16>,
    pub(super) user: Option<String>,
    pub(super) password: Option<Secret>,
    pub(super) database: Option<String>,
    pub(super) schema: Option<String>,
    pub(super) ssl_mode: Option<SslMode>,
    pub(super) ssl_root_cert: Option<PathBuf>,
    pub(super) application_name: Option<String>,
    pub(super) connect_timeout: Option<Duration>,
    pub(super) statement_timeout: Option<Duration>,
    pub(super) server_options: Option<String>,
    pub(super) needs_primary: bool,
    pub(super) channel_binding: Option<ChannelBinding>,
}

/// The option that holds one.
pub(super) const OPTION: &str = "postgresql_connection_uri";

const FORM: &str = "must have the form postgresql://[user[:password]@]host[:port][/database][?name=value&...]";

/// Reads a URI. Returns its parts, and the names of the parameters that mean nothing here; or what is wrong with it.
pub(super) fn parse(uri: &str) -> Result<(Parts, Vec<String>), String> {
    let rest = uri.trim();
    let rest = rest.strip_prefix("postgresql://").or_else(|| rest.strip_prefix("postgres://")).ok_or(FORM)?;
    let (place, query) = rest.split_once('?').unwrap_or((rest, ""));
    let (authority, database) = place.split_once('/').unwrap_or((place, ""));
    let mut parts = Parts { database: text(database)?, ..Parts::default() };

    let hosts = match authority.rsplit_once('@') {
        None => authority,
        Some((user, hosts)) => {
            let (user, password) = user.split_once(':').unwrap_or((user, ""));
            parts.user = text(user)?;
            parts.password = text(password)?.map(Secret::new);
            hosts
        }
    };
    if !hosts.is_empty() {
        parts.hosts = Some(hosts.split(',').map(host).collect::<Result<_, _>>()?);
    }

    let mut ignored = Vec::new();
    for pair in query.split('&').filter(|pair| !pair.is_empty()) {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        let (name, value) = (decode(name)?, decode(value)?);
        if !parameter(&mut parts, &name, value)? {
            ignored.push(name);
        }
    }
    Ok((parts, ignored))
}

fn host(text: &str) -> Result<(String, Option<u16>), String> {
    const PORT: &str = "has a port that is no number from 1 to 65535";
    let (host, port) = match text.strip_prefix('[').and_then(|text| text.split_once(']')) {
        Some((host, rest)) => (host, rest.strip_prefix(':').or(rest.is_empty().then_some("")).ok_or(FORM)?),
        None => text.split_once(':').unwrap_or((text, "")),
    };
    let port = match port {
        "" => None,
        port => Some(port.parse().ok().filter(|port| *port != 0).ok_or(PORT)?),
    };
    Ok((decode(host)?, port))
}

/// Takes a parameter over; false if it means nothing here.
fn parameter(parts: &mut Parts, name: &str, value: String) -> Result<bool, String> {
    let seconds = |value: &str| {
        value.parse().map(Duration::from_secs).map_err(|_| format!("has `{name}` that is no number of seconds"))
    };
    match name {
        "host" => parts.hosts = Some(value.split(',').map(|host| (host.to_owned(), None)).collect()),
        "port" => {
            let port = value.parse().ok().filter(|port| *port != 0);
            parts.port = Some(port.ok_or("has a port that is no number from 1 to 65535")?);
        }
        "user" => parts.user = Some(value),
        "password" => parts.password = Some(Secret::new(value)),
        "dbname" => parts.database = Some(value),
        "currentSchema" => parts.schema = Some(value),
        "sslmode" => {
            let mode = SslMode::parse(&value);
            parts.ssl_mode =
                Some(mode.ok_or("has an `sslmode` other than disable, prefer, require, verify-ca or verify-full")?);
        }
        // JDBC's way to say `verify-full`.
        "ssl" if matches!(value.as_str(), "" | "true") => {
            parts.ssl_mode.get_or_insert(SslMode::VerifyFull);
        }
        "ssl" => {}
        "sslrootcert" => parts.ssl_root_cert = Some(value.into()),
        "application_name" | "ApplicationName" => parts.application_name = Some(value),
        // Zero is no limit, and the time to wait for a connection is one all the same.
        "connect_timeout" | "connectTimeout" => {
            parts.connect_timeout = Some(seconds(&value)?).filter(|timeout| !timeout.is_zero());
        }
        "socketTimeout" => parts.statement_timeout = Some(seconds(&value)?).filter(|timeout| !timeout.is_zero()),
        "options" => parts.server_options = Some(value),
        "target_session_attrs" | "targetServerType" => {
            parts.needs_primary = match value.as_str() {
                "any" => false,
                "read-write" | "primary" | "master" => true,
                _ => return Err(format!("has `{name}` other than any, primary or read-write")),
            }
        }
        "channel_binding" | "channelBinding" => {
            parts.channel_binding = Some(match value.as_str() {
                "disable" => ChannelBinding::Disable,
                "prefer" => ChannelBinding::Prefer,
                "require" => ChannelBinding::Require,
                _ => return Err(format!("has `{name}` other than disable, prefer or require")),
            });
        }
        // Always on.
        "keepalives" | "tcpKeepAlive" => {}
        _ => return Ok(false),
    }
    Ok(true)
}

/// Decodes a piece; an empty one is none.
fn text(piece: &str) -> Result<Option<String>, String> {
    Ok(Some(decode(piece)?).filter(|text| !text.is_empty()))
}

/// Takes `%` escapes away.
fn decode(piece: &str) -> Result<String, String> {
    const ESCAPE: &str = "has a % that no two hexadecimal digits follow; a % that is meant is written %25";
    let mut bytes = Vec::with_capacity(piece.len());
    let mut rest = piece.bytes();
    while let Some(byte) = rest.next() {
        let mut digit = || rest.next().and_then(|byte| char::from(byte).to_digit(16)).ok_or(ESCAPE);
        bytes.push(match byte {
            b'%' => u8::try_from(digit()? * 16 + digit()?).map_err(|_| ESCAPE)?,
            byte => byte,
        });
    }
    match String::from_utf8(bytes) {
        Ok(text) if !text.contains('\0') => Ok(text),
        _ => Err("has % escapes that are no UTF-8 text".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(uri: &str) -> Parts {
        let (parts, ignored) = parse(uri).unwrap();
        assert_eq!(ignored, Vec::<String>::new(), "{uri}");
        parts
    }

    #[test]
    fn all_parts_are_read() {
        let parts = parsed(
            "postgresql://us%40er:p%3a%2Fss:w%25@db.example.com:6543/my%20db?currentSchema=Mine&sslmode=verify-ca\
             &sslrootcert=/etc/ca.pem&ApplicationName=app&connectTimeout=3&socketTimeout=7&targetServerType=primary\
             &channel_binding=require&tcpKeepAlive=true&options=-c%20geqo=off",
        );
        let expected = Parts {
            hosts: Some(vec![("db.example.com".into(), Some(6543))]),
            port: None,
            user: Some("us@er".into()),
            password: Some(Secret::new("p:/ss:w%")),
            database: Some("my db".into()),
            schema: Some("Mine".into()),
            ssl_mode: Some(SslMode::VerifyCa),
            ssl_root_cert: Some("/etc/ca.pem".into()),
            application_name: Some("app".into()),
            connect_timeout: Some(Duration::from_secs(3)),
            statement_timeout: Some(Duration::from_secs(7)),
            server_options: Some("-c geqo=off".into()),
            needs_primary: true,
            channel_binding: Some(ChannelBinding::Require),
        };
        assert_eq!(parts, expected);
    }

    #[test]
    fn most_parts_may_be_left_out() {
        assert_eq!(parsed("postgres://"), Parts::default());
        assert_eq!(parsed(" postgres:///?&"), Parts::default());
        let hosts = |uri| parsed(uri).hosts.unwrap();
        assert_eq!(hosts("postgres://h"), [("h".into(), None)]);
        assert_eq!(
            hosts("postgres://a:1,b,[::1]:2,[::2]/d"),
            [("a".into(), Some(1)), ("b".into(), None), ("::1".into(), Some(2)), ("::2".into(), None)]
        );
        assert_eq!(hosts("postgres://u@%2Frun%2Fpg/d"), [("/run/pg".into(), None)]);
        assert_eq!(hosts("postgres:///d?host=/run/pg"), [("/run/pg".into(), None)]);
        assert_eq!(parsed("postgres://h?ssl=true").ssl_mode, Some(SslMode::VerifyFull));
        assert_eq!(parsed("postgres://h?sslmode=require&ssl=true").ssl_mode, Some(SslMode::Require));
        assert_eq!(parsed("postgres://h?ssl=false").ssl_mode, None);
        assert_eq!(parsed("postgres://h?connect_timeout=0").connect_timeout, None);
        // A password with an @ that isn't escaped.
        let parts = parsed("postgres://u:a@b@h");
        assert_eq!((parts.password, parts.hosts), (Some(Secret::new("a@b")), Some(vec![("h".into(), None)])));
    }

    #[test]
    fn unknown_parameters_are_named() {
        let (parts, ignored) = parse("postgres://h?gssEncMode=disable&sslcert=x&sslmode=disable").unwrap();
        assert_eq!((parts.ssl_mode, ignored), (Some(SslMode::Disable), vec!["gssEncMode".into(), "sslcert".into()]));
    }

    #[test]
    fn errors_show_no_piece_of_the_address() {
        let secret = "s3cret";
        let uris = [
            "mysql://u:s3cret@h/d",
            "u:s3cret@h",
            "postgresql:u:s3cret@h",
            "postgresql://u:x/s3cret@h:1/d:s3cret",
            "postgresql://u:s3cret/x@h/d",
            "postgresql://u:%s3cret@h/d",
            "postgresql://u:%ffs3cret@h/d",
            "postgresql://u:s3cret@h:s3cret/d",
            "postgresql://u:s3cret@h:0/d",
            "postgresql://u:s3cret@h:65536/d",
            "postgresql://u:s3cret@[::1]s3cret/d",
            "postgresql://u:s3cret@h/d?sslmode=s3cret",
            "postgresql://u:s3cret@h/d?port=s3cret",
            "postgresql://u:s3cret@h/d?connect_timeout=s3cret",
            "postgresql://u:s3cret@h/d?targetServerType=s3cret",
            "postgresql://u:s3cret@h/d?channelBinding=s3cret",
        ];
        for uri in uris {
            let problem = parse(uri).unwrap_err();
            assert!(!problem.contains(secret) && !problem.contains("h:"), "{uri}: {problem}");
        }
        let whole = format!("{:?}", parsed("postgresql://u:s3cret@h/d"));
        assert!(!whole.contains(secret), "{whole}");
    }
}
