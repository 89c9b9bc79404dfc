//! What is done by handle or by user, and what a `Session` gives.

use std::time::Duration;

use doorward::{Clock as _, GetSession, InputError, NewSession, Session, SessionError, SessionHandle, TenantId};
use serde::Deserialize;
use serde_json::json;

use crate::app::{App, Deed, START, Way, both, user};
use crate::client::{Answer, Browser, Call, claims};

fn handle(answer: &Answer) -> SessionHandle {
    SessionHandle::parse(&answer.shown("handle")).unwrap()
}

/// Three sessions of ada, one of them in another tenant, and one of bob.
async fn four(app: &App) -> [SessionHandle; 4] {
    let ada = || NewSession::for_user(user("ada"));
    let shop = TenantId::parse("shop").unwrap();
    let news = [ada(), ada(), ada().tenant(shop), NewSession::for_user(user("bob"))];
    let mut handles = Vec::new();
    for new in news {
        handles.push(handle(&app.browser().login_as(new).await));
        app.clock.step(Duration::from_secs(1));
    }
    handles.try_into().unwrap()
}

fn sorted(mut handles: Vec<SessionHandle>) -> Vec<SessionHandle> {
    handles.sort();
    handles
}

#[tokio::test]
async fn sessions_are_listed_by_user_in_all_tenants_while_they_live() {
    let app = App::new(Way::Bare).await;
    let [one, two, three, four] = four(&app).await;
    let listed = app.sessions.session_handles_for_user(&user("ada")).await.unwrap();
    assert_eq!(sorted(listed), sorted(vec![one, two, three.clone()]));
    assert_eq!(app.sessions.session_handles_for_user(&user("bob")).await.unwrap(), [four]);
    assert_eq!(app.sessions.session_handles_for_user(&user("eve")).await.unwrap(), []);
    let all = app.sessions.sessions_for_user(&user("ada")).await.unwrap();
    assert_eq!(all.len(), 3);
    assert!(all.iter().any(|session| session.handle == three && session.tenant.as_str() == "shop"));
    app.clock.step(Duration::from_secs(100 * 86_400));
    assert_eq!(app.sessions.session_handles_for_user(&user("ada")).await.unwrap(), []);
}

#[tokio::test]
async fn more_sessions_than_a_page_holds_are_all_listed_and_revoked() {
    let app = App::new(Way::Bare).await;
    for _ in 0..201 {
        app.browser().login("ada").await;
    }
    assert_eq!(app.sessions.sessions_for_user(&user("ada")).await.unwrap().len(), 201);
    assert_eq!(app.sessions.revoke_all_sessions_for_user(&user("ada")).await.unwrap().len(), 201);
}

#[tokio::test]
async fn revoking_returns_what_was_there() {
    let app = App::new(Way::Bare).await;
    let [one, two, three, four] = four(&app).await;
    let sessions = &app.sessions;
    let unknown = SessionHandle::parse("no-such-session").unwrap();
    assert!(!sessions.revoke_session(&unknown).await.unwrap());
    assert!(sessions.revoke_session(&one).await.unwrap());
    assert!(!sessions.revoke_session(&one).await.unwrap());
    let gone = sessions.revoke_sessions(&[one, two.clone(), three.clone(), unknown]).await.unwrap();
    assert_eq!(sorted(gone), sorted(vec![two, three]));
    assert_eq!(sessions.revoke_sessions(&[]).await.unwrap(), []);
    assert_eq!(sessions.revoke_all_sessions_for_user(&user("ada")).await.unwrap(), []);
    assert_eq!(sessions.revoke_all_sessions_for_user(&user("bob")).await.unwrap(), [four]);
}

#[tokio::test]
async fn all_other_sessions_of_a_user_end_and_this_one_stays() {
    both(async |way| {
        let app = App::new(way).await;
        let others = four(&app).await;
        let mut browser = app.browser();
        let own = handle(&browser.login("ada").await);
        let deed = Deed::new(|exchange| async move {
            let session = exchange.get_session(GetSession::new()).await?;
            let ended = exchange.sessions().revoke_other_sessions(&session).await?;
            Ok(ended.len().to_string())
        });
        let answer = browser.send(Call::to(deed)).await;
        answer.assert_untouched();
        assert_eq!(answer.assert_ok().body, "3");
        browser.get("/me").await.assert_ok();
        assert_eq!(app.sessions.session_handles_for_user(&user("ada")).await.unwrap(), [own]);
        assert_eq!(app.sessions.session_handles_for_user(&user("bob")).await.unwrap(), others[3..]);
    })
    .await;
}

#[tokio::test]
async fn information_is_what_is_stored() {
    let app = App::new(Way::Bare).await;
    let new = NewSession::for_user(user("ada")).payload(json!({ "role": "editor" })).data(json!({ "cart": [1, 2] }));
    let mut browser = app.browser();
    let handle = handle(&browser.login_as(new).await);
    let found = app.sessions.session_information(&handle).await.unwrap().unwrap();
    assert_eq!((found.user.as_str(), found.tenant.as_str()), ("ada", "public"));
    assert_eq!((found.created_at, found.refreshed_at), (START, None));
    assert_eq!(found.expires_at.as_u64() - START.as_u64(), 100 * 86_400_000);
    assert_eq!(found.payload_text(), r#"{"role":"editor"}"#);
    assert_eq!(found.data_text(), r#"{"cart":[1,2]}"#);
    #[derive(Deserialize)]
    struct Data {
        cart: Vec<u32>,
    }
    assert_eq!(found.data::<Data>().unwrap().cart, [1, 2]);
    assert_eq!(found.data::<u32>().unwrap_err().code(), "payload.type");
    app.clock.step(Duration::from_secs(60));
    browser.refresh().await.assert_ok();
    browser.get("/me").await.assert_ok();
    let found = app.sessions.session_information(&handle).await.unwrap().unwrap();
    assert_eq!(found.refreshed_at, Some(app.clock.now()));
    app.sessions.revoke_session(&handle).await.unwrap();
    assert_eq!(app.sessions.session_information(&handle).await.unwrap(), None);
}

#[tokio::test]
async fn data_and_payload_change_by_handle() {
    let app = App::new(Way::Bare).await;
    let new = NewSession::for_user(user("ada")).payload(json!({ "role": "reader", "old": 1 })).data(1);
    let handle = handle(&app.browser().login_as(new).await);
    let sessions = &app.sessions;
    assert!(sessions.update_session_data(&handle, json!({ "cart": 3 })).await.unwrap());
    let update = json!({ "role": "editor", "old": null, "new": { "deep": [null] } });
    assert!(sessions.merge_into_access_token_payload(&handle, update).await.unwrap());
    let found = sessions.session_information(&handle).await.unwrap().unwrap();
    assert_eq!(found.data_text(), r#"{"cart":3}"#);
    let expected = r#"{"role":"editor","new":{"deep":[null]}}"#;
    assert_eq!(found.payload_text(), expected);

    let code = async |update: serde_json::Value| {
        sessions.merge_into_access_token_payload(&handle, update).await.unwrap_err().code().to_owned()
    };
    assert_eq!(code(json!({ "sub": "eve" })).await, "payload.reserved_claim");
    assert_eq!(code(json!({ "tId": null })).await, "payload.reserved_claim");
    assert_eq!(code(json!([])).await, "payload.not_an_object");
    assert_eq!(code(json!({ "a": "x".repeat(4096) })).await, "payload.too_large");
    // Each half fits, and both together don't.
    assert!(sessions.merge_into_access_token_payload(&handle, json!({ "a": "x".repeat(3000) })).await.unwrap());
    assert_eq!(code(json!({ "b": "x".repeat(3000) })).await, "payload.too_large");
    let large = sessions.update_session_data(&handle, "x".repeat(1 << 16)).await.unwrap_err();
    assert_eq!((large.code(), large.reply().status), ("payload.too_large", 400));
    let found = sessions.session_information(&handle).await.unwrap().unwrap();
    assert_eq!((found.data_text(), found.payload_text().len()), (r#"{"cart":3}"#, expected.len() + 3007));

    let gone = SessionHandle::parse("gone").unwrap();
    assert!(!sessions.update_session_data(&gone, 1).await.unwrap());
    assert!(!sessions.merge_into_access_token_payload(&gone, json!({})).await.unwrap());
}

#[tokio::test]
async fn a_handle_whose_tenant_can_be_none_names_no_session() {
    let app = App::new(Way::Bare).await;
    let sessions = &app.sessions;
    for text in ["a_", "a__b", "a_Ünder", "a_b c", "a_b_c", "_", "%00", "a_'; --", &format!("a_{}", "x".repeat(65))] {
        let handle = SessionHandle::parse(text).unwrap();
        assert!(!sessions.revoke_session(&handle).await.unwrap(), "{text}");
        assert_eq!(sessions.session_information(&handle).await.unwrap(), None);
        assert!(!sessions.update_session_data(&handle, 1).await.unwrap());
        assert!(!sessions.merge_into_access_token_payload(&handle, json!({})).await.unwrap());
    }
    for text in ["", "a\0", &"x".repeat(256)] {
        assert!(SessionHandle::parse(text).is_err(), "{text}");
    }
}

/// Runs a deed on the session of a browser.
async fn on_session<F>(browser: &mut Browser<'_>, deed: impl Fn(Session) -> F + Send + Sync + Copy + 'static) -> Answer
where
    F: Future<Output = Result<String, SessionError>> + Send + 'static,
{
    let deed = Deed::new(move |exchange| async move { deed(exchange.get_session(GetSession::new()).await?).await });
    browser.send(Call::to(deed)).await
}

#[tokio::test]
async fn a_session_gives_its_payload_typed_and_its_times() {
    both(async |way| {
        let app = App::new(way).await;
        let mut browser = app.browser();
        let new = NewSession::for_user(user("ada")).payload(json!({ "role": "editor", "level": 3 })).data("kept");
        browser.login_as(new).await;
        let answer = on_session(&mut browser, |session| async move {
            #[derive(Deserialize)]
            struct Own {
                role: String,
                level: u8,
            }
            let own: Own = session.payload()?;
            assert!(matches!(session.payload::<u8>(), Err(InputError::Type { .. })));
            assert_eq!((session.issued_at(), session.expires_at().as_u64()), (START, START.as_u64() + 3_600_000));
            assert_eq!(session.tenant(), &TenantId::default());
            assert!(session.claims_text().contains(r#""sub":"ada""#) && !session.payload_text().contains("sub"));
            assert_eq!(session.information().await?.data_text(), r#""kept""#);
            session.update_data(json!({ "n": 1 })).await?;
            Ok(format!("{} {} {}", own.role, own.level, session.information().await?.data_text()))
        })
        .await;
        assert_eq!(answer.assert_ok().body, r#"editor 3 {"n":1}"#);
        answer.assert_untouched();
    })
    .await;
}

#[tokio::test]
async fn a_merge_hands_out_a_token_with_the_new_payload_and_the_same_end() {
    both(async |way| {
        let app = App::new(way).await;
        let mut browser = app.browser();
        browser.login_as(NewSession::for_user(user("ada")).payload(json!({ "role": "reader", "x": 1 }))).await;
        app.clock.step(Duration::from_secs(100));
        let before = claims(&browser.access_token());
        let answer = on_session(&mut browser, |mut session| async move {
            session.merge_into_access_token_payload(json!({ "role": "editor", "x": null })).await?;
            session.merge_into_access_token_payload(json!({ "again": true })).await?;
            Ok(session.payload_text().to_owned())
        })
        .await;
        let expected = r#"{"role":"editor","again":true}"#;
        assert_eq!(answer.assert_ok().body, expected);
        assert_eq!(answer.set_cookies().len(), 1);
        let after = claims(&answer.cookie("sAccessToken").unwrap());
        assert_eq!((&after["role"], &after["exp"]), (&json!("editor"), &before["exp"]));
        assert_eq!(after["refreshTokenHash1"], before["refreshTokenHash1"]);
        let later = browser.get("/me").await;
        later.assert_untouched();
        assert_eq!(later.shown("payload"), expected);
        browser.refresh().await.assert_ok();
        assert_eq!(browser.get("/me").await.shown("payload"), expected);
    })
    .await;
}

#[tokio::test]
async fn a_refused_merge_changes_nothing() {
    both(async |way| {
        let app = App::new(way).await;
        let mut browser = app.browser();
        browser.login("ada").await;
        let rows = app.store.rows("ada").await;
        let answer = on_session(&mut browser, |mut session| async move {
            let update = json!({ "sessionHandle": "other" });
            session.merge_into_access_token_payload(update).await.map(|()| String::new())
        })
        .await;
        answer.assert_error(400, "payload.reserved_claim");
        assert_eq!(app.store.rows("ada").await, rows);
    })
    .await;
}

#[tokio::test]
async fn a_session_that_is_gone_is_unauthorised_and_its_tokens_are_cleared() {
    both(async |way| {
        let app = App::new(way).await;
        let elsewhere = app.sibling(|builder| builder).await;
        for number in 0..3 {
            let mut browser = app.browser();
            browser.login("ada").await;
            elsewhere.sessions.revoke_all_sessions_for_user(&user("ada")).await.unwrap();
            let answer = match number {
                0 => on_session(&mut browser, |s| async move { s.information().await.map(|_| String::new()) }).await,
                1 => on_session(&mut browser, |s| async move { s.update_data(1).await.map(|()| String::new()) }).await,
                _ => {
                    on_session(&mut browser, |mut s| async move {
                        s.merge_into_access_token_payload(json!({ "a": 1 })).await.map(|()| String::new())
                    })
                    .await
                }
            };
            answer.assert_refused("unauthorised");
            answer.assert_clears_all();
        }
    })
    .await;
}

#[tokio::test]
async fn a_payload_is_replaced_as_a_whole_and_the_issuer_stays() {
    both(async |way| {
        let app = App::new(way).await;
        let mut browser = app.browser();
        browser.login_as(NewSession::for_user(user("ada")).payload(json!({ "role": "editor" }))).await;
        let before = claims(&browser.access_token());
        let replace = Deed::new(|exchange| async move {
            let mut session = exchange.get_session(GetSession::new()).await?;
            session.replace_access_token_payload(json!({ "plan": "gold", "iss": "nobody" })).await?;
            Ok(session.payload_text().to_owned())
        });
        assert_eq!(browser.send(Call::to(replace)).await.assert_ok().body, r#"{"plan":"gold"}"#);
        let after = claims(&browser.access_token());
        assert_eq!((&after["plan"], &after["iss"], &after["exp"]), (&json!("gold"), &before["iss"], &before["exp"]));
        assert_eq!(after.get("role"), None);

        let remove = Deed::new(|exchange| async move {
            let mut session = exchange.get_session(GetSession::new()).await?;
            session.merge_into_access_token_payload(json!({ "iss": null })).await.map(|()| String::new())
        });
        browser.send(Call::to(remove)).await.assert_error(400, "payload.reserved_claim");
    })
    .await;
}

#[tokio::test]
async fn a_payload_at_its_limit_can_be_merged_into() {
    let app = App::with(Way::Bare, |builder| builder.payload_limit(20)).await;
    let mut browser = app.browser();
    let login = browser.login_as(NewSession::for_user(user("ada")).payload(json!({ "a": "x".repeat(12) }))).await;
    let handle = SessionHandle::parse(&login.shown("handle")).unwrap();
    assert!(app.sessions.merge_into_access_token_payload(&handle, json!({ "a": "y".repeat(12) })).await.unwrap());
}
