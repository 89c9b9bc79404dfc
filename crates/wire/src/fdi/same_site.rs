//! Whether the website and the API are one site to a browser, and what cookies need for it
//! (`spec/modern-sdk.md` 1.3.4 and 1.3.5).

use crate::fdi::domain::Host;

/// On which requests from other sites a browser sends a cookie.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SameSite {
    /// On none.
    Strict,
    /// When the user follows a link.
    Lax,
    /// On all; browsers ask for `Secure` then.
    None,
}

impl SameSite {
    /// Reads the setting, in any case and with blanks around it.
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        [Self::Strict, Self::Lax, Self::None].into_iter().find(|known| known.as_str().eq_ignore_ascii_case(text))
    }

    /// Returns the value as cookies have it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Strict => "Strict",
            Self::Lax => "Lax",
            Self::None => "None",
        }
    }
}

/// A host under no domain that somebody could have registered, such as `co.uk` or a lone name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a host under a registrable domain")]
pub struct NoSite;

impl NoSite {
    /// A stable code for programs.
    pub const fn code(self) -> &'static str {
        "site.no_site"
    }
}

/// Returns the site of a host: its registrable domain by the public suffix list, private suffixes included.
///
/// Names that start with `localhost` and all IP addresses are one site, `localhost`. Names under `local`, and those of
/// Amazon that are public suffixes themselves, are sites of their own.
pub fn top_level_domain(host: &Host) -> Result<&str, NoSite> {
    let name = host.as_str();
    if host.is_local() {
        return Ok("localhost");
    }
    if name.ends_with(".local") {
        return Ok(name);
    }
    match psl::domain_str(name) {
        Some(domain) => Ok(domain),
        None if name.ends_with(".amazonaws.com") => Ok(name),
        None => Err(NoSite),
    }
}

/// Whether anybody can register a name directly under this one, so that browsers refuse it as a cookie's domain.
pub(crate) fn is_public_suffix(host: &Host) -> bool {
    !host.is_local() && psl::domain_str(host.as_str()).is_none()
}

/// Whether two hosts belong to one site. A host is of one site with itself, whatever the list says.
pub fn is_one_site(api: &Host, website: &Host) -> Result<bool, NoSite> {
    Ok(api == website || top_level_domain(api)? == top_level_domain(website)?)
}

/// Whether browsers would drop the cookies: `SameSite=None` without `Secure`, unless both ends are local.
pub fn are_cookies_lost(api: &Host, website: &Host, same_site: SameSite, secure: bool) -> bool {
    same_site == SameSite::None && !secure && !(api.is_local() && website.is_local())
}
