//! How a PostgreSQL store is opened (`spec/modern-core.md` 10.3).

use std::path::PathBuf;
use std::time::Duration;

use doorward_engine::secret::Secret;
use doorward_service::store::StoreError;

use super::Postgres;
use super::names::Naming;
use super::option_error::OptionError;
use super::uri::{self, Parts, SslMode};

pub(super) const DEFAULT_HOST: &str = "localhost";
pub(super) const DEFAULT_PORT: u16 = 5432;
pub(super) const DEFAULT_DATABASE: &str = "supertokens";

/// Why a store could not be opened.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum OpenError {
    /// An option can't work; nothing was tried.
    #[error(transparent)]
    Option(#[from] OptionError),
    /// The database could not be used.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl OpenError {
    /// A stable code for programs.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Option(error) => error.code(),
            Self::Store(error) => error.code(),
        }
    }
}

/// How to open a store. The defaults are upstream's; [`Postgres::options`] makes them.
///
/// What a connection URI says wins over what was set otherwise, whichever came first.
#[derive(Clone, Debug)]
#[must_use]
pub struct Options {
    pub(super) parts: Parts,
    pub(super) from_uri: Parts,
    pub(super) ignored: Vec<String>,
    pub(super) naming: Naming,
    pub(super) pool_size: usize,
    pub(super) minimum_idle: Option<usize>,
    pub(super) idle_timeout: Duration,
    pub(super) checkout_timeout: Duration,
    pub(super) statement_timeout: Duration,
    pub(super) queue_length: usize,
    pub(super) startup_patience: Duration,
    pub(super) legacy_key_is_dynamic: bool,
    pub(super) as_it_is: bool,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            parts: Parts::default(),
            from_uri: Parts::default(),
            ignored: Vec::new(),
            naming: Naming {
                schema: "public".to_owned(),
                prefix: String::new(),
                key_value: String::new(),
                session_info: String::new(),
            },
            pool_size: 10,
            minimum_idle: None,
            idle_timeout: Duration::from_secs(60),
            checkout_timeout: Duration::from_secs(5),
            statement_timeout: Duration::from_secs(60),
            queue_length: 4096,
            startup_patience: Duration::from_secs(60 * 60),
            legacy_key_is_dynamic: true,
            as_it_is: false,
        }
    }
}

impl Options {
    /// Where the database is, who asks and how: `postgresql://` or `postgres://`, then
    /// `[user[:password]@]host[:port][,...][/database][?name=value&...]`, with `%` escapes. Of the parameters,
    /// `currentSchema`, `sslmode`, `sslrootcert`, `application_name`, `connect_timeout`, `options`,
    /// `target_session_attrs`, `channel_binding` and what JDBC calls them are known; others are named in a warning.
    pub fn uri(mut self, uri: &str) -> Result<Self, OptionError> {
        let (parts, ignored) = uri::parse(uri).map_err(|problem| OptionError::new(uri::OPTION, problem))?;
        (self.from_uri, self.ignored) = (parts, ignored);
        Ok(self)
    }

    /// The host; `localhost` unless set. One that begins with `/` is the folder of a Unix socket.
    pub fn host(mut self, host: impl Into<String>) -> Self {
        self.parts.hosts = Some(vec![(host.into(), None)]);
        self
    }

    /// The port; 5432 unless set.
    pub const fn port(mut self, port: u16) -> Self {
        self.parts.port = Some(port);
        self
    }

    /// The database's user. There is no default.
    pub fn user(mut self, user: impl Into<String>) -> Self {
        self.parts.user = Some(user.into());
        self
    }

    /// The user's password, where the database asks for one.
    pub fn password(mut self, password: Secret) -> Self {
        self.parts.password = Some(password);
        self
    }

    /// The database; `supertokens` unless set.
    pub fn database(mut self, database: impl Into<String>) -> Self {
        self.parts.database = Some(database.into());
        self
    }

    /// The schema of the tables; `public` unless set.
    pub fn schema(mut self, schema: impl Into<String>) -> Self {
        self.naming.schema = schema.into();
        self
    }

    /// What stands before the tables' names, with an underscore between; nothing unless set.
    pub fn table_names_prefix(mut self, prefix: impl Into<String>) -> Self {
        self.naming.prefix = prefix.into();
        self
    }

    /// Another name for the table `key_value`, which takes no prefix then.
    pub fn key_value_table_name(mut self, name: impl Into<String>) -> Self {
        self.naming.key_value = name.into();
        self
    }

    /// Another name for the table `session_info`, which takes no prefix then.
    pub fn session_info_table_name(mut self, name: impl Into<String>) -> Self {
        self.naming.session_info = name.into();
        self
    }

    /// Whether connections are encrypted; [`SslMode::Prefer`] unless set.
    pub const fn ssl_mode(mut self, mode: SslMode) -> Self {
        self.parts.ssl_mode = Some(mode);
        self
    }

    /// A file with the certificates (PEM) of the authorities to trust; the system's unless set.
    pub fn ssl_root_cert(mut self, path: impl Into<PathBuf>) -> Self {
        self.parts.ssl_root_cert = Some(path.into());
        self
    }

    /// How many connections there may be, at least one; 10 unless set.
    pub const fn pool_size(mut self, connections: usize) -> Self {
        self.pool_size = connections;
        self
    }

    /// How many connections are kept when nobody needs them; as many as there may be, unless set.
    pub const fn minimum_idle(mut self, connections: usize) -> Self {
        self.minimum_idle = Some(connections);
        self
    }

    /// After what time without use a connection beyond [`Options::minimum_idle`] is closed; 60 seconds unless set.
    pub const fn idle_timeout(mut self, timeout: Duration) -> Self {
        self.idle_timeout = timeout;
        self
    }

    /// How long a call waits for a connection; 5 seconds unless set.
    pub const fn checkout_timeout(mut self, timeout: Duration) -> Self {
        self.checkout_timeout = timeout;
        self
    }

    /// How long a statement may take, waiting for other programs' locks included; 60 seconds unless set.
    pub const fn statement_timeout(mut self, timeout: Duration) -> Self {
        self.statement_timeout = timeout;
        self
    }

    /// How many calls may be under way, those that wait for a connection included; 4096 unless set. More are refused at
    /// once.
    pub const fn queue_length(mut self, calls: usize) -> Self {
        self.queue_length = calls;
        self
    }

    /// How long to go on trying when the database refuses connections, or is still starting, while the store is opened;
    /// an hour unless set. Whoever doesn't want to wait drops the future. Other faults end it at once.
    pub const fn startup_patience(mut self, patience: Duration) -> Self {
        self.startup_patience = patience;
        self
    }

    /// What `access_token_signing_key_dynamic` says of the one signing key that releases before 3.6 left: it becomes a
    /// key that rotates, which is the default, or a static one.
    pub const fn legacy_signing_key_is_dynamic(mut self, dynamic: bool) -> Self {
        self.legacy_key_is_dynamic = dynamic;
        self
    }

    /// Says where the tables are: host, port, database, schema and prefix. Neither user nor password is in it.
    pub fn place(&self) -> String {
        let (uri, set) = (&self.from_uri, &self.parts);
        let hosts = uri.hosts.as_ref().or(set.hosts.as_ref());
        let port = uri.port.or(set.port).unwrap_or(DEFAULT_PORT);
        let hosts: Vec<String> = match hosts {
            Some(hosts) => hosts.iter().map(|(host, own)| format!("{host}:{}", own.unwrap_or(port))).collect(),
            None => vec![format!("{DEFAULT_HOST}:{port}")],
        };
        let database = uri.database.as_deref().or(set.database.as_deref()).unwrap_or(DEFAULT_DATABASE);
        let schema = uri.schema.as_deref().unwrap_or(&self.naming.schema);
        let prefix = match self.naming.prefix.as_str() {
            "" => String::new(),
            prefix => format!(", prefix {prefix}"),
        };
        format!("postgresql://{}/{database}, schema {schema}{prefix}", hosts.join(","))
    }

    /// Changes no table and moves no key when the store is opened, to read from a database that others own. One that
    /// lacks a table that every release has is refused, instead of it being made.
    pub const fn as_it_is(mut self) -> Self {
        self.as_it_is = true;
        self
    }

    /// Opens the store: makes what is missing of the tables, and moves the signing key of old releases.
    ///
    /// Must be called, and the store be used, in a tokio runtime with time and I/O: connections are tasks of it.
    pub async fn open(self) -> Result<Postgres, OpenError> {
        Postgres::start(self).await
    }
}
