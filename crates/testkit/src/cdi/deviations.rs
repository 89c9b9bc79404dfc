//! The list of known differences (`vectors/deviations.json`), and the verdict over what was played.

use core::fmt;
use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;

use crate::cdi::player::Played;

/// A difference that is meant, with the ruling that asks for it.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Deviation {
    scenario: String,
    step: String,
    /// The versions; without any, all that the step is played at.
    #[serde(default)]
    cdi: Option<Versions>,
    why: String,
    /// The play in which it differs; without one, in all.
    #[serde(default)]
    play: Option<String>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(untagged)]
enum Versions {
    One(String),
    Many(Vec<String>),
}

impl Deviation {
    /// Reads a list, and finds fault with an entry that gives no reason or stands twice.
    pub fn list(text: &str) -> Result<Vec<Self>, String> {
        let list: Vec<Self> = serde_json::from_str(text).map_err(|error| format!("the list of deviations: {error}"))?;
        let mut places = BTreeSet::new();
        for entry in &list {
            let versions: Vec<Option<&str>> = match &entry.cdi {
                None => vec![None],
                Some(Versions::One(version)) => vec![Some(version)],
                Some(Versions::Many(versions)) => versions.iter().map(|version| Some(version.as_str())).collect(),
            };
            for version in versions {
                if !places.insert((&entry.scenario, &entry.step, version, &entry.play)) {
                    return Err(format!("{} {} is listed twice", entry.scenario, entry.step));
                }
            }
            if entry.why.trim().is_empty() {
                return Err(format!("{} {} is listed without a reason", entry.scenario, entry.step));
            }
        }
        Ok(list)
    }

    fn is_about(&self, played: &Played) -> bool {
        let version = match &self.cdi {
            None => true,
            Some(Versions::One(version)) => *version == played.version,
            Some(Versions::Many(versions)) => versions.contains(&played.version),
        };
        version && self.scenario == played.scenario && self.step == played.step
    }
}

/// What came of a play.
#[derive(Clone, Debug, Default)]
pub struct Verdict {
    /// Steps that went as recorded.
    pub passed: usize,
    /// Steps that differ as listed.
    pub deviating: usize,
    /// Steps that differ and aren't listed.
    pub failed: Vec<Played>,
    /// Listed steps that don't differ any more, or were not played.
    pub stale: Vec<String>,
}

impl Verdict {
    /// Judges what was played under this name. A version that was not played at all makes no entry stale.
    pub fn of(play: &str, played: Vec<Played>, list: &[Deviation]) -> Self {
        let list: Vec<&Deviation> =
            list.iter().filter(|entry| entry.play.as_deref().is_none_or(|only| only == play)).collect();
        let mut verdict = Self::default();
        let mut used = vec![false; list.len()];
        for step in played {
            let mut listed = false;
            for (entry, used) in list.iter().zip(&mut used).filter(|(entry, _)| entry.is_about(&step)) {
                listed = true;
                *used = true;
                if step.differences.is_empty() {
                    verdict.stale.push(format!("{} {} {}: {}", step.scenario, step.version, step.step, entry.why));
                }
            }
            match (step.differences.is_empty(), listed) {
                (true, _) => verdict.passed += 1,
                (false, true) => verdict.deviating += 1,
                (false, false) => verdict.failed.push(step),
            }
        }
        let unused = list.iter().zip(used).filter(|(_, used)| !used);
        verdict.stale.extend(unused.map(|(entry, _)| format!("{} {}: never played", entry.scenario, entry.step)));
        verdict
    }

    /// Whether something was played, and all of it is as recorded or listed.
    pub fn is_clean(&self) -> bool {
        self.failed.is_empty() && self.stale.is_empty() && self.passed > 0
    }
}

impl fmt::Display for Verdict {
    /// One line for each difference, whatever the number of versions that have it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut lines: BTreeMap<(&str, &str, String), Vec<&str>> = BTreeMap::new();
        for step in &self.failed {
            let mut differences = step.differences.iter();
            let mut text = differences.next().map(ToString::to_string).unwrap_or_default();
            let others: Vec<&str> = differences.map(|difference| difference.at.as_str()).collect();
            if !others.is_empty() {
                text.push_str(&format!(" (also: {})", others.join(", ")));
            }
            lines.entry((&step.scenario, &step.step, text)).or_default().push(&step.version);
        }
        for ((scenario, step, text), versions) in lines {
            writeln!(f, "FAIL {scenario} {step} [{}] {text}", versions.join(" "))?;
        }
        for stale in &self.stale {
            writeln!(f, "NO LONGER DIFFERS {stale}")?;
        }
        write!(f, "{} passed, {} deviate as listed, {} failed", self.passed, self.deviating, self.failed.len())
    }
}
