//! Whether two databases can share their sessions: only with the same keys.

use std::collections::BTreeMap;

use super::outcome::CopyError;
use super::side::{PAGE, Side, key_of};
use super::table::{KEY_VALUE, SIGNING_KEYS, STATIC_KEYS, Table};
use super::{RawRow, Value};

/// Returns an app for which both have a key of one name, but not the same key.
pub(super) async fn conflict(from: Side<'_>, to: Side<'_>) -> Result<Option<String>, CopyError> {
    for table in [&SIGNING_KEYS, &STATIC_KEYS, &KEY_VALUE] {
        let (theirs, ours) = (all(from, table).await?, all(to, table).await?);
        let differs = |(key, value): &(&RawRow, &Value)| ours.get(*key).is_some_and(|ours| ours != *value);
        if let Some((key, _)) = theirs.iter().find(differs) {
            let app = key.first().and_then(Value::as_text).unwrap_or_default();
            return Ok(Some(app.to_owned()));
        }
    }
    Ok(None)
}

/// Reads all keys of a table: their names, and the keys themselves, which are in the first column behind the names.
async fn all(side: Side<'_>, table: &'static Table) -> Result<BTreeMap<RawRow, Value>, CopyError> {
    let mut keys = BTreeMap::new();
    if side.tables.columns(table).await.map_err(|error| side.failed(error))?.is_empty() {
        return Ok(keys);
    }
    let mut after = None;
    loop {
        let page = side.tables.page(table, after, PAGE).await.map_err(|error| side.failed(error))?;
        let Some(last) = page.last() else { return Ok(keys) };
        after = Some(key_of(table, last));
        let found = page.iter().filter_map(|row| Some((key_of(table, row), row.get(table.key)?.clone())));
        keys.extend(found.filter(|(name, _)| is_key(table, name)));
    }
}

/// Whether a row is a key: of the named values, one is.
fn is_key(table: &Table, name: &RawRow) -> bool {
    !std::ptr::eq(table, &KEY_VALUE) || name.last().and_then(Value::as_text) == Some("refresh_token_key")
}
