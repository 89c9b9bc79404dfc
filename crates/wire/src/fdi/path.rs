//! URL paths as people write them in a configuration, normalised (`spec/modern-sdk.md` 1.3.2).

use alloc::boxed::Box;
use alloc::format;
use core::fmt;

use crate::fdi::domain::{folded, split_authority, strip_scheme};

/// A text that is not a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a URL path; write it like `/auth`")]
pub struct PathError;

impl PathError {
    /// A stable code for programs.
    pub const fn code(self) -> &'static str {
        "path.invalid"
    }
}

/// A path without a slash at its end: empty for the root, else `/` and segments, case kept.
#[derive(Clone, PartialEq, Eq)]
pub struct UrlPath(Box<str>);

impl UrlPath {
    /// Parses a path, or takes the path of a whole URL. Query and fragment are dropped.
    ///
    /// Segments that are empty, `.` or `..` are refused, and so are characters that a URL or a cookie's `Path` cannot
    /// hold: a cookie whose path differs from the path that is asked for would never come back.
    pub fn parse(text: &str) -> Result<Self, PathError> {
        let text = text.trim();
        let path = match strip_scheme(text) {
            Some(rest) => after_authority(rest).ok_or(PathError)?,
            None if !text.starts_with('/') => match after_authority(text) {
                Some(path) if names_a_host(text) => path,
                _ => text,
            },
            None => text,
        };
        let path = path.split(['?', '#']).next().unwrap_or_default();
        if matches!(path, "" | "/") {
            return Ok(Self(Box::default()));
        }
        let path = path.strip_prefix('/').unwrap_or(path);
        let path = path.strip_suffix('/').unwrap_or(path);
        if path.split('/').all(is_segment) { Ok(Self(format!("/{path}").into())) } else { Err(PathError) }
    }

    /// Returns the path: empty for the root.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Returns the path as a cookie's `Path` has it: `/` for the root.
    pub fn as_cookie_path(&self) -> &str {
        if self.0.is_empty() { "/" } else { &self.0 }
    }

    /// Returns this path with another one below it.
    #[must_use]
    pub fn join(&self, below: &Self) -> Self {
        Self(format!("{}{}", self.0, below.0).into())
    }

    /// Returns this path with a constant below it.
    pub(crate) fn with(&self, below: &'static str) -> Box<str> {
        format!("{}{below}", self.0).into()
    }
}

impl fmt::Debug for UrlPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "UrlPath({:?})", &*self.0)
    }
}

impl fmt::Display for UrlPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Whether a text without a scheme begins with a host: a dot in its first part, or `localhost`.
fn names_a_host(text: &str) -> bool {
    let first = text.split(['/', '?', '#']).next().unwrap_or_default();
    first.contains('.') || first.starts_with("localhost")
}

/// Returns what follows `host[:port]`, if that is what the text begins with.
fn after_authority(text: &str) -> Option<&str> {
    let text = text.strip_prefix('.').unwrap_or(text);
    let end = text.find(['/', '?', '#']).unwrap_or(text.len());
    let (authority, path) = text.split_at_checked(end)?;
    split_authority(&folded(authority)).map(|_| path)
}

fn is_segment(segment: &str) -> bool {
    let allowed = |b: u8| b.is_ascii_alphanumeric() || b"-._~!$&'()*+=:@%".contains(&b);
    !matches!(segment, "" | "." | "..") && segment.bytes().all(allowed)
}
