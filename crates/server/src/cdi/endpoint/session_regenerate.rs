//! POST `/recipe/session/regenerate` (`spec/modern-core.md` 3.6, 8.7).

use doorward_engine::token::access;
use doorward_service::RegenerateOutcome;
use doorward_wire::cdi::answer::{Answer, Refusal};
use doorward_wire::cdi::session_body::{Shown, render_denied};
use doorward_wire::cdi::session_regenerate::{self, SessionRegenerate};
use doorward_wire::cdi::status::Denied;

use super::session;
use crate::cdi::call::Call;
use crate::cdi::fault::Fault;

/// Makes an access token anew, with another payload or with the one that is stored.
pub(super) async fn handle(call: &Call<'_>) -> Result<Answer, Fault> {
    let SessionRegenerate { token, payload } = SessionRegenerate::parse(&call.object()?)?;
    let service = session::service(call).await?;
    match service.regenerate(token.expose(), payload, call.dialect.checks_reserved).await? {
        RegenerateOutcome::Stored { row, access, claims } => {
            let shown = Shown::of_claims(&claims, &row.payload);
            Ok(session_regenerate::render(shown, access.as_ref().map(session::access), call.dialect))
        }
        RegenerateOutcome::NoSession => {
            // With a tenant its sessions are gone, and what is absent then is the tenant.
            if let Ok(claims) = access::peek(token.expose(), service.policy()) {
                call.check_tenant(claims.tenant.as_str()).await?;
            }
            Ok(render_denied(Denied::Absent))
        }
        RegenerateOutcome::Malformed(error) => Ok(render_denied(Denied::Regenerate(error))),
        RegenerateOutcome::Refused(_) => Err(Refusal::PROTECTED_FIELD.into()),
    }
}
