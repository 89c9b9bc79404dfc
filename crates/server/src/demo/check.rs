//! `demo --check`: the same app in a process of its own, and the whole story played against it over HTTP.

use std::path::Path;
use std::process::{ExitCode, Stdio};

use anyhow::{Context as _, bail, ensure};
use http::StatusCode;
use serde_json::json;
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::process::{Child, Command};

use super::client::Browser;
use crate::terminal::say;

/// Plays the story. One line a step; the first that doesn't hold ends it.
pub(super) async fn run() -> anyhow::Result<ExitCode> {
    let folder = tempfile::tempdir()?;
    let file = folder.path().join("check.db");
    let mut story = Story::start(&file).await?;
    let result = story.play().await;
    story.process.kill().await?;
    match result {
        Ok(()) => {
            say("all of it held");
            Ok(ExitCode::SUCCESS)
        }
        Err(error) => {
            say(&format!("FAILED  {}: {error:#}", story.step));
            Ok(ExitCode::FAILURE)
        }
    }
}

struct Story<'a> {
    file: &'a Path,
    process: Child,
    ada: Browser,
    step: &'static str,
}

const REFRESH: &str = "/auth/session/refresh";

impl<'a> Story<'a> {
    async fn start(file: &'a Path) -> anyhow::Result<Self> {
        let (process, origin) = start_demo(file).await?;
        Ok(Self { file, process, ada: Browser::new(&origin), step: "start" })
    }

    async fn play(&mut self) -> anyhow::Result<()> {
        self.begin("sign in");
        let answer = self.ada.post("/login", Some(json!({ "name": "ada" }))).await?;
        self.held(answer.status == StatusCode::OK && self.ada.cookie("sAccessToken").is_some())?;

        self.begin("a guarded route answers, and without a session refuses");
        let anonymous = Browser::new(&self.ada.origin).get("/api/me").await?;
        let me = self.ada.get("/api/me").await?;
        self.held(
            me.status == StatusCode::OK && me.member("user") == "ada" && anonymous.status == StatusCode::UNAUTHORIZED,
        )?;

        self.begin("a write without the anti-CSRF token is refused");
        let mut forged = self.ada.clone();
        forged.anti_csrf = None;
        let (forged, honest) = (forged.post("/api/hello", None).await?, self.ada.post("/api/hello", None).await?);
        self.held(forged.status == StatusCode::UNAUTHORIZED && honest.status == StatusCode::OK)?;

        self.begin("an expired access token asks for a refresh");
        self.ada.post("/api/expire", None).await?;
        let expired = self.ada.get("/api/me").await?;
        self.held(expired.status == StatusCode::UNAUTHORIZED && expired.member("message") == "try refresh token")?;

        self.begin("a refresh gives a new pair");
        let copied = self.ada.clone();
        let answer = self.ada.post(REFRESH, None).await?;
        let moved = self.ada.cookie("sRefreshToken") != copied.cookie("sRefreshToken");
        let me = self.ada.get("/api/me").await?;
        self.held(answer.status == StatusCode::OK && moved && me.status == StatusCode::OK)?;

        self.begin("20 concurrent refreshes of one token get one successor, and all go on");
        self.twenty_tabs().await?;

        self.begin("killed and started again, the session is alive");
        self.restart().await?;
        let me = self.ada.get("/api/me").await?;
        let refreshed = self.ada.post(REFRESH, None).await?;
        self.held(me.status == StatusCode::OK && refreshed.status == StatusCode::OK)?;

        self.begin("a token two generations old is theft, and ends the session");
        self.ada.get("/api/me").await?;
        let mut thief = copied;
        thief.origin.clone_from(&self.ada.origin);
        let theft = thief.post(REFRESH, None).await?;
        let after = self.ada.post(REFRESH, None).await?;
        let is_theft = theft.status == StatusCode::UNAUTHORIZED && theft.member("message") == "token theft detected";
        self.held(is_theft && after.status == StatusCode::UNAUTHORIZED && self.ada.cookie("sRefreshToken").is_none())?;

        self.begin("sessions are listed and revoked");
        self.two_devices().await?;

        self.begin("sign out");
        let answer = self.ada.post("/auth/signout", None).await?;
        let after = self.ada.get("/api/me").await?;
        self.held(answer.member("status") == "OK" && after.status == StatusCode::UNAUTHORIZED)
    }

    async fn twenty_tabs(&mut self) -> anyhow::Result<()> {
        let mut tabs = tokio::task::JoinSet::new();
        for _ in 0..20 {
            let mut tab = self.ada.clone();
            tabs.spawn(async move {
                let refreshed = tab.post(REFRESH, None).await?;
                anyhow::Ok((refreshed.status, tab))
            });
        }
        let mut refreshed = Vec::new();
        while let Some(tab) = tabs.join_next().await {
            let (status, tab) = tab??;
            ensure!(status == StatusCode::OK, "a tab's refresh answered {status}");
            refreshed.push(tab);
        }
        let first = refreshed.first().and_then(|tab| tab.cookie("sRefreshToken")).map(str::to_owned);
        ensure!(first.is_some(), "no refresh token came back");
        for tab in &mut refreshed {
            ensure!(tab.cookie("sRefreshToken") == first.as_deref(), "two tabs got different successors");
            let me = tab.get("/api/me").await?;
            ensure!(me.status == StatusCode::OK, "a tab could not go on: {}", me.status);
        }
        if let Some(tab) = refreshed.pop() {
            self.ada = tab;
        }
        self.held(true)
    }

    async fn restart(&mut self) -> anyhow::Result<()> {
        // SIGKILL: nothing is flushed on the way out.
        self.process.kill().await?;
        let (process, origin) = start_demo(self.file).await?;
        (self.process, self.ada.origin) = (process, origin);
        Ok(())
    }

    async fn two_devices(&mut self) -> anyhow::Result<()> {
        self.ada.post("/login", Some(json!({ "name": "ada" }))).await?;
        let mut phone = Browser::new(&self.ada.origin);
        phone.post("/login", Some(json!({ "name": "ada" }))).await?;
        let listed = self.ada.get("/api/sessions").await?;
        ensure!(listed.member("sessions").as_array().is_some_and(|all| all.len() == 2), "the list doesn't show both");
        let revoked = self.ada.post("/api/sessions/revoke-others", None).await?;
        ensure!(revoked.member("revoked") == 1, "the other session was not revoked");
        let (phone, mine) = (phone.get("/api/me").await?, self.ada.get("/api/me").await?);
        self.held(phone.status == StatusCode::UNAUTHORIZED && mine.status == StatusCode::OK)
    }

    fn begin(&mut self, step: &'static str) {
        self.step = step;
    }

    fn held(&self, held: bool) -> anyhow::Result<()> {
        ensure!(held, "this did not hold");
        say(&format!("ok      {}", self.step));
        Ok(())
    }
}

/// Starts the demo on a free port, and waits until it says where it is.
async fn start_demo(file: &Path) -> anyhow::Result<(Child, String)> {
    let mut process = Command::new(std::env::current_exe()?)
        .args(["demo", "--port", "0", "--data"])
        .arg(file)
        .stdout(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .context("can't start the demo")?;
    let stdout = process.stdout.take().context("the demo has no output")?;
    let mut lines = BufReader::new(stdout).lines();
    while let Some(line) = lines.next_line().await? {
        if let Some(origin) = line.split_whitespace().find(|word| word.starts_with("http://localhost:")) {
            return Ok((process, origin.to_owned()));
        }
    }
    bail!("the demo ended before it said where it is")
}
