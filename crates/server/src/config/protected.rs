//! Options of apps and tenants that belong to who runs the server: with `supertokens_saas_secret` set, other callers neither
//! see nor change them (`spec/modern-core.md` 10.2).

use std::collections::BTreeMap;

use serde_json::value::RawValue;

use super::options;

type Members = BTreeMap<String, Box<RawValue>>;

/// The database of a tenant is never a caller's own.
const DATABASE: &str = "postgresql_";

fn is_protected(name: &str) -> bool {
    name.starts_with(DATABASE) || options::find(name).is_some_and(|option| option.is_protected)
}

/// Returns a `core_config` without them, if it has any.
pub(crate) fn without(core_config: &str) -> Option<String> {
    let mut members: Members = serde_json::from_str(core_config).ok()?;
    let before = members.len();
    members.retain(|name, _| !is_protected(name));
    // Names and values that were read can be written again.
    if members.len() < before { serde_json::to_string(&members).ok() } else { None }
}

/// Whether they are the same in two of them.
pub(crate) fn are_same(one: &str, other: &str) -> bool {
    let only = |core_config| {
        let mut members: Members = serde_json::from_str(core_config).unwrap_or_default();
        members.retain(|name, _| is_protected(name));
        members.into_iter().map(|(name, value)| (name, Box::<str>::from(value))).collect::<Vec<_>>()
    };
    only(one) == only(other)
}
