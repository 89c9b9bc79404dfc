//! The apps and tenants of a database, and what else a server keeps beside sessions.

use doorward_engine::id::{AppId, TenantId, UserId};
use doorward_engine::payload::JsonText;
use doorward_engine::time::Millis;

use crate::store::{BoxFuture, Store, StoreResult};

/// A store that also knows which apps and tenants there are (`spec/modern-core.md` 5 and 9.1). The server needs one; the
/// SDK, which serves one app, doesn't.
///
/// The rules of [`Store`] hold here as well: absence is an answer, an answer rests on what is durable, a future may be
/// dropped. What a name may look like, who may delete what and what a setting means is judged above.
pub trait Directory: Store {
    /// Reads all tenants of all apps, in no particular order. The app and tenant `public` is always there.
    fn tenants(&self) -> BoxFuture<'_, StoreResult<Vec<StoredTenant>>>;

    /// Writes a tenant and its settings, with its app where that is missing, and returns whether the tenant is new.
    fn put_tenant(&self, tenant: StoredTenant, now: Millis) -> BoxFuture<'_, StoreResult<bool>>;

    /// Deletes a tenant with its sessions, values and settings, and returns whether it was there. The tenant `public` of the
    /// app `public` is emptied and stays.
    fn remove_tenant(&self, app: AppId, tenant: TenantId) -> BoxFuture<'_, StoreResult<bool>>;

    /// Deletes an app with all that it has, keys included, and returns whether it was there. The app `public` is emptied and
    /// stays.
    fn remove_app(&self, app: AppId) -> BoxFuture<'_, StoreResult<bool>>;

    /// Reads a named value of a tenant.
    fn value(&self, app: AppId, tenant: TenantId, name: &'static str) -> BoxFuture<'_, StoreResult<Option<String>>>;

    /// Writes a named value of a tenant.
    fn put_value(
        &self,
        app: AppId,
        tenant: TenantId,
        name: &'static str,
        value: String,
        now: Millis,
    ) -> BoxFuture<'_, StoreResult<()>>;

    /// Notes that a user was there, where the database has a table for that. An earlier moment changes nothing.
    fn mark_active(&self, app: AppId, user: UserId, now: Millis) -> BoxFuture<'_, StoreResult<()>>;

    /// Counts the users of an app that were there at a moment or later.
    fn count_active(&self, app: AppId, since: Millis) -> BoxFuture<'_, StoreResult<u64>>;

    /// Counts the sessions of all apps that are alive; where that takes long, about.
    fn count_sessions(&self, now: Millis) -> BoxFuture<'_, StoreResult<u64>>;

    /// Asks the database for something small, to know that it answers.
    fn ping(&self) -> BoxFuture<'_, StoreResult<()>>;
}

/// A tenant as stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredTenant {
    /// Of this app.
    pub app: AppId,
    /// Its name.
    pub tenant: TenantId,
    /// Its settings: a JSON object of option names and values, empty where it has none of its own.
    pub core_config: JsonText,
    /// The first factors that were set for it, in no particular order: `None` if none ever were, which differs from an empty
    /// list.
    pub first_factors: Option<Vec<String>>,
    /// The factors that it asks for after the first, in no particular order. An empty list is stored as none.
    pub required_secondary_factors: Option<Vec<String>>,
    /// Whether the login methods of other recipes are on: email and password, third party, passwordless.
    pub login_methods: LoginMethods,
}

/// Which login methods a tenant has. Doorward offers none, but keeps what was set for others who read the table.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LoginMethods {
    /// `email_password_enabled`.
    pub email_password: Option<bool>,
    /// `third_party_enabled`.
    pub third_party: Option<bool>,
    /// `passwordless_enabled`.
    pub passwordless: Option<bool>,
}
