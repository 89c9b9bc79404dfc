//! Rows of the list of security cases that the engine alone can show; each test is named after its case. Where the
//! case is a list of forgeries, they are vectors, and the flags say which.

use doorward_crypto::AwsLc;
use doorward_engine::flow::{Flow as _, Seen, Step};
use doorward_engine::hash::Hash1;
use doorward_engine::id::AppId;
use doorward_engine::secret::Secret;
use doorward_engine::session::refresh::Refreshed;
use doorward_engine::token::access::{self, AccessError};
use doorward_testkit::vectors::keys::TestKeys;
use doorward_testkit::vectors::{access as access_vectors, refresh as refresh_vectors};

use crate::given::{Given, later, payload, session, session_with};

fn access_cases(flag: &str, at_least: usize) {
    let report = access_vectors::run_flagged(flag);
    assert!(report.is_clean() && report.passed() >= at_least, "{report}");
}

fn refresh_cases(flag: &str, at_least: usize) {
    let report = refresh_vectors::run_flagged(flag);
    assert!(report.is_clean() && report.passed() >= at_least, "{report}");
}

#[test]
fn cve_2026_25537_a_time_of_the_wrong_type_is_not_absent() {
    access_cases("WrongType", 60);
    access_cases("Missing", 9);
}

#[test]
fn cve_2026_22817_the_public_key_is_no_hmac_secret() {
    access_cases("Forged", 6);
}

#[test]
fn cve_2026_23993_an_unknown_algorithm_is_refused() {
    access_cases("Algorithm", 30);
    access_cases("Header", 40);
}

#[test]
fn cve_2026_34950_blanks_and_marks_change_nothing() {
    access_cases("Encoding", 25);
    refresh_cases("Encoding", 5);
}

#[test]
fn better_auth_9991_signed_but_expired_is_refused() {
    access_cases("Expiry", 8);
    let given = Given::default();
    let issued = given.create(session());
    let token = issued.access.unsigned.sign().unwrap();
    let read = access::verify(&token, &given.ring, later(3_600_000), &given.policy);
    assert_eq!(read.unwrap_err(), AccessError::Expired);
}

#[test]
fn better_auth_9991_a_token_of_one_kind_is_none_of_the_other() {
    access_cases("Confused", 1);
    refresh_cases("Confused", 1);
}

#[test]
fn cve_2026_29000_no_claims_without_a_signature() {
    access_cases("Tampered", 20);
    access_cases("Form", 15);
}

/// The successor that a node with this secret of the configuration gives for a session's first token.
fn successor(given: &Given, secret: Option<&str>, token: &Secret) -> Secret {
    let keys = TestKeys::read().unwrap();
    let ring = keys.ring(&AppId::default(), &["ed25519"], "upstream", secret).unwrap();
    let given = Given { ring, ..given.clone() };
    let Step::Commit(_, flow) = given.start_refresh(token) else { panic!("no write") };
    let row = given.create(session()).row;
    let Step::Done(Refreshed::Issued(issued)) = flow.resume(Seen::Applied(row), &given.env()) else {
        panic!("nothing issued")
    };
    issued.refresh
}

/// Who has the database has the refresh-token key and hashes. With a `succession_secret`, even an old token doesn't
/// lead to its successor.
#[test]
fn leaked_database() {
    let given = Given::default();
    let token = given.create(session()).refresh;
    let true_one = successor(&given, Some("the configuration's"), &token);
    assert_eq!(successor(&given, Some("the configuration's"), &token), true_one);
    assert_ne!(successor(&given, None, &token), true_one);
    assert_ne!(successor(&given, Some("another"), &token), true_one);
}

/// Access tokens publish hash1 of the refresh token: it neither is nor gives anything that is accepted.
#[test]
fn published_hash() {
    let given = Given::default();
    let issued = given.create(session());
    let hash1 = issued.access.claims.own;
    assert_eq!(hash1, Hash1::of(issued.refresh.expose(), &AwsLc));
    for text in [hash1.as_str(), issued.row.current.as_str(), &format!("{}.{}.V2", hash1.as_str(), hash1.as_str())] {
        let outcome = given.refresh(&Secret::new(text), &issued.row);
        assert!(matches!(outcome, Refreshed::Unauthorised(_)));
    }
    // What is derived comes from the whole token: its nonce differs from every text that is published.
    let next = successor(&given, None, &issued.refresh);
    let nonce = next.expose().split('.').nth(1).unwrap();
    assert_ne!(nonce, hash1.as_str());
    assert_ne!(nonce, hash1.stored(&AwsLc).as_str());
}

/// The claims of a session are read from verified text alone, whatever the payload says of them.
#[test]
fn a_payload_cannot_change_whose_session_it_is() {
    let given = Given::default();
    let text = r#"{"Sub":"admin","user":{"sub":"admin"},"x":"\",\"sub\":\"admin","sub ":"admin"}"#;
    let token = given.create(session_with(payload(text))).access.unsigned.sign().unwrap();
    assert_eq!(access::verify(&token, &given.ring, given.now, &given.policy).unwrap().user.as_str(), "u1");
}
