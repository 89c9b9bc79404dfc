//! What an operator's monitoring reads.

use std::fmt;
use std::time::Duration;

use doorward_engine::session::lineage::Answered;
use doorward_engine::time::Lifetime;
use doorward_service::RefreshOutcome;
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::{Histogram, exponential_buckets};
use prometheus_client::registry::{Registry, Unit};

/// Counts what a server does. One for each process.
pub struct Metrics {
    registry: Registry,
    requests: Family<RequestLabels, Counter>,
    latency: Family<RouteLabels, Histogram, fn() -> Histogram>,
    refreshes: Family<RefreshLabels, Counter>,
    thefts: Counter,
    store: Family<StoreLabels, Histogram, fn() -> Histogram>,
    store_failures: Family<StoreLabels, Counter>,
    /// Read when they are asked for.
    at_scrape: Gauges,
}

#[derive(Default)]
struct Gauges {
    sessions: Gauge,
    key_age: Family<AppLabels, Gauge>,
    store: Family<FactLabels, Gauge>,
    up: Gauge,
}

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct RequestLabels {
    route: &'static str,
    status: u16,
}

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct RouteLabels {
    route: &'static str,
}

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct RefreshLabels {
    outcome: &'static str,
    row: u8,
}

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct StoreLabels {
    operation: &'static str,
}

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct AppLabels {
    app: String,
}

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct FactLabels {
    what: &'static str,
}

/// From 50 microseconds to 6.5 seconds, each twice the one before.
fn seconds() -> Histogram {
    Histogram::new(exponential_buckets(0.000_05, 2.0, 18))
}

impl Default for Metrics {
    fn default() -> Self {
        let mut registry = Registry::with_prefix("doorward");
        let requests = Family::default();
        registry.register("requests", "Requests that were answered", requests.clone());
        let latency = Family::new_with_constructor(seconds as fn() -> Histogram);
        let help = "From a request's last byte to its answer";
        registry.register_with_unit("request_duration", help, Unit::Seconds, latency.clone());
        let refreshes = Family::default();
        let help = "Refreshes by outcome and by the row of the lineage table that decided; 0 is before it";
        registry.register("refreshes", help, refreshes.clone());
        let thefts = Counter::default();
        registry.register("thefts", "Sessions whose refresh token was used by two", thefts.clone());
        let store = Family::new_with_constructor(seconds as fn() -> Histogram);
        let help = "How long the store took, its queue or pool included";
        registry.register_with_unit("store_duration", help, Unit::Seconds, store.clone());
        let store_failures = Family::default();
        registry.register("store_failures", "Calls of the store that failed", store_failures.clone());
        let at_scrape = Gauges::default();
        registry.register("sessions_live", "Sessions that are alive, of all apps", at_scrape.sessions.clone());
        let help = "How long ago the newest signing key was made";
        registry.register_with_unit("signing_key_age", help, Unit::Seconds, at_scrape.key_age.clone());
        registry.register("store", "What the store says of itself", at_scrape.store.clone());
        registry.register("store_up", "1 if the store answered for this page, else 0", at_scrape.up.clone());
        Self { registry, requests, latency, refreshes, thefts, store, store_failures, at_scrape }
    }
}

impl Metrics {
    /// Counts an answered request. The route is the one of the table of routes, not what the client sent.
    pub fn request(&self, route: &'static str, status: u16, duration: Duration) {
        self.requests.get_or_create(&RequestLabels { route, status }).inc();
        self.latency.get_or_create(&RouteLabels { route }).observe(duration.as_secs_f64());
    }

    /// Counts a request that was refused before its route was known.
    pub fn refused(&self, status: u16) {
        self.requests.get_or_create(&RequestLabels { route: "refused", status }).inc();
    }

    /// Counts what came of a refresh.
    pub fn refresh(&self, outcome: &RefreshOutcome) {
        let (outcome, row) = match outcome {
            RefreshOutcome::Issued(issued) => match issued.answered {
                Some(Answered { row, opened_window: true }) => ("window", row),
                Some(Answered { row, opened_window: false }) => ("issued", row),
                None => ("issued", 0),
            },
            RefreshOutcome::Unauthorised(deny) => (deny.code(), 0),
            RefreshOutcome::Theft(found) => {
                self.thefts.inc();
                ("theft", found.evidence.row)
            }
        };
        self.refreshes.get_or_create(&RefreshLabels { outcome, row }).inc();
    }

    /// Sets what is read when it is asked for: how many sessions are alive.
    pub(crate) fn set_sessions(&self, count: u64) {
        self.at_scrape.sessions.set(whole(count));
    }

    /// Sets how long ago an app's newest signing key was made.
    pub(crate) fn set_key_age(&self, app: &str, age: Lifetime) {
        self.at_scrape.key_age.get_or_create(&AppLabels { app: app.to_owned() }).set(whole(age.as_millis() / 1000));
    }

    /// Sets what the store says of itself.
    pub(crate) fn set_store(&self, what: &'static str, value: u64) {
        self.at_scrape.store.get_or_create(&FactLabels { what }).set(whole(value));
    }

    /// Sets whether the store answers.
    pub(crate) fn set_store_up(&self, is_up: bool) {
        self.at_scrape.up.set(i64::from(is_up));
    }

    /// The page that monitoring reads.
    pub(crate) fn page(&self) -> Result<String, fmt::Error> {
        let mut text = String::new();
        encode(&mut text, &self.registry)?;
        Ok(text)
    }

    /// Counts a call of the store.
    pub(crate) fn store_call(&self, operation: &'static str, duration: Duration, is_ok: bool) {
        let labels = StoreLabels { operation };
        self.store.get_or_create(&labels).observe(duration.as_secs_f64());
        if !is_ok {
            self.store_failures.get_or_create(&labels).inc();
        }
    }
}

fn whole(count: u64) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

impl fmt::Debug for Metrics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Metrics(..)")
    }
}
