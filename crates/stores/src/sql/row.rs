//! The columns of `session_info` (`spec/modern-core.md` 9.1, and ours), and the way back to a row.

use doorward_engine::hash::Hash2;
use doorward_engine::id::{AppId, SessionHandle, SessionKey, TenantId, UserId};
use doorward_engine::payload::{JsonText, Payload};
use doorward_engine::session::record::{Row, SessionLimits, Window};
use doorward_engine::time::{Lifetime, Millis};

/// The columns of a row but for its app, in the order of [`Columns`].
#[cfg(feature = "sqlite")]
macro_rules! columns {
    () => {
        "tenant_id, session_handle, user_id, refresh_token_hash_2, prev_refresh_token_hash_2, refresh_token_rotated_at, \
         window_at, window_no, window_count, expires_at, created_at_time, jwt_user_payload, session_data, \
         use_static_key, access_lifetime, refresh_lifetime, absolute_end"
    };
}
#[cfg(feature = "sqlite")]
pub(crate) use columns;

/// What a database gave for [`columns!`].
#[derive(Clone, Copy)]
pub(crate) struct Columns<'a> {
    pub(crate) tenant: &'a str,
    pub(crate) handle: &'a str,
    pub(crate) user: &'a str,
    /// Not stored with the row. It may be the user again.
    pub(crate) primary: Option<&'a str>,
    pub(crate) current: &'a str,
    pub(crate) prev: Option<&'a str>,
    pub(crate) rotated_at: Option<i64>,
    pub(crate) window_at: Option<i64>,
    pub(crate) window_no: Option<i64>,
    pub(crate) window_count: Option<i64>,
    pub(crate) expires_at: i64,
    pub(crate) created_at: i64,
    pub(crate) payload: Option<&'a str>,
    pub(crate) data: Option<&'a str>,
    pub(crate) use_static_key: bool,
    pub(crate) access_lifetime: Option<i64>,
    pub(crate) refresh_lifetime: Option<i64>,
    pub(crate) absolute_end: Option<i64>,
}

/// A column whose content can't be one of ours, nor of another program that keeps to the schema.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Unreadable(pub(crate) &'static str);

impl Columns<'_> {
    /// Reads the row of an app.
    pub(crate) fn row(&self, app: AppId) -> Result<Row, Unreadable> {
        let user = user_id(self.user)?;
        Ok(Row {
            key: session_key(app, self.tenant, self.handle)?,
            primary: primary_of(&user, self.primary)?,
            user,
            current: Hash2::parse(self.current).ok_or(Unreadable("refresh_token_hash_2"))?,
            prev: parsed(self.prev, Hash2::parse, "prev_refresh_token_hash_2")?,
            rotated_at: parsed(self.rotated_at, moment, "refresh_token_rotated_at")?,
            window: self.window()?,
            expires_at: moment(self.expires_at).ok_or(Unreadable("expires_at"))?,
            created_at: moment(self.created_at).ok_or(Unreadable("created_at_time"))?,
            // Upstream lets both be null, and never writes it.
            payload: parsed(self.payload, Payload::from_stored, "jwt_user_payload")?.unwrap_or_default(),
            data: self.data.map(JsonText::from_stored).unwrap_or_default(),
            use_static_key: self.use_static_key,
            limits: SessionLimits {
                access_lifetime: parsed(self.access_lifetime, lifetime, "access_lifetime")?,
                refresh_lifetime: parsed(self.refresh_lifetime, lifetime, "refresh_lifetime")?,
                absolute_end: parsed(self.absolute_end, moment, "absolute_end")?,
            },
        })
    }

    fn window(&self) -> Result<Option<Window>, Unreadable> {
        match (self.window_at, self.window_no, self.window_count) {
            (None, None, None) => Ok(None),
            (Some(at), Some(number), Some(count)) => Ok(Some(Window {
                opened_at: moment(at).ok_or(Unreadable("window_at"))?,
                number: u8::try_from(number).map_err(|_| Unreadable("window_no"))?,
                count: u8::try_from(count).map_err(|_| Unreadable("window_count"))?,
            })),
            _ => Err(Unreadable("window_at")),
        }
    }
}

/// Reads where a row is found.
pub(crate) fn session_key(app: AppId, tenant: &str, handle: &str) -> Result<SessionKey, Unreadable> {
    Ok(SessionKey {
        app,
        tenant: tenant_id(tenant)?,
        handle: SessionHandle::parse(handle).map_err(|_| Unreadable("session_handle"))?,
    })
}

/// Reads an app's name. Parsing folds letters; a text that it changes would name another row.
pub(crate) fn app_id(text: &str) -> Result<AppId, Unreadable> {
    AppId::parse(text).ok().filter(|id| id.as_str() == text).ok_or(Unreadable("app_id"))
}

/// Reads a tenant's name, as [`app_id`] does.
pub(crate) fn tenant_id(text: &str) -> Result<TenantId, Unreadable> {
    TenantId::parse(text).ok().filter(|id| id.as_str() == text).ok_or(Unreadable("tenant_id"))
}

/// Reads a user's name.
pub(crate) fn user_id(text: &str) -> Result<UserId, Unreadable> {
    UserId::parse_or_empty(text).map_err(|_| Unreadable("user_id"))
}

/// Reads the primary user of a user: none where that is the user again.
pub(crate) fn primary_of(user: &UserId, primary: Option<&str>) -> Result<Option<UserId>, Unreadable> {
    primary.filter(|primary| *primary != user.as_str()).map(user_id).transpose()
}

fn parsed<C, T>(
    column: Option<C>,
    parse: impl FnOnce(C) -> Option<T>,
    name: &'static str,
) -> Result<Option<T>, Unreadable> {
    column.map(|content| parse(content).ok_or(Unreadable(name))).transpose()
}

/// Reads a moment; one beyond what is representable everywhere is the last one.
pub(crate) fn moment(column: i64) -> Option<Millis> {
    u64::try_from(column).ok().map(Millis::saturating)
}

fn lifetime(column: i64) -> Option<Lifetime> {
    u64::try_from(column).ok().map(Lifetime::from_millis)
}

/// Writes a moment.
pub(crate) fn moment_column(moment: Millis) -> i64 {
    // INVARIANT: `Millis::MAX` fits.
    i64::try_from(moment.as_u64()).unwrap_or(i64::MAX)
}

/// Writes a lifetime. One beyond [`Millis::MAX`] is written as that: added to any moment both give the same, and no
/// database overflows at it.
pub(crate) fn lifetime_column(lifetime: Lifetime) -> i64 {
    moment_column(Millis::saturating(lifetime.as_millis()))
}
