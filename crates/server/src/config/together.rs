//! What values say together that are good one by one.

use doorward_wire::cdi::version::CdiVersion;

use super::build::{MINUTE_MS, access_lifetime, grace, lifetime, limit};
use super::database;
use super::option::OptionSpec;
use super::options::server::listen;
use super::options::{access, sessions, upstream};
use super::value::Values;

/// Two values that can't both be.
pub(super) struct Contradiction {
    pub(super) option: &'static OptionSpec,
    /// The option that it is compared with: where that is wrong by itself, the comparison means nothing.
    pub(super) other: &'static OptionSpec,
    /// What SuperTokens says, where it has the rule.
    pub(super) text: String,
    /// What else helps to understand it, or nothing.
    pub(super) more: String,
}

impl Contradiction {
    pub(super) fn new(option: &'static OptionSpec, other: &'static OptionSpec, text: impl Into<String>) -> Self {
        Self { option, other, text: text.into(), more: String::new() }
    }
}

/// What is allowed, but perhaps not meant.
pub(super) struct Caution {
    /// The options that it looks at: where one is wrong by itself, it means nothing.
    pub(super) options: Vec<&'static OptionSpec>,
    pub(super) text: String,
}

/// What is wrong with values that are good one by one.
pub(super) fn contradictions(values: &Values) -> Vec<Contradiction> {
    let mut found = Vec::new();
    let access = access_lifetime(values);
    let refresh = lifetime(values.double(&sessions::REFRESH_TOKEN_VALIDITY).unwrap_or_default(), MINUTE_MS);
    if refresh <= access {
        let text = "'refresh_token_validity' must be strictly greater than 'access_token_validity'.";
        // They are written in other units, so it isn't plain to see.
        let more = format!(" One is in minutes, {refresh}, and the other in seconds, {access}");
        let compared = Contradiction::new(&sessions::REFRESH_TOKEN_VALIDITY, &sessions::ACCESS_TOKEN_VALIDITY, text);
        found.push(Contradiction { more, ..compared });
    }
    for option in [&sessions::SESSION_IDLE_LIMIT, &sessions::SESSION_ABSOLUTE_LIMIT] {
        if limit(values, option).is_some_and(|limit| limit <= access) {
            let text = format!("it must be longer than access_token_validity ({access})");
            found.push(Contradiction::new(option, &sessions::ACCESS_TOKEN_VALIDITY, text));
        }
    }
    let version = |option| values.text(option).and_then(|text| CdiVersion::parse(text.trim()));
    if let (Some(least), Some(most)) = (version(&access::MIN_CDI), version(&access::MAX_CDI))
        && least > most
    {
        let text = "supertokens_min_cdi_version cannot be greater than supertokens_max_cdi_version";
        found.push(Contradiction::new(&access::MIN_CDI, &access::MAX_CDI, text));
    }
    if values.text(&access::SAAS_SECRET).is_some() && values.text(&access::API_KEYS).is_none() {
        let text = "supertokens_saas_secret can only be used when api_key is also defined";
        found.push(Contradiction::new(&access::SAAS_SECRET, &access::API_KEYS, text));
    }
    if values.text(&upstream::API_KEY).is_some() && values.text(&upstream::URL).is_none() {
        let text = "it means nothing without upstream_core";
        found.push(Contradiction::new(&upstream::API_KEY, &upstream::URL, text));
    }
    found.extend(database::contradictions(values));
    found
}

/// What is allowed, but perhaps not meant.
pub(super) fn cautions(values: &Values) -> Vec<Caution> {
    let (grace, tenth) = (grace(values), access_lifetime(values).divided_by(10));
    let mut found = Vec::new();
    let mut caution = |options, text| found.push(Caution { options, text });
    if grace > tenth {
        let text = format!(
            "refresh_token_rotation_grace_period is {grace}, more than a tenth of access_token_validity: requests that \
             race get the same answer for {tenth} only"
        );
        caution(vec![&sessions::GRACE, &sessions::ACCESS_TOKEN_VALIDITY], text);
    }
    if grace.is_zero() {
        let text = "refresh_token_rotation_grace_period is 0: two tabs that refresh at once can end their session";
        caution(vec![&sessions::GRACE], text.to_owned());
    }
    let host = values.word(&listen::HOST);
    let is_local =
        host.trim() == "localhost" || host.trim().parse().is_ok_and(|address: std::net::IpAddr| address.is_loopback());
    let has_rules = [&access::API_KEYS, &access::IP_ALLOW].iter().any(|option| values.text(option).is_some());
    if !is_local && !has_rules {
        let text = format!("host is {host} and no api_keys are set: everybody who reaches the port may do everything");
        caution(vec![&listen::HOST, &access::API_KEYS, &access::IP_ALLOW], text);
    }
    if values.text(&upstream::API_KEY).is_some() && values.text(&access::API_KEYS).is_none() {
        let text = "upstream_core_api_key is set and no api_keys are: everybody who reaches the port uses that core with \
                    its key. Set api_keys, or leave the key to the callers";
        caution(vec![&upstream::API_KEY, &access::API_KEYS], text.to_owned());
    }
    found
}
