//! The processor time of the server for one request, against a bare hyper server that does only what the operation can't
//! do without: its signatures and its commit.

use std::path::Path;

use anyhow::Result;
use http::Method;
use hyper::body::Bytes;

use crate::cli::Run;
use crate::compare::compare;
use crate::given::runtime;
use crate::process::Process;
use crate::report::Report;
use crate::serve::given::{Given, floor};
use crate::serve::requests::{Caller, Held, creation, together, verification};

const CALLERS: usize = 16;

pub(crate) fn measure(run: &Run, folder: &Path, report: &mut Report) -> Result<()> {
    let given = Given::make(folder, "operations")?;
    let (server, floor, runtime) = (given.serve()?, floor(folder)?, runtime()?);
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
        || side(&floor, &mut floor_callers, 200, &post, "/echo?verify", &body),
    )?;
    report.times("verify without the store / echo, verification", 1.3, verify);

    let body = Bytes::from(creation().to_string());
    let create = compare(
        rounds,
        || side(&server, &mut callers, 40, &post, "/public/recipe/session", &body),
        || side(&floor, &mut floor_callers, 40, &post, "/echo?sign&write", &body),
    )?;
    report.times("create / echo, signature, insert", 1.2, create);
    let create = compare(
        rounds,
        || side(&server, &mut callers, 40, &post, "/public/recipe/session", &body),
        || side(&floor, &mut floor_callers, 40, &post, "/echo?derive&sign&write", &body),
    )?;
    report.beside("the same, with the key that seals its refresh token", create);

    let floor_body = Bytes::from(format!("[{}]", "\"0123456789\",".repeat(99) + "1"));
    let mut refresh = || {
        let act = async |caller: &mut Caller, held: &mut Held| {
            *held = caller.refresh(held).await?;
            caller.verify(held).await
        };
        cpu_of(&server, 20 * CALLERS, || {
            runtime.block_on(together(&mut callers, &mut held, 20, act))?;
            Ok(())
        })
    };
    let mut parts = |of_refresh: &str| {
        let act = async |caller: &mut Caller, (): &mut ()| {
            caller.send(Method::POST, of_refresh, floor_body.clone()).await?;
            caller.send(Method::POST, "/echo?verify&sign&write", floor_body.clone()).await
        };
        cpu_of(&floor, 20 * CALLERS, || {
            runtime.block_on(together(&mut floor_callers, &mut [(); CALLERS], 20, act))?;
            Ok(())
        })
    };
    let compared = compare(rounds, &mut refresh, || parts("/echo?sign&write"))?;
    report.times("refresh and its first verify / their parts", 1.2, compared);
    let compared = compare(rounds, &mut refresh, || parts("/echo?derive&derive&sign&write"))?;
    report.beside("the same, with the keys of both refresh tokens", compared);

    let path = format!("/recipe/session?sessionHandle={}", held.first().map_or("", |held| &held.handle));
    let read = compare(
        rounds,
        || side(&server, &mut callers, 200, &get, &path, &none),
        || side(&floor, &mut floor_callers, 200, &post, "/echo?read", &Bytes::from_static(b"{}")),
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
