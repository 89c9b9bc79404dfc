//! Refreshes as the store sees them, from 64 clients that wait, against the same statements in large transactions.
//!
//! Each side has a file of its own with the same rows. Every write changes its row: one that doesn't leaves the page
//! clean and looks five times faster.

use std::hint::black_box;
use std::path::Path;

use anyhow::{Result, ensure};
use doorward::{Clock as _, Millis, Sqlite, Store as _, SystemClock};
use doorward_engine::flow::Seen;
use doorward_engine::id::SessionKey;
use doorward_engine::session::record::{Change, PayloadGuard, Row, Succession, Window, WindowGuard, Write};
use doorward_engine::time::Lifetime;
use futures_util::future::try_join_all;
use rusqlite::{Connection, params};

use crate::cli::Run;
use crate::compare::{Comparison, compare, wall_nanos};
use crate::given::runtime;
use crate::report::{Report, per_second};
use crate::sqlite::rows::{fill, hash, rows};

const CLIENTS: usize = 64;
const BATCH: usize = 128;
const ROWS: usize = 64 * BATCH;

/// Has no divisor in common with [`ROWS`].
const STRIDE: usize = 5003;

/// Lifetime of a session, as the policy has it.
const LIFETIME: Lifetime = Lifetime::from_hours(2400);

/// The store's own statements, word for word: what a refresh writes, and what the first use after it writes.
macro_rules! statement {
    ($set:literal, $($lacked:literal)*) => {
        concat!(
            "UPDATE session_info SET use_static_key = COALESCE(?22, use_static_key), ",
            $set,
            " WHERE app_id = ?1 AND tenant_id = ?2 AND session_handle = ?3 \
             AND expires_at >= ?4 AND (absolute_end IS NULL OR absolute_end > ?4) AND refresh_token_hash_2 = ?5 \
             AND CASE ?6 WHEN 0 THEN 1 WHEN 1 THEN window_at IS NULL OR window_at < COALESCE(refresh_token_rotated_at, 0) \
             ELSE window_at = ?7 AND window_no = ?8 AND window_count = ?9 END \
             AND CASE ?10 WHEN 0 THEN 1 WHEN 1 THEN COALESCE(jwt_user_payload, '{}') = ?11 ELSE 0 = ",
            $("instr(COALESCE(jwt_user_payload, '{}'), ", $lacked, ") + ",)*
            "instr(COALESCE(jwt_user_payload, '{}'), ?21) END RETURNING \
             tenant_id, session_handle, user_id, refresh_token_hash_2, prev_refresh_token_hash_2, \
             refresh_token_rotated_at, window_at, window_no, window_count, expires_at, created_at_time, \
             jwt_user_payload, session_data, use_static_key, access_lifetime, refresh_lifetime, absolute_end"
        )
    };
}

const STAY: &str = statement!(
    "window_at = COALESCE(?23, window_at), window_no = COALESCE(?24, window_no), \
     window_count = COALESCE(?25, window_count)",
    "?12" "?13" "?14" "?15" "?16" "?17" "?18" "?19" "?20"
);

const ADVANCE: &str = statement!(
    "window_at = ?23, window_no = ?24, window_count = ?25, refresh_token_hash_2 = ?26, \
     prev_refresh_token_hash_2 = COALESCE(?27, refresh_token_hash_2), refresh_token_rotated_at = ?4, \
     expires_at = min(?4 + min(?28, COALESCE(refresh_lifetime, ?28)), \
     COALESCE(absolute_end, 9007199254740991), 9007199254740991)",
    "?12" "?13" "?14" "?15" "?16" "?17" "?18" "?19" "?20"
);

/// What a round writes to each row.
#[derive(Clone, Copy)]
enum Kind {
    /// A refresh opens a window.
    Window,
    /// A token is used for the first time: the lineage moves.
    Rotation,
}

/// What the rows of one side have come to.
#[derive(Clone, Copy)]
struct Standing {
    /// When the side began, and how many rounds it wrote: a moment that is new in every round.
    now: Millis,
    /// The number of the hash that stands.
    current: u64,
}

impl Standing {
    fn next(&mut self, kind: Kind) {
        self.now = self.now.after(Lifetime::from_millis(1));
        if matches!(kind, Kind::Rotation) {
            self.current += 1;
        }
    }
}

pub(crate) fn measure(run: &Run, folder: &Path, report: &mut Report) -> Result<()> {
    let stored = rows(ROWS)?;
    let (ours, floor) = (folder.join("ours.db"), folder.join("floor.db"));
    let runtime = runtime()?;
    let store = runtime.block_on(async {
        let other = Sqlite::open(&floor).await?;
        fill(&other, &stored).await?;
        other.close().await?;
        let store = Sqlite::open(&ours).await?;
        fill(&store, &stored).await?;
        anyhow::Ok(store)
    })?;
    let connection = connect(&floor)?;
    // Sessions aren't refreshed in the order in which they were created: both sides write here and there.
    let rows: Vec<Row> = (0..ROWS).filter_map(|at| stored.get(at * STRIDE % ROWS).cloned()).collect();
    let start = Standing { now: SystemClock.now(), current: 0 };
    let (mut at_ours, mut at_floor) = (start, start);
    let mut measure = |kind: Kind, batch: usize| -> Result<Comparison> {
        compare(
            run.or_quick(15, 5),
            || wall_nanos(ROWS, || runtime.block_on(commit_all(&store, &rows, kind, &mut at_ours))),
            || wall_nanos(ROWS, || update_all(&connection, &rows, kind, batch, &mut at_floor)),
        )
    };
    let (window, rotation) = (measure(Kind::Window, BATCH)?, measure(Kind::Rotation, BATCH)?);
    let (window_by_64, rotation_by_64) = (measure(Kind::Window, CLIENTS)?, measure(Kind::Rotation, CLIENTS)?);
    report.topic(&format!(
        "commits: SQLite, {CLIENTS} waiting clients / the same statement in transactions of {BATCH} rows"
    ));
    report.rates("a refresh: the row's window is written", 0.8, window);
    report.rates("a first use: the row's rotation is written", 0.8, rotation);
    for (name, compared) in [("window", window_by_64), ("rotation", rotation_by_64)] {
        let text = format!("{:.3}, of {}", 1.0 / compared.ratio, per_second(compared.floor_nanos));
        report.fact(&format!("{name} / in transactions of {CLIENTS} rows: one for each client"), &text);
    }
    let stats = store.stats();
    report
        .fact("writes that shared a commit, on average", &format!("{:.1}", stats.writes as f64 / stats.commits as f64));
    runtime.block_on(store.close())?;
    Ok(())
}

/// Lets the clients write each row once, each of them one after the other.
async fn commit_all(store: &Sqlite, rows: &[Row], kind: Kind, standing: &mut Standing) -> Result<()> {
    let before = *standing;
    standing.next(kind);
    let Some(first) = rows.first() else { return Ok(()) };
    let template = &succession(first.key.clone(), kind, before, *standing);
    let clients = (0..CLIENTS).map(|client| async move {
        for row in rows.iter().skip(client).step_by(CLIENTS) {
            let write = Succession { key: row.key.clone(), ..template.clone() };
            let seen = store.commit(Write::Succeed(write)).await?;
            ensure!(matches!(seen, Seen::Applied(_)), "a write lost its precondition");
        }
        Ok(())
    });
    try_join_all(clients).await?;
    Ok(())
}

/// What a round writes to a row with this key.
fn succession(key: SessionKey, kind: Kind, before: Standing, after: Standing) -> Succession {
    let change = match kind {
        Kind::Window => Change::Stay { window: Some(Window { opened_at: after.now, number: 1, count: 1 }) },
        Kind::Rotation => Change::Advance { to: hash(after.current), prev: None, lifetime: LIFETIME, window: None },
    };
    Succession {
        key,
        now: after.now,
        current: hash(before.current),
        window: WindowGuard::Any,
        payload: PayloadGuard::Any,
        change,
        use_static_key: None,
    }
}

/// A connection with the store's own settings.
fn connect(file: &Path) -> Result<Connection> {
    let connection = Connection::open(file)?;
    connection.execute_batch(
        "PRAGMA journal_mode = WAL; PRAGMA foreign_keys = ON; PRAGMA trusted_schema = OFF; PRAGMA synchronous = FULL",
    )?;
    Ok(connection)
}

fn update_all(connection: &Connection, rows: &[Row], kind: Kind, batch: usize, standing: &mut Standing) -> Result<()> {
    let before = *standing;
    standing.next(kind);
    let mut statement = connection.prepare_cached(match kind {
        Kind::Window => STAY,
        Kind::Rotation => ADVANCE,
    })?;
    let (current, to) = (hash(before.current).to_text(), hash(standing.current).to_text());
    let (now, lifetime) = (i64::try_from(standing.now.as_u64())?, i64::try_from(LIFETIME.as_millis())?);
    let nothing = None::<i64>;
    for batch in rows.chunks(batch) {
        connection.prepare_cached("BEGIN IMMEDIATE")?.execute([])?;
        for row in batch {
            let key = &row.key;
            let (app, tenant, handle) = (key.app.as_str(), key.tenant.as_str(), key.handle.as_str());
            let mut changed = match kind {
                Kind::Window => statement.query(params![
                    app, tenant, handle, now, current, 0, nothing, nothing, nothing, 0, nothing, nothing, nothing,
                    nothing, nothing, nothing, nothing, nothing, nothing, nothing, nothing, nothing, now, 1, 1
                ]),
                Kind::Rotation => statement.query(params![
                    app, tenant, handle, now, current, 0, nothing, nothing, nothing, 0, nothing, nothing, nothing,
                    nothing, nothing, nothing, nothing, nothing, nothing, nothing, nothing, nothing, nothing, nothing,
                    nothing, to, nothing, lifetime
                ]),
            }?;
            let mut count = 0;
            while let Some(row) = changed.next()? {
                black_box(row.get_ref(1)?.as_str()?);
                count += 1;
            }
            ensure!(count == 1, "a write lost its precondition");
        }
        connection.prepare_cached("COMMIT")?.execute([])?;
    }
    Ok(())
}
