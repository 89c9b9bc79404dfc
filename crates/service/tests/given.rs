//! Services over a store that counts, and the calls that cases make.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, LazyLock};

use doorward_crypto::AwsLc;
use doorward_engine::crypto::KeyError;
use doorward_engine::flow::Seen;
use doorward_engine::id::{AppId, SessionKey, TenantId, UserId};
use doorward_engine::payload::{JsonText, Payload};
use doorward_engine::policy::{Policy, ReservedClaims, Rotation, StoreCheck};
use doorward_engine::secret::Secret;
use doorward_engine::session::create::{NewLimits, NewSession};
use doorward_engine::session::record::{Row, Write};
use doorward_engine::session::refresh::RefreshRequest;
use doorward_engine::time::Millis;
use doorward_engine::token::version::AccessVersion;
use doorward_service::env::{KeyMaker, World};
use doorward_service::memory::Memory;
use doorward_service::signer::Signer;
use doorward_service::store::{BoxFuture, NewKey, Selector, Store, StoreResult, StoredKeys, UserSelector};
use doorward_service::{
    ConfirmOutcome, IssuedTokens, Recall, RefreshOutcome, RegenerateOutcome, Service, ServiceOptions,
};
use doorward_testkit::fakes::{QuickCrypto, SeededKeys, SetClock};
use doorward_testkit::vectors::keys::TestKeys;
use futures_executor::block_on;

const START: u64 = 1_800_000_000_123;

pub(crate) fn at(millis: u64) -> Millis {
    Millis::saturating(START + millis)
}

/// A store that counts what it is asked about rows.
#[derive(Default)]
pub(crate) struct Counting {
    memory: Memory,
    asked: AtomicUsize,
}

impl Counting {
    /// How often it was asked since the last time.
    pub(crate) fn asked(&self) -> usize {
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
    fn make_tenant(&self, app: AppId, tenant: TenantId, now: Millis) -> BoxFuture<'_, StoreResult<()>> {
        self.memory.make_tenant(app, tenant, now)
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

/// Gives an RSA key that is there, for making one takes long.
struct RsaKeys(SeededKeys);

impl KeyMaker for RsaKeys {
    fn fill(&self, bytes: &mut [u8]) -> Result<(), KeyError> {
        self.0.fill(bytes)
    }
    fn signing_key(&self) -> Result<Secret, KeyError> {
        Ok(Secret::new(TestKeys::read().unwrap().signing("rsa").unwrap().stored.as_str()))
    }
    fn refresh_key(&self) -> Result<Secret, KeyError> {
        self.0.refresh_key()
    }
}

/// A service, its store and its clock.
pub(crate) struct Given {
    pub(crate) service: Service,
    pub(crate) store: Arc<Counting>,
    pub(crate) clock: SetClock,
}

/// What callers of the backend interface have, but for the oldest.
pub(crate) fn policy() -> Policy {
    Policy {
        oldest_access_version: AccessVersion::V1,
        reserved_claims: ReservedClaims::Refused,
        jitter_per_mille: 0,
        ..Policy::default()
    }
}

pub(crate) fn stateless() -> Policy {
    Policy { rotation: Rotation::OnRefresh, store_check: StoreCheck::Reports, ..policy() }
}

impl Given {
    pub(crate) fn with(options: ServiceOptions) -> Self {
        Self::on(Arc::default(), options)
    }

    pub(crate) fn on(store: Arc<Counting>, options: ServiceOptions) -> Self {
        let clock = SetClock::at(at(0));
        let world =
            World { clock: Arc::new(clock.clone()), crypto: Arc::new(QuickCrypto), keys: Arc::new(SeededKeys::new(7)) };
        Self::in_world(world, clock, store, options)
    }

    /// With keys that old tokens can be signed with.
    pub(crate) fn with_rsa_keys() -> Self {
        let clock = SetClock::at(at(0));
        let world = World {
            clock: Arc::new(clock.clone()),
            crypto: Arc::new(AwsLc),
            keys: Arc::new(RsaKeys(SeededKeys::new(7))),
        };
        let options = ServiceOptions { policy: policy(), recall: Recall::Nothing, ..ServiceOptions::default() };
        Self::in_world(world, clock, Arc::default(), options)
    }

    fn in_world(world: World, clock: SetClock, store: Arc<Counting>, options: ServiceOptions) -> Self {
        let options = ServiceOptions { signer: Some(Arc::clone(&SIGNER)), ..options };
        let service = block_on(Service::open(Arc::clone(&store) as Arc<dyn Store>, world, options)).unwrap();
        Self { service, store, clock }
    }

    pub(crate) fn new() -> Self {
        Self::with(ServiceOptions { policy: policy(), recall: Recall::Nothing, ..ServiceOptions::default() })
    }
}

pub(crate) fn session(payload: &str) -> NewSession {
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

pub(crate) fn create(service: &Service, payload: &str) -> IssuedTokens {
    block_on(service.create(session(payload))).unwrap()
}

pub(crate) fn request(token: &Secret) -> RefreshRequest {
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

pub(crate) fn refresh(service: &Service, token: &Secret) -> Box<IssuedTokens> {
    match block_on(service.refresh(request(token))).unwrap() {
        RefreshOutcome::Issued(issued) => issued,
        other => panic!("{other:?}"),
    }
}

pub(crate) fn confirm(service: &Service, token: &Secret, check_store: bool) -> ConfirmOutcome {
    block_on(async {
        let claims = service.verify(token.expose()).await?.unwrap();
        service.confirm(claims, check_store).await
    })
    .unwrap()
}

pub(crate) fn read(given: &Given, issued: &IssuedTokens) -> Row {
    block_on(given.service.read(&issued.row.key)).unwrap().unwrap()
}

pub(crate) fn regenerate(service: &Service, token: &Secret, payload: Option<&str>) -> RegenerateOutcome {
    let payload = payload.map(|text| Payload::from_stored(text).unwrap());
    block_on(service.regenerate(token.expose(), payload, true)).unwrap()
}
