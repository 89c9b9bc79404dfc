//! No token, key, hash or payload in what a server says, at any level.

use std::fs;

use doorward_crypto::AwsLc;
use doorward_engine::crypto::Crypto as _;
use doorward_engine::id::AppId;
use doorward_service::store::Store as _;
use doorward_stores::sqlite::Sqlite;
use serde_json::{Value, json};

use crate::process::Server;
use crate::serve::ask;

const KEY: &str = "api-key-that-nobody-prints-1";
const SUCCESSION: &str = "succession-secret-that-nobody-prints";
const PAYLOAD: &str = "payload-that-nobody-prints";
const DATA: &str = "data-that-nobody-prints";

struct Caller {
    server: Server,
    secrets: Vec<String>,
}

impl Caller {
    /// Calls with the API key, and keeps all texts of the answer that are secret.
    fn call(&mut self, method: &str, path: &str, version: &str, body: &Value) -> Value {
        let headers = format!("api-key: {KEY}\r\ncdi-version: {version}\r\ncontent-type: application/json\r\n");
        let answer = ask(&self.server, method, path, &headers, &body.to_string());
        let (_, body) = answer.split_once("\r\n\r\n").unwrap();
        let json: Value = serde_json::from_str(body).unwrap_or(Value::Null);
        for name in ["accessToken", "refreshToken", "idRefreshToken"] {
            if let Some(token) = json[name]["token"].as_str() {
                self.add_token(token);
            }
        }
        for name in ["antiCsrfToken", "jwt"] {
            self.secrets.extend(json[name].as_str().map(str::to_owned));
        }
        json
    }

    fn add_token(&mut self, token: &str) {
        self.secrets.extend(token.split('.').filter(|part| part.len() >= 16).map(str::to_owned));
        // Its two hashes, which name it in the store and in other tokens.
        let hex =
            |text: &str| AwsLc.sha256(text.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect::<String>();
        let first = hex(token);
        self.secrets.push(hex(&first));
        self.secrets.push(first);
    }
}

/// Everything that touches a secret, in the oldest and the newest way.
fn story(caller: &mut Caller) {
    for version in ["2.7", "2.21", "5.4", "5.6"] {
        let session = json!({
            "userId": "ada", "userDataInJWT": {"claim": PAYLOAD}, "userDataInDatabase": {"data": DATA},
            "enableAntiCsrf": true, "useDynamicSigningKey": true
        });
        let made = caller.call("POST", "/recipe/session", version, &session);
        let access = made["accessToken"]["token"].as_str().unwrap();
        let verify = json!({
            "accessToken": access, "antiCsrfToken": made["antiCsrfToken"], "doAntiCsrfCheck": true,
            "enableAntiCsrf": true, "checkDatabase": true
        });
        assert_eq!(caller.call("POST", "/recipe/session/verify", version, &verify)["status"], "OK", "{version}");
        let broken = json!({"accessToken": format!("{access}x"), "doAntiCsrfCheck": false, "enableAntiCsrf": false, "checkDatabase": false});
        caller.call("POST", "/recipe/session/verify", version, &broken);
        let mut anti_csrf = made["antiCsrfToken"].clone();
        let mut tokens = vec![made["refreshToken"]["token"].as_str().unwrap().to_owned()];
        for _ in 0..3 {
            let body = json!({
                "refreshToken": tokens.last(), "enableAntiCsrf": true, "antiCsrfToken": anti_csrf,
                "useDynamicSigningKey": true
            });
            let fresh = caller.call("POST", "/recipe/session/refresh", version, &body);
            assert_eq!(fresh["status"], "OK", "{version}");
            anti_csrf = fresh["antiCsrfToken"].clone();
            tokens.extend(fresh["refreshToken"]["token"].as_str().map(str::to_owned));
        }
        let regenerate = json!({"accessToken": access, "userDataInJWT": {"claim": PAYLOAD}});
        caller.call("POST", "/recipe/session/regenerate", version, &regenerate);
        let handle = made["session"]["handle"].as_str().unwrap();
        let data = json!({"sessionHandle": handle, "userDataInDatabase": {"data": DATA}});
        caller.call("PUT", "/recipe/session/data", version, &data);
        caller.call("GET", &format!("/recipe/session?sessionHandle={handle}"), version, &json!({}));
        // A token of long ago is theft, and one that was changed is nothing.
        let old = json!({"refreshToken": tokens[0], "enableAntiCsrf": false, "useDynamicSigningKey": true});
        caller.call("POST", "/recipe/session/refresh", version, &old);
        let broken =
            json!({"refreshToken": format!("x{}", tokens[0]), "enableAntiCsrf": false, "useDynamicSigningKey": true});
        caller.call("POST", "/recipe/session/refresh", version, &broken);
        caller.call("POST", "/recipe/session", version, &json!({"userId": PAYLOAD, "userDataInJWT": [DATA]}));
        caller.call("POST", "/recipe/session/remove", version, &json!({"userId": "ada"}));
    }
    for headers in
        ["", "api-key: wrong-key-that-nobody-prints\r\n", "authorization: Bearer wrong-key-that-nobody-prints\r\n"]
    {
        ask(&caller.server, "GET", "/apiversion", headers, "");
    }
    let in_path = format!("/{PAYLOAD}?token={}", caller.secrets[0]);
    ask(&caller.server, "GET", &in_path, "", "");
    caller.secrets.push("wrong-key-that-nobody-prints".to_owned());
}

#[tokio::test]
async fn no_level_and_no_form_shows_one() {
    for form in ["text", "json"] {
        let folder = tempfile::tempdir().unwrap();
        let config =
            format!("api_keys: {KEY}\nsuccession_secret: {SUCCESSION}\nlog_level: DEBUG\nlog_format: {form}\n");
        fs::write(folder.path().join("config.yaml"), config).unwrap();
        let mut caller = Caller {
            server: Server::start(folder.path(), &[], &[]),
            secrets: [KEY, SUCCESSION, DATA].map(String::from).into(),
        };
        story(&mut caller);
        let said = caller.server.stop();
        let store = Sqlite::open(folder.path().join("doorward-data/doorward.db")).await.unwrap();
        let keys = store.keys(AppId::default()).await.unwrap();
        let values = keys.signing.iter().map(|key| &key.value).chain(keys.static_keys.iter().map(|key| &key.value));
        let parts = values.chain(&keys.refresh).flat_map(|key| key.expose().split(['|', ':', ';']));
        caller.secrets.extend(parts.filter(|part| part.len() >= 16).map(str::to_owned));
        assert!(caller.secrets.len() > 100 && said.lines().count() > 50, "{said}");
        for event in ["doorward.request", "doorward.session.created", "doorward.session.theft"] {
            assert!(said.contains(event), "{event} in {said}");
        }
        for secret in &caller.secrets {
            assert!(!said.contains(secret.as_str()), "{form}: {secret} in {said}");
        }
    }
}
