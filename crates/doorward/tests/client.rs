//! A small browser: a cookie jar, and what a browser kit does with our headers.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use doorward::{Clock as _, Millis, NewSession};
use http::{HeaderMap, Method};
use serde_json::Value;

use crate::app::{App, Deed, user};

/// A request to be made.
#[derive(Clone)]
pub(crate) struct Call {
    pub(crate) method: Method,
    pub(crate) path: String,
    pub(crate) headers: Vec<(String, Vec<u8>)>,
    pub(crate) deed: Option<Deed>,
}

impl Call {
    pub(crate) fn new(method: Method, path: &str) -> Self {
        Self { method, path: path.into(), headers: Vec::new(), deed: None }
    }

    pub(crate) fn get(path: &str) -> Self {
        Self::new(Method::GET, path)
    }

    pub(crate) fn post(path: &str) -> Self {
        Self::new(Method::POST, path)
    }

    /// A POST to a handler that does this.
    pub(crate) fn to(deed: Deed) -> Self {
        Self::by(Method::POST, deed)
    }

    pub(crate) fn by(method: Method, deed: Deed) -> Self {
        Self { deed: Some(deed), ..Self::new(method, "/do") }
    }

    pub(crate) fn create(new: NewSession) -> Self {
        Self::to(Deed::create(new))
    }

    pub(crate) fn header(mut self, name: &str, value: impl AsRef<[u8]>) -> Self {
        self.headers.push((name.into(), value.as_ref().to_vec()));
        self
    }

    pub(crate) fn bearer(self, token: &str) -> Self {
        self.header("authorization", format!("Bearer {token}"))
    }

    pub(crate) fn cookie(self, cookies: impl AsRef<[u8]>) -> Self {
        self.header("cookie", cookies)
    }
}

/// What was answered.
#[derive(Clone, Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) body: String,
}

impl Answer {
    pub(crate) async fn of(answer: axum::response::Response) -> Self {
        let (head, body) = answer.into_parts();
        let body = axum::body::to_bytes(body, 1 << 20).await.unwrap();
        let body = String::from_utf8(body.to_vec()).unwrap();
        Self { status: head.status.as_u16(), headers: head.headers, body }
    }

    /// The one header of this name.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let mut all = self.headers.get_all(name).iter().map(|value| value.to_str().unwrap());
        let first = all.next();
        assert_eq!(all.next(), None, "{name} stands there twice");
        first
    }

    /// The `set-cookie` lines that are ours.
    pub(crate) fn set_cookies(&self) -> Vec<&str> {
        let lines = self.headers.get_all("set-cookie").iter().map(|value| value.to_str().unwrap());
        lines.filter(|line| !line.starts_with("own=")).collect()
    }

    /// The value of a cookie that is set to something.
    pub(crate) fn cookie(&self, name: &str) -> Option<String> {
        let value = |line: &&str| line.strip_prefix(name)?.strip_prefix('=')?.split(';').next().map(decoded);
        self.set_cookies().iter().filter_map(value).find(|value| !value.is_empty())
    }

    /// Which cookies are cleared.
    pub(crate) fn cleared_cookies(&self) -> Vec<&str> {
        let cleared = |line: &&str| line.contains("Expires=Thu, 01 Jan 1970 00:00:00 GMT");
        self.set_cookies().into_iter().filter(cleared).map(|line| line.split('=').next().unwrap()).collect()
    }

    /// Whether both cookies are cleared.
    pub(crate) fn clears_cookies(&self) -> bool {
        self.cleared_cookies() == ["sAccessToken", "sRefreshToken"]
    }

    /// Whether both headers are cleared.
    pub(crate) fn clears_headers(&self) -> bool {
        self.header("st-access-token") == Some("") && self.header("st-refresh-token") == Some("")
    }

    /// Asserts that all tokens are cleared, whatever way they travel.
    pub(crate) fn assert_clears_all(&self) {
        assert!(self.clears_cookies() && self.clears_headers(), "{self:#?}");
        assert_eq!(self.header("front-token"), Some("remove"));
        assert_eq!(self.header("anti-csrf"), None);
        assert_eq!(self.header("cache-control"), Some("no-store"));
    }

    /// Asserts that nothing of a session stands in the answer.
    pub(crate) fn assert_untouched(&self) {
        assert_eq!(self.set_cookies(), [""; 0], "{self:#?}");
        for name in ["st-access-token", "st-refresh-token", "front-token", "anti-csrf"] {
            assert_eq!(self.header(name), None, "{name} in {self:#?}");
        }
        assert_ne!(self.header("cache-control"), Some("no-store"));
    }

    /// Asserts a refusal of ours.
    pub(crate) fn assert_refused(&self, message: &str) {
        assert_eq!((self.status, &*self.body), (401, &*format!(r#"{{"message":"{message}"}}"#)), "{self:#?}");
        assert_eq!(self.header("content-type"), Some("application/json"));
    }

    pub(crate) fn assert_try_refresh(&self) {
        self.assert_refused("try refresh token");
        self.assert_untouched();
    }

    /// Asserts an error that has a code, and that nothing of a session stands in the answer.
    pub(crate) fn assert_error(&self, status: u16, code: &str) {
        assert_eq!(self.status, status, "{self:#?}");
        assert_eq!(self.json()["code"], code);
        self.assert_untouched();
    }

    pub(crate) fn assert_ok(&self) -> &Self {
        assert_eq!(self.status, 200, "{self:#?}");
        self
    }

    /// Whether a new access token is handed out.
    pub(crate) fn carries_access_token(&self) -> bool {
        self.cookie("sAccessToken").is_some() || self.header("st-access-token").is_some_and(|token| !token.is_empty())
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|error| panic!("{error}: {self:#?}"))
    }

    /// The member of the JSON that a page of the application shows.
    pub(crate) fn shown(&self, member: &str) -> String {
        self.assert_ok().json()[member].as_str().unwrap().to_owned()
    }

    /// The text inside the front token.
    pub(crate) fn front_text(&self) -> String {
        String::from_utf8(STANDARD.decode(self.header("front-token").unwrap()).unwrap()).unwrap()
    }
}

/// The claims of an access token, as JSON text.
pub(crate) fn claims_text(token: &str) -> String {
    String::from_utf8(URL_SAFE_NO_PAD.decode(token.split('.').nth(1).unwrap()).unwrap()).unwrap()
}

pub(crate) fn claims(token: &str) -> Value {
    serde_json::from_str(&claims_text(token)).unwrap()
}

/// A cookie as a browser keeps it.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Cookie {
    name: String,
    value: String,
    /// `None`: the host that set it alone.
    domain: Option<String>,
    path: String,
    expires: Millis,
}

/// A browser at one host, with a kit.
#[derive(Clone)]
pub(crate) struct Browser<'a> {
    app: &'a App,
    jar: Vec<Cookie>,
    /// What is sent as `st-auth-mode`.
    pub(crate) auth_mode: Option<&'static str>,
    pub(crate) sends_rid: bool,
    pub(crate) access: Option<String>,
    pub(crate) refresh: Option<String>,
    pub(crate) anti_csrf: Option<String>,
}

impl<'a> Browser<'a> {
    pub(crate) fn new(app: &'a App) -> Self {
        Self { app, jar: Vec::new(), auth_mode: None, sends_rid: false, access: None, refresh: None, anti_csrf: None }
    }

    /// The same client, that asks for tokens in headers.
    pub(crate) fn with_headers(self) -> Self {
        Self { auth_mode: Some("header"), ..self }
    }

    /// Sees another process from now on.
    pub(crate) fn at<'b>(self, app: &'b App) -> Browser<'b>
    where
        'a: 'b,
    {
        Browser { app, ..self }
    }

    /// Adds what a browser adds, sends, and keeps what comes.
    pub(crate) async fn send(&mut self, call: Call) -> Answer {
        let answer = self.peek(call).await;
        self.keep(&answer);
        answer
    }

    /// The same, but the answer is lost.
    pub(crate) async fn peek(&self, call: Call) -> Answer {
        self.app.serve(&self.dressed(call)).await
    }

    /// The request with all headers that this browser adds.
    pub(crate) fn dressed(&self, mut call: Call) -> Call {
        let path = call.path.split('?').next().unwrap_or_default().to_owned();
        let has = |call: &Call, name: &str| call.headers.iter().any(|(known, _)| known == name);
        let cookies = self.cookies(&path);
        if !cookies.is_empty() && !has(&call, "cookie") {
            call = call.cookie(cookies);
        }
        let is_refresh = path.ends_with("/session/refresh");
        if let Some(token) = if is_refresh { &self.refresh } else { &self.access }
            && !has(&call, "authorization")
        {
            call = call.bearer(token);
        }
        if let Some(value) = &self.anti_csrf
            && !has(&call, "anti-csrf")
        {
            call = call.header("anti-csrf", value);
        }
        if self.sends_rid {
            call = call.header("rid", "anti-csrf");
        }
        if let Some(mode) = self.auth_mode {
            call = call.header("st-auth-mode", mode);
        }
        call
    }

    pub(crate) async fn get(&mut self, path: &str) -> Answer {
        self.send(Call::get(path)).await
    }

    pub(crate) async fn post(&mut self, path: &str) -> Answer {
        self.send(Call::post(path)).await
    }

    /// Signs in, and says that it worked.
    pub(crate) async fn login(&mut self, name: &str) -> Answer {
        self.login_as(NewSession::for_user(user(name))).await
    }

    pub(crate) async fn login_as(&mut self, new: NewSession) -> Answer {
        let answer = self.send(Call::create(new)).await;
        answer.assert_ok();
        answer
    }

    pub(crate) async fn refresh(&mut self) -> Answer {
        self.post("/auth/session/refresh").await
    }

    pub(crate) async fn sign_out(&mut self) -> Answer {
        self.post("/auth/signout").await
    }

    /// The value of a cookie.
    pub(crate) fn cookie(&self, name: &str) -> Option<String> {
        self.jar.iter().find(|cookie| cookie.name == name).map(|cookie| decoded(&cookie.value))
    }

    /// The access token, however it travels.
    pub(crate) fn access_token(&self) -> String {
        self.access.clone().or_else(|| self.cookie("sAccessToken")).unwrap()
    }

    pub(crate) fn refresh_token(&self) -> String {
        self.refresh.clone().or_else(|| self.cookie("sRefreshToken")).unwrap()
    }

    /// Puts a cookie into the jar by hand.
    pub(crate) fn set_cookie(&mut self, line: &str) {
        let parts: Vec<&str> = line.split(';').map(str::trim).collect();
        let (name, value) = parts[0].split_once('=').unwrap();
        let attribute = |name: &str| parts.iter().find_map(|part| part.strip_prefix(name)?.strip_prefix('='));
        let cookie = Cookie {
            name: name.into(),
            value: value.into(),
            domain: attribute("Domain").map(|domain| domain.trim_start_matches('.').into()),
            path: attribute("Path").unwrap_or("/").into(),
            expires: attribute("Expires").map_or(Millis::MAX, moment),
        };
        if let Some(domain) = &cookie.domain {
            assert!(covers(domain, self.app.host), "a browser refuses {line}");
        }
        let is_same =
            |old: &Cookie| (&old.name, &old.domain, &old.path) == (&cookie.name, &cookie.domain, &cookie.path);
        self.jar.retain(|old| !is_same(old));
        if cookie.expires > self.app.clock.now() {
            self.jar.push(cookie);
        }
    }

    /// The `cookie` header for a path: those with longer paths first, as browsers do.
    pub(crate) fn cookies(&self, path: &str) -> String {
        let now = self.app.clock.now();
        let is_sent = |cookie: &&Cookie| {
            let below = path.strip_prefix(cookie.path.trim_end_matches('/'));
            let path_fits = below.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'));
            path_fits && cookie.expires > now
        };
        let mut sent: Vec<&Cookie> = self.jar.iter().filter(is_sent).collect();
        sent.sort_by_key(|cookie| std::cmp::Reverse(cookie.path.len()));
        sent.iter().map(|cookie| format!("{}={}", cookie.name, cookie.value)).collect::<Vec<_>>().join("; ")
    }

    /// Keeps what an answer hands out, and forgets what it clears.
    pub(crate) fn keep(&mut self, answer: &Answer) {
        for line in answer.set_cookies() {
            self.set_cookie(line);
        }
        let take = |slot: &mut Option<String>, value: Option<&str>| match value {
            Some("") => *slot = None,
            Some(value) => *slot = Some(value.into()),
            None => {}
        };
        take(&mut self.access, answer.header("st-access-token"));
        take(&mut self.refresh, answer.header("st-refresh-token"));
        take(&mut self.anti_csrf, answer.header("anti-csrf"));
        if answer.header("front-token") == Some("remove") {
            self.anti_csrf = None;
        }
    }
}

fn covers(domain: &str, host: &str) -> bool {
    host == domain || host.strip_suffix(domain).is_some_and(|rest| rest.ends_with('.'))
}

/// Undoes the percent encoding of a cookie's value.
pub(crate) fn decoded(text: &str) -> String {
    let mut bytes = text.bytes();
    let mut out = Vec::new();
    while let Some(byte) = bytes.next() {
        if byte == b'%' {
            let digits = [bytes.next().unwrap(), bytes.next().unwrap()];
            out.push(u8::from_str_radix(std::str::from_utf8(&digits).unwrap(), 16).unwrap());
        } else {
            out.push(byte);
        }
    }
    String::from_utf8(out).unwrap()
}

/// Reads a date like `Thu, 01 Jan 1970 00:00:00 GMT`.
fn moment(date: &str) -> Millis {
    const MONTHS: [&str; 12] = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    const DAYS: [u64; 12] = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
    let words: Vec<&str> = date.split([' ', ':']).collect();
    let number = |at: usize| words[at].parse::<u64>().unwrap();
    let (year, month) = (number(3), MONTHS.iter().position(|name| *name == words[2]).unwrap());
    let is_leap = |year: u64| year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
    let mut days: u64 = (1970..year).map(|year| if is_leap(year) { 366 } else { 365 }).sum();
    days += DAYS[..month].iter().sum::<u64>() + u64::from(month > 1 && is_leap(year)) + number(1) - 1;
    Millis::from_secs(days * 86_400 + number(4) * 3600 + number(5) * 60 + number(6)).unwrap()
}
