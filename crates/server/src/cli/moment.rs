//! Moments for people to read.

use doorward_engine::time::Millis;
use doorward_wire::fdi::http_date::http_date;

/// Writes a moment like `20 Nov 2026 14:02:11 GMT`.
pub(super) fn moment(millis: Millis) -> String {
    let date = http_date(millis);
    date.split_once(", ").map_or(date.clone(), |(_, rest)| rest.to_owned())
}
