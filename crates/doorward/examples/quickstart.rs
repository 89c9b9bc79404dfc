use axum::{Form, Router, routing::get, routing::post};
use doorward::{Exchange, NewSession, Session, SessionError, Sessions, Sqlite, UserId};

#[derive(serde::Deserialize)]
struct Login {
    name: String,
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let sessions = Sessions::builder("http://localhost:3000").store(Sqlite::open("app.db").await?).build().await?;
    let app = Router::new()
        .route("/login", post(login))
        .route("/me", get(me))
        .route("/", get(home))
        .merge(sessions.routes()) // POST /auth/session/refresh, POST /auth/signout
        .layer(sessions.layer()); // opens the exchange, writes its edits; nothing else
    let listener = tokio::net::TcpListener::bind("localhost:3000").await?;
    axum::serve(listener, app).await?;
    Ok(())
}

async fn login(exchange: Exchange, Form(form): Form<Login>) -> Result<String, SessionError> {
    // Check a password here, or whatever proves who this is.
    let user = UserId::parse(&form.name)?;
    let payload = serde_json::json!({ "role": "editor" });
    let session = exchange.create_session(NewSession::for_user(user).payload(payload)).await?;
    Ok(format!("hello {}", session.user_id()))
}

/// Without a session this answers 401 by itself, and the browser kit refreshes and comes again.
async fn me(session: Session) -> String {
    session.user_id().to_string()
}

/// `None` only for a request without a token.
async fn home(session: Option<Session>) -> String {
    match session {
        Some(session) => format!("welcome back, {}", session.user_id()),
        None => "welcome, whoever you are".into(),
    }
}
