//! `doorward sessions`: a user's sessions, and their end.

use std::process::ExitCode;

use anyhow::{Context as _, bail};
use clap::{ArgGroup, Args, Subcommand};
use doorward_engine::id::{AppId, SessionHandle, SessionKey, TenantId, UserId};
use doorward_service::directory::Directory;
use doorward_service::store::{Selector, UserSelector};

use super::moment::moment;
use super::source::SourceArgs;
use crate::terminal::say;
use crate::world;

/// Rows that are read at once.
const PAGE: u32 = 200;

#[derive(Debug, Subcommand)]
pub(super) enum SessionsCommand {
    /// Lists the sessions of a user that are alive.
    List {
        #[command(flatten)]
        whose: Whose,
        /// The user.
        #[arg(long, value_name = "ID")]
        user: String,
        #[command(flatten)]
        source: SourceArgs,
    },
    /// Ends sessions. Access tokens that were handed out stay good until they end, where nobody asks the database.
    #[command(group = ArgGroup::new("which").args(["user", "handle"]).required(true))]
    Revoke {
        #[command(flatten)]
        whose: Whose,
        /// All sessions of this user.
        #[arg(long, value_name = "ID")]
        user: Option<String>,
        /// This session; may be given more than once.
        #[arg(long)]
        handle: Vec<String>,
        #[command(flatten)]
        source: SourceArgs,
    },
}

/// Where to look.
#[derive(Args, Debug)]
pub(super) struct Whose {
    /// The app.
    #[arg(long, default_value = AppId::DEFAULT)]
    app: String,
    /// The tenant; all by default.
    #[arg(long)]
    tenant: Option<String>,
}

impl Whose {
    fn app(&self) -> anyhow::Result<AppId> {
        AppId::parse(&self.app).context("--app is no name of an app")
    }

    fn tenant(&self) -> anyhow::Result<Option<TenantId>> {
        self.tenant.as_deref().map(TenantId::parse).transpose().context("--tenant is no name of a tenant")
    }

    /// A name that isn't there was mistyped: "no sessions" would be a wrong answer.
    async fn check(&self, store: &dyn Directory) -> anyhow::Result<()> {
        let (app, tenant) = (self.app()?, self.tenant()?);
        let tenants = store.tenants().await?;
        let mut of_app = tenants.iter().filter(|known| known.app == app).peekable();
        if of_app.peek().is_none() {
            bail!("there is no app {app}");
        }
        match tenant {
            Some(tenant) if !of_app.any(|known| known.tenant == tenant) => {
                bail!("the app {app} has no tenant {tenant}")
            }
            _ => Ok(()),
        }
    }

    fn user(&self, user: &str) -> anyhow::Result<UserSelector> {
        let tenant = self.tenant()?;
        let user = UserId::parse(user).context("--user is no user id")?;
        Ok(UserSelector { app: self.app()?, tenant, user, linked: true })
    }

    fn key(&self, handle: &str) -> anyhow::Result<SessionKey> {
        let handle = SessionHandle::parse(handle).context("--handle is no session handle")?;
        let tenant = match self.tenant()? {
            Some(tenant) => tenant,
            None => handle.tenant().context("the handle names no tenant")?,
        };
        Ok(SessionKey { app: self.app()?, tenant, handle })
    }
}

impl SessionsCommand {
    pub(super) async fn run(self) -> anyhow::Result<ExitCode> {
        match self {
            Self::List { whose, user, source } => {
                let user = whose.user(&user)?;
                let (_, store) = source.open().await?;
                whose.check(&*store.directory).await?;
                list(&*store.directory, user).await?;
                store.directory.close().await?;
            }
            Self::Revoke { whose, user, handle, source } => {
                let which = match user {
                    Some(user) => Selector::User { user: whose.user(&user)?, alive_at: None, except: None },
                    None => Selector::Keys(handle.iter().map(|handle| whose.key(handle)).collect::<Result<_, _>>()?),
                };
                let (_, store) = source.open().await?;
                whose.check(&*store.directory).await?;
                let removed = store.directory.remove(which).await?;
                for key in &removed {
                    say(&format!("{} has ended", key.handle));
                }
                say(&counted(removed.len(), "ended"));
                store.directory.close().await?;
                let found = |text: &&String| removed.iter().any(|key| key.handle.as_str() == text.as_str());
                let no_handle = handle.iter().filter(|text| !found(text)).find(|text| !looks_like_handle(text));
                if let Some(text) = no_handle {
                    bail!("--handle {text} is no session handle: those are as `doorward sessions list` shows them");
                }
            }
        }
        Ok(ExitCode::SUCCESS)
    }
}

/// Whether it is a UUID, with perhaps a tenant behind it, as all handles of today are. A stored one of another form is a
/// handle, too.
fn looks_like_handle(text: &str) -> bool {
    let uuid = text.split('_').next().unwrap_or_default();
    let lengths = uuid.split('-').map(str::len);
    lengths.eq([8, 4, 4, 4, 12]) && uuid.bytes().all(|byte| byte == b'-' || byte.is_ascii_hexdigit())
}

async fn list(store: &dyn Directory, user: UserSelector) -> anyhow::Result<()> {
    let now = world::machine().clock.now();
    let (mut after, mut count) = (None, 0);
    loop {
        let rows = store.list(user.clone(), after.take(), PAGE).await?;
        let Some(last) = rows.last() else { break };
        after = Some(last.key.clone());
        for row in rows.iter().filter(|row| row.is_alive(now)) {
            count += 1;
            let (handle, tenant) = (&row.key.handle, &row.key.tenant);
            let (begin, end) = (moment(row.created_at), moment(row.expires_at));
            say(&format!("{handle}  tenant {tenant}, since {begin}, until {end}"));
        }
    }
    say(&counted(count, "alive"));
    Ok(())
}

fn counted(count: usize, what: &str) -> String {
    if count == 1 { format!("1 session {what}") } else { format!("{count} sessions {what}") }
}
