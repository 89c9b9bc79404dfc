//! The core that has the recipes which aren't here (`upstream_core`): requests are handed on to it, and its answers back.
//!
//! Where it is says the configuration alone. Of a request go there its method, its path as it was judged here, its query,
//! its body and the headers that are for the other end.

use std::error::Error;
use std::fmt::Display;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use doorward_engine::id::AppId;
use doorward_wire::cdi::answer::Refusal;
use doorward_wire::cdi::route::Endpoint;
use doorward_wire::cdi::user_id;
use doorward_wire::cdi::version::CdiVersion;
use http::header::{
    AUTHORIZATION, CONNECTION, CONTENT_LENGTH, CONTENT_TYPE, EXPECT, HOST, PROXY_AUTHENTICATE, PROXY_AUTHORIZATION, TE,
    TRAILER, TRANSFER_ENCODING, UPGRADE, VIA,
};
use http::{HeaderMap, HeaderName, HeaderValue, Method, Request, Response, StatusCode, Uri};
use http_body_util::{BodyExt as _, Full};
use hyper::body::Incoming;
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::{TokioExecutor, TokioTimer};
use rustls::{ClientConfig, RootCertStore};
use tokio::sync::Semaphore;
use tokio::time::timeout;

use crate::cdi::call::Call;
use crate::cdi::guard::{API_KEY, VERSION};
use crate::http::duration;
use crate::room::{NoRoom, Place, Room};
use crate::settings::UpstreamSettings;

/// How long an answer may be. The longest that a core gives are lists of users.
const ANSWER_BYTES: usize = 16 << 20;

/// How much of an answer is let through whatever others there are: more than what a user who signs in is answered.
const SHORT_BYTES: usize = 64 << 10;

/// How much of longer answers there may be in memory at once, until their callers have read them.
const ROOM_BYTES: usize = 64 << 20;

/// How many requests may be there at once. One that hangs must not take all connections with it.
const REQUESTS: usize = 1024;

/// How long to wait for a connection.
const CONNECT_LIMIT: Duration = Duration::from_secs(5);

/// How long a connection is kept for the next request: less than the 20 s after which a core closes its own.
const IDLE_LIMIT: Duration = Duration::from_secs(15);

/// What stands in `Via`: a request that comes with it has been here.
const VIA_US: &str = "1.1 doorward";

/// The methods that endpoints have. TRACE is not of them: its answer may show the key that was put in on the way.
const METHODS: [Method; 7] =
    [Method::GET, Method::POST, Method::PUT, Method::DELETE, Method::PATCH, Method::HEAD, Method::OPTIONS];

/// Headers that are for the next one only (RFC 9110, 7.6.1), and those that are made anew for each connection.
const NOT_ON: [HeaderName; 12] = [
    CONNECTION,
    CONTENT_LENGTH,
    EXPECT,
    HOST,
    HeaderName::from_static("keep-alive"),
    PROXY_AUTHENTICATE,
    PROXY_AUTHORIZATION,
    HeaderName::from_static("proxy-connection"),
    TE,
    TRAILER,
    TRANSFER_ENCODING,
    UPGRADE,
];

/// Headers that are for the other end, though `Connection` names them: what was judged here, or is read there, stays.
const ALWAYS_ON: [HeaderName; 5] = [API_KEY, AUTHORIZATION, VERSION, CONTENT_TYPE, HeaderName::from_static("rid")];

/// Headers of a request that a question of ours about the same takes along.
const OF_QUESTIONS: [HeaderName; 3] = [API_KEY, AUTHORIZATION, VIA];

type Http = Client<HttpsConnector<HttpConnector>, Full<Bytes>>;

/// A core that others' requests are handed on to.
#[derive(Debug)]
pub(crate) struct Upstream {
    url: String,
    http: Http,
    api_key: Option<HeaderValue>,
    timeout: Duration,
    places: Semaphore,
    room: Room,
}

/// An answer, with its room for as long as it is there.
struct Held {
    bytes: Vec<u8>,
    place: Place,
}

impl AsRef<[u8]> for Held {
    fn as_ref(&self) -> &[u8] {
        &self.bytes
    }
}

/// Why no request could ever be handed on.
#[derive(Debug, thiserror::Error)]
pub enum UpstreamError {
    /// Encrypted connections can't be had.
    #[error("upstream_core: encrypted connections can't be had: {0}")]
    Tls(#[from] rustls::Error),
    /// Nobody vouches for any server.
    #[error("upstream_core: this system has no certificates of authorities; SSL_CERT_FILE may name a file of them")]
    NoAuthorities,
    /// The API key isn't one that a header can have.
    #[error("upstream_core_api_key can't be sent in a header")]
    ApiKey,
}

impl Upstream {
    pub(crate) fn new(settings: &UpstreamSettings) -> Result<Self, UpstreamError> {
        let mut connector = HttpConnector::new();
        connector.enforce_http(false);
        connector.set_nodelay(true);
        connector.set_connect_timeout(Some(CONNECT_LIMIT));
        let is_https = settings.url.get(..6).is_some_and(|scheme| scheme.eq_ignore_ascii_case("https:"));
        let tls = HttpsConnectorBuilder::new().with_tls_config(tls(is_https)?);
        let connector = tls.https_or_http().enable_http1().wrap_connector(connector);
        let mut http = Client::builder(TokioExecutor::new());
        http.pool_timer(TokioTimer::new()).pool_idle_timeout(IDLE_LIMIT);
        let api_key = match &settings.api_key {
            Some(key) => {
                let mut value = HeaderValue::from_str(key.expose()).map_err(|_| UpstreamError::ApiKey)?;
                value.set_sensitive(true);
                Some(value)
            }
            None => None,
        };
        Ok(Self {
            url: settings.url.clone(),
            http: http.build(connector),
            api_key,
            timeout: duration(settings.timeout),
            places: Semaphore::new(REQUESTS),
            room: Room::new(ROOM_BYTES, SHORT_BYTES),
        })
    }

    /// Hands a request on, and returns the answer. `path` is what was judged, without this server's base path, and
    /// `version` what its version means here, which without a header need not be what it means there.
    pub(crate) async fn answer(
        &self,
        request: &Request<Bytes>,
        path: &str,
        version: CdiVersion,
    ) -> Result<Response<Bytes>, Refusal> {
        match request.method() {
            method if METHODS.contains(method) => {}
            // CONNECT names no path to judge.
            &Method::TRACE | &Method::CONNECT => return Err(Refusal::METHOD),
            _ => return Err(Refusal::UNKNOWN_METHOD),
        }
        let Ok(_place) = self.places.try_acquire() else {
            return Err(self.fault(503, "has too many requests to answer", "more would wait for it than may"));
        };
        if has_been_here(request.headers()) {
            return Err(self.fault(508, "is this server itself", "a request came back"));
        }
        let request = match self.handed_on(request, path, version) {
            Ok(request) => request,
            Err(error) => return Err(self.fault(502, "can't be asked for this path", error)),
        };
        match timeout(self.timeout, self.ask(request)).await {
            Ok(answered) => answered,
            Err(_) => Err(self.fault(504, "doesn't answer in time", "upstream_core_timeout_ms is over")),
        }
    }

    /// Asks for the accounts that are linked to a user of whom a request is about to be handed on: their ids, with his.
    pub(crate) async fn accounts(
        &self,
        call: &Call<'_>,
        request: &Request<Bytes>,
        user: &str,
    ) -> Result<Vec<String>, Refusal> {
        let app = call.route.app;
        let prefix = if app == AppId::DEFAULT { String::new() } else { format!("/appid-{app}") };
        let mut question = Request::new(Bytes::new());
        *question.uri_mut() = format!("/?{}", user_id::ask(user)).parse().map_err(|_| Refusal::field("userId"))?;
        let kept = request.headers().iter().filter(|(name, _)| OF_QUESTIONS.contains(name));
        question.headers_mut().extend(kept.map(|(name, value)| (name.clone(), value.clone())));
        let path = format!("{prefix}{}", Endpoint::UserById.path());
        let answered = self.answer(&question, &path, call.dialect.version).await?;
        let accounts = match answered.status() {
            StatusCode::OK => user_id::read(answered.body()),
            // A core from before there were linked accounts has no such path.
            StatusCode::NOT_FOUND if !call.dialect.shows_recipe_user => Some(Vec::new()),
            _ => None,
        };
        let status = answered.status();
        accounts.ok_or_else(|| self.fault(502, "doesn't say which accounts are linked", format!("it answers {status}")))
    }

    fn handed_on(
        &self,
        request: &Request<Bytes>,
        path: &str,
        version: CdiVersion,
    ) -> Result<Request<Full<Bytes>>, http::Error> {
        let query = request.uri().query().map(|query| format!("?{query}")).unwrap_or_default();
        let uri: Uri = format!("{}{path}{query}", self.url).parse()?;
        let mut handed_on = Request::new(Full::new(request.body().clone()));
        *handed_on.method_mut() = request.method().clone();
        *handed_on.uri_mut() = uri;
        let headers = handed_on.headers_mut();
        *headers = for_the_other_end(request.headers());
        headers.append(VIA, HeaderValue::from_static(VIA_US));
        headers.insert(VERSION, HeaderValue::try_from(version.to_string())?);
        if let Some(key) = &self.api_key {
            // Without `api-key` this one is the caller's key, which is none of that core's business.
            if headers.insert(API_KEY, key.clone()).is_none() {
                headers.remove(AUTHORIZATION);
            }
        }
        Ok(handed_on)
    }

    async fn ask(&self, request: Request<Full<Bytes>>) -> Result<Response<Bytes>, Refusal> {
        let (head, body) = match self.http.request(request).await {
            Ok(answered) => answered.into_parts(),
            Err(error) if error.is_connect() => return Err(self.fault(502, "can't be reached", chain(&error))),
            Err(error) => return Err(self.fault(502, "doesn't answer as it should", chain(&error))),
        };
        let body = self.whole(body).await?;
        let mut response = Response::new(body);
        *response.status_mut() = head.status;
        *response.headers_mut() = for_the_other_end(&head.headers);
        Ok(response)
    }

    /// Reads a body whole, as far as it isn't too long and there is room for it.
    async fn whole(&self, mut body: Incoming) -> Result<Bytes, Refusal> {
        let mut held = Held { bytes: Vec::new(), place: self.room.place() };
        while let Some(frame) = body.frame().await {
            let frame = frame.map_err(|error| self.fault(502, "doesn't answer as it should", chain(&error)))?;
            let Ok(data) = frame.into_data() else { continue };
            let after = held.bytes.len().saturating_add(data.len());
            if after > ANSWER_BYTES {
                return Err(self.fault(502, "answers with more than is let through", "16 MiB are"));
            }
            held.place.fit(after).map_err(|NoRoom| {
                self.fault(503, "has answers that are too long for now", "64 MiB of such are held")
            })?;
            held.bytes.extend_from_slice(&data);
        }
        held.bytes.shrink_to_fit();
        Ok(Bytes::from_owner(held))
    }

    /// Logs why there is no answer, and says so to the caller, in a text that no SDK takes for a word about a session.
    fn fault(&self, status: u16, words: &'static str, why: impl Display) -> Refusal {
        tracing::warn!(name: "doorward.upstream.failed", target: "doorward", status, url = %self.url, "the upstream core {words}: {why}");
        Refusal { status, text: format!("the upstream core {words}").into() }
    }
}

/// Encrypted connections, with the authorities that this system trusts.
fn tls(is_used: bool) -> Result<ClientConfig, UpstreamError> {
    let mut roots = RootCertStore::empty();
    if is_used {
        roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
        if roots.is_empty() {
            return Err(UpstreamError::NoAuthorities);
        }
    }
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions()?;
    Ok(config.with_root_certificates(roots).with_no_client_auth())
}

/// The headers that a message keeps on its way.
fn for_the_other_end(headers: &HeaderMap) -> HeaderMap {
    let named: Vec<&str> = headers.get_all(CONNECTION).iter().filter_map(|value| value.to_str().ok()).collect();
    let is_named = |name: &HeaderName| {
        named.iter().flat_map(|names| names.split(',')).any(|named| named.trim().eq_ignore_ascii_case(name.as_str()))
    };
    let kept =
        headers.iter().filter(|(name, _)| !NOT_ON.contains(name) && (ALWAYS_ON.contains(name) || !is_named(name)));
    kept.map(|(name, value)| (name.clone(), value.clone())).collect()
}

fn has_been_here(headers: &HeaderMap) -> bool {
    let vias = headers.get_all(VIA).iter().filter_map(|value| value.to_str().ok());
    vias.flat_map(|value| value.split(',')).any(|via| via.trim() == VIA_US)
}

/// An error with its causes: what is on top says the least.
fn chain(error: &dyn Error) -> String {
    let (mut text, mut cause) = (error.to_string(), error.source());
    while let Some(error) = cause {
        text = format!("{text}: {error}");
        cause = error.source();
    }
    text
}
