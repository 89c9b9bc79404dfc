//! Bodies that a strict reader takes and a careless one stumbles over.

use std::fmt::Write as _;

use super::world::World;

/// As many members as a body has room for.
const MEMBERS: usize = 60_000;

fn members() -> String {
    (0..MEMBERS).fold(String::new(), |mut text, at| {
        let _ = write!(text, "{}\"k{at}\":0", if at == 0 { "" } else { "," });
        text
    })
}

/// Whoever looks through all members for each of them takes minutes for these.
#[tokio::test]
async fn many_members_are_read_once() {
    let world = World::new("").await;
    let members = members();
    let send = async |line: &str, body: String| world.send(line, &["cdi-version: 5.4"], &body).await;

    let jwt = format!(r#"{{"payload":{{{members}}},"algorithm":"RS256","jwksDomain":"http://a","validity":9}}"#);
    let signed = send("POST /recipe/jwt", jwt).await;
    assert!(signed.body.starts_with(r#"{"status":"OK","jwt":""#), "{}", signed.line());

    let config = format!(r#"{{"tenantId":"t1","coreConfig":{{{members}}}}}"#);
    let refused = send("PUT /recipe/multitenancy/tenant/v2", config).await;
    assert_eq!(refused.line(), "400 Invalid core config: Invalid config key: k0");

    let factors: Vec<String> = (0..MEMBERS).map(|at| format!("f{at}")).collect();
    let factors = format!(r#"{{"tenantId":"t1","firstFactors":{factors:?}}}"#);
    let refused = send("PUT /recipe/multitenancy/tenant/v2", factors).await;
    assert_eq!(refused.line(), "400 firstFactors may have 64 values of at most 128 characters");
}

/// Half a surrogate pair is a JSON escape, and no text: a payload with such a name can't be kept, so it isn't acknowledged.
#[tokio::test]
async fn a_payload_that_no_token_can_say_is_refused_and_replaces_nothing() {
    let world = World::new("").await;
    let send = async |line: &str, body: &str| world.send(line, &["cdi-version: 5.4"], body).await;
    let create = |payload: &str| {
        format!(
            r#"{{"userId":"u","userDataInJWT":{payload},"userDataInDatabase":{{}},"enableAntiCsrf":false,"useDynamicSigningKey":true}}"#
        )
    };
    let odd = r#"{"role":"admin","x\udc00":2}"#;
    assert_eq!(send("POST /recipe/session", &create(odd)).await.line(), "400 Invalid Json Input");

    let created: serde_json::Value =
        serde_json::from_str(&send("POST /recipe/session", &create(r#"{"role":"admin"}"#)).await.body).unwrap();
    let handle = created["session"]["handle"].as_str().unwrap();
    let token = created["accessToken"]["token"].as_str().unwrap();
    let put = format!(r#"{{"sessionHandle":"{handle}","userDataInJWT":{odd}}}"#);
    assert_eq!(send("PUT /recipe/jwt/data", &put).await.line(), "400 Invalid Json Input");
    let regenerate = format!(r#"{{"accessToken":"{token}","userDataInJWT":{odd}}}"#);
    assert_eq!(send("POST /recipe/session/regenerate", &regenerate).await.line(), "400 Invalid Json Input");
    let shown = world.get(&format!("/recipe/session?sessionHandle={handle}")).await.body;
    assert!(shown.contains(r#""userDataInJWT":{"role":"admin"}"#), "{shown}");
}
