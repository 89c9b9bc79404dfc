//! What an option is: its name, type, default, scope, rule and words for the operator.

use std::borrow::Cow;

/// An option of the configuration.
#[derive(Debug)]
pub(crate) struct OptionSpec {
    pub(crate) name: &'static str,
    /// The name that it had before.
    pub(crate) former: Option<&'static str>,
    pub(crate) environment: Option<&'static str>,
    pub(crate) kind: Kind,
    pub(crate) default: Initial,
    pub(crate) scope: Scope,
    pub(crate) rule: Rule,
    /// Never shown.
    pub(crate) is_secret: bool,
    /// Who runs the server has the last word about it (`supertokens_saas_secret`).
    pub(crate) is_protected: bool,
    /// False for what is accepted so that files of SuperTokens work, and changes nothing here.
    pub(crate) has_effect: bool,
    /// What the operator reads about it.
    pub(crate) about: &'static str,
}

/// The type of a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// A whole number of 32 bits.
    Int,
    /// A whole number of 64 bits.
    Long,
    Double,
    Bool,
    Text,
}

impl Kind {
    /// Its name, as error texts have it (`spec/modern-core.md` 10.1).
    pub(crate) const fn word(self) -> &'static str {
        match self {
            Self::Int => "int",
            Self::Long => "long",
            Self::Double => "double",
            Self::Bool => "boolean",
            Self::Text => "string",
        }
    }
}

/// What holds where nothing is set.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Initial {
    Unset,
    Int(i64),
    Double(f64),
    Bool(bool),
    Text(&'static str),
}

/// Who may have a value of his own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Scope {
    /// The whole process: file, environment and flags only.
    Base,
    /// An app; all its tenants have the same.
    App,
    /// A tenant.
    Tenant,
}

/// What came of a rule about a text: why it is refused, if it is.
pub(super) type Checked = Result<(), Cow<'static, str>>;

/// What a value must be, beside being of its type. The refusals are what SuperTokens says, where it has the option.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Rule {
    Any,
    Between {
        least: f64,
        most: f64,
        refusal: &'static str,
    },
    /// One of these words, in any letter case.
    OneOf {
        words: &'static [&'static str],
        refusal: &'static str,
    },
    Passes(fn(&str) -> Checked),
}

impl OptionSpec {
    pub(crate) const fn new(name: &'static str, kind: Kind, default: Initial, about: &'static str) -> Self {
        Self {
            name,
            former: None,
            environment: None,
            kind,
            default,
            scope: Scope::Base,
            rule: Rule::Any,
            is_secret: false,
            is_protected: false,
            has_effect: true,
            about,
        }
    }

    /// An option of SuperTokens that changes nothing here.
    pub(crate) const fn without_effect(name: &'static str, kind: Kind, default: Initial) -> Self {
        let option = Self::new(name, kind, default, "");
        Self { has_effect: false, ..option }
    }

    pub(crate) const fn former(self, name: &'static str) -> Self {
        Self { former: Some(name), ..self }
    }

    pub(crate) const fn environment(self, name: &'static str) -> Self {
        Self { environment: Some(name), ..self }
    }

    pub(crate) const fn scope(self, scope: Scope) -> Self {
        Self { scope, ..self }
    }

    pub(crate) const fn secret(self) -> Self {
        Self { is_secret: true, ..self }
    }

    pub(crate) const fn protected(self) -> Self {
        Self { is_protected: true, ..self }
    }

    pub(crate) const fn between(self, least: f64, most: f64, refusal: &'static str) -> Self {
        Self { rule: Rule::Between { least, most, refusal }, ..self }
    }

    pub(crate) const fn one_of(self, words: &'static [&'static str], refusal: &'static str) -> Self {
        Self { rule: Rule::OneOf { words, refusal }, ..self }
    }

    pub(crate) const fn passes(self, check: fn(&str) -> Checked) -> Self {
        Self { rule: Rule::Passes(check), ..self }
    }
}

/// Declares options, and `ALL` of them.
macro_rules! options {
    ($($id:ident = $spec:expr;)*) => {
        $(pub(crate) static $id: $crate::config::option::OptionSpec = $spec;)*
        pub(crate) static ALL: &[&$crate::config::option::OptionSpec] = &[$(&$id),*];
    };
}
pub(crate) use options;
