//! The tables of a database, row by row, for a transfer.
//!
//! Asks for: `information_schema.columns`, `unnest` of several arrays, `INSERT ... AS`, `ON CONFLICT DO UPDATE ... WHERE`,
//! `DELETE ... USING`, rows compared with `>`.

use doorward_service::store::{BoxFuture, StoreResult};
use tokio_postgres::types::ToSql;

use super::Postgres;
use super::db::Db;
use super::error::Fault;
use super::names;
use super::pool::Job;
use super::read::get;
use super::sql::Sql;
use crate::transfer::sql::{Names, list};
use crate::transfer::{Column, Kind, RawRow, Table, Tables, Ties, Value};

impl Tables for Postgres {
    fn columns(&self, table: &'static Table) -> BoxFuture<'_, StoreResult<Vec<&'static Column>>> {
        Box::pin(self.connections.run(Columns(table)))
    }

    fn count(&self, table: &'static Table) -> BoxFuture<'_, StoreResult<u64>> {
        Box::pin(self.connections.run(Count(table)))
    }

    fn page(
        &self,
        table: &'static Table,
        after: Option<RawRow>,
        limit: u32,
    ) -> BoxFuture<'_, StoreResult<Vec<RawRow>>> {
        Box::pin(self.connections.run(Page { table, after, limit }))
    }

    fn absent(&self, table: &'static Table, keys: Vec<RawRow>) -> BoxFuture<'_, StoreResult<Vec<RawRow>>> {
        Box::pin(self.connections.run(Absent(table, keys)))
    }

    fn write(&self, table: &'static Table, rows: Vec<RawRow>, ties: Ties) -> BoxFuture<'_, StoreResult<u64>> {
        Box::pin(self.connections.run(Write { table, rows, ties }))
    }

    fn delete(&self, table: &'static Table, keys: Vec<RawRow>) -> BoxFuture<'_, StoreResult<u64>> {
        Box::pin(self.connections.run(Delete(table, keys)))
    }

    fn latest_end(&self) -> BoxFuture<'_, StoreResult<Option<i64>>> {
        Box::pin(self.connections.run(LatestEnd))
    }
}

struct Columns(&'static Table);

impl Job for Columns {
    type Answer = Vec<&'static Column>;
    const WRITES: bool = false;

    async fn run(&self, db: &Db<'_>, sql: &Sql, _: bool) -> Result<Self::Answer, Fault> {
        let text = "SELECT column_name::TEXT FROM information_schema.columns \
             WHERE table_schema::TEXT = $1 AND table_name::TEXT = $2";
        let mut names = Vec::new();
        for row in db.rows_by_text(text, &[&sql.names.schema(), &sql.names.bare(table(self.0))]).await? {
            names.push(get::<String>(&row, 0, "column_name")?);
        }
        Ok(self.0.columns.iter().filter(|column| names.iter().any(|name| name == column.name)).collect())
    }
}

struct Count(&'static Table);

impl Job for Count {
    type Answer = u64;
    const WRITES: bool = false;

    async fn run(&self, db: &Db<'_>, sql: &Sql, _: bool) -> Result<Self::Answer, Fault> {
        let rows = db.rows_by_text(&quoted(sql, self.0).names(|names| names.count(self.0)), &[]).await?;
        let count: i64 = rows.first().map_or(Ok(0), |row| get(row, 0, "count"))?;
        Ok(u64::try_from(count).unwrap_or_default())
    }
}

struct Page {
    table: &'static Table,
    after: Option<RawRow>,
    limit: u32,
}

impl Job for Page {
    type Answer = Vec<RawRow>;
    const WRITES: bool = false;

    async fn run(&self, db: &Db<'_>, sql: &Sql, in_doubt: bool) -> Result<Self::Answer, Fault> {
        let columns = Columns(self.table).run(db, sql, in_doubt).await?;
        let text = quoted(sql, self.table).names(|names| names.page(self.table, &columns, self.after.is_none()));
        let limit = i64::from(self.limit);
        let mut values: Vec<&(dyn ToSql + Sync)> = self.after.iter().flatten().map(parameter).collect();
        values.push(&limit);
        let rows = db.rows_by_text(&text, &values).await?;
        rows.iter().map(|row| raw_row(row, self.table, &columns)).collect()
    }
}

struct Absent(&'static Table, Vec<RawRow>);

impl Job for Absent {
    type Answer = Vec<RawRow>;
    const WRITES: bool = false;

    async fn run(&self, db: &Db<'_>, sql: &Sql, _: bool) -> Result<Self::Answer, Fault> {
        let Self(table, keys) = self;
        let columns: Vec<&Column> = table.key_columns().iter().collect();
        let text = format!(
            "SELECT {} FROM {} WHERE NOT EXISTS (SELECT 1 FROM {} AS one WHERE {})",
            list(columns.iter().copied()),
            wanted(&columns),
            quoted(sql, table).table,
            is_wanted(table)
        );
        let arrays = arrays(&columns, keys);
        let rows = db.rows_by_text(&text, &parameters(&arrays)).await?;
        rows.iter().map(|row| columns.iter().zip(0..).map(|(column, at)| value(row, at, column)).collect()).collect()
    }
}

struct Write {
    table: &'static Table,
    rows: Vec<RawRow>,
    ties: Ties,
}

impl Job for Write {
    type Answer = u64;

    async fn run(&self, db: &Db<'_>, sql: &Sql, in_doubt: bool) -> Result<Self::Answer, Fault> {
        // A column that is missing here is missing in the source as well, or nothing would be copied.
        let columns = Columns(self.table).run(db, sql, in_doubt).await?;
        let (begin, end) = quoted(sql, self.table).names(|names| names.write(self.table, &columns, self.ties));
        let rows: Vec<RawRow> = self.rows.iter().map(|row| selected(self.table, &columns, row)).collect();
        let arrays = arrays(&columns, &rows);
        db.change_by_text(&format!("{begin} SELECT * FROM {} {end}", unnested(&columns)), &parameters(&arrays)).await
    }
}

struct Delete(&'static Table, Vec<RawRow>);

impl Job for Delete {
    type Answer = u64;

    async fn run(&self, db: &Db<'_>, sql: &Sql, _: bool) -> Result<Self::Answer, Fault> {
        let Self(table, keys) = self;
        let columns: Vec<&Column> = table.key_columns().iter().collect();
        let text = format!(
            "DELETE FROM {} AS one USING {} WHERE {}",
            quoted(sql, table).table,
            wanted(&columns),
            is_wanted(table)
        );
        db.change_by_text(&text, &parameters(&arrays(&columns, keys))).await
    }
}

struct LatestEnd;

impl Job for LatestEnd {
    type Answer = Option<i64>;
    const WRITES: bool = false;

    async fn run(&self, db: &Db<'_>, sql: &Sql, _: bool) -> Result<Self::Answer, Fault> {
        let text = format!("SELECT max(expires_at) FROM {}", sql.names.quoted(names::Table::SessionInfo));
        let rows = db.rows_by_text(&text, &[]).await?;
        rows.first().map_or(Ok(None), |row| get(row, 0, "expires_at"))
    }
}

/// The table under the name by which the rest of the store knows it.
fn table(table: &Table) -> names::Table {
    // INVARIANT: a test holds the two lists equal.
    let known = names::Table::ALL.into_iter().find(|known| known.name() == table.name);
    known.unwrap_or(names::Table::SessionInfo)
}

/// The names that statements on a table need.
struct Quoted {
    table: String,
    tenants: String,
}

fn quoted(sql: &Sql, of: &Table) -> Quoted {
    Quoted { table: sql.names.quoted(table(of)), tenants: sql.names.quoted(names::Table::Tenants) }
}

impl Quoted {
    fn names<T>(&self, write: impl FnOnce(&Names<'_>) -> T) -> T {
        write(&Names { table: &self.table, tenants: &self.tenants, mark: '$' })
    }
}

/// The values of some of a row's columns.
fn selected(table: &Table, columns: &[&Column], row: &RawRow) -> RawRow {
    let all = table.columns.iter().zip(row);
    all.filter(|(column, _)| columns.contains(column)).map(|(_, value)| value.clone()).collect()
}

fn kind(column: &Column) -> &'static str {
    match column.kind {
        Kind::Text => "TEXT",
        Kind::Integer => "BIGINT",
        Kind::Boolean => "BOOLEAN",
    }
}

/// Rows that are given as one array for each column.
fn unnested(columns: &[&Column]) -> String {
    let arrays = columns.iter().zip(1..).map(|(column, number)| format!("${number}::{}[]", kind(column)));
    format!("unnest({})", arrays.collect::<Vec<_>>().join(", "))
}

fn wanted(columns: &[&Column]) -> String {
    format!("{} AS wanted ({})", unnested(columns), list(columns.iter().copied()))
}

fn is_wanted(table: &Table) -> String {
    let terms = table.key_columns().iter().map(|column| format!("one.{0} = wanted.{0}", column.name));
    terms.collect::<Vec<_>>().join(" AND ")
}

/// The values of a column in all rows.
enum Array<'a> {
    Texts(Vec<Option<&'a str>>),
    Integers(Vec<Option<i64>>),
    Booleans(Vec<Option<bool>>),
}

fn arrays<'a>(columns: &[&Column], rows: &'a [RawRow]) -> Vec<Array<'a>> {
    let array = |(column, at): (&&Column, usize)| {
        let values = rows.iter().map(|row| row.get(at));
        match column.kind {
            Kind::Text => Array::Texts(values.map(|value| value.and_then(Value::as_text)).collect()),
            Kind::Integer => Array::Integers(values.map(|value| value.and_then(Value::as_integer)).collect()),
            Kind::Boolean => Array::Booleans(values.map(|value| value.and_then(Value::as_boolean)).collect()),
        }
    };
    columns.iter().zip(0..).map(array).collect()
}

fn parameters<'a>(arrays: &'a [Array<'_>]) -> Vec<&'a (dyn ToSql + Sync)> {
    let parameter = |array: &'a Array<'_>| -> &'a (dyn ToSql + Sync) {
        match array {
            Array::Texts(values) => values,
            Array::Integers(values) => values,
            Array::Booleans(values) => values,
        }
    };
    arrays.iter().map(parameter).collect()
}

fn parameter(value: &Value) -> &(dyn ToSql + Sync) {
    match value {
        Value::Null => &None::<i64>,
        Value::Boolean(value) => value,
        Value::Integer(value) => value,
        Value::Text(text) => text,
    }
}

/// Reads what was selected, in the table's order.
fn raw_row(row: &tokio_postgres::Row, table: &Table, selected: &[&Column]) -> Result<RawRow, Fault> {
    let read = |column: &Column| match selected.iter().position(|one| one.name == column.name) {
        Some(at) => value(row, at, column),
        None => Ok(Value::Null),
    };
    table.columns.iter().map(read).collect()
}

fn value(row: &tokio_postgres::Row, at: usize, column: &Column) -> Result<Value, Fault> {
    let value = match column.kind {
        Kind::Text => get::<Option<String>>(row, at, column.name)?.map(Value::Text),
        Kind::Integer => get::<Option<i64>>(row, at, column.name)?.map(Value::Integer),
        Kind::Boolean => get::<Option<bool>>(row, at, column.name)?.map(Value::Boolean),
    };
    Ok(value.unwrap_or(Value::Null))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::postgres::tables;
    use crate::transfer::TABLES;

    #[test]
    fn every_table_of_the_store_is_carried_over() {
        let mut carried: Vec<_> = TABLES.into_iter().map(table).collect();
        carried.sort();
        let mut known = names::Table::ALL.to_vec();
        // Those of users are other recipes'.
        known.retain(|table| tables::creation(*table).is_some());
        known.sort();
        assert_eq!(carried, known);
    }
}
