//! From a path to connections that are ready.

use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};
use std::{fs, io};

use doorward_service::store::{StoreError, StoreResult};
use rusqlite::{Connection, OpenFlags, params};

use super::db::Db;
use super::error::{Fault, about, file_error};
use super::options::{Options, Synchronous};
use crate::sql::row::Unreadable;
use crate::sql::schema::{self, Migration};

pub(super) const MIGRATIONS: &[Migration] = &[
    Migration { version: 1, sql: include_str!("migrations/0001_sessions.sql") },
    Migration { version: 2, sql: include_str!("migrations/0002_directory.sql") },
];

/// What the write-ahead log shrinks to after a burst.
const LOG_LIMIT_BYTES: u32 = 64 << 20;

/// Opens the connection that writes, with all tables in place.
pub(super) fn writer(path: &Path, options: &Options) -> StoreResult<Db> {
    let path = full_path(path)?;
    create_private(&path).map_err(|error| in_file(&path, file_error(&error)))?;
    open_writer(&path, options).map_err(|error| in_file(&path, error))
}

/// Opens a connection that only reads.
pub(super) fn reader(path: &Path, options: &Options) -> StoreResult<Db> {
    let path = full_path(path)?;
    let open = || -> Result<Db, Fault> {
        let db = Db::new(Connection::open_with_flags(&path, OpenFlags::SQLITE_OPEN_READ_ONLY | FLAGS)?);
        db.connection().busy_timeout(options.busy_timeout)?;
        db.connection().execute_batch("PRAGMA trusted_schema = OFF")?;
        Ok(db)
    };
    open().map_err(|fault| in_file(&path, fault.into()))
}

/// A connection is used by one thread at a time, so SQLite needs no lock of its own.
const FLAGS: OpenFlags = OpenFlags::SQLITE_OPEN_NO_MUTEX;

/// Empties the write-ahead log, if that can be done now.
///
/// SQLite is not asked to collect statistics: without them each statement keeps the plan that our tests see, and with them
/// some scan all sessions, because most of a deployment's are in one tenant.
pub(super) fn tidy(db: &Db) {
    // What is committed is safe without it.
    let _ = db.connection().execute_batch("PRAGMA wal_checkpoint(TRUNCATE)");
}

fn in_file(path: &Path, error: StoreError) -> StoreError {
    about(&format!("cannot use `{}`", path.display()), error)
}

/// SQLite gives a meaning of its own to some paths, such as the empty one and `:memory:`; a full path has none.
fn full_path(path: &Path) -> StoreResult<PathBuf> {
    std::path::absolute(path).map_err(|error| file_error(&error))
}

/// Makes the file with a mode that keeps others out, unless it is there.
///
/// INVARIANT: a file that is there is never opened here: closing it would take away the locks that SQLite holds on it
/// elsewhere in this process.
fn create_private(path: &Path) -> io::Result<()> {
    let mut options = fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    match options.open(path) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        // Someone who may not make it may still be allowed to write to it.
        Err(_) if path.is_file() => Ok(()),
        made => made.map(drop),
    }
}

fn open_writer(path: &Path, options: &Options) -> StoreResult<Db> {
    let db = connect(path, options)?;
    // Before anything of the file is changed: whose it is, and whether it isn't too new.
    migrate(&db)?;
    use_log(&db, options.busy_timeout)?;
    // What follows is counted, what was needed for opening isn't.
    db.take_statements();
    Ok(db)
}

fn connect(path: &Path, options: &Options) -> Result<Db, Fault> {
    let connection = Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_WRITE | FLAGS)?;
    connection.busy_timeout(options.busy_timeout)?;
    let synchronous = match options.synchronous {
        Synchronous::Full => "FULL",
        Synchronous::Normal => "NORMAL",
    };
    connection.execute_batch(&format!(
        "PRAGMA foreign_keys = ON; PRAGMA trusted_schema = OFF; PRAGMA synchronous = {synchronous}; \
         PRAGMA journal_size_limit = {LOG_LIMIT_BYTES}"
    ))?;
    if let Some(pages) = options.max_page_count {
        connection.execute_batch(&format!("PRAGMA max_page_count = {pages}"))?;
    }
    Ok(Db::new(connection))
}

/// Brings the tables up to date in one transaction, so that of two processes that start at once one waits.
fn migrate(db: &Db) -> StoreResult<()> {
    db.control("BEGIN IMMEDIATE")?;
    // After an error the connection is dropped, which takes everything back.
    let found = applied(db)?;
    for migration in schema::missing(MIGRATIONS, &found)? {
        apply(db, migration)?;
    }
    Ok(db.control("COMMIT")?)
}

fn applied(db: &Db) -> Result<Vec<(u32, String)>, Fault> {
    db.connection().execute_batch(
        "CREATE TABLE IF NOT EXISTS doorward_schema (version INTEGER PRIMARY KEY, checksum TEXT NOT NULL)",
    )?;
    // Changes nothing, and fails where nothing can be changed: better now than at the first sign-in.
    db.connection().execute_batch("DELETE FROM doorward_schema WHERE version IS NULL")?;
    db.rows("SELECT version, checksum FROM doorward_schema ORDER BY version", [], |row| {
        let version = super::read::integer(row, 0, "version")?;
        let version = u32::try_from(version).map_err(|_| Unreadable("version"))?;
        Ok((version, super::read::text(row, 1, "checksum")?.to_owned()))
    })
}

fn apply(db: &Db, migration: &Migration) -> Result<(), Fault> {
    db.connection().execute_batch(migration.sql)?;
    db.execute(
        "INSERT INTO doorward_schema (version, checksum) VALUES (?1, ?2)",
        params![migration.version, migration.checksum()],
    )?;
    Ok(())
}

/// Switches to the write-ahead log. SQLite doesn't wait by itself here when another connection is in the way.
fn use_log(db: &Db, timeout: Duration) -> StoreResult<()> {
    let started = Instant::now();
    loop {
        let mode = db.connection().query_row("PRAGMA journal_mode = WAL", [], |row| row.get::<_, String>(0));
        match mode.map_err(Fault::from) {
            Ok(mode) if mode == "wal" => return Ok(()),
            Ok(_) => return Err(StoreError::Unavailable("its file system allows no write-ahead log".to_owned())),
            Err(fault) if fault.is_busy() && started.elapsed() < timeout => thread::sleep(Duration::from_millis(5)),
            Err(fault) => return Err(fault.into()),
        }
    }
}
