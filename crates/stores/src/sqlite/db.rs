//! One connection, with its prepared statements.

use std::cell::Cell;

use rusqlite::{Connection, Params, Row};

use super::error::Fault;

/// More than there are statements, so that none is ever prepared twice.
const PREPARED_STATEMENTS: usize = 64;

/// A connection that counts what it does.
#[derive(Debug)]
pub(super) struct Db {
    connection: Connection,
    statements: Cell<u64>,
}

impl Db {
    pub(super) fn new(connection: Connection) -> Self {
        connection.set_prepared_statement_cache_capacity(PREPARED_STATEMENTS);
        Self { connection, statements: Cell::new(0) }
    }

    pub(super) fn connection(&self) -> &Connection {
        &self.connection
    }

    /// Returns how many statements ran since the last call, without those that begin and end transactions.
    pub(super) fn take_statements(&self) -> u64 {
        self.statements.take()
    }

    /// Begins or ends a transaction.
    pub(super) fn control(&self, sql: &'static str) -> Result<(), Fault> {
        self.connection.prepare_cached(sql)?.execute([])?;
        Ok(())
    }

    /// Runs a statement that gives no rows, and returns how many rows it changed.
    pub(super) fn execute(&self, sql: &'static str, params: impl Params) -> Result<usize, rusqlite::Error> {
        self.count();
        self.connection.prepare_cached(sql)?.execute(params)
    }

    /// Runs a statement to its end and reads the rows that it gives.
    pub(super) fn rows<T>(
        &self,
        sql: &'static str,
        params: impl Params,
        mut read: impl FnMut(&Row<'_>) -> Result<T, Fault>,
    ) -> Result<Vec<T>, Fault> {
        self.count();
        let mut statement = self.connection.prepare_cached(sql)?;
        let mut rows = statement.query(params)?;
        let mut all = Vec::new();
        while let Some(row) = rows.next()? {
            all.push(read(row)?);
        }
        Ok(all)
    }

    fn count(&self) {
        self.statements.set(self.statements.get() + 1);
    }
}
