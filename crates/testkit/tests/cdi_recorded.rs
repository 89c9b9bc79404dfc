//! The player over all recorded scenarios: whatever they ask for, it finds in an answer that is as they want it, and misses
//! in one that isn't.

use std::path::Path;

use doorward_testkit::cdi::files;
use doorward_testkit::cdi::json::Json;
use doorward_testkit::cdi::mirror::{Answer, Mirror};
use doorward_testkit::cdi::player::{self, Played};
use doorward_testkit::cdi::scenario::{Body, Exchange, Scenario};
use doorward_testkit::fakes::Dice;

pub(crate) fn recorded() -> Vec<Scenario> {
    files::read_all(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../../vectors/cdi")).unwrap()
}

pub(crate) fn play(scenario: &Scenario, version: &str, change: impl Fn(&str, &mut Answer)) -> Vec<Played> {
    let mirror = Mirror::new(scenario, version, "r1", change).unwrap();
    futures_executor::block_on(player::play(&mirror, scenario, version, "r1"))
}

#[test]
fn what_was_recorded_passes() {
    let mut passed = 0;
    for scenario in recorded() {
        for version in &scenario.versions {
            for step in play(&scenario, version, |_, _| {}) {
                assert_eq!(step.differences, [], "{} {version} {}", scenario.name, step.step);
                passed += 1;
            }
        }
    }
    assert!(passed > 12_000, "{passed}");
}

/// In each scenario one value of one answer is changed, again and again.
#[test]
fn what_differs_is_found_in_its_step() {
    let mut dice = Dice::new(5);
    let mut changed = 0;
    for scenario in recorded() {
        let comparable: Vec<&Exchange> =
            scenario.exchanges().filter(|exchange| exchange.wanted.body.is_some()).collect();
        for _ in 0..3 {
            let exchange = comparable[dice.below(comparable.len())];
            let seed = dice.roll();
            let what = std::cell::RefCell::new(String::new());
            let played = play(&scenario, &scenario.versions[0], |step, answer| {
                if step == exchange.id {
                    *what.borrow_mut() = change(answer, exchange, &mut Dice::new(seed));
                }
            });
            let step = played.iter().find(|step| step.step == exchange.id).unwrap();
            assert_ne!(step.differences, [], "{} {}: {}", scenario.name, step.step, what.borrow());
            changed += 1;
        }
    }
    assert!(changed > 700, "{changed}");
}

/// Changes the status, a header or the body, and says what it did.
fn change(answer: &mut Answer, exchange: &Exchange, dice: &mut Dice) -> String {
    match dice.below(8) {
        0 => answer.status += 1,
        1 => answer.headers.retain(|(name, _)| name != "content-type"),
        _ => match &exchange.wanted.body {
            Some(Body::Json(_)) => {
                let mut json = Json::parse(&answer.body).unwrap();
                let mut places = 0;
                walk(&mut json, &mut |_| places += 1);
                let mut place = dice.below(places);
                walk(&mut json, &mut |value| {
                    if place == 0 {
                        spoil(value);
                    }
                    place = place.wrapping_sub(1);
                });
                answer.body = format!("{}\n", json.compact());
            }
            _ => answer.body.push('.'),
        },
    }
    format!("{answer:?}")
}

fn walk(json: &mut Json, visit: &mut impl FnMut(&mut Json)) {
    match json {
        Json::List(items) => items.iter_mut().for_each(|item| walk(item, visit)),
        Json::Object(members) => members.iter_mut().for_each(|(_, value)| walk(value, visit)),
        _ => {}
    }
    visit(json);
}

/// Changes a value, so that no placeholder allows it any more.
fn spoil(json: &mut Json) {
    match json {
        Json::Null => *json = Json::Bool(false),
        Json::Bool(yes) => *yes = !*yes,
        Json::Number(spelt) => spelt.insert(usize::from(spelt.starts_with('-')), '1'),
        Json::Text(text) => text.insert(0, ' '),
        Json::List(items) => items.push(Json::Null),
        Json::Object(members) if members.len() > 1 => members.swap(0, 1),
        Json::Object(members) => members.push(("more".into(), Json::Null)),
    }
}

#[test]
fn the_whole_folder_is_read() {
    let scenarios = recorded();
    assert_eq!(scenarios.len(), 237);
    assert_eq!(scenarios.iter().flat_map(Scenario::exchanges).count(), 5386);
}
