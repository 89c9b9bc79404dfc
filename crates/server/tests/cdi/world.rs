//! A server over a watched store, and requests to it as one line each.

use std::net::IpAddr;
use std::sync::Arc;

use bytes::Bytes;
use doorward_engine::id::{AppId, TenantId};
use doorward_engine::payload::JsonText;
use doorward_engine::time::Millis;
use doorward_server::cdi::Cdi;
use doorward_server::config::{self, Sources};
use doorward_server::settings::Settings;
use doorward_service::directory::{Directory as _, LoginMethods, StoredTenant};
use doorward_service::env::Clock as _;
use doorward_testkit::fakes::SetClock;
use doorward_testkit::machine;
use http::{HeaderMap, Request, Response};

use super::watched::Watched;

const START: Millis = Millis::saturating(1_767_222_000_000);

pub(crate) struct World {
    pub(crate) cdi: Cdi,
    pub(crate) clock: SetClock,
    pub(crate) store: Arc<Watched>,
}

/// The settings of a configuration file with this text.
pub(crate) fn settings(yaml: &str) -> Settings {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("config.yaml");
    std::fs::write(&file, yaml).unwrap();
    let sources = Sources { file: Some(file), ..Sources::default() };
    config::load(&sources).unwrap_or_else(|error| panic!("{yaml}{error}")).settings
}

impl World {
    pub(crate) async fn new(yaml: &str) -> Self {
        Self::on(Arc::new(Watched::default()), yaml).await
    }

    /// A server on a store that is there, as it would start now.
    pub(crate) async fn on(store: Arc<Watched>, yaml: &str) -> Self {
        let clock = SetClock::at(START);
        let directory: Arc<Watched> = Arc::clone(&store);
        let cdi = Cdi::new(directory, machine::world(clock.clone()), Arc::new(settings(yaml))).await.unwrap();
        Self { cdi, clock, store }
    }

    pub(crate) fn wait(&self, millis: u64) {
        self.clock.set(Millis::saturating(self.clock.now().as_u64() + millis));
    }

    /// Sends `METHOD /path` with headers as `name: value` lines, and a body.
    pub(crate) async fn send(&self, line: &str, headers: &[&str], body: &str) -> Answered {
        let (method, path) = line.split_once(' ').unwrap();
        let mut request = Request::builder().method(method).uri(path);
        for header in headers {
            let (name, value) = header.split_once(": ").unwrap();
            request = request.header(name, value);
        }
        let request = request.body(Bytes::copy_from_slice(body.as_bytes())).unwrap();
        Answered::of(self.cdi.answer(request, [127, 0, 0, 1].into()).await)
    }

    /// Sends a request of the newest version.
    pub(crate) async fn get(&self, path: &str) -> Answered {
        self.send(&format!("GET {path}"), &["cdi-version: 5.4"], "").await
    }

    pub(crate) async fn from(&self, peer: &str, path: &str) -> Answered {
        let peer: IpAddr = peer.parse().unwrap();
        Answered::of(self.cdi.answer(Request::get(path).body(Bytes::new()).unwrap(), peer).await)
    }

    /// Stores a tenant as another process would.
    pub(crate) async fn store_tenant(&self, app: &str, tenant: &str, core_config: &str) {
        let tenant = StoredTenant {
            app: AppId::parse(app).unwrap(),
            tenant: TenantId::parse(tenant).unwrap(),
            core_config: JsonText::from_stored(core_config),
            first_factors: None,
            required_secondary_factors: None,
            login_methods: LoginMethods::default(),
        };
        self.store.put_tenant(tenant, START).await.unwrap();
    }
}

/// An answer.
#[derive(Debug)]
pub(crate) struct Answered {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    /// Without the newline at its end.
    pub(crate) body: String,
}

impl Answered {
    fn of(response: Response<Bytes>) -> Self {
        let body = String::from_utf8(response.body().to_vec()).unwrap();
        assert_eq!(body.matches('\n').count(), usize::from(!body.is_empty()), "{body:?}");
        let body = body.trim_end_matches('\n').to_owned();
        Self { status: response.status().as_u16(), headers: response.headers().clone(), body }
    }

    /// Status and body, as a line.
    pub(crate) fn line(&self) -> String {
        format!("{} {}", self.status, self.body)
    }
}

/// What an unknown app or tenant is answered with.
pub(crate) fn unknown(app: &str, tenant: &str) -> String {
    format!(
        "400 AppId or tenantId not found => Tenant with the following connectionURIDomain, appId and tenantId combination \
         not found: (, {app}, {tenant})"
    )
}
