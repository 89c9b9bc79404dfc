//! The demo: a web app of one page, whose sessions can be watched, raced and stolen.

mod api;
mod assets;
mod check;
mod client;
mod clock;
mod plays;

use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use axum::Router;
use clap::Args;
use doorward::{AntiCsrf, Memory, Sessions, Sqlite, Store};

use crate::http::listen;
use crate::terminal::say;
use clock::DemoClock;

/// How long the demo's access tokens live: short enough to watch, long enough that a succession window lasts the 30 s
/// of the default grace.
const ACCESS_LIFETIME: Duration = Duration::from_secs(300);

const UPKEEP_EVERY: Duration = Duration::from_secs(3600);

/// What the demo is started with.
#[derive(Args, Debug)]
pub(crate) struct DemoArgs {
    /// The port on localhost; 0 picks a free one.
    #[arg(long, default_value_t = 3000)]
    port: u16,
    /// The SQLite file that keeps the sessions.
    #[arg(long, value_name = "FILE", default_value = "doorward-demo.db", conflicts_with = "memory")]
    data: PathBuf,
    /// Keeps the sessions in memory only.
    #[arg(long)]
    memory: bool,
    /// Starts the same app, plays the whole story over HTTP, and ends with 0 if all of it held.
    #[arg(long, conflicts_with_all = ["memory", "port", "data"])]
    check: bool,
}

/// What the demo's handlers share.
#[derive(Clone, Debug)]
struct Demo {
    sessions: Sessions,
    clock: DemoClock,
}

/// Runs the demo until it is interrupted.
pub(crate) async fn run(args: DemoArgs) -> anyhow::Result<ExitCode> {
    if args.check {
        return check::run().await;
    }
    let listeners = listen("localhost", args.port).await?;
    let port = listeners.first().context("localhost has no address")?.local_addr()?.port();
    let origin = format!("http://localhost:{port}");
    let is_kept = !args.memory;
    let (store, kept): (Arc<dyn Store>, String) = if args.memory {
        (Arc::new(Memory::new()), "in memory".into())
    } else {
        let file = args.data.display().to_string();
        (Arc::new(Sqlite::open(&args.data).await.with_context(|| format!("can't open {file}"))?), format!("in {file}"))
    };
    let clock = DemoClock::default();
    let sessions = Sessions::builder(&origin)
        .shared_store(store)
        .access_lifetime(ACCESS_LIFETIME)
        .anti_csrf(AntiCsrf::ViaToken)
        .clock(clock.clone())
        .build()
        .await
        .context("can't set up sessions")?;
    let app = router(Demo { sessions: sessions.clone(), clock });
    say(&format!("Doorward's demo is at {origin} and keeps its sessions {kept}."));
    let killed = if is_kept { "Kill it and start it again: you stay in." } else { "Kill it, and all is forgotten." };
    say(&format!("Open it in two tabs: sign in, refresh in both at once, let a thief try. {killed}"));
    let upkeep = tokio::spawn(keep_up(sessions.clone()));
    let mut servers = tokio::task::JoinSet::new();
    for listener in listeners {
        servers.spawn(axum::serve(listener, app.clone()).with_graceful_shutdown(interrupted()).into_future());
    }
    while let Some(ended) = servers.join_next().await {
        ended??;
    }
    upkeep.abort();
    sessions.close().await?;
    Ok(ExitCode::SUCCESS)
}

fn router(demo: Demo) -> Router {
    let sessions = demo.sessions.clone();
    Router::new()
        .merge(api::routes())
        .merge(plays::routes(sessions.refresh_route()))
        .with_state(demo)
        .merge(sessions.routes())
        .layer(sessions.layer())
        .merge(assets::routes())
        .layer(axum::middleware::map_response(assets::protect))
}

async fn keep_up(sessions: Sessions) {
    loop {
        if let Err(error) = sessions.upkeep().await {
            tracing::warn!("upkeep failed, and will be tried again: {error}");
        }
        tokio::time::sleep(UPKEEP_EVERY).await;
    }
}

async fn interrupted() {
    // Without a signal handler the demo runs until it is killed, which loses nothing either.
    if tokio::signal::ctrl_c().await.is_err() {
        std::future::pending::<()>().await;
    }
}
