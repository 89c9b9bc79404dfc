//! Files: who may read them, and which can't be used.

use std::fs;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::Command;

use doorward_service::store::{Store as _, StoreError};
use doorward_stores::sqlite::Sqlite;
use doorward_testkit::contract::given::*;
use futures_executor::block_on;

use super::folder::Folder;

#[test]
fn a_new_file_is_its_owners_alone() {
    block_on(async {
        let folder = Folder::new();
        let store = folder.open().await;
        insert(&store, &row("one")).await;
        for name in ["sessions.db", "sessions.db-wal", "sessions.db-shm"] {
            let mode = fs::metadata(folder.path().join(name)).unwrap().permissions().mode();
            assert_eq!(mode & 0o777, 0o600, "{name}");
        }
    });
}

#[test]
fn a_file_that_is_there_keeps_its_mode() {
    block_on(async {
        let folder = Folder::new();
        fs::write(folder.file(), "").unwrap();
        fs::set_permissions(folder.file(), fs::Permissions::from_mode(0o640)).unwrap();
        insert(&folder.open().await, &row("one")).await;
        assert_eq!(fs::metadata(folder.file()).unwrap().permissions().mode() & 0o777, 0o640);
    });
}

#[test]
fn odd_names_are_names() {
    block_on(async {
        let folder = Folder::new();
        for name in [":memory:", "file:x?mode=memory", "a b#c%20?.db", "é😀.db"] {
            let file = folder.path().join(name);
            let store = Sqlite::open(&file).await.unwrap();
            insert(&store, &row("one")).await;
            assert_eq!(load(&store, &key("one")).await, Some(row("one")), "{name}");
            store.close().await.unwrap();
            assert!(file.is_file(), "{name}");
        }
    });
}

async fn open_error(file: &Path) -> StoreError {
    let error = Sqlite::open(file).await.unwrap_err();
    assert!(error.to_string().contains(file.to_str().unwrap()), "it names the file: {error}");
    error
}

#[test]
fn a_missing_folder_is_unavailable() {
    block_on(async {
        let folder = Folder::new();
        assert!(matches!(open_error(&folder.path().join("none/sessions.db")).await, StoreError::Unavailable(_)));
        assert!(matches!(open_error(&folder.path()).await, StoreError::Unavailable(_)), "a folder is no file");
    });
}

#[test]
fn another_file_is_corrupt_and_stays_as_it_is() {
    block_on(async {
        let folder = Folder::new();
        let text = "this is a letter, not a database\n".repeat(300);
        fs::write(folder.file(), &text).unwrap();
        assert!(matches!(open_error(&folder.file()).await, StoreError::Corrupt(_)));
        assert_eq!(fs::read_to_string(folder.file()).unwrap(), text);
    });
}

#[test]
fn a_damaged_file_is_corrupt() {
    block_on(async {
        let folder = Folder::new();
        let store = folder.open().await;
        for number in 0..100 {
            insert(&store, &row(&number.to_string())).await;
        }
        store.close().await.unwrap();
        let mut bytes = fs::read(folder.file()).unwrap();
        // All behind the page with the schema.
        bytes[4096 * 2..].fill(0xa5);
        fs::write(folder.file(), bytes).unwrap();

        let error = match Sqlite::open(folder.file()).await {
            Err(error) => error,
            Ok(store) => store.load(&key("50")).await.unwrap_err(),
        };
        assert!(matches!(error, StoreError::Corrupt(_)), "{error:?}");
    });
}

#[test]
fn a_file_that_may_not_be_written_is_refused() {
    let folder = Folder::in_reach_of_others();
    block_on(async {
        let store = folder.open().await;
        insert(&store, &row("one")).await;
        store.close().await.unwrap();
    });
    fs::set_permissions(folder.file(), fs::Permissions::from_mode(0o444)).unwrap();
    let before = fs::read(folder.file()).unwrap();

    if fs::metadata(folder.file()).unwrap().uid() == 0 {
        // Nothing is read-only for root, so another user tries, with a copy of this program that it can reach.
        let program = folder.path().join("tests");
        fs::copy(std::env::current_exe().unwrap(), &program).unwrap();
        fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).unwrap();
        for folder_mode in [0o755, 0o777] {
            fs::set_permissions(folder.path(), fs::Permissions::from_mode(folder_mode)).unwrap();
            let mut child = Command::new(&program);
            child.args(["--exact", "file::child_may_not_write", "--ignored"]).env("DOORWARD_TEST_FILE", folder.file());
            let child = child.uid(65534).gid(65534).current_dir("/").output().unwrap();
            assert!(child.status.success(), "{}", String::from_utf8_lossy(&child.stdout));
        }
    } else {
        may_not_write(&folder.file());
    }
    assert_eq!(fs::read(folder.file()).unwrap(), before);
}

#[test]
#[ignore = "a part of another test, which runs it as another user"]
fn child_may_not_write() {
    may_not_write(Path::new(&std::env::var_os("DOORWARD_TEST_FILE").unwrap()));
}

fn may_not_write(file: &Path) {
    let error = block_on(open_error(file));
    assert!(matches!(error, StoreError::ReadOnly(_)), "{error:?}");
}
