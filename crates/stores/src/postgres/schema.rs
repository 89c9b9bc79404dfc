//! What a database has, and what is made or added when the store is opened.
//!
//! There is no list of migrations here, as the file of an SQLite store has one: a Java core makes and changes the same
//! tables, so what counts is what the catalogue shows.

use std::collections::BTreeSet;
use std::time::Duration;

use doorward_service::store::StoreError;
use tokio::time::sleep;
use tokio_postgres::Client;
use tokio_postgres::error::{Error, SqlState};

use super::error::Fault;
use super::names::{Names, Table, quote};
use super::sql::{Room, Writer};
use super::tables::{self, ADDED};

/// How long a change of a table waits for those who use it; they in turn wait behind it for that long.
const LOCK_TIMEOUT: &str = "500ms";

/// Tries to change the tables, and the time between two of them.
const TRIES: u32 = 6;
const BETWEEN_TRIES: Duration = Duration::from_millis(250);

/// What a database has: its tables, and the columns of each.
type Found = BTreeSet<(Table, String)>;

/// Makes the tables and columns that are missing, as far as that is allowed, and returns what there is room for.
pub(super) async fn prepare(client: &Client, names: &Names) -> Result<Room, StoreError> {
    refuse_read_only(client).await?;
    let advisory_locks = has_advisory_locks(client).await?;
    let mut found = inspect(client, names).await?;
    if !missing_tables(&found).is_empty() {
        let made = make_tables(client, names, advisory_locks).await;
        found = inspect(client, names).await?;
        // Without these nothing works; without the others some things don't.
        let lacks = missing_tables(&found).into_iter().find(|table| !tables::required(*table).is_empty());
        if let Some(table) = lacks {
            made.map_err(|error| about(&format!("cannot make the table `{}`", names.bare(table)), error.into()))?;
            return Err(StoreError::ReadOnly(format!("this user may not use the table `{}`", names.bare(table))));
        }
    }
    refuse_too_old(&found, names)?;
    for table in Table::ALL {
        if !missing_columns(&found, table).is_empty() && has_table(&found, table) {
            add_columns(client, names, table, &found).await;
        }
    }
    let mut found = inspect(client, names).await?;
    leave_out_unreadable(client, names, &mut found).await?;
    let room = room(&found, advisory_locks);
    warn_of_what_is_off(&found, names);
    warn_of_other_domains(client, names).await?;
    first_rows(client, names).await?;
    Ok(room)
}

/// Returns what there is room for, and changes nothing.
pub(super) async fn look(client: &Client, names: &Names) -> Result<Room, StoreError> {
    let advisory_locks = has_advisory_locks(client).await?;
    let found = inspect(client, names).await?;
    let lacks = missing_tables(&found).into_iter().find(|table| !tables::required(*table).is_empty());
    if let Some(table) = lacks {
        return Err(StoreError::Corrupt(format!(
            "the schema `{}` has no table `{}`: are schema and prefix right, and may this user read it?",
            names.schema(),
            names.bare(table)
        )));
    }
    refuse_too_old(&found, names)?;
    Ok(room(&found, advisory_locks))
}

/// Better now than at the first sign-in. Asks for: `SHOW transaction_read_only`, `SHOW synchronous_commit`.
async fn refuse_read_only(client: &Client) -> Result<(), StoreError> {
    let read_only: String = scalar(client, "SHOW transaction_read_only").await?.unwrap_or_default();
    if read_only == "on" {
        return Err(StoreError::ReadOnly("it only follows another database, or was made read-only".to_owned()));
    }
    let commit: String = scalar(client, "SHOW synchronous_commit").await?.unwrap_or_default();
    if commit == "off" {
        tracing::warn!(
            name: "doorward.store.not_durable",
            target: "doorward",
            "synchronous_commit is off: what was acknowledged may be lost when the database's machine fails"
        );
    }
    Ok(())
}

async fn scalar<T: for<'a> tokio_postgres::types::FromSql<'a>>(client: &Client, sql: &str) -> Result<Option<T>, Fault> {
    let row = client.query_opt(sql, &[]).await?;
    Ok(row.and_then(|row| row.try_get(0).ok()))
}

/// A database without the functions, or that lets this user not call them, has a row of its own for each key, and that
/// must do. Asks for: `pg_proc`, and `has_function_privilege` where it has the functions.
async fn has_advisory_locks(client: &Client) -> Result<bool, Fault> {
    let functions = "SELECT count(DISTINCT proname) FROM pg_catalog.pg_proc \
                     WHERE proname::TEXT IN ('pg_try_advisory_xact_lock', 'pg_advisory_xact_lock', 'hashtext')";
    if scalar::<i64>(client, functions).await? != Some(3) {
        return Ok(false);
    }
    let usable = format!("{functions} AND has_function_privilege(oid, 'EXECUTE')");
    Ok(scalar::<i64>(client, &usable).await? == Some(3))
}

/// Asks for: `information_schema.columns`, which shows what this user may use.
async fn inspect(client: &Client, names: &Names) -> Result<Found, Fault> {
    let sql =
        "SELECT table_name::TEXT, column_name::TEXT FROM information_schema.columns WHERE table_schema::TEXT = $1";
    let mut found = Found::new();
    for row in client.query(sql, &[&names.schema()]).await? {
        let (Ok(table), Ok(column)) = (row.try_get::<_, &str>(0), row.try_get::<_, String>(1)) else { continue };
        if let Some(table) = Table::ALL.into_iter().find(|known| names.bare(*known) == table) {
            found.insert((table, column));
        }
    }
    Ok(found)
}

fn has_table(found: &Found, table: Table) -> bool {
    found.iter().any(|(known, _)| *known == table)
}

fn has_column(found: &Found, table: Table, column: &str) -> bool {
    found.iter().any(|(known, name)| *known == table && name == column)
}

fn missing_tables(found: &Found) -> Vec<Table> {
    Table::ALL.into_iter().filter(|table| tables::creation(*table).is_some() && !has_table(found, *table)).collect()
}

fn missing_columns(found: &Found, table: Table) -> Vec<(&'static str, &'static str)> {
    let of_table = ADDED.iter().filter(|(known, ..)| *known == table);
    let missing = of_table.filter(|(_, column, _)| !has_column(found, table, column));
    missing.map(|(_, column, kind)| (*column, *kind)).collect()
}

fn refuse_too_old(found: &Found, names: &Names) -> Result<(), StoreError> {
    for table in Table::ALL {
        for column in tables::required(table) {
            if !has_column(found, table, column) {
                return Err(StoreError::Corrupt(format!(
                    "the table `{}` has no column `{column}`: it is of a release before 6.0, or of another program; \
                     bring it to 6.0 or later with SuperTokens' own migration first",
                    names.bare(table)
                )));
            }
        }
    }
    Ok(())
}

fn room(found: &Found, advisory_locks: bool) -> Room {
    let has_all = |table, columns: &[&str]| columns.iter().all(|column| has_column(found, table, column));
    let has = |columns: &[&str]| has_all(Table::SessionInfo, columns);
    let primary = ["app_id", "user_id", "primary_or_recipe_user_id"];
    Room {
        rotation: has(&["prev_refresh_token_hash_2", "refresh_token_rotated_at"]),
        windows: has(&["window_at", "window_no", "window_count"]),
        limits: has(&["access_lifetime", "refresh_lifetime", "absolute_end"]),
        factors: has_column(found, Table::TenantConfigs, "is_first_factors_null")
            && has_table(found, Table::FirstFactors)
            && has_table(found, Table::RequiredFactors),
        last_active: has_table(found, Table::LastActive),
        named_users: has_all(Table::UserIdMapping, &["app_id", "supertokens_user_id", "external_user_id"]),
        linked_users: has_all(Table::UserIds, &primary),
        old_linked_users: has_all(Table::RecipeUsers, &primary),
        advisory_locks,
    }
}

/// Makes the schema and the tables that are missing, in one transaction. Processes that start at once take turns, or
/// where there are no locks for that, the one that comes too late tries again. Asks for: tables and a schema made in a
/// transaction, `IF NOT EXISTS`, `pg_namespace`, and foreign keys with `ON DELETE CASCADE`.
async fn make_tables(client: &Client, names: &Names, advisory_locks: bool) -> Result<(), Fault> {
    for _ in 1..TRIES {
        match make_tables_once(client, names, advisory_locks).await {
            Err(Fault::Database(error)) if came_too_late(&error) => {
                client.batch_execute("ROLLBACK").await?;
                sleep(BETWEEN_TRIES).await;
            }
            Err(fault) => {
                // Where this fails too, the next statement says why.
                let _ = client.batch_execute("ROLLBACK").await;
                return Err(fault);
            }
            Ok(()) => return Ok(()),
        }
    }
    make_tables_once(client, names, advisory_locks).await
}

async fn make_tables_once(client: &Client, names: &Names, advisory_locks: bool) -> Result<(), Fault> {
    let room = room(&Found::new(), advisory_locks);
    let writer = Writer { names, room };
    client.batch_execute("BEGIN").await?;
    if advisory_locks {
        let lock = format!("doorward~schema~{}", names.quoted(Table::SessionInfo));
        client.query("SELECT pg_advisory_xact_lock(hashtext($1))", &[&lock]).await?;
    }
    // A user may be allowed to make tables in a schema that is there, and none besides.
    let schema =
        scalar_with(client, "SELECT count(*) FROM pg_catalog.pg_namespace WHERE nspname::TEXT = $1", names.schema());
    if schema.await? == Some(0) {
        client.batch_execute(&format!("CREATE SCHEMA IF NOT EXISTS {}", quote(names.schema()))).await?;
    }
    for table in missing_tables(&inspect(client, names).await?) {
        if let Some(creation) = tables::creation(table) {
            client.batch_execute(writer.statement(creation).sql()).await?;
        }
    }
    Ok(client.batch_execute("COMMIT").await?)
}

async fn scalar_with(client: &Client, sql: &str, value: &str) -> Result<Option<i64>, Fault> {
    let row = client.query_opt(sql, &[&value]).await?;
    Ok(row.and_then(|row| row.try_get(0).ok()))
}

/// Whether somebody else made the same things at the same time.
fn came_too_late(error: &Error) -> bool {
    let codes = [
        SqlState::UNIQUE_VIOLATION,
        SqlState::DUPLICATE_TABLE,
        SqlState::DUPLICATE_SCHEMA,
        SqlState::DUPLICATE_OBJECT,
        SqlState::DUPLICATE_COLUMN,
        SqlState::LOCK_NOT_AVAILABLE,
        SqlState::INTERNAL_ERROR, // "tuple concurrently updated"
    ];
    error.code().is_some_and(|code| codes.contains(code) || code.code().starts_with("40"))
}

/// Adds the columns that a table lacks, if that can be done without keeping others from it for long. If not, the store
/// does without them, and says so. Asks for: `ADD COLUMN IF NOT EXISTS`, `lock_timeout`; where it is refused that, as if
/// the columns might not be added.
async fn add_columns(client: &Client, names: &Names, table: Table, found: &Found) {
    let columns = missing_columns(found, table);
    let list: Vec<String> =
        columns.iter().map(|(name, kind)| format!("ADD COLUMN IF NOT EXISTS {name} {kind}")).collect();
    let alter = format!("ALTER TABLE {} {}", names.quoted(table), list.join(", "));
    let statements = format!("SET lock_timeout = '{LOCK_TIMEOUT}'; {alter}; RESET lock_timeout");
    for round in 1..=TRIES {
        match client.batch_execute(&statements).await {
            Ok(()) => {
                tracing::info!(name: "doorward.store.columns_added", target: "doorward", "{alter}");
                return;
            }
            Err(error) if came_too_late(&error) && round < TRIES => sleep(BETWEEN_TRIES).await,
            Err(error) => {
                let error = StoreError::from(Fault::from(error));
                tracing::warn!(
                    name: "doorward.store.columns_missing",
                    target: "doorward",
                    "columns could not be added: {error}. Whoever owns the table can run: {alter}"
                );
                return;
            }
        }
    }
}

/// Leaves out tables of users that this one may not read. Asks for: `pg_class`, and `has_table_privilege` where there are
/// such tables.
async fn leave_out_unreadable(client: &Client, names: &Names, found: &mut Found) -> Result<(), Fault> {
    let of_users = Table::ALL.into_iter().filter(|table| tables::creation(*table).is_none());
    let of_users: Vec<(Table, &str)> = of_users.map(|table| (table, names.bare(table))).collect();
    let [(_, one), (_, two), (_, three)] = of_users.as_slice() else { return Ok(()) };
    let tables = "SELECT tables.relname::TEXT FROM pg_catalog.pg_class AS tables \
                  JOIN pg_catalog.pg_namespace AS schemas ON schemas.oid = tables.relnamespace \
                  WHERE schemas.nspname::TEXT = $1 AND tables.relname::TEXT IN ($2, $3, $4)";
    if client.query(tables, &[&names.schema(), one, two, three]).await?.is_empty() {
        return Ok(());
    }
    let unreadable = format!("{tables} AND NOT has_table_privilege(tables.oid, 'SELECT')");
    for row in client.query(&unreadable, &[&names.schema(), one, two, three]).await? {
        let Ok(name) = row.try_get::<_, &str>(0) else { continue };
        tracing::warn!(
            name: "doorward.store.users_unread",
            target: "doorward",
            "this user may not read the table `{name}`, so sessions of accounts that are linked, or have ids from outside, \
             are not recognised as such: tokens may name another user than before"
        );
        found.retain(|(table, _)| names.bare(*table) != name);
    }
    Ok(())
}

fn warn_of_what_is_off(found: &Found, names: &Names) {
    let sessions: Vec<&str> = missing_columns(found, Table::SessionInfo).iter().map(|(name, _)| *name).collect();
    let mut off = Vec::new();
    if sessions.iter().any(|column| column.starts_with("window_")) {
        off.push("the grace for refresh tokens that are presented twice");
    } else if sessions.iter().any(|column| column.starts_with("prev_") || column.ends_with("rotated_at")) {
        off.push("the grace for the token before the current one");
    }
    if sessions.iter().any(|column| column.ends_with("_lifetime") || *column == "absolute_end") {
        off.push("limits of single sessions, the absolute one included");
    }
    if !off.is_empty() {
        tracing::warn!(
            name: "doorward.store.reduced",
            target: "doorward",
            "the table `{}` has no {}, so this is off: {}",
            names.bare(Table::SessionInfo),
            sessions.join(", "),
            off.join("; ")
        );
    }
}

/// Apps and tenants of other connection URI domains than the one without a name aren't served, which their users notice.
async fn warn_of_other_domains(client: &Client, names: &Names) -> Result<(), Fault> {
    let configs = names.quoted(Table::TenantConfigs);
    let sql = format!(
        "SELECT DISTINCT connection_uri_domain::TEXT FROM {configs} WHERE connection_uri_domain <> '' ORDER BY 1 LIMIT 4"
    );
    let domains = client.query(&sql, &[]).await?;
    let mut named: Vec<&str> = domains.iter().filter_map(|row| row.try_get(0).ok()).take(3).collect();
    if domains.len() > named.len() {
        named.push("and more");
    }
    if !named.is_empty() {
        tracing::warn!(
            name: "doorward.store.domains",
            target: "doorward",
            "apps and tenants of connection URI domains are not served: {}",
            named.join(", ")
        );
    }
    Ok(())
}

/// The app and the tenant that are always there. Asks for: `EXTRACT(EPOCH ...)`, `ON CONFLICT DO NOTHING`.
async fn first_rows(client: &Client, names: &Names) -> Result<(), Fault> {
    let now = "(EXTRACT(EPOCH FROM now()) * 1000)::BIGINT";
    let (apps, tenants) = (names.quoted(Table::Apps), names.quoted(Table::Tenants));
    client
        .batch_execute(&format!(
            "INSERT INTO {apps} (app_id, created_at_time) VALUES ('public', {now}) ON CONFLICT (app_id) DO NOTHING; \
             INSERT INTO {tenants} (app_id, tenant_id, created_at_time) VALUES ('public', 'public', {now}) \
             ON CONFLICT (app_id, tenant_id) DO NOTHING"
        ))
        .await?;
    Ok(())
}

/// Puts before an error's text what it was about.
fn about(what: &str, error: StoreError) -> StoreError {
    match error {
        StoreError::Unavailable(text) => StoreError::Unavailable(format!("{what}: {text}")),
        StoreError::Full(text) => StoreError::Full(format!("{what}: {text}")),
        StoreError::ReadOnly(text) => StoreError::ReadOnly(format!("{what}: {text}")),
        StoreError::Corrupt(text) => StoreError::Corrupt(format!("{what}: {text}")),
        other => other,
    }
}
