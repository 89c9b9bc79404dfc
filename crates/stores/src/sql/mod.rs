//! What stores on SQL databases share: the rows as they stand in columns, and the bookkeeping of migrations.

pub(crate) mod row;
#[cfg(feature = "sqlite")]
pub(crate) mod schema;
