//! Statements as they are written here, and what becomes of them for one database.
//!
//! In a text, `{session_info}` is that table of this database, other words in braces are pieces that depend on which
//! columns it has, and `$handle` is a parameter. So each statement can be read, and lists its parameters once.

use super::pieces::PIECES;
use super::room::Room;
use super::users::USERS;
use crate::postgres::names::{Names, Table, quote};

/// A statement of this database.
#[derive(Clone, Debug)]
pub(crate) struct Statement {
    sql: String,
    /// The parameters, `$1` first.
    parameters: Vec<&'static str>,
}

impl Statement {
    pub(crate) fn sql(&self) -> &str {
        &self.sql
    }

    pub(crate) fn parameters(&self) -> &[&'static str] {
        &self.parameters
    }
}

/// Writes statements for a database.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Writer<'a> {
    pub(crate) names: &'a Names,
    pub(crate) room: Room,
}

impl Writer<'_> {
    /// Writes a statement.
    pub(crate) fn statement(&self, template: &'static str) -> Statement {
        let mut statement = Statement { sql: String::with_capacity(2 * template.len()), parameters: Vec::new() };
        self.write(template, &mut statement);
        statement
    }

    fn write(&self, template: &'static str, into: &mut Statement) {
        let mut rest = template;
        while let Some(at) = rest.find(['{', '$']) {
            let (before, from) = rest.split_at(at);
            into.sql.push_str(before);
            rest = match from.strip_prefix('{').and_then(|from| from.split_once('}')) {
                Some((word, after)) => {
                    self.word(word, into);
                    after
                }
                None => parameter(from.trim_start_matches('$'), into),
            };
        }
        into.sql.push_str(rest);
    }

    fn word(&self, word: &'static str, into: &mut Statement) {
        if word.is_empty() {
            // An empty JSON object.
            into.sql.push_str("{}");
            return;
        }
        let named = |name: &str| Table::ALL.into_iter().find(|table| table.name() == name);
        if let Some(piece) = PIECES.iter().chain(USERS).find(|piece| piece.name == word) {
            let text = if (piece.needs)(&self.room) { piece.with } else { piece.without };
            self.write(text, into);
        } else if let Some(table) = named(word) {
            into.sql.push_str(&self.names.quoted(table));
        } else if let Some(constraint) = word.strip_prefix("constraint ") {
            // `<table>_<rest>`: the longest table name that it begins with.
            let table = Table::ALL.into_iter().filter(|table| constraint.starts_with(table.name()));
            if let Some(table) = table.max_by_key(|table| table.name().len()) {
                let rest = constraint.get(table.name().len()..).unwrap_or_default();
                into.sql.push_str(&quote(&format!("{}{rest}", self.names.bare(table))));
            }
        } else if let Some(text) = word.strip_prefix("text ") {
            let name = named(text).map_or(self.names.schema(), |table| self.names.bare(table));
            into.sql.push_str(&format!("'{}'", name.replace('\'', "''")));
        } else if let Some(index) = word.strip_prefix("index ") {
            into.sql.push_str(&quote(&format!("{}{index}", self.names.prefix())));
        }
    }
}

/// Writes a parameter by its number, and returns what stands behind it.
fn parameter(from: &'static str, into: &mut Statement) -> &'static str {
    let end = from.find(|letter: char| !(letter.is_ascii_lowercase() || letter == '_')).unwrap_or(from.len());
    let (name, after) = from.split_at(end);
    let known = into.parameters.iter().position(|known| *known == name);
    let number = known.unwrap_or_else(|| {
        into.parameters.push(name);
        into.parameters.len() - 1
    });
    into.sql.push('$');
    into.sql.push_str(&(number + 1).to_string());
    after
}
