//! What these tests start from: keys, a moment, sessions.

use doorward_crypto::AwsLc;
use doorward_engine::entropy::Entropy;
use doorward_engine::flow::{Env, Flow, Seen, Step};
use doorward_engine::id::{AppId, TenantId, UserId};
use doorward_engine::key::ring::KeyRing;
use doorward_engine::payload::{JsonText, Payload};
use doorward_engine::policy::Policy;
use doorward_engine::secret::Secret;
use doorward_engine::session::Issued;
use doorward_engine::session::create::{Create, Created, NewLimits, NewSession};
use doorward_engine::session::record::{Row, Write};
use doorward_engine::session::refresh::{Refresh, RefreshRequest, Refreshed};
use doorward_engine::time::{Lifetime, Millis};
use doorward_testkit::vectors::keys::TestKeys;

/// When these tests happen, unless they say otherwise.
pub(crate) fn now() -> Millis {
    Millis::new(1_767_225_600_000).unwrap()
}

pub(crate) fn later(millis: u64) -> Millis {
    now().after(Lifetime::from_millis(millis))
}

/// A test key in its stored form.
pub(crate) fn stored_key(name: &str) -> Secret {
    Secret::new(TestKeys::read().unwrap().signing(name).unwrap().stored.as_str())
}

/// A ring of Ed25519 keys that were made at these moments.
pub(crate) fn ring_of(created: &[Millis]) -> KeyRing {
    let refresh = TestKeys::read().unwrap().refresh("upstream").unwrap();
    let keys = created.iter().map(|at| (*at, stored_key("ed25519")));
    KeyRing::new(&AppId::default(), keys, refresh, None, &AwsLc).unwrap()
}

pub(crate) fn entropy(seed: u8) -> Entropy {
    Entropy::new(core::array::from_fn(|at| u8::try_from(at).unwrap().wrapping_mul(31).wrapping_add(seed)))
}

/// All that a use case knows of the world.
#[derive(Clone)]
pub(crate) struct Given {
    pub(crate) now: Millis,
    pub(crate) policy: Policy,
    pub(crate) ring: KeyRing,
    pub(crate) entropy: Entropy,
}

impl Default for Given {
    fn default() -> Self {
        let keys = TestKeys::read().unwrap();
        let ring = keys.ring(&AppId::default(), &["ed25519"], "upstream", None).unwrap();
        Self { now: now(), policy: Policy::default(), ring, entropy: entropy(1) }
    }
}

impl Given {
    pub(crate) fn signing_with(name: &str) -> Self {
        let ring = TestKeys::read().unwrap().ring(&AppId::default(), &[name], "upstream", None).unwrap();
        Self { ring, ..Self::default() }
    }

    pub(crate) fn env(&self) -> Env<'_> {
        Env { now: self.now, policy: &self.policy, keys: &self.ring, crypto: &AwsLc, entropy: &self.entropy }
    }

    pub(crate) fn create(&self, new: NewSession) -> Issued {
        let Step::Commit(Write::Insert(row), flow) = Create::start(new, &self.env()) else { panic!("no insert") };
        let Step::Done(Created::Issued(issued)) = flow.resume(Seen::Applied(*row), &self.env()) else {
            panic!("nothing issued")
        };
        *issued
    }

    pub(crate) fn start_refresh(&self, token: &Secret) -> Step<Refresh> {
        let request = RefreshRequest {
            app: AppId::default(),
            token: token.clone(),
            anti_csrf_sent: None,
            anti_csrf: false,
            use_static_key: None,
            access_lifetime_once: None,
            tentative: false,
        };
        Refresh::start(request, &self.env())
    }

    /// Refreshes; the row stands as it is and every write happens, though nothing is kept.
    pub(crate) fn refresh(&self, token: &Secret, row: &Row) -> Refreshed {
        let mut step = self.start_refresh(token);
        for _ in 0..4 {
            step = match step {
                Step::Done(outcome) => return outcome,
                Step::Load(_, flow) => flow.resume(Seen::Row(Some(row.clone())), &self.env()),
                Step::Commit(_, flow) => flow.resume(Seen::Applied(row.clone()), &self.env()),
            };
        }
        panic!("no end")
    }
}

pub(crate) fn session_with(payload: Payload) -> NewSession {
    NewSession {
        app: AppId::default(),
        tenant: TenantId::default(),
        user: UserId::parse("u1").unwrap(),
        payload,
        data: JsonText::default(),
        anti_csrf: false,
        use_static_key: false,
        limits: NewLimits::default(),
        access_lifetime_once: None,
    }
}

pub(crate) fn session() -> NewSession {
    session_with(Payload::default())
}

pub(crate) fn payload(text: &str) -> Payload {
    Payload::parse(text, 4096).unwrap()
}

pub(crate) fn done<F: Flow>(step: Step<F>) -> F::Outcome {
    match step {
        Step::Done(outcome) => outcome,
        Step::Load(..) | Step::Commit(..) => panic!("not done"),
    }
}
