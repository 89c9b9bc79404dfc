//! What can go wrong at SQLite, and what a caller is told of it: the fault, never a row's content.

use std::io;

use doorward_service::store::StoreError;
use rusqlite::ffi::ErrorCode;

use crate::sql::row::Unreadable;

/// A statement that failed, or a row that can't be read.
#[derive(Debug)]
pub(super) enum Fault {
    Sqlite(rusqlite::Error),
    Row(Unreadable),
}

impl From<rusqlite::Error> for Fault {
    fn from(error: rusqlite::Error) -> Self {
        Self::Sqlite(error)
    }
}

impl From<Unreadable> for Fault {
    fn from(column: Unreadable) -> Self {
        Self::Row(column)
    }
}

impl Fault {
    pub(super) fn is_busy(&self) -> bool {
        matches!(self, Self::Sqlite(error)
            if matches!(error.sqlite_error_code(), Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked)))
    }

    /// Returns what a caller is told.
    pub(super) fn to_store_error(&self) -> StoreError {
        let error = match self {
            Self::Row(Unreadable(column)) => return StoreError::Corrupt(format!("column `{column}` can't be read")),
            Self::Sqlite(error) => error,
        };
        let Some(sqlite) = error.sqlite_error() else {
            return StoreError::Corrupt("the tables are not as expected".to_owned());
        };
        let say = |text: &str| format!("{text} (SQLite error {})", sqlite.extended_code);
        match sqlite.code {
            ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked => {
                StoreError::Unavailable(say("the file is locked by another program"))
            }
            ErrorCode::DiskFull => StoreError::Full(say("no space is left for the file")),
            ErrorCode::ReadOnly => StoreError::ReadOnly(say("the file can't be written to")),
            ErrorCode::CannotOpen => StoreError::Unavailable(say("the file can't be opened")),
            ErrorCode::SystemIoFailure => StoreError::Unavailable(say("reading or writing the file failed")),
            ErrorCode::OutOfMemory => StoreError::Unavailable(say("no memory is left")),
            ErrorCode::DatabaseCorrupt => StoreError::Corrupt(say("the file is damaged")),
            ErrorCode::NotADatabase => StoreError::Corrupt(say("the file is not an SQLite database")),
            // The statements are ours, so it is the tables that differ: SQLite's message names them, and no content.
            _ => StoreError::Corrupt(format!("the tables are not as expected: {}", message(error))),
        }
    }
}

fn message(error: &rusqlite::Error) -> String {
    match error {
        rusqlite::Error::SqliteFailure(_, Some(message)) => message.clone(),
        other => other.to_string(),
    }
}

/// Returns what a caller is told when the file can't be made.
pub(super) fn file_error(error: &io::Error) -> StoreError {
    match error.kind() {
        io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => StoreError::ReadOnly(error.to_string()),
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => StoreError::Full(error.to_string()),
        _ => StoreError::Unavailable(error.to_string()),
    }
}

/// Puts before an error's text what it was about.
pub(super) fn about(what: &str, error: StoreError) -> StoreError {
    match error {
        StoreError::Unavailable(text) => StoreError::Unavailable(format!("{what}: {text}")),
        StoreError::Full(text) => StoreError::Full(format!("{what}: {text}")),
        StoreError::ReadOnly(text) => StoreError::ReadOnly(format!("{what}: {text}")),
        StoreError::Corrupt(text) => StoreError::Corrupt(format!("{what}: {text}")),
        other => other,
    }
}
