//! `/recipe/multitenancy/tenant`, both generations, its removal and its list.

use doorward_engine::id::{AppId, TenantId};
use doorward_engine::payload::JsonText;
use doorward_service::directory::{LoginMethods, StoredTenant};
use doorward_wire::cdi::answer::{Answer, Refusal};
use doorward_wire::cdi::input::Object;
use doorward_wire::cdi::route::Generation;
use doorward_wire::cdi::tenant::{self, Request, Tenant};
use doorward_wire::cdi::{core_config, tenant_list, tenant_name};

use crate::cdi::app;
use crate::cdi::call::Call;
use crate::cdi::fault::Fault;
use crate::config::protected;

/// Shows the tenant of the path.
pub(super) fn get(call: &Call<'_>, generation: Generation) -> Result<Answer, Fault> {
    let found = call.found.as_ref().and_then(|app| app.tenant(call.route.tenant));
    Ok(tenant::render_get(found.map(|tenant| shown(call, tenant)).as_ref(), generation, call.dialect))
}

/// Makes or changes a tenant of the app of the path.
pub(super) async fn put(call: &Call<'_>, generation: Generation) -> Result<Answer, Fault> {
    let object = call.object()?;
    let request = tenant::parse(&object, "tenantId", generation, call.dialect)?;
    let name = request.name.as_deref().map(tenant_name::tenant).transpose()?;
    let (app, source) = (call.app()?.id().clone(), call.tenant()?.clone());
    let target = name.unwrap_or_else(|| source.clone());
    if !source.is_default() && source != target {
        return Err(Refusal::fixed(403, "You must use the public or same tenant to add/update a tenant").into());
    }
    Ok(tenant::render_put(store(call, app, target, &request, generation).await?))
}

/// Deletes a tenant of the app of the path, with its sessions.
pub(super) async fn remove(call: &Call<'_>) -> Result<Answer, Fault> {
    let object = call.object()?;
    let target = tenant_name::tenant(&object.string("tenantId")?)?;
    if call.route.tenant != TenantId::DEFAULT {
        return Err(Refusal::fixed(403, "Only the public tenantId is allowed to delete a tenant").into());
    }
    if target.is_default() {
        return Err(Refusal::fixed(403, "Cannot delete public tenant, use remove app API instead").into());
    }
    let app = call.app()?.id().clone();
    Ok(tenant::render_removed(call.cdi.apps.change().await?.remove_tenant(app, target).await?))
}

/// Lists the tenants of the app of the path.
pub(super) fn list(call: &Call<'_>, generation: Generation) -> Result<Answer, Fault> {
    if call.route.tenant != TenantId::DEFAULT {
        let text = "Only the public tenantId is allowed to list all tenants associated with this app";
        return Err(Refusal::fixed(403, text).into());
    }
    let tenants = call.app()?.tenants().map(|tenant| shown(call, tenant));
    Ok(tenant_list::render(tenants, generation, call.dialect))
}

/// Stores a tenant with what a request changes in it, and returns whether it is new.
pub(super) async fn store(
    call: &Call<'_>,
    app: AppId,
    target: TenantId,
    request: &Request<'_>,
    generation: Generation,
) -> Result<bool, Fault> {
    let changing = call.cdi.apps.change().await?;
    let known = changing.snapshot().app(app.as_str()).and_then(|app| app.tenant(target.as_str()));
    let mut tenant = known.map_or_else(|| fresh(app, target, generation), |known| known.stored.clone());
    if let Some(changes) = request.core_config {
        let is_base = tenant.app.is_default() && tenant.tenant.is_default();
        if is_base && Object::parse(changes.get().as_bytes())?.fields().next().is_some() {
            return Err(Refusal::bad("Cannot modify base config").into());
        }
        let text = core_config::changed(tenant.core_config.as_str(), changes.get())?;
        if !call.is_operators() && !protected::are_same(tenant.core_config.as_str(), &text) {
            return Err(Refusal::fixed(403, "Not allowed to modify protected configs.").into());
        }
        tenant.core_config = JsonText::from_stored(&text);
    }
    if let Some(factors) = &request.first_factors {
        tenant.first_factors.clone_from(factors);
    }
    if let Some(factors) = &request.required_secondary_factors {
        tenant.required_secondary_factors.clone_from(factors);
    }
    let methods = &mut tenant.login_methods;
    for (method, wanted) in [
        (&mut methods.email_password, request.email_password),
        (&mut methods.third_party, request.third_party),
        (&mut methods.passwordless, request.passwordless),
    ] {
        *method = wanted.or(*method);
    }
    changing.put(tenant).await
}

/// A tenant without settings of its own. The one that an app begins with has all login methods; others begin with none.
fn fresh(app: AppId, tenant: TenantId, generation: Generation) -> StoredTenant {
    let is_first = tenant.is_default();
    let on = Some(is_first);
    StoredTenant {
        app,
        first_factors: (!is_first && generation == Generation::Second).then(Vec::new),
        tenant,
        core_config: JsonText::default(),
        required_secondary_factors: None,
        login_methods: LoginMethods { email_password: on, third_party: on, passwordless: on },
    }
}

/// A tenant as answers to a caller show it.
pub(super) fn shown<'a>(call: &Call<'_>, tenant: &'a app::Tenant) -> Tenant<'a> {
    let stored = &tenant.stored;
    let is_on = |method: Option<bool>| method.unwrap_or(stored.tenant.is_default());
    Tenant {
        id: stored.tenant.as_str(),
        core_config: tenant.core_config(call.is_operators()),
        first_factors: stored.first_factors.as_deref(),
        required_secondary_factors: stored.required_secondary_factors.as_deref(),
        email_password: is_on(stored.login_methods.email_password),
        third_party: is_on(stored.login_methods.third_party),
        passwordless: is_on(stored.login_methods.passwordless),
    }
}
