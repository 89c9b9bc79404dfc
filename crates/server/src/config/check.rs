//! Rules about texts. The refusals are SuperTokens' own, where it has the option (`spec/modern-core.md` 10.2, 10.3).

use doorward_stores::postgres::Postgres;
use doorward_wire::cdi::version::CdiVersion;
use http::Uri;

use super::address_rule::whole_address;
use super::option::Checked;

/// Keys shorter than this are refused.
const KEY_CHARS: usize = 20;

pub(super) fn not_empty(text: &str) -> Checked {
    if text.trim().is_empty() { Err("it must not be empty".into()) } else { Ok(()) }
}

pub(super) fn base_path(text: &str) -> Checked {
    if text.contains(' ') {
        return Err("Invalid characters in base_path config".into());
    }
    // Compared as it is sent: what a client would escape, or send as a query, can't match.
    let plain = |byte: u8| byte.is_ascii_graphic() && !matches!(byte, b'?' | b'#' | b'"' | b'<' | b'>' | b'\\');
    if text.bytes().all(plain) { Ok(()) } else { Err("Invalid characters in base_path config".into()) }
}

/// The address of a core: nothing in it is a secret, and nothing is left open that a request could fill in.
pub(super) fn upstream_url(text: &str) -> Checked {
    let refusal = "it must be http://host:port or https://host:port, perhaps with a path behind it, and nothing else";
    let Ok(uri) = text.trim().parse::<Uri>() else { return Err(refusal.into()) };
    let is_http = matches!(uri.scheme_str(), Some("http" | "https"));
    // Host and perhaps port: no user, and no port that is none.
    let is_host = uri.authority().is_some_and(|authority| {
        let (text, host) = (authority.as_str(), authority.host());
        !host.is_empty() && authority.port_u16().map_or_else(|| text == host, |port| text == format!("{host}:{port}"))
    });
    // Whoever reads an address cuts off what is behind a `#`.
    if !(is_http && is_host && uri.query().is_none() && !text.contains('#')) {
        return Err(refusal.into());
    }
    base_path(uri.path()).map_err(|_| refusal.into())
}

pub(super) fn header_value(text: &str) -> Checked {
    if text.bytes().all(|byte| byte.is_ascii_graphic()) {
        Ok(())
    } else {
        Err("it must be of letters, digits and signs of ASCII, without blanks".into())
    }
}

/// The keys of a list: parted by commas, without any blank. A comma at the end begins no key.
pub(super) fn split_keys(text: &str) -> Vec<String> {
    let plain: String = text.chars().filter(|char| !char.is_whitespace()).collect();
    let kept = plain.trim_end_matches(',');
    kept.split(',').map(str::to_owned).collect()
}

pub(super) fn api_keys(text: &str) -> Checked {
    let keys = split_keys(text);
    if keys.iter().any(|key| key.chars().count() < KEY_CHARS) {
        return Err("One of the API keys is too short. Please use at least 20 characters".into());
    }
    if !keys.iter().all(|key| key.bytes().all(is_key_byte)) {
        return Err(
            "Invalid characters in API key. Please only use '=', '-' and alpha-numeric (including capitals)".into()
        );
    }
    Ok(())
}

pub(super) fn saas_secret(text: &str) -> Checked {
    let key = text.trim();
    if key.chars().count() < 2 * KEY_CHARS {
        return Err("supertokens_saas_secret is too short. Please use at least 40 characters".into());
    }
    if !key.bytes().all(is_key_byte) {
        let refusal = "Invalid characters in supertokens_saas_secret key. Please only use '=', '-' and alpha-numeric \
             (including capitals)";
        return Err(refusal.into());
    }
    Ok(())
}

fn is_key_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'=' | b'-')
}

pub(super) fn succession_secret(text: &str) -> Checked {
    if text.chars().count() < 32 { Err("it must have at least 32 characters".into()) } else { Ok(()) }
}

pub(super) fn ip_allow(text: &str) -> Checked {
    let refusal = "Provided regular expression is invalid for ip_allow_regex config";
    whole_address(text).map(drop).map_err(|_| refusal.into())
}

pub(super) fn ip_deny(text: &str) -> Checked {
    let refusal = "Provided regular expression is invalid for ip_deny_regex config";
    whole_address(text).map(drop).map_err(|_| refusal.into())
}

pub(super) fn max_cdi(text: &str) -> Checked {
    let refusals = [
        "supertokens_max_cdi_version is not a valid semantic version",
        "supertokens_max_cdi_version is not a supported version",
    ];
    version(text, refusals)
}

pub(super) fn min_cdi(text: &str) -> Checked {
    let refusals = [
        "supertokens_min_cdi_version is not a valid semantic version",
        "supertokens_min_cdi_version is not a supported version",
    ];
    version(text, refusals)
}

fn version(text: &str, [no_version, not_spoken]: [&'static str; 2]) -> Checked {
    let is_number = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    if !text.trim().split('.').all(is_number) {
        return Err(no_version.into());
    }
    CdiVersion::parse(text.trim()).map(drop).ok_or(not_spoken.into())
}

pub(super) fn postgresql_uri(text: &str) -> Checked {
    let refusal = "The provided postgresql connection URI has an incorrect format. Please use a format like \
         postgresql://[user[:[password]]@]host[:port][/dbname][?attr1=val1&attr2=val2...";
    // Who knows what is wrong says it without showing any of it.
    Postgres::options().uri(text).map(drop).map_err(|error| format!("{refusal} ({error})").into())
}
