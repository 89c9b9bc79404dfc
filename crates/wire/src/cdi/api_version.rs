//! GET `/apiversion`: which versions are spoken (`spec/modern-core.md` 2.1).

use alloc::borrow::Cow;
use alloc::string::{String, ToString as _};
use alloc::vec::Vec;

use serde::Serialize;

use super::answer::Answer;
use super::dialect::Dialect;
use super::input::Query;
use super::version::CdiVersion;

/// Where the caller's application lives, as an SDK says it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request<'a> {
    /// Of its website.
    pub website_domain: Option<Cow<'a, str>>,
    /// Of its own interface.
    pub api_domain: Option<Cow<'a, str>>,
}

/// Reads a query. What can be no domain, and no database keeps, counts as absent.
pub fn parse(query: Query<'_>) -> Request<'_> {
    let domain = |name| query.optional_text(name).filter(|domain| !domain.contains('\0'));
    Request { website_domain: domain("websiteDomain"), api_domain: domain("apiDomain") }
}

#[derive(Serialize)]
struct Versions {
    versions: Vec<String>,
}

/// Lists all versions up to the highest that an app allows. The lowest that it allows shortens nothing, as upstream.
pub fn render(max: Option<CdiVersion>) -> Answer {
    let spoken = Dialect::all().iter().map(|dialect| dialect.version);
    let allowed = spoken.filter(|version| max.is_none_or(|max| *version <= max));
    Answer::json(&Versions { versions: allowed.map(|version| version.to_string()).collect() })
}
