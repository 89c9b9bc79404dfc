//! What is said about a configuration beside what is wrong.

use doorward_server::config::{Environment, Sources, load};

use crate::config::{KEY, file, loaded};

/// Files with one wrong value, beside others that would be wrong, or worth a warning, if that one had its default.
const COMPARED_WITH_WRONG: &[&str] = &[
    "access_token_validity: 0\nrefresh_token_validity: 1\nsession_idle_limit_minutes: 1\n",
    "access_token_validity: x\nrefresh_token_rotation_grace_period: 300\naccess_token_validity_jitter: 0\n",
    "refresh_token_validity: x\naccess_token_validity: 86400000\n",
    "supertokens_min_cdi_version: x\nsupertokens_max_cdi_version: 2.7\n",
    "api_keys: short\nsupertokens_saas_secret: abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrst\nhost: 0.0.0.0\n",
    "upstream_core: x\nupstream_core_api_key: k\napi_keys: abcdefghijklmnopqrst-1\n",
    "postgresql_connection_uri: x\npostgresql_password: p\n",
    "postgresql_connection_pool_size: 0\npostgresql_minimum_idle_connections: 11\n",
];

#[test]
fn nothing_is_compared_with_a_value_that_is_wrong() {
    for text in COMPARED_WITH_WRONG {
        let (_folder, sources) = file(text);
        let error = load(&sources).map(|_| text).unwrap_err();
        assert_eq!(
            (error.sentences().count(), error.warnings().len()),
            (1, 0),
            "{text}: {error} {:?}",
            error.warnings()
        );
    }
}

#[test]
fn what_is_wrong_hides_no_warning() {
    let text = "port: x\nmystery: 1\nhost: a\nhost: 0.0.0.0\npassword_hashing_alg: BCRYPT\n";
    let (_folder, sources) = file(text);
    let error = load(&sources).map(|_| text).unwrap_err();
    assert_eq!(error.sentences().count(), 1, "{error}");
    for said in ["host is set twice", "mystery (line 2)", "password_hashing_alg", "no api_keys are set"] {
        assert!(error.warnings().iter().any(|warning| warning.contains(said)), "{said}: {:?}", error.warnings());
    }
    assert_eq!(error.warnings().len(), 4, "{:?}", error.warnings());
}

/// Variables, and what is said about them.
const STRAYS: &[(&str, &str, &str)] = &[
    ("SUPERTOKENS_POTR", "3", "SUPERTOKENS_POTR"),
    ("DOORWARD_LOG_LEVEL", "DEBUG", "DOORWARD_LOG_LEVEL (LOG_LEVEL is known)"),
    ("DOORWARD_PORT", "99", "DOORWARD_PORT (SUPERTOKENS_PORT is known)"),
    ("SUPERTOKENS_API_KEYS", "x", "SUPERTOKENS_API_KEYS (API_KEYS is known)"),
    ("DOORWARD_STORE_FILE", "x", "DOORWARD_STORE_FILE"),
    ("DOORWARD_LOG_FORMAT", "json", ""),
    ("DOORWARD_SUCCESSION_SECRET_FILE", "/dev/null", ""),
    ("SUPERTOKENS_ENV", "x", ""),
    ("DOORWARD_TEST_POSTGRES", "x", ""),
    ("DOORWARD_IMPORT_FROM", "x", ""),
    ("DOORWARD_SERVICE_HOST", "10.0.0.1", ""),
    ("DOORWARD_SERVICE_PORT", "3567", ""),
    ("DOORWARD_PORT", "tcp://10.0.0.1:3567", ""),
    ("DOORWARD_PORT_3567_TCP_ADDR", "10.0.0.1", ""),
    ("DOORWARDS", "x", ""),
    ("HOME", "x", ""),
];

#[test]
fn a_variable_that_nobody_reads_is_a_warning() {
    for (name, value, said) in STRAYS {
        let sources = Sources { environment: Environment::from([(*name, *value)]), ..Sources::default() };
        let warnings = load(&sources).map_or_else(|error| error.warnings().to_vec(), |loaded| loaded.warnings);
        let expected = format!("environment variables that are not known change nothing: {said}");
        let expected = if said.is_empty() { Vec::new() } else { vec![expected] };
        assert_eq!(warnings, expected, "{name}");
    }
}

#[test]
fn options_of_other_parts_are_one_warning_and_unknown_ones_another() {
    let text = "password_hashing_alg: BCRYPT\nmystery: {a: 1}\ntotp_max_attempts: 5\nport: 1\nriddle: [x, {y: z}]\n";
    let (_folder, mut sources) = file(text);
    sources.environment = Environment::from([("OTEL_COLLECTOR_CONNECTION_URI", "http://x")]);
    let loaded = load(&sources).unwrap();
    let [unknown, ignored] = loaded.warnings.as_slice() else { panic!("{:?}", loaded.warnings) };
    assert!(unknown.ends_with("are not known and change nothing: mystery (line 2), riddle (line 5)"), "{unknown}");
    for name in ["password_hashing_alg", "totp_max_attempts", "otel_collector_connection_uri"] {
        assert!(ignored.contains(name), "{ignored}");
    }
    assert_eq!(loaded.settings.port, 1);
}

#[test]
fn what_may_not_be_meant_is_a_warning() {
    for (text, warning) in [
        ("access_token_validity: 60", "30 s, more than a tenth of access_token_validity"),
        ("refresh_token_rotation_grace_period: 0", "is 0: two tabs that refresh at once can end their session"),
        ("host: 0.0.0.0", "no api_keys are set: everybody who reaches the port may do everything"),
    ] {
        let warnings = loaded(text).warnings;
        assert!(matches!(warnings.as_slice(), [one] if one.contains(warning)), "{text}: {warnings:?}");
    }
    assert!(loaded(&format!("host: 0.0.0.0\napi_keys: {KEY}\n")).warnings.is_empty());
    assert!(loaded("host: 127.0.0.2\n").warnings.is_empty());
}
