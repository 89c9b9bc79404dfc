//! Lines for programs: one JSON object each.

use std::fmt;

use serde_json::{Map, Value};
use tracing::Event;
use tracing::field::{Field, Visit};
use tracing_subscriber::fmt::format::Writer;

use super::head::Head;

pub(super) fn write(mut writer: Writer<'_>, head: &Head<'_>, event: &Event<'_>) -> fmt::Result {
    let mut members = Members::default();
    event.record(&mut members);
    let Members(mut all) = members;
    all.insert("time".to_owned(), head.time.as_str().into());
    all.insert("level".to_owned(), head.level.to_ascii_lowercase().into());
    all.insert("event".to_owned(), head.name.into());
    if let Some(request) = head.request {
        all.insert("request".to_owned(), request.to_string().into());
    }
    writeln!(writer, "{}", Value::Object(all))
}

#[derive(Default)]
struct Members(Map<String, Value>);

impl Members {
    fn add(&mut self, field: &Field, value: Value) {
        self.0.insert(field.name().to_owned(), value);
    }
}

impl Visit for Members {
    fn record_u64(&mut self, field: &Field, value: u64) {
        self.add(field, value.into());
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.add(field, value.into());
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.add(field, value.into());
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.add(field, value.into());
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.add(field, format!("{value:?}").into());
    }
}
