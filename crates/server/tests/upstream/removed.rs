//! A user whom the core removes is signed out here, and so are the accounts that are linked to him.

use super::stand_in::{ANSWER, Answers, StandIn};
use crate::cdi::world::{World, unknown};

const VERSION: &str = "cdi-version: 5.4";
const NOBODY: &str = r#"{"status":"UNKNOWN_USER_ID_ERROR"}"#;
const LINKED: &str = r#"{"status":"OK","user":{"id":"primary","isPrimaryUser":true,"loginMethods":[
    {"recipeId":"emailpassword","recipeUserId":"first"},{"recipeId":"passwordless","recipeUserId":"second"}]}}"#;

/// Signs users in, and returns a server that has their sessions.
async fn with_sessions(yaml: &str, users: &[&str]) -> World {
    let world = World::new(yaml).await;
    for user in users {
        let body =
            format!(r#"{{"userId":"{user}","userDataInJWT":{{}},"userDataInDatabase":{{}},"enableAntiCsrf":false}}"#);
        assert_eq!(world.send("POST /recipe/session", &[VERSION], &body).await.status, 200);
    }
    world
}

/// Which of these users are signed in.
async fn signed_in<'a>(world: &World, users: &[&'a str]) -> Vec<&'a str> {
    let mut found = Vec::new();
    for user in users {
        let body = world.get(&format!("/recipe/session/user?userId={user}")).await.body;
        if !body.contains(r#""sessionHandles":[]"#) {
            found.push(*user);
        }
    }
    found
}

#[tokio::test]
async fn linked_accounts_go_unless_they_are_to_stay() {
    const USERS: [&str; 4] = ["primary", "first", "second", "other"];
    for (body, asked, stay) in [
        (r#"{"userId":"primary"}"#, "GET /user/id?userId=primary", &["other"][..]),
        (r#"{"userId":"first","removeAllLinkedAccounts":true}"#, "GET /user/id?userId=first", &["other"]),
        (r#"{"userId":"first","removeAllLinkedAccounts":false}"#, "", &["primary", "second", "other"]),
    ] {
        let core = StandIn::start(Answers::Users(200, LINKED)).await;
        let world = with_sessions(&core.yaml(), &USERS).await;
        let answer = world.send("POST /user/remove", &[VERSION], body).await;
        assert_eq!((answer.status, answer.body.as_str()), (207, ANSWER.trim_end()), "{body}");
        let lines = [asked, "POST /user/remove"].into_iter().filter(|line| !line.is_empty());
        assert_eq!(core.lines(), lines.collect::<Vec<_>>(), "{body}");
        assert_eq!(signed_in(&world, &USERS).await, stay, "{body}");
    }
}

#[tokio::test]
async fn one_whom_the_core_does_not_know_goes_as_well() {
    // A core of old has no such path, and no accounts that are linked.
    for (status, said, version) in [(200, NOBODY, VERSION), (404, "Not found\n", "cdi-version: 3.1")] {
        let core = StandIn::start(Answers::Users(status, said)).await;
        let world = with_sessions(&core.yaml(), &["u", "v"]).await;
        assert_eq!(world.send("POST /user/remove", &[version], r#"{"userId":"u"}"#).await.status, 207, "{version}");
        assert_eq!(signed_in(&world, &["u", "v"]).await, ["v"], "{version}");
    }
}

#[tokio::test]
async fn without_a_word_about_him_nobody_goes() {
    let core = StandIn::start(Answers::Well).await;
    let yaml = core.yaml();
    drop(core);
    let world = with_sessions(&yaml, &["u"]).await;
    let answer = world.send("POST /user/remove", &[VERSION], r#"{"userId":"u"}"#).await;
    assert_eq!(answer.line(), "502 the upstream core can't be reached");
    assert_eq!(signed_in(&world, &["u"]).await, ["u"]);

    for (status, said) in [
        (404, "Not found\n"),
        (401, "Invalid API key\n"),
        (500, LINKED),
        (200, "Hello\n"),
        (200, "{}"),
        (200, r#"{"status":"OK"}"#),
        (200, r#"{"status":"OK","user":{"id":"u"}}"#),
        (200, r#"{"status":"OK","user":{"id":"u","loginMethods":[{}]}}"#),
    ] {
        let core = StandIn::start(Answers::Users(status, said)).await;
        let world = with_sessions(&core.yaml(), &["u"]).await;
        let answer = world.send("POST /user/remove", &[VERSION], r#"{"userId":"u"}"#).await;
        assert_eq!(answer.line(), "502 the upstream core doesn't say which accounts are linked", "{status} {said}");
        assert_eq!(core.lines(), ["GET /user/id?userId=u"], "{status} {said}");
        assert_eq!(signed_in(&world, &["u"]).await, ["u"], "{status} {said}");
    }
}

#[tokio::test]
async fn the_question_is_about_the_same_app_and_of_the_same_version() {
    let core = StandIn::start(Answers::Users(200, NOBODY)).await;
    let world = World::new(&format!("{}base_path: /auth\nupstream_core_api_key: its-own\n", core.yaml())).await;
    world.store_tenant("a", "public", "{}").await;
    world.store_tenant("public", "t1", "{}").await;
    world.wait(2000);
    let body = r#"{"userId":"a&b=ü/?#%"}"#;
    let query = "?userId=a%26b%3D%C3%BC%2F%3F%23%25";
    for (path, version, expected) in [
        ("/appid-a/user/remove?x=1", "5.4", "/appid-a/user/id"),
        ("/appid-a/public/user/remove", "5.6", "/appid-a/user/id"),
        ("/t1/user/remove", "4.0", "/user/id"),
    ] {
        let version_header = format!("cdi-version: {version}");
        let headers = [
            version_header.as_str(),
            "authorization: Bearer x",
            "content-type: application/json",
            "accept-encoding: gzip",
            "via: 1.1 proxy",
        ];
        assert_eq!(world.send(&format!("POST /auth{path}"), &headers, body).await.status, 207, "{path}");
        let asked = core.asked();
        let [question, removal] = &asked[..] else { panic!("{asked:?}") };
        assert_eq!((question.line.as_str(), question.body.as_str()), (&*format!("GET {expected}{query}"), ""));
        let mut names: Vec<String> =
            (question.headers.iter()).map(|(name, value)| format!("{name}: {}", value.to_str().unwrap())).collect();
        names.sort();
        let expected = [
            "api-key: its-own",
            &version_header,
            &format!("host: {}", core.address),
            "via: 1.1 doorward",
            "via: 1.1 proxy",
        ];
        assert_eq!(names, expected, "{path}");
        assert_eq!((removal.line.as_str(), removal.body.as_str()), (&*format!("POST {path}"), body));
    }
}

#[tokio::test]
async fn what_is_wrong_goes_nowhere() {
    let core = StandIn::start(Answers::Users(200, NOBODY)).await;
    let world = with_sessions(&core.yaml(), &["u"]).await;
    let invalid = "400 Field name 'userId' is invalid in JSON input";
    let unknown = unknown("nope", "public");
    for (path, body, expected) in [
        ("/user/remove", "{}", invalid),
        ("/user/remove", "", "400 Invalid Json Input"),
        ("/t1/user/remove", r#"{"userId":"u"}"#, "403 Only public tenantId can call this app specific API"),
        ("/appid-nope/user/remove", r#"{"userId":"u"}"#, &unknown),
    ] {
        assert_eq!(world.send(&format!("POST {path}"), &[VERSION], body).await.line(), expected, "{path} {body}");
    }
    assert_eq!(core.lines(), [""; 0]);
    assert_eq!(signed_in(&world, &["u"]).await, ["u"]);
    // One that comes back isn't asked twice.
    let headers = [VERSION, "via: 1.1 doorward"];
    assert_eq!(world.send("POST /user/remove", &headers, r#"{"userId":"u"}"#).await.status, 508);
    assert_eq!(signed_in(&world, &["u"]).await, ["u"]);
}
