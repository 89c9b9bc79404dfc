//! The catalogue of the Java service's test cases (`vectors/java-cases.json`): each is covered by something that is there,
//! or it says why it isn't ours.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use doorward_testkit::cdi::files;
use doorward_testkit::cdi::scenario::Scenario;
use serde::Deserialize;

use super::{recorded, vectors};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    suite: String,
    case: String,
    /// `cdi/SCENARIO` or `cdi-own/SCENARIO`, with `/STEP` or without, or `CRATE/FILE.rs::TEST`.
    #[serde(default)]
    by: Vec<String>,
    #[serde(default)]
    not_ours: Option<String>,
}

#[test]
fn every_case_of_the_catalogue_is_covered_or_not_ours() {
    let text = fs::read_to_string(vectors().join("java-cases.json")).unwrap();
    let cases: Vec<Case> = serde_json::from_str(&text).unwrap();
    let known = Known::read();
    let mut names = BTreeSet::new();
    for case in &cases {
        let name = format!("{}: {}", case.suite, case.case);
        assert!(names.insert(name.clone()), "{name} stands twice");
        match &case.not_ours {
            Some(why) => assert!(case.by.is_empty() && !why.is_empty(), "{name} is covered or not ours, not both"),
            None => assert!(!case.by.is_empty(), "{name} is not covered"),
        }
        for by in &case.by {
            assert!(known.has(by), "{name} is covered by {by}, which is not there");
        }
    }
    assert!(cases.len() > 200, "{}", cases.len());
}

#[test]
fn what_is_not_there_covers_nothing() {
    let known = Known::read();
    for there in [
        "cdi/refresh-chain",
        "cdi/refresh-chain/r1",
        "cdi-own/hello-flood/h1",
        "engine/lineage.rs::every_row_of_the_table",
    ] {
        assert!(known.has(there), "{there}");
    }
    for missing in [
        "cdi/refresh",
        "cdi/refresh-chain/r",
        "cdi/hello-flood",
        "engine/lineage.rs::every_row",
        "engine/lineage.rs::check",
        "engine/none.rs::every_row_of_the_table",
    ] {
        assert!(!known.has(missing), "{missing}");
    }
}

/// The scenarios that there are, with their steps.
struct Known(BTreeMap<String, BTreeSet<String>>);

impl Known {
    fn read() -> Self {
        let own = files::read_folder(&vectors().join("cdi-own")).unwrap();
        let all = recorded().into_iter().map(|scenario| ("cdi", scenario));
        let all = all.chain(own.into_iter().map(|scenario| ("cdi-own", scenario)));
        let mut known: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        for (folder, scenario) in all {
            let steps = steps(&scenario);
            known.entry(format!("{folder}/{}", scenario.name)).or_default().extend(steps);
        }
        Self(known)
    }

    fn has(&self, by: &str) -> bool {
        if let Some((file, test)) = by.split_once("::") {
            return is_test(file, test);
        }
        let scenario_and_step = by.match_indices('/').nth(1).map(|(end, _)| (&by[..end], &by[end + 1..]));
        match scenario_and_step {
            Some((scenario, step)) => self.0.get(scenario).is_some_and(|steps| steps.contains(step)),
            None => self.0.contains_key(by),
        }
    }
}

fn steps(scenario: &Scenario) -> Vec<String> {
    scenario.exchanges().map(|exchange| exchange.id.clone()).collect()
}

/// Whether a crate's file of tests has a test of this name.
fn is_test(file: &str, test: &str) -> bool {
    let Some((name, file)) = file.split_once('/') else { return false };
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(name).join("tests").join(file);
    let text = fs::read_to_string(path).unwrap_or_default();
    let mut lines = text.lines().map(str::trim);
    let mut is_test = false;
    lines.any(|line| {
        let found = is_test && line.trim_start_matches("async ").starts_with(&format!("fn {test}("));
        is_test =
            line.starts_with("#[test]") || line.starts_with("#[tokio::test") || (is_test && line.starts_with("#["));
        found
    })
}
