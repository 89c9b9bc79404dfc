//! The beginning of a line.

use crate::http::RequestId;

/// What every line begins with.
pub(super) struct Head<'a> {
    pub(super) time: String,
    pub(super) level: &'static str,
    /// The event's stable name.
    pub(super) name: &'a str,
    pub(super) request: Option<RequestId>,
}
