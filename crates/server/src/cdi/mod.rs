//! The backend interface (CDI): from an HTTP request to its answer (`spec/modern-core.md` 1 to 5).

mod activity;
mod app;
mod apps;
mod call;
mod endpoint;
mod fault;
mod guard;
mod hello_limit;
mod request_counts;
mod upstream;

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Instant;

use bytes::Bytes;
use doorward_engine::id::AppId;
use doorward_service::ServiceError;
use doorward_service::directory::Directory;
use doorward_service::env::World;
use doorward_wire::cdi::answer::{Answer, Content, Refusal};
use doorward_wire::cdi::elsewhere;
use doorward_wire::cdi::input::Query;
use doorward_wire::cdi::route::{self, Endpoint, Route};
use http::header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, LOCATION, X_CONTENT_TYPE_OPTIONS};
use http::{HeaderValue, Method, Request, Response, StatusCode};

use crate::cdi::activity::Activity;
use crate::cdi::app::App;
use crate::cdi::apps::Apps;
use crate::cdi::call::Call;
use crate::cdi::fault::Fault;
use crate::cdi::upstream::Upstream;
pub use crate::cdi::upstream::UpstreamError;
use crate::metrics::Metrics;
use crate::settings::Settings;

/// Serves the interface over a store. What listens, and what bounds a request's size and time, stands before it.
#[derive(Debug)]
pub struct Cdi {
    directory: DirectoryHandle,
    world: World,
    settings: Arc<Settings>,
    apps: Apps,
    activity: Activity,
    metrics: Arc<Metrics>,
    /// For the recipes that aren't here.
    upstream: Option<Box<Upstream>>,
}

/// Why there is nothing to serve with.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The store, or the keys in it.
    #[error(transparent)]
    Service(#[from] ServiceError),
    /// The core for other recipes.
    #[error(transparent)]
    Upstream(#[from] UpstreamError),
}

/// A directory behind `Debug`.
struct DirectoryHandle(Arc<dyn Directory>);

impl std::fmt::Debug for DirectoryHandle {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Directory(..)")
    }
}

impl Cdi {
    /// Reads the apps and tenants, and opens the default app: its keys are made if it has none.
    pub async fn new(directory: Arc<dyn Directory>, world: World, settings: Arc<Settings>) -> Result<Self, OpenError> {
        Self::with_metrics(directory, world, settings, Arc::default()).await
    }

    /// The same, and counts what it does in these.
    pub async fn with_metrics(
        directory: Arc<dyn Directory>,
        world: World,
        settings: Arc<Settings>,
        metrics: Arc<Metrics>,
    ) -> Result<Self, OpenError> {
        let upstream = settings.upstream.as_ref().map(Upstream::new).transpose()?.map(Box::new);
        let apps = Apps::open(Arc::clone(&directory), world.clone(), Arc::clone(&settings)).await?;
        let public = apps.snapshot().app(AppId::DEFAULT).cloned();
        if let Some(public) = public {
            apps.service(&public).await?;
        }
        let activity = Activity::new(Arc::clone(&directory));
        Ok(Self { directory: DirectoryHandle(directory), world, settings, apps, activity, metrics, upstream })
    }

    /// What it counts.
    pub fn metrics(&self) -> &Metrics {
        &self.metrics
    }

    /// Answers one request of a peer. It never fails: a fault is an answer too.
    pub async fn answer(&self, request: Request<Bytes>, peer: IpAddr) -> Response<Bytes> {
        let started = Instant::now();
        let is_head = request.method() == Method::HEAD;
        let mut endpoint = Endpoint::Unknown;
        let mut response = match self.routed(&request, peer, &mut endpoint).await {
            Ok(response) => response,
            Err(fault) => respond(fault.into_answer()),
        };
        self.metrics.request(endpoint.path(), response.status().as_u16(), started.elapsed());
        if is_head {
            *response.body_mut() = Bytes::new();
        }
        response
    }

    /// Reads the keys of each app that is open again, so that what other processes made is known here in time.
    pub async fn reread_keys(&self) -> Result<(), ServiceError> {
        let mut outcome = Ok(());
        for app in self.apps.snapshot().apps() {
            if let Some(service) = app.opened() {
                outcome = outcome.and(service.reread_keys().await);
            }
        }
        outcome
    }

    /// Does one round of what should happen now and then, for each app that is open. One that fails doesn't keep the
    /// others from it; the first failure is returned.
    pub async fn upkeep(&self) -> Result<(), ServiceError> {
        let mut outcome = Ok(());
        for app in self.apps.snapshot().apps() {
            if let Some(service) = app.opened() {
                outcome = outcome.and(service.upkeep().await.map(|_| ()));
            }
        }
        outcome
    }

    /// Waits for what goes on behind answers that were given.
    pub(crate) async fn settled(&self) {
        self.activity.settled().await;
    }

    async fn routed(
        &self,
        request: &Request<Bytes>,
        peer: IpAddr,
        endpoint: &mut Endpoint,
    ) -> Result<Response<Bytes>, Fault> {
        let base_path = &*self.settings.base_path;
        let path = route::decode(request.uri().path())?;
        let below = match path.strip_prefix(base_path) {
            Some("") if !base_path.is_empty() => return Ok(redirect(base_path)),
            Some(below) if below.starts_with('/') => route::fold(below),
            _ => return Err(Refusal::NOT_FOUND.into()),
        };
        let route = if self.upstream.is_some() { elsewhere::find(&below) } else { Route::find(&below) };
        *endpoint = route.endpoint;
        let is_let_in = |app: &App| guard::would_let_in(&route, app, request.headers(), peer);
        let snapshot = self.apps.find(route.app, route.tenant, is_let_in).await?;
        let app = snapshot.app(route.app);
        let response = match guard::admit(&route, app.map(|app| &**app), request.headers(), peer) {
            // Whoever may not come isn't counted either.
            Err(Fault::Refused(refusal)) if refusal == Refusal::ADDRESS => return Err(refusal.into()),
            Err(fault) => respond(fault.into_answer()),
            Ok(dialect) => {
                let call = Call {
                    cdi: self,
                    route,
                    dialect,
                    method: request.method(),
                    query: Query::new(request.uri().query().unwrap_or_default()),
                    body: request.body(),
                    headers: request.headers(),
                    found: app.cloned(),
                };
                match &self.upstream {
                    // In a box, so that the futures of all other requests stay small.
                    Some(upstream) if is_elsewhere(&call) => Box::pin(hand_on(upstream, &call, request, &below))
                        .await
                        .unwrap_or_else(|fault| respond(fault.into_answer())),
                    _ => match endpoint::dispatch(&call).await {
                        Err(fault) if fault.is_no_tenant() => {
                            Box::pin(self.apps.is_gone(route.app, route.tenant)).await;
                            respond(Refusal::unknown_tenant(route.app, route.tenant).into())
                        }
                        outcome => respond(outcome.unwrap_or_else(Fault::into_answer)),
                    },
                }
            }
        };
        if let Some(app) = app {
            app.counts().add(self.world.clock.now());
        }
        Ok(response)
    }
}

/// Whether a core for other recipes has the last word.
fn is_elsewhere(call: &Call<'_>) -> bool {
    call.route.endpoint == Endpoint::Elsewhere
        || (call.route.endpoint == Endpoint::UserRemove && call.method == Method::POST)
}

/// Lets the core for other recipes answer. A user that it deletes is signed out here first: nobody may stay signed in who
/// isn't there any more.
async fn hand_on(
    upstream: &Upstream,
    call: &Call<'_>,
    request: &Request<Bytes>,
    path: &str,
) -> Result<Response<Bytes>, Fault> {
    // Without an app there was no key to ask for.
    call.app()?;
    if call.route.endpoint == Endpoint::UserRemove {
        endpoint::sign_out(call, upstream, request).await?;
    }
    Ok(upstream.answer(request, path, call.dialect.version).await?)
}

fn respond(answer: Answer) -> Response<Bytes> {
    let mut response = Response::new(Bytes::from(answer.body));
    *response.status_mut() = StatusCode::from_u16(answer.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(answer.content.header()));
    if answer.content == Content::Text && answer.status >= 400 {
        // It may repeat what the caller sent, and its type says HTML (`spec/modern-core.md` 1.8): no browser may run it.
        headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
        headers.insert(CONTENT_SECURITY_POLICY, HeaderValue::from_static("default-src 'none'; sandbox"));
    }
    if let Some(value) = answer.cache_control.and_then(|value| HeaderValue::try_from(value).ok()) {
        headers.insert(CACHE_CONTROL, value);
    }
    response
}

/// The base path without its `/` is not the root yet.
fn redirect(base_path: &str) -> Response<Bytes> {
    let mut response = Response::new(Bytes::new());
    *response.status_mut() = StatusCode::FOUND;
    if let Ok(location) = HeaderValue::try_from(format!("{base_path}/")) {
        response.headers_mut().insert(LOCATION, location);
    }
    response
}
