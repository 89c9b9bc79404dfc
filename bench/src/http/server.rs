//! The application that is measured: what `#[tokio::main]` and the quick start make, and a route without a guard.

use std::io::{Read as _, stdin};
use std::net::Ipv4Addr;
use std::process::exit;
use std::thread;

use anyhow::Result;
use axum::Router;
use axum::routing::{get, post};
use doorward::{
    Algorithm, AntiCsrf, Exchange, Memory, NewSession, Session, SessionError, Sessions, SessionsBuilder, Sqlite, UserId,
};
use tokio::net::TcpListener;
use tokio::runtime::Builder;

use crate::cli::Serve;
use crate::compare::process_cpu;

const USER: &str = "fa7a0841-b533-4478-9553-0fde890c3483";

/// Serves until its input ends, which is when the process that started it does.
pub(crate) fn run(args: &Serve) -> Result<()> {
    thread::spawn(|| {
        let _ = stdin().read_to_end(&mut Vec::new());
        exit(0);
    });
    Builder::new_multi_thread().enable_all().build()?.block_on(serve(args))
}

async fn serve(args: &Serve) -> Result<()> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
    let port = listener.local_addr()?.port();
    let builder = Sessions::builder("https://api.example.com")
        .algorithm(if args.eddsa { Algorithm::EdDsa } else { Algorithm::Rs256 })
        .anti_csrf(AntiCsrf::ViaToken)
        .verified_token_cache(args.cache);
    let sessions = store(builder, args).await?.build().await?;
    let guarded = Router::new()
        .route("/login", post(login))
        .route("/guarded", get(guarded))
        .merge(sessions.routes())
        .layer(sessions.layer());
    let open = Router::new().route("/open", get(open)).route("/cpu", get(cpu));
    println!("{port}");
    axum::serve(listener, guarded.merge(open)).await?;
    Ok(())
}

async fn store(builder: SessionsBuilder, args: &Serve) -> Result<SessionsBuilder> {
    Ok(match &args.data {
        Some(file) => builder.store(Sqlite::open(file).await?),
        None => builder.store(Memory::new()),
    })
}

async fn login(exchange: Exchange) -> Result<String, SessionError> {
    let payload = serde_json::json!({ "role": "editor" });
    let session = exchange.create_session(NewSession::for_user(UserId::parse(USER)?).payload(payload)).await?;
    Ok(session.user_id().to_string())
}

async fn guarded(session: Session) -> String {
    session.user_id().to_string()
}

async fn open() -> String {
    USER.to_owned()
}

/// The processor time of this process so far, in nanoseconds.
async fn cpu() -> String {
    process_cpu().as_nanos().to_string()
}
