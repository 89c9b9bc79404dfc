//! The configuration file that explains itself: every option, with its default.

use super::option::{Initial, OptionSpec, Scope};
use super::options::TOPICS;

const WIDTH: usize = 100;

const HEAD: &str = "\
# The configuration of `doorward serve`. Every option is here with its default: take away the `#` of those to change.
#
# A flag goes before an environment variable, which goes before this file. The names are those of SuperTokens core, so
# that its config.yaml can be used as it is; what Doorward has of its own is set by variables that begin with DOORWARD_.
# `doorward config check` reads it and says what is wrong; `doorward config show` says what holds, and where that is set.
#
# (app) may differ from app to app, and (tenant) from tenant to tenant, by their core configuration.
";

/// The text of `config.example.yaml`.
pub(crate) fn file() -> String {
    let mut text = HEAD.to_owned();
    for topic in TOPICS {
        text.push_str(&format!("\n\n# ---- {} ----\n", topic.title));
        for option in topic.options {
            text.push('\n');
            describe(option, &mut text);
        }
    }
    text
}

fn describe(option: &OptionSpec, text: &mut String) {
    let scope = match option.scope {
        Scope::Base => "",
        Scope::App => "(app) ",
        Scope::Tenant => "(tenant) ",
    };
    let variable = option.environment.map(|name| format!(" [{name}]")).unwrap_or_default();
    let former = option.former.map(|name| format!(" Also as {name}.")).unwrap_or_default();
    wrap(&format!("{scope}{}{former}{variable}", option.about), text);
    text.push_str(&format!("# {}: {}\n", option.name, initial(option)));
}

fn initial(option: &OptionSpec) -> String {
    match option.default {
        Initial::Unset => "null".to_owned(),
        Initial::Int(number) => number.to_string(),
        Initial::Double(number) => number.to_string(),
        Initial::Bool(value) => value.to_string(),
        Initial::Text("") => "\"\"".to_owned(),
        Initial::Text(word) => word.to_owned(),
    }
}

/// Adds comment lines of words.
fn wrap(words: &str, text: &mut String) {
    let mut line = "#".to_owned();
    for word in words.split(' ') {
        if line.len() + 1 + word.len() > WIDTH {
            text.push_str(&line);
            text.push('\n');
            "#".clone_into(&mut line);
        }
        line.push(' ');
        line.push_str(word);
    }
    text.push_str(&line);
    text.push('\n');
}
