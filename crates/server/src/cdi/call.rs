//! One request on its way through an endpoint.

use std::sync::Arc;

use doorward_engine::id::{TenantId, UserId};
use doorward_engine::time::Millis;
use doorward_service::Service;
use doorward_wire::cdi::answer::Refusal;
use doorward_wire::cdi::dialect::Dialect;
use doorward_wire::cdi::input::{Object, Query};
use doorward_wire::cdi::route::Route;
use http::{HeaderMap, Method};

use crate::cdi::Cdi;
use crate::cdi::app::App;
use crate::cdi::fault::Fault;
use crate::cdi::guard;
use crate::settings::AppSettings;

/// A request that was let in. Endpoints read their input first and ask for the app then: what is wrong with a request is
/// said before what isn't there.
#[derive(Debug)]
pub(crate) struct Call<'a> {
    pub(crate) cdi: &'a Cdi,
    /// Where it goes.
    pub(crate) route: Route<'a>,
    /// What its version means.
    pub(crate) dialect: &'static Dialect,
    pub(crate) method: &'a Method,
    /// The values behind `?`.
    pub(crate) query: Query<'a>,
    pub(crate) body: &'a [u8],
    /// What else came with it.
    pub(crate) headers: &'a HeaderMap,
    /// The app of the path, if there is one of that name.
    pub(crate) found: Option<Arc<App>>,
}

impl<'a> Call<'a> {
    /// The body, which must be a JSON object.
    pub(crate) fn object(&self) -> Result<Object<'a>, Refusal> {
        Object::parse(self.body)
    }

    /// The moment it is.
    pub(crate) fn now(&self) -> Millis {
        self.cdi.world.clock.now()
    }

    /// Refuses another tenant than `public` in the path, from the version on that does so for what belongs to an app.
    pub(crate) fn app_only(&self) -> Result<(), Refusal> {
        self.refuse_tenant_if(self.dialect.app_gate)
    }

    /// Refuses another tenant than `public` in the path.
    pub(crate) fn refuse_tenant_if(&self, applies: bool) -> Result<(), Refusal> {
        if applies && self.route.tenant != TenantId::DEFAULT { Err(Refusal::APP_SPECIFIC) } else { Ok(()) }
    }

    /// Whether it comes from who runs the server, as far as others are told apart from that.
    pub(crate) fn is_operators(&self) -> bool {
        self.cdi.settings.saas_secret.as_ref().is_none_or(|secret| guard::shows(secret, self.headers))
    }

    /// The app of the path.
    pub(crate) fn app(&self) -> Result<&Arc<App>, Refusal> {
        self.found.as_ref().ok_or_else(|| self.unknown(self.route.tenant))
    }

    /// The settings of the app of the path.
    pub(crate) fn settings(&self) -> Result<&AppSettings, Fault> {
        self.app()?.settings()
    }

    /// The tenant of the path, in its app.
    pub(crate) fn tenant(&self) -> Result<&TenantId, Refusal> {
        let tenant = self.app()?.tenant(self.route.tenant);
        tenant.map(|tenant| &tenant.id).ok_or_else(|| self.unknown(self.route.tenant))
    }

    /// Refuses a request about a tenant, of a handle or token, that isn't there, or is closed because its settings can't
    /// hold: its sessions may be in a database of its own, and nothing may be said of them here.
    pub(crate) async fn check_tenant(&self, tenant: &str) -> Result<(), Fault> {
        let app = self.app()?;
        if app.tenant(tenant).is_some() {
            return app.tenant_settings(tenant).map(drop);
        }
        let snapshot = self.cdi.apps.find(self.route.app, tenant, |_| true).await?;
        match snapshot.app(self.route.app).filter(|app| app.tenant(tenant).is_some()) {
            Some(app) => app.tenant_settings(tenant).map(drop),
            None => Err(self.unknown(tenant).into()),
        }
    }

    /// The service of the app's sessions.
    pub(crate) async fn service(&self) -> Result<&Service, Fault> {
        Ok(self.cdi.apps.service(self.app()?).await?)
    }

    /// Notes that a user was there. Best effort: it is no part of the answer.
    pub(crate) async fn mark_active(&self, user: &UserId) {
        if let Some(app) = &self.found {
            self.cdi.activity.mark(app.id(), user, self.now()).await;
        }
    }

    fn unknown(&self, tenant: &str) -> Refusal {
        Refusal::unknown_tenant(self.route.app, tenant)
    }
}
