//! The commands beside `serve`.

use crate::process::{Said, doorward, said};

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
fn flags_that_name_two_stores_are_refused() {
    let refused = run(&["serve", "--memory", "--data", "x"]);
    assert_eq!(refused.code, Some(2));
    assert!(refused.err.contains("cannot be used with"), "{}", refused.err);
}
