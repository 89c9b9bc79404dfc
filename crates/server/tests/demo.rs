use std::io::{BufRead as _, BufReader};
use std::process::{Command, Stdio};

fn doorward() -> Command {
    Command::new(env!("CARGO_BIN_EXE_doorward"))
}

#[test]
fn the_whole_story_holds() {
    let output = doorward().args(["demo", "--check"]).output().unwrap();
    let said = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success(), "{said}");
    assert!(said.ends_with("all of it held\n"), "{said}");
    assert_eq!(said.lines().filter(|line| line.starts_with("ok ")).count(), 10, "{said}");
}

#[test]
fn a_taken_port_is_one_clear_line() {
    let taken = std::net::TcpListener::bind("localhost:0").unwrap();
    let port = taken.local_addr().unwrap().port();
    let output = doorward().args(["demo", "--memory", "--port", &port.to_string()]).output().unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert_eq!(said, format!("doorward: port {port} is taken: choose another with --port, or 0 for a free one\n"));
}

#[test]
fn it_promises_to_keep_only_what_it_keeps() {
    let folder = tempfile::tempdir().unwrap();
    for (flags, kept, promise) in [
        (&["--memory"][..], "in memory.", "Kill it, and all is forgotten."),
        (&["--data", "demo.db"], "in demo.db.", "Kill it and start it again: you stay in."),
    ] {
        let mut command = doorward();
        command.args(["demo", "--port", "0"]).args(flags).current_dir(folder.path()).stdout(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines().take(2);
        let lines: Vec<String> = lines.map(Result::unwrap).collect();
        child.kill().unwrap();
        child.wait().unwrap();
        assert!(lines[0].ends_with(kept) && lines[1].ends_with(promise), "{lines:?}");
    }
}
