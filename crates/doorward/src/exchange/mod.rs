//! The handle of one request: what it brought, what was found out about it, and what its answer must carry.

mod create;
mod get;
mod refresh;
mod sign_out;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use doorward_engine::id::SessionHandle;
use doorward_engine::secret::Secret;
use doorward_engine::token::access::Claims;
use doorward_service::{IssuedTokens, SignedAccess, VerifyOutcome};
use doorward_wire::fdi::front_token::FrontToken;
use doorward_wire::fdi::request::Request;
use doorward_wire::fdi::response::{Edit, Edits};
use doorward_wire::fdi::transfer::TransferMethod;

use crate::error::{GeneralError, SessionError};
use crate::request_view::RequestView;
use crate::sessions::{Sessions, Shared};

/// What browsers take of a cookie is 4096 bytes, name and attributes included.
const COOKIE_VALUE_BYTES: usize = 3900;

/// The exchange of one request and its answer. Cheap to clone; all clones are the same.
///
/// What the calls decide about headers is collected, and written by the layer when the handler is done (or, with no
/// framework, by the caller from [`Exchange::edits`]). A call after that is an error to its caller; what it changed in
/// the store stays changed.
#[derive(Clone, Debug)]
pub struct Exchange {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    sessions: Sessions,
    request: Request,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    edits: Edits,
    /// The head of the answer is out.
    is_sent: bool,
    /// The token of the request, once it was looked at: a signature is verified once a request.
    seen: Option<Seen>,
    /// The session that the request has by now.
    current: Option<Current>,
}

/// The request's access token, and what came of verifying it.
#[derive(Clone, Debug)]
struct Seen {
    method: TransferMethod,
    outcome: VerifyOutcome,
}

/// A session that was proved or made in this exchange.
#[derive(Clone, Debug)]
struct Current {
    method: TransferMethod,
    claims: Arc<Claims>,
    /// Made in this exchange: the request's own anti-CSRF value isn't its.
    is_new: bool,
}

impl Sessions {
    /// Opens the exchange of a request, where no framework does it. At its end [`Exchange::edits`] says which headers
    /// the answer needs.
    pub fn exchange<'a>(&self, request: impl Into<RequestView<'a>>) -> Exchange {
        Exchange::open(self.clone(), &request.into())
    }
}

impl State {
    /// Whether another session has taken the place of this one: the answer's tokens are not its own any more.
    fn is_replaced(&self, handle: &SessionHandle) -> bool {
        self.current.as_ref().is_some_and(|current| current.claims.handle != *handle)
    }
}

impl Exchange {
    fn open(sessions: Sessions, view: &RequestView<'_>) -> Self {
        let site = &sessions.shared.site;
        let request = Request::read(site.cookie_names(), view.method, view.path, view.headers.iter().copied());
        let state = State { edits: Edits::new(site), is_sent: false, seen: None, current: None };
        Self { inner: Arc::new(Inner { sessions, request, state: Mutex::new(state) }) }
    }

    /// The sessions that this exchange belongs to.
    pub fn sessions(&self) -> &Sessions {
        &self.inner.sessions
    }

    /// The browser's own name for itself, if it sent one: at most 512 bytes.
    pub fn user_agent(&self) -> Option<&str> {
        self.inner.request.user_agent()
    }

    /// Returns the changes to the answer's headers so far, in order, each to be appended, set or merged into a list as
    /// it says. Values are secrets: write them and forget them.
    pub fn edits(&self) -> Vec<Edit> {
        self.state().edits.render(&self.shared().site, self.sessions().now())
    }

    /// The same, for the last time: later calls find that the head is out.
    pub fn take_edits(&self) -> Vec<Edit> {
        self.state().is_sent = true;
        self.edits()
    }

    /// An answer of ours with its status as configured.
    #[cfg(feature = "axum")]
    pub(crate) fn reply(&self, answer: &doorward_wire::fdi::answer::Answer) -> crate::error::Reply {
        self.shared().hooks.reply(answer)
    }

    fn shared(&self) -> &Shared {
        &self.inner.sessions.shared
    }

    fn request(&self) -> &Request {
        &self.inner.request
    }

    /// INVARIANT: never held across an await.
    fn state(&self) -> MutexGuard<'_, State> {
        self.inner.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Changes the answer's headers, if they aren't out yet.
    fn edit(&self, change: impl FnOnce(&mut State)) -> Result<(), SessionError> {
        let mut state = self.state();
        if state.is_sent {
            tracing::warn!(name: "doorward.head_sent", target: "doorward", "tokens changed after the answer's head was sent");
            return Err(GeneralError::HeadSent.into());
        }
        change(&mut state);
        Ok(())
    }

    /// Hands out all tokens of a session that was created or refreshed.
    fn attach(&self, method: TransferMethod, issued: IssuedTokens) -> Result<Arc<Claims>, SessionError> {
        let IssuedTokens { access, refresh, refresh_expires_at, anti_csrf, .. } = issued;
        let claims = Arc::clone(&access.claims);
        let front = front_token(&claims)?;
        self.warn_of_size(method, &access.token);
        self.edit(|state| {
            state.edits.write_access_token(method, access.token, front);
            state.edits.write_refresh_token(method, refresh, refresh_expires_at);
            if let Some(value) = anti_csrf {
                state.edits.write_anti_csrf(value);
            }
            state.current = Some(Current { method, claims: Arc::clone(&claims), is_new: true });
        })?;
        Ok(claims)
    }

    /// Hands out an access token that replaces the one of the session that the request has.
    pub(crate) fn replace_access(&self, access: SignedAccess) -> Result<(), SessionError> {
        let current = self.state().current.clone().filter(|current| current.claims.handle == access.claims.handle);
        // Where another session has taken the place of this one meanwhile, the answer carries its tokens.
        let Some(current) = current else { return Ok(()) };
        let front = front_token(&access.claims)?;
        self.warn_of_size(current.method, &access.token);
        // A page that repeats the anti-CSRF value goes on to: it gets it again beside each new token. Another value, which
        // a request that isn't checked may have, isn't given back.
        let anti_csrf: Option<Secret> = if current.is_new {
            None
        } else {
            access.claims.anti_csrf.clone().filter(|own| self.request().anti_csrf() == Some(own))
        };
        self.edit(|state| {
            state.edits.write_access_token(current.method, access.token, front);
            if let Some(value) = anti_csrf {
                state.edits.write_anti_csrf(value);
            }
            state.current = Some(Current { claims: access.claims, ..current });
        })
    }

    /// Browsers drop a cookie that is too large without a word, and the user is signed out.
    fn warn_of_size(&self, method: TransferMethod, token: &Secret) {
        let bytes = token.expose().len();
        if method == TransferMethod::Cookie && bytes > COOKIE_VALUE_BYTES {
            tracing::warn!(
                name: "doorward.cookie_too_large",
                target: "doorward",
                bytes,
                "the access token is too large for a cookie: make the payload smaller, or transfer tokens in headers"
            );
        }
    }

    /// A session of this exchange is gone: the answer says so, and clears its tokens.
    pub(crate) fn gone(&self, handle: &SessionHandle) -> SessionError {
        if self.state().is_replaced(handle) {
            return self.shared().hooks.unauthorised("session.absent", false);
        }
        self.unauthorised("session.absent")
    }

    fn unauthorised(&self, code: &'static str) -> SessionError {
        // Where the head is out there is nothing to clear any more; the refusal stands.
        let _ = self.edit(|state| {
            state.edits.clear_all();
            state.current = None;
        });
        self.shared().hooks.unauthorised(code, true)
    }
}

fn front_token(claims: &Claims) -> Result<FrontToken, SessionError> {
    FrontToken::build(&claims.user, claims.expires_at, claims.json.as_str())
        .map_err(|_| crate::error::InputError::Type { what: "access token payload" }.into())
}
