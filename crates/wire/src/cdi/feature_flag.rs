//! GET `/ee/featureflag`: which paid features there are, for the dashboard (`spec/modern-core.md` 2.5).

use serde::Serialize;

use super::answer::Answer;
use super::status::Status;

#[derive(Serialize)]
struct Features {
    features: [&'static str; 0],
    #[serde(rename = "usageStats")]
    usage_stats: UsageStats,
    status: Status,
}

/// Nothing is counted that would have to be paid for.
#[derive(Serialize)]
struct UsageStats {}

/// Answers that there are none.
pub fn render() -> Answer {
    Answer::json(&Features { features: [], usage_stats: UsageStats {}, status: Status::Ok })
}
