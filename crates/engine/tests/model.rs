//! Every interleaving of two tabs, a thief and two nodes on the engine's real steps, to a fixed depth.
//!
//! What design rule 3 promises honest holders holds under its conditions ([`Condition`]), which the explorer keeps: it
//! never takes an event that would break one. For each condition that can be dropped it finds what goes wrong then. What
//! a thief can't do (rule 2) holds whether the conditions are kept or not.
//!
//! `DOORWARD_DEPTH=n` explores n events more.
#![expect(clippy::print_stdout, reason = "how much was explored is part of what this says")]

use doorward_engine::policy::Rotation;
use doorward_testkit::model::explore::{Report, explore};
use doorward_testkit::model::scenario::{ACCESS, Condition, GRACE, Scenario, WINDOW};

const BOTH: [Rotation; 2] = [Rotation::OnUse, Rotation::OnRefresh];

fn search(name: &str, scenario: Scenario) -> Report {
    let more = std::env::var("DOORWARD_DEPTH").ok().and_then(|text| text.parse::<usize>().ok()).unwrap_or(0);
    let report = explore(&Scenario { depth: scenario.depth + more, ..scenario.clone() });
    println!(
        "{name}, {:?}, grace {} ms: {} worlds, {} events, {} engine steps",
        scenario.rotation, scenario.grace, report.worlds, report.events, report.steps
    );
    report
}

/// No rule of `testkit::model::rules` is broken.
fn holds(name: &str, scenario: Scenario) {
    let report = search(name, scenario);
    assert!(report.broken.is_none(), "{name}: {}", report.broken.map(|broken| broken.to_string()).unwrap_or_default());
    assert!(report.worlds > 1000, "{name}: only {} worlds were reached", report.worlds);
}

#[test]
fn honest_holders_are_never_taken_for_thieves() {
    for rotation in BOTH {
        holds("two tabs", Scenario { depth: 12, ..Scenario::honest(rotation) });
    }
}

#[test]
fn half_a_window_may_be_spent_on_requests_responses_or_clocks() {
    let half = WINDOW / 2;
    for rotation in BOTH {
        for (request_most, response_most, skew) in
            [(half, 0, 0), (0, half, 0), (0, 0, half), (half / 2, 0, half / 2), (0, half / 2, half / 2)]
        {
            // Time may stand at exactly the limit, and just behind window, grace and life.
            let jumps = &[WINDOW / 4, WINDOW / 2, WINDOW + 1, GRACE + 1, ACCESS];
            let honest = Scenario::honest(rotation);
            holds("slow", Scenario { request_most, response_most, skew, jumps, depth: 9, ..honest });
        }
    }
}

#[test]
fn every_condition_is_needed() {
    use Condition::{FewOpenings, NoOverlap, SameAntiCsrf, SameSettings, StoredBeforeUse, Swift, WithinGrace};
    let on_use = [SameSettings, SameAntiCsrf, NoOverlap, Swift, FewOpenings, StoredBeforeUse];
    let on_refresh = [SameSettings, NoOverlap, WithinGrace];
    for (rotation, conditions) in [(Rotation::OnUse, &on_use[..]), (Rotation::OnRefresh, &on_refresh[..])] {
        for condition in conditions {
            let report = search(&format!("without {condition:?}"), Scenario::without(*condition, rotation));
            let broken = report.broken.unwrap_or_else(|| panic!("nothing breaks without {condition:?}, {rotation:?}"));
            assert!(broken.violation.0.contains("honest holders were taken for thieves"), "{broken}");
            println!("{broken}");
        }
    }
}

/// Rotated on refresh, rows 1 and 3 find a successor by either anti-CSRF choice, and `WithinGrace` bounds what the
/// others bound: the rest of the conditions is about what is used before it is current.
#[test]
fn rotation_on_refresh_needs_fewer_conditions() {
    for condition in [Condition::SameAntiCsrf, Condition::StoredBeforeUse, Condition::Swift] {
        let honest = Scenario::honest(Rotation::OnRefresh);
        let slow = if condition == Condition::Swift { 2 * GRACE } else { honest.request_most };
        let scenario = Scenario { dropped: Some(condition), request_most: slow, response_most: slow, ..honest };
        holds(&format!("without {condition:?}"), Scenario { depth: 10, ..scenario });
    }
}

#[test]
fn without_a_grace_an_honest_race_is_taken_for_theft() {
    for rotation in BOTH {
        let dropped = (rotation == Rotation::OnRefresh).then_some(Condition::WithinGrace);
        let honest = Scenario { dropped, losses: false, ..Scenario::honest(rotation) };
        let strict = Scenario { grace: 0, jumps: &[], depth: 20, ..honest };
        let broken = search("two tabs, strict", strict).broken.expect("upstream's answer to a race");
        assert!(broken.violation.0.contains("honest holders were taken for thieves"), "{broken}");
    }
}

#[test]
fn without_a_grace_one_tab_is_never_taken_for_a_thief() {
    for rotation in BOTH {
        holds("one tab, strict", Scenario { grace: 0, tabs: 1, depth: 12, ..Scenario::honest(rotation) });
    }
}

/// Whoever comes with the branch that was not used is found, and a successor is shared in the named times only.
#[test]
fn patient_thief() {
    for rotation in BOTH {
        for grace in [GRACE, 0] {
            holds("one tab and a thief", Scenario { depth: 9, ..Scenario::theft(rotation, grace) });
        }
    }
}

#[test]
fn a_thief_among_two_tabs_and_two_clocks() {
    for rotation in BOTH {
        let theft = Scenario::theft(rotation, GRACE);
        holds("two tabs and a thief", Scenario { tabs: 2, depth: 8, ..theft.clone() });
        let jumps = &[WINDOW / 2 + 1, WINDOW + 1, GRACE + 1];
        holds("two clocks and a thief", Scenario { skew: WINDOW / 4, jumps, depth: 9, ..theft });
    }
}

#[test]
fn revocation_is_final_and_an_expired_session_is_gone() {
    for rotation in BOTH {
        for grace in [GRACE, 0] {
            let theft = Scenario { check_store: true, ..Scenario::theft(rotation, grace) };
            holds("revoked", Scenario { revoke: true, depth: 8, ..theft.clone() });
            // The session ends while a window is open.
            let (jumps, refresh_lifetime) = (&[WINDOW / 4, ACCESS], ACCESS + WINDOW / 4);
            holds("expired", Scenario { refresh_lifetime, jumps, depth: 10, ..theft });
        }
    }
}
