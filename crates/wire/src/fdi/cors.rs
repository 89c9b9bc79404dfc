//! The header names that a CORS layer must know. The layer itself is the application's.

/// Request headers to allow, beside the application's own and `content-type`.
pub const ALLOW_HEADERS: [&str; 5] = ["rid", "fdi-version", "anti-csrf", "authorization", "st-auth-mode"];

/// Response headers to expose. Answers that carry one expose it by themselves; a layer that overwrites
/// `Access-Control-Expose-Headers` must name these.
pub const EXPOSE_HEADERS: [&str; 4] = ["front-token", "anti-csrf", "st-access-token", "st-refresh-token"];
