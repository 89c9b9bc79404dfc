//! `doorward health`: asks a running server for `/hello`, as a container's probe does.

use std::net::IpAddr;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Context as _, bail, ensure};
use bytes::Bytes;
use http_body_util::{BodyExt as _, Empty};
use hyper_util::client::legacy::Client;
use hyper_util::rt::TokioExecutor;
use tokio::time::timeout;

use crate::settings::Settings;
use crate::terminal::say;

/// Longer than a database that is about to answer takes.
const LIMIT: Duration = Duration::from_secs(10);

pub(super) async fn run(settings: Settings) -> anyhow::Result<ExitCode> {
    let url = format!("http://{}:{}{}/hello", reachable(&settings.host), settings.port, settings.base_path);
    let asked = timeout(LIMIT, ask(&url)).await;
    match asked {
        Ok(answered) => answered.with_context(|| format!("{url} doesn't answer as it should"))?,
        Err(_) => bail!("{url} doesn't answer within {} s", LIMIT.as_secs()),
    }
    say(&format!("{url} answers"));
    Ok(ExitCode::SUCCESS)
}

async fn ask(url: &str) -> anyhow::Result<()> {
    let client: Client<_, Empty<Bytes>> = Client::builder(TokioExecutor::new()).build_http();
    let response = client.get(url.parse()?).await?;
    let status = response.status();
    let body = response.into_body().collect().await?.to_bytes();
    ensure!(status.is_success(), "it answers {status}: {}", String::from_utf8_lossy(&body).trim());
    Ok(())
}

/// Where a server can be reached that listens on a host. All addresses of a machine include its own.
fn reachable(host: &str) -> String {
    match host.parse() {
        Ok(IpAddr::V4(address)) if address.is_unspecified() => "127.0.0.1".to_owned(),
        Ok(IpAddr::V6(address)) if address.is_unspecified() => "[::1]".to_owned(),
        Ok(IpAddr::V6(address)) => format!("[{address}]"),
        _ => host.to_owned(),
    }
}
