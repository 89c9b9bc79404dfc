//! Captures everything that is logged on this thread, at every level.

use std::fmt::{Debug, Write as _};
use std::future::Future;
use std::sync::{Arc, Mutex};

use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::subscriber::DefaultGuard;
use tracing::{Event, Metadata, Subscriber};

/// Runs a future, which must stay on its thread, and returns what it logged, a line each.
pub(crate) async fn captured<T>(future: impl Future<Output = T>) -> (T, String) {
    let log = Log::start();
    let result = future.await;
    (result, log.text())
}

/// What this thread logs while it is there.
pub(crate) struct Log {
    capture: Capture,
    _guard: DefaultGuard,
}

impl Log {
    pub(crate) fn start() -> Self {
        let capture = Capture::default();
        Self { _guard: tracing::subscriber::set_default(capture.clone()), capture }
    }

    /// All of it so far, a line each.
    pub(crate) fn text(&self) -> String {
        self.capture.0.lock().unwrap().clone()
    }
}

#[derive(Clone, Default)]
struct Capture(Arc<Mutex<String>>);

impl Capture {
    fn line(&self, meta: &Metadata<'_>, record: impl FnOnce(&mut Line)) {
        let mut line = Line(format!("{} {} {}", meta.level(), meta.target(), meta.name()));
        record(&mut line);
        let mut text = self.0.lock().unwrap();
        text.push_str(&line.0);
        text.push('\n');
    }
}

struct Line(String);

impl Visit for Line {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        let _ = write!(self.0, " {field}={value:?}");
    }
}

impl Subscriber for Capture {
    fn enabled(&self, _: &Metadata<'_>) -> bool {
        true
    }

    fn new_span(&self, span: &Attributes<'_>) -> Id {
        self.line(span.metadata(), |line| span.record(line));
        Id::from_u64(1)
    }

    fn record(&self, _: &Id, values: &Record<'_>) {
        let mut line = Line("record".into());
        values.record(&mut line);
        self.0.lock().unwrap().push_str(&line.0);
    }

    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn event(&self, event: &Event<'_>) {
        self.line(event.metadata(), |line| event.record(line));
    }

    fn enter(&self, _: &Id) {}

    fn exit(&self, _: &Id) {}
}
