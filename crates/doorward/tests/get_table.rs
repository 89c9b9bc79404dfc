//! Which token counts, for an access token (`spec/modern-sdk.md` 2.1) and for a refresh token (2.8).

use std::time::Duration;

use doorward::{Allowed, GetSession};

use crate::app::{App, Deed, both};
use crate::client::{Answer, Call, claims};

/// Two sessions: one whose tokens travel in headers, one whose tokens travel in cookies.
struct Tokens {
    header: [String; 2],
    cookie: [String; 2],
}

impl Tokens {
    async fn make(app: &App) -> Self {
        // Made in a process that permits both.
        let maker = app.sibling(|builder| builder).await;
        let (mut header, mut cookie) = (maker.browser().with_headers(), maker.browser());
        header.login("in-header").await;
        cookie.login("in-cookie").await;
        let both = |browser: &crate::client::Browser<'_>| [browser.access_token(), browser.refresh_token()];
        Self { header: both(&header), cookie: both(&cookie) }
    }

    /// Adds an access (0) or refresh (1) token where the row of the table says so.
    fn add(&self, mut call: Call, which: usize, in_header: bool, in_cookie: bool) -> Call {
        if in_header {
            call = call.bearer(&self.header[which]);
        }
        if in_cookie {
            let name = ["sAccessToken", "sRefreshToken"][which];
            call = call.cookie(format!("{name}={}", encoded(&self.cookie[which])));
        }
        call
    }
}

fn encoded(token: &str) -> String {
    token.replace('+', "%2B").replace('/', "%2F").replace('=', "%3D")
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Found {
    Nobody,
    Unauthorised,
    Header,
    Cookie,
}

fn expected(allowed: Allowed, required: bool, in_header: bool, in_cookie: bool) -> Found {
    let none = if required { Found::Unauthorised } else { Found::Nobody };
    match (allowed, in_header, in_cookie) {
        (_, false, false) | (Allowed::Cookie, true, false) | (Allowed::Header, false, true) => none,
        (Allowed::Any | Allowed::Header, true, _) => Found::Header,
        (Allowed::Any | Allowed::Cookie, false, true) | (Allowed::Cookie, true, true) => Found::Cookie,
    }
}

fn check_get(answer: &Answer, found: Found, is_expired: bool) {
    match (found, is_expired) {
        (Found::Nobody, _) => assert_eq!(answer.assert_ok().body, "nobody"),
        (Found::Unauthorised, _) => answer.assert_refused("unauthorised"),
        (Found::Header | Found::Cookie, true) => answer.assert_refused("try refresh token"),
        (Found::Header, false) => assert_eq!(answer.shown("user"), "in-header"),
        (Found::Cookie, false) => assert_eq!(answer.shown("user"), "in-cookie"),
    }
    answer.assert_untouched();
}

#[tokio::test]
async fn the_access_token_that_counts_is_that_of_the_table() {
    both(async |way| {
        let mut rows = 0;
        for allowed in [Allowed::Any, Allowed::Header, Allowed::Cookie] {
            let app = App::with(way, |builder| builder.transfer(allowed)).await;
            let tokens = Tokens::make(&app).await;
            for is_expired in [false, true] {
                for (required, in_header, in_cookie) in triples() {
                    let found = expected(allowed, required, in_header, in_cookie);
                    eprintln!("{allowed:?} required {required} header {in_header} cookie {in_cookie}: {found:?}");
                    let page = if required { "/me" } else { "/home" };
                    let call = tokens.add(Call::get(page), 0, in_header, in_cookie);
                    check_get(&app.serve(&call).await, found, is_expired);
                    let deed = match required {
                        true => Deed::get(GetSession::new().check_store(true)),
                        false => Deed::get_optional(GetSession::new().check_store(true)),
                    };
                    let call = tokens.add(Call::to(deed), 0, in_header, in_cookie);
                    check_get(&app.serve(&call).await, found, is_expired);
                    rows += 1;
                }
                app.clock.step(Duration::from_secs(3600));
            }
        }
        assert_eq!(rows, 2 * 24);
    })
    .await;
}

fn triples() -> impl Iterator<Item = (bool, bool, bool)> {
    (0..8).map(|bits| (bits & 1 != 0, bits & 2 != 0, bits & 4 != 0))
}

#[tokio::test]
async fn the_refresh_token_that_counts_is_that_of_the_table_and_the_answer_goes_the_same_way() {
    both(async |way| {
        let mut rows = 0;
        for allowed in [Allowed::Any, Allowed::Header, Allowed::Cookie] {
            for (in_header, in_cookie) in [(false, false), (false, true), (true, false), (true, true)] {
                let app = App::with(way, |builder| builder.transfer(allowed)).await;
                let tokens = Tokens::make(&app).await;
                let call = tokens.add(Call::post("/auth/session/refresh"), 1, in_header, in_cookie);
                let answer = app.serve(&call).await;
                let found = expected(allowed, true, in_header, in_cookie);
                eprintln!("{allowed:?} header {in_header} cookie {in_cookie}: {found:?}");
                match found {
                    Found::Header => {
                        assert_eq!(answer.assert_ok().body, "{}");
                        assert_eq!(claims(answer.header("st-access-token").unwrap())["sub"], "in-header");
                        assert!(answer.header("st-refresh-token").unwrap().ends_with(".V2"));
                        assert_eq!(answer.clears_cookies(), in_cookie);
                        assert_eq!(answer.set_cookies().is_empty(), !in_cookie);
                    }
                    Found::Cookie => {
                        assert_eq!(answer.assert_ok().body, "{}");
                        assert_eq!(claims(&answer.cookie("sAccessToken").unwrap())["sub"], "in-cookie");
                        assert!(answer.cookie("sRefreshToken").unwrap().ends_with(".V2"));
                        assert_eq!(answer.clears_headers(), in_header);
                        assert_eq!(answer.header("st-access-token").is_none(), !in_header);
                    }
                    Found::Unauthorised | Found::Nobody => {
                        answer.assert_refused("unauthorised");
                        answer.assert_clears_all();
                    }
                }
                if matches!(found, Found::Header | Found::Cookie) {
                    assert_ne!(answer.header("front-token"), Some("remove"));
                    assert_eq!(answer.header("cache-control"), Some("no-store"));
                }
                rows += 1;
            }
        }
        assert_eq!(rows, 12);
    })
    .await;
}
