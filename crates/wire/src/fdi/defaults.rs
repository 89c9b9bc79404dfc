//! What two origins mean for cookies and anti-CSRF, unless the configuration says otherwise
//! (`spec/modern-sdk.md` 1.3.5).

use crate::fdi::csrf::AntiCsrf;
use crate::fdi::domain::{Origin, Scheme};
use crate::fdi::same_site::{NoSite, SameSite, is_one_site};

/// What holds unless the configuration says otherwise.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Defaults {
    /// `None` when site or scheme differ, else `Lax`.
    pub same_site: SameSite,
    /// Whether the API is spoken to over https.
    pub secure: bool,
    /// A custom header when cookies go to other sites, else nothing.
    pub anti_csrf: AntiCsrf,
}

impl Defaults {
    /// Judges the two origins; `same_site` and `anti_csrf` follow each other as [`AntiCsrf::default_for`] says.
    pub fn of(api: &Origin, website: &Origin) -> Result<Self, NoSite> {
        let one_site = is_one_site(api.host(), website.host())? && api.scheme() == website.scheme();
        let same_site = if one_site { SameSite::Lax } else { SameSite::None };
        let anti_csrf = AntiCsrf::default_for(same_site);
        Ok(Self { same_site, secure: api.scheme() == Scheme::Https, anti_csrf })
    }
}
