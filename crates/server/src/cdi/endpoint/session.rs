//! What the endpoints of sessions share: the rules that hold for a caller, names from outside, keys for old versions.

use doorward_engine::id::{SessionHandle, SessionKey, TenantId, uuid_v4_text};
use doorward_engine::policy::{Policy, ReservedClaims};
use doorward_engine::session::record::Row;
use doorward_engine::token::claim_check::ClaimCheck;
use doorward_service::{ChangeOutcome, IssuedTokens, Service, ServiceError, SignedAccess};
use doorward_wire::cdi::answer::{Answer, Refusal};
use doorward_wire::cdi::dialect;
use doorward_wire::cdi::key_infos::KeyInfos;
use doorward_wire::cdi::session_body::{Access, Issued, render_denied, render_done};
use doorward_wire::cdi::status::Denied;

use crate::cdi::call::Call;
use crate::cdi::fault::Fault;

/// The service of the app's sessions, under the rules that hold for the caller's version.
pub(super) async fn service(call: &Call<'_>) -> Result<Service, Fault> {
    let service = call.service().await?;
    let policy = call.dialect.policy(service.policy(), call.settings()?.rotation);
    Ok(service.with_policy(Policy {
        reserved_claims: ReservedClaims::Refused,
        claim_check: ClaimCheck::Upstream,
        ..policy
    }))
}

/// Where the session of a handle would be found; `None` for a text that is no handle. The handle names its tenant, which
/// must be there (`spec/modern-core.md` 8.1).
pub(super) async fn key(call: &Call<'_>, handle: &str) -> Result<Option<SessionKey>, Fault> {
    let name = tenant_name(handle);
    call.check_tenant(&name).await?;
    let key = |handle, tenant| Ok::<_, Fault>(SessionKey { app: call.app()?.id().clone(), tenant, handle });
    match (SessionHandle::parse(handle), TenantId::parse(&name)) {
        (Ok(handle), Ok(tenant)) => key(handle, tenant).map(Some),
        _ => Ok(None),
    }
}

/// The session that the query names, if it is alive.
pub(super) async fn read(call: &Call<'_>) -> Result<Option<Row>, Fault> {
    let handle = call.query.text("sessionHandle")?;
    let Some(key) = key(call, &handle).await? else { return Ok(None) };
    Ok(service(call).await?.read(&key).await?)
}

/// Where a user's sessions are looked for: in all tenants (`None`), which belongs to the app, or in the path's.
pub(super) fn tenants(call: &Call<'_>, across_tenants: bool) -> Result<Option<TenantId>, Fault> {
    if across_tenants {
        call.app_only()?;
        call.app()?;
        return Ok(None);
    }
    Ok(Some(call.tenant()?.clone()))
}

/// The answer to a change of what is stored.
pub(super) fn changed(outcome: ChangeOutcome) -> Result<Answer, Fault> {
    match outcome {
        ChangeOutcome::Stored(_) => Ok(render_done()),
        ChangeOutcome::NoSession => Ok(render_denied(Denied::Absent)),
        ChangeOutcome::Refused(_) => Err(Refusal::PROTECTED_FIELD.into()),
    }
}

/// What stands between the first and second `_` of a handle, or the default; in lower case, as all names of tenants.
fn tenant_name(handle: &str) -> String {
    let named = handle.split('_').nth(1).filter(|name| !name.is_empty());
    named.unwrap_or(TenantId::DEFAULT).to_ascii_lowercase()
}

/// The public keys that the caller's version has in its answers.
pub(super) fn key_infos(call: &Call<'_>, service: &Service) -> Result<Option<KeyInfos>, Fault> {
    if call.dialect.key_infos == dialect::KeyInfos::Absent {
        return Ok(None);
    }
    Ok(KeyInfos::of(call.dialect.key_infos, &service.public_keys(), call.settings()?.dynamic_signing_key))
}

/// A random text for the versions that have one beside the refresh token.
pub(super) fn id_refresh(call: &Call<'_>) -> Result<Option<String>, Fault> {
    if !call.dialect.id_refresh_token {
        return Ok(None);
    }
    let mut random = [0; 16];
    call.cdi.world.keys.fill(&mut random).map_err(ServiceError::from)?;
    Ok(Some(uuid_v4_text(random)))
}

/// New tokens, as the answers show them.
pub(super) fn issued<'a>(tokens: &'a IssuedTokens, id_refresh: Option<&'a str>) -> Issued<'a> {
    Issued {
        row: &tokens.row,
        access: access(&tokens.access),
        refresh: &tokens.refresh,
        refresh_expires_at: tokens.refresh_expires_at,
        created_at: tokens.created_at,
        anti_csrf: tokens.anti_csrf.as_ref(),
        id_refresh,
    }
}

/// An access token, as the answers show it.
pub(super) fn access(signed: &SignedAccess) -> Access<'_> {
    Access { token: &signed.token, claims: &signed.claims }
}
