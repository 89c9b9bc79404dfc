//! A schema of its own for each test, in the database that `DOORWARD_TEST_POSTGRES` names.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use doorward_stores::postgres::Postgres;
use tokio_postgres::NoTls;

const URI: &str = "DOORWARD_TEST_POSTGRES";

static SCHEMAS: AtomicU64 = AtomicU64::new(0);

/// A schema that isn't there yet.
pub(crate) struct Database {
    uri: String,
    schema: String,
}

impl Database {
    /// One for a test; none where there is no PostgreSQL.
    pub(crate) fn new() -> Option<Self> {
        let Ok(uri) = std::env::var(URI) else {
            println!("skipped: {URI} is not set; `./dev test` starts a PostgreSQL and sets it");
            return None;
        };
        let schema = format!("server_{}_{}", std::process::id(), SCHEMAS.fetch_add(1, Ordering::Relaxed));
        Some(Self { uri, schema })
    }

    /// What a server that is to use it needs in its environment.
    pub(crate) fn environment(&self) -> [(&str, &str); 2] {
        [("POSTGRESQL_CONNECTION_URI", &self.uri), ("POSTGRESQL_TABLE_SCHEMA", &self.schema)]
    }

    /// The store of a server of this process.
    pub(crate) async fn open(&self) -> Arc<Postgres> {
        let options = Postgres::options().uri(&self.uri).unwrap().schema(&self.schema).pool_size(4).minimum_idle(0);
        Arc::new(options.open().await.unwrap())
    }

    /// Changes the tables as another program would.
    pub(crate) async fn sql(&self, sql: &str) {
        let (client, connection) = tokio_postgres::connect(&self.uri, NoTls).await.unwrap();
        let task = tokio::spawn(connection);
        let schema = &self.schema;
        client
            .batch_execute(&format!("CREATE SCHEMA IF NOT EXISTS {schema}; SET search_path = {schema}"))
            .await
            .unwrap();
        client.batch_execute(sql).await.unwrap();
        drop(client);
        task.await.unwrap().unwrap();
    }

    /// Reads the first column of all rows.
    pub(crate) async fn texts(&self, sql: &str) -> Vec<String> {
        let (client, connection) = tokio_postgres::connect(&self.uri, NoTls).await.unwrap();
        let task = tokio::spawn(connection);
        client.batch_execute(&format!("SET search_path = {}", self.schema)).await.unwrap();
        let rows = client.query(sql, &[]).await.unwrap();
        drop(client);
        task.await.unwrap().unwrap();
        rows.iter().map(|row| row.get(0)).collect()
    }
}
