//! A service over a store, as a server process has it.

use std::sync::Arc;

use doorward_crypto::{AwsLc, keys, random};
use doorward_engine::crypto::{Algorithm, KeyError};
use doorward_engine::id::{AppId, TenantId, UserId};
use doorward_engine::payload::JsonText;
use doorward_engine::policy::Policy;
use doorward_engine::secret::Secret;
use doorward_engine::session::create::{NewLimits, NewSession};
use doorward_engine::session::refresh::RefreshRequest;
use doorward_service::env::{Clock, KeyMaker, SystemClock, World};
use doorward_service::store::Store;
use doorward_service::{ConfirmOutcome, IssuedTokens, RefreshOutcome};
use doorward_service::{Service, ServiceError, ServiceOptions};
use doorward_testkit::contract::given::payload;

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

pub(crate) async fn service(store: Arc<dyn Store>, policy: Policy) -> Service {
    service_at(store, policy, Arc::new(SystemClock)).await
}

pub(crate) async fn service_at(store: Arc<dyn Store>, policy: Policy, clock: Arc<dyn Clock>) -> Service {
    let world = World { clock, crypto: Arc::new(AwsLc), keys: Arc::new(Keys) };
    Service::open(store, world, ServiceOptions { policy, ..ServiceOptions::default() }).await.unwrap()
}

pub(crate) fn new_session(user: &str) -> NewSession {
    NewSession {
        app: AppId::default(),
        tenant: TenantId::default(),
        user: UserId::parse(user).unwrap(),
        payload: payload(r#"{"role":"editor"}"#),
        data: JsonText::default(),
        anti_csrf: false,
        use_static_key: false,
        limits: NewLimits::default(),
        access_lifetime_once: None,
    }
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

/// Refreshes, and gives the new tokens.
pub(crate) async fn refreshed(service: &Service, token: &Secret) -> IssuedTokens {
    match service.refresh(request(token)).await.unwrap() {
        RefreshOutcome::Issued(issued) => *issued,
        other => panic!("{other:?}"),
    }
}

/// Verifies an access token as a request with it does, its promotion included.
pub(crate) async fn used(service: &Service, access: &Secret) -> Result<ConfirmOutcome, ServiceError> {
    let claims = service.verify(access.expose()).await?.unwrap();
    service.confirm(claims, true).await
}

pub(crate) async fn is_good(service: &Service, access: &Secret) -> bool {
    matches!(used(service, access).await.unwrap(), ConfirmOutcome::Stands { .. } | ConfirmOutcome::Renewed(_))
}
