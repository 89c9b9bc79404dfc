//! Where an application lives, as browsers see it: made once from configuration, right from then on.

use alloc::boxed::Box;
use alloc::format;
use alloc::string::String;

use crate::fdi::cookie_domain::{CookieDomain, OlderDomain};
use crate::fdi::cookie_name::{CookieName, CookieNames, Prefix, TokenKind};
use crate::fdi::csrf::AntiCsrf;
use crate::fdi::defaults::Defaults;
use crate::fdi::domain::{Origin, Scheme};
use crate::fdi::path::UrlPath;
use crate::fdi::same_site::{NoSite, SameSite, are_cookies_lost, is_one_site, is_public_suffix};
use crate::fdi::set_cookie::{Expires, SetCookie};
use crate::fdi::site_error::SiteError;
use crate::fdi::transfer::{Allowed, TransferMethod};

/// What an application sets, unchecked. `None` means: decide for me.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SiteConfig {
    /// The origin under which browsers reach the API.
    pub api_domain: String,
    /// The origin of the website that calls it; `None`: the same.
    pub website_domain: Option<String>,
    /// Below which path the server answers refresh and sign-out.
    pub base_path: String,
    /// What a gateway in front of the server takes off a path.
    pub gateway_path: String,
    /// The path below which access cookies are sent.
    pub access_token_path: String,
    /// The domain of the cookies; `None`: the API's host alone.
    pub cookie_domain: Option<String>,
    /// What `cookie_domain` was before it was changed; an empty text: it was not set.
    pub older_cookie_domain: Option<String>,
    /// Whether cookies are sent over https only; `None`: if the API is.
    pub cookie_secure: Option<bool>,
    /// `None`: lax, or none if website and API are different sites.
    pub same_site: Option<SameSite>,
    /// `None`: by custom header if cookies go to other sites, else nothing.
    pub anti_csrf: Option<AntiCsrf>,
    /// The name of the access cookie.
    pub access_cookie_name: Option<String>,
    /// The name of the refresh cookie. With the prefix `__Host-` it is sent on every request and not on a refresh only,
    /// for browsers ask for the path `/` then.
    pub refresh_cookie_name: Option<String>,
    /// Which ways of transfer are permitted.
    pub allowed: Allowed,
    /// How a new session's tokens travel if the request doesn't say.
    pub fallback: TransferMethod,
    /// Whether scripts get the access token too while it travels in a cookie.
    ///
    /// Security: then a script that was planted in the page gets it as well.
    pub exposes_access_token: bool,
}

impl SiteConfig {
    /// What holds for an API at this origin if nothing else is set.
    pub fn new(api_domain: impl Into<String>) -> Self {
        Self {
            api_domain: api_domain.into(),
            website_domain: None,
            base_path: "/auth".into(),
            gateway_path: String::new(),
            access_token_path: "/".into(),
            cookie_domain: None,
            older_cookie_domain: None,
            cookie_secure: None,
            same_site: None,
            anti_csrf: None,
            access_cookie_name: None,
            refresh_cookie_name: None,
            allowed: Allowed::Any,
            fallback: TransferMethod::Cookie,
            exposes_access_token: false,
        }
    }
}

/// Where an application lives, checked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Site {
    api: Origin,
    website: Origin,
    base_path: UrlPath,
    access_path: UrlPath,
    refresh_path: Box<str>,
    refresh_route: Box<str>,
    sign_out_route: Box<str>,
    issuer: Box<str>,
    cookie_domain: Option<CookieDomain>,
    older_domain: Option<OlderDomain>,
    names: CookieNames,
    same_site: SameSite,
    secure: bool,
    anti_csrf: AntiCsrf,
    allowed: Allowed,
    fallback: TransferMethod,
    exposes_access_token: bool,
}

impl Site {
    /// Checks a configuration. What browsers would silently drop is refused here.
    pub fn new(config: &SiteConfig) -> Result<Self, SiteError> {
        let origin = |setting, text: &str| Origin::parse(text).map_err(|_| SiteError::Domain { setting });
        let api = origin("api_domain", &config.api_domain)?;
        let website = match &config.website_domain {
            Some(text) => origin("website_domain", text)?,
            None => api.clone(),
        };
        let base_path = path("base_path", &config.base_path)?;
        let outer_path = path("gateway_path", &config.gateway_path)?.join(&base_path);
        let names = names(config)?;
        let no_site = |NoSite| {
            let host = if is_public_suffix(api.host()) { api.host() } else { website.host() };
            SiteError::NoSite { host: host.as_str().into() }
        };
        let defaults = Defaults::of(&api, &website).map_err(no_site)?;
        let same_site = config.same_site.unwrap_or(defaults.same_site);
        let site = Self {
            access_path: path("access_token_path", &config.access_token_path)?,
            refresh_path: outer_path.with("/session/refresh"),
            refresh_route: base_path.with("/session/refresh"),
            sign_out_route: base_path.with("/signout"),
            issuer: format!("{api}{outer_path}").into(),
            cookie_domain: cookie_domain(config, &api)?,
            older_domain: older_domain(config, &api)?,
            same_site,
            secure: config.cookie_secure.unwrap_or(defaults.secure),
            anti_csrf: config.anti_csrf.unwrap_or(AntiCsrf::default_for(same_site)),
            allowed: config.allowed,
            fallback: config.fallback,
            exposes_access_token: config.exposes_access_token,
            api,
            website,
            base_path,
            names,
        };
        if site.allowed.permits(TransferMethod::Cookie) {
            site.check_cookies()?;
        }
        Ok(site)
    }

    fn check_cookies(&self) -> Result<(), SiteError> {
        let (api, website) = (self.api.host(), self.website.host());
        if are_cookies_lost(api, website, self.same_site, self.secure) {
            return Err(SiteError::InsecureSameSiteNone);
        }
        if self.secure && self.api.scheme() == Scheme::Http && !api.is_local() {
            return Err(SiteError::SecureOverHttp);
        }
        if self.same_site != SameSite::None && is_one_site(api, website) == Ok(false) {
            return Err(SiteError::CrossSite { same_site: self.same_site.as_str() });
        }
        if self.older_domain.as_ref().is_some_and(|older| self.is_present_domain(older)) {
            return Err(SiteError::OlderDomainSame);
        }
        self.check_prefix(TokenKind::Access)?;
        self.check_prefix(TokenKind::Refresh)
    }

    fn is_present_domain(&self, older: &OlderDomain) -> bool {
        older.domain().map(CookieDomain::host) == self.cookie_domain.as_ref().map(CookieDomain::host)
    }

    fn check_prefix(&self, kind: TokenKind) -> Result<(), SiteError> {
        let name = self.names.of(kind);
        let Some(prefix) = name.prefix() else { return Ok(()) };
        let demand = if !self.secure {
            "is sent over https only"
        } else if prefix == Prefix::Host && self.cookie_domain.is_some() {
            "has no cookie_domain"
        } else if prefix == Prefix::Host && self.cookie_path(kind) != "/" {
            "has the access_token_path `/`"
        } else {
            return Ok(());
        };
        Err(SiteError::CookiePrefix { name: name.as_str().into(), demand })
    }

    /// Returns the API's origin.
    pub const fn api(&self) -> &Origin {
        &self.api
    }

    /// Returns the website's origin.
    pub const fn website(&self) -> &Origin {
        &self.website
    }

    /// Returns who issues the access tokens: the API's origin, the gateway's path and the base path.
    pub fn issuer(&self) -> &str {
        &self.issuer
    }

    /// Returns the base path as the server sees it, without the gateway's.
    pub const fn base_path(&self) -> &UrlPath {
        &self.base_path
    }

    /// Returns the refresh path as browsers see it, gateway included: it is the path of the refresh cookie.
    pub fn refresh_path(&self) -> &str {
        &self.refresh_path
    }

    /// Returns the path at which the server answers a refresh.
    pub fn refresh_route(&self) -> &str {
        &self.refresh_route
    }

    /// Returns the path at which the server answers a sign-out.
    pub fn sign_out_route(&self) -> &str {
        &self.sign_out_route
    }

    /// Returns the names of the cookies.
    pub const fn cookie_names(&self) -> &CookieNames {
        &self.names
    }

    /// Returns the domain of the cookies; `None`: the API's host alone.
    pub const fn cookie_domain(&self) -> Option<&CookieDomain> {
        self.cookie_domain.as_ref()
    }

    /// Returns where cookies of earlier days may still be.
    pub const fn older_domain(&self) -> Option<&OlderDomain> {
        self.older_domain.as_ref()
    }

    /// Returns the path of one cookie.
    pub fn cookie_path(&self, kind: TokenKind) -> &str {
        match kind {
            TokenKind::Access => self.access_path.as_cookie_path(),
            TokenKind::Refresh if self.names.refresh.prefix() == Some(Prefix::Host) => "/",
            TokenKind::Refresh => &self.refresh_path,
        }
    }

    /// Returns the `SameSite` of the cookies.
    pub const fn same_site(&self) -> SameSite {
        self.same_site
    }

    /// Whether cookies are sent over https only.
    pub const fn is_secure(&self) -> bool {
        self.secure
    }

    /// Returns how requests with cookies are protected.
    pub const fn anti_csrf(&self) -> AntiCsrf {
        self.anti_csrf
    }

    /// Returns which ways of transfer are permitted.
    pub const fn allowed(&self) -> Allowed {
        self.allowed
    }

    /// Returns how a new session's tokens travel, given the request's `st-auth-mode`.
    pub const fn transfer_for_creation(&self, asked: Option<TransferMethod>) -> TransferMethod {
        self.allowed.for_creation(asked, self.fallback)
    }

    /// Whether scripts get the access token too while it travels in a cookie.
    pub const fn exposes_access_token(&self) -> bool {
        self.exposes_access_token
    }

    /// Returns a cookie of ours with its attributes.
    pub fn set_cookie<'a>(&'a self, kind: TokenKind, value: &'a str, expires: Expires) -> SetCookie<'a> {
        SetCookie {
            name: self.names.of(kind).as_str(),
            value,
            domain: self.cookie_domain.as_ref(),
            path: self.cookie_path(kind),
            expires,
            secure: self.secure,
            same_site: self.same_site,
        }
    }
}

fn path(setting: &'static str, text: &str) -> Result<UrlPath, SiteError> {
    if text.contains(['?', '#']) {
        return Err(SiteError::PathWithQuery { setting });
    }
    UrlPath::parse(text).map_err(|_| SiteError::Path { setting })
}

fn names(config: &SiteConfig) -> Result<CookieNames, SiteError> {
    let name = |setting, text: &Option<String>, kind| match text {
        Some(text) => CookieName::parse(text).map_err(|_| SiteError::CookieName { setting }),
        None => Ok(CookieName::default_for(kind)),
    };
    let names = CookieNames {
        access: name("access_cookie_name", &config.access_cookie_name, TokenKind::Access)?,
        refresh: name("refresh_cookie_name", &config.refresh_cookie_name, TokenKind::Refresh)?,
    };
    let is_taken = |name: &CookieName| name.as_str() == CookieNames::LEGACY;
    let taken = [&names.access, &names.refresh].into_iter().find(|name| is_taken(name));
    match taken.or((names.access == names.refresh).then_some(&names.access)) {
        Some(name) => Err(SiteError::CookieNameTaken { name: name.as_str().into() }),
        None => Ok(names),
    }
}

fn cookie_domain(config: &SiteConfig, api: &Origin) -> Result<Option<CookieDomain>, SiteError> {
    let setting = "cookie_domain";
    let Some(text) = &config.cookie_domain else { return Ok(None) };
    let domain = CookieDomain::parse(text).map_err(|_| SiteError::CookieDomain { setting })?;
    check_domain(setting, &domain, api)?;
    Ok(Some(domain))
}

fn older_domain(config: &SiteConfig, api: &Origin) -> Result<Option<OlderDomain>, SiteError> {
    let setting = "older_cookie_domain";
    let Some(text) = &config.older_cookie_domain else { return Ok(None) };
    let older = OlderDomain::parse(text).map_err(|_| SiteError::CookieDomain { setting })?;
    if let Some(domain) = older.domain() {
        check_domain(setting, domain, api)?;
    }
    Ok(Some(older))
}

/// What browsers check before they take a cookie. A public suffix that is the host itself is taken, for that host.
fn check_domain(setting: &'static str, domain: &CookieDomain, api: &Origin) -> Result<(), SiteError> {
    if !domain.covers(api.host()) {
        return Err(SiteError::CookieDomainForeign { setting, host: api.host().as_str().into() });
    }
    if domain.host() != api.host() && is_public_suffix(domain.host()) {
        return Err(SiteError::CookieDomainPublic { setting });
    }
    Ok(())
}
