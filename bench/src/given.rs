//! Keys, sessions and tokens to measure with.

use std::sync::Arc;

use anyhow::{Result, bail};
use doorward::{Algorithm, AppId, Clock as _, Memory, Millis, Store as _, SystemClock, TenantId, UserId};
use doorward_crypto::{AwsLc, keys, random};
use doorward_engine::crypto::{Crypto as _, SigningKey};
use doorward_engine::entropy::Entropy;
use doorward_engine::flow::{Env, Flow as _, Seen, Step};
use doorward_engine::key::ring::KeyRing;
use doorward_engine::payload::{JsonText, Payload};
use doorward_engine::policy::Policy;
use doorward_engine::secret::Secret;
use doorward_engine::session::Issued;
use doorward_engine::session::create::{Create, Created, NewSession};
use doorward_engine::session::record::{Row, Write};
use doorward_engine::time::Lifetime;
use doorward_service::store::{NewKey, StoredKey};
use tokio::runtime::{Builder, Runtime};

/// What the application puts into each token.
pub(crate) const PAYLOAD: &str = r#"{"iss":"https://api.example.com/auth","role":"editor"}"#;

/// A runtime on this thread.
pub(crate) fn runtime() -> Result<Runtime> {
    Ok(Builder::new_current_thread().enable_all().build()?)
}

/// The keys of an app, stored and parsed.
#[derive(Debug)]
pub(crate) struct Keys {
    created_at: Millis,
    signing: Secret,
    refresh: Secret,
    ring: KeyRing,
    /// The parsed signing key, by itself: what the ring has as well.
    pub(crate) key: Arc<dyn SigningKey>,
    policy: Policy,
}

impl Keys {
    pub(crate) fn make(algorithm: Algorithm) -> Result<Self> {
        let created_at = SystemClock.now().before(Lifetime::from_minutes(5));
        let (signing, refresh) = (keys::generate_signing_key(algorithm)?, keys::generate_refresh_key()?);
        let ring = KeyRing::new(&AppId::default(), [(created_at, signing.clone())], refresh.clone(), None, &AwsLc)?;
        let key = AwsLc.parse_signing_key(&signing)?;
        Ok(Self { created_at, signing, refresh, ring, key, policy: Policy::default() })
    }

    pub(crate) fn ring(&self) -> &KeyRing {
        &self.ring
    }

    pub(crate) fn policy(&self) -> &Policy {
        &self.policy
    }

    /// A store that has these keys, and no session.
    pub(crate) async fn store(&self) -> Result<Memory> {
        let (store, app) = (Memory::new(), AppId::default());
        store
            .add_key(app.clone(), NewKey::Refresh { value: self.refresh.clone(), created_at: self.created_at })
            .await?;
        let key = StoredKey { created_at: self.created_at, value: self.signing.clone() };
        store.add_key(app, NewKey::Signing { key, newest_seen: None }).await?;
        Ok(store)
    }

    fn env<'a>(&'a self, entropy: &'a Entropy) -> Env<'a> {
        Env { now: SystemClock.now(), policy: &self.policy, keys: &self.ring, crypto: &AwsLc, entropy }
    }

    /// Begins to create a session, up to the row that is to be stored.
    pub(crate) fn begin(&self) -> Result<Begun> {
        let mut bytes = [0; Entropy::BYTES];
        random::fill(&mut bytes)?;
        let entropy = Entropy::new(bytes);
        let new = NewSession {
            app: AppId::default(),
            tenant: TenantId::default(),
            user: UserId::parse("fa7a0841-b533-4478-9553-0fde890c3483")?,
            payload: Payload::parse(PAYLOAD, 4096)?,
            data: JsonText::default(),
            anti_csrf: true,
            use_static_key: false,
            limits: Default::default(),
            access_lifetime_once: None,
        };
        match Create::start(new, &self.env(&entropy)) {
            Step::Commit(Write::Insert(row), flow) => Ok(Begun { row: *row, flow, entropy }),
            other => bail!("creating a session began with {other:?}"),
        }
    }

    /// Makes the tokens of a session whose row is stored. The access token lacks its signature.
    pub(crate) fn issue(&self, begun: Begun) -> Result<Box<Issued>> {
        let Begun { row, flow, entropy } = begun;
        match flow.resume(Seen::Applied(row), &self.env(&entropy)) {
            Step::Done(Created::Issued(issued)) => Ok(issued),
            other => bail!("creating a session ended with {other:?}"),
        }
    }

    /// Makes an access token.
    pub(crate) fn token(&self) -> Result<String> {
        Ok(self.issue(self.begin()?)?.access.unsigned.sign()?)
    }
}

/// A session that is being created, before its row is stored.
#[derive(Debug)]
pub(crate) struct Begun {
    pub(crate) row: Row,
    flow: Create,
    entropy: Entropy,
}
