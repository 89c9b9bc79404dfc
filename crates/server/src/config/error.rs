//! What is wrong with a configuration: all of it at once.

use std::fmt;

use super::Origin;
use super::option::OptionSpec;
use super::value::Raw;

/// A configuration that can't be used. Its text has a sentence for each thing that is wrong.
#[derive(Debug)]
pub struct ConfigError {
    problems: Vec<Problem>,
    warnings: Vec<String>,
}

impl std::error::Error for ConfigError {}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let [only] = self.problems.as_slice() {
            return f.write_str(&only.sentence);
        }
        write!(f, "{} things in the configuration can't be used", self.problems.len())?;
        self.problems.iter().try_for_each(|problem| write!(f, "\n  {}", problem.sentence))
    }
}

#[derive(Debug)]
pub(super) struct Problem {
    option: Option<&'static str>,
    sentence: String,
}

impl ConfigError {
    pub(super) fn new(problems: Vec<Problem>, warnings: Vec<String>) -> Self {
        Self { problems, warnings }
    }

    /// What is wrong, a sentence each.
    pub fn sentences(&self) -> impl Iterator<Item = &str> {
        self.problems.iter().map(|problem| problem.sentence.as_str())
    }

    /// What is allowed but worth a warning, a sentence each. It isn't in the text.
    pub fn warnings(&self) -> &[String] {
        &self.warnings
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
            // An address with an `@` may hold a password, whatever it was written for.
            Some(value) if option.is_secret || value.shown().contains('@') => format!("{} = {MASK}", option.name),
            Some(value) => format!("{} = {}", option.name, value.shown()),
        };
        Self { option: Some(option.name), sentence: format!("{shown} ({origin}): {allowed}") }
    }

    pub(super) fn concerns(&self, option: &OptionSpec) -> bool {
        self.option == Some(option.name)
    }
}

/// Stands for a secret.
pub(crate) const MASK: &str = "********";
