//! Refreshing the session of a request (`spec/modern-sdk.md` 2.8).

use doorward_engine::secret::Secret;
use doorward_engine::session::refresh::RefreshRequest;
use doorward_service::RefreshOutcome;
use doorward_wire::fdi::cookie_name::TokenKind;
use doorward_wire::fdi::csrf::{AntiCsrf, Judgement};
use doorward_wire::fdi::transfer::{RefreshChoice, TransferMethod};

use crate::error::{InputError, SessionError};
use crate::exchange::Exchange;
use crate::session::Session;

impl Exchange {
    /// Exchanges the request's refresh token for new tokens, which this answer hands out the way the old one came.
    ///
    /// Any number of requests with one refresh token, inside its window, get the same successor. Where a browser sends
    /// two cookies of one name (the cookie domain was changed), the one that is good counts, and those of
    /// [`older_cookie_domain`](crate::SessionsBuilder::older_cookie_domain) are cleared in the same answer.
    ///
    /// [`SessionError::Unauthorised`] and [`SessionError::Theft`] clear all tokens of the request. One round trip.
    #[tracing::instrument(name = "doorward.refresh_session", target = "doorward", skip_all)]
    pub async fn refresh_session(&self) -> Result<Session, SessionError> {
        let result = self.refreshed().await;
        if self.request().has_legacy_cookie()
            && matches!(result, Ok(_) | Err(SessionError::Unauthorised(_) | SessionError::Theft(_)))
        {
            let _ = self.edit(|state| state.edits.clear_legacy_cookie());
        }
        result
    }

    async fn refreshed(&self) -> Result<Session, SessionError> {
        let request = self.request();
        let site = &self.shared().site;
        let Some(RefreshChoice { method, clears }) = site.allowed().for_refresh(request.offered(TokenKind::Refresh))
        else {
            self.judge_cut_cookies()?;
            return Err(self.unauthorised("refresh.absent"));
        };
        if site.anti_csrf().judge(method, true, request.has_rid()) == Judgement::MissingCustomHeader {
            return Err(self.unauthorised("refresh.anti_csrf"));
        }
        let tokens: Vec<&Secret> = match method {
            TransferMethod::Header => request.bearer().into_iter().filter_map(|candidate| candidate.text()).collect(),
            TransferMethod::Cookie => {
                request.cookies(TokenKind::Refresh).all().iter().filter_map(|candidate| candidate.text()).collect()
            }
        };
        let outcome = self.best_of(&tokens, method).await?;
        match outcome {
            Some(RefreshOutcome::Issued(issued)) => {
                self.edit(|state| clears.into_iter().for_each(|other| state.edits.clear(other)))?;
                self.clear_older_domain(method)?;
                let claims = self.attach(method, *issued)?;
                Ok(Session::new(self.clone(), claims))
            }
            // More cookies of the name than are kept: the good one may not have been among them.
            Some(RefreshOutcome::Unauthorised(_)) | None if self.are_cookies_dropped(method) => {
                Err(InputError::CookiesTooLarge.into())
            }
            Some(RefreshOutcome::Unauthorised(deny)) => Err(self.unauthorised(deny.code())),
            Some(RefreshOutcome::Theft(found)) => {
                let _ = self.edit(|state| {
                    state.edits.clear_all();
                    state.current = None;
                });
                Err(self.shared().hooks.theft(*found))
            }
            None => Err(self.unauthorised("refresh.malformed")),
        }
    }

    fn are_cookies_dropped(&self, method: TransferMethod) -> bool {
        let cookies = self.request().cookies(TokenKind::Refresh);
        method == TransferMethod::Cookie
            && (cookies.occurrences() > cookies.all().len() || self.request().cookies_were_cut())
            && cookies.is_duplicated()
    }

    /// Presents the tokens one after the other until one is good, those of the newest session first: browsers send the
    /// oldest cookie first, which is that of a session from before the cookie domain was changed. While there are others
    /// a theft is only noted: a stale cookie must not end the session that the good one belongs to.
    async fn best_of(
        &self,
        tokens: &[&Secret],
        method: TransferMethod,
    ) -> Result<Option<RefreshOutcome>, SessionError> {
        let [first, others @ ..] = tokens else { return Ok(None) };
        if others.is_empty() {
            return self.present(first, method, false).await.map(Some);
        }
        let mut tokens = tokens.to_vec();
        // Handles begin with the time.
        tokens.sort_by_cached_key(|token| std::cmp::Reverse(self.shared().service.handle_of_refresh_token(token)));
        let (mut stale, mut refused) = (None, None);
        for token in tokens {
            match self.present(token, method, true).await? {
                issued @ RefreshOutcome::Issued(_) => return Ok(Some(issued)),
                RefreshOutcome::Theft(_) => stale = stale.or(Some(token)),
                denied @ RefreshOutcome::Unauthorised(_) => refused = refused.or(Some(denied)),
            }
        }
        match stale {
            Some(token) => self.present(token, method, false).await.map(Some),
            None => Ok(refused),
        }
    }

    async fn present(
        &self,
        token: &Secret,
        method: TransferMethod,
        tentative: bool,
    ) -> Result<RefreshOutcome, SessionError> {
        let service = &self.shared().service;
        let request = RefreshRequest {
            app: service.app().clone(),
            token: token.clone(),
            anti_csrf_sent: self.request().anti_csrf().cloned(),
            anti_csrf: self.shared().site.anti_csrf() == AntiCsrf::ViaToken && method == TransferMethod::Cookie,
            use_static_key: None,
            access_lifetime_once: None,
            tentative,
        };
        Ok(service.refresh(request).await?)
    }

    pub(super) fn clear_older_domain(&self, method: TransferMethod) -> Result<(), SessionError> {
        if method != TransferMethod::Cookie {
            return Ok(());
        }
        if self.request().cookies(TokenKind::Access).is_duplicated() && self.shared().site.older_domain().is_none() {
            tracing::warn!(
                name: "doorward.duplicate_cookies",
                target: "doorward",
                "a browser sends two session cookies of one name, and will be asked to refresh each time: set \
                 older_cookie_domain to what the cookie domain was, or give the cookies names with `__Host-`"
            );
        }
        self.edit(|state| {
            for kind in [TokenKind::Access, TokenKind::Refresh] {
                if self.request().cookies(kind).is_duplicated() {
                    state.edits.clear_older_domain(kind);
                }
            }
        })
    }
}
