//! What an application changes in a session that is there, and the access token that shows it.

use std::sync::Arc;

use doorward_engine::id::SessionKey;
use doorward_engine::payload::{JsonText, Payload};
use doorward_engine::session::data::{Changed, Merge, Regenerate, Replace};
use doorward_engine::token::access::{self, Claims};

use crate::drive::drive;
use crate::error::ServiceError;
use crate::outcome::{ChangeOutcome, RegenerateOutcome};
use crate::service::{Ready, Service};

impl Service {
    /// Lays members over the payload of a session; those that are `null` are removed. With the claims of a request its
    /// access token is replaced by one that says the same.
    pub async fn merge(
        &self,
        key: SessionKey,
        update: Payload,
        claims: Option<Arc<Claims>>,
    ) -> Result<ChangeOutcome, ServiceError> {
        let ready = self.ready().await?;
        let env = ready.env(self);
        let step = Merge::start(key, update, claims.map(Arc::unwrap_or_clone));
        let changed = drive(self.store(), &env, step).await?;
        self.change_outcome(ready, changed).await
    }

    /// Replaces the payload of a session. With the claims of a request its access token is made anew.
    pub async fn replace_payload(
        &self,
        key: SessionKey,
        payload: Payload,
        claims: Option<Arc<Claims>>,
    ) -> Result<ChangeOutcome, ServiceError> {
        self.replace(key, Some(payload), None, claims).await
    }

    /// Replaces the data of a session.
    pub async fn replace_data(&self, key: SessionKey, data: JsonText) -> Result<ChangeOutcome, ServiceError> {
        self.replace(key, None, Some(data), None).await
    }

    async fn replace(
        &self,
        key: SessionKey,
        payload: Option<Payload>,
        data: Option<JsonText>,
        claims: Option<Arc<Claims>>,
    ) -> Result<ChangeOutcome, ServiceError> {
        let ready = self.ready().await?;
        let env = ready.env(self);
        let step = Replace::start(key, payload, data, claims.map(Arc::unwrap_or_clone), &env);
        let changed = drive(self.store(), &env, step).await?;
        self.change_outcome(ready, changed).await
    }

    /// Makes an access token anew, with a payload that is stored with it or with the one that is stored, and with the same
    /// end (`spec/modern-core.md` 8.7). One that has ended is not made anew; the payload is stored all the same.
    ///
    /// `check_nested` refuses reserved claims also for a token of a format that keeps the payload apart from its own.
    ///
    /// # Security
    ///
    /// Neither the token's signature nor its end is looked at: whoever knows a session's handle can write such a token.
    /// Only callers that verified it, or are trusted otherwise, may get here.
    pub async fn regenerate(
        &self,
        token: &str,
        payload: Option<Payload>,
        check_nested: bool,
    ) -> Result<RegenerateOutcome, ServiceError> {
        let claims = match access::peek(token, &self.policy) {
            Ok(claims) => claims,
            Err(error) => return Ok(RegenerateOutcome::Malformed(error)),
        };
        let ready = self.ready().await?;
        let env = ready.env(self);
        let shown = Arc::new(claims.clone());
        let step = Regenerate::start(claims, self.app(), payload, check_nested, &env);
        Ok(match drive(self.store(), &env, step).await? {
            Changed::Stored { row, access } => {
                let access = match access {
                    Some(access) => Some(self.sign(ready, *access).await?),
                    None => None,
                };
                RegenerateOutcome::Stored { row, access, claims: shown }
            }
            Changed::NoSession => RegenerateOutcome::NoSession,
            Changed::Refused(error) => RegenerateOutcome::Refused(error),
        })
    }

    async fn change_outcome(&self, ready: Ready, changed: Changed) -> Result<ChangeOutcome, ServiceError> {
        Ok(match changed {
            Changed::Stored { access: None, .. } => ChangeOutcome::Stored(None),
            Changed::Stored { access: Some(access), .. } => {
                ChangeOutcome::Stored(Some(self.sign(ready, *access).await?))
            }
            Changed::NoSession => ChangeOutcome::NoSession,
            Changed::Refused(error) => ChangeOutcome::Refused(error),
        })
    }
}
