//! What a store does, as an implementer needs it.

use std::future::Future;
use std::pin::Pin;

use doorward_engine::flow::Seen;
use doorward_engine::id::{AppId, SessionHandle, SessionKey, TenantId, UserId};
use doorward_engine::secret::Secret;
use doorward_engine::session::record::{Row, Write};
use doorward_engine::time::Millis;

/// A future in a box, so that stores can stand behind `dyn`.
pub type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// What a store answers.
pub type StoreResult<T> = Result<T, StoreError>;

/// Keeps the rows of sessions and the keys. No rule about sessions lives in one: it carries out what it is told.
///
/// The contract, which `doorward-testkit` checks on every store:
///
/// - **Absence is an answer.** A row that isn't there is `None`, not an error. Rows come back as they are stored,
///   expired ones too; whether one is alive is judged above.
/// - **A write is atomic with its precondition.** Of many writers that expect the same state, one happens. The others
///   see the row as it stands after it ([`Seen::Row`]).
/// - **An answer rests on what is durable.** [`Seen::Applied`], and "no such row" as well, are given only when every
///   write that they rest on would survive the death of the process.
/// - **An error means: nothing is known.** The write may have happened (the acknowledgement was lost) or not. The
///   caller tries again with the same write, and the precondition decides.
/// - **Futures may be dropped at any await.** The write then happens whole or not at all, and nothing stays locked.
/// - **No async runtime is assumed**: a store brings its own threads, or says which runtime it needs.
pub trait Store: Send + Sync + 'static {
    /// Reads a row.
    fn load<'a>(&'a self, key: &'a SessionKey) -> BoxFuture<'a, StoreResult<Option<Row>>>;

    /// Reads a row to show it. It differs from [`Store::load`] in [`Row::primary`] at most, where upstream looks for that
    /// user in another way when it shows a session (`spec/modern-core.md` 8.9).
    fn read<'a>(&'a self, key: &'a SessionKey) -> BoxFuture<'a, StoreResult<Option<Row>>> {
        self.load(key)
    }

    /// Tries a write, in one round trip when its precondition holds.
    fn commit(&self, write: Write) -> BoxFuture<'_, StoreResult<Seen>>;

    /// Deletes rows and returns the keys of those that were there, in one statement.
    fn remove(&self, which: Selector) -> BoxFuture<'_, StoreResult<Vec<SessionKey>>>;

    /// Lists a user's rows, ordered by tenant and handle, at most `limit` of them, starting behind `after`.
    fn list(&self, user: UserSelector, after: Option<SessionKey>, limit: u32) -> BoxFuture<'_, StoreResult<Vec<Row>>>;

    /// Reads the keys of an app.
    fn keys(&self, app: AppId) -> BoxFuture<'_, StoreResult<StoredKeys>>;

    /// Adds a key, if what its maker saw is still so, and returns the keys as they stand after it, added or not. So
    /// processes that start at once end with one agreed ring.
    fn add_key(&self, app: AppId, key: NewKey) -> BoxFuture<'_, StoreResult<StoredKeys>>;

    /// Makes sure that a tenant and its app are there. Nothing else makes them by the way: what belongs to another tenant
    /// than `public` of `public` is refused with [`StoreError::NoTenant`] where that isn't there, because another process
    /// may have deleted it a moment ago.
    fn make_tenant(&self, app: AppId, tenant: TenantId, now: Millis) -> BoxFuture<'_, StoreResult<()>>;

    /// Deletes signing keys of an app that were made before a moment.
    fn remove_keys(&self, app: AppId, created_before: Millis) -> BoxFuture<'_, StoreResult<u64>>;

    /// Deletes at most `limit` rows, of all apps, whose `expires_at` lies before a moment, and returns how many.
    fn sweep(&self, expired_before: Millis, limit: u32) -> BoxFuture<'_, StoreResult<u64>>;

    /// Says what the store has no room for: nothing, unless its database is an old one that may not be changed.
    fn lacks(&self) -> Lacks {
        Lacks::default()
    }

    /// Makes everything acknowledged durable and stops. Later calls answer [`StoreError::Closed`].
    fn close(&self) -> BoxFuture<'_, StoreResult<()>>;
}

/// What a store has no room for. Whoever decides does without it: a write that would lose it is refused.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Lacks {
    /// Windows of refresh tokens. Without them the grace is zero.
    pub windows: bool,
    /// The token before the current one, and when it was left. Without them nothing is known of one, so it has no grace.
    pub predecessors: bool,
    /// Limits of single sessions. Without them no session has an absolute end.
    pub limits: bool,
}

/// Which rows to delete.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Selector {
    /// These.
    Keys(Vec<SessionKey>),
    /// All of a user, but for one.
    User {
        /// Whose.
        user: UserSelector,
        /// Only those that are alive at this moment: others are neither deleted nor reported. `None` is all.
        alive_at: Option<Millis>,
        /// The session that stays.
        except: Option<SessionHandle>,
    },
}

/// A user's sessions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UserSelector {
    /// In this app.
    pub app: AppId,
    /// In this tenant, or in all.
    pub tenant: Option<TenantId>,
    /// Of this user.
    pub user: UserId,
    /// And of all who are linked to the same primary user, where the database knows of such ([`Row::primary`]).
    pub linked: bool,
}

/// The keys of an app, as stored.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct StoredKeys {
    /// Keys that sign access tokens for a time, in no particular order.
    pub signing: Vec<StoredKey>,
    /// Keys that sign for as long as the app exists, in no particular order. An app may have none.
    pub static_keys: Vec<StoredStaticKey>,
    /// The key that seals refresh tokens.
    pub refresh: Option<Secret>,
}

/// A signing key, as stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredKey {
    /// When it was made: its name.
    pub created_at: Millis,
    /// `<public>|<private>` (`spec/modern-core.md` 7.8).
    pub value: Secret,
}

/// A signing key that is never rotated, as stored (`spec/modern-core.md` 7.8).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredStaticKey {
    /// Its name in token headers: `s-<uuid>`.
    pub id: String,
    /// When it was made.
    pub created_at: Millis,
    /// `<public>|<private>`.
    pub value: Secret,
}

/// A key to add.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NewKey {
    /// A signing key, if the newest one is still the one that its maker saw.
    Signing {
        /// The key.
        key: StoredKey,
        /// The creation time of the newest key that its maker saw; `None` if there was none.
        newest_seen: Option<Millis>,
    },
    /// A static signing key, if there is none.
    Static(StoredStaticKey),
    /// The refresh-token key, if there is none.
    Refresh {
        /// `1000:<salt>:<derived>` (`spec/modern-core.md` 7.6).
        value: Secret,
        /// When it was made.
        created_at: Millis,
    },
}

/// A store that could not do it. Texts name the store's fault, never a row's content.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum StoreError {
    /// It can't be reached, is locked by another program, or is overloaded. Trying again later makes sense.
    #[error("the session store is unavailable: {0}")]
    Unavailable(String),
    /// It has no space left. Nothing was written.
    #[error("the session store is full: {0}")]
    Full(String),
    /// It can't be written to.
    #[error("the session store is read-only: {0}")]
    ReadOnly(String),
    /// What it holds can't be understood: it is damaged, of an age that isn't supported, or another program's.
    #[error("the session store can't be used as it is: {0}")]
    Corrupt(String),
    /// It was made by a newer release.
    #[error("the session store has schema version {found}, and this release knows {known}: use a newer release")]
    Newer {
        /// Its version.
        found: u32,
        /// The newest that this release knows.
        known: u32,
    },
    /// There is no such tenant, or no such app. Nothing was written.
    #[error("there is no such app or tenant")]
    NoTenant,
    /// It was closed.
    #[error("the session store is closed")]
    Closed,
}

impl StoreError {
    /// A stable code for programs.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Unavailable(_) => "store.unavailable",
            Self::Full(_) => "store.full",
            Self::ReadOnly(_) => "store.read_only",
            Self::Corrupt(_) => "store.corrupt",
            Self::Newer { .. } => "store.newer_schema",
            Self::NoTenant => "store.no_tenant",
            Self::Closed => "store.closed",
        }
    }
}
