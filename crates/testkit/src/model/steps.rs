//! The engine's real steps, one at a time.
//!
//! A use case that was begun is a *run*: its input and all that it saw of the store so far. The engine is a function, so
//! a run is brought to any point again by starting it anew and showing it the same, and what a step did once it does
//! always: both are remembered here.

use std::collections::HashMap;

use doorward_engine::entropy::Entropy;
use doorward_engine::flow::{Env, Flow, Seen, Step};
use doorward_engine::id::{AppId, TenantId, UserId};
use doorward_engine::key::ring::KeyRing;
use doorward_engine::payload::{JsonText, Payload};
use doorward_engine::policy::Policy;
use doorward_engine::secret::Secret;
use doorward_engine::session::Issued;
use doorward_engine::session::create::{Create, Created, NewLimits, NewSession};
use doorward_engine::session::lineage::Evidence;
use doorward_engine::session::record::{Row, Write};
use doorward_engine::session::refresh::{Refresh, RefreshRequest, Refreshed};
use doorward_engine::session::verify::{Confirm, ConfirmRequest, Confirmed};
use doorward_engine::time::Millis;
use doorward_engine::token::access::{self, AccessError, UnsignedAccess};

use super::row::{Lineage, carry_out};
use super::tokens::{Access, AccessId, Token, TokenId, Tokens};
use crate::fakes::{Dice, QuickCrypto};

/// What a request asks of a node.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Ask {
    /// To refresh with this token.
    Refresh {
        /// The token.
        token: TokenId,
        /// Whether the answer is to hold an anti-CSRF value.
        anti_csrf: bool,
    },
    /// To verify this access token, and to confirm it by the store if that is needed.
    Verify {
        /// The token.
        access: AccessId,
        /// Whether the session must be in the store now.
        check_store: bool,
    },
}

/// A request as a node received it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Input {
    /// What it asks.
    pub ask: Ask,
    /// Which node it came to.
    pub node: usize,
    /// The moment, by that node's clock.
    pub now: u64,
    /// Decides the node's random bytes.
    pub draw: u32,
}

/// What a node answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answer {
    /// New tokens.
    Issued(Pair),
    /// The access token stands.
    Stands,
    /// This access token replaces it.
    Renewed(AccessId),
    /// The access token has ended.
    TryRefresh,
    /// There is no such session.
    Unauthorised,
    /// Theft.
    Theft(Evidence),
}

/// Tokens that belong together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Pair {
    /// The refresh token.
    pub refresh: TokenId,
    /// The access token.
    pub access: AccessId,
}

/// A run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RunId(u32);

#[derive(Debug)]
struct Run {
    input: Input,
    seen: Vec<Seen>,
    at: At,
}

/// Where a run stands.
#[derive(Clone, Debug)]
enum At {
    Load,
    Commit(Write),
    Done(Answer),
}

/// A process that serves the session.
#[derive(Debug)]
pub struct Node {
    /// Its settings.
    pub policy: Policy,
    /// Its keys.
    pub ring: KeyRing,
}

/// The nodes, and all that they did so far.
#[derive(Debug)]
pub struct Steps {
    /// Every token that appeared.
    pub tokens: Tokens,
    nodes: Vec<Node>,
    session: Row,
    runs: Vec<Run>,
    begun: HashMap<Input, RunId>,
    taken: HashMap<(RunId, Option<Lineage>), (RunId, Option<Lineage>)>,
}

impl Steps {
    /// Makes a session on the first node. Returns its row and its first tokens.
    pub fn new(nodes: Vec<Node>, now: u64) -> (Self, Lineage, Pair) {
        let entropy = entropy_of(0);
        let (policy, ring) = (&nodes[0].policy, &nodes[0].ring);
        let env = Env { now: Millis::saturating(now), policy, keys: ring, crypto: &QuickCrypto, entropy: &entropy };
        let new = NewSession {
            app: AppId::default(),
            tenant: TenantId::default(),
            user: UserId::parse("u").expect("a user id"),
            payload: Payload::default(),
            data: JsonText::default(),
            anti_csrf: false,
            use_static_key: false,
            limits: NewLimits::default(),
            access_lifetime_once: None,
        };
        let Step::Commit(write, flow) = Create::start(new, &env) else { panic!("a creation begins with its insert") };
        let (seen, row) = carry_out(None, write);
        let Step::Done(Created::Issued(issued)) = flow.resume(seen, &env) else { panic!("the row was free") };
        let mut tokens = Tokens::default();
        let pair = learn(&mut tokens, *issued, None);
        let row = row.expect("a row after its insert");
        let lineage = Lineage::of(&row, &tokens);
        let steps =
            Self { tokens, nodes, session: row, runs: Vec::new(), begun: HashMap::new(), taken: HashMap::new() };
        (steps, lineage, pair)
    }

    /// Begins a run.
    pub fn begin(&mut self, input: Input) -> RunId {
        if let Some(run) = self.begun.get(&input) {
            return *run;
        }
        let run = self.replay(input, Vec::new());
        self.begun.insert(input, run);
        run
    }

    /// Lets a run do what it asked for, load or commit, and go on with what it saw.
    pub fn step(&mut self, run: RunId, row: Option<&Lineage>) -> (RunId, Option<Lineage>) {
        let taken = (run, row.cloned());
        if let Some(known) = self.taken.get(&taken) {
            return known.clone();
        }
        let Run { input, seen, at } = &self.runs[run.0 as usize];
        let (input, mut history, at) = (*input, seen.clone(), at.clone());
        let stands = row.map(|lineage| lineage.to_row(&self.session, &self.tokens));
        let (seen, after) = match at {
            At::Load => (Seen::Row(stands.clone()), stands),
            At::Commit(write) => carry_out(stands, write),
            At::Done(_) => panic!("a run that is done takes no step"),
        };
        history.push(seen);
        let next = self.replay(input, history);
        let result = (next, after.map(|row| Lineage::of(&row, &self.tokens)));
        self.taken.insert(taken, result.clone());
        result
    }

    /// What a run answered, once it is done.
    pub fn answer(&self, run: RunId) -> Option<Answer> {
        match &self.runs[run.0 as usize].at {
            At::Done(answer) => Some(*answer),
            At::Load | At::Commit(_) => None,
        }
    }

    /// What a run was begun with.
    pub fn input(&self, run: RunId) -> Input {
        self.runs[run.0 as usize].input
    }

    /// How many different steps the engine took.
    pub fn taken(&self) -> usize {
        self.taken.len() + self.begun.len()
    }

    /// The settings of a node.
    pub fn policy(&self, node: usize) -> &Policy {
        &self.nodes[node].policy
    }

    /// Starts a use case and shows it what the run saw.
    fn replay(&mut self, input: Input, seen: Vec<Seen>) -> RunId {
        let Node { policy, ring } = &self.nodes[input.node];
        let entropy = entropy_of(input.draw);
        let now = Millis::saturating(input.now);
        let env = Env { now, policy, keys: ring, crypto: &QuickCrypto, entropy: &entropy };
        let app = AppId::default();
        let at = match input.ask {
            Ask::Refresh { token, anti_csrf } => {
                let presented = self.tokens.get(token).clone();
                let request = RefreshRequest {
                    app,
                    token: presented.text,
                    anti_csrf_sent: presented.anti_csrf,
                    anti_csrf,
                    use_static_key: None,
                    access_lifetime_once: None,
                    tentative: false,
                };
                advance(Refresh::start(request, &env), &seen, &env, |outcome| match outcome {
                    Refreshed::Issued(issued) => Answer::Issued(learn(&mut self.tokens, *issued, Some(token))),
                    Refreshed::Unauthorised(_) => Answer::Unauthorised,
                    Refreshed::Theft(found) => Answer::Theft(found.evidence),
                })
            }
            Ask::Verify { access, check_store } => {
                let text = self.tokens.access(access).text.clone();
                let request = ConfirmRequest { check_store, is_known: false };
                match access::verify(text.expose(), ring, now, policy) {
                    Err(AccessError::Expired) => At::Done(Answer::TryRefresh),
                    Err(error) => panic!("a token of ours: {error}"),
                    Ok(claims) if !Confirm::is_needed(&claims, request, policy) => At::Done(Answer::Stands),
                    Ok(claims) => {
                        advance(Confirm::start(claims, &app, request, &env), &seen, &env, |outcome| match outcome {
                            Confirmed::Stands { .. } => Answer::Stands,
                            Confirmed::Renewed(access) => Answer::Renewed(learn_access(&mut self.tokens, *access)),
                            Confirmed::Unauthorised(_) => Answer::Unauthorised,
                            Confirmed::Refused(error) => panic!("an empty payload: {error}"),
                        })
                    }
                }
            }
        };
        let id = RunId(u32::try_from(self.runs.len()).expect("fewer than 2^32 runs"));
        self.runs.push(Run { input, seen, at });
        id
    }
}

fn advance<F: Flow>(mut step: Step<F>, seen: &[Seen], env: &Env<'_>, answer: impl FnOnce(F::Outcome) -> Answer) -> At {
    for seen in seen {
        step = match step {
            Step::Load(_, flow) | Step::Commit(_, flow) => flow.resume(seen.clone(), env),
            Step::Done(_) => panic!("a run that is done sees nothing more"),
        };
    }
    match step {
        Step::Load(..) => At::Load,
        Step::Commit(write, _) => At::Commit(write),
        Step::Done(outcome) => At::Done(answer(outcome)),
    }
}

fn learn(tokens: &mut Tokens, issued: Issued, parent: Option<TokenId>) -> Pair {
    let stored = issued.access.claims.own.stored(&QuickCrypto);
    let refresh = tokens.learn(Token { text: issued.refresh, stored, parent, anti_csrf: issued.anti_csrf });
    Pair { refresh, access: learn_access(tokens, issued.access) }
}

fn learn_access(tokens: &mut Tokens, access: UnsignedAccess) -> AccessId {
    let (has_parent, expires_at) = (access.claims.parent.is_some(), access.claims.expires_at.as_u64());
    let text = Secret::new(access.unsigned.sign().expect("the quick key signs"));
    tokens.learn_access(Access { text, has_parent, expires_at })
}

fn entropy_of(draw: u32) -> Entropy {
    let mut bytes = [0; Entropy::BYTES];
    Dice::new(u64::from(draw)).fill(&mut bytes);
    Entropy::new(bytes)
}
