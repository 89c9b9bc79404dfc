use std::cell::Cell;
use std::sync::Arc;

use doorward_service::directory::Directory;
use doorward_service::store::Store;
use doorward_stores::sqlite::Sqlite;
use doorward_testkit::contract;
use futures_executor::block_on;

/// Opens a file of its own each time.
struct Files {
    folder: tempfile::TempDir,
    opened: Cell<u32>,
}

impl Files {
    fn new() -> Self {
        Self { folder: tempfile::tempdir().unwrap(), opened: Cell::new(0) }
    }

    async fn open(&self) -> Arc<Sqlite> {
        self.opened.set(self.opened.get() + 1);
        Arc::new(Sqlite::open(self.folder.path().join(format!("{}.db", self.opened.get()))).await.unwrap())
    }
}

#[test]
fn sqlite_keeps_the_contract() {
    let files = Files::new();
    block_on(contract::run("sqlite", async || files.open().await as Arc<dyn Store>));
}

#[test]
fn sqlite_keeps_the_contract_of_directories() {
    let files = Files::new();
    block_on(contract::run_directory("sqlite", async || files.open().await as Arc<dyn Directory>));
}
