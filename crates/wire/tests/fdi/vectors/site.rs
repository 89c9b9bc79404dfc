//! Normalisation, and sites.

use doorward_wire::fdi::cookie_domain::{CookieDomain, OlderDomain};
use doorward_wire::fdi::cookie_name::TokenKind;
use doorward_wire::fdi::defaults::Defaults;
use doorward_wire::fdi::domain::Origin;
use doorward_wire::fdi::path::UrlPath;
use doorward_wire::fdi::same_site::{SameSite, top_level_domain};
use doorward_wire::fdi::site::Site;
use serde_json::{Value, json};

use super::input::{self, error, text};

pub(crate) fn run(op: &str, input: &Value, expect: &Value) -> Option<Value> {
    Some(match op {
        "domain.parse" => match Origin::parse(text(input, "text")) {
            Ok(origin) => json!({ "origin": origin.as_str() }),
            Err(e) => error(e.code()),
        },
        "path.parse" => match UrlPath::parse(text(input, "text")) {
            Ok(path) => json!({ "path": path.as_str() }),
            Err(e) => error(e.code()),
        },
        "cookie_domain.parse" => match CookieDomain::parse(text(input, "text")) {
            Ok(domain) => json!({ "domain": domain.as_str() }),
            Err(e) => error(e.code()),
        },
        "older_domain.parse" => match OlderDomain::parse(text(input, "text")) {
            Ok(older) => json!({ "older": older_text(&older) }),
            Err(e) => error(e.code()),
        },
        "cookie_domain.covers" => match CookieDomain::parse(text(input, "domain")) {
            Ok(domain) => {
                let api = Origin::parse(&format!("https://{}", text(input, "host"))).unwrap();
                json!({ "covers": domain.covers(api.host()) })
            }
            Err(e) => error(e.code()),
        },
        "site.top_level_domain" => match top_level_domain(Origin::parse(text(input, "origin")).unwrap().host()) {
            Ok(domain) => json!({ "domain": domain }),
            Err(e) => error(e.code()),
        },
        "same_site.defaults" => {
            let origin = |name| Origin::parse(text(input, name)).unwrap();
            match Defaults::of(&origin("api"), &origin("website")) {
                Ok(defaults) => json!({
                    "same_site": defaults.same_site.as_str(),
                    "secure": defaults.secure,
                    "anti_csrf": defaults.anti_csrf.as_str(),
                }),
                Err(e) => error(e.code()),
            }
        }
        "same_site.parse" => json!({ "same_site": SameSite::parse(text(input, "text")).map(SameSite::as_str) }),
        "site.new" => match input::site(input) {
            Ok(site) => match expect.as_object() {
                Some(facts) => facts.keys().map(|name| (name.clone(), fact(&site, name))).collect(),
                None => Value::Null,
            },
            Err(code) => error(code),
        },
        _ => return None,
    })
}

fn older_text(older: &OlderDomain) -> &str {
    older.domain().map_or("host_only", CookieDomain::as_str)
}

fn fact(site: &Site, name: &str) -> Value {
    match name {
        "api" => site.api().as_str().into(),
        "website" => site.website().as_str().into(),
        "issuer" => site.issuer().into(),
        "base_path" => site.base_path().as_str().into(),
        "refresh_path" => site.refresh_path().into(),
        "refresh_route" => site.refresh_route().into(),
        "sign_out_route" => site.sign_out_route().into(),
        "access_cookie" => site.cookie_names().access.as_str().into(),
        "refresh_cookie" => site.cookie_names().refresh.as_str().into(),
        "access_cookie_path" => site.cookie_path(TokenKind::Access).into(),
        "refresh_cookie_path" => site.cookie_path(TokenKind::Refresh).into(),
        "cookie_domain" => site.cookie_domain().map(CookieDomain::as_str).into(),
        "older_domain" => site.older_domain().map(older_text).into(),
        "same_site" => site.same_site().as_str().into(),
        "secure" => site.is_secure().into(),
        "anti_csrf" => site.anti_csrf().as_str().into(),
        // A refusal was expected: say what stands instead.
        "error" => "none".into(),
        other => panic!("no fact `{other}` of a site"),
    }
}
