//! What the SQLite store does beside SQLite itself.

pub(crate) mod commits;
pub(crate) mod rows;
pub(crate) mod size;
