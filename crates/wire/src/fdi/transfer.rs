//! Where tokens travel, in cookies or in headers (`spec/modern-sdk.md` 1.3.6, 2.1, 2.6 and 2.8).

/// Where the tokens of one session travel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TransferMethod {
    /// In cookies that scripts cannot read.
    Cookie,
    /// In `authorization` and in `st-access-token` and `st-refresh-token`.
    Header,
}

impl TransferMethod {
    /// Both, in the order in which upstream looks at them.
    pub const ALL: [Self; 2] = [Self::Cookie, Self::Header];

    /// Reads a `st-auth-mode` header, in any case; other texts say nothing.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|method| method.as_str().eq_ignore_ascii_case(text))
    }

    /// Returns the word of `st-auth-mode`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Cookie => "cookie",
            Self::Header => "header",
        }
    }

    /// Returns the other one.
    #[must_use]
    pub const fn other(self) -> Self {
        match self {
            Self::Cookie => Self::Header,
            Self::Header => Self::Cookie,
        }
    }
}

/// Which ways an application permits.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Allowed {
    /// Both: each request chooses.
    #[default]
    Any,
    /// Cookies alone.
    Cookie,
    /// Headers alone.
    Header,
}

/// In which ways a request brought the token that is looked for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Offered {
    /// In the `authorization` header.
    pub header: bool,
    /// In a cookie.
    pub cookie: bool,
}

/// Whether a route can do without a session.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Need {
    /// No session is refused.
    #[default]
    Required,
    /// No session is an answer.
    Optional,
}

/// Which token counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Choice {
    /// The one that came this way.
    Use(TransferMethod),
    /// None, and the route can do without.
    NoSession,
    /// None, and the route cannot. Nothing is cleared for it.
    Unauthorised,
}

/// Which refresh token counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RefreshChoice {
    /// The one that came this way; the new pair goes back the same way.
    pub method: TransferMethod,
    /// Where else a token came from, to be cleared if the refresh succeeds.
    pub clears: Option<TransferMethod>,
}

impl Allowed {
    /// Whether tokens may travel this way.
    pub const fn permits(self, method: TransferMethod) -> bool {
        match self {
            Self::Any => true,
            Self::Cookie => matches!(method, TransferMethod::Cookie),
            Self::Header => matches!(method, TransferMethod::Header),
        }
    }

    /// Returns the way that counts when a token is offered; the header wins over the cookie.
    ///
    /// For a verify, a token that is not an access token by its form isn't offered at all: so an application's own
    /// bearer token doesn't hide the cookie. For a refresh any text that isn't empty is.
    pub const fn of_offered(self, offered: Offered) -> Option<TransferMethod> {
        if offered.header && self.permits(TransferMethod::Header) {
            Some(TransferMethod::Header)
        } else if offered.cookie && self.permits(TransferMethod::Cookie) {
            Some(TransferMethod::Cookie)
        } else {
            None
        }
    }

    /// Chooses the access token of a request.
    pub const fn for_verify(self, offered: Offered, need: Need) -> Choice {
        match (self.of_offered(offered), need) {
            (Some(method), _) => Choice::Use(method),
            (None, Need::Optional) => Choice::NoSession,
            (None, Need::Required) => Choice::Unauthorised,
        }
    }

    /// Chooses the refresh token of a request; `None` is *unauthorised*, and all tokens are cleared.
    pub const fn for_refresh(self, offered: Offered) -> Option<RefreshChoice> {
        match self.of_offered(offered) {
            Some(method) if offered.header && offered.cookie => {
                Some(RefreshChoice { method, clears: Some(method.other()) })
            }
            Some(method) => Some(RefreshChoice { method, clears: None }),
            None => None,
        }
    }

    /// Returns how a new session's tokens travel: as the setting fixes it, else as `st-auth-mode` asks, else as
    /// `fallback` says.
    ///
    /// Upstream's fallback is the header. Ours is the cookie, because a plain form post has no `st-auth-mode`, while
    /// every client kit that wants headers says so.
    pub const fn for_creation(self, asked: Option<TransferMethod>, fallback: TransferMethod) -> TransferMethod {
        match (self, asked) {
            (Self::Cookie, _) => TransferMethod::Cookie,
            (Self::Header, _) => TransferMethod::Header,
            (Self::Any, Some(asked)) => asked,
            (Self::Any, None) => fallback,
        }
    }
}
