//! Moments and spans of time, in milliseconds, with arithmetic that cannot wrap.

use core::fmt;

/// A moment: milliseconds since the Unix epoch, at most [`Millis::MAX`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Millis(u64);

impl Millis {
    /// The last moment that is representable everywhere: 2^53 - 1, the largest integer that JSON readers keep exact.
    pub const MAX: Self = Self((1 << 53) - 1);

    /// Returns the moment, or `None` beyond [`Millis::MAX`].
    pub const fn new(millis: u64) -> Option<Self> {
        if millis <= Self::MAX.0 { Some(Self(millis)) } else { None }
    }

    /// Returns the moment; one beyond [`Millis::MAX`] becomes it.
    pub const fn saturating(millis: u64) -> Self {
        if millis <= Self::MAX.0 { Self(millis) } else { Self::MAX }
    }

    /// Returns the moment of a claim in whole seconds, or `None` beyond [`Millis::MAX`].
    pub fn from_secs(secs: u64) -> Option<Self> {
        secs.checked_mul(1000).and_then(Self::new)
    }

    /// Returns milliseconds since the epoch.
    pub const fn as_u64(self) -> u64 {
        self.0
    }

    /// Returns whole seconds since the epoch, rounded down.
    pub const fn as_secs(self) -> u64 {
        self.0 / 1000
    }

    /// Returns the moment one lifetime later, at most [`Millis::MAX`].
    #[must_use]
    pub const fn after(self, lifetime: Lifetime) -> Self {
        Self::saturating(self.0.saturating_add(lifetime.0))
    }

    /// Returns the moment one lifetime earlier, at least the epoch.
    #[must_use]
    pub const fn before(self, lifetime: Lifetime) -> Self {
        Self(self.0.saturating_sub(lifetime.0))
    }

    /// Returns how long ago `earlier` was; zero if it lies ahead.
    #[must_use]
    pub const fn since(self, earlier: Self) -> Lifetime {
        Lifetime(self.0.saturating_sub(earlier.0))
    }

    /// Returns the distance between two moments, whichever is first.
    #[must_use]
    pub const fn distance(self, other: Self) -> Lifetime {
        Lifetime(self.0.abs_diff(other.0))
    }
}

/// A span of time in milliseconds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Lifetime(u64);

impl Lifetime {
    /// No time at all.
    pub const ZERO: Self = Self(0);

    /// A span of so many milliseconds.
    pub const fn from_millis(millis: u64) -> Self {
        Self(millis)
    }

    /// A span of so many seconds.
    pub const fn from_secs(secs: u64) -> Self {
        Self(secs.saturating_mul(1000))
    }

    /// A span of so many minutes.
    pub const fn from_minutes(minutes: u64) -> Self {
        Self::from_secs(minutes.saturating_mul(60))
    }

    /// A span of so many hours.
    pub const fn from_hours(hours: u64) -> Self {
        Self::from_minutes(hours.saturating_mul(60))
    }

    /// Returns milliseconds.
    pub const fn as_millis(self) -> u64 {
        self.0
    }

    /// Whether this is no time at all.
    pub const fn is_zero(self) -> bool {
        self.0 == 0
    }

    /// Returns the span divided, rounded down; by zero it is zero.
    #[must_use]
    pub const fn divided_by(self, divisor: u64) -> Self {
        match self.0.checked_div(divisor) {
            Some(part) => Self(part),
            None => Self::ZERO,
        }
    }

    /// Returns both spans together.
    #[must_use]
    pub const fn plus(self, other: Self) -> Self {
        Self(self.0.saturating_add(other.0))
    }
}

impl fmt::Display for Lifetime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.is_multiple_of(1000) { write!(f, "{} s", self.0 / 1000) } else { write!(f, "{} ms", self.0) }
    }
}
