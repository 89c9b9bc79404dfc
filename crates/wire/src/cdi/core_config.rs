//! Settings that are stored with an app or tenant: an object of options (`spec/modern-core.md` 5.2).

use alloc::collections::BTreeMap;
use alloc::string::String;
use alloc::vec::Vec;

use super::answer::Refusal;
use super::input::Object;

/// Lays changes over stored settings. An option that is `null` in the changes is removed.
pub fn changed(stored: &str, changes: &str) -> Result<String, Refusal> {
    let (stored, changes) = (Object::parse(stored.as_bytes())?, Object::parse(changes.as_bytes())?);
    let mut options: Vec<(&str, &str)> = Vec::new();
    let mut places = BTreeMap::new();
    for (name, value) in stored.fields().chain(changes.fields()) {
        match places.get(name).and_then(|at: &usize| options.get_mut(*at)) {
            Some(option) => option.1 = value,
            None => {
                places.insert(name, options.len());
                options.push((name, value));
            }
        }
    }
    let mut text = String::from("{");
    for (name, value) in options.into_iter().filter(|(_, value)| *value != "null") {
        if text.len() > 1 {
            text.push(',');
        }
        // INVARIANT: writing text as JSON cannot fail.
        text.push_str(&serde_json::to_string(name).unwrap_or_default());
        text.push(':');
        text.push_str(value);
    }
    text.push('}');
    Ok(text)
}
