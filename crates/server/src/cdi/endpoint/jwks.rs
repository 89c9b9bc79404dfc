//! GET `/recipe/jwt/jwks` and `/.well-known/jwks.json`.

use doorward_wire::cdi::answer::Answer;
use doorward_wire::cdi::jwks;

use crate::cdi::call::Call;
use crate::cdi::fault::Fault;

/// Answers SDKs.
pub(super) async fn handle(call: &Call<'_>) -> Result<Answer, Fault> {
    call.app_only()?;
    Ok(jwks::render(&call.service().await?.jwks()))
}

/// Answers anybody, whatever the tenant.
pub(super) async fn handle_public(call: &Call<'_>) -> Result<Answer, Fault> {
    let service = call.service().await?;
    Ok(jwks::render_public(&service.jwks(), service.jwks_max_age_secs()))
}
