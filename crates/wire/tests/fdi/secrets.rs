//! Nothing that travels shows in `Debug`.

use doorward_engine::id::UserId;
use doorward_engine::secret::Secret;
use doorward_engine::time::Millis;
use doorward_wire::fdi::cookie::CookieReader;
use doorward_wire::fdi::cookie_name::CookieNames;
use doorward_wire::fdi::front_token::FrontToken;
use doorward_wire::fdi::request::Request;
use doorward_wire::fdi::response::Edits;
use doorward_wire::fdi::site::{Site, SiteConfig};
use doorward_wire::fdi::transfer::TransferMethod;

#[test]
fn a_request_does_not_print_what_it_carries() {
    let cookies = b"sAccessToken=hidden-1; sRefreshToken=hidden-2; other=hidden-3";
    let headers: [(&str, &[u8]); 3] =
        [("cookie", cookies), ("authorization", b"Bearer hidden-4"), ("anti-csrf", b"hidden-5")];
    let request = Request::read(&CookieNames::default(), "GET", "/", headers);
    assert!(request.bearer().is_some() && request.anti_csrf().is_some());
    let mut shown = format!("{request:?}");
    for pair in CookieReader::default().pairs(cookies) {
        shown += &format!("{pair:?}");
    }
    assert!(!shown.contains("hidden"), "{shown}");
}

#[test]
fn edits_do_not_print_what_they_carry() {
    let site = Site::new(&SiteConfig::new("https://example.com")).unwrap();
    let mut edits = Edits::new(&site);
    for method in TransferMethod::ALL {
        let front = FrontToken::build(&UserId::parse("u").unwrap(), Millis::default(), r#"{"a":"hidden"}"#).unwrap();
        edits.write_access_token(method, Secret::new("hidden"), front);
        edits.write_refresh_token(method, Secret::new("hidden"), Millis::default());
    }
    edits.write_anti_csrf(Secret::new("hidden"));
    let rendered = edits.render(&site, Millis::default());
    assert_eq!(rendered.iter().filter(|edit| edit.value.expose().contains("hidden")).count(), 5);
    let shown = format!("{edits:?} {rendered:?}");
    let front = rendered.iter().find(|edit| edit.name == "front-token").unwrap().value.expose();
    assert!(!shown.contains("hidden") && !shown.contains(front), "{shown}");
}
