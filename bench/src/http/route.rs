//! What a guard adds to the processor time of a request.

use anyhow::{Context as _, Result};
use futures_util::future::try_join_all;
use tokio::runtime::Runtime;

use crate::cli::Run;
use crate::compare::compare;
use crate::given::runtime;
use crate::http::browser::Browser;
use crate::http::start;
use crate::report::Report;

const BROWSERS: usize = 16;
const REQUESTS: usize = 2000;

pub(crate) fn measure(run: &Run, report: &mut Report) -> Result<()> {
    let (server, runtime) = (start(["--cache", "4096"])?, runtime()?);
    let (mut browsers, mut watch) = runtime.block_on(async {
        let mut browsers = Vec::new();
        for _ in 0..BROWSERS {
            let mut browser = Browser::connect(server.address).await?;
            browser.sign_in().await?;
            browsers.push(browser);
        }
        anyhow::Ok((browsers, Browser::connect(server.address).await?))
    })?;
    let both = std::cell::RefCell::new((&mut browsers, &mut watch));
    let side = |path| {
        let (browsers, watch) = &mut *both.borrow_mut();
        cpu_of(&runtime, browsers, watch, path)
    };
    let compared = compare(run.or_quick(31, 9), || side("/guarded"), || side("/open"))?;
    report.topic(&format!(
        "route: processor time of an axum server per request, {BROWSERS} connections, 12 headers; guarded, cache on / not guarded"
    ));
    report.times("guarded route", 1.3, compared);
    Ok(())
}

/// The server's processor time for one request, in nanoseconds.
fn cpu_of(runtime: &Runtime, browsers: &mut [Browser], watch: &mut Browser, path: &'static str) -> Result<f64> {
    runtime.block_on(async {
        let before = cpu(watch).await?;
        let all = browsers.iter_mut().map(|browser| async move {
            for _ in 0..REQUESTS / BROWSERS {
                browser.get(path).await?;
            }
            anyhow::Ok(())
        });
        try_join_all(all).await?;
        Ok((cpu(watch).await? - before) / REQUESTS as f64)
    })
}

async fn cpu(watch: &mut Browser) -> Result<f64> {
    let body = watch.get("/cpu").await?;
    str::from_utf8(&body)?.parse().context("a number")
}
