//! Making, changing and removing apps and tenants: what the recorded answers don't show.

use super::world::{World, unknown};

const OK_NEW: &str = r#"200 {"status":"OK","createdNew":true}"#;
const OK_OLD: &str = r#"200 {"status":"OK","createdNew":false}"#;

/// Sends a PUT or POST.
async fn send(world: &World, line: &str, body: &str) -> String {
    world.send(line, &["cdi-version: 5.4"], body).await.line()
}

#[tokio::test]
async fn settings_are_laid_over_each_other_and_shown() {
    let world = World::new("").await;
    let app = "PUT /recipe/multitenancy/app/v2";
    let tenant = "PUT /appid-a/recipe/multitenancy/tenant/v2";
    for (line, body, expected) in [
        (app, r#"{"appId":"a","coreConfig":{"access_token_validity":60}}"#, OK_NEW),
        (tenant, r#"{"tenantId":"t1","coreConfig":{"ip_allow_regex":"127.*"},"firstFactors":["otp-email"]}"#, OK_NEW),
        (tenant, r#"{"tenantId":"t1","coreConfig":{"access_token_validity":60}}"#, OK_OLD),
        (tenant, r#"{"tenantId":"t1","requiredSecondaryFactors":["totp"],"firstFactors":null}"#, OK_OLD),
        // The app's setting can't move away from what a tenant of it says.
        (
            app,
            r#"{"appId":"a","coreConfig":{"access_token_validity":61}}"#,
            "400 Invalid core config: You cannot set different values for access_token_validity for the same appId",
        ),
        (tenant, r#"{"tenantId":"t1","coreConfig":{"access_token_validity":null}}"#, OK_OLD),
        (app, r#"{"appId":"a","coreConfig":{"access_token_validity":61}}"#, OK_OLD),
    ] {
        assert_eq!(send(&world, line, body).await, expected, "{body}");
    }
    assert_eq!(
        world.get("/appid-a/t1/recipe/multitenancy/tenant/v2").await.body,
        r#"{"tenantId":"t1","thirdParty":{"providers":[]},"requiredSecondaryFactors":["totp"],"coreConfig":{"ip_allow_regex":"127.*"},"status":"OK"}"#
    );
    let public = r#"{"tenantId":"public","thirdParty":{"providers":[]},"coreConfig":{}}"#;
    let a = r#"{"tenantId":"public","thirdParty":{"providers":[]},"coreConfig":{"access_token_validity":61}},{"tenantId":"t1","thirdParty":{"providers":[]},"requiredSecondaryFactors":["totp"],"coreConfig":{"ip_allow_regex":"127.*"}}"#;
    assert_eq!(
        world.get("/recipe/multitenancy/app/list/v2").await.body,
        format!(
            r#"{{"status":"OK","apps":[{{"appId":"a","tenants":[{a}]}},{{"appId":"public","tenants":[{public}]}}]}}"#
        )
    );
}

#[tokio::test]
async fn login_methods_are_kept() {
    let world = World::new("").await;
    let put = "PUT /recipe/multitenancy/tenant";
    assert_eq!(send(&world, put, r#"{"tenantId":"t1","thirdPartyEnabled":true}"#).await, OK_NEW);
    assert_eq!(
        send(&world, put, r#"{"tenantId":"t1","passwordlessEnabled":true,"thirdPartyEnabled":false}"#).await,
        OK_OLD
    );
    let shown = world.send("GET /t1/recipe/multitenancy/tenant", &["cdi-version: 3.1"], "").await.body;
    assert_eq!(
        shown,
        r#"{"tenantId":"t1","emailPassword":{"enabled":false},"thirdParty":{"enabled":false,"providers":[]},"passwordless":{"enabled":true},"coreConfig":{},"status":"OK"}"#
    );
}

#[tokio::test]
async fn who_may_change_what() {
    let world = World::new("").await;
    for (app, tenant) in [("a", "public"), ("a", "t1"), ("public", "t1")] {
        world.store_tenant(app, tenant, "{}").await;
    }
    world.wait(2000);
    for (line, body, expected) in [
        ("PUT /appid-a/t1/recipe/multitenancy/tenant/v2", r#"{"tenantId":"t1"}"#, OK_OLD),
        ("PUT /appid-a/t1/recipe/multitenancy/tenant/v2", "{}", OK_OLD),
        (
            "PUT /appid-a/t1/recipe/multitenancy/tenant/v2",
            r#"{"tenantId":"t2"}"#,
            "403 You must use the public or same tenant to add/update a tenant",
        ),
        ("PUT /appid-a/nope/recipe/multitenancy/tenant/v2", "{}", &unknown("a", "nope")),
        ("PUT /appid-nope/recipe/multitenancy/tenant/v2", r#"{"tenantId":"t1"}"#, &unknown("nope", "public")),
        ("PUT /appid-a/recipe/multitenancy/app/v2", "{}", OK_OLD),
        (
            "PUT /appid-a/t1/recipe/multitenancy/app/v2",
            "{}",
            "403 You must use the public tenantId to add/update an app",
        ),
        (
            "PUT /appid-a/recipe/multitenancy/app",
            r#"{"appId":"b"}"#,
            "403 You must use the public or same app to add/update an app",
        ),
        (
            "POST /appid-a/recipe/multitenancy/app/remove",
            r#"{"appId":"a"}"#,
            "403 Only the public appId is allowed to delete an app",
        ),
        (
            "POST /t1/recipe/multitenancy/app/remove",
            r#"{"appId":"a"}"#,
            "403 Only public tenantId can call this app specific API",
        ),
        ("POST /recipe/multitenancy/app/remove", r#"{"appId":"public"}"#, "403 Cannot delete public app"),
        (
            "POST /recipe/multitenancy/tenant/remove",
            r#"{"tenantId":"PUBLIC"}"#,
            "403 Cannot delete public tenant, use remove app API instead",
        ),
        ("POST /appid-nope/recipe/multitenancy/tenant/remove", r#"{"tenantId":"t1"}"#, &unknown("nope", "public")),
        ("GET /appid-a/recipe/multitenancy/app/list", "", "403 Only the public appId is allowed to list all apps"),
        ("GET /appid-nope/recipe/multitenancy/tenant/list/v2", "", &unknown("nope", "public")),
        ("GET /appid-nope/recipe/multitenancy/tenant/v2", "", r#"200 {"status":"TENANT_NOT_FOUND_ERROR"}"#),
    ] {
        assert_eq!(send(&world, line, body).await, expected, "{line} {body}");
    }
}

#[tokio::test]
async fn changes_at_one_time_lose_nothing() {
    let world = World::new("").await;
    let options = ["ip_allow_regex", "ip_deny_regex"];
    let puts = options.map(|option| {
        let body = format!(r#"{{"tenantId":"t1","coreConfig":{{"{option}":"127.*x?"}}}}"#);
        let world = &world;
        async move { send(world, "PUT /recipe/multitenancy/tenant/v2", &body).await }
    });
    futures_util::future::join_all(puts).await;
    let shown = world.get("/recipe/multitenancy/tenant/list/v2").await.body;
    assert!(options.iter().all(|option| shown.contains(option)), "{shown}");
}

#[tokio::test]
async fn another_process_is_not_overwritten_by_what_was_seen_before() {
    let world = World::new("").await;
    send(&world, "PUT /recipe/multitenancy/tenant/v2", r#"{"tenantId":"t1"}"#).await;
    world.store_tenant("public", "t1", r#"{"ip_allow_regex":"127.*"}"#).await;
    let put = send(&world, "PUT /recipe/multitenancy/tenant/v2", r#"{"tenantId":"t1","firstFactors":["totp"]}"#).await;
    assert_eq!(put, OK_OLD);
    let shown = world.get("/t1/recipe/multitenancy/tenant/v2").await.body;
    assert!(shown.contains(r#""coreConfig":{"ip_allow_regex":"127.*"}"#) && shown.contains("totp"), "{shown}");
}

/// Address rules are the operator's where he has a key of his own.
#[tokio::test]
async fn what_is_the_operators_is_neither_seen_nor_changed_by_others() {
    let operator = "api-key: ssssssssssssssssssssssssssssssssssssssss-1";
    let other = "api-key: abcdefghijklmnopqrst-1";
    let world = World::new(&format!(
        "api_keys: abcdefghijklmnopqrst-1\nsupertokens_saas_secret: {}\n",
        operator.trim_start_matches("api-key: ")
    ))
    .await;
    let put = "PUT /recipe/multitenancy/tenant/v2";
    let no = "403 Not allowed to modify protected configs.";
    let rule = |text: &str| format!(r#"{{"tenantId":"t1","coreConfig":{{"ip_allow_regex":{text}}}}}"#);
    let harmless = r#"{"tenantId":"t1","coreConfig":{"email_verification_token_lifetime":9}}"#;
    for (key, body, expected) in [
        (other, &*rule("\"127.*\""), no),
        (other, r#"{"appId":"t1","tenantId":"t1","coreConfig":{"saml_sp_entity_id":"x"}}"#, no),
        (other, harmless, OK_NEW),
        (operator, &rule("\"127.*\""), OK_OLD),
        (other, &rule("\"127.*\""), OK_OLD),
        (other, &rule("\".*\""), no),
        (other, &rule("null"), no),
        (other, harmless, OK_OLD),
    ] {
        assert_eq!(world.send(put, &[key], body).await.line(), expected, "{key} {body}");
    }
    let open = r#""coreConfig":{"email_verification_token_lifetime":9}"#;
    let all = r#""coreConfig":{"email_verification_token_lifetime":9,"ip_allow_regex":"127.*"}"#;
    for path in
        ["t1/recipe/multitenancy/tenant/v2", "recipe/multitenancy/tenant/list", "recipe/multitenancy/app/list/v2"]
    {
        for (key, expected) in [(other, open), (operator, all)] {
            let shown = world.send(&format!("GET /{path}"), &[key], "").await.body;
            assert!(shown.contains(expected), "{key}: {shown}");
        }
    }
    assert_eq!(world.send(put, &[operator], &rule("null")).await.line(), OK_OLD);
}
