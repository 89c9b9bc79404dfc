//! Cases that need a file: processes that are killed, nodes with connections of their own, indexes that are gone.

use std::io::{BufRead as _, BufReader};
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use doorward::{GetSession, Millis, Rotation, Sqlite, UserId};
use http::StatusCode;

use crate::case_refresh::race;
use crate::case_world::{Browser, HOUR, World, code};

const CHILD: &str = "DOORWARD_CASE_CHILD";

/// A file of this test's own, gone when it ends.
struct File(PathBuf);

impl File {
    fn new(name: &str) -> Self {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let number = NUMBER.fetch_add(1, Ordering::SeqCst);
        let file = Self(PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("{name}-{number}.db")));
        file.remove();
        file
    }

    fn remove(&self) {
        for end in ["", "-wal", "-shm"] {
            let _ = std::fs::remove_file(format!("{}{end}", self.0.display()));
        }
    }
}

impl Drop for File {
    fn drop(&mut self) {
        self.remove();
    }
}

/// Runs in a process of its own, which the case below kills: signs in, rotates twice in use, and says what it has.
#[tokio::test]
async fn child_process_of_the_cases_that_kill() {
    let Ok(file) = std::env::var(CHILD) else { return };
    let world = World::over(Sqlite::open(file).await.unwrap(), |builder| builder).await;
    let mut ada = world.ada().await;
    let mut line = vec![];
    for _ in 0..3 {
        line.push(ada.access.clone().unwrap());
        line.push(ada.refresh.clone().unwrap());
        line.push(ada.anti_csrf.clone().unwrap());
        if line.len() < 9 {
            world.clock.step(HOUR);
            assert_eq!(ada.refresh(&world).await.status, StatusCode::OK);
            assert_eq!(ada.me(&world).await, StatusCode::OK);
        }
    }
    println!("\nCHILD {} {}", world.clock_now(), line.join(" "));
    // Stands here until it is killed.
    let _ = std::io::stdin().read_line(&mut String::new());
}

/// The browser of each generation, and the time, of a process that was killed with no chance to tidy up.
fn killed(file: &File) -> (Millis, [Browser; 3]) {
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "case_durable::child_process_of_the_cases_that_kill", "--nocapture"])
        .env(CHILD, &file.0)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let line = lines.map(Result::unwrap).find(|line| line.starts_with("CHILD ")).unwrap();
    child.kill().unwrap();
    child.wait().unwrap();
    let mut words = line.split(' ').skip(1).map(str::to_owned);
    let now = Millis::saturating(words.next().unwrap().parse().unwrap());
    let browsers =
        std::array::from_fn(|_| Browser { access: words.next(), refresh: words.next(), anti_csrf: words.next() });
    (now, browsers)
}

#[tokio::test]
async fn case_cve_2026_9802_keycloak_kill_9_and_restart_change_no_verdict() {
    for (generations, wait) in [(2, 0), (1, 31)] {
        let file = File::new("killed");
        let (now, browsers) = killed(&file);
        let world = World::over(Sqlite::open(&file.0).await.unwrap(), |builder| builder).await;
        world.clock.set(now);
        // What was acknowledged is there, without a refresh.
        let [.., mut last] = browsers.clone();
        assert_eq!(last.me(&world).await, StatusCode::OK);
        world.clock.step(Duration::from_secs(wait));
        let mut thief = browsers[2 - generations].clone();
        let answer = thief.refresh(&world).await;
        assert_eq!(answer.body, r#"{"message":"token theft detected"}"#, "{generations} back, {wait} s later");
        assert_eq!(last.refresh(&world).await.status, StatusCode::UNAUTHORIZED);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn case_cve_2026_1035_keycloak_one_token_gives_one_successor_on_sqlite() {
    for mode in [Rotation::OnUse, Rotation::OnRefresh] {
        let file = File::new("race");
        let one = World::over(Sqlite::open(&file.0).await.unwrap(), |builder| builder.rotation(mode)).await;
        let two = World::over(Sqlite::open(&file.0).await.unwrap(), |builder| builder.rotation(mode)).await;
        race(&one, &two, mode).await;
        assert_eq!(one.store.moves() + two.store.moves(), usize::from(mode == Rotation::OnRefresh), "{mode:?}");
    }
}

#[tokio::test]
async fn case_cve_2025_29928_authentik_a_deleted_session_is_gone_from_the_file() {
    let file = File::new("deleted");
    let world = World::over(Sqlite::open(&file.0).await.unwrap(), |builder| builder).await;
    let mut ada = world.ada().await;
    let handle = world.row(&ada).await.unwrap().key.handle;
    assert!(world.sessions.revoke_session(&handle).await.unwrap());
    world.sessions.close().await.unwrap();
    let after = World::over(Sqlite::open(&file.0).await.unwrap(), |builder| builder).await;
    let request = ada.request("GET", "/");
    let exchange = after.sessions.exchange(&request);
    assert_eq!(code(exchange.get_session(GetSession::new().check_store(true)).await), "session.absent");
    assert_eq!(ada.refresh(&after).await.status, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn case_better_auth_11073_revoke_by_user_needs_no_index() {
    let file = File::new("index");
    let world = World::over(Sqlite::open(&file.0).await.unwrap(), |builder| builder).await;
    let mut all = Vec::new();
    for _ in 0..20 {
        all.push(world.ada().await);
    }
    let db = rusqlite::Connection::open(&file.0).unwrap();
    let mut indexes = db.prepare("SELECT name FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL").unwrap();
    let names: Vec<String> = indexes.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect();
    assert!(!names.is_empty());
    for name in names {
        db.execute_batch(&format!("DROP INDEX \"{name}\"")).unwrap();
    }
    let user = UserId::parse("ada").unwrap();
    assert_eq!(world.sessions.revoke_all_sessions_for_user(&user).await.unwrap().len(), 20);
    for browser in &mut all {
        assert_eq!(browser.refresh(&world).await.status, StatusCode::UNAUTHORIZED);
    }
}
