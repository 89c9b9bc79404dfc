//! One connection while a call has it.

use std::sync::atomic::{AtomicBool, Ordering};

use deadpool_postgres::{ClientWrapper, Object};
use tokio_postgres::Row;
use tokio_postgres::types::ToSql;

use super::error::Fault;
use super::sql::Statement;
use super::stats::Counters;

/// A value for a parameter of a statement, by its name.
pub(super) type Value<'a> = (&'static str, &'a (dyn ToSql + Sync));

/// A connection that counts what it does.
pub(super) struct Db<'a> {
    client: &'a Object,
    counters: &'a Counters,
    in_transaction: AtomicBool,
}

impl<'a> Db<'a> {
    pub(super) fn new(client: &'a Object, counters: &'a Counters) -> Self {
        Self { client, counters, in_transaction: AtomicBool::new(false) }
    }

    /// Begins a transaction. It ends with [`Db::commit`], or is rolled back when the attempt ends without that.
    pub(super) async fn begin(&self) -> Result<(), Fault> {
        self.in_transaction.store(true, Ordering::Relaxed);
        Ok(self.client.batch_execute("BEGIN").await?)
    }

    pub(super) async fn commit(&self) -> Result<(), Fault> {
        self.client.batch_execute("COMMIT").await?;
        self.in_transaction.store(false, Ordering::Relaxed);
        Ok(())
    }

    /// Ends a transaction that was begun and not committed.
    pub(super) async fn tidy(&self) -> Result<(), Fault> {
        if self.in_transaction.load(Ordering::Relaxed) {
            self.client.batch_execute("ROLLBACK").await?;
            self.in_transaction.store(false, Ordering::Relaxed);
        }
        Ok(())
    }

    /// Runs a statement, and returns the rows that it gives.
    pub(super) async fn rows(&self, statement: &Statement, values: &[Value<'_>]) -> Result<Vec<Row>, Fault> {
        let (prepared, values) = self.prepare(statement, values).await?;
        Ok(self.client.query(&prepared, &values).await?)
    }

    /// Runs a statement that gives at most one row.
    pub(super) async fn row(&self, statement: &Statement, values: &[Value<'_>]) -> Result<Option<Row>, Fault> {
        Ok(self.rows(statement, values).await?.pop())
    }

    /// Runs a statement that gives no rows, and returns how many rows it changed.
    pub(super) async fn execute(&self, statement: &Statement, values: &[Value<'_>]) -> Result<u64, Fault> {
        let (prepared, values) = self.prepare(statement, values).await?;
        Ok(self.client.execute(&prepared, &values).await?)
    }

    /// Runs a statement of a transfer, and returns the rows that it gives.
    #[cfg(feature = "transfer")]
    pub(super) async fn rows_by_text(&self, sql: &str, values: &[&(dyn ToSql + Sync)]) -> Result<Vec<Row>, Fault> {
        self.counters.statement();
        let client: &ClientWrapper = self.client;
        let prepared = client.prepare_cached(sql).await?;
        Ok(self.client.query(&prepared, values).await?)
    }

    /// Runs a statement of a transfer, and returns how many rows it changed.
    #[cfg(feature = "transfer")]
    pub(super) async fn change_by_text(&self, sql: &str, values: &[&(dyn ToSql + Sync)]) -> Result<u64, Fault> {
        self.counters.statement();
        let client: &ClientWrapper = self.client;
        let prepared = client.prepare_cached(sql).await?;
        Ok(self.client.execute(&prepared, values).await?)
    }

    async fn prepare<'v>(
        &self,
        statement: &Statement,
        values: &[Value<'v>],
    ) -> Result<(tokio_postgres::Statement, Vec<&'v (dyn ToSql + Sync)>), Fault> {
        self.counters.statement();
        let client: &ClientWrapper = self.client;
        let prepared = client.prepare_cached(statement.sql()).await?;
        Ok((prepared, in_order(statement, values)))
    }
}

/// Puts values in the order of a statement's numbers.
pub(super) fn in_order<'v>(statement: &Statement, values: &[Value<'v>]) -> Vec<&'v (dyn ToSql + Sync)> {
    let value = |name: &str| values.iter().find(|(known, _)| *known == name).map(|(_, value)| *value);
    // INVARIANT: every call names all parameters of its statement; the driver refuses too few.
    statement.parameters().iter().filter_map(|name| value(name)).collect()
}
