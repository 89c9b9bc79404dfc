//! From SQLite's columns to ours.

use doorward_engine::id::AppId;
use doorward_engine::session::record::Row;
use rusqlite::types::{FromSqlResult, ValueRef};

use super::error::Fault;
use crate::sql::row::{Columns, Unreadable};

/// Reads a row of `columns!`.
pub(super) fn row_of(row: &rusqlite::Row<'_>, app: &AppId) -> Result<Row, Fault> {
    let columns = Columns {
        tenant: text(row, 0, "tenant_id")?,
        handle: text(row, 1, "session_handle")?,
        user: text(row, 2, "user_id")?,
        // A file holds no users of a SuperTokens core.
        primary: None,
        current: text(row, 3, "refresh_token_hash_2")?,
        prev: text_or_null(row, 4, "prev_refresh_token_hash_2")?,
        rotated_at: integer_or_null(row, 5, "refresh_token_rotated_at")?,
        window_at: integer_or_null(row, 6, "window_at")?,
        window_no: integer_or_null(row, 7, "window_no")?,
        window_count: integer_or_null(row, 8, "window_count")?,
        expires_at: integer(row, 9, "expires_at")?,
        created_at: integer(row, 10, "created_at_time")?,
        payload: text_or_null(row, 11, "jwt_user_payload")?,
        data: text_or_null(row, 12, "session_data")?,
        use_static_key: integer(row, 13, "use_static_key")? != 0,
        access_lifetime: integer_or_null(row, 14, "access_lifetime")?,
        refresh_lifetime: integer_or_null(row, 15, "refresh_lifetime")?,
        absolute_end: integer_or_null(row, 16, "absolute_end")?,
    };
    Ok(columns.row(app.clone())?)
}

pub(super) fn text<'a>(row: &'a rusqlite::Row<'_>, at: usize, name: &'static str) -> Result<&'a str, Fault> {
    get(row, at, name, ValueRef::as_str)
}

pub(super) fn text_or_null<'a>(
    row: &'a rusqlite::Row<'_>,
    at: usize,
    name: &'static str,
) -> Result<Option<&'a str>, Fault> {
    get(row, at, name, ValueRef::as_str_or_null)
}

pub(super) fn integer(row: &rusqlite::Row<'_>, at: usize, name: &'static str) -> Result<i64, Fault> {
    get(row, at, name, ValueRef::as_i64)
}

pub(super) fn integer_or_null(row: &rusqlite::Row<'_>, at: usize, name: &'static str) -> Result<Option<i64>, Fault> {
    get(row, at, name, ValueRef::as_i64_or_null)
}

pub(super) fn boolean_or_null(row: &rusqlite::Row<'_>, at: usize, name: &'static str) -> Result<Option<bool>, Fault> {
    Ok(integer_or_null(row, at, name)?.map(|value| value != 0))
}

fn get<'a, T>(
    row: &'a rusqlite::Row<'_>,
    at: usize,
    name: &'static str,
    read: impl FnOnce(&ValueRef<'a>) -> FromSqlResult<T>,
) -> Result<T, Fault> {
    Ok(read(&row.get_ref(at)?).map_err(|_| Unreadable(name))?)
}
