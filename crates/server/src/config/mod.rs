//! The configuration: one table of options, read from flags, the environment, a file and the defaults, in this order of
//! precedence (`spec/modern-core.md` 10).

mod address_rule;
pub(crate) mod build;
mod check;
mod database;
mod environment;
mod error;
pub(crate) mod example;
mod option;
mod options;
mod overlay;
pub(crate) mod protected;
pub(crate) mod show;
mod together;
pub(crate) mod value;
mod yaml;

use std::path::{Path, PathBuf};

use crate::settings::Settings;

pub use self::environment::Environment;
use self::environment::FILE_VARIABLE;
pub use self::error::ConfigError;
use self::error::Problem;
use self::option::{Kind, OptionSpec};
use self::options::server::listen;
use self::together::Contradiction;
use self::value::{Raw, Value, Values};

/// Read where no file is named, if it is there.
const DEFAULT_FILE: &str = "config.yaml";

/// Where a configuration comes from.
#[derive(Debug, Default)]
pub struct Sources {
    /// The file that a flag names.
    pub file: Option<PathBuf>,
    /// The environment.
    pub environment: Environment,
    /// What flags say.
    pub flags: Vec<Flag>,
}

/// An option that was set by a flag.
#[derive(Clone)]
pub struct Flag {
    /// As it is written: `--port`.
    pub flag: &'static str,
    /// The option that it sets.
    pub option: &'static str,
    /// To this.
    pub value: String,
}

/// Where a value comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Origin {
    Default,
    File { path: PathBuf, line: usize },
    Variable(String),
    Flag(&'static str),
}

/// A configuration that can be used.
#[derive(Debug)]
pub struct Loaded {
    /// What the server runs with.
    pub settings: Settings,
    /// What is allowed but worth a warning, a sentence each.
    pub warnings: Vec<String>,
    pub(crate) effective: Vec<Effective>,
}

/// An option as it holds.
pub(crate) struct Effective {
    pub(crate) option: &'static OptionSpec,
    pub(crate) value: Option<Value>,
    pub(crate) origin: Origin,
}

/// Reads a configuration. An error names all that is wrong.
pub fn load(sources: &Sources) -> Result<Loaded, ConfigError> {
    let mut loading = Loading::default();
    let path = loading.file_path(sources);
    if let Some(path) = &path {
        loading.read_file(path);
    }
    loading.read_environment(&sources.environment);
    loading.warn_of_strays(&sources.environment);
    loading.read_flags(&sources.flags);
    loading.finish(path)
}

/// What was set so far. Later sources go before earlier ones.
#[derive(Default)]
struct Loading {
    given: Vec<(&'static OptionSpec, Raw, Origin)>,
    problems: Vec<Problem>,
    warnings: Vec<String>,
}

impl Loading {
    fn file_path(&mut self, sources: &Sources) -> Option<PathBuf> {
        if let Some(path) = &sources.file {
            return Some(path.clone());
        }
        match sources.environment.text(FILE_VARIABLE) {
            Ok(Some(path)) => Some(path.into()),
            Ok(None) => Some(PathBuf::from(DEFAULT_FILE)).filter(|path| path.exists()),
            Err(error) => {
                self.problems.push(Problem::general(format!("environment variable {FILE_VARIABLE}: {}", error.0)));
                None
            }
        }
    }

    fn read_file(&mut self, path: &Path) {
        let text = match std::fs::read_to_string(path) {
            Ok(text) => text,
            Err(error) => {
                self.problems.push(Problem::general(format!("{} can't be read: {error}", path.display())));
                return;
            }
        };
        let entries = match yaml::read(&text) {
            Ok(entries) => entries,
            Err(fault) => {
                let text = format!("{}, line {}: {}", path.display(), fault.line, fault.text);
                self.problems.push(Problem::general(text));
                return;
            }
        };
        let mut unknown = Vec::new();
        for entry in entries {
            let origin = Origin::File { path: path.to_owned(), line: entry.line };
            match options::find(&entry.name) {
                Some(option) => {
                    let earlier = self.given.iter().find(|(other, ..)| other.name == option.name);
                    if let Some((_, _, earlier)) = earlier {
                        self.warnings.push(format!(
                            "{} is set twice, in {earlier} and in {origin}: the last one holds",
                            option.name
                        ));
                    }
                    self.give(option, entry.value, origin);
                }
                None => unknown.push(format!("{} (line {})", entry.name, entry.line)),
            }
        }
        if !unknown.is_empty() {
            let text =
                format!("{} has options that are not known and change nothing: {}", path.display(), unknown.join(", "));
            self.warnings.push(text);
        }
    }

    fn read_environment(&mut self, environment: &Environment) {
        for option in options::all() {
            match environment.option(option) {
                Ok(None) => {}
                Ok(Some((raw, name))) => {
                    if option.kind == Kind::Bool
                        && let Ok(Some(text)) = environment.text(&name)
                        && !["true", "false"].contains(&text.to_ascii_lowercase().as_str())
                    {
                        self.warnings.push(format!(
                            "environment variable {name} is neither true nor false, and counts as false"
                        ));
                    }
                    self.give(option, raw, Origin::Variable(name));
                }
                Err((name, error)) => {
                    self.problems.push(Problem::of(option, None, Origin::Variable(name), error.0));
                }
            }
        }
    }

    fn warn_of_strays(&mut self, environment: &Environment) {
        let strays: Vec<String> = environment
            .strays()
            .map(|(name, meant)| meant.map_or(name.to_owned(), |meant| format!("{name} ({meant} is known)")))
            .collect();
        if !strays.is_empty() {
            let text = format!("environment variables that are not known change nothing: {}", strays.join(", "));
            self.warnings.push(text);
        }
    }

    fn read_flags(&mut self, flags: &[Flag]) {
        for flag in flags {
            if let Some(option) = options::find(flag.option) {
                self.give(option, Raw::Text(flag.value.clone()), Origin::Flag(flag.flag));
            }
        }
    }

    fn give(&mut self, option: &'static OptionSpec, raw: Raw, origin: Origin) {
        self.given.retain(|(other, ..)| other.name != option.name);
        self.given.push((option, raw, origin));
    }

    fn finish(mut self, file: Option<PathBuf>) -> Result<Loaded, ConfigError> {
        let mut values = Values::default();
        let mut origins = Vec::new();
        let mut ignored = Vec::new();
        for (option, raw, origin) in &self.given {
            match raw.typed(option) {
                Ok(None) => {}
                Ok(Some(value)) => {
                    if !option.has_effect && !options::elsewhere::SILENT.contains(&option.name) {
                        ignored.push(format!("{} ({origin})", option.name));
                    }
                    values.set(option, value);
                    origins.push((option.name, origin.clone()));
                }
                Err(text) => self.problems.push(Problem::of(option, Some(raw.clone()), origin.clone(), text)),
            }
        }
        let origin_of = |option: &OptionSpec| {
            origins.iter().find(|(name, _)| *name == option.name).map_or(Origin::Default, |(_, origin)| origin.clone())
        };
        let is_wrong =
            |option: &OptionSpec, problems: &[Problem]| problems.iter().any(|problem| problem.concerns(option));
        let alone = std::mem::take(&mut self.problems);
        for Contradiction { option, other, text, more } in together::contradictions(&values) {
            // What is wrong by itself needs no second word, and nothing can be compared with it.
            if !is_wrong(option, &alone) && !is_wrong(other, &alone) {
                let shown = values.get(option).map(|value| Raw::Text(value.to_string()));
                self.problems.push(Problem::of(option, shown, origin_of(option), text + &more));
            }
        }
        if !ignored.is_empty() {
            let text = format!("options of parts that Doorward doesn't have are ignored: {}", ignored.join(", "));
            self.warnings.push(text);
        }
        let cautions = together::cautions(&values).into_iter();
        let cautions = cautions.filter(|caution| !caution.options.iter().any(|option| is_wrong(option, &alone)));
        self.warnings.extend(cautions.map(|caution| caution.text));
        self.problems.splice(0..0, alone);
        if !self.problems.is_empty() {
            return Err(ConfigError::new(self.problems, self.warnings));
        }
        let effective = options::TOPICS.iter().flat_map(|topic| topic.options).map(|option| Effective {
            option,
            value: values.get(option),
            origin: origin_of(option),
        });
        let effective = effective.collect();
        match build::settings(values, file) {
            Ok(settings) => Ok(Loaded { settings, warnings: self.warnings, effective }),
            Err(text) => Err(ConfigError::new(vec![Problem::general(text)], self.warnings)),
        }
    }
}

// Values may be secrets.
impl std::fmt::Debug for Flag {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Flag").field("flag", &self.flag).field("option", &self.option).finish_non_exhaustive()
    }
}

impl std::fmt::Debug for Effective {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Effective")
            .field("option", &self.option.name)
            .field("origin", &self.origin)
            .finish_non_exhaustive()
    }
}

impl std::fmt::Display for Origin {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Default => f.write_str("default"),
            Self::File { path, line } => write!(f, "{}, line {line}", path.display()),
            Self::Variable(name) => write!(f, "environment variable {name}"),
            Self::Flag(flag) => write!(f, "flag {flag}"),
        }
    }
}
