//! What an application puts into a session, as JSON text: checked once, then kept as it was received.

use alloc::borrow::Cow;
use alloc::boxed::Box;
use alloc::collections::{BTreeMap, BTreeSet};
use alloc::string::String;
use core::fmt;

use serde::de::IgnoredAny;

use crate::json::Members;
use crate::token::claim_check::ClaimCheck;
use crate::token::version::AccessVersion;

/// Claims that verification itself judges: in a payload they would end a session by surprise.
const JUDGED_CLAIMS: [&str; 2] = ["nbf", "stt"];

/// Where tokens before the third version have the payload.
pub(crate) const NESTED: &str = "userData";

fn is_reserved(name: &str) -> bool {
    AccessVersion::V5.reserved().contains(&name) || JUDGED_CLAIMS.contains(&name)
}

/// Why a payload or session data cannot be stored.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PayloadError {
    /// Not JSON.
    #[error("the {what} is not valid JSON")]
    NotJson {
        /// Payload or data.
        what: &'static str,
    },
    /// A payload that is JSON, but not an object.
    #[error("the access token payload must be a JSON object")]
    NotAnObject,
    /// A claim that is Doorward's own.
    #[error("the access token payload must not contain the reserved claim `{claim}`")]
    Reserved {
        /// Its name.
        claim: String,
    },
    /// One name twice: readers disagree about which one counts.
    #[error("the access token payload contains a claim twice")]
    Duplicate,
    /// More than the limit.
    #[error("the {what} has {size} bytes of JSON, and {limit} are allowed")]
    TooLarge {
        /// Payload or data.
        what: &'static str,
        /// Its size.
        size: usize,
        /// The limit.
        limit: usize,
    },
}

impl PayloadError {
    /// A stable code for programs.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::NotJson { .. } => "payload.not_json",
            Self::NotAnObject => "payload.not_an_object",
            Self::Reserved { .. } => "payload.reserved_claim",
            Self::Duplicate => "payload.duplicate_claim",
            Self::TooLarge { .. } => "payload.too_large",
        }
    }
}

/// The members of an access token payload that belong to the application: the text of a JSON object.
#[derive(Clone, PartialEq, Eq)]
pub struct Payload(Box<str>);

impl Payload {
    /// Checks a payload that an application hands in.
    pub fn parse(text: &str, limit: usize) -> Result<Self, PayloadError> {
        let what = "access token payload";
        if text.len() > limit {
            return Err(PayloadError::TooLarge { what, size: text.len(), limit });
        }
        if !text.trim_ascii_start().starts_with('{') {
            serde_json::from_str::<IgnoredAny>(text).map_err(|_| PayloadError::NotJson { what })?;
            return Err(PayloadError::NotAnObject);
        }
        let members = Members::parse(text).ok_or(PayloadError::NotJson { what })?;
        let mut earlier = BTreeSet::new();
        for (name, _) in &members.0 {
            if is_reserved(name) {
                return Err(PayloadError::Reserved { claim: name.clone().into_owned() });
            }
            if !earlier.insert(name) {
                return Err(PayloadError::Duplicate);
            }
        }
        Ok(Self(text.into()))
    }

    /// Takes a payload from the store, where other programs may have put it: it must be an object, no more.
    pub fn from_stored(text: &str) -> Option<Self> {
        Members::parse(text)?;
        Some(Self(text.into()))
    }

    /// Checks that no member has the name of a claim that a token of this version has for itself.
    pub fn check_reserved(&self, version: AccessVersion) -> Result<(), PayloadError> {
        let members = Members::parse(&self.0).ok_or(PayloadError::NotJson { what: "access token payload" })?;
        match members.0.iter().find(|(name, _)| version.reserved().contains(&&**name)) {
            Some((name, _)) => Err(PayloadError::Reserved { claim: name.clone().into_owned() }),
            None => Ok(()),
        }
    }

    /// Returns the text of the JSON object.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Returns the payload with the members of `other` laid over it, top-level keys only. All members keep their text,
    /// and those that were there their place.
    pub fn with(&self, other: &Self, limit: usize) -> Result<Self, PayloadError> {
        Self::parse(&self.overlaid(other, |_| true)?, limit)
    }

    /// The same for an update of a session that is there: a member that is `null` in the end is removed
    /// (`spec/modern-sdk.md` 1.6.3).
    pub fn merged(&self, update: &Self, limit: usize) -> Result<Self, PayloadError> {
        Self::parse(&self.overlaid(update, |value| value != "null")?, limit)
    }

    pub(crate) fn overlaid(&self, other: &Self, keep: impl Fn(&str) -> bool) -> Result<String, PayloadError> {
        let members = |payload| Members::parse(payload).ok_or(PayloadError::NotJson { what: "access token payload" });
        let (mut own, other) = (members(&self.0)?, members(&other.0)?);
        // Of two members of one name the first is the one that is laid over.
        let mut places = BTreeMap::new();
        for (at, (name, _)) in own.0.iter().enumerate() {
            places.entry(name.clone()).or_insert(at);
        }
        for (name, value) in other.0 {
            match places.get(&name).and_then(|at| own.0.get_mut(*at)) {
                Some(member) => member.1 = value,
                None => {
                    places.insert(name.clone(), own.0.len());
                    own.0.push((name, value));
                }
            }
        }
        own.0.retain(|(_, value)| keep(value.get()));
        Ok(own.to_text())
    }

    /// Whether it has a member of this name.
    pub fn has(&self, name: &str) -> bool {
        Members::parse(&self.0).is_some_and(|members| members.0.iter().any(|(known, _)| known == name))
    }

    /// Returns the payload without the member of this name. The others keep their text and order.
    #[must_use]
    pub fn without(&self, name: &str) -> Self {
        match Members::parse(&self.0) {
            Some(mut members) if members.0.iter().any(|(known, _)| known == name) => {
                members.0.retain(|(known, _)| known != name);
                Self(members.to_text().into())
            }
            _ => self.clone(),
        }
    }

    /// Returns the members between the braces, without them.
    pub(crate) fn inner(&self) -> &str {
        let text = self.0.trim_ascii();
        text.strip_prefix('{').and_then(|text| text.strip_suffix('}')).unwrap_or_default().trim_ascii()
    }

    /// Returns the payload as it goes into a token of this version: a stored one that another program wrote may hold
    /// claims that are reserved, or one name twice, of which the last counts.
    pub(crate) fn without_reserved(&self, version: AccessVersion, check: ClaimCheck) -> Cow<'_, Self> {
        // Before the third version the payload has a place of its own in the token.
        let is_apart = version < AccessVersion::V3;
        let may_stay = |name: &str| {
            let is_judged = check == ClaimCheck::Strict && JUDGED_CLAIMS.contains(&name);
            is_apart || !(is_judged || version.reserved().contains(&name))
        };
        let Some(members) = Members::parse(&self.0) else { return Cow::Owned(Self::default()) };
        let last: BTreeMap<&str, usize> = members.0.iter().enumerate().map(|(at, (name, _))| (&**name, at)).collect();
        let counts = |at: usize, name: &str| last.get(name) == Some(&at) && may_stay(name);
        if members.0.iter().enumerate().all(|(at, (name, _))| counts(at, name)) {
            return Cow::Borrowed(self);
        }
        let kept = members.0.iter().enumerate().filter(|(at, (name, _))| counts(*at, name));
        Cow::Owned(Self(Members(kept.map(|(_, member)| member.clone()).collect()).to_text().into()))
    }

    /// Returns the payload of an access token's claims: all members but the reserved ones, and before the third version
    /// what has its place in the token.
    pub(crate) fn from_claims(claims: &str, version: AccessVersion) -> Option<Self> {
        let mut members = Members::parse(claims)?;
        if version < AccessVersion::V3 {
            let (_, data) = members.0.iter().find(|(name, _)| name == NESTED)?;
            return Self::from_stored(data.get());
        }
        members.0.retain(|(name, _)| !version.reserved().contains(&&**name));
        Some(Self(members.to_text().into()))
    }
}

impl Default for Payload {
    fn default() -> Self {
        Self("{}".into())
    }
}

impl fmt::Debug for Payload {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Payload({} bytes)", self.0.len())
    }
}

/// Any JSON that an application keeps in the store beside its session, as text.
#[derive(Clone, PartialEq, Eq)]
pub struct JsonText(Box<str>);

impl JsonText {
    /// Checks session data that an application hands in.
    pub fn parse(text: &str, limit: usize) -> Result<Self, PayloadError> {
        let what = "session data";
        if text.len() > limit {
            return Err(PayloadError::TooLarge { what, size: text.len(), limit });
        }
        serde_json::from_str::<IgnoredAny>(text).map_err(|_| PayloadError::NotJson { what })?;
        Ok(Self(text.into()))
    }

    /// Takes session data from the store, as it is.
    pub fn from_stored(text: &str) -> Self {
        Self(text.into())
    }

    /// Returns the text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Default for JsonText {
    fn default() -> Self {
        Self("{}".into())
    }
}

impl fmt::Debug for JsonText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "JsonText({} bytes)", self.0.len())
    }
}
