//! One of the two databases of a transfer.

use std::fmt;

use doorward_service::store::StoreError;

use super::outcome::CopyError;
use super::table::Table;
use super::{RawRow, Tables};

/// Rows that are read and written at a time.
pub(super) const PAGE: u32 = 500;

/// One of the two databases.
#[derive(Clone, Copy)]
pub struct Side<'a> {
    /// What it is called, without a password: by it an interrupted copy knows its source again.
    pub name: &'a str,
    /// Its tables.
    pub tables: &'a dyn Tables,
}

impl fmt::Debug for Side<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Side({})", self.name)
    }
}

impl Side<'_> {
    /// Says of an error whose it is.
    pub(super) fn failed(&self, error: StoreError) -> CopyError {
        CopyError::Store { side: self.name.to_owned(), error }
    }
}

/// The key of a row.
pub(super) fn key_of(table: &Table, row: &RawRow) -> RawRow {
    row.iter().take(table.key).cloned().collect()
}
