//! Options of sessions, their tokens and the keys that sign them.

use crate::config::check;
use crate::config::option::Initial::{Bool, Double, Int, Text, Unset};
use crate::config::option::{Kind, OptionSpec, Scope, options};

/// A hundred years, in minutes: what lifetimes are held under.
const CENTURY_MINUTES: f64 = 52_560_000.0;

options! {
    ACCESS_TOKEN_VALIDITY = OptionSpec::new("access_token_validity", Kind::Long, Int(3600),
        "Seconds that an access token is good for.")
        .environment("ACCESS_TOKEN_VALIDITY").scope(Scope::App)
        .between(1.0, 86_400_000.0, "'access_token_validity' must be between 1 and 86400000 seconds inclusive.");
    ACCESS_TOKEN_VALIDITY_JITTER = OptionSpec::new("access_token_validity_jitter", Kind::Double, Double(0.05),
        "The part of an access token's life that may be cut off at random, so that sessions of one moment don't refresh \
         at one moment. Counted in thousandths.")
        .environment("ACCESS_TOKEN_VALIDITY_JITTER").scope(Scope::App)
        .between(0.0, 0.25, "'access_token_validity_jitter' must be between 0 and 0.25 inclusive.");
    REFRESH_TOKEN_VALIDITY = OptionSpec::new("refresh_token_validity", Kind::Double, Double(144_000.0),
        "Minutes that a session lives which is not refreshed. More than `access_token_validity`.")
        .environment("REFRESH_TOKEN_VALIDITY").scope(Scope::App)
        .between(0.0, CENTURY_MINUTES, "'refresh_token_validity' must be at most 52560000 minutes.");
    SESSION_IDLE_LIMIT = OptionSpec::new("session_idle_limit_minutes", Kind::Double, Unset,
        "Minutes after which a session ends that was not refreshed, whatever `refresh_token_validity` says. More than \
         `access_token_validity`; without it there is no such limit.")
        .environment("DOORWARD_SESSION_IDLE_LIMIT_MINUTES").scope(Scope::App)
        .between(0.05, CENTURY_MINUTES, "it must be between 0.05 and 52560000 minutes");
    SESSION_ABSOLUTE_LIMIT = OptionSpec::new("session_absolute_limit_minutes", Kind::Double, Unset,
        "Minutes after its creation when a session ends, however much it is used. More than `access_token_validity`; \
         without it there is no such limit.")
        .environment("DOORWARD_SESSION_ABSOLUTE_LIMIT_MINUTES").scope(Scope::App)
        .between(0.05, CENTURY_MINUTES, "it must be between 0.05 and 52560000 minutes");
    GRACE = OptionSpec::new("refresh_token_rotation_grace_period", Kind::Int, Int(30),
        "Seconds in which a refresh token may come again without meaning theft. 0 is strict: then two tabs that refresh \
         at once can end their session. Two requests with one token get the same answer for as long, but at most for a \
         tenth of `access_token_validity`.")
        .environment("REFRESH_TOKEN_ROTATION_GRACE_PERIOD").scope(Scope::App)
        .between(0.0, 300.0, "'refresh_token_rotation_grace_period' must be between 0 and 300 seconds inclusive.");
    ROTATION = OptionSpec::new("refresh_token_rotation", Kind::Text, Text("by_version"),
        "When a new refresh token takes the old one's place: `on_use`, when it is first used, so that a lost answer \
         costs nothing; `on_refresh`, when it is handed out; or `by_version`, as the caller's version of the interface \
         has it: 5.6 on refresh, those before on use.")
        .environment("DOORWARD_REFRESH_TOKEN_ROTATION").scope(Scope::App)
        .one_of(&["by_version", "on_use", "on_refresh"], "it must be by_version, on_use or on_refresh");
    RECENT_REUSE = OptionSpec::new("recent_token_reuse_behaviour", Kind::Text, Text("TOKEN_THEFT"),
        "What callers of version 5.6 are told when a refresh token comes that was just replaced, outside the grace: \
         TOKEN_THEFT, or UNAUTHORISED.")
        .environment("RECENT_TOKEN_REUSE_BEHAVIOUR")
        .one_of(&["TOKEN_THEFT", "UNAUTHORISED"],
            "recent_token_reuse_behaviour property is not set correctly. It must be one of [TOKEN_THEFT, UNAUTHORISED]");
    SUCCESSION_SECRET = OptionSpec::new("succession_secret", Kind::Text, Unset,
        "A text of at least 32 characters that the answers to racing refreshes are derived from, beside the key in the \
         database, so that a stolen database is not enough. The same for all processes on one database.")
        .environment("DOORWARD_SUCCESSION_SECRET").secret().passes(check::succession_secret);
    KEY_INTERVAL = OptionSpec::new("access_token_dynamic_signing_key_update_interval", Kind::Double, Double(168.0),
        "Hours that a key signs access tokens, at least one.")
        .former("access_token_signing_key_update_interval")
        .environment("ACCESS_TOKEN_DYNAMIC_SIGNING_KEY_UPDATE_INTERVAL").scope(Scope::App)
        .between(1.0, 876_000.0,
            "'access_token_dynamic_signing_key_update_interval' must be greater than, equal to 1 hour.");
    SIGNING_KEY_DYNAMIC = OptionSpec::new("access_token_signing_key_dynamic", Kind::Bool, Bool(true),
        "Whether callers below version 2.21 get tokens signed by keys that change. Newer ones say so themselves.")
        .environment("ACCESS_TOKEN_SIGNING_KEY_DYNAMIC").scope(Scope::App);
    BLACKLISTING = OptionSpec::new("access_token_blacklisting", Kind::Bool, Bool(false),
        "Whether every token of a caller below version 2.21 is checked against the database. Newer ones say so \
         themselves.")
        .environment("ACCESS_TOKEN_BLACKLISTING").scope(Scope::App);
}
