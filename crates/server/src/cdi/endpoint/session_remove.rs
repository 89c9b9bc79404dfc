//! POST `/recipe/session/remove` (`spec/modern-core.md` 3.7, 8.8).

use std::borrow::Cow;
use std::collections::BTreeSet;

use doorward_engine::id::{SessionKey, UserId};
use doorward_service::store::{Selector, UserSelector};
use doorward_wire::cdi::answer::Answer;
use doorward_wire::cdi::session_remove::{self, SessionRemove};

use super::session;
use crate::cdi::call::Call;
use crate::cdi::fault::Fault;

/// Ends sessions.
pub(super) async fn handle(call: &Call<'_>) -> Result<Answer, Fault> {
    match SessionRemove::parse(&call.object()?)? {
        SessionRemove::User { user, across_tenants, linked } => remove_user(call, &user, across_tenants, linked).await,
        SessionRemove::Handles(handles) => remove_handles(call, &handles).await,
    }
}

async fn remove_user(call: &Call<'_>, user: &str, across_tenants: bool, linked: bool) -> Result<Answer, Fault> {
    let tenant = session::tenants(call, across_tenants)?;
    // No session is of a user whose name can't be one.
    let Ok(user) = UserId::parse_or_empty(user) else { return Ok(session_remove::render(&[])) };
    let service = session::service(call).await?;
    let selector = Selector::User {
        user: UserSelector { app: service.app().clone(), tenant, user: user.clone(), linked },
        // One that has ended is not there, and so isn't reported (12 no. 34).
        alive_at: Some(service.now()),
        except: None,
    };
    let removed = service.revoke(selector).await?;
    call.mark_active(&user).await;
    let handles: Vec<&str> = removed.iter().map(|key| key.handle.as_str()).collect();
    Ok(session_remove::render(&handles))
}

/// Each handle names its tenant. All of them are looked for first: one that isn't there ends the call before anything is
/// removed (upstream may have removed others by then, 12 no. 24).
async fn remove_handles(call: &Call<'_>, handles: &[Cow<'_, str>]) -> Result<Answer, Fault> {
    call.app()?;
    let mut keys = Vec::with_capacity(handles.len());
    for handle in handles {
        keys.extend(session::key(call, handle).await?);
    }
    let wanted: BTreeSet<SessionKey> = keys.iter().cloned().collect();
    let service = session::service(call).await?;
    let removed: BTreeSet<SessionKey> = match wanted.is_empty() {
        true => BTreeSet::new(),
        false => service.revoke(Selector::Keys(wanted.into_iter().collect())).await?.into_iter().collect(),
    };
    // One that was given twice is listed twice.
    let handles: Vec<&str> = keys.iter().filter(|key| removed.contains(key)).map(|key| key.handle.as_str()).collect();
    Ok(session_remove::render(&handles))
}
