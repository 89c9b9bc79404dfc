//! From what stands somewhere to a value of an option's type (`spec/modern-core.md` 10.1).

use std::borrow::Cow;
use std::collections::BTreeMap;

use super::option::{Initial, Kind, OptionSpec, Rule};

/// A value as it stands in a file, the environment, a flag or a tenant's settings.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Raw {
    Null,
    Bool(bool),
    /// A number, as it is spelt.
    Number(String),
    Text(String),
    /// A list or a group.
    Nested,
}

/// A value of an option's type, brought into its normal form.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Value {
    Int(i64),
    Double(f64),
    Bool(bool),
    Text(String),
}

/// The values that were set; an option that isn't here has its default.
#[derive(Clone, Default, PartialEq)]
pub(crate) struct Values(BTreeMap<&'static str, Value>);

impl Raw {
    /// As an operator wrote it, about.
    pub(super) fn shown(&self) -> &str {
        match self {
            Self::Null => "null",
            Self::Bool(true) => "true",
            Self::Bool(false) => "false",
            Self::Number(text) | Self::Text(text) => text,
            Self::Nested => "a list or a group",
        }
    }

    /// Returns the value, or `None` where it is the same as nothing set. The refusal is what SuperTokens says.
    pub(crate) fn typed(&self, option: &OptionSpec) -> Result<Option<Value>, String> {
        let wrong_type = || format!("'{}' must be of type {}", option.name, option.kind.word());
        let value = match (option.kind, self) {
            (_, Self::Null) => return Ok(None),
            (Kind::Int, Self::Number(text) | Self::Text(text)) => {
                whole_number(text).filter(|number| i32::try_from(*number).is_ok()).map(Value::Int)
            }
            (Kind::Long, Self::Number(text) | Self::Text(text)) => whole_number(text).map(Value::Int),
            (Kind::Double, Self::Number(text) | Self::Text(text)) => number(text).map(Value::Double),
            (Kind::Bool, Self::Bool(value)) => Some(Value::Bool(*value)),
            (Kind::Bool, Self::Text(text)) => text.trim().to_ascii_lowercase().parse().ok().map(Value::Bool),
            (Kind::Text, Self::Bool(_) | Self::Number(_) | Self::Text(_)) => Some(Value::Text(self.shown().to_owned())),
            _ => None,
        };
        let value = value.ok_or_else(wrong_type)?;
        check(option, &value)?;
        Ok(normal(option, value))
    }
}

fn whole_number(text: &str) -> Option<i64> {
    let text = text.trim();
    text.parse().ok().or_else(|| {
        let number = number(text).filter(|number| number.fract() == 0.0 && number.abs() < 9.0e15)?;
        #[expect(clippy::cast_possible_truncation, reason = "it is whole, and far from the ends of 64 bits")]
        Some(number as i64)
    })
}

fn number(text: &str) -> Option<f64> {
    text.trim().parse().ok().filter(|number: &f64| number.is_finite())
}

fn check(option: &OptionSpec, value: &Value) -> Result<(), String> {
    match (option.rule, value) {
        (Rule::Between { least, most, refusal }, Value::Int(_) | Value::Double(_)) => {
            let number = match value {
                #[expect(clippy::cast_precision_loss, reason = "the limits are far below 2^53")]
                Value::Int(number) => *number as f64,
                Value::Double(number) => *number,
                Value::Bool(_) | Value::Text(_) => return Ok(()),
            };
            if number >= least && number <= most { Ok(()) } else { Err(refusal.to_owned()) }
        }
        (Rule::OneOf { words, refusal }, Value::Text(text)) => {
            let is_one = words.iter().any(|word| word.eq_ignore_ascii_case(text.trim()));
            if is_one { Ok(()) } else { Err(refusal.to_owned()) }
        }
        (Rule::Passes(check), Value::Text(text)) => check(text).map_err(Cow::into_owned),
        _ => Ok(()),
    }
}

/// Words in their own letter case; a blank text is nothing where an option has no default.
fn normal(option: &OptionSpec, value: Value) -> Option<Value> {
    let Value::Text(text) = value else { return Some(value) };
    let plain = text.trim();
    if let Rule::OneOf { words, .. } = option.rule {
        return words.iter().find(|word| word.eq_ignore_ascii_case(plain)).map(|word| Value::Text((*word).to_owned()));
    }
    // SuperTokens' files say `null` in quotes where they mean none.
    let is_nothing = option.default == Initial::Unset && (plain.is_empty() || plain == "null");
    (!is_nothing).then_some(Value::Text(text))
}

impl Values {
    pub(super) fn set(&mut self, option: &'static OptionSpec, value: Value) {
        self.0.insert(option.name, value);
    }

    /// The value that holds, if there is any.
    pub(crate) fn get(&self, option: &OptionSpec) -> Option<Value> {
        self.0.get(option.name).cloned().or(match option.default {
            Initial::Unset => None,
            Initial::Int(number) => Some(Value::Int(number)),
            Initial::Double(number) => Some(Value::Double(number)),
            Initial::Bool(value) => Some(Value::Bool(value)),
            Initial::Text(text) => Some(Value::Text(text.to_owned())),
        })
    }

    pub(super) fn text(&self, option: &OptionSpec) -> Option<String> {
        match self.get(option) {
            Some(Value::Text(text)) => Some(text),
            _ => None,
        }
    }

    pub(super) fn word(&self, option: &OptionSpec) -> String {
        self.text(option).unwrap_or_default()
    }

    /// A number that isn't below zero.
    pub(super) fn count(&self, option: &OptionSpec) -> Option<u64> {
        match self.get(option) {
            Some(Value::Int(number)) => u64::try_from(number).ok(),
            _ => None,
        }
    }

    pub(super) fn double(&self, option: &OptionSpec) -> Option<f64> {
        match self.get(option) {
            Some(Value::Double(number)) => Some(number),
            _ => None,
        }
    }

    pub(super) fn flag(&self, option: &OptionSpec) -> bool {
        self.get(option) == Some(Value::Bool(true))
    }
}

// Some of them are secrets.
impl std::fmt::Debug for Values {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Values(..)")
    }
}

impl std::fmt::Display for Value {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Int(number) => write!(f, "{number}"),
            Self::Double(number) => write!(f, "{number}"),
            Self::Bool(value) => write!(f, "{value}"),
            Self::Text(text) => f.write_str(text),
        }
    }
}
