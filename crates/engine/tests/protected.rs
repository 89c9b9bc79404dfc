//! Stored payloads with claims of the token itself (`spec/modern-core.md` 7.3), where they are refused.

use doorward_engine::flow::{Env, Flow, Step};
use doorward_engine::id::AppId;
use doorward_engine::payload::{Payload, PayloadError};
use doorward_engine::policy::{ReservedClaims, Rotation, Theft};
use doorward_engine::secret::Secret;
use doorward_engine::session::record::{PayloadGuard, Row, Succession, Write};
use doorward_engine::session::refresh::Refreshed;
use doorward_engine::session::verify::{Confirm, ConfirmRequest, Confirmed};
use doorward_engine::session::{Deny, Issued};
use doorward_engine::token::version::AccessVersion;
use doorward_testkit::model::row::carry_out;

use crate::given::{Given, session_with};

const VERSIONS: [AccessVersion; 5] =
    [AccessVersion::V1, AccessVersion::V2, AccessVersion::V3, AccessVersion::V4, AccessVersion::V5];

fn given(rotation: Rotation, version: AccessVersion) -> Given {
    let mut given = Given::default();
    given.policy.reserved_claims = ReservedClaims::Refused;
    given.policy.rotation = rotation;
    given.policy.access_version = version;
    given
}

/// A session that another program gave this payload.
fn session(given: &Given, payload: &str) -> (Issued, Row) {
    let issued = given.create(session_with(Payload::default()));
    let row = Row { payload: Payload::from_stored(payload).unwrap(), ..issued.row.clone() };
    (issued, row)
}

/// Drives a use case on a row; returns what came of it, the row, and how many writes were tried.
fn drive<F: Flow>(env: &Env<'_>, mut step: Step<F>, row: &Row) -> (F::Outcome, Row, usize) {
    let (mut row, mut writes) = (Some(row.clone()), 0);
    for _ in 0..8 {
        step = match step {
            Step::Done(outcome) => return (outcome, row.unwrap(), writes),
            Step::Load(_, flow) => flow.resume(doorward_engine::flow::Seen::Row(row.clone()), env),
            Step::Commit(write, flow) => {
                writes += 1;
                let (seen, after) = carry_out(row, write);
                row = after;
                flow.resume(seen, env)
            }
        };
    }
    panic!("no end")
}

fn refresh(given: &Given, token: &Secret, row: &Row) -> (Refreshed, Row, usize) {
    drive(&given.env(), given.start_refresh(token), row)
}

fn first_write(given: &Given, token: &Secret) -> Succession {
    match given.start_refresh(token) {
        Step::Commit(Write::Succeed(write), _) => write,
        other => panic!("{other:?}"),
    }
}

/// Payloads, the oldest version whose tokens they collide with, and whether a text of theirs only looks like it.
const PAYLOADS: [(&str, Option<AccessVersion>, bool); 16] = [
    ("{}", None, false),
    (r#"{"role":"editor"}"#, None, false),
    (r#"{"a":"it has \"quotes\" and a \\ in it"}"#, None, false),
    (r#"{"subject":1,"expires":2,"Sub":3}"#, None, false),
    (r#"{"userId":1,"userData":2,"nbf":3,"stt":4}"#, None, false),
    (r#"{"a":"sub"}"#, None, true),
    (r#"{"a":{"exp":1}}"#, None, true),
    (r#"{"a":"\u00e9"}"#, None, true),
    (r#"{"sub":1}"#, Some(AccessVersion::V3), false),
    (r#"{"a":1,"exp":null}"#, Some(AccessVersion::V3), false),
    (r#"{ "iat" : 1 }"#, Some(AccessVersion::V3), false),
    (r#"{"sessionHandle":"x","refreshTokenHash1":"x"}"#, Some(AccessVersion::V3), false),
    (r#"{"parentRefreshTokenHash1":null,"antiCsrfToken":null}"#, Some(AccessVersion::V3), false),
    (r#"{"\u0073ub":1}"#, Some(AccessVersion::V3), false),
    (r#"{"tId":"x"}"#, Some(AccessVersion::V4), false),
    (r#"{"rsub":"x"}"#, Some(AccessVersion::V5), false),
];

#[test]
fn on_refresh_the_first_write_asks_for_a_payload_that_holds_none_of_the_names() {
    for version in VERSIONS {
        let given = given(Rotation::OnRefresh, version);
        let (issued, _) = session(&given, "{}");
        match first_write(&given, &issued.refresh).payload {
            PayloadGuard::Lacks(texts) => {
                assert!(version >= AccessVersion::V3);
                let mut names: Vec<String> = version.reserved().iter().map(|name| format!("{name:?}")).collect();
                names.push("\\u00".to_owned());
                let mut texts: Vec<String> = texts.map(str::to_owned).into();
                names.sort();
                texts.sort();
                texts.dedup();
                assert_eq!(texts, names, "{version:?}");
            }
            PayloadGuard::Any => assert!(version < AccessVersion::V3),
            PayloadGuard::Is(_) => panic!("{version:?}: no payload was read"),
        }
    }
}

#[test]
fn a_window_or_a_token_without_the_claims_asks_for_nothing() {
    let mut given = given(Rotation::OnUse, AccessVersion::V5);
    let (issued, _) = session(&given, "{}");
    assert_eq!(first_write(&given, &issued.refresh).payload, PayloadGuard::Any);
    given.policy.rotation = Rotation::OnRefresh;
    given.policy.reserved_claims = ReservedClaims::LeftOut;
    assert_eq!(first_write(&given, &issued.refresh).payload, PayloadGuard::Any);
}

#[test]
fn a_refresh_is_refused_before_current_moves() {
    for rotation in [Rotation::OnRefresh, Rotation::OnUse] {
        for version in VERSIONS {
            for (payload, collides_from, looks_like_it) in PAYLOADS {
                let given = given(rotation, version);
                let (issued, before) = session(&given, payload);
                let (refreshed, row, writes) = refresh(&given, &issued.refresh, &before);
                let about = format!("{payload} in {version:?}, {rotation:?}");
                if collides_from.is_some_and(|from| version >= from) {
                    assert!(matches!(refreshed, Refreshed::Unauthorised(Deny::ProtectedPayload)), "{about}");
                    assert_eq!(Row { window: None, ..row }, before, "{about}");
                } else {
                    assert!(matches!(refreshed, Refreshed::Issued(_)), "{about}");
                    assert_eq!(row.current != before.current, rotation == Rotation::OnRefresh, "{about}");
                    // Only a payload that looks as if it collided is read first.
                    let is_read = looks_like_it && rotation == Rotation::OnRefresh && version >= AccessVersion::V3;
                    assert_eq!(writes, 1 + usize::from(is_read), "{about}");
                }
            }
        }
    }
}

#[test]
fn a_payload_that_changes_between_reading_and_writing_is_judged_anew() {
    let given = given(Rotation::OnRefresh, AccessVersion::V5);
    let (issued, row) = session(&given, r#"{"a":"sub"}"#);
    let env = given.env();
    let Step::Commit(first, flow) = given.start_refresh(&issued.refresh) else { panic!("no write") };
    let (seen, stands) = carry_out(Some(row), first);
    let Step::Commit(second, flow) = flow.resume(seen, &env) else { panic!("no second write") };
    let changed = Row { payload: Payload::from_stored(r#"{"sub":1}"#).unwrap(), ..stands.unwrap() };
    let (seen, after) = carry_out(Some(changed.clone()), second);
    assert!(matches!(flow.resume(seen, &env), Step::Done(Refreshed::Unauthorised(Deny::ProtectedPayload))));
    assert_eq!(after, Some(changed));
}

#[test]
fn a_theft_is_one_whatever_the_payload() {
    let mut given = given(Rotation::OnRefresh, AccessVersion::V5);
    given.policy.theft = Theft::Reported;
    let (stolen, _) = session(&given, "{}");
    let Refreshed::Issued(next) = given.refresh(&stolen.refresh, &stolen.row) else { panic!("not issued") };
    let Refreshed::Issued(last) = given.refresh(&next.refresh, &next.row) else { panic!("not issued") };
    let row = Row {
        current: last.access.claims.own.stored(&doorward_crypto::AwsLc),
        prev: Some(next.access.claims.own.stored(&doorward_crypto::AwsLc)),
        payload: Payload::from_stored(r#"{"sub":1}"#).unwrap(),
        ..stolen.row.clone()
    };
    assert!(matches!(refresh(&given, &stolen.refresh, &row).0, Refreshed::Theft(_)));
}

#[test]
fn a_first_use_is_refused_before_current_moves() {
    for (payload, collides_from, looks_like_it) in PAYLOADS {
        let given = given(Rotation::OnUse, AccessVersion::V5);
        let (issued, _) = session(&given, "{}");
        let Refreshed::Issued(child) = given.refresh(&issued.refresh, &issued.row) else { panic!("not issued") };
        let before = Row { payload: Payload::from_stored(payload).unwrap(), ..issued.row };
        let start =
            Confirm::start(child.access.claims.clone(), &AppId::default(), ConfirmRequest::default(), &given.env());
        let (confirmed, row, writes) = drive(&given.env(), start, &before);
        if collides_from.is_some() {
            assert!(matches!(confirmed, Confirmed::Refused(PayloadError::Reserved { .. })), "{payload}: {confirmed:?}");
            assert_eq!(row, before, "{payload}");
        } else {
            let Confirmed::Renewed(access) = confirmed else { panic!("{payload}: {confirmed:?}") };
            assert_eq!((access.claims.parent, access.claims.own), (None, child.access.claims.own));
            assert_eq!(row.prev, Some(before.current), "{payload}");
            assert_eq!(writes, if looks_like_it { 2 } else { 1 }, "{payload}");
        }
    }
}
