//! GET `/apiversion`.

use doorward_engine::id::{AppId, TenantId};
use doorward_wire::cdi::answer::Answer;
use doorward_wire::cdi::api_version;

use crate::cdi::call::Call;
use crate::cdi::fault::Fault;

/// Lists the versions, and keeps where the caller's application lives.
pub(super) async fn handle(call: &Call<'_>) -> Result<Answer, Fault> {
    let request = api_version::parse(call.query);
    call.app_only()?;
    let app = call.app()?;
    let answer = api_version::render(app.settings()?.max_cdi);
    for (name, value) in [("websiteDomain", request.website_domain), ("apiDomain", request.api_domain)] {
        if let Some(value) = value {
            keep(call, app.id(), name, value.into_owned()).await;
        }
    }
    Ok(answer)
}

/// Other tools read these. The answer doesn't depend on them.
async fn keep(call: &Call<'_>, app: &AppId, name: &'static str, value: String) {
    let kept = call.cdi.directory.0.put_value(app.clone(), TenantId::default(), name, value, call.now());
    if let Err(error) = kept.await {
        tracing::warn!(name: "doorward.value.failed", target: "doorward", "{name} is not kept: {error}");
    }
}
