//! The sessions of an application: what is shared by all requests, and what is done by handle or by user.

use std::collections::BTreeMap;
use std::sync::Arc;

use doorward_engine::id::{SessionHandle, SessionKey, TenantId, UserId};
use doorward_engine::payload::{JsonText, Payload, PayloadError};
use doorward_engine::session::record::Row;
use doorward_engine::time::Millis;
use doorward_engine::token::access::Claims;
use doorward_service::store::{Selector, UserSelector};
use doorward_service::{ChangeOutcome, Service, UpkeepReport};
use doorward_wire::fdi::site::Site;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::error::{InputError, SessionError};
use crate::hooks::Hooks;
use crate::options::json_text;

/// The claim that says who made the token. It is Doorward's, and no part of what the application sees of a payload.
pub(crate) const ISSUER: &str = "iss";

/// The sessions of an application. Cheap to clone; all clones are the same.
#[derive(Clone, Debug)]
pub struct Sessions {
    pub(crate) shared: Arc<Shared>,
}

#[derive(Debug)]
pub(crate) struct Shared {
    pub(crate) service: Service,
    pub(crate) site: Site,
    pub(crate) hooks: Hooks,
    /// Bytes that an application's payload may have.
    payload_limit: usize,
}

/// A session as it is stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SessionInformation {
    /// Its handle.
    pub handle: SessionHandle,
    /// Whose it is.
    pub user: UserId,
    /// Its tenant.
    pub tenant: TenantId,
    /// When it was created.
    pub created_at: Millis,
    /// When its refresh token last moved; `None` if it never did.
    pub refreshed_at: Option<Millis>,
    /// When it ends, unless it is refreshed.
    pub expires_at: Millis,
    payload: Payload,
    data: JsonText,
}

impl SessionInformation {
    fn of(row: Row) -> Self {
        Self {
            user: row.primary_user().clone(),
            handle: row.key.handle,
            tenant: row.key.tenant,
            created_at: row.created_at,
            refreshed_at: row.rotated_at,
            expires_at: row.expires_at,
            payload: row.payload.without(ISSUER),
            data: row.data,
        }
    }

    /// The application's part of the access token payload, as JSON text.
    pub fn payload_text(&self) -> &str {
        self.payload.as_str()
    }

    /// The same, as a type of the caller's.
    pub fn payload<T: DeserializeOwned>(&self) -> Result<T, InputError> {
        serde_json::from_str(self.payload_text()).map_err(|_| InputError::Type { what: "access token payload" })
    }

    /// The session data, as JSON text.
    pub fn data_text(&self) -> &str {
        self.data.as_str()
    }

    /// The session data, as a type of the caller's.
    pub fn data<T: DeserializeOwned>(&self) -> Result<T, InputError> {
        serde_json::from_str(self.data.as_str()).map_err(|_| InputError::Type { what: "session data" })
    }
}

impl Sessions {
    pub(crate) fn new(service: Service, site: Site, hooks: Hooks, payload_limit: usize) -> Self {
        Self { shared: Arc::new(Shared { service, site, hooks, payload_limit }) }
    }

    /// The path of the refresh route as the server sees it.
    pub fn refresh_route(&self) -> &str {
        self.shared.site.refresh_route()
    }

    /// The path of the sign-out route as the server sees it.
    pub fn sign_out_route(&self) -> &str {
        self.shared.site.sign_out_route()
    }

    /// The public keys that verify access tokens now, as the JSON text of a key set (RFC 7517).
    pub fn jwks(&self) -> String {
        serde_json::to_string(&self.shared.service.jwks()).unwrap_or_default()
    }

    /// The moment it is, by the clock of these sessions.
    pub fn now(&self) -> Millis {
        self.shared.service.now()
    }

    /// Ends a session, and returns whether it was there. Its access token is refused in this process at once, and in
    /// others when it ends or is checked against the store.
    pub async fn revoke_session(&self, handle: &SessionHandle) -> Result<bool, SessionError> {
        Ok(!self.revoke_sessions(std::slice::from_ref(handle)).await?.is_empty())
    }

    /// Ends sessions, and returns those that were there.
    pub async fn revoke_sessions(&self, handles: &[SessionHandle]) -> Result<Vec<SessionHandle>, SessionError> {
        let keys = handles.iter().filter_map(|handle| self.key(handle)).collect();
        self.revoke(Selector::Keys(keys)).await
    }

    /// Ends all sessions of a user, and returns those that were there.
    pub async fn revoke_all_sessions_for_user(&self, user: &UserId) -> Result<Vec<SessionHandle>, SessionError> {
        self.revoke(Selector::User { user: self.user(user), alive_at: None, except: None }).await
    }

    /// The handles of a user's living sessions.
    pub async fn session_handles_for_user(&self, user: &UserId) -> Result<Vec<SessionHandle>, SessionError> {
        let rows = self.shared.service.list(self.user(user)).await?;
        Ok(rows.into_iter().map(|row| row.key.handle).collect())
    }

    /// The living sessions of a user, as they are stored.
    pub async fn sessions_for_user(&self, user: &UserId) -> Result<Vec<SessionInformation>, SessionError> {
        let rows = self.shared.service.list(self.user(user)).await?;
        Ok(rows.into_iter().map(SessionInformation::of).collect())
    }

    /// A session as it is stored; `None` if it isn't there.
    pub async fn session_information(
        &self,
        handle: &SessionHandle,
    ) -> Result<Option<SessionInformation>, SessionError> {
        let Some(key) = self.key(handle) else { return Ok(None) };
        Ok(self.shared.service.read(&key).await?.map(SessionInformation::of))
    }

    /// Replaces what is kept beside a session, and returns whether it was there.
    pub async fn update_session_data(
        &self,
        handle: &SessionHandle,
        data: impl Serialize,
    ) -> Result<bool, SessionError> {
        let data = JsonText::parse(&json_text(&data)?, self.shared.service.policy().data_limit)?;
        let Some(key) = self.key(handle) else { return Ok(false) };
        match self.shared.service.replace_data(key, data).await? {
            ChangeOutcome::Stored(_) => Ok(true),
            ChangeOutcome::NoSession => Ok(false),
            ChangeOutcome::Refused(error) => Err(error.into()),
        }
    }

    /// Lays members over a session's access token payload, and returns whether it was there. A member that is `null` is
    /// removed. Tokens that are out keep the old payload until they are refreshed or checked against the store.
    pub async fn merge_into_access_token_payload(
        &self,
        handle: &SessionHandle,
        update: impl Serialize,
    ) -> Result<bool, SessionError> {
        let update = self.update(&update)?;
        let Some(key) = self.key(handle) else { return Ok(false) };
        match self.shared.service.merge(key, update, None).await? {
            ChangeOutcome::Stored(_) => Ok(true),
            ChangeOutcome::NoSession => Ok(false),
            ChangeOutcome::Refused(error) => Err(error.into()),
        }
    }

    /// Does one round of upkeep: keys rotate before a request has to wait for it, expired sessions are deleted. Spawn a
    /// loop around it, once an hour; nothing runs by itself.
    pub async fn upkeep(&self) -> Result<UpkeepReport, SessionError> {
        Ok(self.shared.service.upkeep().await?)
    }

    /// Waits until everything acknowledged is durable, and closes the store. Later calls fail.
    pub async fn close(&self) -> Result<(), SessionError> {
        Ok(self.shared.service.close().await?)
    }

    pub(crate) async fn revoke(&self, which: Selector) -> Result<Vec<SessionHandle>, SessionError> {
        let keys = self.shared.service.revoke(which).await?;
        Ok(keys.into_iter().map(|key| key.handle).collect())
    }

    /// Whether both were built as one.
    #[cfg(feature = "axum")]
    pub(crate) fn is_same(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.shared, &other.shared)
    }

    /// A handle whose tenant can't be one names no session.
    pub(crate) fn key(&self, handle: &SessionHandle) -> Option<SessionKey> {
        let tenant = handle.tenant().ok()?;
        Some(SessionKey { app: self.shared.service.app().clone(), tenant, handle: handle.clone() })
    }

    /// Where the session of a token is.
    pub(crate) fn key_of(&self, claims: &Claims) -> SessionKey {
        let app = self.shared.service.app().clone();
        SessionKey { app, tenant: claims.tenant.clone(), handle: claims.handle.clone() }
    }

    pub(crate) fn user(&self, user: &UserId) -> UserSelector {
        UserSelector { app: self.shared.service.app().clone(), tenant: None, user: user.clone(), linked: true }
    }

    /// An update of a payload: the issuer isn't the application's to change.
    pub(crate) fn update(&self, update: &impl Serialize) -> Result<Payload, InputError> {
        let update = self.payload(&json_text(update)?)?;
        if update.has(ISSUER) {
            return Err(PayloadError::Reserved { claim: ISSUER.into() }.into());
        }
        Ok(update)
    }

    /// What an application hands in, with the issuer laid over it: its own `iss` is overwritten, as upstream does.
    pub(crate) fn payload_with_issuer(&self, text: &str) -> Result<Payload, InputError> {
        let issuer = json_text(&BTreeMap::from([(ISSUER, self.shared.site.issuer())]))?;
        let issuer = Payload::parse(&issuer, usize::MAX)?;
        Ok(self.payload(text)?.without(ISSUER).with(&issuer, usize::MAX)?)
    }

    fn payload(&self, text: &str) -> Result<Payload, InputError> {
        Ok(Payload::parse(text, self.shared.payload_limit)?)
    }
}
