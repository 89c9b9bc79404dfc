//! GET `/telemetry`.

use doorward_wire::cdi::answer::Answer;
use doorward_wire::cdi::telemetry;

use crate::cdi::call::Call;
use crate::cdi::fault::Fault;

/// Says that there is none.
pub(super) fn handle(call: &Call<'_>) -> Result<Answer, Fault> {
    call.app_only()?;
    call.app()?;
    Ok(telemetry::render())
}
