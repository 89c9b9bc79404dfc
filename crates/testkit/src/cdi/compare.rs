//! Compares an answer's values with those that are wanted.

use core::fmt;
use std::collections::BTreeSet;

use crate::cdi::json::Json;
use crate::cdi::placeholder::{self, Fit, Given};
use crate::cdi::token::{self, Flavour, VerifyingKey};

/// Something in an answer that is not as it must be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// Where: `status`, `header NAME`, `body`, or a path like `json.session.handle`.
    pub at: String,
    /// What must be there.
    pub wanted: String,
    /// What is there.
    pub got: String,
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: wanted {}, got {}", self.at, short(&self.wanted), short(&self.got))
    }
}

/// The characters of a value that are shown.
const SHOWN: usize = 300;

fn short(text: &str) -> String {
    let one_line = text.replace('\n', "\\n").replace('\r', "\\r");
    match one_line.char_indices().nth(SHOWN) {
        Some((end, _)) => format!("{}…", one_line.get(..end).unwrap_or_default()),
        None => one_line,
    }
}

/// One answer under comparison, and what was found.
#[derive(Debug)]
pub(super) struct Comparison<'a> {
    given: Given<'a>,
    /// Values of this answer that must be new.
    pub(super) fresh: BTreeSet<String>,
    /// What is not as it must be.
    pub(super) found: Vec<Difference>,
}

impl<'a> Comparison<'a> {
    pub(super) fn new(given: Given<'a>) -> Self {
        Self { given, fresh: BTreeSet::new(), found: Vec::new() }
    }

    /// Notes a difference.
    pub(super) fn differs(&mut self, at: &str, wanted: impl fmt::Display, got: impl fmt::Display) {
        self.found.push(Difference { at: at.to_owned(), wanted: wanted.to_string(), got: got.to_string() });
    }

    /// Compares a value of the answer.
    pub(super) fn value(&mut self, want: &Json, got: &Json, at: &str) {
        match (want, got) {
            (Json::Object(members), _) if members.iter().any(|(name, _)| name.starts_with('$')) => match &**members {
                [(mark, told)] if mark == "$jwt" => self.token(told, got, at),
                [(mark, told)] if mark == "$set" => self.set(told, got, at),
                _ => match placeholder::fits(&self.given, want, got, at) {
                    Ok(Fit::New(value)) => drop(self.fresh.insert(value)),
                    Ok(Fit::Fits) => {}
                    Err(words) => self.differs(at, words, got),
                },
            },
            (Json::Object(wanted), Json::Object(there)) => self.members(wanted, there, at),
            (Json::List(wanted), Json::List(there)) if wanted.len() == there.len() => {
                for (place, (want, got)) in wanted.iter().zip(there).enumerate() {
                    self.value(want, got, &format!("{at}.{place}"));
                }
            }
            (Json::Text(text), _) if text.contains("{{") => self.text(text, got.text().unwrap_or_default(), at),
            // The recording wrote integers anew, and so lost the sign of a zero.
            (Json::Number(want), Json::Number(got)) if want == "0" && got == "-0" => {}
            _ if want == got => {}
            _ => self.differs(at, want, got),
        }
    }

    fn members(&mut self, wanted: &[(String, Json)], there: &[(String, Json)], at: &str) {
        let before = self.found.len();
        for (name, want) in wanted {
            match there.iter().find(|(known, _)| known == name) {
                Some((_, got)) => self.value(want, got, &format!("{at}.{name}")),
                None => self.differs(&format!("{at}.{name}"), want, "nothing"),
            }
        }
        for (name, got) in there {
            if !wanted.iter().any(|(known, _)| known == name) {
                self.differs(&format!("{at}.{name}"), "nothing", got);
            }
        }
        let names = |members: &[(String, Json)]| members.iter().map(|(name, _)| name.clone()).collect::<Vec<_>>();
        if self.found.len() == before && names(wanted) != names(there) {
            self.differs(&format!("{at} order"), names(wanted).join(" "), names(there).join(" "));
        }
    }

    /// Compares a text whose wanted form may hold `{{run}}`, captured values and `{{int}}`.
    pub(super) fn text(&mut self, want: &str, got: &str, at: &str) {
        match self.given.answers.fill_text(want) {
            Ok(filled) if fits_text(&filled, got) => {}
            Ok(filled) => self.differs(at, filled, got),
            Err(error) => self.differs(at, error, got),
        }
    }

    /// Compares an array whose order means nothing.
    fn set(&mut self, told: &Json, got: &Json, at: &str) {
        let (wanted, there) = (told.items().unwrap_or_default(), got.items());
        let there = there.filter(|there| there.len() == wanted.len());
        let alike = there.is_some_and(|there| {
            wanted.iter().all(|want| there.iter().any(|got| self.is_alike(want, got, at)))
                && there.iter().all(|got| wanted.iter().any(|want| self.is_alike(want, got, at)))
        });
        if !alike {
            let filled = self.given.answers.fill(told).unwrap_or_else(|_| told.clone());
            self.differs(at, format!("{filled} in any order"), got);
        }
    }

    /// Whether a value would be as wanted; nothing is noted.
    fn is_alike(&mut self, want: &Json, got: &Json, at: &str) -> bool {
        let before = self.found.len();
        self.value(want, got, at);
        let alike = self.found.len() == before;
        self.found.truncate(before);
        alike
    }

    fn token(&mut self, told: &Json, got: &Json, at: &str) {
        let flavour = match told.get("encoding").and_then(Json::text) {
            Some("base64") => Flavour::Standard,
            Some("base64url") => Flavour::Url,
            _ => return self.differs(at, "an encoding that the player knows", told),
        };
        let Some(token) = got.text().filter(|token| token.split('.').count() == 3) else {
            return self.differs(at, "a token of three parts", got);
        };
        let (header, payload) = match (token::part(token, 0, flavour), token::part(token, 1, flavour)) {
            (Ok(header), Ok(payload)) => (header, payload),
            (Err(error), _) | (_, Err(error)) => return self.differs(at, "a signed token", error),
        };
        for (name, part) in [("header", &header), ("payload", &payload)] {
            match told.get(name) {
                Some(wanted) => self.value(wanted, part, &format!("{at}#{name}")),
                None => self.differs(at, format!("a {name} in the vector"), "none"),
            }
        }
        let keys = self.keys_for(header.get("kid").and_then(Json::text));
        if !keys.iter().any(|key| key.verifies(token, flavour)) {
            self.differs(at, "a signature that a published key verifies", token);
        }
    }

    /// The keys that a token may be signed with: the one that it names; without a name those that the answer itself
    /// shows, because those are what SDKs verify with; or else any that is published.
    fn keys_for(&self, kid: Option<&str>) -> Vec<VerifyingKey> {
        let shown = self.given.answers.of(self.given.step).filter(|answer| answer.get("jwtSigningPublicKey").is_some());
        match (kid, shown) {
            (None, Some(answer)) => {
                let listed = answer.get("jwtSigningPublicKeyList").and_then(Json::items).unwrap_or_default();
                let listed = listed.iter().filter_map(|key| key.get("publicKey"));
                let texts = answer.get("jwtSigningPublicKey").into_iter().chain(listed).filter_map(Json::text);
                texts.filter_map(VerifyingKey::from_spki).collect()
            }
            _ => {
                let named = self.given.published.iter().filter(|key| kid.is_none_or(|kid| kid == key.kid));
                named.map(|key| key.key.clone()).collect()
            }
        }
    }
}

/// Whether a text is as wanted, where `{{int}}` stands for an integer.
fn fits_text(want: &str, got: &str) -> bool {
    let Some((head, tail)) = want.split_once("{{int}}") else { return want == got };
    let Some(rest) = got.strip_prefix(head) else { return false };
    let digits = rest.strip_prefix('-').unwrap_or(rest);
    let after = digits.trim_start_matches(|c: char| c.is_ascii_digit());
    after.len() < digits.len() && fits_text(tail, after)
}
