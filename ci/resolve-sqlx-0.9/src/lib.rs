//! Names a type of each, so that both are compiled and linked as one program's.

/// What such an application holds.
#[derive(Debug)]
pub struct App {
    /// Its sessions.
    pub sessions: doorward_stores::sqlite::Sqlite,
    /// Its own tables.
    pub tables: sqlx::SqlitePool,
}
