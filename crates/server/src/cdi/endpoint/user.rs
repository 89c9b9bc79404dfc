//! `/user/id`, `/user/remove`, `/users/count` and `/users/count/active`: what SDKs ask about users that are other
//! recipes'.

use std::borrow::Cow;

use bytes::Bytes;
use doorward_engine::id::UserId;
use doorward_service::store::{Selector, UserSelector};
use doorward_wire::cdi::answer::Answer;
use doorward_wire::cdi::{user_count, user_id, user_remove};
use http::Request;

use crate::cdi::call::Call;
use crate::cdi::fault::Fault;
use crate::cdi::upstream::Upstream;

/// Knows no user.
pub(super) fn by_id(call: &Call<'_>) -> Result<Answer, Fault> {
    user_id::parse(call.query)?;
    call.app_only()?;
    call.app()?;
    Ok(user_id::render())
}

/// Ends all sessions of a user, in all tenants of the app.
pub(super) async fn remove(call: &Call<'_>) -> Result<Answer, Fault> {
    let (user, linked) = removed(call)?;
    end_sessions(call, &user, linked).await?;
    Ok(user_remove::render())
}

/// The same before a core that has the users removes one. It removes the linked accounts, too, and may be the only one who
/// knows them. So it is asked for them first: without its answer nothing ends, and nothing is removed.
pub(crate) async fn sign_out(call: &Call<'_>, upstream: &Upstream, request: &Request<Bytes>) -> Result<(), Fault> {
    let (user, linked) = removed(call)?;
    let accounts = if linked { upstream.accounts(call, request, &user).await? } else { Vec::new() };
    end_sessions(call, &user, linked).await?;
    for account in accounts.iter().filter(|account| **account != *user) {
        end_sessions(call, account, false).await?;
    }
    Ok(())
}

fn removed<'a>(call: &Call<'a>) -> Result<(Cow<'a, str>, bool), Fault> {
    let removed = user_remove::parse(&call.object()?)?;
    call.app_only()?;
    call.app()?;
    Ok(removed)
}

async fn end_sessions(call: &Call<'_>, user: &str, linked: bool) -> Result<(), Fault> {
    // An id that no stored user can have has no sessions.
    if let Ok(user) = UserId::parse_or_empty(user) {
        let user = UserSelector { app: call.app()?.id().clone(), tenant: None, user, linked };
        call.service().await?.revoke(Selector::User { user, alive_at: None, except: None }).await?;
    }
    Ok(())
}

/// Counts none.
pub(super) fn count(call: &Call<'_>) -> Result<Answer, Fault> {
    call.tenant()?;
    Ok(user_count::render(0))
}

/// Counts those that were there.
pub(super) async fn count_active(call: &Call<'_>) -> Result<Answer, Fault> {
    let since = user_count::parse_active(call.query)?;
    call.app_only()?;
    let app = call.app()?.id().clone();
    // Whoever was answered before counts.
    call.cdi.activity.settled().await;
    Ok(user_count::render(call.cdi.directory.0.count_active(app, since).await?))
}
