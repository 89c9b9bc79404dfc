//! The search: all that may happen, breadth first, each world once.

use std::collections::HashSet;
use std::fmt;
use std::hash::{BuildHasher as _, BuildHasherDefault, DefaultHasher};

use super::rules::Violation;
use super::scenario::{START, Scenario};
use super::steps::Steps;
use super::world::{Event, World};

/// What a search found.
#[derive(Debug)]
pub struct Report {
    /// Different worlds that were seen.
    pub worlds: usize,
    /// Events that were tried.
    pub events: usize,
    /// Different steps that the engine took.
    pub steps: usize,
    /// The shortest way to a broken rule.
    pub broken: Option<Counterexample>,
}

/// A way to a broken rule.
#[derive(Debug)]
pub struct Counterexample {
    /// What happened.
    pub path: Vec<Event>,
    /// What was broken by it.
    pub violation: Violation,
}

impl fmt::Display for Counterexample {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}, by these {} events:", self.violation.0, self.path.len())?;
        for event in &self.path {
            writeln!(f, "  {event}")?;
        }
        Ok(())
    }
}

/// How a world was first reached: from which one, by what.
struct Origin {
    from: usize,
    event: Option<Event>,
}

/// Explores a scenario to its depth, or to the first broken rule.
pub fn explore(scenario: &Scenario) -> Report {
    let (mut steps, row, first) = Steps::new(scenario.nodes(), START);
    let world = World::new(scenario, row, first);
    // Worlds are known by their hash: of a million, two meet with a chance of one in forty million.
    let hasher = BuildHasherDefault::<DefaultHasher>::default();
    let mut known = HashSet::from([hasher.hash_one(&world)]);
    let mut origins = vec![Origin { from: 0, event: None }];
    let mut layer = vec![(0, world)];
    let (mut events, mut broken) = (0, None);
    'search: for _ in 0..scenario.depth {
        let mut next_layer = Vec::new();
        for (from, world) in &layer {
            for event in world.events(scenario, &steps) {
                events += 1;
                match world.after(event, scenario, &mut steps) {
                    Ok(Some(next)) if known.insert(hasher.hash_one(&next)) => {
                        origins.push(Origin { from: *from, event: Some(event) });
                        next_layer.push((origins.len() - 1, next));
                    }
                    Ok(_) => {}
                    Err(violation) => {
                        broken = Some(Counterexample { path: path_to(&origins, *from, event), violation });
                        break 'search;
                    }
                }
            }
        }
        layer = next_layer;
    }
    Report { worlds: origins.len(), events, steps: steps.taken(), broken }
}

fn path_to(origins: &[Origin], mut at: usize, last: Event) -> Vec<Event> {
    let mut path = vec![last];
    while let Some(event) = origins[at].event {
        path.push(event);
        at = origins[at].from;
    }
    path.reverse();
    path
}
