//! What the store logs.

use std::sync::{Arc, Mutex};

use doorward_engine::session::record::Write;
use doorward_service::store::Store as _;
use doorward_testkit::contract::given::*;
use futures_executor::block_on;
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Level, Metadata, Subscriber};

use super::folder::{Folder, impatient};

/// Keeps the level, the target and the name of each event, on all threads: the store logs on its own.
#[derive(Clone, Default)]
struct Capture(Arc<Mutex<Vec<(Level, String, String)>>>);

impl Subscriber for Capture {
    fn enabled(&self, meta: &Metadata<'_>) -> bool {
        meta.module_path().is_some_and(|module| module.starts_with("doorward_stores"))
    }

    fn new_span(&self, _: &Attributes<'_>) -> Id {
        Id::from_u64(1)
    }

    fn record(&self, _: &Id, _: &Record<'_>) {}

    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn event(&self, event: &Event<'_>) {
        let meta = event.metadata();
        self.0.lock().unwrap().push((*meta.level(), meta.target().to_owned(), meta.name().to_owned()));
    }

    fn enter(&self, _: &Id) {}

    fn exit(&self, _: &Id) {}
}

#[test]
fn a_write_that_failed_is_an_event_with_a_name() {
    let capture = Capture::default();
    tracing::subscriber::set_global_default(capture.clone()).unwrap();
    block_on(async {
        let folder = Folder::new();
        let store = folder.open_with(impatient()).await;
        let _lock = folder.lock();
        store.commit(Write::Insert(Box::new(row("one")))).await.unwrap_err();
    });
    // Other tests of this program may be logging too.
    let events = capture.0.lock().unwrap().clone();
    assert!(!events.is_empty());
    for event in events {
        assert_eq!(event, (Level::WARN, "doorward".to_owned(), "doorward.store.write_failed".to_owned()));
    }
}
