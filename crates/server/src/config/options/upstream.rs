//! Options of the core that has the recipes which aren't here.

use crate::config::check;
use crate::config::option::Initial::{Int, Unset};
use crate::config::option::{Kind, OptionSpec, options};

options! {
    URL = OptionSpec::new("upstream_core", Kind::Text, Unset,
        "http://host:port or https://host:port of a SuperTokens core, perhaps with its base path. Requests of recipes that \
         Doorward doesn't have, and questions about users, are handed on to it. Without it they get 404.")
        .environment("DOORWARD_UPSTREAM_CORE").passes(check::upstream_url);
    API_KEY = OptionSpec::new("upstream_core_api_key", Kind::Text, Unset,
        "An API key of that core, which is shown to it instead of the caller's.")
        .environment("DOORWARD_UPSTREAM_CORE_API_KEY").secret().passes(check::header_value);
    TIMEOUT = OptionSpec::new("upstream_core_timeout_ms", Kind::Int, Int(30_000),
        "How long that core may take for an answer. Slower ones are given up with 504.")
        .environment("DOORWARD_UPSTREAM_CORE_TIMEOUT_MS")
        .between(1.0, 3_600_000.0, "it must be between 1 and 3600000 milliseconds");
}
