//! What the player sends: values filled in, tokens tampered with.

use std::cell::RefCell;

use bytes::Bytes;
use doorward_testkit::cdi::json::Json;
use doorward_testkit::cdi::player::{self, Target};
use doorward_testkit::cdi::scenario::Scenario;
use doorward_testkit::cdi::token;
use http::{Request, Response};

/// Answers with a token, and keeps what it was sent.
#[derive(Default)]
struct Recorder(RefCell<Vec<Request<Bytes>>>);

impl Target for Recorder {
    async fn call(&self, request: Request<Bytes>) -> Response<Bytes> {
        self.0.borrow_mut().push(request);
        Response::new(Bytes::from_static(
            b"{\"user\":{\"id\":\"a/b\",\"age\":1e2},\"token\":\"eyJhIjpbMV19.eyJiIjp7ImMiOjIuMH19.x\"}\n",
        ))
    }

    fn now(&self) -> u64 {
        0
    }

    async fn sleep(&self, _: u64) {}
}

#[test]
fn requests_are_filled_in() {
    let step = |id: &str, request: &str| {
        format!(r#"{{"id":"{id}","request":{{"method":"POST","path":"/p",{request}}},"response":{{"status":200}}}}"#)
    };
    let steps = [
        r#"{"id":"a","request":{"method":"POST","path":"/a"},"response":{"status":200}}"#.to_owned(),
        step("b", r#""body":{"u":"u-{{run}}","id":{"$capture":"a.user"},"n":[1.50,1e3],"é":"{{cdi}} {{a.user.id}} {{a.user.age}}"}"#),
        step("c", r#""headers":{"cdi-version":" {{cdi}}\t","x":"{{host}}"},"raw":"{\"a\":{\"b\":{{{a.token#payload.b.c}}}}{{run}}}}""#),
        step("d", r#""body":{"t":{"$tamper":{"token":{"$capture":"a.token"},"ops":[["set_payload",{"u":"{{run}}"}],["append","."]]}}}"#),
        step("outside_e", r#""raw":"""#),
        step("f", r#""body":{"$capture":"a.nothing"}"#),
        step("g", r#""raw":"{{z.user}}""#),
    ]
    .join(",");
    let scenario = format!(
        r#"{{"scenario":"s","cdi":["3.0"],"about":"","config":{{"base_path":"/base"}},"base_path":"/base","steps":[{steps}]}}"#
    );
    let recorder = Recorder::default();
    let played = futures_executor::block_on(player::play(&recorder, &Scenario::read(&scenario).unwrap(), "3.0", "r7"));

    let sent = recorder.0.into_inner();
    let shown: Vec<String> = sent
        .iter()
        .map(|request| format!("{} {}", request.uri(), core::str::from_utf8(request.body()).unwrap()))
        .collect();
    assert_eq!(
        shown,
        [
            "/base/a ",
            r#"/base/p {"u":"u-r7","id":{"id":"a/b","age":1e2},"n":[1.50,1e3],"é":"3.0 a/b 1e2"}"#,
            r#"/base/p {"a":{"b":{2.0}}r7}}"#,
            // {"b":{"c":2.0},"u":"r7"}
            r#"/base/p {"t":"eyJhIjpbMV19.eyJiIjp7ImMiOjIuMH0sInUiOiJyNyJ9.x."}"#,
            "/p ",
        ]
    );
    let header = |place: usize, name: &str| sent[place].headers()[name].to_str().unwrap().to_owned();
    assert_eq!((header(2, "cdi-version"), header(2, "x")), ("3.0".into(), player::HOST.into()));
    assert_eq!((header(0, "content-length"), header(2, "content-length")), ("0".into(), "20".into()));
    // What can't be filled in is never sent, and fails.
    let differences: Vec<_> = played.iter().map(|step| step.differences[0].got.as_str()).collect();
    assert_eq!(differences[5..], ["no answer carried a.nothing", "no answer carried z.user"]);
}

#[test]
fn tokens_are_tampered_with() {
    const TOKEN: &str = "eyJhIjoxfQ.eyJiIjoyfQ.sig"; // {"a":1} {"b":2}
    const PADDED: &str = "eyJhIjoxfQ==.eyJiIjoyfQ==.sig";
    for (token, operations, wanted) in [
        (TOKEN, r#"[["set_header",{"a":1}]]"#, Some(TOKEN)),
        (TOKEN, r#"[["set_header",{"a":"x"}]]"#, Some("eyJhIjoieCJ9.eyJiIjoyfQ.sig")),
        (PADDED, r#"[["set_payload",{"b":3}]]"#, Some("eyJhIjoxfQ==.eyJiIjozfQ==.sig")),
        (TOKEN, r#"[["del_header",["a"]],["del_payload",["b","c"]]]"#, Some("e30.e30.sig")),
        (TOKEN, r#"[["flip_first_char",0],["flip_first_char",2]]"#, Some("AyJhIjoxfQ.eyJiIjoyfQ.Aig")),
        ("Ab", r#"[["flip_first_char",0]]"#, Some("Bb")),
        (TOKEN, r#"[["replace_part",2,"x.y"]]"#, Some("eyJhIjoxfQ.eyJiIjoyfQ.x.y")),
        (TOKEN, r#"[["drop_part",0],["drop_part",1]]"#, Some("eyJiIjoyfQ")),
        (TOKEN, r#"[["part_from",1,"a.b.c"]]"#, Some("eyJhIjoxfQ.b.sig")),
        ("a", r#"[["append","."],["prepend"," "],["part_from",1,"x.y"]]"#, Some(" a.y")),
        (TOKEN, "[]", Some(TOKEN)),
        (TOKEN, r#"[["drop_part",3]]"#, None),
        (TOKEN, r#"[["set_header",{"a":1}],["twist"]]"#, None),
        ("a.b", r#"[["set_payload",{"b":3}]]"#, None),
    ] {
        let operations = Json::parse(operations).unwrap();
        let tampered = token::tamper(token, operations.items().unwrap());
        assert_eq!(tampered.ok().as_deref(), wanted, "{operations}");
    }
}

#[test]
fn json_keeps_its_spelling() {
    for text in [r#"{"b":1.0,"a":[1e3,-0,0.10,12345678901234567890123],"é\n\"":null}"#, "[]", "{}", "[[[[1]]]]", "true"]
    {
        assert_eq!(Json::parse(text).unwrap().compact(), text);
    }
    assert_eq!(Json::parse(r#"{"a":1,"b":2}"#), Json::parse(r#" { "b" : 2, "a" : 1 } "#));
    assert_ne!(Json::parse("[1,2]"), Json::parse("[2,1]"));
    for text in ["", "{", "01", "1 2", r#"{"a":1,"a":1}"#, "nul", "\"\u{1}\""] {
        assert!(Json::parse(text).is_err(), "{text}");
    }
}
