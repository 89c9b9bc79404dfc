//! What a request proved: that it is from a live session, and whose.

use std::sync::{Arc, OnceLock};

use doorward_engine::id::{SessionHandle, TenantId, UserId};
use doorward_engine::payload::Payload;
use doorward_engine::time::Millis;
use doorward_engine::token::access::Claims;
use doorward_service::ChangeOutcome;
use doorward_service::store::Selector;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::error::{InputError, SessionError};
use crate::exchange::Exchange;
use crate::options::json_text;
use crate::sessions::{ISSUER, SessionInformation, Sessions};

/// A session that this request belongs to. Only a checked token makes one.
#[derive(Clone, Debug)]
pub struct Session {
    exchange: Exchange,
    claims: Arc<Claims>,
    /// Read from the claims when it is first asked for: most requests don't.
    payload: OnceLock<Payload>,
}

impl Session {
    pub(crate) fn new(exchange: Exchange, claims: Arc<Claims>) -> Self {
        Self { exchange, claims, payload: OnceLock::new() }
    }

    /// Whose session it is.
    pub fn user_id(&self) -> &UserId {
        &self.claims.user
    }

    /// The session's name, the same across refreshes. It isn't secret.
    pub fn handle(&self) -> &SessionHandle {
        &self.claims.handle
    }

    /// The tenant.
    pub fn tenant(&self) -> &TenantId {
        &self.claims.tenant
    }

    /// When the access token was made, in whole seconds.
    pub fn issued_at(&self) -> Millis {
        self.claims.issued_at
    }

    /// When the access token ends, in whole seconds. The session goes on by a refresh.
    pub fn expires_at(&self) -> Millis {
        self.claims.expires_at
    }

    /// The application's part of the access token, as the JSON text that was stored.
    pub fn payload_text(&self) -> &str {
        self.stored_payload().as_str()
    }

    /// The application's part of the access token, as a type of the caller's.
    pub fn payload<T: DeserializeOwned>(&self) -> Result<T, InputError> {
        serde_json::from_str(self.payload_text()).map_err(|_| InputError::Type { what: "access token payload" })
    }

    /// The whole access token payload as JSON text, Doorward's claims included.
    pub fn claims_text(&self) -> &str {
        self.claims.json.as_str()
    }

    fn stored_payload(&self) -> &Payload {
        self.payload.get_or_init(|| self.claims.payload().without(ISSUER))
    }

    /// Ends the session: its row goes, and this answer clears its tokens.
    pub async fn revoke(&self) -> Result<(), SessionError> {
        self.exchange.revoke_current(&self.claims).await
    }

    /// The session as it is stored. [`SessionError::Unauthorised`] if it is gone.
    pub async fn information(&self) -> Result<SessionInformation, SessionError> {
        let sessions = self.exchange.sessions();
        let found = sessions.session_information(self.handle()).await?;
        found.ok_or_else(|| self.exchange.gone(self.handle()))
    }

    /// Replaces what is kept beside the session. [`SessionError::Unauthorised`] if it is gone.
    pub async fn update_data(&self, data: impl Serialize) -> Result<(), SessionError> {
        let was_there = self.exchange.sessions().update_session_data(self.handle(), data).await?;
        if was_there { Ok(()) } else { Err(self.exchange.gone(self.handle())) }
    }

    /// Lays members over the access token payload; those that are `null` are removed. The answer carries a new access
    /// token with the same end. [`SessionError::Unauthorised`] if the session is gone.
    ///
    /// It is laid over the *stored* payload, so of two merges at once none is lost.
    pub async fn merge_into_access_token_payload(&mut self, update: impl Serialize) -> Result<(), SessionError> {
        let sessions = self.exchange.sessions().clone();
        let update = sessions.update(&update)?;
        let claims = Some(Arc::clone(&self.claims));
        let outcome = sessions.shared.service.merge(sessions.key_of(&self.claims), update, claims).await?;
        self.take(outcome)
    }

    /// Replaces the access token payload, whatever it was. The answer carries a new access token with the same end.
    /// [`SessionError::Unauthorised`] if the session is gone.
    pub async fn replace_access_token_payload(&mut self, payload: impl Serialize) -> Result<(), SessionError> {
        let sessions = self.exchange.sessions().clone();
        let payload = sessions.payload_with_issuer(&json_text(&payload)?)?;
        let claims = Some(Arc::clone(&self.claims));
        let outcome = sessions.shared.service.replace_payload(sessions.key_of(&self.claims), payload, claims).await?;
        self.take(outcome)
    }

    /// Goes on with what a change of the payload gave.
    fn take(&mut self, outcome: ChangeOutcome) -> Result<(), SessionError> {
        match outcome {
            ChangeOutcome::Stored(None) => Ok(()),
            ChangeOutcome::Stored(Some(access)) => {
                self.claims = Arc::clone(&access.claims);
                self.payload = OnceLock::new();
                self.exchange.replace_access(access)
            }
            ChangeOutcome::NoSession => Err(self.exchange.gone(self.handle())),
            ChangeOutcome::Refused(error) => Err(error.into()),
        }
    }
}

impl Sessions {
    /// Ends all sessions of the user but this one, and returns those that were there.
    pub async fn revoke_other_sessions(&self, session: &Session) -> Result<Vec<SessionHandle>, SessionError> {
        let user = self.user(session.user_id());
        self.revoke(Selector::User { user, alive_at: None, except: Some(session.handle().clone()) }).await
    }
}
