//! Answers, byte for byte.

use doorward_engine::key::jwks::{Jwk, Jwks};
use doorward_wire::cdi::answer::{Answer, Refusal};
use doorward_wire::cdi::dialect::Dialect;
use doorward_wire::cdi::request_stats::{self, Rates};
use doorward_wire::cdi::route::Generation;
use doorward_wire::cdi::tenant::{self, Tenant};
use doorward_wire::cdi::version::CdiVersion;
use doorward_wire::cdi::{
    api_version, config, feature_flag, jwks, jwt, license, telemetry, tenant_list, user_count, user_id,
};

fn body(answer: &Answer) -> &str {
    std::str::from_utf8(&answer.body).unwrap()
}

fn dialect(version: &str) -> &'static Dialect {
    Dialect::of(CdiVersion::parse(version).unwrap())
}

#[test]
fn small_answers() {
    let stats = Rates { at_minute: 7, average: vec![None, Some(0.5)], peak: vec![None, Some(3)] };
    let cases = [
        (telemetry::render(), r#"{"exists":false}"#),
        (feature_flag::render(), r#"{"features":[],"usageStats":{},"status":"OK"}"#),
        (license::render_get(), r#"{"status":"NO_LICENSE_KEY_FOUND_ERROR"}"#),
        (license::render_put(true), r#"{"status":"MISSING_EE_FOLDER_ERROR"}"#),
        (license::render_put(false), r#"{"status":"OK"}"#),
        (user_id::render(), r#"{"status":"UNKNOWN_USER_ID_ERROR"}"#),
        (user_count::render(3), r#"{"status":"OK","count":3}"#),
        (config::render(Some("/etc/a \"b\"")), r#"{"status":"OK","path":"/etc/a \"b\""}"#),
        (config::render(None), r#"{"status":"NOT_ALLOWED"}"#),
        (jwt::render("a.b.c"), r#"{"status":"OK","jwt":"a.b.c"}"#),
        (jwt::render_unsupported(), r#"{"status":"UNSUPPORTED_ALGORITHM_ERROR"}"#),
        (tenant::render_put(true), r#"{"status":"OK","createdNew":true}"#),
        (tenant::render_removed(false), r#"{"status":"OK","didExist":false}"#),
        (
            request_stats::render(&stats),
            r#"{"atMinute":7,"averageRequestsPerSecond":[-1.0,0.5],"peakRequestsPerSecond":[-1,3],"status":"OK"}"#,
        ),
        (api_version::render(CdiVersion::parse("2.9")), r#"{"versions":["2.7","2.8","2.9"]}"#),
    ];
    for (answer, expected) in cases {
        assert_eq!((answer.status, answer.content.header()), (200, "application/json;charset=UTF-8"));
        assert_eq!(body(&answer), format!("{expected}\n"));
    }
}

#[test]
fn refusals_are_messages() {
    let answer = Answer::from(Refusal::unknown_tenant("a", "t"));
    assert_eq!((answer.status, answer.content.header()), (400, "text/html;charset=UTF-8"));
    assert_eq!(
        body(&answer),
        "AppId or tenantId not found => Tenant with the following connectionURIDomain, appId and tenantId combination \
         not found: (, a, t)\n"
    );
}

#[test]
fn key_sets() {
    let key = Jwk {
        kty: "RSA",
        kid: "d-1".into(),
        n: Some("AA".into()),
        e: Some("AQAB".into()),
        crv: None,
        x: None,
        alg: "RS256",
        usage: "sig",
    };
    let set = Jwks { keys: vec![key] };
    let keys = r#""keys":[{"kty":"RSA","kid":"d-1","n":"AA","e":"AQAB","alg":"RS256","use":"sig"}]"#;
    assert_eq!(body(&jwks::render(&set)), format!("{{{keys},\"status\":\"OK\"}}\n"));
    let public = jwks::render_public(&set, 60);
    assert_eq!(body(&public), format!("{{{keys}}}\n"));
    assert_eq!(public.cache_control.as_deref(), Some("max-age=60, must-revalidate"));
}

#[test]
fn tenants_of_both_generations() {
    let factors = ["otp-email".to_owned()];
    let public = Tenant {
        id: "public",
        core_config: r#"{"access_token_validity":60}"#,
        first_factors: None,
        required_secondary_factors: None,
        email_password: true,
        third_party: true,
        passwordless: false,
    };
    let other = Tenant {
        id: "t1",
        core_config: "{}",
        first_factors: Some(&[]),
        required_secondary_factors: Some(&factors),
        ..public
    };
    let methods = r#""emailPassword":{"enabled":true},"thirdParty":{"enabled":true,"providers":[]},"passwordless":{"enabled":false}"#;
    let cases = [
        (public, Generation::First, "3.1", format!(r#"{{"tenantId":"public",{methods},"coreConfig":{{"access_token_validity":60}},"status":"OK"}}"#)),
        (other, Generation::First, "4.0", format!(r#"{{"tenantId":"t1",{methods},"coreConfig":{{}},"status":"OK"}}"#)),
        (
            other,
            Generation::First,
            "5.0",
            format!(r#"{{"tenantId":"t1",{methods},"firstFactors":[],"requiredSecondaryFactors":["otp-email"],"coreConfig":{{}},"status":"OK"}}"#),
        ),
        (
            other,
            Generation::Second,
            "3.0",
            r#"{"tenantId":"t1","thirdParty":{"providers":[]},"firstFactors":[],"requiredSecondaryFactors":["otp-email"],"coreConfig":{},"status":"OK"}"#.into(),
        ),
    ];
    for (tenant, generation, version, expected) in cases {
        let answer = tenant::render_get(Some(&tenant), generation, dialect(version));
        assert_eq!(body(&answer), format!("{expected}\n"), "{version}");
    }
    let none = tenant::render_get(None, Generation::Second, dialect("5.4"));
    assert_eq!(body(&none), "{\"status\":\"TENANT_NOT_FOUND_ERROR\"}\n");
    let apps = tenant_list::render_apps([("a", [public].into_iter())].into_iter(), Generation::Second, dialect("5.4"));
    let shown = r#"{"tenantId":"public","thirdParty":{"providers":[]},"coreConfig":{"access_token_validity":60}}"#;
    assert_eq!(body(&apps), format!(r#"{{"status":"OK","apps":[{{"appId":"a","tenants":[{shown}]}}]}}"#) + "\n");
    let list = tenant_list::render([public].into_iter(), Generation::Second, dialect("5.4"));
    assert_eq!(body(&list), format!(r#"{{"status":"OK","tenants":[{shown}]}}"#) + "\n");
}
