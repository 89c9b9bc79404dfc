//! The apps and tenants that there are (`spec/modern-core.md` 5.3).
//!
//! Requests look at a snapshot and wait for nobody. It is read again when it is a minute old, at once after a change
//! made here, and for a name that isn't in it, within a cooldown: whoever sends made-up names costs no more than that.

use std::collections::BTreeMap;
use std::sync::{Arc, PoisonError, RwLock};

use doorward_engine::id::{AppId, TenantId};
use doorward_engine::time::{Lifetime, Millis};
use doorward_service::directory::{Directory, StoredTenant};
use doorward_service::env::World;
use doorward_service::signer::Signer;
use doorward_service::store::{Store, StoreError};
use doorward_service::{Service, ServiceError};
use doorward_wire::cdi::answer::Refusal;
use tokio::sync::{Mutex, MutexGuard};

use crate::cdi::app::App;
use crate::cdi::fault::Fault;
use crate::settings::{BadCoreConfig, Settings};

/// How old a snapshot may be: what another process changed is seen after this time.
const KEPT: Lifetime = Lifetime::from_secs(60);

/// How often a name that isn't known makes this process read the directory again.
const COOLDOWN: Lifetime = Lifetime::from_secs(1);

/// The apps of a database.
pub(crate) struct Apps {
    directory: Arc<dyn Directory>,
    store: Arc<dyn Store>,
    world: World,
    settings: Arc<Settings>,
    /// The threads that sign for all of them.
    signer: Arc<Signer>,
    // INVARIANT: never held across an await.
    current: RwLock<Arc<Snapshot>>,
    /// Who holds it changes them. It is taken before `reading`; who only reads never waits for it: deleting the rows of a
    /// tenant may take seconds.
    changing: Mutex<()>,
    /// Single flight: who holds it reads. Dropping the holder's future frees it.
    reading: Mutex<LastRead>,
}

/// What one reading of the directory found.
#[derive(Debug, Default)]
pub(crate) struct Snapshot {
    apps: BTreeMap<Box<str>, Arc<App>>,
    read_at: Millis,
}

/// When the directory was last asked, and why that failed if it did.
#[derive(Debug)]
struct LastRead {
    at: Millis,
    failed: Option<StoreError>,
}

impl Snapshot {
    fn new(stored: Vec<StoredTenant>, read_at: Millis, settings: &Settings, before: &Self) -> Self {
        let mut by_app: BTreeMap<AppId, Vec<StoredTenant>> = BTreeMap::new();
        for tenant in stored {
            by_app.entry(tenant.app.clone()).or_default().push(tenant);
        }
        let apps = by_app.into_iter().map(|(id, tenants)| {
            let before = before.app(id.as_str()).map(|app| &**app);
            (id.as_str().into(), Arc::new(App::new(id, tenants, settings, before)))
        });
        Self { apps: apps.collect(), read_at }
    }

    /// The app of this name.
    pub(crate) fn app(&self, name: &str) -> Option<&Arc<App>> {
        self.apps.get(name)
    }

    /// All apps, by name.
    pub(crate) fn apps(&self) -> impl Iterator<Item = &Arc<App>> {
        self.apps.values()
    }

    fn has(&self, app: &str, tenant: &str) -> bool {
        self.app(app).is_some_and(|app| app.tenant(tenant).is_some())
    }
}

impl Apps {
    /// Reads the directory for the first time.
    pub(crate) async fn open(
        directory: Arc<dyn Directory>,
        world: World,
        settings: Arc<Settings>,
    ) -> Result<Self, ServiceError> {
        let now = world.clock.now();
        let snapshot = Snapshot::new(directory.tenants().await?, now, &settings, &Snapshot::default());
        Ok(Self {
            store: Arc::<dyn Directory>::clone(&directory),
            directory,
            world,
            settings,
            signer: Arc::new(Signer::start()?),
            current: RwLock::new(Arc::new(snapshot)),
            changing: Mutex::default(),
            reading: Mutex::new(LastRead { at: now, failed: None }),
        })
    }

    /// The apps as this process last saw them.
    pub(crate) fn snapshot(&self) -> Arc<Snapshot> {
        Arc::clone(&self.current.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// The apps, in a snapshot that knows these names if the database does. For a tenant that isn't known the database is
    /// asked only if its app would let the caller in: others cost nothing.
    pub(crate) async fn find(
        &self,
        app: &str,
        tenant: &str,
        is_let_in: impl Fn(&App) -> bool,
    ) -> Result<Arc<Snapshot>, Fault> {
        let snapshot = self.snapshot();
        if !snapshot.has(app, tenant) && snapshot.app(app).is_none_or(|app| is_let_in(app)) {
            return Box::pin(self.look_again(app, tenant)).await;
        }
        if self.world.clock.now().distance(snapshot.read_at) < KEPT {
            return Ok(snapshot);
        }
        Ok(Box::pin(self.renew(snapshot)).await)
    }

    /// Begins a change: with all that there is now, and no other change made here until it is done.
    pub(crate) async fn change(&self) -> Result<Changing<'_>, Fault> {
        let alone = self.changing.lock().await;
        let snapshot = self.read(&mut *self.reading.lock().await).await?;
        Ok(Changing { apps: self, snapshot, _alone: alone })
    }

    /// Hears from the database that a tenant isn't there, which this process believed in: another one has deleted it.
    pub(crate) async fn is_gone(&self, app: &str, tenant: &str) {
        let mut last = self.reading.lock().await;
        if self.snapshot().has(app, tenant)
            && let Err(error) = self.read(&mut last).await
        {
            tracing::warn!(name: "doorward.apps.late", target: "doorward", "apps and tenants are not read: {error}");
        }
    }

    /// The service of an app's sessions, opened if it wasn't.
    pub(crate) async fn service<'a>(&self, app: &'a App) -> Result<&'a Service, ServiceError> {
        app.service(&self.store, &self.world, &self.signer, &self.settings).await
    }

    /// Reads again for a name that isn't known. That it can't be read says nothing about the name.
    async fn look_again(&self, app: &str, tenant: &str) -> Result<Arc<Snapshot>, Fault> {
        let mut last = self.reading.lock().await;
        let snapshot = self.snapshot();
        if snapshot.has(app, tenant) {
            return Ok(snapshot);
        }
        if self.world.clock.now().distance(last.at) < COOLDOWN {
            return last.failed.clone().map_or(Ok(snapshot), |error| Err(error.into()));
        }
        Ok(self.read(&mut last).await?)
    }

    /// Reads again because of the snapshot's age: one request does, the others go on with what they have. So does this
    /// one if the directory can't be read.
    async fn renew(&self, snapshot: Arc<Snapshot>) -> Arc<Snapshot> {
        match self.reading.try_lock() {
            Ok(mut last) if self.world.clock.now().distance(last.at) >= COOLDOWN => {
                self.read(&mut last).await.unwrap_or_else(|error| {
                    tracing::warn!(name: "doorward.apps.late", target: "doorward", "apps and tenants are not read: {error}");
                    snapshot
                })
            }
            _ => snapshot,
        }
    }

    async fn read(&self, last: &mut LastRead) -> Result<Arc<Snapshot>, StoreError> {
        let now = self.world.clock.now();
        // Set before the store is asked: one that hangs, or whose asker is gone, is not asked again for each name.
        *last = LastRead { at: now, failed: Some(StoreError::Unavailable("apps and tenants are being read".into())) };
        let read = self.directory.tenants().await;
        last.failed = read.as_ref().err().cloned();
        let snapshot = Arc::new(Snapshot::new(read?, now, &self.settings, &self.snapshot()));
        *self.current.write().unwrap_or_else(PoisonError::into_inner) = Arc::clone(&snapshot);
        Ok(snapshot)
    }
}

/// The apps while one request changes them.
pub(crate) struct Changing<'a> {
    apps: &'a Apps,
    snapshot: Arc<Snapshot>,
    _alone: MutexGuard<'a, ()>,
}

impl Changing<'_> {
    /// All that there is.
    pub(crate) fn snapshot(&self) -> &Snapshot {
        &self.snapshot
    }

    /// Writes a tenant if its settings can hold, and returns whether it is new.
    pub(crate) async fn put(self, tenant: StoredTenant) -> Result<bool, Fault> {
        self.check(&tenant).map_err(|error| Refusal::bad(error.0))?;
        let is_new = self.apps.directory.put_tenant(tenant, self.apps.world.clock.now()).await?;
        self.finish().await?;
        Ok(is_new)
    }

    /// Deletes a tenant, and returns whether it was there. What isn't served from a database isn't deleted from it either.
    pub(crate) async fn remove_tenant(self, app: AppId, tenant: TenantId) -> Result<bool, Fault> {
        if !self.snapshot.has(app.as_str(), tenant.as_str()) {
            return Ok(false);
        }
        let was_there = self.apps.directory.remove_tenant(app, tenant).await?;
        self.finish().await?;
        Ok(was_there)
    }

    /// Deletes an app, and returns whether it was there.
    pub(crate) async fn remove_app(self, app: AppId) -> Result<bool, Fault> {
        if self.snapshot.app(app.as_str()).is_none() {
            return Ok(false);
        }
        let was_there = self.apps.directory.remove_app(app).await?;
        self.finish().await?;
        Ok(was_there)
    }

    async fn finish(&self) -> Result<(), StoreError> {
        self.apps.read(&mut *self.apps.reading.lock().await).await.map(|_| ())
    }

    /// Judges the settings of a tenant, and what they mean for the others of its app.
    fn check(&self, changed: &StoredTenant) -> Result<(), BadCoreConfig> {
        let settings = &self.apps.settings;
        let app = self.snapshot.app(changed.app.as_str());
        let config_of = |tenant: &StoredTenant| {
            let own = || changed.core_config.as_str().to_owned();
            if tenant.tenant == changed.tenant { own() } else { Settings::known(tenant.core_config.as_str()) }
        };
        let others = || app.into_iter().flat_map(|app| app.tenants()).map(|tenant| &tenant.stored);
        let public = others().find(|tenant| tenant.tenant.is_default()).unwrap_or(changed);
        let app_settings = settings.app(&changed.app, &config_of(public))?;
        let concerns = |tenant: &&StoredTenant| changed.tenant.is_default() && !tenant.tenant.is_default();
        for tenant in others().filter(concerns).chain((!changed.tenant.is_default()).then_some(changed)) {
            settings.tenant(&app_settings, &tenant.tenant, &config_of(tenant))?;
        }
        Ok(())
    }
}

impl std::fmt::Debug for Apps {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Apps").field("current", &self.snapshot()).finish_non_exhaustive()
    }
}
