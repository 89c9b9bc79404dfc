//! `/recipe/multitenancy/tenant` and `/tenant/v2`: reads, makes and changes a tenant (`spec/modern-core.md` 5.2).

use alloc::borrow::Cow;
use alloc::collections::BTreeSet;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use serde::Serialize;
use serde_json::value::RawValue;

use super::answer::{Answer, Refusal};
use super::dialect::Dialect;
use super::input::Object;
use super::route::Generation;
use super::status::Status;

/// How many factors a tenant may have. Upstream knows eight.
const FACTORS: usize = 64;

/// How long the name of one may be: the column has no room for more.
const FACTOR_CHARS: usize = 128;

/// What a PUT of a tenant or app says. What is `None` stays as it is.
#[derive(Clone, Debug)]
pub struct Request<'a> {
    /// Which one; without it the one of the path.
    pub name: Option<Cow<'a, str>>,
    /// Settings to change; those that are `null` are removed.
    pub core_config: Option<&'a RawValue>,
    /// First factors; `Some(None)` removes them.
    pub first_factors: Option<Option<Vec<String>>>,
    /// The factors after the first; `Some(None)` removes them.
    pub required_secondary_factors: Option<Option<Vec<String>>>,
    /// `emailPasswordEnabled`, first generation only.
    pub email_password: Option<bool>,
    /// `thirdPartyEnabled`, first generation only.
    pub third_party: Option<bool>,
    /// `passwordlessEnabled`, first generation only.
    pub passwordless: Option<bool>,
}

/// Reads the body of a PUT. `name` is the field with the name: `tenantId` or `appId`.
pub fn parse<'a>(
    object: &Object<'a>,
    name: &str,
    generation: Generation,
    dialect: &Dialect,
) -> Result<Request<'a>, Refusal> {
    let is_first = generation == Generation::First;
    let flag = |name: &str| if is_first { object.optional_boolean(name) } else { Ok(None) };
    let factors = |name: &str| if is_first && !dialect.tenant_factors { Ok(None) } else { factors(object, name) };
    Ok(Request {
        name: object.optional_string(name)?,
        email_password: flag("emailPasswordEnabled")?,
        third_party: flag("thirdPartyEnabled")?,
        passwordless: flag("passwordlessEnabled")?,
        first_factors: factors("firstFactors")?,
        required_secondary_factors: factors("requiredSecondaryFactors")?,
        core_config: object.optional_object("coreConfig")?,
    })
}

fn factors(object: &Object<'_>, name: &str) -> Result<Option<Option<Vec<String>>>, Refusal> {
    if object.is_null(name) {
        return Ok(Some(None));
    }
    let Some(given) = object.optional_strings(name)? else { return Ok(None) };
    let fits = |factor: &str| factor.chars().count() <= FACTOR_CHARS && !factor.contains('\0');
    if given.len() > FACTORS || !given.iter().all(|factor| fits(factor)) {
        return Err(Refusal::bad(format!("{name} may have {FACTORS} values of at most {FACTOR_CHARS} characters")));
    }
    if given.iter().collect::<BTreeSet<_>>().len() < given.len() {
        return Err(Refusal::bad(format!("{name} input should not contain duplicate values")));
    }
    Ok(Some(Some(given.into_iter().map(Cow::into_owned).collect())))
}

/// A tenant as it is shown. Login methods are other recipes': they are kept for those who read them elsewhere.
#[derive(Clone, Copy, Debug)]
pub struct Tenant<'a> {
    /// Its name.
    pub id: &'a str,
    /// Its settings, a JSON object.
    pub core_config: &'a str,
    /// First factors, if any were ever set.
    pub first_factors: Option<&'a [String]>,
    /// The factors after the first.
    pub required_secondary_factors: Option<&'a [String]>,
    /// Whether users may sign in with a password.
    pub email_password: bool,
    /// Whether they may by a third party.
    pub third_party: bool,
    /// Whether they may by a message.
    pub passwordless: bool,
}

/// The members of a tenant in an answer.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Shown<'a> {
    tenant_id: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    email_password: Option<Enabled>,
    third_party: ThirdParty,
    #[serde(skip_serializing_if = "Option::is_none")]
    passwordless: Option<Enabled>,
    #[serde(skip_serializing_if = "Option::is_none")]
    first_factors: Option<&'a [String]>,
    #[serde(skip_serializing_if = "Option::is_none")]
    required_secondary_factors: Option<&'a [String]>,
    #[serde(skip_serializing_if = "Option::is_none")]
    core_config: Option<&'a RawValue>,
}

#[derive(Serialize)]
struct Enabled {
    enabled: bool,
}

#[derive(Serialize)]
struct ThirdParty {
    #[serde(skip_serializing_if = "Option::is_none")]
    enabled: Option<bool>,
    /// Never any: they are another recipe's.
    providers: [(); 0],
}

impl<'a> Tenant<'a> {
    pub(super) fn shown(&self, generation: Generation, dialect: &Dialect) -> Shown<'a> {
        let is_first = generation == Generation::First;
        let enabled = |enabled| is_first.then_some(Enabled { enabled });
        let has_factors = !is_first || dialect.tenant_factors;
        Shown {
            tenant_id: self.id,
            email_password: enabled(self.email_password),
            third_party: ThirdParty { enabled: is_first.then_some(self.third_party), providers: [] },
            passwordless: enabled(self.passwordless),
            first_factors: self.first_factors.filter(|_| has_factors),
            required_secondary_factors: self.required_secondary_factors.filter(|_| has_factors),
            // INVARIANT: only objects are stored. Were it otherwise, the member would be missing.
            core_config: serde_json::from_str(self.core_config).ok(),
        }
    }
}

#[derive(Serialize)]
struct Found<'a> {
    #[serde(flatten)]
    tenant: Shown<'a>,
    status: Status,
}

/// Answers a GET.
pub fn render_get(tenant: Option<&Tenant<'_>>, generation: Generation, dialect: &Dialect) -> Answer {
    match tenant {
        Some(tenant) => Answer::json(&Found { tenant: tenant.shown(generation, dialect), status: Status::Ok }),
        None => Status::TenantNotFound.answer(),
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Put {
    status: Status,
    created_new: bool,
}

/// Answers a PUT.
pub fn render_put(created_new: bool) -> Answer {
    Answer::json(&Put { status: Status::Ok, created_new })
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Removed {
    status: Status,
    did_exist: bool,
}

/// Answers the removal of a tenant or app.
pub fn render_removed(did_exist: bool) -> Answer {
    Answer::json(&Removed { status: Status::Ok, did_exist })
}
