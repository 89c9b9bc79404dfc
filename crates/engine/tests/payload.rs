//! What an application puts into its tokens, on its way through a session.

use doorward_engine::flow::{Flow as _, Seen, Step};
use doorward_engine::id::AppId;
use doorward_engine::payload::{JsonText, Payload, PayloadError};
use doorward_engine::policy::StoreCheck;
use doorward_engine::session::Issued;
use doorward_engine::session::data::{Changed, Merge};
use doorward_engine::session::record::{Row, Write};
use doorward_engine::session::verify::{Confirm, ConfirmRequest, Confirmed};
use doorward_engine::token::access;

use crate::given::{Given, done, later, now, payload, session_with};

const CHECK: ConfirmRequest = ConfirmRequest { check_store: true, is_known: false };

fn confirm(given: &Given, issued: &Issued, row: &Row) -> Confirmed {
    let claims = issued.access.claims.clone();
    let Step::Load(_, flow) = Confirm::start(claims, &AppId::default(), CHECK, &given.env()) else { panic!("no load") };
    done(flow.resume(Seen::Row(Some(row.clone())), &given.env()))
}

#[test]
fn a_check_against_the_store_leaves_an_unchanged_payload_alone() {
    let given = Given::default();
    for text in ["{}", r#"{"a":1e3}"#, " { \"a\" : [1 ,2] }\n", r#"{"\u0061":1}"#] {
        let issued = given.create(session_with(payload(text)));
        assert!(matches!(confirm(&given, &issued, &issued.row), Confirmed::Stands { .. }), "{text}");
    }
}

#[test]
fn a_row_of_another_program_does_not_make_a_new_token_on_every_check() {
    let given = Given::default();
    for text in [r#"{"sub":"x","a":1}"#, r#"{"exp":1}"#, r#"{"nbf":9007199254740}"#, r#"{"a":1,"a":2}"#] {
        let issued = given.create(session_with(Payload::from_stored(text).unwrap()));
        assert!(matches!(confirm(&given, &issued, &issued.row), Confirmed::Stands { .. }), "{text}");
    }
}

#[test]
fn a_changed_payload_comes_with_a_new_token() {
    let given = Given::default();
    let issued = given.create(session_with(payload(r#"{"a":1}"#)));
    for text in [r#"{"a":2}"#, "{}", r#"{"a":1,"b":2}"#, r#"{"a":"1"}"#] {
        let row = Row { payload: payload(text), ..issued.row.clone() };
        let Confirmed::Renewed(renewed) = confirm(&given, &issued, &row) else { panic!("{text}: not renewed") };
        assert_eq!(renewed.claims.payload().as_str(), text);
        assert_eq!((renewed.claims.own, renewed.claims.parent), (issued.access.claims.own, None));
    }
}

/// Pairs of payloads, and whether they say the same (`spec/modern-core.md` 7.4).
#[test]
fn payloads_are_compared_by_what_they_say() {
    let deep = |levels: usize, inner: &str| format!(r#"{{"a":{}{inner}{}}}"#, "[".repeat(levels), "]".repeat(levels));
    let cases = [
        (r#"{"a":1,"b":2}"#, r#" { "b" : 2.0 , "a" : 1 } "#, true),
        (r#"{"a":1e2}"#, r#"{"a":100}"#, true),
        (r#"{"a":-0}"#, r#"{"a":0.0}"#, true),
        (r#"{"a":9007199254740993}"#, r#"{"a":9007199254740992}"#, true),
        (r#"{"a":1}"#, r#"{"a":1.5}"#, false),
        (r#"{"a":1}"#, r#"{"a":"1"}"#, false),
        (r#"{"a":1}"#, r#"{"a":true}"#, false),
        (r#"{"a":true}"#, r#"{"a":false}"#, false),
        (r#"{"a":null}"#, "{}", false),
        (r#"{"a":null}"#, r#"{"b":null}"#, false),
        (r#"{"a":null}"#, r#"{"a":false}"#, false),
        (r#"{"a":"\u0061\/"}"#, r#"{"a":"a/"}"#, true),
        (r#"{"\u0061":1}"#, r#"{"a":1}"#, true),
        (r#"{"a":"A"}"#, r#"{"a":"a"}"#, false),
        (r#"{"a":[1,2]}"#, r#"{"a":[ 1, 2.0 ]}"#, true),
        (r#"{"a":[1,2]}"#, r#"{"a":[2,1]}"#, false),
        (r#"{"a":[1,2]}"#, r#"{"a":[1]}"#, false),
        (r#"{"a":[]}"#, r#"{"a":{}}"#, false),
        (r#"{"a":{"b":[{"c":1,"d":null}]}}"#, r#"{"a":{"b":[{"d":null,"c":1.0}]}}"#, true),
        (r#"{"a":{"b":[{"c":1,"d":null}]}}"#, r#"{"a":{"b":[{"c":1}]}}"#, false),
        (r#"{"a":{"b":1,"b":2}}"#, r#"{"a":{"b":2}}"#, true),
        (&deep(60, "1"), &deep(60, "1.0"), true),
        (&deep(60, "1"), &deep(60, "2"), false),
        // So deep that only the text is looked at: the price is a new token.
        (&deep(100, "1"), &deep(100, "1.0"), false),
        (&deep(100, "1"), &deep(100, "1"), true),
    ];
    for (shown, stored, same) in cases {
        for (shown, stored) in [(shown, stored), (stored, shown)] {
            let mut given = Given::default();
            let issued = given.create(session_with(Payload::from_stored(shown).unwrap()));
            let row = Row { payload: Payload::from_stored(stored).unwrap(), ..issued.row.clone() };
            assert_eq!(
                matches!(confirm(&given, &issued, &row), Confirmed::Stands { .. }),
                same,
                "{shown} and {stored}"
            );

            given.policy.store_check = StoreCheck::Reports;
            let Confirmed::Stands { claims, payload_changed } = confirm(&given, &issued, &row) else {
                panic!("{stored}: not only reported")
            };
            assert_eq!((payload_changed, *claims), (!same, issued.access.claims.clone()), "{shown} and {stored}");
        }
    }
}

/// Merges into a row, and says what came of it.
fn merge(given: &Given, issued: &Issued, update: &str) -> Changed {
    let update = Payload::from_stored(update).unwrap();
    let claims = Some(issued.access.claims.clone());
    let Step::Load(key, flow) = Merge::start(issued.row.key.clone(), update, claims) else { panic!("no load") };
    assert_eq!(key, issued.row.key);
    match flow.resume(Seen::Row(Some(issued.row.clone())), &given.env()) {
        Step::Done(changed) => changed,
        Step::Commit(Write::Update(update), flow) => {
            assert_eq!(update.seen.as_ref(), Some(&issued.row.payload));
            let row = Row { payload: update.payload.unwrap(), ..issued.row.clone() };
            done(flow.resume(Seen::Applied(row), &given.env()))
        }
        step => panic!("{step:?}"),
    }
}

#[test]
fn an_update_gives_a_token_with_the_same_end() {
    let mut given = Given::default();
    let issued = given.create(session_with(payload(r#"{"a":1e3,"b":2}"#)));
    given.now = later(1_800_000);
    let Changed::Stored { row, access: Some(access) } = merge(&given, &issued, r#"{"b":null,"c":{"d":1.0}}"#) else {
        panic!("not stored")
    };
    assert_eq!(row.payload.as_str(), r#"{"a":1e3,"c":{"d":1.0}}"#);
    assert_eq!(access.claims.expires_at, issued.access.claims.expires_at);
    let token = access.unsigned.sign().unwrap();
    let read = access::verify(&token, &given.ring, given.now, &given.policy).unwrap();
    assert_eq!(read.payload(), row.payload);
}

#[test]
fn an_update_with_a_reserved_claim_changes_nothing() {
    let given = Given::default();
    let issued = given.create(session_with(payload(r#"{"a":1}"#)));
    for (update, claim) in [(r#"{"sub":"admin"}"#, "sub"), (r#"{"\u0065xp":1}"#, "exp"), (r#"{"stt":1}"#, "stt")] {
        let Changed::Refused(error) = merge(&given, &issued, update) else { panic!("{update}: not refused") };
        assert_eq!(error, PayloadError::Reserved { claim: claim.to_owned() });
    }
    let long = format!(r#"{{"b":"{}"}}"#, "x".repeat(5000));
    let Changed::Refused(error) = merge(&given, &issued, &long) else { panic!("not refused") };
    assert_eq!(error.code(), "payload.too_large");
}

#[test]
fn a_token_that_ended_meanwhile_is_not_written_again() {
    let mut given = Given::default();
    let issued = given.create(session_with(payload("{}")));
    given.now = later(3_600_000);
    let Changed::Stored { access, .. } = merge(&given, &issued, r#"{"a":1}"#) else { panic!("not stored") };
    assert!(access.is_none());
}

#[test]
fn session_data_is_any_json_within_its_limit() {
    for text in ["null", "1e3", "[1, 2]", "{\"sub\":1,\"sub\":2}", " \"x\" "] {
        assert_eq!(JsonText::parse(text, 100).unwrap().as_str(), text);
    }
    for text in ["", "x", "{} {}", "[1", "{\"a\":}", "\u{feff}1"] {
        assert_eq!(JsonText::parse(text, 100).unwrap_err().code(), "payload.not_json", "{text:?}");
    }
    assert_eq!(JsonText::parse("[1,2]", 5).unwrap().as_str(), "[1,2]");
    assert_eq!(JsonText::parse("[1,2]", 4).unwrap_err().code(), "payload.too_large");
}

#[test]
fn nothing_prints_what_is_secret() {
    let given = Given::default();
    let mut new = session_with(payload(r#"{"hidden":"treasure"}"#));
    new.data = JsonText::parse(r#"{"hidden":"treasure"}"#, 100).unwrap();
    new.anti_csrf = true;
    let printed = format!("{new:?}");
    let issued = given.create(new);
    let printed = printed + &format!("{issued:?}");
    let step = given.start_refresh(&issued.refresh);
    let printed = printed + &format!("{step:?}");
    let nonce = issued.refresh.expose().split('.').nth(1).unwrap();
    let token = issued.access.unsigned.clone().sign().unwrap();
    let (signed, signature) = token.rsplit_once('.').unwrap();
    let secrets = [
        "hidden",
        "treasure",
        issued.refresh.expose(),
        nonce,
        issued.anti_csrf.as_ref().unwrap().expose(),
        issued.row.current.as_str(),
        signature,
        // Security: without a signature this is no token, but it shows all claims.
        signed.split_once('.').unwrap().1,
    ];
    for (at, secret) in secrets.into_iter().enumerate() {
        assert!(!printed.contains(secret), "secret {at}");
    }
    assert_eq!(now(), issued.row.created_at);
}
