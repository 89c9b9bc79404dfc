//! Names a type of each. CI only resolves this package; `cargo check` in its folder compiles both as one program's.

/// What such an application holds.
#[derive(Debug)]
pub struct App {
    /// Its sessions.
    pub sessions: doorward_stores::sqlite::Sqlite,
    /// Its own tables.
    pub tables: sqlx::SqlitePool,
}
