//! What stores on SQL databases share: the rows as they stand in columns, and the bookkeeping of migrations.

pub(crate) mod row;
pub(crate) mod schema;
