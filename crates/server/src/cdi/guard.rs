//! What stands between a request and its endpoint, in the order of `spec/modern-core.md` 1.3: the peer's address, the
//! API key, the version.
//!
//! All of it is judged on the route that the request then takes, so no other spelling of a path gets past it.

use std::fmt::Write as _;
use std::net::{IpAddr, Ipv6Addr};

use doorward_engine::secret::Secret;
use doorward_wire::cdi::answer::Refusal;
use doorward_wire::cdi::dialect::Dialect;
use doorward_wire::cdi::route::Route;
use doorward_wire::cdi::version::{CdiVersion, Requested};
use http::{HeaderMap, HeaderName, HeaderValue, header};
use regex::Regex;

use crate::cdi::app::App;
use crate::cdi::fault::Fault;
use crate::settings::{AppSettings, TenantSettings};

/// Where a caller shows its key.
pub(crate) const API_KEY: HeaderName = HeaderName::from_static("api-key");
/// Which version of the interface a caller speaks.
pub(crate) const VERSION: HeaderName = HeaderName::from_static("cdi-version");

/// Lets a request in, and says what its version means. An app that isn't there has no rules of its own: its endpoints
/// refuse every request.
pub(crate) fn admit(
    route: &Route<'_>,
    app: Option<&App>,
    headers: &HeaderMap,
    peer: IpAddr,
) -> Result<&'static Dialect, Fault> {
    let mut limits = (None, None);
    if let Some(app) = app {
        let settings = app.settings()?;
        if !may_come(app.tenant_settings(route.tenant)?, peer) {
            return Err(Refusal::ADDRESS.into());
        }
        if !route.endpoint.is_open() && !has_key(settings, headers) {
            return Err(Refusal::API_KEY.into());
        }
        limits = (settings.min_cdi, settings.max_cdi);
    }
    Ok(dialect(route, limits, headers)?)
}

/// Whether an app lets a request in to a tenant of its own that isn't known here: whether it is worth looking for. The tenant
/// may have address rules that let in more peers than the app's; whoever has shown a key is believed to have one of those.
pub(crate) fn would_let_in(route: &Route<'_>, app: &App, headers: &HeaderMap, peer: IpAddr) -> bool {
    app.settings().is_ok_and(|settings| match has_key(settings, headers) {
        true if !settings.api_keys.is_empty() => true,
        is_enough => (is_enough || route.endpoint.is_open()) && may_come(&settings.tenant, peer),
    })
}

fn may_come(rules: &TenantSettings, peer: IpAddr) -> bool {
    if rules.ip_allow.is_none() && rules.ip_deny.is_none() {
        return true;
    }
    let address = address_text(peer);
    let is_match = |regex: &Regex| regex.find(&address).is_some_and(|found| found.len() == address.len());
    match (&rules.ip_deny, &rules.ip_allow) {
        (Some(deny), _) if is_match(deny) => false,
        (_, Some(allow)) => is_match(allow),
        (_, None) => true,
    }
}

/// An address as Java writes it, which is what operators wrote their rules for: no `::`.
fn address_text(peer: IpAddr) -> String {
    let long = |address: Ipv6Addr| {
        let mut text = String::with_capacity(39);
        for (at, segment) in address.segments().into_iter().enumerate() {
            // Writing to a text cannot fail.
            let _ = write!(text, "{}{segment:x}", if at == 0 { "" } else { ":" });
        }
        text
    };
    match peer {
        IpAddr::V4(address) => address.to_string(),
        IpAddr::V6(address) => address.to_ipv4_mapped().map_or_else(|| long(address), |mapped| mapped.to_string()),
    }
}

fn has_key(settings: &AppSettings, headers: &HeaderMap) -> bool {
    if settings.api_keys.is_empty() {
        return true;
    }
    given_key(headers).is_some_and(|given| {
        // All of them, whichever fits: how long it takes says nothing.
        settings.api_keys.iter().fold(false, |found, key: &Secret| found | key.matches(given))
    })
}

/// Whether a request shows this key.
pub(crate) fn shows(key: &Secret, headers: &HeaderMap) -> bool {
    given_key(headers).is_some_and(|given| key.matches(given))
}

/// The key of a request: of `api-key` if that is there, else of `Authorization`, with or without `Bearer`.
fn given_key(headers: &HeaderMap) -> Option<&str> {
    if headers.contains_key(API_KEY) {
        return Some(only(headers, API_KEY)?.to_str().ok()?.trim());
    }
    let value = only(headers, header::AUTHORIZATION)?.to_str().ok()?.trim();
    match value.split_at_checked("Bearer ".len()) {
        Some((scheme, key)) if scheme.eq_ignore_ascii_case("Bearer ") => Some(key.trim()),
        _ => Some(value),
    }
}

/// The value of a header that is there once. Of two it can't be known which one others look at.
fn only(headers: &HeaderMap, name: HeaderName) -> Option<&HeaderValue> {
    let mut values = headers.get_all(name).into_iter();
    let first = values.next()?;
    values.next().is_none().then_some(first)
}

fn dialect(
    route: &Route<'_>,
    (min, max): (Option<CdiVersion>, Option<CdiVersion>),
    headers: &HeaderMap,
) -> Result<&'static Dialect, Refusal> {
    let max = max.unwrap_or(CdiVersion::NEWEST);
    let is_tenant = route.tenant != "public";
    if !headers.contains_key(VERSION) {
        let dialect = Dialect::of(max);
        return if is_tenant && !dialect.path_tenants { Err(Refusal::NOT_FOUND) } else { Ok(dialect) };
    }
    let value = only(headers, VERSION).and_then(|value| value.to_str().ok());
    let requested = value.and_then(Requested::parse).ok_or(Refusal::VERSION)?;
    if requested.cmp_to(max).is_gt() {
        return Err(Refusal::version(requested.text()));
    }
    if let Some(min) = min.filter(|min| requested.cmp_to(*min).is_lt()) {
        let text = requested.text();
        return Err(Refusal::bad(format!("cdi-version {text} is lower than the minimum allowed version {min}")));
    }
    let dialect = Dialect::nearest(requested);
    if is_tenant && !dialect.path_tenants {
        return Err(Refusal::NOT_FOUND);
    }
    match requested.spoken() {
        Some(version) => Ok(Dialect::of(version)),
        None if route.endpoint.needs_version() => Err(Refusal::version(requested.text())),
        None => Ok(dialect),
    }
}
