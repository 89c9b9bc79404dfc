//! GET and PUT `/recipe/jwt/data` (`spec/modern-core.md` 3.10).

use doorward_wire::cdi::answer::Answer;
use doorward_wire::cdi::jwt_data::{self, JwtDataPut};
use doorward_wire::cdi::session_body::render_denied;
use doorward_wire::cdi::status::Denied;

use super::session;
use crate::cdi::call::Call;
use crate::cdi::fault::Fault;

/// Shows the payload of a session.
pub(super) async fn get(call: &Call<'_>) -> Result<Answer, Fault> {
    match session::read(call).await? {
        Some(row) => Ok(jwt_data::render(&row.payload)),
        None => Ok(render_denied(Denied::Absent)),
    }
}

/// Replaces it.
pub(super) async fn put(call: &Call<'_>) -> Result<Answer, Fault> {
    let request = JwtDataPut::parse(&call.object()?)?;
    let key = session::key(call, &request.handle).await?;
    request.check(call.dialect)?;
    let Some(key) = key else { return Ok(render_denied(Denied::Absent)) };
    session::changed(session::service(call).await?.replace_payload(key, request.payload, None).await?)
}
