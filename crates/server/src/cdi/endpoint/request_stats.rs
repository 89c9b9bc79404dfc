//! GET `/requests/stats`.

use doorward_wire::cdi::answer::Answer;
use doorward_wire::cdi::request_stats;

use crate::cdi::call::Call;
use crate::cdi::fault::Fault;

/// Shows what this process counted for the app.
pub(super) fn handle(call: &Call<'_>) -> Result<Answer, Fault> {
    call.app_only()?;
    Ok(request_stats::render(&call.app()?.counts().rates(call.now())))
}
