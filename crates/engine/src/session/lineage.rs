//! Which refresh token may succeed which: the table of design rule 3, and nothing else.
//!
//! P is the presented token, S its successor.
//!
//! | # | condition | on use | on refresh |
//! |---|---|---|---|
//! | 1 | P is current | S of the open window, else of the next one, else a random one; current stays | the same S; current := S, prev := P |
//! | 2 | P is a child of current that nobody used yet | current := P first, then as 1 | as 1 |
//! | 3 | P is prev, within grace, and S is current | S again, nothing written | the same |
//! | 4 | P is prev, within grace, and current isn't S | theft | current := S of window 1; prev and the time stay |
//! | 5 | anything else | theft | theft |
//!
//! A window lasts [`Policy::window`](crate::policy::Policy::window). A presentation in its second half starts its time anew, with the same successor;
//! one after its end opens the next. Openings and new starts together are at most [`PRESENTATIONS`] in the life of a
//! token; after that every presentation outside a window gets a successor of its own. A grace of zero, or a stored key
//! that nothing can be derived from, switches windows and rows 3 and 4 off.

use crate::flow::Env;
use crate::hash::Hash2;
use crate::policy::Rotation;
use crate::session::protected;
use crate::session::record::{Change, PayloadGuard, Row, Succession, Window, WindowGuard};
use crate::time::{Lifetime, Millis};
use crate::token::refresh::Opened;
use crate::token::succession::{Successor, Successors};

/// Openings and new starts of windows that one token has in its life.
pub const PRESENTATIONS: u8 = 4;

/// What the lineage says of a presented refresh token.
#[derive(Debug)]
pub(crate) enum Verdict {
    /// Hand out this successor; nothing is to be written.
    Answer(Next),
    /// Write this, then hand the successor out.
    Write(Succession, Next),
    /// It was used by two.
    Theft(Evidence),
}

/// A successor, and whether it is known to be current by the time it is handed out.
#[derive(Clone, Debug)]
pub(crate) struct Next {
    pub(crate) successor: Successor,
    /// If so, its access token needs no promotion and names no parent.
    pub(crate) is_current: bool,
    /// `None` for the first token of a session.
    pub(crate) answered: Option<Answered>,
}

/// How an accepted token was answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Answered {
    /// The row of the table: 1 to 4.
    pub row: u8,
    /// Whether a window was opened, or its time began anew.
    pub opened_window: bool,
}

impl Answered {
    const fn row(row: u8) -> Option<Self> {
        Some(Self { row, opened_window: false })
    }
}

/// Why a session was judged stolen: enough to tell its user, and nothing that is secret.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Evidence {
    /// The row of the table: 4 or 5.
    pub row: u8,
    /// What the presented token was to the session.
    pub presented: Presented,
    /// How long before this the current token took over; `None` if no token ever did.
    pub since_rotation: Option<Lifetime>,
    /// The number of the current token's latest window, if it had one.
    pub window: Option<u8>,
    /// How many openings and new starts of windows the current token had.
    pub presentations: u8,
}

/// What a presented token that is not accepted was to its session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Presented {
    /// The predecessor of the current token, outside the grace.
    Previous,
    /// The predecessor, within the grace, but another program minted the token that followed it.
    PreviousOfAnother,
    /// A child of the predecessor, which another child has overtaken.
    Sibling,
    /// None of these: two or more generations back, or of a branch that never was current.
    Older,
}

impl Presented {
    /// A stable word for logs and metrics.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Previous => "previous",
            Self::PreviousOfAnother => "previous_of_another",
            Self::Sibling => "sibling",
            Self::Older => "older",
        }
    }
}

impl core::fmt::Display for Evidence {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        let presented = match self.presented {
            Presented::Previous => "the token before the current one came again after the grace",
            Presented::PreviousOfAnother => {
                "the token before the current one came again, and another program had followed it"
            }
            Presented::Sibling => "a token came that another successor of the same token had overtaken",
            Presented::Older => "a token came that is at least two generations old",
        };
        write!(f, "{presented} (row {}", self.row)?;
        if let Some(since) = self.since_rotation {
            write!(f, ", {since} after the rotation")?;
        }
        if let Some(window) = self.window {
            write!(f, ", window {window}")?;
        }
        write!(f, ", {} presentations of the current token)", self.presentations)
    }
}

/// Judges a presented token by the row as it stands. The row is alive.
pub(crate) fn judge(presented: &Opened, row: &Row, successors: &Successors<'_>, request: Request<'_>) -> Verdict {
    let Request { env, .. } = request;
    let windows = !env.policy.grace.is_zero() && successors.can_derive();
    let length = windows.then(|| env.policy.window(&row.limits));
    let token = presented.hash2();
    if row.current == token {
        let draw = Draw::of(row.window_of_current(), env.now, length);
        return request.succeed(row, draw, successors, Row1Or2 { promoted: None });
    }
    let parent = presented.parent(env.crypto);
    if parent == Some(row.current) {
        let draw = Draw::of(None, env.now, length);
        return request.succeed(row, draw, successors, Row1Or2 { promoted: Some(token) });
    }
    let is_previous = row.prev == Some(token);
    let within_grace = row.rotated_at.is_some_and(|at| env.now.distance(at) <= env.policy.grace);
    if is_previous && windows && within_grace {
        if let Some(successor) = successors.find(&row.current, PRESENTATIONS) {
            return request.answer_or_switch(row, Next { successor, is_current: true, answered: Answered::row(3) });
        }
        if env.policy.rotation == Rotation::OnRefresh {
            let successor = successors.of_window(1);
            let change = Change::Displace { to: successor.hash2 };
            let next = Next { successor, is_current: true, answered: Answered::row(4) };
            return Verdict::Write(request.change(row, change), next);
        }
    }
    Verdict::Theft(Evidence {
        row: if is_previous && windows && within_grace { 4 } else { 5 },
        presented: match () {
            () if is_previous && within_grace && windows => Presented::PreviousOfAnother,
            () if is_previous => Presented::Previous,
            () if parent.is_some() && parent == row.prev => Presented::Sibling,
            () => Presented::Older,
        },
        since_rotation: row.rotated_at.map(|at| env.now.since(at)),
        window: row.window_of_current().map(|window| window.number),
        presentations: row.window_of_current().map_or(0, |window| window.count),
    })
}

/// The write that is nearly always right, before the row was seen: that P is current and was not presented before.
/// `None` where that would be no write at all.
pub(crate) fn guess(
    presented: &Opened,
    successors: &Successors<'_>,
    request: Request<'_>,
) -> Option<(Succession, Next)> {
    let Request { env, .. } = request;
    let windows = !env.policy.grace.is_zero() && successors.can_derive();
    // A first window opens now, however long it will last.
    let length = windows.then_some(Lifetime::ZERO);
    let key = presented.key(request.app);
    let draw = Draw::of(None, env.now, length);
    let (change, next) = request.apply(presented.hash2(), draw, successors, &Row1Or2 { promoted: None });
    let change = change?;
    let guard = Succession {
        key,
        now: env.now,
        current: presented.hash2(),
        window: WindowGuard::Absent,
        payload: match change {
            // A window that was opened for nothing does no harm.
            Change::Stay { .. } => PayloadGuard::Any,
            Change::Advance { .. } | Change::Displace { .. } => protected::guard(env.policy.access_version, env.policy),
        },
        change,
        use_static_key: request.use_static_key,
    };
    Some((guard, next))
}

/// What a refresh asks for, beside the token.
#[derive(Clone, Copy)]
pub(crate) struct Request<'a> {
    pub(crate) env: &'a Env<'a>,
    pub(crate) app: &'a crate::id::AppId,
    pub(crate) use_static_key: Option<bool>,
}

/// Rows 1 and 2: `promoted` is P when it is a child that becomes current first.
struct Row1Or2 {
    promoted: Option<Hash2>,
}

impl Request<'_> {
    fn succeed(&self, row: &Row, draw: Draw, successors: &Successors<'_>, kind: Row1Or2) -> Verdict {
        let presented = kind.promoted.unwrap_or(row.current);
        let (change, next) = self.apply(presented, draw, successors, &kind);
        match change {
            Some(change) => Verdict::Write(self.change(row, change), next),
            None => self.answer_or_switch(row, next),
        }
    }

    /// Nothing of the lineage is to be written; the kind of signing key is, if the caller asks for another one.
    fn answer_or_switch(&self, row: &Row, next: Next) -> Verdict {
        if self.use_static_key.is_some_and(|wanted| wanted != row.use_static_key) {
            return Verdict::Write(self.change(row, Change::Stay { window: None }), next);
        }
        Verdict::Answer(next)
    }

    /// What rows 1 and 2 write, and whom they hand out.
    fn apply(
        &self,
        presented: Hash2,
        draw: Draw,
        successors: &Successors<'_>,
        kind: &Row1Or2,
    ) -> (Option<Change>, Next) {
        let successor = match draw.window {
            Some(window) => successors.of_window(window.number),
            None => successors.random(),
        };
        let lifetime = self.env.policy.session_lifetime();
        let row = if kind.promoted.is_some() { 2 } else { 1 };
        // *On refresh* the token that a window would belong to is current no more.
        let opened_window = draw.writes && self.env.policy.rotation == Rotation::OnUse;
        let next =
            |successor, is_current| Next { successor, is_current, answered: Some(Answered { row, opened_window }) };
        match (self.env.policy.rotation, kind.promoted) {
            (Rotation::OnUse, None) => {
                let change = draw.writes.then_some(Change::Stay { window: draw.window });
                (change, next(successor, false))
            }
            (Rotation::OnUse, Some(to)) => {
                let change = Change::Advance { to, prev: None, lifetime, window: draw.window };
                (Some(change), next(successor, false))
            }
            (Rotation::OnRefresh, promoted) => {
                let prev = promoted.map(|_| presented);
                let change = Change::Advance { to: successor.hash2, prev, lifetime, window: None };
                (Some(change), next(successor, true))
            }
        }
    }

    /// A change of exactly the row that was judged.
    fn change(&self, row: &Row, change: Change) -> Succession {
        Succession {
            key: row.key.clone(),
            now: self.env.now,
            current: row.current,
            window: row.window_of_current().map_or(WindowGuard::Absent, WindowGuard::Is),
            payload: match change {
                Change::Stay { .. } => PayloadGuard::Any,
                Change::Advance { .. } | Change::Displace { .. } => {
                    protected::guard_of(&row.payload, self.env.policy.access_version, self.env.policy)
                }
            },
            change,
            use_static_key: self.use_static_key,
        }
    }
}

/// Which window a presentation of the current token falls into, and whether that is to be written.
struct Draw {
    /// `None`: a random successor.
    window: Option<Window>,
    writes: bool,
}

impl Draw {
    /// `length` is how long a window lasts; `None` where there are none.
    fn of(latest: Option<Window>, now: Millis, length: Option<Lifetime>) -> Self {
        let Some(length) = length else { return Self { window: None, writes: false } };
        let Some(latest) = latest else {
            return Self { window: Some(Window { opened_at: now, number: 1, count: 1 }), writes: true };
        };
        let age = now.distance(latest.opened_at);
        let has_more = latest.count < PRESENTATIONS;
        if age <= length.divided_by(2) {
            Self { window: Some(latest), writes: false }
        } else if age <= length && has_more {
            let anew = Window { opened_at: now, count: latest.count.saturating_add(1), ..latest };
            Self { window: Some(anew), writes: true }
        } else if age <= length {
            Self { window: Some(latest), writes: false }
        } else if has_more {
            let next = Window {
                opened_at: now,
                number: latest.number.saturating_add(1),
                count: latest.count.saturating_add(1),
            };
            Self { window: Some(next), writes: true }
        } else {
            Self { window: None, writes: false }
        }
    }
}
