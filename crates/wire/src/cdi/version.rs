//! Versions of the interface, as the header `cdi-version` names them (`spec/modern-core.md` 1.4).

use core::cmp::Ordering;
use core::fmt;

/// A version that is spoken here. Only [`CdiVersion::parse`] and the table of dialects make one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CdiVersion {
    major: u8,
    minor: u8,
}

impl CdiVersion {
    /// The newest one, which holds for a request without a version.
    pub const NEWEST: Self = Self::new(5, 6);

    pub(crate) const fn new(major: u8, minor: u8) -> Self {
        Self { major, minor }
    }

    /// Parses the text of a version that is spoken: `5.4`, not `5.4.0`. Numbers, not texts, are compared: 2.10 is newer
    /// than 2.9.
    pub fn parse(text: &str) -> Option<Self> {
        let (major, minor) = text.split_once('.')?;
        let number = |text: &str| {
            let is_plain = text == "0" || !text.starts_with('0');
            (is_plain && text.bytes().all(|byte| byte.is_ascii_digit())).then(|| text.parse().ok()).flatten()
        };
        Some(Self::new(number(major)?, number(minor)?)).filter(|version| version.is_spoken())
    }

    fn is_spoken(self) -> bool {
        match self.major {
            2 => (7..=21).contains(&self.minor),
            3 => self.minor <= 1,
            4 => self.minor == 0,
            5 => self.minor <= 6,
            _ => false,
        }
    }
}

impl fmt::Display for CdiVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.major, self.minor)
    }
}

/// What a request's header says: numbers with points between them, spoken here or not. Some endpoints answer any.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Requested<'a>(&'a str);

impl<'a> Requested<'a> {
    /// Parses a header's value; blanks around it don't count. A number beyond 31 bits is none.
    pub fn parse(value: &'a str) -> Option<Self> {
        let text = value.trim_matches([' ', '\t']);
        let is_number = |part: &str| {
            part.bytes().all(|byte| byte.is_ascii_digit()) && part.parse().is_ok_and(|number: u32| number <= LARGEST)
        };
        text.split('.').all(is_number).then_some(Self(text))
    }

    /// The text, without blanks around it.
    pub const fn text(self) -> &'a str {
        self.0
    }

    /// The version that it names, if that is spoken and written as it should be.
    pub fn spoken(self) -> Option<CdiVersion> {
        CdiVersion::parse(self.0)
    }

    /// Compares by numbers; those that are missing count as 0.
    pub fn cmp_to(self, version: CdiVersion) -> Ordering {
        // INVARIANT: each part is a number, or `parse` had refused the text.
        let mut parts = self.0.split('.').map(|part| part.parse().unwrap_or(LARGEST));
        let pair = [version.major, version.minor].map(u32::from);
        for own in pair {
            match parts.next().unwrap_or(0).cmp(&own) {
                Ordering::Equal => {}
                unequal => return unequal,
            }
        }
        if parts.any(|part| part > 0) { Ordering::Greater } else { Ordering::Equal }
    }
}

/// The largest number that a part of a version may be.
const LARGEST: u32 = i32::MAX as u32;
