//! Origins as people write them in a configuration, normalised (`spec/modern-sdk.md` 1.3.1).

use alloc::borrow::ToOwned as _;
use alloc::boxed::Box;
use alloc::format;
use alloc::string::String;
use core::fmt;
use core::net::{Ipv4Addr, Ipv6Addr};

/// A text that names no origin.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a domain name; write it like `https://api.example.com`")]
pub struct DomainError;

impl DomainError {
    /// A stable code for programs.
    pub const fn code(self) -> &'static str {
        "domain.invalid"
    }
}

/// How an origin is spoken to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scheme {
    /// Plain HTTP.
    Http,
    /// HTTP over TLS.
    Https,
}

impl Scheme {
    const fn text(self) -> &'static str {
        match self {
            Self::Http => "http",
            Self::Https => "https",
        }
    }

    const fn default_port(self) -> u16 {
        match self {
            Self::Http => 80,
            Self::Https => 443,
        }
    }
}

/// A host name in lower case, or an IP address.
#[derive(Clone, PartialEq, Eq)]
pub struct Host {
    text: Box<str>,
    is_ip: bool,
}

impl Host {
    /// Parses a host that is already in lower case. An international name is written in its ASCII form (`xn--`).
    pub(crate) fn parse(text: &str) -> Option<Self> {
        if let Some(inside) = text.strip_prefix('[') {
            let address: Ipv6Addr = inside.strip_suffix(']')?.parse().ok()?;
            return Some(Self { text: format!("[{address}]").into(), is_ip: true });
        }
        if text.parse::<Ipv4Addr>().is_ok() {
            return Some(Self { text: text.into(), is_ip: true });
        }
        let label = |label: &str| {
            (1..=63).contains(&label.len())
                && label.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-' || b == b'_')
        };
        // A name that ends in a number is an address to browsers: here it is a mistyped one.
        let ends_in_number = text.rsplit('.').next().is_some_and(|last| last.bytes().all(|b| b.is_ascii_digit()));
        (text.len() <= 253 && !ends_in_number && text.split('.').all(label))
            .then(|| Self { text: text.into(), is_ip: false })
    }

    /// Returns the host, an IPv6 address in brackets.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Whether this is an address and not a name.
    pub const fn is_ip(&self) -> bool {
        self.is_ip
    }

    /// Whether this counts as the developer's own machine: a name that starts with `localhost`, or any IP address.
    pub fn is_local(&self) -> bool {
        self.is_ip || self.text.starts_with("localhost")
    }
}

impl fmt::Debug for Host {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Host({})", self.text)
    }
}

impl fmt::Display for Host {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

/// Scheme, host and port, as a browser compares them.
#[derive(Clone, PartialEq, Eq)]
pub struct Origin {
    scheme: Scheme,
    host: Host,
    text: Box<str>,
}

impl Origin {
    /// Parses an origin. A path, query or fragment is dropped and so is a default port; without a scheme it is `http`
    /// for `localhost` and IP addresses and `https` for the rest.
    pub fn parse(text: &str) -> Result<Self, DomainError> {
        let text = text.trim().to_ascii_lowercase();
        let known = [Scheme::Http, Scheme::Https]
            .into_iter()
            .find_map(|scheme| Some((scheme, text.strip_prefix(scheme.text())?.strip_prefix("://")?)));
        let parsed = match known {
            Some((scheme, rest)) => split_authority(rest).map(|(host, port)| Self::new(scheme, host, port)),
            None => split_authority(text.strip_prefix('.').unwrap_or(&text))
                .filter(|(host, _)| host.text.contains('.') || host.is_local())
                .map(|(host, port)| {
                    let scheme = if host.is_local() { Scheme::Http } else { Scheme::Https };
                    Self::new(scheme, host, port)
                }),
        };
        parsed.ok_or(DomainError)
    }

    fn new(scheme: Scheme, host: Host, port: Option<u16>) -> Self {
        let text = match port {
            Some(port) if port != scheme.default_port() => format!("{}://{host}:{port}", scheme.text()),
            _ => format!("{}://{host}", scheme.text()),
        };
        Self { scheme, host, text: text.into() }
    }

    /// Returns the origin as browsers write it, like `https://api.example.com:8080`.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Returns how it is spoken to.
    pub const fn scheme(&self) -> Scheme {
        self.scheme
    }

    /// Returns the host without the port.
    pub const fn host(&self) -> &Host {
        &self.host
    }
}

impl fmt::Debug for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Origin({})", self.text)
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

/// Reads `host[:port]` up to the first `/`, `?` or `#`; the text is in lower case.
pub(crate) fn split_authority(text: &str) -> Option<(Host, Option<u16>)> {
    let authority = text.split(['/', '?', '#']).next()?;
    // The brackets of an IPv6 address hold colons of their own.
    let (host, port) = match authority.rsplit_once(':') {
        Some((host, port)) if !port.contains(']') => (host, Some(port)),
        _ => (authority, None),
    };
    let port = match port {
        None => None,
        Some(digits) if !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit()) => {
            Some(digits.parse::<u16>().ok().filter(|port| *port != 0)?)
        }
        Some(_) => return None,
    };
    Some((Host::parse(host)?, port))
}

/// Returns the text after `http://` or `https://`, in whatever case they were written.
pub(crate) fn strip_scheme(text: &str) -> Option<&str> {
    ["http://", "https://"].into_iter().find_map(|prefix| {
        let (head, rest) = text.split_at_checked(prefix.len())?;
        head.eq_ignore_ascii_case(prefix).then_some(rest)
    })
}

/// Returns the text in lower case, without the blanks around it.
pub(crate) fn folded(text: &str) -> String {
    text.trim().to_owned().to_ascii_lowercase()
}
