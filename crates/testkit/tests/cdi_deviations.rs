//! The list of known differences is kept short by itself: what is in it must differ.

use doorward_testkit::cdi::deviations::{Deviation, Verdict};
use doorward_testkit::cdi::player::Played;
use doorward_testkit::cdi::scenario::Scenario;

use crate::cdi_recorded::play;

/// Two steps at two versions, of which `a` differs at 5.4.
fn played() -> Vec<Played> {
    let scenario = r#"{"scenario":"s","cdi":["5.4","5.6"],"about":"","config":{},"steps":[
        {"id":"a","request":{"method":"GET","path":"/"},"response":{"status":200,"text":"x"}},
        {"id":"b","request":{"method":"GET","path":"/"},"response":{"status":200,"text":"y"}}]}"#;
    let scenario = Scenario::read(scenario).unwrap();
    let change = |version: &str| {
        let differs = version == "5.4";
        play(&scenario, version, move |step, answer| {
            if differs && step == "a" {
                answer.body.push('!');
            }
        })
    };
    [change("5.4"), change("5.6")].concat()
}

#[test]
fn a_listed_difference_passes_and_a_listed_pass_does_not() {
    for (list, wanted) in [
        ("[]", (3, 0, 1, 0)),
        (r#"[{"scenario":"s","step":"a","cdi":"5.4","why":"w"}]"#, (3, 1, 0, 0)),
        (r#"[{"scenario":"s","step":"a","cdi":["5.4"],"why":"w","play":"windows"}]"#, (3, 1, 0, 0)),
        (r#"[{"scenario":"s","step":"a","cdi":["5.4"],"why":"w","play":"strict"}]"#, (3, 0, 1, 0)),
        (r#"[{"scenario":"s","step":"a","cdi":["5.4","5.6"],"why":"w"}]"#, (3, 1, 0, 1)),
        (r#"[{"scenario":"s","step":"a","why":"w"}]"#, (3, 1, 0, 1)),
        (r#"[{"scenario":"s","step":"b","cdi":"5.4","why":"w"}]"#, (3, 0, 1, 1)),
        (r#"[{"scenario":"s","step":"c","why":"w"}]"#, (3, 0, 1, 1)),
        (r#"[{"scenario":"t","step":"a","why":"w"}]"#, (3, 0, 1, 1)),
    ] {
        let verdict = Verdict::of("windows", played(), &Deviation::list(list).unwrap());
        let counts = (verdict.passed, verdict.deviating, verdict.failed.len(), verdict.stale.len());
        assert_eq!(counts, wanted, "{list}");
        assert_eq!(verdict.is_clean(), counts.2 + counts.3 == 0, "{list}");
    }
}

#[test]
fn a_failure_says_what_differs_and_where() {
    let verdict = Verdict::of("windows", played(), &[]);
    assert_eq!(verdict.to_string(), "FAIL s a [5.4] body: wanted x, got x!\n3 passed, 0 deviate as listed, 1 failed");
}

#[test]
fn a_list_gives_reasons() {
    for list in [
        r#"[{"scenario":"s","step":"a"}]"#,
        r#"[{"scenario":"s","step":"a","why":" "}]"#,
        r#"[{"scenario":"s","step":"a","why":"w","versions":["5.4"]}]"#,
        r#"[{"scenario":"s","step":"a","cdi":["5.4"],"why":"w"},{"scenario":"s","step":"a","cdi":"5.4","why":"v"}]"#,
    ] {
        assert!(Deviation::list(list).is_err(), "{list}");
    }
}
