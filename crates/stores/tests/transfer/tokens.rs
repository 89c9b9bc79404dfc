//! Sessions that go on in another database, with the tokens that their holders have.

use std::sync::Arc;

use doorward_crypto::{AwsLc, keys, random};
use doorward_engine::crypto::{Algorithm, KeyError};
use doorward_engine::id::AppId;
use doorward_engine::payload::JsonText;
use doorward_engine::secret::Secret;
use doorward_engine::session::create::{NewLimits, NewSession};
use doorward_engine::session::refresh::RefreshRequest;
use doorward_engine::time::Millis;
use doorward_service::env::{Clock, KeyMaker, World};
use doorward_service::store::Store;
use doorward_service::{IssuedTokens, RefreshOutcome, Service, ServiceOptions};
use doorward_stores::transfer::{Mode, Tables};
use doorward_testkit::contract::given::*;

use super::given::copy_all;

struct Machine;

impl KeyMaker for Machine {
    fn fill(&self, bytes: &mut [u8]) -> Result<(), KeyError> {
        random::fill(bytes).map_err(|_| KeyError::Sign)
    }
    fn signing_key(&self) -> Result<Secret, KeyError> {
        keys::generate_signing_key(Algorithm::Rs256).map_err(|_| KeyError::Sign)
    }
    fn refresh_key(&self) -> Result<Secret, KeyError> {
        keys::generate_refresh_key().map_err(|_| KeyError::Sign)
    }
}

impl Clock for Machine {
    fn now(&self) -> Millis {
        now()
    }
}

async fn service(store: Arc<dyn Store>) -> Service {
    let world = World { clock: Arc::new(Machine), crypto: Arc::new(AwsLc), keys: Arc::new(Machine) };
    Service::open(store, world, ServiceOptions::default()).await.unwrap()
}

async fn refresh(service: &Service, token: &Secret) -> RefreshOutcome {
    let request = RefreshRequest {
        app: AppId::default(),
        token: token.clone(),
        anti_csrf_sent: None,
        anti_csrf: false,
        use_static_key: None,
        access_lifetime_once: None,
        tentative: false,
    };
    service.refresh(request).await.unwrap()
}

async fn refreshed(service: &Service, token: &Secret) -> IssuedTokens {
    match refresh(service, token).await {
        RefreshOutcome::Issued(issued) => *issued,
        other => panic!("not refreshed: {other:?}"),
    }
}

async fn holds(service: &Service, token: &Secret) -> bool {
    service.verify(token.expose()).await.unwrap().is_ok()
}

fn new_session(use_static_key: bool) -> NewSession {
    NewSession {
        app: AppId::default(),
        tenant: tenant("public"),
        user: user("ada"),
        payload: payload(r#"{"role":"é"}"#),
        data: JsonText::from_stored(r#"{"cart":[1]}"#),
        anti_csrf: false,
        use_static_key,
        limits: NewLimits::default(),
        access_lifetime_once: None,
    }
}

pub(super) async fn a_session_goes_on_in_the_target(from: Arc<dyn Tables>, to: Arc<dyn Tables>) {
    let before = service(Arc::clone(&from) as Arc<dyn Store>).await;
    for use_static_key in [false, true] {
        let first = before.create(new_session(use_static_key)).await.unwrap();
        let second = refreshed(&before, &first.refresh).await;
        copy_all(&*from, &*to, Mode::Mirror).await.unwrap();

        let after = service(Arc::clone(&to) as Arc<dyn Store>).await;
        assert!(holds(&after, &first.access.token).await && holds(&after, &second.access.token).await);
        assert_eq!(after.read(&first.row.key).await.unwrap(), before.read(&first.row.key).await.unwrap());
        // A retry of the last refresh gives what it gave there.
        assert_eq!(refreshed(&after, &first.refresh).await.refresh, second.refresh);
        let third = refreshed(&after, &second.refresh).await;
        assert_eq!(third.access.claims.payload(), first.access.claims.payload());
        let fourth = refreshed(&after, &third.refresh).await;
        assert!(holds(&after, &fourth.access.token).await);
        assert!(holds(&before, &fourth.access.token).await, "both have the same keys");
        // What was long left behind is theft there too.
        assert!(matches!(refresh(&after, &first.refresh).await, RefreshOutcome::Theft(_)));
        assert!(matches!(refresh(&after, &fourth.refresh).await, RefreshOutcome::Unauthorised(_)));
    }
}
