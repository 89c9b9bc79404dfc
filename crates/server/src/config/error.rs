//! What is wrong with a configuration: all of it at once.

use super::Origin;
use super::option::OptionSpec;
use super::value::Raw;

/// A configuration that can't be used. Its text is one sentence for each thing that is wrong, a line each.
#[derive(Debug, thiserror::Error)]
#[error("{}", .problems.iter().map(Problem::sentence).collect::<Vec<_>>().join("\n"))]
pub struct ConfigError {
    problems: Vec<Problem>,
}

#[derive(Debug)]
pub(super) struct Problem {
    option: Option<&'static str>,
    sentence: String,
}

impl ConfigError {
    pub(super) fn new(problems: Vec<Problem>) -> Self {
        Self { problems }
    }

    /// How many things are wrong.
    pub fn count(&self) -> usize {
        self.problems.len()
    }
}

impl Problem {
    /// One with a file, not with an option.
    pub(super) fn general(sentence: String) -> Self {
        Self { option: None, sentence }
    }

    /// One with an option: what it is, where that stands, and what is allowed.
    pub(super) fn of(option: &'static OptionSpec, value: Option<Raw>, origin: Origin, allowed: String) -> Self {
        let shown = match value {
            None => option.name.to_owned(),
            Some(_) if option.is_secret => format!("{} = {MASK}", option.name),
            Some(value) => format!("{} = {}", option.name, value.shown()),
        };
        Self { option: Some(option.name), sentence: format!("{shown} ({origin}): {allowed}") }
    }

    pub(super) fn concerns(&self, option: &OptionSpec) -> bool {
        self.option == Some(option.name)
    }

    fn sentence(&self) -> &str {
        &self.sentence
    }
}

/// Stands for a secret.
pub(crate) const MASK: &str = "********";
