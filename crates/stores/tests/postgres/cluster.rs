//! A cluster of a test's own, which it may kill.

use std::net::TcpListener;
use std::os::unix::fs::{MetadataExt as _, chown};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use super::database::URI;

pub(crate) struct Cluster {
    programs: PathBuf,
    folder: tempfile::TempDir,
    port: u16,
    user: Option<(u32, u32)>,
    server: Option<Child>,
}

impl Cluster {
    /// Makes one and starts it, if the programs for that are there.
    pub(crate) fn start() -> Option<Self> {
        let Ok(programs) = std::env::var(format!("{URI}_PROGRAMS")) else {
            println!("skipped: {URI}_PROGRAMS is not set; `./dev test` sets it");
            return None;
        };
        let folder = tempfile::tempdir_in("/tmp").unwrap();
        // PostgreSQL refuses to run as root.
        let user = is_root().then(|| {
            let passwd = std::fs::read_to_string("/etc/passwd").unwrap();
            let line = passwd.lines().find(|line| line.starts_with("postgres:")).expect("a user `postgres`");
            let fields: Vec<&str> = line.split(':').collect();
            let ids = (fields[2].parse().unwrap(), fields[3].parse().unwrap());
            chown(folder.path(), Some(ids.0), Some(ids.1)).unwrap();
            ids
        });
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let mut cluster = Self { programs: programs.into(), folder, port, user, server: None };
        let data = cluster.data();
        let made = cluster
            .command("initdb")
            .args(["-A", "trust", "-U", "doorward", "--encoding=UTF8", "--locale=C.UTF-8", "-D"])
            .arg(&data)
            .stdout(Stdio::null())
            .status();
        assert!(made.unwrap().success());
        cluster.restart();
        Some(cluster)
    }

    pub(crate) fn uri(&self) -> String {
        format!("postgres://doorward@127.0.0.1:{}/postgres", self.port)
    }

    fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    fn command(&self, program: &str) -> Command {
        let mut command = Command::new(self.programs.join(program));
        command.current_dir(self.folder.path());
        if let Some((user, group)) = self.user {
            command.uid(user).gid(group);
        }
        command
    }

    /// Starts the server. It takes connections a little later.
    pub(crate) fn restart(&mut self) {
        let log = std::fs::File::create(self.folder.path().join("log")).unwrap();
        let server = self
            .command("postgres")
            .arg("-D")
            .arg(self.data())
            .args(["-c", &format!("port={}", self.port), "-c", "listen_addresses=127.0.0.1"])
            .args(["-c", &format!("unix_socket_directories={}", self.folder.path().display())])
            .stdout(log.try_clone().unwrap())
            .stderr(log)
            .spawn();
        self.server = Some(server.unwrap());
    }

    /// `kill -9` of the server and all its processes, at one moment. What they hadn't written is lost.
    pub(crate) fn kill(&mut self) {
        let mut server = self.server.take().expect("a server");
        // The first keeps the others from being replaced.
        let children = children(server.id());
        server.kill().unwrap();
        for child in children {
            // One that has ended by itself is no fault.
            let _ = Command::new("kill").args(["-9", &child.to_string()]).stderr(Stdio::null()).status();
        }
        server.wait().unwrap();
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        if self.server.is_some() {
            self.kill();
        }
    }
}

fn is_root() -> bool {
    std::fs::metadata("/proc/self").unwrap().uid() == 0
}

/// The processes that this one started.
fn children(parent: u32) -> Vec<u32> {
    let processes =
        std::fs::read_dir("/proc").unwrap().filter_map(|entry| entry.unwrap().file_name().to_str()?.parse().ok());
    processes.filter(|process: &u32| parent_of(*process) == Some(parent)).collect()
}

fn parent_of(process: u32) -> Option<u32> {
    let stat = std::fs::read_to_string(Path::new("/proc").join(process.to_string()).join("stat")).ok()?;
    // `number (name) state parent ...`, and a name may hold anything.
    stat.rsplit_once(") ")?.1.split(' ').nth(1)?.parse().ok()
}
