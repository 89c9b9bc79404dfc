//! The statements on `session_info`.
//!
//! INVARIANT: a write is one statement that carries its precondition; only when it changed nothing is the row read. A
//! statement that meets a row which another transaction has locked, a Java core's `SELECT ... FOR UPDATE` for one, waits
//! for that to end and then judges the row as it stands (READ COMMITTED).

use doorward_engine::flow::Seen;
use doorward_engine::id::{SessionKey, TenantId};
use doorward_engine::session::record::{
    Change, PayloadGuard, Removal, Row, Succession, Update, Window, WindowGuard, Write,
};
use doorward_engine::time::Millis;
use doorward_service::store::{Selector, UserSelector};

use super::db::{Db, Value};
use super::error::Fault;
use super::pool::Job;
use super::read::{get, row_of};
use super::sql::Sql;
use super::tenants::ensure_public;
use crate::sql::row::{app_id, lifetime_column, moment_column, primary_of, session_key, user_id};

/// Rounds of "it is there" and "it is gone" that an insert goes through before it gives up.
const INSERT_LIMIT: u32 = 5;

/// Reads a row.
pub(super) struct Load(pub(super) SessionKey);

impl Job for Load {
    type Answer = Option<Row>;
    const WRITES: bool = false;

    async fn run(&self, db: &Db<'_>, sql: &Sql, _: bool) -> Result<Option<Row>, Fault> {
        load(db, sql, &self.0).await
    }
}

/// Reads a row to show it.
pub(super) struct Read(pub(super) SessionKey);

impl Job for Read {
    type Answer = Option<Row>;
    const WRITES: bool = false;

    async fn run(&self, db: &Db<'_>, sql: &Sql, _: bool) -> Result<Option<Row>, Fault> {
        let row = db.row(&sql.sessions.read, &named(&key_values(&self.0))).await?;
        row.map(|row| row_of(&row, &self.0.app)).transpose()
    }
}

async fn load(db: &Db<'_>, sql: &Sql, key: &SessionKey) -> Result<Option<Row>, Fault> {
    let row = db.row(&sql.sessions.load, &named(&key_values(key))).await?;
    row.map(|row| row_of(&row, &key.app)).transpose()
}

/// Lists a user's rows.
pub(super) struct List {
    pub(super) user: UserSelector,
    pub(super) after: Option<SessionKey>,
    pub(super) limit: u32,
}

impl Job for List {
    type Answer = Vec<Row>;
    const WRITES: bool = false;

    async fn run(&self, db: &Db<'_>, sql: &Sql, _: bool) -> Result<Vec<Row>, Fault> {
        let user = &self.user;
        let after = self.after.as_ref();
        let values: [Value<'_>; 7] = [
            ("app", &user.app.as_str()),
            ("user", &user.user.as_str()),
            ("linked", &user.linked),
            ("tenant", &user.tenant.as_ref().map(TenantId::as_str)),
            ("after_tenant", &after.map(|after| after.tenant.as_str())),
            ("after_handle", &after.map(|after| after.handle.as_str())),
            ("limit", &i64::from(self.limit)),
        ];
        let rows = db.rows(&sql.sessions.list, &values).await?;
        rows.iter().map(|row| row_of(row, &user.app)).collect()
    }
}

/// Tries a write.
pub(super) struct Commit(pub(super) Write);

impl Job for Commit {
    type Answer = Seen;

    async fn run(&self, db: &Db<'_>, sql: &Sql, in_doubt: bool) -> Result<Seen, Fault> {
        for _ in 0..INSERT_LIMIT {
            let applied = match &self.0 {
                Write::Insert(row) => insert(db, sql, row).await?,
                Write::Succeed(succession) => succeed(db, sql, succession).await?,
                Write::Update(update) => replace(db, sql, update).await?,
                Write::Remove(removal) => remove(db, sql, removal).await?,
            };
            if let Some(row) = applied {
                return Ok(Seen::Applied(row));
            }
            match (&self.0, load(db, sql, self.0.key()).await?) {
                // It was there, and is gone already.
                (Write::Insert(_), None) => {}
                (Write::Remove(_), None) if in_doubt => return Err(Fault::Doubt),
                (write, Some(row)) if in_doubt && is_done(write, &row, sql) => return Ok(Seen::Applied(row)),
                (_, seen) => return Ok(Seen::Row(seen)),
            }
        }
        Err(Fault::Locked)
    }
}

/// Whether the row stands as the write would have left it. Asked only where an acknowledgement of it was lost: the row is
/// then as likely as not the write's own work, and an honest caller must not be judged for it.
fn is_done(write: &Write, row: &Row, sql: &Sql) -> bool {
    match write {
        // A refresh token's hash is nobody else's.
        Write::Insert(inserted) => row.current == inserted.current,
        Write::Succeed(Succession { now, current, change, .. }) => match change {
            Change::Stay { window } => {
                row.current == *current && window.is_some_and(|window| row.window == Some(window))
            }
            Change::Advance { to, prev, .. } => {
                let has_moved = row.rotated_at == Some(*now) && row.prev == Some(prev.unwrap_or(*current));
                row.current == *to && (has_moved || !sql.room.rotation)
            }
            Change::Displace { to } => row.current == *to,
        },
        Write::Update(Update { payload, data, .. }) => {
            payload.as_ref().is_none_or(|payload| row.payload == *payload)
                && data.as_ref().is_none_or(|data| row.data == *data)
        }
        Write::Remove(_) => false,
    }
}

async fn insert(db: &Db<'_>, sql: &Sql, row: &Row) -> Result<Option<Row>, Fault> {
    match insert_once(db, sql, row).await {
        Err(fault) if fault.lacks_parent() => {
            ensure_public(db, sql, &row.key.app, &row.key.tenant, row.created_at).await?;
            insert_once(db, sql, row).await
        }
        inserted => inserted,
    }
}

async fn insert_once(db: &Db<'_>, sql: &Sql, row: &Row) -> Result<Option<Row>, Fault> {
    let limits = &row.limits;
    has_room(sql.room.windows || row.window.is_none(), "windows")?;
    has_room(sql.room.rotation || row.prev.is_none() && row.rotated_at.is_none(), "the token before the current one")?;
    has_room(sql.room.limits || *limits == Default::default(), "a session's own limits")?;
    let (at, no, count) = window_columns(row.window);
    let key = key_values(&row.key);
    let [app, tenant, handle] = named(&key);
    let values: [Value<'_>; 18] = [
        app,
        tenant,
        handle,
        ("user", &row.user.as_str()),
        ("current", &row.current.as_str()),
        ("expires_at", &moment_column(row.expires_at)),
        ("created_at", &moment_column(row.created_at)),
        ("payload", &row.payload.as_str()),
        ("data", &row.data.as_str()),
        ("use_static_key", &row.use_static_key),
        ("prev", &row.prev.as_ref().map(|prev| prev.as_str())),
        ("rotated_at", &row.rotated_at.map(moment_column)),
        ("at", &at),
        ("no", &no),
        ("count", &count),
        ("access_lifetime", &limits.access_lifetime.map(lifetime_column)),
        ("refresh_lifetime", &limits.refresh_lifetime.map(lifetime_column)),
        ("absolute_end", &limits.absolute_end.map(moment_column)),
    ];
    let Some(inserted) = db.row(&sql.sessions.insert, &values).await? else { return Ok(None) };
    let user = user_id(get(&inserted, 0, "user_id")?)?;
    let primary: Option<&str> = get(&inserted, 1, "primary_or_recipe_user_id")?;
    Ok(Some(Row { primary: primary_of(&user, primary)?, user, ..row.clone() }))
}

async fn succeed(db: &Db<'_>, sql: &Sql, write: &Succession) -> Result<Option<Row>, Fault> {
    let Succession { key, now, current, window, payload, change, use_static_key } = write;
    let (guard, guard_window): (i64, _) = match window {
        WindowGuard::Any => (0, None),
        WindowGuard::Absent => (1, None),
        WindowGuard::Is(window) => (2, Some(*window)),
    };
    let (payload_guard, payload, lacked): (i64, _, &[&str]) = match payload {
        PayloadGuard::Any => (0, None, &[]),
        PayloadGuard::Is(payload) => (1, Some(payload.as_str()), &[]),
        PayloadGuard::Lacks(texts) => (2, None, texts),
    };
    let (statement, to, prev, lifetime, next) = match change {
        Change::Stay { window } => (&sql.sessions.stay, None, None, None, *window),
        Change::Advance { to, prev, lifetime, window } => {
            (&sql.sessions.advance, Some(to), prev.as_ref(), Some(lifetime_column(*lifetime)), *window)
        }
        Change::Displace { to } => (&sql.sessions.displace, Some(to), None, None, None),
    };
    has_room(sql.room.windows || next.is_none(), "windows")?;
    let (guard_at, guard_no, guard_count) = window_columns(guard_window);
    let (at, no, count) = window_columns(next);
    let key_values = key_values(key);
    let [app, tenant, handle] = named(&key_values);
    let values: [Value<'_>; 19] = [
        app,
        tenant,
        handle,
        ("payload_guard", &payload_guard),
        ("payload", &payload),
        ("lacked", &lacked),
        ("now", &moment_column(*now)),
        ("current", &current.as_str()),
        ("guard", &guard),
        ("guard_at", &guard_at),
        ("guard_no", &guard_no),
        ("guard_count", &guard_count),
        ("use_static_key", use_static_key),
        ("at", &at),
        ("no", &no),
        ("count", &count),
        ("to", &to.map(|to| to.as_str())),
        ("prev", &prev.map(|prev| prev.as_str())),
        ("lifetime", &lifetime),
    ];
    let row = db.row(statement, &values).await?;
    row.map(|row| row_of(&row, &key.app)).transpose()
}

async fn replace(db: &Db<'_>, sql: &Sql, update: &Update) -> Result<Option<Row>, Fault> {
    let key = key_values(&update.key);
    let [app, tenant, handle] = named(&key);
    let values: [Value<'_>; 7] = [
        app,
        tenant,
        handle,
        ("now", &moment_column(update.now)),
        ("seen", &update.seen.as_ref().map(|seen| seen.as_str())),
        ("payload", &update.payload.as_ref().map(|payload| payload.as_str())),
        ("data", &update.data.as_ref().map(|data| data.as_str())),
    ];
    let row = db.row(&sql.sessions.update, &values).await?;
    row.map(|row| row_of(&row, &update.key.app)).transpose()
}

async fn remove(db: &Db<'_>, sql: &Sql, removal: &Removal) -> Result<Option<Row>, Fault> {
    let key = key_values(&removal.key);
    let [app, tenant, handle] = named(&key);
    let row = db.row(&sql.sessions.remove, &[app, tenant, handle, ("current", &removal.current.as_str())]).await?;
    row.map(|row| row_of(&row, &removal.key.app)).transpose()
}

/// Deletes rows.
pub(super) struct Remove(pub(super) Selector);

impl Job for Remove {
    type Answer = Vec<SessionKey>;

    async fn run(&self, db: &Db<'_>, sql: &Sql, in_doubt: bool) -> Result<Vec<SessionKey>, Fault> {
        let rows = match &self.0 {
            Selector::Keys(keys) if keys.is_empty() => return Ok(Vec::new()),
            Selector::Keys(keys) => {
                let apps: Vec<&str> = keys.iter().map(|key| key.app.as_str()).collect();
                let tenants: Vec<&str> = keys.iter().map(|key| key.tenant.as_str()).collect();
                let handles: Vec<&str> = keys.iter().map(|key| key.handle.as_str()).collect();
                let values: [Value<'_>; 3] = [("apps", &apps), ("tenants", &tenants), ("handles", &handles)];
                db.rows(&sql.sessions.remove_keys, &values).await?
            }
            Selector::User { user, alive_at, except } => {
                let values: [Value<'_>; 6] = [
                    ("now", &alive_at.map(moment_column)),
                    ("app", &user.app.as_str()),
                    ("user", &user.user.as_str()),
                    ("linked", &user.linked),
                    ("tenant", &user.tenant.as_ref().map(TenantId::as_str)),
                    ("except", &except.as_ref().map(|handle| handle.as_str())),
                ];
                db.rows(&sql.sessions.remove_user, &values).await?
            }
        };
        // They are gone now, but which of them the attempt before this one took is what the caller asked.
        if in_doubt && !matches!(&self.0, Selector::Keys(keys) if rows.len() == keys.len()) {
            return Err(Fault::Doubt);
        }
        let key = |row: &tokio_postgres::Row| {
            Ok(session_key(app_id(get(row, 0, "app_id")?)?, get(row, 1, "tenant_id")?, get(row, 2, "session_handle")?)?)
        };
        rows.iter().map(key).collect()
    }
}

/// Deletes expired rows.
pub(super) struct Sweep {
    pub(super) expired_before: Millis,
    pub(super) limit: u32,
}

impl Job for Sweep {
    type Answer = u64;

    async fn run(&self, db: &Db<'_>, sql: &Sql, _: bool) -> Result<u64, Fault> {
        let before = moment_column(self.expired_before);
        db.execute(&sql.sessions.sweep, &[("before", &before), ("limit", &i64::from(self.limit))]).await
    }
}

/// What would be lost without a word must not be written.
fn has_room(has: bool, what: &'static str) -> Result<(), Fault> {
    if has { Ok(()) } else { Err(Fault::NoRoom(what)) }
}

fn key_values(key: &SessionKey) -> [&str; 3] {
    [key.app.as_str(), key.tenant.as_str(), key.handle.as_str()]
}

/// The parameters of `{key}`.
fn named<'v>([app, tenant, handle]: &'v [&'v str; 3]) -> [Value<'v>; 3] {
    [("app", app), ("tenant", tenant), ("handle", handle)]
}

fn window_columns(window: Option<Window>) -> (Option<i64>, Option<i64>, Option<i64>) {
    (
        window.map(|window| moment_column(window.opened_at)),
        window.map(|window| i64::from(window.number)),
        window.map(|window| i64::from(window.count)),
    )
}
