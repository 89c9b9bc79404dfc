//! What the player finds and what it lets pass, one change at a time.

use doorward_testkit::cdi::json::Json;
use doorward_testkit::cdi::scenario::Scenario;

use crate::cdi_recorded::play;

/// Two answers that hold what can go wrong.
fn scenario(pause: &str) -> Scenario {
    let token = r##"{"$jwt":{"encoding":"base64url","header":{"kid":{"$kid":"d-"},"alg":"RS256"},"payload":{"hash":{"$sha256":"a.refresh"},"exp":{"$s":60}}}}"##;
    Scenario::read(&format!(
        r#"{{"scenario":"small","cdi":["5.4"],"about":"","config":{{}},"steps":[
        {{"id":"a","request":{{"method":"POST","path":"/a"}},"response":{{"status":200,"headers":{{"cache-control":"max-age={{{{int}}}}, must"}},
          "json":{{"id":{{"$uuid":true}},"refresh":{{"$refreshToken":true}},"token":{token},"at":{{"$ms":0}},"in":{{"$ms":60000,"whole":true}},
                   "spelt":1.0,"zero":0,"user":"u-{{{{run}}}}","any":{{"$set":[1,"two"]}},"data":{{"x":[null,true]}}}}}}}},
        {pause}
        {{"id":"b","request":{{"method":"GET","path":"/b"}},"response":{{"status":200,"json":{{"id":{{"$uuid":true}},"late":{{"$ms":1000}}}}}},
          "equal":[["b.id","b.id"]]}}]}}"#
    ))
    .unwrap()
}

/// Where the player finds differences in step `a` or `b` after these changes of the text of their bodies.
fn found(scenario: &Scenario, step: &str, change: impl Fn(&str) -> String) -> Vec<String> {
    let played = play(scenario, "5.4", |name, answer| {
        if name == step {
            answer.body = change(&answer.body);
        }
    });
    played.into_iter().flat_map(|played| played.differences).map(|difference| difference.at).collect()
}

#[test]
fn a_change_is_found_where_it_is() {
    let small = scenario("");
    for (step, from, to, at) in [
        ("a", "\"zero\":0", "\"zero\":-0", ""),
        ("a", "\"zero\":0", "\"zero\":0.0", "json.zero"),
        ("a", "1.0", "1", "json.spelt"),
        ("a", "1.0", "1.00", "json.spelt"),
        ("a", "1.0", "\"1.0\"", "json.spelt"),
        ("a", "u-r1", "u-r2", "json.user"),
        ("a", "u-r1", "u-{{run}}", "json.user"),
        ("a", "[null,true]", "[true,null]", "json.data.x.0 json.data.x.1"),
        ("a", "[null,true]", "[null]", "json.data.x"),
        ("a", "[null,true]", "{}", "json.data.x"),
        ("a", "[\"two\",1]", "[\"two\",\"two\"]", "json.any"),
        ("a", "[\"two\",1]", "[\"two\",1,1]", "json.any"),
        ("a", "[\"two\",1]", "[1,\"two\"]", ""),
        ("a", "\"data\":{", "\"data\":{\"y\":1,", "json.data.y"),
        ("a", "\"x\":[null,true]", "", "json.data.x"),
        ("a", "\"x\":[null,true]", "\"X\":[null,true]", "json.data.x json.data.X"),
        ("a", "1767222000347", "1767222000348", "json.at"),
        ("a", "1767222000347", "1767222000347.0", "json.at"),
        ("a", "1767222060000", "1767222060001", "json.in"),
        ("a", "1767222060000", "1767222060347", "json.in"),
        ("a", "5f1b7c1e", "5F1b7c1e", "json.id"),
        ("a", "4c55", "5c55", "json.id"),
        ("a", ".V2", ".V 2", "json.refresh json.token#payload.hash"),
        ("a", ".V2", ".V3", "json.token#payload.hash"),
        ("a", "}\n", "}", "body"),
        ("a", "}\n", "}\n\n", "body"),
        ("a", "}\n", "\n}\n", "body"),
        ("a", "{", "", "body"),
        ("b", "-000000000004", "-000000000001", "json.id"),
        ("b", "-000000000004", "-000000000009", ""),
    ] {
        let changed = found(&small, step, |body| {
            assert!(body.contains(from), "{from} is not in {body}");
            body.replacen(from, to, 1)
        });
        assert_eq!(changed.join(" "), at, "{from} -> {to}");
    }
}

#[test]
fn the_order_of_members_counts() {
    let reversed = |body: &str| {
        let Json::Object(mut members) = Json::parse(body).unwrap() else { panic!("no object") };
        members.reverse();
        format!("{}\n", Json::Object(members).compact())
    };
    assert_eq!(found(&scenario(""), "a", reversed), ["json order"]);
}

#[test]
fn a_token_is_held_against_the_published_key() {
    let part = |body: &str, place: usize| {
        let token = Json::parse(body).unwrap().get("token").and_then(Json::text).unwrap().to_owned();
        token.split('.').nth(place).unwrap().to_owned()
    };
    let small = scenario("");
    let other_signature = |body: &str| body.replace(&part(body, 2), &part(body, 2).replacen('A', "B", 1));
    assert_eq!(found(&small, "a", other_signature), ["json.token"]);
    let no_signature = |body: &str| body.replace(&part(body, 2), "");
    assert_eq!(found(&small, "a", no_signature), ["json.token"]);
    let two_parts = |body: &str| body.replace(&format!(".{}", part(body, 2)), "");
    assert_eq!(found(&small, "a", two_parts), ["json.token"]);
    let other_key = |body: &str| {
        // {"kid":"d-1767221999101","alg":"RS256"}
        body.replace(&part(body, 0), "eyJraWQiOiJkLTE3NjcyMjE5OTkxMDEiLCJhbGciOiJSUzI1NiJ9")
    };
    assert_eq!(found(&small, "a", other_key), ["json.token"]);
}

#[test]
fn where_there_are_pauses_a_time_may_be_off() {
    let paused = scenario(r#"{"sleep_ms":100},"#);
    let later =
        |millis: u64| move |body: &str| body.replace("1767222001447", &(1_767_222_001_447 + millis).to_string());
    assert_eq!(found(&paused, "b", later(1500)), [""; 0]);
    assert_eq!(found(&paused, "b", later(1501)), ["json.late"]);
}

#[test]
fn status_and_headers_count() {
    let small = scenario("");
    let played = play(&small, "5.4", |step, answer| match step {
        "a" => answer.headers = vec![("cache-control".into(), "max-age=, must".into())],
        _ => answer.status = 204,
    });
    let at: Vec<String> = played.iter().flat_map(|step| &step.differences).map(ToString::to_string).collect();
    assert!(at[0].starts_with("header cache-control: wanted max-age={{int}}, must"), "{at:?}");
    assert!(at[1].starts_with("status: wanted 200, got 204 {"), "{at:?}");
    assert_eq!(at.len(), 2);
}

/// A file that says something that the player doesn't know is not played at all.
#[test]
fn unknown_words_are_errors() {
    let whole = r#"{"scenario":"s","cdi":["5.4"],"about":"","config":{},"steps":[{"id":"a","request":{"method":"GET","path":"/"},"response":{"status":200,"json":{"$uuid":true}}}]}"#;
    let scenario = Scenario::read(whole).unwrap();
    assert!(play(&scenario, "5.4", |_, answer| answer.body.push('\n'))[0].differences.len() == 1);
    for (from, to) in [
        ("\"about\"", "\"abuot\""),
        ("\"method\"", "\"verb\""),
        ("\"status\":200", "\"status\":\"200\""),
        ("\"response\":{", "\"response\":{\"layout\":1,"),
        ("\"json\"", "\"text\":\"\",\"json\""),
    ] {
        assert!(Scenario::read(&whole.replacen(from, to, 1)).is_err(), "{to}");
    }
    for unknown in [r#"{"$guid":true}"#, r#"{"$uuid":true,"prefix":"x"}"#] {
        let scenario = Scenario::read(&whole.replace(r#"{"$uuid":true}"#, unknown)).unwrap();
        let played = play(&scenario, "5.4", |_, _| {});
        assert!(played[0].differences[0].wanted.contains("the player does not know"), "{played:?}");
    }
}

#[test]
fn a_recorded_time_that_is_a_second_short_of_a_round_one_was_that_one() {
    let drifted = |after: &str, pause: &str| {
        let step = format!(
            r#"{{"id":"a","request":{{"method":"GET","path":"/"}},"response":{{"status":200,"json":{{"at":{after}}}}}}}"#
        );
        let text = format!(r#"{{"scenario":"s","cdi":["5.4"],"about":"","config":{{}},"steps":[{pause}{step}]}}"#);
        Scenario::read(&text).unwrap()
    };
    let at = |time: &str| {
        let time = time.to_owned();
        move |_: &str| format!("{{\"at\":{time}}}\n")
    };
    for (after, got, fits) in [
        (r#"{"$s":3599}"#, "1767225600", true),
        (r#"{"$s":3599}"#, "1767225599", false),
        (r#"{"$ms":-1000}"#, "1767222000347", true),
        (r#"{"$ms":-1000}"#, "1767221999347", false),
        (r#"{"$s":3598}"#, "1767225598", true),
        (r#"{"$s":3598}"#, "1767225599", false),
    ] {
        let found = found(&drifted(after, ""), "a", at(got));
        assert_eq!(found.is_empty(), fits, "{after} {got}: {found:?}");
    }
    let paused = drifted(r#"{"$s":3599}"#, r#"{"sleep_ms":1},"#);
    assert_eq!(found(&paused, "a", at("1767225600")), [""; 0]);
    assert_eq!(found(&paused, "a", at("1767225601")), ["json.at"]);
}
