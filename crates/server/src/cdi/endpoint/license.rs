//! GET, PUT and DELETE `/ee/license`.

use doorward_wire::cdi::answer::Answer;
use doorward_wire::cdi::license;

use crate::cdi::call::Call;
use crate::cdi::fault::Fault;

/// Says that there is none.
pub(super) fn get(call: &Call<'_>) -> Result<Answer, Fault> {
    call.app_only()?;
    call.app()?;
    Ok(license::render_get())
}

/// Takes none.
pub(super) fn put(call: &Call<'_>) -> Result<Answer, Fault> {
    let has_key = license::parse(call.body)?;
    call.app_only()?;
    call.app()?;
    Ok(license::render_put(has_key))
}

/// Has none to remove.
pub(super) fn delete(call: &Call<'_>) -> Result<Answer, Fault> {
    call.app_only()?;
    call.app()?;
    Ok(license::render_delete())
}
