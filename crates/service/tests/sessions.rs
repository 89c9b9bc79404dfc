//! The calls of a service that answers callers with different settings.

use std::sync::Arc;

use doorward_engine::id::{AppId, UserId};
use doorward_engine::payload::Payload;
use doorward_engine::policy::{Policy, Rotation};
use doorward_engine::secret::Secret;
use doorward_engine::session::Deny;
use doorward_engine::session::create::{NewLimits, NewSession};
use doorward_engine::session::lineage::Answered;
use doorward_engine::session::refresh::RefreshRequest;
use doorward_engine::time::Lifetime;
use doorward_engine::token::version::AccessVersion;
use doorward_service::store::{Selector, Store, UserSelector};
use doorward_service::{
    ConfirmOutcome, IssuedTokens, Recall, RefreshOutcome, RegenerateOutcome, Service, ServiceError, ServiceOptions,
};
use futures_executor::block_on;

use crate::given::*;

#[test]
fn one_token_lives_as_long_as_its_caller_says() {
    let given = Given::with(ServiceOptions {
        policy: Policy { jitter_per_mille: 1000, ..stateless() },
        ..ServiceOptions::default()
    });
    let once = |millis| Some(Lifetime::from_millis(millis));
    let secs =
        |issued: &IssuedTokens| issued.access.claims.expires_at.as_secs() - issued.access.claims.issued_at.as_secs();
    // The clock stands at 123 ms past a second, and the sum is rounded down.
    for (millis, expected) in [(1, 0), (876, 0), (877, 1), (5000, 5), (3_600_000, 3600)] {
        let new = NewSession { access_lifetime_once: once(millis), ..session("{}") };
        let created = block_on(given.service.create(new)).unwrap();
        assert_eq!(secs(&created), expected, "{millis} ms");
        assert_eq!(created.created_at, at(0), "to the millisecond");
        assert_eq!(created.refresh_expires_at, at(0).after(given.service.policy().refresh_lifetime));

        let again = RefreshRequest { access_lifetime_once: once(millis), ..request(&created.refresh) };
        let RefreshOutcome::Issued(again) = block_on(given.service.refresh(again)).unwrap() else { panic!("{millis}") };
        assert_eq!(secs(&again), expected, "{millis} ms");
    }
}

#[test]
fn no_token_outlives_its_session() {
    let given = Given::new();
    let limits = NewLimits { absolute: Some(Lifetime::from_secs(60)), ..NewLimits::default() };
    let new = NewSession { access_lifetime_once: Some(Lifetime::from_secs(600)), limits, ..session("{}") };
    let created = block_on(given.service.create(new)).unwrap();
    assert_eq!(created.access.claims.expires_at.as_secs(), at(60_000).as_secs());
}

#[test]
fn an_answer_tells_which_row_of_the_table_it_is() {
    let given = Given::new();
    let created = create(&given.service, "{}");
    assert_eq!(created.answered, None);
    let answered = |token: &Secret, service: &Service| refresh(service, token).answered.unwrap();
    assert_eq!(answered(&created.refresh, &given.service), Answered { row: 1, opened_window: true });
    assert_eq!(answered(&created.refresh, &given.service), Answered { row: 1, opened_window: false });
    let stateless = given.service.with_policy(stateless());
    let child = refresh(&stateless, &created.refresh);
    assert_eq!(child.answered, Some(Answered { row: 1, opened_window: false }));
    assert_eq!(answered(&created.refresh, &stateless), Answered { row: 3, opened_window: false });
    let unused = refresh(&given.service, &child.refresh);
    assert_eq!(answered(&unused.refresh, &given.service), Answered { row: 2, opened_window: true });
}

#[test]
fn other_settings_are_the_same_service() {
    let given = Given::with(ServiceOptions { policy: policy(), ..ServiceOptions::default() });
    let other = given.service.with_policy(stateless());
    assert_eq!((other.policy().rotation, given.service.policy().rotation), (Rotation::OnRefresh, Rotation::OnUse));
    let created = create(&given.service, "{}");
    assert!(matches!(confirm(&other, &created.access.token, true), ConfirmOutcome::Stands { .. }));
    block_on(other.revoke(Selector::Keys(vec![created.row.key.clone()]))).unwrap();
    assert!(matches!(confirm(&given.service, &created.access.token, false), ConfirmOutcome::Unauthorised(_)));
    block_on(given.service.clone().close()).unwrap();
    assert!(matches!(block_on(other.read(&created.row.key)), Err(ServiceError::Store(_))));
}

#[test]
fn apps_share_signers_and_nothing_else() {
    let store = Arc::new(Counting::default());
    let [one, other] = ["one", "other"].map(|app| {
        let options = ServiceOptions { app: AppId::parse(app).unwrap(), policy: policy(), ..ServiceOptions::default() };
        Given::on(Arc::clone(&store), options)
    });
    let new = NewSession { app: one.service.app().clone(), ..session("{}") };
    let created = block_on(one.service.create(new)).unwrap();
    assert!(matches!(confirm(&one.service, &created.access.token, true), ConfirmOutcome::Stands { .. }));
    // The fakes give both apps the same keys: what keeps them apart is the app in every row's key.
    let claims = Arc::clone(&created.access.claims);
    assert!(matches!(block_on(other.service.confirm(claims, true)), Ok(ConfirmOutcome::Unauthorised(Deny::NoSession))));
    let request = RefreshRequest { app: other.service.app().clone(), ..request(&created.refresh) };
    assert!(matches!(block_on(other.service.refresh(request)), Ok(RefreshOutcome::Unauthorised(Deny::NoSession))));
    assert!(matches!(regenerate(&other.service, &created.access.token, None), RegenerateOutcome::NoSession));
}

#[test]
fn without_memory_every_first_use_is_answered_alike_and_tokens_stand_until_they_end() {
    for recall in [Recall::Nothing, Recall::Sessions] {
        let given = Given::with(ServiceOptions { policy: policy(), recall, ..ServiceOptions::default() });
        let created = create(&given.service, "{}");
        let child = refresh(&given.service, &created.refresh);
        for time in 0..3 {
            given.store.asked();
            let confirmed = confirm(&given.service, &child.access.token, false);
            let is_first = time == 0 || recall == Recall::Nothing;
            assert_eq!(matches!(confirmed, ConfirmOutcome::Renewed(_)), is_first, "{recall:?}: {confirmed:?}");
            assert_eq!(given.store.asked(), usize::from(is_first), "{recall:?}");
        }
        block_on(given.service.revoke(Selector::Keys(vec![created.row.key.clone()]))).unwrap();
        let stands = matches!(confirm(&given.service, &created.access.token, false), ConfirmOutcome::Stands { .. });
        assert_eq!(stands, recall == Recall::Nothing);
        let checked = confirm(&given.service, &created.access.token, true);
        assert!(matches!(checked, ConfirmOutcome::Unauthorised(Deny::NoSession)));
    }
}

#[test]
fn a_check_that_only_read_doesnt_count_as_a_first_use() {
    let given = Given::with(ServiceOptions { policy: policy(), ..ServiceOptions::default() });
    let child = refresh(&given.service, &create(&given.service, "{}").refresh);
    let stateless = given.service.with_policy(stateless());
    let ConfirmOutcome::Stands { payload_changed: false, .. } = confirm(&stateless, &child.access.token, true) else {
        panic!("not only checked")
    };
    assert_eq!(read(&given, &child).prev, None);
    assert!(matches!(confirm(&given.service, &child.access.token, false), ConfirmOutcome::Renewed(_)));
    assert!(read(&given, &child).prev.is_some());
}

#[test]
fn a_check_that_reports_tells_of_a_changed_payload_and_of_a_branch_that_was_left() {
    let given = Given::new();
    let stateless = given.service.with_policy(stateless());
    let created = create(&stateless, r#"{"a":1}"#);
    let reported = |token: &Secret| match confirm(&stateless, token, true) {
        ConfirmOutcome::Stands { claims, payload_changed } => (claims.payload().as_str().to_owned(), payload_changed),
        other => panic!("{other:?}"),
    };
    assert_eq!(reported(&created.access.token), (r#"{"a":1}"#.to_owned(), false));
    let key = created.row.key.clone();
    block_on(stateless.replace_payload(key, Payload::from_stored(r#"{"a":2}"#).unwrap(), None)).unwrap();
    assert_eq!(reported(&created.access.token), (r#"{"a":1}"#.to_owned(), true));
    let second = refresh(&stateless, &created.refresh);
    assert_eq!(reported(&second.access.token), (r#"{"a":2}"#.to_owned(), false));
    refresh(&stateless, &second.refresh);
    let confirmed = confirm(&stateless, &created.access.token, true);
    assert!(matches!(confirmed, ConfirmOutcome::Unauthorised(Deny::RotatedOut)), "{confirmed:?}");
}

#[test]
fn a_remembered_token_of_a_format_that_is_too_old_for_this_caller_is_judged_anew() {
    let options = ServiceOptions { policy: policy(), verified_tokens: 16, ..ServiceOptions::default() };
    let given = Given::with(options);
    let old = given.service.with_policy(Policy { access_version: AccessVersion::V3, ..policy() });
    let token = create(&old, "{}").access.token;
    assert!(block_on(given.service.verify(token.expose())).unwrap().is_ok());
    let strict = given.service.with_policy(Policy { oldest_access_version: AccessVersion::V4, ..policy() });
    assert!(block_on(strict.verify(token.expose())).unwrap().is_err());
}

#[test]
fn the_caller_decides_the_format_at_creation_and_refresh_and_the_token_everywhere_else() {
    let given = Given::with_rsa_keys();
    let versions = [AccessVersion::V2, AccessVersion::V3, AccessVersion::V4, AccessVersion::V5];
    let of = |version| given.service.with_policy(Policy { access_version: version, ..policy() });
    for (first, then) in versions.iter().flat_map(|first| versions.map(|then| (*first, then))) {
        let created = create(&of(first), r#"{"a":1}"#);
        assert_eq!(created.access.claims.version, first);
        let child = refresh(&of(then), &created.refresh);
        assert_eq!(child.access.claims.version, then);
        // Whoever asks, a token is replaced by one of its own format.
        let RegenerateOutcome::Stored { access: Some(access), .. } = regenerate(&of(first), &child.access.token, None)
        else {
            panic!("not made anew")
        };
        assert_eq!(access.claims.version, then);
        let ConfirmOutcome::Renewed(access) = confirm(&of(first), &access.token, false) else { panic!("not renewed") };
        assert_eq!((access.claims.version, access.claims.payload().as_str()), (then, r#"{"a":1}"#));
        assert!(matches!(confirm(&of(first), &access.token, true), ConfirmOutcome::Stands { .. }));
    }
}

#[test]
fn a_payload_that_collides_with_a_newer_format_ends_in_unauthorised_and_a_row_that_stands() {
    let given = Given::new();
    let old = given.service.with_policy(Policy { access_version: AccessVersion::V3, ..policy() });
    let created = create(&old, r#"{"tId":"x"}"#);
    for policy in [policy(), stateless()] {
        let service = given.service.with_policy(policy);
        let outcome = block_on(service.refresh(request(&created.refresh))).unwrap();
        assert!(matches!(outcome, RefreshOutcome::Unauthorised(Deny::ProtectedPayload)), "{outcome:?}");
        assert_eq!(read(&given, &created).current, created.row.current);
    }
    refresh(&old, &created.refresh);
}

#[test]
fn of_a_user_only_living_sessions_are_revoked_where_that_is_asked() {
    let given = Given::new();
    let dead = create(&given.service, "{}");
    given.clock.set(at(0).after(given.service.policy().refresh_lifetime).after(Lifetime::from_secs(1)));
    let alive = create(&given.service, "{}");
    let user = UserSelector { app: AppId::default(), tenant: None, linked: false, user: UserId::parse("ada").unwrap() };
    let which = Selector::User { user, alive_at: Some(given.service.now()), except: None };
    assert_eq!(block_on(given.service.revoke(which)).unwrap(), [alive.row.key]);
    assert!(block_on(given.store.load(&dead.row.key)).unwrap().is_some());
}
