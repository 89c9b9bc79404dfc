//! The stored row of a session, and the writes to it. Each write names what must still stand for it to happen.
//!
//! INVARIANT: whatever moves `current` sets `prev` in the same write, and `rotated_at` too, except for a displacement,
//! which keeps both (`spec/modern-core.md` 13.2 no. 4).

use alloc::boxed::Box;

use crate::hash::Hash2;
use crate::id::{SessionKey, UserId};
use crate::payload::{JsonText, Payload};
use crate::time::{Lifetime, Millis};

/// A session as it is stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    /// Where it is found.
    pub key: SessionKey,
    /// Whose it is: the user who began it.
    pub user: UserId,
    /// The primary user whom `user` is linked to, where the database holds the users of a SuperTokens core and says so
    /// (`spec/modern-core.md` 8.9). It is read with the row, every time, and never written.
    pub primary: Option<UserId>,
    /// The refresh token that stands now.
    pub current: Hash2,
    /// The one before it.
    pub prev: Option<Hash2>,
    /// When `current` last moved.
    pub rotated_at: Option<Millis>,
    /// The latest window of `current`. Read it through [`Row::window_of_current`]: another writer may have moved `current`
    /// without clearing it.
    pub window: Option<Window>,
    /// The last moment of the session, unless it is refreshed.
    pub expires_at: Millis,
    /// When it was created.
    pub created_at: Millis,
    /// What goes into access tokens: a JSON object.
    pub payload: Payload,
    /// What stays in the store: any JSON.
    pub data: JsonText,
    /// Whether a static key signs its access tokens.
    pub use_static_key: bool,
    /// What was set for this session alone.
    pub limits: SessionLimits,
}

impl Row {
    /// Whether the session is there at this moment. A row past its end counts as absent, everywhere.
    pub fn is_alive(&self, now: Millis) -> bool {
        self.expires_at >= now && self.limits.absolute_end.is_none_or(|end| end > now)
    }

    /// Returns the user whom the application knows: the primary user, or else the one who began the session.
    pub fn primary_user(&self) -> &UserId {
        self.primary.as_ref().unwrap_or(&self.user)
    }

    /// Returns the latest window of `current`, open or ended; one that is older than the last move counts as none.
    pub fn window_of_current(&self) -> Option<Window> {
        self.window.filter(|window| window.opened_at >= self.rotated_at.unwrap_or_default())
    }

    /// Returns the end that the session has when it is extended now.
    pub fn extended(&self, now: Millis, lifetime: Lifetime) -> Millis {
        self.limits.end(now, lifetime)
    }
}

/// The times that hold for one session beside those of the policy; the shorter one always wins.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SessionLimits {
    /// Its access tokens live no longer than this.
    pub access_lifetime: Option<Lifetime>,
    /// It ends when it wasn't refreshed for so long.
    pub refresh_lifetime: Option<Lifetime>,
    /// It ends here, whatever happens.
    pub absolute_end: Option<Millis>,
}

impl SessionLimits {
    /// Returns the end of a session that is created or extended now, given the lifetime that the policy allows.
    pub fn end(&self, now: Millis, lifetime: Lifetime) -> Millis {
        let lifetime = self.refresh_lifetime.map_or(lifetime, |own| own.min(lifetime));
        let end = now.after(lifetime);
        self.absolute_end.map_or(end, |absolute| absolute.min(end))
    }
}

/// A span in which one refresh token has one successor (design rule 2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Window {
    /// When it opened, or when its time last started anew.
    pub opened_at: Millis,
    /// Its place among the windows of its token, from 1: the successor is derived from it.
    pub number: u8,
    /// Openings and new starts of the token so far, this one included.
    pub count: u8,
}

/// A write with its precondition.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Write {
    /// Inserts a row. If one with its key is there, nothing is written and that row is seen.
    Insert(Box<Row>),
    /// Moves the lineage of a row that stands as expected.
    Succeed(Succession),
    /// Replaces what the application stored, in a row that is alive.
    Update(Update),
    /// Deletes a row whose `current` stands as expected: how a theft ends a session.
    Remove(Removal),
}

impl Write {
    /// The row that is written.
    pub fn key(&self) -> &SessionKey {
        match self {
            Self::Insert(row) => &row.key,
            Self::Succeed(succession) => &succession.key,
            Self::Update(update) => &update.key,
            Self::Remove(removal) => &removal.key,
        }
    }
}

/// A change of lineage. It happens if the row is alive at [`Succession::now`], `current` is what was expected, and the
/// window and the payload are as expected; otherwise nothing happens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Succession {
    /// Which row.
    pub key: SessionKey,
    /// When it was judged.
    pub now: Millis,
    /// The `current` that must stand.
    pub current: Hash2,
    /// The window that must stand.
    pub window: WindowGuard,
    /// What must hold of the payload.
    pub payload: PayloadGuard,
    /// What changes.
    pub change: Change,
    /// The kind of signing key that the caller asks for; `None` keeps the row's.
    pub use_static_key: Option<bool>,
}

/// What must hold of the stored window for a [`Succession`] to happen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WindowGuard {
    /// Nothing.
    Any,
    /// That `current` has none: there is none, or it is older than `rotated_at` (which counts as 0 when null).
    Absent,
    /// That it is exactly this one, start, number and count.
    Is(Window),
}

/// How many texts a [`PayloadGuard::Lacks`] names: one number for all, so that a statement has a place for each.
pub const LACKED_TEXTS: usize = 10;

/// What must hold of the stored payload's text for a [`Succession`] to happen; where none is stored it counts as `{}`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PayloadGuard {
    /// Nothing.
    Any,
    /// That none of these texts is anywhere in it, as they are written, letter for letter. One may come twice.
    Lacks([&'static str; LACKED_TEXTS]),
    /// That it is exactly this text.
    Is(Payload),
}

/// What a [`Succession`] changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change {
    /// `current` stays; its window becomes this one, or stays too when `None`.
    Stay {
        /// The window afterwards.
        window: Option<Window>,
    },
    /// `prev` := the expected `current`, or `prev` where one is given; `current` := `to`; `rotated_at` := now;
    /// `expires_at` := now + the lifetime, clamped by the row's own limits ([`SessionLimits::end`]);
    /// window := `window`.
    Advance {
        /// The new `current`.
        to: Hash2,
        /// The new `prev` when it isn't the expected `current`: a child that nobody used yet was presented, and is
        /// succeeded at once.
        prev: Option<Hash2>,
        /// The refresh lifetime of the policy.
        lifetime: Lifetime,
        /// The window afterwards; `None` is none.
        window: Option<Window>,
    },
    /// `current` := `to`, the window is cleared; `prev`, `rotated_at` and `expires_at` stay.
    Displace {
        /// The new `current`.
        to: Hash2,
    },
}

/// A change of what the application stored. `None` keeps a column.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Update {
    /// Which row.
    pub key: SessionKey,
    /// The row must be alive at this moment.
    pub now: Millis,
    /// The payload that must still stand, text for text, when the new one was made from it.
    pub seen: Option<Payload>,
    /// The new payload.
    pub payload: Option<Payload>,
    /// The new data.
    pub data: Option<JsonText>,
}

/// A deletion that hangs on the row standing as it was judged.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Removal {
    /// Which row.
    pub key: SessionKey,
    /// The `current` that must stand.
    pub current: Hash2,
}
