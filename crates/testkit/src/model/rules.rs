//! What must hold, whoever does what: checked after every step of a node.

use doorward_engine::policy::Rotation;

use super::row::Lineage;
use super::scenario::{Scenario, WINDOW};
use super::steps::{Answer, Ask, RunId, Steps};
use super::tokens::TokenId;

/// A rule that was broken, in words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violation(pub String);

/// What was seen of the past, as far as the rules need it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct History {
    /// The tokens that were used, in order: each became current at this moment.
    used: Vec<(TokenId, u64)>,
    /// Which answers were given to which presented token, and when last.
    answers: Vec<(TokenId, TokenId, u64)>,
}

macro_rules! ensure {
    ($holds:expr, $($words:tt)*) => {
        if !$holds {
            return Err(Violation(format!($($words)*)));
        }
    };
}

impl History {
    /// The past of a session with its first token.
    pub fn new(first: TokenId, now: u64) -> Self {
        Self { used: vec![(first, now)], answers: Vec::new() }
    }

    /// Judges one step by the row before it, the row after it and the answer, if it gave one.
    pub fn judge(
        &mut self,
        before: Option<&Lineage>,
        after: Option<&Lineage>,
        run: RunId,
        scenario: &Scenario,
        steps: &Steps,
    ) -> Result<(), Violation> {
        let input = steps.input(run);
        let (Some(before), Some(after)) = (before, after) else {
            ensure!(before.is_none() && after.is_none(), "a step made a row, or took one away");
            return revoked(steps.answer(run));
        };
        let is_alive = before.expires_at >= input.now;
        if scenario.dropped.is_some() {
            return promise(steps.answer(run), scenario);
        }
        self.movement(before, after, input.now, scenario, steps)?;
        ensure!(is_alive || before == after, "a row past its end was written to");
        let Some(answer) = steps.answer(run) else { return Ok(()) };
        let denied = matches!(answer, Answer::Unauthorised);
        ensure!(
            denied != is_alive,
            "a session that is {} was answered otherwise",
            if is_alive { "alive" } else { "over" }
        );
        match (input.ask, answer) {
            (Ask::Refresh { token, .. }, Answer::Issued(pair)) => {
                self.accepted(token, pair.refresh, after, input.now, scenario)
            }
            (_, answer) => promise(Some(answer), scenario),
        }
    }

    /// What may happen to the row.
    fn movement(
        &mut self,
        before: &Lineage,
        after: &Lineage,
        now: u64,
        scenario: &Scenario,
        steps: &Steps,
    ) -> Result<(), Violation> {
        let count = after.window.map_or(0, |(.., count)| count);
        ensure!(count <= 4, "a token had more than four openings and new starts");
        if before.current == after.current {
            let stays =
                (before.prev, before.rotated_at, before.expires_at) == (after.prev, after.rotated_at, after.expires_at);
            ensure!(stays, "prev, rotated_at or expires_at moved without current");
            return Ok(());
        }
        // The invariant of `session/record.rs`. Displacements can't happen here: no other program mints successors.
        ensure!(after.rotated_at == Some(now), "current moved without rotated_at");
        let Some(prev) = after.prev else { return Err(Violation("current moved without prev".into())) };
        if prev != before.current {
            self.becomes_current(prev, now, steps)?;
        }
        self.becomes_current(after.current, now, steps)?;
        // Two clocks that differ may set an end back by their difference; nothing else does.
        ensure!(after.expires_at + scenario.skew >= before.expires_at, "expires_at went back");
        ensure!(after.expires_at == now + scenario.refresh_lifetime, "expires_at is not the full lifetime");
        Ok(())
    }

    /// One lineage: each current token is a child of the one before it, and none comes back.
    fn becomes_current(&mut self, token: TokenId, now: u64, steps: &Steps) -> Result<(), Violation> {
        let last = self.used.last().map(|(last, _)| *last);
        ensure!(steps.tokens.get(token).parent == last, "{token} became current, and is no child of the last one");
        ensure!(self.used.iter().all(|(used, _)| *used != token), "{token} became current twice");
        self.used.push((token, now));
        Ok(())
    }

    /// Who is answered with tokens holds the end of the one lineage. So of two branches one is used, and whoever comes
    /// with the other one is found.
    fn accepted(
        &mut self,
        presented: TokenId,
        successor: TokenId,
        row: &Lineage,
        now: u64,
        scenario: &Scenario,
    ) -> Result<(), Violation> {
        let is_current = row.current == presented;
        let follows_current = row.prev == Some(presented) && row.current == successor;
        ensure!(is_current || follows_current, "{presented} was accepted beside the one lineage");
        let rotated = self.used.last().map_or(0, |(_, at)| *at);
        let within_grace = scenario.grace > 0 && now.abs_diff(rotated) <= scenario.grace;
        let first_time = now == rotated && scenario.rotation == Rotation::OnRefresh;
        ensure!(is_current || within_grace || first_time, "{presented} was accepted after its grace");
        // Once all openings and new starts are spent, successors outside a window are random.
        let is_spent = row.window.is_some_and(|(.., count)| count >= 4);
        self.shared(presented, successor, is_current, is_spent, now, scenario)
    }

    /// A successor is shared by presentations in one window or within the grace, and by no others; and in the first
    /// half of a window it always is.
    fn shared(
        &mut self,
        presented: TokenId,
        successor: TokenId,
        is_current: bool,
        is_spent: bool,
        now: u64,
        scenario: &Scenario,
    ) -> Result<(), Violation> {
        // A window that a clock behind opened before the moment of the rotation counts as none (design rule 2).
        let rotated = self.used.last().map_or(0, |(_, at)| *at);
        let counts = |(token, _, at): &&(TokenId, TokenId, u64)| *token == presented && *at >= rotated;
        for (_, other, at) in self.answers.iter().filter(counts) {
            let apart = now.abs_diff(*at);
            if *other == successor {
                ensure!(scenario.grace > 0, "a successor was given out twice at grace 0");
                ensure!(!is_current || apart <= WINDOW, "a successor was given out in two windows");
            } else if scenario.grace > 0 && scenario.openings == 0 {
                // By two clocks they may be further apart than it seems, and one that waits inside its node may be
                // overtaken by a later one that opens the next window. A use of one successor ends all windows.
                let doubt = 2 * scenario.skew + scenario.response_most;
                let is_sure = is_current && !is_spent && apart + doubt <= WINDOW / 2;
                ensure!(!is_sure, "two presentations in one window got two successors");
            }
        }
        match self.answers.iter_mut().find(|(token, other, _)| (*token, *other) == (presented, successor)) {
            Some((.., at)) => *at = now.max(*at),
            None => self.answers.push((presented, successor, now)),
        }
        self.answers.sort_unstable();
        Ok(())
    }
}

/// Where nobody steals, nobody is taken for a thief.
fn promise(answer: Option<Answer>, scenario: &Scenario) -> Result<(), Violation> {
    match answer {
        Some(Answer::Theft(evidence)) if !scenario.thief => {
            Err(Violation(format!("honest holders were taken for thieves: {evidence}")))
        }
        _ => Ok(()),
    }
}

/// After a sign-out every question to the store is answered the same way.
fn revoked(answer: Option<Answer>) -> Result<(), Violation> {
    ensure!(matches!(answer, None | Some(Answer::Unauthorised)), "a session that was revoked was answered otherwise");
    Ok(())
}
