//! Whole requests per second, over loopback and into SQLite.

use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::Result;
use futures_util::future::try_join_all;
use tokio::runtime::Runtime;

use crate::cli::Run;
use crate::given::runtime;
use crate::http::browser::Browser;
use crate::http::start;
use crate::process::Process;
use crate::report::Report;

const BROWSERS: usize = 32;

#[derive(Clone, Copy)]
enum Act {
    SignIn,
    Verify,
    Refresh,
}

pub(crate) fn measure(run: &Run, folder: &Path, report: &mut Report) -> Result<()> {
    report.topic(&format!(
        "throughput: requests per second, {BROWSERS} clients on the same machine, SQLite, no token cache"
    ));
    let runtime = runtime()?;
    for (name, eddsa) in [("RS256", false), ("EdDSA", true)] {
        let data = folder.join(format!("{name}.db")).into_os_string();
        let mut args = vec!["--data".into(), data];
        args.extend(eddsa.then(|| "--eddsa".into()));
        let server = start(args)?;
        let lasts = Duration::from_millis(run.or_quick(3000, 600));
        for (what, act) in [("created", Act::SignIn), ("verified", Act::Verify), ("refreshed", Act::Refresh)] {
            let rate = rate(&runtime, &server, act, lasts)?;
            report.fact(&format!("sessions {what}, {name}"), &format!("{rate:.0}/s"));
        }
    }
    Ok(())
}

fn rate(runtime: &Runtime, server: &Process, act: Act, lasts: Duration) -> Result<f64> {
    runtime.block_on(async {
        let mut browsers = Vec::new();
        for _ in 0..BROWSERS {
            let mut browser = Browser::connect(server.address).await?;
            browser.sign_in().await?;
            browsers.push(browser);
        }
        let started = Instant::now();
        let all = browsers.iter_mut().map(|browser| async move {
            let mut count = 0_u32;
            while started.elapsed() < lasts {
                match act {
                    Act::SignIn => browser.sign_in().await?,
                    Act::Verify => drop(browser.get("/guarded").await?),
                    Act::Refresh => browser.refresh().await?,
                }
                count += 1;
            }
            anyhow::Ok(count)
        });
        let counts = try_join_all(all).await?;
        Ok(f64::from(counts.iter().sum::<u32>()) / started.elapsed().as_secs_f64())
    })
}
