//! PostgreSQL. These tests need one, and `./dev test` starts it: without `DOORWARD_TEST_POSTGRES` they are skipped.

mod contract;
pub(crate) mod database;
mod statements;
