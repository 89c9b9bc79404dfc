//! The statements on `session_info`.
//!
//! INVARIANT: a write is one statement that carries its precondition; only when it changed nothing is the row read, in
//! the same transaction.

use doorward_engine::flow::Seen;
use doorward_engine::id::{AppId, SessionKey};
use doorward_engine::session::record::{
    Change, LACKED_TEXTS, PayloadGuard, Removal, Row, Succession, Update, Window, WindowGuard, Write,
};
use doorward_engine::time::Millis;
use doorward_service::store::{Selector, UserSelector};
use rusqlite::{Params, ToSql, params};

use super::db::Db;
use super::error::Fault;
use super::read::{row_of, text};
use super::tenants;
use crate::sql::row::{columns, lifetime_column, moment_column, session_key};

pub(super) const LOAD: &str =
    concat!("SELECT ", columns!(), " FROM session_info WHERE app_id = ?1 AND tenant_id = ?2 AND session_handle = ?3");

/// The `+` keeps SQLite from taking the order from the primary key, for which it would read the whole app.
pub(super) const LIST: &str = concat!(
    "SELECT ",
    columns!(),
    " FROM session_info WHERE app_id = ?1 AND user_id = ?2 AND (?3 IS NULL OR tenant_id = ?3) \
     AND (?4 IS NULL OR (tenant_id, session_handle) > (?4, ?5)) ORDER BY +tenant_id, +session_handle LIMIT ?6"
);

pub(super) const INSERT: &str = concat!(
    "INSERT INTO session_info (app_id, ",
    columns!(),
    ") VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18) \
     ON CONFLICT (app_id, tenant_id, session_handle) DO NOTHING"
);

/// The payload, and where a text first stands in it: 0 is nowhere.
macro_rules! payload {
    () => {
        "COALESCE(jwt_user_payload, '{}')"
    };
    (at $text:literal) => {
        concat!("instr(", payload!(), ", ", $text, ")")
    };
}

/// The row is alive at ?4, `current` is ?5, the window stands as ?6 says, and the payload as ?10 does: 0 is any, 1 is
/// exactly ?11, 2 is one that has none of the texts ?12 to ?21 in it.
macro_rules! if_it_stands {
    () => {
        concat!(
            " WHERE app_id = ?1 AND tenant_id = ?2 AND session_handle = ?3 \
              AND expires_at >= ?4 AND (absolute_end IS NULL OR absolute_end > ?4) AND refresh_token_hash_2 = ?5 \
              AND CASE ?6 WHEN 0 THEN 1 WHEN 1 THEN window_at IS NULL OR window_at < COALESCE(refresh_token_rotated_at, 0) \
              ELSE window_at = ?7 AND window_no = ?8 AND window_count = ?9 END \
              AND CASE ?10 WHEN 0 THEN 1 WHEN 1 THEN ",
            payload!(),
            " = ?11 ELSE 0 = ",
            payload!(at "?12"),
            " + ",
            payload!(at "?13"),
            " + ",
            payload!(at "?14"),
            " + ",
            payload!(at "?15"),
            " + ",
            payload!(at "?16"),
            " + ",
            payload!(at "?17"),
            " + ",
            payload!(at "?18"),
            " + ",
            payload!(at "?19"),
            " + ",
            payload!(at "?20"),
            " + ",
            payload!(at "?21"),
            " END RETURNING ",
            columns!()
        )
    };
}

pub(super) const STAY: &str = concat!(
    "UPDATE session_info SET use_static_key = COALESCE(?22, use_static_key), window_at = COALESCE(?23, window_at), \
     window_no = COALESCE(?24, window_no), window_count = COALESCE(?25, window_count)",
    if_it_stands!()
);

/// 9007199254740991 is `Millis::MAX`; `min` of anything and null is null.
pub(super) const ADVANCE: &str = concat!(
    "UPDATE session_info SET use_static_key = COALESCE(?22, use_static_key), window_at = ?23, window_no = ?24, \
     window_count = ?25, refresh_token_hash_2 = ?26, prev_refresh_token_hash_2 = COALESCE(?27, refresh_token_hash_2), \
     refresh_token_rotated_at = ?4, expires_at = min(?4 + min(?28, COALESCE(refresh_lifetime, ?28)), \
     COALESCE(absolute_end, 9007199254740991), 9007199254740991)",
    if_it_stands!()
);

pub(super) const DISPLACE: &str = concat!(
    "UPDATE session_info SET use_static_key = COALESCE(?22, use_static_key), refresh_token_hash_2 = ?23, \
     window_at = NULL, window_no = NULL, window_count = NULL",
    if_it_stands!()
);

pub(super) const UPDATE: &str = concat!(
    "UPDATE session_info SET jwt_user_payload = COALESCE(?6, jwt_user_payload), session_data = COALESCE(?7, session_data) \
     WHERE app_id = ?1 AND tenant_id = ?2 AND session_handle = ?3 \
     AND expires_at >= ?4 AND (absolute_end IS NULL OR absolute_end > ?4) \
     AND (?5 IS NULL OR COALESCE(jwt_user_payload, '{}') = ?5) RETURNING ",
    columns!()
);

pub(super) const REMOVE: &str = concat!(
    "DELETE FROM session_info WHERE app_id = ?1 AND tenant_id = ?2 AND session_handle = ?3 \
     AND refresh_token_hash_2 = ?4 RETURNING ",
    columns!()
);

pub(super) const REMOVE_KEY: &str =
    "DELETE FROM session_info WHERE app_id = ?1 AND tenant_id = ?2 AND session_handle = ?3";

pub(super) const REMOVE_USER: &str = "DELETE FROM session_info WHERE app_id = ?1 AND user_id = ?2 \
     AND (?3 IS NULL OR tenant_id = ?3) AND (?4 IS NULL OR session_handle <> ?4) \
     AND (?5 IS NULL OR expires_at >= ?5 AND (absolute_end IS NULL OR absolute_end > ?5)) RETURNING tenant_id, session_handle";

pub(super) const SWEEP: &str = "DELETE FROM session_info WHERE rowid IN \
     (SELECT rowid FROM session_info WHERE expires_at < ?1 ORDER BY expires_at LIMIT ?2)";

pub(super) fn load(db: &Db, key: &SessionKey) -> Result<Option<Row>, Fault> {
    one(db, LOAD, params![key.app.as_str(), key.tenant.as_str(), key.handle.as_str()], &key.app)
}

pub(super) fn list(db: &Db, user: &UserSelector, after: Option<&SessionKey>, limit: u32) -> Result<Vec<Row>, Fault> {
    let params = params![
        user.app.as_str(),
        user.user.as_str(),
        user.tenant.as_ref().map(|tenant| tenant.as_str()),
        after.map(|after| after.tenant.as_str()),
        after.map(|after| after.handle.as_str()),
        limit,
    ];
    db.rows(LIST, params, |row| row_of(row, &user.app))
}

pub(super) fn commit(db: &Db, write: &Write) -> Result<Seen, Fault> {
    let applied = match write {
        Write::Insert(row) => insert(db, row)?,
        Write::Succeed(succession) => succeed(db, succession)?,
        Write::Update(update) => replace(db, update)?,
        Write::Remove(removal) => remove(db, removal)?,
    };
    match applied {
        Some(row) => Ok(Seen::Applied(row)),
        None => Ok(Seen::Row(load(db, write.key())?)),
    }
}

pub(super) fn remove_all(db: &Db, which: &Selector) -> Result<Vec<SessionKey>, Fault> {
    match which {
        // One statement each, in one transaction: nearly always there is one key.
        Selector::Keys(keys) => {
            let mut removed = Vec::new();
            for key in keys {
                let params = params![key.app.as_str(), key.tenant.as_str(), key.handle.as_str()];
                if db.execute(REMOVE_KEY, params)? > 0 {
                    removed.push(key.clone());
                }
            }
            Ok(removed)
        }
        Selector::User { user, alive_at, except } => {
            let params = params![
                user.app.as_str(),
                user.user.as_str(),
                user.tenant.as_ref().map(|tenant| tenant.as_str()),
                except.as_ref().map(|handle| handle.as_str()),
                alive_at.map(moment_column),
            ];
            db.rows(REMOVE_USER, params, |row| {
                let (tenant, handle) = (text(row, 0, "tenant_id")?, text(row, 1, "session_handle")?);
                Ok(session_key(user.app.clone(), tenant, handle)?)
            })
        }
    }
}

pub(super) fn sweep(db: &Db, expired_before: Millis, limit: u32) -> Result<u64, Fault> {
    let deleted = db.execute(SWEEP, params![moment_column(expired_before), limit])?;
    Ok(u64::try_from(deleted).unwrap_or(u64::MAX))
}

/// Runs a statement that gives at most one row.
fn one(db: &Db, sql: &'static str, params: impl Params, app: &AppId) -> Result<Option<Row>, Fault> {
    Ok(db.rows(sql, params, |row| row_of(row, app))?.pop())
}

fn insert(db: &Db, row: &Row) -> Result<Option<Row>, Fault> {
    let inserted = tenants::with_tenant(db, &row.key.app, &row.key.tenant, row.created_at, || insert_once(db, row))?;
    Ok((inserted > 0).then(|| row.clone()))
}

fn insert_once(db: &Db, row: &Row) -> Result<usize, rusqlite::Error> {
    let (window_at, window_no, window_count) = window_columns(row.window);
    db.execute(
        INSERT,
        params![
            row.key.app.as_str(),
            row.key.tenant.as_str(),
            row.key.handle.as_str(),
            row.user.as_str(),
            row.current.as_str(),
            row.prev.as_ref().map(|prev| prev.as_str()),
            row.rotated_at.map(moment_column),
            window_at,
            window_no,
            window_count,
            moment_column(row.expires_at),
            moment_column(row.created_at),
            row.payload.as_str(),
            row.data.as_str(),
            row.use_static_key,
            row.limits.access_lifetime.map(lifetime_column),
            row.limits.refresh_lifetime.map(lifetime_column),
            row.limits.absolute_end.map(moment_column),
        ],
    )
}

fn succeed(db: &Db, write: &Succession) -> Result<Option<Row>, Fault> {
    let Succession { key, now, current, window, payload, change, use_static_key } = write;
    let (app, tenant, handle) = (key.app.as_str(), key.tenant.as_str(), key.handle.as_str());
    let (now, current) = (moment_column(*now), current.as_str());
    let (guard, guard_window) = match window {
        WindowGuard::Any => (0, None),
        WindowGuard::Absent => (1, None),
        WindowGuard::Is(window) => (2, Some(*window)),
    };
    let (guard_at, guard_no, guard_count) = window_columns(guard_window);
    let (payload_guard, payload, lacked) = match payload {
        PayloadGuard::Any => (0, None, [None; LACKED_TEXTS]),
        PayloadGuard::Is(payload) => (1, Some(payload.as_str()), [None; LACKED_TEXTS]),
        PayloadGuard::Lacks(texts) => (2, None, texts.map(Some)),
    };
    let mut params = Vec::with_capacity(28);
    params.extend_from_slice(params![app, tenant, handle, now, current, guard, guard_at, guard_no, guard_count]);
    params.extend_from_slice(params![payload_guard, payload]);
    params.extend(lacked.iter().map(|text| text as &dyn ToSql));
    params.push(use_static_key);
    match change {
        Change::Stay { window } => {
            let (at, no, count) = window_columns(*window);
            params.extend_from_slice(params![at, no, count]);
            one(db, STAY, &*params, &key.app)
        }
        Change::Advance { to, prev, lifetime, window } => {
            let (at, no, count) = window_columns(*window);
            let (to, prev) = (to.as_str(), prev.as_ref().map(|prev| prev.as_str()));
            let lifetime = lifetime_column(*lifetime);
            params.extend_from_slice(params![at, no, count, to, prev, lifetime]);
            one(db, ADVANCE, &*params, &key.app)
        }
        Change::Displace { to } => {
            let to = to.as_str();
            params.extend_from_slice(params![to]);
            one(db, DISPLACE, &*params, &key.app)
        }
    }
}

fn replace(db: &Db, update: &Update) -> Result<Option<Row>, Fault> {
    let key = &update.key;
    let params = params![
        key.app.as_str(),
        key.tenant.as_str(),
        key.handle.as_str(),
        moment_column(update.now),
        update.seen.as_ref().map(|seen| seen.as_str()),
        update.payload.as_ref().map(|payload| payload.as_str()),
        update.data.as_ref().map(|data| data.as_str()),
    ];
    one(db, UPDATE, params, &key.app)
}

fn remove(db: &Db, removal: &Removal) -> Result<Option<Row>, Fault> {
    let key = &removal.key;
    let params = params![key.app.as_str(), key.tenant.as_str(), key.handle.as_str(), removal.current.as_str()];
    one(db, REMOVE, params, &key.app)
}

fn window_columns(window: Option<Window>) -> (Option<i64>, Option<u8>, Option<u8>) {
    (
        window.map(|window| moment_column(window.opened_at)),
        window.map(|window| window.number),
        window.map(|window| window.count),
    )
}
