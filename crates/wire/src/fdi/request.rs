//! What a request says about its session, read once and owned (`spec/modern-sdk.md` 2.3 and 3.1).

use alloc::borrow::Cow;
use alloc::boxed::Box;
use alloc::string::String;
use alloc::vec::Vec;

use doorward_engine::secret::Secret;

use crate::fdi::bounded::lossy_prefix;
use crate::fdi::cookie::{CookieReader, MAX_TOKEN_BYTES, Pair};
use crate::fdi::cookie_name::{CookieName, CookieNames, TokenKind};
use crate::fdi::method::Method;
use crate::fdi::transfer::{Offered, TransferMethod};

/// Values that are kept of several cookies of one name; more are counted only.
pub const MAX_DUPLICATES: usize = 8;

/// Bytes that are kept of a `user-agent` header.
pub const MAX_USER_AGENT_BYTES: usize = 512;

/// Bytes that are kept of an `origin` header.
pub const MAX_ORIGIN_BYTES: usize = 512;

/// Something that stood where a token belongs. It is never empty.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Candidate {
    /// A text that may be a token.
    Text(Secret),
    /// More than [`MAX_TOKEN_BYTES`]: no token, but not the absence of one either.
    Oversized,
}

impl Candidate {
    /// Returns the text, if it can be a token.
    pub const fn text(&self) -> Option<&Secret> {
        match self {
            Self::Text(text) => Some(text),
            Self::Oversized => None,
        }
    }

    fn new(text: Cow<'_, str>) -> Option<Self> {
        (!text.is_empty()).then(|| Self::Text(Secret::new(text.into_owned())))
    }

    fn of_cookie(pair: &Pair<'_>) -> Option<Self> {
        if pair.is_oversized() { Some(Self::Oversized) } else { Self::new(pair.value()) }
    }

    /// Reads an `authorization` header: exactly `Bearer ` and a token.
    fn of_authorization(value: &[u8]) -> Option<Self> {
        let token = value.strip_prefix(b"Bearer ")?.trim_ascii();
        if token.len() > MAX_TOKEN_BYTES { Some(Self::Oversized) } else { Self::new(String::from_utf8_lossy(token)) }
    }
}

/// The cookies of one name.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CookieCandidates {
    values: Vec<Candidate>,
    occurrences: usize,
}

impl CookieCandidates {
    /// Returns the first value that isn't empty.
    pub fn first(&self) -> Option<&Candidate> {
        self.values.first()
    }

    /// Returns the values that aren't empty, in order, at most [`MAX_DUPLICATES`].
    pub fn all(&self) -> &[Candidate] {
        &self.values
    }

    /// How many cookies have this name, or one that decodes to it, with a value or without.
    pub const fn occurrences(&self) -> usize {
        self.occurrences
    }

    /// Whether there is more than one.
    pub const fn is_duplicated(&self) -> bool {
        self.occurrences > 1
    }

    fn see(&mut self, pair: &Pair<'_>, name: &CookieName) {
        if !pair.resembles(name) {
            return;
        }
        self.occurrences += 1;
        if pair.is_named(name.as_str()) && self.values.len() < MAX_DUPLICATES {
            self.values.extend(Candidate::of_cookie(pair));
        }
    }
}

/// A request, as far as sessions are concerned. `Debug` shows no token.
#[derive(Clone, Debug)]
pub struct Request {
    method: Method,
    path: Box<str>,
    bearer: Option<Candidate>,
    access: CookieCandidates,
    refresh: CookieCandidates,
    anti_csrf: Option<Secret>,
    has_rid: bool,
    auth_mode: Option<TransferMethod>,
    origin: Option<Box<str>>,
    user_agent: Option<Box<str>>,
    has_legacy_cookie: bool,
    cookies_were_cut: bool,
}

impl Request {
    /// Reads a request. The path is the one that the browser asked for, as far as the server knows it; a query behind it
    /// is left out. Header names may be in any case, and `cookie` may come in several lines; of any other header the
    /// first counts.
    pub fn read<'h>(
        names: &CookieNames,
        method: &str,
        path: &str,
        headers: impl IntoIterator<Item = (&'h str, &'h [u8])>,
    ) -> Self {
        let mut request = Self {
            method: Method::read(method),
            path: path.split(['?', '#']).next().unwrap_or_default().into(),
            bearer: None,
            access: CookieCandidates::default(),
            refresh: CookieCandidates::default(),
            anti_csrf: None,
            has_rid: false,
            auth_mode: None,
            origin: None,
            user_agent: None,
            has_legacy_cookie: false,
            cookies_were_cut: false,
        };
        let mut cookies = CookieReader::default();
        let mut first = First::default();
        for (name, value) in headers {
            let is = |known: &str| name.eq_ignore_ascii_case(known);
            if is("cookie") {
                for pair in cookies.pairs(value) {
                    request.access.see(&pair, &names.access);
                    request.refresh.see(&pair, &names.refresh);
                    request.has_legacy_cookie |= pair.is_named(CookieNames::LEGACY);
                }
            } else if is("authorization") {
                if first.authorization.is_first() {
                    request.bearer = Candidate::of_authorization(value);
                }
            } else if is("anti-csrf") {
                request.anti_csrf.get_or_insert_with(|| Secret::new(lossy_prefix(value, MAX_TOKEN_BYTES)));
            } else if is("rid") {
                request.has_rid = true;
            } else if is("st-auth-mode") {
                if first.auth_mode.is_first() {
                    request.auth_mode = core::str::from_utf8(value).ok().and_then(TransferMethod::parse);
                }
            } else if is("origin") {
                request.origin.get_or_insert_with(|| lossy_prefix(value, MAX_ORIGIN_BYTES).into());
            } else if is("user-agent") {
                request.user_agent.get_or_insert_with(|| lossy_prefix(value, MAX_USER_AGENT_BYTES).into());
            }
        }
        request.cookies_were_cut = cookies.was_cut();
        request
    }

    /// Returns the method.
    pub const fn method(&self) -> &Method {
        &self.method
    }

    /// Returns the path without its query.
    pub fn path(&self) -> &str {
        &self.path
    }

    /// Returns the bearer token: the access token on ordinary requests, the refresh token on a refresh.
    pub const fn bearer(&self) -> Option<&Candidate> {
        self.bearer.as_ref()
    }

    /// Returns the cookies of one token.
    pub const fn cookies(&self, kind: TokenKind) -> &CookieCandidates {
        match kind {
            TokenKind::Access => &self.access,
            TokenKind::Refresh => &self.refresh,
        }
    }

    /// Returns what stands for one token in one place, the first of several cookies.
    pub fn candidate(&self, kind: TokenKind, method: TransferMethod) -> Option<&Candidate> {
        match method {
            TransferMethod::Cookie => self.cookies(kind).first(),
            TransferMethod::Header => self.bearer(),
        }
    }

    /// In which places something stands for this token. Whether an access token has the form of one is not looked at.
    pub fn offered(&self, kind: TokenKind) -> Offered {
        Offered { header: self.bearer.is_some(), cookie: self.cookies(kind).first().is_some() }
    }

    /// Returns the `anti-csrf` header, which may be empty.
    pub const fn anti_csrf(&self) -> Option<&Secret> {
        self.anti_csrf.as_ref()
    }

    /// Whether there is a `rid` header, of any value.
    pub const fn has_rid(&self) -> bool {
        self.has_rid
    }

    /// Returns what `st-auth-mode` asks for; `None` without it and for unknown words.
    pub const fn auth_mode(&self) -> Option<TransferMethod> {
        self.auth_mode
    }

    /// Returns the `origin` header.
    pub fn origin(&self) -> Option<&str> {
        self.origin.as_deref()
    }

    /// Returns the first [`MAX_USER_AGENT_BYTES`] of the `user-agent` header.
    pub fn user_agent(&self) -> Option<&str> {
        self.user_agent.as_deref()
    }

    /// Whether the client has a session of FDI 1.15 or older, which a refresh brings up to date.
    pub const fn has_legacy_cookie(&self) -> bool {
        self.has_legacy_cookie
    }

    /// Whether the client sent more cookies than are read, so that a token may not have been seen.
    pub const fn cookies_were_cut(&self) -> bool {
        self.cookies_were_cut
    }
}

/// Which headers were not seen yet, though their value may say nothing.
#[derive(Default)]
struct First {
    authorization: Seen,
    auth_mode: Seen,
}

#[derive(Default)]
struct Seen(bool);

impl Seen {
    fn is_first(&mut self) -> bool {
        !core::mem::replace(&mut self.0, true)
    }
}
