//! All that a database holds, carried to another one, column by column.
//!
//! [`Tables`] is what a database must offer for that; [`copy`] reads it from one and writes it to the other. Rows are
//! carried as they stand in their columns and mean nothing here, but for which of two of one key is newer.

mod copy;
mod keys;
mod outcome;
mod progress;
mod side;
pub(crate) mod sql;
mod table;

use std::fmt;

use doorward_service::directory::Directory;
use doorward_service::store::{BoxFuture, StoreResult};

pub use self::copy::{Mode, Step, Watch, copy};
pub use self::outcome::{Copied, CopyError, TableCount};
pub use self::side::Side;
pub use self::table::{Column, Kind, TABLES, Table};

/// A column's content. It doesn't print: some are secrets.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
#[serde(untagged)]
pub enum Value {
    /// Nothing.
    Null,
    /// `BOOLEAN`.
    Boolean(bool),
    /// `BIGINT`.
    Integer(i64),
    /// `TEXT` or `VARCHAR`.
    Text(String),
}

impl Value {
    pub(crate) fn as_text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            _ => None,
        }
    }

    #[cfg(feature = "postgres")]
    pub(crate) const fn as_integer(&self) -> Option<i64> {
        match self {
            Self::Integer(value) => Some(*value),
            _ => None,
        }
    }

    #[cfg(feature = "postgres")]
    pub(crate) const fn as_boolean(&self) -> Option<bool> {
        match self {
            Self::Boolean(value) => Some(*value),
            _ => None,
        }
    }
}

impl fmt::Debug for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Null => "Null",
            Self::Boolean(_) => "Boolean(..)",
            Self::Integer(_) => "Integer(..)",
            Self::Text(_) => "Text(..)",
        })
    }
}

/// A row: a value for each column of its table, in the table's order.
pub type RawRow = Vec<Value>;

/// Which row holds where two of one key are equally new and differ.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ties {
    /// The one that is there.
    Stay,
    /// The one that comes.
    Yield,
}

/// A database whose tables can be read and written row by row.
pub trait Tables: Directory {
    /// Names the columns of a table that this database has; none if it has no such table.
    fn columns(&self, table: &'static Table) -> BoxFuture<'_, StoreResult<Vec<&'static Column>>>;

    /// Counts the rows of a table.
    fn count(&self, table: &'static Table) -> BoxFuture<'_, StoreResult<u64>>;

    /// Reads at most `limit` rows, in an order of their keys that is the database's own, starting behind a key. A column
    /// that the database lacks is null.
    fn page(&self, table: &'static Table, after: Option<RawRow>, limit: u32)
    -> BoxFuture<'_, StoreResult<Vec<RawRow>>>;

    /// Returns those of the keys that have no row.
    fn absent(&self, table: &'static Table, keys: Vec<RawRow>) -> BoxFuture<'_, StoreResult<Vec<RawRow>>>;

    /// Writes rows that are missing, and those that are older than what comes, in one transaction. Returns how many.
    fn write(&self, table: &'static Table, rows: Vec<RawRow>, ties: Ties) -> BoxFuture<'_, StoreResult<u64>>;

    /// Deletes the rows of some keys.
    fn delete(&self, table: &'static Table, keys: Vec<RawRow>) -> BoxFuture<'_, StoreResult<u64>>;

    /// Returns the latest end of a session. Every refresh moves it, as a rule.
    fn latest_end(&self) -> BoxFuture<'_, StoreResult<Option<i64>>>;
}
