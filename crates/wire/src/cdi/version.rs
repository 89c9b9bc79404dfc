//! Versions of the interface, as the header `cdi-version` names them (`spec/modern-core.md` 1.4).

use core::fmt;

/// A version that is spoken here. Only [`CdiVersion::parse`] and the table of dialects make one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CdiVersion {
    major: u8,
    minor: u8,
}

impl CdiVersion {
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
