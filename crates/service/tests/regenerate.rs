//! Access tokens that are made anew (`spec/modern-core.md` 8.7).

use doorward_engine::payload::{Payload, PayloadError};
use doorward_engine::policy::Policy;
use doorward_engine::secret::Secret;
use doorward_engine::session::record::Row;
use doorward_engine::token::access::AccessError;
use doorward_engine::token::version::AccessVersion;
use doorward_service::RegenerateOutcome;
use doorward_service::store::Selector;
use futures_executor::block_on;

use crate::given::*;

#[test]
fn a_token_is_made_anew_with_its_end_and_its_lineage() {
    let given = Given::new();
    let created = create(&given.service, r#"{"a":1}"#);
    let child = refresh(&given.service, &created.refresh);
    given.clock.set(at(60_000));
    let before = read(&given, &created);
    for (payload, expected) in [(None, r#"{"a":1}"#), (Some(r#"{"b":2}"#), r#"{"b":2}"#), (Some("{}"), "{}")] {
        given.store.asked();
        let RegenerateOutcome::Stored { row, access: Some(access), claims } =
            regenerate(&given.service, &child.access.token, payload)
        else {
            panic!("not made anew")
        };
        assert_eq!(given.store.asked(), 1);
        assert_eq!(*claims, *child.access.claims);
        assert_eq!(access.claims.payload().as_str(), expected);
        assert_eq!(access.claims.expires_at, claims.expires_at);
        assert_eq!(access.claims.issued_at.as_secs(), at(60_000).as_secs());
        assert_eq!((access.claims.own, access.claims.parent), (claims.own, claims.parent));
        assert!(claims.parent.is_some());
        assert_eq!(*row, Row { payload: Payload::from_stored(expected).unwrap(), ..before.clone() });
        assert_eq!(read(&given, &created), *row);
        assert!(block_on(given.service.verify(access.token.expose())).unwrap().is_ok());
    }
}

#[test]
fn a_token_that_has_ended_is_not_made_anew_but_its_payload_is_stored() {
    let given = Given::new();
    let created = create(&given.service, r#"{"a":1}"#);
    given.clock.set(at(3_600_000));
    let outcome = regenerate(&given.service, &created.access.token, Some(r#"{"b":2}"#));
    let RegenerateOutcome::Stored { access: None, row, .. } = outcome else { panic!("{outcome:?}") };
    assert_eq!(row.payload.as_str(), r#"{"b":2}"#);
    assert_eq!(read(&given, &created).payload, row.payload);
}

#[test]
fn what_cannot_be_made_anew() {
    let given = Given::new();
    let created = create(&given.service, r#"{"a":1}"#);
    for token in ["", "a.b.c", "a.b", created.refresh.expose()] {
        let outcome = regenerate(&given.service, &Secret::new(token), Some("{}"));
        assert!(matches!(outcome, RegenerateOutcome::Malformed(_)), "{token}: {outcome:?}");
    }
    for payload in [r#"{"sub":1}"#, r#"{"rsub":null}"#] {
        let outcome = regenerate(&given.service, &created.access.token, Some(payload));
        assert!(matches!(outcome, RegenerateOutcome::Refused(PayloadError::Reserved { .. })), "{outcome:?}");
    }
    assert_eq!(read(&given, &created).payload.as_str(), r#"{"a":1}"#);
    block_on(given.service.revoke(Selector::Keys(vec![created.row.key.clone()]))).unwrap();
    for payload in [None, Some("{}")] {
        assert!(matches!(regenerate(&given.service, &created.access.token, payload), RegenerateOutcome::NoSession));
    }
    assert!(matches!(block_on(given.service.verify("a.b.c")), Ok(Err(AccessError::Malformed { .. }))));
}

#[test]
fn a_payload_apart_from_the_tokens_claims_is_refused_where_the_caller_says_so() {
    let given = Given::new();
    let old = given.service.with_policy(Policy { access_version: AccessVersion::V2, ..policy() });
    let token = create(&old, "{}").access.token;
    let payload = || Some(Payload::from_stored(r#"{"userId":"x"}"#).unwrap());
    let refused = block_on(old.regenerate(token.expose(), payload(), true)).unwrap();
    assert!(matches!(refused, RegenerateOutcome::Refused(_)), "{refused:?}");
    let stored = block_on(old.regenerate(token.expose(), payload(), false)).unwrap();
    assert!(matches!(stored, RegenerateOutcome::Stored { access: Some(_), .. }), "{stored:?}");
}
