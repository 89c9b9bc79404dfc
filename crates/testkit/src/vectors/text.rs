//! Texts in cases: as they are, put together from parts (for long ones), or bytes in hex (for what is no text).

use serde::Deserialize;
use serde::de::{Deserializer, Error, MapAccess, Visitor};

/// A text or bytes of a case.
#[derive(Clone, Debug, Default)]
pub(crate) struct Text(Vec<u8>);

impl Text {
    pub(crate) fn bytes(&self) -> &[u8] {
        &self.0
    }

    pub(crate) fn as_str(&self) -> Result<&str, String> {
        core::str::from_utf8(&self.0).map_err(|_| "a text that is none".to_owned())
    }
}

/// A part: a text, or one that is repeated.
struct Part(String);

impl<'de> Deserialize<'de> for Part {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Read;
        impl<'de> Visitor<'de> for Read {
            type Value = String;

            fn expecting(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
                f.write_str("a text, or a text and how often it is repeated")
            }

            fn visit_str<E>(self, text: &str) -> Result<String, E> {
                Ok(text.to_owned())
            }

            fn visit_seq<A: serde::de::SeqAccess<'de>>(self, mut seq: A) -> Result<String, A::Error> {
                let text: String = seq.next_element()?.ok_or_else(|| A::Error::custom("no text"))?;
                let times: usize = seq.next_element()?.ok_or_else(|| A::Error::custom("no number"))?;
                Ok(text.repeat(times))
            }
        }
        deserializer.deserialize_any(Read).map(Part)
    }
}

impl<'de> Deserialize<'de> for Text {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Read;
        impl<'de> Visitor<'de> for Read {
            type Value = Vec<u8>;

            fn expecting(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
                f.write_str("a text, {\"parts\": [...]} or {\"hex\": ...}")
            }

            fn visit_str<E>(self, text: &str) -> Result<Vec<u8>, E> {
                Ok(text.as_bytes().to_vec())
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Vec<u8>, A::Error> {
                match map.next_key::<String>()?.as_deref() {
                    Some("parts") => {
                        let parts: Vec<Part> = map.next_value()?;
                        Ok(parts.into_iter().map(|part| part.0).collect::<String>().into_bytes())
                    }
                    Some("hex") => hex::decode(map.next_value::<String>()?).map_err(A::Error::custom),
                    _ => Err(A::Error::custom("neither parts nor hex")),
                }
            }
        }
        deserializer.deserialize_any(Read).map(Text)
    }
}
