//! The statements of a transfer, made from what [`super::table`] says. SQLite and PostgreSQL understand the same ones.

use super::Ties;
use super::table::{Column, Newer, Table};

/// What is a database's own in these statements.
pub(crate) struct Names<'a> {
    /// The table, as a statement names it.
    pub(crate) table: &'a str,
    /// The table `tenants`, as a statement names it.
    pub(crate) tenants: &'a str,
    /// What stands before a parameter's number.
    pub(crate) mark: char,
}

impl Names<'_> {
    fn condition(&self, template: &str, row: &str) -> String {
        template.replace("{tenants}", self.tenants).replace("{row}", row)
    }

    fn only(&self, table: &Table) -> String {
        table.only.map_or_else(|| "true".to_owned(), |only| self.condition(only, "one"))
    }

    /// A page of rows: the key that it starts behind, if any, and its length are the parameters.
    pub(crate) fn page(&self, table: &Table, columns: &[&Column], is_first: bool) -> String {
        let key = list(table.key_columns().iter());
        let (behind, limit) = if is_first {
            (String::new(), 1)
        } else {
            let marks: Vec<String> = (1..=table.key).map(|number| format!("{}{number}", self.mark)).collect();
            (format!(" AND ({key}) > ({})", marks.join(", ")), table.key + 1)
        };
        format!(
            "SELECT {} FROM {} AS one WHERE {}{behind} ORDER BY {key} LIMIT {}{limit}",
            list(columns.iter().copied()),
            self.table,
            self.only(table),
            self.mark
        )
    }

    /// How many rows there are.
    pub(crate) fn count(&self, table: &Table) -> String {
        format!("SELECT count(*) FROM {} AS one WHERE {}", self.table, self.only(table))
    }

    /// The beginning and the end of a write; the values stand between them.
    pub(crate) fn write(&self, table: &Table, columns: &[&Column], ties: Ties) -> (String, String) {
        let begin = format!("INSERT INTO {} AS old ({})", self.table, list(columns.iter().copied()));
        let key = list(table.key_columns().iter());
        let content: Vec<&Column> = columns.iter().skip(table.key).copied().collect();
        let end = match self.goes(table.newer, &content, ties) {
            None => format!("ON CONFLICT ({key}) DO NOTHING"),
            Some(goes) => {
                let sets: Vec<String> =
                    content.iter().map(|column| format!("{0} = excluded.{0}", column.name)).collect();
                format!("ON CONFLICT ({key}) DO UPDATE SET {} WHERE {goes}", sets.join(", "))
            }
        };
        (begin, end)
    }

    /// When the row that is there goes, if ever.
    fn goes(&self, newer: Newer, content: &[&Column], ties: Ties) -> Option<String> {
        let (terms, sign) = match (newer, ties) {
            (Newer::Unknown, Ties::Stay) => return None,
            (Newer::Unknown, Ties::Yield) if content.is_empty() => return None,
            (Newer::Unknown, Ties::Yield) => return Some(differs(content)),
            (Newer::Greater(terms), Ties::Stay) => (terms, ">"),
            (Newer::Greater(terms), Ties::Yield) => (terms, ">="),
            (Newer::Smaller(terms), Ties::Stay) => (terms, "<"),
            (Newer::Smaller(terms), Ties::Yield) => (terms, "<="),
        };
        let of = |row: &str| {
            let terms: Vec<String> = terms.iter().map(|term| self.condition(term, row)).collect();
            terms.join(", ")
        };
        Some(format!("({}) {sign} ({}) AND ({})", of("excluded"), of("old"), differs(content)))
    }
}

fn differs(content: &[&Column]) -> String {
    let terms: Vec<String> =
        content.iter().map(|column| format!("old.{0} IS DISTINCT FROM excluded.{0}", column.name)).collect();
    terms.join(" OR ")
}

/// Names columns, with commas between them.
pub(crate) fn list<'a>(columns: impl Iterator<Item = &'a Column>) -> String {
    let names: Vec<&str> = columns.map(|column| column.name).collect();
    names.join(", ")
}
