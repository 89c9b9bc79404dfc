//! New keys and random bytes.

use std::collections::BTreeSet;

use doorward_crypto::AwsLc;
use doorward_crypto::keys::{generate_refresh_key, generate_signing_key};
use doorward_crypto::random;
use doorward_engine::crypto::{Algorithm, Crypto as _, PublicNumbers};

use crate::fixture;

#[test]
fn signing_keys_work_and_differ() {
    for algorithm in [Algorithm::Rs256, Algorithm::EdDsa] {
        let stored = generate_signing_key(algorithm).unwrap();
        let key = fixture::key(stored.expose());
        assert_eq!(key.algorithm(), algorithm);
        assert!(key.verify(b"message", &key.sign(b"message").unwrap()));
        assert_eq!(stored.expose().matches('|').count(), 1, "upstream's separator");
        assert!(stored.expose().starts_with(&key.public().spki));

        let other = fixture::key(generate_signing_key(algorithm).unwrap().expose());
        assert_ne!(other.public(), key.public());
    }
}

/// What upstream's SDKs verify: 2048 bits, the usual exponent.
#[test]
fn rsa_keys_have_2048_bits() {
    let key = fixture::key(generate_signing_key(Algorithm::Rs256).unwrap().expose());
    let PublicNumbers::Rsa { n, e } = key.public().numbers else { panic!("RS256 has RSA numbers") };
    assert_eq!((n.len(), e.as_str()), (342, "AQAB"));
    assert_eq!(key.sign(b"").unwrap().len(), 256);
}

#[test]
fn refresh_keys_have_upstreams_form() {
    let stored = generate_refresh_key().unwrap();
    let parts: Vec<_> = stored.expose().split(':').collect();
    let [rounds, salt, derived] = parts[..] else { panic!("three parts") };
    assert_eq!(rounds, "1000");
    for digits in [salt, derived] {
        assert_eq!(digits.len(), 128);
        assert!(digits.bytes().all(|d| matches!(d, b'0'..=b'9' | b'a'..=b'f')));
        assert_ne!(digits, "0".repeat(128));
    }
    assert_ne!(salt, derived);

    let other = generate_refresh_key().unwrap();
    let other: Vec<_> = other.expose().split(':').collect();
    assert_ne!(other[1], salt);
    assert_ne!(other[2], derived);
}

/// The salt stands in the key's own text, so the rest must come from something else that is random.
#[test]
fn refresh_keys_do_not_follow_from_their_salt() {
    let stored = generate_refresh_key().unwrap();
    let parts: Vec<_> = stored.expose().split(':').collect();
    let salt = hex::decode(parts[1]).unwrap();
    for password in ["0".repeat(128), parts[1].into()] {
        let derived = AwsLc.pbkdf2_sha512(password.as_bytes(), &salt, 1000);
        assert!(!parts[2].starts_with(&hex::encode(derived)));
    }
}

#[test]
fn random_bytes_differ() {
    let drawn: BTreeSet<[u8; 16]> = (0..1000)
        .map(|_| {
            let mut bytes = [0; 16];
            random::fill(&mut bytes).unwrap();
            bytes
        })
        .collect();
    assert_eq!(drawn.len(), 1000);
    // Every position takes many values: nothing is left unfilled.
    for at in 0..16 {
        assert!(drawn.iter().map(|bytes| bytes[at]).collect::<BTreeSet<_>>().len() > 200, "byte {at}");
    }
    random::fill(&mut []).unwrap();
}
