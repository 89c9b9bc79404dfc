//! What stands in a request: fields of a body and values of a query (`spec/modern-core.md` 1.7).
//!
//! Bodies are strict JSON in UTF-8. Of what SuperTokens takes besides, only what a caller can send by writing JSON is
//! taken here as well: an array of one stands for what is in it, a number where a boolean should be is `false`, and a
//! number may be a text or have a fraction.

use alloc::borrow::{Cow, ToOwned as _};
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

use memchr::memchr2_iter;
use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;

use super::answer::Refusal;
use crate::fdi::percent;

/// How deep a body may be nested.
pub const DEPTH_LIMIT: usize = 128;

/// The fields of a body, each as the text that it was written with.
pub struct Object<'a>(Vec<(Cow<'a, str>, &'a RawValue)>);

impl fmt::Debug for Object<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Object(..)")
    }
}

impl<'a> Object<'a> {
    /// Parses a body.
    pub fn parse(body: &'a [u8]) -> Result<Self, Refusal> {
        let text = core::str::from_utf8(body).map_err(|_| Refusal::JSON)?;
        let object: Self = serde_json::from_str(text).map_err(|_| Refusal::JSON)?;
        if is_too_deep(text) {
            return Err(Refusal::JSON);
        }
        Ok(object)
    }

    /// Whether there is a field of this name, whatever it holds.
    pub fn has(&self, name: &str) -> bool {
        self.raw(name).is_some()
    }

    /// Whether there is a field of this name that is `null`.
    pub fn is_null(&self, name: &str) -> bool {
        self.raw(name).is_some_and(|raw| raw.get() == "null")
    }

    /// All fields in the order in which they came, with their values as JSON.
    pub fn fields(&self) -> impl Iterator<Item = (&str, &'a str)> {
        self.0.iter().map(|(name, value)| (&**name, value.get()))
    }

    /// A text.
    pub fn string(&self, name: &str) -> Result<Cow<'a, str>, Refusal> {
        required(name, self.optional_string(name)?)
    }

    /// A text that may be absent.
    pub fn optional_string(&self, name: &str) -> Result<Option<Cow<'a, str>>, Refusal> {
        self.read(name, |raw| text(single(raw)))
    }

    /// A choice.
    pub fn boolean(&self, name: &str) -> Result<bool, Refusal> {
        required(name, self.optional_boolean(name)?)
    }

    /// A choice that may be absent.
    pub fn optional_boolean(&self, name: &str) -> Result<Option<bool>, Refusal> {
        self.read(name, |raw| match single(raw) {
            "true" => Some(true),
            "false" => Some(false),
            other => is_number(other).then_some(false),
        })
    }

    /// A whole number; a fraction is cut off. One beyond 64 bits is refused.
    pub fn integer(&self, name: &str) -> Result<i64, Refusal> {
        required(name, self.optional_integer(name)?)
    }

    /// A whole number that may be absent.
    pub fn optional_integer(&self, name: &str) -> Result<Option<i64>, Refusal> {
        self.read(name, |raw| {
            let value = single(raw);
            if is_number(value) { whole(value) } else { text(value)?.parse().ok() }
        })
    }

    /// A JSON object, as it was written.
    pub fn object(&self, name: &str) -> Result<&'a RawValue, Refusal> {
        required(name, self.optional_object(name)?)
    }

    /// A JSON object that may be absent.
    pub fn optional_object(&self, name: &str) -> Result<Option<&'a RawValue>, Refusal> {
        self.read(name, |raw| raw.get().starts_with('{').then_some(raw))
    }

    /// An array of texts that may be absent.
    pub fn optional_strings(&self, name: &str) -> Result<Option<Vec<Cow<'a, str>>>, Refusal> {
        self.read(name, |raw| {
            let elements: Vec<&'a RawValue> = serde_json::from_str(raw.get()).ok()?;
            elements.into_iter().map(|element| text(single(element))).collect()
        })
    }

    fn raw(&self, name: &str) -> Option<&'a RawValue> {
        // Of two fields of one name the last counts.
        self.0.iter().rev().find(|(known, _)| known == name).map(|(_, value)| *value)
    }

    fn read<T>(&self, name: &str, read: impl FnOnce(&'a RawValue) -> Option<T>) -> Result<Option<T>, Refusal> {
        self.raw(name).map(|raw| read(raw).ok_or_else(|| Refusal::field(name))).transpose()
    }
}

fn required<T>(name: &str, value: Option<T>) -> Result<T, Refusal> {
    value.ok_or_else(|| Refusal::field(name))
}

/// What an array of one holds; anything else as it is.
fn single(raw: &RawValue) -> &str {
    let mut value = raw;
    for _ in 0..DEPTH_LIMIT {
        if !value.get().starts_with('[') {
            break;
        }
        match serde_json::from_str::<[&RawValue; 1]>(value.get()) {
            Ok([only]) => value = only,
            Err(_) => break,
        }
    }
    value.get()
}

fn text(value: &str) -> Option<Cow<'_, str>> {
    // A text without escapes is borrowed.
    let plain = value.strip_prefix('"')?.strip_suffix('"')?;
    if plain.contains('\\') { serde_json::from_str(value).ok().map(Cow::Owned) } else { Some(Cow::Borrowed(plain)) }
}

fn is_number(value: &str) -> bool {
    value.starts_with(|first: char| first == '-' || first.is_ascii_digit())
}

fn whole(value: &str) -> Option<i64> {
    if let Ok(whole) = value.parse() {
        return Some(whole);
    }
    /// 2^63, the first number that is too large.
    const END: f64 = 9_223_372_036_854_775_808.0;
    let number: f64 = value.parse().ok()?;
    #[expect(clippy::cast_possible_truncation, reason = "a fraction is cut off, and the range was checked")]
    (-END..END).contains(&number).then_some(number as i64)
}

/// Whether valid JSON is nested deeper than allowed.
fn is_too_deep(json: &str) -> bool {
    // Most bodies don't even have so many brackets.
    if memchr2_iter(b'{', b'[', json.as_bytes()).count() <= DEPTH_LIMIT {
        return false;
    }
    let (mut depth, mut deepest, mut is_text, mut is_escaped) = (0_usize, 0, false, false);
    for byte in json.bytes() {
        match byte {
            _ if is_escaped => is_escaped = false,
            b'\\' => is_escaped = is_text,
            b'"' => is_text = !is_text,
            _ if is_text => {}
            b'{' | b'[' => {
                depth += 1;
                deepest = deepest.max(depth);
            }
            b'}' | b']' => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    deepest > DEPTH_LIMIT
}

impl<'de: 'a, 'a> Deserialize<'de> for Object<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Read;
        impl<'de> Visitor<'de> for Read {
            type Value = Vec<(Cow<'de, str>, &'de RawValue)>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a JSON object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut fields = Vec::new();
                while let Some(Name(name)) = map.next_key()? {
                    fields.push((name, map.next_value()?));
                }
                Ok(fields)
            }
        }
        deserializer.deserialize_map(Read).map(Object)
    }
}

/// A field's name, borrowed unless it was written with escapes.
struct Name<'a>(Cow<'a, str>);

impl<'de: 'a, 'a> Deserialize<'de> for Name<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Read;
        impl<'de> Visitor<'de> for Read {
            type Value = Cow<'de, str>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a name")
            }

            fn visit_borrowed_str<E>(self, name: &'de str) -> Result<Self::Value, E> {
                Ok(Cow::Borrowed(name))
            }

            fn visit_str<E>(self, name: &str) -> Result<Self::Value, E> {
                Ok(Cow::Owned(name.to_owned()))
            }
        }
        deserializer.deserialize_str(Read).map(Name)
    }
}

/// The values of a query. One that is not encoded rightly, or not UTF-8, counts as absent.
#[derive(Clone, Copy, Debug, Default)]
pub struct Query<'a>(&'a str);

impl<'a> Query<'a> {
    /// Takes what stands behind the `?` of a request.
    pub const fn new(raw: &'a str) -> Self {
        Self(raw)
    }

    /// A value that must be there; it may be empty.
    pub fn text(self, name: &str) -> Result<Cow<'a, str>, Refusal> {
        self.optional_text(name).ok_or_else(|| Refusal::bad(format!("Field name '{name}' is missing in GET request")))
    }

    /// A value that may be absent. Of two the first counts.
    pub fn optional_text(self, name: &str) -> Option<Cow<'a, str>> {
        self.0
            .split('&')
            .map(|pair| pair.split_once('=').unwrap_or((pair, "")))
            .find(|(known, _)| decode(known).is_some_and(|known| known == name))
            .and_then(|(_, value)| decode(value))
    }

    /// A whole number that must be there.
    pub fn integer(self, name: &str) -> Result<i64, Refusal> {
        let wrong = |_| Refusal::bad(format!("Field name '{name}' must be a long in the GET request"));
        self.text(name)?.parse().map_err(wrong)
    }

    /// A choice: only `true`, in any case, is one; absent, it is `default`.
    pub fn boolean(self, name: &str, default: bool) -> bool {
        self.optional_text(name).map_or(default, |value| value.eq_ignore_ascii_case("true"))
    }
}

fn decode(raw: &str) -> Option<Cow<'_, str>> {
    if !raw.contains(['%', '+']) {
        return Some(Cow::Borrowed(raw));
    }
    let spaced = raw.replace('+', " ");
    String::from_utf8(percent::decoded(spaced.as_bytes())?).ok().map(Cow::Owned)
}
