//! One event, one line.

use std::fmt;

use tracing::{Event, Subscriber};
use tracing_subscriber::fmt::FmtContext;
use tracing_subscriber::fmt::format::{FormatEvent, FormatFields, Writer};
use tracing_subscriber::fmt::time::{FormatTime as _, SystemTime};
use tracing_subscriber::registry::LookupSpan;

use super::head::Head;
use super::{json, text};
use crate::http::RequestId;

/// The form of lines.
pub(super) struct Format {
    pub(super) is_json: bool,
}

impl<S, N> FormatEvent<S, N> for Format
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    N: for<'a> FormatFields<'a> + 'static,
{
    fn format_event(&self, _: &FmtContext<'_, S, N>, writer: Writer<'_>, event: &Event<'_>) -> fmt::Result {
        let mut time = String::new();
        SystemTime.format_time(&mut Writer::new(&mut time))?;
        let meta = event.metadata();
        // An event without a name of its own has a place in the source for one.
        let name = if meta.name().starts_with("event ") { meta.target() } else { meta.name() };
        let head = Head { time, level: meta.level().as_str(), name, request: RequestId::current() };
        if self.is_json { json::write(writer, &head, event) } else { text::write(writer, &head, event) }
    }
}
