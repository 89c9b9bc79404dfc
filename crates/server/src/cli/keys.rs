//! `doorward keys`: the keys that sign access tokens.

use std::cmp::Reverse;
use std::process::ExitCode;
use std::sync::Arc;

use anyhow::{Context as _, bail};
use clap::{Args, Subcommand};
use doorward_engine::id::{AppId, KeyId};
use doorward_engine::key::ring::KeyRing;
use doorward_engine::key::schedule::Signs;
use doorward_engine::policy::Policy;
use doorward_engine::time::Millis;
use doorward_service::directory::Directory;
use doorward_service::env::World;
use doorward_service::store::{Store, StoredKeys};
use doorward_service::{Service, ServiceOptions, Tenants};

use super::moment::moment;
use super::source::SourceArgs;
use crate::settings::{AppSettings, Settings};
use crate::store::Opened;
use crate::terminal::say;
use crate::world;

#[derive(Debug, Subcommand)]
pub(super) enum KeysCommand {
    /// Lists the keys of an app, newest first, and says which one signs. Nothing secret is shown.
    List(KeysArgs),
    /// Makes a new key. It signs when it was public for a minute; tokens of the ones before stay good until they end.
    Rotate(KeysArgs),
}

#[derive(Args, Debug)]
pub(super) struct KeysArgs {
    /// The app.
    #[arg(long, default_value = AppId::DEFAULT)]
    app: String,
    #[command(flatten)]
    source: SourceArgs,
}

/// An app that is there, with its store and settings.
struct Found {
    app: AppId,
    store: Opened,
    process: Settings,
    settings: AppSettings,
}

impl KeysCommand {
    pub(super) async fn run(self) -> anyhow::Result<ExitCode> {
        let found = match self {
            Self::List(args) => {
                let found = args.find().await?;
                list(&found).await?;
                found
            }
            Self::Rotate(args) => {
                let found = args.find().await?;
                rotate(&found).await?;
                found
            }
        };
        found.store.directory.close().await?;
        Ok(ExitCode::SUCCESS)
    }
}

impl KeysArgs {
    async fn find(self) -> anyhow::Result<Found> {
        let app = AppId::parse(&self.app).context("--app is no name of an app")?;
        let (loaded, store) = self.source.open().await?;
        let tenants = store.directory.tenants().await?;
        let Some(public) = tenants.iter().find(|tenant| tenant.app == app && tenant.tenant.is_default()) else {
            bail!("there is no app {app}");
        };
        let process = loaded.settings;
        let settings = process
            .app(&app, &Settings::known(public.core_config.as_str()))
            .context("the stored settings of the app")?;
        Ok(Found { app, store, process, settings })
    }
}

async fn list(Found { app, store, settings, .. }: &Found) -> anyhow::Result<()> {
    let (world, policy) = (world::machine(), &settings.policy);
    let mut keys = store.directory.keys(app.clone()).await?;
    keys.static_keys.sort_by_key(|key| Reverse(key.created_at));
    for (made, signs) in schedule(app, &keys, policy, &world)? {
        let signs = match signs {
            Signs::Now(Some(until)) => format!("signs now, until {}", moment(until)),
            // Past its time, and until a server makes another.
            Signs::Now(None) => "signs now".to_owned(),
            Signs::From(begin) => format!("signs from {}", moment(begin)),
            Signs::NoLonger => "no longer signs".to_owned(),
        };
        let verifies = moment(made.after(policy.key_lifetime()));
        say(&format!("{}  made {}, {signs}, verifies until {verifies}", KeyId::dynamic(made), moment(made)));
    }
    let mut signs = "signs where a key that stays is asked for";
    for key in &keys.static_keys {
        say(&format!("{}  made {}, never rotated, {signs}", key.id, moment(key.created_at)));
        signs = "no longer signs";
    }
    Ok(())
}

/// What the keys do that are rotated. An app that has no key for refresh tokens was never served, so it has none of these
/// either.
fn schedule(app: &AppId, keys: &StoredKeys, policy: &Policy, world: &World) -> anyhow::Result<Vec<(Millis, Signs)>> {
    let Some(refresh) = keys.refresh.clone().filter(|_| !keys.signing.is_empty()) else { return Ok(Vec::new()) };
    let signing = keys.signing.iter().map(|key| (key.created_at, key.value.clone()));
    let ring = KeyRing::new(app, signing, refresh, None, &*world.crypto)?;
    Ok(ring.schedule(world.clock.now(), policy))
}

async fn rotate(Found { app, store, process, settings }: &Found) -> anyhow::Result<()> {
    let directory: Arc<dyn Directory> = Arc::clone(&store.directory);
    let options = ServiceOptions {
        app: app.clone(),
        policy: settings.policy,
        succession_secret: process.succession_secret.clone(),
        tenants: Tenants::Given,
        ..ServiceOptions::default()
    };
    let service = Service::open(directory as Arc<dyn Store>, world::machine(), options).await?;
    service.rotate_key().await?;
    say("a new key is stored: servers that run publish it within 20 seconds, and sign with it when it is a minute old");
    Ok(())
}
