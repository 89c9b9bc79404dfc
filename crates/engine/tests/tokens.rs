//! The cases of `vectors/tokens`.

use doorward_testkit::vectors::{access, ids, mint, refresh, report::Report, succession};

fn check(report: &Report, at_least: usize) {
    assert!(report.is_clean(), "{report}");
    assert!(report.passed() >= at_least, "{report}");
}

#[test]
fn access_tokens_are_believed_or_refused() {
    check(&access::run(), 350);
}

#[test]
fn access_tokens_of_every_format_are_believed_or_refused() {
    check(&access::run_formats(), 150);
}

#[test]
fn refresh_tokens_open_or_do_not() {
    check(&refresh::run(), 100);
}

#[test]
fn successors_are_those_of_v1() {
    check(&succession::run(), 60);
}

#[test]
fn new_sessions_get_these_tokens() {
    check(&mint::run(), 120);
}

#[test]
fn identifiers_are_made_and_parsed() {
    check(&ids::run(), 70);
}
