//! Writing `Set-Cookie` headers (`spec/modern-sdk.md` 3.3).

use alloc::string::String;

use doorward_engine::secret::Secret;
use doorward_engine::time::{Lifetime, Millis};

use crate::fdi::cookie_domain::CookieDomain;
use crate::fdi::http_date::http_date;
use crate::fdi::percent;
use crate::fdi::same_site::SameSite;

/// The longest time for which browsers keep a cookie: 400 days.
pub const MAX_COOKIE_LIFETIME: Lifetime = Lifetime::from_hours(400 * 24);

/// When a browser drops a cookie.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Expires(Millis);

impl Expires {
    /// At once: this is how a cookie is cleared.
    pub const PAST: Self = Self(Millis::saturating(0));

    /// At that moment, at most [`MAX_COOKIE_LIFETIME`] from now.
    pub fn at(moment: Millis, now: Millis) -> Self {
        Self(moment.min(now.after(MAX_COOKIE_LIFETIME)))
    }
}

/// One cookie to set, `HttpOnly` always. To clear it, everything but value and time must be as it was when it was set.
#[derive(Clone, Copy)]
pub struct SetCookie<'a> {
    /// Its name.
    pub name: &'a str,
    /// Its value, not encoded.
    pub value: &'a str,
    /// Its domain; `None` for the answering host alone.
    pub domain: Option<&'a CookieDomain>,
    /// The path below which it is sent.
    pub path: &'a str,
    /// When it ends.
    pub expires: Expires,
    /// Whether it is sent over https only.
    pub secure: bool,
    /// On which requests from other sites it is sent.
    pub same_site: SameSite,
}

impl SetCookie<'_> {
    /// Writes the header's value. Clients rely on the order of the attributes, on `Expires` being there and on the
    /// blank behind the comma in it.
    pub fn render(&self) -> Secret {
        // An encoded token rarely doubles its length; a text that grows leaves copies that nobody wipes.
        let mut out = String::with_capacity(self.name.len() + self.value.len() * 3 + self.path.len() + 384);
        out.push_str(self.name);
        out.push('=');
        percent::encode(self.value, &mut out);
        if let Some(domain) = self.domain {
            out.push_str("; Domain=");
            out.push_str(domain.as_str());
        }
        out.push_str("; Path=");
        out.push_str(self.path);
        out.push_str("; Expires=");
        out.push_str(&http_date(self.expires.0));
        out.push_str("; HttpOnly");
        if self.secure {
            out.push_str("; Secure");
        }
        out.push_str("; SameSite=");
        out.push_str(self.same_site.as_str());
        Secret::new(out)
    }
}

impl core::fmt::Debug for SetCookie<'_> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("SetCookie")
            .field("name", &self.name)
            .field("domain", &self.domain)
            .field("path", &self.path)
            .field("expires", &self.expires)
            .finish_non_exhaustive()
    }
}
