//! POST `/recipe/jwt`.

use doorward_engine::payload::Payload;
use doorward_engine::token::jwt::NewJwt;
use doorward_wire::cdi::answer::{Answer, Refusal};
use doorward_wire::cdi::jwt;

use crate::cdi::call::Call;
use crate::cdi::fault::Fault;

/// Signs a token for a purpose of the application's own.
pub(super) async fn handle(call: &Call<'_>) -> Result<Answer, Fault> {
    let request = jwt::parse(&call.object()?, call.dialect)?;
    call.app_only()?;
    let service = call.service().await?;
    if !request.is_supported {
        return Ok(jwt::render_unsupported());
    }
    let payload = Payload::from_stored(request.payload.get()).ok_or(Refusal::JSON)?;
    let new = NewJwt {
        payload,
        issuer: request.jwks_domain.into_owned(),
        validity_secs: request.validity_secs,
        use_static_key: request.use_static_key,
    };
    Ok(jwt::render(service.create_jwt(new).await?.expose()))
}
