//! `/hello` and `/`: is the server there, and does its database answer (`spec/modern-core.md` 2.2)?

use doorward_wire::cdi::answer::{Answer, Refusal};

use crate::cdi::call::Call;
use crate::cdi::fault::Fault;

/// Answers `/hello`, whatever the tenant.
pub(super) async fn handle(call: &Call<'_>) -> Result<Answer, Fault> {
    if call.app()?.hello_limit().take(call.now()) {
        call.cdi.directory.0.ping().await?;
    }
    Ok(Answer::text("Hello"))
}

/// Answers `/` of a tenant that there is.
pub(super) async fn handle_root(call: &Call<'_>) -> Result<Answer, Fault> {
    if call.app()?.tenant(call.route.tenant).is_none() {
        return Err(Refusal::NOT_FOUND.into());
    }
    handle(call).await
}
