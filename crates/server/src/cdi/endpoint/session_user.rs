//! GET `/recipe/session/user` (`spec/modern-core.md` 3.8).

use doorward_engine::id::UserId;
use doorward_service::store::UserSelector;
use doorward_wire::cdi::answer::Answer;
use doorward_wire::cdi::session_user::{self, SessionUser};

use super::session;
use crate::cdi::call::Call;
use crate::cdi::fault::Fault;

/// Lists the sessions of a user.
pub(super) async fn handle(call: &Call<'_>) -> Result<Answer, Fault> {
    let SessionUser { user, across_tenants, linked } = SessionUser::parse(call.query)?;
    let tenant = session::tenants(call, across_tenants)?;
    // No session is of a user whose name can't be one.
    let Ok(user) = UserId::parse_or_empty(&user) else { return Ok(session_user::render(&[])) };
    let service = session::service(call).await?;
    let rows = service.list(UserSelector { app: service.app().clone(), tenant, user, linked }).await?;
    let handles: Vec<&str> = rows.iter().map(|row| row.key.handle.as_str()).collect();
    Ok(session_user::render(&handles))
}
