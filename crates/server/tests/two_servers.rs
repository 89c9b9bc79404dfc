//! Two servers, processes of their own, on one PostgreSQL. Skipped where there is none.

use std::collections::BTreeSet;
use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::process::Stdio;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread::{self, ScopedJoinHandle};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use rustix::process::Signal;
use serde_json::{Value, json};

use crate::database::Database;
use crate::process::{PATIENCE, Server, doorward, said};

const CLIENTS: usize = 32;

/// Starts two at one moment on tables that aren't there yet, or that are.
fn start_two(folder: &tempfile::TempDir, database: &Database) -> [Server; 2] {
    let start = || Server::start(folder.path(), &[], &database.environment());
    thread::scope(|scope| {
        let (one, other) = (scope.spawn(start), scope.spawn(start));
        [one.join().unwrap(), other.join().unwrap()]
    })
}

/// Sends a request; `None` where no whole answer comes back.
fn send(to: SocketAddr, line: &str, version: &str, body: &str) -> Option<(u16, String)> {
    let mut stream = TcpStream::connect(to).ok()?;
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    let length = body.len();
    let request = format!(
        "{line} HTTP/1.1\r\nHost: h\r\nConnection: close\r\ncdi-version: {version}\r\nContent-Length: {length}\r\n\r\n{body}"
    );
    stream.write_all(request.as_bytes()).ok()?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).ok()?;
    let (head, body) = answer.split_once("\r\n\r\n")?;
    // All answers are one line.
    body.ends_with('\n').then(|| (head.split(' ').nth(1).unwrap().parse().unwrap(), body.to_owned()))
}

/// Sends a request that must be answered, with JSON.
fn ask(to: SocketAddr, line: &str, version: &str, body: &Value) -> Value {
    let (status, body) = send(to, line, version, &body.to_string()).expect("an answer");
    assert_eq!(status, 200, "{body}");
    serde_json::from_str(&body).unwrap()
}

fn create(to: SocketAddr, version: &str, user: &str) -> Value {
    let body = json!({
        "userId": user, "userDataInJWT": {}, "userDataInDatabase": {}, "enableAntiCsrf": false,
        "useDynamicSigningKey": true,
    });
    ask(to, "POST /recipe/session", version, &body)
}

fn refresh_body(session: &Value) -> Value {
    json!({
        "refreshToken": session["refreshToken"]["token"], "enableAntiCsrf": false, "useDynamicSigningKey": true,
    })
}

fn verify_body(token: &Value) -> Value {
    json!({"accessToken": token, "doAntiCsrfCheck": false, "enableAntiCsrf": false, "checkDatabase": true})
}

/// The public keys, which are the same in any order.
fn jwks(server: &Server) -> BTreeSet<String> {
    let answer = ask(server.address, "GET /.well-known/jwks.json", "5.4", &json!({}));
    answer["keys"].as_array().unwrap().iter().map(Value::to_string).collect()
}

#[test]
fn clients_of_both_get_the_same_successors() {
    let Some(database) = Database::new() else { return };
    let folder = tempfile::tempdir().unwrap();
    let servers = start_two(&folder, &database);
    let at = |number: usize| servers[number % 2].address;
    // *On use*, and *on refresh*.
    for version in ["5.4", "5.6"] {
        let mut session = create(at(0), version, "ada");
        for generation in 0..3 {
            let body = refresh_body(&session);
            let answers: Vec<Value> = thread::scope(|scope| {
                let refresh = |client| {
                    let body = &body;
                    scope.spawn(move || ask(at(client), "POST /recipe/session/refresh", version, body))
                };
                let calls: Vec<ScopedJoinHandle<'_, Value>> = (0..CLIENTS).map(refresh).collect();
                calls.into_iter().map(|call| call.join().unwrap()).collect()
            });
            for answer in &answers {
                assert_eq!(answer["status"], "OK", "{version} {generation}: {answer}");
                assert_eq!(
                    answer["refreshToken"]["token"], answers[0]["refreshToken"]["token"],
                    "{version} {generation}"
                );
            }
            // Each answer can be used at the other one.
            thread::scope(|scope| {
                for (client, answer) in answers.iter().enumerate() {
                    scope.spawn(move || {
                        let body = verify_body(&answer["accessToken"]["token"]);
                        let verified = ask(at(client + 1), "POST /recipe/session/verify", version, &body);
                        assert_eq!(verified["status"], "OK", "{version} {generation} {client}: {verified}");
                    });
                }
            });
            session = answers.into_iter().next().unwrap();
        }
    }
    servers.into_iter().for_each(|server| drop(server.stop()));
}

#[test]
fn keys_that_are_made_at_once_are_the_same_for_both() {
    let Some(database) = Database::new() else { return };
    let folder = tempfile::tempdir().unwrap();
    let servers = start_two(&folder, &database);
    let first = jwks(&servers[0]);
    // One that rotates and one that doesn't.
    assert_eq!((first.len(), &first), (2, &jwks(&servers[1])));
    let session = create(servers[0].address, "5.4", "ada");
    let body = verify_body(&session["accessToken"]["token"]);
    assert_eq!(ask(servers[1].address, "POST /recipe/session/verify", "5.4", &body)["status"], "OK");

    // Two operators rotate at one moment, beside the servers.
    let keys = |verb: &str| {
        let mut command = doorward(["keys", verb]);
        command.current_dir(folder.path()).envs(database.environment());
        command
    };
    let rotations: Vec<_> =
        (0..2).map(|_| keys("rotate").stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap()).collect();
    for rotation in rotations {
        let output = rotation.wait_with_output().unwrap();
        assert!(output.status.success(), "{output:?}");
    }
    let listed = said(keys("list"));
    let newest = listed.out.split_whitespace().find(|word| word.starts_with("d-")).unwrap();
    // A server reads the keys when a token names one that it doesn't know.
    let header = json!({"kid": newest, "typ": "JWT", "version": "5", "alg": "RS256"}).to_string();
    let token = format!("{}.e30.c2ln", URL_SAFE_NO_PAD.encode(header));
    for server in &servers {
        let answer = ask(server.address, "POST /recipe/session/verify", "5.4", &verify_body(&json!(token)));
        let failed = "io.supertokens.session.jwt.JWT$JWTException: JWT verification failed";
        assert_eq!((&answer["status"], &answer["message"]), (&json!("TRY_REFRESH_TOKEN"), &json!(failed)));
    }
    let rotated = jwks(&servers[0]);
    assert_eq!(rotated, jwks(&servers[1]));
    // Either made one, or both saw the same newest key, and one was made.
    assert!(rotated.is_superset(&first) && [3, 4].contains(&rotated.len()), "{rotated:?}");
    assert!(rotated.iter().any(|key| key.contains(newest)), "{newest} in {rotated:?}");
    servers.into_iter().for_each(|server| drop(server.stop()));
}

/// Signs in, refreshes and uses its session until it is told to stop, at one server as long as that answers, then at the
/// other. No answer is waited out with the tokens that it has; whoever answers must not say that there is no session.
fn live(addresses: [SocketAddr; 2], number: usize, stop: &AtomicBool, steps: &Sender<()>) -> Value {
    let version = if number.is_multiple_of(4) { "5.6" } else { "5.4" };
    let mut at = number;
    let mut persist = |line: &str, body: &Value| {
        loop {
            match send(addresses[at % 2], line, version, &body.to_string()) {
                Some((200, answer)) => {
                    let answer: Value = serde_json::from_str(&answer).unwrap();
                    assert_eq!(answer["status"], "OK", "client {number}, {line}: {answer}");
                    return answer;
                }
                Some((status, answer)) => assert!(status >= 500, "client {number}, {line}: {status} {answer}"),
                None => at += 1,
            }
        }
    };
    let mut session = create(addresses[number % 2], version, &format!("user-{number}"));
    while !stop.load(Ordering::SeqCst) {
        session = persist("POST /recipe/session/refresh", &refresh_body(&session));
        persist("POST /recipe/session/verify", &verify_body(&session["accessToken"]["token"]));
        steps.send(()).unwrap();
    }
    session
}

#[test]
fn what_one_acknowledged_survives_its_kill_9_at_the_other() {
    let Some(database) = Database::new() else { return };
    let folder = tempfile::tempdir().unwrap();
    let [mut victim, survivor] = start_two(&folder, &database);
    let addresses = [victim.address, survivor.address];
    let stop = AtomicBool::new(false);
    let (sender, steps) = channel();
    let wait = |steps: &Receiver<()>, count: usize| {
        for _ in 0..count {
            steps.recv_timeout(PATIENCE).expect("another step");
        }
    };
    let sessions: Vec<Value> = thread::scope(|scope| {
        let stop = &stop;
        let clients: Vec<ScopedJoinHandle<'_, Value>> = (0..16)
            .map(|number| {
                let sender = sender.clone();
                scope.spawn(move || live(addresses, number, stop, &sender))
            })
            .collect();
        drop(sender);
        wait(&steps, 100);
        victim.signal(Signal::KILL);
        // Some that are under way now were answered before.
        wait(&steps, 200);
        stop.store(true, Ordering::SeqCst);
        clients.into_iter().map(|client| client.join().unwrap()).collect()
    });
    assert!(!victim.wait().0.success());
    for (number, session) in sessions.iter().enumerate() {
        let version = if number.is_multiple_of(4) { "5.6" } else { "5.4" };
        let body = verify_body(&session["accessToken"]["token"]);
        let verified = ask(survivor.address, "POST /recipe/session/verify", version, &body);
        assert_eq!(verified["status"], "OK", "{number}: {verified}");
        let next = ask(survivor.address, "POST /recipe/session/refresh", version, &refresh_body(session));
        assert_eq!(next["status"], "OK", "{number}: {next}");
    }
    // It can come back, and knows all of them.
    let again = Server::start(folder.path(), &[], &database.environment());
    for number in 0..16 {
        let listed = ask(again.address, &format!("GET /recipe/session/user?userId=user-{number}"), "5.4", &json!({}));
        assert_eq!(listed["sessionHandles"].as_array().unwrap().len(), 1, "{number}");
    }
    again.stop();
    survivor.stop();
}
