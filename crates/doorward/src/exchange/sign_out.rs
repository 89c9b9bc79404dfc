//! Ending the session of a request (`spec/modern-sdk.md` 2.9).

use std::sync::Arc;

use doorward_engine::token::access::Claims;
use doorward_service::store::Selector;

use crate::error::SessionError;
use crate::exchange::Exchange;
use crate::options::GetSession;

impl Exchange {
    /// Ends the session that this request belongs to, and clears its tokens with this answer. One that another request
    /// has ended meanwhile counts as ended.
    ///
    /// The access token must be good and the anti-CSRF check passed, as for any request that changes something:
    /// otherwise [`SessionError::TryRefresh`], and the browser kit comes again.
    #[tracing::instrument(name = "doorward.sign_out", target = "doorward", skip_all)]
    pub async fn sign_out(&self) -> Result<(), SessionError> {
        let Some(current) = self.current().await? else {
            return Err(self.shared().hooks.unauthorised("token.absent", false));
        };
        if !current.is_new {
            // Whatever the method: a GET that signs out is not for another site to send either.
            self.judge_anti_csrf(&current, GetSession::new().anti_csrf(true))?;
        }
        let claims: Arc<Claims> = Arc::clone(&current.claims);
        self.state().current = Some(current);
        self.revoke_current(&claims).await
    }

    /// Ends the session and clears its tokens, the way they travel. Those of another session that has taken its place in
    /// this exchange stay.
    pub(crate) async fn revoke_current(&self, claims: &Claims) -> Result<(), SessionError> {
        self.sessions().revoke(Selector::Keys(vec![self.sessions().key_of(claims)])).await?;
        if self.state().is_replaced(&claims.handle) {
            return Ok(());
        }
        self.edit(|state| {
            match &state.current {
                Some(current) => state.edits.clear(current.method),
                None => state.edits.clear_all(),
            }
            state.current = None;
            state.seen = None;
        })
    }
}
