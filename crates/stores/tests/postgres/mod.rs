//! PostgreSQL. These tests need one, and `./dev test` starts it: without `DOORWARD_TEST_POSTGRES` they are skipped.

mod cluster;
mod contract;
mod crash;
pub(crate) mod database;
mod locks;
mod loss;
mod pool;
mod proxy;
mod races;
mod schema;
mod statements;
mod takeover;
mod tls;
mod world;
