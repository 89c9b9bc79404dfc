//! Creating a session in an answer (`spec/modern-sdk.md` 2.6).

use doorward_engine::id::IdError;
use doorward_engine::payload::{JsonText, Payload};
use doorward_engine::session::create::NewSession as Creation;
use doorward_wire::fdi::cookie_name::TokenKind;
use doorward_wire::fdi::transfer::TransferMethod;

use crate::error::{InputError, SessionError};
use crate::exchange::Exchange;
use crate::options::{NewSession, json_text};
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
        let payload = self.sessions().payload(&new.payload?)?;
        let data = JsonText::parse(&new.data?, service.policy().data_limit).map_err(InputError::from)?;
        let method = site.transfer_for_creation(self.request().auth_mode());
        let creation = Creation {
            app: service.app().clone(),
            tenant: new.tenant,
            user: new.user,
            payload: with_issuer(&payload, site.issuer())?,
            data,
            anti_csrf: site.anti_csrf().makes_token(method),
            use_static_key: false,
            limits: new.limits,
        };
        let issued = service.create(creation).await?;
        self.clear_other(method, TokenKind::Access)?;
        let claims = self.attach(method, issued)?;
        Ok(Session::new(self.clone(), claims))
    }

    /// Clears the tokens that the request brought another way than the one that is used now.
    pub(super) fn clear_other(&self, used: TransferMethod, kind: TokenKind) -> Result<(), SessionError> {
        let other = used.other();
        if self.request().candidate(kind, other).is_none() {
            return Ok(());
        }
        self.edit(|state| state.edits.clear(other))
    }
}

/// The issuer comes behind the application's members; its own `iss` is overwritten, as upstream does.
fn with_issuer(payload: &Payload, issuer: &str) -> Result<Payload, SessionError> {
    #[derive(serde::Serialize)]
    struct Issuer<'a> {
        iss: &'a str,
    }
    let issuer = Payload::parse(&json_text(&Issuer { iss: issuer })?, usize::MAX)?;
    Ok(payload.with(&issuer, usize::MAX)?)
}
