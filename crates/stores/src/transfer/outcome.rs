//! What a copy did, and why it could not.

use doorward_service::store::StoreError;

/// What a copy did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Copied {
    /// Table by table.
    pub tables: Vec<TableCount>,
    /// What the target has no table for: what it is, and how many rows the source has of it.
    pub left_out: Vec<(&'static str, u64)>,
    /// Whether it went on where an earlier one was interrupted.
    pub resumed: bool,
}

/// What became of a table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TableCount {
    /// What its rows are called.
    pub what: &'static str,
    /// Rows of the source.
    pub in_source: u64,
    /// Rows of the target, now.
    pub in_target: u64,
    /// Rows that were missing in the target, or older there. What an interrupted copy wrote isn't among them.
    pub written: u64,
    /// Rows of the target that were deleted because the source has none of that key.
    pub deleted: u64,
}

/// Why a copy ended before it was complete.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CopyError {
    /// A database could not do it.
    #[error("{side}: {error}")]
    Store {
        /// Which one.
        side: String,
        /// Why.
        error: StoreError,
    },
    /// There is nothing to do.
    #[error("source and target are the same database")]
    Same,
    /// The source isn't a database of sessions, or its core was too old.
    #[error(
        "{0} has no table `session_info` with a column `app_id`: is it a database of core 6.0 or later, and are schema \
         and prefix right?"
    )]
    NoSessions(String),
    /// The target can't hold what the source has.
    #[error("the target has no column `{column}` in its table `{table}`: let it be added first")]
    NoColumn {
        /// The table.
        table: &'static str,
        /// The column.
        column: &'static str,
    },
    /// The target's keys differ.
    #[error(
        "the target has keys of its own for the app `{0}`, so the sessions of one of the two would end: use an empty target"
    )]
    OtherKeys(String),
    /// Sessions were made, refreshed or ended since an earlier copy.
    #[error(
        "the source was used since it was first copied here, and sessions that ended in it since would live on: use an \
         empty target, or copy as a mirror"
    )]
    UsedSince,
    /// Sessions were made, refreshed or ended during the copy.
    #[error("the source was used while it was copied: stop what uses it, then copy once more, as a mirror")]
    UsedMeanwhile,
    /// Rows are missing, though nothing has failed.
    #[error("the target has {in_target} of {in_source} {what}: does something else delete there?")]
    Missing {
        /// Of what.
        what: &'static str,
        /// How many there should be.
        in_source: u64,
        /// How many there are.
        in_target: u64,
    },
}
