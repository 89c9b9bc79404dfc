use std::sync::Arc;

use doorward_service::directory::Directory;
use doorward_service::memory::Memory;
use doorward_service::store::Store;
use doorward_testkit::contract;

#[test]
fn memory_keeps_the_contract() {
    futures_executor::block_on(contract::run("memory", async || Arc::new(Memory::new()) as Arc<dyn Store>));
}

#[test]
fn memory_keeps_the_contract_of_directories() {
    let open = async || Arc::new(Memory::new()) as Arc<dyn Directory>;
    futures_executor::block_on(contract::run_directory("memory", open));
}
