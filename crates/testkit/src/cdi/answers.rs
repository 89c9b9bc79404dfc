//! What a play knows: its own words, and the answers so far. Requests are filled in from it.

use std::collections::BTreeMap;

use crate::cdi::json::Json;
use crate::cdi::scenario::Exchange;
use crate::cdi::token::{self, Flavour};

/// The words of a play and the answers so far.
#[derive(Debug)]
pub(super) struct Answers {
    words: [(&'static str, String); 3],
    answers: BTreeMap<String, Json>,
}

impl Answers {
    pub(super) fn new(version: &str, run: &str, host: &str) -> Self {
        let words = [("cdi", version.to_owned()), ("run", run.to_owned()), ("host", host.to_owned())];
        Self { words, answers: BTreeMap::new() }
    }

    pub(super) fn keep(&mut self, exchange: &Exchange, answer: Json) {
        self.answers.insert(exchange.id.clone(), answer);
    }

    pub(super) fn of(&self, step: &str) -> Option<&Json> {
        self.answers.get(step)
    }

    /// The value that `id.path` or `id.path#payload.claim` names.
    pub(super) fn lookup(&self, name: &str) -> Result<Json, String> {
        let (outer, inner) = name.split_once('#').map_or((name, None), |(outer, inner)| (outer, Some(inner)));
        let (step, path) = outer.split_once('.').unwrap_or((outer, ""));
        let path = path.split('.').filter(|name| !name.is_empty());
        let found = self.answers.get(step).and_then(|answer| answer.at(path));
        let value = found.ok_or_else(|| format!("no answer carried {outer}"))?;
        let Some(inner) = inner else { return Ok(value.clone()) };

        let token = value.text().ok_or_else(|| format!("{outer} is no token"))?;
        let (which, path) = inner.split_once('.').unwrap_or((inner, ""));
        let part = token::part(token, usize::from(which == "payload"), Flavour::of(token))?;
        let claim = part.at(path.split('.').filter(|name| !name.is_empty()));
        claim.cloned().ok_or_else(|| format!("no token carried {name}"))
    }

    /// Fills in the placeholders of a text.
    pub(super) fn fill_text(&self, text: &str) -> Result<String, String> {
        let mut filled = String::new();
        let mut rest = text;
        while let Some((before, name, after)) = next_placeholder(rest) {
            filled.push_str(before);
            match self.words.iter().find(|(word, _)| *word == name) {
                Some((_, value)) => filled.push_str(value),
                None if name.contains('.') => match self.lookup(name)? {
                    Json::Text(value) => filled.push_str(&value),
                    value => filled.push_str(&value.compact()),
                },
                None => filled.push_str(&format!("{{{{{name}}}}}")),
            }
            rest = after;
        }
        filled.push_str(rest);
        Ok(filled)
    }

    /// Fills in the placeholders of a request's value.
    pub(super) fn fill(&self, value: &Json) -> Result<Json, String> {
        Ok(match value {
            Json::Text(text) => Json::Text(self.fill_text(text)?),
            Json::List(items) => Json::List(items.iter().map(|item| self.fill(item)).collect::<Result<_, _>>()?),
            Json::Object(members) => match members.as_slice() {
                [(mark, name)] if mark == "$capture" => self.lookup(name.text().unwrap_or_default())?,
                [(mark, told)] if mark == "$tamper" => self.tamper(told)?,
                members => {
                    let filled = members.iter().map(|(name, value)| Ok((name.clone(), self.fill(value)?)));
                    Json::Object(filled.collect::<Result<_, String>>()?)
                }
            },
            other => other.clone(),
        })
    }

    fn tamper(&self, told: &Json) -> Result<Json, String> {
        let filled = self.fill(told)?;
        let token = filled.get("token").and_then(Json::text).ok_or("no token to tamper with")?;
        let operations = filled.get("ops").and_then(Json::items).ok_or("no operations")?;
        token::tamper(token, operations).map(Json::Text)
    }
}

/// Splits a text at its first `{{name}}`. Braces of JSON that stand beside it are not part of it.
pub(super) fn next_placeholder(text: &str) -> Option<(&str, &str, &str)> {
    let starts = text.match_indices("{{").map(|(start, _)| start);
    // Two braces may overlap the two that count: `{{{run}}`.
    let starts = starts.flat_map(|start| [start, start + 1]);
    starts
        .filter_map(|start| {
            let (name, after) = text.get(start..)?.strip_prefix("{{")?.split_once("}}")?;
            (!name.contains(['{', '}'])).then_some((text.get(..start)?, name, after))
        })
        .next()
}
