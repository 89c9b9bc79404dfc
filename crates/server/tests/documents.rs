//! `docs/server.md` has every option as it is, and every command and flag; and nothing that isn't there.
//!
//! What options are is read from `config.example.yaml`, which another test holds equal to the code.

use std::collections::{BTreeMap, BTreeSet};

use crate::process::{doorward, said};

const EXAMPLE: &str = include_str!("../../../config.example.yaml");
const PAGE: &str = include_str!("../../../docs/server.md");
/// Where `import` and `demo` have their flags.
const ELSEWHERE: [&str; 2] =
    [include_str!("../../../docs/migrate-from-supertokens.md"), include_str!("../../../README.md")];

/// An option, as one of the two says it is.
#[derive(Debug, PartialEq, Eq)]
struct Shown {
    scope: Option<String>,
    variable: Option<String>,
    default: Option<String>,
    about: String,
}

/// The options of the commented file: a paragraph each, words first, name and default last.
fn of_example() -> BTreeMap<String, Shown> {
    let mut options = BTreeMap::new();
    for paragraph in EXAMPLE.split("\n\n") {
        let lines: Vec<&str> = paragraph.lines().filter_map(|line| line.strip_prefix("# ")).collect();
        let Some((last, words)) = lines.split_last() else { continue };
        let Some((name, default)) = last.split_once(": ").filter(|(name, _)| is_name(name)) else { continue };
        let words = words.join(" ");
        let (about, variable) = match words.rsplit_once(" [") {
            Some((about, variable)) => (about, Some(variable.trim_end_matches(']').to_owned())),
            None => (words.as_str(), None),
        };
        let scoped = ["app", "tenant"].into_iter().find_map(|scope| {
            let about = about.strip_prefix(&format!("({scope}) "))?;
            Some((scope.to_owned(), about))
        });
        let (scope, about) = scoped.map_or((None, about), |(scope, about)| (Some(scope), about));
        let default = Some(default.trim_matches('"').to_owned()).filter(|text| !["null", ""].contains(&text.as_str()));
        let shown = Shown { scope, variable, default, about: about.to_owned() };
        options.insert(name.to_owned(), shown);
    }
    options
}

fn is_name(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_')
}

/// The options of the page: the rows of tables with these columns.
fn of_page() -> BTreeMap<String, Shown> {
    let code = |cell: &str| Some(cell.trim_matches('`').to_owned()).filter(|text| !text.is_empty());
    let mut options = BTreeMap::new();
    let mut is_table = false;
    for line in PAGE.lines() {
        is_table = line.starts_with("| option | variable | default | meaning |") || (is_table && line.starts_with('|'));
        let cells: Vec<&str> = line.trim_matches('|').split(" | ").map(str::trim).collect();
        // An empty cell has one blank only.
        let cells = match &cells[..] {
            [name, variable, default, about] if is_table => [*name, *variable, *default, *about],
            [name, rest, about] if is_table => match rest.split_once(" |") {
                Some((variable, default)) => [*name, variable, default.trim(), *about],
                None => continue,
            },
            _ => continue,
        };
        let [name, variable, default, about] = cells;
        let Some((name, scope)) = name.strip_prefix('`').and_then(|name| name.split_once('`')) else { continue };
        let scope = Some(scope.trim_matches([' ', '(', ')']).to_owned()).filter(|scope| !scope.is_empty());
        let shown = Shown { scope, variable: code(variable), default: code(default), about: about.to_owned() };
        assert!(options.insert(name.to_owned(), shown).is_none(), "{name} is there twice");
    }
    options
}

#[test]
fn the_page_has_every_option_as_it_is() {
    let (example, page) = (of_example(), of_page());
    let names = |options: &BTreeMap<String, Shown>| options.keys().cloned().collect::<Vec<_>>();
    assert_eq!(names(&page), names(&example));
    assert!(example.len() > 40, "{example:?}");
    for (name, expected) in example {
        let Shown { scope, variable, default, about } = &page[&name];
        assert_eq!((scope, variable, default), (&expected.scope, &expected.variable, &expected.default), "{name}");
        // What is allowed may stand behind it, which the commented file leaves to the refusal.
        let rest = about.strip_prefix(&expected.about);
        let is_same = rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(" Allowed: "));
        assert!(is_same, "{name}\n{about}\n{}", expected.about);
    }
}

/// What `--help` of a command and of all below it says.
fn help(command: &str, found: &mut BTreeMap<String, String>) {
    let text = said(doorward(command.split_whitespace().chain(["--help"]))).out;
    let below: Vec<String> = text
        .lines()
        .skip_while(|line| *line != "Commands:")
        .skip(1)
        .take_while(|line| !line.is_empty())
        .filter_map(|line| line.split_whitespace().next())
        .filter(|name| *name != "help")
        .map(|name| format!("{command} {name}").trim().to_owned())
        .collect();
    found.insert(command.to_owned(), text);
    for command in below {
        help(&command, found);
    }
}

/// The long flags of a text.
fn flags(text: &str) -> BTreeSet<&str> {
    let words = text.split(|char: char| !(char.is_ascii_lowercase() || char.is_ascii_digit() || char == '-'));
    words
        .filter(|word| {
            word.strip_prefix("--").is_some_and(|name| name.starts_with(|char: char| char.is_ascii_lowercase()))
        })
        .collect()
}

#[test]
fn the_page_has_every_command_and_flag() {
    let mut commands = BTreeMap::new();
    help("", &mut commands);
    // Commands with commands below are named with those: `doorward keys list`, `rotate`.
    let is_named = |command: &str| {
        let (first, last) = command.split_once(' ').unwrap_or((command, command));
        PAGE.lines().any(|line| {
            let row = line.strip_prefix(&format!("| `doorward {first}"));
            row.is_some_and(|row| {
                first == last || row.contains(&format!(" {last}")) || row.contains(&format!("`{last}`"))
            })
        })
    };
    for command in commands.keys().filter(|command| !command.is_empty()) {
        assert!(is_named(command), "docs/server.md doesn't name `doorward {command}`");
    }
    for line in PAGE.lines().filter_map(|line| line.strip_prefix("| `doorward ")) {
        let words: Vec<&str> = line.split('`').next().unwrap().split(' ').collect();
        let command: Vec<&str> =
            words.iter().copied().take_while(|word| word.bytes().all(|b| b.is_ascii_lowercase())).collect();
        assert!(commands.contains_key(&command.join(" ")), "docs/server.md names `doorward {}`", command.join(" "));
    }
    let of = |wanted: fn(&str) -> bool| -> BTreeSet<&str> {
        let texts = commands.iter().filter(|(command, _)| wanted(command)).flat_map(|(_, text)| flags(text));
        texts.filter(|flag| !["--help", "--version"].contains(flag)).collect()
    };
    let page = flags(PAGE);
    let documents: BTreeSet<&str> = ELSEWHERE.into_iter().flat_map(flags).chain(page.clone()).collect();
    let none = BTreeSet::new();
    assert_eq!(&of(|command| !["import", "demo"].contains(&command)) - &page, none, "flags that docs/server.md lacks");
    assert_eq!(&of(|_| true) - &documents, none, "flags that no document has");
    assert_eq!(&page - &of(|_| true), none, "flags that docs/server.md has and no command");
}
