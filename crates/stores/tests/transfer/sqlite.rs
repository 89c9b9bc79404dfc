//! From one file into another.

use std::sync::Arc;

use doorward_stores::sqlite::Sqlite;
use doorward_testkit::contract::given::*;
use futures_executor::block_on;

use super::Tables;
use super::given::*;

struct Files(tempfile::TempDir);

impl Files {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    async fn open(&self, name: &str) -> Arc<dyn Tables> {
        Arc::new(Sqlite::open(self.0.path().join(name)).await.unwrap())
    }
}

fn file_to_file(test: impl AsyncFnOnce(Arc<dyn Tables>, Arc<dyn Tables>)) {
    block_on(async {
        let files = Files::new();
        test(files.open("from").await, files.open("to").await).await;
    });
}

cases! { from_file_to_file: file_to_file }

/// What the names of columns can't tell: that no column of a file is forgotten.
#[test]
fn every_column_of_every_table_is_known() {
    block_on(async {
        let folder = crate::sqlite::folder::Folder::new();
        let store = folder.open().await;
        insert(&store, &row("one")).await;
        let connection = folder.connect();
        let mut tables =
            connection.prepare("SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name").unwrap();
        let tables = tables.query_map([], |row| row.get::<_, String>(0)).unwrap().map(Result::unwrap);
        for name in tables.filter(|name| name != "doorward_schema") {
            let mut columns = connection.prepare("SELECT name FROM pragma_table_info(?1)").unwrap();
            let mut columns: Vec<String> =
                columns.query_map([&name], |row| row.get(0)).unwrap().map(Result::unwrap).collect();
            let mut known: Vec<&str> = table(&name).columns.iter().map(|column| column.name).collect();
            columns.sort();
            known.sort_unstable();
            assert_eq!(columns, known, "{name}");
        }
    });
}
