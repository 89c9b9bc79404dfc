//! Which paths belong to recipes that aren't here, where a core for those stands behind this server.
//!
//! That core finds the app and the tenant of a path by itself (`spec/modern-core.md` 1.2). So a path is handed on only if
//! both are sure to read the same in it: what was judged here is what is done there.

use super::route::{Endpoint, PUBLIC, Route, app_of, tenant_of, without_slash};

/// What the paths of other recipes begin with, below app and tenant.
const BEGINNINGS: [&str; 4] = ["/recipe/", "/users", "/user/", "/bulk-import/"];

/// A core looks for whole paths before it looks for tenants, so these are of no tenant of their first word's name.
const WHOLE: [&str; 3] = ["/bulk-import/users", "/bulk-import/users/count", "/bulk-import/users/remove"];

/// Finds the route of a path that was decoded and folded, and that the base path was taken from.
pub fn find(path: &str) -> Route<'_> {
    let (app, rest) = app_of(path);
    if WHOLE.contains(&without_slash(rest)) {
        return Route { endpoint: Endpoint::Elsewhere, app, tenant: PUBLIC };
    }
    let ours = Route::find(path);
    match ours.endpoint {
        // Who a user is, and how many there are, is known where they sign up.
        Endpoint::UserById | Endpoint::UserCount => Route { endpoint: Endpoint::Elsewhere, ..ours },
        Endpoint::Unknown if is_plain(path) => {
            let (tenant, below) = tenant_of(rest);
            match (begins_as_theirs(below), begins_as_theirs(rest)) {
                (true, _) => Route { endpoint: Endpoint::Elsewhere, app, tenant },
                (false, true) => Route { endpoint: Endpoint::Elsewhere, app, tenant: PUBLIC },
                (false, false) => ours,
            }
        }
        _ => ours,
    }
}

fn begins_as_theirs(path: &str) -> bool {
    BEGINNINGS.iter().any(|beginning| {
        let rest = path.strip_prefix(beginning);
        rest.is_some_and(|rest| beginning.ends_with('/') || rest.is_empty() || rest.starts_with('/'))
    })
}

/// Whether nothing in a path can be read in two ways: no empty segment, none of dots, no parameter, nothing that would be
/// encoded. No recipe has a path that isn't so.
fn is_plain(path: &str) -> bool {
    let byte = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || matches!(byte, b'-' | b'_' | b'.');
    let segment = |segment: &str| segment.bytes().all(byte) && !segment.bytes().all(|byte| byte == b'.');
    without_slash(path).strip_prefix('/').is_some_and(|path| path.split('/').all(segment))
}
