//! The one shape of every use case: a value that asks for one thing at a time.
//!
//! `start` gives a [`Step`]; whoever drives it loads or commits what the step asks for and hands what was seen to
//! [`Flow::resume`], until the step is [`Step::Done`]. A write that lost its precondition shows the row as it stands,
//! and is judged like a load.

use core::fmt;

use crate::crypto::Crypto;
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

/// Random bytes for one request, drawn in one call (a call costs the same whatever its size).
#[derive(Clone)]
pub struct Entropy {
    /// For a session handle.
    pub handle: [u8; 10],
    /// For the nonce of a refresh token.
    pub nonce: [u8; 32],
    /// For an anti-CSRF value.
    pub anti_csrf: [u8; 16],
    /// For the IV of a sealed refresh token.
    pub iv: [u8; 12],
    /// For the jitter of an access token's end.
    pub jitter: [u8; 4],
}

impl Entropy {
    /// How many random bytes a request takes.
    pub const BYTES: usize = 74;

    /// Splits random bytes by purpose.
    pub fn new(random: [u8; Self::BYTES]) -> Self {
        let mut rest = random.into_iter();
        let mut next = || rest.next().unwrap_or_default();
        Self {
            handle: core::array::from_fn(|_| next()),
            nonce: core::array::from_fn(|_| next()),
            anti_csrf: core::array::from_fn(|_| next()),
            iv: core::array::from_fn(|_| next()),
            jitter: core::array::from_fn(|_| next()),
        }
    }
}

impl fmt::Debug for Entropy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Entropy(..)")
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
