//! POST `/recipe/session` (`spec/modern-core.md` 3.2).

use doorward_engine::session::create::{NewLimits, NewSession};
use doorward_wire::cdi::answer::Answer;
use doorward_wire::cdi::session_create::{self, SessionCreate};

use super::session;
use crate::cdi::call::Call;
use crate::cdi::fault::Fault;

/// Creates a session.
pub(super) async fn handle(call: &Call<'_>) -> Result<Answer, Fault> {
    let body = call.object()?;
    let request = SessionCreate::parse(&body, call.dialect)?;
    let settings = call.settings()?;
    let access_lifetime_once = request.access_lifetime_once(settings.policy.access_lifetime)?;
    let tenant = call.tenant()?.clone();
    let use_static_key = request.use_static_key(&body, call.dialect)?.unwrap_or(!settings.dynamic_signing_key);
    let SessionCreate { user, anti_csrf, payload, data, .. } = request;

    let service = session::service(call).await?;
    let id_refresh = session::id_refresh(call)?;
    let new = NewSession {
        app: service.app().clone(),
        tenant,
        user,
        payload,
        data,
        anti_csrf,
        use_static_key,
        limits: NewLimits::default(),
        access_lifetime_once,
    };
    let tokens = service.create(new).await?;
    call.mark_active(tokens.row.primary_user()).await;
    let keys = session::key_infos(call, &service)?;
    Ok(session_create::render(session::issued(&tokens, id_refresh.as_deref()), keys, call.dialect))
}
