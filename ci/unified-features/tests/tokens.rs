//! The cases of `vectors/tokens` and `vectors/lineage`, and proof that the features are on.

use doorward_testkit::vectors::{access, ids, lineage, mint, refresh, report::Report, succession};

fn check(report: Report) {
    assert!(report.is_clean(), "{report}");
}

/// Without the features this fails, and the rest of the file would prove nothing.
#[test]
fn the_features_are_on() {
    let text = r#"{"z":1.00,"a":100000000000000000000000000000000000001}"#;
    let value: serde_json::Value = serde_json::from_str(text).unwrap();
    assert_eq!(value.to_string(), text);
}

#[test]
fn access_tokens() {
    check(access::run());
}

#[test]
fn access_tokens_of_every_format() {
    check(access::run_formats());
}

#[test]
fn refresh_tokens() {
    check(refresh::run());
}

#[test]
fn succession_v1() {
    check(succession::run());
}

#[test]
fn new_sessions() {
    check(mint::run());
}

#[test]
fn identifiers() {
    check(ids::run());
}

#[test]
fn lineage_sequences() {
    lineage::run().into_iter().for_each(check);
}
