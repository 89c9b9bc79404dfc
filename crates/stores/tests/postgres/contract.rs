use std::sync::Arc;

use doorward_service::directory::Directory;
use doorward_service::store::Store;
use doorward_testkit::contract;

use super::{database, users};

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

/// Users beside them change nothing for those who aren't among them.
#[test]
fn postgres_keeps_the_contract_beside_users() {
    database::with(async |database| {
        contract::run("postgres with users", async || {
            let database = database.another();
            users::furnish(&database).await;
            database.open().await as Arc<dyn Store>
        })
        .await;
    });
}
