//! `/recipe/multitenancy/app`, both generations, its removal and its list.

use doorward_engine::id::{AppId, TenantId};
use doorward_wire::cdi::answer::{Answer, Refusal};
use doorward_wire::cdi::route::Generation;
use doorward_wire::cdi::{tenant, tenant_list, tenant_name};

use crate::cdi::call::Call;
use crate::cdi::endpoint::tenant::{shown, store};
use crate::cdi::fault::Fault;

/// Makes an app, with its keys, or changes one.
pub(super) async fn put(call: &Call<'_>, generation: Generation) -> Result<Answer, Fault> {
    let object = call.object()?;
    let request = tenant::parse(&object, "appId", generation, call.dialect)?;
    let name = request.name.as_deref().map(tenant_name::app).transpose()?;
    let source = call.app()?.id();
    if !call.tenant()?.is_default() {
        return Err(Refusal::fixed(403, "You must use the public tenantId to add/update an app").into());
    }
    let target = name.unwrap_or_else(|| source.clone());
    if !source.is_default() && *source != target {
        return Err(Refusal::fixed(403, "You must use the public or same app to add/update an app").into());
    }
    let is_new = store(call, target.clone(), TenantId::default(), &request, generation).await?;
    if let Some(app) = call.cdi.apps.snapshot().app(target.as_str()) {
        call.cdi.apps.service(app).await?;
    }
    Ok(tenant::render_put(is_new))
}

/// Deletes an app that has no tenant but `public`, with its sessions and keys.
pub(super) async fn remove(call: &Call<'_>) -> Result<Answer, Fault> {
    let object = call.object()?;
    let target = tenant_name::app(&object.string("appId")?)?;
    base_only(call, "Only the public appId is allowed to delete an app")?;
    if target.is_default() {
        return Err(Refusal::fixed(403, "Cannot delete public app").into());
    }
    let changing = call.cdi.apps.change().await?;
    let tenants = changing.snapshot().app(target.as_str()).map_or(0, |app| app.tenants().count());
    if tenants > 1 {
        let text = "Please delete all tenants except the public tenant for this app before calling the delete API";
        return Err(Refusal::fixed(403, text).into());
    }
    Ok(tenant::render_removed(changing.remove_app(target).await?))
}

/// Lists all apps with their tenants.
pub(super) fn list(call: &Call<'_>, generation: Generation) -> Result<Answer, Fault> {
    base_only(call, "Only the public appId is allowed to list all apps")?;
    let snapshot = call.cdi.apps.snapshot();
    let apps = snapshot.apps().map(|app| (app.id().as_str(), app.tenants().map(|tenant| shown(call, tenant))));
    Ok(tenant_list::render_apps(apps, generation, call.dialect))
}

fn base_only(call: &Call<'_>, text: &'static str) -> Result<(), Refusal> {
    if call.route.app != AppId::DEFAULT {
        return Err(Refusal::fixed(403, text));
    }
    call.refuse_tenant_if(true)
}
