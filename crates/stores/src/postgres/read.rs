//! From PostgreSQL's columns to ours.

use doorward_engine::id::AppId;
use doorward_engine::session::record::Row;
use tokio_postgres::types::FromSql;

use super::error::Fault;
use crate::sql::row::{Columns, Unreadable};

/// Reads a row of `{columns}` and, behind them, its primary user.
pub(super) fn row_of(row: &tokio_postgres::Row, app: &AppId) -> Result<Row, Fault> {
    let columns = Columns {
        tenant: get(row, 0, "tenant_id")?,
        handle: get(row, 1, "session_handle")?,
        user: get(row, 2, "user_id")?,
        current: get(row, 3, "refresh_token_hash_2")?,
        prev: get(row, 4, "prev_refresh_token_hash_2")?,
        rotated_at: get(row, 5, "refresh_token_rotated_at")?,
        window_at: get(row, 6, "window_at")?,
        window_no: get(row, 7, "window_no")?,
        window_count: get(row, 8, "window_count")?,
        expires_at: get(row, 9, "expires_at")?,
        created_at: get(row, 10, "created_at_time")?,
        payload: get(row, 11, "jwt_user_payload")?,
        data: get(row, 12, "session_data")?,
        use_static_key: get(row, 13, "use_static_key")?,
        access_lifetime: get(row, 14, "access_lifetime")?,
        refresh_lifetime: get(row, 15, "refresh_lifetime")?,
        absolute_end: get(row, 16, "absolute_end")?,
        primary: get(row, 17, "primary_or_recipe_user_id")?,
    };
    Ok(columns.row(app.clone())?)
}

/// Reads a column.
pub(super) fn get<'a, T: FromSql<'a>>(row: &'a tokio_postgres::Row, at: usize, name: &'static str) -> Result<T, Fault> {
    row.try_get(at).map_err(|_| Unreadable(name).into())
}
