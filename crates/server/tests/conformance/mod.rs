//! The recorded answers of the real service (`vectors/cdi`), held against this server, in process and with a stepped clock.

mod java_cases;
mod server;

use std::collections::BTreeMap;
use std::path::Path;

use doorward_testkit::cdi::deviations::{Deviation, Verdict};
use doorward_testkit::cdi::files;
use doorward_testkit::cdi::player::{self, Played, Target as _};
use doorward_testkit::cdi::scenario::Scenario;

use self::server::{Kept, Server};

const GRACE: &str = "refresh_token_rotation_grace_period";

fn vectors() -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../vectors")
}

fn recorded() -> Vec<Scenario> {
    files::read_all(&vectors().join("cdi")).unwrap()
}

/// Plays scenarios at all their versions: one server for each configuration.
async fn play_all(scenarios: &[Scenario], kept: Kept) -> Vec<Played> {
    let mut groups: BTreeMap<String, Vec<&Scenario>> = BTreeMap::new();
    for scenario in scenarios {
        groups.entry(scenario.yaml()).or_default().push(scenario);
    }
    let mut played = Vec::new();
    for (config, scenarios) in groups {
        let server = Server::start(&config, kept).await;
        for scenario in scenarios {
            for version in &scenario.versions {
                // No two apps have keys of the same moment, and so of the same name.
                server.sleep(1).await;
                let run = format!("r{}", played.len());
                played.extend(player::play(&server, scenario, version, &run).await);
            }
        }
        server.stop().await;
    }
    played
}

/// Cases of our own in the same form: what the specification says and nobody recorded.
#[tokio::test]
async fn beside_what_was_recorded() {
    let scenarios = files::read_folder(&vectors().join("cdi-own")).unwrap();
    let verdict = Verdict::of("own", play_all(&scenarios, Kept::InMemory).await, &[]);
    assert!(verdict.is_clean(), "\n{verdict}");
    assert!(verdict.passed >= 400, "{verdict}");
}

fn check(play: &str, played: Vec<Played>, at_least: usize) {
    let list = std::fs::read_to_string(vectors().join("deviations.json")).unwrap();
    let verdict = Verdict::of(play, played, &Deviation::list(&list).unwrap());
    assert!(verdict.is_clean(), "\n{verdict}");
    assert!(verdict.passed >= at_least, "{verdict}");
}

/// As recorded: where the real service sees theft, windows make the listed differences.
#[tokio::test]
async fn with_windows_in_memory() {
    check("windows", play_all(&recorded(), Kept::InMemory).await, 11_400);
}

#[tokio::test]
async fn with_windows_in_sqlite() {
    check("windows", play_all(&recorded(), Kept::InSqlite).await, 11_400);
}

/// Without windows the lineage below 5.6 is that of the real service, which knows none there.
#[tokio::test]
async fn strictly_in_memory() {
    let mut scenarios = recorded();
    scenarios.retain(|scenario| scenario.option(GRACE).is_none());
    for scenario in &mut scenarios {
        scenario.config.push((GRACE.into(), "0".into()));
        // From 5.6 the real service has a grace itself, and was recorded with it.
        scenario.versions.retain(|version| !["5.6", "-"].contains(&version.as_str()));
    }
    check("strict", play_all(&scenarios, Kept::InMemory).await, 10_400);
}
