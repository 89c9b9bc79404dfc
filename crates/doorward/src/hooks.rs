//! What an application adds to our refusals: a line in its own log, a mail to the user, another status or body.

use std::fmt;
use std::sync::Arc;

use doorward_wire::fdi::answer::{Answer, Statuses};

use crate::error::{Reply, SessionError, TheftReport, TryRefresh, Unauthorised};

type Hook<T> = Arc<dyn Fn(&T, &mut Reply) + Send + Sync>;

/// Each runs once, when the refusal is made, after the session (for a theft) has ended. It must not block.
#[derive(Clone, Default)]
pub(crate) struct Hooks {
    pub(crate) unauthorised: Option<Hook<Unauthorised>>,
    pub(crate) try_refresh: Option<Hook<TryRefresh>>,
    pub(crate) theft: Option<Hook<TheftReport>>,
    pub(crate) statuses: Statuses,
}

impl fmt::Debug for Hooks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Hooks").field("statuses", &self.statuses).finish_non_exhaustive()
    }
}

impl Hooks {
    pub(crate) fn unauthorised(&self, code: &'static str, clears_tokens: bool) -> SessionError {
        tracing::debug!(name: "doorward.unauthorised", target: "doorward", code);
        let mut error = Unauthorised { code, clears_tokens, reply: self.reply(&Answer::Unauthorised) };
        error.reply = changed(self.unauthorised.as_ref(), &error, error.reply.clone());
        SessionError::Unauthorised(error)
    }

    pub(crate) fn try_refresh(&self, code: &'static str) -> SessionError {
        tracing::debug!(name: "doorward.try_refresh", target: "doorward", code);
        let mut error = TryRefresh { code, reply: self.reply(&Answer::TryRefreshToken) };
        error.reply = changed(self.try_refresh.as_ref(), &error, error.reply.clone());
        SessionError::TryRefresh(error)
    }

    pub(crate) fn theft(&self, found: doorward_engine::session::refresh::TheftFound) -> SessionError {
        let reply = self.reply(&Answer::TokenTheftDetected);
        let mut error = TheftReport { handle: found.key.handle, user: found.user, evidence: found.evidence, reply };
        error.reply = changed(self.theft.as_ref(), &error, error.reply.clone());
        SessionError::Theft(error)
    }

    pub(crate) fn reply(&self, answer: &Answer) -> Reply {
        Reply { status: answer.status(self.statuses), body: answer.body() }
    }
}

fn changed<T>(hook: Option<&Hook<T>>, error: &T, mut reply: Reply) -> Reply {
    if let Some(hook) = hook {
        hook(error, &mut reply);
    }
    reply
}
