//! Settings that can't work stop at `build`, with one sentence that says what to change.

use std::time::Duration;

use doorward::testing::SettableClock;
use doorward::{Algorithm, BuildError, Memory, SameSite, Sessions, SessionsBuilder};
use doorward_service::store::StoreError;

use crate::app::fresh_store;
use crate::watched::{Fault, Watched};

const HTTPS: &str = "https://api.example.com";

async fn refusal(origin: &str, set: impl FnOnce(SessionsBuilder) -> SessionsBuilder) -> (&'static str, String) {
    let builder =
        Sessions::builder(origin).store(Memory::new()).algorithm(Algorithm::EdDsa).clock(SettableClock::new());
    let error: BuildError = set(builder).build().await.unwrap_err();
    (error.code(), error.to_string())
}

macro_rules! refused {
    ($name:ident, $origin:expr, $set:expr, $code:literal, $sentence:expr) => {
        #[tokio::test]
        async fn $name() {
            let (code, sentence) = refusal($origin, $set).await;
            assert_eq!((code, sentence.as_str()), ($code, $sentence));
        }
    };
}

refused!(
    an_origin_that_is_none,
    "/auth",
    |builder| builder,
    "site.domain",
    "api_domain is not a domain name: write it like `https://api.example.com`"
);
refused!(
    a_website_that_is_none,
    HTTPS,
    |builder| builder.website(""),
    "site.domain",
    "website_domain is not a domain name: write it like `https://api.example.com`"
);
refused!(
    a_base_path_with_a_query,
    HTTPS,
    |builder| builder.base_path("/auth?x=1"),
    "site.path_with_query",
    "base_path has a query or a fragment: remove everything from the `?` or `#` on"
);
refused!(
    a_gateway_path_with_a_fragment,
    HTTPS,
    |builder| builder.gateway_path("/edge#x"),
    "site.path_with_query",
    "gateway_path has a query or a fragment: remove everything from the `?` or `#` on"
);
refused!(
    a_base_path_that_is_none,
    HTTPS,
    |builder| builder.base_path("/a//b"),
    "site.path",
    "base_path is not a URL path: write it like `/auth`"
);
refused!(
    a_base_path_with_what_routers_read_as_a_parameter,
    HTTPS,
    |builder| builder.base_path("/{tenant}/auth"),
    "site.path",
    "base_path is not a URL path: write it like `/auth`"
);
refused!(
    a_cookie_domain_that_is_none,
    HTTPS,
    |builder| builder.cookie_domain(""),
    "site.cookie_domain",
    "cookie_domain is not a cookie domain: write it like `.example.com`, or leave it out"
);
refused!(
    a_cookie_domain_of_somebody_else,
    HTTPS,
    |builder| builder.cookie_domain("example.org"),
    "site.cookie_domain_foreign",
    "cookie_domain does not cover the API's host `api.example.com`: set it to that host or to a domain above it"
);
refused!(
    a_cookie_domain_of_everybody,
    HTTPS,
    |builder| builder.cookie_domain(".com"),
    "site.cookie_domain_public",
    "cookie_domain is a public suffix, for which browsers take no cookies: name your own domain below it"
);
refused!(
    an_older_cookie_domain_that_is_the_present_one,
    HTTPS,
    |builder| builder.cookie_domain("example.com").older_cookie_domain(".example.com"),
    "site.older_cookie_domain_same",
    "older_cookie_domain is the same as cookie_domain: set it to the previous value, or leave it out"
);
refused!(
    a_host_under_no_registrable_domain,
    "https://co.uk",
    |builder| builder.website("https://example.com"),
    "site.no_site",
    "`co.uk` is under no registrable domain: correct api_domain and website_domain"
);
refused!(
    cookies_to_other_sites_over_http,
    "http://api.example.com",
    |builder| builder.same_site(SameSite::None),
    "site.insecure_same_site_none",
    "browsers drop cookies with SameSite=None that are not Secure: use https in api_domain and do not set \
     cookie_secure to false"
);
refused!(
    a_website_of_another_site_without_samesite_none,
    HTTPS,
    |builder| builder.website("https://example.org").same_site(SameSite::Lax),
    "site.cross_site",
    "website_domain and api_domain are different sites, to which browsers send no cookies with SameSite=Lax: leave \
     same_site out, or set it to none"
);
refused!(
    secure_cookies_over_http,
    "http://api.example.com",
    |builder| builder.cookie_secure(true),
    "site.secure_over_http",
    "browsers drop Secure cookies over http: use https in api_domain, or set cookie_secure to false"
);
refused!(
    a_cookie_name_that_is_none,
    HTTPS,
    |builder| builder.cookie_names("a b", "r"),
    "site.cookie_name",
    "access_cookie_name is not a cookie name: use up to 64 letters, digits and `-_.`"
);
refused!(
    one_name_for_both_cookies,
    HTTPS,
    |builder| builder.cookie_names("a", "a"),
    "site.cookie_name_taken",
    "cookie name `a` has two meanings: give the access and refresh cookies names of their own"
);
refused!(
    a_cookie_prefix_whose_promise_is_broken,
    HTTPS,
    |builder| builder.cookie_names("__Host-a", "r").cookie_domain("example.com"),
    "site.cookie_prefix",
    "browsers refuse a cookie called `__Host-a` unless it has no cookie_domain: change that, or the name"
);
refused!(
    a_status_that_is_no_refusal,
    HTTPS,
    |builder| builder.session_expired_status(200),
    "statuses.range",
    "session_expired_status is 200: set it to a status from 300 to 599"
);
refused!(
    two_statuses_that_are_one,
    HTTPS,
    |builder| builder.session_expired_status(403),
    "statuses.equal",
    "session_expired_status and invalid_claim_status are both 403: give them different values"
);
refused!(
    a_grace_over_five_minutes,
    HTTPS,
    |builder| builder.grace(Duration::from_secs(301)),
    "config.policy",
    "grace is 301 s, and must be between 0 s and 300 s"
);
refused!(
    a_key_interval_of_minutes,
    HTTPS,
    |builder| builder.key_interval(Duration::from_secs(60)),
    "config.policy",
    "key_interval is 60 s, and must be between 3600 s and 3153600000 s"
);
refused!(
    a_payload_limit_that_no_token_holds,
    HTTPS,
    |builder| builder.payload_limit(16 * 1024),
    "config.policy",
    "payload_limit is 16384 bytes, and an access token holds at most 5632"
);
refused!(
    an_access_lifetime_of_nothing,
    HTTPS,
    |builder| builder.access_lifetime(Duration::ZERO),
    "config.policy",
    "access_lifetime is 0 s, and must be between 1 s and 86400000 s"
);
refused!(
    a_refresh_lifetime_no_longer_than_the_access_lifetime,
    HTTPS,
    |builder| builder.refresh_lifetime(Duration::from_secs(3600)),
    "config.policy",
    "refresh_lifetime is 3600 s, and must be longer than access_lifetime (3600 s)"
);
refused!(
    an_idle_limit_no_longer_than_the_access_lifetime,
    HTTPS,
    |builder| builder.idle_limit(Duration::from_secs(3600)),
    "config.policy",
    "idle_limit is 3600 s, and must be longer than access_lifetime (3600 s)"
);
refused!(
    an_absolute_limit_no_longer_than_the_access_lifetime,
    HTTPS,
    |builder| builder.absolute_limit(Duration::from_secs(60)),
    "config.policy",
    "absolute_limit is 60 s, and must be longer than access_lifetime (3600 s)"
);
refused!(
    a_succession_secret_that_is_short,
    HTTPS,
    |builder| builder.succession_secret("hunter2"),
    "config.succession_secret",
    "succession_secret has 7 bytes, and needs at least 32 random ones"
);

#[tokio::test]
async fn a_store_that_cant_be_read() {
    let store = Watched::new(fresh_store());
    store.fail(Fault::Error(StoreError::Newer { found: 9, known: 3 }));
    let (code, sentence) = refusal(HTTPS, |builder| builder.store(store)).await;
    assert_eq!(code, "store.newer_schema");
    assert_eq!(sentence, "the session store has schema version 9, and this release knows 3: use a newer release");
}

#[tokio::test]
async fn settings_that_work_but_surprise_are_warned_of() {
    for (grace, words) in [(Duration::ZERO, "grace is 0"), (Duration::from_secs(300), "more than a tenth")] {
        let set = |builder: SessionsBuilder| builder.grace(grace).access_lifetime(Duration::from_secs(600));
        let builder = Sessions::builder(HTTPS).store(Memory::new()).algorithm(Algorithm::EdDsa);
        let (sessions, log) = crate::log::captured(set(builder).build()).await;
        sessions.unwrap();
        assert!(log.contains("doorward.config.warning") && log.contains(words), "{log}");
    }
}
