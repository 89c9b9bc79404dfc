//! The one shape of every use case: a value that asks for one thing at a time.
//!
//! `start` gives a [`Step`]; whoever drives it loads or commits what the step asks for and hands what was seen to
//! [`Flow::resume`], until the step is [`Step::Done`]. A write that lost its precondition shows the row as it stands,
//! and is judged like a load.

use core::fmt;

use crate::crypto::Crypto;
use crate::entropy::Entropy;
use crate::id::SessionKey;
use crate::key::ring::KeyRing;
use crate::policy::Policy;
use crate::session::record::{Row, Write};
use crate::time::Millis;

/// What a use case knows of the world.
#[derive(Clone, Copy)]
pub struct Env<'a> {
    /// The moment of the request: one for all its steps.
    pub now: Millis,
    /// What the operator set.
    pub policy: &'a Policy,
    /// The keys, as they stood when the request began.
    pub keys: &'a KeyRing,
    /// Hashes and sealing.
    pub crypto: &'a dyn Crypto,
    /// All the random bytes that the request may need.
    pub entropy: &'a Entropy,
}

impl fmt::Debug for Env<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Env").field("now", &self.now).field("policy", &self.policy).finish_non_exhaustive()
    }
}

/// What a use case asks for next.
#[derive(Debug)]
pub enum Step<F: Flow> {
    /// Read this row.
    Load(SessionKey, F),
    /// Try this write.
    Commit(Write, F),
    /// Nothing more: this came of it.
    Done(F::Outcome),
}

/// What the store saw.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Seen {
    /// The row as it stands, or that there is none: the answer to a load, and to a write that did not happen.
    Row(Option<Row>),
    /// The write happened; the row as it stands after it (as it stood before, for a removal).
    Applied(Row),
}

/// A use case under way.
pub trait Flow: Sized + Send {
    /// What comes of it. Unauthorised and theft are outcomes, not errors.
    type Outcome: Send + fmt::Debug;

    /// Goes on with what the store saw.
    fn resume(self, seen: Seen, env: &Env<'_>) -> Step<Self>;
}
