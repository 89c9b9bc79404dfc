//! The processor time of the server for one request, against a bare hyper server and what the operation can't do without:
//! its signatures and its commit.

use std::hint::black_box;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use anyhow::{Result, ensure};
use doorward::{Algorithm, Sqlite, Store as _};
use doorward_engine::crypto::SigningKey;
use doorward_engine::flow::Seen;
use doorward_engine::session::record::{Row, Write};
use futures_util::future::try_join_all;
use http::Method;
use hyper::body::Bytes;
use tokio::runtime::Runtime;

use crate::cli::Run;
use crate::compare::{compare, cpu_nanos, median, process_cpu};
use crate::given::{Keys, runtime};
use crate::process::Process;
use crate::report::{Report, nanos};
use crate::serve::given::{Given, floor};
use crate::serve::requests::{Caller, Held, creation, together, verification};
use crate::sqlite::rows::rows;

const CALLERS: usize = 16;

/// What one thing takes by itself, in nanoseconds of processor time.
struct Parts {
    sign: f64,
    verify: f64,
    /// An insert in group commit; what an update takes is no less.
    write: f64,
    read: f64,
}

pub(crate) fn measure(run: &Run, folder: &Path, report: &mut Report) -> Result<()> {
    let given = Given::make(folder, "operations")?;
    let (server, floor, runtime) = (given.serve()?, floor()?, runtime()?);
    let parts = parts(run, folder, &runtime)?;
    let mut callers = runtime.block_on(Caller::many(server.address, CALLERS))?;
    let mut floor_callers = runtime.block_on(Caller::many(floor.address, CALLERS))?;
    let mut held = runtime.block_on(async {
        let mut held = Vec::new();
        for caller in &mut callers {
            held.push(caller.create().await?);
        }
        anyhow::Ok(held)
    })?;
    let example = held.first().cloned().map(|held| verification(&held).to_string()).unwrap_or_default();
    let side = |process: &Process, callers: &mut [Caller], times: usize, method: &Method, path: &str, body: &Bytes| {
        let mut nothing = vec![(); callers.len()];
        let act = async |caller: &mut Caller, (): &mut ()| caller.send(method.clone(), path, body.clone()).await;
        cpu_of(process, times * CALLERS, || {
            runtime.block_on(together(callers, &mut nothing, times, act))?;
            Ok(())
        })
    };
    let rounds = run.or_quick(15, 5);

    report.topic(&format!(
        "operations: processor time of the server per request, {CALLERS} connections, SQLite, CDI 5.4"
    ));
    let figures = format!(
        "sign {}, verify {}, insert in group commit {}, read {}",
        nanos(parts.sign),
        nanos(parts.verify),
        nanos(parts.write),
        nanos(parts.read)
    );
    report.fact("what can't be avoided", &figures);

    let (get, post, none) = (Method::GET, Method::POST, Bytes::new());
    let hello = compare(
        rounds,
        || side(&server, &mut callers, 300, &get, "/hello", &none),
        || side(&floor, &mut floor_callers, 300, &get, "/hello", &none),
    )?;
    report.times("/hello / a constant", 1.5, hello);

    let body = Bytes::from(example);
    let verify = compare(
        rounds,
        || side(&server, &mut callers, 200, &post, "/recipe/session/verify", &body),
        || Ok(side(&floor, &mut floor_callers, 200, &post, "/echo", &body)? + parts.verify),
    )?;
    report.times("verify without the store / echo, verification", 1.3, verify);

    let body = Bytes::from(creation().to_string());
    let create = compare(
        rounds,
        || side(&server, &mut callers, 20, &post, "/public/recipe/session", &body),
        || Ok(side(&floor, &mut floor_callers, 20, &post, "/echo", &body)? + parts.sign + parts.write),
    )?;
    report.times("create / echo, signature, insert", 1.2, create);

    let floor_body = Bytes::from(format!("[{}]", "\"0123456789\",".repeat(99) + "1"));
    let refresh = compare(
        rounds,
        || {
            let act = async |caller: &mut Caller, held: &mut Held| {
                *held = caller.refresh(held).await?;
                caller.verify(held).await
            };
            cpu_of(&server, 10 * CALLERS, || {
                runtime.block_on(together(&mut callers, &mut held, 10, act))?;
                Ok(())
            })
        },
        || {
            let echo = side(&floor, &mut floor_callers, 20, &post, "/echo", &floor_body)?;
            Ok(2.0 * echo + 2.0 * parts.sign + parts.verify + 2.0 * parts.write)
        },
    )?;
    report.times("refresh and its first verify / their parts", 1.2, refresh);

    let path = format!("/recipe/session?sessionHandle={}", held.first().map_or("", |held| &held.handle));
    let read = compare(
        rounds,
        || side(&server, &mut callers, 200, &get, &path, &none),
        || Ok(side(&floor, &mut floor_callers, 200, &post, "/echo", &Bytes::from_static(b"{}"))? + parts.read),
    )?;
    report.times("get session / echo, read", 1.5, read);
    Ok(())
}

/// The processor time of a process for one of some requests.
fn cpu_of(process: &Process, requests: usize, run: impl FnOnce() -> Result<()>) -> Result<f64> {
    let before = process.cpu_nanos()?;
    run()?;
    Ok((process.cpu_nanos()? - before) / requests as f64)
}

fn parts(run: &Run, folder: &Path, runtime: &Runtime) -> Result<Parts> {
    let keys = Keys::make(Algorithm::Rs256)?;
    let (sign, verify) = in_company(&*keys.key, || signatures(&*keys.key, run.or_quick(60, 20)))?;
    let (write, read) = runtime.block_on(storage(folder, run.or_quick(16_384, 4096)))?;
    Ok(Parts { sign, verify, write, read })
}

/// Runs while the other cores are as busy as under a server and its clients: two threads of one core share what it can do,
/// so that each takes more processor time than it would alone.
fn in_company<T>(key: &dyn SigningKey, run: impl FnOnce() -> Result<T>) -> Result<T> {
    let is_over = AtomicBool::new(false);
    thread::scope(|scope| {
        for _ in 1..thread::available_parallelism().map_or(1, usize::from) {
            scope.spawn(|| {
                while !is_over.load(Ordering::Relaxed) {
                    // Whether it could sign makes no difference to who waits for nothing.
                    let _ = black_box(key.sign(black_box(&[b'a'; 700])));
                }
            });
        }
        let outcome = run();
        is_over.store(true, Ordering::Relaxed);
        outcome
    })
}

fn signatures(key: &dyn SigningKey, rounds: usize) -> Result<(f64, f64)> {
    let message = [b'a'; 700];
    let signature = key.sign(&message)?;
    let (mut sign, mut verify) = (Vec::new(), Vec::new());
    for _ in 0..rounds {
        sign.push(cpu_nanos(1, || {
            black_box(key.sign(black_box(&message))?);
            Ok(())
        })?);
        verify.push(cpu_nanos(10, || {
            (0..10).try_for_each(|_| {
                ensure!(key.verify(black_box(&message), &signature), "a signature is wrong");
                Ok(())
            })
        })?);
    }
    Ok((median(sign), median(verify)))
}

/// What an insert and a read take, of all threads of a store, with as many clients as the server has.
async fn storage(folder: &Path, count: usize) -> Result<(f64, f64)> {
    let store = Sqlite::open(folder.join("parts.db")).await?;
    let rows = rows(count)?;
    let before = process_cpu();
    each(&rows, async |row| {
        let seen = store.commit(Write::Insert(Box::new(row.clone()))).await?;
        ensure!(matches!(seen, Seen::Applied(_)), "a row was there before");
        Ok(())
    })
    .await?;
    let inserted = process_cpu();
    each(&rows, async |row| {
        ensure!(store.load(&row.key).await?.is_some(), "a row is gone");
        Ok(())
    })
    .await?;
    let nanos = |took: std::time::Duration| took.as_nanos() as f64 / count as f64;
    let parts = (nanos(inserted - before), nanos(process_cpu() - inserted));
    store.close().await?;
    Ok(parts)
}

async fn each(rows: &[Row], act: impl AsyncFn(&Row) -> Result<()>) -> Result<()> {
    let act = &act;
    let clients = (0..CALLERS).map(|client| async move {
        for row in rows.iter().skip(client).step_by(CALLERS) {
            act(row).await?;
        }
        Ok(())
    });
    try_join_all(clients).await.map(drop)
}
