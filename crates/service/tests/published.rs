//! The keys of an app as others see them, and tokens that they verify.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use doorward_engine::payload::Payload;
use doorward_engine::time::Lifetime;
use doorward_engine::token::jwt::NewJwt;
use futures_executor::block_on;

use crate::given::{Given, create};

/// Header and claims of a token.
fn parts(token: &str) -> (String, String) {
    let mut parts = token.split('.').map(|part| String::from_utf8_lossy(&URL_SAFE_NO_PAD.decode(part).unwrap()).into());
    (parts.next().unwrap(), parts.next().unwrap())
}

fn kids(given: &Given) -> Vec<String> {
    given.service.jwks().keys.into_iter().map(|key| key.kid).collect()
}

#[test]
fn a_token_for_an_application_is_signed_by_the_key_that_it_asks_for() {
    let given = Given::with_rsa_keys();
    for (use_static_key, prefix) in [(true, "s-"), (false, "d-")] {
        let new = NewJwt {
            payload: Payload::from_stored(r#"{"role":"x"}"#).unwrap(),
            issuer: "https://example.com".to_owned(),
            validity_secs: 60,
            use_static_key,
        };
        let token = block_on(given.service.create_jwt(new)).unwrap();
        let (header, claims) = parts(token.expose());
        let kid = kids(&given).into_iter().find(|kid| kid.starts_with(prefix)).unwrap();
        assert!(header.contains(&kid), "{header}");
        let iat = given.service.now().as_secs();
        let expected = format!(r#"{{"iat":{iat},"exp":{},"iss":"https://example.com","role":"x"}}"#, iat + 60);
        assert_eq!(claims, expected);
    }
}

#[test]
fn a_key_that_an_operator_wants_is_public_at_once_and_signs_a_minute_later() {
    let given = Given::with_rsa_keys();
    let before = given.service.public_keys();
    assert_eq!((before.dynamic.len(), before.static_keys.len(), kids(&given).len()), (1, 1, 2));
    given.clock.set(given.service.now().after(Lifetime::from_minutes(5)));
    block_on(given.service.rotate_key()).unwrap();

    let after = given.service.public_keys();
    assert_eq!((after.dynamic.len(), &after.signer), (2, &before.signer));
    assert_eq!(kids(&given).len(), 3);
    let kid_of = |token: &str| parts(token).0;
    let kid = kids(&given).remove(0);
    assert!(!kid_of(create(&given.service, "{}").access.token.expose()).contains(&kid));
    given.clock.set(given.service.now().after(Lifetime::from_secs(61)));
    assert!(kid_of(create(&given.service, "{}").access.token.expose()).contains(&kid));
    assert_ne!(given.service.public_keys().signer, before.signer);
}

#[test]
fn the_key_set_may_be_kept_until_the_next_key_is_made() {
    let given = Given::with_rsa_keys();
    assert_eq!(given.service.jwks_max_age_secs(), 168 * 3600 - 60);
    given.clock.set(given.service.now().after(Lifetime::from_hours(100)));
    assert_eq!(given.service.jwks_max_age_secs(), 68 * 3600 - 60);
}
