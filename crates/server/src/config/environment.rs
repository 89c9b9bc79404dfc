//! Options of the environment (`spec/modern-core.md` 10.1).

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::path::PathBuf;

use super::option::{Kind, OptionSpec};
use super::options;
use super::value::Raw;

/// Names the file, where no flag does.
pub(super) const FILE_VARIABLE: &str = "DOORWARD_CONFIG";

/// The environment, as it was when it was read.
#[derive(Clone, Default)]
pub struct Environment(BTreeMap<String, OsString>);

/// A variable that can't be used, in words.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Unusable(pub(super) String);

impl Environment {
    /// The environment of this process.
    pub fn of_process() -> Self {
        let known = std::env::vars_os().filter_map(|(name, value)| Some((name.into_string().ok()?, value)));
        Self(known.collect())
    }

    /// The value of a variable, unless it is missing or empty.
    pub(super) fn text(&self, name: &str) -> Result<Option<String>, Unusable> {
        match self.0.get(name) {
            None => Ok(None),
            Some(value) if value.is_empty() => Ok(None),
            Some(value) => match value.to_str() {
                Some(text) => Ok(Some(unquote(text))),
                None => Err(Unusable("it must be UTF-8".into())),
            },
        }
    }

    /// The value of an option, and the variable that it comes from. A secret may lie in a file, whose name is in a
    /// variable that ends in `_FILE`.
    pub(super) fn option(&self, option: &OptionSpec) -> Result<Option<(Raw, String)>, (String, Unusable)> {
        let Some(name) = option.environment else { return Ok(None) };
        if let Some(text) = self.text(name).map_err(|error| (name.to_owned(), error))? {
            return Ok(Some((raw(option, text), name.to_owned())));
        }
        let file_name = format!("{name}_FILE");
        let Some(path) = self.0.get(&file_name).filter(|path| option.is_secret && !path.is_empty()) else {
            return Ok(None);
        };
        match std::fs::read_to_string(PathBuf::from(path)) {
            Ok(text) => Ok(Some((Raw::Text(text.trim_end_matches(['\r', '\n']).to_owned()), file_name))),
            Err(error) => Err((file_name, Unusable(format!("the file can't be read: {error}")))),
        }
    }

    /// Names that begin like ours or like SuperTokens' and that nobody reads, with the name that was perhaps meant.
    pub(super) fn strays(&self) -> impl Iterator<Item = (&str, Option<&'static str>)> {
        let unread = self.0.iter().filter(|(name, value)| !is_read(name) && !is_of_container(name, value));
        unread.filter_map(|(name, _)| {
            let rest = PREFIXES.iter().find_map(|prefix| name.strip_prefix(prefix))?;
            let meant = options::find(&rest.to_ascii_lowercase()).and_then(|option| option.environment);
            Some((name.as_str(), meant))
        })
    }
}

/// What the names of our variables begin with, and those of SuperTokens that don't begin like their options.
const PREFIXES: &[&str] = &["DOORWARD_", "SUPERTOKENS_"];

/// Variables that are no options: of this program, of the tests, and of SuperTokens' own scripts.
const OTHERS: &[&str] = &[
    FILE_VARIABLE,
    "DOORWARD_BIN",
    "DOORWARD_DEPTH",
    "DOORWARD_IMPORT_FROM",
    "DOORWARD_IMPORT_TO",
    "DOORWARD_SEED",
    "DOORWARD_SEEDS",
    "SUPERTOKENS_CORE_HOST",
    "SUPERTOKENS_CORE_PORT",
    "SUPERTOKENS_DEBUG",
    "SUPERTOKENS_ENV",
    "SUPERTOKENS_PATH",
];

fn is_read(name: &str) -> bool {
    OTHERS.contains(&name)
        || name.starts_with("DOORWARD_TEST_")
        || options::all().any(|option| {
            let of_file = || name.strip_suffix("_FILE").filter(|_| option.is_secret);
            option.environment.is_some_and(|known| name == known || of_file() == Some(known))
        })
}

/// Whether it tells where a service of that name is, as Kubernetes and Docker's links write it: `DOORWARD_SERVICE_HOST`,
/// `DOORWARD_PORT=tcp://10.0.0.1:3567`, `DOORWARD_PORT_3567_TCP_ADDR`.
fn is_of_container(name: &str, value: &OsStr) -> bool {
    name.ends_with("_SERVICE_HOST")
        || name.contains("_SERVICE_PORT")
        || (name.contains("_PORT_") && (name.contains("_TCP") || name.contains("_UDP")))
        || value.to_str().is_some_and(|value| value.starts_with("tcp://") || value.starts_with("udp://"))
}

impl<const N: usize> From<[(&str, &str); N]> for Environment {
    fn from(variables: [(&str, &str); N]) -> Self {
        Self(variables.into_iter().map(|(name, value)| (name.to_owned(), value.into())).collect())
    }
}

// Some variables are secrets.
impl std::fmt::Debug for Environment {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Environment(..)")
    }
}

/// Only `true`, in any letter case, is true in the environment.
fn raw(option: &OptionSpec, text: String) -> Raw {
    match option.kind {
        Kind::Bool => Raw::Bool(text.eq_ignore_ascii_case("true")),
        Kind::Int | Kind::Long | Kind::Double => Raw::Number(text),
        Kind::Text => Raw::Text(text),
    }
}

/// Takes away double quotes around a text, and then the escapes in it.
fn unquote(text: &str) -> String {
    let Some(inner) = text.strip_prefix('"').and_then(|text| text.strip_suffix('"')) else { return text.to_owned() };
    let mut plain = String::with_capacity(inner.len());
    let mut chars = inner.chars();
    while let Some(char) = chars.next() {
        if char != '\\' {
            plain.push(char);
            continue;
        }
        match chars.next() {
            Some('n') => plain.push('\n'),
            Some('t') => plain.push('\t'),
            Some('r') => plain.push('\r'),
            Some(char @ ('"' | '\'' | '\\')) => plain.push(char),
            Some(other) => plain.extend(['\\', other]),
            None => plain.push('\\'),
        }
    }
    plain
}
