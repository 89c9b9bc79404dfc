//! A folder of its own for each test, with files in it.

use std::path::PathBuf;
use std::time::Duration;

use doorward_stores::sqlite::{Options, Sqlite};
use rusqlite::Connection;

pub(crate) struct Folder(tempfile::TempDir);

impl Folder {
    pub(crate) fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    /// One that other users of the machine can get to, which the usual place for such folders may not allow.
    pub(crate) fn in_reach_of_others() -> Self {
        Self(tempfile::tempdir_in("/tmp").unwrap())
    }

    pub(crate) fn path(&self) -> PathBuf {
        self.0.path().to_owned()
    }

    pub(crate) fn file(&self) -> PathBuf {
        self.0.path().join("sessions.db")
    }

    /// A connection of another program's.
    pub(crate) fn connect(&self) -> Connection {
        Connection::open(self.file()).unwrap()
    }

    /// Changes the file as another program would.
    pub(crate) fn sql(&self, sql: &str) {
        self.connect().execute_batch(sql).unwrap();
    }

    /// Keeps the store from writing until it is dropped.
    pub(crate) fn lock(&self) -> Connection {
        let connection = self.connect();
        connection.execute_batch("BEGIN IMMEDIATE").unwrap();
        connection
    }

    pub(crate) async fn open(&self) -> Sqlite {
        Sqlite::open(self.file()).await.unwrap()
    }

    pub(crate) async fn open_with(&self, options: Options) -> Sqlite {
        options.open(self.file()).await.unwrap()
    }
}

/// Options of a store that gives up soon on a locked file.
pub(crate) fn impatient() -> Options {
    Sqlite::options().busy_timeout(Duration::from_millis(5))
}
