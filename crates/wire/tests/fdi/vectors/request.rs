//! Cookies and requests.

use doorward_wire::fdi::cookie::CookieReader;
use doorward_wire::fdi::cookie_domain::CookieDomain;
use doorward_wire::fdi::cookie_name::{CookieName, CookieNames, TokenKind};
use doorward_wire::fdi::http_date::http_date;
use doorward_wire::fdi::method::Method;
use doorward_wire::fdi::request::{Candidate, Request};
use doorward_wire::fdi::same_site::SameSite;
use doorward_wire::fdi::set_cookie::{Expires, SetCookie};
use doorward_wire::fdi::transfer::TransferMethod;
use serde_json::{Value, json};

use super::input::{bytes, expanded, flag, millis, text};

pub(crate) fn run(op: &str, input: &Value, expect: &Value) -> Option<Value> {
    Some(match op {
        "cookie.pairs" => pairs(input, expect),
        "request.read" => read(input, expect),
        "http_date" => json!({ "date": http_date(millis(&input["millis"])) }),
        "set_cookie.render" => json!({ "header": set_cookie(input) }),
        _ => return None,
    })
}

fn pairs(input: &Value, expect: &Value) -> Value {
    let mut reader = CookieReader::default();
    let lines: Vec<Vec<u8>> = input["lines"].as_array().unwrap().iter().map(bytes).collect();
    let mut found = Vec::new();
    for line in &lines {
        found.extend(reader.pairs(line).map(|pair| json!([pair.name(), pair.value()])));
    }
    let cut = expect.get("cut").is_some_and(|cut| cut.as_bool().unwrap());
    same_if_equal(expect, (expanded(&expect["pairs"]), cut), (Value::Array(found), reader.was_cut()))
}

fn read(input: &Value, expect: &Value) -> Value {
    let names = match &input["names"] {
        Value::Null => CookieNames::default(),
        names => {
            let name = |at: usize| CookieName::parse(names[at].as_str().unwrap()).unwrap();
            CookieNames { access: name(0), refresh: name(1) }
        }
    };
    let headers: Vec<(&str, Vec<u8>)> = input["headers"]
        .as_array()
        .unwrap()
        .iter()
        .map(|header| (header[0].as_str().unwrap(), bytes(&header[1])))
        .collect();
    let request = Request::read(
        &names,
        input["method"].as_str().unwrap_or("GET"),
        input["path"].as_str().unwrap_or("/"),
        headers.iter().map(|(name, value)| (*name, &**value)),
    );
    let found: Value = expect.as_object().unwrap().keys().map(|name| (name.clone(), fact(&request, name))).collect();
    same_if_equal(expect, expanded(expect), found)
}

fn fact(request: &Request, name: &str) -> Value {
    let all = |kind| request.cookies(kind).all().iter().map(candidate).collect();
    match name {
        "access" => all(TokenKind::Access),
        "access_count" => request.cookies(TokenKind::Access).occurrences().into(),
        "refresh" => all(TokenKind::Refresh),
        "refresh_count" => request.cookies(TokenKind::Refresh).occurrences().into(),
        "bearer" => request.bearer().map(candidate).into(),
        "anti_csrf" => request.anti_csrf().map(|token| token.expose()).into(),
        "rid" => request.has_rid().into(),
        "auth_mode" => request.auth_mode().map(TransferMethod::as_str).into(),
        "origin" => request.origin().into(),
        "user_agent" => request.user_agent().into(),
        "legacy" => request.has_legacy_cookie().into(),
        "cut" => request.cookies_were_cut().into(),
        "path" => request.path().into(),
        "method" => match request.method() {
            Method::Get => "GET".into(),
            Method::Post => "POST".into(),
            _ => "other".into(),
        },
        other => panic!("no fact `{other}` of a request"),
    }
}

fn candidate(candidate: &Candidate) -> Value {
    match candidate {
        Candidate::Text(text) => json!({ "text": text.expose() }),
        Candidate::Oversized => json!({ "oversized": true }),
    }
}

fn set_cookie(input: &Value) -> String {
    let domain = input["domain"].as_str().map(|text| CookieDomain::parse(text).unwrap());
    let expires = match &input["expires"] {
        Value::Null => Expires::PAST,
        moment => Expires::at(millis(moment), millis(&input["now"])),
    };
    let cookie = SetCookie {
        name: text(input, "name"),
        value: text(input, "value"),
        domain: domain.as_ref(),
        path: text(input, "path"),
        expires,
        secure: flag(input, "secure"),
        same_site: SameSite::parse(text(input, "same_site")).unwrap(),
    };
    cookie.render().expose().to_owned()
}

/// Returns the expectation as it stands in the file if what it means was found.
fn same_if_equal<T: PartialEq + std::fmt::Debug>(expect: &Value, wanted: T, found: T) -> Value {
    if wanted == found { expect.clone() } else { format!("{found:?}").into() }
}
