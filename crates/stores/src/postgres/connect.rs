//! From options to a connection.

use std::future::Future;
use std::pin::Pin;
use std::time::Duration;

use deadpool_postgres::Connect;
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep, timeout};
use tokio_postgres::config::TargetSessionAttrs;
use tokio_postgres::{Client, Config, Error, NoTls};
use tokio_postgres_rustls::MakeRustlsConnect;

use super::error::{Fault, is_not_there_yet};
use super::option_error::OptionError;
use super::options::{DEFAULT_DATABASE, DEFAULT_HOST, DEFAULT_PORT, Options};
use super::tls;
use super::uri::Parts;

/// After what time of silence a connection is asked by the operating system whether it still stands.
const KEEPALIVE_IDLE: Duration = Duration::from_secs(60);

/// How often it is asked again, and how many times.
const KEEPALIVE_INTERVAL: Duration = Duration::from_secs(10);
const KEEPALIVE_RETRIES: u32 = 3;

/// How long the first connection may take to be made, at least: nothing else waits for it.
const OPENING_TIMEOUT: Duration = Duration::from_secs(30);

/// Between two tries to connect while the database starts: first, and at most.
const FIRST_PAUSE: Duration = Duration::from_millis(100);
const LONGEST_PAUSE: Duration = Duration::from_secs(10);

/// Where connections go, and how they are set up.
#[derive(Clone)]
pub(super) struct Target {
    config: Config,
    tls: Option<MakeRustlsConnect>,
    settings: String,
    timeout: Duration,
}

impl Target {
    pub(super) fn new(options: &Options) -> Result<Self, OptionError> {
        let (set, uri) = (&options.parts, &options.from_uri);
        let mut config = Config::new();
        let user = either(&uri.user, &set.user);
        config.user(user.ok_or_else(|| {
            OptionError::new("postgresql_user", "must be set where `postgresql_connection_uri` names no user")
        })?);
        if let Some(password) = either(&uri.password, &set.password) {
            config.password(password.expose());
        }
        config.dbname(either(&uri.database, &set.database).unwrap_or_else(|| DEFAULT_DATABASE.to_owned()));
        let is_remote = hosts(&mut config, set, uri);

        let statement_timeout = uri.statement_timeout.unwrap_or(options.statement_timeout);
        config
            .application_name(either(&uri.application_name, &set.application_name).unwrap_or("doorward".to_owned()))
            .connect_timeout(uri.connect_timeout.unwrap_or(options.checkout_timeout))
            .keepalives_idle(KEEPALIVE_IDLE)
            .keepalives_interval(KEEPALIVE_INTERVAL)
            .keepalives_retries(KEEPALIVE_RETRIES)
            // Bytes that the other side doesn't acknowledge for so long break the connection.
            .tcp_user_timeout(statement_timeout);
        if let Some(options) = &uri.server_options {
            config.options(options);
        }
        if let Some(binding) = uri.channel_binding {
            config.channel_binding(binding);
        }
        if uri.needs_primary {
            config.target_session_attrs(TargetSessionAttrs::ReadWrite);
        }
        let mode = uri.ssl_mode.or(set.ssl_mode).unwrap_or_default();
        let root_cert = either(&uri.ssl_root_cert, &set.ssl_root_cert);
        let (mode, tls) = tls::connector(mode, root_cert.as_deref())?;
        if is_remote {
            config.ssl_mode(mode);
        } else {
            // What goes through a socket of this machine isn't encrypted, as with libpq.
            config.ssl_mode(tokio_postgres::config::SslMode::Disable);
        }
        // Asks for: SET SESSION CHARACTERISTICS, and these three settings. A database that knows only stronger isolation
        // may give that: its conflicts are tried again.
        let settings = format!(
            "SET SESSION CHARACTERISTICS AS TRANSACTION ISOLATION LEVEL READ COMMITTED; \
             SET statement_timeout = {timeout}; SET idle_in_transaction_session_timeout = {timeout}; \
             SET client_min_messages = warning",
            timeout = statement_timeout.as_millis().clamp(1, i32::MAX.unsigned_abs().into())
        );
        Ok(Self { config, tls, settings, timeout: options.checkout_timeout.max(OPENING_TIMEOUT) })
    }

    pub(super) fn config(&self) -> &Config {
        &self.config
    }

    /// What a new connection is told first.
    pub(super) fn settings(&self) -> &str {
        &self.settings
    }

    async fn once(&self) -> Result<(Client, JoinHandle<()>), Error> {
        // What ends a connection reaches whoever uses it; nobody else needs to know.
        match &self.tls {
            Some(tls) => {
                let (client, connection) = self.config.connect(tls.clone()).await?;
                Ok((client, tokio::spawn(async { drop(connection.await) })))
            }
            None => {
                let (client, connection) = self.config.connect(NoTls).await?;
                Ok((client, tokio::spawn(async { drop(connection.await) })))
            }
        }
    }

    /// Connects, and goes on trying while the database isn't there yet, for as long as the patience lasts.
    pub(super) async fn patiently(&self, patience: Duration) -> Result<(Client, JoinHandle<()>), Fault> {
        let started = Instant::now();
        let mut pause = FIRST_PAUSE;
        loop {
            let error = match timeout(self.timeout, self.once()).await {
                Ok(Ok(connected)) => return Ok(connected),
                Ok(Err(error)) => error,
                Err(_) => return Err(Fault::Silence),
            };
            if !is_not_there_yet(&error) || started.elapsed() + pause > patience {
                return Err(error.into());
            }
            tracing::warn!(
                name: "doorward.store.waiting",
                target: "doorward",
                "the database refuses connections or is starting; the next try is in {} ms", pause.as_millis()
            );
            sleep(pause).await;
            pause = (pause * 2).min(LONGEST_PAUSE);
        }
    }
}

impl Connect for Target {
    fn connect(
        &self,
        _: &Config,
    ) -> Pin<Box<dyn Future<Output = Result<(Client, JoinHandle<()>), Error>> + Send + '_>> {
        Box::pin(self.once())
    }
}

/// What the URI says, or else what was set.
fn either<T: Clone>(uri: &Option<T>, set: &Option<T>) -> Option<T> {
    uri.clone().or_else(|| set.clone())
}

/// Tells the driver where to go. Returns whether that is over a network.
fn hosts(config: &mut Config, set: &Parts, uri: &Parts) -> bool {
    let named = either(&uri.hosts, &set.hosts).unwrap_or_default();
    let default_port = uri.port.or(set.port).unwrap_or(DEFAULT_PORT);
    let named = if named.is_empty() { vec![(String::new(), None)] } else { named };
    let mut is_remote = false;
    for (host, port) in named {
        let host = if host.is_empty() { DEFAULT_HOST.to_owned() } else { host };
        is_remote |= !host.starts_with('/');
        config.host(host).port(port.unwrap_or(default_port));
    }
    is_remote
}
