//! What holds for any bytes.

use doorward_engine::time::Millis;
use doorward_wire::fdi::cookie::CookieReader;
use doorward_wire::fdi::cookie_domain::CookieDomain;
use doorward_wire::fdi::cookie_name::{CookieName, CookieNames, TokenKind};
use doorward_wire::fdi::domain::Origin;
use doorward_wire::fdi::http_date::http_date;
use doorward_wire::fdi::path::UrlPath;
use doorward_wire::fdi::request::{MAX_DUPLICATES, Request};
use doorward_wire::fdi::set_cookie::{Expires, MAX_COOKIE_LIFETIME};
use doorward_wire::fdi::site::{Site, SiteConfig};
use proptest::collection::vec;
use proptest::prelude::*;

/// Bytes that look like cookies often enough to get past the first branch.
fn cookie_line() -> impl Strategy<Value = Vec<u8>> {
    let word = prop_oneof![
        Just(&b"sAccessToken"[..]),
        Just(&b"sRefreshToken="[..]),
        Just(&b"s%41ccessToken"[..]),
        Just(&b"sIdRefreshToken"[..]),
        Just(&b"="[..]),
        Just(&b";"[..]),
        Just(&b"; "[..]),
        Just(&b"%"[..]),
        Just(&b"%2"[..]),
        Just(&b"\""[..]),
        Just(&b"\xff\x00"[..]),
    ];
    let piece = prop_oneof![4 => word.prop_map(<[u8]>::to_vec), 1 => vec(any::<u8>(), 0..40)];
    vec(piece, 0..60).prop_map(|pieces| pieces.concat())
}

fn header() -> impl Strategy<Value = (String, Vec<u8>)> {
    let name = prop_oneof![
        4 => Just("cookie".to_owned()),
        1 => Just("Authorization".to_owned()),
        1 => Just("anti-csrf".to_owned()),
        1 => Just("user-agent".to_owned()),
        1 => Just("st-auth-mode".to_owned()),
        1 => ".{0,12}",
    ];
    let value = prop_oneof![
        6 => cookie_line(),
        1 => vec(any::<u8>(), 0..600),
        1 => (vec(any::<u8>(), 1..4), 1_usize..9000).prop_map(|(bytes, times)| bytes.repeat(times)),
        1 => vec(any::<u8>(), 0..40).prop_map(|bytes| [b"Bearer ".to_vec(), bytes].concat()),
    ];
    (name, value)
}

proptest! {
    #[test]
    fn reading_any_request_ends_and_keeps_the_limits(
        method in ".{0,40}",
        path in ".{0,40}",
        headers in vec(header(), 0..8),
    ) {
        let borrowed = headers.iter().map(|(name, value)| (&**name, &**value));
        let request = Request::read(&CookieNames::default(), &method, &path, borrowed);
        for kind in [TokenKind::Access, TokenKind::Refresh] {
            let cookies = request.cookies(kind);
            prop_assert!(cookies.all().len() <= MAX_DUPLICATES.min(cookies.occurrences()));
            prop_assert!(cookies.all().iter().filter_map(|c| c.text()).all(|text| !text.expose().is_empty()));
        }
        prop_assert!(request.user_agent().is_none_or(|agent| agent.len() <= 512));
        prop_assert!(!request.path().contains('?'));
    }

    #[test]
    fn a_cookie_that_was_set_comes_back(value in ".{0,200}", older in cookie_line()) {
        let site = Site::new(&SiteConfig::new("https://example.com")).unwrap();
        let header = site.set_cookie(TokenKind::Refresh, &value, Expires::PAST).render();
        prop_assert!(header.expose().bytes().all(|b| (b' '..=b'~').contains(&b)));
        let sent = header.expose().split("; ").next().unwrap();
        let name = CookieName::default_for(TokenKind::Refresh);
        // Whatever else a browser sends, as long as it is whole cookies, the value is found in its place.
        let line = [&older, &b";"[..], sent.as_bytes()].concat();
        let found = CookieReader::default()
            .pairs(&line)
            .filter(|pair| pair.is_named(name.as_str()))
            .last()
            .map(|pair| pair.value().into_owned());
        prop_assert_eq!(found, Some(value));
    }

    #[test]
    fn no_cookie_outlives_400_days(expires in 0..=Millis::MAX.as_u64(), now in 0..=Millis::MAX.as_u64()) {
        let (expires, now) = (Millis::saturating(expires), Millis::saturating(now));
        let site = Site::new(&SiteConfig::new("https://example.com")).unwrap();
        let header = site.set_cookie(TokenKind::Refresh, "", Expires::at(expires, now)).render();
        let last = http_date(expires.min(now.after(MAX_COOKIE_LIFETIME)));
        prop_assert!(header.expose().contains(&last), "{} {}", header.expose(), last);
    }

    #[test]
    fn normalising_twice_changes_nothing(text in "(https?://)?[.]?[a-zA-Z0-9.:/?#_-]{0,40}") {
        if let Ok(origin) = Origin::parse(&text) {
            prop_assert_eq!(Origin::parse(origin.as_str()).unwrap(), origin);
        }
        if let Ok(path) = UrlPath::parse(&text) {
            prop_assert_eq!(UrlPath::parse(path.as_str()).unwrap(), path);
        }
        if let Ok(domain) = CookieDomain::parse(&text) {
            prop_assert_eq!(CookieDomain::parse(domain.as_str()).unwrap(), domain);
        }
    }

    #[test]
    fn any_configuration_is_taken_or_refused(
        api in ".{0,30}",
        website in ".{0,30}",
        base in ".{0,30}",
        domain in ".{0,30}",
        name in ".{0,30}",
    ) {
        let mut config = SiteConfig::new(api);
        config.website_domain = Some(website);
        config.base_path = base;
        config.cookie_domain = Some(domain);
        config.access_cookie_name = Some(name);
        let _ = Site::new(&config);
    }
}
