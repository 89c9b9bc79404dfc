//! `doorward serve`: from settings to a server that runs, and to its gentle end.

mod admin;
mod limits;
mod signals;

use std::future::Future;
use std::net::IpAddr;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::Context as _;
use bytes::Bytes;
use doorward_service::directory::Directory;
use http::{Request, Response, StatusCode};
use tokio::net::TcpListener;
use tokio::time::{sleep, timeout};

use self::admin::Admin;
use self::signals::Signals;
use crate::cdi::Cdi;
use crate::config::Loaded;
use crate::http::{Handler, Limits, Stop, Stopping, duration, listen, serve};
use crate::metrics::Metrics;
use crate::settings::Settings;
use crate::store::{self, Measured, Opened};
use crate::terminal::say;
use crate::{log, runtime, world};

/// A key is public for a minute before it signs: so soon, every process knows those that others made.
const KEYS_EVERY: Duration = Duration::from_secs(20);

/// Expired rows are looked for once in so many readings of the keys, which is an hour.
const UPKEEP_EVERY: u32 = 180;

/// After how many of them it is done first: soon, but not while the server starts.
const FIRST_UPKEEP: u32 = 3;

/// How long the store may take to close. What it has acknowledged is safe without it.
const CLOSE_LIMIT: Duration = Duration::from_secs(5);

/// The longest part of a path that is logged.
const PATH_CHARS: usize = 200;

/// Serves until a signal says to stop.
pub(crate) fn start(loaded: Loaded) -> anyhow::Result<ExitCode> {
    log::init(&loaded.settings.log)?;
    for warning in &loaded.warnings {
        tracing::warn!(name: "doorward.config.warning", target: "doorward", "{warning}");
    }
    limits::raise_open_files();
    runtime::new()?.block_on(run(Arc::new(loaded.settings)))
}

async fn run(settings: Arc<Settings>) -> anyhow::Result<ExitCode> {
    let mut signals = Signals::listen()?;
    let server = tokio::select! {
        server = Server::open(Arc::clone(&settings)) => server?,
        signal = signals.next() => {
            tracing::info!(name: "doorward.stopped", target: "doorward", signal, "stopped before it had started");
            return Ok(ExitCode::SUCCESS);
        }
    };
    server.announce(&settings)?;
    let (stop, stopping) = Stop::new();
    let serving = server.serve(&settings, stopping);
    tokio::pin!(serving);
    tokio::select! {
        signal = signals.next() => {
            tracing::info!(name: "doorward.stopping", target: "doorward", signal, "stopping: requests that run are finished");
            stop.stop();
        }
        () = &mut serving => return Ok(ExitCode::FAILURE),
    }
    tokio::select! {
        () = &mut serving => {}
        signal = signals.next() => {
            tracing::warn!(name: "doorward.stopped", target: "doorward", signal, "stopped at once");
            // Not even the runtime is waited for.
            std::process::exit(1);
        }
    }
    tracing::info!(name: "doorward.stopped", target: "doorward", "stopped");
    Ok(ExitCode::SUCCESS)
}

/// A server that is ready to serve.
struct Server {
    listeners: Vec<TcpListener>,
    admin_listeners: Vec<TcpListener>,
    store: Arc<Opened>,
    metrics: Arc<Metrics>,
    cdi: Arc<Cdi>,
}

impl Server {
    async fn open(settings: Arc<Settings>) -> anyhow::Result<Self> {
        // First, because a port that is taken is no reason to make a database.
        let listeners = listen(&settings.host, settings.port).await?;
        let admin_listeners = match &settings.admin {
            Some(admin) => listen(&admin.host, admin.port).await.context("metrics")?,
            None => Vec::new(),
        };
        let store = Arc::new(store::open(&settings).await?);
        let metrics = Arc::<Metrics>::default();
        let mut directory: Arc<dyn Directory> = Arc::clone(&store.directory);
        if settings.admin.is_some() {
            directory = Arc::new(Measured::new(directory, Arc::clone(&metrics)));
        }
        let cdi = Cdi::with_metrics(directory, world::machine(), settings, Arc::clone(&metrics)).await?;
        Ok(Self { listeners, admin_listeners, store, metrics, cdi: Arc::new(cdi) })
    }

    /// Says that it is ready: where it listens, where sessions are, who may call.
    fn announce(&self, settings: &Settings) -> anyhow::Result<()> {
        let url = |host: &str, listeners: &[TcpListener]| -> anyhow::Result<String> {
            let port = listeners.first().context("there is no address to listen on")?.local_addr()?.port();
            let host = if host.contains(':') { format!("[{host}]") } else { host.to_owned() };
            Ok(format!("http://{host}:{port}"))
        };
        let listens = url(&settings.host, &self.listeners)? + &settings.base_path;
        let place = &self.store.place;
        let keys = settings.base.api_keys.len();
        let asks = match keys {
            0 => "asks for no API key".to_owned(),
            1 => "asks for its API key".to_owned(),
            count => format!("asks for one of {count} API keys"),
        };
        let metrics = match &settings.admin {
            Some(admin) => Some(url(&admin.host, &self.admin_listeners)? + "/metrics"),
            None => None,
        };
        let upstream = settings.upstream.as_ref().map(|upstream| upstream.url.as_str());
        if settings.log.is_json {
            tracing::info!(
                name: "doorward.started", target: "doorward",
                listens, store = %place, api_keys = keys, upstream, metrics, version = env!("CARGO_PKG_VERSION"), "ready"
            );
            return Ok(());
        }
        let metrics = metrics.map(|url| format!(" Metrics are at {url}.")).unwrap_or_default();
        let upstream = upstream.map(|url| format!(" Other recipes are at {url}.")).unwrap_or_default();
        say(&format!("Doorward listens on {listens}, keeps sessions {place}, and {asks}.{upstream}{metrics}"));
        Ok(())
    }

    /// Serves until it is told to stop, finishes what runs, and closes the store.
    async fn serve(self, settings: &Settings, stopping: Stopping) {
        let grace = duration(settings.stop_timeout);
        let upkeep = tokio::spawn(keep_up(Arc::clone(&self.cdi)));
        let admin = Admin { metrics: self.metrics, store: Arc::clone(&self.store), world: world::machine() };
        let limits = Limits::from(settings);
        let admin = serve(self.admin_listeners, Arc::new(admin), limits.clone(), stopping.clone(), grace);
        let calls = serve(self.listeners, Arc::clone(&self.cdi), limits, stopping, grace);
        let (all_finished, _) = tokio::join!(calls, admin);
        if !all_finished {
            tracing::warn!(name: "doorward.stop.cut", target: "doorward", "requests that still ran are cut off");
        }
        upkeep.abort();
        let close = async {
            self.cdi.settled().await;
            self.store.directory.close().await
        };
        match timeout(CLOSE_LIMIT, close).await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => tracing::warn!(name: "doorward.stop.store", target: "doorward", "{error}"),
            Err(_) => {
                tracing::warn!(name: "doorward.stop.store", target: "doorward", "the store doesn't close in time");
            }
        }
    }
}

/// Does what should happen now and then. What fails is tried again the next time.
async fn keep_up(cdi: Arc<Cdi>) {
    let mut count = 0_u32;
    loop {
        sleep(KEYS_EVERY).await;
        count = count.wrapping_add(1);
        if let Err(error) = cdi.reread_keys().await {
            tracing::warn!(name: "doorward.keys.late", target: "doorward", "the keys can't be read again: {error}");
        }
        if count % UPKEEP_EVERY == FIRST_UPKEEP
            && let Err(error) = cdi.upkeep().await
        {
            tracing::warn!(name: "doorward.upkeep.late", target: "doorward", "upkeep failed: {error}");
        }
    }
}

impl Handler for Cdi {
    async fn answer(&self, request: Request<Bytes>, peer: IpAddr) -> Response<Bytes> {
        if tracing::enabled!(target: "doorward", tracing::Level::DEBUG) {
            return logged(request, peer, |request| Self::answer(self, request, peer)).await;
        }
        Self::answer(self, request, peer).await
    }

    fn refused(&self, status: StatusCode) {
        self.metrics().refused(status.as_u16());
    }
}

/// Logs a request and its answer. Not its query, nor its body: they may hold what nobody should read.
async fn logged<A: Future<Output = Response<Bytes>>>(
    request: Request<Bytes>,
    peer: IpAddr,
    answer: impl FnOnce(Request<Bytes>) -> A,
) -> Response<Bytes> {
    let method = request.method().clone();
    let path: String = request.uri().path().chars().take(PATH_CHARS).collect();
    let started = Instant::now();
    let response = answer(request).await;
    let (status, micros) = (response.status().as_u16(), started.elapsed().as_micros());
    tracing::debug!(name: "doorward.request", target: "doorward", %method, path, status, micros, %peer);
    response
}
