//! What apps and tenants may be called (`spec/modern-core.md` 5.1).

use alloc::format;
use alloc::string::String;

use doorward_engine::id::{AppId, TenantId};

use super::answer::Refusal;
use super::route::RESERVED;

/// Reads the name of a tenant: blanks around it don't count, letters are folded to lower case.
pub fn tenant(raw: &str) -> Result<TenantId, Refusal> {
    let name = plain(raw, "tenantId")?;
    if RESERVED.contains(&name.as_str()) {
        return Err(Refusal::bad(format!("Cannot use '{name}' as a tenantId")));
    }
    TenantId::parse(allowed(&name, "tenantId")?).map_err(|_| character("tenantId"))
}

/// Reads the name of an app. Words that paths begin with are allowed here: an app's stand behind `appid-`.
pub fn app(raw: &str) -> Result<AppId, Refusal> {
    let name = plain(raw, "appId")?;
    AppId::parse(allowed(&name, "appId")?).map_err(|_| character("appId"))
}

fn plain(raw: &str, what: &str) -> Result<String, Refusal> {
    // ASCII only: a letter that folds to one of these is not one of these.
    let name = raw.trim_matches(|blank: char| blank <= ' ').to_ascii_lowercase();
    if name.is_empty() { Err(Refusal::bad(format!("{what} should not be an empty String"))) } else { Ok(name) }
}

/// Characters that a stored name may have.
const MAX_CHARS: usize = 64;

fn allowed<'a>(name: &'a str, what: &str) -> Result<&'a str, Refusal> {
    if name.starts_with("appid-") {
        return Err(Refusal::bad(format!("{what} must not start with 'appid-'")));
    }
    if name.bytes().any(|byte| !(byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')) {
        return Err(character(what));
    }
    if name.len() > MAX_CHARS {
        return Err(Refusal::bad(format!("{what} can only have {MAX_CHARS} characters")));
    }
    Ok(name)
}

fn character(what: &str) -> Refusal {
    Refusal::bad(format!("{what} can only contain letters, numbers and hyphens"))
}
