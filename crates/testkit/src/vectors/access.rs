//! `vectors/tokens/access.json` and `vectors/tokens/formats.json`: what is believed of an access token, of the newest
//! format and of the others.

use doorward_engine::hash::Hash1;
use doorward_engine::id::AppId;
use doorward_engine::secret::Secret;
use doorward_engine::time::Millis;
use doorward_engine::token::access::{self, AccessError, Malformed};
use serde::Deserialize;

use crate::vectors::keys::TestKeys;
use crate::vectors::policy::{PolicyInput, version_number};
use crate::vectors::recipe::Recipe;
use crate::vectors::report::{Case, Report, same, unknown};
use crate::vectors::text::Text;

const FILE: &str = include_str!("../../../../vectors/tokens/access.json");
const FORMATS: &str = include_str!("../../../../vectors/tokens/formats.json");

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Input {
    now: u64,
    token: Option<Text>,
    recipe: Option<Recipe>,
    keys: Option<Vec<String>>,
    #[serde(default)]
    policy: PolicyInput,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Expect {
    error: Option<String>,
    /// Of a refusal: the member of the header, or the claim.
    member: Option<String>,
    version: Option<u8>,
    user: Option<String>,
    recipe_user: Option<String>,
    tenant: Option<String>,
    handle: Option<String>,
    own: Option<String>,
    parent: Option<String>,
    anti_csrf: Option<String>,
    issued_at: Option<u64>,
    expires_at: Option<u64>,
    payload: Option<String>,
}

/// Runs `access.json`.
pub fn run() -> Report {
    run_some("access.json", FILE, None)
}

/// Runs `formats.json`.
pub fn run_formats() -> Report {
    run_some("formats.json", FORMATS, None)
}

/// Runs the cases of `access.json` with this flag.
pub fn run_flagged(flag: &str) -> Report {
    run_some("access.json", FILE, Some(flag))
}

fn run_some(name: &'static str, text: &str, flag: Option<&str>) -> Report {
    let keys = TestKeys::read();
    Report::of_flag(name, text, flag, |case| match (&keys, case.op) {
        (Ok(keys), "access.verify" | "access.peek") => judge(case, keys),
        (Ok(_), op) => unknown(op),
        (Err(error), _) => Err(error.clone()),
    })
}

fn judge(case: &Case<'_>, keys: &TestKeys) -> Result<(), String> {
    let (input, expect): (Input, Expect) = case.read()?;
    let made = input.recipe.map(|recipe| recipe.token(keys)).transpose()?;
    let token = match (&input.token, &made) {
        (Some(stored), Some(made)) => {
            same("the token of the recipe", made.as_str(), stored.as_str()?)?;
            made
        }
        (None, Some(made)) => made,
        (Some(stored), None) => stored.as_str()?,
        (None, None) => return Err("neither token nor recipe".to_owned()),
    };
    let names = input.keys.unwrap_or_else(|| vec!["ed25519".to_owned(), "rsa".to_owned()]);
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let ring = keys.ring(&AppId::default(), &names, "upstream", None)?;
    let policy = input.policy.read()?;
    let read = if case.op == "access.peek" {
        access::peek(token, &policy)
    } else {
        access::verify(token, &ring, Millis::saturating(input.now), &policy)
    };
    let claims = match read {
        Ok(claims) => claims,
        Err(error) => {
            same("the outcome", Some(error.code()), expect.error.as_deref())?;
            return same("the member", member(error).as_deref(), expect.member.as_deref());
        }
    };
    same("the outcome", None, expect.error)?;
    same("version", Some(version_number(claims.version)), expect.version.or(Some(5)))?;
    same("user", Some(claims.user.as_str()), expect.user.as_deref())?;
    same("recipe_user", Some(claims.recipe_user.as_str()), expect.recipe_user.as_deref())?;
    same("tenant", Some(claims.tenant.as_str()), expect.tenant.as_deref())?;
    same("handle", Some(claims.handle.as_str()), expect.handle.as_deref())?;
    same("own", Some(claims.own.as_str()), expect.own.as_deref())?;
    same("parent", claims.parent.as_ref().map(Hash1::as_str), expect.parent.as_deref())?;
    same("anti_csrf", claims.anti_csrf.as_ref().map(Secret::expose), expect.anti_csrf.as_deref())?;
    same("issued_at", Some(claims.issued_at.as_u64()), expect.issued_at)?;
    same("expires_at", Some(claims.expires_at.as_u64()), expect.expires_at)?;
    same("payload", Some(claims.payload().as_str()), expect.payload.as_deref())
}

/// What a refusal names.
fn member(error: AccessError) -> Option<String> {
    match error {
        AccessError::Malformed(Malformed::HeaderMissing(name)) => Some(format!("no {name}")),
        AccessError::Malformed(Malformed::HeaderMismatch(name)) => Some(format!("another {name}")),
        AccessError::Claims(Some(name)) => Some(format!("no {name}")),
        AccessError::Malformed(Malformed::NotJwt)
        | AccessError::UnknownKey
        | AccessError::Signature
        | AccessError::Claims(None)
        | AccessError::Expired => None,
    }
}
