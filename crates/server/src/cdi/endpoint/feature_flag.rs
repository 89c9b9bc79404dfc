//! GET `/ee/featureflag`.

use doorward_wire::cdi::answer::Answer;
use doorward_wire::cdi::feature_flag;

use crate::cdi::call::Call;
use crate::cdi::fault::Fault;

/// Lists no feature.
pub(super) fn handle(call: &Call<'_>) -> Result<Answer, Fault> {
    call.app_only()?;
    call.app()?;
    Ok(feature_flag::render())
}
