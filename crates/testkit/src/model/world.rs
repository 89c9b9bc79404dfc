//! The world at one moment, and what may happen in it next.

use std::fmt;

use doorward_engine::policy::Rotation;

use super::row::Lineage;
use super::rules::{History, Violation};
use super::scenario::{Condition, START, Scenario, WINDOW};
use super::steps::{Answer, Ask, Input, Pair, RunId, Steps};
use super::tokens::TokenId;

/// Everything that decides what may come.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct World {
    /// The time, in milliseconds; the first node's clock.
    pub now: u64,
    /// The shared row; `None` after a sign-out.
    pub row: Option<Lineage>,
    /// The owner's cookie jar, which all tabs share. The latest answer that is stored wins.
    pub jar: Pair,
    /// The tabs, and behind them the thief.
    pub hands: Vec<Hand>,
    /// Requests so far, where random bytes matter.
    pub draws: u32,
    /// What was seen so far, as far as the rules need it.
    pub history: History,
}

/// A tab, or the thief.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Hand {
    /// What it keeps beside the jar: the thief's copy; a tab's tokens that it uses before it stores them.
    pub own: Option<Pair>,
    /// Its request.
    pub flight: Option<Flight>,
}

/// A request under way.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Flight {
    /// What it asks.
    pub ask: Ask,
    /// Where it is.
    pub stage: Stage,
    /// When it was sent; from its arrival on, when it arrived and the node read its clock.
    pub since: u64,
}

/// Where a request is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Stage {
    /// On its way to a node.
    Sent,
    /// Between two steps of a node.
    Running(RunId),
    /// Its answer is on its way back.
    Answered(RunId),
}

/// Something that happens. Everything between two of them is one atomic step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Event {
    /// A hand reads its tokens and sends a request.
    Send(usize, Ask),
    /// It does so, and the request comes to this node at once.
    SendTo(usize, Ask, usize),
    /// It comes to a node, which begins to work on it.
    Arrive(usize, usize),
    /// The node does one step: one load or one commit, and what follows from what it saw.
    Step(usize),
    /// The answer arrives and is stored.
    Deliver(usize),
    /// The answer arrives, and is used before it is stored.
    Keep(usize),
    /// What was kept so is stored.
    Store(usize),
    /// The answer is lost.
    Lose(usize),
    /// The thief copies the jar.
    Steal,
    /// The owner signs out.
    Revoke,
    /// Time passes.
    Wait(u64),
}

impl fmt::Display for Event {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Send(hand, ask) | Self::SendTo(hand, ask, _) => match ask {
                Ask::Refresh { token, .. } => write!(f, "hand {hand} sends {token} to be refreshed"),
                Ask::Verify { .. } => write!(f, "hand {hand} sends its access token"),
            },
            Self::Arrive(hand, node) => write!(f, "the request of hand {hand} comes to node {node}"),
            Self::Step(hand) => write!(f, "the node does a step for hand {hand}"),
            Self::Deliver(hand) => write!(f, "hand {hand} stores the answer"),
            Self::Keep(hand) => write!(f, "hand {hand} has the answer, and doesn't store it"),
            Self::Store(hand) => write!(f, "hand {hand} stores what it kept"),
            Self::Lose(hand) => write!(f, "the answer to hand {hand} is lost"),
            Self::Steal => write!(f, "the thief copies the jar"),
            Self::Revoke => write!(f, "the owner signs out"),
            Self::Wait(millis) => write!(f, "{millis} ms pass"),
        }
    }
}

impl World {
    /// The world after a sign-in.
    pub fn new(scenario: &Scenario, mut row: Lineage, first: Pair) -> Self {
        if scenario.openings > 0 {
            row.window = Some((START, scenario.openings, scenario.openings));
        }
        let hands = scenario.tabs + usize::from(scenario.thief);
        Self {
            now: START,
            history: History::new(first.refresh, START),
            row: Some(row),
            jar: first,
            hands: vec![Hand { own: None, flight: None }; hands],
            draws: 0,
        }
    }

    /// Whether a hand is the thief's.
    pub fn is_thief(&self, scenario: &Scenario, hand: usize) -> bool {
        hand >= scenario.tabs
    }

    /// Everything that may happen now.
    pub fn events(&self, scenario: &Scenario, steps: &Steps) -> Vec<Event> {
        let mut events = Vec::new();
        for (at, hand) in self.hands.iter().enumerate() {
            match hand.flight {
                None => self.sendable(at, scenario, steps, &mut events),
                Some(Flight { stage: Stage::Sent, .. }) => {
                    events.extend((0..scenario.clocks()).map(|node| Event::Arrive(at, node)));
                }
                // A request that is dropped here has written nothing: it is one that was never sent.
                Some(Flight { stage: Stage::Running(_), .. }) => events.push(Event::Step(at)),
                Some(Flight { stage: Stage::Answered(run), .. }) => {
                    events.push(Event::Deliver(at));
                    if scenario.losses {
                        events.push(Event::Lose(at));
                    }
                    let is_refresh = matches!(steps.answer(run), Some(Answer::Issued(_)));
                    if is_refresh && !scenario.keeps(Condition::StoredBeforeUse) {
                        events.push(Event::Keep(at));
                    }
                }
            }
            if hand.own.is_some() && hand.flight.is_none() && !self.is_thief(scenario, at) {
                events.push(Event::Store(at));
            }
        }
        if scenario.thief && self.hands.last().is_some_and(|thief| thief.own.is_none()) {
            events.push(Event::Steal);
        }
        if scenario.revoke && self.row.is_some() {
            events.push(Event::Revoke);
        }
        events.extend(scenario.jumps.iter().copied().filter(|jump| self.may_wait(*jump, scenario)).map(Event::Wait));
        events
    }

    fn sendable(&self, at: usize, scenario: &Scenario, steps: &Steps, events: &mut Vec<Event>) {
        let is_thief = self.is_thief(scenario, at);
        // Tabs do the same things: the second one begins only when the first is busy.
        let is_twin = !is_thief && self.hands[..at].iter().any(|other| *other == self.hands[at]);
        if is_twin && scenario.keeps(Condition::SameAntiCsrf) {
            return;
        }
        let (Some(pair), keeps) = (if is_thief { self.hands[at].own } else { Some(self.jar) }, self.hands[at].own)
        else {
            return;
        };
        let anti_csrf = at == 1 && !scenario.keeps(Condition::SameAntiCsrf);
        let mut send = |ask| {
            if self.is_prompt(scenario, at) {
                events.extend((0..scenario.clocks()).map(|node| Event::SendTo(at, ask, node)));
            } else {
                events.push(Event::Send(at, ask));
            }
        };
        if is_thief || self.may_present(pair.refresh, scenario, steps) {
            send(Ask::Refresh { token: pair.refresh, anti_csrf });
        }
        let access = keeps.unwrap_or(pair).access;
        let token = steps.tokens.access(access);
        if token.expires_at > self.now && (token.has_parent || scenario.check_store) {
            send(Ask::Verify { access, check_store: scenario.check_store });
        }
    }

    /// Whether a request of this hand that comes late is the same as one that is sent later: nobody else changes what
    /// it would send.
    fn is_prompt(&self, scenario: &Scenario, at: usize) -> bool {
        self.is_thief(scenario, at) || scenario.tabs == 1
    }

    /// [`Condition::NoOverlap`]: no presentation of the token's predecessor is under way.
    fn may_present(&self, token: TokenId, scenario: &Scenario, steps: &Steps) -> bool {
        let parent = steps.tokens.get(token).parent;
        let is_parent = |flight: &Flight| matches!(flight.ask, Ask::Refresh { token, .. } if Some(token) == parent);
        let mut tabs = self.hands.iter().take(scenario.tabs);
        !scenario.keeps(Condition::NoOverlap) || !tabs.any(|tab| tab.flight.as_ref().is_some_and(is_parent))
    }

    /// [`Condition::Swift`]: no request and no response is slower than the scenario says.
    fn may_wait(&self, jump: u64, scenario: &Scenario) -> bool {
        let is_late = |flight: &Flight| match flight.stage {
            Stage::Sent => self.now + jump - flight.since > scenario.request_most,
            Stage::Running(_) | Stage::Answered(_) => self.now + jump - flight.since > scenario.response_most,
        };
        !self.hands.iter().any(|hand| hand.flight.as_ref().is_some_and(is_late))
    }

    /// Whether the owner's request that is about to be judged breaks a condition of the promise: then what comes of it
    /// is no concern of this exploration.
    pub fn is_excused(&self, at: usize, run: RunId, scenario: &Scenario, steps: &Steps) -> bool {
        let (input, Some(row)) = (steps.input(run), &self.row) else { return false };
        let Ask::Refresh { token, .. } = input.ask else { return false };
        if self.is_thief(scenario, at) || scenario.thief {
            return false;
        }
        let is_spent =
            row.window.is_some_and(|(opened_at, _, count)| count >= 4 && input.now.abs_diff(opened_at) > WINDOW);
        if row.current == token && is_spent && scenario.keeps(Condition::FewOpenings) {
            return true;
        }
        let is_late = row.rotated_at.is_some_and(|at| input.now.abs_diff(at) > scenario.grace);
        let is_over = is_late || scenario.grace == 0;
        let on_refresh = scenario.rotation == Rotation::OnRefresh;
        on_refresh && row.prev == Some(token) && is_over && scenario.keeps(Condition::WithinGrace)
    }

    /// Lets something happen. `Ok(None)`: it is excused.
    pub fn after(&self, event: Event, scenario: &Scenario, steps: &mut Steps) -> Result<Option<Self>, Violation> {
        let mut next = self.clone();
        match event {
            Event::Send(at, ask) => {
                next.hands[at].flight = Some(Flight { ask, stage: Stage::Sent, since: self.now });
            }
            Event::SendTo(at, ask, node) => {
                return match self.after(Event::Send(at, ask), scenario, steps)? {
                    Some(sent) => sent.after(Event::Arrive(at, node), scenario, steps),
                    None => Ok(None),
                };
            }
            Event::Arrive(at, node) => {
                // So that no two requests draw the same random bytes.
                next.draws += u32::from(scenario.grace == 0 || scenario.openings > 0 || scenario.thief);
                let draw = next.draws;
                let flight = next.flight(at);
                let skew = if node == 1 { scenario.skew } else { 0 };
                let run = steps.begin(Input { ask: flight.ask, node, now: self.now + skew, draw });
                *flight = Flight { stage: Stage::Running(run), since: self.now, ..*flight };
                next.answered(at, scenario, steps);
            }
            Event::Step(at) => {
                let flight = next.flight(at);
                let Stage::Running(run) = flight.stage else { panic!("only a node that works does steps") };
                if self.is_excused(at, run, scenario, steps) {
                    return Ok(None);
                }
                let (run, row) = steps.step(run, self.row.as_ref());
                flight.stage = Stage::Running(run);
                next.row = row;
                next.history.judge(self.row.as_ref(), next.row.as_ref(), run, scenario, steps)?;
                next.answered(at, scenario, steps);
            }
            Event::Deliver(at) => next.store(at, scenario, steps, false),
            Event::Keep(at) => next.store(at, scenario, steps, true),
            Event::Store(at) => {
                if let Some(kept) = next.hands[at].own.take() {
                    next.jar = kept;
                }
            }
            Event::Lose(at) => next.hands[at].flight = None,
            Event::Steal => {
                let jar = next.jar;
                if let Some(thief) = next.hands.last_mut() {
                    thief.own = Some(jar);
                }
            }
            Event::Revoke => next.row = None,
            Event::Wait(jump) => next.now += jump,
        }
        if scenario.keeps(Condition::SameAntiCsrf) {
            next.hands[..scenario.tabs].sort_unstable();
        }
        Ok(Some(next))
    }

    fn flight(&mut self, at: usize) -> &mut Flight {
        self.hands[at].flight.as_mut().expect("a request that is under way")
    }

    /// Sends the answer back, if the run gave one.
    fn answered(&mut self, at: usize, scenario: &Scenario, steps: &Steps) {
        let flight = self.flight(at);
        let Stage::Running(run) = flight.stage else { return };
        let Some(answer) = steps.answer(run) else { return };
        flight.stage = Stage::Answered(run);
        match answer {
            // Nobody else sees when the thief gets his answer.
            Answer::Issued(_) | Answer::Renewed(_) if self.is_thief(scenario, at) => {
                self.store(at, scenario, steps, false);
            }
            Answer::Issued(_) | Answer::Renewed(_) => {}
            Answer::Stands | Answer::TryRefresh | Answer::Unauthorised | Answer::Theft(_) => {
                self.hands[at].flight = None;
            }
        }
    }

    /// Puts an answer where its hand keeps tokens.
    fn store(&mut self, at: usize, scenario: &Scenario, steps: &Steps, privately: bool) {
        let Some(Flight { stage: Stage::Answered(run), .. }) = self.hands[at].flight.take() else {
            panic!("only an answer is stored")
        };
        let is_thief = self.is_thief(scenario, at);
        let own = &mut self.hands[at].own;
        let place = if is_thief || privately || own.is_some() { own.get_or_insert(self.jar) } else { &mut self.jar };
        match steps.answer(run) {
            Some(Answer::Issued(pair)) => *place = pair,
            Some(Answer::Renewed(access)) => place.access = access,
            _ => {}
        }
    }
}
