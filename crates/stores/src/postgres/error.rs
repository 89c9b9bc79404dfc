//! What can go wrong at PostgreSQL, and what a caller is told of it: the fault, never a row's content.

use std::error::Error as _;
use std::io;

use doorward_service::store::StoreError;
use tokio_postgres::Error;
use tokio_postgres::error::{DbError, Severity, SqlState};

use crate::sql::row::Unreadable;

/// Why a call did not do what it should.
#[derive(Debug)]
pub(super) enum Fault {
    /// The database, or the connection to it.
    Database(Error),
    /// A row can't be read.
    Row(Unreadable),
    /// No connection could be had in time, and what the last try ended with, if there was one.
    NoConnection(Option<Error>),
    /// No answer came in time.
    Silence,
    /// The task that asked the database has ended.
    NoTask,
    /// An earlier attempt lost its connection, and what it did can't be told any more.
    Doubt,
    /// The database has no room for this, and none may be made.
    NoRoom(&'static str),
    /// The tenant, or the app, isn't there.
    NoTenant,
    /// Somebody else holds the lock that this needs.
    Locked,
    /// The store was closed.
    Closed,
}

impl From<Error> for Fault {
    fn from(error: Error) -> Self {
        Self::Database(error)
    }
}

impl From<Unreadable> for Fault {
    fn from(column: Unreadable) -> Self {
        Self::Row(column)
    }
}

/// What to do after a fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Remedy {
    /// Tell the caller.
    Report,
    /// Try again: nothing happened.
    Again,
    /// Try again on another connection: nothing happened, and this one is of no more use.
    AgainElsewhere,
    /// Try again on another connection. What was asked may have happened.
    Doubtful,
    /// Tell the caller, and close the connection.
    ReportAndClose,
}

impl Fault {
    pub(super) fn remedy(&self) -> Remedy {
        let error = match self {
            Self::Database(error) => error,
            Self::NoTask => return Remedy::Doubtful,
            // Whoever waited so long gets an answer now.
            Self::Silence => return Remedy::ReportAndClose,
            Self::Locked => return Remedy::Again,
            Self::Row(_) | Self::NoConnection(_) | Self::Doubt | Self::NoRoom(_) | Self::NoTenant | Self::Closed => {
                return Remedy::Report;
            }
        };
        let Some(error) = error.as_db_error() else {
            // The driver's own complaint about a parameter is the only one that isn't the connection's.
            let is_ours = error.source().is_some_and(|source| source.is::<tokio_postgres::types::WrongType>());
            return if is_ours { Remedy::Report } else { Remedy::Doubtful };
        };
        let code = error.code();
        if *code == SqlState::T_R_STATEMENT_COMPLETION_UNKNOWN {
            Remedy::Doubtful
        } else if code.code().starts_with("40") {
            Remedy::Again
        } else if is_stale_plan(error) {
            Remedy::AgainElsewhere
        } else if *code == SqlState::READ_ONLY_SQL_TRANSACTION {
            // A server that follows another one now: the next connection may find the one that leads.
            Remedy::ReportAndClose
        } else if ends_connection(error) {
            Remedy::Doubtful
        } else {
            Remedy::Report
        }
    }

    /// Whether a parent row is missing: the app or the tenant.
    pub(super) fn lacks_parent(&self) -> bool {
        matches!(self, Self::Database(error) if error.code() == Some(&SqlState::FOREIGN_KEY_VIOLATION))
    }
}

/// Whether somebody changed a table under a prepared statement, or took the statement away.
fn is_stale_plan(error: &DbError) -> bool {
    *error.code() == SqlState::INVALID_SQL_STATEMENT_NAME
        || (*error.code() == SqlState::FEATURE_NOT_SUPPORTED && error.message().contains("cached plan"))
}

fn ends_connection(error: &DbError) -> bool {
    let code = error.code().code();
    matches!(error.parsed_severity(), Some(Severity::Fatal | Severity::Panic))
        || code.starts_with("08")
        || matches!(code, "57P01" | "57P02" | "57P03" | "57P05" | "25P03")
}

/// Whether a database isn't there yet: it refuses connections, or is starting.
pub(super) fn is_not_there_yet(error: &Error) -> bool {
    if error.code() == Some(&SqlState::CANNOT_CONNECT_NOW) {
        return true;
    }
    io_error(error).is_some_and(|error| {
        // A socket's file that isn't there yet is the same as a port that nobody listens at.
        matches!(error.kind(), io::ErrorKind::ConnectionRefused | io::ErrorKind::NotFound)
    })
}

/// Whether another try to connect may soon end better.
pub(super) fn may_pass(error: &Error) -> bool {
    let busy = [SqlState::TOO_MANY_CONNECTIONS, SqlState::ADMIN_SHUTDOWN, SqlState::CRASH_SHUTDOWN];
    match error.code() {
        Some(code) => *code == SqlState::CANNOT_CONNECT_NOW || busy.contains(code),
        None => {
            is_not_there_yet(error) || io_error(error).is_some_and(|error| is_cut(error.kind())) || error.is_closed()
        }
    }
}

const fn is_cut(kind: io::ErrorKind) -> bool {
    use io::ErrorKind as Kind;
    matches!(kind, Kind::ConnectionReset | Kind::ConnectionAborted | Kind::BrokenPipe | Kind::UnexpectedEof)
}

fn io_error(error: &Error) -> Option<&io::Error> {
    error.source().and_then(|source| source.downcast_ref())
}

/// What a caller is told.
impl From<Fault> for StoreError {
    fn from(fault: Fault) -> Self {
        let unavailable = |text: &str| Self::Unavailable(text.to_owned());
        match fault {
            Fault::Database(error) => told(&error),
            Fault::Row(Unreadable(column)) => Self::Corrupt(format!("column `{column}` can't be read")),
            Fault::NoConnection(None) => unavailable("all its connections are busy"),
            Fault::NoConnection(Some(error)) => told(&error),
            Fault::Silence => unavailable("it did not answer in time"),
            Fault::NoTask => unavailable("the runtime that it needs has ended"),
            Fault::Doubt => unavailable("the connection was lost, and what was done can't be told any more"),
            Fault::NoRoom(what) => Self::ReadOnly(format!("its tables have no column for {what}")),
            Fault::NoTenant => Self::NoTenant,
            Fault::Locked => unavailable("another program holds a lock on its keys"),
            Fault::Closed => Self::Closed,
        }
    }
}

fn told(error: &Error) -> StoreError {
    let Some(error) = error.as_db_error() else {
        return StoreError::Unavailable(connection_fault(error));
    };
    let code = error.code().code();
    let say = |text: &str| format!("{text} (SQLSTATE {code})");
    match code {
        // All foreign keys end at a tenant or at an app.
        "23503" => StoreError::NoTenant,
        "53100" => StoreError::Full(say("the database has no space left")),
        "25006" => StoreError::ReadOnly(say("the database can't be written to")),
        // Names a table or a schema, and nothing that is stored.
        "42501" => StoreError::ReadOnly(say(error.message())),
        "57014" => StoreError::Unavailable(say("a statement took too long")),
        "55P03" => StoreError::Unavailable(say("a lock could not be had in time")),
        "53300" => StoreError::Unavailable(say("the database has too many connections")),
        "57P03" => StoreError::Unavailable(say("the database is starting or stopping")),
        // Names the database.
        "3D000" => StoreError::Unavailable(say(error.message())),
        "XX001" | "XX002" => StoreError::Corrupt(say("the database is damaged")),
        _ => match code.get(..2).unwrap_or_default() {
            // Names the user, the host and the database.
            "28" => StoreError::Unavailable(say(error.message())),
            "40" => StoreError::Unavailable(say("others write to the same rows all the time")),
            "53" => StoreError::Unavailable(say("the database is short of something")),
            "08" | "57" | "58" => StoreError::Unavailable(say("the database has a fault, or is stopping")),
            // The statements are ours, so it is the tables that differ: the message names them, and no content.
            "42" => StoreError::Corrupt(say(&format!("the tables are not as expected: {}", error.message()))),
            _ => StoreError::Corrupt(say("a statement was not accepted")),
        },
    }
}

/// What is wrong with a connection. The driver's texts hold no password.
fn connection_fault(error: &Error) -> String {
    match (io_error(error), error.source()) {
        (Some(error), _) => match error.kind() {
            io::ErrorKind::ConnectionRefused => "the database refuses connections".to_owned(),
            _ => format!("the connection failed: {error}"),
        },
        (None, Some(source)) => format!("{error}: {source}"),
        (None, None) => error.to_string(),
    }
}
