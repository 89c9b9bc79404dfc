//! GET and PUT `/recipe/session/data` (`spec/modern-core.md` 3.9).

use doorward_wire::cdi::answer::Answer;
use doorward_wire::cdi::session_body::render_denied;
use doorward_wire::cdi::session_data::{self, SessionDataPut};
use doorward_wire::cdi::status::Denied;

use super::session;
use crate::cdi::call::Call;
use crate::cdi::fault::Fault;

/// Shows what is kept beside a session.
pub(super) async fn get(call: &Call<'_>) -> Result<Answer, Fault> {
    match session::read(call).await? {
        Some(row) => Ok(session_data::render(&row.data)),
        None => Ok(render_denied(Denied::Absent)),
    }
}

/// Replaces it.
pub(super) async fn put(call: &Call<'_>) -> Result<Answer, Fault> {
    let SessionDataPut { handle, data } = SessionDataPut::parse(&call.object()?)?;
    let Some(key) = session::key(call, &handle).await? else { return Ok(render_denied(Denied::Absent)) };
    session::changed(session::service(call).await?.replace_data(key, data).await?)
}
