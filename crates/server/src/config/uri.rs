//! The URI of a PostgreSQL database (`spec/modern-core.md` 10.3).

use doorward_engine::secret::Secret;

/// What a connection URI names. What it leaves out is `None`.
#[derive(Debug, Default)]
pub(super) struct PostgresUri {
    pub(super) user: Option<String>,
    pub(super) password: Option<Secret>,
    pub(super) host: Option<String>,
    pub(super) port: Option<u16>,
    pub(super) database: Option<String>,
    /// `name=value` behind the `?`, in their order.
    pub(super) attributes: Vec<(String, String)>,
}

impl PostgresUri {
    /// Parses `postgresql://[user[:[password]]@]host[:port][/dbname][?attr1=val1&attr2=val2...]`, or the same with
    /// `postgres://`.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        let rest = text.strip_prefix("postgresql://").or_else(|| text.strip_prefix("postgres://"))?;
        let (rest, query) = rest.split_once('?').unwrap_or((rest, ""));
        let (authority, database) = rest.split_once('/').unwrap_or((rest, ""));
        // The last `@`, because people write passwords that hold one as they are.
        let (login, address) = authority.rsplit_once('@').unwrap_or(("", authority));
        let (user, password) = match login.split_once(':') {
            Some((user, password)) => (user, Some(password)),
            None => (login, None),
        };
        let (host, port) = split_address(address)?;
        let attributes = query.split('&').filter(|pair| !pair.is_empty()).map(|pair| {
            let (name, value) = pair.split_once('=')?;
            Some((decode(name)?, decode(value)?))
        });
        Some(Self {
            user: some_text(decode(user)?),
            password: match password {
                Some(password) => Some(Secret::new(decode(password)?)),
                None => None,
            },
            host: some_text(decode(host)?),
            port,
            database: some_text(decode(database)?),
            attributes: attributes.collect::<Option<_>>()?,
        })
    }
}

fn some_text(text: String) -> Option<String> {
    Some(text).filter(|text| !text.is_empty())
}

/// `host`, `host:port`, `[::1]` or `[::1]:port`. The host may be empty.
fn split_address(address: &str) -> Option<(&str, Option<u16>)> {
    let (host, port) = if let Some(rest) = address.strip_prefix('[') {
        let (host, rest) = rest.split_once(']')?;
        (host, if rest.is_empty() { None } else { Some(rest.strip_prefix(':')?) })
    } else {
        match address.split_once(':') {
            Some((host, port)) => (host, Some(port)),
            None => (address, None),
        }
    };
    match port {
        None | Some("") => Some((host, None)),
        Some(port) => Some((host, Some(port.parse().ok().filter(|port| *port != 0)?))),
    }
}

/// Undoes `%` escapes.
fn decode(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [first, after @ ..] = rest {
        rest = after;
        if *first != b'%' {
            bytes.push(*first);
            continue;
        }
        let [high, low, after @ ..] = rest else { return None };
        let digit = |byte: &u8| char::from(*byte).to_digit(16);
        bytes.push(u8::try_from(digit(high)? * 16 + digit(low)?).ok()?);
        rest = after;
    }
    String::from_utf8(bytes).ok()
}
