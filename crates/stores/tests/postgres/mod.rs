//! PostgreSQL. These tests need one, and `./dev test` starts it: without `DOORWARD_TEST_POSTGRES` they are skipped.
#![expect(clippy::expect_used, clippy::indexing_slicing, reason = "helpers of tests, where a panic is a failure")]

mod cluster;
mod contract;
mod crash;
pub(crate) mod database;
mod locks;
mod loss;
mod plain;
mod pool;
mod proxy;
mod races;
mod schema;
mod statements;
mod takeover;
mod tls;
pub(crate) mod users;
mod world;
