//! Tokens of each format meet callers of each version (`spec/modern-core.md` 11.2, VersionTest).

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use doorward_wire::cdi::dialect::Dialect;
use doorward_wire::cdi::version::CdiVersion;
use serde_json::{Value, json};

use super::given::{Given, Session};

/// Versions, and the format of the tokens that they get (0.3).
const MAKERS: [(&str, &str); 7] =
    [("2.7", "2"), ("2.20", "2"), ("2.21", "3"), ("3.0", "4"), ("4.0", "5"), ("5.4", "5"), ("5.6", "5")];

fn format_of(token: &str) -> Value {
    part(token, 0)["version"].clone()
}

fn claims_of(token: &str) -> Value {
    part(token, 1)
}

fn part(token: &str, at: usize) -> Value {
    let text = token.split('.').nth(at).unwrap();
    let bytes = URL_SAFE_NO_PAD.decode(text).or_else(|_| STANDARD.decode(text)).unwrap();
    serde_json::from_slice(&bytes).unwrap()
}

fn end_of(token: &str) -> Value {
    let claims = claims_of(token);
    claims.get("exp").or(claims.get("expiryTime")).unwrap().clone()
}

/// The format of the newest of these versions that isn't newer than the caller's.
fn format_for(dialect: &Dialect) -> &'static str {
    let since = |maker| CdiVersion::parse(maker).unwrap();
    MAKERS.iter().rfind(|(maker, _)| since(maker) <= dialect.version).unwrap().1
}

#[tokio::test]
async fn every_format_is_good_at_every_version() {
    let given = Given::new().await;
    for (maker, format) in MAKERS {
        for dialect in Dialect::all() {
            let caller = given.at(&dialect.version.to_string());
            let session = given.at(maker).create("u").await;
            let which = format!("token of {maker} at {}", caller.version());
            assert_eq!(format_of(session.access()), *format, "{which}");

            let verified = caller.verify(session.access(), true).await.ok();
            assert_eq!(verified["session"]["handle"], session.handle(), "{which}");
            assert_eq!(verified.get("accessToken"), None, "{which}");
            assert_eq!(verified["session"]["userDataInJWT"], json!({"role": "member"}), "{which}");

            let body = json!({"accessToken": session.access(), "userDataInJWT": {"role": "new"}});
            let again = Session::from(caller.post("/recipe/session/regenerate", body).await);
            assert_eq!(format_of(again.access()), *format, "{which}");
            assert_eq!(end_of(again.access()), end_of(session.access()), "{which}");
            assert_eq!(again.0["session"]["userDataInJWT"], json!({"role": "new"}), "{which}");

            let handle = session.handle();
            let data = json!({"sessionHandle": handle, "userDataInDatabase": {"x": 1}});
            caller.put("/recipe/session/data", data).await.ok();
            let payload = json!({"sessionHandle": handle, "userDataInJWT": {"role": "put"}});
            caller.put("/recipe/jwt/data", payload).await.ok();
            let stored = caller.read(handle).await.ok();
            assert_eq!(stored["userDataInDatabase"], json!({"x": 1}), "{which}");

            let refreshed = Session::from(caller.refresh(session.refresh()).await);
            assert_eq!(format_of(refreshed.access()), format_for(dialect), "{which}");
            assert_eq!(refreshed.0["session"]["userDataInJWT"], json!({"role": "put"}), "{which}");
            for reader in ["2.9", "5.4", "5.6"] {
                let verified = given.at(reader).verify(refreshed.access(), false).await.ok();
                assert_eq!(verified["session"]["handle"], handle, "{which}, read at {reader}");
            }
        }
    }
}

/// What a version shows of a session, whatever the token's format.
#[tokio::test]
async fn answers_show_what_their_version_knows() {
    let given = Given::new().await;
    for dialect in Dialect::all() {
        let caller = given.at(&dialect.version.to_string());
        let session = caller.create("u").await;
        let shown: Vec<&str> = session.0["session"].as_object().unwrap().keys().map(String::as_str).collect();
        assert_eq!(shown.contains(&"tenantId"), dialect.shows_tenant, "{}", caller.version());
        assert_eq!(shown.contains(&"recipeUserId"), dialect.shows_recipe_user, "{}", caller.version());
        assert_eq!(session.0.get("idRefreshToken").is_some(), dialect.id_refresh_token, "{}", caller.version());
        let handshake = caller.post("/recipe/handshake", json!({})).await;
        assert_eq!(handshake.status, if dialect.handshake { 200 } else { 404 }, "{}", caller.version());
    }
}
