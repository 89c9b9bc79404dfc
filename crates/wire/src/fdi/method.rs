//! The method of a request.

use alloc::boxed::Box;

use crate::fdi::bounded::prefix;

/// The method of a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Method {
    /// GET.
    Get,
    /// HEAD.
    Head,
    /// OPTIONS.
    Options,
    /// TRACE.
    Trace,
    /// POST.
    Post,
    /// PUT.
    Put,
    /// PATCH.
    Patch,
    /// DELETE.
    Delete,
    /// Any other, at most [`Method::MAX_BYTES`] of it.
    Other(Box<str>),
}

impl Method {
    /// Bytes that are kept of an unknown method.
    pub const MAX_BYTES: usize = 32;

    /// Reads a method, in any case: not every caller passes on what stood in the request.
    pub fn read(text: &str) -> Self {
        let is = |name: &str| text.eq_ignore_ascii_case(name);
        match () {
            () if is("GET") => Self::Get,
            () if is("POST") => Self::Post,
            () if is("PUT") => Self::Put,
            () if is("PATCH") => Self::Patch,
            () if is("DELETE") => Self::Delete,
            () if is("HEAD") => Self::Head,
            () if is("OPTIONS") => Self::Options,
            () if is("TRACE") => Self::Trace,
            () => Self::Other(prefix(text, Self::MAX_BYTES).into()),
        }
    }
}
