//! The public keys in the answers of old versions (`spec/modern-core.md` 3.11, 3.12).

use serde_json::json;

use super::given::Given;

const TEN_YEARS: u64 = 315_360_000_000;

/// Upstream's end of a static key is a date in 1979.
#[tokio::test]
async fn a_static_key_ends_in_ten_years() {
    let given = Given::with("access_token_signing_key_dynamic: false").await;
    let end = given.now() + TEN_YEARS;
    for version in ["2.7", "2.9", "2.20"] {
        let caller = given.at(version);
        let session = caller.create("u").await;
        let handshake = caller.post("/recipe/handshake", json!({})).await.ok();
        let verified = caller.verify(session.access(), false).await.ok();
        let failed = caller.verify("x", false).await.json();
        for answer in [&session.0, &handshake, &verified, &failed] {
            assert_eq!(answer["jwtSigningPublicKeyExpiryTime"], end, "{version}");
            let listed = answer.get("jwtSigningPublicKeyList");
            assert_eq!(listed.is_some(), version != "2.7");
            if let Some(listed) = listed {
                let key = &answer["jwtSigningPublicKey"];
                let wanted = json!([{"publicKey": key, "expiryTime": end, "createdAt": given.now()}]);
                assert_eq!(*listed, wanted, "{version}");
            }
        }
    }
}

#[tokio::test]
async fn a_rotated_key_signs_for_its_interval_and_verifies_longer() {
    let given = Given::new().await;
    let caller = given.at("2.9");
    let handshake = caller.post("/recipe/handshake", json!({})).await.ok();
    let (interval, validity) = (168 * 3_600_000, 3_600_000);
    assert_eq!(handshake["jwtSigningPublicKeyExpiryTime"], given.now() + interval);
    let key = &handshake["jwtSigningPublicKeyList"][0];
    assert_eq!(key["expiryTime"], given.now() + interval + 2 * validity);
    assert_eq!(key["createdAt"], given.now());
    assert_eq!(handshake["accessTokenValidity"], validity);
    assert_eq!(handshake["refreshTokenValidity"], 144_000 * 60_000_u64);
}
