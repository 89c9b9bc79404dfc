//! `doorward keys`: the keys that sign access tokens.

use std::process::ExitCode;

use anyhow::Context as _;
use clap::{Args, Subcommand};
use doorward_engine::id::AppId;

use super::moment::moment;
use super::source::SourceArgs;
use crate::terminal::say;

#[derive(Debug, Subcommand)]
pub(super) enum KeysCommand {
    /// Lists the keys of an app, newest first. Nothing secret is shown.
    List(KeysArgs),
}

#[derive(Args, Debug)]
pub(super) struct KeysArgs {
    /// The app.
    #[arg(long, default_value = AppId::DEFAULT)]
    app: String,
    #[command(flatten)]
    source: SourceArgs,
}

impl KeysCommand {
    pub(super) async fn run(self) -> anyhow::Result<ExitCode> {
        match self {
            Self::List(args) => list(args).await?,
        }
        Ok(ExitCode::SUCCESS)
    }
}

async fn list(KeysArgs { app, source }: KeysArgs) -> anyhow::Result<()> {
    let app = AppId::parse(&app).context("--app is no name of an app")?;
    let (_, store) = source.open().await?;
    let mut keys = store.directory.keys(app).await?;
    keys.signing.sort_by_key(|key| std::cmp::Reverse(key.created_at));
    keys.static_keys.sort_by_key(|key| std::cmp::Reverse(key.created_at));
    for key in &keys.signing {
        say(&format!("d-{}  made {}", key.created_at.as_u64(), moment(key.created_at)));
    }
    for key in &keys.static_keys {
        say(&format!("{}  made {}, never rotated", key.id, moment(key.created_at)));
    }
    store.directory.close().await?;
    Ok(())
}
