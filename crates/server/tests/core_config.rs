//! The settings of apps and tenants, laid over those of the process. The texts are those of the recorded service.

use std::sync::Arc;

use doorward_engine::id::{AppId, TenantId};
use doorward_engine::time::Lifetime;
use doorward_server::settings::Settings;

fn app(core_config: &str) -> Result<doorward_server::settings::AppSettings, String> {
    Settings::default().app(&AppId::default(), core_config).map_err(|error| error.to_string())
}

#[test]
fn an_app_may_have_its_own() {
    let key = "abcdefghijklmnopqrst-1";
    let own = format!(
        r#"{{"access_token_validity": 60, "refresh_token_validity": 10, "api_keys": "{key}",
            "supertokens_max_cdi_version": "4.0", "refresh_token_rotation": "on_use", "ip_deny_regex": "10.*",
            "password_reset_token_lifetime": 5, "max_server_pool_size": 3, "refresh_token_rotation_grace_period": null}}"#
    );
    let app = app(&own).unwrap();
    assert_eq!(app.policy.access_lifetime, Lifetime::from_secs(60));
    assert_eq!(app.policy.refresh_lifetime, Lifetime::from_minutes(10));
    assert_eq!(app.policy.grace, Lifetime::from_secs(30));
    assert_eq!(app.api_keys.iter().map(|key| key.expose()).collect::<Vec<_>>(), [key]);
    assert_eq!(app.max_cdi.unwrap().to_string(), "4.0");
    assert!(app.tenant.ip_deny.is_some());
}

#[test]
fn without_any_the_base_holds() {
    let base = Settings::default().base;
    assert_eq!(format!("{:?}", app("{}").unwrap()), format!("{base:?}"));
}

const REFUSED: &[(&str, &str)] = &[
    (
        r#"{"access_token_validity": 0}"#,
        "Invalid core config: 'access_token_validity' must be between 1 and 86400000 seconds inclusive.",
    ),
    (r#"{"port": 1}"#, "Invalid core config: port can only be set via the core's base config setting"),
    (
        r#"{"succession_secret": "x"}"#,
        "Invalid core config: succession_secret can only be set via the core's base config setting",
    ),
    (
        r#"{"postgresql_connection_uri": "postgresql://h"}"#,
        "Invalid core config: postgresql_connection_uri can only be set via the core's base config setting",
    ),
    (r#"{"nope": 1}"#, "Invalid core config: Invalid config key: nope"),
    (r#"{"access_token_validity": "x"}"#, "Invalid core config: 'access_token_validity' must be of type long"),
    (r#"{"access_token_validity": [60]}"#, "Invalid core config: 'access_token_validity' must be of type long"),
    (r#"{"access_token_blacklisting": 1}"#, "Invalid core config: 'access_token_blacklisting' must be of type boolean"),
    (
        r#"{"refresh_token_validity": 1}"#,
        "Invalid core config: 'refresh_token_validity' must be strictly greater than 'access_token_validity'.",
    ),
    (
        r#"{"supertokens_min_cdi_version": "5.0", "supertokens_max_cdi_version": "4.0"}"#,
        "Invalid core config: supertokens_min_cdi_version cannot be greater than supertokens_max_cdi_version",
    ),
    ("[]", "Invalid core config: it must be a JSON object"),
];

#[test]
fn what_an_app_cannot_have_is_refused_as_upstream_does() {
    for (own, text) in REFUSED {
        assert_eq!(app(own).map(drop), Err((*text).to_owned()), "{own}");
    }
}

#[test]
fn tenants_of_an_app_share_its_rules() {
    let settings = Settings::default();
    let app = app(r#"{"access_token_validity": 60}"#).unwrap();
    let tenant = |own: &str| {
        let tenant = TenantId::parse("t1").unwrap();
        settings.tenant(&app, &tenant, own).map_err(|error| error.to_string())
    };
    assert!(tenant(r#"{"ip_allow_regex": "10.*"}"#).unwrap().ip_allow.is_some());
    assert!(tenant(r#"{"access_token_validity": 60}"#).unwrap().ip_allow.is_none());
    let text = "Invalid core config: You cannot set different values for access_token_validity for the same appId";
    assert_eq!(tenant(r#"{"access_token_validity": 100}"#).map(drop), Err(text.to_owned()));
    // What can't be by itself is said first.
    let text = "Invalid core config: 'refresh_token_validity' must be strictly greater than 'access_token_validity'.";
    assert_eq!(tenant(r#"{"refresh_token_validity": 1}"#).map(drop), Err(text.to_owned()));
}

#[test]
fn a_tenant_has_the_rules_of_its_app_where_it_has_none() {
    let settings = Settings::default();
    let app = app(r#"{"ip_allow_regex": "10.*", "ip_deny_regex": "10.1.*"}"#).unwrap();
    let tenant = settings.tenant(&app, &TenantId::parse("t1").unwrap(), r#"{"ip_deny_regex": "x"}"#).unwrap();
    assert!(tenant.ip_allow.unwrap().is_match("10.1.1.1"));
    assert!(!tenant.ip_deny.unwrap().is_match("10.1.1.1"));
}

#[test]
fn what_a_newer_core_has_stored_closes_no_app() {
    let stored = r#"{"of_a_newer_core": {"deep": [1]}, "access_token_validity": 60}"#;
    let settings = Settings::default();
    let app = settings.app(&AppId::default(), &Settings::known(stored)).unwrap();
    assert_eq!(app.policy.access_lifetime.as_millis(), 60_000);
    assert!(settings.app(&AppId::default(), stored).is_err(), "whoever sets it is told");
    assert!(settings.app(&AppId::default(), &Settings::known("no JSON")).is_err());
}

/// One is half a megabyte: a thousand tenants that inherit one have that one, and so has the next reading of all of them.
#[test]
fn an_address_rule_is_compiled_once_for_all_who_have_it() {
    let settings = Settings::default();
    let rule = r#"{"ip_allow_regex": "10\\.0\\.0\\.\\d+", "ip_deny_regex": "11.*"}"#;
    let (base, t1) = (AppId::default(), TenantId::parse("t1").unwrap());
    let read = || settings.app(&base, rule).unwrap();
    let (first, second) = (read(), read());
    let heir = settings.tenant(&first, &t1, "{}").unwrap();
    let own = settings.tenant(&first, &t1, r#"{"ip_deny_regex": "12.*"}"#).unwrap();
    let same = |one: &Option<Arc<regex::Regex>>, other: &Option<Arc<regex::Regex>>| {
        Arc::ptr_eq(one.as_ref().unwrap(), other.as_ref().unwrap())
    };
    for other in [&second.tenant, &heir, &own] {
        assert!(same(&first.tenant.ip_allow, &other.ip_allow));
    }
    assert!(same(&first.tenant.ip_deny, &heir.ip_deny));
    assert!(!same(&first.tenant.ip_deny, &own.ip_deny));
    assert!(own.ip_deny.unwrap().is_match("12.0.0.1"));
}
