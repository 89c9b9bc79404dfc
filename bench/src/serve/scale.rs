//! Whether many stored sessions make the same operations slower.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use doorward::{Algorithm, SessionHandle, Sqlite, Store as _, UserId};
use doorward_crypto::random;
use doorward_engine::session::record::{Row, Write};
use doorward_engine::time::Lifetime;
use futures_util::future::try_join_all;
use http::Method;
use hyper::body::Bytes;
use tokio::runtime::Runtime;

use crate::cli::Run;
use crate::compare::{compare, wall_nanos};
use crate::given::{Keys, runtime};
use crate::process::Process;
use crate::report::Report;
use crate::serve::given::{Given, postgres};
use crate::serve::requests::{Caller, Held, together};

const CALLERS: usize = 16;
const FEW: usize = 10_000;

/// Inserts that wait at once while a database is filled.
const AT_ONCE: usize = 1024;

/// A server with so many sessions, and some that are used.
struct Side {
    server: Process,
    callers: Vec<Caller>,
    held: Vec<Held>,
    /// Of one of the sessions that nobody uses.
    user: String,
}

#[derive(Clone, Copy)]
enum Act {
    Create,
    Refresh,
    Read,
    List,
}

const ACTS: [(&str, Act, usize); 4] = [
    ("create", Act::Create, 10),
    ("refresh and its first verify", Act::Refresh, 5),
    ("get session", Act::Read, 40),
    ("sessions of a user", Act::List, 40),
];

pub(crate) fn measure(run: &Run, folder: &Path, report: &mut Report) -> Result<()> {
    let many = run.or_quick(1_000_000, 100_000);
    let runtime = runtime()?;
    let mut few = Side::start(&runtime, folder, FEW)?;
    let mut more = Side::start(&runtime, folder, many)?;
    report.topic(&format!("scale: processor time of the server with {many} sessions stored / with {FEW}, SQLite"));
    for (name, act, times) in ACTS {
        let compared = compare(
            run.or_quick(15, 5),
            || more.cpu_nanos(&runtime, act, times),
            || few.cpu_nanos(&runtime, act, times),
        )?;
        report.times(name, 1.3, compared);
    }
    let Some(uri) = postgres(report, "scale, PostgreSQL") else { return Ok(()) };
    let mut few = Side::start_postgres(&runtime, folder, &uri, FEW)?;
    let mut more = Side::start_postgres(&runtime, folder, &uri, many)?;
    report.topic(&format!("scale: time of {CALLERS} callers with {many} sessions stored / with {FEW}, PostgreSQL"));
    for (name, act, times) in ACTS {
        let compared = compare(
            run.or_quick(15, 5),
            || more.wall_nanos(&runtime, act, times),
            || few.wall_nanos(&runtime, act, times),
        )?;
        report.times(name, 1.3, compared);
    }
    Ok(())
}

impl Side {
    fn start(runtime: &Runtime, folder: &Path, count: usize) -> Result<Self> {
        let given = Given::make(folder, &format!("scale-{count}"))?;
        // The first start makes the file and the keys.
        drop(given.serve()?);
        let user = runtime.block_on(fill(&database(&given.data())?, count))?;
        Self::with(runtime, given.serve()?, user)
    }

    fn start_postgres(runtime: &Runtime, folder: &Path, uri: &str, count: usize) -> Result<Self> {
        let schema = format!("bench_scale_{count}");
        let given = Given::make(folder, &schema)?;
        // The first start makes the tables and the keys.
        drop(given.serve_postgres(uri, &schema)?);
        runtime.block_on(fill_postgres(uri, &schema, count))?;
        Self::with(runtime, given.serve_postgres(uri, &schema)?, user(count / 2))
    }

    fn with(runtime: &Runtime, server: Process, user: String) -> Result<Self> {
        let (callers, held) = runtime.block_on(async {
            let mut callers = Caller::many(server.address, CALLERS).await?;
            let mut held = Vec::new();
            for caller in &mut callers {
                held.push(caller.create().await?);
            }
            anyhow::Ok((callers, held))
        })?;
        Ok(Self { server, callers, held, user })
    }

    /// The processor time of the server for one of some operations.
    fn cpu_nanos(&mut self, runtime: &Runtime, act: Act, times: usize) -> Result<f64> {
        let before = self.server.cpu_nanos()?;
        self.act(runtime, act, times)?;
        Ok((self.server.cpu_nanos()? - before) / (times * CALLERS) as f64)
    }

    /// The time of one of some operations, by the clock on the wall.
    fn wall_nanos(&mut self, runtime: &Runtime, act: Act, times: usize) -> Result<f64> {
        wall_nanos(times * CALLERS, || self.act(runtime, act, times))
    }

    fn act(&mut self, runtime: &Runtime, act: Act, times: usize) -> Result<()> {
        let list = format!("/recipe/session/user?userId={}", self.user);
        runtime.block_on(together(&mut self.callers, &mut self.held, times, async |caller, held| {
            match act {
                Act::Create => drop(caller.create().await?),
                Act::Refresh => {
                    *held = caller.refresh(held).await?;
                    caller.verify(held).await?;
                }
                Act::Read => {
                    let path = format!("/recipe/session?sessionHandle={}", held.handle);
                    caller.send(Method::GET, &path, Bytes::new()).await?;
                }
                Act::List => drop(caller.send(Method::GET, &list, Bytes::new()).await?),
            }
            Ok(())
        }))?;
        Ok(())
    }
}

/// The SQLite file in a server's folder.
fn database(data: &Path) -> Result<PathBuf> {
    let files = fs::read_dir(data)?.filter_map(|entry| Some(entry.ok()?.path()));
    files
        .into_iter()
        .find(|file| file.extension().is_some_and(|extension| extension == "db"))
        .context("no database was made")
}

/// Adds sessions, a millisecond apart and each of a user of its own, and returns one of the users.
async fn fill(file: &Path, count: usize) -> Result<String> {
    let store = Sqlite::open(file).await?;
    let template = Keys::make(Algorithm::EdDsa)?.begin()?.row;
    let mut made = 0;
    while made < count {
        let rows =
            (made..count.min(made + AT_ONCE)).map(|number| row(&template, number)).collect::<Result<Vec<_>>>()?;
        made += rows.len();
        try_join_all(rows.into_iter().map(|row| store.commit(Write::Insert(Box::new(row))))).await?;
    }
    store.close().await?;
    Ok(user(count / 2))
}

/// The same in PostgreSQL, by one statement: handles begin with their time.
async fn fill_postgres(uri: &str, schema: &str, count: usize) -> Result<()> {
    let (client, connection) = tokio_postgres::connect(uri, tokio_postgres::NoTls).await?;
    let connection = tokio::spawn(connection);
    client
        .batch_execute(&format!(
            "INSERT INTO {schema}.session_info (app_id, tenant_id, session_handle, user_id, refresh_token_hash_2, \
             session_data, expires_at, created_at_time, jwt_user_payload, use_static_key) \
             SELECT 'public', 'public', '0190' || lpad(to_hex(n), 8, '0') || '-0000-4000-8000-' || lpad(to_hex(n), 12, '0'), \
             '00000000-0000-4000-8000-' || lpad(n::text, 12, '0'), lpad(to_hex(n), 64, '0'), '{{}}', 4102444800000, \
             1700000000000 + n, '{{\"role\":\"editor\"}}', false FROM generate_series(0, {count} - 1) AS n; \
             ANALYZE {schema}.session_info"
        ))
        .await?;
    connection.abort();
    Ok(())
}

fn row(template: &Row, number: usize) -> Result<Row> {
    let mut row = template.clone();
    let mut bytes = [0; 10];
    random::fill(&mut bytes)?;
    let moment = row.created_at.after(Lifetime::from_millis(number as u64));
    row.key.handle = SessionHandle::make(moment, bytes, &row.key.tenant);
    row.user = UserId::parse(&user(number))?;
    Ok(row)
}

fn user(number: usize) -> String {
    format!("00000000-0000-4000-8000-{number:012}")
}
