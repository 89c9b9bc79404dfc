//! Regular expressions about addresses, compiled once however many tenants have them.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError, Weak};

use regex::{Regex, RegexBuilder};

/// How large a compiled regular expression may be: an operator of one tenant mustn't take the memory of all.
const REGEX_BYTES: usize = 1 << 20;

/// Those that somebody still has. Tenants inherit their app's, and the directory is read over and over: compiling takes
/// milliseconds and half a megabyte each time.
static COMPILED: Mutex<Compiled> = Mutex::new(Compiled { by_text: BTreeMap::new(), crowd: LEAST_CROWD });

struct Compiled {
    by_text: BTreeMap<Box<str>, Weak<Regex>>,
    /// With so many, those that nobody has any more are thrown out.
    crowd: usize,
}

/// The least crowd.
const LEAST_CROWD: usize = 64;

/// The regular expression for a whole address; `None` for a blank text, which is as good as none.
pub(super) fn whole_address(text: &str) -> Result<Option<Arc<Regex>>, regex::Error> {
    let text = text.trim();
    if text.is_empty() {
        return Ok(None);
    }
    if let Some(known) = known(text) {
        return Ok(Some(known));
    }
    // Nobody waits while one is compiled. Two that compile the same text at once have one each.
    let regex = Arc::new(compiled(text)?);
    keep(text, &regex);
    Ok(Some(regex))
}

fn compiled(text: &str) -> Result<Regex, regex::Error> {
    // By itself first: a lone `)` must not end the group that is put around it.
    RegexBuilder::new(text).size_limit(REGEX_BYTES).build()?;
    RegexBuilder::new(&format!(r"\A(?:{text})\z")).size_limit(REGEX_BYTES).build()
}

fn known(text: &str) -> Option<Arc<Regex>> {
    let compiled = COMPILED.lock().unwrap_or_else(PoisonError::into_inner);
    compiled.by_text.get(text)?.upgrade()
}

fn keep(text: &str, regex: &Arc<Regex>) {
    let mut compiled = COMPILED.lock().unwrap_or_else(PoisonError::into_inner);
    if compiled.by_text.len() >= compiled.crowd {
        compiled.by_text.retain(|_, regex| regex.strong_count() > 0);
        compiled.crowd = LEAST_CROWD.max(2 * compiled.by_text.len());
    }
    compiled.by_text.insert(text.into(), Arc::downgrade(regex));
}
