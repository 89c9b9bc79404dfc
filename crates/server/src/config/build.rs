//! From values to settings.

use std::path::PathBuf;

use doorward_engine::policy::{Policy, Rotation};
use doorward_engine::secret::Secret;
use doorward_engine::time::Lifetime;
use doorward_wire::cdi::version::CdiVersion;

use super::address_rule::whole_address;
use super::check::split_keys;
use super::option::OptionSpec;
use super::options::server::watch;
use super::options::{access, sessions, upstream};
use super::value::Values;
use super::{database, listen};
use crate::settings::{AdminSettings, AppSettings, LogSettings, Settings, TenantSettings, UpstreamSettings};

/// What an access token has beside its payload, generously.
const TOKEN_ROOM_BYTES: usize = 4096;

impl Default for Settings {
    fn default() -> Self {
        let values = Values::default();
        process_of(&values, app_of(values.clone()), None)
    }
}

/// Makes the settings of values that don't contradict each other.
pub(super) fn settings(values: Values, file: Option<PathBuf>) -> Result<Settings, String> {
    let base = app(values.clone())?;
    let full_path = file.map(|path| std::path::absolute(&path).unwrap_or(path));
    Ok(process_of(&values, base, full_path))
}

/// Makes the settings of an app.
pub(super) fn app(values: Values) -> Result<AppSettings, String> {
    let settings = app_of(values);
    // The options' own rules are narrower, so this finds nothing that they let pass.
    settings.policy.check().map_err(|error| error.to_string())?;
    Ok(settings)
}

/// Makes the settings of a tenant.
pub(super) fn tenant(values: &Values) -> TenantSettings {
    // A text that is no regular expression was refused before.
    let regex = |option| values.text(option).and_then(|text| whole_address(&text).ok().flatten());
    TenantSettings { ip_allow: regex(&access::IP_ALLOW), ip_deny: regex(&access::IP_DENY) }
}

fn process_of(values: &Values, base: AppSettings, config_path: Option<PathBuf>) -> Settings {
    let admin_port = values.count(&listen::ADMIN_PORT);
    Settings {
        host: values.word(&listen::HOST).trim().to_owned(),
        port: port(values.count(&listen::PORT)),
        base_path: base_path(&values.word(&listen::BASE_PATH)),
        config_path,
        store: database::settings(values),
        log: LogSettings {
            level: values.word(&watch::LOG_LEVEL).parse().ok(),
            is_json: values.word(&watch::LOG_FORMAT) == "json",
            info_path: values.text(&watch::INFO_LOG_PATH).map(PathBuf::from),
            error_path: values.text(&watch::ERROR_LOG_PATH).map(PathBuf::from),
        },
        admin: admin_port
            .map(|number| AdminSettings { host: values.word(&listen::ADMIN_HOST), port: port(Some(number)) }),
        upstream: values.text(&upstream::URL).map(|url| UpstreamSettings {
            url: url.trim().trim_end_matches('/').to_owned(),
            api_key: values.text(&upstream::API_KEY).map(Secret::new),
            timeout: millis(values, &upstream::TIMEOUT),
        }),
        saas_secret: values.text(&access::SAAS_SECRET).map(|secret| Secret::new(secret.trim().to_owned())),
        succession_secret: values.text(&sessions::SUCCESSION_SECRET).map(Secret::new),
        recent_reuse_is_unauthorised: values.word(&sessions::RECENT_REUSE) == "UNAUTHORISED",
        header_limit: size(values, &listen::HEADER_LIMIT),
        body_limit: size(values, &listen::BODY_LIMIT),
        read_timeout: millis(values, &listen::READ_TIMEOUT),
        idle_timeout: millis(values, &listen::IDLE_TIMEOUT),
        connection_limit: size(values, &listen::CONNECTION_LIMIT),
        stop_timeout: millis(values, &listen::STOP_TIMEOUT),
        base,
    }
}

fn app_of(values: Values) -> AppSettings {
    let body_limit = size(&values, &listen::BODY_LIMIT);
    let policy = Policy {
        access_lifetime: access_lifetime(&values),
        refresh_lifetime: lifetime(values.double(&sessions::REFRESH_TOKEN_VALIDITY).unwrap_or_default(), MINUTE_MS),
        idle_limit: limit(&values, &sessions::SESSION_IDLE_LIMIT),
        absolute_limit: limit(&values, &sessions::SESSION_ABSOLUTE_LIMIT),
        grace: grace(&values),
        key_interval: lifetime(values.double(&sessions::KEY_INTERVAL).unwrap_or_default(), HOUR_MS),
        jitter_per_mille: jitter(&values),
        // A payload is as long as the body lets it be, as with SuperTokens; in a token it takes a third more.
        payload_limit: body_limit,
        data_limit: body_limit,
        token_limit: body_limit / 3 * 4 + TOKEN_ROOM_BYTES,
        ..Policy::default()
    };
    let rotation = match values.word(&sessions::ROTATION).as_str() {
        "on_use" => Some(Rotation::OnUse),
        "on_refresh" => Some(Rotation::OnRefresh),
        _ => None,
    };
    let version = |option| values.text(option).and_then(|text| CdiVersion::parse(text.trim()));
    AppSettings {
        policy,
        rotation,
        api_keys: api_keys(&values),
        min_cdi: version(&access::MIN_CDI),
        max_cdi: version(&access::MAX_CDI),
        access_token_blacklisting: values.flag(&sessions::BLACKLISTING),
        dynamic_signing_key: values.flag(&sessions::SIGNING_KEY_DYNAMIC),
        tenant: tenant(&values),
        values,
    }
}

/// The keys of the app, and the one that holds for every app.
fn api_keys(values: &Values) -> Vec<Secret> {
    let mut keys = values.text(&access::API_KEYS).map(|text| split_keys(&text)).unwrap_or_default();
    if let Some(secret) = values.text(&access::SAAS_SECRET).filter(|_| !keys.is_empty()) {
        keys.push(secret.trim().to_owned());
    }
    keys.sort();
    keys.into_iter().map(Secret::new).collect()
}

/// `//` and a `/` at the end go away; one at the beginning is added.
fn base_path(text: &str) -> String {
    text.trim().split('/').filter(|part| !part.is_empty()).fold(String::new(), |path, part| path + "/" + part)
}

const SECOND_MS: f64 = 1000.0;
pub(super) const MINUTE_MS: f64 = 60.0 * SECOND_MS;
const HOUR_MS: f64 = 60.0 * MINUTE_MS;

/// A span of so many units of so many milliseconds.
pub(super) fn lifetime(count: f64, unit_ms: f64) -> Lifetime {
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "the options' rules keep it in range")]
    Lifetime::from_millis((count * unit_ms).round() as u64)
}

pub(super) fn access_lifetime(values: &Values) -> Lifetime {
    Lifetime::from_secs(values.count(&sessions::ACCESS_TOKEN_VALIDITY).unwrap_or_default())
}

pub(super) fn grace(values: &Values) -> Lifetime {
    Lifetime::from_secs(values.count(&sessions::GRACE).unwrap_or_default())
}

pub(super) fn limit(values: &Values, option: &OptionSpec) -> Option<Lifetime> {
    values.double(option).map(|minutes| lifetime(minutes, MINUTE_MS))
}

fn jitter(values: &Values) -> u16 {
    let part = values.double(&sessions::ACCESS_TOKEN_VALIDITY_JITTER).unwrap_or_default();
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "the option's rule keeps it under 250")]
    let per_mille = (part * 1000.0).round() as u16;
    per_mille
}

fn millis(values: &Values, option: &OptionSpec) -> Lifetime {
    Lifetime::from_millis(values.count(option).unwrap_or_default())
}

pub(super) fn size(values: &Values, option: &OptionSpec) -> usize {
    values.count(option).and_then(|count| usize::try_from(count).ok()).unwrap_or_default()
}

pub(super) fn port(number: Option<u64>) -> u16 {
    number.and_then(|number| u16::try_from(number).ok()).unwrap_or_default()
}
