//! A schema of its own for each test, in the database that `DOORWARD_TEST_POSTGRES` names.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use doorward_stores::postgres::{Options, Postgres};
use tokio::task::JoinHandle;
use tokio_postgres::{Client, NoTls};

pub(crate) const URI: &str = "DOORWARD_TEST_POSTGRES";

static SCHEMAS: AtomicU64 = AtomicU64::new(0);

/// A schema that isn't there yet.
pub(crate) struct Database {
    uri: String,
    schema: String,
}

/// Runs a test with a database, if there is one.
pub(crate) fn with(test: impl AsyncFnOnce(Database)) {
    let Ok(uri) = std::env::var(URI) else {
        println!("skipped: {URI} is not set; `./dev test` starts a PostgreSQL and sets it");
        return;
    };
    block_on(async { test(Database { uri, schema: new_schema() }).await });
}

pub(crate) fn block_on<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap().block_on(future)
}

/// Asks again and again until a condition holds, and fails after two minutes.
pub(crate) async fn until(condition: impl AsyncFn() -> bool) {
    let started = Instant::now();
    while !condition().await {
        assert!(started.elapsed() < Duration::from_secs(120), "it never came");
        tokio::task::yield_now().await;
    }
}

fn new_schema() -> String {
    format!("test_{}_{}", std::process::id(), SCHEMAS.fetch_add(1, Ordering::Relaxed))
}

impl Database {
    /// Another schema of the same database.
    pub(crate) fn another(&self) -> Self {
        Self { uri: self.uri.clone(), schema: new_schema() }
    }

    /// At another address, and the same otherwise.
    pub(crate) fn at(uri: String) -> Self {
        Self { uri, schema: new_schema() }
    }

    pub(crate) fn uri(&self) -> &str {
        &self.uri
    }

    pub(crate) fn schema(&self) -> &str {
        &self.schema
    }

    pub(crate) fn options(&self) -> Options {
        let options = Postgres::options().uri(&self.uri).unwrap().schema(&self.schema);
        // The machine may be busy with other tests.
        options.pool_size(8).minimum_idle(0).checkout_timeout(Duration::from_secs(60))
    }

    pub(crate) async fn open(&self) -> Arc<Postgres> {
        Arc::new(self.options().open().await.unwrap())
    }

    /// A connection of another program's, which sees the schema's tables by their names.
    pub(crate) async fn connect(&self) -> Other {
        let (client, connection) = tokio_postgres::connect(&self.uri, NoTls).await.unwrap();
        let task = tokio::spawn(async { drop(connection.await) });
        client.batch_execute(&format!("SET search_path = {}", self.schema)).await.unwrap();
        Other { client, task }
    }

    /// Changes the tables as another program would.
    pub(crate) async fn sql(&self, sql: &str) {
        self.connect().await.client.batch_execute(sql).await.unwrap();
    }

    /// Reads the first column of the first row.
    pub(crate) async fn text(&self, sql: &str) -> Option<String> {
        let rows = self.connect().await.client.query(&format!("SELECT ({sql})::TEXT"), &[]).await.unwrap();
        rows.first().and_then(|row| row.get(0))
    }
}

/// A connection that ends with its holder.
pub(crate) struct Other {
    pub(crate) client: Client,
    task: JoinHandle<()>,
}

impl Drop for Other {
    fn drop(&mut self) {
        self.task.abort();
    }
}
