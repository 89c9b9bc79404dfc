//! POST `/recipe/handshake` (`spec/modern-core.md` 3.11).

use doorward_wire::cdi::answer::{Answer, Refusal};
use doorward_wire::cdi::handshake::{self, Handshake};

use super::session;
use crate::cdi::call::Call;
use crate::cdi::fault::Fault;

/// Says what old SDKs verify by. The body isn't looked at.
pub(super) async fn handle(call: &Call<'_>) -> Result<Answer, Fault> {
    if !call.dialect.handshake {
        return Err(Refusal::NOT_FOUND.into());
    }
    call.tenant()?;
    let settings = call.settings()?;
    let service = session::service(call).await?;
    Ok(handshake::render(Handshake {
        keys: session::key_infos(call, &service)?,
        blacklisting: settings.access_token_blacklisting,
        access_lifetime: settings.policy.access_lifetime,
        refresh_lifetime: settings.policy.refresh_lifetime,
    }))
}
