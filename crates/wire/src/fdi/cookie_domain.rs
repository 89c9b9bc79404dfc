//! The `Domain` of our cookies, normalised (`spec/modern-sdk.md` 1.3.3).

use alloc::boxed::Box;
use alloc::format;
use core::fmt;

use crate::fdi::domain::{Host, folded, split_authority, strip_scheme};

/// A text that cannot be the domain of a cookie.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a cookie domain; write it like `.example.com`")]
pub struct CookieDomainError;

impl CookieDomainError {
    /// A stable code for programs.
    pub const fn code(self) -> &'static str {
        "cookie_domain.invalid"
    }
}

/// The `Domain` of a cookie, with the leading dot if it was written so. Browsers ignore the dot.
#[derive(Clone, PartialEq, Eq)]
pub struct CookieDomain {
    text: Box<str>,
    host: Host,
}

impl CookieDomain {
    /// Parses a host, or takes that of a URL; `localhost` and IPv4 addresses lose a leading dot.
    pub fn parse(text: &str) -> Result<Self, CookieDomainError> {
        let text = folded(text);
        let (dotted, rest) = match text.strip_prefix('.') {
            Some(rest) => (true, rest),
            None => (false, &*text),
        };
        let (host, _port) = split_authority(strip_scheme(rest).unwrap_or(rest)).ok_or(CookieDomainError)?;
        let text = if dotted && !host.is_ip() && host.as_str() != "localhost" {
            format!(".{host}").into()
        } else {
            host.as_str().into()
        };
        Ok(Self { text, host })
    }

    /// Returns the domain as it is written into a cookie.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Returns the domain without its leading dot.
    pub const fn host(&self) -> &Host {
        &self.host
    }

    /// Whether a browser takes a cookie of this domain from that host: the same host, or a name below this one.
    pub fn covers(&self, host: &Host) -> bool {
        let below = || host.as_str().strip_suffix(self.host.as_str()).is_some_and(|rest| rest.ends_with('.'));
        *host == self.host || (!host.is_ip() && below())
    }
}

impl fmt::Debug for CookieDomain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "CookieDomain({})", self.text)
    }
}

impl fmt::Display for CookieDomain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

/// Where our cookies were set before `cookie_domain` was changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum OlderDomain {
    /// On the API's host alone: there was no `cookie_domain`.
    HostOnly,
    /// On this domain.
    Domain(CookieDomain),
}

impl OlderDomain {
    /// Parses the setting: an empty text says that there was no `cookie_domain`.
    pub fn parse(text: &str) -> Result<Self, CookieDomainError> {
        if text.trim().is_empty() { Ok(Self::HostOnly) } else { CookieDomain::parse(text).map(Self::Domain) }
    }

    /// Returns the domain that clears them, if they had one.
    pub const fn domain(&self) -> Option<&CookieDomain> {
        match self {
            Self::HostOnly => None,
            Self::Domain(domain) => Some(domain),
        }
    }
}
