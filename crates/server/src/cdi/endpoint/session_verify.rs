//! POST `/recipe/session/verify` (`spec/modern-core.md` 3.4, 8.3 and 8.4).

use std::sync::Arc;

use doorward_service::ConfirmOutcome;
use doorward_wire::cdi::answer::{Answer, Refusal};
use doorward_wire::cdi::session_body::Shown;
use doorward_wire::cdi::session_verify::{self, SessionVerify, Verified};
use doorward_wire::cdi::status::Denied;

use super::session;
use crate::cdi::call::Call;
use crate::cdi::fault::Fault;

/// Verifies an access token.
pub(super) async fn handle(call: &Call<'_>) -> Result<Answer, Fault> {
    let request = SessionVerify::parse(&call.object()?, call.dialect)?;
    call.refuse_tenant_if(call.dialect.verify_gate)?;
    let asked = request.check_store.unwrap_or(call.settings()?.access_token_blacklisting);
    let service = session::service(call).await?;
    let denied = |denied| Ok(session_verify::render_denied(denied, session::key_infos(call, &service)?));

    let claims = match service.verify(request.token.expose()).await? {
        Ok(claims) => claims,
        Err(error) => return denied(Denied::Access(error)),
    };
    call.check_tenant(claims.tenant.as_str()).await?;
    if let Err(error) = request.anti_csrf_check().judge(claims.anti_csrf.as_ref()) {
        return denied(Denied::AntiCsrf(error));
    }
    let (renewed, payload_changed) = match service.confirm(Arc::clone(&claims), asked).await? {
        ConfirmOutcome::Stands { payload_changed, .. } => (None, payload_changed),
        ConfirmOutcome::Renewed(renewed) => (Some(renewed), false),
        ConfirmOutcome::Unauthorised(deny) => return denied(Denied::Confirm { deny, asked }),
        ConfirmOutcome::Refused(_) => return Err(Refusal::PROTECTED_FIELD.into()),
    };
    let claims = renewed.as_ref().map_or(&claims, |renewed| &renewed.claims);
    let payload = claims.payload();
    let verified = Verified {
        session: Shown::of_claims(claims, &payload),
        renewed: renewed.as_ref().map(session::access),
        payload_changed: asked.then_some(payload_changed),
    };
    Ok(session_verify::render(verified, session::key_infos(call, &service)?, call.dialect))
}
