//! One app as this process has it: its settings, its tenants, and the service of its sessions.

use std::collections::BTreeMap;
use std::sync::Arc;

use doorward_engine::id::{AppId, TenantId};
use doorward_engine::policy::Policy;
use doorward_engine::token::version::AccessVersion;
use doorward_service::directory::StoredTenant;
use doorward_service::env::World;
use doorward_service::signer::Signer;
use doorward_service::store::Store;
use doorward_service::{Recall, Service, ServiceError, ServiceOptions, Tenants};
use tokio::sync::OnceCell;

use crate::cdi::fault::Fault;
use crate::cdi::hello_limit::HelloLimit;
use crate::cdi::request_counts::RequestCounts;
use crate::config::protected;
use crate::settings::{AppSettings, BadCoreConfig, Settings, TenantSettings};

/// An app, as one reading of the directory found it.
#[derive(Debug)]
pub(crate) struct App {
    id: AppId,
    settings: Result<AppSettings, BadCoreConfig>,
    tenants: BTreeMap<Box<str>, Tenant>,
    live: Arc<Live>,
}

/// What lives on when the directory is read again.
#[derive(Debug)]
struct Live {
    /// The rules that the service was, or will be, opened with.
    policy: Policy,
    service: OnceCell<Service>,
    counts: Arc<RequestCounts>,
    hello: Arc<HelloLimit>,
}

/// A tenant.
#[derive(Debug)]
pub(crate) struct Tenant {
    /// Its name.
    pub(crate) id: TenantId,
    /// As stored.
    pub(crate) stored: StoredTenant,
    settings: Result<TenantSettings, BadCoreConfig>,
    /// Its settings without those that aren't for everybody, if it has any of these.
    open_config: Option<String>,
}

impl Tenant {
    /// Its settings, a JSON object: all, or those that are for everybody.
    pub(crate) fn core_config(&self, is_all: bool) -> &str {
        let all = self.stored.core_config.as_str();
        if is_all { all } else { self.open_config.as_deref().unwrap_or(all) }
    }
}

impl App {
    /// Lays stored settings over the server's own. `before` is the app as it was.
    pub(crate) fn new(id: AppId, stored: Vec<StoredTenant>, settings: &Settings, before: Option<&Self>) -> Self {
        let own_config = stored.iter().find(|tenant| tenant.tenant.is_default());
        let app_settings = match own_config {
            Some(tenant) => settings.app(&id, &Settings::known(tenant.core_config.as_str())),
            None => settings.app(&id, "{}"),
        };
        let operators_key = settings.saas_secret.as_ref();
        let tenants = stored.into_iter().map(|stored| {
            let settings = match &app_settings {
                Ok(app) if stored.tenant.is_default() => Ok(app.tenant.clone()),
                Ok(app) => settings.tenant(app, &stored.tenant, &Settings::known(stored.core_config.as_str())),
                Err(error) => Err(error.clone()),
            };
            let open_config = operators_key.and_then(|_| protected::without(stored.core_config.as_str()));
            (stored.tenant.as_str().into(), Tenant { id: stored.tenant.clone(), stored, settings, open_config })
        });
        let tenants = tenants.collect();
        let policy = app_settings.as_ref().map_or_else(|_| settings.base.policy, |app| app.policy);
        let live = match before {
            Some(before) if before.live.policy == policy => Arc::clone(&before.live),
            _ => Arc::new(Live {
                policy,
                service: OnceCell::new(),
                counts: before.map(|before| Arc::clone(&before.live.counts)).unwrap_or_default(),
                hello: before.map(|before| Arc::clone(&before.live.hello)).unwrap_or_default(),
            }),
        };
        Self { id, settings: app_settings, tenants, live }
    }

    /// Its name.
    pub(crate) fn id(&self) -> &AppId {
        &self.id
    }

    /// Its settings.
    pub(crate) fn settings(&self) -> Result<&AppSettings, Fault> {
        self.settings
            .as_ref()
            .map_err(|error| Fault::Settings { what: format!("app {}", self.id), error: error.clone() })
    }

    /// The tenant of this name.
    pub(crate) fn tenant(&self, name: &str) -> Option<&Tenant> {
        self.tenants.get(name)
    }

    /// All its tenants, by name.
    pub(crate) fn tenants(&self) -> impl Iterator<Item = &Tenant> {
        self.tenants.values()
    }

    /// The settings of a tenant; of `public` if there is no such tenant.
    pub(crate) fn tenant_settings(&self, name: &str) -> Result<&TenantSettings, Fault> {
        match self.tenant(name) {
            Some(tenant) => tenant.settings.as_ref().map_err(|error| {
                let what = format!("tenant {} of app {}", tenant.id, self.id);
                Fault::Settings { what, error: error.clone() }
            }),
            None => Ok(&self.settings()?.tenant),
        }
    }

    /// How many requests there were.
    pub(crate) fn counts(&self) -> &RequestCounts {
        &self.live.counts
    }

    /// How often the database may be asked for `/hello`.
    pub(crate) fn hello_limit(&self) -> &HelloLimit {
        &self.live.hello
    }

    /// The service of its sessions, if it was opened.
    pub(crate) fn opened(&self) -> Option<&Service> {
        self.live.service.get()
    }

    /// Warns of what may surprise in settings of its own; of the server's it was warned at the start.
    fn warn(&self, settings: &Settings) {
        let warnings = self.live.policy.check().unwrap_or_default();
        for warning in warnings.iter().filter(|_| self.live.policy != settings.base.policy) {
            tracing::warn!(name: "doorward.config.warning", target: "doorward", app = %self.id, "{warning}");
        }
    }

    /// The service of its sessions. The first request opens it, and makes the keys that are missing; the others wait.
    pub(crate) async fn service(
        &self,
        store: &Arc<dyn Store>,
        world: &World,
        signer: &Arc<Signer>,
        settings: &Settings,
    ) -> Result<&Service, ServiceError> {
        if let Some(service) = self.opened() {
            return Ok(service);
        }
        let open = || {
            self.warn(settings);
            let options = ServiceOptions {
                app: self.id.clone(),
                // Every format that a caller of this interface may still hold is believed.
                policy: Policy { oldest_access_version: AccessVersion::V1, ..self.live.policy },
                succession_secret: settings.succession_secret.clone(),
                verified_tokens: 0,
                // Callers of this interface know that a token stands until it ends, unless they ask for more.
                recall: Recall::Nothing,
                tenants: Tenants::Given,
                signer: Some(Arc::clone(signer)),
            };
            Service::open(Arc::clone(store), world.clone(), options)
        };
        // In a box, so that the futures of all later requests stay small.
        Box::pin(self.live.service.get_or_try_init(open)).await
    }
}
