//! The same tokens in another library: what one side makes, the other reads.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use doorward_engine::token::access::{self, AccessError, Malformed};
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
