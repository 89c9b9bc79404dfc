//! What can go wrong at SQLite, and what a caller is told of it: the fault, never a row's content.

use std::io;

use doorward_service::store::StoreError;
use rusqlite::ffi::{self, ErrorCode};

use crate::sql::row::Unreadable;

/// A statement that failed, or a row that can't be read.
#[derive(Debug)]
pub(super) enum Fault {
    Sqlite(rusqlite::Error),
    Row(Unreadable),
    /// The tenant, or the app, isn't there.
    NoTenant,
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
        matches!(self.code(), Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked))
    }

    fn code(&self) -> Option<ErrorCode> {
        match self {
            Self::Sqlite(error) => parts(error).map(|(error, _)| error.code),
            Self::Row(_) | Self::NoTenant => None,
        }
    }
}

/// What a caller is told.
impl From<Fault> for StoreError {
    fn from(fault: Fault) -> Self {
        let error = match &fault {
            Fault::Row(Unreadable(column)) => return Self::Corrupt(format!("column `{column}` can't be read")),
            Fault::NoTenant => return Self::NoTenant,
            Fault::Sqlite(error) => error,
        };
        let Some((error, message)) = parts(error) else {
            return Self::Corrupt("the tables are not as expected".to_owned());
        };
        let say = |text: &str| format!("{text} (SQLite error {})", error.extended_code);
        match error.code {
            ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked => {
                Self::Unavailable(say("the file is locked by another program"))
            }
            ErrorCode::DiskFull => Self::Full(say("no space is left for the file")),
            ErrorCode::ReadOnly => Self::ReadOnly(say("the file can't be written to")),
            ErrorCode::PermissionDenied => Self::ReadOnly(say("this user may not use the file")),
            ErrorCode::CannotOpen => Self::Unavailable(say("this user can't open the file, or make files beside it")),
            ErrorCode::SystemIoFailure => Self::Unavailable(say("reading or writing the file failed")),
            ErrorCode::FileLockingProtocolFailed => Self::Unavailable(say("the file can't be locked")),
            ErrorCode::OperationInterrupted | ErrorCode::OperationAborted => {
                Self::Unavailable(say("a statement was interrupted"))
            }
            // SQLite tries again by itself, and gives up only while the tables go on changing.
            ErrorCode::SchemaChanged => Self::Unavailable(say("another program is changing the tables")),
            ErrorCode::OutOfMemory => Self::Unavailable(say("no memory is left")),
            ErrorCode::DatabaseCorrupt => Self::Corrupt(say("the file is damaged")),
            ErrorCode::NotADatabase => Self::Corrupt(say("the file is not an SQLite database")),
            // The statements are ours, so it is the tables that differ: SQLite's message names them, and no content.
            _ => Self::Corrupt(say(&format!("the tables are not as expected: {message}"))),
        }
    }
}

/// Takes SQLite's code and message out of an error.
fn parts(error: &rusqlite::Error) -> Option<(&ffi::Error, &str)> {
    match error {
        rusqlite::Error::SqliteFailure(error, message) => Some((error, message.as_deref().unwrap_or("no message"))),
        rusqlite::Error::SqlInputError { error, msg, .. } => Some((error, msg)),
        _ => None,
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_damage_and_foreign_tables_are_corrupt() {
        let cases = [
            ("store.unavailable", ffi::SQLITE_BUSY_SNAPSHOT),
            ("store.unavailable", ffi::SQLITE_LOCKED),
            ("store.unavailable", ffi::SQLITE_PROTOCOL),
            ("store.unavailable", ffi::SQLITE_INTERRUPT),
            ("store.unavailable", ffi::SQLITE_ABORT),
            ("store.unavailable", ffi::SQLITE_ABORT_ROLLBACK),
            ("store.unavailable", ffi::SQLITE_SCHEMA),
            ("store.unavailable", ffi::SQLITE_NOMEM),
            ("store.unavailable", ffi::SQLITE_IOERR_READ),
            ("store.unavailable", ffi::SQLITE_CANTOPEN),
            ("store.full", ffi::SQLITE_FULL),
            ("store.read_only", ffi::SQLITE_READONLY),
            ("store.read_only", ffi::SQLITE_PERM),
            ("store.corrupt", ffi::SQLITE_CORRUPT),
            ("store.corrupt", ffi::SQLITE_NOTADB),
            ("store.corrupt", ffi::SQLITE_ERROR),
            ("store.corrupt", ffi::SQLITE_CONSTRAINT_NOTNULL),
        ];
        for (expected, code) in cases {
            let error = StoreError::from(Fault::from(rusqlite::Error::SqliteFailure(ffi::Error::new(code), None)));
            assert_eq!(error.code(), expected, "{error}");
            assert!(error.to_string().contains(&format!("SQLite error {code})")), "{error}");
        }
    }
}
