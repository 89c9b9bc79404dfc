//! The tables of a file, row by row, for a transfer.

use doorward_service::store::{BoxFuture, StoreResult};
use rusqlite::params_from_iter;
use rusqlite::types::{ToSql, ToSqlOutput, ValueRef};

use super::Sqlite;
use super::db::Db;
use super::error::Fault;
use super::read::{integer, integer_or_null, text, text_or_null};
use crate::sql::row::Unreadable;
use crate::transfer::sql::{Names, list};
use crate::transfer::{Column, Kind, RawRow, Table, Tables, Ties, Value};

const COLUMNS: &str = "SELECT name FROM pragma_table_info(?1)";

const LATEST_END: &str = "SELECT max(expires_at) FROM session_info";

impl Tables for Sqlite {
    fn columns(&self, table: &'static Table) -> BoxFuture<'_, StoreResult<Vec<&'static Column>>> {
        Box::pin(self.shared.reads.call(move |db| columns(db, table)))
    }

    fn count(&self, table: &'static Table) -> BoxFuture<'_, StoreResult<u64>> {
        Box::pin(self.shared.reads.call(move |db| {
            let counts = db.rows(&names(table).count(table), [], |row| integer(row, 0, "count"))?;
            Ok(counts.first().and_then(|count| u64::try_from(*count).ok()).unwrap_or_default())
        }))
    }

    fn page(
        &self,
        table: &'static Table,
        after: Option<RawRow>,
        limit: u32,
    ) -> BoxFuture<'_, StoreResult<Vec<RawRow>>> {
        Box::pin(self.shared.reads.call(move |db| {
            let columns = columns(db, table)?;
            let sql = names(table).page(table, &columns, after.is_none());
            let limit = Value::Integer(i64::from(limit));
            let params = params_from_iter(after.iter().flatten().chain([&limit]));
            db.rows(&sql, params, |row| raw_row(row, table, &columns))
        }))
    }

    fn absent(&self, table: &'static Table, keys: Vec<RawRow>) -> BoxFuture<'_, StoreResult<Vec<RawRow>>> {
        Box::pin(self.shared.reads.call(move |db| {
            let sql = format!("SELECT 1 FROM {} WHERE {}", table.name, is_key(table));
            let mut absent = Vec::new();
            for key in &keys {
                if db.rows(&sql, params_from_iter(key), |_| Ok(()))?.is_empty() {
                    absent.push(key.clone());
                }
            }
            Ok(absent)
        }))
    }

    fn write(&self, table: &'static Table, rows: Vec<RawRow>, ties: Ties) -> BoxFuture<'_, StoreResult<u64>> {
        Box::pin(self.shared.writes.call(move |db| {
            let columns: Vec<&Column> = table.columns.iter().collect();
            let (begin, end) = names(table).write(table, &columns, ties);
            let marks: Vec<String> = (1..=columns.len()).map(|number| format!("?{number}")).collect();
            each(db, &format!("{begin} VALUES ({}) {end}", marks.join(", ")), &rows)
        }))
    }

    fn delete(&self, table: &'static Table, keys: Vec<RawRow>) -> BoxFuture<'_, StoreResult<u64>> {
        Box::pin(
            self.shared
                .writes
                .call(move |db| each(db, &format!("DELETE FROM {} WHERE {}", table.name, is_key(table)), &keys)),
        )
    }

    fn latest_end(&self) -> BoxFuture<'_, StoreResult<Option<i64>>> {
        Box::pin(self.shared.reads.call(|db| {
            let ends = db.rows(LATEST_END, [], |row| integer_or_null(row, 0, "expires_at"))?;
            Ok(ends.into_iter().next().flatten())
        }))
    }
}

fn names(table: &Table) -> Names<'_> {
    Names { table: table.name, tenants: "tenants", mark: '?' }
}

/// Runs a statement for each of some rows or keys, and returns how many rows it changed.
fn each(db: &Db, sql: &str, rows: &[RawRow]) -> Result<u64, Fault> {
    let mut changed = 0;
    for row in rows {
        changed += u64::try_from(db.execute(sql, params_from_iter(row))?).unwrap_or_default();
    }
    Ok(changed)
}

fn is_key(table: &Table) -> String {
    let marks: Vec<String> = (1..=table.key).map(|number| format!("?{number}")).collect();
    format!("({}) = ({})", list(table.key_columns().iter()), marks.join(", "))
}

fn columns(db: &Db, table: &'static Table) -> Result<Vec<&'static Column>, Fault> {
    let names = db.rows(COLUMNS, [table.name], |row| Ok(text(row, 0, "name")?.to_owned()))?;
    Ok(table.columns.iter().filter(|column| names.iter().any(|name| name == column.name)).collect())
}

/// Reads what was selected, in the table's order.
fn raw_row(row: &rusqlite::Row<'_>, table: &Table, selected: &[&Column]) -> Result<RawRow, Fault> {
    let read = |column: &Column| {
        let Some(at) = selected.iter().position(|one| one.name == column.name) else { return Ok(Value::Null) };
        let value = match column.kind {
            Kind::Text => text_or_null(row, at, column.name)?.map(|text| Value::Text(text.to_owned())),
            Kind::Integer => integer_or_null(row, at, column.name)?.map(Value::Integer),
            Kind::Boolean => match integer_or_null(row, at, column.name)? {
                None => None,
                Some(0) => Some(Value::Boolean(false)),
                Some(1) => Some(Value::Boolean(true)),
                Some(_) => return Err(Fault::from(Unreadable(column.name))),
            },
        };
        Ok(value.unwrap_or(Value::Null))
    };
    table.columns.iter().map(read).collect()
}

impl ToSql for Value {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(match self {
            Self::Null => ToSqlOutput::Borrowed(ValueRef::Null),
            Self::Boolean(value) => i64::from(*value).into(),
            Self::Integer(value) => (*value).into(),
            Self::Text(text) => ToSqlOutput::Borrowed(ValueRef::Text(text.as_bytes())),
        })
    }
}

#[cfg(test)]
mod tests {
    use rusqlite::Connection;

    use super::super::open;
    use super::*;
    use crate::transfer::TABLES;

    #[test]
    fn pages_and_keys_are_searched_by_the_primary_key() {
        let connection = Connection::open_in_memory().unwrap();
        for migration in open::MIGRATIONS {
            connection.execute_batch(migration.sql).unwrap();
        }
        // Settings of tenants are few.
        for table in TABLES.into_iter().filter(|table| table.columns[0].name == "app_id") {
            let columns: Vec<&Column> = table.columns.iter().collect();
            let names: Vec<&str> = table.key_columns().iter().map(|column| column.name).collect();
            let behind = match *names {
                [name] => format!("({name}>?)"),
                _ => format!("(({})>({}))", names.join(","), vec!["?"; names.len()].join(",")),
            };
            let is = names.iter().map(|name| format!("{name}=?")).collect::<Vec<_>>().join(" AND ");
            let statements = [
                (super::names(table).page(table, &columns, false), behind),
                (format!("SELECT 1 FROM {} WHERE {}", table.name, is_key(table)), format!("({is})")),
                (format!("DELETE FROM {} WHERE {}", table.name, is_key(table)), format!("({is})")),
            ];
            for (sql, search) in statements {
                let mut explained = connection.prepare(&format!("EXPLAIN QUERY PLAN {sql}")).unwrap();
                let count = explained.parameter_count();
                let plan = explained.query_map(params_from_iter((0..count).map(|_| 1)), |row| row.get(3)).unwrap();
                let plan: Vec<String> = plan.map(Result::unwrap).collect();
                assert!(plan[0].starts_with("SEARCH") && plan[0].contains(&search), "{sql}: no {search} in {plan:#?}");
                assert!(!plan.iter().any(|step| step.contains("TEMP B-TREE")), "{sql}: {plan:#?}");
            }
        }
    }
}
