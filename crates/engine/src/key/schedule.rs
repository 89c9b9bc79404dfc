//! When each key of a ring signs, for people who look at them.

use alloc::vec::Vec;

use crate::key::ring::{KeyRing, PUBLISHED_BEFORE_SIGNING};
use crate::policy::Policy;
use crate::time::Millis;

/// What a key that is rotated does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Signs {
    /// It signs, until its time is over or a newer key's begins; `None` if that was so already, and it signs until another
    /// key is made.
    Now(Option<Millis>),
    /// It was not public for long enough, and will sign from this moment on.
    From(Millis),
    /// It only verifies.
    NoLonger,
}

impl KeyRing {
    /// Returns what each key that is rotated does, with the moment when it was made, newest first. All are there, also those
    /// that verify nothing any more.
    pub fn schedule(&self, now: Millis, policy: &Policy) -> Vec<(Millis, Signs)> {
        let signer = self.signer(now, policy, false).created_at;
        let mut newer: Option<Millis> = None;
        let mut signs = |made: Millis| {
            let begins = made.after(PUBLISHED_BEFORE_SIGNING);
            let over = made.after(policy.key_interval);
            let ends = newer.replace(begins).map_or(over, |begins| over.min(begins));
            let signs = if made == signer {
                Signs::Now(Some(ends).filter(|ends| now < *ends))
            } else if now < begins {
                Signs::From(begins)
            } else {
                Signs::NoLonger
            };
            (made, signs)
        };
        self.dynamic().map(|key| signs(key.created_at)).collect()
    }
}
