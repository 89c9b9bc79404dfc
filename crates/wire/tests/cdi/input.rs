//! Fields of bodies and values of queries.

use doorward_wire::cdi::answer::Refusal;
use doorward_wire::cdi::dialect::Dialect;
use doorward_wire::cdi::input::{DEPTH_LIMIT, Object, Query};
use doorward_wire::cdi::route::Generation;
use doorward_wire::cdi::version::CdiVersion;
use doorward_wire::cdi::{api_version, jwt, license, tenant, user_count};

const INVALID: &str = "Invalid Json Input";

/// What reading `f` as each type gives, in this order: text, choice, number, object, array of texts. `!` is the refusal.
fn read(value: &str) -> [String; 5] {
    let body = format!(r#"{{"f":{value}}}"#);
    let object = Object::parse(body.as_bytes()).unwrap();
    fn shown<T>(read: Result<T, Refusal>, show: impl FnOnce(T) -> String) -> String {
        match read {
            Ok(value) => show(value),
            Err(refusal) => {
                assert_eq!((refusal.status, &*refusal.text), (400, "Field name 'f' is invalid in JSON input"));
                "!".into()
            }
        }
    }
    [
        shown(object.string("f"), |text| text.into_owned()),
        shown(object.boolean("f"), |choice| choice.to_string()),
        shown(object.integer("f"), |number| number.to_string()),
        shown(object.object("f"), |raw| raw.get().to_owned()),
        shown(object.optional_strings("f"), |texts| texts.unwrap().join("|")),
    ]
}

#[test]
fn fields_are_read_as_upstream_reads_them() {
    let cases = [
        (r#""x""#, ["x", "!", "!", "!", "!"]),
        (r#""""#, ["", "!", "!", "!", "!"]),
        (r#""\u00fc\n""#, ["ü\n", "!", "!", "!", "!"]),
        (r#"["x"]"#, ["x", "!", "!", "!", "x"]),
        (r#"[["x"]]"#, ["x", "!", "!", "!", "x"]),
        (r#"["x","y"]"#, ["!", "!", "!", "!", "x|y"]),
        ("[]", ["!", "!", "!", "!", ""]),
        ("true", ["!", "true", "!", "!", "!"]),
        ("false", ["!", "false", "!", "!", "!"]),
        ("[true]", ["!", "true", "!", "!", "!"]),
        (r#""true""#, ["true", "!", "!", "!", "!"]),
        (r#"["true"]"#, ["true", "!", "!", "!", "true"]),
        ("null", ["!", "!", "!", "!", "!"]),
        ("1", ["!", "false", "1", "!", "!"]),
        ("0", ["!", "false", "0", "!", "!"]),
        ("-1.9", ["!", "false", "-1", "!", "!"]),
        ("1e3", ["!", "false", "1000", "!", "!"]),
        ("[5]", ["!", "false", "5", "!", "!"]),
        (r#""12""#, ["12", "!", "12", "!", "!"]),
        (r#""1.9""#, ["1.9", "!", "!", "!", "!"]),
        ("9223372036854775807", ["!", "false", "9223372036854775807", "!", "!"]),
        ("9223372036854775808", ["!", "false", "!", "!", "!"]),
        ("1e400", ["!", "false", "!", "!", "!"]),
        (
            r#"{"a": 1.0, "b" : 12345678901234567890}"#,
            ["!", "!", "!", r#"{"a": 1.0, "b" : 12345678901234567890}"#, "!"],
        ),
        ("[{}]", ["!", "!", "!", "!", "!"]),
        (r#"["x",1]"#, ["!", "!", "!", "!", "!"]),
        (r#""\ud800""#, ["!", "!", "!", "!", "!"]),
    ];
    for (value, expected) in cases {
        assert_eq!(read(value), expected, "{value}");
    }
}

#[test]
fn absent_is_not_null() {
    let object = Object::parse(br#"{"n":null}"#).unwrap();
    assert_eq!(object.optional_string("f"), Ok(None));
    assert_eq!(object.optional_boolean("f"), Ok(None));
    assert!(object.string("f").is_err());
    assert!(object.optional_string("n").is_err());
    assert!(object.optional_object("n").is_err());
    assert!(object.is_null("n") && object.has("n") && !object.has("f"));
}

#[test]
fn of_two_fields_of_one_name_the_last_counts() {
    let object = Object::parse(br#"{"f":"a","f":"b","\u0066":"c"}"#).unwrap();
    assert_eq!(object.string("f").unwrap(), "c");
}

#[test]
fn bodies_are_strict_json_objects() {
    for good in ["{}", "  {}\n", "{\"f\":1}", "{\"f\":\"\u{fffd}\"}"] {
        assert!(Object::parse(good.as_bytes()).is_ok(), "{good}");
    }
    let bad: [&[u8]; 16] = [
        b"",
        b"null",
        b"[]",
        b"\"x\"",
        b"5",
        b"{",
        b"{\"f\":1",
        b"{} x",
        b"{\"f\":1,}",
        b"{'f':1}",
        b"{f:1}",
        b"{\"f\"=1}",
        b"{\"f\":NaN}",
        b"{\"f\":\"a\nb\"}",
        b"{\"f\":\"\xff\"}",
        b"\xef\xbb\xbf{}",
    ];
    for bad in bad {
        let refusal = Object::parse(bad).unwrap_err();
        assert_eq!((refusal.status, &*refusal.text), (400, INVALID), "{:?}", String::from_utf8_lossy(bad));
    }
}

#[test]
fn depth_is_limited() {
    let nested = |levels: usize| format!("{{\"f\":{}{}}}", "[".repeat(levels - 1), "]".repeat(levels - 1));
    assert!(Object::parse(nested(DEPTH_LIMIT).as_bytes()).is_ok());
    assert_eq!(Object::parse(nested(DEPTH_LIMIT + 1).as_bytes()).unwrap_err().text, INVALID);
    assert_eq!(Object::parse(nested(100_000).as_bytes()).unwrap_err().text, INVALID);
    // Brackets side by side, or inside a text, are not deep.
    let wide = format!("{{\"f\":[{}[]],\"g\":\"\\\"{}\"}}", "[],".repeat(1000), "[".repeat(1000));
    assert!(Object::parse(wide.as_bytes()).is_ok());
}

#[test]
fn queries_are_decoded() {
    let query = Query::new("a=1&b=x%20y+z&c=&d&e=%zz&f=%ff&a=2&%67=%C3%BC&h=a=b");
    for (name, expected) in [
        ("a", Some("1")),
        ("b", Some("x y z")),
        ("c", Some("")),
        ("d", Some("")),
        ("e", None),
        ("f", None),
        ("g", Some("ü")),
        ("h", Some("a=b")),
        ("i", None),
        ("A", None),
    ] {
        assert_eq!(query.optional_text(name).as_deref(), expected, "{name}");
    }
    assert_eq!(query.text("i").unwrap_err().text, "Field name 'i' is missing in GET request");
    assert_eq!(query.integer("b").unwrap_err().text, "Field name 'b' must be a long in the GET request");
    assert_eq!(Query::new("s=-5").integer("s"), Ok(-5));
    for (raw, expected) in [("x=TRUE", true), ("x=1", false), ("x=", false), ("", true)] {
        assert_eq!(Query::new(raw).boolean("x", true), expected, "{raw}");
    }
}

#[test]
fn active_users_are_counted_since_a_moment_that_was() {
    for (raw, text) in [
        ("since=-1", "'since' query parameter must be >= 0"),
        ("", "Field name 'since' is missing in GET request"),
        ("since=x", "Field name 'since' must be a long in the GET request"),
    ] {
        assert_eq!(user_count::parse_active(Query::new(raw)).unwrap_err().text, text);
    }
    assert_eq!(user_count::parse_active(Query::new("since=5")).unwrap().as_u64(), 5);
}

#[test]
fn licences_need_their_field() {
    assert_eq!(license::parse(b" "), Ok(false));
    assert_eq!(license::parse(br#"{"licenseKey":"k"}"#), Ok(true));
    assert_eq!(license::parse(b"{}").unwrap_err().text, "Field name 'licenseKey' is missing in JSON input");
}

#[test]
fn jwts_are_checked_in_order() {
    let field = |name: &str| format!("Field name '{name}' is invalid in JSON input");
    let whole = r#""algorithm":"rs256","jwksDomain":"d","payload":{}"#;
    let cases = [
        ("{}".to_owned(), "5.4", field("algorithm")),
        (r#"{"algorithm":"RS256"}"#.to_owned(), "5.4", field("jwksDomain")),
        (r#"{"algorithm":"RS256","jwksDomain":"","payload":null}"#.to_owned(), "5.4", field("payload")),
        (format!("{{{whole}}}"), "5.4", field("validity")),
        (format!("{{{whole},\"validity\":0}}"), "5.4", "validity must be greater than or equal to 0".to_owned()),
        (format!("{{{whole},\"validity\":-1}}"), "2.7", "validity must be greater than or equal to 0".to_owned()),
        (format!("{{{whole},\"validity\":1,\"useStaticSigningKey\":null}}"), "2.21", field("useStaticSigningKey")),
    ];
    for (body, version, text) in cases {
        let dialect = Dialect::of(CdiVersion::parse(version).unwrap());
        let refusal = jwt::parse(&Object::parse(body.as_bytes()).unwrap(), dialect).unwrap_err();
        assert_eq!(refusal.text, text, "{body}");
    }
    let body = format!("{{{whole},\"validity\":\"60\",\"useStaticSigningKey\":false}}");
    for (version, use_static_key) in [("2.20", true), ("2.21", false), ("5.6", false)] {
        let dialect = Dialect::of(CdiVersion::parse(version).unwrap());
        let request = jwt::parse(&Object::parse(body.as_bytes()).unwrap(), dialect).unwrap();
        assert_eq!((request.use_static_key, request.validity_secs, request.is_supported), (use_static_key, 60, true));
    }
}

#[test]
fn factors_may_be_taken_away_but_not_doubled() {
    let newest = Dialect::of(CdiVersion::NEWEST);
    let parse = |body: &str| {
        let object = Object::parse(body.as_bytes()).unwrap();
        tenant::parse(&object, "tenantId", Generation::Second, newest)
            .map(|request| (request.first_factors, request.email_password))
            .map_err(|refusal| refusal.text.into_owned())
    };
    assert_eq!(parse(r#"{"firstFactors":null}"#), Ok((Some(None), None)));
    assert_eq!(parse(r#"{"firstFactors":[],"emailPasswordEnabled":"x"}"#), Ok((Some(Some(vec![])), None)));
    assert_eq!(parse("{}"), Ok((None, None)));
    assert_eq!(
        parse(r#"{"firstFactors":["a","a"]}"#),
        Err("firstFactors input should not contain duplicate values".to_owned())
    );
    let bounded = Err("firstFactors may have 64 values of at most 128 characters".to_owned());
    for factors in [vec!["a\0".to_owned()], vec!["a".repeat(129)], (0..65).map(|at| at.to_string()).collect()] {
        assert_eq!(parse(&serde_json::json!({ "firstFactors": factors }).to_string()), bounded);
    }
}

#[test]
fn a_domain_that_no_database_keeps_counts_as_absent() {
    let request = api_version::parse(Query::new("websiteDomain=a%00b&apiDomain=http://c"));
    assert_eq!((request.website_domain, request.api_domain.as_deref()), (None, Some("http://c")));
}
