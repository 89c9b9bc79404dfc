//! Reads the inputs of vectors.

use doorward_engine::time::Millis;
use doorward_wire::fdi::csrf::AntiCsrf;
use doorward_wire::fdi::same_site::SameSite;
use doorward_wire::fdi::site::{Site, SiteConfig};
use doorward_wire::fdi::transfer::{Allowed, TransferMethod};
use serde_json::{Value, json};

/// A text: as it is, as `{"parts": [text, [text, times]]}`, or as `{"hex": bytes}`.
pub(crate) fn bytes(value: &Value) -> Vec<u8> {
    if let Some(text) = value.as_str() {
        return text.into();
    }
    if let Some(digits) = value["hex"].as_str() {
        return (0..digits.len()).step_by(2).map(|at| u8::from_str_radix(&digits[at..at + 2], 16).unwrap()).collect();
    }
    let part = |part: &Value| match part.as_str() {
        Some(text) => text.to_owned(),
        None => part[0].as_str().unwrap().repeat(usize::try_from(part[1].as_u64().unwrap()).unwrap()),
    };
    value["parts"].as_array().unwrap().iter().map(part).collect::<String>().into()
}

/// Writes texts with `parts` out, anywhere in an expectation.
pub(crate) fn expanded(value: &Value) -> Value {
    match value {
        Value::Object(members) if members.contains_key("parts") => {
            Value::String(String::from_utf8(bytes(value)).unwrap())
        }
        Value::Object(members) => members.iter().map(|(name, value)| (name.clone(), expanded(value))).collect(),
        Value::Array(values) => values.iter().map(expanded).collect(),
        value => value.clone(),
    }
}

pub(crate) fn text<'a>(input: &'a Value, name: &str) -> &'a str {
    input[name].as_str().unwrap_or_else(|| panic!("no text `{name}` in {input}"))
}

pub(crate) fn flag(input: &Value, name: &str) -> bool {
    input[name].as_bool().unwrap_or_else(|| panic!("no flag `{name}` in {input}"))
}

pub(crate) fn millis(input: &Value) -> Millis {
    Millis::new(input.as_u64().unwrap()).unwrap()
}

pub(crate) fn error(code: &str) -> Value {
    json!({ "error": code })
}

pub(crate) fn method(text: &str) -> TransferMethod {
    TransferMethod::parse(text).unwrap()
}

pub(crate) fn allowed(text: &str) -> Allowed {
    match text {
        "any" => Allowed::Any,
        "cookie" => Allowed::Cookie,
        "header" => Allowed::Header,
        other => panic!("no transfer setting `{other}`"),
    }
}

/// Makes a site of a configuration in which every member must be known.
pub(crate) fn site(input: &Value) -> Result<Site, &'static str> {
    let mut config = SiteConfig::new("");
    for (name, value) in input.as_object().unwrap() {
        let text = || value.as_str().unwrap().to_owned();
        match &**name {
            "api_domain" => config.api_domain = text(),
            "website_domain" => config.website_domain = Some(text()),
            "base_path" => config.base_path = text(),
            "gateway_path" => config.gateway_path = text(),
            "access_token_path" => config.access_token_path = text(),
            "cookie_domain" => config.cookie_domain = Some(text()),
            "older_cookie_domain" => config.older_cookie_domain = Some(text()),
            "cookie_secure" => config.cookie_secure = Some(value.as_bool().unwrap()),
            "same_site" => config.same_site = Some(SameSite::parse(&text()).unwrap()),
            "anti_csrf" => config.anti_csrf = Some(AntiCsrf::parse(&text()).unwrap()),
            "access_cookie_name" => config.access_cookie_name = Some(text()),
            "refresh_cookie_name" => config.refresh_cookie_name = Some(text()),
            "allowed" => config.allowed = allowed(&text()),
            "exposes_access_token" => config.exposes_access_token = value.as_bool().unwrap(),
            other => panic!("no setting `{other}`"),
        }
    }
    Site::new(&config).map_err(|error| {
        let sentence = error.to_string();
        assert!(!sentence.contains('\n') && !sentence.ends_with('.'), "{sentence}");
        error.code()
    })
}
