//! The same tokens in another library: what one side makes, the other reads.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use doorward_engine::id::AppId;
use doorward_engine::payload::Payload;
use doorward_engine::policy::Policy;
use doorward_engine::session::create::NewSession;
use doorward_engine::token::access::{self, AccessError, Malformed};
use doorward_engine::token::jwt::NewJwt;
use doorward_engine::token::version::AccessVersion;
use doorward_testkit::vectors::keys::TestKeys;
use jsonwebtoken::jwk::JwkSet;
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation, decode, decode_header, encode};
use serde_json::{Value, json};

use crate::given::{Given, now, payload, session_with};

const KEYS: [(&str, Algorithm); 2] = [("rsa", Algorithm::RS256), ("ed25519", Algorithm::EdDSA)];

/// The other library's own clock is not asked.
fn validation(algorithm: Algorithm) -> Validation {
    let mut validation = Validation::new(algorithm);
    validation.validate_exp = false;
    validation
}

fn encoding(name: &str) -> EncodingKey {
    let keys = TestKeys::read().unwrap();
    let private = STANDARD.decode(keys.signing(name).unwrap().stored.split_once('|').unwrap().1).unwrap();
    match name {
        // It wants the PKCS #1 key, which PKCS #8 holds after 26 bytes of header.
        "rsa" => EncodingKey::from_rsa_der(private.get(26..).unwrap()),
        _ => EncodingKey::from_ed_der(&private),
    }
}

fn header(given: &Given, algorithm: Algorithm) -> Header {
    let mut header = Header::new(algorithm);
    header.kid = Some(given.ring.signer(now(), &given.policy, false).id.as_str().to_owned());
    header
}

fn claims() -> Value {
    json!({
        "iat": 1_767_225_600, "exp": 1_767_229_200, "sub": "ü1", "tId": "t-1", "rsub": "r1", "sessionHandle": "h",
        "refreshTokenHash1": "a".repeat(64), "parentRefreshTokenHash1": "b".repeat(64), "antiCsrfToken": "c",
        "role": {"is": [1, null]},
    })
}

#[test]
fn the_other_library_reads_ours_with_our_key_set() {
    for (name, algorithm) in KEYS {
        let given = Given::signing_with(name);
        let issued = given.create(session_with(payload(r#"{"role":"ü","n":1.5}"#)));
        let token = issued.access.unsigned.sign().unwrap();

        // The key set goes over as its text, as it does between programs.
        let text = serde_json::to_string(&given.ring.jwks(now(), &given.policy)).unwrap();
        let set: JwkSet = serde_json::from_str(&text).unwrap();
        let header = decode_header(&token).unwrap();
        assert_eq!((header.alg, header.typ.as_deref()), (algorithm, Some("JWT")));
        let key = DecodingKey::from_jwk(set.find(&header.kid.unwrap()).unwrap()).unwrap();
        let read = decode::<Value>(&token, &key, &validation(algorithm)).unwrap().claims;

        let own: Value = serde_json::from_str(issued.access.claims.json.as_str()).unwrap();
        assert_eq!(read, own);
        assert_eq!((&read["sub"], &read["role"], &read["n"]), (&json!("u1"), &json!("ü"), &json!(1.5)));
        assert_eq!(read["sessionHandle"], issued.row.key.handle.as_str());
    }
}

#[test]
fn the_other_library_reads_the_formats_of_the_json_headers_and_tokens_for_applications() {
    let ring = TestKeys::read().unwrap().ring(&AppId::default(), &["rsa", "static"], "upstream", None).unwrap();
    let text = serde_json::to_string(&ring.jwks(now(), &Policy::default())).unwrap();
    let set: JwkSet = serde_json::from_str(&text).unwrap();
    let read = |token: &str| {
        let header = decode_header(token).unwrap();
        assert_eq!((header.alg, header.typ.as_deref()), (Algorithm::RS256, Some("JWT")));
        let kid = header.kid.unwrap();
        let key = DecodingKey::from_jwk(set.find(&kid).unwrap()).unwrap();
        (decode::<Value>(token, &key, &validation(Algorithm::RS256)).unwrap().claims, kid)
    };
    for use_static_key in [false, true] {
        let prefix = if use_static_key { "s-" } else { "d-" };
        for version in [AccessVersion::V3, AccessVersion::V4, AccessVersion::V5] {
            let policy = Policy { access_version: version, ..Policy::default() };
            let given = Given { policy, ring: ring.clone(), ..Given::default() };
            let new = NewSession { use_static_key, ..session_with(payload(r#"{"role":"ü"}"#)) };
            let access = given.create(new).access;
            let own: Value = serde_json::from_str(access.claims.json.as_str()).unwrap();
            let (claims, kid) = read(&access.unsigned.sign().unwrap());
            assert_eq!(claims, own);
            let (has_tenant, has_recipe_user) = (version >= AccessVersion::V4, version >= AccessVersion::V5);
            assert_eq!((claims.get("tId").is_some(), claims.get("rsub").is_some()), (has_tenant, has_recipe_user));
            assert!(kid.starts_with(prefix), "{kid}");
        }
        let jwt = NewJwt {
            payload: Payload::from_stored(r#"{"sub":"ü","x":[1,null]}"#).unwrap(),
            issuer: "https://api.example.com".to_owned(),
            validity_secs: 3_153_600_000,
            use_static_key,
        };
        let (claims, kid) = read(&jwt.write(&ring, now(), &Policy::default()).sign().unwrap());
        let expected = json!({
            "iat": 1_767_225_600, "exp": 4_920_825_600_u64, "iss": "https://api.example.com", "sub": "ü", "x": [1, null],
        });
        assert_eq!(claims, expected);
        assert!(kid.starts_with(prefix), "{kid}");
    }
}

/// Upstream says so too: whoever has tokens signed for an application could have one made that opens a session.
#[test]
fn a_token_for_an_application_that_holds_all_claims_of_a_session_is_one() {
    let given = Given::signing_with("rsa");
    let mut payload = claims();
    payload["iss"] = json!("https://api.example.com");
    let payload = Payload::from_stored(&payload.to_string()).unwrap();
    let jwt = NewJwt { payload, issuer: String::new(), validity_secs: 1, use_static_key: false };
    let token = jwt.write(&given.ring, now(), &given.policy).sign().unwrap();
    let read = access::verify(&token, &given.ring, now(), &given.policy).unwrap();
    assert_eq!((read.version, read.user.as_str(), read.handle.as_str()), (AccessVersion::V5, "ü1", "h"));
    assert!(!access::looks_like_access_token(&token), "but in a header that others use too it is none of ours");
}

#[test]
fn we_read_the_other_librarys() {
    for (name, algorithm) in KEYS {
        let given = Given::signing_with(name);
        let token = encode(&header(&given, algorithm), &claims(), &encoding(name)).unwrap();
        let read = access::verify(&token, &given.ring, now(), &given.policy).unwrap();
        assert_eq!((read.user.as_str(), read.recipe_user.as_str(), read.tenant.as_str()), ("ü1", "r1", "t-1"));
        assert_eq!((read.handle.as_str(), read.own.as_str()), ("h", "a".repeat(64).as_str()));
        assert_eq!(read.parent.unwrap().as_str(), "b".repeat(64));
        assert_eq!(read.anti_csrf.as_ref().unwrap().expose(), "c");
        assert_eq!(serde_json::from_str::<Value>(read.payload().as_str()).unwrap(), json!({"role": {"is": [1, null]}}));
    }
}

#[test]
fn both_refuse_the_same_forgeries() {
    for (name, algorithm) in KEYS {
        let given = Given::signing_with(name);
        let token = encode(&header(&given, algorithm), &claims(), &encoding(name)).unwrap();
        let text = serde_json::to_string(&given.ring.jwks(now(), &given.policy)).unwrap();
        let set: JwkSet = serde_json::from_str(&text).unwrap();
        let key = DecodingKey::from_jwk(&set.keys[0]).unwrap();
        let mut changed = 0;
        for at in (0..token.len()).step_by(7) {
            let mut bytes = token.clone().into_bytes();
            bytes[at] = if bytes[at] == b'A' { b'B' } else { b'A' };
            let forged = String::from_utf8(bytes).unwrap();
            assert!(access::verify(&forged, &given.ring, now(), &given.policy).is_err(), "{name}, byte {at}");
            assert!(decode::<Value>(&forged, &key, &validation(algorithm)).is_err(), "{name}, byte {at}");
            changed += 1;
        }
        assert!(changed > 50);
    }
}

#[test]
fn rsa_signatures_of_other_kinds_are_refused() {
    let given = Given::signing_with("rsa");
    for algorithm in [Algorithm::RS384, Algorithm::RS512, Algorithm::PS256, Algorithm::PS384, Algorithm::PS512] {
        let token = encode(&header(&given, algorithm), &claims(), &encoding("rsa")).unwrap();
        let refused = access::verify(&token, &given.ring, now(), &given.policy).unwrap_err();
        assert_eq!(refused, AccessError::Malformed(Malformed::HeaderMismatch("alg")), "{algorithm:?}");
    }
    let secret = EncodingKey::from_secret(TestKeys::read().unwrap().signing("rsa").unwrap().public_pem.as_bytes());
    for algorithm in [Algorithm::HS256, Algorithm::HS384, Algorithm::HS512] {
        let token = encode(&header(&given, algorithm), &claims(), &secret).unwrap();
        let refused = access::verify(&token, &given.ring, now(), &given.policy).unwrap_err();
        assert_eq!(refused, AccessError::Malformed(Malformed::HeaderMismatch("alg")), "{algorithm:?}");
    }
}
