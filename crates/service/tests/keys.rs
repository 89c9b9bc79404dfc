//! Keys over a store, as several processes have them.

use std::sync::{Arc, Barrier};
use std::time::Duration;

use doorward_crypto::{AwsLc, keys, random};
use doorward_engine::crypto::{Algorithm, KeyError};
use doorward_engine::id::{AppId, TenantId, UserId};
use doorward_engine::payload::{JsonText, Payload};
use doorward_engine::policy::Policy;
use doorward_engine::secret::Secret;
use doorward_engine::session::create::{NewLimits, NewSession};
use doorward_engine::time::{Lifetime, Millis};
use doorward_engine::token::access::AccessError;
use doorward_engine::token::version::AccessVersion;
use doorward_service::env::{Clock, KeyMaker, World};
use doorward_service::memory::Memory;
use doorward_service::store::{NewKey, Store, StoredKey};
use doorward_service::{Service, ServiceOptions};
use futures_executor::block_on;

struct Keys(Algorithm);

impl KeyMaker for Keys {
    fn fill(&self, bytes: &mut [u8]) -> Result<(), KeyError> {
        random::fill(bytes).map_err(|_| KeyError::Sign)
    }
    fn signing_key(&self) -> Result<Secret, KeyError> {
        keys::generate_signing_key(self.0).map_err(|_| KeyError::Sign)
    }
    fn refresh_key(&self) -> Result<Secret, KeyError> {
        keys::generate_refresh_key().map_err(|_| KeyError::Sign)
    }
}

#[derive(Default)]
struct Hours(std::sync::atomic::AtomicU64);

impl Hours {
    fn pass(&self, time: Duration) {
        self.0.fetch_add(time.as_millis() as u64, std::sync::atomic::Ordering::SeqCst);
    }
}

impl Clock for Hours {
    fn now(&self) -> Millis {
        let start = Millis::saturating(1_700_000_000_000);
        start.after(Lifetime::from_millis(self.0.load(std::sync::atomic::Ordering::SeqCst)))
    }
}

fn open(store: &Arc<dyn Store>, clock: &Arc<Hours>) -> Service {
    open_with(store, clock, Algorithm::EdDsa, Policy::default())
}

fn open_with(store: &Arc<dyn Store>, clock: &Arc<Hours>, algorithm: Algorithm, policy: Policy) -> Service {
    let keys = Arc::new(Keys(algorithm));
    let world = World { clock: Arc::clone(clock) as Arc<dyn Clock>, crypto: Arc::new(AwsLc), keys };
    block_on(Service::open(Arc::clone(store), world, ServiceOptions { policy, ..ServiceOptions::default() })).unwrap()
}

fn token_of(service: &Service) -> String {
    token_signed(service, false)
}

fn token_signed(service: &Service, use_static_key: bool) -> String {
    let new = NewSession {
        app: AppId::default(),
        tenant: TenantId::default(),
        user: UserId::parse("ada").unwrap(),
        payload: Payload::default(),
        data: JsonText::default(),
        anti_csrf: false,
        use_static_key,
        limits: NewLimits::default(),
        access_lifetime_once: None,
    };
    block_on(service.create(new)).unwrap().access.token.expose().to_owned()
}

fn accepts(service: &Service, token: &str) -> bool {
    block_on(service.verify(token)).unwrap().is_ok()
}

fn setting() -> (Arc<dyn Store>, Arc<Hours>) {
    (Arc::new(Memory::new()), Arc::default())
}

#[test]
fn processes_that_start_at_once_end_with_one_ring() {
    for _ in 0..20 {
        let (store, clock) = setting();
        let together = Barrier::new(4);
        let services: Vec<Service> = std::thread::scope(|scope| {
            let one = || {
                together.wait();
                open(&store, &clock)
            };
            let threads: Vec<_> = (0..4).map(|_| scope.spawn(one)).collect();
            threads.into_iter().map(|thread| thread.join().unwrap()).collect()
        });
        for one in &services {
            let kids: Vec<_> = one.jwks().keys.into_iter().map(|key| key.kid).collect();
            assert!(
                matches!(&*kids, [rotated, fixed] if rotated.starts_with("d-") && fixed.starts_with("s-")),
                "{kids:?}"
            );
            for use_static_key in [false, true] {
                let token = token_signed(one, use_static_key);
                assert!(services.iter().all(|other| accepts(other, &token)));
            }
        }
    }
}

#[test]
fn a_new_key_is_published_before_it_signs_and_outlived_ones_go() {
    let (store, clock) = setting();
    let service = open(&store, &clock);
    let first = service.jwks().keys[0].kid.clone();

    clock.pass(Duration::from_secs(168 * 3600 - 30));
    block_on(service.upkeep()).unwrap();
    assert_eq!(rotated(&service), 2, "the next key is out half a minute ahead");
    let before = token_of(&service);
    assert!(header_of(&before).contains(&first), "and the old one still signs");

    clock.pass(Duration::from_secs(61));
    let after = token_of(&service);
    assert!(!header_of(&after).contains(&first), "now the new one signs");
    assert!(accepts(&service, &before), "what the old one signed lives on");

    clock.pass(Duration::from_secs(2 * 3600 + 60));
    assert_eq!(block_on(service.upkeep()).unwrap().outlived_keys, 1);
    assert_eq!(rotated(&service), 1);
}

#[test]
fn without_upkeep_a_request_rotates_a_key_that_is_due() {
    let (store, clock) = setting();
    let (one, other) = (open(&store, &clock), open(&store, &clock));
    clock.pass(Duration::from_secs(200 * 3600));
    let token = token_of(&one);
    assert_eq!(block_on(store.keys(AppId::default())).unwrap().signing.len(), 2);
    assert!(accepts(&other, &token), "another process reads the keys again when it meets the new one");
    token_of(&other);
    assert_eq!(block_on(store.keys(AppId::default())).unwrap().signing.len(), 2, "and makes none of its own");
}

#[test]
fn a_static_key_signs_across_rotations_and_is_never_deleted() {
    let (store, clock) = setting();
    let service = open(&store, &clock);
    let before = token_signed(&service, true);
    let fixed = service.jwks().keys.pop().unwrap().kid;
    assert!(header_of(&before).contains(&fixed));
    for _ in 0..5 {
        clock.pass(Duration::from_secs(200 * 3600));
        block_on(service.upkeep()).unwrap();
    }
    let other = open(&store, &clock);
    let after = token_signed(&other, true);
    assert!(header_of(&after).contains(&fixed));
    assert!(accepts(&service, &after));
    assert_eq!(block_on(store.keys(AppId::default())).unwrap().static_keys.len(), 1);
}

#[test]
fn a_store_from_before_static_keys_gets_one_and_keeps_the_rest() {
    let (store, clock) = setting();
    let created_at = clock.now();
    let key = StoredKey { created_at, value: Keys(Algorithm::EdDsa).signing_key().unwrap() };
    block_on(store.add_key(AppId::default(), NewKey::Signing { key: key.clone(), newest_seen: None })).unwrap();
    clock.pass(Duration::from_secs(3600));
    let service = open(&store, &clock);
    let stored = block_on(store.keys(AppId::default())).unwrap();
    assert_eq!(stored.signing, [key]);
    let [fixed] = &*stored.static_keys else { panic!("one static key") };
    assert_eq!(fixed.created_at, clock.now());
    assert_eq!((fixed.id.len(), fixed.id.get(16..17)), (38, Some("4")), "{}", fixed.id);
    assert!(accepts(&service, &token_signed(&service, true)));
}

/// A token of an early format names no key, so what no key fits may be of a newer one: the keys are read again for it.
#[test]
fn a_token_that_names_no_key_is_accepted_by_a_process_that_lacks_its_key() {
    let (store, clock) = setting();
    let version = AccessVersion::V2;
    let policy = || Policy { access_version: version, oldest_access_version: version, ..Policy::default() };
    let one = open_with(&store, &clock, Algorithm::Rs256, policy());
    let other = open_with(&store, &clock, Algorithm::Rs256, policy());
    clock.pass(Duration::from_secs(200 * 3600));
    let token = token_of(&one);
    assert!(header_of(&token).contains(r#""version":"2""#));
    assert_eq!((rotated(&one), rotated(&other)), (1, 0));
    assert!(accepts(&other, &token));
    assert_eq!(rotated(&other), 1);

    let (signed, _) = token.rsplit_once('.').unwrap();
    let forged = format!("{signed}.{}", "A".repeat(344));
    assert_eq!(block_on(other.verify(&forged)).unwrap(), Err(AccessError::Signature));
}

/// How many keys are published that are rotated.
fn rotated(service: &Service) -> usize {
    service.jwks().keys.iter().filter(|key| key.kid.starts_with("d-")).count()
}

fn header_of(token: &str) -> String {
    use base64::Engine as _;
    let header = token.split('.').next().unwrap();
    let header = header.trim_end_matches('=');
    String::from_utf8(base64::engine::general_purpose::STANDARD_NO_PAD.decode(header).unwrap()).unwrap()
}
