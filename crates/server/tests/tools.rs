//! The commands beside `serve`.

use doorward_crypto::keys;
use doorward_engine::crypto::Algorithm;
use doorward_engine::id::AppId;
use doorward_engine::time::Lifetime;
use doorward_service::env::{Clock as _, SystemClock};
use doorward_service::store::{NewKey, Store as _, StoredKey};
use doorward_stores::sqlite::Sqlite;

use crate::process::{Said, Server, doorward, said, said_soon};
use crate::serve::ask;

fn run(args: &[&str]) -> Said {
    said(doorward(args))
}

#[test]
fn it_tells_its_version() {
    assert_eq!(run(&["--version"]).out, format!("doorward {}\n", env!("CARGO_PKG_VERSION")));
}

#[test]
fn it_completes_itself() {
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        let completions = run(&["completions", shell]);
        assert_eq!(completions.code, Some(0));
        assert!(completions.out.contains("database-url"), "{shell}");
    }
}

#[test]
fn a_server_that_is_not_there_is_not_healthy() {
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = free.local_addr().unwrap().port().to_string();
    drop(free);
    let health = run(&["health", "--host", "127.0.0.1", "--port", &port]);
    assert_eq!(health.code, Some(1));
    assert!(
        health.err.starts_with(&format!("doorward: http://127.0.0.1:{port}/hello doesn't answer as it should")),
        "{}",
        health.err
    );
}

#[test]
fn what_holds_is_shown_with_its_origin_and_without_secrets() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("config.yaml"), "port: 4000\napi_keys: abcdefghijklmnopqrst-1\n").unwrap();
    let mut command = doorward(["config", "show", "--host", "::1"]);
    command
        .current_dir(folder.path())
        .env("BASE_PATH", "/b")
        .env("POSTGRESQL_CONNECTION_URI", "postgresql://u:hidden@h/d");
    let shown = said(command);
    let words = |name: &str| {
        let line = shown.out.lines().find(|line| line.split_whitespace().next() == Some(name)).unwrap();
        line.split_whitespace().skip(1).collect::<Vec<_>>().join(" ")
    };
    assert_eq!(words("host"), "::1 flag --host");
    assert_eq!(words("port"), "4000 config.yaml, line 1");
    assert_eq!(words("base_path"), "/b environment variable BASE_PATH");
    assert_eq!(words("api_keys"), "******** config.yaml, line 2");
    assert_eq!(words("postgresql_connection_uri"), "******** environment variable POSTGRESQL_CONNECTION_URI");
    assert_eq!(words("access_token_validity"), "3600 default");
    assert!(!shown.out.contains("hidden") && !shown.out.contains("abcdef"), "{}", shown.out);
}

#[test]
fn a_check_says_what_is_wrong_and_what_may_not_be_meant() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("config.yaml"), "port: x\nmystery: 1\n").unwrap();
    let mut command = doorward(["config", "check"]);
    command.current_dir(folder.path());
    let checked = said(command);
    assert_eq!(checked.code, Some(1));
    assert!(checked.err.starts_with("doorward: port = x (config.yaml, line 1): "), "{}", checked.err);
    assert!(checked.out.starts_with("warning: config.yaml has options that are not known"), "{}", checked.out);
    assert_eq!(checked.out.lines().count(), 1, "{}", checked.out);
}

#[test]
fn flags_that_name_two_stores_are_refused() {
    let refused = run(&["serve", "--memory", "--data", "x"]);
    assert_eq!(refused.code, Some(2));
    assert!(refused.err.contains("cannot be used with"), "{}", refused.err);
}

/// A handle of a session that has ended.
const GONE: &str = "01987a7c-5a3c-4f2e-8d5c-0123456789ab";

/// What was mistyped, and what is said about it.
const NOT_THERE: &[(&[&str], &str)] = &[
    (&["list", "--user", "bob", "--app", "nope"], "there is no app nope"),
    (&["list", "--user", "bob", "--tenant", "nope"], "the app public has no tenant nope"),
    (&["revoke", "--user", "bob", "--app", "nope"], "there is no app nope"),
    (&["revoke", "--user", "bob", "--tenant", "nope"], "the app public has no tenant nope"),
    (&["revoke", "--handle", GONE, "--tenant", "nope"], "the app public has no tenant nope"),
    (&["revoke", "--handle", "nonsense"], "--handle nonsense is no session handle"),
    (&["revoke"], "--handle <HANDLE>"),
    (&["revoke", "--user", "bob", "--handle", GONE], "cannot be used with"),
];

#[test]
fn a_file_that_is_not_ours_is_not_called_damaged() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("doorward.db"), "something else, and longer than a header. ".repeat(99)).unwrap();
    let refused = run(&["sessions", "list", "--user", "ada", "--data", folder.path().to_str().unwrap()]);
    assert!(refused.err.contains("can't be used as it is: ") && !refused.err.contains("damaged"), "{refused:?}");
}

#[test]
fn sessions_of_a_running_server_can_be_seen_and_ended() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(folder.path(), &[], &[]);
    let create = |user: &str| {
        let body =
            format!(r#"{{"userId":"{user}","userDataInJWT":{{}},"userDataInDatabase":{{}},"enableAntiCsrf":false}}"#);
        let answer = ask(&server, "POST", "/recipe/session", "cdi-version: 5.4\r\n", &body);
        let json: serde_json::Value = serde_json::from_str(answer.split_once("\r\n\r\n").unwrap().1).unwrap();
        json["session"]["handle"].as_str().unwrap().to_owned()
    };
    let run = |args: &[&str]| {
        let mut command = doorward(args);
        command.current_dir(folder.path());
        said(command)
    };
    let handles: Vec<String> = ["ada", "ada", "ada", "bob"].into_iter().map(create).collect();
    let listed = run(&["sessions", "list", "--user", "ada"]).out;
    assert!(
        handles[..3].iter().all(|handle| listed.contains(handle)) && listed.ends_with("\n3 sessions alive\n"),
        "{listed}"
    );
    assert!(listed.contains("  tenant public, since "), "{listed}");
    let ended = run(&["sessions", "revoke", "--handle", &handles[0], "--handle", GONE]);
    assert_eq!(ended.out, format!("{} has ended\n1 session ended\n", handles[0]));
    assert!(run(&["sessions", "revoke", "--user", "ada"]).out.ends_with("2 sessions ended\n"));
    assert_eq!(run(&["sessions", "list", "--user", "ada"]).out, "0 sessions alive\n");
    assert!(run(&["sessions", "list", "--user", "bob"]).out.ends_with("1 session alive\n"));
    for (args, text) in NOT_THERE {
        let refused = run(&[&["sessions"], *args].concat());
        assert!(refused.code != Some(0) && refused.err.contains(text), "{args:?}: {refused:?}");
    }
    assert!(run(&["sessions", "list", "--user", "bob"]).out.ends_with("1 session alive\n"));
    // What was ended beside the server is gone for it, too.
    let gone =
        ask(&server, "GET", &format!("/recipe/session?sessionHandle={}", handles[0]), "cdi-version: 5.4\r\n", "");
    assert!(gone.contains("UNAUTHORISED"), "{gone}");
    server.stop();
}

#[test]
fn a_database_that_is_down_is_not_waited_for_long() {
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let uri = format!("postgresql://u:hidden@{}/d", free.local_addr().unwrap());
    drop(free);
    let commands: [&[&str]; 4] = [
        &["keys", "list"],
        &["keys", "rotate"],
        &["sessions", "list", "--user", "ada"],
        &["sessions", "revoke", "--user", "ada"],
    ];
    std::thread::scope(|scope| {
        for args in commands {
            let mut command = doorward(args);
            command.env("POSTGRESQL_CONNECTION_URI", &uri);
            scope.spawn(move || {
                let said = said_soon(command);
                assert_eq!((said.code, said.out.as_str()), (Some(1), ""), "{args:?}: {said:?}");
                assert!(said.err.contains("the database refuses connections"), "{args:?}: {said:?}");
                assert!(!said.err.contains("hidden"), "{args:?}: {said:?}");
            });
        }
    });
}

#[test]
fn keys_can_be_seen_and_rotated() {
    let folder = tempfile::tempdir().unwrap();
    let run = |args: &[&str]| {
        let mut command = doorward(args);
        command.current_dir(folder.path());
        said(command)
    };
    let missing = run(&["keys", "list"]);
    assert_eq!(missing.err, "doorward: there is no ./doorward-data/doorward.db: name its folder with --data\n");
    assert!(!folder.path().join("doorward-data").exists());
    let server = Server::start(folder.path(), &[], &[]);
    let before = run(&["keys", "list"]).out;
    let kinds: Vec<&str> = before.lines().map(|line| &line[..2]).collect();
    assert_eq!(kinds, ["d-", "s-"], "{before}");
    let rotated = run(&["keys", "rotate"]);
    assert!(rotated.out.starts_with("a new key is stored"), "{rotated:?}");
    let after = run(&["keys", "list"]).out;
    assert_eq!(after.lines().count(), 3, "{after}");
    assert!(before.contains(", signs now, until "), "{before}");
    let lines: Vec<(&str, &str)> = after.lines().map(|line| line.split_once("  ").unwrap()).collect();
    assert!(lines[0].1.contains(", signs from ") && lines[1].1.contains(", signs now, until "), "{after}");
    // The old key signs until the new one does, and verifies for as long as before.
    let begin = lines[0].1.split("signs from ").nth(1).unwrap().split(',').next().unwrap();
    assert!(lines[1].1.contains(&format!("signs now, until {begin}, ")), "{after}");
    let kept = |text: &str| text.lines().map(|line| line.rsplit(", ").next().unwrap().to_owned()).collect::<Vec<_>>();
    assert_eq!(kept(&after)[1..], kept(&before), "{before} {after}");
    assert!(lines[2].1.ends_with(", never rotated, signs where a key that stays is asked for"), "{after}");
    assert!(run(&["keys", "list", "--app", "nope"]).err.contains("there is no app nope"));
    assert!(run(&["keys", "list", "--memory"]).err.contains("known to their server alone"));
    server.stop();
}

/// Minutes that the keys of an app are old, newest first, and what is said of each. A key signs for an hour.
const KEYS: &[(&[u64], &[&str])] = &[
    (&[50], &["signs now"]),
    (&[0], &["signs now"]),
    (&[0, 50], &["signs from", "signs now"]),
    (&[2, 50, 55], &["signs now", "no longer signs", "no longer signs"]),
    (&[0, 61], &["signs now", "no longer signs"]),
    (&[61], &["signs now"]),
    (&[], &[]),
];

#[tokio::test]
async fn the_key_that_signs_is_told_from_those_that_do_not() {
    let made = keys::generate_signing_key(Algorithm::Rs256).unwrap();
    for (ages, said_of) in KEYS {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("config.yaml"), "access_token_signing_key_update_interval: 1\n").unwrap();
        std::fs::create_dir(folder.path().join("doorward-data")).unwrap();
        let store = Sqlite::open(folder.path().join("doorward-data/doorward.db")).await.unwrap();
        let now = SystemClock.now();
        let value = keys::generate_refresh_key().unwrap();
        store.add_key(AppId::default(), NewKey::Refresh { value, created_at: now }).await.unwrap();
        let mut newest_seen = None;
        for age in ages.iter().rev() {
            let key = StoredKey { created_at: now.before(Lifetime::from_minutes(*age)), value: made.clone() };
            let seen = newest_seen.replace(key.created_at);
            store.add_key(AppId::default(), NewKey::Signing { key, newest_seen: seen }).await.unwrap();
        }
        store.close().await.unwrap();
        let mut command = doorward(["keys", "list"]);
        command.current_dir(folder.path());
        let listed = said(command);
        assert_eq!(listed.out.lines().count(), said_of.len(), "{ages:?}: {listed:?}");
        for (line, said_of) in listed.out.lines().zip(*said_of) {
            assert!(line.contains(&format!(", {said_of}")), "{ages:?}: {said_of} in {line}");
        }
    }
}
