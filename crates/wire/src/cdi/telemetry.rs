//! GET `/telemetry`: nothing is ever sent anywhere (`spec/modern-core.md` 2.4).

use serde::Serialize;

use super::answer::Answer;

#[derive(Serialize)]
struct Telemetry {
    exists: bool,
}

/// Answers that there is none.
pub fn render() -> Answer {
    Answer::json(&Telemetry { exists: false })
}
