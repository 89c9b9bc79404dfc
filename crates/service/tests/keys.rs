//! Keys over a store, as several processes have them.

use std::sync::{Arc, Barrier};
use std::time::Duration;

use doorward_crypto::{AwsLc, keys, random};
use doorward_engine::crypto::{Algorithm, KeyError};
use doorward_engine::id::{AppId, TenantId, UserId};
use doorward_engine::payload::{JsonText, Payload};
use doorward_engine::secret::Secret;
use doorward_engine::session::create::{NewLimits, NewSession};
use doorward_engine::time::{Lifetime, Millis};
use doorward_service::env::{Clock, KeyMaker, World};
use doorward_service::memory::Memory;
use doorward_service::store::Store;
use doorward_service::{Service, ServiceOptions};
use futures_executor::block_on;

struct Keys;

impl KeyMaker for Keys {
    fn fill(&self, bytes: &mut [u8]) -> Result<(), KeyError> {
        random::fill(bytes).map_err(|_| KeyError::Sign)
    }
    fn signing_key(&self) -> Result<Secret, KeyError> {
        keys::generate_signing_key(Algorithm::EdDsa).map_err(|_| KeyError::Sign)
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
    let world = World { clock: Arc::clone(clock) as Arc<dyn Clock>, crypto: Arc::new(AwsLc), keys: Arc::new(Keys) };
    block_on(Service::open(Arc::clone(store), world, ServiceOptions::default())).unwrap()
}

fn token_of(service: &Service) -> String {
    let new = NewSession {
        app: AppId::default(),
        tenant: TenantId::default(),
        user: UserId::parse("ada").unwrap(),
        payload: Payload::default(),
        data: JsonText::default(),
        anti_csrf: false,
        use_static_key: false,
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
            assert_eq!(one.jwks().keys.len(), 1);
            let token = token_of(one);
            assert!(services.iter().all(|other| accepts(other, &token)));
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
    assert_eq!(service.jwks().keys.len(), 2, "the next key is out half a minute ahead");
    let before = token_of(&service);
    assert!(header_of(&before).contains(&first), "and the old one still signs");

    clock.pass(Duration::from_secs(61));
    let after = token_of(&service);
    assert!(!header_of(&after).contains(&first), "now the new one signs");
    assert!(accepts(&service, &before), "what the old one signed lives on");

    clock.pass(Duration::from_secs(2 * 3600 + 60));
    assert_eq!(block_on(service.upkeep()).unwrap().outlived_keys, 1);
    assert_eq!(service.jwks().keys.len(), 1);
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

fn header_of(token: &str) -> String {
    use base64::Engine as _;
    let header = token.split('.').next().unwrap();
    String::from_utf8(base64::engine::general_purpose::URL_SAFE_NO_PAD.decode(header).unwrap()).unwrap()
}
