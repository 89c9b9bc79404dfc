//! What an answer must carry for the session, collected in any order and rendered once (`spec/modern-sdk.md` 2.7, 3.2
//! and 3.11).

use alloc::string::String;
use alloc::vec::Vec;

use doorward_engine::secret::Secret;
use doorward_engine::time::{Lifetime, Millis};

use crate::fdi::cookie_domain::OlderDomain;
use crate::fdi::cookie_name::{CookieNames, TokenKind};
use crate::fdi::front_token::FrontToken;
use crate::fdi::set_cookie::{Expires, SetCookie};
use crate::fdi::site::Site;
use crate::fdi::transfer::TransferMethod;

/// How long browsers keep the access cookie: longer than its token lives, for an expired token is what tells the
/// server that there is something to refresh.
pub const ACCESS_COOKIE_LIFETIME: Lifetime = Lifetime::from_hours(365 * 24);

/// How a header gets into an answer that may have one of this name already.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum How {
    /// As one more line, the others stay.
    Append,
    /// In place of all others.
    Set,
    /// As names that are added to the list in the others, by [`Edit::merged_into`].
    AddToList,
}

/// One change to the headers of an answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Edit {
    /// The header, in lower case.
    pub name: &'static str,
    /// Its value, visible ASCII and blanks.
    pub value: Secret,
    /// How it gets in.
    pub how: How,
}

impl Edit {
    fn new(name: &'static str, value: &str, how: How) -> Self {
        Self { name, value: Secret::new(value), how }
    }

    /// Returns the one value that replaces all `existing` ones of a list: theirs, then the names of ours that they
    /// lack, compared without case.
    pub fn merged_into<'a>(&self, existing: impl IntoIterator<Item = &'a str>) -> String {
        let mut list = String::new();
        let add = |list: &mut String, name: &str| {
            if !list.is_empty() {
                list.push_str(", ");
            }
            list.push_str(name);
        };
        for line in existing.into_iter().map(str::trim).filter(|line| !line.is_empty()) {
            add(&mut list, line);
        }
        for name in self.value.expose().split(", ") {
            if !list.split(',').any(|known| known.trim().eq_ignore_ascii_case(name)) {
                add(&mut list, name);
            }
        }
        list
    }
}

/// What becomes of one token in one place.
#[derive(Clone, Debug, Default)]
enum Slot<T> {
    #[default]
    Untouched,
    Cleared,
    Written(T),
}

impl<T> Slot<T> {
    const fn is_touched(&self) -> bool {
        !matches!(self, Self::Untouched)
    }
}

#[derive(Clone, Debug)]
struct RefreshCookie {
    token: Secret,
    expires_at: Millis,
}

/// Collects what an answer must carry. A later call replaces what earlier ones said of the same token, so a session
/// that is created and then ended in one request leaves cleared cookies. `Debug` shows no token.
///
/// Clearing one way of transfer also says `front-token: remove`: clear first, then write.
#[derive(Clone, Debug)]
pub struct Edits {
    exposes_access_token: bool,
    access_cookie: Slot<Secret>,
    refresh_cookie: Slot<RefreshCookie>,
    access_header: Slot<Secret>,
    refresh_header: Slot<Secret>,
    front_token: Slot<FrontToken>,
    anti_csrf: Option<Secret>,
    clears_older_access: bool,
    clears_older_refresh: bool,
    clears_legacy: bool,
}

impl Edits {
    /// Starts with nothing.
    pub const fn new(site: &Site) -> Self {
        Self {
            exposes_access_token: site.exposes_access_token(),
            access_cookie: Slot::Untouched,
            refresh_cookie: Slot::Untouched,
            access_header: Slot::Untouched,
            refresh_header: Slot::Untouched,
            front_token: Slot::Untouched,
            anti_csrf: None,
            clears_older_access: false,
            clears_older_refresh: false,
            clears_legacy: false,
        }
    }

    /// Hands out an access token with the front token that belongs to it, in a cookie or in `st-access-token`; in both
    /// if the site exposes it.
    pub fn write_access_token(&mut self, method: TransferMethod, token: Secret, front: FrontToken) {
        self.front_token = Slot::Written(front);
        match method {
            TransferMethod::Cookie => {
                if self.exposes_access_token {
                    self.access_header = Slot::Written(token.clone());
                }
                self.access_cookie = Slot::Written(token);
            }
            TransferMethod::Header => self.access_header = Slot::Written(token),
        }
    }

    /// Hands out a refresh token, in a cookie that lives as long as it or in `st-refresh-token`.
    pub fn write_refresh_token(&mut self, method: TransferMethod, token: Secret, expires_at: Millis) {
        match method {
            TransferMethod::Cookie => self.refresh_cookie = Slot::Written(RefreshCookie { token, expires_at }),
            TransferMethod::Header => self.refresh_header = Slot::Written(token),
        }
    }

    /// Hands out an anti-CSRF token.
    pub fn write_anti_csrf(&mut self, token: Secret) {
        self.anti_csrf = Some(token);
    }

    /// Makes the client forget the tokens that travel this way, and the session with them.
    pub fn clear(&mut self, method: TransferMethod) {
        match method {
            TransferMethod::Cookie => {
                if self.exposes_access_token {
                    self.access_header = Slot::Cleared;
                }
                self.access_cookie = Slot::Cleared;
                self.refresh_cookie = Slot::Cleared;
            }
            TransferMethod::Header => {
                self.access_header = Slot::Cleared;
                self.refresh_header = Slot::Cleared;
            }
        }
        self.front_token = Slot::Cleared;
        self.anti_csrf = None;
    }

    /// Makes the client forget all tokens, however it got them.
    pub fn clear_all(&mut self) {
        for method in TransferMethod::ALL {
            self.clear(method);
        }
    }

    /// Clears one cookie where the site had it before its cookie domain was changed; the present one stays. Without
    /// such a domain in the site's configuration nothing happens.
    pub const fn clear_older_domain(&mut self, kind: TokenKind) {
        match kind {
            TokenKind::Access => self.clears_older_access = true,
            TokenKind::Refresh => self.clears_older_refresh = true,
        }
    }

    /// Clears the cookie of FDI versions up to 1.15.
    pub const fn clear_legacy_cookie(&mut self) {
        self.clears_legacy = true;
    }

    /// Whether a token is handed out.
    pub const fn carries_token(&self) -> bool {
        matches!(self.access_cookie, Slot::Written(_))
            || matches!(self.refresh_cookie, Slot::Written(_))
            || matches!(self.access_header, Slot::Written(_))
            || matches!(self.refresh_header, Slot::Written(_))
            || matches!(self.front_token, Slot::Written(_))
            || self.anti_csrf.is_some()
    }

    /// Returns the changes in the order in which upstream makes them, cleared cookies of older domains first. Nothing
    /// collected, nothing returned.
    ///
    /// Whatever is returned comes with `cache-control: no-store`: a shared cache that kept the answer would hand one
    /// user's session to others, or sign them all out.
    pub fn render(&self, site: &Site, now: Millis) -> Vec<Edit> {
        let mut edits = Vec::new();
        self.render_cookies(site, now, &mut edits);
        let headers: [(&'static str, Option<&str>); 4] = [
            ("front-token", value(&self.front_token, FrontToken::REMOVE, FrontToken::expose)),
            ("st-access-token", value(&self.access_header, "", Secret::expose)),
            ("st-refresh-token", value(&self.refresh_header, "", Secret::expose)),
            ("anti-csrf", self.anti_csrf.as_ref().map(Secret::expose)),
        ];
        let mut exposed = String::new();
        for (name, value) in headers {
            // What cannot be a header's value is no token of ours; written as it is it could forge other headers.
            let Some(value) = value.filter(|value| value.bytes().all(|b| (b' '..=b'~').contains(&b))) else { continue };
            edits.push(Edit::new(name, value, How::Set));
            exposed.push_str(if exposed.is_empty() { "" } else { ", " });
            exposed.push_str(name);
        }
        if !exposed.is_empty() {
            edits.push(Edit::new("access-control-expose-headers", &exposed, How::AddToList));
        }
        if !edits.is_empty() {
            edits.push(Edit::new("cache-control", "no-store", How::Set));
        }
        edits
    }

    fn render_cookies(&self, site: &Site, now: Millis, edits: &mut Vec<Edit>) {
        let mut push = |cookie: SetCookie<'_>| {
            edits.push(Edit { name: "set-cookie", value: cookie.render(), how: How::Append });
        };
        let cleared = |kind| site.set_cookie(kind, "", Expires::PAST);
        // INVARIANT: clearing comes first. A browser that doesn't tell a host's own cookie from one of its domain would
        // otherwise drop the cookie that was just set.
        if let Some(older) = site.older_domain() {
            let domain = OlderDomain::domain(older);
            if self.clears_older_access {
                push(SetCookie { domain, ..cleared(TokenKind::Access) });
            }
            if self.clears_older_refresh {
                push(SetCookie { domain, ..cleared(TokenKind::Refresh) });
            }
        }
        if self.clears_legacy {
            push(SetCookie { name: CookieNames::LEGACY, ..cleared(TokenKind::Access) });
        }
        match &self.access_cookie {
            Slot::Untouched => {}
            Slot::Cleared => push(cleared(TokenKind::Access)),
            Slot::Written(token) => {
                let expires = Expires::at(now.after(ACCESS_COOKIE_LIFETIME), now);
                push(site.set_cookie(TokenKind::Access, token.expose(), expires));
            }
        }
        match &self.refresh_cookie {
            Slot::Untouched => {}
            Slot::Cleared => push(cleared(TokenKind::Refresh)),
            Slot::Written(RefreshCookie { token, expires_at }) => {
                push(site.set_cookie(TokenKind::Refresh, token.expose(), Expires::at(*expires_at, now)));
            }
        }
    }

    /// Whether nothing was collected.
    pub const fn is_empty(&self) -> bool {
        !(self.access_cookie.is_touched()
            || self.refresh_cookie.is_touched()
            || self.access_header.is_touched()
            || self.refresh_header.is_touched()
            || self.front_token.is_touched()
            || self.anti_csrf.is_some()
            || self.clears_older_access
            || self.clears_older_refresh
            || self.clears_legacy)
    }
}

fn value<'a, T>(slot: &'a Slot<T>, cleared: &'static str, written: impl Fn(&'a T) -> &'a str) -> Option<&'a str> {
    match slot {
        Slot::Untouched => None,
        Slot::Cleared => Some(cleared),
        Slot::Written(token) => Some(written(token)),
    }
}
