use std::sync::Arc;

use doorward_service::directory::Directory;
use doorward_service::store::Store;
use doorward_testkit::contract;

use super::database;

#[test]
fn postgres_keeps_the_contract() {
    database::with(async |database| {
        contract::run("postgres", async || database.another().open().await as Arc<dyn Store>).await;
    });
}

#[test]
fn postgres_keeps_the_contract_of_directories() {
    database::with(async |database| {
        contract::run_directory("postgres", async || database.another().open().await as Arc<dyn Directory>).await;
    });
}
