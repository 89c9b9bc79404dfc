//! The page that monitoring reads: `/metrics`, on a listener of its own.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use doorward_service::env::World;
use doorward_service::store::StoreError;
use http::header::CONTENT_TYPE;
use http::{HeaderValue, Method, Request, Response, StatusCode};
use tokio::time::timeout;

use crate::http::Handler;
use crate::metrics::Metrics;
use crate::store::Opened;

/// A store that doesn't answer must not hold the page up: that it is down is what the page then says.
const STORE_LIMIT: Duration = Duration::from_secs(2);

const MEDIA_TYPE: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// Serves the metrics of a process.
pub(super) struct Admin {
    pub(super) metrics: Arc<Metrics>,
    pub(super) store: Arc<Opened>,
    pub(super) world: World,
}

impl Admin {
    async fn page(&self) -> Response<Bytes> {
        let asked = timeout(STORE_LIMIT, self.ask_store()).await;
        self.metrics.set_store_up(matches!(asked, Ok(Ok(()))));
        let Ok(page) = self.metrics.page() else {
            return text(StatusCode::INTERNAL_SERVER_ERROR, "the metrics can't be written\n");
        };
        let mut response = Response::new(Bytes::from(page));
        response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(MEDIA_TYPE));
        response
    }

    async fn ask_store(&self) -> Result<(), StoreError> {
        for (what, value) in self.store.facts() {
            self.metrics.set_store(what, value);
        }
        let (directory, now) = (&self.store.directory, self.world.clock.now());
        self.metrics.set_sessions(directory.count_sessions(now).await?);
        for tenant in directory.tenants().await?.into_iter().filter(|tenant| tenant.tenant.is_default()) {
            let keys = directory.keys(tenant.app.clone()).await?;
            if let Some(newest) = keys.signing.iter().map(|key| key.created_at).max() {
                self.metrics.set_key_age(tenant.app.as_str(), now.since(newest));
            }
        }
        Ok(())
    }
}

impl Handler for Admin {
    async fn answer(&self, request: Request<Bytes>, _peer: IpAddr) -> Response<Bytes> {
        match (request.method(), request.uri().path()) {
            (&Method::GET | &Method::HEAD, "/metrics") => self.page().await,
            (_, "/metrics") => text(StatusCode::METHOD_NOT_ALLOWED, "only GET is answered here\n"),
            _ => text(StatusCode::NOT_FOUND, "only /metrics is here\n"),
        }
    }
}

fn text(status: StatusCode, words: &'static str) -> Response<Bytes> {
    let mut response = Response::new(Bytes::from_static(words.as_bytes()));
    *response.status_mut() = status;
    response
}
