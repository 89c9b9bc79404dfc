//! The apps and tenants of a store in memory, and what belongs to them.

use std::collections::{BTreeMap, BTreeSet};

use doorward_engine::id::{AppId, TenantId, UserId};
use doorward_engine::payload::JsonText;
use doorward_engine::time::Millis;

use super::{Memory, State, count};
use crate::directory::{Directory, LoginMethods, StoredTenant};
use crate::store::{BoxFuture, StoreError, StoreResult};

/// What a database keeps in its tables of apps, tenants, values and last activity.
#[derive(Debug)]
pub(super) struct Directories {
    apps: BTreeSet<AppId>,
    tenants: BTreeMap<(AppId, TenantId), StoredTenant>,
    values: BTreeMap<(AppId, TenantId, &'static str), String>,
    active: BTreeMap<(AppId, UserId), Millis>,
}

impl Default for Directories {
    fn default() -> Self {
        let mut directories =
            Self { apps: BTreeSet::new(), tenants: BTreeMap::new(), values: BTreeMap::new(), active: BTreeMap::new() };
        directories.ensure(&AppId::default(), &TenantId::default());
        directories
    }
}

impl Directories {
    /// Refuses what belongs to an app that isn't there.
    pub(super) fn must_have_app(&self, app: &AppId) -> StoreResult<()> {
        if self.apps.contains(app) { Ok(()) } else { Err(StoreError::NoTenant) }
    }

    /// Refuses what belongs to a tenant that isn't there.
    pub(super) fn must_have(&self, app: &AppId, tenant: &TenantId) -> StoreResult<()> {
        let is_there = self.tenants.keys().any(|(of, at)| (of, at) == (app, tenant));
        if is_there { Ok(()) } else { Err(StoreError::NoTenant) }
    }

    /// Makes sure that an app and its tenant are there, and returns whether the tenant is new.
    pub(super) fn ensure(&mut self, app: &AppId, tenant: &TenantId) -> bool {
        let place = (app.clone(), tenant.clone());
        if self.tenants.contains_key(&place) {
            return false;
        }
        self.apps.insert(app.clone());
        self.tenants.insert(place, bare(app, tenant));
        true
    }
}

/// A tenant without settings.
fn bare(app: &AppId, tenant: &TenantId) -> StoredTenant {
    StoredTenant {
        app: app.clone(),
        tenant: tenant.clone(),
        core_config: JsonText::default(),
        first_factors: None,
        required_secondary_factors: None,
        login_methods: LoginMethods::default(),
    }
}

impl State {
    fn remove_tenant(&mut self, app: &AppId, tenant: &TenantId) -> bool {
        let there = self.directories.tenants.remove(&(app.clone(), tenant.clone())).is_some();
        self.rows.retain(|key, _| (&key.app, &key.tenant) != (app, tenant));
        self.directories.values.retain(|(of, at, _), _| (of, at) != (app, tenant));
        if *tenant == TenantId::default()
            && let Some(keys) = self.keys.get_mut(app)
        {
            // It lies among the values of this tenant.
            keys.refresh = None;
        }
        self.directories.ensure(&AppId::default(), &TenantId::default());
        there
    }

    fn remove_app(&mut self, app: &AppId) -> bool {
        let there = self.directories.apps.remove(app);
        self.rows.retain(|key, _| key.app != *app);
        self.keys.remove(app);
        self.directories.tenants.retain(|(of, _), _| of != app);
        self.directories.values.retain(|(of, _, _), _| of != app);
        self.directories.active.retain(|(of, _), _| of != app);
        self.directories.ensure(&AppId::default(), &TenantId::default());
        there
    }
}

impl Directory for Memory {
    fn tenants(&self) -> BoxFuture<'_, StoreResult<Vec<StoredTenant>>> {
        Box::pin(async move { Ok(self.open()?.directories.tenants.values().cloned().collect()) })
    }

    fn put_tenant(&self, mut tenant: StoredTenant, _now: Millis) -> BoxFuture<'_, StoreResult<bool>> {
        Box::pin(async move {
            let mut state = self.open()?;
            let is_new = state.directories.ensure(&tenant.app, &tenant.tenant);
            tenant.required_secondary_factors = tenant.required_secondary_factors.filter(|factors| !factors.is_empty());
            state.directories.tenants.insert((tenant.app.clone(), tenant.tenant.clone()), tenant);
            Ok(is_new)
        })
    }

    fn remove_tenant(&self, app: AppId, tenant: TenantId) -> BoxFuture<'_, StoreResult<bool>> {
        Box::pin(async move { Ok(self.open()?.remove_tenant(&app, &tenant)) })
    }

    fn remove_app(&self, app: AppId) -> BoxFuture<'_, StoreResult<bool>> {
        Box::pin(async move { Ok(self.open()?.remove_app(&app)) })
    }

    fn value(&self, app: AppId, tenant: TenantId, name: &'static str) -> BoxFuture<'_, StoreResult<Option<String>>> {
        Box::pin(async move { Ok(self.open()?.directories.values.get(&(app, tenant, name)).cloned()) })
    }

    fn put_value(
        &self,
        app: AppId,
        tenant: TenantId,
        name: &'static str,
        value: String,
        _now: Millis,
    ) -> BoxFuture<'_, StoreResult<()>> {
        Box::pin(async move {
            let mut state = self.open()?;
            state.directories.must_have(&app, &tenant)?;
            state.directories.values.insert((app, tenant, name), value);
            Ok(())
        })
    }

    fn mark_active(&self, app: AppId, user: UserId, now: Millis) -> BoxFuture<'_, StoreResult<()>> {
        Box::pin(async move {
            let mut state = self.open()?;
            state.directories.must_have_app(&app)?;
            let last = state.directories.active.entry((app, user)).or_insert(now);
            *last = now.max(*last);
            Ok(())
        })
    }

    fn count_active(&self, app: AppId, since: Millis) -> BoxFuture<'_, StoreResult<u64>> {
        Box::pin(async move {
            let state = self.open()?;
            let there = |((of, _), last): &(&(AppId, UserId), &Millis)| *of == app && **last >= since;
            Ok(count(state.directories.active.iter().filter(there).count()))
        })
    }

    fn count_sessions(&self, now: Millis) -> BoxFuture<'_, StoreResult<u64>> {
        Box::pin(async move { Ok(count(self.open()?.rows.values().filter(|row| row.is_alive(now)).count())) })
    }

    fn ping(&self) -> BoxFuture<'_, StoreResult<()>> {
        Box::pin(async move { self.open().map(drop) })
    }
}
