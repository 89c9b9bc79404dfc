//! File, environment and flags: what holds, and what is said about what can't.

use std::fs;
use std::net::IpAddr;

use doorward_engine::policy::Rotation;
use doorward_engine::time::Lifetime;
use doorward_server::config::{Environment, Flag, Loaded, Sources, load};
use doorward_server::settings::{Settings, StoreSettings};
use tempfile::TempDir;

pub(crate) const KEY: &str = "abcdefghijklmnopqrst-1";

pub(crate) fn file(text: &str) -> (TempDir, Sources) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("config.yaml");
    fs::write(&path, text).unwrap();
    (folder, Sources { file: Some(path), ..Sources::default() })
}

#[track_caller]
pub(crate) fn loaded(text: &str) -> Loaded {
    let (_folder, sources) = file(text);
    load(&sources).unwrap_or_else(|error| panic!("{text}: {error}"))
}

pub(crate) fn settings(text: &str) -> Settings {
    loaded(text).settings
}

/// What is wrong with a file, without the name of its folder.
#[track_caller]
pub(crate) fn wrong(text: &str) -> Vec<String> {
    let (folder, sources) = file(text);
    let error = load(&sources).map(|_| text).unwrap_err();
    let folder = format!("{}/", folder.path().display());
    error.sentences().map(|sentence| sentence.replace(&folder, "")).collect()
}

pub(crate) fn in_environment<const N: usize>(variables: [(&str, &str); N]) -> Settings {
    load(&Sources { environment: Environment::from(variables), ..Sources::default() }).unwrap().settings
}

#[test]
fn without_anything_the_defaults_hold() {
    let settings = load(&Sources::default()).unwrap().settings;
    assert_eq!(format!("{settings:?}"), format!("{:?}", Settings::default()));
    assert_eq!((settings.host.as_str(), settings.port, settings.base_path.as_str()), ("localhost", 3567, ""));
    assert!(matches!(&settings.store, StoreSettings::Sqlite(folder) if folder.ends_with("doorward-data")));
    let policy = &settings.base.policy;
    assert_eq!(policy.access_lifetime, Lifetime::from_secs(3600));
    assert_eq!(policy.refresh_lifetime, Lifetime::from_minutes(144_000));
    assert_eq!((policy.grace, policy.jitter_per_mille), (Lifetime::from_secs(30), 50));
    assert_eq!(policy.key_interval, Lifetime::from_hours(168));
    assert_eq!((settings.header_limit, settings.body_limit, policy.payload_limit), (16 << 10, 1 << 20, 1 << 20));
    assert!(settings.base.api_keys.is_empty() && settings.admin.is_none());
    assert_eq!(policy.check(), Ok(Vec::new()));
}

#[test]
fn a_flag_goes_before_the_environment_before_the_file() {
    let (_folder, mut sources) = file("port: 1\nhost: file.example\naccess_token_validity: 100\n");
    sources.environment = Environment::from([("SUPERTOKENS_PORT", "2"), ("SUPERTOKENS_HOST", "env.example")]);
    sources.flags = vec![Flag { flag: "--port", option: "port", value: "3".into() }];
    let settings = load(&sources).unwrap().settings;
    assert_eq!((settings.host.as_str(), settings.port), ("env.example", 3));
    assert_eq!(settings.base.policy.access_lifetime, Lifetime::from_secs(100));
}

#[test]
fn units_are_those_of_their_options() {
    let text = "access_token_validity: 7200\nrefresh_token_validity: 150.5\nrefresh_token_rotation_grace_period: 12\n\
        access_token_dynamic_signing_key_update_interval: 1.5\naccess_token_validity_jitter: 0.25\n\
        session_idle_limit_minutes: 130\nsession_absolute_limit_minutes: 150\nrefresh_token_rotation: ON_REFRESH\n\
        request_body_limit_bytes: 4096\nadmin_port: 9464\nbase_path: //a//b/\nsupertokens_min_cdi_version: 3.0\n\
        supertokens_max_cdi_version: \"5.2\"\nrecent_token_reuse_behaviour: unauthorised\n";
    let settings = settings(text);
    let (policy, base) = (&settings.base.policy, &settings.base);
    assert_eq!(policy.access_lifetime, Lifetime::from_secs(7200));
    assert_eq!(policy.refresh_lifetime, Lifetime::from_secs(9030));
    assert_eq!(policy.grace, Lifetime::from_secs(12));
    assert_eq!(policy.key_interval, Lifetime::from_minutes(90));
    assert_eq!(policy.jitter_per_mille, 250);
    assert_eq!(policy.idle_limit, Some(Lifetime::from_minutes(130)));
    assert_eq!(policy.absolute_limit, Some(Lifetime::from_minutes(150)));
    assert_eq!(base.rotation, Some(Rotation::OnRefresh));
    assert_eq!((settings.body_limit, policy.data_limit), (4096, 4096));
    assert_eq!(settings.admin.unwrap().port, 9464);
    assert_eq!(settings.base_path, "/a/b");
    assert_eq!(base.min_cdi.unwrap().to_string(), "3.0");
    assert_eq!(base.max_cdi.unwrap().to_string(), "5.2");
    assert!(settings.recent_reuse_is_unauthorised);
}

/// An option, a value that is allowed and what is said about one that isn't.
const REFUSED: &[(&str, &str)] = &[
    ("port: 99999", "port = 99999 (config.yaml, line 1): a port must be between 0 and 65535"),
    ("port: x", "port = x (config.yaml, line 1): 'port' must be of type int"),
    ("port: 1.5", "port = 1.5 (config.yaml, line 1): 'port' must be of type int"),
    ("port: true", "port = true (config.yaml, line 1): 'port' must be of type int"),
    ("port: [1]", "port = a list or a group (config.yaml, line 1): 'port' must be of type int"),
    ("port: 3000000000", "port = 3000000000 (config.yaml, line 1): 'port' must be of type int"),
    ("host: ''", "host =  (config.yaml, line 1): it must not be empty"),
    ("base_path: '/a b'", "base_path = /a b (config.yaml, line 1): Invalid characters in base_path config"),
    (
        "access_token_validity: 0",
        "access_token_validity = 0 (config.yaml, line 1): 'access_token_validity' must be between 1 and 86400000 seconds \
         inclusive.",
    ),
    (
        "access_token_validity: 86400001",
        "access_token_validity = 86400001 (config.yaml, line 1): 'access_token_validity' must be between 1 and 86400000 \
         seconds inclusive.",
    ),
    (
        "refresh_token_validity: 60",
        "refresh_token_validity = 60 (config.yaml, line 1): 'refresh_token_validity' must be strictly greater than \
         'access_token_validity'. One is in minutes, 3600 s, and the other in seconds, 3600 s",
    ),
    (
        "access_token_signing_key_update_interval: 0.5",
        "access_token_dynamic_signing_key_update_interval = 0.5 (config.yaml, line 1): \
         'access_token_dynamic_signing_key_update_interval' must be greater than, equal to 1 hour.",
    ),
    (
        "refresh_token_rotation_grace_period: 301",
        "refresh_token_rotation_grace_period = 301 (config.yaml, line 1): 'refresh_token_rotation_grace_period' must be \
         between 0 and 300 seconds inclusive.",
    ),
    (
        "access_token_validity_jitter: 0.26",
        "access_token_validity_jitter = 0.26 (config.yaml, line 1): 'access_token_validity_jitter' must be between 0 and \
         0.25 inclusive.",
    ),
    (
        "recent_token_reuse_behaviour: maybe",
        "recent_token_reuse_behaviour = maybe (config.yaml, line 1): recent_token_reuse_behaviour property is not set \
         correctly. It must be one of [TOKEN_THEFT, UNAUTHORISED]",
    ),
    (
        "access_token_blacklisting: 1",
        "access_token_blacklisting = 1 (config.yaml, line 1): 'access_token_blacklisting' must be of type boolean",
    ),
    (
        "api_keys: short",
        "api_keys = ******** (config.yaml, line 1): One of the API keys is too short. Please use at least 20 characters",
    ),
    (
        "api_keys: abcdefghijklmnopqrst_1",
        "api_keys = ******** (config.yaml, line 1): Invalid characters in API key. Please only use '=', '-' and \
         alpha-numeric (including capitals)",
    ),
    (
        "supertokens_saas_secret: abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrst",
        "supertokens_saas_secret = ******** (config.yaml, line 1): supertokens_saas_secret can only be used when api_key \
         is also defined",
    ),
    (
        "supertokens_max_cdi_version: x",
        "supertokens_max_cdi_version = x (config.yaml, line 1): supertokens_max_cdi_version is not a valid semantic version",
    ),
    (
        "supertokens_min_cdi_version: 3.2",
        "supertokens_min_cdi_version = 3.2 (config.yaml, line 1): supertokens_min_cdi_version is not a supported version",
    ),
    (
        "ip_allow_regex: '('",
        "ip_allow_regex = ( (config.yaml, line 1): Provided regular expression is invalid for ip_allow_regex config",
    ),
    (
        "ip_deny_regex: 'a)|(b'",
        "ip_deny_regex = a)|(b (config.yaml, line 1): Provided regular expression is invalid for ip_deny_regex config",
    ),
    (
        "log_level: loud",
        "log_level = loud (config.yaml, line 1): 'log_level' config must be one of \"NONE\",\"DEBUG\", \"INFO\", \"WARN\" or \
         \"ERROR\".",
    ),
    ("max_server_pool_size: 0", "max_server_pool_size = 0 (config.yaml, line 1): 'max_server_pool_size' must be >= 1."),
    (
        "session_idle_limit_minutes: 60",
        "session_idle_limit_minutes = 60 (config.yaml, line 1): it must be longer than access_token_validity (3600 s)",
    ),
    (
        "succession_secret: too-short",
        "succession_secret = ******** (config.yaml, line 1): it must have at least 32 characters",
    ),
    ("store: redis", "store = redis (config.yaml, line 1): it must be sqlite, postgresql or memory"),
    (
        "postgresql_password: p",
        "postgresql_password = ******** (config.yaml, line 1): 'postgresql_user' and 'postgresql_connection_uri' are not \
         set. Please set at least one of these values",
    ),
    (
        "store: postgresql",
        "store = postgresql (config.yaml, line 1): 'postgresql_user' and 'postgresql_connection_uri' are not set. Please \
         set at least one of these values",
    ),
    (
        "postgresql_minimum_idle_connections: 11",
        "postgresql_minimum_idle_connections = 11 (config.yaml, line 1): 'postgresql_minimum_idle_connections' must be less \
         than or equal to 'postgresql_connection_pool_size'",
    ),
    (
        "postgresql_connection_uri: mysql://u:secret@h/d",
        "postgresql_connection_uri = ******** (config.yaml, line 1): The provided postgresql connection URI has an \
         incorrect format. Please use a format like \
         postgresql://[user[:[password]]@]host[:port][/dbname][?attr1=val1&attr2=val2... (`postgresql_connection_uri` must \
         have the form postgresql://[user[:password]@]host[:port][/database][?name=value&...])",
    ),
    ("- port: 1", "config.yaml, line 1: each line must be `option: value`"),
    ("port", "config.yaml, line 1: each line must be `option: value`"),
];

#[test]
fn what_cannot_be_is_one_sentence_with_its_line() {
    for (text, sentence) in REFUSED {
        assert_eq!(wrong(text), [*sentence], "{text}");
    }
}

#[test]
fn all_that_is_wrong_is_said_at_once() {
    let text = "# a comment\nport: x\n\nlog_level: loud\naccess_token_validity_jitter: 1\nrefresh_token_validity: 1\n";
    let lines: Vec<usize> = [2, 4, 5, 6].into();
    let said = wrong(text);
    assert_eq!(said.len(), 4, "{said:?}");
    for (sentence, line) in said.iter().zip(lines) {
        assert!(sentence.contains(&format!("line {line})")), "{sentence}");
    }
}

#[test]
fn a_file_that_is_no_yaml_is_refused_with_its_line() {
    let said = wrong("port: 1\nhost: \"open\n");
    assert!(matches!(said.as_slice(), [one] if one.starts_with("config.yaml, line ")), "{said:?}");
}

#[test]
fn a_file_that_is_named_must_be_there() {
    let folder = tempfile::tempdir().unwrap();
    let sources = Sources { file: Some(folder.path().join("none.yaml")), ..Sources::default() };
    let error = load(&sources).unwrap_err().to_string();
    assert!(error.contains("none.yaml can't be read: "), "{error}");
}

#[test]
fn files_of_supertokens_go_on_working() {
    let text = "core_config_version: 0\npostgresql_config_version: 0\nmax_server_pool_size: 10\ndisable_telemetry: true\n\
        info_log_path: \"null\"\nerror_log_path: null\nhost:\nport: ~\napi_keys: null\nip_allow_regex: ''\n\
        access_token_signing_key_update_interval: 24\nport: '4000'\n";
    let loaded = loaded(text);
    assert_eq!(loaded.settings.port, 4000);
    assert_eq!(loaded.settings.host, "localhost");
    assert_eq!(loaded.settings.base.policy.key_interval, Lifetime::from_hours(24));
    assert!(loaded.settings.log.info_path.is_none() && loaded.settings.base.tenant.ip_allow.is_none());
    let [twice] = loaded.warnings.as_slice() else { panic!("{:?}", loaded.warnings) };
    assert!(twice.starts_with("port is set twice, in ") && twice.ends_with(", line 12: the last one holds"), "{twice}");
}

#[test]
fn variables_are_unquoted_and_only_true_is_true() {
    let settings = in_environment([
        ("API_KEYS", "\"abcdefghijklmnopqrst-1, second-key-1234567890=,\""),
        ("ACCESS_TOKEN_BLACKLISTING", "TRUE"),
        ("ACCESS_TOKEN_SIGNING_KEY_DYNAMIC", "false"),
        ("SUPERTOKENS_PORT", " 4001 "),
        ("BASE_PATH", ""),
        ("INFO_LOG_PATH", r#""a\tb\"c\\d\'e\n""#),
    ]);
    let keys: Vec<&str> = settings.base.api_keys.iter().map(|key| key.expose()).collect();
    assert_eq!(keys, ["abcdefghijklmnopqrst-1", "second-key-1234567890="]);
    assert!(settings.base.access_token_blacklisting && !settings.base.dynamic_signing_key);
    assert_eq!(settings.port, 4001);
    assert_eq!(settings.log.info_path.unwrap().to_str(), Some("a\tb\"c\\d'e\n"));
    let sources =
        Sources { environment: Environment::from([("ACCESS_TOKEN_BLACKLISTING", "1")]), ..Sources::default() };
    let loaded = load(&sources).unwrap();
    assert!(!loaded.settings.base.access_token_blacklisting);
    let said = "environment variable ACCESS_TOKEN_BLACKLISTING is neither true nor false, and counts as false";
    assert_eq!(loaded.warnings, [said]);
}

#[test]
fn a_wrong_variable_is_named() {
    let sources = Sources { environment: Environment::from([("SUPERTOKENS_PORT", "x")]), ..Sources::default() };
    let error = load(&sources).unwrap_err().to_string();
    assert_eq!(error, "port = x (environment variable SUPERTOKENS_PORT): 'port' must be of type int");
}

#[test]
fn a_secret_may_lie_in_a_file() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("key");
    fs::write(&path, format!("{KEY}\n")).unwrap();
    let settings = in_environment([("API_KEYS_FILE", path.to_str().unwrap())]);
    assert_eq!(settings.base.api_keys.iter().map(|key| key.expose()).collect::<Vec<_>>(), [KEY]);
    let missing = Environment::from([("API_KEYS_FILE", "/nowhere/at/all")]);
    let error = load(&Sources { environment: missing, ..Sources::default() }).unwrap_err().to_string();
    assert!(error.starts_with("api_keys (environment variable API_KEYS_FILE): the file can't be read: "), "{error}");
}

#[test]
fn the_secret_of_the_service_is_a_key_of_every_app() {
    let secret = "s".repeat(40);
    let settings = settings(&format!("api_keys: {KEY}\nsupertokens_saas_secret: {secret}\n"));
    let keys: Vec<&str> = settings.base.api_keys.iter().map(|key| key.expose()).collect();
    assert_eq!(keys, [KEY, secret.as_str()]);
}

#[test]
fn postgresql_has_its_options() {
    let text = "postgresql_connection_uri: 'postgres://ada:p%40ss@[::1]:6000/app?currentSchema=s&sslmode=require'\n\
        postgresql_user: bob\npostgresql_host: elsewhere\npostgresql_port: 1\npostgresql_table_names_prefix: pre\n\
        postgresql_connection_pool_size: 7\npostgresql_idle_connection_timeout: 5\n";
    let StoreSettings::PostgreSql(all) = settings(text).store else { panic!("not PostgreSQL") };
    assert!(all.uri.unwrap().expose().starts_with("postgres://ada:"));
    assert_eq!((all.user.as_deref(), all.host.as_str(), all.port), (Some("bob"), "elsewhere", 1));
    assert_eq!((all.prefix.as_str(), all.pool_size, all.minimum_idle), ("pre", 7, None));
    assert_eq!(all.idle_timeout, Lifetime::from_millis(5));
    let StoreSettings::PostgreSql(bare) = settings("postgresql_user: u\n").store else { panic!("not PostgreSQL") };
    assert_eq!((bare.host.as_str(), bare.port, bare.database.as_str()), ("localhost", 5432, "supertokens"));
    assert_eq!((bare.schema.as_str(), bare.pool_size), ("public", 10));
}

#[test]
fn which_store_it_is_can_be_said() {
    let store = |text: &str| settings(text).store;
    assert!(matches!(store("store: memory\npostgresql_user: u\n"), StoreSettings::Memory));
    assert!(matches!(store("postgresql_user: u\n"), StoreSettings::PostgreSql(_)));
    assert!(
        matches!(store("store: sqlite\npostgresql_user: u\nsqlite_data_dir: /x\n"), StoreSettings::Sqlite(dir) if dir.ends_with("x"))
    );
}

#[test]
fn rules_for_addresses_are_for_whole_addresses() {
    let tenant = settings("ip_allow_regex: '127\\.0\\.0\\.1|10\\..*'\nip_deny_regex: '.*6'\n").base.tenant;
    let (allow, deny) = (tenant.ip_allow.unwrap(), tenant.ip_deny.unwrap());
    for (address, allowed) in [("127.0.0.1", true), ("127.0.0.12", false), ("10.9.9.9", true), ("110.0.0.1", false)] {
        let address: IpAddr = address.parse().unwrap();
        assert_eq!(allow.is_match(&address.to_string()), allowed, "{address}");
    }
    assert!(deny.is_match("1.1.1.6") && !deny.is_match("1.1.6.1"));
}

#[test]
fn no_debug_shows_a_secret() {
    let secrets = [KEY, "succession-secret-of-32-characters-", "database-password"];
    let text = format!(
        "api_keys: {}\nsuccession_secret: {}\npostgresql_connection_uri: postgresql://u:{}@h/d\n",
        secrets[0], secrets[1], secrets[2]
    );
    let (_folder, mut sources) = file(&text);
    sources.environment = Environment::from([("API_KEYS", KEY)]);
    sources.flags = vec![Flag { flag: "--x", option: "api_keys", value: KEY.into() }];
    let loaded = load(&sources).unwrap();
    let shown = format!("{sources:?} {loaded:?}");
    assert!(shown.contains("localhost"), "{shown}");
    for secret in secrets {
        assert!(!shown.contains(secret), "{secret} in {shown}");
    }
}
