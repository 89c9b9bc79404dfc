//! A browser: one cookie jar, several tabs, and what it knows of its session.

use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Arc;

use doorward_engine::id::{AppId, SessionKey, TenantId, UserId};
use doorward_engine::payload::{JsonText, Payload};
use doorward_engine::secret::Secret;
use doorward_engine::session::create::{NewLimits, NewSession};
use doorward_engine::session::refresh::RefreshRequest;
use doorward_service::store::{Selector, UserSelector};
use doorward_service::{ConfirmOutcome, IssuedTokens, RefreshOutcome, Service};

use super::log::Log;

/// How often a tab tries again after a fault of the store.
const ATTEMPTS: usize = 3;

/// What a browser holds and knows.
#[derive(Debug)]
pub struct Browser {
    /// Whose it is.
    pub user: UserId,
    /// Its cookies; `None` while nobody is signed in.
    pub jar: Option<Jar>,
    /// The session whose end was asked for. It may be there or not until that is acknowledged.
    pub leaving: Option<SessionKey>,
    /// Sessions whose end was acknowledged, with their last cookies.
    pub left: Vec<(SessionKey, Jar)>,
}

impl Browser {
    /// Throws the session's cookies away, and returns the last ones.
    fn leave(&mut self, jar: Jar) -> Jar {
        let last = self.jar.take_if(|now| now.session == jar.session).unwrap_or(jar);
        self.left.push((last.session.clone(), last.clone()));
        last
    }
}

/// The cookies of a session.
#[derive(Clone, Debug)]
pub struct Jar {
    /// The session.
    pub session: SessionKey,
    /// The refresh token.
    pub refresh: Secret,
    /// The access token.
    pub access: Secret,
}

impl Jar {
    fn of(tokens: &IssuedTokens) -> Self {
        let session = tokens.row.key.clone();
        Self { session, refresh: tokens.refresh.clone(), access: tokens.access.token.clone() }
    }
}

/// One tab's work in a round: whom it asks, and for what.
#[derive(Clone)]
pub struct Tab {
    /// Its browser.
    pub browser: Rc<RefCell<Browser>>,
    /// The service that its requests come to.
    pub service: Arc<Service>,
    /// The refresh token of the browser when the round began: no tab presents another one in this round, because a
    /// presentation of this one may be under way.
    pub token: Option<Secret>,
    /// Whether the answers to refreshes are lost on the way.
    pub deaf: bool,
    /// Where it says what happened.
    pub log: Log,
}

impl Tab {
    /// Signs in, if nobody is.
    pub async fn sign_in(self) {
        if self.browser.borrow().jar.is_some() {
            return;
        }
        let new = new_session(self.browser.borrow().user.clone());
        for _ in 0..ATTEMPTS {
            if let Ok(created) = self.service.create(new.clone()).await {
                self.log.add(format!("created {}", created.row.key.handle));
                // Two tabs that sign in at once have two sessions; the browser keeps the cookies that came last.
                self.browser.borrow_mut().jar = Some(Jar::of(&created));
                return;
            }
        }
    }

    /// Refreshes.
    pub async fn refresh(self) {
        for _ in 0..ATTEMPTS {
            let Some(jar) = self.browser.borrow().jar.clone() else { return };
            if self.token.as_ref() != Some(&jar.refresh) {
                return;
            }
            match self.service.refresh(request(&jar)).await {
                Ok(RefreshOutcome::Issued(tokens)) => {
                    self.log.add(format!("refreshed {}", tokens.row.key.handle));
                    let mut browser = self.browser.borrow_mut();
                    // Whoever signed out meanwhile throws the answer away.
                    if !self.deaf && browser.jar.as_ref().is_some_and(|now| now.session == jar.session) {
                        browser.jar = Some(Jar::of(&tokens));
                    }
                    return;
                }
                Ok(RefreshOutcome::Unauthorised(_)) => return self.must_be_leaving(&jar.session, "refused a refresh"),
                Ok(RefreshOutcome::Theft(found)) => {
                    return self.log.broken(format!("honest tabs were taken for thieves: {}", found.evidence));
                }
                Err(error) => self.log.add(format!("refresh failed: {error}")),
            }
        }
    }

    /// Calls the application: verifies the access token, and asks the store where that is needed.
    pub async fn call(self, check_store: bool) {
        let Some(jar) = self.browser.borrow().jar.clone() else { return };
        let Ok(Ok(claims)) = self.service.verify(jar.access.expose()).await else { return };
        match self.service.confirm(claims, check_store).await {
            Ok(ConfirmOutcome::Renewed(access)) => {
                self.log.add("renewed".into());
                if let Some(now) = self.browser.borrow_mut().jar.as_mut().filter(|now| now.session == jar.session) {
                    now.access = access.token;
                }
            }
            Ok(ConfirmOutcome::Stands { .. }) => self.log.add("stands".into()),
            Ok(ConfirmOutcome::Refused(error)) => {
                self.log.broken(format!("a call was refused for its payload: {error}"));
            }
            Ok(ConfirmOutcome::Unauthorised(_)) => self.must_be_leaving(&jar.session, "refused a call"),
            Err(error) => self.log.add(format!("call failed: {error}")),
        }
    }

    /// Signs out. Once that is acknowledged nothing of the session refreshes, is listed, or is accepted here.
    pub async fn sign_out(self) {
        let Some(jar) = self.browser.borrow().jar.clone() else { return };
        self.browser.borrow_mut().leaving = Some(jar.session.clone());
        for _ in 0..ATTEMPTS {
            match self.service.revoke(Selector::Keys(vec![jar.session.clone()])).await {
                Err(error) => self.log.add(format!("sign-out failed: {error}")),
                Ok(_) => {
                    self.log.add(format!("signed out {}", jar.session.handle));
                    let last = self.browser.borrow_mut().leave(jar);
                    return self.is_gone(last, false).await;
                }
            }
        }
    }

    /// A session whose end was acknowledged. The service that did so refuses its access tokens without a look at the
    /// store; for any other the store is asked (`check_store`).
    pub async fn is_gone(self, jar: Jar, check_store: bool) {
        if let Ok(RefreshOutcome::Issued(_)) = self.service.refresh(request(&jar)).await {
            self.log.broken("a session that was revoked was refreshed".into());
        }
        let user = UserSelector {
            app: AppId::default(),
            tenant: None,
            user: self.browser.borrow().user.clone(),
            linked: true,
        };
        if let Ok(rows) = self.service.list(user).await
            && rows.iter().any(|row| row.key == jar.session)
        {
            self.log.broken("a session that was revoked is listed".into());
        }
        if let Ok(Ok(claims)) = self.service.verify(jar.access.expose()).await
            && let Ok(ConfirmOutcome::Stands { .. } | ConfirmOutcome::Renewed(_)) =
                self.service.confirm(claims, check_store).await
        {
            self.log.broken("an access token outlived the revocation of its session".into());
        }
    }

    /// A session ends for one reason only here: that its browser asked for it.
    fn must_be_leaving(&self, session: &SessionKey, what: &str) {
        let browser = self.browser.borrow();
        let asked = browser.leaving.as_ref() == Some(session) || browser.left.iter().any(|(left, _)| left == session);
        drop(browser);
        if !asked {
            self.log.broken(format!("{what} to a session that nobody ended"));
        }
    }
}

fn request(jar: &Jar) -> RefreshRequest {
    RefreshRequest {
        app: AppId::default(),
        token: jar.refresh.clone(),
        anti_csrf_sent: None,
        anti_csrf: false,
        use_static_key: None,
        access_lifetime_once: None,
        tentative: false,
    }
}

fn new_session(user: UserId) -> NewSession {
    NewSession {
        app: AppId::default(),
        tenant: TenantId::default(),
        user,
        payload: Payload::default(),
        data: JsonText::default(),
        anti_csrf: false,
        use_static_key: false,
        limits: NewLimits::default(),
        access_lifetime_once: None,
    }
}
