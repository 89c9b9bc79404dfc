//! GET `/config`.

use doorward_engine::id::{AppId, TenantId};
use doorward_wire::cdi::answer::{Answer, Refusal};
use doorward_wire::cdi::config;

use crate::cdi::call::Call;
use crate::cdi::fault::Fault;

/// Says where this process has its settings from, to whoever knows its number.
pub(super) fn handle(call: &Call<'_>) -> Result<Answer, Fault> {
    let pid = config::parse(call.query)?;
    if call.route.app != AppId::DEFAULT || call.route.tenant != TenantId::DEFAULT {
        return Err(Refusal::BASE_ONLY.into());
    }
    let is_this = pid == std::process::id().to_string();
    let path = call.cdi.settings.config_path.as_deref().map(|path| path.to_string_lossy()).unwrap_or_default();
    Ok(config::render(is_this.then_some(&*path)))
}
