//! What is wrong with an option.

/// An option that can't work. Its text names the option and what is allowed, and shows neither addresses nor passwords.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{option}` {problem}")]
pub struct OptionError {
    option: &'static str,
    problem: String,
}

impl OptionError {
    pub(super) fn new(option: &'static str, problem: impl Into<String>) -> Self {
        Self { option, problem: problem.into() }
    }

    /// The option, by its name in configuration files.
    pub const fn option(&self) -> &'static str {
        self.option
    }

    /// A stable code for programs.
    pub const fn code(&self) -> &'static str {
        "config.postgresql"
    }
}
