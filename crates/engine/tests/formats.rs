//! Tokens of all formats: what is written is read, and whatever comes in, nothing panics.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use doorward_crypto::AwsLc;
use doorward_engine::crypto::Crypto as _;
use doorward_engine::id::{TenantId, UserId};
use doorward_engine::payload::{Payload, PayloadError};
use doorward_engine::policy::{ClaimCheck, Policy};
use doorward_engine::session::create::NewSession;
use doorward_engine::token::access::{self, AccessError, Malformed};
use doorward_engine::token::version::AccessVersion;
use proptest::prelude::*;

use crate::bad_input::{changed, changes, json_like, texts};
use crate::given::{Given, later, now, session_with, stored_key};

const VERSIONS: [AccessVersion; 5] =
    [AccessVersion::V1, AccessVersion::V2, AccessVersion::V3, AccessVersion::V4, AccessVersion::V5];

fn policy(version: AccessVersion, claim_check: ClaimCheck) -> Policy {
    let oldest_access_version = AccessVersion::V1;
    Policy { access_version: version, oldest_access_version, claim_check, ..Policy::default() }
}

/// Who makes and reads tokens of this format. Only RSA keys sign those of the first two.
fn given(version: AccessVersion, claim_check: ClaimCheck) -> Given {
    let key = if version < AccessVersion::V3 { "rsa" } else { "ed25519" };
    Given { policy: policy(version, claim_check), ..Given::signing_with(key) }
}

fn signed(key: &str, input: &str, encode: impl Fn(&[u8]) -> String) -> String {
    let key = AwsLc.parse_signing_key(&stored_key(key)).unwrap();
    format!("{input}.{}", encode(&key.sign(input.as_bytes()).unwrap()))
}

fn versions() -> impl Strategy<Value = AccessVersion> {
    prop::sample::select(VERSIONS.to_vec())
}

fn checks() -> impl Strategy<Value = ClaimCheck> {
    prop_oneof![Just(ClaimCheck::Strict), Just(ClaimCheck::Upstream)]
}

#[test]
fn only_formats_that_the_policy_believes_are_read() {
    for made in VERSIONS {
        let given = given(made, ClaimCheck::Strict);
        let token = given.create(session_with(Payload::default())).access.unsigned.sign().unwrap();
        for oldest in VERSIONS {
            let policy = Policy { oldest_access_version: oldest, ..policy(made, ClaimCheck::Strict) };
            let outcome = (made < oldest).then_some(AccessError::Malformed(Malformed::HeaderMismatch("version")));
            assert_eq!(access::verify(&token, &given.ring, now(), &policy).err(), outcome, "{made:?}, {oldest:?}");
            assert_eq!(access::peek(&token, &policy).err(), outcome, "{made:?}, {oldest:?}");
        }
    }
}

#[test]
fn what_a_payload_may_not_hold_depends_on_the_format() {
    let check = |text: &str, version| Payload::from_stored(text).unwrap().check_reserved(version);
    for version in VERSIONS {
        for name in version.reserved() {
            let refused = Err(PayloadError::Reserved { claim: (*name).to_owned() });
            assert_eq!(check(&format!(r#"{{"a":1,"{name}":null}}"#), version), refused, "{version:?}");
            let escaped = format!(r#"{{"\u{:04x}{}":1}}"#, name.as_bytes()[0], name.get(1..).unwrap());
            assert_eq!(check(&escaped, version), refused, "{version:?}");
            assert_eq!(check(&format!(r#"{{"a":{{"{name}":1}}}}"#), version), Ok(()));
        }
        assert_eq!(check(r#"{"nbf":1,"stt":2,"userData":{},"a":1}"#, version), Ok(()));
    }
    for (name, from) in [("tId", AccessVersion::V4), ("rsub", AccessVersion::V5), ("sub", AccessVersion::V3)] {
        for version in VERSIONS {
            assert_eq!(check(&format!(r#"{{"{name}":1}}"#), version).is_err(), version >= from, "{name}, {version:?}");
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn what_is_written_is_read(
        version in versions(),
        check in checks(),
        text in json_like(),
        user in "[^\0]{0,20}",
        anti_csrf in any::<bool>(),
        millis in 0..600_000_000_u64,
    ) {
        let payload = Payload::from_stored(&text).unwrap_or_default();
        let now = later(millis);
        let given = Given { now, ..given(version, check) };
        let user = UserId::parse_or_empty(&user).unwrap();
        let tenant = TenantId::parse("t-1").unwrap();
        let issued = given.create(NewSession { user, tenant, anti_csrf, ..session_with(payload.clone()) });
        let claims = issued.access.claims;
        let token = issued.access.unsigned.sign().unwrap();
        prop_assert_eq!(access::verify(&token, &given.ring, now, &given.policy), Ok(claims.clone()));
        prop_assert_eq!(access::peek(&token, &given.policy), Ok(claims.clone()));

        prop_assert_eq!(claims.anti_csrf.is_some(), anti_csrf);
        prop_assert_eq!(claims.tenant.is_default(), version < AccessVersion::V4);
        if version < AccessVersion::V3 {
            prop_assert_eq!(claims.issued_at, now);
        } else {
            prop_assert_eq!(claims.issued_at.as_u64(), now.as_secs() * 1000);
            prop_assert!(claims.payload().check_reserved(version).is_ok());
        }
    }

    #[test]
    fn no_text_is_a_token_of_any_format(
        version in versions(),
        check in checks(),
        text in texts(),
        header in prop::sample::select(vec![
            "",
            "eyJhbGciOiJSUzI1NiIsInR5cCI6IkpXVCIsInZlcnNpb24iOiIxIn0=.",
            "eyJhbGciOiJSUzI1NiIsInR5cCI6IkpXVCIsInZlcnNpb24iOiIyIn0=.",
            "eyJraWQiOiJkLTE3NjcyMTg0MDAwMDAiLCJ0eXAiOiJKV1QiLCJ2ZXJzaW9uIjoiMyIsImFsZyI6IkVkRFNBIn0.",
        ]),
    ) {
        let given = given(version, check);
        let text = format!("{header}{text}");
        let refused = access::verify(&text, &given.ring, now(), &given.policy);
        prop_assert!(refused.is_err());
        prop_assert!(!refused.unwrap_err().code().is_empty());
        let _ = access::peek(&text, &given.policy);
        let _ = access::looks_like_access_token(&text);
    }

    #[test]
    fn no_changed_token_is_one(version in versions(), changes in changes()) {
        let given = given(version, ClaimCheck::Upstream);
        let payload = Payload::from_stored(r#"{"role":"editor"}"#).unwrap();
        let token = given.create(session_with(payload)).access.unsigned.sign().unwrap();
        let changed = changed(&token, &changes);
        let read = access::verify(&changed, &given.ring, now(), &given.policy);
        prop_assert_eq!(read.is_ok(), changed == token, "{}", changed);
        let _ = access::peek(&changed, &given.policy);
    }

    /// Everything here is signed by us, so that what lies behind the signature is reached.
    #[test]
    fn claims_of_any_kind_are_read_or_refused(
        version in versions(),
        check in checks(),
        claims in json_like(),
        changes in prop::collection::vec(changes(), 0..2),
    ) {
        let given = given(version, check);
        let issued = given.create(session_with(Payload::default()));
        // Either any text at all, or claims of ours that were changed.
        let claims = match changes.first() {
            Some(changes) => changed(issued.access.claims.json.as_str(), changes),
            None => claims,
        };
        let token = issued.access.unsigned.sign().unwrap();
        let header = token.split('.').next().unwrap();
        let token = if version < AccessVersion::V3 {
            signed("rsa", &format!("{header}.{}", STANDARD.encode(&claims)), |bytes| STANDARD.encode(bytes))
        } else {
            signed("ed25519", &format!("{header}.{}", URL_SAFE_NO_PAD.encode(&claims)), |bytes| URL_SAFE_NO_PAD.encode(bytes))
        };
        match access::verify(&token, &given.ring, now(), &given.policy) {
            Ok(read) => {
                prop_assert_eq!(read.json.as_str(), claims.as_str());
                prop_assert!(Payload::from_stored(read.payload().as_str()).is_some());
            }
            Err(error) => prop_assert!(matches!(error, AccessError::Claims(_) | AccessError::Expired), "{error}"),
        }
    }

    #[test]
    fn headers_of_any_kind_are_read_or_refused(header in json_like(), changes in prop::collection::vec(changes(), 0..2)) {
        let given = given(AccessVersion::V5, ClaimCheck::Strict);
        let issued = given.create(session_with(Payload::default()));
        let ours = r#"{"kid":"d-1767218400000","typ":"JWT","version":"5","alg":"EdDSA"}"#;
        let header: String = match changes.first() {
            Some(changes) => changed(ours, changes),
            None => header,
        };
        let input = format!("{}.{}", URL_SAFE_NO_PAD.encode(&header), URL_SAFE_NO_PAD.encode(issued.access.claims.json.as_str()));
        let token = signed("ed25519", &input, |bytes| URL_SAFE_NO_PAD.encode(bytes));
        match access::verify(&token, &given.ring, now(), &given.policy) {
            Ok(read) => prop_assert_eq!(read.own, issued.access.claims.own),
            Err(AccessError::Malformed(_) | AccessError::UnknownKey | AccessError::Signature | AccessError::Claims(_)) => {}
            Err(error) => prop_assert!(false, "{error}"),
        }
    }
}

/// One byte at a time, which the generator finds rarely.
#[test]
fn no_byte_of_an_early_token_is_without_meaning() {
    for version in [AccessVersion::V1, AccessVersion::V2] {
        let given = given(version, ClaimCheck::Strict);
        let token = given.create(session_with(Payload::default())).access.unsigned.sign().unwrap();
        for at in 0..token.len() {
            let (before, after) = token.split_at(at);
            let rest = after.get(1..).unwrap();
            for other in [format!("{before}B{rest}"), format!("{before}={after}"), format!("{before}{rest}")] {
                let is_same = other == token;
                assert_eq!(access::verify(&other, &given.ring, now(), &given.policy).is_ok(), is_same, "{other}");
            }
        }
    }
}
