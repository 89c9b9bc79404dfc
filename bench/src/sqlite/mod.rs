//! What the SQLite store does beside SQLite itself.

pub(crate) mod commits;
mod rows;
pub(crate) mod size;
