//! GET `/recipe/session` (`spec/modern-core.md` 3.3).

use doorward_wire::cdi::answer::Answer;
use doorward_wire::cdi::session_body::render_denied;
use doorward_wire::cdi::session_get;
use doorward_wire::cdi::status::Denied;

use super::session;
use crate::cdi::call::Call;
use crate::cdi::fault::Fault;

/// Shows what is stored of a session.
pub(super) async fn handle(call: &Call<'_>) -> Result<Answer, Fault> {
    match session::read(call).await? {
        Some(row) => Ok(session_get::render(&row, call.dialect)),
        None => Ok(render_denied(Denied::Absent)),
    }
}
