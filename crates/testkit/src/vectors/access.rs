//! `vectors/tokens/access.json`: what is believed of an access token.

use doorward_engine::hash::Hash1;
use doorward_engine::id::AppId;
use doorward_engine::policy::Policy;
use doorward_engine::secret::Secret;
use doorward_engine::time::Millis;
use doorward_engine::token::access;
use serde::Deserialize;

use crate::vectors::keys::TestKeys;
use crate::vectors::recipe::Recipe;
use crate::vectors::report::{Case, Report, same, unknown};
use crate::vectors::text::Text;

const FILE: &str = include_str!("../../../../vectors/tokens/access.json");

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Input {
    now: u64,
    token: Option<Text>,
    recipe: Option<Recipe>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Expect {
    error: Option<String>,
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

/// Runs the file.
pub fn run() -> Report {
    run_some(None)
}

/// Runs the cases with this flag.
pub fn run_flagged(flag: &str) -> Report {
    run_some(Some(flag))
}

fn run_some(flag: Option<&str>) -> Report {
    let keys = TestKeys::read();
    Report::of_flag("access.json", FILE, flag, |case| match (&keys, case.op) {
        (Ok(keys), "access.verify") => verify(case, keys),
        (Ok(_), op) => unknown(op),
        (Err(error), _) => Err(error.clone()),
    })
}

fn verify(case: &Case<'_>, keys: &TestKeys) -> Result<(), String> {
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
    let ring = keys.ring(&AppId::default(), &["ed25519", "rsa"], "upstream", None)?;
    let claims = match access::verify(token, &ring, Millis::saturating(input.now), &Policy::default()) {
        Ok(claims) => claims,
        Err(error) => return same("the outcome", Some(error.code()), expect.error.as_deref()),
    };
    same("the outcome", None, expect.error)?;
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
