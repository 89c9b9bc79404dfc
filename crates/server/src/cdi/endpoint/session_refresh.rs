//! POST `/recipe/session/refresh` (`spec/modern-core.md` 3.5, 8.5 and 8.6).

use doorward_engine::session::Deny;
use doorward_engine::session::refresh::RefreshRequest;
use doorward_service::RefreshOutcome;
use doorward_wire::cdi::answer::Answer;
use doorward_wire::cdi::session_body::render_denied;
use doorward_wire::cdi::session_refresh::{self, SessionRefresh};
use doorward_wire::cdi::status::Denied;

use super::session;
use crate::cdi::call::Call;
use crate::cdi::fault::Fault;

/// Exchanges a refresh token.
pub(super) async fn handle(call: &Call<'_>) -> Result<Answer, Fault> {
    let request = SessionRefresh::parse(&call.object()?, call.dialect)?;
    let access_lifetime_once = request.access_lifetime_once(call.settings()?.policy.access_lifetime)?;
    // The session's own tenant is in its token; this one must be there all the same (12 no. 21).
    call.tenant()?;
    let SessionRefresh { token, anti_csrf, anti_csrf_sent, use_static_key, .. } = request;

    let service = session::service(call).await?;
    let id_refresh = session::id_refresh(call)?;
    let request = RefreshRequest {
        app: service.app().clone(),
        token: token.clone(),
        anti_csrf_sent,
        anti_csrf,
        use_static_key,
        tentative: false,
        access_lifetime_once,
    };
    let outcome = service.refresh(request).await?;
    call.cdi.metrics.refresh(&outcome);
    match outcome {
        RefreshOutcome::Issued(tokens) => {
            call.mark_active(tokens.row.primary_user()).await;
            Ok(session_refresh::render(session::issued(&tokens, id_refresh.as_deref()), call.dialect))
        }
        RefreshOutcome::Unauthorised(deny) => {
            // With a tenant its sessions are gone, and what is absent then is the tenant.
            if let Some(handle) = service.handle_of_refresh_token(&token).filter(|_| deny == Deny::NoSession) {
                session::key(call, handle.as_str()).await?;
            }
            Ok(render_denied(Denied::Refresh(deny)))
        }
        RefreshOutcome::Theft(found) => {
            let recent_is_unauthorised = call.cdi.settings.recent_reuse_is_unauthorised;
            Ok(session_refresh::render_theft(&found, recent_is_unauthorised, call.dialect))
        }
    }
}
