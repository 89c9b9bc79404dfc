//! The calls of a service that answers callers with different settings.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, LazyLock};

use doorward_engine::flow::Seen;
use doorward_engine::id::{AppId, SessionKey, TenantId, UserId};
use doorward_engine::payload::{JsonText, Payload, PayloadError};
use doorward_engine::policy::{Policy, ReservedClaims, Rotation, StoreCheck};
use doorward_engine::secret::Secret;
use doorward_engine::session::Deny;
use doorward_engine::session::create::{NewLimits, NewSession};
use doorward_engine::session::lineage::Answered;
use doorward_engine::session::record::{Row, Write};
use doorward_engine::session::refresh::RefreshRequest;
use doorward_engine::time::{Lifetime, Millis};
use doorward_engine::token::access::AccessError;
use doorward_engine::token::version::AccessVersion;
use doorward_service::env::World;
use doorward_service::memory::Memory;
use doorward_service::signer::Signer;
use doorward_service::store::{BoxFuture, NewKey, Selector, Store, StoreResult, StoredKeys, UserSelector};
use doorward_service::{
    ConfirmOutcome, IssuedTokens, Recall, RefreshOutcome, RegenerateOutcome, Service, ServiceError, ServiceOptions,
};
use doorward_testkit::fakes::{QuickCrypto, SeededKeys, SetClock};
use futures_executor::block_on;

const START: u64 = 1_800_000_000_123;

fn at(millis: u64) -> Millis {
    Millis::saturating(START + millis)
}

/// A store that counts what it is asked about rows.
#[derive(Default)]
struct Counting {
    memory: Memory,
    asked: AtomicUsize,
}

impl Counting {
    /// How often it was asked since the last time.
    fn asked(&self) -> usize {
        self.asked.swap(0, Ordering::SeqCst)
    }

    fn counted(&self) -> &Memory {
        self.asked.fetch_add(1, Ordering::SeqCst);
        &self.memory
    }
}

impl Store for Counting {
    fn load<'a>(&'a self, key: &'a SessionKey) -> BoxFuture<'a, StoreResult<Option<Row>>> {
        self.counted().load(key)
    }
    fn commit(&self, write: Write) -> BoxFuture<'_, StoreResult<Seen>> {
        self.counted().commit(write)
    }
    fn remove(&self, which: Selector) -> BoxFuture<'_, StoreResult<Vec<SessionKey>>> {
        self.counted().remove(which)
    }
    fn list(&self, user: UserSelector, after: Option<SessionKey>, limit: u32) -> BoxFuture<'_, StoreResult<Vec<Row>>> {
        self.counted().list(user, after, limit)
    }
    fn keys(&self, app: AppId) -> BoxFuture<'_, StoreResult<StoredKeys>> {
        self.memory.keys(app)
    }
    fn add_key(&self, app: AppId, key: NewKey) -> BoxFuture<'_, StoreResult<StoredKeys>> {
        self.memory.add_key(app, key)
    }
    fn remove_keys(&self, app: AppId, created_before: Millis) -> BoxFuture<'_, StoreResult<u64>> {
        self.memory.remove_keys(app, created_before)
    }
    fn sweep(&self, expired_before: Millis, limit: u32) -> BoxFuture<'_, StoreResult<u64>> {
        self.memory.sweep(expired_before, limit)
    }
    fn close(&self) -> BoxFuture<'_, StoreResult<()>> {
        self.memory.close()
    }
}

static SIGNER: LazyLock<Arc<Signer>> = LazyLock::new(|| Arc::new(Signer::start().unwrap()));

/// A service, its store and its clock.
struct Given {
    service: Service,
    store: Arc<Counting>,
    clock: SetClock,
}

/// What callers of the backend interface have, but for the oldest.
fn policy() -> Policy {
    Policy {
        oldest_access_version: AccessVersion::V1,
        reserved_claims: ReservedClaims::Refused,
        jitter_per_mille: 0,
        ..Policy::default()
    }
}

fn stateless() -> Policy {
    Policy { rotation: Rotation::OnRefresh, store_check: StoreCheck::Reports, ..policy() }
}

impl Given {
    fn with(options: ServiceOptions) -> Self {
        Self::on(Arc::default(), options)
    }

    fn on(store: Arc<Counting>, options: ServiceOptions) -> Self {
        let clock = SetClock::at(at(0));
        let world =
            World { clock: Arc::new(clock.clone()), crypto: Arc::new(QuickCrypto), keys: Arc::new(SeededKeys::new(7)) };
        let options = ServiceOptions { signer: Some(Arc::clone(&SIGNER)), ..options };
        let service = block_on(Service::open(Arc::clone(&store) as Arc<dyn Store>, world, options)).unwrap();
        Self { service, store, clock }
    }

    fn new() -> Self {
        Self::with(ServiceOptions { policy: policy(), recall: Recall::Nothing, ..ServiceOptions::default() })
    }
}

fn session(payload: &str) -> NewSession {
    NewSession {
        app: AppId::default(),
        tenant: TenantId::default(),
        user: UserId::parse("ada").unwrap(),
        payload: Payload::from_stored(payload).unwrap(),
        data: JsonText::default(),
        anti_csrf: false,
        use_static_key: false,
        limits: NewLimits::default(),
        access_lifetime_once: None,
    }
}

fn create(service: &Service, payload: &str) -> IssuedTokens {
    block_on(service.create(session(payload))).unwrap()
}

fn request(token: &Secret) -> RefreshRequest {
    RefreshRequest {
        app: AppId::default(),
        token: token.clone(),
        anti_csrf_sent: None,
        anti_csrf: false,
        use_static_key: None,
        access_lifetime_once: None,
        tentative: false,
    }
}

fn refresh(service: &Service, token: &Secret) -> Box<IssuedTokens> {
    match block_on(service.refresh(request(token))).unwrap() {
        RefreshOutcome::Issued(issued) => issued,
        other => panic!("{other:?}"),
    }
}

fn confirm(service: &Service, token: &Secret, check_store: bool) -> ConfirmOutcome {
    block_on(async {
        let claims = service.verify(token.expose()).await?.unwrap();
        service.confirm(claims, check_store).await
    })
    .unwrap()
}

fn read(given: &Given, issued: &IssuedTokens) -> Row {
    block_on(given.service.read(&issued.row.key)).unwrap().unwrap()
}

fn regenerate(service: &Service, token: &Secret, payload: Option<&str>) -> RegenerateOutcome {
    let payload = payload.map(|text| Payload::from_stored(text).unwrap());
    block_on(service.regenerate(token.expose(), payload, true)).unwrap()
}

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
    let given = Given::new();
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
    let user = UserSelector { app: AppId::default(), tenant: None, user: UserId::parse("ada").unwrap() };
    let which = Selector::User { user, alive_at: Some(given.service.now()), except: None };
    assert_eq!(block_on(given.service.revoke(which)).unwrap(), [alive.row.key]);
    assert!(block_on(given.store.load(&dead.row.key)).unwrap().is_some());
}
