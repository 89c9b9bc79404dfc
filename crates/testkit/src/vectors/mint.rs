//! `vectors/tokens/mint.json`: the tokens of a new session, tokens for an application, and what may go into them.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use doorward_crypto::AwsLc;
use doorward_engine::flow::{Env, Flow as _, Seen, Step};
use doorward_engine::id::{AppId, TenantId, UserId};
use doorward_engine::payload::{JsonText, Payload, PayloadError};
use doorward_engine::policy::Policy;
use doorward_engine::secret::Secret;
use doorward_engine::session::create::{Create, Created, NewLimits, NewSession};
use doorward_engine::session::record::Write;
use doorward_engine::time::{Lifetime, Millis};
use doorward_engine::token::access;
use doorward_engine::token::jwt::NewJwt;
use doorward_engine::token::version::AccessVersion;
use serde::Deserialize;

use crate::vectors::keys::TestKeys;
use crate::vectors::policy::PolicyInput;
use crate::vectors::report::{Case, Report, same, unknown};
use crate::vectors::sealed::entropy;
use crate::vectors::text::Text;

const FILE: &str = include_str!("../../../../vectors/tokens/mint.json");

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct CreateInput {
    now: u64,
    keys: Vec<String>,
    refresh_key: String,
    app: String,
    tenant: String,
    user: String,
    anti_csrf: bool,
    entropy: String,
    payload: Option<String>,
    stored_payload: Option<String>,
    #[serde(default)]
    static_key: bool,
    #[serde(default)]
    policy: PolicyInput,
    #[serde(default)]
    limits: LimitsInput,
}

/// What a session has of its own, in milliseconds.
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct LimitsInput {
    access_lifetime: Option<u64>,
    refresh_lifetime: Option<u64>,
    absolute: Option<u64>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct CreateExpect {
    header: String,
    claims: String,
    access_token: String,
    refresh_token: String,
    handle: String,
    anti_csrf: Option<String>,
    hash2: String,
    session_expires_at: u64,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct JwtInput {
    now: u64,
    keys: Vec<String>,
    payload: String,
    issuer: String,
    validity: u64,
    static_key: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct JwtExpect {
    header: String,
    claims: String,
    token: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ParseInput {
    text: Text,
    limit: usize,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ParseExpect {
    error: Option<String>,
    claim: Option<String>,
    #[serde(default)]
    ok: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct MergeInput {
    stored: Text,
    update: Text,
    limit: usize,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct MergeExpect {
    error: Option<String>,
    text: Option<String>,
}

/// Runs the file.
pub fn run() -> Report {
    let keys = TestKeys::read();
    Report::of("mint.json", FILE, |case| match (&keys, case.op) {
        (Ok(keys), "session.create") => create(case, keys),
        (Ok(keys), "jwt.create") => jwt(case, keys),
        (Ok(_), "payload.parse") => parse(case),
        (Ok(_), "payload.merge") => merge(case),
        (Ok(_), op) => unknown(op),
        (Err(error), _) => Err(error.clone()),
    })
}

fn create(case: &Case<'_>, keys: &TestKeys) -> Result<(), String> {
    let (input, expect): (CreateInput, CreateExpect) = case.read()?;
    let text = |error: doorward_engine::id::IdError| error.to_string();
    let app = AppId::parse(&input.app).map_err(text)?;
    let signing: Vec<&str> = input.keys.iter().map(String::as_str).collect();
    let ring = keys.ring(&app, &signing, &input.refresh_key, None)?;
    let policy = input.policy.read()?;
    let entropy = entropy(Some(&input.entropy))?;
    let now = Millis::saturating(input.now);
    let env = Env { now, policy: &policy, keys: &ring, crypto: &AwsLc, entropy: &entropy };
    let payload = match (&input.payload, &input.stored_payload) {
        (Some(text), None) => Payload::parse(text, policy.payload_limit).map_err(|error| error.to_string())?,
        (None, Some(text)) => Payload::from_stored(text).ok_or("a stored payload that is no object")?,
        _ => return Err("one payload is wanted".to_owned()),
    };
    let new = NewSession {
        app,
        tenant: TenantId::parse(&input.tenant).map_err(text)?,
        user: UserId::parse(&input.user).map_err(text)?,
        payload,
        data: JsonText::default(),
        anti_csrf: input.anti_csrf,
        use_static_key: input.static_key,
        access_lifetime_once: None,
        limits: NewLimits {
            access_lifetime: input.limits.access_lifetime.map(Lifetime::from_millis),
            refresh_lifetime: input.limits.refresh_lifetime.map(Lifetime::from_millis),
            absolute: input.limits.absolute.map(Lifetime::from_millis),
        },
    };
    let Step::Commit(Write::Insert(row), flow) = Create::start(new, &env) else {
        return Err("a new session is not inserted".to_owned());
    };
    let Step::Done(Created::Issued(issued)) = flow.resume(Seen::Applied(*row), &env) else {
        return Err("nothing was issued".to_owned());
    };
    same("the stored payload", Some(issued.row.payload.as_str()), input.payload.or(input.stored_payload).as_deref())?;
    same("the refresh token", issued.refresh.expose(), expect.refresh_token.as_str())?;
    same("hash2", issued.row.current.to_text(), expect.hash2)?;
    same("the handle", issued.row.key.handle.as_str(), expect.handle.as_str())?;
    same("the anti-CSRF value", issued.anti_csrf.as_ref().map(Secret::expose), expect.anti_csrf.as_deref())?;
    same("the session's end", issued.row.expires_at.as_u64(), expect.session_expires_at)?;
    same("the refresh token's end", issued.refresh_expires_at.as_u64(), expect.session_expires_at)?;
    let claims = issued.access.claims;
    same("the claims that are announced", claims.json.as_str(), expect.claims.as_str())?;
    let token = issued.access.unsigned.sign().map_err(|error| error.to_string())?;
    let is_early = policy.access_version < AccessVersion::V3;
    let decode = |part: &str| if is_early { STANDARD.decode(part) } else { URL_SAFE_NO_PAD.decode(part) };
    let mut parts = token.split('.').map(|part| decode(part).unwrap_or_default());
    same("the header", parts.next(), Some(expect.header.into_bytes()))?;
    same("the claims", parts.next(), Some(expect.claims.into_bytes()))?;
    same("the token", token.as_str(), expect.access_token.as_str())?;
    if now < claims.expires_at {
        let read = access::verify(&token, &ring, now, &policy).map_err(|error| error.to_string())?;
        same("the claims as verified", read, claims)?;
    }
    Ok(())
}

fn jwt(case: &Case<'_>, keys: &TestKeys) -> Result<(), String> {
    let (input, expect): (JwtInput, JwtExpect) = case.read()?;
    let signing: Vec<&str> = input.keys.iter().map(String::as_str).collect();
    let ring = keys.ring(&AppId::default(), &signing, "upstream", None)?;
    let new = NewJwt {
        payload: Payload::from_stored(&input.payload).ok_or("a payload that is no object")?,
        issuer: input.issuer,
        validity_secs: input.validity,
        use_static_key: input.static_key,
    };
    let unsigned = new.write(&ring, Millis::saturating(input.now), &Policy::default());
    let token = unsigned.sign().map_err(|error| error.to_string())?;
    let mut parts = token.split('.').map(|part| URL_SAFE_NO_PAD.decode(part).unwrap_or_default());
    same("the header", parts.next(), Some(expect.header.into_bytes()))?;
    same("the claims", parts.next(), Some(expect.claims.into_bytes()))?;
    same("the token", token, expect.token)
}

fn parse(case: &Case<'_>) -> Result<(), String> {
    let (input, expect): (ParseInput, ParseExpect) = case.read()?;
    let text = input.text.as_str()?;
    match Payload::parse(text, input.limit) {
        Ok(payload) => {
            same("the outcome", (true, None), (expect.ok, expect.error))?;
            same("the text", payload.as_str(), text)
        }
        Err(error) => {
            same("the outcome", Some(error.code()), expect.error.as_deref())?;
            same("the claim", reserved(&error), expect.claim.as_deref())
        }
    }
}

fn reserved(error: &PayloadError) -> Option<&str> {
    match error {
        PayloadError::Reserved { claim } => Some(claim),
        _ => None,
    }
}

fn merge(case: &Case<'_>) -> Result<(), String> {
    let (input, expect): (MergeInput, MergeExpect) = case.read()?;
    let read =
        |text: &Text| Payload::from_stored(text.as_str()?).ok_or_else(|| "a payload that is no object".to_owned());
    match read(&input.stored)?.merged(&read(&input.update)?, input.limit) {
        Ok(merged) => same("the result", (Some(merged.as_str()), None), (expect.text.as_deref(), expect.error)),
        Err(error) => same("the outcome", Some(error.code()), expect.error.as_deref()),
    }
}
