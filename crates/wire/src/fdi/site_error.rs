//! What can be wrong with a [`Site`](crate::fdi::site::Site)'s configuration, in sentences that say what to change.

use alloc::boxed::Box;
use alloc::string::String;

/// Why a configuration cannot work in a browser.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SiteError {
    /// An origin that isn't one.
    #[error("{setting} is not a domain name: write it like `https://api.example.com`")]
    Domain {
        /// Which setting.
        setting: &'static str,
    },
    /// A path that isn't one.
    #[error("{setting} is not a URL path: write it like `/auth`")]
    Path {
        /// Which setting.
        setting: &'static str,
    },
    /// A path with more than a path.
    #[error("{setting} has a query or a fragment: remove everything from the `?` or `#` on")]
    PathWithQuery {
        /// Which setting.
        setting: &'static str,
    },
    /// A cookie domain that isn't one.
    #[error("{setting} is not a cookie domain: write it like `.example.com`, or leave it out")]
    CookieDomain {
        /// Which setting.
        setting: &'static str,
    },
    /// Browsers would refuse the cookies: the API isn't in their domain.
    #[error("{setting} does not cover the API's host `{host}`: set it to that host or to a domain above it")]
    CookieDomainForeign {
        /// Which setting.
        setting: &'static str,
        /// The API's host.
        host: Box<str>,
    },
    /// Browsers would refuse the cookies: their domain is everybody's.
    #[error("{setting} is a public suffix, for which browsers take no cookies: name your own domain below it")]
    CookieDomainPublic {
        /// Which setting.
        setting: &'static str,
    },
    /// Clearing the older cookies would clear the present ones.
    #[error("older_cookie_domain is the same as cookie_domain: set it to the previous value, or leave it out")]
    OlderDomainSame,
    /// A host that belongs to no site.
    #[error("`{host}` is under no registrable domain: correct api_domain and website_domain")]
    NoSite {
        /// The host.
        host: Box<str>,
    },
    /// Browsers drop such cookies.
    #[error(
        "browsers drop cookies with SameSite=None that are not Secure: use https in api_domain and do not set \
         cookie_secure to false"
    )]
    InsecureSameSiteNone,
    /// Browsers don't send such cookies.
    #[error(
        "website_domain and api_domain are different sites, to which browsers send no cookies with SameSite={same_site}: \
         leave same_site out, or set it to none"
    )]
    CrossSite {
        /// The setting.
        same_site: &'static str,
    },
    /// Browsers drop such cookies.
    #[error("browsers drop Secure cookies over http: use https in api_domain, or set cookie_secure to false")]
    SecureOverHttp,
    /// A cookie name that isn't one.
    #[error("{setting} is not a cookie name: use up to 64 letters, digits and `-_.`")]
    CookieName {
        /// Which setting.
        setting: &'static str,
    },
    /// A name that means another cookie already.
    #[error("cookie name `{name}` has two meanings: give the access and refresh cookies names of their own")]
    CookieNameTaken {
        /// The name.
        name: Box<str>,
    },
    /// A name whose promise browsers check, and that the rest of the configuration breaks.
    #[error("browsers refuse a cookie called `{name}` unless it {demand}: change that, or the name")]
    CookiePrefix {
        /// The name.
        name: String,
        /// What the prefix demands.
        demand: &'static str,
    },
}

impl SiteError {
    /// A stable code for programs.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Domain { .. } => "site.domain",
            Self::Path { .. } => "site.path",
            Self::PathWithQuery { .. } => "site.path_with_query",
            Self::CookieDomain { .. } => "site.cookie_domain",
            Self::CookieDomainForeign { .. } => "site.cookie_domain_foreign",
            Self::CookieDomainPublic { .. } => "site.cookie_domain_public",
            Self::OlderDomainSame => "site.older_cookie_domain_same",
            Self::NoSite { .. } => "site.no_site",
            Self::InsecureSameSiteNone => "site.insecure_same_site_none",
            Self::CrossSite { .. } => "site.cross_site",
            Self::SecureOverHttp => "site.secure_over_http",
            Self::CookieName { .. } => "site.cookie_name",
            Self::CookieNameTaken { .. } => "site.cookie_name_taken",
            Self::CookiePrefix { .. } => "site.cookie_prefix",
        }
    }
}
