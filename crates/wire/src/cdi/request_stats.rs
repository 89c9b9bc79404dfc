//! GET `/requests/stats`: requests per second, minute by minute (`spec/modern-core.md` 2.6).

use alloc::vec::Vec;

use serde::Serialize;

use super::answer::Answer;
use super::status::Status;

/// What was counted: per minute, oldest first; `None` where nothing was.
#[derive(Clone, Debug, PartialEq)]
pub struct Rates {
    /// The minute after the last one, since the epoch.
    pub at_minute: u64,
    /// Requests per second, on average.
    pub average: Vec<Option<f64>>,
    /// Requests in the second that had the most.
    pub peak: Vec<Option<u32>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Stats {
    at_minute: u64,
    average_requests_per_second: Vec<f64>,
    peak_requests_per_second: Vec<i64>,
    status: Status,
}

/// Writes them; a minute without a count is -1.
pub fn render(rates: &Rates) -> Answer {
    Answer::json(&Stats {
        at_minute: rates.at_minute,
        average_requests_per_second: rates.average.iter().map(|rate| rate.unwrap_or(-1.0)).collect(),
        peak_requests_per_second: rates.peak.iter().map(|rate| rate.map_or(-1, i64::from)).collect(),
        status: Status::Ok,
    })
}
