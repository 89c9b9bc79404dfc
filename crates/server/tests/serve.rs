//! `doorward serve` as a process: its first line, its signals, its log, its metrics.

use std::fs;
use std::io::{Read as _, Write as _};
use std::os::unix::fs::PermissionsExt as _;

use rustix::process::Signal;

use crate::database::Database;
use crate::process::{Server, doorward, said};

const KEY: &str = "abcdefghijklmnopqrst-1";

/// Sends a request and reads its whole answer.
pub(crate) fn ask(server: &Server, method: &str, path: &str, headers: &str, body: &str) -> String {
    let mut stream = server.connect();
    let length = body.len();
    let request = format!(
        "{method} {path} HTTP/1.1\r\nHost: h\r\nConnection: close\r\n{headers}Content-Length: {length}\r\n\r\n{body}"
    );
    stream.write_all(request.as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer
}

#[test]
fn without_any_configuration_it_serves_from_a_private_folder() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(folder.path(), &[], &[]);
    let port = server.address.port();
    let line = format!(
        "Doorward listens on http://localhost:{port}, keeps sessions in ./doorward-data/doorward.db, and asks for no API \
         key.\n"
    );
    assert_eq!(server.line, line);
    let answer = ask(&server, "GET", "/hello", "", "");
    assert!(answer.starts_with("HTTP/1.1 200 OK\r\n") && answer.ends_with("\r\n\r\nHello\n"), "{answer}");
    let head = ask(&server, "HEAD", "/hello", "", "");
    assert!(head.starts_with("HTTP/1.1 200 OK\r\n") && head.ends_with("\r\n\r\n"), "{head}");
    let mode = |name: &str| fs::metadata(folder.path().join(name)).unwrap().permissions().mode() & 0o777;
    assert_eq!((mode("doorward-data"), mode("doorward-data/doorward.db")), (0o700, 0o600));
    server.stop();
    // Its keys are still there when it starts again.
    let keys = |folder| {
        said({
            let mut command = doorward(["keys", "list"]);
            command.current_dir(folder);
            command
        })
    };
    let before = keys(folder.path());
    Server::start(folder.path(), &[], &[]).stop();
    assert_eq!(keys(folder.path()).out, before.out);
}

#[test]
fn every_address_of_localhost_is_listened_on() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(folder.path(), &["--memory"], &[]);
    assert!(server.line.contains("keeps sessions in memory"), "{}", server.line);
    for address in std::net::ToSocketAddrs::to_socket_addrs(&("localhost", server.address.port())).unwrap() {
        std::net::TcpStream::connect(address).unwrap();
    }
}

#[test]
fn the_file_beside_it_is_its_configuration() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("config.yaml"), format!("api_keys: {KEY}\nbase_path: /auth\nport: 1\n")).unwrap();
    let server = Server::start(folder.path(), &["--memory"], &[]);
    assert!(
        server.line.contains("/auth, keeps") && server.line.ends_with("asks for its API key.\n"),
        "{}",
        server.line
    );
    assert!(ask(&server, "GET", "/auth/hello", "", "").starts_with("HTTP/1.1 200 "));
    assert!(ask(&server, "GET", "/hello", "", "").starts_with("HTTP/1.1 404 "));
    assert!(ask(&server, "GET", "/auth/apiversion", "", "").starts_with("HTTP/1.1 401 "));
    assert!(ask(&server, "GET", "/auth/apiversion", &format!("api-key: {KEY}\r\n"), "").starts_with("HTTP/1.1 200 "));
    for twice in [format!("api-key: {KEY}\r\napi-key: x\r\n"), format!("api-key: x\r\napi-key: {KEY}\r\n")] {
        assert!(ask(&server, "GET", "/auth/apiversion", &twice, "").starts_with("HTTP/1.1 401 "));
    }
    let health = said({
        let mut command = doorward(["health", "--port", &server.address.port().to_string()]);
        command.current_dir(folder.path());
        command
    });
    assert_eq!(health.code, Some(0), "{health:?}");
}

#[test]
fn what_is_wrong_ends_it_with_all_of_it() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("config.yaml"), "port: x\nlog_level: loud\n").unwrap();
    let mut command = doorward(["serve"]);
    command.current_dir(folder.path()).env("ACCESS_TOKEN_VALIDITY", "0");
    let ended = said(command);
    assert_eq!((ended.code, ended.out.as_str()), (Some(1), ""));
    let expected = "doorward: 3 things in the configuration can't be used\n  \
        port = x (config.yaml, line 1): 'port' must be of type int\n  \
        log_level = loud (config.yaml, line 2): 'log_level' config must be one of \"NONE\",\"DEBUG\", \"INFO\", \"WARN\" or \
        \"ERROR\".\n  \
        access_token_validity = 0 (environment variable ACCESS_TOKEN_VALIDITY): 'access_token_validity' must be between 1 \
        and 86400000 seconds inclusive.\n";
    assert_eq!(ended.err, expected);
    assert!(!folder.path().join("doorward-data").exists());
}

#[test]
fn a_port_that_is_taken_is_one_line_and_makes_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let taken = std::net::TcpListener::bind("localhost:0").unwrap();
    let port = taken.local_addr().unwrap().port();
    let mut command = doorward(["serve", "--port", &port.to_string()]);
    command.current_dir(folder.path());
    let ended = said(command);
    let line = format!("doorward: port {port} is taken: choose another with --port, or 0 for a free one\n");
    assert_eq!((ended.code, ended.err), (Some(1), line));
    assert!(!folder.path().join("doorward-data").exists());
}

#[test]
fn a_signal_lets_what_runs_finish() {
    for signal in [Signal::TERM, Signal::INT] {
        let folder = tempfile::tempdir().unwrap();
        let mut server = Server::start(folder.path(), &[], &[]);
        let idle = server.connect();
        let mut running = server.connect();
        running
            .write_all(b"POST /hello HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n")
            .unwrap();
        let mut word = [0; 25];
        running.read_exact(&mut word).unwrap();
        assert_eq!(&word, b"HTTP/1.1 100 Continue\r\n\r\n");
        server.signal(signal);
        server.wait_until_closed();
        running.write_all(b"{}").unwrap();
        let mut answer = String::new();
        running.read_to_string(&mut answer).unwrap();
        assert!(answer.starts_with("HTTP/1.1 200 OK\r\n") && answer.contains("connection: close"), "{answer}");
        let (status, out, err) = server.wait();
        assert_eq!(status.code(), Some(0), "{err}");
        assert!(out.contains("doorward.stopping") && out.contains("doorward.stopped: stopped"), "{out}");
        drop(idle);
    }
}

#[test]
fn a_stop_has_a_limit_and_a_second_signal_needs_none() {
    let folder = tempfile::tempdir().unwrap();
    for (limit, signals, code) in [("1", 1, 0), ("3600000", 2, 1)] {
        let mut server = Server::start(folder.path(), &[], &[("DOORWARD_STOP_TIMEOUT_MS", limit)]);
        let mut running = server.connect();
        running
            .write_all(b"POST /hello HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n")
            .unwrap();
        running.read_exact(&mut [0; 25]).unwrap();
        server.signal(Signal::TERM);
        if signals == 2 {
            server.wait_until_closed();
            server.signal(Signal::INT);
        }
        let (status, out, err) = server.wait();
        assert_eq!(status.code(), Some(code), "{out}{err}");
    }
}

#[test]
fn metrics_are_on_a_port_of_their_own() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(folder.path(), &[], &[("DOORWARD_ADMIN_PORT", "0")]);
    let admin = server.line.split("Metrics are at http://").nth(1).unwrap().trim_end_matches("/metrics.\n").to_owned();
    assert!(ask(&server, "GET", "/hello", "", "").contains("200 OK"));
    for path in ["/metrics", "/a_b"] {
        assert!(ask(&server, "GET", path, "", "").starts_with("HTTP/1.1 404 "), "{path}, where everybody calls");
    }
    assert!(ask(&server, "POST", "/hello", "Expect: more\r\n", "").starts_with("HTTP/1.1 417 "));
    let page = |path: &str| {
        let mut stream = std::net::TcpStream::connect(&admin).unwrap();
        stream.write_all(format!("GET {path} HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n").as_bytes()).unwrap();
        let mut page = String::new();
        stream.read_to_string(&mut page).unwrap();
        page
    };
    let metrics = page("/metrics");
    for line in [
        "content-type: application/openmetrics-text; version=1.0.0; charset=utf-8\r",
        "doorward_requests_total{route=\"/hello\",status=\"200\"} 1",
        "doorward_requests_total{route=\"unknown\",status=\"404\"} 1",
        "doorward_requests_total{route=\"refused\",status=\"417\"} 1",
        "doorward_request_duration_seconds_count{route=\"/hello\"} 1",
        "doorward_store_duration_seconds_count{operation=\"ping\"} 1",
        "doorward_sessions_live 0",
        "doorward_store_up 1",
        "doorward_thefts_total 0",
        "# EOF",
    ] {
        assert!(metrics.lines().any(|found| found.trim_end() == line.trim_end()), "{line} in\n{metrics}");
    }
    let age = metrics.lines().find(|line| line.starts_with("doorward_signing_key_age_seconds{app=\"public\"} "));
    assert!(age.is_some(), "{metrics}");
    assert!(page("/").starts_with("HTTP/1.1 404 "));
    server.stop();
}

#[test]
fn logs_are_objects_a_line_if_that_is_asked_for() {
    let folder = tempfile::tempdir().unwrap();
    let mut command = doorward(["serve", "--memory", "--port", "0"]);
    let environment = [("DOORWARD_LOG_FORMAT", "json"), ("LOG_LEVEL", "debug"), ("SUPERTOKENS_HOST", "127.0.0.1")];
    command.current_dir(folder.path()).envs(environment).stdout(std::process::Stdio::piped());
    let mut child = command.spawn().unwrap();
    let mut lines = std::io::BufRead::lines(std::io::BufReader::new(child.stdout.take().unwrap()));
    let mut next = || -> serde_json::Value { serde_json::from_str(&lines.next().unwrap().unwrap()).unwrap() };
    let started = loop {
        let line = next();
        if line["event"] == "doorward.started" {
            break line;
        }
    };
    assert_eq!(
        (&started["level"], &started["store"], &started["api_keys"]),
        (&"info".into(), &"in memory".into(), &0.into())
    );
    let port = started["listens"].as_str().unwrap().rsplit(':').next().unwrap().to_owned();
    let mut stream = std::net::TcpStream::connect(format!("127.0.0.1:{port}")).unwrap();
    stream.write_all(b"GET /hello?secret=x HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n").unwrap();
    let request = loop {
        let line = next();
        if line["event"] == "doorward.request" {
            break line;
        }
    };
    let found = (&request["path"], &request["status"], &request["method"], &request["peer"]);
    assert_eq!(found, (&"/hello".into(), &200.into(), &"GET".into(), &"127.0.0.1".into()));
    assert_eq!(request["request"].as_str().unwrap().len(), 16);
    assert!(!request.to_string().contains("secret"), "{request}");
    child.kill().unwrap();
    child.wait().unwrap();
}

#[test]
fn logs_go_to_files_if_that_is_asked_for() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    fs::write(path("config.yaml"), "info_log_path: info.log\nerror_log_path: error.log\nmystery: 1\n").unwrap();
    fs::write(path("info.log"), "before\n").unwrap();
    let said = Server::start(folder.path(), &["--memory"], &[]).stop();
    assert_eq!(said.lines().count(), 1, "{said}");
    let (info, error) = (fs::read_to_string(path("info.log")).unwrap(), fs::read_to_string(path("error.log")).unwrap());
    assert!(info.starts_with("before\n") && info.contains("doorward.stopped"), "{info}");
    assert!(error.contains("WARN doorward.config.warning: config.yaml has options that are not known"), "{error}");
    let mut command = doorward(["serve", "--memory"]);
    command.current_dir(folder.path()).env("ERROR_LOG_PATH", "none/error.log");
    let ended = crate::process::said(command);
    assert!(ended.err.starts_with("doorward: can't log to none/error.log: "), "{}", ended.err);
}

#[test]
fn a_warning_is_said_once() {
    let folder = tempfile::tempdir().unwrap();
    for (name, value) in [("REFRESH_TOKEN_ROTATION_GRACE_PERIOD", "0"), ("ACCESS_TOKEN_VALIDITY", "60")] {
        let server = Server::start(folder.path(), &["--memory"], &[(name, value)]);
        let app =
            r#"{"appId":"a","coreConfig":{"refresh_token_rotation_grace_period":200,"access_token_validity":600}}"#;
        let made = ask(&server, "PUT", "/recipe/multitenancy/app/v2", "cdi-version: 5.4\r\n", app);
        assert!(made.contains("\"createdNew\":true"), "{made}");
        let said = server.stop();
        let warnings: Vec<&str> = said.lines().filter(|line| line.contains("doorward.config.warning")).collect();
        let [of_server, of_app] = &warnings[..] else { panic!("{said}") };
        assert!(of_server.contains("refresh_token_rotation_grace_period is "), "{said}");
        assert!(of_app.contains("grace is 200 s, more than a tenth") && of_app.contains("app=a"), "{said}");
    }
}

#[test]
fn no_log_is_no_log() {
    let folder = tempfile::tempdir().unwrap();
    let said = Server::start(folder.path(), &["--memory"], &[("LOG_LEVEL", "NONE"), ("BCRYPT_LOG_ROUNDS", "3")]).stop();
    assert_eq!(said.lines().count(), 1, "{said}");
}

/// What is broken is replaced: that is told in no other program's words, and no place of which a piece may be a secret.
#[tokio::test]
async fn connections_that_break_are_replaced_quietly() {
    let Some(database) = Database::new() else { return };
    let folder = tempfile::tempdir().unwrap();
    let [(variable, uri), schema] = database.environment();
    let name = format!("lost@{}", std::process::id());
    let uri = format!("{uri}?application_name={name}");
    let server = Server::start(folder.path(), &[], &[(variable, &uri), schema]);
    assert!(server.line.contains("keeps sessions in PostgreSQL, and"), "{}", server.line);
    let call = || ask(&server, "GET", "/recipe/session/user?userId=ada", "cdi-version: 5.4\r\n", "");
    assert!(call().starts_with("HTTP/1.1 200 "));
    database
        .sql(&format!("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = '{name}'"))
        .await;
    for _ in 0..20 {
        assert!(call().starts_with("HTTP/1.1 200 "));
    }
    let said = server.stop();
    assert!(!said.contains("deadpool"), "{said}");
}

/// Needs a PostgreSQL, which `./dev test` starts: without one it is skipped.
#[test]
fn sessions_are_in_postgresql_if_that_is_asked_for() {
    let Ok(uri) = std::env::var("DOORWARD_TEST_POSTGRES") else { return };
    let folder = tempfile::tempdir().unwrap();
    // Tables of its own, in a database that other tests use as well.
    let prefix = format!("serve{}", std::process::id());
    let environment = [("POSTGRESQL_CONNECTION_URI", uri.as_str()), ("POSTGRESQL_TABLE_NAMES_PREFIX", &prefix)];
    let server = Server::start(folder.path(), &[], &environment);
    assert!(server.line.contains("keeps sessions in PostgreSQL (postgresql://"), "{}", server.line);
    assert!(server.line.contains(&format!(", schema public, prefix {prefix}), and ")), "{}", server.line);
    assert!(!server.line.contains('@'), "{}", server.line);
    assert!(ask(&server, "GET", "/hello", "", "").starts_with("HTTP/1.1 200 "));
    let body = r#"{"userId":"ada","userDataInJWT":{},"userDataInDatabase":{},"enableAntiCsrf":false}"#;
    assert!(ask(&server, "POST", "/recipe/session", "cdi-version: 5.4\r\n", body).contains(r#""status":"OK""#));
    let mut command = doorward(["sessions", "list", "--user", "ada"]);
    command.current_dir(folder.path()).envs(environment);
    let listed = said(command);
    assert!(listed.out.ends_with("\n1 session alive\n"), "{listed:?}");
    server.stop();
    assert!(!folder.path().join("doorward-data").exists());

    // As a core would leave them there: settings of another connection URI domain.
    sql(
        &uri,
        &format!(
            "INSERT INTO {prefix}_apps (app_id, created_at_time) VALUES ('theirs', 0); \
             INSERT INTO {prefix}_tenants (app_id, tenant_id, created_at_time) VALUES ('theirs', 'public', 0); \
             INSERT INTO {prefix}_tenant_configs (connection_uri_domain, app_id, tenant_id, core_config) VALUES \
             ('a.example', 'public', 'public', '{{\"api_keys\":\"abcdefghijklmnopqrst-1\"}}'), ('a.example', 'theirs', 'public', '{{}}')"
        ),
    );
    let server = Server::start(folder.path(), &[], &environment);
    assert!(ask(&server, "GET", "/apiversion", "", "").starts_with("HTTP/1.1 200 "));
    assert!(ask(&server, "GET", "/appid-theirs/hello", "", "").contains("AppId or tenantId not found"));
    let apps = ask(&server, "GET", "/recipe/multitenancy/app/list/v2", "", "");
    assert!(!apps.contains("theirs") && apps.contains("\"appId\":\"public\""), "{apps}");
    let gone = ask(&server, "POST", "/recipe/multitenancy/app/remove", "", r#"{"appId":"theirs"}"#);
    assert!(gone.ends_with("{\"status\":\"OK\",\"didExist\":false}\n"), "{gone}");
    let said = server.stop();
    let warnings: Vec<&str> = said.lines().filter(|line| line.contains("doorward.store.domains")).collect();
    assert!(matches!(&warnings[..], [one] if one.ends_with("domains are not served: a.example")), "{said}");
    sql(
        &uri,
        &format!("INSERT INTO {prefix}_key_value (app_id, tenant_id, name) VALUES ('theirs', 'public', 'still there')"),
    );
}

fn sql(uri: &str, statements: &str) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let (client, connection) = tokio_postgres::connect(uri, tokio_postgres::NoTls).await.unwrap();
        let connection = tokio::spawn(connection);
        client.batch_execute(statements).await.unwrap();
        drop(client);
        connection.await.unwrap().unwrap();
    });
}
