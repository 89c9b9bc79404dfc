//! What is explored: the settings, who takes part, and which conditions of design rule 3 they keep.

use doorward_engine::id::AppId;
use doorward_engine::key::ring::KeyRing;
use doorward_engine::policy::{Policy, Rotation, Theft};
use doorward_engine::secret::Secret;
use doorward_engine::time::{Lifetime, Millis};

use super::steps::Node;
use crate::fakes::QuickCrypto;

/// The conditions under which design rule 3 promises that honest holders are never taken for thieves.
///
/// (That every writer is Doorward holds here always: there is no other program.)
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Condition {
    /// Every node has the same key, `succession_secret` and grace.
    SameSettings,
    /// Callers of one session ask for the same anti-CSRF choice.
    SameAntiCsrf,
    /// No token is presented while a presentation of its predecessor is under way.
    NoOverlap,
    /// The slowest request, the slowest response and the clock difference together are at most half a window. What
    /// divides the two is the moment at which the node reads its clock, once for all its steps: were a node's own time
    /// counted with the request, the bound would not hold.
    Swift,
    /// No token needs more than four openings and new starts of windows.
    FewOpenings,
    /// A successor is not used before its holder has stored it.
    StoredBeforeUse,
    /// With rotation *on refresh*: once a token was rotated, every later presentation of it comes within the grace.
    WithinGrace,
}

/// The life of an access token in every scenario.
pub const ACCESS: u64 = 80_000;

/// The length of a window with a grace, in every scenario: a tenth of [`ACCESS`].
pub const WINDOW: u64 = ACCESS / 10;

/// The grace, where there is one. It is longer than a window, so that the two can be told apart.
pub const GRACE: u64 = 20_000;

/// When the session is created.
pub const START: u64 = 1_000_000_000;

/// An exploration.
#[derive(Clone, Debug)]
pub struct Scenario {
    /// When successors become current.
    pub rotation: Rotation,
    /// The grace: [`GRACE`] or 0.
    pub grace: u64,
    /// Life of a session that isn't refreshed.
    pub refresh_lifetime: u64,
    /// How many tabs share the owner's cookie jar: 1 or 2.
    pub tabs: usize,
    /// Whether somebody copies the jar at some moment.
    pub thief: bool,
    /// Whether the owner may sign out.
    pub revoke: bool,
    /// Whether verifying always asks the store.
    pub check_store: bool,
    /// Whether responses may be lost.
    pub losses: bool,
    /// How far the second node's clock is ahead of the first one's.
    pub skew: u64,
    /// The slowest request: from reading the jar to the moment that the node reads its clock.
    pub request_most: u64,
    /// The slowest response: from that moment to storing the answer, the node's own time included.
    pub response_most: u64,
    /// The condition that is *not* kept.
    pub dropped: Option<Condition>,
    /// How far time may jump at once.
    pub jumps: &'static [u64],
    /// Openings that the first token has behind it when the exploration begins.
    pub openings: u8,
    /// Events on a path.
    pub depth: usize,
}

impl Scenario {
    /// Two tabs and two nodes that keep every condition, with nothing going wrong but losses.
    pub fn honest(rotation: Rotation) -> Self {
        Self {
            rotation,
            grace: GRACE,
            refresh_lifetime: 1000 * ACCESS,
            tabs: 2,
            thief: false,
            revoke: false,
            check_store: false,
            losses: true,
            skew: 0,
            request_most: WINDOW / 4,
            response_most: WINDOW / 4,
            dropped: None,
            jumps: &[WINDOW / 4, WINDOW / 2 + 1, WINDOW + 1, GRACE + 1, ACCESS],
            openings: 0,
            depth: 12,
        }
    }

    /// One tab and a thief, who is bound by no condition.
    pub fn theft(rotation: Rotation, grace: u64) -> Self {
        Self { grace, tabs: 1, thief: true, ..Self::honest(rotation) }
    }

    /// The smallest honest scenario that shows what comes of one condition that is not kept.
    pub fn without(condition: Condition, rotation: Rotation) -> Self {
        let honest = Self { dropped: Some(condition), losses: false, jumps: &[], depth: 20, ..Self::honest(rotation) };
        match condition {
            Condition::SameSettings | Condition::SameAntiCsrf | Condition::NoOverlap => honest,
            // One millisecond more than allowed, in a window that a lost answer opened before.
            Condition::Swift => Self {
                request_most: WINDOW / 2 + 1,
                response_most: 0,
                jumps: &[WINDOW / 2, WINDOW / 2 + 1],
                openings: 1,
                ..honest
            },
            Condition::FewOpenings => Self { openings: 4, jumps: &[WINDOW + 1], ..honest },
            Condition::StoredBeforeUse => Self { jumps: &[GRACE + 1], ..honest },
            Condition::WithinGrace => Self { losses: true, jumps: &[GRACE + 1], ..honest },
        }
    }

    /// Whether a condition is kept.
    pub fn keeps(&self, condition: Condition) -> bool {
        self.dropped != Some(condition)
    }

    /// Nodes that a request may come to. A node keeps nothing between two steps of a request, so two that agree in
    /// clock and settings are one: requests interleave on it as they do on two.
    pub fn clocks(&self) -> usize {
        if self.skew > 0 || !self.keeps(Condition::SameSettings) { 2 } else { 1 }
    }

    /// The two processes that serve the session.
    pub fn nodes(&self) -> Vec<Node> {
        [0, 1].map(|node| self.node(node)).into()
    }

    fn node(&self, node: usize) -> Node {
        let policy = Policy {
            access_lifetime: Lifetime::from_millis(ACCESS),
            refresh_lifetime: Lifetime::from_millis(self.refresh_lifetime),
            grace: Lifetime::from_millis(self.grace),
            rotation: self.rotation,
            // The verdict is what matters here; the row stays, so that what comes after it is explored too.
            theft: Theft::Reported,
            ..Policy::default()
        };
        let secret = (!self.keeps(Condition::SameSettings)).then(|| Secret::new(format!("of node {node}")));
        let signing = [(Millis::saturating(START), Secret::new("public|private"))];
        let refresh = Secret::new("1000:a-stored-refresh-token-key:of-more-than-32-bytes");
        let ring = KeyRing::new(&AppId::default(), signing, refresh, secret.as_ref(), &QuickCrypto)
            .expect("a ring of one key");
        Node { policy, ring }
    }
}
