//! The question of every request: is it from a live session, and whose? (`spec/modern-sdk.md` 2.1 and 2.2.)

use std::sync::Arc;

use doorward_engine::token::access::{Claims, looks_like_access_token};
use doorward_engine::token::anti_csrf::Check;
use doorward_service::ConfirmOutcome;
use doorward_wire::fdi::cookie_name::TokenKind;
use doorward_wire::fdi::csrf::{Judgement, is_checked_by_default};
use doorward_wire::fdi::request::Candidate;
use doorward_wire::fdi::transfer::{Choice, Need, Offered, TransferMethod};

use crate::error::{InputError, SessionError};
use crate::exchange::{Current, Exchange, Seen};
use crate::options::GetSession;
use crate::session::Session;

impl Exchange {
    /// Returns the session that this request belongs to.
    ///
    /// The access token's signature is verified, once a request however often this is called; then its claims, its end
    /// and the anti-CSRF value. No I/O, with these exceptions: the first use of a token after a refresh (one write), a
    /// check that the caller asks for ([`GetSession::check_store`]), a key that this process doesn't know yet (one read
    /// per cooldown). The access token may change under way; the answer then carries the new one.
    ///
    /// [`SessionError::Unauthorised`]: no token, or no such session. [`SessionError::TryRefresh`]: a token that isn't
    /// good any more, or a failed anti-CSRF check. [`SessionError::General`]: a fault of ours, which clears nothing.
    pub async fn get_session(&self, options: GetSession) -> Result<Session, SessionError> {
        match self.get_optional_session(options).await? {
            Some(session) => Ok(session),
            // Nothing is cleared: a refresh cookie, which isn't sent here, may be alive.
            None => Err(self.shared().hooks.unauthorised("token.absent", false)),
        }
    }

    /// The same for a route that can do without: `None` only if the request brought no token. One that isn't good any
    /// more is still an error, for a refresh may mend it.
    #[tracing::instrument(level = "debug", name = "doorward.get_session", target = "doorward", skip_all)]
    pub async fn get_optional_session(&self, options: GetSession) -> Result<Option<Session>, SessionError> {
        let Some(current) = self.current().await? else { return Ok(None) };
        if !current.is_new {
            self.judge_anti_csrf(&current, options)?;
        }
        // A token that was refreshed in this exchange isn't in use yet: its client may never get it.
        let is_unused = current.is_new && current.claims.parent.is_some();
        let claims = match is_unused && !options.check_store {
            true => current.claims,
            false => self.confirmed(current, options).await?,
        };
        Ok(Some(Session::new(self.clone(), claims)))
    }

    /// The session that the exchange has by now, or that its request's access token says by itself.
    pub(super) async fn current(&self) -> Result<Option<Current>, SessionError> {
        let current = self.state().current.clone();
        match current {
            Some(current) => Ok(Some(current)),
            None => self.verified().await,
        }
    }

    /// Finds the request's access token, and verifies it by itself.
    async fn verified(&self) -> Result<Option<Current>, SessionError> {
        if let Some(seen) = self.state().seen.clone() {
            return self.judged(seen).map(Some);
        }
        let try_refresh = |code| Err(self.shared().hooks.try_refresh(code));
        if self.request().has_legacy_cookie() {
            return try_refresh("access.legacy");
        }
        let Some((method, candidate)) = self.access_candidate() else {
            self.judge_cut_cookies()?;
            return Ok(None);
        };
        if method == TransferMethod::Cookie && self.request().cookies(TokenKind::Access).is_duplicated() {
            return try_refresh("access.duplicate_cookie");
        }
        let Some(token) = candidate.text() else { return try_refresh("access.oversized") };
        let outcome = self.shared().service.verify(token.expose()).await?;
        let seen = Seen { method, outcome };
        self.state().seen = Some(seen.clone());
        self.judged(seen).map(Some)
    }

    /// Where not all cookies were read, no token among those that were doesn't mean that there is none.
    pub(super) fn judge_cut_cookies(&self) -> Result<(), SessionError> {
        if self.request().cookies_were_cut() && self.shared().site.allowed().permits(TransferMethod::Cookie) {
            return Err(InputError::CookiesTooLarge.into());
        }
        Ok(())
    }

    /// A bearer token of another kind isn't looked at, so that it doesn't hide the cookie; whatever stands in our cookie
    /// is judged.
    fn access_candidate(&self) -> Option<(TransferMethod, &Candidate)> {
        let request = self.request();
        let cookie = request.cookies(TokenKind::Access).first();
        let bearer = request.bearer().filter(|bearer| match bearer.text() {
            Some(text) => looks_like_access_token(text.expose()),
            // Too large to be one of ours; without a cookie it is still no absence of a token.
            None => cookie.is_none(),
        });
        let offered = Offered { header: bearer.is_some(), cookie: cookie.is_some() };
        let Choice::Use(method) = self.shared().site.allowed().for_verify(offered, Need::Optional) else { return None };
        let candidate = match method {
            TransferMethod::Cookie => cookie,
            TransferMethod::Header => bearer,
        };
        candidate.map(|candidate| (method, candidate))
    }

    fn judged(&self, seen: Seen) -> Result<Current, SessionError> {
        match seen.outcome {
            Ok(claims) => Ok(Current { method: seen.method, claims, is_new: false }),
            Err(error) => Err(self.shared().hooks.try_refresh(error.code())),
        }
    }

    pub(super) fn judge_anti_csrf(&self, current: &Current, options: GetSession) -> Result<(), SessionError> {
        let request = self.request();
        let checked = options.anti_csrf.unwrap_or_else(|| is_checked_by_default(request.method()));
        let passes = match self.shared().site.anti_csrf().judge(current.method, checked, request.has_rid()) {
            Judgement::Pass => true,
            Judgement::MissingCustomHeader => false,
            Judgement::CompareToken => {
                Check::Token(request.anti_csrf()).judge(current.claims.anti_csrf.as_ref()).is_ok()
            }
        };
        if passes { Ok(()) } else { Err(self.shared().hooks.try_refresh("access.anti_csrf")) }
    }

    /// Asks the store where that is needed, and hands out the token that replaces this one, if there is one.
    async fn confirmed(&self, current: Current, options: GetSession) -> Result<Arc<Claims>, SessionError> {
        let confirmed = self.shared().service.confirm(Arc::clone(&current.claims), options.check_store).await?;
        let renewed = match confirmed {
            ConfirmOutcome::Unauthorised(deny) => return Err(self.unauthorised(deny.code())),
            ConfirmOutcome::Refused(error) => return Err(error.into()),
            ConfirmOutcome::Stands { claims, .. } => {
                self.state().current = Some(Current { claims: Arc::clone(&claims), ..current });
                return Ok(claims);
            }
            ConfirmOutcome::Renewed(access) => access,
        };
        let claims = Arc::clone(&renewed.claims);
        self.state().current = Some(current);
        // What was stored stays stored: a request whose head is out goes on with the session that it proved.
        match self.replace_access(renewed) {
            Ok(()) | Err(SessionError::General(crate::error::GeneralError::HeadSent)) => Ok(claims),
            Err(error) => Err(error),
        }
    }
}
