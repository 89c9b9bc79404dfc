//! Runs the vectors of `vectors/fdi`: every file, every test, every operation.

mod edits;
mod input;
mod request;
mod rules;
mod site;

use std::path::Path;

use serde_json::Value;

/// Runs one test and returns what came of it, to be compared with `expect`; `None` for an operation of others.
type Run = fn(op: &str, input: &Value, expect: &Value) -> Option<Value>;

const RUNNERS: [Run; 4] = [edits::run, request::run, rules::run, site::run];

const FILES: [&str; 13] = [
    "answer",
    "cookie_domain",
    "cookie_parse",
    "csrf",
    "domain",
    "edits",
    "front_token",
    "path",
    "same_site",
    "set_cookie",
    "site",
    "top_level_domain",
    "transfer",
];

#[test]
fn all_vectors_hold() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../vectors/fdi");
    let mut found: Vec<String> = std::fs::read_dir(&folder)
        .unwrap()
        .map(|entry| entry.unwrap().path().file_stem().unwrap().to_str().unwrap().to_owned())
        .collect();
    found.sort();
    assert_eq!(found, FILES, "the files that are run and the files that are there");

    let mut failures = Vec::new();
    for name in FILES {
        let text = std::fs::read_to_string(folder.join(name).with_extension("json")).unwrap();
        let file: Value = serde_json::from_str(&text).unwrap();
        assert_eq!(file["schema"], "doorward-vectors-1", "{name}");
        let tests = file["tests"].as_array().unwrap();
        assert!(!tests.is_empty(), "{name} has no tests");
        for (at, test) in tests.iter().enumerate() {
            assert_eq!(test["id"], at + 1, "{name}: ids count from 1");
            let (op, input, expect) = (test["op"].as_str().unwrap(), &test["input"], &test["expect"]);
            let Some(found) = RUNNERS.iter().find_map(|run| run(op, input, expect)) else {
                panic!("{name} {}: unknown operation `{op}`", test["id"]);
            };
            if found != *expect {
                failures.push(format!(
                    "{name} {} {op}: {:.400}\n  expected {:.400}\n     found {:.400}",
                    test["id"],
                    input.to_string(),
                    expect.to_string(),
                    found.to_string(),
                ));
            }
        }
    }
    assert!(failures.is_empty(), "{} failed:\n{}", failures.len(), failures.join("\n"));
}
