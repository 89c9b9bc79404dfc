use std::sync::Arc;

use doorward_service::store::Store;
use doorward_stores::sqlite::Sqlite;
use doorward_testkit::contract;
use futures_executor::block_on;

#[test]
fn sqlite_keeps_the_contract() {
    let folder = tempfile::tempdir().unwrap();
    let files = std::cell::Cell::new(0);
    let open = async || {
        files.set(files.get() + 1);
        Arc::new(Sqlite::open(folder.path().join(format!("{}.db", files.get()))).await.unwrap()) as Arc<dyn Store>
    };
    block_on(contract::run("sqlite", open));
}
