//! The same tokens in another library: what one side signs, the other verifies.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use doorward_crypto::keys::generate_signing_key;
use doorward_engine::crypto::{Algorithm, PublicNumbers, SigningKey};
use jsonwebtoken::{DecodingKey, EncodingKey, Header, Validation};
use serde_json::{Value, json};

use crate::fixture;

/// A key of ours, and both halves of it as the other library takes them.
struct Case {
    key: std::sync::Arc<dyn SigningKey>,
    algorithm: jsonwebtoken::Algorithm,
    encoding: EncodingKey,
    decoding: DecodingKey,
}

fn cases() -> [Case; 2] {
    [Algorithm::Rs256, Algorithm::EdDsa].map(|algorithm| {
        let stored = generate_signing_key(algorithm).unwrap();
        let (_, private) = fixture::halves(stored.expose());
        let key = fixture::key(stored.expose());
        // The public key goes over as the numbers that a JWK shows.
        match key.public().numbers {
            PublicNumbers::Rsa { n, e } => Case {
                key,
                algorithm: jsonwebtoken::Algorithm::RS256,
                // It wants the PKCS #1 key, which PKCS #8 holds after 26 bytes of header.
                encoding: EncodingKey::from_rsa_der(&private[26..]),
                decoding: DecodingKey::from_rsa_components(&n, &e).unwrap(),
            },
            PublicNumbers::Ed25519 { x } => Case {
                key,
                algorithm: jsonwebtoken::Algorithm::EdDSA,
                encoding: EncodingKey::from_ed_der(&private),
                decoding: DecodingKey::from_ed_components(&x).unwrap(),
            },
        }
    })
}

fn claims() -> Value {
    json!({"sub": "user", "sessionHandle": "handle", "exp": 4_000_000_000_u64})
}

/// A token whose signature is ours.
fn token(key: &dyn SigningKey, claims: &Value) -> String {
    let header = json!({"alg": key.algorithm().name(), "typ": "JWT"});
    let message =
        format!("{}.{}", URL_SAFE_NO_PAD.encode(header.to_string()), URL_SAFE_NO_PAD.encode(claims.to_string()));
    let signature = key.sign(message.as_bytes()).unwrap();
    format!("{message}.{}", URL_SAFE_NO_PAD.encode(signature))
}

#[test]
fn the_other_library_verifies_ours() {
    for case in cases() {
        let token = token(&*case.key, &claims());
        let validation = Validation::new(case.algorithm);
        let read = jsonwebtoken::decode::<Value>(&token, &case.decoding, &validation).unwrap();
        assert_eq!(read.claims, claims());

        let changed = token.replacen('.', ".e", 1);
        assert!(jsonwebtoken::decode::<Value>(&changed, &case.decoding, &validation).is_err());
    }
}

#[test]
fn we_verify_the_other_librarys() {
    for case in cases() {
        let token = jsonwebtoken::encode(&Header::new(case.algorithm), &claims(), &case.encoding).unwrap();
        let (message, signature) = token.rsplit_once('.').unwrap();
        let signature = URL_SAFE_NO_PAD.decode(signature).unwrap();
        assert!(case.key.verify(message.as_bytes(), &signature));
        assert!(!case.key.verify(&message.as_bytes()[1..], &signature));
        // Both algorithms are deterministic, so the signatures are the same to the byte.
        assert_eq!(case.key.sign(message.as_bytes()).unwrap(), signature);
    }
}

#[test]
fn the_other_library_refuses_another_keys() {
    let [ours, others] = [cases(), cases()];
    for (case, other) in ours.iter().zip(&others) {
        let token = token(&*other.key, &claims());
        let validation = Validation::new(case.algorithm);
        assert!(jsonwebtoken::decode::<Value>(&token, &case.decoding, &validation).is_err());
    }
}
