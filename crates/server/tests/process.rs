//! The binary as a process.

use std::ffi::OsStr;
use std::io::{BufRead as _, BufReader, Read as _};
use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::process::{Child, ChildStdout, Command, ExitStatus, Output, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};

/// How long a test waits for what should come at once.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);

/// The binary, without any configuration of the machine that the tests run on.
pub(crate) fn doorward<A: AsRef<OsStr>>(args: impl IntoIterator<Item = A>) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_doorward"));
    command.args(args).env_clear().stdin(Stdio::null());
    command
}

/// What a command says that ends by itself.
#[derive(Debug)]
pub(crate) struct Said {
    pub(crate) code: Option<i32>,
    pub(crate) out: String,
    pub(crate) err: String,
}

pub(crate) fn said(mut command: Command) -> Said {
    Said::from(command.output().unwrap())
}

impl From<Output> for Said {
    fn from(output: Output) -> Self {
        let text = |bytes| String::from_utf8(bytes).unwrap();
        Self { code: output.status.code(), out: text(output.stdout), err: text(output.stderr) }
    }
}

/// What a command says that should end soon. One that doesn't is ended.
pub(crate) fn said_soon(mut command: Command) -> Said {
    let child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let pid = Pid::from_child(&child);
    let (sender, receiver) = mpsc::channel();
    let waiting = thread::spawn(move || sender.send(child.wait_with_output().unwrap()));
    let output = receiver.recv_timeout(PATIENCE).unwrap_or_else(|_| {
        kill_process(pid, Signal::KILL).unwrap();
        panic!("it goes on for longer than {PATIENCE:?}: {command:?}")
    });
    waiting.join().unwrap().unwrap();
    Said::from(output)
}

/// A server that runs. It ends with this value.
pub(crate) struct Server {
    child: Child,
    out: BufReader<ChildStdout>,
    /// The line that it began with.
    pub(crate) line: String,
    pub(crate) address: SocketAddr,
}

impl Server {
    /// Starts a server in a folder, on a free port, and waits until it says that it is ready.
    pub(crate) fn start(folder: &Path, args: &[&str], environment: &[(&str, &str)]) -> Self {
        let mut command = doorward(["serve", "--port", "0"]);
        command.args(args).current_dir(folder).envs(environment.iter().copied());
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let mut out = BufReader::new(child.stdout.take().unwrap());
        let mut line = String::new();
        out.read_line(&mut line).unwrap();
        let port = line.split("://localhost:").nth(1).unwrap_or_else(|| panic!("it doesn't start: {line}"));
        let port: String = port.chars().take_while(char::is_ascii_digit).collect();
        Self { child, out, line, address: ([127, 0, 0, 1], port.parse().unwrap()).into() }
    }

    pub(crate) fn connect(&self) -> TcpStream {
        let stream = TcpStream::connect(self.address).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        stream
    }

    pub(crate) fn signal(&self, signal: Signal) {
        kill_process(Pid::from_child(&self.child), signal).unwrap();
    }

    /// Waits until nothing listens there any more.
    pub(crate) fn wait_until_closed(&self) {
        while TcpStream::connect(self.address).is_ok() {
            thread::yield_now();
        }
    }

    /// Waits for its end, and returns how it ended and what else it said.
    pub(crate) fn wait(&mut self) -> (ExitStatus, String, String) {
        let status = self.child.wait().unwrap();
        let (mut out, mut err) = (String::new(), String::new());
        self.out.read_to_string(&mut out).unwrap();
        self.child.stderr.take().unwrap().read_to_string(&mut err).unwrap();
        (status, out, err)
    }

    /// Stops it gently, and returns all that it said.
    pub(crate) fn stop(mut self) -> String {
        self.signal(Signal::TERM);
        let (status, out, err) = self.wait();
        assert!(status.success(), "{status}: {err}");
        format!("{}{out}{err}", self.line)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // One that has ended already needs no more.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
