//! Options that say who may call, and in which versions of the interface.

use crate::config::check;
use crate::config::option::Initial::Unset;
use crate::config::option::{Kind, OptionSpec, Scope, options};

options! {
    API_KEYS = OptionSpec::new("api_keys", Kind::Text, Unset,
        "Keys, parted by commas, one of which a caller must show. At least 20 characters each: letters, digits, `=` and \
         `-`. Without any, everybody who reaches the port may call.")
        .environment("API_KEYS").scope(Scope::App).secret().passes(check::api_keys);
    SAAS_SECRET = OptionSpec::new("supertokens_saas_secret", Kind::Text, Unset,
        "Another API key, of at least 40 characters, that holds for every app. Where it is set, callers with other keys \
         neither see nor change address rules in the settings of apps and tenants.")
        .environment("SUPERTOKENS_SAAS_SECRET").secret().passes(check::saas_secret);
    IP_ALLOW = OptionSpec::new("ip_allow_regex", Kind::Text, Unset,
        "A regular expression. Peers whose whole address matches may call, and others may not.")
        .environment("IP_ALLOW_REGEX").scope(Scope::Tenant).passes(check::ip_allow).protected();
    IP_DENY = OptionSpec::new("ip_deny_regex", Kind::Text, Unset,
        "A regular expression. Peers whose whole address matches may not call.")
        .environment("IP_DENY_REGEX").scope(Scope::Tenant).passes(check::ip_deny).protected();
    MAX_CDI = OptionSpec::new("supertokens_max_cdi_version", Kind::Text, Unset,
        "The newest version of the interface that is spoken, and the one for callers that name none.")
        .environment("SUPERTOKENS_MAX_CDI_VERSION").scope(Scope::App).passes(check::max_cdi);
    MIN_CDI = OptionSpec::new("supertokens_min_cdi_version", Kind::Text, Unset,
        "The oldest version of the interface that is spoken.")
        .environment("SUPERTOKENS_MIN_CDI_VERSION").scope(Scope::App).passes(check::min_cdi);
}
