//! `vectors/tokens/ids.json`: identifiers, made and parsed.

use doorward_engine::id::{AppId, IdError, KeyId, SessionHandle, TenantId, UserId};
use doorward_engine::time::Millis;
use serde::Deserialize;

use crate::vectors::report::{Case, Report, same, unknown};

const FILE: &str = include_str!("../../../../vectors/tokens/ids.json");

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct MakeInput {
    now: u64,
    random: String,
    tenant: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ParseInput {
    text: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Expect {
    error: Option<String>,
    text: Option<String>,
    tenant: Option<String>,
    tenant_error: Option<String>,
}

/// Runs the file.
pub fn run() -> Report {
    // The first handles of the file are in order of time, and must sort so.
    let mut last = String::new();
    Report::of("ids.json", FILE, |case| match case.op {
        "handle.make" => make(case, &mut last),
        "handle.parse" => parse(case, |text| {
            let handle = SessionHandle::parse(text)?;
            Ok((handle.as_str().to_owned(), Some(handle.tenant())))
        }),
        "user.parse" => parse(case, |text| Ok((UserId::parse(text)?.as_str().to_owned(), None))),
        "tenant.parse" => parse(case, |text| Ok((TenantId::parse(text)?.as_str().to_owned(), None))),
        "app.parse" => parse(case, |text| Ok((AppId::parse(text)?.as_str().to_owned(), None))),
        "key_id.parse" => parse(case, |text| Ok((KeyId::parse(text)?.as_str().to_owned(), None))),
        op => unknown(op),
    })
}

fn make(case: &Case<'_>, last: &mut String) -> Result<(), String> {
    let (input, expect): (MakeInput, Expect) = case.read()?;
    let tenant = TenantId::parse(&input.tenant).map_err(|error| error.to_string())?;
    let mut random = [0; 10];
    hex::decode_to_slice(&input.random, &mut random).map_err(|error| error.to_string())?;
    let handle = SessionHandle::make(Millis::saturating(input.now), random, &tenant);
    same("the handle", Some(handle.as_str()), expect.text.as_deref())?;
    same("its tenant", handle.tenant(), Ok(tenant.clone()))?;
    same("what parsing makes of it", SessionHandle::parse(handle.as_str()), Ok(handle.clone()))?;
    if tenant.is_default() {
        if handle.as_str() <= last.as_str() {
            return Err("it sorts before an older one".to_owned());
        }
        *last = handle.as_str().to_owned();
    }
    Ok(())
}

/// The text of an identifier, and the tenant that it names if it is of that kind.
type Parsed = (String, Option<Result<TenantId, IdError>>);

fn parse(case: &Case<'_>, parse: impl Fn(&str) -> Result<Parsed, IdError>) -> Result<(), String> {
    let (input, expect): (ParseInput, Expect) = case.read()?;
    match parse(&input.text) {
        Err(error) => same("the outcome", Some(error.code()), expect.error.as_deref()),
        Ok((text, tenant)) => {
            same("the outcome", None, expect.error)?;
            same("the text", Some(text), expect.text)?;
            let named = tenant.as_ref().and_then(|tenant| tenant.as_ref().ok()).map(TenantId::as_str);
            same("its tenant", named, expect.tenant.as_deref())?;
            let why = tenant.and_then(Result::err).map(IdError::code);
            same("why it names no tenant", why, expect.tenant_error.as_deref())
        }
    }
}
