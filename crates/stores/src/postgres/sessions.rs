//! The statements on `session_info`.
//!
//! INVARIANT: a write is one statement that carries its precondition; only when it changed nothing is the row read. A
//! statement that meets a row which another transaction has locked, a Java core's `SELECT ... FOR UPDATE` for one, waits
//! for that to end and then judges the row as it stands (READ COMMITTED).

use doorward_engine::flow::Seen;
use doorward_engine::id::{AppId, SessionKey, TenantId};
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
use super::statement::{Statement, Writer};
use crate::sql::row::{app_id, lifetime_column, moment_column, session_key};

/// Rounds of "it is there" and "it is gone" that an insert goes through before it gives up.
const INSERT_LIMIT: u32 = 5;

#[derive(Debug)]
pub(super) struct SessionSql {
    load: Statement,
    list: Statement,
    insert: Statement,
    stay: Statement,
    advance: Statement,
    displace: Statement,
    update: Statement,
    remove: Statement,
    remove_keys: Statement,
    remove_user: Statement,
    sweep: Statement,
}

impl SessionSql {
    /// Beside plain SQL: `RETURNING` (all writes), `ON CONFLICT DO NOTHING`, `LEAST` that leaves nulls out, comparison of
    /// rows of columns, `convert_to` (an order by bytes whatever the collation is), `unnest` of one array and of several, `strpos`.
    pub(super) fn new(writer: &Writer<'_>) -> Self {
        Self {
            load: writer.statement("SELECT {columns} FROM {session_info} WHERE {key}"),
            list: writer.statement(
                "SELECT {columns} FROM {session_info} WHERE app_id = $app AND user_id = $user \
                 AND ($tenant::TEXT IS NULL OR tenant_id = $tenant) \
                 AND ($after_tenant::TEXT IS NULL OR (convert_to(tenant_id, 'UTF8'), convert_to(session_handle, 'UTF8')) \
                 > (convert_to($after_tenant, 'UTF8'), convert_to($after_handle, 'UTF8'))) \
                 ORDER BY convert_to(tenant_id, 'UTF8'), convert_to(session_handle, 'UTF8') LIMIT $limit::BIGINT",
            ),
            insert: writer.statement(
                "INSERT INTO {session_info} (app_id, tenant_id, session_handle, user_id, refresh_token_hash_2, expires_at, \
                 created_at_time, jwt_user_payload, session_data, use_static_key\
                 {insert_rotation}{insert_window}{insert_limits}) \
                 VALUES ($app, $tenant, $handle, $user, $current, $expires_at, $created_at, $payload, $data, $use_static_key\
                 {rotation_values}{window_values}{limit_values}) \
                 ON CONFLICT (app_id, tenant_id, session_handle) DO NOTHING",
            ),
            stay: writer.statement(
                "UPDATE {session_info} SET use_static_key = COALESCE($use_static_key, use_static_key){keep_or_set_window} \
                 WHERE {stands} RETURNING {columns}",
            ),
            advance: writer.statement(
                "UPDATE {session_info} SET use_static_key = COALESCE($use_static_key, use_static_key), \
                 refresh_token_hash_2 = $to{move_prev}{set_window}, expires_at = {extended} \
                 WHERE {stands} RETURNING {columns}",
            ),
            displace: writer.statement(
                "UPDATE {session_info} SET use_static_key = COALESCE($use_static_key, use_static_key), \
                 refresh_token_hash_2 = $to{clear_window} WHERE {stands} RETURNING {columns}",
            ),
            update: writer.statement(
                "UPDATE {session_info} SET jwt_user_payload = COALESCE($payload, jwt_user_payload), \
                 session_data = COALESCE($data, session_data) WHERE {key} AND {alive} \
                 AND ($seen::TEXT IS NULL OR {payload} = $seen) RETURNING {columns}",
            ),
            remove: writer.statement(
                "DELETE FROM {session_info} WHERE {key} AND refresh_token_hash_2 = $current RETURNING {columns}",
            ),
            remove_keys: writer.statement(
                "DELETE FROM {session_info} WHERE (app_id, tenant_id, session_handle) \
                 IN (SELECT * FROM unnest($apps::TEXT[], $tenants::TEXT[], $handles::TEXT[])) \
                 RETURNING app_id, tenant_id, session_handle",
            ),
            remove_user: writer.statement(
                "DELETE FROM {session_info} WHERE app_id = $app AND user_id = $user \
                 AND ($tenant::TEXT IS NULL OR tenant_id = $tenant) \
                 AND ($except::TEXT IS NULL OR session_handle <> $except) \
                 AND ($now::BIGINT IS NULL OR {alive}) RETURNING app_id, tenant_id, session_handle",
            ),
            // The condition stands twice: a row that another writer holds is judged anew when that one is done.
            sweep: writer.statement(
                "DELETE FROM {session_info} WHERE expires_at < $before AND (app_id, tenant_id, session_handle) IN \
                 (SELECT app_id, tenant_id, session_handle FROM {session_info} WHERE expires_at < $before \
                 ORDER BY expires_at LIMIT $limit::BIGINT)",
            ),
        }
    }
}

/// Reads a row.
pub(super) struct Load(pub(super) SessionKey);

impl Job for Load {
    type Answer = Option<Row>;
    const WRITES: bool = false;

    async fn run(&self, db: &Db<'_>, sql: &Sql, _: bool) -> Result<Option<Row>, Fault> {
        load(db, sql, &self.0).await
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
        let values: [Value<'_>; 6] = [
            ("app", &user.app.as_str()),
            ("user", &user.user.as_str()),
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
    let inserted = match insert_once(db, sql, row).await {
        // The first session of a tenant.
        Err(fault) if fault.lacks_parent() => {
            ensure(db, sql, &row.key.app, &row.key.tenant, row.created_at).await?;
            insert_once(db, sql, row).await?
        }
        inserted => inserted?,
    };
    Ok((inserted > 0).then(|| row.clone()))
}

async fn insert_once(db: &Db<'_>, sql: &Sql, row: &Row) -> Result<u64, Fault> {
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
    db.execute(&sql.sessions.insert, &values).await
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
                let values: [Value<'_>; 5] = [
                    ("now", &alive_at.map(moment_column)),
                    ("app", &user.app.as_str()),
                    ("user", &user.user.as_str()),
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

/// Makes sure that an app and its tenant are there, and returns whether the tenant is new. Whether they may be is judged
/// above the store.
pub(super) async fn ensure(db: &Db<'_>, sql: &Sql, app: &AppId, tenant: &TenantId, now: Millis) -> Result<bool, Fault> {
    let (app, tenant, now) = (app.as_str(), tenant.as_str(), moment_column(now));
    db.execute(&sql.ensure_app, &[("app", &app), ("now", &now)]).await?;
    Ok(db.execute(&sql.ensure_tenant, &[("app", &app), ("tenant", &tenant), ("now", &now)]).await? > 0)
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
