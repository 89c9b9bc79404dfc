//! What the endpoints of sessions read, by version (`spec/modern-core.md` 3.2 to 3.10).

use doorward_engine::time::Lifetime;
use doorward_wire::cdi::answer::Refusal;
use doorward_wire::cdi::dialect::Dialect;
use doorward_wire::cdi::input::{Object, Query};
use doorward_wire::cdi::session_create::SessionCreate;
use doorward_wire::cdi::session_refresh::SessionRefresh;
use doorward_wire::cdi::session_remove::SessionRemove;
use doorward_wire::cdi::session_user::SessionUser;
use doorward_wire::cdi::session_verify::SessionVerify;
use doorward_wire::cdi::version::CdiVersion;

fn at(version: &str) -> &'static Dialect {
    Dialect::of(CdiVersion::parse(version).unwrap())
}

fn field<T>(name: &str) -> Result<T, Refusal> {
    Err(Refusal::field(name))
}

const HOUR: Lifetime = Lifetime::from_hours(1);

/// A body with one field more.
fn with(body: &str, more: &str) -> String {
    let more = if more.is_empty() { String::new() } else { format!(",{more}") };
    format!("{}{more}}}", body.strip_suffix('}').unwrap())
}

/// Who chooses the kind of signing key at create: the settings below 2.21, then the caller.
#[test]
fn the_key_of_a_new_session() {
    const BODY: &str = r#"{"userId":"u","enableAntiCsrf":false,"userDataInJWT":{},"userDataInDatabase":{}}"#;
    for (version, more, expected) in [
        ("2.20", r#""useDynamicSigningKey":false"#, Ok(None)),
        ("2.20", r#""useDynamicSigningKey":"x""#, Ok(None)),
        ("2.21", "", Ok(Some(false))),
        ("2.21", r#""useDynamicSigningKey":false"#, Ok(Some(true))),
        ("5.4", r#""useDynamicSigningKey":true"#, Ok(Some(false))),
        ("5.4", r#""useDynamicSigningKey":null"#, field("useDynamicSigningKey")),
    ] {
        let body = with(BODY, more);
        let body = Object::parse(body.as_bytes()).unwrap();
        let request = SessionCreate::parse(&body, at(version)).unwrap();
        assert_eq!(request.use_static_key(&body, at(version)), expected, "{version} {more}");
    }
}

/// And at refresh: nobody below 3.0, then the caller if he says so, from 5.0 on he must.
#[test]
fn the_key_of_a_refreshed_session() {
    const BODY: &str = r#"{"refreshToken":"r","enableAntiCsrf":true}"#;
    for (version, more, expected) in [
        ("2.21", r#""useDynamicSigningKey":"x""#, Ok(None)),
        ("3.0", "", Ok(None)),
        ("4.0", r#""useDynamicSigningKey":false"#, Ok(Some(true))),
        ("5.0", r#""useDynamicSigningKey":true"#, Ok(Some(false))),
        ("5.0", "", field("useDynamicSigningKey")),
        ("5.6", "", field("useDynamicSigningKey")),
    ] {
        let body = with(BODY, more);
        let request = SessionRefresh::parse(&Object::parse(body.as_bytes()).unwrap(), at(version));
        assert_eq!(request.map(|request| request.use_static_key), expected, "{version} {more}");
    }
}

#[test]
fn the_life_of_one_access_token() {
    let range =
        "accessTokenValidity must be greater than 0 and at most the configured access_token_validity (3600000 ms)";
    let refused = || Err(Refusal::bad(range));
    let millis = |millis| Ok(Some(Lifetime::from_millis(millis)));
    for (version, value, expected) in [
        ("5.5", "0", Ok(None)),
        ("5.5", "\"x\"", Ok(None)),
        ("5.6", "1", millis(1)),
        ("5.6", "1.5", millis(1)),
        ("5.6", "\"5000\"", millis(5000)),
        ("5.6", "[7]", millis(7)),
        ("5.6", "3600000", millis(3_600_000)),
        ("5.6", "3600001", refused()),
        ("5.6", "0", refused()),
        ("5.6", "0.5", refused()),
        ("5.6", "-1", refused()),
        ("5.6", "1e18", refused()),
        ("5.6", "1e300", field("accessTokenValidity")),
        ("5.6", "null", field("accessTokenValidity")),
        ("5.6", "true", field("accessTokenValidity")),
    ] {
        let body = format!(
            r#"{{"refreshToken":"r","enableAntiCsrf":true,"useDynamicSigningKey":true,"accessTokenValidity":{value}}}"#
        );
        let request = SessionRefresh::parse(&Object::parse(body.as_bytes()).unwrap(), at(version));
        let lifetime = request.and_then(|request| request.access_lifetime_once(HOUR));
        assert_eq!(lifetime, expected, "{version} {value}");
    }
}

/// A claim that the token has for itself, by the token's version; before 2.21 none is.
#[test]
fn claims_of_the_token_itself() {
    for (version, claim, is_refused) in [
        ("2.20", "sub", false),
        ("2.21", "sub", true),
        ("2.21", "tId", false),
        ("3.1", "tId", true),
        ("3.1", "rsub", false),
        ("4.0", "rsub", true),
        ("5.6", "s\\u0075b", true),
        ("5.6", "userId", false),
        ("5.6", "stt", false),
        ("5.6", "nbf", false),
    ] {
        let body = format!(
            r#"{{"userId":"u","enableAntiCsrf":false,"userDataInJWT":{{"{claim}":1}},"userDataInDatabase":{{}}}}"#
        );
        let body = Object::parse(body.as_bytes()).unwrap();
        let request = SessionCreate::parse(&body, at(version)).unwrap();
        let refusal = request.use_static_key(&body, at(version)).err();
        assert_eq!(refusal, is_refused.then_some(Refusal::PROTECTED_FIELD), "{version} {claim}");
    }
}

#[test]
fn verifying_asks_the_store_as_the_caller_or_the_settings_say() {
    const BODY: &str = r#"{"accessToken":"a","doAntiCsrfCheck":true,"enableAntiCsrf":false}"#;
    for (version, more, expected) in [
        ("2.20", "", Ok(None)),
        ("2.20", r#""checkDatabase":"x""#, Ok(None)),
        ("2.21", r#""checkDatabase":true"#, Ok(Some(true))),
        ("2.21", r#""checkDatabase":0"#, Ok(Some(false))),
        ("2.21", "", field("checkDatabase")),
        ("5.6", r#""checkDatabase":null"#, field("checkDatabase")),
    ] {
        let body = with(BODY, more);
        let request = SessionVerify::parse(&Object::parse(body.as_bytes()).unwrap(), at(version));
        assert_eq!(request.map(|request| request.check_store), expected, "{version} {more}");
    }
}

/// Both fields must ask for the anti-CSRF check (12 no. 40).
#[test]
fn anti_csrf_is_checked_where_both_fields_say_so() {
    for (wanted, enabled) in [(false, false), (false, true), (true, false), (true, true)] {
        let body = format!(r#"{{"accessToken":"a","doAntiCsrfCheck":{wanted},"enableAntiCsrf":{enabled}}}"#);
        let request = SessionVerify::parse(&Object::parse(body.as_bytes()).unwrap(), at("2.7")).unwrap();
        assert_eq!(request.anti_csrf_check().judge(None).is_err(), wanted && enabled);
    }
}

#[test]
fn which_sessions_are_removed() {
    let one_of = || Err(Refusal::bad("Invalid JSON input - use one of userId or sessionHandles array"));
    let only = |name| Err(Refusal::bad(format!("Invalid JSON input - {name} can only be set if userId is set")));
    let user = |across_tenants, linked| Ok(SessionRemove::User { user: "u".into(), across_tenants, linked });
    let handles =
        |handles: &[&'static str]| Ok(SessionRemove::Handles(handles.iter().map(|handle| (*handle).into()).collect()));
    for (body, expected) in [
        (r#"{"userId":"u"}"#, user(true, true)),
        (r#"{"userId":"u","revokeAcrossAllTenants":false}"#, user(false, true)),
        (r#"{"userId":"u","revokeSessionsForLinkedAccounts":false}"#, user(true, false)),
        (r#"{"sessionHandles":[]}"#, handles(&[])),
        (r#"{"sessionHandles":["a",["b"],"a"]}"#, handles(&["a", "b", "a"])),
        ("{}", one_of()),
        (r#"{"revokeAcrossAllTenants":true}"#, one_of()),
        (r#"{"userId":"u","sessionHandles":[]}"#, one_of()),
        (r#"{"sessionHandles":[],"revokeAcrossAllTenants":true}"#, only("revokeAcrossAllTenants")),
        (r#"{"sessionHandles":[],"revokeSessionsForLinkedAccounts":true}"#, only("revokeSessionsForLinkedAccounts")),
        (r#"{"sessionHandles":[null]}"#, field("sessionHandles")),
        (r#"{"userId":null}"#, field("userId")),
        (r#"{"userId":"u","revokeAcrossAllTenants":"true"}"#, field("revokeAcrossAllTenants")),
    ] {
        assert_eq!(SessionRemove::parse(&Object::parse(body.as_bytes()).unwrap()), expected, "{body}");
    }
}

#[test]
fn whose_sessions_are_listed() {
    for (query, across_tenants, linked) in [
        ("userId=u", true, true),
        ("userId=u&fetchAcrossAllTenants=TRUE", true, true),
        ("userId=u&fetchAcrossAllTenants=no", false, true),
        ("fetchAcrossAllTenants=&userId=u", false, true),
        ("userId=u&fetchSessionsForAllLinkedAccounts=False", true, false),
    ] {
        let expected = SessionUser { user: "u".into(), across_tenants, linked };
        assert_eq!(SessionUser::parse(Query::new(query)), Ok(expected), "{query}");
    }
    let missing = Refusal::bad("Field name 'userId' is missing in GET request");
    assert_eq!(SessionUser::parse(Query::new("user=u")), Err(missing));
}
