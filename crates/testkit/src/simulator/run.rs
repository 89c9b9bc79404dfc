//! A run: rounds of requests that overlap, with time in between.
//!
//! What the rounds keep are the conditions of design rule 3: a round is shorter than half a window, its tabs present one
//! token, answers stop being lost before a token needs a fifth window, and, rotated *on refresh*, before the grace ends.

use std::cell::RefCell;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::rc::Rc;
use std::sync::Arc;

use doorward_engine::hash::Hash1;
use doorward_engine::id::{AppId, UserId};
use doorward_engine::policy::{Policy, Rotation};
use doorward_engine::time::{Lifetime, Millis};
use doorward_service::env::World;
use doorward_service::store::{Store, UserSelector};
use doorward_service::{Service, ServiceOptions};

use super::browser::{Browser, Tab};
use super::executor::{Executor, GatedKeys, run_alone};
use super::faults::Faulty;
use super::log::Log;
use crate::fakes::{Dice, QuickCrypto, SetClock};

const START: u64 = 1_800_000_000_000;
const ACCESS: u64 = 400_000;
const ROUNDS: usize = 24;
const BROWSERS: usize = 3;
const SERVICES: usize = 2;
/// How far the second clock is ahead.
const SKEW: u64 = 2_000;
/// The longest round: with the skew it is under half a window of 30 s.
const ROUND: u64 = 5_000;
/// Rounds in a row whose answers may be lost.
const LOSSY_ROUNDS: usize = 2;

/// How a run ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct End {
    /// A digest of the log and of all that is stored.
    pub digest: u64,
    /// Lines of the log.
    pub lines: Vec<String>,
    /// The first rule that was broken.
    pub broken: Option<String>,
}

/// Runs a seed.
pub fn simulate(seed: u64) -> End {
    Run::new(seed).play()
}

struct Run {
    dice: Dice,
    keys: Arc<GatedKeys>,
    store: Arc<Faulty>,
    executor: Executor,
    policy: Policy,
    clocks: [SetClock; SERVICES],
    services: Vec<Arc<Service>>,
    browsers: Vec<Rc<RefCell<Browser>>>,
    now: u64,
    log: Log,
    /// Rounds since answers were last allowed to arrive undisturbed.
    lossy_rounds: usize,
}

impl Run {
    fn new(seed: u64) -> Self {
        let mut dice = Dice::new(seed);
        let keys = Arc::new(GatedKeys::new(dice.roll()));
        let store = Faulty::new(dice.roll());
        let rotation = if dice.once_in(2) { Rotation::OnUse } else { Rotation::OnRefresh };
        let policy = Policy {
            rotation,
            access_lifetime: Lifetime::from_millis(ACCESS),
            key_interval: Lifetime::from_hours(1),
            ..Policy::default()
        };
        let user = |at: usize| UserId::parse(&format!("user-{at}")).expect("a user id");
        let browser = |at| Browser { user: user(at), jar: None, leaving: None, left: Vec::new() };
        let browsers = (0..BROWSERS).map(|at| Rc::new(RefCell::new(browser(at)))).collect();
        let executor = Executor::new(Arc::clone(&keys));
        let clocks = [START, START + SKEW].map(|now| SetClock::at(Millis::saturating(now)));
        let mut run = Self {
            dice,
            keys,
            store,
            executor,
            policy,
            clocks,
            services: Vec::new(),
            browsers,
            now: START,
            log: Log::default(),
            lossy_rounds: 0,
        };
        run.services = (0..SERVICES).map(|at| run.open(at)).collect();
        run
    }

    /// Opens a service on the store; tries again until the store lets it.
    fn open(&self, at: usize) -> Arc<Service> {
        loop {
            let keys: Arc<GatedKeys> = Arc::clone(&self.keys);
            let world = World { clock: Arc::new(self.clocks[at].clone()), crypto: Arc::new(QuickCrypto), keys };
            let options = ServiceOptions { policy: self.policy, verified_tokens: 16, ..Default::default() };
            let store: Arc<dyn Store> = Arc::clone(&self.store) as Arc<dyn Store>;
            if let Ok(service) = run_alone(&self.keys, Service::open(store, world, options)) {
                return Arc::new(service);
            }
        }
    }

    fn play(mut self) -> End {
        for _ in 0..ROUNDS {
            let is_lossy = self.lossy_rounds < LOSSY_ROUNDS && self.dice.once_in(2);
            self.lossy_rounds = if is_lossy { self.lossy_rounds + 1 } else { 0 };
            self.round(is_lossy);
            self.pause();
        }
        self.store.fail_once_in(0);
        self.audit();
        self.end()
    }

    /// Some requests of some tabs at once.
    fn round(&mut self, is_lossy: bool) {
        self.store.fail_once_in(if is_lossy { 8 } else { 0 });
        for at in 0..self.browsers.len() {
            self.requests_of(at, is_lossy);
        }
        let end = self.now + ROUND;
        while !self.executor.is_empty() {
            self.executor.poll_one(&mut self.dice);
            let passed = u64::try_from(self.dice.below(40)).unwrap_or(0);
            self.set_time((self.now + passed).min(end));
            if is_lossy && self.dice.once_in(40) {
                self.executor.drop_one(&mut self.dice);
            }
            if is_lossy && self.dice.once_in(200) {
                self.crash();
            }
        }
    }

    fn requests_of(&mut self, at: usize, is_lossy: bool) {
        let browser = Rc::clone(&self.browsers[at]);
        let token = browser.borrow().jar.as_ref().map(|jar| jar.refresh.clone());
        let is_signed_in = token.is_some();
        for _ in 0..1 + self.dice.below(4) {
            let service = self.dice.below(SERVICES);
            let tab = Tab {
                browser: Rc::clone(&browser),
                service: Arc::clone(&self.services[service]),
                token: token.clone(),
                deaf: is_lossy && self.dice.once_in(3),
                log: self.log.clone(),
            };
            match self.dice.below(12) {
                _ if !is_signed_in => self.executor.spawn(service, tab.sign_in()),
                0 => self.executor.spawn(service, tab.sign_out()),
                1..=5 => self.executor.spawn(service, tab.refresh()),
                6 => self.executor.spawn(service, tab.call(true)),
                7 => self.executor.spawn(service, async move {
                    // What it answers is nobody's business; what it does must harm nobody.
                    let _ = tab.service.upkeep().await;
                }),
                _ => self.executor.spawn(service, tab.call(false)),
            }
        }
    }

    /// A process dies with all that it was doing; another takes its place.
    fn crash(&mut self) {
        let at = self.dice.below(SERVICES);
        self.log.add(format!("service {at} dies"));
        self.executor.drop_service(at);
        self.services[at] = self.open(at);
    }

    /// A browser whose answers were lost asks again, and this time is answered.
    fn settle(&mut self) {
        for browser in self.browsers.clone() {
            let Some(jar) = browser.borrow().jar.clone() else { continue };
            let Ok(Some(row)) = run_alone(&self.keys, self.store.inner.load(&jar.session)) else { continue };
            let is_current = row.current == Hash1::of(jar.refresh.expose(), &QuickCrypto).stored(&QuickCrypto);
            let was_presented = match self.policy.rotation {
                Rotation::OnRefresh => !is_current,
                Rotation::OnUse => is_current && row.window_of_current().is_some(),
            };
            if was_presented {
                let service = Arc::clone(&self.services[self.dice.below(SERVICES)]);
                let (token, log) = (Some(jar.refresh), self.log.clone());
                run_alone(&self.keys, Tab { browser, service, token, deaf: false, log }.refresh());
            }
        }
    }

    /// Time between two rounds. A key rotates after an hour.
    fn pause(&mut self) {
        if self.lossy_rounds == 0 {
            self.settle();
        }
        let pauses = [0, 3_000, 16_000, 31_000, ACCESS, 3_600_000];
        // Rotated on refresh, a lost answer must be asked for again within the grace.
        let most = if self.lossy_rounds > 0 && self.policy.rotation == Rotation::OnRefresh { 2 } else { pauses.len() };
        let pause = pauses[self.dice.below(most)];
        self.set_time(self.now + pause);
    }

    fn set_time(&mut self, now: u64) {
        self.now = now;
        for (at, clock) in self.clocks.iter().enumerate() {
            let skew = if at == 1 { SKEW } else { 0 };
            clock.set(Millis::saturating(now + skew));
        }
    }

    /// Nothing goes wrong any more: who is signed in stays so, who left is gone.
    fn audit(&mut self) {
        for at in 0..self.browsers.len() {
            let browser = Rc::clone(&self.browsers[at]);
            let left = browser.borrow().left.clone();
            for service in &self.services {
                let token = browser.borrow().jar.as_ref().map(|jar| jar.refresh.clone());
                let (service, log) = (Arc::clone(service), self.log.clone());
                let tab = Tab { browser: Rc::clone(&browser), service, token, deaf: false, log };
                for (_, jar) in &left {
                    run_alone(&self.keys, tab.clone().is_gone(jar.clone(), true));
                }
                run_alone(&self.keys, tab.clone().refresh());
                run_alone(&self.keys, tab.call(true));
            }
        }
    }

    fn end(self) -> End {
        let mut rows = Vec::new();
        for browser in &self.browsers {
            let user =
                UserSelector { app: AppId::default(), tenant: None, user: browser.borrow().user.clone(), linked: true };
            rows.extend(run_alone(&self.keys, self.store.inner.list(user, None, 10_000)).expect("no faults here"));
        }
        let (lines, broken) = self.log.end();
        let mut hasher = DefaultHasher::new();
        lines.hash(&mut hasher);
        for row in rows {
            (row.key, row.current.to_text(), row.prev.map(|prev| prev.to_text())).hash(&mut hasher);
            (row.expires_at, row.rotated_at, row.window.map(|window| (window.opened_at, window.count)))
                .hash(&mut hasher);
        }
        let keys = run_alone(&self.keys, self.store.inner.keys(AppId::default())).expect("no faults here");
        for key in keys.signing {
            (key.created_at, key.value.expose()).hash(&mut hasher);
        }
        End { digest: hasher.finish(), lines, broken }
    }
}
