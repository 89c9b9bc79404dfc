//! Two plays that need the refresh token, which browsers send below the refresh path only: twenty tabs that refresh at
//! once, and a thief. They use the SDK with no framework between, as twenty browsers would use it.

use std::collections::BTreeMap;

use axum::extract::{Request, State};
use axum::routing::post;
use axum::{Json, Router};
use doorward::{Edit, Exchange, GetSession, RequestView, SessionError, Sessions, TheftReport};
use serde_json::{Value, json};

use super::Demo;

const TABS: usize = 20;

pub(super) fn routes(refresh_route: &str) -> Router<Demo> {
    Router::new()
        .route(&format!("{refresh_route}/together"), post(together))
        .route(&format!("{refresh_route}/thief"), post(thief))
}

/// Presents one refresh token twenty times at once.
async fn together(State(demo): State<Demo>, exchange: Exchange, request: Request) -> Result<Json<Value>, SessionError> {
    let mut tabs = tokio::task::JoinSet::new();
    for _ in 1..TABS {
        let tab = demo.sessions.exchange(&request);
        tabs.spawn(async move { refresh(&tab).await });
    }
    // The twentieth is this tab, and its answer is this request's answer.
    let mut successors = vec![refresh(&exchange).await?];
    while let Some(done) = tabs.join_next().await {
        if let Ok(successor) = done {
            successors.push(successor?);
        }
    }
    let distinct: std::collections::BTreeSet<&String> = successors.iter().collect();
    Ok(Json(json!({ "presented": TABS, "distinct": distinct.len(), "successors": successors })))
}

/// Refreshes, and returns the published hash of the refresh token that came of it.
async fn refresh(tab: &Exchange) -> Result<String, SessionError> {
    let session = tab.refresh_session().await?;
    let claims: Value = serde_json::from_str(session.claims_text()).unwrap_or_default();
    Ok(claims.get("refreshTokenHash1").and_then(Value::as_str).unwrap_or_default().to_owned())
}

/// A thief copies the refresh token; its owner goes on for two generations; then the thief presents it.
async fn thief(State(demo): State<Demo>, exchange: Exchange, request: Request) -> Result<Json<Value>, SessionError> {
    let step = |who: &str, did: &str| json!({ "who": who, "did": did });
    let mut steps = vec![step("thief", "copies your refresh token, and waits")];
    let first = demo.sessions.exchange(&request);
    first.refresh_session().await?;
    let mut owner = Owner::default();
    owner.take(&first.take_edits());
    owner.use_session(&demo.sessions).await?;
    steps.push(step("you", "refresh, and use what you got: the copied token is one generation old"));
    owner.refresh(&demo.sessions).await?;
    owner.use_session(&demo.sessions).await?;
    steps.push(step("you", "refresh and go on once more: it is two generations old"));
    steps.push(step("thief", "presents the old token"));
    // This request brought that token: it is the thief's now.
    match exchange.refresh_session().await {
        Err(SessionError::Theft(report)) => {
            Ok(Json(json!({ "steps": steps, "verdict": verdict(&report), "sessionEnded": true })))
        }
        Err(error) => Err(error),
        Ok(_) => Ok(Json(json!({ "steps": steps, "verdict": null, "sessionEnded": false }))),
    }
}

fn verdict(report: &TheftReport) -> Value {
    let evidence = &report.evidence;
    json!({
        "row": evidence.row,
        "presented": evidence.presented.code(),
        "sinceRotationMs": evidence.since_rotation.map(|since| since.as_millis()),
        "window": evidence.window,
        "presentations": evidence.presentations,
        "explanation": evidence.to_string(),
    })
}

/// The owner's browser, as far as the play needs one.
#[derive(Default)]
struct Owner {
    cookies: BTreeMap<String, String>,
    anti_csrf: String,
}

impl Owner {
    fn take(&mut self, edits: &[Edit]) {
        for edit in edits {
            let value = edit.value.expose();
            if edit.name == "anti-csrf" {
                self.anti_csrf = value.to_owned();
            } else if edit.name == "set-cookie"
                && let Some((name, value)) = value.split(';').next().and_then(|pair| pair.split_once('='))
            {
                self.cookies.insert(name.to_owned(), value.to_owned());
            }
        }
    }

    async fn refresh(&mut self, sessions: &Sessions) -> Result<(), SessionError> {
        let exchange = self.exchange(sessions);
        exchange.refresh_session().await?;
        self.take(&exchange.take_edits());
        Ok(())
    }

    async fn use_session(&mut self, sessions: &Sessions) -> Result<(), SessionError> {
        let exchange = self.exchange(sessions);
        exchange.get_session(GetSession::new()).await?;
        self.take(&exchange.take_edits());
        Ok(())
    }

    fn exchange(&self, sessions: &Sessions) -> Exchange {
        let cookies: Vec<String> = self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let cookies = cookies.join("; ");
        sessions.exchange(
            RequestView::new("POST", "/")
                .header("cookie", cookies.as_bytes())
                .header("anti-csrf", self.anti_csrf.as_bytes()),
        )
    }
}
