//! What `docs/migrate-from-supertokens.md` tells an operator to do.

use doorward_service::store::{Lacks, Store as _};
use doorward_stores::transfer::{RawRow, Table, Value};
use futures_util::SinkExt as _;

use super::given::*;
use crate::postgres::database;

const PAGE: &str = include_str!("../../../../docs/migrate-from-supertokens.md");

/// The lines of the page that begin so, without that and what is before it in the line.
fn lines(beginning: &str) -> Vec<&'static str> {
    let found: Vec<&str> = PAGE.lines().filter_map(|line| line.trim().strip_prefix(beginning)).collect();
    assert!(!found.is_empty(), "no line begins with {beginning}");
    found
}

/// A list of columns, without what is around it.
fn columns(list: &str) -> Vec<&str> {
    list.split(',').map(str::trim).collect()
}

#[test]
fn the_statements_for_whoever_owns_the_tables_are_enough() {
    database::with(async |database| {
        database.open().await;
        let missing = ["refresh_token_rotated_at", "window_at", "absolute_end", "refresh_lifetime"];
        for column in missing {
            database.sql(&format!("ALTER TABLE session_info DROP COLUMN {column}")).await;
        }
        let lacks = async || database.options().as_it_is().open().await.unwrap().lacks();
        assert_eq!(lacks().await, Lacks { windows: true, predecessors: true, limits: true });
        let (_, rest) = PAGE.split_once("```sql\n   ALTER TABLE").unwrap();
        let (statements, _) = rest.split_once("```").unwrap();
        database.sql(&format!("ALTER TABLE{statements}")).await;
        assert_eq!(lacks().await, Lacks::default());
    });
}

/// A value as MySQL's `INTO OUTFILE` has it.
fn written(value: &Value) -> String {
    match value {
        Value::Null => "\\N".to_owned(),
        Value::Boolean(value) => u8::from(*value).to_string(),
        Value::Integer(value) => value.to_string(),
        Value::Text(text) => text.chars().fold(String::new(), |mut written, letter| {
            if matches!(letter, '\\' | '\t' | '\n') {
                written.push('\\');
            }
            written.push(letter);
            written
        }),
    }
}

fn file(table: &Table, columns: &[&str], rows: &[RawRow]) -> String {
    let place = |name: &&str| table.columns.iter().position(|column| column.name == *name).unwrap();
    let places: Vec<usize> = columns.iter().map(place).collect();
    let line = |row: &RawRow| places.iter().map(|at| written(&row[*at])).collect::<Vec<_>>().join("\t") + "\n";
    rows.iter().map(line).collect()
}

#[test]
fn what_mysql_wrote_is_read() {
    database::with(async |database| {
        let from = database.another().open().await;
        fill(&*from, 30).await;
        let to = database.open().await;
        for what in lines("DELETE FROM ") {
            database.sql(&format!("DELETE FROM {what}")).await;
        }
        let read = lines("\\copy ");
        for line in &read {
            let (name, rest) = line.split_once(" (").unwrap();
            let (list, _) = rest.split_once(") FROM ").unwrap();
            let select = format!("FROM {name} INTO OUTFILE");
            assert!(PAGE.contains(&select), "{select}");
            let file = file(table(name), &columns(list), &rows(&*from, name).await);
            let client = database.connect().await;
            let copy = format!("COPY {name} ({list}) FROM STDIN");
            let mut sink = std::pin::pin!(client.client.copy_in::<_, bytes::Bytes>(&copy).await.unwrap());
            sink.send(bytes::Bytes::from(file)).await.unwrap();
            sink.close().await.unwrap();
            let picked = |mut rows: Vec<RawRow>| {
                let is_named = |name: &str| columns(list).contains(&name);
                for row in &mut rows {
                    let mut names = table(name).columns.iter().map(|column| column.name);
                    row.retain(|_| names.next().is_some_and(is_named));
                }
                rows
            };
            assert_eq!(picked(rows(&*to, name).await), picked(rows(&*from, name).await), "{name}");
        }
        assert_eq!(read.len(), 7);
    });
}

/// The columns of the page's two halves are the same ones, in the same order.
#[test]
fn what_mysql_writes_is_what_is_read() {
    let (_, mysql) = PAGE.split_once("## From MySQL").unwrap();
    let select = mysql.split("SELECT ").skip(1).filter_map(|rest| rest.split_once(" FROM ")).map(|(list, rest)| {
        let name = rest.split_whitespace().next().unwrap();
        (name, columns(list).join(", "))
    });
    let mut written: Vec<_> = select.collect();
    let mut read: Vec<_> = lines("\\copy ")
        .into_iter()
        .map(|line| {
            let (name, rest) = line.split_once(" (").unwrap();
            (name, columns(rest.split_once(')').unwrap().0).join(", "))
        })
        .collect();
    written.sort();
    read.sort();
    assert_eq!(written, read);
}
