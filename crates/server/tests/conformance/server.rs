//! A server of this process as the player's target: its time is a clock that is set.

use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;

use bytes::Bytes;
use doorward_engine::time::Millis;
use doorward_server::cdi::Cdi;
use doorward_server::config::{self, Sources};
use doorward_service::directory::Directory;
use doorward_service::env::Clock;
use doorward_service::memory::Memory;
use doorward_stores::sqlite::Sqlite;
use doorward_testkit::cdi::player::Target;
use doorward_testkit::fakes::SetClock;
use doorward_testkit::machine;
use http::{Request, Response};

/// Where a server keeps its sessions.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Kept {
    InMemory,
    InSqlite,
}

pub(crate) struct Server {
    cdi: Cdi,
    clock: SetClock,
    store: Arc<dyn Directory>,
    _folder: tempfile::TempDir,
}

/// Not on a second: what is floored must be seen to be.
const START: u64 = 1_767_222_000_347;

impl Server {
    /// Starts a server with this text as its configuration file.
    pub(crate) async fn start(config: &str, kept: Kept) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("config.yaml");
        std::fs::write(&file, config).unwrap();
        let sources = Sources { file: Some(file), ..Sources::default() };
        let settings = config::load(&sources).unwrap_or_else(|error| panic!("{config}{error}")).settings;

        let clock = SetClock::at(Millis::saturating(START));
        let store: Arc<dyn Directory> = match kept {
            Kept::InMemory => Arc::new(Memory::new()),
            Kept::InSqlite => Arc::new(Sqlite::open(folder.path().join("sessions.db")).await.unwrap()),
        };
        let cdi = Cdi::new(Arc::clone(&store), machine::world(clock.clone()), Arc::new(settings)).await.unwrap();
        Self { cdi, clock, store, _folder: folder }
    }

    /// Ends it before its folder goes.
    pub(crate) async fn stop(self) {
        self.store.close().await.unwrap();
    }
}

impl Target for Server {
    async fn call(&self, request: Request<Bytes>) -> Response<Bytes> {
        self.cdi.answer(request, IpAddr::V4(Ipv4Addr::LOCALHOST)).await
    }

    fn now(&self) -> u64 {
        self.clock.now().as_u64()
    }

    async fn sleep(&self, millis: u64) {
        self.clock.set(Millis::saturating(self.now() + millis));
    }
}
