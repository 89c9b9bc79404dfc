//! Lines for people: `time LEVEL name: words field=value`.

use std::fmt::{self, Write as _};

use tracing::Event;
use tracing::field::{Field, Visit};
use tracing_subscriber::fmt::format::Writer;

use super::head::Head;

pub(super) fn write(mut writer: Writer<'_>, head: &Head<'_>, event: &Event<'_>) -> fmt::Result {
    let mut fields = Fields::default();
    event.record(&mut fields);
    write!(writer, "{} {:>5} {}", head.time, head.level, head.name)?;
    if !fields.message.is_empty() {
        write!(writer, ": {}", fields.message)?;
    }
    if let Some(request) = head.request {
        write!(writer, " request={request}")?;
    }
    writeln!(writer, "{}", fields.others)
}

#[derive(Default)]
struct Fields {
    message: String,
    others: String,
}

impl Visit for Fields {
    fn record_str(&mut self, field: &Field, value: &str) {
        self.add(field.name(), value);
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.add(field.name(), &format!("{value:?}"));
    }
}

impl Fields {
    /// A value from outside, such as a user's name, must not begin a line of its own, nor move a terminal's cursor.
    fn add(&mut self, name: &str, value: &str) {
        let to = if name == "message" {
            &mut self.message
        } else {
            self.others.extend([" ", name, "="]);
            &mut self.others
        };
        for char in value.chars() {
            if char.is_control() {
                // Writing to a text cannot fail.
                let _ = write!(to, "{}", char.escape_default());
            } else {
                to.push(char);
            }
        }
    }
}
