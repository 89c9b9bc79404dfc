//! Reads a configuration file: `option: value`, with the line of each.

use std::borrow::Cow;

use saphyr_parser::{Event, Parser, ScalarStyle, ScanError};

use super::value::Raw;

/// An option of a file.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Entry {
    pub(super) name: String,
    pub(super) value: Raw,
    pub(super) line: usize,
}

/// Why a file can't be read.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Fault {
    pub(super) line: usize,
    pub(super) text: String,
}

/// Reads all entries in their order. One that comes twice is there twice.
pub(super) fn read(text: &str) -> Result<Vec<Entry>, Fault> {
    let mut reader = Reader { parser: Parser::new_from_str(text), line: 1 };
    let mut entries = Vec::new();
    let mut is_inside = false;
    while let Some(event) = reader.next()? {
        match event {
            Event::MappingStart(..) if !is_inside => is_inside = true,
            Event::MappingEnd => is_inside = false,
            Event::Scalar(name, ..) if is_inside => entries.push(reader.entry(name.into_owned())?),
            // A file without any option, or with comments only.
            Event::Scalar(text, ScalarStyle::Plain, ..) if is_null(&text) => {}
            Event::Nothing | Event::StreamStart | Event::StreamEnd | Event::DocumentStart(_) | Event::DocumentEnd => {}
            _ => return Err(reader.fault("each line must be `option: value`")),
        }
    }
    Ok(entries)
}

struct Reader<'a> {
    parser: Parser<'a, saphyr_parser::StrInput<'a>>,
    line: usize,
}

impl<'a> Reader<'a> {
    fn next(&mut self) -> Result<Option<Event<'a>>, Fault> {
        let Some(next) = self.parser.next_event() else { return Ok(None) };
        let (event, span) = next.map_err(|error| Fault::from(&error))?;
        self.line = span.start.line();
        Ok(Some(event))
    }

    fn entry(&mut self, name: String) -> Result<Entry, Fault> {
        let line = self.line;
        let value = match self.next()? {
            Some(Event::Scalar(text, ScalarStyle::Plain, ..)) => plain(text),
            Some(Event::Scalar(text, ..)) => Raw::Text(text.into_owned()),
            Some(Event::SequenceStart(..) | Event::MappingStart(..)) => {
                self.skip()?;
                Raw::Nested
            }
            _ => return Err(self.fault("each line must be `option: value`")),
        };
        Ok(Entry { name, value, line })
    }

    /// Passes over the rest of a list or a group.
    fn skip(&mut self) -> Result<(), Fault> {
        let mut depth = 1_u32;
        while depth > 0 {
            match self.next()? {
                Some(Event::SequenceStart(..) | Event::MappingStart(..)) => depth += 1,
                Some(Event::SequenceEnd | Event::MappingEnd) => depth -= 1,
                Some(_) => {}
                None => return Err(self.fault("a list or a group doesn't end")),
            }
        }
        Ok(())
    }

    fn fault(&self, text: &str) -> Fault {
        Fault { line: self.line, text: text.to_owned() }
    }
}

impl From<&ScanError> for Fault {
    fn from(error: &ScanError) -> Self {
        Self { line: error.marker().line(), text: error.info().to_owned() }
    }
}

/// What a text without quotes means.
fn plain(text: Cow<'_, str>) -> Raw {
    if is_null(&text) {
        return Raw::Null;
    }
    match &*text {
        "true" | "True" | "TRUE" => Raw::Bool(true),
        "false" | "False" | "FALSE" => Raw::Bool(false),
        number if is_number(number) => Raw::Number(text.into_owned()),
        _ => Raw::Text(text.into_owned()),
    }
}

fn is_null(text: &str) -> bool {
    matches!(text, "" | "~" | "null" | "Null" | "NULL")
}

fn is_number(text: &str) -> bool {
    let begins = text.trim_start_matches(['+', '-', '.']).starts_with(|char: char| char.is_ascii_digit());
    begins && text.parse::<f64>().is_ok()
}
