//! Creating a session in an answer (`spec/modern-sdk.md` 2.6).

use doorward_engine::id::IdError;
use doorward_engine::payload::JsonText;
use doorward_engine::session::create::NewSession as Creation;
use doorward_wire::fdi::cookie_name::TokenKind;
use doorward_wire::fdi::transfer::TransferMethod;

use crate::error::{InputError, SessionError};
use crate::exchange::Exchange;
use crate::options::NewSession;
use crate::session::Session;

impl Exchange {
    /// Creates a session for a user whom the application has signed in, and hands its tokens out with this answer: in
    /// cookies, or in headers where the request asks for it with `st-auth-mode: header`.
    ///
    /// Tokens of another session that the request brought the other way are cleared. One write to the store.
    #[tracing::instrument(name = "doorward.create_session", target = "doorward", skip_all)]
    pub async fn create_session(&self, new: NewSession) -> Result<Session, SessionError> {
        let shared = self.shared();
        let (site, service) = (&shared.site, &shared.service);
        if new.user.as_str().is_empty() {
            return Err(IdError::Empty { what: "user id" }.into());
        }
        new.limits.check(service.policy()).map_err(InputError::Limits)?;
        let payload = self.sessions().payload_with_issuer(&new.payload?)?;
        let data = JsonText::parse(&new.data?, service.policy().data_limit).map_err(InputError::from)?;
        let method = site.transfer_for_creation(self.request().auth_mode());
        let creation = Creation {
            app: service.app().clone(),
            tenant: new.tenant,
            user: new.user,
            payload,
            data,
            anti_csrf: site.anti_csrf().makes_token(method),
            use_static_key: false,
            limits: new.limits,
            access_lifetime_once: None,
        };
        let issued = service.create(creation).await?;
        self.clear_other(method)?;
        self.clear_older_domain(method)?;
        let claims = self.attach(method, issued)?;
        Ok(Session::new(self.clone(), claims))
    }

    /// Clears the tokens that the request brought another way than the one that is used now.
    fn clear_other(&self, used: TransferMethod) -> Result<(), SessionError> {
        let other = used.other();
        if self.request().candidate(TokenKind::Access, other).is_none() {
            return Ok(());
        }
        self.edit(|state| state.edits.clear(other))
    }
}
