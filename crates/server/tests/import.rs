//! `doorward import`, from one server's database into another's.

use std::path::Path;

use serde_json::Value;

use crate::process::{Said, Server, doorward, said};
use crate::serve::ask;

fn import(folder: &Path, from: &str, to: &str, more: &[&str]) -> Said {
    let mut command = doorward(["import", "--from", from, "--to", to]);
    command.args(more).current_dir(folder);
    said(command)
}

fn server(folder: &Path, data: &str) -> Server {
    Server::start(folder, &["--data", data], &[])
}

/// Sends a request of the newest SDKs, and reads the answer's body.
fn post(server: &Server, path: &str, body: &str) -> Value {
    let headers = "cdi-version: 5.4\r\nContent-Type: application/json\r\n";
    let answer = ask(server, "POST", path, headers, body);
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    serde_json::from_str(answer.split_once("\r\n\r\n").unwrap().1).unwrap()
}

fn sign_in(server: &Server) -> Value {
    let session = r#"{"userId":"ada","userDataInJWT":{"role":"é"},"userDataInDatabase":{},"enableAntiCsrf":false,"useDynamicSigningKey":true}"#;
    post(server, "/recipe/session", session)
}

fn refresh(server: &Server, session: &Value) -> Value {
    let body = serde_json::json!({"refreshToken": session["refreshToken"]["token"], "enableAntiCsrf": false, "useDynamicSigningKey": true});
    post(server, "/recipe/session/refresh", &body.to_string())
}

#[test]
fn sessions_go_on_in_the_other_database() {
    let folder = tempfile::tempdir().unwrap();
    let before = server(folder.path(), "old");
    let session = sign_in(&before);
    before.stop();
    let copied = import(folder.path(), "sqlite:old", "sqlite:new", &[]);
    assert_eq!(copied.code, Some(0), "{}", copied.err);
    assert!(copied.out.contains("sessions: 1 in the source, 1 in the target, 1 written\n"), "{}", copied.out);
    assert!(copied.err.contains("sessions: 1 of 1\n"), "lines, where there is no terminal: {}", copied.err);

    let after = server(folder.path(), "new");
    let verify = serde_json::json!({
        "accessToken": session["accessToken"]["token"],
        "enableAntiCsrf": false, "doAntiCsrfCheck": false, "checkDatabase": true,
    });
    assert_eq!(post(&after, "/recipe/session/verify", &verify.to_string())["status"], "OK");
    let refreshed = refresh(&after, &session);
    assert_eq!(refreshed["status"], "OK");
    assert_eq!(refreshed["session"]["userDataInJWT"]["role"], "é");
    after.stop();
}

#[test]
fn there_and_back_as_a_mirror() {
    let folder = tempfile::tempdir().unwrap();
    let old = server(folder.path(), "old");
    let (first, second) = (sign_in(&old), sign_in(&old));
    old.stop();
    assert_eq!(import(folder.path(), "sqlite:old", "sqlite:new", &[]).code, Some(0));

    let new = server(folder.path(), "new");
    let first = refresh(&new, &first);
    let handle = serde_json::json!({"sessionHandles": [second["session"]["handle"]]});
    post(&new, "/recipe/session/remove", &handle.to_string());
    new.stop();
    let back = import(folder.path(), "sqlite:new", "sqlite:old", &["--mirror"]);
    assert_eq!(back.code, Some(0), "{}", back.err);
    assert!(back.out.contains("sessions: 1 in the source, 1 in the target, 1 written, 1 deleted\n"), "{}", back.out);

    let old = server(folder.path(), "old");
    assert_eq!(refresh(&old, &first)["status"], "OK");
    assert_eq!(refresh(&old, &second)["status"], "UNAUTHORISED");
    old.stop();
}

/// By way of PostgreSQL, where `./dev test` has started one.
#[test]
fn there_and_back_by_way_of_postgresql() {
    let Ok(uri) = std::env::var("DOORWARD_TEST_POSTGRES") else { return };
    let folder = tempfile::tempdir().unwrap();
    let before = server(folder.path(), "old");
    let session = sign_in(&before);
    before.stop();
    let schema = |name: &str| format!("{uri}?currentSchema=import_{}_{name}", std::process::id());
    for (from, to) in [
        ("sqlite:old", schema("one").as_str()),
        (schema("one").as_str(), schema("two").as_str()),
        (schema("two").as_str(), "sqlite:new"),
    ] {
        let copied = import(folder.path(), from, to, &[]);
        assert_eq!(copied.code, Some(0), "{}", copied.err);
        assert!(copied.out.contains("sessions: 1 in the source, 1 in the target, 1 written\n"), "{}", copied.out);
    }
    let after = server(folder.path(), "new");
    assert_eq!(refresh(&after, &session)["status"], "OK");
    after.stop();

    let prefixed = import(folder.path(), "sqlite:old", &schema("one"), &["--to-prefix", "app"]);
    assert_eq!(prefixed.code, Some(0), "{}", prefixed.err);
    let empty = import(folder.path(), &schema("none"), "sqlite:none", &[]);
    assert_eq!(empty.code, Some(1));
    assert!(empty.err.contains("has no table `apps`") && !empty.err.contains("damaged"), "{}", empty.err);
}

#[test]
fn a_database_that_does_not_answer_is_named_without_its_password() {
    let folder = tempfile::tempdir().unwrap();
    let refused = import(folder.path(), "postgresql://root:hidden@localhost:1/d?sslmode=x", "sqlite:new", &[]);
    assert_eq!(refused.code, Some(1));
    assert!(refused.err.contains("--from is no good") && !refused.err.contains("hidden"), "{}", refused.err);
}

#[test]
fn what_cannot_be_copied_is_refused_in_a_sentence() {
    let folder = tempfile::tempdir().unwrap();
    server(folder.path(), "one").stop();
    server(folder.path(), "two").stop();
    let refused = |from: &str, to: &str, more: &[&str]| {
        let said = import(folder.path(), from, to, more);
        assert_eq!((said.code, said.out.as_str(), said.err.lines().count()), (Some(1), "", 1), "{}", said.err);
        said.err
    };
    let keys = refused("sqlite:one", "sqlite:two", &[]);
    assert!(keys.contains("the target has keys of its own for the app `public`"), "{keys}");
    let same = refused("sqlite:one", "sqlite:./one/doorward.db", &[]);
    assert!(same.contains("the same database"), "{same}");
    let missing = refused("sqlite:none", "sqlite:two", &[]);
    assert!(missing.contains("there is no sqlite:") && missing.contains("none/doorward.db"), "{missing}");
    assert!(!folder.path().join("none").exists() && !folder.path().join("none.db").exists());
    let foreign = refused("mysql://root:hidden@h/d", "sqlite:two", &[]);
    assert!(foreign.contains("--from must be sqlite:FOLDER") && !foreign.contains("hidden"), "{foreign}");
    let prefix = refused("sqlite:one", "sqlite:two", &["--to-prefix", "app"]);
    assert!(prefix.contains("--to-prefix is for PostgreSQL"), "{prefix}");
    let empty = refused("sqlite:", "sqlite:two", &[]);
    assert!(empty.contains("the path is empty"), "{empty}");
}
